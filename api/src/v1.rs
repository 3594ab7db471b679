//! Our own surface, under `/v1`: one file for each kind of thing.

pub(crate) mod accounts;
pub(crate) mod deliveries;
pub(crate) mod events;
pub(crate) mod services;
pub(crate) mod shapes;
pub(crate) mod sign_ins;
