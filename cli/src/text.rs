//! Accounts, services, methods, times and pasted texts as text for people. For every command.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tunekey_core::{
    Account, CredentialPart, Detected, Format, Health, Language, Light, LightKind, Method, PasteFormat,
    PastedAccount, ProblemCode, ProvingCall, RenewalOutcome, RenewalRecord, ServiceId, SignInReason,
    SystemProxyInfo, Tier, UnchangedReason, Unusable, UnusableReason, WarningReason, registry,
};

use crate::failure::Failure;

/// One line: id, name, health.
pub(crate) fn account_line(account: &Account, language: Language) -> String {
    format!("{}  {}  {}", account.id, account.nickname, health_with_time(account, language))
}

/// The system's proxy and its source, to be put after the setting that uses it.
pub(crate) fn system_proxy(system: &SystemProxyInfo, language: Language) -> String {
    match (&system.problem, &system.address, &system.source) {
        (Some(problem), ..) => format!("  {}", problem.message(language)),
        (None, Some(address), Some(source)) => {
            format!("  ({address}{}{source})", language.pick(", named by ", "，来自 "))
        }
        (None, ..) => String::new(),
    }
}

/// The outcome of a renewal of a key that ends at `ends`, if that is known.
pub(crate) fn renewal_outcome(record: &RenewalRecord, ends: Option<Timestamp>, language: Language) -> String {
    let outcome = match record.outcome {
        RenewalOutcome::Renewed => language.pick("renewed, new key", "已续期，密钥已更换"),
        RenewalOutcome::Unchanged => language.pick("still valid, key unchanged", "仍有效，密钥未变"),
        RenewalOutcome::Rejected => language.pick("rejected, session ended", "被拒绝，会话已结束"),
        RenewalOutcome::Failed => language.pick("failed, nothing lost", "未成功，没有丢失任何内容"),
    };
    match record.unchanged {
        Some(reason) => {
            format!("{outcome}{}{}", language.pick(": ", "："), unchanged_reason(reason, ends, language))
        }
        None => outcome.to_owned(),
    }
}

/// Why a service has kept a key, and what follows.
fn unchanged_reason(reason: UnchangedReason, ends: Option<Timestamp>, language: Language) -> String {
    let why = match reason {
        UnchangedReason::NotReissued => {
            return language.pick("the service issued no new one", "对方没有签发新密钥").to_owned();
        }
        UnchangedReason::RefreshTokenMissing => {
            language.pick("the credential has no refresh token", "凭据中没有刷新令牌")
        }
        UnchangedReason::RefreshTokenDead => {
            language.pick("its refresh token is no longer accepted", "刷新令牌已失效")
        }
    };
    match (ends.map(time), language) {
        (Some(end), Language::English) => format!("{why}; it works until {end}, then sign in again"),
        (Some(end), Language::Chinese) => format!("{why}；可用至 {end}，之后请重新登录"),
        (None, Language::English) => format!("{why}; it works until it ends, then sign in again"),
        (None, Language::Chinese) => format!("{why}；到期前仍可用，之后请重新登录"),
    }
}

/// What a service can show to be true of a credential.
pub(crate) fn light_kind(kind: LightKind, language: Language) -> &'static str {
    match kind {
        LightKind::AccountAccepted => language.pick("Account accepted", "账号有效"),
        LightKind::MusicKeyWorks => language.pick("Music key works", "音乐密钥可用"),
    }
}

/// What has shown it, and when.
pub(crate) fn light_proof(light: Light, language: Language) -> String {
    let Some(proof) = light.proof else { return language.pick("not known yet", "尚未确认").to_owned() };
    let call = match proof.call {
        ProvingCall::SignIn => language.pick("by the sign-in", "由登录确认"),
        ProvingCall::Renewal => language.pick("by a renewal", "由续期确认"),
        ProvingCall::Check => language.pick("by a check", "由验证确认"),
    };
    let of =
        if proof.is_current { "" } else { language.pick(", of the key before", "（上一个密钥）") };
    format!("{}  {call}{of}", time(proof.at))
}

/// Date and time in the computer's time zone.
pub(crate) fn time(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// A time of today in the computer's time zone, to the second.
pub(crate) fn time_of_day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%H:%M:%S").to_string()
}

