//! One grammar for names and values as every other language writes them: objects of JavaScript, dictionaries and
//! `repr`s of Python, arrays of PHP, hash tables of PowerShell, variables, arguments, labels in a chat.
//!
//! It reads any text; what it does not know is noise. What a name is, and how far its value goes, the fields of
//! the services say (`names.rs`). Its time grows with the text's length only.

use std::collections::HashMap;

use super::findings::is_host;
use super::layers;
use super::names::{self, Field};
use super::node::{Map, Node};

/// Brackets deeper than this are noise.
const DEEPEST: u8 = 48;

/// How much may stand between a name and a value that nothing but its own look joins to it.
const WIDEST_GAP: usize = 16;

/// Words whose values are looked at though they are no field: what the parts of a browser's cookie are called.
const PARTS: [&str; 7] = ["name", "key", "value", "domain", "host", "path", "url"];

/// What a text holds.
pub(super) struct Reading {
    pub(super) node: Node,
    /// Whether every bracket and every value ends.
    pub(super) is_whole: bool,
}

/// Reads a text.
pub(super) fn read(text: &str) -> Reading {
    let mut parser = Parser { text, at: 0, open: Vec::new(), is_whole: true, without_end: HashMap::new() };
    let entries = parser.items();
    Reading { node: Node::Map(Map { entries, is_flat: true }), is_whole: parser.is_whole }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    /// What closes the brackets that are open.
    open: Vec<char>,
    is_whole: bool,
    /// Up to where a quote of this kind is known to end nothing.
    without_end: HashMap<(char, bool), usize>,
}

