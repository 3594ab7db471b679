//! Names and values on their way out of a text: what stands together, where each belongs, and what can be signed
//! in with.

use std::collections::HashMap;

use tunekey_services::{CookieMap, PasteFormat, Secret, Service, ServiceId, registry};

use super::names::{self, Verdict};
use super::{ImportError, Pasted};

/// More pairs than any site sets; the rest of a file that has more is made up.
const MOST_PAIRS: usize = 2_000;
/// More accounts than anybody has in one text.
const MOST_GROUPS: usize = 256;

/// What was found so far.
#[derive(Default)]
pub(super) struct Findings {
    groups: Vec<Group>,
    /// There were cookies of other sites.
    pub(super) elsewhere: bool,
    /// A value had been shortened by whatever showed it.
    pub(super) shortened: bool,
    /// A recording was made without cookies.
    pub(super) without_cookies: bool,
}

/// What stands together in a text, so that it is of one account.
pub(super) struct Group {
    /// The shape that it was in.
    pub(super) format: PasteFormat,
    /// In the order of the text.
    found: Vec<Found>,
    /// A value of a known field has something else in it.
    pub(super) is_dirty: bool,
    elsewhere: bool,
    shortened: bool,
}

/// A name and its value.
struct Found {
    name: String,
    value: Secret,
    /// Whether it is of the music hosts themselves.
    is_particular: bool,
}

impl Found {
    fn is_of(&self, kind: names::Kind) -> bool {
        names::field(&self.name).is_some_and(|field| field.kind == kind)
    }

    fn is_beside(&self, other: &Self) -> bool {
        self.name == other.name && self.is_particular == other.is_particular
    }

    /// The number of the account, if that is what it says.
    fn account(&self) -> Option<u64> {
        let alone = || [(self.name.as_str(), self.value.clone())].into_iter().collect();
        self.is_of(names::Kind::Account).then(|| account_in(&alone())).flatten()
    }
}

impl Group {
    pub(super) fn new(format: PasteFormat) -> Self {
        Self { format, found: Vec::new(), is_dirty: false, elsewhere: false, shortened: false }
    }

    /// Adds a pair. One without a value, or that no header could carry, is left out: sites keep all sorts of
    /// things in cookies.
    ///
    /// # Errors
    /// When there are control characters in a name, or in the value of a known field: somebody put them there to
    /// break a header.
    pub(super) fn add(&mut self, domain: Option<&str>, name: &str, value: &str) -> Result<(), ImportError> {
        let place = domain.map_or(Place::Unsaid, place);
        let (name, value) = (name.trim(), value.trim());
        if place == Place::Elsewhere {
            self.elsewhere |= is_name(name);
            return Ok(());
        }
        names::without_controls(name)?;
        // Names of cookies tell large letters from small ones, and another name is another cookie.
        let field = if self.has_labels() { names::field(name) } else { names::cookie(name) };
        let value = if field.is_some() { names::without_controls(unquoted(value))? } else { value };
        if is_nothing(value) || self.found.len() >= MOST_PAIRS {
            return Ok(());
        }
        let name = match field.map(|field| field.judge(value)) {
            // A name that every site could have means no field of a service here.
            Some(Verdict::Bad) if field.is_some_and(|field| field.is_weak()) => {
                if !is_name(name) || !is_value(value) {
                    return Ok(());
                }
                name
            }
            Some(Verdict::Good(name)) => name,
            Some(Verdict::Shortened) => {
                self.shortened = true;
                return Ok(());
            }
            Some(Verdict::Bad) => {
                self.is_dirty = true;
                return Ok(());
            }
            // On a computer of one's own only what a service of ours would set is of ours.
            None if place == Place::Local => return Ok(()),
            None if is_name(name) && is_value(value) => name,
            None => return Ok(()),
        };
        let is_particular = place == Place::Music;
        self.found.push(Found { name: name.to_owned(), value: Secret::new(value), is_particular });
        Ok(())
    }

    /// Whether the names in its shape may be labels, and not the names of cookies.
    fn has_labels(&self) -> bool {
        match self.format {
            PasteFormat::JsonObject
            | PasteFormat::QqmusicApi
            | PasteFormat::Bare
            | PasteFormat::Table
            | PasteFormat::Config
            | PasteFormat::Code => true,
            PasteFormat::CookieHeader
            | PasteFormat::SetCookie
            | PasteFormat::BrowserExport
            | PasteFormat::Netscape
            | PasteFormat::Curl
            | PasteFormat::Har => false,
        }
    }

    /// Whether there is a key without the account that it is of.
    pub(super) fn lacks_account(&self) -> bool {
        let has = |kind| self.found.iter().any(|found| found.is_of(kind));
        has(names::Kind::Key) && !has(names::Kind::Account)
    }