/// What was detected in a pasted text: its format, which parts were found and which are missing, and whether it can be
/// renewed.
pub(crate) fn detected(detected: &Detected, language: Language) -> String {
    let Detected { format, fields, parts, renewable } = detected;
    let separator = language.pick(", ", "、");
    let named = |found: bool| {
        let parts =
            parts.iter().filter(|one| one.found == found).map(|one| credential_part(one.part, language));
        parts.collect::<Vec<_>>().join(separator)
    };
    let (found, missing) = (named(true), named(false));
    let mut rows = vec![match language {
        Language::English => {
            format!("Detected {} with {fields} fields. Found: {found}.", paste_format(*format, language))
        }
        Language::Chinese => {
            format!("识别为{}，共 {fields} 个字段。已找到：{found}。", paste_format(*format, language))
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

/// The failure of a command whose text holds no credential to use.
pub(crate) fn unusable_failure(reason: UnusableReason) -> Failure {
    let [english, chinese] =
        [Language::English, Language::Chinese].map(|language| unusable_reason(reason, language));
    Failure::new(ProblemCode::InvalidInput, english, chinese)
}

/// Why a pasted text cannot be used, what was found in it all the same, and what to do.
pub(crate) fn unusable(unusable: &Unusable, language: Language) -> String {
    let mut rows = vec![unusable_reason(unusable.reason, language)];
    if let Some(other) = unusable.other {
        rows.push(match language {
            Language::English => {
                format!(
                    "It is a credential of {}. To add it: tunekey import {other}",
                    language.service_name(other)
                )
            }
            Language::Chinese => {
                let name = language.service_name(other);
                format!("这是{name}的凭据。要添加它，请运行：tunekey import {other}")
            }
        });
    }
    let named = |found: bool| {
        let parts = unusable.parts.iter().filter(|detected| detected.found == found);
        let names: Vec<_> = parts.map(|detected| credential_part(detected.part, language)).collect();
        names.join(language.pick(", ", "、"))
    };
    if !unusable.parts.is_empty() {
        rows.push(match language {
            Language::English => format!("Found: {}. Missing: {}.", named(true), named(false)),
            Language::Chinese => format!("已找到：{}。缺少：{}。", named(true), named(false)),
        });
    }
    rows.join("\n")
}

/// Why a pasted text cannot be used, in a sentence or two.
pub(crate) fn unusable_reason(reason: UnusableReason, language: Language) -> String {
    let Some(words) = reason.words() else {
        let services = any_of(service_names(language), language);
        return match language {
            Language::English => {
                format!("There is no credential of {services} in it. Copy the whole Cookie request header.")
            }
            Language::Chinese => {
                let services = before_han(&after_han(&services));
                format!("其中没有{services}的凭据，请复制完整的 Cookie 请求头。")
            }
        };
    };
    let why = language.of(words);
    if reason != UnusableReason::OtherSites {
        return why.to_owned();
    }
    let sites = registry::all().iter().map(|service| service.facts().paste.site.to_owned());
    let sites = any_of(sites, language);
    match language {
        Language::English => format!("{why} Copy them on {sites}."),
        Language::Chinese => format!("{why}请在 {sites} 上复制。"),
    }
}

/// The accounts in a pasted text, a line each.
pub(crate) fn pasted_accounts(accounts: &[PastedAccount], language: Language) -> String {
    let mut rows = vec![match language {
        Language::English => format!("There are {} accounts in it:", accounts.len()),
        Language::Chinese => format!("其中有 {} 个账号：", accounts.len()),
    }];
    for (place, account) in accounts.iter().enumerate() {
        let place = place + 1;
        let name = match (&account.account, language) {
            (Some(number), _) => number.clone(),
            (None, Language::English) => format!("number {place} in the text"),
            (None, Language::Chinese) => format!("文中第 {place} 个"),
        };
        let renewable = match account.renewable {
            true => language.pick(" (can be renewed)", "（可续期）"),
            false => "",
        };
        rows.push(format!("  {place}. {name}{renewable}"));
    }
    rows.join("\n")
}

fn paste_format(format: PasteFormat, language: Language) -> &'static str {
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
        PasteFormat::Table => language.pick("a table of cookies", " Cookie 表格"),
        PasteFormat::Config => language.pick("a configuration file", "配置文件"),
        PasteFormat::Code => language.pick("code or text", "代码或文本"),
    }
}

fn credential_part(part: CredentialPart, language: Language) -> &'static str {
    match part {
        CredentialPart::AccountId => language.pick("account number (uin)", "账号（uin）"),
        CredentialPart::MusicKey => language.pick("key (qm_keyst)", "密钥（qm_keyst）"),
        CredentialPart::Session => language.pick("session (MUSIC_U)", "会话（MUSIC_U）"),
        CredentialPart::CsrfToken => "__csrf",
        CredentialPart::RefreshToken => language.pick("refresh token", "刷新令牌"),
    }
}

/// The health of an account, with the time since when where that matters.
pub(crate) fn health_with_time(account: &Account, language: Language) -> String {
    let health = health(&account.health, language);
    match since(&account.health) {
        Some(at) => match language {
            Language::English => format!("{health}, since {}", time(at)),
            Language::Chinese => format!("{health}，自 {} 起", time(at)),
        },
        None => health.to_owned(),
    }
}

/// The health of an account. The only place that has text for it.
pub(crate) fn health(health: &Health, language: Language) -> &'static str {
    match health {
        Health::Healthy => language.pick("works", "正常"),
        Health::RenewsSoon => language.pick("works, renews soon", "正常，即将续期"),
        Health::Warning { reason: WarningReason::RefusedOnce, .. } => {
            language.pick("refused once, asked again soon", "被拒绝一次，稍后再次确认")
        }
        Health::Warning { reason: WarningReason::RenewalFailing, .. } => {
            language.pick("renewals fail", "续期未成功")
        }
        Health::Warning { reason: WarningReason::NotRenewable, .. } => {
            language.pick("works, can’t be renewed", "可用，无法续期")
        }
        Health::Warning { reason: WarningReason::MissingOnce, .. } => {
            language.pick("its credential was not found", "未找到凭据")
        }
        Health::Warning { reason: WarningReason::Unreadable, .. } => {
            language.pick("its credential can’t be read", "凭据无法读取")
        }
        Health::NeedsSignIn { reason: SignInReason::Rejected, .. } => {
            language.pick("needs sign-in: refused by the service", "需重新登录：被对方服务拒绝")
        }
        Health::NeedsSignIn { reason: SignInReason::Missing, .. } => {
            language.pick("needs sign-in: its credential is gone", "需重新登录：凭据已不存在")
        }
    }
}

