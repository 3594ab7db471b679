//! Who may use the local API: tokens with a name and scopes, of which only digests are kept, and who used it when.
//!
//! Two files of the profile, each replaced as a whole and changed only with its lock held: `api-tokens.json` decides,
//! `api-log.json` remembers. Neither holds a token or a value.

mod log;
mod scope;
mod token;
mod tokens;

pub(crate) use log::AccessLog;
pub use log::ApiUse;
pub use scope::ApiScope;
pub use token::{ApiCaller, ApiToken};
pub use tokens::ApiTokens;
pub(crate) use tokens::{Stamp, TokenFile};