    /// Whether only its separators tell the parts of its shape apart.
    fn is_flat(&self) -> bool {
        matches!(self.format, PasteFormat::CookieHeader | PasteFormat::SetCookie)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Each name once, the last value of each; those of the music hosts win.
    pub(super) fn fields(&self) -> CookieMap {
        let of = |particular| self.found.iter().filter(move |found| found.is_particular == particular);
        of(false).chain(of(true)).map(|found| (found.name.as_str(), found.value.clone())).collect()
    }

    /// One for each account, where the accounts of several stand one behind the other: each with a number and a key of
    /// its own. A number that is merely set twice makes no second account.
    fn by_account(mut self) -> Vec<Self> {
        let mut begins = vec![0];
        let mut begin = 0;
        let mut numbers = HashMap::new();
        for (at, found) in self.found.iter().enumerate() {
            let Some(number) = found.account() else { continue };
            let place = (found.name.as_str(), found.is_particular);
            if *numbers.entry(place).or_insert(number) != number {
                // What stands before the number and was there before is of the same account.
                let is_again = |at: &usize| {
                    self.found[begin..*at].iter().any(|before| self.found[*at].is_beside(before))
                };
                begin = (begin..at).rev().take_while(is_again).last().unwrap_or(at);
                begins.push(begin);
                numbers = HashMap::from([(place, number)]);
            }
        }
        let mut rest = self.found.as_slice();
        let has_keys = begins.iter().rev().all(|begin| {
            let (before, part) = rest.split_at(*begin);
            rest = before;
            part.iter().any(|found| found.is_of(names::Kind::Key))
        });
        if begins.len() == 1 || !has_keys {
            return vec![self];
        }
        let mut groups: Vec<Self> = Vec::new();
        for begin in begins.into_iter().skip(1).rev() {
            groups.push(Self { found: self.found.split_off(begin), ..Self::new(self.format) });
        }
        for group in &mut groups {
            group.is_dirty = self.is_dirty;
        }
        groups.push(self);
        groups.reverse();
        groups
    }
}

impl Findings {
    /// Takes a group over, with what was noticed while it was read.
    pub(super) fn push(&mut self, group: Group) {
        self.elsewhere |= group.elsewhere;
        self.shortened |= group.shortened;
        if !group.is_empty() {
            let room = MOST_GROUPS.saturating_sub(self.groups.len());
            self.groups.extend(group.by_account().into_iter().take(room));
        }
    }

    /// Says that all of it was in that shape, where its own is only how a text within it was written.
    pub(super) fn within(mut self, format: PasteFormat) -> Self {
        for group in
            self.groups.iter_mut().filter(|group| group.is_flat() || group.format == PasteFormat::Bare)
        {
            group.format = format;
        }
        self
    }

    pub(super) fn append(&mut self, other: Self) {
        self.elsewhere |= other.elsewhere;
        self.shortened |= other.shortened;
        self.without_cookies |= other.without_cookies;
        self.groups.extend(other.groups.into_iter().take(MOST_GROUPS.saturating_sub(self.groups.len())));
    }

    pub(super) fn has_any(&self) -> bool {
        !self.groups.is_empty()
    }

    /// Whether a service could be asked about what is there, and nothing else is in the values.
    pub(super) fn is_enough(&self) -> bool {
        self.pasted().iter().any(|pasted| whole_for(&pasted.fields).next().is_some())
            && !self.groups.iter().any(|group| group.is_dirty && group.is_flat())
    }

    /// How many parts of a credential there are, at most in one place.
    pub(super) fn parts(&self) -> usize {
        self.pasted().iter().map(|pasted| most_parts(&pasted.fields)).max().unwrap_or_default()
    }

