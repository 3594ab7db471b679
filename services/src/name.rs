//! Names that services give to what is theirs: to themselves, their tiers and their formats. The set is open: a ledger
//! may hold names that this build does not know.

use std::fmt;
use std::str::FromStr;

/// A name that is not in the list it was looked up in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown name")]
pub struct UnknownName;

/// A short name of at most so many bytes: a small ASCII letter, then small letters, digits, `_` and `-`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Name<const LONGEST: usize> {
    /// Filled up with zeros, so that names compare as their texts do.
    bytes: [u8; LONGEST],
    length: u8,
}

impl<const LONGEST: usize> Name<LONGEST> {
    /// The name of a constant.
    ///
    /// # Panics
    /// When it is no name: at compile time, where it is made there.
    pub(crate) const fn new(text: &str) -> Self {
        match Self::of(text.as_bytes()) {
            Some(name) => name,
            None => panic!("a name is short, of small letters, digits, _ or -, and begins with a letter"),
        }
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "both are as long as was looked at; iterators are not constant"
    )]
    const fn of(text: &[u8]) -> Option<Self> {
        if text.is_empty() || text.len() > LONGEST || !text[0].is_ascii_lowercase() {
            return None;
        }
        let mut bytes = [0; LONGEST];
        let mut at = 0;
        while at < text.len() {
            if !matches!(text[at], b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-') {
                return None;
            }
            bytes[at] = text[at];
            at += 1;
        }
        Some(Self { bytes, length: text.len() as u8 })
    }

    pub(crate) fn as_str(&self) -> &str {
        let text = self.bytes.get(..usize::from(self.length)).unwrap_or_default();
        std::str::from_utf8(text).unwrap_or_default()
    }
}

impl<const LONGEST: usize> fmt::Debug for Name<LONGEST> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl<const LONGEST: usize> FromStr for Name<LONGEST> {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::of(text.as_bytes()).ok_or(UnknownName)
    }
}

/// A type of its own for the names of one kind of thing.
macro_rules! name {
    ($(#[$meta:meta])* $name:ident, $longest:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export, type = "string"))]
        pub struct $name($crate::name::Name<$longest>);

        impl $name {
            /// The one of that name.
            ///
            /// # Panics
            /// When it is no name: at compile time, where it is made there.
            pub const fn new(name: &str) -> Self {
                Self($crate::name::Name::new(name))
            }

            /// The name as the ledger and the command line write it.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::name::UnknownName;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                name.parse().map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = <String as serde::Deserialize>::deserialize(deserializer)?;
                name.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(crate) use name;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_and_sorts_as_its_text() {
        let mut names = ["qqmusic", "netease", "q", "qq_green", "a-b", "abcdefghijklmno"];
        let mut parsed: Vec<Name<15>> =
            names.iter().map(|name| name.parse().expect("it is a name")).collect();
        names.sort_unstable();
        parsed.sort_unstable();
        assert!(parsed.iter().map(Name::as_str).eq(names), "{parsed:?}");
    }

    #[test]
    fn what_no_file_and_no_key_could_hold_is_no_name() {
        for bad in ["", "1", "_a", "A", "aB", "a b", "a:b", "a/b", "..", "名", "abcdefghijklmnop"] {
            assert_eq!(bad.parse::<Name<15>>(), Err(UnknownName), "{bad}");
        }
    }
}
