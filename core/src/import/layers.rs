//! What stands around a text: fences, prompts, comment marks, quotes of a chat, numbers of a list, words of a log,
//! line breaks that a terminal or a mail program has put into it, and the encodings in which it travelled.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::names;

/// The same text without one or the other thing around it, most likely first. Each is a text of its own.
pub(super) fn peeled(text: &str) -> Vec<Zeroizing<String>> {
    let mut texts = Vec::new();
    texts.extend(fenced(text));
    texts.extend(undecorated(text).map(|plain| plain.to_string()));
    for decode in [untagged, written_tabs, unicode_escapes, sextets] {
        texts.extend(decode(text));
    }
    texts.into_iter().filter(|peeled| peeled.trim() != text.trim()).map(Zeroizing::new).collect()
}

/// What stands between fences, if it holds something.
fn fenced(text: &str) -> Option<String> {
    let mark = ["```", "~~~"].into_iter().find(|mark| text.contains(mark))?;
    let mut inside = String::new();
    for (number, part) in text.split(mark).enumerate() {
        if number % 2 == 1 {
            // Behind the mark is the name of a language.
            let (first, rest) = part.split_once('\n').unwrap_or(("", part));
            let is_language = first.len() <= 20 && !first.contains(['=', ':', '{', '"']);
            inside.push_str(if is_language { rest } else { part });
            inside.push('\n');
        }
    }
    names::has_traces(&inside).then_some(inside)
}

/// Every line without what stands before it.
pub(super) fn undecorated(text: &str) -> Option<Zeroizing<String>> {
    let lines: Vec<&str> = text.lines().map(without_marks).collect();
    let plain = Zeroizing::new(lines.join("\n"));
    (plain.as_str() != text).then_some(plain)
}

/// A line without marks, prompts and numbers before it.
pub(super) fn without_marks(line: &str) -> &str {
    let mut line = line.trim();
    for _ in 0..8 {
        let before = line;
        line = line.strip_prefix("#HttpOnly_").map_or_else(|| without_mark(line), |_| line).trim_start();
        if line == before {
            break;
        }
    }
    line
}

fn without_mark(line: &str) -> &str {
    const MARKS: [&str; 22] = [
        ">>>", "...", ">", "<", "|", "*", "+", "•", "·", "-", "//", "/*", "#", "--", "$", "%", "❯", "➜", "~",
        "!", ";", "\\",
    ];
    // A mark stands by itself; what it is stuck to may be an option or a comment.
    for mark in MARKS {
        if let Some(rest) = line.strip_prefix(mark)
            && (rest.starts_with([' ', '\t', '>', '#', '/']) || matches!(mark, ">" | "#" | "//" | "<"))
        {
            return rest;
        }
    }
    for word in ["sudo ", "time ", "REM ", "rem ", "-H ", "--header ", "echo ", "export ", "ENV ", "set "] {
        if let Some(rest) = line.strip_prefix(word) {
            return rest;
        }
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    if (1..=3).contains(&digits) {
        let rest = &line[digits..];
        if let Some(rest) = rest.strip_prefix([')', '、', ':', '|', '\t']).or_else(|| rest.strip_prefix(". "))
        {
            return rest;
        }
    }
    // `[INFO]`, `[2026-11-25 10:00:00]`, `(venv)`, `【日志】`
    for (open, close) in [('[', ']'), ('(', ')'), ('【', '】')] {
        if let Some((inside, rest)) = line.strip_prefix(open).and_then(|rest| rest.split_once(close))
            && inside.len() <= 40
            && !inside.contains(['"', '\'', '{', '='])
            && rest.starts_with(' ')
        {
            return rest;
        }
    }
    // `user@host:~$ `, `PS C:\Users\me> `, `C:\>`
    for (at, c) in line.char_indices().take(80) {
        let rest = &line[at + c.len_utf8()..];
        let is_prompt = match c {
            '$' | '#' | '%' => rest.starts_with(' ') && line[..at].contains('@'),
            '>' => line.starts_with("PS ") || line.get(1..3) == Some(":\\"),
            _ => false,
        };
        if is_prompt {
            return rest;
        }
        if matches!(c, '=' | '"' | '\'') {
            break;
        }
    }
    line
}

/// A text that was percent-encoded, decoded once; `None` when it was not, or means no text.
pub(super) fn percent_decoded(text: &str) -> Option<Zeroizing<String>> {
    if !["%3D", "%3d", "%25", "%22", "%7B", "%7b"].iter().any(|code| text.contains(code)) {
        return None;
    }
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok()))
            .flatten();
        plain.push(code.unwrap_or(bytes[at]));
        at += if code.is_some() { 3 } else { 1 };
    }
    // Forms write a plus sign for a space.
    String::from_utf8(plain).ok().map(|plain| Zeroizing::new(plain.replace(";+", "; ")))
}

