//! The local HTTP API: what programs of the person's own ask of TuneKey over the network of this computer.
//!
//! An adapter over [`tunekey_core::TuneKey`] like every front. It is off unless somebody starts it, and trusts nobody:
//! each request passes the same way, and nothing of it is looked at before.
//!
//! 1. `gate`: the `Host` is one of ours, to the letter; no page of another origin asks.
//! 2. `callers`: a token is borne, or the ticket of one stream.
//! 3. `server`: the body is small and comes in time.
//! 4. `routes`: the token allows what is asked. One table; what was asked is remembered, without values.
//!
//! Behind that stand two surfaces: `v1`, our own, and `vkeys`, in the shape that clients of the public vkeys API speak.
//! `openapi.json` describes both; a test writes it from the handlers, so that no program carries what makes it.
//!
//! Files use each other in one direction only: `server` and `asked`, `routes`, the surfaces, `state`, and what that is
//! made of.

mod asked;
mod cache;
mod callers;
mod codes;
#[cfg(test)]
mod description;
mod failure;
mod gate;
mod held;
mod page;
mod routes;
mod server;
mod state;
mod streams;
mod tickets;
mod v1;
mod vkeys;

/// The log target that is ours: it says nothing of what is asked, and nothing that is secret.
pub const LOG_TARGET: &str = "tunekey_api";

pub use asked::Asked;
pub use gate::Origin;
pub use server::{BindError, DEFAULT_PORT, Options, Server};
