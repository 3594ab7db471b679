//! A channel as the person sets it up, before it has a name and its secrets are in the store.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tunekey_services::{Secret, display_text};

use super::channel::ChannelKind;
use super::error::ChannelError;
use super::model::{Channel, ChannelId};
use super::post::Fields;
use super::text;
use crate::outbound;
use crate::problem::{Language, Problem};

/// The longest value of a field, in bytes.
const LONGEST_VALUE: usize = 2_048;

/// What the person says of a channel.
#[derive(Debug, Clone)]
pub struct ChannelDraft {
    /// What it is.
    pub kind: ChannelKind,
    /// The person's own name for it.
    pub label: Option<String>,
    /// The language of its messages.
    pub language: Language,
    /// Its fields, secret or not, by their keys. What is left empty is what the channel's facts say.
    pub values: Fields,
    /// Whether the person agrees to go without encryption, to their own network.
    pub allows_plain_http: bool,
}

/// The fields of a draft, apart.
#[derive(Debug)]
pub(crate) struct DraftFields {
    /// What the ledger keeps.
    pub(crate) open: BTreeMap<String, String>,
    /// What the store keeps.
    pub(crate) secret: Fields,
}

impl ChannelDraft {
    /// What leaves a channel as it is: its secrets are not in it, and stay.
    pub fn of(channel: &Channel) -> Self {
        let values = channel.open.iter().map(|(key, value)| (key.clone(), Secret::new(value.as_str())));
        Self {
            kind: channel.kind,
            label: channel.label.clone(),
            language: channel.language,
            values: values.collect(),
            allows_plain_http: channel.allows_plain_http,
        }
    }

    /// The host that messages go to, if the draft can be used. `kept` are the secrets that are in the store already.
    ///
    /// # Errors
    /// `InvalidInput` when a field is missing, unknown, too long or cannot be used, or the address may not be.
    pub(crate) fn check(&self, kept: &Fields) -> Result<String, Problem> {
        let fields = self.kind.facts().fields;
        if self.values.keys().any(|key| fields.iter().all(|field| field.key != key)) {
            return Err(Problem::invalid(
                "A field was given that this channel does not have.",
                "提供了该渠道没有的字段。",
            ));
        }
        let mut values = kept.clone();
        values.extend(self.given());
        self.host(&values).map_err(ChannelError::problem)
    }

    /// The host that messages would go to: what a person is asked about before.
    ///
    /// # Errors
    /// `InvalidInput` when it cannot be set up like this.
    pub fn checked_host(&self) -> Result<String, Problem> {
        self.check(&Fields::new())
    }

    /// The fields, apart.
    pub(crate) fn fields(&self) -> DraftFields {
        let is_secret =
            |key: &str| self.kind.facts().fields.iter().any(|field| field.key == key && field.secret);
        let (secret, open): (Fields, Fields) = self.given().partition(|(key, _)| is_secret(key));
        DraftFields { open: open.into_iter().map(opened).collect(), secret }
    }

    /// The channel that it becomes, switched on.
    pub(crate) fn channel(&self, id: ChannelId, host: String) -> Channel {
        let fields = self.fields();
        Channel {
            id,
            kind: self.kind,
            label: self.label.as_deref().and_then(display_text::name),
            enabled: true,
            language: self.language,
            open: fields.open,
            secrets: fields.secret.into_keys().collect(),
            host,
            allows_plain_http: self.allows_plain_http,
            last: None,
        }
    }

    /// What is given and not empty.
    fn given(&self) -> impl Iterator<Item = (String, Secret)> {
        let given = self.values.iter().filter(|(_, value)| !is_blank(value));
        given.map(|(key, value)| (key.clone(), value.clone()))
    }

    fn host(&self, values: &Fields) -> Result<String, ChannelError> {
        if let Some((key, _)) = values.iter().find(|(_, value)| !is_line(value)) {
            return Err(Problem::invalid(
                format!("The field {key} is too long, or more than one line."),
                format!("字段 {key} 过长或不止一行。"),
            )
            .into());
        }
        let post = self.kind.post(values, &text::test(self.language), Timestamp::UNIX_EPOCH)?;
        outbound::check(&post.url, self.allows_plain_http)?;
        Ok(host_of(&post.url).unwrap_or_default())
    }
}

/// The host of an address, with its port where that is not the usual one.
pub(crate) fn host_of(url: &url::Url) -> Option<String> {
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

#[expect(clippy::disallowed_methods, reason = "it is looked at only")]
fn is_blank(value: &Secret) -> bool {
    value.expose().trim().is_empty()
}

#[expect(clippy::disallowed_methods, reason = "it is looked at only")]
fn is_line(value: &Secret) -> bool {
    value.expose().len() <= LONGEST_VALUE && !value.expose().trim().chars().any(char::is_control)
}

#[expect(clippy::disallowed_methods, reason = "the channel's facts say that it is not secret")]
fn opened((key, value): (String, Secret)) -> (String, String) {
    (key, value.expose().trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::ProblemCode;

    fn draft(kind: ChannelKind, values: &[(&str, &str)]) -> ChannelDraft {
        let values = values.iter().map(|(key, value)| ((*key).to_owned(), Secret::new(*value))).collect();
        ChannelDraft { kind, label: None, language: Language::English, values, allows_plain_http: false }
    }

    #[test]
    fn what_is_secret_goes_to_the_store_and_what_is_not_to_the_ledger() {
        let draft =
            draft(ChannelKind::Telegram, &[("token", "1:canary"), ("chat", " -1001 "), ("server", "")]);
        assert_eq!(draft.check(&Fields::new()), Ok("api.telegram.org".to_owned()));
        let channel = draft.channel(ChannelId::random(), String::new());
        assert_eq!(channel.open, [("chat".to_owned(), "-1001".to_owned())].into());
        assert_eq!(channel.secrets, ["token"]);
        assert!(!format!("{channel:?}{draft:?}").contains("canary"), "it prints a secret");
    }

    #[test]
    fn a_draft_that_cannot_work_is_refused_and_repeats_nothing_of_it() {
        let long = "canary".repeat(1_000);
        for (kind, values) in [
            (ChannelKind::Gotify, &[("token", "canary")][..]),
            (ChannelKind::Gotify, &[("server", "canary"), ("token", "A")]),
            (ChannelKind::Gotify, &[("server", "http://192.168.1.2"), ("token", "A")]),
            (ChannelKind::Gotify, &[("server", "https://me:canary@h.test"), ("token", "A")]),
            (ChannelKind::Gotify, &[("server", "ftp://h.test"), ("token", "A")]),
            (ChannelKind::Ntfy, &[("topic", "t"), ("colour", "canary")]),
            (ChannelKind::Ntfy, &[("topic", "two\nlines")]),
            (ChannelKind::Ntfy, &[("topic", &long)]),
            (ChannelKind::Ntfy, &[("topic", "  ")]),
            (ChannelKind::ServerChan, &[("key", "sctpevil.example/tabc")]),
        ] {
            let problem = draft(kind, values).check(&Fields::new()).expect_err("it cannot work");
            assert_eq!(problem.code, ProblemCode::InvalidInput, "{values:?}");
            assert!(!format!("{problem:?}").contains("canary"), "{problem:?}");
        }
    }

    #[test]
    fn a_secret_that_is_kept_need_not_be_given_again() {
        let draft = draft(ChannelKind::Gotify, &[("server", "https://home.example:8443/gotify")]);
        let kept = [("token".to_owned(), Secret::new("A1"))].into();
        assert_eq!(draft.check(&kept), Ok("home.example:8443".to_owned()));
    }
}
