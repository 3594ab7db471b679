//! What the tray menu says: a pure function of the snapshot, the time and the language. No secrets, no account numbers.
//! Only `tray.rs` uses this.

use jiff::Timestamp;
use tunekey_core::{
    Account, AccountId, Busy, Health, Language, Snapshot, StoreKind, StoreState, WarningReason,
};

use crate::text::{self, Phrase};

/// One entry of the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    /// A line to read, not to click.
    Status(String),
    /// A command.
    Command {
        /// What it does.
        command: Command,
        /// What it says.
        text: String,
    },
    /// A menu of its own.
    Submenu {
        /// What it says.
        text: String,
        /// What is in it.
        entries: Vec<Self>,
    },
    /// A line between groups.
    Separator,
}

/// What can be clicked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Command {
    /// Copy an account's cookie in its own format.
    Copy(AccountId),
    /// Renew an account.
    Renew(AccountId),
    /// Show the window where the account can be signed in again.
    SignIn(AccountId),
    /// Renew every account.
    RenewAll,
    /// Show the window.
    Open,
    /// End the app.
    Quit,
}

/// Which of the tray icons to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Icon {
    /// Nothing to do.
    Healthy,
    /// Something is being renewed.
    Renewing,
    /// An account works and will not go on by itself.
    NeedsAttention,
    /// An account needs a new sign-in.
    NeedsSignIn,
    /// The keychain cannot be used.
    Locked,
}

/// The most accounts that are listed flat; more are submenus.
const FLAT_LIMIT: usize = 3;

/// The entries of the menu at `now`. `store` is what keeps the credentials; `api` is the line about the local API, if
/// there is something to say of it; `can_copy` is whether they offer to copy cookies.
pub(crate) fn entries(
    snapshot: &Snapshot,
    store: StoreKind,
    api: Option<String>,
    now: Timestamp,
    can_copy: bool,
    language: Language,
) -> Vec<Entry> {
    let mut entries = Vec::new();
    let accounts = &snapshot.accounts;
    let closed = store_line(store, snapshot.store, language);
    if let Some(line) = closed {
        entries.extend([Entry::Status(line), Entry::Separator]);
    } else if accounts.len() > FLAT_LIMIT {
        entries.extend([Entry::Status(summary(accounts, language)), Entry::Separator]);
    }
    if accounts.len() > FLAT_LIMIT {
        entries.extend(accounts.iter().map(|account| submenu(account, now, can_copy, language)));
        entries.push(Entry::Separator);
    } else {
        for account in accounts {
            let state = state_text(account, now, language);
            entries.push(Entry::Status(format!(
                "{} {} · {state}",
                health_symbol(account),
                account.short_name()
            )));
            entries.extend(commands(account, can_copy, language));
            entries.push(Entry::Separator);
        }
    }
    if let Some(line) = api {
        entries.extend([Entry::Status(line), Entry::Separator]);
    }
    if !accounts.is_empty() {
        entries.push(command(Command::RenewAll, Phrase::RenewAll, language));
    }
    entries.push(command(Command::Open, Phrase::Open, language));
    entries.push(Entry::Separator);
    entries.push(command(Command::Quit, Phrase::Quit, language));
    entries
}

/// The icon that sums the accounts up.
pub(crate) fn icon(snapshot: &Snapshot) -> Icon {
    if snapshot.store != StoreState::Ready {
        Icon::Locked
    } else if snapshot.accounts.iter().any(|account| account.busy == Some(Busy::Renewing)) {
        Icon::Renewing
    } else if snapshot.accounts.iter().any(needs_sign_in) {
        Icon::NeedsSignIn
    } else if snapshot.accounts.iter().any(needs_attention) {
        Icon::NeedsAttention
    } else {
        Icon::Healthy
    }
}

fn submenu(account: &Account, now: Timestamp, can_copy: bool, language: Language) -> Entry {
    let service = language.service_name(account.service);
    let mut entries =
        vec![Entry::Status(format!("{service} · {}", state_text(account, now, language))), Entry::Separator];
    entries.extend(commands(account, can_copy, language));
    Entry::Submenu { text: format!("{} {}", health_symbol(account), account.short_name()), entries }
}

fn commands(account: &Account, can_copy: bool, language: Language) -> Vec<Entry> {
    let id = account.id.clone();
    let sign_in = command(Command::SignIn(id.clone()), Phrase::SignInAgain, language);
    if needs_sign_in(account) {
        return vec![sign_in];
    }
    let copy = can_copy.then(|| command(Command::Copy(id.clone()), Phrase::CopyCookie, language));
    // What is not renewed by itself is renewed by nobody else.
    let next = match account.health {
        Health::Warning { reason: WarningReason::NotRenewable, .. } => sign_in,
        _ => command(Command::Renew(id), Phrase::Renew, language),
    };
    copy.into_iter().chain([next]).collect()
}

