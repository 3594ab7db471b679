//! What is given as NAME=VALUE, and the secrets that are given as NAME=FILE. For `delivery.rs` and `notify.rs`.

use std::collections::BTreeMap;
use std::path::Path;

use tunekey_core::{ProblemCode, Secret};

use crate::failure::Failure;
use crate::stdin::{self, Source};

/// Answers that are given as NAME=VALUE.
///
/// # Errors
/// `InvalidInput` when one is not.
pub(crate) fn parse_answers(answers: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let pair = |answer: &String| {
        let (name, value) = answer.split_once('=').ok_or_else(|| {
            Failure::new(
                ProblemCode::InvalidInput,
                "Answers are given as NAME=VALUE; `tunekey delivery presets` and `tunekey notify channels` list them.",
                "请以 名称=内容 的形式填写，可用项见 `tunekey delivery presets` 和 `tunekey notify channels`。",
            )
        })?;
        Ok((name.to_owned(), value.to_owned()))
    };
    answers.iter().map(pair).collect()
}

/// Reads the secrets that are named with the file that each stands in.
///
/// # Errors
/// `InvalidInput` when one is given by itself, or its file cannot be read.
pub(crate) async fn read_secrets(named: &[String]) -> Result<BTreeMap<String, Secret>, Failure> {
    let mut secrets = BTreeMap::new();
    for named in named {
        let Some((name, file)) = named.split_once('=').filter(|(_, file)| !file.is_empty()) else {
            return Err(Failure::new(
                ProblemCode::InvalidInput,
                "A secret is given as NAME=FILE, or NAME=- for standard input; never by itself.",
                "机密以 名称=文件 或 名称=-（标准输入）的形式提供，不能直接写在命令行中。",
            ));
        };
        secrets.insert(name.to_owned(), read_secret(Path::new(file)).await?);
    }
    Ok(secrets)
}

/// Reads a secret from a file, or from standard input when that is called `-`.
///
/// # Errors
/// `InvalidInput` or `NotFound` when it cannot be read.
pub(crate) async fn read_secret(file: &Path) -> Result<Secret, Failure> {
    let source = if file == Path::new("-") { Source::StandardInput } else { Source::File(file.to_owned()) };
    let read = stdin::read_all(source).await.map_err(|failure| {
        failure.with_message("The secret can’t be read from there.", "无法从该处读取机密。")
    })?;
    Ok(without_line_end(&read))
}

/// What an editor or `echo` puts at the end is no part of a secret.
#[expect(clippy::disallowed_methods, reason = "it becomes a secret again at once")]
fn without_line_end(secret: &Secret) -> Secret {
    Secret::new(secret.expose().trim_end_matches(['\r', '\n']))
}

#[cfg(test)]
mod tests {
    use tunekey_core::Language;

    use super::*;

    #[test]
    fn answers_are_pairs_and_may_hold_an_equals_sign() {
        let answers = ["url=https://h.test/?a=b".to_owned(), "note=".to_owned()];
        let parsed = parse_answers(&answers).expect("they are pairs");
        assert_eq!((parsed["url"].as_str(), parsed["note"].as_str()), ("https://h.test/?a=b", ""));
        parse_answers(&["secret".to_owned()]).expect_err("it is no pair");
    }

    #[tokio::test]
    async fn a_secret_is_never_given_by_itself() {
        for given in ["hunter2", "token="] {
            let failure = read_secrets(&[given.to_owned()]).await.expect_err("it names no file");
            assert_eq!(failure.problem.code, ProblemCode::InvalidInput);
            assert!(!failure.message(Language::English).contains("hunter2"), "nor is it repeated");
        }
    }
}
