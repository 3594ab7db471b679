//! The sections of the ledger, each with a version of its own: one that a newer TuneKey has written is left as it is
//! while the rest works. What a newer one has written inside of a section that is understood is kept by every writer.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use strum::VariantArray;

use crate::problem::{Problem, ProblemCode};

/// Where the versions stand in the file. A section that is not named there has version 1.
const VERSIONS: &str = "sections";

/// A part of the ledger that can change its shape without the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, VariantArray)]
pub enum Section {
    /// Which accounts there are and how they are doing.
    Accounts,
    /// The settings of all fronts.
    Settings,
    /// The sign-ins of the last day.
    Quota,
    /// Where credentials go by themselves.
    Deliveries,
    /// How the person is told, and what they have been told of.
    Notifications,
}

impl Section {
    /// Its name in the file.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Settings => "settings",
            Self::Quota => "started",
            Self::Deliveries => "deliveries",
            Self::Notifications => "notifications",
        }
    }

    /// The version that this code writes. What an older one could not read, such as one more kind of target or channel,
    /// needs a new one: it would take the whole ledger for damaged.
    fn version(self) -> u64 {
        match self {
            Self::Settings | Self::Quota | Self::Notifications => 1,
            // Sign-ins by CookieCloud, and deliveries with a sign-in of their own.
            Self::Accounts | Self::Deliveries => 2,
        }
    }

    /// That a newer TuneKey has written it.
    pub(crate) fn is_newer(self) -> Problem {
        let (english, chinese) = match self {
            Self::Accounts => ("account list", "账号列表"),
            Self::Settings => ("settings", "设置"),
            Self::Quota => ("list of today’s sign-ins", "今日登录记录"),
            Self::Deliveries => ("list of deliveries", "投递列表"),
            Self::Notifications => ("notification settings", "通知设置"),
        };
        let detail = format!("section {} was written by a newer version of TuneKey", self.key());
        Problem::new(ProblemCode::LedgerNewer).with_detail(detail).with_words(
            format!(
                "A newer TuneKey has written the {english}. It is left as it is; update TuneKey to use it."
            ),
            format!("{chinese}由更新版本的 TuneKey 写入，已保持原样；请更新 TuneKey 后再使用。"),
        )
    }
}

/// The sections that only a newer version understands.
pub(super) fn newer(document: &Value) -> BTreeSet<Section> {
    let versions = document.get(VERSIONS);
    let is_newer = |section: &Section| {
        let version = versions.and_then(|versions| versions.get(section.key())).and_then(Value::as_u64);
        version.is_some_and(|version| version > section.version())
    };
    Section::VARIANTS.iter().copied().filter(is_newer).collect()
}

/// The document without those sections.
pub(super) fn without(mut document: Value, sections: &BTreeSet<Section>) -> Value {
    if let Some(object) = document.as_object_mut() {
        object.retain(|key, _| sections.iter().all(|section| section.key() != key));
    }
    document
}

/// Whether nothing stands in a document but `understood`, which this code makes of it.
pub(super) fn says_no_more(document: &Value, understood: &Value) -> bool {
    let Value::Object(parts) = document else { return false };
    parts.iter().all(|(key, value)| match understood.get(key) {
        Some(understood) => is_within(value, understood),
        None => key == VERSIONS && *value == versions(&Value::Null),
    })
}

/// Whether everything that has a name in a value has it in the other one, too.
fn is_within(value: &Value, other: &Value) -> bool {
    match (value, other) {
        (Value::Object(value), Value::Object(other)) => {
            value.iter().all(|(key, value)| other.get(key).is_some_and(|other| is_within(value, other)))
        }
        (Value::Array(value), Value::Array(other)) => {
            value.len() == other.len()
                && value.iter().zip(other).all(|(value, other)| is_within(value, other))
        }
        (value, other) => !(value.is_object() || value.is_array() || other.is_object() || other.is_array()),
    }
}

