//! Accounts and times in words.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tunekey_core::account::{Account, Health, Method, RenewalOutcome, ServiceId, SignInReason, Tier};
use tunekey_core::problem::Language;
use tunekey_core::service::{CredentialPart, PasteFormat, Recognised};

use crate::{exit, table};

/// The longest foreign text that is shown, in characters.
const LONGEST_FOREIGN: usize = 64;

/// One line: id, name, health.
pub(crate) fn line(account: &Account, language: Language) -> String {
    format!("{}  {}  {}", account.id, plain(&account.nickname), state(account, language))
}

/// A text that somebody else wrote, so that it stays one short piece of one line.
pub(crate) fn plain(text: &str) -> String {
    let mut shown: String = text.chars().filter(|c| is_shown(*c)).take(LONGEST_FOREIGN + 1).collect();
    if let Some((end, _)) = shown.char_indices().nth(LONGEST_FOREIGN) {
        shown.truncate(end);
        shown.push('…');
    }
    shown
}

/// Sentences that may quote somebody else: whole, but for what would act on the terminal.
pub(crate) fn harmless(text: &str) -> String {
    text.chars().filter(|c| *c == '\n' || is_shown(*c)).collect()
}

/// Whether a character only stands there: it moves no cursor, turns no direction of writing, and can be seen.
fn is_shown(c: char) -> bool {
    let turns_or_hides = matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    );
    !c.is_control() && !turns_or_hides
}

/// Everything about one account, a line each.
pub(crate) fn sheet(account: &Account, language: Language) -> String {
    let mut rows = vec![
        (language.pick("Account", "账号"), account.id.to_string()),
        (language.pick("Name", "昵称"), plain(&account.nickname)),
        (language.pick("Signed in by", "登录方式"), method(account.method, language).to_owned()),
        (language.pick("State", "状态"), state(account, language)),
        (language.pick("Key issued", "密钥签发"), time(account.life.issued_at)),
    ];
    if let Some(at) = account.life.renew_at.filter(|_| !exit::needs_sign_in(&account.health)) {
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
        rows.push((language.pick("Verified", "上次验证"), time(at)));
    }
    if let Some(last) = account.renewals.first() {
        rows.push((
            language.pick("Last renewal", "上次续期"),
            format!("{}  {}", time(last.at), outcome(last.outcome, language)),
        ));
    }
    if let Some(trouble) = &account.trouble {
        let message = harmless(&trouble.message(language)).replace('\n', " ");
        rows.push((language.pick("Trouble", "问题"), message));
    }
    let rows: Vec<Vec<String>> = rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    table::aligned(&rows)
}

/// What came of a renewal.
pub(crate) fn outcome(outcome: RenewalOutcome, language: Language) -> &'static str {
    match outcome {
        RenewalOutcome::Renewed => language.pick("renewed, new key", "已续期，密钥已更换"),
        RenewalOutcome::Unchanged => language.pick("still valid, key unchanged", "仍有效，密钥未变"),
        RenewalOutcome::Rejected => language.pick("rejected, session ended", "被拒绝，会话已结束"),
        RenewalOutcome::Failed => language.pick("failed, nothing lost", "未成功，没有丢失任何内容"),
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

/// How an account is doing, with since when where that matters.
fn state(account: &Account, language: Language) -> String {
    let words = health(&account.health, language);
    match since(&account.health) {
        Some(at) => match language {
            Language::English => format!("{words}, since {}", time(at)),
            Language::Chinese => format!("{words}，自 {} 起", time(at)),
        },
        None => words.to_owned(),
    }
}

/// How an account is doing: the one place that says it.
pub(crate) fn health(health: &Health, language: Language) -> &'static str {
    match health {
        Health::Healthy => language.pick("works", "正常"),
        Health::RenewsSoon => language.pick("works, renews soon", "正常，即将续期"),
        Health::NeedsSignIn { reason: SignInReason::Rejected, .. } => {
            language.pick("needs sign-in: refused by the service", "需重新登录：被对方服务拒绝")
        }
        Health::NeedsSignIn { reason: SignInReason::Missing, .. } => {
            language.pick("needs sign-in: missing from the keychain", "需重新登录：系统密钥环中没有凭据")
        }
    }
}

fn since(health: &Health) -> Option<Timestamp> {
    match health {
        Health::Healthy | Health::RenewsSoon => None,
        Health::NeedsSignIn { since, .. } => Some(*since),
    }
}

