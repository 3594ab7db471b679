//! The accounts and sign-in options that suites use. For every suite.

use tunekey_core::{Method, ServiceId, SignInOption};
use tunekey_simulator::Service;

/// An account of QQ Music; it signs in by every method but WeChat.
pub const QQ: &str = "qqmusic:10001";

/// An account of NetEase Cloud Music.
pub const NETEASE: &str = "netease:90001";

/// The simulator's name for a code that a page shows.
pub(crate) const PAGE_METHOD: &str = "official_page";

/// Every sign-in option. A new method needs a new row.
pub const SIGN_IN_OPTIONS: [SignInOption; 10] = [
    SignInOption { service: ServiceId::QqMusic, method: Method::QqScan },
    SignInOption { service: ServiceId::QqMusic, method: Method::WechatScan },
    SignInOption { service: ServiceId::QqMusic, method: Method::AppScan },
    SignInOption { service: ServiceId::QqMusic, method: Method::Phone },
    SignInOption { service: ServiceId::QqMusic, method: Method::OfficialPage },
    SignInOption { service: ServiceId::QqMusic, method: Method::Paste },
    SignInOption { service: ServiceId::Netease, method: Method::AppScan },
    SignInOption { service: ServiceId::Netease, method: Method::Phone },
    SignInOption { service: ServiceId::Netease, method: Method::OfficialPage },
    SignInOption { service: ServiceId::Netease, method: Method::Paste },
];

/// The account that signs in by an option.
pub fn account_for(option: SignInOption) -> &'static str {
    match (option.service, option.method) {
        (ServiceId::QqMusic, Method::WechatScan) => "qqmusic:1152921504606847123",
        (ServiceId::QqMusic, _) => QQ,
        (ServiceId::Netease, _) => NETEASE,
    }
}

/// The simulator's name of a service.
pub fn simulator_service(service: ServiceId) -> Service {
    match service {
        ServiceId::QqMusic => Service::QqMusic,
        ServiceId::Netease => Service::NetEase,
    }
}

/// The service of an account's id.
pub fn service_of(account: &str) -> Service {
    if account.starts_with("netease") { Service::NetEase } else { Service::QqMusic }
}
