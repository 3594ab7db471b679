//! What an error of the database means. What it says besides may name hosts and users, and is dropped.

use std::error::Error as _;
use std::io;

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::store::{DatabaseError, StoreError};

pub(super) const UNREACHABLE: StoreError = StoreError::Database(DatabaseError::Unreachable);

/// What it means that no connection could be made.
pub(super) fn refusal(error: &Error, has_password: bool) -> StoreError {
    let database = StoreError::Database;
    if let Some(said) = error.as_db_error() {
        // A pooler has one code for all that it refuses; its words are the same in every language.
        let is_login = [&SqlState::INVALID_PASSWORD, &SqlState::INVALID_AUTHORIZATION_SPECIFICATION]
            .contains(&said.code())
            || (*said.code() == SqlState::PROTOCOL_VIOLATION && said.message().contains("auth"));
        return match (is_login, has_password) {
            (true, true) => database(DatabaseError::WrongPassword),
            (true, false) => database(DatabaseError::NoPassword),
            (false, _) => meaning(error),
        };
    }
    let mut cause = error.source();
    while let Some(source) = cause {
        if let Some(tls) = tls_error(source) {
            return database(match tls {
                rustls::Error::InvalidCertificate(_) => DatabaseError::Untrusted,
                _ => DatabaseError::Unreachable,
            });
        }
        if source.is::<io::Error>() {
            return UNREACHABLE;
        }
        cause = source.source();
    }
    // What is left was decided by the library, which tells it apart in its words alone.
    match error.source() {
        Some(_) if error.to_string().contains("TLS") => database(DatabaseError::NoEncryption),
        Some(_) if !has_password => database(DatabaseError::NoPassword),
        _ => UNREACHABLE,
    }
}

fn tls_error<'a>(source: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    let inner = source.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    source.downcast_ref().or_else(|| inner?.downcast_ref())
}

/// What it means that a statement was not done.
pub(super) fn meaning(error: &Error) -> StoreError {
    let Some(code) = error.code() else {
        return UNREACHABLE;
    };
    match code.code() {
        // undefined_table, undefined_column
        "42P01" | "42703" => StoreError::Database(DatabaseError::NoTables),
        "42501" => StoreError::Denied,
        "25006" => StoreError::Failed("the database can only be read"),
        "53100" => StoreError::Failed("there is no space left on its disk"),
        // connection exceptions (a pooler's, too), insufficient resources, operator intervention, no such database
        code if ["08", "53", "57", "3D"].iter().any(|class| code.starts_with(class)) => UNREACHABLE,
        code => {
            tracing::info!(code, "the database refuses a statement");
            StoreError::Failed("the database refuses the statement")
        }
    }
}