fn since(health: &Health) -> Option<Timestamp> {
    match health {
        Health::Healthy | Health::RenewsSoon => None,
        // That would be the time when the key was issued, which says nothing.
        Health::Warning { reason: WarningReason::NotRenewable, .. } => None,
        Health::Warning { since, .. } | Health::NeedsSignIn { since, .. } => Some(*since),
    }
}

/// The name of a sign-in method for people.
pub(crate) fn method(method: Method, language: Language) -> &'static str {
    match method {
        Method::QqScan => language.pick("scan with QQ", "QQ 扫码"),
        Method::WechatScan => language.pick("scan with WeChat", "微信扫码"),
        Method::AppScan => language.pick("scan with the app", "App 扫码"),
        Method::Phone => language.pick("phone code", "手机验证码"),
        Method::OfficialPage => language.pick("official page", "官方页面"),
        Method::Paste => language.pick("pasted cookie", "粘贴 Cookie"),
        Method::CookieCloud => language.pick("browser, by CookieCloud", "浏览器（CookieCloud）"),
    }
}

/// The best tier that an account holds.
pub(crate) fn tier_held(account: &Account) -> Option<Tier> {
    let tiers = &account.membership.as_ref()?.tiers;
    tiers.iter().rfind(|status| status.active).map(|status| status.tier)
}

/// The account's membership: its best tier, none or unknown.
pub(crate) fn membership(account: &Account, language: Language) -> String {
    match tier_held(account) {
        Some(held) => tier(account.service, held, language),
        None if account.membership.is_some() => language.pick("none", "无").to_owned(),
        None => language.pick("unknown", "未知").to_owned(),
    }
}

/// The name of a tier of membership; its own for one that only a newer version knows.
pub(crate) fn tier(service: ServiceId, tier: Tier, language: Language) -> String {
    let known = registry::facts(service).and_then(|facts| facts.tier(tier));
    known.map_or_else(|| tier.to_string(), |facts| language.of(facts.name).to_owned())
}

/// The services' names on the command line, of which one is to be chosen.
pub(crate) fn service_ids(language: Language) -> String {
    any_of(registry::all().iter().map(|service| service.id().to_string()), language)
}

/// The services' names for people.
pub(crate) fn service_names(language: Language) -> impl Iterator<Item = String> {
    registry::all().iter().map(move |service| language.of(service.facts().name).to_owned())
}

/// The formats' names, of which one is to be chosen.
pub(crate) fn format_names(language: Language) -> String {
    any_of(Format::all().map(|format| format.to_string()), language)
}

/// Names of which one is meant: “a, b or c”.
pub(crate) fn any_of(names: impl IntoIterator<Item = String>, language: Language) -> String {
    joined(names, language.pick(" or ", "或"), language)
}

/// Names that are all meant: “a, b and c”.
pub(crate) fn all_of(names: impl IntoIterator<Item = String>, language: Language) -> String {
    joined(names, language.pick(" and ", "和"), language)
}

