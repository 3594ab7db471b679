//! NetEase Cloud Music (protocol: NetEase).

use async_trait::async_trait;
use jiff::SignedDuration;

use crate::contract::{
    Attempt, Context, CookiePairs, Detection, Grant, Inspection, Renewability, Renewal, Service,
};
use crate::credential::Credential;
use crate::error::ServiceError;
use crate::facts::ServiceFacts;
use crate::http::CookieMap;
use crate::method::Method;
use crate::renewal_window::RenewalWindow;
use crate::response;

mod app_scan;
mod client_identity;
mod codes;
mod cookie;
mod crypto;
mod facts;
#[cfg(test)]
mod fuzz;
mod gateway;
mod grant;
mod import;
mod membership;
mod official_page;
mod phone;
mod renewal;
mod user_info;

use client_identity::ClientIdentity;
pub use facts::ID;

/// `__csrf` lives for 15 days, and some tools refuse a cookie without it (protocol: NetEase §6).
const OLDEST: SignedDuration = SignedDuration::from_hours(14 * 24);

/// How long before its end a key is renewed (protocol: NetEase §5.3).
const BEFORE_THE_END: SignedDuration = SignedDuration::from_hours(7 * 24);

/// NetEase Cloud Music.
#[derive(Debug, Clone, Copy)]
pub struct Netease;

#[async_trait]
impl Service for Netease {
    fn facts(&self) -> &'static ServiceFacts {
        &facts::FACTS
    }

    fn begin(&self, method: Method, context: Context) -> Result<Box<dyn Attempt>, ServiceError> {
        match method {
            Method::AppScan => Ok(Box::new(app_scan::AppScan::begin(context))),
            Method::Phone => Ok(Box::new(phone::Phone::new(context))),
            Method::OfficialPage => Ok(Box::new(official_page::Page::new(context))),
            Method::QqScan | Method::WechatScan | Method::Paste | Method::CookieCloud => {
                Err(response::no_such_method())
            }
        }
    }

    fn detect(&self, fields: &CookieMap) -> Detection {
        import::detect(fields)
    }

    async fn import(&self, context: &Context, fields: &CookieMap) -> Result<Grant, ServiceError> {
        import::import(context, ClientIdentity::chosen(context), fields).await
    }

    async fn inspect(&self, context: &Context, credential: &Credential) -> Result<Inspection, ServiceError> {
        user_info::inspect(context, credential).await
    }

    async fn renew(&self, context: &Context, credential: &Credential) -> Result<Renewal, ServiceError> {
        renewal::renew(context, credential).await
    }

    async fn sign_out(&self, context: &Context, credential: &Credential) -> Result<(), ServiceError> {
        renewal::sign_out(context, credential).await
    }

    fn key_field(&self) -> &'static str {
        "MUSIC_U"
    }

    fn renewability(&self, credential: &Credential) -> Renewability {
        renewal::renewability(credential)
    }

    /// At 14 days of age or 7 days before the end at the latest, whichever is earlier; a key that lives for less than
    /// two weeks, at half its life; one of less than three days, in the last third of it. Never for one that nothing
    /// renews.
    fn renewal_window(&self, credential: &Credential) -> Option<RenewalWindow> {
        if self.renewability(credential) == Renewability::NotRenewable {
            return None;
        }
        let issued = credential.issued_at;
        let by_age = RenewalWindow::closing_at(issued, issued.checked_add(OLDEST).ok()?);
        let by_end = credential.expires_at.and_then(|end| {
            let half = issued.checked_add(end.duration_since(issued) / 2).ok()?;
            let latest = end.checked_sub(BEFORE_THE_END).ok()?.max(half);
            let closing = || RenewalWindow::closing_at(issued, latest);
            Some(RenewalWindow::of_short_life(issued, end).unwrap_or_else(closing))
        });
        Some(by_age.or_earlier(by_end))
    }

    fn cookie(&self, credential: &Credential) -> CookiePairs {
        cookie::pairs(credential)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::id::AccountId;

    #[test]
    fn a_key_is_renewed_before_its_csrf_token_or_itself_ends() {
        let issued_at = Timestamp::from_second(1_790_000_000).expect("a time");
        for (life, days) in
            [(Some(180), 14.0), (Some(15), 8.0), (Some(6), 3.0), (Some(2), 5.0 / 3.0), (None, 14.0)]
        {
            let credential = Credential {
                account: AccountId::new(ID, "1"),
                issued_at,
                expires_at: life.map(|days| issued_at + SignedDuration::from_hours(24 * days)),
                fields: [("MUSIC_U", "u"), ("MUSIC_R_U", "r")].into_iter().collect(),
            };
            let window = Netease.renewal_window(&credential).expect("it is due some day");
            let age = window.closes.duration_since(issued_at).as_secs_f64() / 86_400.0;
            assert!((age - days).abs() < 0.001, "a life of {life:?} days is renewed after {days}, not {age}");
        }
    }

    #[test]
    fn a_session_that_nothing_renews_has_no_next_renewal() {
        let credential = Credential {
            account: AccountId::new(ID, "1"),
            issued_at: Timestamp::UNIX_EPOCH,
            expires_at: None,
            fields: [("MUSIC_U", "u"), ("__csrf", "c")].into_iter().collect(),
        };
        assert_eq!(Netease.renewal_window(&credential), None);
    }
}