/// A way in, as people call it.
pub(crate) fn method(method: Method, language: Language) -> &'static str {
    match method {
        Method::QqScan => language.pick("scan with QQ", "QQ 扫码"),
        Method::WechatScan => language.pick("scan with WeChat", "微信扫码"),
        Method::AppScan => language.pick("scan with the app", "App 扫码"),
        Method::Phone => language.pick("phone code", "手机验证码"),
        Method::OfficialPage => language.pick("official page", "官方页面"),
        Method::Paste => language.pick("pasted cookie", "粘贴 Cookie"),
    }
}

/// A service, as people call it.
pub(crate) fn service(service: ServiceId, language: Language) -> &'static str {
    match service {
        ServiceId::QqMusic => language.pick("QQ Music", "QQ 音乐"),
        ServiceId::Netease => language.pick("NetEase Cloud Music", "网易云音乐"),
    }
}

/// The best tier that an account holds.
pub(crate) fn tier_held(account: &Account) -> Option<Tier> {
    let tiers = &account.membership.as_ref()?.tiers;
    tiers.iter().rfind(|status| status.active).map(|status| status.tier)
}

/// The membership in a word.
pub(crate) fn membership(account: &Account, language: Language) -> &'static str {
    match tier_held(account) {
        Some(held) => tier(held, language),
        None if account.membership.is_some() => language.pick("none", "无"),
        None => language.pick("unknown", "未知"),
    }
}

pub(crate) fn tier(tier: Tier, language: Language) -> &'static str {
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
pub(crate) mod tests {
    use tunekey_core::account::{AccountId, KeyLife, Membership, TierStatus};
    use tunekey_core::export::Format;
    use tunekey_core::problem::{Problem, ProblemCode};

    use super::*;

    /// An account that works.
    pub(crate) fn account(id: &str, nickname: &str) -> Account {
        let id: AccountId = id.parse().expect("it is an id");
        let at = |seconds| Timestamp::from_second(seconds).expect("it is a time");
        let tier = |tier, active| TierStatus { tier, active, until: None };
        Account {
            service: id.service,
            uid: id.uid.clone(),
            id,
            nickname: nickname.to_owned(),
            avatar: None,
            method: Method::QqScan,
            health: Health::Healthy,
            busy: None,
            life: KeyLife {
                issued_at: at(1_790_000_000),
                renew_at: Some(at(1_790_072_000)),
                expires_at: Some(at(1_790_259_200)),
            },
            membership: Some(Membership {
                tiers: vec![tier(Tier::QqGreen, true), tier(Tier::QqSuper, false)],
                checked_at: at(1_790_000_000),
            }),
            checked_at: None,
            renewals: Vec::new(),
            format: Format::Header,
            trouble: None,
        }
    }

    #[test]
    fn a_foreign_text_cannot_move_the_cursor_turn_the_line_or_fill_the_screen() {
        assert_eq!(plain("\u{1b}]52;c;aGk=\u{7}小满\r\n\u{202e}x\u{200b}"), "]52;c;aGk=小满x");
        assert_eq!(plain("🎧 Super"), "🎧 Super");
        let long = plain(&"啊".repeat(3000));
        assert_eq!(long.chars().count(), LONGEST_FOREIGN + 1);
        assert!(long.ends_with('…'));
        assert_eq!(harmless("The service says: “\u{1b}[2Jx\r”\nagain"), "The service says: “[2Jx”\nagain");
    }

    #[test]
    fn what_a_service_says_forges_no_row_of_an_account() {
        let mut account = account("qqmusic:10001", "x\nState  works");
        let mut trouble = Problem::new(ProblemCode::RiskControl);
        trouble.said = Some("\u{1b}[31mno\nState  works".to_owned());
        account.trouble = Some(trouble);
        let sheet = sheet(&account, Language::English);
        assert_eq!(sheet.lines().filter(|line| line.starts_with("State")).count(), 1, "{sheet}");
        assert!(!sheet.contains('\u{1b}'), "{sheet}");
    }

    #[test]
    fn the_best_tier_that_is_held_is_the_membership() {
        let mut account = account("qqmusic:10001", "x");
        assert_eq!(membership(&account, Language::English), "Green Diamond");
        account.membership = None;
        assert_eq!(membership(&account, Language::Chinese), "未知");
    }
}
