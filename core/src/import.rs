//! What a pasted text holds: every shape in which people find the cookies of these services (protocol: NetEase §6).
//! Looks only; whether a service accepts what is found is for the service to say.
//!
//! A text is decoded, read by the reader of each shape, from the strictest to the most lenient, and, where none
//! finds enough, once more without what stands around it. The first that finds a whole credential counts. Texts
//! within a text are read in the same way.

use std::cell::Cell;

use tunekey_services::{CookieMap, PasteFormat, Secret, Service, ServiceId, registry};
use zeroize::Zeroizing;

mod attempt;
mod bare;
mod config;
mod curl;
mod decode;
mod dotenv;
mod findings;
mod grammar;
mod header;
mod layers;
mod names;
mod node;
mod table;
mod walk;
mod wraps;

pub(crate) use attempt::PasteAttempt;
pub use decode::decode;
use findings::{Findings, Group};
use node::{Large, Node};

/// The longest file that is looked at, in bytes: all that a browser holds, or what it has recorded in a few minutes.
pub const LONGEST: usize = 32 * 1024 * 1024;

/// The longest text that is looked at when it has no structure, in bytes. A whole sign-in of cookies takes 8 kB.
pub const LONGEST_PLAIN: usize = 64 * 1024;

/// Of longer files only what can matter is kept while they are read.
const LARGE: usize = 256 * 1024;

/// How deep texts within texts are opened.
const DEEPEST: u8 = 5;
/// How much of texts within texts is read in all, in bytes: whoever puts more into one text has made it up.
const MOST_NESTED: usize = 2 * 1024 * 1024;

/// What was found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pasted {
    /// The shape that it was in.
    pub format: PasteFormat,
    /// Names and values, each name once. Each can stand in a `Cookie` header.
    pub fields: CookieMap,
}

/// Why nothing was found in a text. It never says what the text was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Nothing but white space.
    #[error("there is nothing in it")]
    Empty,
    /// Longer than [`LONGEST`], or than [`LONGEST_PLAIN`] without structure.
    #[error("it is too long: more than 64 kB, or more than 32 MB as JSON or cookies.txt")]
    TooLong,
    /// Control characters, which no cookie has.
    #[error("there are control characters in it")]
    ControlCharacters,
    /// JSON, or a command line, that ends too early or is damaged.
    #[error("it looks like {0} but is incomplete or damaged")]
    Damaged(&'static str),
    /// Cookies, but only of other sites than those of the services.
    #[error("it holds cookies of other sites only")]
    OtherSites,
    /// The value has been shortened by the program that showed it.
    #[error("a value in it was shortened (“…”); copy the whole value")]
    Shortened,
    /// A recording of a browser that left the cookies out.
    #[error("it was exported without cookies; export it again with sensitive data")]
    WithoutCookies,
    /// Several accounts of one service.
    #[error("it holds {0} accounts; one at a time can be added")]
    SeveralAccounts(usize),
    /// Nothing that could be a cookie.
    #[error("there are no cookies in it")]
    NothingFound,
}

/// Finds the cookies or fields of the one account that a text holds.
///
/// # Errors
/// When there are none, or several, or the text is nothing that could be sent on.
pub fn read(text: &Secret) -> Result<Pasted, ImportError> {
    let mut all = read_all(text)?;
    for service in registry::all() {
        let whole = all.iter().filter(|pasted| service.detect(&pasted.fields).enough).count();
        if whole > 1 {
            return Err(ImportError::SeveralAccounts(whole));
        }
    }
    Ok(all.swap_remove(0))
}

