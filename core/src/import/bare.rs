//! A `MUSIC_U` by itself, or a `musickey` with a `uin` beside it.

use super::{ImportError, Pairs};

/// How QQ Music's keys begin, for accounts of QQ and of WeChat (protocol: QQ §6).
const KEY_BEGINNINGS: [&str; 2] = ["Q_H_L_", "W_X_"];

/// What people write before the two.
const KEY_NAMES: [&str; 3] = ["musickey", "music_key", "key"];
const NUMBER_NAMES: [&str; 6] = ["uin", "musicid", "qqmusic_uin", "wxuin", "qq", "id"];

/// The shortest `MUSIC_U` that is believed to be one when it stands alone. Those of 2022 have 130 digits.
const SHORTEST_SESSION: usize = 64;

/// More words than this are a sentence about something else.
const MOST_WORDS: usize = 6;

/// Reads the text if it is one of the two; otherwise says that it is not.
pub(super) fn read(text: &str, pairs: &mut Pairs) -> Result<bool, ImportError> {
    if text.len() >= SHORTEST_SESSION && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        pairs.add(None, "MUSIC_U", text)?;
        return Ok(true);
    }
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty()).collect();
    if text.contains(';') || words.len() > MOST_WORDS {
        return Ok(false);
    }
    let (mut key, mut number) = (None, None);
    for word in words {
        let is_key = |text: &str| KEY_BEGINNINGS.iter().any(|beginning| text.starts_with(beginning));
        let word = word.trim_matches(['"', '\'']);
        if is_key(word) {
            key = Some(word);
            continue;
        }
        let (name, value) = word.split_once(['=', ':']).unwrap_or(("", word));
        let (name, value) = (name.to_ascii_lowercase(), value.trim_matches(['"', '\'']));
        let is_named = |names: &[&str]| names.contains(&name.as_str());
        if is_named(&KEY_NAMES) && is_key(value) {
            key = Some(value);
        } else if (name.is_empty() || is_named(&NUMBER_NAMES)) && is_number(value) {
            number = Some(value);
        } else if !name.is_empty() && !value.is_empty() {
            return Ok(false);
        }
    }
    let Some(key) = key else { return Ok(false) };
    if let Some(number) = number {
        pairs.add(None, "uin", number)?;
    }
    pairs.add(None, "musickey", key)?;
    Ok(true)
}

/// An account's number, which cookies write with an `o` before it.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('o').unwrap_or(text);
    (5..=20).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}
