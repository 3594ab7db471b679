//! Secrets of a target on their way from the clipboard to the keychain. The page asks for each and has none. Only the
//! commands use this.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tunekey_core::{Problem, ProblemCode, Secret, Target};

/// The most secrets that are kept: no target has more.
const MOST: usize = 8;

/// The secrets that were pasted for the delivery or the sign-in that is being set up, by their names. The app manages
/// one.
#[derive(Debug, Default)]
pub(crate) struct TargetSecrets(Mutex<BTreeMap<String, Secret>>);

impl TargetSecrets {
    /// Keeps a secret, in place of another of that name, without the white space around it: that comes from copying.
    ///
    /// # Errors
    /// `InvalidInput` when there is nothing in it, or there are too many.
    pub(crate) fn keep(&self, name: &str, text: &Secret) -> Result<(), Problem> {
        let secret = trimmed(text);
        if secret.is_empty() {
            return Err(Problem::invalid(
                "The clipboard holds no text. Copy the password or token first.",
                "剪贴板里没有文本，请先复制密码或令牌。",
            ));
        }
        let mut kept = self.lock();
        if kept.len() >= MOST && !kept.contains_key(name) {
            return Err(
                Problem::new(ProblemCode::InvalidInput).with_detail("more secrets than any target has")
            );
        }
        kept.insert(name.to_owned(), secret);
        Ok(())
    }

    /// Those that a target has.
    pub(crate) fn of(&self, target: &Target) -> BTreeMap<String, Secret> {
        let wanted = target.secrets();
        let kept = self.lock();
        kept.iter()
            .filter(|(name, _)| wanted.contains(*name))
            .map(|(name, one)| (name.clone(), one.clone()))
            .collect()
    }

    /// The one of that name.
    pub(crate) fn named(&self, name: &str) -> Option<Secret> {
        self.lock().get(name).cloned()
    }

    /// Forgets all of them.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Secret>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::disallowed_methods, reason = "it becomes a secret again at once")]
fn trimmed(text: &Secret) -> Secret {
    Secret::new(text.expose().trim())
}

#[cfg(test)]
mod tests {
    use tunekey_core::MetingTarget;

    use super::*;

    fn target() -> Target {
        Target::Meting(MetingTarget {
            url: "https://host.test".to_owned(),
            note: "tunekey".to_owned(),
            allows_plain_http: false,
        })
    }

    #[test]
    fn a_target_gets_its_own_secrets_and_no_other() {
        let secrets = TargetSecrets::default();
        secrets.keep("token", &Secret::new(" canary\r\n")).expect("it is kept");
        secrets.keep("password", &Secret::new("another")).expect("it is kept");
        let given = secrets.of(&target());
        assert_eq!(given, BTreeMap::from([("token".to_owned(), Secret::new("canary"))]));
        secrets.clear();
        assert!(secrets.of(&target()).is_empty());
    }

    #[test]
    fn nothing_and_too_many_are_not_kept_and_none_prints_itself() {
        let secrets = TargetSecrets::default();
        assert_eq!(
            secrets.keep("token", &Secret::new(" \n")).expect_err("empty").code,
            ProblemCode::InvalidInput
        );
        for number in 0..MOST {
            secrets.keep(&number.to_string(), &Secret::new("canary")).expect("there is room");
        }
        secrets.keep("token", &Secret::new("canary")).expect_err("there is none");
        secrets.keep("0", &Secret::new("canary")).expect("it takes the place of another");
        assert!(!format!("{secrets:?}").contains("canary"));
    }
}