/// Finds the cookies or fields of every account in a text; at least one, which may lack a part.
///
/// # Errors
/// When there are none, or the text is nothing that could be sent on.
#[expect(clippy::disallowed_methods, reason = "the text is read here and nowhere else")]
pub fn read_all(text: &Secret) -> Result<Vec<Pasted>, ImportError> {
    let text = text.expose();
    if text.len() > LONGEST {
        return Err(ImportError::TooLong);
    }
    let is_long = text.len() > LONGEST_PLAIN;
    let text = decode::visible(text);
    let text = text.trim();
    if text.is_empty() {
        return Err(ImportError::Empty);
    }
    let is_hostile = text.contains(|c: char| c.is_control() && !matches!(c, '\t' | '\n'));
    if is_hostile && !table::is_netscape(text) {
        return Err(ImportError::ControlCharacters);
    }
    let nested = Cell::new(0);
    let mut scope =
        Scope { found: Findings::default(), domain: None, account: None, depth: 0, nested: &nested };
    let result = look(text, is_long, &mut scope);
    let found = scope.found;
    let pasted = found.pasted();
    let is_whole = pasted.iter().any(|pasted| findings::whole_for(&pasted.fields).next().is_some());
    match result {
        Ok(()) if is_whole => Ok(pasted),
        Err(error) => Err(error),
        Ok(()) if found.shortened => Err(ImportError::Shortened),
        Ok(()) if found.without_cookies => Err(ImportError::WithoutCookies),
        Ok(()) if !pasted.is_empty() => Ok(pasted),
        Ok(()) if found.elsewhere => Err(ImportError::OtherSites),
        Ok(()) => Err(ImportError::NothingFound),
    }
}

/// The services that could be asked about something in it.
pub fn services_of(all: &[Pasted]) -> Vec<ServiceId> {
    let is_whole = |service: &&&dyn Service| all.iter().any(|pasted| service.detect(&pasted.fields).enough);
    registry::all().iter().filter(is_whole).map(|service| service.id()).collect()
}

/// Whose cookies they are: of the services that could do something with them, the one of which most parts are there.
pub fn service_of(pasted: &Pasted) -> Option<ServiceId> {
    let parts = |service: &dyn Service| {
        let recognition = service.detect(&pasted.fields);
        let found = recognition.parts.iter().filter(|part| part.found).count();
        (recognition.enough, found)
    };
    let mut best = None;
    for service in registry::all() {
        let (enough, found) = parts(*service);
        if found > 0 && best.is_none_or(|(most, _)| (enough, found) > most) {
            best = Some(((enough, found), service.id()));
        }
    }
    best.map(|(_, service)| service)
}

/// A text that is being read: what was found in it, and what is known from the text around it.
struct Scope<'a> {
    found: Findings,
    /// Whose the cookies are that say nothing of it themselves.
    domain: Option<&'a str>,
    /// The account's number that stands beside this text.
    account: Option<(String, Zeroizing<String>)>,
    depth: u8,
    /// How many bytes of texts within texts were read.
    nested: &'a Cell<usize>,
}

impl Scope<'_> {
    /// Takes a group over. A key without its account's number gets the one that stands beside it.
    fn push(&mut self, mut group: Group) {
        if let Some((name, number)) = self.account.as_ref().filter(|_| group.lacks_account()) {
            // It was looked at when it was found.
            let _ = group.add(None, name, number);
        }
        self.found.push(group);
    }

    /// The same place in another text.
    fn fresh(&self) -> Scope<'_> {
        Scope {
            found: Findings::default(),
            domain: self.domain,
            account: self.account.clone(),
            depth: self.depth,
            nested: self.nested,
        }
    }

    /// Reads a text within the text.
    fn nested(&mut self, text: &str, domain: Option<&str>, format: PasteFormat) -> Result<(), ImportError> {
        let spent = self.nested.get() + text.len();
        if self.depth >= DEEPEST
            || spent > MOST_NESTED
            || text.len() > LONGEST_PLAIN
            || !(names::has_traces(text) || names::begins_with_field(text))
        {
            return Ok(());
        }
        self.nested.set(spent);
        let text = decode::visible(text);
        let mut inner = Scope { domain, depth: self.depth + 1, ..self.fresh() };
        match look(text.trim(), false, &mut inner) {
            // What is damaged in there hides nothing out here.
            Ok(()) | Err(ImportError::Damaged(_)) => {}
            Err(error) => return Err(error),
        }
        let found = inner.found;
        let is_json = format == PasteFormat::JsonObject;
        self.found.append(if is_json { found.within(format) } else { found });
        Ok(())
    }
}