    /// What is there, one a credential: those that stand for the same account are one, and what is incomplete
    /// completes the only one that it can belong to.
    pub(super) fn pasted(&self) -> Vec<Pasted> {
        let mut whole: Vec<Pasted> = Vec::new();
        let mut rest: Vec<Pasted> = Vec::new();
        for group in &self.groups {
            let pasted = Pasted { format: group.format, fields: group.fields() };
            if whole_for(&pasted.fields).next().is_none() {
                rest.push(pasted);
                continue;
            }
            match whole.iter_mut().find(|known| is_same(&known.fields, &pasted.fields)) {
                Some(known) => {
                    for (name, value) in pasted.fields.iter() {
                        known.fields.set(name, value.clone());
                    }
                }
                None => whole.push(pasted),
            }
        }
        if whole.is_empty() {
            return put_together(rest);
        }
        for one in rest {
            complete(&mut whole, &one);
        }
        whole
    }
}

/// The services that could be asked about these fields.
pub(super) fn whole_for(fields: &CookieMap) -> impl Iterator<Item = ServiceId> {
    registry::all().iter().filter(|service| service.detect(fields).enough).map(|service| service.id())
}

fn most_parts(fields: &CookieMap) -> usize {
    let found =
        |service: &&dyn Service| service.detect(fields).parts.iter().filter(|part| part.found).count();
    registry::all().iter().map(found).max().unwrap_or_default()
}

/// The account's number, where a service's fields say it.
fn account_in(fields: &CookieMap) -> Option<u64> {
    registry::all().iter().find_map(|service| service.account_in(fields))
}

/// Whether two sets of fields are of the same account: the same number, or, where not both have one, the same session
/// or key.
fn is_same(one: &CookieMap, other: &CookieMap) -> bool {
    let services = |fields: &CookieMap| whole_for(fields).collect::<Vec<_>>();
    if services(one) != services(other) {
        return false;
    }
    let shared = |kind: names::Kind| {
        let values = |fields: &CookieMap| {
            let of_kind =
                fields.iter().filter(|(name, _)| names::field(name).is_some_and(|field| field.kind == kind));
            of_kind.map(|(_, value)| value.clone()).collect::<Vec<_>>()
        };
        let others = values(other);
        values(one).iter().any(|value| others.contains(value))
    };
    match account_in(one).zip(account_in(other)) {
        Some((one, other)) => one == other,
        None => shared(names::Kind::Session) || shared(names::Kind::Key),
    }
}

/// Gives the fields that nothing contradicts to the credential that they can belong to.
fn complete(whole: &mut [Pasted], rest: &Pasted) {
    for (name, value) in rest.fields.iter() {
        let Some(service) = names::field(name).map(|field| field.service) else { continue };
        let mut of_service =
            whole.iter_mut().filter(|pasted| whole_for(&pasted.fields).any(|whole| whole == service));
        let (Some(only), None) = (of_service.next(), of_service.next()) else { continue };
        if only.fields.get(name).is_none() {
            only.fields.set(name, value.clone());
        }
    }
}

/// One of all that is incomplete, if nothing in it contradicts another; otherwise each by itself.
fn put_together(rest: Vec<Pasted>) -> Vec<Pasted> {
    let mut all = CookieMap::default();
    let mut numbers: Vec<u64> = rest.iter().filter_map(|one| account_in(&one.fields)).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let contradicts = |(name, value): (&str, &Secret)| {
        let is_key = names::field(name).is_some_and(|field| field.kind == names::Kind::Key);
        let before = rest.iter().filter_map(|one| one.fields.get(name));
        is_key && before.into_iter().any(|known| known != value)
    };
    if numbers.len() > 1 || rest.iter().flat_map(|one| one.fields.iter()).any(contradicts) {
        return rest;
    }
    for (name, value) in rest.iter().flat_map(|one| one.fields.iter()) {
        all.set(name, value.clone());
    }
    // The shape of that which has most of it.
    let format = rest.iter().max_by_key(|one| most_parts(&one.fields)).map(|one| one.format);
    format.map(|format| Pasted { format, fields: all }).into_iter().collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Unsaid,
    Music,
    Site,
    /// A computer of one's own, where a program that speaks to the service keeps its cookies.
    Local,
    Elsewhere,
}

/// Which of the sites a domain belongs to. It may have a leading dot.
pub(super) fn place(domain: &str) -> Place {
    let domain = domain.trim().trim_matches('"').trim_start_matches('.').to_ascii_lowercase();
    let domain = domain.split_once("://").map_or(domain.as_str(), |(_, rest)| rest);
    let domain = domain.split(['/', '?', '#']).next().unwrap_or_default();
    let within =
        |site: &str| domain.strip_suffix(site).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let services = || registry::all().iter().map(|service| &service.facts().paste);
    if domain.is_empty() {
        Place::Unsaid
    } else if services().flat_map(|paste| paste.music_domains).any(|host| within(host)) {
        Place::Music
    } else if services().flat_map(|paste| paste.domains).any(|site| within(site)) {
        Place::Site
    } else if is_local(domain) {
        Place::Local
    } else {
        Place::Elsewhere
    }
}

/// A name or an address that only one's own network knows.
fn is_local(domain: &str) -> bool {
    let host = match domain.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') && port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => domain,
    };
    let host = host.trim_matches(['[', ']']);
    match host.parse() {
        Ok(std::net::IpAddr::V4(address)) => {
            address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_unspecified()
        }
        Ok(std::net::IpAddr::V6(address)) => address.is_loopback() || address.is_unique_local(),
        Err(_) => {
            host == "localhost"
                || [".localhost", ".local", ".lan", ".internal", ".home.arpa"]
                    .iter()
                    .any(|end| host.ends_with(end))
        }
    }
}

/// Whether a text can only be the name of a host.
pub(super) fn is_host(text: &str) -> bool {
    let name = text.strip_prefix('.').unwrap_or(text);
    let last = name.rsplit('.').next().unwrap_or_default();
    name.contains('.')
        && !name.ends_with('.')
        && last.len() >= 2
        && last.bytes().all(|byte| byte.is_ascii_alphabetic())
        && name.split('.').all(|label| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
        || text == "localhost"
}

/// A value without the white space and the quotes around it.
pub(super) fn unquoted(value: &str) -> &str {
    let mut value = value.trim();
    for _ in 0..3 {
        let inside = [('"', '"'), ('\'', '\''), ('`', '`'), ('“', '”'), ('‘', '’'), ('「', '」'), ('<', '>')]
            .into_iter()
            .find_map(|(open, close)| value.strip_prefix(open)?.strip_suffix(close));
        match inside {
            Some(inside) => value = inside.trim(),
            None => break,
        }
    }
    value
}

fn is_nothing(value: &str) -> bool {
    matches!(value, "" | "\"\"" | "deleted")
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && !b";=,\"".contains(&byte))
}

fn is_value(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_graphic() && byte != b';' || byte == b' ')
}
