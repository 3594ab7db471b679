//! The accounts and sign-in options that suites use. For every suite.

use tunekey_core::{Method, ServiceId, SignInOption};
use tunekey_services::{netease, qqmusic};
use tunekey_simulator::Service;

/// An account of QQ Music; it signs in by every method but WeChat.
pub const QQ: &str = "qqmusic:10001";

/// An account of NetEase Cloud Music.
pub const NETEASE: &str = "netease:90001";

/// The simulator's name for a code that a page shows.
pub(crate) const PAGE_METHOD: &str = "official_page";

/// Every sign-in option. A new method needs a new row.
pub const SIGN_IN_OPTIONS: [SignInOption; 10] = [
    SignInOption { service: qqmusic::ID, method: Method::QqScan },
    SignInOption { service: qqmusic::ID, method: Method::WechatScan },
    SignInOption { service: qqmusic::ID, method: Method::AppScan },
    SignInOption { service: qqmusic::ID, method: Method::Phone },
    SignInOption { service: qqmusic::ID, method: Method::OfficialPage },
    SignInOption { service: qqmusic::ID, method: Method::Paste },
    SignInOption { service: netease::ID, method: Method::AppScan },
    SignInOption { service: netease::ID, method: Method::Phone },
    SignInOption { service: netease::ID, method: Method::OfficialPage },
    SignInOption { service: netease::ID, method: Method::Paste },
];

/// The account that signs in by an option.
pub fn account_for(option: SignInOption) -> &'static str {
    match (option.service, option.method) {
        (qqmusic::ID, Method::WechatScan) => "qqmusic:1152921504606847123",
        (qqmusic::ID, _) => QQ,
        _ => NETEASE,
    }
}

/// The simulator's name of a service.
pub fn simulator_service(service: ServiceId) -> Service {
    if service == qqmusic::ID { Service::QqMusic } else { Service::NetEase }
}

/// The service of an account's id.
pub fn service_of(account: &str) -> Service {
    if account.starts_with("netease") { Service::NetEase } else { Service::QqMusic }
}
