//! What a delivery carries: the credential in its format, what the placeholders stand for, and the secrets of the
//! target. The same with its secret parts masked is what a preview is made of.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tunekey_services::{CookiePairs, Credential, Scope, Secret, Service};
use zeroize::Zeroizing;

use super::model::{DeliveredKey, Delivery};
use crate::export::{self, Format};
use crate::problem::Problem;
use crate::vault::StoredCredential;

/// What stands in a preview where a secret would.
pub(crate) const MASK: &str = "***";

/// What is delivered.
pub(crate) struct Payload {
    /// The credential in the delivery's format.
    pub(crate) text: Secret,
    /// Whether that holds what renews the key.
    pub(crate) renews: bool,
    /// Its cookies, as much of them as the delivery's scope lets out.
    pub(crate) cookies: CookiePairs,
    /// What a whole credential has besides its cookies, by the service's own names.
    fields: CookiePairs,
    /// The domain of the cookies, with its leading dot.
    pub(crate) domain: &'static str,
    /// What Meting and its like call the service.
    pub(crate) platform: &'static str,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) key: DeliveredKey,
    pub(crate) now: Timestamp,
    id: String,
    account: String,
    uid: String,
    service: String,
    secrets: BTreeMap<String, Secret>,
}

/// The placeholders besides `field.NAME` and `secret.NAME`.
const NAMES: [&str; 8] =
    ["cookie", "account", "service", "uid", "generation", "expires_at", "days_left", "delivery"];

impl Payload {
    /// Makes one of the credential as it is kept.
    ///
    /// # Errors
    /// `InvalidInput` when the format is not for the service, or cannot carry the credential.
    pub(crate) fn new(
        delivery: &Delivery,
        service: &dyn Service,
        kept: &StoredCredential,
        secrets: BTreeMap<String, Secret>,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let StoredCredential { credential, generation } = kept;
        let scope = delivery.scope.export();
        let export = export::render(delivery.format, scope, service, credential)?;
        Ok(Self {
            text: export.text,
            renews: export.renews,
            cookies: cookies(service, credential, scope),
            fields: match scope {
                Scope::Full => {
                    credential.fields.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect()
                }
                Scope::Minimal => CookiePairs::new(),
            },
            domain: service.facts().cookie.domain,
            platform: service.facts().cookie.platform,
            expires_at: credential.expires_at,
            key: DeliveredKey { generation: *generation, issued_at: credential.issued_at },
            now,
            id: delivery.id.to_string(),
            account: credential.account.to_string(),
            uid: credential.account.uid.clone(),
            service: credential.account.service.to_string(),
            secrets,
        })
    }

    /// The same with [`MASK`] in the place of everything secret.
    pub(crate) fn masked(self, format: Format) -> Self {
        let text = masked_text(format, &self.text, &self.cookies);
        let mask = |name: String| (name, Secret::new(MASK));
        let masked = |pairs: CookiePairs| pairs.into_iter().map(|(name, _)| mask(name)).collect();
        Self {
            text: Secret::new(text),
            cookies: masked(self.cookies),
            fields: masked(self.fields),
            secrets: self.secrets.into_keys().map(mask).collect(),
            ..self
        }
    }

    /// Whether a name is that of a placeholder. Which cookies there are only a credential says.
    pub(crate) fn knows(name: &str) -> bool {
        NAMES.contains(&name) || name.starts_with("field.") || name.starts_with("secret.")
    }

    /// Whether a placeholder stands for a part of the credential.
    pub(crate) fn is_of_credential(name: &str) -> bool {
        name == "cookie" || name.starts_with("field.")
    }

    /// What a placeholder stands for.
    pub(crate) fn value(&self, name: &str) -> Option<Zeroizing<String>> {
        let plain = |text: String| Some(Zeroizing::new(text));
        match name {
            "cookie" => plain(exposed(&self.text).to_owned()),
            "account" => plain(self.account.clone()),
            "service" => plain(self.service.clone()),
            "uid" => plain(self.uid.clone()),
            "generation" => plain(self.key.generation.number().to_string()),
            "expires_at" => plain(self.expires_at.map_or_else(String::new, |at| at.to_string())),
            "days_left" => plain(self.days_left().map_or_else(String::new, |days| days.to_string())),
            "delivery" => plain(self.id.clone()),
            _ => match name.split_once('.')? {
                ("field", name) => plain(exposed(self.cookie(name).or_else(|| self.field(name))?).to_owned()),
                ("secret", name) => plain(exposed(self.secret(name)?).to_owned()),
                _ => None,
            },
        }
    }