fn command(command: Command, phrase: Phrase, language: Language) -> Entry {
    Entry::Command { command, text: phrase.text(language).to_owned() }
}

fn store_line(store: StoreKind, state: StoreState, language: Language) -> Option<String> {
    let is_locked = match state {
        StoreState::Ready => return None,
        StoreState::Locked => true,
        StoreState::Unavailable | StoreState::Denied | StoreState::Silent => false,
    };
    Some(format!("▲ {}", text::store_closed(store, is_locked, language)))
}

fn summary(accounts: &[Account], language: Language) -> String {
    let count = |of: fn(&Account) -> bool| accounts.iter().filter(|account| of(account)).count();
    match (count(needs_sign_in), count(needs_attention)) {
        (0, 0) => format!("● {}", Phrase::AllHealthy.text(language)),
        (0, some) => format!("◐ {}", text::need_attention(some, language)),
        (some, _) => format!("▲ {}", text::need_sign_in(some, language)),
    }
}

/// What an account is doing, in words.
fn state_text(account: &Account, now: Timestamp, language: Language) -> String {
    if account.busy == Some(Busy::Renewing) {
        return Phrase::Renewing.text(language).to_owned();
    }
    match account.health {
        Health::NeedsSignIn { .. } => Phrase::NeedsSignIn.text(language).to_owned(),
        Health::Warning { .. } => Phrase::NeedsAttention.text(language).to_owned(),
        Health::Healthy | Health::RenewsSoon => match account.life.renew_at {
            Some(at) => text::renews_in(at, now, language),
            None => Phrase::Healthy.text(language).to_owned(),
        },
    }
}

/// An account's health as a symbol: a menu has no colours, and colour alone would not do anyway.
fn health_symbol(account: &Account) -> char {
    match account.health {
        Health::Healthy => '●',
        Health::RenewsSoon | Health::Warning { .. } => '◐',
        Health::NeedsSignIn { .. } => '▲',
    }
}

fn needs_attention(account: &Account) -> bool {
    matches!(account.health, Health::Warning { .. })
}

fn needs_sign_in(account: &Account) -> bool {
    account.health.needs_sign_in()
}

#[cfg(test)]
mod tests {
    use tunekey_core::{NotificationSettings, Settings, SignInReason};

    use super::*;
    use crate::fixtures::{NOW, account};

    fn dead() -> Health {
        Health::NeedsSignIn { since: NOW, reason: SignInReason::Rejected }
    }

    fn snapshot(accounts: Vec<Account>) -> Snapshot {
        Snapshot {
            revision: 1,
            accounts,
            deliveries: Vec::new(),
            store: StoreState::Ready,
            settings: Settings::default(),
            notifications: NotificationSettings::default(),
            notice: None,
            system_proxy: None,
        }
    }

    /// The menu as a person would read it out.
    fn lines(entries: &[Entry]) -> Vec<String> {
        let mut lines = Vec::new();
        for entry in entries {
            match entry {
                Entry::Status(text) => lines.push(format!("({text})")),
                Entry::Command { text, .. } => lines.push(text.clone()),
                Entry::Submenu { text, entries } => {
                    lines.push(format!("{text} >"));
                    lines.extend(self::lines(entries).into_iter().map(|line| format!("  {line}")));
                }
                Entry::Separator => lines.push("-".to_owned()),
            }
        }
        lines
    }

    fn read(snapshot: &Snapshot, language: Language) -> Vec<String> {
        lines(&entries(snapshot, StoreKind::Keychain, None, NOW, true, language))
    }

    #[test]
    fn a_menu_that_may_not_copy_offers_everything_else() {
        let mut accounts = vec![account("1", "Ada", Health::Healthy)];
        for count in [1, FLAT_LIMIT + 1] {
            accounts.resize_with(count, || account("2", "Bo", Health::Healthy));
            let snapshot = snapshot(accounts.clone());
            let said = |can_copy| {
                format!(
                    "{:?}",
                    entries(&snapshot, StoreKind::Keychain, None, NOW, can_copy, Language::English)
                )
            };
            assert!(said(true).contains("Copy(") && !said(false).contains("Copy"), "{count} accounts");
            assert!(said(false).contains("Renew("), "{count} accounts");
        }
    }

    #[test]
    fn without_an_account_there_is_nothing_to_refresh() {
        assert_eq!(read(&snapshot(Vec::new()), Language::English), ["Open TuneKey", "-", "Quit"]);
    }

    #[test]
    fn the_local_api_has_a_line_to_read_while_there_is_something_to_say_of_it() {
        let api = Some("Local API on · nas, just now".to_owned());
        let entries = entries(&snapshot(Vec::new()), StoreKind::Keychain, api, NOW, true, Language::English);
        assert_eq!(lines(&entries), ["(Local API on · nas, just now)", "-", "Open TuneKey", "-", "Quit"]);
    }

