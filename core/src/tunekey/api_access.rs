//! The tokens of the local API, and who used it.

use std::collections::BTreeSet;

use tunekey_services::Secret;

use super::TuneKey;
use crate::access::{AccessLog, ApiScope, ApiToken, ApiTokens, ApiUse, Stamp, TokenFile};
use crate::disk;
use crate::problem::Problem;

/// The tokens as they were read, and of which file: [`TuneKey::api_tokens_again`] looks whether it is another one now.
#[derive(Debug, Clone, Default)]
pub struct ApiTokensRead {
    /// The tokens.
    pub tokens: ApiTokens,
    stamp: Stamp,
}

/// Who may use the local API and who used it last, as they stood in the profile's files:
/// [`TuneKey::api_access_again`] looks whether those are others now.
#[derive(Debug, Clone, Default)]
pub struct ApiAccess {
    /// The tokens, oldest first.
    pub tokens: Vec<ApiToken>,
    /// The newest use, of whichever process that has answered it.
    pub last_use: Option<ApiUse>,
    stamps: (Stamp, Stamp),
}

impl TuneKey {
    /// What a token would be called, if it can be made.
    ///
    /// # Errors
    /// As [`TuneKey::add_api_token`].
    pub async fn check_api_token(&self, name: &str, scopes: BTreeSet<ApiScope>) -> Result<String, Problem> {
        let (file, name) = (self.token_file(), name.to_owned());
        disk::blocking(move || file.check(&name, &scopes)).await
    }

    /// Who may use the local API and who used it last, if the files are others than those of `known`. Another process
    /// may have changed them.
    ///
    /// # Errors
    /// A problem of the profile.
    pub async fn api_access_again(&self, known: &ApiAccess) -> Result<Option<ApiAccess>, Problem> {
        let (file, log, known) = (self.token_file(), self.access_log(), known.stamps);
        disk::blocking(move || {
            // The stamps first: what is written in between is read, and looks different the next time.
            let stamps = (file.stamp(), log.stamp());
            if stamps == known {
                return Ok(None);
            }
            Ok(Some(ApiAccess { tokens: log.shown(&file.read()?), last_use: log.newest(), stamps }))
        })
        .await
    }

    /// Makes a token for the local API, and gives it: it cannot be had again.
    ///
    /// # Errors
    /// `InvalidInput` for a name that is taken or empty, or for no scope; a problem of the profile.
    pub async fn add_api_token(&self, name: &str, scopes: BTreeSet<ApiScope>) -> Result<Secret, Problem> {
        let (file, name, now) = (self.token_file(), name.to_owned(), self.0.clock.now());
        disk::blocking(move || file.add(&name, scopes, now)).await
    }

    /// Revokes the token of that name. Whoever bears it is refused within a second.
    ///
    /// # Errors
    /// `NotFound`, or a problem of the profile.
    pub async fn revoke_api_token(&self, name: &str) -> Result<(), Problem> {
        let (file, name) = (self.token_file(), name.to_owned());
        disk::blocking(move || file.revoke(&name)).await
    }

    /// The tokens, oldest first, with when each was last used.
    ///
    /// # Errors
    /// A problem of the profile.
    pub async fn list_api_tokens(&self) -> Result<Vec<ApiToken>, Problem> {
        let (file, log) = (self.token_file(), self.access_log());
        disk::blocking(move || Ok(log.shown(&file.read()?))).await
    }

    /// The tokens, for whoever lets their bearers in.
    ///
    /// # Errors
    /// A problem of the profile: then nobody may be let in.
    pub async fn api_tokens(&self) -> Result<ApiTokensRead, Problem> {
        let file = self.token_file();
        // The stamp first: what is written in between is read, and looks different the next time.
        disk::blocking(move || Ok(ApiTokensRead { stamp: file.stamp(), tokens: file.read()? })).await
    }

    /// The tokens, if the file is another one than that of `known`.
    ///
    /// # Errors
    /// As [`TuneKey::api_tokens`].
    pub async fn api_tokens_again(&self, known: &ApiTokensRead) -> Result<Option<ApiTokensRead>, Problem> {
        let (file, stamp) = (self.token_file(), known.stamp);
        if disk::blocking(move || file.stamp()).await == stamp {
            Ok(None)
        } else {
            self.api_tokens().await.map(Some)
        }
    }

    /// Remembers what was asked of the local API.
    ///
    /// # Errors
    /// A problem of the profile.
    pub async fn note_api_uses(&self, uses: Vec<ApiUse>) -> Result<(), Problem> {
        let (file, log) = (self.token_file(), self.access_log());
        disk::blocking(move || log.add(uses, &file.read()?)).await
    }

    /// What was asked of the local API, oldest first: the last thousand entries.
    ///
    /// # Errors
    /// A problem of the profile.
    pub async fn api_uses(&self) -> Result<Vec<ApiUse>, Problem> {
        let log = self.access_log();
        disk::blocking(move || log.entries()).await
    }

    fn token_file(&self) -> TokenFile {
        TokenFile::of(&self.0.profile)
    }

    fn access_log(&self) -> AccessLog {
        AccessLog::of(&self.0.profile)
    }
}
