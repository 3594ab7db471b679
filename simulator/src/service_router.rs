//! From a request to its reply: finds the service, lets faults strike, writes the journal. For the proxy.

use std::pin::Pin;
use std::sync::Arc;

use crate::fault::strike;
use crate::fault_reply;
use crate::journal::Verdict;
use crate::outcome::{Outcome, Refusal};
use crate::reply::{Ending, Reply};
use crate::request::Request;
use crate::request_context::RequestContext;
use crate::simulator_state::SimulatorState;
use crate::upgrade::Upgrade;
use crate::{netease, qqmusic};

/// The outcome to come; a handler may keep a request waiting.
pub(crate) type OutcomeFuture<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// A service that the simulator plays: one folder each.
pub(crate) trait SimulatedService: Send + Sync {
    /// The host names that it answers for.
    fn hosts(&self) -> &'static [&'static str];

    /// What a request asks for, in the names that faults use: one, or several when one body asks for several things.
    fn names(&self, request: &Request) -> Vec<&'static str>;

    /// Handles a request.
    fn respond<'a>(&'a self, context: RequestContext<'a>) -> OutcomeFuture<'a>;
}

/// All services.
pub(crate) fn services() -> [&'static dyn SimulatedService; 2] {
    [&qqmusic::QqMusic, &netease::NetEase]
}

/// All host names.
pub(crate) fn hosts() -> Vec<&'static str> {
    services().iter().flat_map(|service| service.hosts()).copied().collect()
}

/// The services behind their host names.
#[derive(Debug)]
pub(crate) struct ServiceRouter {
    pub(crate) state: Arc<SimulatorState>,
}

impl ServiceRouter {
    /// Whether a service answers for this host name.
    pub(crate) fn has_host(&self, host: &str) -> bool {
        hosts().contains(&host)
    }

    /// Replies to a request that came through TLS. Says what the connection is used for afterwards, if it is upgraded.
    pub(crate) async fn respond(&self, request: &Request) -> (Reply, Option<Box<dyn Upgrade>>) {
        let Some(service) =
            services().into_iter().find(|service| service.hosts().contains(&request.host.as_str()))
        else {
            return (Reply::new(421, "text/plain", "not played here"), None);
        };
        let names = service.names(request);
        let struck = strike(&mut self.state.lock().faults, &names);
        let fault = struck.as_ref().map(|(_, fault)| fault);
        let outcome = match fault.and_then(fault_reply::instead) {
            Some(reply) => reply.into(),
            None => {
                let context = RequestContext {
                    state: &self.state,
                    request,
                    fault: fault.filter(|fault| fault.kind.is_meaning()),
                    fault_index: struck.as_ref().map_or(0, |(index, _)| *index),
                    connection_fault: fault,
                };
                service.respond(context).await
            }
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
}
