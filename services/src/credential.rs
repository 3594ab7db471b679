//! What a service gives for a sign-in, with every field kept. Pure: the caller brings the clock.
//!
//! A credential is a bag of named fields rather than a struct per service, because both services add
//! fields over time and losing one of them has broken renewal in every client that picked its favourites.
//! Only the service's own folder knows what a name means.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::id::{AccountId, ServiceId};
use crate::secret::Secret;

/// A credential: whose it is, from when until when it lives, and its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Whose it is.
    pub account: AccountId,
    /// When the service issued the key.
    pub issued_at: Timestamp,
    /// When the service says that the key ends; `None` when it has not said.
    pub expires_at: Option<Timestamp>,
    /// Everything else, by the name that the service gives it.
    pub fields: Fields,
}

/// The fields of a credential, ordered by name. An empty field is the same as none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(BTreeMap<String, Secret>);

impl Fields {
    /// The field of that name, if there is anything in it.
    pub fn get(&self, name: &str) -> Option<&Secret> {
        self.0.get(name)
    }

    /// Sets a field; an empty value is not kept.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Secret>) {
        let value = value.into();
        if !value.is_empty() {
            self.0.insert(name.into(), value);
        }
    }

    /// All fields, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there is no field at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<N: Into<String>, V: Into<Secret>> FromIterator<(N, V)> for Fields {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut fields = Self::default();
        for (name, value) in pairs {
            fields.set(name, value);
        }
        fields
    }
}

/// Two credentials that belong to different accounts and must never be merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer is about another account")]
pub struct DifferentAccount;

impl Credential {
    /// The service that issued it.
    pub fn service(&self) -> ServiceId {
        self.account.service
    }

    /// The field of that name, if there is anything in it.
    pub fn field(&self, name: &str) -> Option<&Secret> {
        self.fields.get(name)
    }

    /// This credential with what a renewal brought: field by field, where what the answer leaves empty
    /// stays as it was (the services send empty refresh fields beside a new key).
    ///
    /// # Errors
    /// [`DifferentAccount`] when the newer one is somebody else's.
    pub fn merged(&self, newer: Self) -> Result<Self, DifferentAccount> {
        if self.account != newer.account {
            return Err(DifferentAccount);
        }
        let mut fields = self.fields.clone();
        for (name, value) in newer.fields.0 {
            fields.set(name, value);
        }
        Ok(Self { account: newer.account, issued_at: newer.issued_at, expires_at: newer.expires_at, fields })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential(uid: &str, fields: &[(&str, &str)]) -> Credential {
        Credential {
            account: AccountId::new(ServiceId::new("qqmusic"), uid),
            issued_at: Timestamp::UNIX_EPOCH,
            expires_at: None,
            fields: fields.iter().copied().collect(),
        }
    }

    #[test]
    fn merging_keeps_what_the_answer_left_empty() {
        let old = credential("1", &[("musickey", "old"), ("refresh_key", "keep me")]);
        let merged = old.merged(credential("1", &[("musickey", "new"), ("refresh_key", "")]));
        let merged = merged.expect("the same account merges");
        assert_eq!(merged.field("musickey"), Some(&"new".into()), "a new value replaces the old one");
        assert_eq!(merged.field("refresh_key"), Some(&"keep me".into()), "an empty one does not");
    }

    #[test]
    fn credentials_of_two_accounts_do_not_merge() {
        let old = credential("1", &[("musickey", "a")]);
        assert_eq!(old.merged(credential("2", &[("musickey", "b")])), Err(DifferentAccount));
    }
}
