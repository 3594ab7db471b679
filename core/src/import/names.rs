//! What the fields of a credential are called, as the services declare it, and which values can stand for each
//! (protocol: QQ §6, NetEase §6).

use std::collections::HashMap;
use std::sync::LazyLock;

pub(super) use tunekey_services::facts::FieldKind as Kind;
use tunekey_services::facts::PasteFacts;
use tunekey_services::{ServiceId, registry};

use super::ImportError;

/// The fewest hexadecimal digits in a row that can be nothing but a session.
const FEWEST_OF_SESSION: usize = 64;

/// A field that a service knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    /// Which service.
    pub(super) service: ServiceId,
    /// The name that the service's reader understands.
    pub(super) name: &'static str,
    /// What it is.
    pub(super) kind: Kind,
    /// Whether many other things are called so, too, so that the value has to speak for itself.
    weak: bool,
}

/// What programs put before any name.
const PREFIXES: [&str; 5] = ["cookie", "cookies", "my", "env", "vite"];

/// What the services declare.
fn services() -> impl Iterator<Item = (ServiceId, &'static PasteFacts)> {
    registry::all().iter().map(|service| (service.id(), &service.facts().paste))
}

/// Names as the services' readers understand them, exactly, the first service first.
fn exact() -> impl DoubleEndedIterator<Item = Field> {
    let fields = services().flat_map(|(service, paste)| {
        paste.fields.iter().map(move |(name, kind)| Field { service, name, kind: *kind, weak: false })
    });
    fields.collect::<Vec<_>>().into_iter()
}

/// [`exact`], by name.
static EXACT: LazyLock<HashMap<&str, Field>> =
    LazyLock::new(|| exact().rev().map(|field| (field.name, field)).collect());

/// The name of a session, where one stands by itself.
static SESSION: LazyLock<&str> =
    LazyLock::new(|| exact().find(|field| field.kind == Kind::Session).map_or("session", |field| field.name));

/// The field that is a cookie of that name, letter by letter; `None` when no service knows one.
pub(super) fn cookie(name: &str) -> Option<Field> {
    EXACT.get(name).copied()
}

/// The field that is called so; `None` when no service knows one.
pub(super) fn field(name: &str) -> Option<Field> {
    if let Some(field) = EXACT.get(name) {
        return Some(*field);
    }
    if name.len() > 64 || name.is_empty() {
        return None;
    }
    let name = name.trim_end_matches([' ', '是', '为']);
    let name = name.strip_suffix(" is").unwrap_or(name);
    let plain = joined(name);
    of_plain(&plain).or_else(|| {
        let prefixes = || services().flat_map(|(_, paste)| paste.prefixes).chain(&PREFIXES);
        let owner =
            |plain: &str| prefixes().filter_map(|prefix| plain.strip_prefix(prefix)).find_map(of_plain);
        // `NETEASE_MUSIC_U_2`, `MUSIC_U1`.
        let numbered = name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches(['_', '-']);
        let lettered =
            name.rsplit_once(['_', '-']).filter(|(_, last)| last.len() == 1).map(|(first, _)| first);
        let base = [Some(numbered), lettered].into_iter().flatten().filter(|base| base.len() < name.len());
        owner(&plain).or_else(|| {
            base.map(joined)
                .find_map(|plain| of_plain(&plain).filter(|field| !field.weak).or_else(|| owner(&plain)))
        })
    })
}

fn joined(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-' | ' ' | '.')).flat_map(char::to_lowercase).collect()
}

fn of_plain(plain: &str) -> Option<Field> {
    // The cookie `login_type` counts the other way round.
    if plain == "logintype" {
        return None;
    }
    PLAIN.get(plain).copied()
}

/// Every name in small letters and without what joins words.
static PLAIN: LazyLock<HashMap<String, Field>> = LazyLock::new(|| {
    let aliases = services().flat_map(|(service, paste)| {
        let field = move |name, kind| Field { service, name, kind, weak: true };
        paste.aliases.iter().map(move |(alias, name, kind)| ((*alias).to_owned(), field(name, *kind)))
    });
    // The first spelling of a name stands for the others.
    aliases.chain(exact().rev().map(|field| (joined(field.name), field))).collect()
});

