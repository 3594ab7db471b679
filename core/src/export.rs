//! The shapes in which other tools want a credential. One file a format.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::account::{ServiceId, UnknownName};
use crate::credential::Credential;
use crate::problem::{Problem, ProblemCode};
use crate::secret::Secret;
use crate::service::Service;

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

/// A credential in a format: exactly what the person pastes or the tool reads. Only the Netscape file ends in
/// a line break.
///
/// # Errors
/// `InvalidInput` when the format does not exist for the service, or cannot carry a value of this credential
/// without its reader seeing another one.
pub fn render(format: Format, service: &dyn Service, credential: &Credential) -> Result<Secret, Problem> {
    if !format.suits(service.id()) {
        return Err(Problem::new(ProblemCode::InvalidInput)
            .with_service(service.id())
            .with_detail(format!("{} has no {format} format", service.id().display_name())));
    }
    let cookie = service.cookie(credential);
    let facts = service.export();
    let rendered = match format {
        Format::Header => header::render(&cookie),
        Format::Json => json::render(&cookie),
        Format::Env => dotenv::render(&cookie, &facts),
        Format::Netscape => netscape::render(&cookie, &facts, credential.expires_at),
        Format::QqMusicApi => qqmusic_api::render(credential),
    };
    rendered.map_err(|Unfit| {
        Problem::new(ProblemCode::InvalidInput)
            .with_service(service.id())
            .with_detail(format!("a value of this credential does not fit into the {format} format"))
    })
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
