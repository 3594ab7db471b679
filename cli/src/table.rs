//! Tables with aligned columns, and the accounts in them. For `commands.rs`.

use tunekey_core::{Account, Language, Method};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr};

use crate::text;
use crate::wrap::wrapped;

/// The gap between two columns, in spaces.
const GAP: usize = 2;
/// The widest nickname in a row, in columns; a longer one is truncated.
const MAX_NAME_WIDTH: usize = 20;

/// The accounts as a table with headings; two short lines for each account where a row does not fit.
pub(crate) fn accounts(accounts: &[Account], columns: Option<u32>, language: Language) -> String {
    let headings = [("ACCOUNT", "账号"), ("NAME", "昵称"), ("STATE", "状态"), ("KEY ENDS", "密钥到期")]
        .into_iter()
        .chain([("RENEWS", "下次续期"), ("MEMBERSHIP", "会员")]);
    let headings = headings.map(|(english, chinese)| language.pick(english, chinese).to_owned());
    let mut rows = vec![headings.collect::<Vec<_>>()];
    rows.extend(accounts.iter().map(|account| row(account, language)));
    let table = aligned(&rows);
    let widest = table.lines().map(UnicodeWidthStr::width).max().unwrap_or(0);
    match columns {
        Some(columns) if widest > columns as usize => accounts
            .iter()
            .map(|account| wrapped(&short_lines(account, language), columns as usize) + "\n")
            .collect(),
        _ => table,
    }
}

fn row(account: &Account, language: Language) -> Vec<String> {
    vec![
        account.id.to_string(),
        truncated(&account.nickname, MAX_NAME_WIDTH),
        text::health(&account.health, language).to_owned(),
        expiry(account, language),
        renewal(account, language),
        text::membership(account, language),
    ]
}

fn short_lines(account: &Account, language: Language) -> String {
    let (end, renewal) = (expiry(account, language), renewal(account, language));
    let membership = match text::tier_held(account) {
        Some(tier) => text::tier(account.service, tier, language),
        None if account.membership.is_some() => language.pick("no membership", "无会员").to_owned(),
        None => language.pick("membership unknown", "会员状态未知").to_owned(),
    };
    let name = truncated(&account.nickname, MAX_NAME_WIDTH);
    let first = format!("{}  {name}  {}", account.id, text::health(&account.health, language));
    match language {
        Language::English => format!("{first}\n  key ends {end}; renews {renewal}; {membership}"),
        Language::Chinese => format!("{first}\n  密钥到期：{end}；下次续期：{renewal}；{membership}"),
    }
}

fn expiry(account: &Account, language: Language) -> String {
    account.life.expires_at.map_or_else(|| language.pick("unknown", "未知").to_owned(), text::time)
}

fn renewal(account: &Account, language: Language) -> String {
    // The time that was planned before does not count any more.
    let renews = !account.health.needs_sign_in();
    account
        .life
        .renew_at
        .filter(|_| renews)
        .map_or_else(|| language.pick("never", "不续期").to_owned(), text::time)
}

/// Rows with their cells aligned in columns, a line each. No spaces follow the last cell of a row.
pub(crate) fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max();
    let widths: Vec<_> = (0..columns).map(|column| widest(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        for (index, cell) in row.iter().enumerate() {
            text.push_str(cell);
            if index + 1 < row.len() {
                text.push_str(&" ".repeat(widths[index] - cell.width() + GAP));
            }
        }
        text.push('\n');
    }
    text
}

/// Text that takes no more than so many columns, with an ellipsis where it was truncated.
fn truncated(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut width = 0;
    for character in text.chars() {
        width += character.width().unwrap_or(0);
        if width > columns - 1 {
            break;
        }
        kept.push(character);
    }
    kept + "…"
}

