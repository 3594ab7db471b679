//! What structured texts hold, whichever language wrote them: texts, lists and names with values.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

use super::findings::{Place, place};
use super::names;

/// A value. It has no `Debug`: it may be a secret.
pub(super) enum Node {
    Text(Zeroizing<String>),
    List(Vec<Node>),
    Map(Map),
    /// Anything that is no text: `null`, `true`, or what is of no use here.
    Nothing,
}

/// Names and values in their order. What has no name is called "".
#[derive(Default)]
pub(super) struct Map {
    pub(super) entries: Vec<(String, Node)>,
    /// Whether no brackets hold them together: then a second session is of a second account.
    pub(super) is_flat: bool,
}

impl Node {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(Zeroizing::new(text.to_owned()))
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::List(_) | Self::Map(_) | Self::Nothing => None,
        }
    }

    pub(super) fn as_list(&self) -> Option<&[Node]> {
        match self {
            Self::List(list) => Some(list),
            Self::Text(_) | Self::Map(_) | Self::Nothing => None,
        }
    }

    pub(super) fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            Self::Text(_) | Self::List(_) | Self::Nothing => None,
        }
    }

    /// The value of that name, with its first letter small or large.
    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        self.as_map()?.get(name)
    }
}

impl Map {
    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        self.entries.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The text of the first of these names that has one.
    pub(super) fn text(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.get(name)?.as_text())
    }
}

/// Reads a value as a stream. Of a large one it keeps only what can matter, as soon as that can be told: a file of
/// a whole browser has millions of values and a handful of ours.
#[derive(Clone, Copy)]
pub(super) struct Reader {
    pub(super) is_large: bool,
}

/// Longer texts in a large file are pages and pictures.
const LONGEST_KEPT: usize = 64 * 1024;

impl<'de> DeserializeSeed<'de> for Reader {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Reader { is_large: false }.deserialize(deserializer)
    }
}

/// A value of a large file.
pub(super) struct Large(Node);

impl From<Large> for Node {
    fn from(large: Large) -> Self {
        large.0
    }
}

impl<'de> Deserialize<'de> for Large {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Reader { is_large: true }.deserialize(deserializer).map(Self)
    }
}

impl<'de> Visitor<'de> for Reader {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(if self.is_large && text.len() > LONGEST_KEPT { Node::Nothing } else { Node::text(text) })
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(Node::text(&number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
        Ok(Node::text(&number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Node, E> {
        match serde_json::Number::from_f64(number) {
            Some(number) => Ok(Node::text(&number.to_string())),
            None => Ok(Node::Nothing),
        }
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Nothing)
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Nothing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            if !self.is_large || matters(&item) {
                list.push(item);
            }
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Node, A::Error> {
        let mut map = Map::default();
        while let Some(name) = pairs.next_key::<String>()? {
            let value = pairs.next_value_seed(self)?;
            let is_kept =
                !self.is_large || matters(&value) || names::field(&name).is_some() || is_of_record(&name);
            if is_kept {
                map.entries.push((name, value));
            }
        }
        if self.is_large && is_foreign(&map) {
            // That there were some is to be said.
            map.entries.retain(|(name, _)| matches!(name.as_str(), "name" | "Name" | "domain" | "host"));
            map.entries.push(("value".to_owned(), Node::text("x")));
        }
        Ok(Node::Map(map))
    }
}

/// What the parts of a cookie, or of a recorded request, are called.
fn is_of_record(name: &str) -> bool {
    [
        "name",
        "key",
        "value",
        "domain",
        "host",
        "url",
        "cookie",
        "cookies",
        "headers",
        "request",
        "response",
        "log",
        "entries",
        "raw_cookie",
    ]
    .iter()
    .any(|known| known.eq_ignore_ascii_case(name))
}

fn matters(value: &Node) -> bool {
    match value {
        Node::Nothing => false,
        Node::Text(text) => names::has_traces(text),
        Node::List(list) => !list.is_empty(),
        Node::Map(map) => !map.entries.is_empty() && !is_empty_header(map),
    }
}

/// A header that carries no cookies.
fn is_empty_header(map: &Map) -> bool {
    let name = map.text(&["name"]);
    map.get("domain").is_none()
        && name
            .is_some_and(|name| names::field(name).is_none() && !name.to_ascii_lowercase().contains("cookie"))
}

/// A cookie of another site.
fn is_foreign(map: &Map) -> bool {
    map.text(&["domain", "host"]).is_some_and(|domain| place(domain) == Place::Elsewhere)
        && map.text(&["name", "key"]).is_some()
}
