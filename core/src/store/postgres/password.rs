//! Where the password of a database is looked for: what the system hands out, then the password file of PostgreSQL's own
//! programs. It stands neither in an address nor in the environment, which other programs of the same user can read.

use std::path::PathBuf;

use directories::BaseDirs;
use zeroize::Zeroizing;

use super::address::DatabaseUrl;
use crate::store::DatabaseError;
use crate::store::secret_file::{Refused, SecretFile, SecretText};

/// What the password is called in a folder of secrets.
const NAME: &str = "tunekey-database-password";
/// The variable that names another password file (PostgreSQL documentation, section 34.16).
const FILE: &str = "PGPASSFILE";

/// Whose password is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) database: String,
    pub(super) user: String,
}

/// The password; `None` when there is none anywhere. Waits for the disk.
///
/// # Errors
/// `ExposedPassword` when others can read the file of the person's own that has it, `NoPassword` when it cannot be read.
pub(super) fn find(url: &DatabaseUrl, login: &Login) -> Result<Option<Zeroizing<String>>, DatabaseError> {
    for place in SecretFile::handed_out(NAME) {
        if let Some(SecretText { text, .. }) = read(&place)? {
            return Ok(Some(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned())));
        }
    }
    let Some(file) = url.password_file.clone().or_else(usual_file) else { return Ok(None) };
    Ok(read(&SecretFile::own(file))?.and_then(|found| in_file(&found.text, login)))
}

fn read(file: &SecretFile) -> Result<Option<SecretText>, DatabaseError> {
    file.read().map_err(|refused| match refused {
        Refused::Exposed => DatabaseError::ExposedPassword,
        Refused::Unreadable => DatabaseError::NoPassword,
    })
}

#[expect(clippy::disallowed_methods, reason = "it names the file that every program of PostgreSQL reads")]
fn usual_file() -> Option<PathBuf> {
    let named = std::env::var(FILE).ok().filter(|file| !file.is_empty()).map(PathBuf::from);
    named.or_else(|| {
        let dirs = BaseDirs::new()?;
        Some(if cfg!(windows) {
            dirs.config_dir().join("postgresql").join("pgpass.conf")
        } else {
            dirs.home_dir().join(".pgpass")
        })
    })
}

/// The password of the first line that fits: `host:port:database:user:password`, each but the last may be `*`, and `\`
/// stands before a `:` or `\` that belongs to a field.
fn in_file(text: &str, login: &Login) -> Option<Zeroizing<String>> {
    let wanted = [login.host.clone(), login.port.to_string(), login.database.clone(), login.user.clone()];
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let mut fields = fields(line);
        let password = fields.split_off(wanted.len().min(fields.len())).pop()?;
        let fits = fields.iter().zip(&wanted).all(|(field, wanted)| **field == "*" || **field == *wanted);
        (fits && fields.len() == wanted.len()).then_some(password)
    })
}

/// The five fields of a line.
fn fields(line: &str) -> Vec<Zeroizing<String>> {
    let mut fields = vec![Zeroizing::new(String::with_capacity(line.len()))];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            ':' if fields.len() < 5 => fields.push(Zeroizing::new(String::with_capacity(line.len()))),
            '\\' => fields.last_mut().into_iter().for_each(|field| field.extend(characters.next())),
            other => fields.last_mut().into_iter().for_each(|field| field.push(other)),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Option<String> {
        let login = Login {
            host: "db.example".to_owned(),
            port: 5432,
            database: "tunekey".to_owned(),
            user: "me".to_owned(),
        };
        in_file(text, &login).map(|password| password.to_string())
    }

    #[test]
    fn the_first_line_that_fits_has_the_password() {
        assert_eq!(password("db.example:5432:tunekey:me:secret"), Some("secret".to_owned()));
        assert_eq!(
            password("# a comment\n*:*:*:me:any\ndb.example:5432:tunekey:me:x"),
            Some("any".to_owned())
        );
        assert_eq!(password("db.example:5432:tunekey:me:a\\:b\\\\c:d"), Some("a:b\\c:d".to_owned()));
        for other in ["", "other:5432:tunekey:me:x", "db.example:1:tunekey:me:x", "*:*:*:you:x", "*:*:*:me"] {
            assert_eq!(password(other), None, "{other}");
        }
    }
}
