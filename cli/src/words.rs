//! Accounts and times in words.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tunekey_core::account::{Account, Health, RenewalOutcome, SignInReason, Tier};
use tunekey_core::display_text::columns;
use tunekey_core::problem::Language;
use tunekey_core::service::{CredentialPart, PasteFormat, Recognised};
use tunekey_core::tunekey::SystemProxyInfo;

/// For how many columns a list leaves room for a name.
const NAME_COLUMNS: usize = 20;

/// One line: id, name, health.
pub(crate) fn line(account: &Account, language: Language) -> String {
    // The name comes padded, so that what follows it stands in one column for names of Han letters, too.
    let padding = " ".repeat(NAME_COLUMNS.saturating_sub(columns(&account.nickname)));
    format!("{:<28} {}{padding}  {}", account.id.to_string(), account.nickname, health(account, language))
}

/// Everything about one account, a line each.
pub(crate) fn sheet(account: &Account, language: Language) -> String {
    let mut rows = vec![
        (language.pick("Account", "账号"), account.id.to_string()),
        (language.pick("Name", "昵称"), account.nickname.clone()),
        (language.pick("Signed in by", "登录方式"), account.method.to_string()),
        (language.pick("State", "状态"), health(account, language)),
        (language.pick("Key issued", "密钥签发"), time(account.life.issued_at)),
    ];
    if let Some(at) = account.life.renew_at {
        rows.push((language.pick("Next renewal", "下次续期"), time(at)));
    }
    rows.push((
        language.pick("Key expires", "密钥到期"),
        account.life.expires_at.map_or_else(|| language.pick("unknown", "未知").to_owned(), time),
    ));
    for status in account.membership.iter().flat_map(|membership| &membership.tiers) {
        let state = match (status.active, status.until) {
            (true, Some(until)) => format!("{} {}", language.pick("until", "至"), time(until)),
            (true, None) => language.pick("active", "有效").to_owned(),
            (false, Some(until)) => format!("{} {}", language.pick("ended", "已于此时到期："), time(until)),
            (false, None) => language.pick("not active", "未开通").to_owned(),
        };
        rows.push((tier(status.tier, language), state));
    }
    if let Some(at) = account.checked_at {
        rows.push((language.pick("Checked", "上次检查"), time(at)));
    }
    if let Some(last) = account.renewals.first() {
        rows.push((
            language.pick("Last renewal", "上次续期"),
            format!("{}  {}", time(last.at), outcome(last.outcome, language)),
        ));
    }
    if let Some(trouble) = &account.trouble {
        rows.push((language.pick("Trouble", "问题"), trouble.message(language)));
    }
    let width = rows.iter().map(|(name, _)| columns(name)).max().unwrap_or(0);
    let mut sheet = String::new();
    for (name, value) in rows {
        sheet.push_str(&format!("{name}{}  {value}\n", " ".repeat(width - columns(name))));
    }
    sheet
}

/// What the system names as its proxy, behind the word that has it used.
pub(crate) fn system_proxy(system: &SystemProxyInfo, language: Language) -> String {
    match (&system.problem, &system.address, &system.source) {
        (Some(problem), ..) => format!("  {}", problem.message(language)),
        (None, Some(address), Some(source)) => {
            format!("  ({address}{}{source})", language.pick(", named by ", "，来自 "))
        }
        (None, ..) => String::new(),
    }
}

/// What came of a renewal.
pub(crate) fn outcome(outcome: RenewalOutcome, language: Language) -> &'static str {
    match outcome {
        RenewalOutcome::Renewed => language.pick("renewed, new key", "已续期，密钥已更换"),
        RenewalOutcome::Unchanged => language.pick("still valid, key unchanged", "仍有效，密钥未变"),
        RenewalOutcome::Rejected => language.pick("rejected, session ended", "被拒绝，会话已结束"),
        RenewalOutcome::Failed => language.pick("failed, nothing lost", "失败，没有丢失任何内容"),
    }
}

