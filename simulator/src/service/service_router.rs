//! From a request to its reply: finds the service, lets faults strike, writes the journal. For the proxy.

use std::sync::Arc;

use crate::http::reply::{Ending, Reply};
use crate::http::request::Request;
use crate::http::upgrade::Upgrade;
use crate::service::fault_reply;
use crate::service::outcome::{Outcome, Refusal};
use crate::service::simulated_service::{ServiceHandler, SimulatedService};
use crate::state::fault::strike;
use crate::state::journal::Verdict;
use crate::state::simulator_state::SimulatorState;

/// The services behind their host names.
#[derive(Debug)]
pub(crate) struct ServiceRouter {
    pub(crate) state: Arc<SimulatorState>,
    /// Each service's host names and its handler.
    services: Vec<(&'static [&'static str], Box<dyn ServiceHandler>)>,
}

impl ServiceRouter {
    /// Starts the services.
    pub(crate) fn new(services: &[SimulatedService], state: Arc<SimulatorState>) -> Self {
        let start = |service: &SimulatedService| (service.hosts, (service.start)(Arc::clone(&state)));
        Self { services: services.iter().map(start).collect(), state }
    }

    /// Whether a service answers for this host name.
    pub(crate) fn has_host(&self, host: &str) -> bool {
        self.handler(host).is_some()
    }

    /// Replies to a request that came through TLS, and says what the connection is used for afterwards.
    pub(crate) async fn respond(&self, request: &Request) -> (Reply, Option<Box<dyn Upgrade>>) {
        let Some(service) = self.handler(&request.host) else {
            return (Reply::new(421, "text/plain", "not simulated here"), None);
        };
        let names = service.request_names(request);
        let struck = strike(&mut self.state.lock().faults, &names);
        let fault = struck.as_ref().map(|struck| &struck.fault);
        let outcome = match fault.and_then(fault_reply::instead) {
            Some(reply) => reply.into(),
            None => service.respond(request, struck.as_ref()).await,
        };
        let Outcome { mut reply, refusal, upgrade } = outcome;
        // What the connection is upgraded to plays the fault later.
        if upgrade.is_none()
            && let Some(ending) = fault.and_then(|fault| fault_reply::ending(fault.kind))
        {
            reply.ending = ending;
        }
        let (verdict, rule) = match (fault, refusal) {
            (Some(_), _) => (Verdict::Faulted, None),
            (None, Some(Refusal::BrokenRule(rule))) => (Verdict::Refused, Some(rule)),
            (None, Some(Refusal::Declined)) => (Verdict::Refused, None),
            (None, None) => (Verdict::Granted, None),
        };
        let fault = fault.map(|fault| fault.kind.name().to_owned());
        let status = if matches!(reply.ending, Ending::Reset | Ending::Hang) { 0 } else { reply.status };
        let address = format!("{} https://{}{}", request.method, request.host, request.path);
        self.state.record(&names.join("+"), address, verdict, rule, fault, status);
        (reply, upgrade)
    }

    fn handler(&self, host: &str) -> Option<&dyn ServiceHandler> {
        let mut services = self.services.iter();
        services.find(|(hosts, _)| hosts.contains(&host)).map(|(_, handler)| handler.as_ref())
    }
}
