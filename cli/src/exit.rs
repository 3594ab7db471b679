//! The exit codes, on which scripts act, and what each means. Which problem has which, the core says. For `lib.rs` and
//! `help.rs`.

use std::process::ExitCode;

use tunekey_core::{Language, ProblemCode};

/// How the command line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ExitStatus {
    Done = 0,
    Unexpected = 1,
    Usage = 2,
    NotFound = 3,
    SignInFailed = 4,
    NeedsSignIn = 5,
    Network = 6,
    Keychain = 7,
    Restricted = 8,
    NotCertain = 9,
    /// Ctrl-C, as shells have it: 128 + SIGINT.
    Interrupted = 130,
}

impl ExitStatus {
    /// All of them, by their number.
    pub(crate) const ALL: [Self; 11] = [
        Self::Done,
        Self::Unexpected,
        Self::Usage,
        Self::NotFound,
        Self::SignInFailed,
        Self::NeedsSignIn,
        Self::Network,
        Self::Keychain,
        Self::Restricted,
        Self::NotCertain,
        Self::Interrupted,
    ];

    /// The status for a problem, as the core's table has it.
    pub(crate) fn of(problem: ProblemCode) -> Self {
        let code = problem.status().exit_code;
        Self::ALL.into_iter().find(|status| status.code() == code).unwrap_or(Self::Unexpected)
    }

    /// The number that the process ends with.
    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    /// What it means, for help.
    pub(crate) fn meaning(self, language: Language) -> &'static str {
        match self {
            Self::Done => language.pick("done", "完成"),
            Self::Unexpected => language.pick(
                "unexpected, or TuneKey’s own folder can’t be used",
                "意外错误，或数据目录无法使用",
            ),
            Self::Usage => {
                language.pick("wrong usage, or input that can’t be used", "用法有误，或输入无法使用")
            }
            Self::NotFound => language.pick("not found", "没有找到"),
            Self::SignInFailed => language.pick(
                "sign-in refused, expired, not possible in this way, a wrong code, or another account than --account",
                "登录被取消、已过期、不能用这种方式、验证码错误，或不是 --account 指定的账号",
            ),
            Self::NeedsSignIn => {
                language.pick("needs sign-in, or can’t be renewed", "需要重新登录，或无法续期")
            }
            Self::Network => language.pick("network", "网络"),
            Self::Keychain => language.pick("the keychain, or what keeps the credentials in its place", "系统密钥环，或代替它存放凭据的存储"),
            Self::Restricted => language.pick(
                "risk control, rate limit or too many sign-ins today",
                "安全风控、操作太频繁，或今日登录次数过多",
            ),
            Self::NotCertain => language.pick(
                "not certain yet: the service refused once, and is asked again",
                "尚不确定：对方拒绝了一次，稍后会再次确认",
            ),
            Self::Interrupted => language.pick("interrupted", "已中断"),
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_lists_each_exit_code_as_help_does() {
        for (language, readme) in [
            (Language::English, include_str!("../../README.md")),
            (Language::Chinese, include_str!("../../README.zh-CN.md")),
        ] {
            let listed: Vec<_> = readme.lines().filter(|line| is_row(line)).collect();
            let row = |status: ExitStatus| format!("| {} | {} |", status.code(), status.meaning(language));
            assert_eq!(listed, ExitStatus::ALL.map(row), "in {language:?}");
        }
    }

    #[test]
    fn every_problem_has_an_exit_code_that_has_a_meaning() {
        for code in ProblemCode::sentences(tunekey_core::StoreKind::Keychain).into_keys() {
            assert_eq!(ExitStatus::of(code).code(), code.status().exit_code, "{code:?}");
            assert_ne!(ExitStatus::of(code), ExitStatus::Done, "{code:?}");
        }
    }

    /// Whether a line is a row of a table that begins with a number.
    fn is_row(line: &str) -> bool {
        let cell = line.strip_prefix("| ").and_then(|rest| rest.split(' ').next());
        cell.is_some_and(|cell| cell.parse::<u8>().is_ok())
    }
}
