//! What the simulator knows, without any HTTP: the state that all services share, and what it is made of.
//!
//! [`simulator_state::SimulatorState`] is the whole, for tests and the control side; [`shared_state::SharedState`] is
//! what its lock guards, for the services.

pub(crate) mod account;
pub(crate) mod captcha;
pub(crate) mod code;
pub(crate) mod control_error;
pub(crate) mod fault;
pub(crate) mod journal;
pub(crate) mod ledger;
pub(crate) mod settings;
pub(crate) mod shared_state;
pub(crate) mod simulator_state;
pub(crate) mod text_message;
pub(crate) mod token_generator;
