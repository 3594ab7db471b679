//! What a pasted text holds: every shape in which people find the cookies of these services (protocol: NetEase §6).
//! One file a shape. Looks only; whether a service accepts what is found is for the service to say.

use serde_json::Value;

use crate::account::ServiceId;
use crate::http::CookieMap;
use crate::secret::Secret;
use crate::service::{self, PasteFormat};

mod bare;
mod curl;
mod dotenv;
mod header;
mod json;
mod netscape;
mod pairs;

use pairs::Pairs;

/// The longest text that is looked at, in bytes. A whole sign-in of cookies takes 8 kB.
pub const LONGEST: usize = 64 * 1024;

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
    /// Longer than [`LONGEST`].
    #[error("it is longer than 64 kB")]
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
    /// Nothing that could be a cookie.
    #[error("there are no cookies in it")]
    NothingFound,
}

/// Finds the cookies or fields in a text.
///
/// # Errors
/// When there are none, or the text is nothing that could be sent on.
#[expect(clippy::disallowed_methods, reason = "the text is read here and nowhere else")]
pub fn read(text: &Secret) -> Result<Pasted, ImportError> {
    let text = text.expose();
    if text.len() > LONGEST {
        return Err(ImportError::TooLong);
    }
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Err(ImportError::Empty);
    }
    if text.contains(|c: char| c.is_control() && !matches!(c, '\t' | '\r' | '\n')) {
        return Err(ImportError::ControlCharacters);
    }
    let mut pairs = Pairs::default();
    let format = if text.starts_with(['{', '[']) {
        let value: Value = serde_json::from_str(text).map_err(|_| ImportError::Damaged("JSON"))?;
        json::read(&value, &mut pairs)?
    } else {
        recognised(half_width(text).expose(), &mut pairs)?
    };
    Ok(Pasted { format, fields: pairs.into_fields()? })
}

/// The text with the punctuation that Chinese input methods and chats put in place of the ASCII one. No cookie holds
/// any of it.
fn half_width(text: &str) -> Secret {
    let half = |c| match c {
        '；' => ';',
        '＝' => '=',
        '：' => ':',
        '，' => ',',
        '“' | '”' => '"',
        '‘' | '’' => '\'',
        c => c,
    };
    Secret::new(text.chars().map(half).collect::<String>())
}

/// Whose cookies they are: of the services that could do something with them, the one of which most parts are there.
pub fn service_of(pasted: &Pasted) -> Option<ServiceId> {
    let parts = |service: &dyn service::Service| {
        let recognition = service.recognise(&pasted.fields);
        let found = recognition.parts.iter().filter(|part| part.found).count();
        (recognition.enough, found)
    };
    let mut best = None;
    for service in service::all() {
        let (enough, found) = parts(*service);
        if found > 0 && best.is_none_or(|(most, _)| (enough, found) > most) {
            best = Some(((enough, found), service.id()));
        }
    }
    best.map(|(_, service)| service)
}

/// The shape of a text that is no JSON, from the shapes that nothing else looks like to the one that is the least particular.
fn recognised(text: &str, pairs: &mut Pairs) -> Result<PasteFormat, ImportError> {
    if netscape::looks_like(text) {
        netscape::read(text, pairs)?;
        return Ok(PasteFormat::Netscape);
    }
    if curl::looks_like(text) {
        curl::read(text, pairs)?;
        return Ok(PasteFormat::Curl);
    }
    if bare::read(text, pairs)? {
        return Ok(PasteFormat::Bare);
    }
    header::read(text, pairs)
}

#[cfg(test)]
mod tests;