    #[test]
    fn up_to_three_accounts_are_listed_flat() {
        let snapshot = snapshot(vec![
            account("1", "Lin Jian", Health::Healthy),
            account("2", "Xiaoman", Health::RenewsSoon),
            account("3", "Mori", dead()),
        ]);
        let expected = [
            "(● Lin Jian · Renews in 21 h)",
            "Copy cookie",
            "Renew",
            "-",
            "(◐ Xiaoman · Renews in 21 h)",
            "Copy cookie",
            "Renew",
            "-",
            "(▲ Mori · Needs sign-in)",
            "Sign in again…",
            "-",
            "Renew all",
            "Open TuneKey",
            "-",
            "Quit",
        ];
        assert_eq!(read(&snapshot, Language::English), expected);
    }

    #[test]
    fn from_four_accounts_on_there_are_submenus_and_a_summary() {
        let mut accounts: Vec<_> =
            (1..=3).map(|n| account(&n.to_string(), &format!("小满{n}"), Health::Healthy)).collect();
        accounts.push(account("4", "森", dead()));
        let lines = read(&snapshot(accounts), Language::Chinese);
        assert_eq!(lines[..3], ["(▲ 1 个账号需重新登录)", "-", "● 小满1 >"]);
        assert_eq!(lines[3..7], ["  (QQ 音乐 · 21 小时后续期)", "  -", "  复制 Cookie", "  续期"]);
        assert!(lines.contains(&"▲ 森 >".to_owned()), "{lines:?}");
    }

    #[test]
    fn a_locked_keychain_is_said_before_everything_else() {
        let mut snapshot = snapshot(vec![account("1", "Lin Jian", Health::Healthy)]);
        snapshot.store = StoreState::Locked;
        assert_eq!(read(&snapshot, Language::English)[0], "(▲ Keychain locked)");
        assert_eq!(icon(&snapshot), Icon::Locked);
    }

    #[test]
    fn a_database_that_is_gone_is_called_one() {
        let mut snapshot = snapshot(vec![account("1", "Lin Jian", Health::Healthy)]);
        snapshot.store = StoreState::Unavailable;
        let first =
            |language| lines(&entries(&snapshot, StoreKind::Postgres, None, NOW, true, language)).remove(0);
        assert_eq!(first(Language::English), "(▲ Database unavailable)");
        assert_eq!(first(Language::Chinese), "(▲ 数据库不可用)");
    }

    #[test]
    fn an_account_that_is_being_renewed_says_so() {
        let mut snapshot = snapshot(vec![account("1", "Lin Jian", Health::Healthy)]);
        snapshot.accounts[0].busy = Some(Busy::Renewing);
        assert_eq!(read(&snapshot, Language::English)[0], "(● Lin Jian · Renewing…)");
        assert_eq!(icon(&snapshot), Icon::Renewing);
    }

    #[test]
    fn the_icon_shows_the_account_that_needs_a_person() {
        let snapshot = snapshot(vec![account("1", "a", Health::RenewsSoon), account("2", "b", dead())]);
        assert_eq!(icon(&snapshot), Icon::NeedsSignIn);
        assert_eq!(icon(&self::snapshot(Vec::new())), Icon::Healthy, "no account is no trouble");
    }

    #[test]
    fn an_account_that_will_not_go_on_by_itself_is_never_called_healthy() {
        let warned = |reason| account("9", "Mori", Health::Warning { since: NOW, reason });
        let mut accounts: Vec<_> = (1..=3).map(|n| account(&n.to_string(), "Ada", Health::Healthy)).collect();
        accounts.push(warned(WarningReason::RenewalFailing));
        let menu = snapshot(accounts.clone());
        assert_eq!(read(&menu, Language::English)[0], "(◐ 1 account needs attention)");
        assert_eq!(icon(&menu), Icon::NeedsAttention);
        accounts.push(account("5", "Bo", dead()));
        let menu = snapshot(accounts);
        assert_eq!(read(&menu, Language::English)[0], "(▲ 1 account needs sign-in)", "the worst is said");
        assert_eq!(icon(&menu), Icon::NeedsSignIn);
        let menu = snapshot(vec![warned(WarningReason::NotRenewable)]);
        let lines = read(&menu, Language::English);
        assert_eq!(lines[..3], ["(◐ Mori · Needs attention)", "Copy cookie", "Sign in again…"], "one click");
    }

    #[test]
    fn no_text_shows_an_account_number() {
        let accounts =
            (1..=5).map(|n| account(&format!("10000012{n}"), "Lin Jian", Health::Healthy)).collect();
        let all = read(&snapshot(accounts), Language::English).join("\n");
        assert!(!all.contains("1000001"), "{all}");
    }
}
