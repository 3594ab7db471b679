//! The one list of services. Nothing below imports it.

use crate::contract::Service;
use crate::id::ServiceId;
use crate::netease::Netease;
use crate::qqmusic::QqMusic;

/// Every service, in the order in which fronts list them. The one list.
pub fn all() -> &'static [&'static dyn Service] {
    &[&QqMusic, &Netease]
}

/// The service of that id.
pub fn by_id(id: ServiceId) -> &'static dyn Service {
    match id {
        ServiceId::QqMusic => &QqMusic,
        ServiceId::Netease => &Netease,
    }
}
