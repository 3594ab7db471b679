//! What the page can say to a sign-in.

use serde::{Deserialize, Deserializer};
use tunekey_core::{Input, Secret, UserInput};

/// What the window answers to a question of a sign-in.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum WindowInput {
    PhoneNumber {
        /// The country's code without plus or zeros, such as `86`.
        #[serde(deserialize_with = "short")]
        country: String,
        /// The number within the country.
        #[cfg_attr(feature = "typescript", ts(type = "string"))]
        #[serde(deserialize_with = "secret")]
        number: Secret,
    },
    CaptchaDone,
    TextCode {
        /// The code.
        #[cfg_attr(feature = "typescript", ts(type = "string"))]
        #[serde(deserialize_with = "secret")]
        code: Secret,
    },
    Resend,
    ChangeNumber,
    Go,
    /// One of the accounts in what was pasted.
    Account {
        /// Its place among those that were asked about, counted from 0.
        place: u32,
    },
    Keep,
}

impl From<WindowInput> for UserInput {
    fn from(input: WindowInput) -> Self {
        Self::Answer(match input {
            WindowInput::PhoneNumber { country, number } => Input::PhoneNumber { country, number },
            WindowInput::CaptchaDone => Input::CaptchaDone,
            WindowInput::TextCode { code } => Input::TextCode(code),
            WindowInput::Resend => Input::Resend,
            WindowInput::ChangeNumber => Input::ChangeNumber,
            WindowInput::Go => Input::Go,
            // A place that is not there chooses nothing.
            WindowInput::Account { place } => Input::Account(usize::try_from(place).unwrap_or(usize::MAX)),
            WindowInput::Keep => return Self::Keep,
        })
    }
}

/// A secret that is typed into the window. `Secret` itself has no `Deserialize`: secrets come from the page in these two
/// places only, and never go there.
fn secret<'de, D: Deserializer<'de>>(text: D) -> Result<Secret, D::Error> {
    short(text).map(Secret::from)
}

/// The longest number, country or code, in bytes.
const TYPED_LIMIT: usize = 64;

/// A text of at most [`TYPED_LIMIT`] bytes.
fn short<'de, D: Deserializer<'de>>(text: D) -> Result<String, D::Error> {
    let text = String::deserialize(text)?;
    if text.len() <= TYPED_LIMIT {
        return Ok(text);
    }
    Err(serde::de::Error::custom("it is too long"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn answered(answer: Value) -> UserInput {
        serde_json::from_value::<WindowInput>(answer).expect("the window says it so").into()
    }

    #[test]
    fn what_the_window_answers_reaches_the_core() {
        let number = answered(json!({"kind": "phone_number", "country": "86", "number": "13800000001"}));
        assert!(
            matches!(number, UserInput::Answer(Input::PhoneNumber { country, number })
                if country == "86" && number == "13800000001".into()),
            "the number within its country"
        );
        let code = answered(json!({"kind": "text_code", "code": "012345"}));
        assert!(
            matches!(code, UserInput::Answer(Input::TextCode(code)) if code == "012345".into()),
            "with its zero"
        );
        assert!(matches!(answered(json!({"kind": "captcha_done"})), UserInput::Answer(Input::CaptchaDone)));
        assert!(matches!(answered(json!({"kind": "resend"})), UserInput::Answer(Input::Resend)));
        assert!(matches!(answered(json!({"kind": "change_number"})), UserInput::Answer(Input::ChangeNumber)));
        assert!(matches!(answered(json!({"kind": "go"})), UserInput::Answer(Input::Go)));
        assert!(matches!(
            answered(json!({"kind": "account", "place": 1})),
            UserInput::Answer(Input::Account(1))
        ));
        assert!(matches!(answered(json!({"kind": "keep"})), UserInput::Keep));
    }

    #[test]
    fn the_window_cannot_say_what_only_the_page_or_the_clipboard_gives() {
        for kind in ["page_address", "page_cookies", "page_closed", "text", "again", ""] {
            let answer = json!({"kind": kind, "text": "x", "address": "x"});
            assert!(
                serde_json::from_value::<WindowInput>(answer).is_err(),
                "{kind} is not the window's to give"
            );
        }
    }

    #[test]
    fn what_is_longer_than_anything_that_is_typed_is_not_taken() {
        let long = "1".repeat(TYPED_LIMIT + 1);
        for answer in [
            json!({"kind": "phone_number", "country": long, "number": "13800000001"}),
            json!({"kind": "phone_number", "country": "86", "number": long}),
            json!({"kind": "text_code", "code": long}),
        ] {
            let refused = serde_json::from_value::<WindowInput>(answer).expect_err("it is too long");
            assert!(!refused.to_string().contains("111"), "{refused} repeats what was typed");
        }
    }

    #[test]
    fn numbers_and_codes_do_not_print_themselves() {
        for answer in [
            json!({"kind": "phone_number", "country": "86", "number": "13800000001"}),
            json!({"kind": "text_code", "code": "13800000001"}),
        ] {
            let answer: WindowInput = serde_json::from_value(answer).expect("the window says it so");
            assert!(!format!("{answer:?}").contains("138"), "{answer:?}");
            let answer = UserInput::from(answer);
            assert!(!format!("{answer:?}").contains("138"), "{answer:?}");
        }
    }
}
