//! What every simulated service is made of: what its handlers are given and return, how a request finds them, and how
//! faults take their place.

pub(crate) mod avatar;
pub(crate) mod captcha_page;
pub(crate) mod fault_reply;
pub(crate) mod hostile_reply;
pub(crate) mod outcome;
pub(crate) mod request_context;
pub(crate) mod service_router;
pub(crate) mod service_state;
pub(crate) mod simulated_service;
