//! How a receiver can see that a request is from here and has not been sent before: Standard Webhooks 1.0.0, or as
//! GitHub signs. Both sign the bytes of the body as they are sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;
use tunekey_services::Secret;

use crate::delivery::error::DeliveryError;
use crate::delivery::payload::exposed;
use crate::delivery::target::Signature;

/// What the secrets of Standard Webhooks begin with.
const PREFIX: &str = "whsec_";
/// How many bytes they have (Standard Webhooks 1.0.0, “Signature scheme”).
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// What a receiver of GitHub's kind is told has happened.
const EVENT: &str = "credential";

/// The headers that sign a body. `id` is the same for every attempt, `now` is not.
///
/// # Errors
/// `BadSigningSecret` when the secret cannot sign.
pub(super) fn headers(
    signature: Signature,
    secret: &Secret,
    id: &str,
    now: Timestamp,
    body: &str,
) -> Result<Vec<(&'static str, String)>, DeliveryError> {
    Ok(match signature {
        Signature::None => Vec::new(),
        Signature::StandardWebhooks => {
            let key = standard_key(secret)?;
            let (time, signed) =
                (now.as_second(), mac(&key, &[id, ".", &now.as_second().to_string(), ".", body]));
            vec![
                ("webhook-id", id.to_owned()),
                ("webhook-timestamp", time.to_string()),
                ("webhook-signature", format!("v1,{}", STANDARD.encode(signed))),
            ]
        }
        Signature::GitHub => {
            let signed = mac(exposed(secret).as_bytes(), &[body]);
            let hex: String = signed.iter().map(|byte| format!("{byte:02x}")).collect();
            vec![
                ("x-hub-signature-256", format!("sha256={hex}")),
                ("x-github-delivery", id.to_owned()),
                ("x-github-event", EVENT.to_owned()),
            ]
        }
    })
}

/// Whether a secret can sign.
///
/// # Errors
/// `BadSigningSecret` when it cannot.
pub(crate) fn check_secret(signature: Signature, secret: &Secret) -> Result<(), DeliveryError> {
    match signature {
        Signature::StandardWebhooks => standard_key(secret).map(drop),
        Signature::GitHub if secret.is_empty() => Err(DeliveryError::BadSigningSecret),
        Signature::GitHub | Signature::None => Ok(()),
    }
}

fn standard_key(secret: &Secret) -> Result<zeroize::Zeroizing<Vec<u8>>, DeliveryError> {
    let encoded = exposed(secret).trim();
    let key = STANDARD.decode(encoded.strip_prefix(PREFIX).unwrap_or(encoded));
    let key = key.ok().filter(|key| SECRET_BYTES.contains(&key.len()));
    key.map(Into::into).ok_or(DeliveryError::BadSigningSecret)
}

fn mac(key: &[u8], parts: &[&str]) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        unreachable!("HMAC takes a key of any length")
    };
    parts.iter().for_each(|part| mac.update(part.as_bytes()));
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use standardwebhooks::Webhook;
    use tunekey_services::{Clock as _, SystemClock};

    use super::*;

    proptest! {
        #[test]
        fn an_independent_implementation_verifies_a_standard_webhook(
            key in prop::collection::vec(any::<u8>(), 24..=64), body in "\\PC{0,80}",
        ) {
            let secret = format!("{PREFIX}{}", STANDARD.encode(&key));
            let made = headers(Signature::StandardWebhooks, &secret.as_str().into(), "tunekey_1", SystemClock.now(), &body);
            let mut map = http::HeaderMap::new();
            for (name, value) in made.expect("it signs") {
                map.insert(name, value.parse().expect("a header"));
            }
            let webhook = Webhook::new(&secret).expect("a secret");
            webhook.verify(body.as_bytes(), &map).expect("it verifies");
            webhook.verify(format!("{body} ").as_bytes(), &map).expect_err("another body");
        }
    }

    #[test]
    fn a_body_is_signed_as_githubs_documentation_says() {
        let made = headers(
            Signature::GitHub,
            &"It's a Secret to Everybody".into(),
            "1",
            Timestamp::UNIX_EPOCH,
            "Hello, World!",
        );
        let wanted = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert_eq!(made.expect("it signs")[0], ("x-hub-signature-256", wanted.to_owned()));
    }

    #[test]
    fn a_secret_that_cannot_sign_is_refused() {
        for bad in ["", "whsec_", "whsec_c2hvcnQ=", "no base64 at all, but long enough to be some"] {
            assert!(check_secret(Signature::StandardWebhooks, &bad.into()).is_err(), "{bad}");
        }
        assert!(check_secret(Signature::GitHub, &"".into()).is_err());
    }
}