/// The reader of one shape.
type Reader = fn(&str, &mut Scope<'_>) -> Result<(), ImportError>;

/// Every reader, the strictest first.
const READERS: [Reader; 9] = [json, netscape, table, command, bare, header::read, toml, yaml, lenient];

/// Those that know where each cookie belongs, or that nothing else is in a value.
const STRICT: &[Reader] = READERS.split_at(8).0;

/// Those that read files of any length in little time.
const OF_FILES: [Reader; 4] = [json, netscape, table, command];

/// Reads a text, and the same text without what stands around it, until a whole credential is found.
fn look(text: &str, is_long: bool, scope: &mut Scope<'_>) -> Result<(), ImportError> {
    let mut best: Option<Findings> = None;
    if is_long {
        attempt(text, &OF_FILES, scope, &mut best)?;
        if !best.as_ref().is_some_and(Findings::is_enough) && is_script(text) {
            attempt(half_width(text).as_str(), &[lenient], scope, &mut best)?;
        }
        return match best {
            Some(found) if found.has_any() || found.elsewhere || found.without_cookies => {
                scope.found.append(found);
                Ok(())
            }
            _ if text.starts_with(['{', '[']) => Ok(()),
            _ => Err(ImportError::TooLong),
        };
    }
    let text = half_width(text);
    let mut damaged = None;
    let mut texts: Vec<Zeroizing<String>> = Vec::new();
    // In these the lines, or the values, are not what they seem.
    texts.extend(
        [layers::quoted_printable, layers::entities]
            .iter()
            .filter_map(|decode| decode(&text))
            .map(Zeroizing::new),
    );
    texts.extend(layers::undecorated(&text).and_then(|text| wraps::unwrapped(&text)));
    texts.extend(wraps::unwrapped(&text));
    let mut is_done = false;
    for text in &texts {
        is_done = is_done || tried(attempt(text, &READERS, scope, &mut best), &mut damaged)?;
    }
    // Marks before the lines hide from the strict readers what the lenient one does not know to refuse.
    let unmarked = layers::undecorated(&text).unwrap_or_default();
    for text in [&text, &unmarked] {
        is_done = is_done || tried(attempt(text.trim(), STRICT, scope, &mut best), &mut damaged)?;
    }
    // What a strict reader knows to be damaged is not guessed at.
    if !is_done && damaged.is_none() {
        is_done = tried(attempt(&text, &[lenient], scope, &mut best), &mut damaged)?;
    }
    if !is_done {
        for text in layers::peeled(&text) {
            is_done = is_done || tried(attempt(text.trim(), &READERS, scope, &mut best), &mut damaged)?;
        }
        if !is_done && damaged.is_none() && !best.as_ref().is_some_and(|found| found.shortened) {
            tried(attempt(&text, &[bare::anywhere], scope, &mut best), &mut None)?;
        }
    }
    if let Some(found) = best {
        scope.found.append(found);
    }
    match damaged {
        Some(error) if !is_done => Err(error),
        _ => Ok(()),
    }
}

/// Whether an attempt is the last one. What is damaged may be whole without what stands around it.
fn tried(result: Result<bool, ImportError>, damaged: &mut Option<ImportError>) -> Result<bool, ImportError> {
    match result {
        Err(error @ ImportError::Damaged(_)) => {
            damaged.get_or_insert(error);
            Ok(false)
        }
        result => result,
    }
}

/// Tries the readers in turn, and says whether one has found a whole credential, or that there is none to be found.
fn attempt(
    text: &str,
    readers: &[Reader],
    scope: &Scope<'_>,
    best: &mut Option<Findings>,
) -> Result<bool, ImportError> {
    for reader in readers {
        let mut inner = scope.fresh();
        reader(text, &mut inner)?;
        let found = inner.found;
        let is_enough = found.is_enough();
        // Who reads where cookies belong has the last word on it.
        let is_elsewhere = found.elsewhere && !found.has_any() || found.without_cookies;
        match best {
            Some(known) if is_enough || is_elsewhere || found.parts() > known.parts() || !known.has_any() => {
                let (shortened, elsewhere) = (known.shortened, known.elsewhere);
                *known = found;
                known.shortened |= shortened && !is_enough;
                known.elsewhere |= elsewhere;
            }
            Some(known) => known.shortened |= found.shortened,
            None => *best = Some(found),
        }
        if is_enough || is_elsewhere {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The text with the punctuation that Chinese input methods and chats put in place of the ASCII one. No cookie holds
/// any of it.
fn half_width(text: &str) -> Zeroizing<String> {
    let half = |c| match c {
        '；' => ';',
        '＝' => '=',
        '：' | '﹕' | '︰' => ':',
        '，' | '、' => ',',
        '“' | '”' | '„' | '‟' | '＂' | '«' | '»' | '「' | '」' | '『' | '』' => '"',
        '‘' | '’' | '‚' | '‛' | '＇' => '\'',
        '｛' => '{',
        '｝' => '}',
        '（' => '(',
        '）' => ')',
        '｜' => '|',
        '＆' => '&',
        '＿' => '_',
        '－' | '—' | '–' => '-',
        '．' => '.',
        '→' | '⇒' => '=',
        c => c,
    };
    Zeroizing::new(text.chars().map(half).collect::<String>())
}

/// JSON, one or several to a file.
fn json(text: &str, scope: &mut Scope<'_>) -> Result<(), ImportError> {
    if !text.starts_with(['{', '[', '"']) {
        return Ok(());
    }
    let documents = if text.len() > LARGE { documents::<Large>(text)? } else { documents::<Node>(text)? };
    match documents {
        Some(documents) => {
            documents.iter().try_for_each(|document| walk::read(document, PasteFormat::JsonObject, scope))
        }
        None if text.len() > LONGEST_PLAIN => Err(ImportError::Damaged("JSON")),
        None => Ok(()),
    }
}

/// The documents of a text; `None` when it is no JSON to its end.
fn documents<T: serde::de::DeserializeOwned + Into<Node>>(
    text: &str,
) -> Result<Option<Vec<Node>>, ImportError> {
    let mut documents = Vec::new();
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<T>();
    while let Some(document) = stream.next() {
        let Ok(document) = document else { return Ok(None) };
        documents.push(document.into());
        // Two on one line: something between them is missing.
        let rest = text[stream.byte_offset()..].trim_start_matches([' ', '\t']);
        if rest.starts_with(['{', '[']) {
            return Err(ImportError::Damaged("JSON"));
        }
    }
    Ok(Some(documents))
}

fn netscape(text: &str, scope: &mut Scope<'_>) -> Result<(), ImportError> {
    if table::is_netscape(text) { table::netscape(text, scope) } else { Ok(()) }
}

fn table(text: &str, scope: &mut Scope<'_>) -> Result<(), ImportError> {
    if names::has_traces(text) { table::read(text, scope).map(drop) } else { Ok(()) }
}

fn command(text: &str, scope: &mut Scope<'_>) -> Result<(), ImportError> {
    if curl::looks_like(text) { curl::read(text, scope) } else { Ok(()) }
}

fn bare(text: &str, scope: &mut Scope<'_>) -> Result<(), ImportError> {
    bare::read(text, scope).map(drop)
}

fn toml(text: &str, scope: &mut Scope<'_>) -> Result<(), ImportError> {
    config::toml(text).map_or(Ok(()), |node| walk::read(&node, PasteFormat::Config, scope))
}

fn yaml(text: &str, scope: &mut Scope<'_>) -> Result<(), ImportError> {
    // Its short form is what `grammar.rs` reads, with the mistakes that people make in it.
    let is_short = text.starts_with(['{', '[']);
    config::yaml(text)
        .filter(|_| !is_short)
        .map_or(Ok(()), |node| walk::read(&node, PasteFormat::Config, scope))
}

fn lenient(text: &str, scope: &mut Scope<'_>) -> Result<(), ImportError> {
    let reading = grammar::read(text);
    walk::read(&reading.node, PasteFormat::Code, scope)?;
    // What looks like JSON from its first letter on and does not end was cut.
    let is_cut = text.starts_with(['{', '['])
        && (!reading.is_whole || !scope.found.has_any() && !scope.found.elsewhere)
        && serde_json::from_str::<serde_json::Value>(text).is_err();
    if is_cut { Err(ImportError::Damaged("JSON")) } else { Ok(()) }
}

/// Whether a long text is a script that a browser has made of its requests.
fn is_script(text: &str) -> bool {
    ["fetch(", "await fetch(", "$session", "Invoke-WebRequest", "const ", "import "]
        .iter()
        .any(|beginning| text.starts_with(beginning))
}

#[cfg(test)]
mod tests;
