//! Text messages: the codes that the services send to telephones. Services send and take them, the control side reads
//! them.

use rand::Rng as _;
use serde::Serialize;

use crate::clock::now_ms;
use crate::state::account::Service;

/// A text message with a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TextMessage {
    /// Counts up from 1, over all services.
    pub id: u64,
    /// Who sent it.
    pub service: Service,
    /// The number that it was sent to, without the country.
    pub phone: String,
    /// The code in it: six digits.
    pub code: String,
    /// When it was sent, in milliseconds since the Unix epoch.
    pub sent_ms: i64,
    /// Whether the code was taken: it is good for one sign-in.
    #[serde(skip)]
    used: bool,
}

/// All text messages ever sent.
#[derive(Debug, Default)]
pub(crate) struct TextMessages {
    messages: Vec<TextMessage>,
}

impl TextMessages {
    /// All messages, oldest first.
    pub(crate) fn all(&self) -> &[TextMessage] {
        &self.messages
    }

    /// Sends a message with a new code to `phone`. Older codes for the number are worthless then.
    pub(crate) fn send(&mut self, service: Service, phone: &str) {
        let newest = self.newest(service, phone).map(|message| message.code.clone());
        let code = loop {
            let code = format!("{:06}", rand::rng().random_range(0..1_000_000));
            // Two equal codes in a row would let a client pass that sends the older one.
            if newest.as_ref() != Some(&code) {
                break code;
            }
        };
        let id = self.messages.last().map_or(1, |message| message.id + 1);
        self.messages.push(TextMessage {
            id,
            service,
            phone: phone.to_owned(),
            code,
            sent_ms: now_ms(),
            used: false,
        });
    }

    /// Takes the code. True once, and only for the newest code sent to `phone`.
    pub(crate) fn take_code(&mut self, service: Service, phone: &str, code: &str) -> bool {
        let newest =
            self.messages.iter_mut().rfind(|message| message.service == service && message.phone == phone);
        match newest {
            Some(message) if !message.used && message.code == code => {
                message.used = true;
                true
            }
            _ => false,
        }
    }

    /// The newest message of a service to a number.
    pub(crate) fn newest(&self, service: Service, phone: &str) -> Option<&TextMessage> {
        self.messages.iter().rfind(|message| message.service == service && message.phone == phone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_code_of_a_number_is_good_once() {
        let mut messages = TextMessages::default();
        let (service, phone) = (Service::QqMusic, "13800010001");
        let mut send = || {
            messages.send(service, phone);
            messages.newest(service, phone).expect("it was sent").code.clone()
        };
        let (first, second) = (send(), send());
        assert_eq!((first.len(), second.len()), (6, 6), "codes have six digits");
        assert!(!messages.take_code(service, phone, &first), "an older code is worthless");
        assert!(!messages.take_code(Service::NetEase, phone, &second), "it is of another service");
        assert!(!messages.take_code(service, "13800010002", &second), "it is of another number");
        assert!(messages.take_code(service, phone, &second), "the newest code is good");
        assert!(!messages.take_code(service, phone, &second), "once");
    }
}