fn joined(names: impl IntoIterator<Item = String>, last: &str, language: Language) -> String {
    let names: Vec<_> = names.into_iter().collect();
    let Some((end, begin)) = names.split_last().filter(|(_, begin)| !begin.is_empty()) else {
        return names.concat();
    };
    let begin = begin.join(language.pick(", ", "、"));
    match language {
        Language::English => format!("{begin}{last}{end}"),
        Language::Chinese => format!("{}{last}{}", before_han(&begin), after_han(end)),
    }
}

/// A text before a Chinese character: between that and a Latin letter stands a gap.
pub(crate) fn before_han(text: &str) -> String {
    let gap = if text.ends_with(|last: char| last.is_ascii()) { " " } else { "" };
    format!("{text}{gap}")
}

/// A text after a Chinese character.
pub(crate) fn after_han(text: &str) -> String {
    let gap = if text.starts_with(|first: char| first.is_ascii()) { " " } else { "" };
    format!("{gap}{text}")
}

#[cfg(test)]
pub(crate) mod tests {
    use tunekey_core::{AccountId, KeyLifetime, Membership, TierStatus};

    use super::*;

    /// An account that works.
    pub(crate) fn account(id: &str, nickname: &str) -> Account {
        let id: AccountId = id.parse().expect("it is an id");
        let at = |seconds| Timestamp::from_second(seconds).expect("it is a time");
        let tier = |tier, active| TierStatus { tier, active, until: None };
        Account {
            revision: 1,
            label: None,
            note: None,
            renewability: None,
            copied: None,
            service: id.service,
            uid: id.uid.clone(),
            id,
            nickname: nickname.to_owned(),
            picture: None,
            method: Method::QqScan,
            health: Health::Healthy,
            busy: None,
            life: KeyLifetime {
                issued_at: at(1_790_000_000),
                renew_at: Some(at(1_790_072_000)),
                expires_at: Some(at(1_790_259_200)),
            },
            membership: Some(Membership {
                tiers: vec![tier(Tier::new("qq_green"), true), tier(Tier::new("qq_super"), false)],
                checked_at: at(1_790_000_000),
            }),
            checked_at: None,
            lights: Vec::new(),
            renewals: Vec::new(),
            format: Format::Header,
            handed_over_at: None,
            last_error: None,
        }
    }

    #[test]
    fn the_best_tier_that_is_held_is_the_membership() {
        let mut account = account("qqmusic:10001", "x");
        assert_eq!(membership(&account, Language::English), "Green Diamond");
        account.membership = None;
        assert_eq!(membership(&account, Language::Chinese), "未知");
    }

    #[test]
    fn a_key_that_was_kept_has_its_reason_in_words_and_its_end_where_that_is_the_end() {
        let ends = Timestamp::from_second(1_790_259_200).ok();
        let said = |unchanged, ends, language| {
            let (outcome, trigger) = (RenewalOutcome::Unchanged, tunekey_core::RenewalTrigger::Manual);
            let at = Timestamp::UNIX_EPOCH;
            renewal_outcome(&RenewalRecord { at, outcome, unchanged, trigger, problem: None }, ends, language)
        };
        let english = |reason, ends| said(Some(reason), ends, Language::English);
        assert_eq!(
            english(UnchangedReason::NotReissued, ends),
            "still valid, key unchanged: the service issued no new one"
        );
        let dead = english(UnchangedReason::RefreshTokenDead, ends);
        assert!(dead.contains("refresh token is no longer accepted; it works until 2026-09-2"), "{dead}");
        let missing = english(UnchangedReason::RefreshTokenMissing, None);
        assert!(
            missing.ends_with("has no refresh token; it works until it ends, then sign in again"),
            "{missing}"
        );
        let chinese = said(Some(UnchangedReason::RefreshTokenDead), ends, Language::Chinese);
        assert!(chinese.contains("刷新令牌已失效；可用至 2026-09-2"), "{chinese}");
        assert_eq!(said(None, ends, Language::English), "still valid, key unchanged");
    }

    #[test]
    fn a_light_says_which_call_has_shown_it_and_of_which_key() {
        let at = Timestamp::from_second(1_790_000_000).expect("a time");
        let light = |proof| Light { kind: LightKind::MusicKeyWorks, proof };
        let proof = |is_current| Some(tunekey_core::Proof { at, call: ProvingCall::Check, is_current });
        assert_eq!(light_proof(light(None), Language::Chinese), "尚未确认");
        assert!(light_proof(light(proof(true)), Language::English).ends_with("  by a check"));
        assert!(
            light_proof(light(proof(false)), Language::English).ends_with("  by a check, of the key before")
        );
    }
}
