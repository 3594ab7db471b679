//! Captchas: what a service asks for instead of doing what it was asked, to see that a person is at the computer
//! (protocol: QQ §4.1, §5.4). The page on which a person solves one is in `service/captcha_page.rs`.

use serde::Serialize;

use crate::state::account::Service;
use crate::state::token_generator::TokenGenerator;

/// A captcha that a service asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Captcha {
    /// Counts up from 1, over all services.
    pub id: u64,
    /// Who wants it.
    pub service: Service,
    /// The page where a person solves it.
    pub address: String,
    /// Whether somebody has solved it.
    pub solved: bool,
    /// The device that was asked to, in the service's own words.
    #[serde(skip)]
    device: String,
}

/// All captchas ever asked for.
#[derive(Debug, Default)]
pub(crate) struct Captchas {
    captchas: Vec<Captcha>,
}

impl Captchas {
    /// All captchas, oldest first.
    pub(crate) fn all(&self) -> &[Captcha] {
        &self.captchas
    }

    /// The captcha with this id.
    pub(crate) fn by_id(&mut self, id: u64) -> Option<&mut Captcha> {
        self.captchas.iter_mut().find(|captcha| captcha.id == id)
    }

    /// The captcha whose page is at this address.
    pub(crate) fn by_address(&mut self, address: &str) -> Option<&mut Captcha> {
        self.captchas.iter_mut().find(|captcha| captcha.address == address)
    }

    /// The captcha that `service` asked `device` for before, or a new one. The address of its page is `page` with a
    /// token for a query.
    pub(crate) fn required(
        &mut self,
        service: Service,
        device: &str,
        page: &str,
        tokens: &TokenGenerator,
    ) -> Captcha {
        let known =
            self.captchas.iter().find(|captcha| captcha.service == service && captcha.device == device);
        if let Some(known) = known {
            return known.clone();
        }
        let id = self.captchas.last().map_or(1, |captcha| captcha.id + 1);
        let address = format!("{page}?check={}", tokens.alphanumeric(32));
        let captcha = Captcha { id, service, address, solved: false, device: device.to_owned() };
        self.captchas.push(captcha.clone());
        captcha
    }
}