/// Without the tags of HTML or XML.
fn untagged(text: &str) -> Option<String> {
    if !text.contains("</") {
        return None;
    }
    let mut plain = String::with_capacity(text.len());
    for (number, part) in text.split('<').enumerate() {
        let part = if number == 0 { part } else { part.split_once('>').map_or("", |(_, part)| part) };
        plain.push_str(part);
        plain.push('\n');
    }
    Some(plain)
}

/// Tabs and line ends as a program writes them within a text.
fn written_tabs(text: &str) -> Option<String> {
    let is_written = text.matches("\\t").count() >= 3 && !text.contains('\t');
    is_written.then(|| text.replace("\\t", "\t").replace("\\r", "").replace("\\n", "\n"))
}

/// What a page's source writes for characters.
pub(super) fn entities(text: &str) -> Option<String> {
    const NAMED: [(&str, &str); 9] = [
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#x22;", "\""),
        ("&#39;", "'"),
        ("&apos;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&#61;", "="),
        ("&amp;", "&"),
    ];
    NAMED
        .iter()
        .any(|(name, _)| text.contains(name))
        .then(|| NAMED.iter().fold(text.to_owned(), |text, (name, plain)| text.replace(name, plain)))
}

/// What mail programs make of equals signs and of long lines (RFC 2045 §6.7).
pub(super) fn quoted_printable(text: &str) -> Option<String> {
    // No session and no key begins so.
    const BEGINNINGS: [&str; 5] = ["MUSIC_U=3D", "qm_keyst=3D", "qqmusic_key=3D", "musickey=3D", "Cookie=3D"];
    let is_encoded = BEGINNINGS.iter().any(|beginning| text.contains(beginning));
    is_encoded
        .then(|| text.replace("=\n", ""))
        .map(|joined| joined.replace("=3D", "=").replace("=3B", ";").replace("=20", " "))
}

/// `=` as some languages write it inside a text.
fn unicode_escapes(text: &str) -> Option<String> {
    const ESCAPES: [(&str, &str); 8] = [
        ("\\u003d", "="),
        ("\\u003D", "="),
        ("\\x3d", "="),
        ("\\x3D", "="),
        ("\\u003b", ";"),
        ("\\u003B", ";"),
        ("\\x3b", ";"),
        ("\\u0022", "\""),
    ];
    ESCAPES
        .iter()
        .any(|(escape, _)| text.contains(escape))
        .then(|| ESCAPES.iter().fold(text.to_owned(), |text, (escape, plain)| text.replace(escape, plain)))
}

/// A text that is base64 as a whole, or as the value of its only name.
fn sextets(text: &str) -> Option<String> {
    let word = text.trim().rsplit([' ', ':', '"', '\'', '\t']).find(|word| word.len() >= 40)?;
    let word: String = word.chars().filter(|c| !c.is_whitespace()).collect();
    let bytes =
        STANDARD.decode(&word).or_else(|_| URL_SAFE_NO_PAD.decode(word.trim_end_matches('='))).ok()?;
    String::from_utf8(bytes).ok().filter(|plain| names::has_traces(plain))
}