    /// A cookie of that name.
    pub(crate) fn cookie(&self, name: &str) -> Option<&Secret> {
        self.cookies.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// A field of that name, of a whole credential.
    fn field(&self, name: &str) -> Option<&Secret> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// A secret of the target.
    pub(crate) fn secret(&self, name: &str) -> Option<&Secret> {
        self.secrets.get(name)
    }

    /// The name of this value at this target: the same however often it is sent.
    pub(crate) fn idempotency_key(&self) -> String {
        let of_key = format!("{} {}", self.key.generation.number(), self.key.issued_at);
        let digest = format!("{:x}", Sha256::digest(of_key));
        format!("tunekey_{}_{}_{}", self.id, self.key.generation.number(), &digest[..8])
    }

    /// Takes out of a text all that is secret: what is named in it, and whatever is so long that it could be an
    /// encoding of it.
    pub(crate) fn scrub(&self, text: &str) -> String {
        let fields = self.cookies.iter().chain(&self.fields).map(|(_, value)| value);
        let values = fields.chain(self.secrets.values());
        let mut scrubbed = text.to_owned();
        for value in values.map(exposed).filter(|value| value.len() >= SHORTEST_SECRET) {
            scrubbed = scrubbed.replace(value, MASK);
        }
        let words = scrubbed.split_whitespace();
        let words = words.map(|word| if word.len() >= LONGEST_WORD { MASK } else { word });
        words.collect::<Vec<_>>().join(" ")
    }

    /// The text of a masked one.
    pub(crate) fn shown(&self) -> String {
        exposed(&self.text).to_owned()
    }

    fn days_left(&self) -> Option<i64> {
        let left = self.expires_at?.duration_since(self.now).max(SignedDuration::ZERO);
        Some(left.as_hours() / 24)
    }
}

/// Shorter values are no secrets but flags and numbers, which stand in every text by chance.
const SHORTEST_SECRET: usize = 4;
/// From this length on a word of what a program prints is left out.
const LONGEST_WORD: usize = 24;

fn cookies(service: &dyn Service, credential: &Credential, scope: Scope) -> CookiePairs {
    let mut pairs = service.cookie(credential);
    if scope == Scope::Minimal {
        let playing = service.facts().cookie.playing;
        pairs.retain(|(name, _)| playing.contains(&name.as_str()));
    }
    pairs
}

/// The text of a format without its values.
fn masked_text(format: Format, text: &Secret, cookies: &CookiePairs) -> String {
    let named = |separator: &str| {
        let pairs = cookies.iter().map(|(name, _)| format!("{name}={MASK}"));
        pairs.collect::<Vec<_>>().join(separator)
    };
    match format {
        Format::Header => named("; "),
        Format::Env => {
            let name = exposed(text).split('=').next().unwrap_or_default();
            format!("{name}=\"{}\"", named("; "))
        }
        Format::Netscape => {
            let line = |line: &str| match line.rsplit_once('\t') {
                Some((front, _)) => format!("{front}\t{MASK}\n"),
                None => format!("{line}\n"),
            };
            exposed(text).lines().map(line).collect()
        }
        Format::Json | Format::Own(_) => match serde_json::from_str::<Value>(exposed(text)) {
            Ok(mut value) => {
                mask_values(&mut value);
                value.to_string()
            }
            Err(_) => MASK.to_owned(),
        },
    }
}

fn mask_values(value: &mut Value) {
    match value {
        Value::Object(members) => members.values_mut().for_each(mask_values),
        Value::Array(values) => values.iter_mut().for_each(mask_values),
        Value::Null => {}
        Value::String(_) | Value::Number(_) | Value::Bool(_) => *value = MASK.into(),
    }
}

/// The text of a secret that is being delivered.
#[expect(clippy::disallowed_methods, reason = "a delivery is for the target that the person has chosen")]
pub(crate) fn exposed(secret: &Secret) -> &str {
    secret.expose()
}