/// A moment in the computer's time zone.
pub(crate) fn time(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// A time of today in the computer's time zone, for what is seconds away.
pub(crate) fn clock(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%H:%M:%S").to_string()
}

/// What a pasted text holds: its shape, what is there and what is not, and whether it can be renewed.
pub(crate) fn recognised(recognised: &Recognised, language: Language) -> String {
    let Recognised { format, fields, parts, renewable } = recognised;
    let separator = language.pick(", ", "、");
    let named = |found: bool| {
        let parts = parts.iter().filter(|one| one.found == found).map(|one| part(one.part, language));
        parts.collect::<Vec<_>>().join(separator)
    };
    let (found, missing) = (named(true), named(false));
    let mut rows = vec![match language {
        Language::English => {
            format!("Recognised {} with {fields} fields. Found: {found}.", shape(*format, language))
        }
        Language::Chinese => {
            format!("识别为{}，共 {fields} 个字段。已找到：{found}。", shape(*format, language))
        }
    }];
    if !missing.is_empty() {
        rows.push(format!("{}{missing}{}", language.pick("Missing: ", "缺少："), language.pick(".", "。")));
    }
    rows.push(
        if *renewable {
            language.pick("It can be renewed.", "可以续期。")
        } else {
            language.pick(
                "It can’t be renewed: when it ends, paste another or sign in by another way.",
                "无法续期：失效后请重新粘贴，或换一种登录方式。",
            )
        }
        .to_owned(),
    );
    rows.join("\n")
}

fn shape(format: PasteFormat, language: Language) -> &'static str {
    match format {
        PasteFormat::CookieHeader => language.pick("a Cookie header", " Cookie 请求头"),
        PasteFormat::SetCookie => language.pick("Set-Cookie lines", " Set-Cookie 行"),
        PasteFormat::JsonObject => language.pick("a JSON object", " JSON 对象"),
        PasteFormat::BrowserExport => language.pick("a browser extension’s export", "浏览器扩展导出的 JSON"),
        PasteFormat::QqmusicApi => language.pick("a qqmusic-api Credential", " qqmusic-api 的 Credential"),
        PasteFormat::Netscape => language.pick("a Netscape cookies.txt", " Netscape cookies.txt"),
        PasteFormat::Curl => language.pick("a curl command", " curl 命令"),
        PasteFormat::Har => language.pick("a HAR file", " HAR 文件"),
        PasteFormat::Bare => language.pick("a bare key", "单独的密钥"),
    }
}

fn part(part: CredentialPart, language: Language) -> &'static str {
    match part {
        CredentialPart::AccountId => language.pick("account number (uin)", "账号（uin）"),
        CredentialPart::MusicKey => language.pick("key (qm_keyst)", "密钥（qm_keyst）"),
        CredentialPart::Session => language.pick("session (MUSIC_U)", "会话（MUSIC_U）"),
        CredentialPart::CsrfToken => "__csrf",
        CredentialPart::RefreshToken => language.pick("refresh token", "刷新令牌"),
    }
}

fn health(account: &Account, language: Language) -> String {
    match account.health {
        Health::Healthy => language.pick("healthy", "正常").to_owned(),
        Health::RenewsSoon => language.pick("renews soon", "即将续期").to_owned(),
        Health::NeedsSignIn { since, reason } => {
            let why = match reason {
                SignInReason::Rejected => language.pick("refused by the service", "被对方服务拒绝"),
                SignInReason::Missing => language.pick("missing from the keychain", "密钥环中已不存在"),
            };
            format!("{} ({why}, {})", language.pick("needs sign-in", "需重新登录"), time(since))
        }
    }
}

fn tier(tier: Tier, language: Language) -> &'static str {
    match tier {
        Tier::QqGreen => language.pick("Green Diamond", "绿钻"),
        Tier::QqLuxuryGreen => language.pick("Luxury Green Diamond", "豪华绿钻"),
        Tier::QqSuper => language.pick("Super member", "超级会员"),
        Tier::NeteaseMusicPackage => language.pick("Music package", "音乐包"),
        Tier::NeteaseVinyl => language.pick("Black Vinyl", "黑胶 VIP"),
        Tier::NeteaseVinylSuper => language.pick("Black Vinyl SVIP", "黑胶 SVIP"),
    }
}

#[cfg(test)]
mod tests {
    use tunekey_core::account::{AccountId, KeyLife, Method, ServiceId};
    use tunekey_core::export::Format;

    use super::*;

    #[test]
    fn what_follows_a_name_stands_in_one_column_whatever_letters_the_name_has() {
        let at = Timestamp::UNIX_EPOCH;
        let place = |nickname: &str| {
            let id = AccountId::new(ServiceId::QqMusic, "10001");
            let account = Account {
                service: id.service,
                uid: id.uid.clone(),
                id,
                nickname: nickname.to_owned(),
                avatar: None,
                method: Method::QqScan,
                health: Health::Healthy,
                busy: None,
                life: KeyLife { issued_at: at, renew_at: None, expires_at: None },
                membership: None,
                checked_at: None,
                renewals: Vec::new(),
                format: Format::Header,
                trouble: None,
            };
            let line = line(&account, Language::English);
            columns(line.strip_suffix("healthy").expect("it is healthy"))
        };
        let place_of = place("lin");
        for nickname in ["林间有风", "ｆｕｌｌ", "nà\u{301}ï", "한국어", "🎵"] {
            assert_eq!(place(nickname), place_of, "{nickname}");
        }
    }
}
