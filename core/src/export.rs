//! The shapes in which other tools want a credential. One file a format.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tunekey_services::{CookieMap, CookiePairs, Credential, Secret, Service, ServiceId, UnknownName};

use crate::problem::Problem;

mod dotenv;
mod header;
mod json;
mod netscape;
mod qqmusic_api;

/// A shape to copy a credential in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// `name=value; name=value`, the value of a `Cookie` header.
    Header,
    /// A JSON object from cookie name to value.
    Json,
    /// One line for a `.env` file.
    Env,
    /// A Netscape `cookies.txt`.
    Netscape,
    /// The `Credential` of qqmusic-api-python as JSON (QQ Music only).
    QqMusicApi,
}

impl Format {
    /// Every format, in menu order.
    pub const ALL: [Self; 5] = [Self::Header, Self::Json, Self::Env, Self::Netscape, Self::QqMusicApi];

    /// The name used on the command line and in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Json => "json",
            Self::Env => "env",
            Self::Netscape => "netscape",
            Self::QqMusicApi => "qqmusicapi",
        }
    }

    /// Whether the format exists for a service's credentials.
    pub fn suits(self, service: ServiceId) -> bool {
        self != Self::QqMusicApi || service == ServiceId::QqMusic
    }
}

/// How much of a credential an export carries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// All that the service's own clients keep as cookies, for tools that renew the key themselves.
    #[default]
    Full,
    /// Only what is needed to play: for a place that one does not control. It never renews.
    Minimal,
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
    if !format.suits(service.id()) {
        return Err(no_format(service.id(), format));
    }
    let mut cookie = service.cookie(credential);
    let facts = service.export();
    if scope == Scope::Minimal {
        cookie.retain(|(name, _)| facts.playing.contains(&name.as_str()));
    }
    let rendered = match format {
        Format::Header => header::render(&cookie),
        Format::Json => json::render(&cookie),
        Format::Env => dotenv::render(&cookie, &facts),
        Format::Netscape => netscape::render(&cookie, &facts, credential.expires_at),
        Format::QqMusicApi => qqmusic_api::render(credential, scope),
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
    let suiting = Format::ALL.into_iter().filter(|format| format.suits(service));
    let names: Vec<_> = suiting.map(|format| format.as_str()).collect();
    let names = names.join(", ");
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
        Format::QqMusicApi => {
            credential.fields.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect()
        }
    };
    service.detect(&fields).renewable
}

/// A value that the format cannot carry without its reader seeing another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Unfit;

/// The text of a value that is being exported.
#[expect(clippy::disallowed_methods, reason = "an export is for whoever the person gives it to")]
fn exposed(secret: &Secret) -> &str {
    secret.expose()
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Format {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|format| format.as_str() == name).ok_or(UnknownName)
    }
}

#[cfg(test)]
mod tests;
