//! What a handler is given with a request. For the services' handlers.

use crate::http::request::Request;
use crate::service::service_state::ServiceState;
use crate::state::fault::{Fault, StruckFault};

/// A request, the state as its service sees it, and the fault that struck. `M` is the service's memory.
#[derive(Debug)]
pub(crate) struct RequestContext<'a, M> {
    pub(crate) state: &'a ServiceState<M>,
    pub(crate) request: &'a Request,
    /// The fault that the handler has to play itself, in the service's own words.
    pub(crate) fault: Option<&'a Fault>,
    /// Which of the things that the request asks for the fault strikes, counted from 0.
    fault_index: usize,
    /// The fault that acts on the connection, for a handler that upgrades it.
    pub(crate) connection_fault: Option<&'a Fault>,
}

impl<'a, M> RequestContext<'a, M> {
    pub(crate) fn new(
        state: &'a ServiceState<M>,
        request: &'a Request,
        struck: Option<&'a StruckFault>,
    ) -> Self {
        let fault = struck.map(|struck| &struck.fault);
        Self {
            state,
            request,
            fault: fault.filter(|fault| fault.kind.is_application_level()),
            fault_index: struck.map_or(0, |struck| struck.index),
            connection_fault: fault,
        }
    }

    /// The same for one of the things that the request asks for, counted from 0: without the fault if it strikes
    /// another.
    pub(crate) fn part(&self, index: usize) -> Self {
        let fault = self.fault.filter(|_| self.fault_index == index);
        Self { fault, fault_index: 0, ..*self }
    }
}