/// What becomes of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It can be sent as the field of that name.
    Good(&'static str),
    /// It was shortened by whatever showed it.
    Shortened,
    /// Something else is in it, or it is none at all.
    Bad,
}

impl Field {
    /// Whether many other things are called so, too.
    pub(super) fn is_weak(&self) -> bool {
        self.weak
    }

    /// Judges a value that has no quotes and no white space around it.
    pub(super) fn judge(&self, value: &str) -> Verdict {
        if matches!(self.kind, Kind::Session | Kind::Key) && is_shortened(value) {
            return Verdict::Shortened;
        }
        if matches!(self.kind, Kind::Session | Kind::Key) && is_placeholder(value) {
            return Verdict::Bad;
        }
        let good = match self.kind {
            // Some tools call the session their token.
            Kind::Key if self.weak && is_session(value) => return Verdict::Good(&SESSION),
            Kind::Key if self.weak => is_key(value),
            Kind::Session if self.weak => is_session(value),
            Kind::Csrf if self.weak => value.len() == 32 && is_hexadecimal(value),
            Kind::Account if self.weak => is_number(value) && value.len() >= 5,
            Kind::Session => {
                let digits = value.bytes().take_while(u8::is_ascii_hexdigit).count();
                is_plain(value) && (digits < FEWEST_OF_SESSION / 2 || digits == value.len())
            }
            Kind::Key => {
                is_plain(value) && !value.contains("---") && (!has_beginning(value) || is_key(value))
            }
            Kind::Account => is_plain(value) && !value.parse::<f64>().is_ok_and(f64::is_infinite),
            Kind::Csrf | Kind::Other => is_plain(value),
        };
        if good { Verdict::Good(self.name) } else { Verdict::Bad }
    }

    /// Whether a value can be nothing but this field's, even where nothing says so but that it stands beside the name.
    pub(super) fn is_sure(&self, value: &str) -> bool {
        match self.kind {
            Kind::Session => value.len() >= 32 && is_hexadecimal(value),
            Kind::Key => is_key(value) || self.weak && is_session(value),
            Kind::Account => is_number(value) && value.len() >= 5,
            Kind::Csrf => value.len() == 32 && is_hexadecimal(value),
            Kind::Other => {
                value.len() >= 16 && is_plain(value) && value.bytes().any(|byte| byte.is_ascii_digit())
            }
        }
    }

    /// How much of a text is this field's value, when it begins there and nothing quotes it.
    pub(super) fn value_at<'a>(&self, text: &'a str) -> &'a str {
        let while_true = |is: &dyn Fn(u8) -> bool| &text[..text.bytes().take_while(|byte| is(*byte)).count()];
        let all = while_true(&is_value_byte);
        match self.kind {
            Kind::Account => {
                let digits = text.strip_prefix(['o', 'O']).unwrap_or(text);
                let count = digits.bytes().take_while(u8::is_ascii_digit).count();
                let goes_on = digits[count..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '.');
                if count == 0 || goes_on { all } else { &text[..text.len() - digits.len() + count] }
            }
            Kind::Session | Kind::Other | Kind::Csrf => {
                let digits = while_true(&|byte| byte.is_ascii_hexdigit());
                // What follows so many digits is no part of them: another name, or what joins it.
                let ends = !text[digits.len()..].starts_with(|c: char| c.is_ascii_alphanumeric());
                if digits.len() >= 32 && ends { digits } else { all }
            }
            Kind::Key if has_beginning(text) => {
                let key = while_true(&is_key_byte);
                key.find("---").map_or(key, |end| &key[..end])
            }
            Kind::Key => all.find("---").map_or(all, |end| &all[..end]),
        }
    }
}

/// Whether a program has left something out of it to save room.
pub(super) fn is_shortened(value: &str) -> bool {
    value.contains(['…', '⋯', '•', '●']) || value.contains("..") || value.contains("***")
}

