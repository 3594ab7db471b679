//! A `MUSIC_U` by itself, or a `musickey` with a `uin` beside it.

use tunekey_services::PasteFormat;
use zeroize::Zeroizing;

use super::findings::{Group, unquoted};
use super::names::{is_key, is_number, is_session};
use super::{ImportError, Scope};

/// What people write before the two.
const KEY_NAMES: [&str; 3] = ["musickey", "music_key", "key"];
const NUMBER_NAMES: [&str; 8] = ["uin", "musicid", "qqmusic_uin", "wxuin", "qq", "id", "账号", "qq号"];

/// More words than this are a sentence about something else.
const MOST_WORDS: usize = 6;

/// The fewest characters of a session or key that is believed to be one in the middle of a sentence: more than any
/// checksum has.
const SURE_SESSION: usize = 129;
const SURE_KEY: usize = 24;

/// Reads the text if it is one of the two; otherwise says that it is not.
pub(super) fn read(text: &str, scope: &mut Scope<'_>) -> Result<bool, ImportError> {
    let mut group = Group::new(PasteFormat::Bare);
    let stripped = stripped(text);
    let lines: Vec<&str> = text.lines().map(self::stripped).filter(|line| !line.is_empty()).collect();
    if is_session(stripped) {
        group.add(None, "MUSIC_U", stripped)?;
        scope.push(group);
        return Ok(true);
    }
    // One session a line, each of an account of its own.
    if !lines.is_empty() && lines.iter().all(|line| is_session(line)) {
        for line in lines {
            let mut group = Group::new(PasteFormat::Bare);
            group.add(None, "MUSIC_U", line)?;
            scope.push(group);
        }
        return Ok(true);
    }
    // One that was laid out in blocks.
    let blocks: Vec<&str> = text.split_whitespace().collect();
    let joined = Zeroizing::new(blocks.concat());
    if blocks.len() > 1 && blocks.iter().all(|block| block.len() >= 4) && is_session(&joined) {
        group.add(None, "MUSIC_U", &joined)?;
        scope.push(group);
        return Ok(true);
    }
    // What is written in other letters is a remark.
    let words: Vec<&str> =
        split(text).into_iter().filter(|word| word.contains(|c: char| c.is_ascii_alphanumeric())).collect();
    if words.len() > MOST_WORDS {
        return Ok(false);
    }
    let (mut key, mut number) = (None, None);
    for word in words {
        let word = self::stripped(word);
        if is_key(word) {
            if key.replace(word).is_some_and(|before| before != word) {
                return Ok(false);
            }
            continue;
        }
        let (name, value) = word.split_once(['=', ':']).unwrap_or(("", word));
        let (name, value) = (name.trim().to_lowercase(), self::stripped(value));
        let is_named = |names: &[&str]| names.contains(&name.as_str());
        if is_named(&KEY_NAMES) && is_key(value) {
            key = Some(value);
        } else if (name.is_empty() || is_named(&NUMBER_NAMES)) && is_number(value) && value.len() >= 5 {
            if number.replace(value).is_some_and(|before| before != value) {
                return Ok(false);
            }
        } else if is_number(&name) && name.len() >= 5 && is_key(value) {
            // `10001:Q_H_L_…`
            (number, key) = (word.split_once([':', '=']).map(|(number, _)| number), Some(value));
        } else if let Some((first, second)) =
            word.split_once(':').filter(|(first, second)| is_key(first) && is_number(second))
        {
            (key, number) = (Some(first), Some(second));
        } else if !value.is_empty() {
            return Ok(false);
        }
    }
    let Some(key) = key else { return Ok(false) };
    if let Some(number) = number {
        group.add(None, "uin", number)?;
    }
    group.add(None, "musickey", key)?;
    scope.push(group);
    Ok(true)
}

/// The words of a text, by everything that people put between two of them. Within a name and its value stands none.
fn split(text: &str) -> Vec<&str> {
    text.split("---")
        .flat_map(|part| {
            part.split(|c: char| c.is_whitespace() || matches!(c, ',' | '/' | '|' | ';' | '&' | '、' | '+'))
        })
        .filter(|word| !word.trim_matches('-').is_empty())
        .collect()
}

/// A value without what a sentence, a list or a language puts around it.
fn stripped(text: &str) -> &str {
    let around = |c: char| {
        c.is_whitespace()
            || matches!(
                c,
                ',' | ';'
                    | '.'
                    | '\\'
                    | '('
                    | ')'
                    | '['
                    | ']'
                    | '{'
                    | '}'
                    | '<'
                    | '>'
                    | '*'
                    | '。'
                    | '!'
                    | '"'
                    | '\''
                    | '`'
            )
    };
    unquoted(text.trim_matches(around).trim_start_matches('-'))
}

/// A session or a key in the middle of other words, if there is nothing else that it could be.
pub(super) fn anywhere(text: &str, scope: &mut Scope<'_>) -> Result<(), ImportError> {
    let words = || {
        text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '*' | '%' | '…' | '.')))
    };
    // The tokens of guests and of renewals look the same.
    let lower = text.to_ascii_lowercase();
    let has_others = ["music_a", "music_r_", "musica", "musicru"].iter().any(|name| lower.contains(name));
    for session in
        words().filter(|_| !has_others).filter(|word| word.len() >= SURE_SESSION && is_session(word))
    {
        let mut group = Group::new(PasteFormat::Bare);
        group.add(None, "MUSIC_U", session)?;
        scope.push(group);
    }
    // A number that has a name, or a cookie's attribute, is none that stands beside a key.
    if text.contains(['=', ';']) {
        return Ok(());
    }
    let mut keys: Vec<&str> = words().filter(|word| word.len() >= SURE_KEY && is_key(word)).collect();
    keys.dedup();
    let mut numbers: Vec<&str> =
        words().filter(|word| is_number(word) && (5..=19).contains(&word.len())).collect();
    numbers.dedup();
    if let ([key], [number]) = (&keys[..], &numbers[..]) {
        let mut group = Group::new(PasteFormat::Bare);
        group.add(None, "uin", number)?;
        group.add(None, "musickey", key)?;
        scope.push(group);
    }
    Ok(())
}