type Entry = (String, Node);

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn before(&self) -> Option<char> {
        self.text[..self.at].chars().next_back()
    }

    fn skip(&mut self, is: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(is).len();
    }

    /// Everything up to the bracket that closes, or to the end.
    fn items(&mut self) -> Vec<Entry> {
        let mut entries = Vec::new();
        let depth = self.open.len();
        while let Some(c) = self.peek() {
            let before = self.at;
            match c {
                ')' | ']' | '}' => {
                    if self.open.last() == Some(&c) {
                        self.at += c.len_utf8();
                        self.open.pop();
                        return entries;
                    }
                    // One that closes another further out closes this one, too.
                    if self.open.contains(&c) {
                        self.is_whole = false;
                        self.open.pop();
                        return entries;
                    }
                    self.at += 1;
                }
                '(' | '[' | '{' => {
                    if let Some(entry) = self.bracket(c) {
                        entries.push(entry);
                    }
                }
                '"' | '\'' | '`' => match self.string() {
                    Some(text) => entries.extend(self.named_by(&text)),
                    None => self.at += 1,
                },
                // The end of a line, as a program writes it within a text.
                '\\' if self.rest()[1..].starts_with(['n', 'r', 't']) => self.at += 2,
                c if c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$' | '@' | '%') => {
                    entries.extend(self.word());
                }
                c => self.at += c.len_utf8(),
            }
            // Whatever was read, every round ends further on.
            if self.at <= before {
                self.at = before + c.len_utf8();
            }
        }
        if depth > 0 {
            self.is_whole = false;
            self.open.pop();
        }
        entries
    }

    fn bracket(&mut self, c: char) -> Option<Entry> {
        let node = self.nested(c)?;
        // `cookies["MUSIC_U"] = "…"`
        if c == '['
            && let Node::List(list) = &node
            && let [Node::Text(name)] = &list[..]
        {
            let name = name.to_string();
            if self.separator() {
                return Some(match self.value(&name) {
                    Some(value) => (name, value),
                    None => (String::new(), node),
                });
            }
        }
        Some((String::new(), node))
    }

    fn nested(&mut self, c: char) -> Option<Node> {
        self.at += 1;
        if self.open.len() >= usize::from(DEEPEST) {
            self.is_whole = false;
            return None;
        }
        self.open.push(match c {
            '(' => ')',
            '[' => ']',
            _ => '}',
        });
        let entries = self.items();
        Some(if entries.iter().all(|(name, _)| name.is_empty()) {
            Node::List(entries.into_iter().map(|(_, value)| value).collect())
        } else {
            Node::Map(Map { entries, is_flat: false })
        })
    }

    /// What a name that was just read names; the name itself, as a value, when it names nothing.
    fn named_by(&mut self, name: &str) -> Option<Entry> {
        if self.separator() {
            return self.value(name).map(|value| (name.to_owned(), value));
        }
        if let Some(field) = names::field(name.trim()).filter(|field| !field.is_weak())
            && let Some(value) = self.beside(field)
        {
            return Some((name.to_owned(), value));
        }
        Some((String::new(), Node::text(name)))
    }

    /// Whether a sign, or a word, says that what follows is the value of what stood before. It is read over.
    fn separator(&mut self) -> bool {
        let start = self.at;
        self.skip(|c| matches!(c, ' ' | '\t' | '*' | '`' | '\\'));
        // “我的 MUSIC_U 是：…”
        let linked = self.rest().len();
        self.skip(|c| matches!(c, '号' | '码' | '的' | '值' | '是' | '为' | ' '));
        if let Some(after) = self.rest().strip_prefix("is").filter(|after| after.starts_with([':', ' ', '=']))
        {
            self.at = self.text.len() - after.trim_start_matches(' ').len();
        }
        let is_linked = self.rest().len() < linked && matches!(self.before(), Some('是' | '为' | ' '));
        for sign in ["=>", "->", ":=", "==", "=", ":"] {
            if let Some(after) = self.rest().strip_prefix(sign) {
                // Of an address, or of a path in Windows.
                if sign == ":" && after.starts_with("//") {
                    break;
                }
                self.at += sign.len();
                self.skip(|c| matches!(c, ' ' | '\t'));
                return true;
            }
        }
        if is_linked && self.text[start..self.at].contains(['是', '为']) {
            return true;
        }
        self.at = start;
        false
    }

    /// The value behind a separator; `None` when what stood before was only a label of what follows.
    fn value(&mut self, name: &str) -> Option<Node> {
        // `string(256) "…"`, as PHP shows a value.
        let inside = self.rest().trim_start().strip_prefix("string(").and_then(|rest| rest.split_once(')'));
        if let Some((length, after)) = inside
            && length.bytes().all(|byte| byte.is_ascii_digit())
        {
            self.at = self.text.len() - after.trim_start_matches(' ').len();
        }
        let rest = self.rest();
        let mut beginning = rest.chars();
        let (first, second) = (beginning.next()?, beginning.next());
        // `f"…"`, `b'…'`, `$'…'`
        if matches!(first, 'f' | 'r' | 'b' | 'u' | 'F' | 'R' | 'B' | 'U' | '$' | '@' | '^')
            && matches!(second, Some('"' | '\''))
        {
            self.at += 1;
        }
        let field = names::field(name.trim());
        match self.peek()? {
            '"' | '\'' | '`' => {
                return match self.string() {
                    Some(text) => {
                        let mut all = Node::text(&text);
                        self.go_on(&mut all);
                        Some(all)
                    }
                    None => {
                        self.is_whole &= self.open.is_empty();
                        self.at += 1;
                        if self.open.is_empty() { self.bare(field?) } else { Some(Node::Nothing) }
                    }
                };
            }
            c @ ('{' | '[' | '(') => return self.nested(c),
            _ => {}
        }
        match field {
            Some(field) => self.bare(field),
            None if PARTS.iter().any(|part| part.eq_ignore_ascii_case(name.trim())) => {
                let rest = self.rest();
                let end = rest.find(|c: char| {
                    c.is_whitespace() || matches!(c, ',' | ';' | ')' | ']' | '}' | '"' | '\'')
                });
                let word = &rest[..end.unwrap_or(rest.len())];
                self.at += word.len();
                Some(Node::text(word))
            }
            None => self.other(),
        }
    }

    /// What stands behind the name of something else; `None` when that, in turn, names something.
    fn other(&mut self) -> Option<Node> {
        let ends = |c: char| {
            c.is_whitespace() || matches!(c, ',' | ';' | '&' | '|' | ')' | ']' | '}' | '"' | '\'' | '`' | '<')
        };
        let rest = self.rest();
        let word = &rest[..rest.find(ends).unwrap_or(rest.len())];
        let is_name = word.contains(['=', ':', '(', '[', '{', '%']) || names::field(word).is_some();
        if word.is_empty() || is_name {
            return None;
        }
        self.at += word.len();
        Some(Node::text(word))
    }

    /// The value of a field that nothing quotes.
    fn bare(&mut self, field: Field) -> Option<Node> {
        let start = self.at;
        self.skip(|c| matches!(c, ' ' | '\t' | '\\' | '$' | '<' | '*' | '`'));
        if self.rest().starts_with(['\n']) {
            // A value on the next line has to speak for itself.
            self.at = start;
            return self.beside(field);
        }
        if let Some(after) = self.rest().strip_prefix('-')
            && field.is_sure(field.value_at(after))
        {
            self.at += 1;
        }
        if let Some(node) = self.peek().filter(|c| matches!(c, '{' | '[' | '(')).and_then(|c| self.nested(c))
        {
            return Some(node);
        }
        let value = field.value_at(self.rest());
        // The name was only a label: `token: MUSIC_U=…`
        let ends = &self.text[self.at + value.len()..];
        let is_name = names::field(value).is_some()
            && ends.trim_start_matches([' ', '"', '\'']).starts_with(['=', ':']);
        let is_encoded = value.contains("%3D") || value.contains("%3d");
        if value.is_empty() || is_name || is_encoded {
            return None;
        }
        self.at += value.len();
        Some(self.shortened_or(value))
    }

    /// The value as a node; with a mark in it when the text goes on with what programs write for what they leave out.
    fn shortened_or(&self, value: &str) -> Node {
        let rest = self.rest();
        let is_cut = rest.starts_with(['…', '⋯', '•', '●'])
            || rest.starts_with("..")
            || rest.starts_with("***")
            || rest.starts_with("[...");
        if is_cut { Node::text(&format!("{value}…")) } else { Node::text(value) }
    }

    /// A value that stands beside its name, with nothing but its own look to say so.
    fn beside(&mut self, field: Field) -> Option<Node> {
        let start = self.at;
        let gap = |c: char| {
            c.is_whitespace()
                || matches!(c, ',' | '|' | '>' | '"' | '\'' | '`' | '*' | ':' | '=' | '\\' | '/')
        };
        self.skip(gap);
        let value = field.value_at(self.rest());
        let is_near =
            self.at - start <= WIDEST_GAP || self.text[start..self.at].chars().all(char::is_whitespace);
        // In a list of lists the value is quoted.
        if self.at > start && is_near && field.is_sure(value) {
            self.at += value.len();
            if self.peek().is_some_and(|c| matches!(c, '"' | '\'' | '`')) {
                self.at += 1;
            }
            return Some(self.shortened_or(value));
        }
        self.at = start;
        None
    }

    /// A word: a name, an address, a label, or noise.
    fn word(&mut self) -> Option<Entry> {
        let rest = self.rest();
        let is_ascii = rest.starts_with(|c: char| c.is_ascii());
        let is_of_word = |c: char| {
            if is_ascii {
                c.is_ascii_alphanumeric()
                    || matches!(c, '_' | '-' | '.' | '$' | '@' | '%' | '/' | '+' | '~' | '!')
            } else {
                !c.is_ascii() && c.is_alphanumeric()
            }
        };
        let word = &rest[..rest.find(|c| !is_of_word(c)).unwrap_or(rest.len())];
        if word.is_empty() {
            self.at += 1;
            return None;
        }
        let after = &rest[word.len()..];
        if is_ascii && after.starts_with("://") {
            return Some((String::new(), self.address()));
        }
        self.at += word.len();
        if let Some(plain) = layers::percent_decoded(word).filter(|plain| names::has_traces(plain)) {
            return Some((String::new(), Node::text(&plain)));
        }
        // `it's`
        if is_ascii && after.starts_with('\'') && after[1..].starts_with(|c: char| c.is_ascii_lowercase()) {
            let letters = after[1..].bytes().take_while(u8::is_ascii_alphabetic).count();
            if letters <= 2 && !after[1 + letters..].starts_with('\'') {
                self.at += 1 + letters;
            }
            return None;
        }
        let name = self.name_in(word);
        let name = if name.is_ascii() { name } else { name.trim_end_matches(['是', '为', '的']) };
        self.named_by(name)
    }

    /// The name at the end of a path to it: `process.env.MUSIC_U`, `--header`, `-MUSIC_U`.
    fn name_in<'b>(&self, word: &'b str) -> &'b str {
        let trimmed = word.trim_matches(|c: char| !(c.is_alphanumeric() || c == '_'));
        let last = trimmed.rsplit(['.', '/', '$', '@']).next().unwrap_or_default();
        if is_host(word) || names::field(trimmed).is_some() {
            if is_host(word) { word } else { trimmed }
        } else if names::field(last).is_some() {
            last
        } else {
            word
        }
    }

    /// An address, up to where no address goes on.
    fn address(&mut self) -> Node {
        let rest = self.rest();
        let ends = |c: char| {
            c.is_whitespace()
                || !c.is_ascii()
                || matches!(c, '"' | '\'' | '`' | '<' | '>' | '(' | ')' | '[' | ']' | '{' | '}' | '\\')
        };
        let address = &rest[..rest.find(ends).unwrap_or(rest.len())];
        self.at += address.len();
        Node::text(address)
    }

    /// Text in quotes, without them; `None` when they do not end.
    fn string(&mut self) -> Option<String> {
        let quote = self.peek()?;
        let rest = self.rest();
        let triple: String = std::iter::repeat_n(quote, 3).collect();
        if let Some(inside) = rest.strip_prefix(triple.as_str()) {
            if quote == '`' {
                // A fence: what it says about itself is no value.
                self.at += 2;
                return None;
            }
            let length = inside.find(triple.as_str())?;
            self.at += 3 + length + 3;
            return Some(inside[..length].to_owned());
        }
        let is_escaped = self.before() == Some('\\');
        let follows_sign = self.text[..self.at]
            .trim_end()
            .chars()
            .next_back()
            .is_none_or(|c| matches!(c, '=' | ':' | '(' | ',' | '[' | '{' | '>'));
        let text = self.quoted(quote, is_escaped, false).or_else(|| {
            (follows_sign || quote == '`').then(|| self.quoted(quote, is_escaped, true)).flatten()
        })?;
        Some(text)
    }

    fn quoted(&mut self, quote: char, is_escaped: bool, over_lines: bool) -> Option<String> {
        if self.without_end.get(&(quote, over_lines)).is_some_and(|end| self.at < *end) {
            return None;
        }
        let mut text = String::new();
        let inside = &self.text[self.at + 1..];
        let mut characters = inside.char_indices().peekable();
        while let Some((at, c)) = characters.next() {
            let next = characters.peek().map(|(_, c)| *c);
            match c {
                '\\' if is_escaped && next == Some(quote) => {
                    self.at += 1 + at + 1 + quote.len_utf8();
                    return Some(text);
                }
                '\\' => {
                    let (_, escape) = characters.next()?;
                    match escape {
                        'n' => text.push('\n'),
                        'r' => text.push('\r'),
                        't' => text.push('\t'),
                        'x' => text.extend(code(&mut characters, 2)),
                        'u' => text.extend(code(&mut characters, 4)),
                        '\n' => {}
                        c => text.push(c),
                    }
                }
                // `''` within quotes is one of them.
                c if c == quote && next == Some(quote) && !text.is_empty() && quote != '`' => {
                    characters.next();
                    text.push(quote);
                }
                c if c == quote => {
                    self.at += 1 + at + quote.len_utf8();
                    if text.ends_with('^') {
                        text.pop();
                    }
                    return Some(text);
                }
                '\n' if !over_lines => {
                    self.without_end.insert((quote, over_lines), self.at + 1 + at);
                    return None;
                }
                c => text.push(c),
            }
        }
        self.without_end.insert((quote, over_lines), self.text.len());
        None
    }

    /// Strings that follow a string and are one with it.
    fn go_on(&mut self, all: &mut Node) {
        let Node::Text(text) = all else { return };
        loop {
            let start = self.at;
            self.skip(|c| c.is_whitespace() || matches!(c, '+' | '\\' | '.' | '&'));
            let joined = &self.text[start..self.at];
            let is_joined = joined.contains(['+', '\\', '.', '&']);
            let next = match self.peek() {
                Some('"' | '\'' | '`') if start < self.at => self.string(),
                _ => None,
            };
            match next {
                Some(next)
                    if is_joined || text.trim_end().ends_with([';', ',']) || next.starts_with([';', ',']) =>
                {
                    text.push_str(&next);
                }
                _ => {
                    self.at = start;
                    return;
                }
            }
        }
    }
}

/// The character that an escape of so many digits stands for.
fn code(characters: &mut std::iter::Peekable<std::str::CharIndices<'_>>, most: usize) -> Option<char> {
    let mut code = 0;
    for _ in 0..most {
        let Some(digit) =
            characters.next_if(|(_, c)| c.is_ascii_hexdigit()).and_then(|(_, c)| c.to_digit(16))
        else {
            break;
        };
        code = code * 16 + digit;
    }
    char::from_u32(code)
}
