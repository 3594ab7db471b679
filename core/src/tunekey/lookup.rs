//! Which account, delivery or channel a person means by what they type.

use tunekey_services::{AccountId, display_text};

use crate::account::Account;
use crate::delivery::Delivery;
use crate::notify::Channel;
use crate::problem::{Problem, ProblemCode};

/// How many accounts an answer names at most.
const NAMED: usize = 20;

/// See [`TuneKey::find`](super::TuneKey::find).
pub(super) fn find(accounts: &[Account], name: &str) -> Result<AccountId, Problem> {
    let all = |fits: &dyn Fn(&Account) -> bool| accounts.iter().filter(|one| fits(one)).collect::<Vec<_>>();
    let begins = |account: &Account| {
        !name.is_empty() && (account.id.to_string().starts_with(name) || account.uid.starts_with(name))
    };
    let is_called = |account: &Account| {
        !names_an_id(name) && (account.nickname == name || account.label.as_deref() == Some(name))
    };
    let found = [
        all(&|account| account.id.to_string() == name),
        all(&|account| account.uid == name),
        all(&|account| begins(account) || is_called(account)),
    ]
    .into_iter()
    .find(|found| !found.is_empty())
    .unwrap_or_default();
    match found.as_slice() {
        [one] => Ok(one.id.clone()),
        [] => Err(nobody(name, accounts)),
        several => Err(ambiguous(name, several)),
    }
}

/// What a person has set up and can call by its id or its label.
pub(super) trait Named {
    /// One of them, in English and in Chinese.
    const ONE: [&'static str; 2];
    /// Several of them, in English.
    const SEVERAL: &'static str;
    /// The command that lists them.
    const LIST: &'static str;

    /// Its id.
    fn id(&self) -> &str;
    /// What the person calls it.
    fn label(&self) -> Option<&str>;
}

impl Named for Delivery {
    const ONE: [&'static str; 2] = ["delivery", "投递"];
    const SEVERAL: &'static str = "deliveries";
    const LIST: &'static str = "tunekey delivery list";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }
}

impl Named for Channel {
    const ONE: [&'static str; 2] = ["channel", "通知渠道"];
    const SEVERAL: &'static str = "channels";
    const LIST: &'static str = "tunekey notify list";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }
}

/// The thing that a person means: by its id, by a unique beginning of that, or by its label.
///
/// # Errors
/// `NotFound` when it is none, `InvalidInput` when it could be several.
pub(super) fn find_named<T: Named>(all: Vec<T>, name: &str) -> Result<T, Problem> {
    let means = |one: &T| one.label() == Some(name) || (!name.is_empty() && one.id().starts_with(name));
    let has_exact = all.iter().any(|one| one.id() == name);
    let fits = |one: &T| if has_exact { one.id() == name } else { means(one) };
    let mut found: Vec<T> = all.into_iter().filter(fits).collect();
    if found.len() == 1
        && let Some(one) = found.pop()
    {
        return Ok(one);
    }
    let name = display_text::name(name).unwrap_or_default();
    let ([english, chinese], several, list) = (T::ONE, T::SEVERAL, T::LIST);
    if found.is_empty() {
        let problem = Problem::new(ProblemCode::NotFound);
        return Err(problem.with_detail(format!("there is no {english} {name}")).with_words(
            format!("No {english} “{name}”. `{list}` names them."),
            format!("没有{chinese}「{name}」。用 `{list}` 查看。"),
        ));
    }
    let ids = found.iter().map(Named::id).collect::<Vec<_>>().join(", ");
    Err(Problem::invalid(
        format!("Several {several} match “{name}”: {ids}. Name one by its id."),
        format!("有多个{chinese}与「{name}」匹配：{ids}。请用编号指明一个。"),
    ))
}

/// Whether a text can only mean an id or a number, or the beginning of one. A nickname may look like that, too.
fn names_an_id(name: &str) -> bool {
    let number = name.split_once(':').map_or(name, |(_, number)| number);
    number.bytes().all(|byte| byte.is_ascii_digit())
}

fn nobody(name: &str, accounts: &[Account]) -> Problem {
    let name = display_text::name(name).unwrap_or_default();
    let problem = Problem::new(ProblemCode::NotFound).with_detail(format!("no account is called {name}"));
    if accounts.is_empty() {
        return problem.with_words(
            format!("No account “{name}”: there is none yet. Sign in to add one."),
            format!("没有账号「{name}」：还没有添加任何账号，请先登录。"),
        );
    }
    let yours = listed(&accounts.iter().collect::<Vec<_>>());
    problem.with_words(
        format!("No account “{name}”. Yours: {yours}."),
        format!("没有账号「{name}」。已有账号：{yours}。"),
    )
}

fn ambiguous(name: &str, several: &[&Account]) -> Problem {
    let name = display_text::name(name).unwrap_or_default();
    let ids: Vec<_> = several.iter().map(|account| account.id.to_string()).collect();
    let (count, candidates) = (several.len(), listed(several));
    let many = if count == 2 { "Two".to_owned() } else { count.to_string() };
    Problem::new(ProblemCode::InvalidInput)
        .with_detail(format!("{name} could be {}", ids.join(" or ")))
        .with_words(
            format!("{many} accounts match “{name}”: {candidates}. Name one by its number."),
            format!("有 {count} 个账号与「{name}」匹配：{candidates}。请用账号编号指明一个。"),
        )
}

/// Accounts by id, and by nickname where there is one.
fn listed(accounts: &[&Account]) -> String {
    let named = accounts.iter().take(NAMED).map(|account| {
        if account.nickname == account.uid {
            account.id.to_string()
        } else {
            format!("{} ({})", account.id, account.nickname)
        }
    });
    let mut names = named.collect::<Vec<_>>().join(", ");
    if accounts.len() > NAMED {
        names.push_str(", …");
    }
    names
}

#[cfg(test)]
mod fuzz {
    use jiff::Timestamp;
    use tunekey_fuzz::{fuzz, text};
    use tunekey_services::{Method, ServiceId, netease, qqmusic};

    use super::*;
    use crate::account::{Health, KeyLifetime};
    use crate::export::Format;
    use crate::problem::Language;

    fn account(service: ServiceId, uid: &str, nickname: &str) -> Account {
        let issued_at = Timestamp::UNIX_EPOCH;
        Account {
            revision: 0,
            id: AccountId::new(service, uid),
            service,
            uid: uid.to_owned(),
            nickname: nickname.to_owned(),
            label: None,
            note: None,
            picture: None,
            method: Method::Paste,
            health: Health::Healthy,
            busy: None,
            life: KeyLifetime { issued_at, renew_at: None, expires_at: None },
            renewability: None,
            membership: None,
            checked_at: None,
            lights: Vec::new(),
            renewals: Vec::new(),
            format: Format::Header,
            copied: None,
            handed_over_at: None,
            last_error: None,
        }
    }

    #[test]
    fn the_name_of_an_account() {
        let accounts = [
            account(qqmusic::ID, "10001", "小明"),
            account(netease::ID, "90001", "10001"),
            account(netease::ID, "90002", "小明"),
        ];
        fuzz!(["qqmusic:10001", "10001", "小明", "netease:"], |input: &[u8]| {
            let name = text(input);
            match find(&accounts, &name) {
                Ok(id) => assert!(
                    id.uid.starts_with(&*name) || id.to_string().starts_with(&*name),
                    "{name} is no {id}"
                ),
                Err(problem) => {
                    for language in [Language::English, Language::Chinese] {
                        assert!(problem.message(language).len() < 8 * 1024, "it says too much");
                    }
                }
            }
        });
    }
}
