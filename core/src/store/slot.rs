//! The names under which secrets stand in a store. They are the same in every version: what is in a keychain is found
//! by them.

use std::fmt;

use tunekey_services::AccountId;

/// The name of one place in a store: printable ASCII, and not secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotName(String);

impl SlotName {
    /// One of the two places of an account's credential.
    pub(crate) fn credential(id: &AccountId, side: Side) -> Self {
        Self(format!("{}:{}", of_account(id), side.as_str()))
    }

    /// Where it is tried out whether the store takes anything for an account that has nothing in it yet.
    pub(crate) fn proof(id: &AccountId) -> Self {
        Self(format!("{}:probe", of_account(id)))
    }

    /// Where other computers read what there is to know of an account besides its credential.
    pub(crate) fn description(id: &AccountId) -> Self {
        Self(format!("{}:facts", of_account(id)))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The account that it belongs to, as `service:uid`, and which of its places it is; `None` for a secret that
    /// belongs to no account.
    pub(crate) fn of_account(&self) -> Option<(&str, AccountSlot)> {
        let (account, part) = self.0.strip_prefix("v1:")?.rsplit_once(':')?;
        let slot = match part {
            "a" => AccountSlot::Credential(Side::A),
            "b" => AccountSlot::Credential(Side::B),
            "probe" => AccountSlot::Proof,
            _ => return None,
        };
        account.contains(':').then_some((account, slot))
    }
}

/// One of the places that an account has in a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AccountSlot {
    /// One of the two of its credential.
    Credential(Side),
    /// The one in which it is tried out whether the store takes anything.
    Proof,
}

impl fmt::Display for SlotName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the names of all that belongs to an account begin with.
fn of_account(id: &AccountId) -> String {
    format!("v1:{}:{}", id.service, id.uid)
}

/// One of an account's two places: whatever dies while the one is written, the other holds a whole credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    A,
    B,
}

impl Side {
    fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }
}

/// What a secret is that belongs to no account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecretKind {
    /// What lets somebody use an interface of ours.
    Token,
    /// What messages to an address of the person's own are signed with.
    WebhookSecret,
    /// What opens the target of a delivery, or signs what goes there.
    Delivery,
    /// A sign-in that a delivery has of its own, until it is delivered.
    OwnSignIn,
    /// What opens a channel of messages to the person, or the address that is told that all is well.
    Notification,
}

impl SecretKind {
    /// The kind as it stands in the name: never what a service is called, or the two could meet.
    fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::WebhookSecret => "webhook-secret",
            Self::Delivery => "delivery",
            Self::OwnSignIn => "own-sign-in",
            Self::Notification => "notification",
        }
    }
}

/// A place for a secret that belongs to no account.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NamedSlot {
    kind: SecretKind,
    name: String,
}

/// The longest name of a [`NamedSlot`], in bytes.
const LONGEST: usize = 64;

impl NamedSlot {
    /// The place for a secret of that kind; `None` unless its name is 1 to 64 small letters, digits and hyphens.
    pub fn new(kind: SecretKind, name: &str) -> Option<Self> {
        let fits = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        let is_name = (1..=LONGEST).contains(&name.len()) && name.bytes().all(fits);
        is_name.then(|| Self { kind, name: name.to_owned() })
    }

    /// What stands there.
    pub fn kind(&self) -> SecretKind {
        self.kind
    }

    /// Its name in a store.
    pub fn slot(&self) -> SlotName {
        SlotName(format!("v1:{}:{}", self.kind.as_str(), self.name))
    }
}

#[cfg(test)]
mod tests {
    use tunekey_services::registry;

    use super::*;

    #[test]
    fn names_are_what_they_have_always_been() {
        let id: AccountId = "qqmusic:10001".parse().expect("an account");
        let names = [
            SlotName::credential(&id, Side::A),
            SlotName::credential(&id, Side::B),
            SlotName::proof(&id),
            NamedSlot::new(SecretKind::Token, "home-server").expect("a name").slot(),
            NamedSlot::new(SecretKind::WebhookSecret, "1").expect("a name").slot(),
            NamedSlot::new(SecretKind::Delivery, "0123456789-token").expect("a name").slot(),
            NamedSlot::new(SecretKind::Notification, "0123456789-device-key").expect("a name").slot(),
            NamedSlot::new(SecretKind::OwnSignIn, "0123456789").expect("a name").slot(),
        ];
        assert_eq!(
            names.map(|name| name.to_string()),
            [
                "v1:qqmusic:10001:a",
                "v1:qqmusic:10001:b",
                "v1:qqmusic:10001:probe",
                "v1:token:home-server",
                "v1:webhook-secret:1",
                "v1:delivery:0123456789-token",
                "v1:notification:0123456789-device-key",
                "v1:own-sign-in:0123456789",
            ]
        );
    }

    #[test]
    fn a_name_says_whose_it_is() {
        let id: AccountId = "qqmusic:10001".parse().expect("an account");
        for (name, slot) in [
            (SlotName::credential(&id, Side::A), AccountSlot::Credential(Side::A)),
            (SlotName::credential(&id, Side::B), AccountSlot::Credential(Side::B)),
            (SlotName::proof(&id), AccountSlot::Proof),
        ] {
            assert_eq!(name.of_account(), Some(("qqmusic:10001", slot)));
        }
        for name in ["a", "b", "probe", "1"] {
            let named = NamedSlot::new(SecretKind::Token, name).expect("a name").slot();
            assert_eq!(named.of_account(), None, "{named}");
        }
    }

    #[test]
    fn no_service_is_called_like_a_kind_of_secret() {
        for kind in [
            SecretKind::Token,
            SecretKind::WebhookSecret,
            SecretKind::Delivery,
            SecretKind::OwnSignIn,
            SecretKind::Notification,
        ] {
            assert!(registry::all().iter().all(|service| service.id().as_str() != kind.as_str()), "{kind:?}");
        }
    }

    #[test]
    fn a_name_leads_nowhere_else() {
        for bad in ["", "a:b", "A", "é", "a b", "../a", &"x".repeat(65)] {
            assert_eq!(NamedSlot::new(SecretKind::Token, bad), None, "{bad:?}");
        }
    }
}
