//! What a handler is given with a request. For the services' handlers.

use std::sync::Arc;

use crate::fault::Fault;
use crate::request::Request;
use crate::simulator_state::SimulatorState;

/// A request, what the simulator knows, and the fault that struck.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestContext<'a> {
    pub(crate) state: &'a Arc<SimulatorState>,
    pub(crate) request: &'a Request,
    /// The fault that the handler has to play itself, in the service's own words.
    pub(crate) fault: Option<&'a Fault>,
    /// Which of the things that the request asks for `fault` strikes, counted from 0.
    pub(crate) fault_index: usize,
    /// The fault that acts on the connection, for a handler that upgrades it.
    pub(crate) connection_fault: Option<&'a Fault>,
}
