//! The one list of services. Nothing below imports it.

use std::sync::OnceLock;

use crate::contract::Service;
use crate::facts::ServiceFacts;
use crate::id::ServiceId;
use crate::netease::Netease;
use crate::qqmusic::QqMusic;

/// Every service, in the order in which fronts list them. The one list.
const SERVICES: &[&dyn Service] = &[&QqMusic, &Netease];

/// The list of this process, once somebody has asked for it.
static KNOWN: OnceLock<&'static [&'static dyn Service]> = OnceLock::new();

/// Every service, in the order in which fronts list them.
pub fn all() -> &'static [&'static dyn Service] {
    KNOWN.get_or_init(|| SERVICES)
}

/// Has this process know other services, in place of those that there are. For programs that are tests.
///
/// # Errors
/// When the list has been asked for already: it never changes.
pub fn replace(services: &'static [&'static dyn Service]) -> Result<(), ListInUse> {
    KNOWN.set(services).map_err(|_| ListInUse)
}

/// The list of services has been asked for, and cannot be replaced any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the list of services is in use")]
pub struct ListInUse;

/// The service of that id; `None` for one that only a newer version knows.
pub fn by_id(id: ServiceId) -> Option<&'static dyn Service> {
    all().iter().copied().find(|service| service.id() == id)
}

/// The facts of that service.
pub fn facts(id: ServiceId) -> Option<&'static ServiceFacts> {
    by_id(id).map(Service::facts)
}
