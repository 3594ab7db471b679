//! `tunekey health`: whether the daemon of the profile runs and answers, for whoever restarts it when it does not. For
//! `lib.rs`.

use std::time::Duration;

use serde_json::Value;
use tunekey_core::{Language, ProblemCode, TuneKey};

use crate::failure::Failure;
use crate::output::Output;
use crate::request_health::Health;
use crate::socket;

/// How long the daemon may take to answer. Health checks wait for five seconds at least.
const LIMIT: Duration = Duration::from_secs(3);

/// Asks the daemon of the profile how it is, and prints that.
///
/// # Errors
/// `NotFound` when there is none, `Timeout` when it does not answer, `Unexpected` when it is of another version.
pub(crate) async fn run(tunekey: &TuneKey, output: Output) -> Result<(), Failure> {
    let failure = match socket::health(tunekey, LIMIT).await {
        Health::Answers(answer) => {
            output.result(&answer, || line(&answer, output.language));
            return Ok(());
        }
        Health::OtherVersion => Failure::new(
            ProblemCode::Unexpected,
            "The daemon of this profile is of another version than this command. Restart it.",
            "该数据目录的守护进程与此命令版本不同，请重启它。",
        ),
        Health::Silent => Failure::new(
            ProblemCode::Timeout,
            format!(
                "The daemon of this profile doesn’t answer within {} seconds. Restart it.",
                LIMIT.as_secs()
            ),
            format!("该数据目录的守护进程在 {} 秒内没有回应，请重启它。", LIMIT.as_secs()),
        ),
        Health::Absent => Failure::new(
            ProblemCode::NotFound,
            "No daemon of this profile runs. Start one with `tunekey daemon` or `tunekey serve`.",
            "该数据目录没有守护进程在运行，请用 `tunekey daemon` 或 `tunekey serve` 启动。",
        ),
    };
    Err(failure)
}

/// What the daemon says of itself, as a person reads it.
fn line(answer: &Value, language: Language) -> String {
    let count = |name: &str| answer[name].as_u64().unwrap_or_default();
    let version = answer["version"].as_str().unwrap_or_default();
    match (count("accounts"), count("need_sign_in"), language) {
        (1, 0, Language::English) => format!("TuneKey {version} runs with 1 account."),
        (all, 0, Language::English) => format!("TuneKey {version} runs with {all} accounts."),
        (all, some, Language::English) => {
            format!("TuneKey {version} runs; {some} of {all} accounts need a sign-in.")
        }
        (all, 0, Language::Chinese) => format!("TuneKey {version} 正在运行，共 {all} 个账号。"),
        (all, some, Language::Chinese) => {
            format!("TuneKey {version} 正在运行，{all} 个账号中 {some} 个需要重新登录。")
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_person_reads_how_many_accounts_there_are_and_how_many_wait_for_them() {
        for (accounts, need_sign_in, words) in [
            (0, 0, "TuneKey 1.2.3 runs with 0 accounts."),
            (1, 0, "TuneKey 1.2.3 runs with 1 account."),
            (3, 2, "TuneKey 1.2.3 runs; 2 of 3 accounts need a sign-in."),
        ] {
            let answer = json!({ "version": "1.2.3", "accounts": accounts, "need_sign_in": need_sign_in });
            assert_eq!(line(&answer, Language::English), words);
        }
    }
}