/// What a manual writes where the value is to go, or a name in place of a value.
fn is_placeholder(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    exact().any(|field| field.kind == Kind::Session && lower.contains(&field.name.to_ascii_lowercase()))
        || lower.bytes().all(|byte| byte == b'x')
        || lower.starts_with("your")
        || lower.starts_with("xxx")
}

/// A session by itself: nothing else has so many hexadecimal digits.
pub(super) fn is_session(value: &str) -> bool {
    value.len() >= FEWEST_OF_SESSION && is_hexadecimal(value)
}

/// A key of QQ Music: it says so itself.
pub(super) fn is_key(value: &str) -> bool {
    has_beginning(value) && value.bytes().all(is_key_byte) && !value.contains("---")
}

pub(super) fn has_beginning(text: &str) -> bool {
    key_beginnings().any(|beginning| text.starts_with(beginning))
}

/// How keys begin that say themselves whose they are.
pub(super) fn key_beginnings() -> impl Iterator<Item = &'static str> {
    services().flat_map(|(_, paste)| paste.key_beginnings).copied()
}

/// An account's number, which cookies write with an `o` before it.
pub(super) fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['o', 'O']).unwrap_or(text);
    (1..=20).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_hexadecimal(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_plain(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(is_value_byte)
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-*.+=~".contains(&byte)
}

/// The bytes of which values are made; none of them joins two cookies.
pub(super) fn is_value_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-.*+/=%~@!".contains(&byte)
}

/// Whether a text could hold something of a credential: names and beginnings that nothing else has. Not exact,
/// but quick, and it misses nothing that is written plainly.
pub(super) fn has_traces(text: &str) -> bool {
    static TRACES: LazyLock<Vec<&[u8]>> = LazyLock::new(|| {
        services().flat_map(|(_, paste)| paste.traces).map(|trace| trace.as_bytes()).collect()
    });
    /// What they begin with, in both sizes: most bytes of a text begin none of them.
    static FIRST: LazyLock<[bool; 256]> = LazyLock::new(|| {
        std::array::from_fn(|byte| {
            let byte = (byte as u8).to_ascii_lowercase();
            TRACES.iter().any(|trace| trace.first() == Some(&byte))
        })
    });
    let (traces, first) = (&*TRACES, &*FIRST);
    let bytes = text.as_bytes();
    let starts = |at: usize, trace: &[u8]| {
        bytes.get(at..at + trace.len()).is_some_and(|here| here.eq_ignore_ascii_case(trace))
    };
    (0..bytes.len()).any(|at| first[usize::from(bytes[at])] && traces.iter().any(|trace| starts(at, trace)))
        || is_session(text.trim())
}

/// Whether a session may stand under a name that is none of its own: some tools call it just a cookie. The tokens
/// of guests and of renewals look the same, so that not every name will do.
pub(super) fn may_hold_session(name: &str) -> bool {
    const WORDS: [&str; 5] = ["cookie", "token", "session", "credential", "value"];
    let words = || services().flat_map(|(_, paste)| paste.session_words).chain(&WORDS);
    let plain = joined(name);
    let is_other = field(name).is_some_and(|field| !field.is_weak()) || plain.starts_with("music");
    plain.is_empty() || !name.is_ascii() || !is_other && words().any(|word| plain.contains(word))
}

/// Whether a text begins as a cookie of a service does: with its name and an equals sign.
pub(super) fn begins_with_field(text: &str) -> bool {
    let (name, value) = text.split_once('=').unwrap_or_default();
    !value.is_empty() && field(name.trim()).is_some_and(|field| !field.is_weak())
}

/// Refuses what somebody put into a name or a value to break a header.
pub(super) fn without_controls(text: &str) -> Result<&str, ImportError> {
    // A tab comes of a table, and breaks none.
    if text.contains(|c: char| c.is_control() && c != '\t') {
        Err(ImportError::ControlCharacters)
    } else {
        Ok(text)
    }
}