/// Everything about one account, a line each.
pub(crate) fn details(account: &Account, language: Language) -> String {
    let label = |english, chinese| language.pick(english, chinese).to_owned();
    let mut rows = vec![
        (label("Account", "账号"), account.id.to_string()),
        (label("Name", "昵称"), account.nickname.clone()),
        (label("Signed in by", "登录方式"), text::method(account.method, language).to_owned()),
        (label("State", "状态"), text::health_with_time(account, language)),
        (label("Key issued", "密钥签发"), text::time(account.life.issued_at)),
    ];
    if let Some(at) = account.life.renew_at.filter(|_| !account.health.needs_sign_in()) {
        rows.push((label("Next renewal", "下次续期"), text::time(at)));
    }
    if let Some(since) = account.handed_over_at.filter(|_| account.method != Method::CookieCloud) {
        rows.push((label("Handed over", "已移交续期"), text::time(since)));
    }
    rows.push((
        label("Key expires", "密钥到期"),
        account.life.expires_at.map_or_else(|| language.pick("unknown", "未知").to_owned(), text::time),
    ));
    for status in account.membership.iter().flat_map(|membership| &membership.tiers) {
        let state = match (status.active, status.until) {
            (true, Some(until)) => format!("{} {}", language.pick("until", "至"), text::time(until)),
            (true, None) => language.pick("active", "有效").to_owned(),
            (false, Some(until)) => {
                format!("{} {}", language.pick("ended", "已于此时到期："), text::time(until))
            }
            (false, None) => language.pick("not active", "未开通").to_owned(),
        };
        rows.push((text::tier(account.service, status.tier, language), state));
    }
    if let Some(at) = account.checked_at {
        rows.push((label("Verified", "上次验证"), text::time(at)));
    }
    for light in &account.lights {
        let kind = text::light_kind(light.kind, language).to_owned();
        rows.push((kind, text::light_proof(*light, language)));
    }
    if let Some(last) = account.renewals.first() {
        rows.push((
            label("Last renewal", "上次续期"),
            format!(
                "{}  {}",
                text::time(last.at),
                text::renewal_outcome(last, account.life.expires_at, language)
            ),
        ));
    }
    if let Some(last_error) = &account.last_error {
        let message = last_error.message(language).replace('\n', " ");
        rows.push((label("Trouble", "问题"), message));
    }
    aligned(&rows.into_iter().map(|(name, value)| vec![name, value]).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tests::account;

    #[test]
    fn columns_stand_under_each_other_whatever_the_names_are_written_in() {
        let listed =
            [account("qqmusic:10001", "小满"), account("netease:90001", "Ada"), account("netease:2", "🎧")];
        for language in [Language::English, Language::Chinese] {
            let table = accounts(&listed, None, language);
            let state = text::health(&listed[0].health, language);
            let places: Vec<_> = table
                .lines()
                .skip(1)
                .map(|line| line[..line.find(state).expect("each row has a state")].width())
                .collect();
            assert!(places.iter().all(|place| *place == places[0]), "{table}");
            assert_eq!(table.lines().count(), listed.len() + 1, "a heading and a row each");
        }
    }

    #[test]
    fn the_end_the_next_renewal_and_the_membership_are_there_in_every_width() {
        let listed = [account("qqmusic:1152921504606847123", "小满")];
        for columns in [None, Some(200), Some(80), Some(40)] {
            let table = accounts(&listed, columns, Language::English);
            for word in ["2026-09-24", "2026-09-22", "Green Diamond", "小满"] {
                assert!(table.contains(word), "{word} in {table}");
            }
        }
        let mut longest = listed[0].clone();
        if let Some(membership) = &mut longest.membership {
            membership.tiers[0].tier = tunekey_core::Tier::new("qq_luxury_green");
        }
        for language in [Language::English, Language::Chinese] {
            let narrow = accounts(std::slice::from_ref(&longest), Some(80), language);
            assert!(narrow.lines().all(|line| line.width() <= 80), "{narrow}");
        }
    }

    #[test]
    fn an_account_that_needs_a_sign_in_promises_no_renewal() {
        let mut dead = account("qqmusic:10001", "x");
        let (since, reason) = (dead.life.issued_at, tunekey_core::SignInReason::Rejected);
        dead.health = tunekey_core::Health::NeedsSignIn { since, reason };
        for columns in [None, Some(40)] {
            let table = accounts(std::slice::from_ref(&dead), columns, Language::English);
            assert!(table.contains("never") && !table.contains("2026-09-22"), "{table}");
        }
        assert!(!details(&dead, Language::English).contains("Next renewal"));
    }

    #[test]
    fn an_account_that_was_handed_over_says_since_when() {
        let mut account = account("qqmusic:10001", "x");
        assert!(!details(&account, Language::English).contains("Handed over"));
        account.handed_over_at = Some(account.life.issued_at);
        assert!(details(&account, Language::English).contains("Handed over"));
    }

    #[test]
    fn a_long_name_is_truncated_where_its_column_ends() {
        assert_eq!(truncated("小满小满小满", 6), "小满…");
        assert_eq!(truncated("short", 6), "short");
    }
}
