//! A sign-in's step as another program reads it. For every front that speaks JSON to programs.

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use tunekey_services::{AccountId, PrivateAddress, QrCode};

use super::step::SignInStep;
use crate::problem::Problem;

/// What a program that the person has started gets of a [`SignInStep`], as JSON: the command line's `--json`.
///
/// It speaks for the person, so it gets the address that the person has to open, and a code in a form that needs no
/// web view. It shows no faces, so it gets no pictures of people. The window gets the step itself: its page is not
/// believed, so that the addresses stay on the side that opens them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum ProgramStep<'a> {
    /// [`SignInStep::ShowCode`], with one more form of the code.
    ShowCode {
        /// The code: a `data:` URL of an SVG without a quiet zone.
        code: &'a QrCode,
        /// The same as a PNG with its quiet zone, for programs that cannot draw an SVG.
        #[serde(serialize_with = "png_url")]
        code_png: &'a QrCode,
        /// When to stop showing it.
        valid_until: Timestamp,
        /// How long it lives in all, in seconds.
        life_seconds: u32,
        /// Why nothing is heard of the service at the moment.
        problem: Option<&'a Problem>,
        /// How many sign-ins the day still holds, once they are few.
        left_today: Option<u32>,
    },
    /// [`SignInStep::Scanned`] without the picture.
    Scanned {
        /// Who scanned, where the service says so.
        nickname: Option<&'a str>,
        /// Why nothing is heard of the service at the moment.
        problem: Option<&'a Problem>,
    },
    /// [`SignInStep::AskCaptcha`] with the address.
    AskCaptcha {
        /// The page that the person has to open. Whoever has it can do the check: it is for nobody else.
        #[serde(serialize_with = "whole_address")]
        address: &'a PrivateAddress,
    },
    /// [`SignInStep::AskNewAccount`] without the picture.
    AskNewAccount {
        /// Which account it is.
        account: &'a AccountId,
        /// The name that the service shows, if it has said so.
        nickname: Option<&'a str>,
    },
    /// Any other step, as every front gets it.
    #[serde(untagged)]
    Same(&'a SignInStep),
}

impl<'a> From<&'a SignInStep> for ProgramStep<'a> {
    fn from(step: &'a SignInStep) -> Self {
        match step {
            SignInStep::ShowCode { code, valid_until, life_seconds, problem, left_today } => Self::ShowCode {
                code,
                code_png: code,
                valid_until: *valid_until,
                life_seconds: *life_seconds,
                problem: problem.as_ref(),
                left_today: *left_today,
            },
            SignInStep::Scanned { nickname, avatar: _, problem } => {
                Self::Scanned { nickname: nickname.as_deref(), problem: problem.as_ref() }
            }
            SignInStep::AskCaptcha { address } => Self::AskCaptcha { address },
            SignInStep::AskNewAccount { account, nickname, avatar: _ } => {
                Self::AskNewAccount { account, nickname: nickname.as_deref() }
            }
            // Only a front with a web view can open that page, and it takes the page from the step.
            SignInStep::AskPage { .. }
            | SignInStep::Preparing
            | SignInStep::AskPhoneNumber { .. }
            | SignInStep::Sending
            | SignInStep::AskTextCode { .. }
            | SignInStep::PageClosed
            | SignInStep::AskPaste { .. }
            | SignInStep::AskWhichAccount { .. }
            | SignInStep::AskToGoOn { .. }
            | SignInStep::Exchanging
            | SignInStep::AskOtherAccount { .. }
            | SignInStep::Saving
            | SignInStep::Done { .. }
            | SignInStep::Expired { .. }
            | SignInStep::Refused
            | SignInStep::RiskControl { .. }
            | SignInStep::Failed { .. } => Self::Same(step),
        }
    }
}

fn png_url<S: Serializer>(code: &QrCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&code.png_url())
}

fn whole_address<S: Serializer>(address: &PrivateAddress, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(address.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tunekey_services::qqmusic;
    use url::Url;

    use super::*;

    const ADDRESS: &str = "https://captcha.example/?ticket=1";

    fn address() -> PrivateAddress {
        Url::parse(ADDRESS).expect("it is an address").into()
    }

    fn as_json(of: impl Serialize) -> Value {
        serde_json::to_value(of).expect("it is JSON")
    }

    #[test]
    fn a_program_gets_the_address_of_a_check_and_the_window_does_not() {
        let step = SignInStep::AskCaptcha { address: address() };
        assert_eq!(as_json(ProgramStep::from(&step)), json!({ "step": "ask_captcha", "address": ADDRESS }));
        assert_eq!(as_json(&step), json!({ "step": "ask_captcha" }));
    }

    #[test]
    fn a_program_gets_a_code_that_it_can_show_in_two_forms() {
        let code = QrCode::from_text("https://example.com/").expect("it fits");
        let (svg, png) = (code.data_url(), code.png_url());
        let step = SignInStep::ShowCode {
            code,
            valid_until: Timestamp::UNIX_EPOCH,
            life_seconds: 120,
            problem: None,
            left_today: Some(3),
        };
        let mut window = as_json(&step);
        assert_eq!(window["code"], svg);
        window["code_png"] = png.into();
        assert_eq!(as_json(ProgramStep::from(&step)), window, "and else what the window gets");
    }

    #[test]
    fn a_program_gets_no_pictures_of_people() {
        let picture = || Some("data:image/png;base64,AA==".to_owned());
        let nickname = || Some("小满".to_owned());
        let step = SignInStep::Scanned { nickname: nickname(), avatar: picture(), problem: None };
        let scanned = json!({ "step": "scanned", "nickname": "小满", "problem": null });
        assert_eq!(as_json(ProgramStep::from(&step)), scanned);

        let account = AccountId::new(qqmusic::ID, "10001");
        let step = SignInStep::AskNewAccount { account, nickname: nickname(), avatar: picture() };
        let asked = json!({ "step": "ask_new_account", "account": "qqmusic:10001", "nickname": "小满" });
        assert_eq!(as_json(ProgramStep::from(&step)), asked);
    }

    #[test]
    fn every_other_step_is_what_the_window_gets() {
        for step in [
            SignInStep::Preparing,
            SignInStep::Expired { scanned: true },
            SignInStep::AskPaste { problem: None, unusable: None },
        ] {
            assert_eq!(as_json(ProgramStep::from(&step)), as_json(&step), "{step:?}");
        }
    }
}
