//! What a service has to bring to be simulated. For the services' folders, and the list of them in `simulator.rs`.

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;

use crate::http::request::Request;
use crate::service::outcome::Outcome;
use crate::state::account::Account;
use crate::state::fault::StruckFault;
use crate::state::simulator_state::SimulatorState;

/// A service: one folder, which defines one of these, and one line in the list of `simulator.rs`.
#[derive(Debug)]
pub(crate) struct SimulatedService {
    /// The host names that it answers for.
    pub(crate) hosts: &'static [&'static str],
    /// The names of the requests that faults can strike, those that all services share aside.
    pub(crate) request_names: &'static [&'static str],
    /// Its accounts, with memberships relative to a time in milliseconds since the Unix epoch. The first one is taken
    /// where nobody names an account.
    pub(crate) accounts: fn(i64) -> Vec<Account>,
    /// Makes its handler, with an empty memory.
    pub(crate) start: fn(Arc<SimulatorState>) -> Box<dyn ServiceHandler>,
}

/// Handles the requests to a service's hosts. It owns the service's memory.
pub(crate) trait ServiceHandler: Debug + Send + Sync {
    /// What a request asks for, in the names that faults use: one, or several when one body asks for several things.
    fn request_names(&self, request: &Request) -> Vec<&'static str>;

    /// Handles a request. A fault that strikes before the service sees the request does not come this far.
    fn respond<'a>(&'a self, request: &'a Request, struck: Option<&'a StruckFault>) -> OutcomeFuture<'a>;
}

/// The outcome to come; a handler may keep a request waiting.
pub(crate) type OutcomeFuture<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;
