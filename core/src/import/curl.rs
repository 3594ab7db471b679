//! A `curl` command as browsers copy it, for Unix shells and for Windows' `cmd`.

use tunekey_services::PasteFormat;
use url::Url;

use super::findings::Group;
use super::{ImportError, Scope, header};

/// Options whose next word is theirs and no address.
const WITH_VALUE: [&str; 16] = [
    "-X",
    "--request",
    "-d",
    "--data",
    "--data-raw",
    "--data-binary",
    "--data-urlencode",
    "-A",
    "--user-agent",
    "-e",
    "--referer",
    "-o",
    "--output",
    "-x",
    "--proxy",
    "-F",
];

/// Whether the first word is curl. A prompt may have been copied with it.
pub(super) fn looks_like(text: &str) -> bool {
    text.trim_start_matches(['$', '>', ' ']).split_whitespace().next().is_some_and(is_curl)
}

/// Reads the cookies of one or several commands; each is for the host of its own address.
pub(super) fn read(text: &str, scope: &mut Scope<'_>) -> Result<(), ImportError> {
    let words = if text.contains("^\"") { words(&uncareted(text), false) } else { words(text, true) };
    let words = words.ok_or(ImportError::Damaged("a curl command"))?;
    for command in words.split(|word| is_curl(word)) {
        let command = Command::of(command);
        let mut group = Group::new(PasteFormat::Curl);
        for cookies in &command.cookies {
            header::joined(cookies, command.host.as_deref(), &mut group)?;
        }
        scope.push(group);
    }
    Ok(())
}

fn is_curl(word: &str) -> bool {
    matches!(word.to_ascii_lowercase().as_str(), "curl" | "curl.exe")
}

#[derive(Default)]
struct Command {
    host: Option<String>,
    cookies: Vec<String>,
}

impl Command {
    fn of(words: &[String]) -> Self {
        let mut command = Self::default();
        let mut words = words.iter().map(String::as_str);
        while let Some(word) = words.next() {
            let (option, own) = match word.split_once('=') {
                Some((option, value)) if word.starts_with("--") => (option, Some(value)),
                _ if word.starts_with("-H") || word.starts_with("-b") => {
                    let (option, value) = word.split_at(2);
                    (option, (!value.is_empty()).then_some(value))
                }
                _ => (word, None),
            };
            let mut value = || own.or_else(|| words.next()).unwrap_or_default();
            match option {
                "-H" | "--header" => {
                    command.cookies.extend(header::after_name(value(), "cookie").map(str::to_owned));
                }
                // Without a `=` it is the name of a file.
                "-b" | "--cookie" => {
                    let cookies = value();
                    let cookies = header::after_name(cookies, "cookie").unwrap_or(cookies);
                    command.cookies.extend(cookies.contains('=').then(|| cookies.to_owned()));
                }
                "--url" => command.goes_to(value()),
                option if WITH_VALUE.contains(&option) => drop(value()),
                option if option.starts_with('-') => {}
                address => command.goes_to(address),
            }
        }
        command
    }

    fn goes_to(&mut self, address: &str) {
        if self.host.is_none() {
            let url = Url::parse(address).ok();
            self.host = url.and_then(|url| url.host_str().map(str::to_owned));
        }
    }
}

/// What `cmd` makes of its carets: the next character as it is, and a line that goes on.
fn uncareted(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        if c != '^' {
            plain.push(c);
            continue;
        }
        match characters.next() {
            Some('\r') => {
                characters.next_if_eq(&'\n');
                plain.push(' ');
            }
            Some('\n') => plain.push(' '),
            Some(next) => plain.push(next),
            None => {}
        }
    }
    plain
}

/// The words of a command line; `None` when a quotation does not end. `shell` is a Unix shell's quoting, without
/// it only double quotes quote.
fn words(text: &str, shell: bool) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\'' if shell => {
                let word = word.get_or_insert_default();
                loop {
                    match characters.next()? {
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '$' if shell && characters.next_if_eq(&'\'').is_some() => {
                let word = word.get_or_insert_default();
                loop {
                    match characters.next()? {
                        '\'' => break,
                        '\\' => word.push(escaped(&mut characters)?),
                        c => word.push(c),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match characters.next()? {
                        '"' => break,
                        '\\' => match characters.next()? {
                            '\n' => {}
                            c @ ('"' | '\\' | '$' | '`') => word.push(c),
                            c => word.extend(['\\', c]),
                        },
                        c => word.push(c),
                    }
                }
            }
            '\\' if shell => match characters.next()? {
                '\n' => {}
                '\r' => drop(characters.next_if_eq(&'\n')),
                c => word.get_or_insert_default().push(c),
            },
            c if c.is_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some(words)
}

/// One escape of `$'…'`, behind its backslash.
fn escaped(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<char> {
    let longest = match characters.next()? {
        'n' => return Some('\n'),
        'r' => return Some('\r'),
        't' => return Some('\t'),
        'x' => 2,
        'u' => 4,
        c => return Some(c),
    };
    let mut code = 0;
    for _ in 0..longest {
        let Some(digit) = characters.next_if(char::is_ascii_hexdigit).and_then(|c| c.to_digit(16)) else {
            break;
        };
        code = code * 16 + digit;
    }
    char::from_u32(code)
}
