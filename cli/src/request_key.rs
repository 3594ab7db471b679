//! What a program asks of an account's key, and the answer: the same from this process and from a daemon. For `keys.rs`
//! and `socket.rs`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tunekey_core::{AccountId, ExportedCookie, Generation, Language, Problem, ProblemCode, Scope, TuneKey};

use crate::commands::{CookieOptions, refusal};
use crate::failure::Failure;

/// What is asked. Names are as they were typed: whoever answers says what is wrong with them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(crate) enum KeyRequest {
    /// The value.
    Get {
        /// The account.
        account: String,
        /// The format; the account's own when `None`.
        format: Option<String>,
        /// How much of the credential.
        scope: Scope,
        /// Whether to give one that the service has refused.
        even_if_dead: bool,
    },
    /// Whether it still works: a program says that it was refused.
    Rejected {
        /// The account.
        account: String,
        /// The generation that was refused, if that is known.
        generation: Option<u64>,
    },
}

/// Answers in this process.
///
/// # Errors
/// Why there is no answer, with words for people.
pub(crate) async fn answer(tunekey: &TuneKey, request: &KeyRequest) -> Result<Value, Problem> {
    match request {
        KeyRequest::Get { account, format, scope, even_if_dead } => {
            let format = match format {
                Some(name) => Some(name.parse().map_err(|_| unknown_format(name))?),
                None => None,
            };
            let id = tunekey.find(account)?;
            let options = CookieOptions { format, scope: *scope, even_if_dead: *even_if_dead };
            let exported = value(tunekey, &id, options).await.map_err(in_words)?;
            tunekey.note_copied(&id, &exported).await;
            with_value(tunekey, &id, &exported)
        }
        KeyRequest::Rejected { account, generation } => {
            let id = tunekey.find(account)?;
            let outcome = tunekey.report_rejected(&id, generation.map(Generation::new)).await?;
            let mut object = status(tunekey, &id)?;
            object["outcome"] = json!(outcome);
            Ok(object)
        }
    }
}

/// A value that the service has not refused, unless that is no matter.
///
/// # Errors
/// `Rejected` for one that it has refused, or a problem of the store.
pub(crate) async fn value(
    tunekey: &TuneKey,
    id: &AccountId,
    options: CookieOptions,
) -> Result<ExportedCookie, Failure> {
    let exported = tunekey.export(id, options.format, options.scope).await?;
    let accounts = tunekey.snapshot().accounts;
    let account = accounts.iter().find(|account| account.id == *id);
    match account.and_then(|account| refusal(account, Language::English)) {
        Some(failure) if !options.even_if_dead => Err(failure),
        _ => Ok(exported),
    }
}

/// What is known of a key.
pub(crate) fn status(tunekey: &TuneKey, id: &AccountId) -> Result<Value, Problem> {
    Ok(serde_json::to_value(tunekey.key_status(id)?).unwrap_or_else(|_| json!({})))
}

fn with_value(tunekey: &TuneKey, id: &AccountId, exported: &ExportedCookie) -> Result<Value, Problem> {
    let mut object = status(tunekey, id)?;
    // What was read is what counts, whatever has come since.
    object["generation"] = json!(exported.generation);
    object["expires_at"] = json!(exported.expires_at);
    object["format"] = json!(exported.format);
    object["scope"] = json!(exported.scope);
    #[expect(clippy::disallowed_methods, reason = "the value is what was asked for")]
    let value = exported.text.expose();
    object["value"] = json!(value);
    Ok(object)
}

/// A failure as a problem that says the same.
fn in_words(failure: Failure) -> Problem {
    let [english, chinese] = [Language::English, Language::Chinese].map(|language| failure.message(language));
    failure.problem.with_words(english, chinese)
}

fn unknown_format(name: &str) -> Problem {
    Problem::new(ProblemCode::InvalidInput).with_detail(format!("there is no format {name}"))
}
