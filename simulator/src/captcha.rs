//! Checks that a person is at the computer: the page behind an address that a service gives instead of sending a text
//! message (protocol: QQ §4.1).

use serde::Serialize;

use crate::account::Service;
use crate::simulator_state::SharedState;

/// A check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Captcha {
    /// Counts up from 1, over all services.
    pub id: u64,
    /// Who wants it.
    pub service: Service,
    /// The page where a person solves it.
    pub address: String,
    /// Whether somebody has.
    pub solved: bool,
    /// The device that was asked to.
    #[serde(skip)]
    device: String,
}

/// Where the checks of both services are, on their own hosts.
pub(crate) const PATH: &str = "/captcha";
/// Where QQ Music's risk control has its own (protocol: QQ §5.4).
pub(crate) const RISK_PATH: &str = "/wk_v17/common_login.html";
/// Whose check it is where risk control wants one of everybody.
const EVERYBODY: &str = "risk control";

fn host(service: Service) -> &'static str {
    match service {
        Service::QqMusic => "y.qq.com",
        Service::NetEase => "st.music.163.com",
    }
}

impl SharedState {
    /// The check that `device` has to pass before a text message is sent for it; `None` when the setting `phone_captcha`
    /// is off or the device has passed.
    pub(crate) fn captcha_wanted(&mut self, service: Service, device: &str) -> Option<Captcha> {
        if !self.settings.phone_captcha {
            return None;
        }
        Some(self.captcha(service, device, PATH)).filter(|captcha| !captcha.solved)
    }

    /// The check that risk control wants, whoever asks.
    pub(crate) fn risk_check(&mut self, service: Service) -> Captcha {
        self.captcha(service, EVERYBODY, RISK_PATH)
    }

    /// The check that `device` was asked for before, or a new one.
    fn captcha(&mut self, service: Service, device: &str, path: &str) -> Captcha {
        let known =
            self.captchas.iter().find(|captcha| captcha.service == service && captcha.device == device);
        if let Some(known) = known {
            return known.clone();
        }
        let id = self.captchas.last().map_or(1, |captcha| captcha.id + 1);
        let address = format!("https://{}{path}?check={}", host(service), self.tokens.word(32));
        let captcha = Captcha { id, service, address, solved: false, device: device.to_owned() };
        self.captchas.push(captcha.clone());
        captcha
    }
}
