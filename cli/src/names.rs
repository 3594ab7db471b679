//! Which account a name means, and what to say when it means none or several.

use tunekey_core::account::{Account, AccountId};
use tunekey_core::problem::{Problem, ProblemCode};
use tunekey_core::tunekey::TuneKey;

use crate::failure::Failure;
use crate::words;

/// The account that a name means.
///
/// # Errors
/// `NotFound` and `InvalidInput`, with the accounts that there are.
pub(crate) fn find(tunekey: &TuneKey, name: &str) -> Result<AccountId, Failure> {
    tunekey.find(name).map_err(|problem| explained(problem, name, &tunekey.snapshot().accounts))
}

fn explained(problem: Problem, name: &str, accounts: &[Account]) -> Failure {
    let (code, shown) = (problem.code, words::plain(name));
    let failure = Failure::from(problem);
    match code {
        ProblemCode::NotFound if accounts.is_empty() => failure.said(
            format!("No account “{shown}”: there is none yet. `tunekey sign-in qqmusic` adds one."),
            format!("没有账号“{shown}”：还没有任何账号，可用 `tunekey sign-in qqmusic` 添加。"),
        ),
        ProblemCode::NotFound => {
            let (english, chinese) = listed(accounts.iter());
            failure.said(
                format!("No account “{shown}”. Yours: {english}."),
                format!("没有账号“{shown}”。现有账号：{chinese}。"),
            )
        }
        ProblemCode::InvalidInput => {
            let matching: Vec<_> = accounts.iter().filter(|account| may_mean(name, account)).collect();
            if matching.len() < 2 {
                return failure;
            }
            let count = matching.len();
            let (english, chinese) = listed(matching.into_iter());
            failure.said(
                format!("{} accounts match “{shown}”: {english}. Name one of them.", counted(count)),
                format!("有 {count} 个账号与“{shown}”相符：{chinese}。请指明其中一个。"),
            )
        }
        _ => failure,
    }
}

fn may_mean(name: &str, account: &Account) -> bool {
    account.nickname == name || account.id.to_string().starts_with(name) || account.uid.starts_with(name)
}

fn counted(count: usize) -> String {
    match count {
        2 => "Two".to_owned(),
        3 => "Three".to_owned(),
        4 => "Four".to_owned(),
        more => more.to_string(),
    }
}

/// The accounts in English and in Chinese.
fn listed<'a>(accounts: impl Iterator<Item = &'a Account>) -> (String, String) {
    let names: Vec<_> = accounts.map(|one| (one.id.to_string(), words::plain(&one.nickname))).collect();
    let joined = |name: fn(&(String, String)) -> String, separator| {
        names.iter().map(name).collect::<Vec<_>>().join(separator)
    };
    (
        joined(|(id, name)| format!("{id} ({name})"), ", "),
        joined(|(id, name)| format!("{id}（{name}）"), "、"),
    )
}

#[cfg(test)]
mod tests {
    use tunekey_core::problem::Language;

    use super::*;
    use crate::words::tests::account;

    fn said(code: ProblemCode, name: &str, accounts: &[Account]) -> [String; 2] {
        let failure = explained(Problem::new(code), name, accounts);
        [Language::English, Language::Chinese].map(|language| failure.message(language))
    }

    #[test]
    fn a_name_that_is_nobodys_is_answered_with_the_accounts_that_there_are() {
        let accounts = [account("qqmusic:10001", "小满"), account("netease:90001", "夜航星")];
        assert_eq!(
            said(ProblemCode::NotFound, "nobody", &accounts),
            [
                "No account “nobody”. Yours: qqmusic:10001 (小满), netease:90001 (夜航星).",
                "没有账号“nobody”。现有账号：qqmusic:10001（小满）、netease:90001（夜航星）。"
            ]
        );
        assert!(
            said(ProblemCode::NotFound, "x", &[])[0].contains("tunekey sign-in"),
            "the first step is named"
        );
    }

    #[test]
    fn a_name_that_could_be_several_is_answered_with_those() {
        let accounts = [account("netease:1", "a"), account("qqmusic:10001", "b"), account("netease:2", "c")];
        assert_eq!(
            said(ProblemCode::InvalidInput, "netease", &accounts),
            [
                "Two accounts match “netease”: netease:1 (a), netease:2 (c). Name one of them.",
                "有 2 个账号与“netease”相符：netease:1（a）、netease:2（c）。请指明其中一个。"
            ]
        );
    }

    #[test]
    fn what_is_repeated_cannot_change_the_terminal() {
        let [english, chinese] = said(ProblemCode::NotFound, "\u{1b}[31mx\u{202e}", &[]);
        assert!(!english.contains(['\u{1b}', '\u{202e}']) && !chinese.contains('\u{1b}'), "{english}");
    }
}
