//! Names and values on their way out of a text, with where each belongs.

use super::ImportError;
use crate::http::CookieMap;
use crate::secret::Secret;

/// The sites of the services.
const SITES: [&str; 2] = ["qq.com", "163.com"];

/// The hosts whose cookies win over those of the same name on the rest of the site.
const MUSIC: [&str; 2] = ["y.qq.com", "music.163.com"];

/// What was found so far.
#[derive(Default)]
pub(super) struct Pairs {
    found: Vec<(String, Secret)>,
    /// Of the music hosts themselves.
    particular: Vec<(String, Secret)>,
    elsewhere: bool,
}

impl Pairs {
    /// Adds a pair. One without a value, or that no header could carry, is left out: sites keep all sorts of
    /// things in cookies.
    ///
    /// # Errors
    /// When there are control characters in it, which somebody put there to break a header.
    pub(super) fn add(&mut self, domain: Option<&str>, name: &str, value: &str) -> Result<(), ImportError> {
        let (name, value) = (name.trim_matches([' ', '\t']), value.trim_matches([' ', '\t']));
        if name.contains(char::is_control) || value.contains(char::is_control) {
            return Err(ImportError::ControlCharacters);
        }
        if !is_name(name) || !is_value(value) {
            return Ok(());
        }
        let pair = (name.to_owned(), Secret::new(value));
        match domain.map(place) {
            None | Some(Place::Site) => self.found.push(pair),
            Some(Place::Music) => self.particular.push(pair),
            Some(Place::Elsewhere) => self.elsewhere = true,
        }
        Ok(())
    }

    /// Each name once, the last value of each.
    pub(super) fn into_fields(self) -> Result<CookieMap, ImportError> {
        let fields: CookieMap = self.found.into_iter().chain(self.particular).collect();
        if fields.iter().next().is_some() {
            Ok(fields)
        } else if self.elsewhere {
            Err(ImportError::OtherSites)
        } else {
            Err(ImportError::NothingFound)
        }
    }
}

enum Place {
    Music,
    Site,
    Elsewhere,
}

/// Which of the sites a domain belongs to. It may have a leading dot.
fn place(domain: &str) -> Place {
    let domain = domain.trim().trim_start_matches('.').to_ascii_lowercase();
    let within =
        |site: &str| domain.strip_suffix(site).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    if MUSIC.iter().any(|host| within(host)) {
        Place::Music
    } else if SITES.iter().any(|site| within(site)) {
        Place::Site
    } else {
        Place::Elsewhere
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && !b";=,\"".contains(&byte))
}

fn is_value(value: &str) -> bool {
    !matches!(value, "" | "\"\"" | "deleted")
        && value.bytes().all(|byte| byte.is_ascii_graphic() && byte != b';' || byte == b' ')
}