/// What is written in the place of `document`, which says `before` to this code and is to say `after`.
pub(super) fn rewritten(document: &Value, before: &Value, after: Value, newer: &BTreeSet<Section>) -> Value {
    let mut written = carried_over(document, before, after);
    if let Value::Object(written) = &mut written {
        for section in newer {
            match document.get(section.key()) {
                Some(value) => written.insert(section.key().to_owned(), value.clone()),
                None => written.remove(section.key()),
            };
        }
        written.insert(VERSIONS.to_owned(), versions(document));
    }
    written
}

/// The versions of all sections, with those that are not known here.
pub(super) fn versions(document: &Value) -> Value {
    let mut versions: BTreeMap<String, Value> = match document.get(VERSIONS) {
        Some(Value::Object(versions)) => versions.clone().into_iter().collect(),
        _ => BTreeMap::new(),
    };
    for section in Section::VARIANTS {
        let version = versions.entry(section.key().to_owned()).or_default();
        *version = version.as_u64().unwrap_or_default().max(section.version()).into();
    }
    versions.into_iter().collect::<Map<_, _>>().into()
}

/// `after`, with all that stands in `document` and that `before`, the part of it that is understood, does not have.
fn carried_over(document: &Value, before: &Value, after: Value) -> Value {
    match (document, before, after) {
        (Value::Object(document), Value::Object(before), Value::Object(after)) => {
            let unknown =
                document.iter().filter(|(key, _)| !before.contains_key(*key) && !after.contains_key(*key));
            let unknown: Vec<_> = unknown.map(|(key, value)| (key.clone(), value.clone())).collect();
            let known = after.into_iter().map(|(key, value)| {
                let value = match (document.get(&key), before.get(&key)) {
                    (Some(document), Some(before)) => carried_over(document, before, value),
                    _ => value,
                };
                (key, value)
            });
            known.chain(unknown).collect::<Map<_, _>>().into()
        }
        (Value::Array(document), Value::Array(before), Value::Array(after))
            if document.len() == before.len() =>
        {
            let carried =
                after.into_iter().map(|value| match before.iter().position(|other| is_same(other, &value)) {
                    Some(place) => carried_over(&document[place], &before[place], value),
                    None => value,
                });
            carried.collect::<Vec<_>>().into()
        }
        (_, _, after) => after,
    }
}

/// Whether two entries of a list are about the same thing: they have the same id, or say the same.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one.get("id"), other.get("id")) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_known_stays_where_it_was_at_every_depth() {
        let document = json!({
            "version": 1,
            "deliveries": [1, 2],
            "accounts": [
                { "id": "a", "life": { "at": 1, "proven_at": 9 }, "plays": true },
                { "id": "b", "life": { "at": 2, "proven_at": 8 } },
            ],
            "settings": { "format": "header", "quiet_hours": [22, 7] },
        });
        let before = json!({
            "version": 1,
            "accounts": [{ "id": "a", "life": { "at": 1 } }, { "id": "b", "life": { "at": 2 } }],
            "settings": { "format": "header", "auto_renew": true },
        });
        let after = json!({
            "version": 1,
            "accounts": [{ "id": "b", "life": { "at": 3 } }, { "id": "c", "life": { "at": 4 } }],
            "settings": { "format": "env", "auto_renew": true },
        });
        let written = carried_over(&document, &before, after);
        assert_eq!(
            written,
            json!({
                "version": 1,
                "deliveries": [1, 2],
                "accounts": [
                    { "id": "b", "life": { "at": 3, "proven_at": 8 } },
                    { "id": "c", "life": { "at": 4 } },
                ],
                "settings": { "format": "env", "auto_renew": true, "quiet_hours": [22, 7] },
            }),
            "a removed account goes with all that was known of it"
        );
    }

    #[test]
    fn what_is_known_and_no_longer_true_does_not_come_back() {
        let document = json!({ "health": { "state": "warning", "since": 1, "reason": "x" } });
        let after = json!({ "health": { "state": "healthy" } });
        assert_eq!(carried_over(&document, &document, after.clone()), after);
    }
}
