//! Text messages: the codes that the services send to telephones.

use rand::Rng as _;
use serde::Serialize;

use crate::account::Service;
use crate::clock::now_ms;
use crate::simulator_state::SharedState;

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
    /// A code is good for one sign-in.
    #[serde(skip)]
    used: bool,
}

impl SharedState {
    /// Sends a message with a new code to `phone`, and returns the code. Older codes for the number are worthless then.
    pub(crate) fn send_text_message(&mut self, service: Service, phone: &str) -> String {
        let newest = self.newest_text_message(service, phone).map(|message| message.code.clone());
        let code = loop {
            let code = format!("{:06}", rand::rng().random_range(0..1_000_000));
            // Two equal codes in a row would let a client pass that sends the older one.
            if newest.as_ref() != Some(&code) {
                break code;
            }
        };
        let id = self.text_messages.last().map_or(1, |message| message.id + 1);
        self.text_messages.push(TextMessage {
            id,
            service,
            phone: phone.to_owned(),
            code: code.clone(),
            sent_ms: now_ms(),
            used: false,
        });
        code
    }

    /// Whether `code` is the newest one sent to `phone`. True once.
    pub(crate) fn check_text_message(&mut self, service: Service, phone: &str, code: &str) -> bool {
        let newest = self
            .text_messages
            .iter_mut()
            .rfind(|message| message.service == service && message.phone == phone);
        match newest {
            Some(message) if !message.used && message.code == code => {
                message.used = true;
                true
            }
            _ => false,
        }
    }

    /// The newest message of a service to a number.
    pub(crate) fn newest_text_message(&self, service: Service, phone: &str) -> Option<&TextMessage> {
        self.text_messages.iter().rfind(|message| message.service == service && message.phone == phone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;
    use crate::simulator_state::SimulatorState;

    #[test]
    fn the_newest_code_of_a_number_is_good_once() {
        let simulator = SimulatorState::new(Settings::default());
        let state = &mut *simulator.lock();
        let (service, phone) = (Service::QqMusic, "13800010001");
        let first = state.send_text_message(service, phone);
        let second = state.send_text_message(service, phone);
        assert_eq!((first.len(), second.len()), (6, 6), "codes have six digits");
        assert!(!state.check_text_message(service, phone, &first), "an older code is worthless");
        assert!(!state.check_text_message(Service::NetEase, phone, &second), "it is of another service");
        assert!(!state.check_text_message(service, "13800010002", &second), "it is of another number");
        assert!(state.check_text_message(service, phone, &second), "the newest code is good");
        assert!(!state.check_text_message(service, phone, &second), "once");
    }
}
