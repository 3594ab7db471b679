//! QQ Music (protocol: QQ).

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

mod api_format;
mod app_scan;
mod application;
mod authorisation;
mod cookie;
mod credential;
mod exchange;
mod facts;
#[cfg(test)]
mod fuzz;
mod gateway;
mod hash33;
mod import;
mod kind;
mod membership;
mod mqtt;
mod official_page;
mod phone;
mod ptui;
mod push;
mod qq_scan;
mod renewal;
mod user_info;
mod wechat_scan;

pub use facts::{API_FORMAT, ID};
pub use import::credential as credential_of;

/// How old a key gets before it is renewed (protocol: QQ §7.2).
const OLDEST: SignedDuration = SignedDuration::from_hours(20);

/// QQ Music.
#[derive(Debug, Clone, Copy)]
pub struct QqMusic;

#[async_trait]
impl Service for QqMusic {
    fn facts(&self) -> &'static ServiceFacts {
        &facts::FACTS
    }

    fn begin(&self, method: Method, context: Context) -> Result<Box<dyn Attempt>, ServiceError> {
        Ok(match method {
            Method::QqScan => Box::new(qq_scan::QqScan::begin(context)),
            Method::WechatScan => Box::new(wechat_scan::WechatScan::begin(context)),
            Method::AppScan => Box::new(app_scan::AppScan::begin(context)),
            Method::Phone => Box::new(phone::Phone::new(context)),
            Method::OfficialPage => Box::new(official_page::Page::begin(context)),
            Method::Paste | Method::CookieCloud => return Err(response::no_such_method()),
        })
    }

    fn detect(&self, fields: &CookieMap) -> Detection {
        import::detect(fields)
    }

    fn account_in(&self, fields: &CookieMap) -> Option<u64> {
        import::account(fields)
    }

    async fn import(&self, context: &Context, fields: &CookieMap) -> Result<Grant, ServiceError> {
        import::import(context, fields).await
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
        "musickey"
    }

    fn renewability(&self, credential: &Credential) -> Renewability {
        renewal::renewability(credential)
    }

    /// At 20 hours of age at the latest, or in the last third of a short life, whichever is earlier. Never for one that
    /// nothing renews.
    fn renewal_window(&self, credential: &Credential) -> Option<RenewalWindow> {
        if self.renewability(credential) == Renewability::NotRenewable {
            return None;
        }
        let issued = credential.issued_at;
        let by_age = RenewalWindow::closing_at(issued, issued.checked_add(OLDEST).ok()?);
        let by_life = credential.expires_at.and_then(|end| RenewalWindow::of_short_life(issued, end));
        Some(by_age.or_earlier(by_life))
    }

    fn cookie(&self, credential: &Credential) -> CookiePairs {
        cookie::pairs(credential)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::credential::Fields;
    use crate::id::AccountId;

    fn issued(life: Option<SignedDuration>) -> Credential {
        let issued_at = Timestamp::from_second(1_790_000_000).expect("a time");
        Credential {
            account: AccountId::new(ID, "10001"),
            issued_at,
            expires_at: life.map(|life| issued_at + life),
            fields: [("musickey", "Q_H_L_1")].into_iter().collect(),
        }
    }

    #[test]
    fn what_has_no_key_has_no_next_renewal() {
        let credential = Credential { fields: Fields::default(), ..issued(None) };
        assert_eq!(QqMusic.renewal_window(&credential), None);
    }

    #[test]
    fn a_key_is_renewed_at_20_hours_at_the_latest_or_in_the_last_third_of_a_short_life() {
        for (life, opens, closes) in [
            (Some(72), 19.0, 20.0),
            (Some(30), 19.0, 20.0),
            (Some(24), 16.0, 20.0),
            (Some(9), 6.0, 7.5),
            (None, 19.0, 20.0),
        ] {
            let credential = issued(life.map(SignedDuration::from_hours));
            let window = QqMusic.renewal_window(&credential).expect("it is due some day");
            for (moment, hours) in [(window.opens, opens), (window.closes, closes)] {
                let age = moment.duration_since(credential.issued_at).as_secs_f64() / 3600.0;
                assert!((age - hours).abs() < 0.001, "a life of {life:?} hours: {hours}, not {age}");
            }
        }
    }
}
