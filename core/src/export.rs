//! The shapes in which other tools want a credential. One file a format.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tunekey_services::{
    CookieMap, CookiePairs, Credential, FormatName, Scope, Secret, Service, ServiceId, Unfit, UnknownName,
    registry,
};

use crate::problem::Problem;

mod dotenv;
mod header;
mod json;
mod netscape;

/// A shape to copy a credential in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export, type = "string"))]
pub enum Format {
    /// `name=value; name=value`, the value of a `Cookie` header.
    Header,
    /// A JSON object from cookie name to value.
    Json,
    /// One line for a `.env` file.
    Env,
    /// A Netscape `cookies.txt`.
    Netscape,
    /// One that only a certain service has, or that only a newer version knows.
    Own(FormatName),
}

impl Format {
    /// The formats of every service.
    const SHARED: [Self; 4] = [Self::Header, Self::Json, Self::Env, Self::Netscape];

    /// Every format, in menu order.
    pub fn all() -> impl Iterator<Item = Self> {
        let own = registry::all().iter().flat_map(|service| service.facts().formats);
        Self::SHARED.into_iter().chain(own.map(|format| Self::Own(format.name)))
    }

    /// The name used on the command line and in the ledger.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Header => "header",
            Self::Json => "json",
            Self::Env => "env",
            Self::Netscape => "netscape",
            Self::Own(name) => name.as_str(),
        }
    }

    /// Whether the format exists for a service's credentials.
    pub fn suits(self, service: ServiceId) -> bool {
        match self {
            Self::Header | Self::Json | Self::Env | Self::Netscape => true,
            Self::Own(name) => registry::facts(service).is_some_and(|facts| facts.format(name).is_some()),
        }
    }
}

/// A credential in a format.
#[derive(Debug)]
pub struct Export {
    /// Exactly what the person pastes or the tool reads. Only the Netscape file ends in a line break.
    pub text: Secret,
    /// Whether it holds what renews the key, so that its reader can keep the account signed in by itself.
    pub renews: bool,
}

/// Puts a credential into a format.
///
/// # Errors
/// `InvalidInput` when the format does not exist for the service, or cannot carry a value of this credential
/// without its reader seeing another one.
pub(crate) fn render(
    format: Format,
    scope: Scope,
    service: &dyn Service,
    credential: &Credential,
) -> Result<Export, Problem> {
    let mut cookie = service.cookie(credential);
    let facts = &service.facts().cookie;
    if scope == Scope::Minimal {
        cookie.retain(|(name, _)| facts.playing.contains(&name.as_str()));
    }
    let rendered = match format {
        Format::Header => header::render(&cookie),
        Format::Json => json::render(&cookie),
        Format::Env => dotenv::render(&cookie, facts),
        Format::Netscape => netscape::render(&cookie, facts, credential.expires_at),
        Format::Own(name) => match service.facts().format(name) {
            Some(own) => (own.render)(credential, scope),
            None => return Err(no_format(service.id(), format)),
        },
    };
    let text = rendered.map_err(|Unfit| {
        Problem::invalid(
            format!(
                "A value of this credential does not fit into the format {format}. Choose another format."
            ),
            format!("该凭据中有值无法写入 {format} 格式，请改用其他格式。"),
        )
        .with_service(service.id())
    })?;
    let renews = scope == Scope::Full && renews(format, service, credential, cookie);
    Ok(Export { text, renews })
}

/// The problem with a format that does not exist for the service: what does.
pub(crate) fn no_format(service: ServiceId, format: Format) -> Problem {
    let names = names(Format::all().filter(|format| format.suits(service)));
    Problem::invalid(
        format!("The format {format} is not for this service. There are: {names}."),
        format!("该服务没有 {format} 格式。可用的有：{names}。"),
    )
    .with_service(service)
}

/// Whether the service would renew by what a format carries: not every field has a cookie's name.
fn renews(format: Format, service: &dyn Service, credential: &Credential, cookie: CookiePairs) -> bool {
    let fields: CookieMap = match format {
        Format::Header | Format::Json | Format::Env | Format::Netscape => cookie.into_iter().collect(),
        Format::Own(_) => {
            credential.fields.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect()
        }
    };
    service.detect(&fields).renewable
}

/// The names of formats, as a sentence lists them.
pub(crate) fn names(formats: impl Iterator<Item = Format>) -> String {
    formats.map(|format| format.to_string()).collect::<Vec<_>>().join(", ")
}

/// The text of a value that is being exported.
#[expect(clippy::disallowed_methods, reason = "an export is for whoever the person gives it to")]
fn exposed(secret: &Secret) -> &str {
    secret.expose()
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Of the formats that there are.
impl FromStr for Format {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Self::all().find(|format| format.as_str() == name).ok_or(UnknownName)
    }
}

impl Serialize for Format {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Any, whether this build knows it or not: what a newer version has written stays.
impl<'de> Deserialize<'de> for Format {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        match Self::SHARED.into_iter().find(|format| format.as_str() == name) {
            Some(shared) => Ok(shared),
            None => name.parse().map(Self::Own).map_err(serde::de::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests;
