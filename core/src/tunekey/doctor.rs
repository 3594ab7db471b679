//! What can be found out about why TuneKey does not do what it should, each with what to do about it. A finding holds
//! no secret; it names an account by its place in the list, and a folder without the person's home, unless names are
//! wanted.

use std::time::Duration;

use directories::BaseDirs;
use jiff::SignedDuration;
use serde::Serialize;
use tunekey_services::{Proxy, Service, registry};

use super::connection::Reached;
use super::{SystemProxyInfo, TuneKey};
use crate::account::{Account, Health, WarningReason};
use crate::delivery::{Delivery, DeliveryOutcome};
use crate::disk::{self, FileLock};
use crate::problem::{Language, Problem, ProblemCode, Words};
use crate::store::{Interaction, SharedStoreState, StoreKind};

/// How long the look-up of a name may take.
const LOOKUP_LIMIT: Duration = Duration::from_secs(5);
/// By how much a clock may be off before it is said: certificates and signatures allow for more.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_secs(120);

/// Something that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: Check,
    /// How it is.
    pub level: Level,
    /// What was found.
    pub found: Words,
    /// What to do about it.
    pub remedy: Option<Words>,
    /// The kind of problem, if it is one that has a code.
    pub problem: Option<ProblemCode>,
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The folder of the profile.
    Profile,
    /// The store of the secrets.
    Store,
    /// The database that the store is in.
    Database,
    /// The proxy that is used.
    Proxy,
    /// The look-up of a service's name.
    NameLookup,
    /// The way to a service.
    Service,
    /// The computer's clock.
    Clock,
    /// An account.
    Account,
    /// Who renews by itself.
    Schedule,
    /// Where credentials go by themselves.
    Delivery,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// As it should be.
    Good,
    /// It works, and something needs attention.
    Warning,
    /// It does not work.
    Bad,
}

impl Finding {
    fn new(check: Check, level: Level, english: impl Into<String>, chinese: impl Into<String>) -> Self {
        let found = Words { english: english.into(), chinese: chinese.into() };
        Self { check, level, found, remedy: None, problem: None }
    }

    fn remedy(mut self, english: impl Into<String>, chinese: impl Into<String>) -> Self {
        self.remedy = Some(Words { english: english.into(), chinese: chinese.into() });
        self
    }

    /// A problem: its words say what to do.
    fn of(check: Check, level: Level, about: Words, problem: &Problem) -> Self {
        let found = Self::new(check, level, about.english, about.chinese);
        let (english, chinese) = (problem.message(Language::English), problem.message(Language::Chinese));
        Self { problem: Some(problem.code), ..found.remedy(english, chinese) }
    }
}

impl TuneKey {
    /// Looks at everything that TuneKey needs, and asks the services whether they can be reached. Prompts nobody, and
    /// changes nothing. With `names` accounts are called by their names, and folders by their whole paths.
    pub async fn examine(&self, names: bool) -> Vec<Finding> {
        let mut findings = vec![self.examine_profile(), self.examine_store().await];
        findings.extend(self.examine_database().await);
        let (proxy, is_direct) = self.examine_proxy();
        findings.push(proxy);
        let mut off = None;
        for service in registry::all() {
            if is_direct {
                findings.push(examine_name(*service).await);
            }
            let reached = self.reach_one(*service).await;
            off = off.or_else(|| self.clock_is_off_by(reached.as_ref().ok()?));
            findings.push(examine_service(*service, &reached));
        }
        findings.push(examine_clock(off));
        let accounts = self.snapshot().accounts;
        if !accounts.is_empty() {
            findings.push(self.examine_schedule().await);
        }
        let named = |account: &Account| name_of(account, &accounts, names);
        findings.extend(accounts.iter().map(|account| examine_account(account, &named(account))));
        findings.extend(self.deliveries().iter().filter_map(|delivery| {
            let account = accounts.iter().find(|account| account.id == delivery.account)?;
            Some(examine_delivery(delivery, &named(account), names))
        }));
        if !names {
            findings.iter_mut().for_each(without_home);
        }
        findings
    }

    fn examine_profile(&self) -> Finding {
        let dir = self.0.profile.dir().display();
        let about =
            Words { english: format!("The profile is {dir}."), chinese: format!("数据目录：{dir}。") };
        match &self.0.notice {
            Some(notice) => Finding::of(Check::Profile, Level::Warning, about, notice),
            None => Finding::new(Check::Profile, Level::Good, about.english, about.chinese),
        }
    }

    async fn examine_store(&self) -> Finding {
        let info = self.store_info(Interaction::Forbidden).await;
        let about = match info.store {
            StoreKind::Keychain => {
                words("Credentials are in the system’s keychain.", "凭据存放在系统密钥环中。")
            }
            StoreKind::File => words("Credentials are in encrypted files.", "凭据存放在加密文件中。"),
            StoreKind::Postgres => {
                words("Credentials are in a database, encrypted.", "凭据加密存放在数据库中。")
            }
        };
        if let Some(problem) = &info.problem {
            return Finding::of(Check::Store, Level::Bad, about, problem);
        }
        if info.identity_is_exposed {
            return Finding::new(
                Check::Store,
                Level::Warning,
                about.english + " Every user of this system can read the identity that opens them.",
                about.chinese + "本系统的所有用户都能读取打开它们的身份密钥。",
            )
            .remedy(
                "Have the secret handed out with mode 0400: `mode:` of the container’s secret, or `LoadCredential=` of the unit.",
                "请让系统以 0400 权限提供该密钥：容器密钥的 `mode:`，或服务单元的 `LoadCredential=`。",
            );
        }
        Finding::new(Check::Store, Level::Good, about.english, about.chinese)
    }

    /// The database, where there is one that answers. One that does not is a finding about the store.
    async fn examine_database(&self) -> Option<Finding> {
        let begun = self.0.clock.monotonic();
        let found = self.0.vault.examine().await.ok()??;
        let milliseconds = self.0.clock.monotonic().duration_since(begun).as_millis();
        let SharedStoreState { server_version, table_version, .. } = &found;
        let english = format!(
            "The database answers in {milliseconds} ms: PostgreSQL {server_version}, tables of version {table_version}."
        );
        let chinese = format!(
            "数据库在 {milliseconds} 毫秒内响应：PostgreSQL {server_version}，表版本 {table_version}。"
        );
        let off = self.0.clock.now().duration_since(found.time);
        if off.abs() <= CLOCK_TOLERANCE {
            return Some(Finding::new(Check::Database, Level::Good, english, chinese));
        }
        let minutes = off.abs().as_mins();
        let found = Finding::new(
            Check::Database,
            Level::Warning,
            format!("{english} Its clock and this computer’s are {minutes} minutes apart."),
            format!("{chinese}其时钟与本机相差 {minutes} 分钟。"),
        );
        Some(found.remedy(
            "Leases go by the database’s clock and are not harmed; keys are renewed at the wrong time where a clock is wrong. \
             Set both by a time server.",
            "租约以数据库时钟为准，不受影响；但时钟不准会在错误的时间续期。请让两者都与时间服务器同步。",
        ))
    }

    /// The proxy, and whether there is none.
    fn examine_proxy(&self) -> (Finding, bool) {
        let good =
            |english: String, chinese: String| Finding::new(Check::Proxy, Level::Good, english, chinese);
        match self.settings().proxy {
            Proxy::None => (good("No proxy is used.".into(), "不使用代理。".into()), true),
            Proxy::Manual(address) => {
                let chinese = format!("使用设置中的代理：{address}。");
                (good(format!("The proxy of the settings is used: {address}."), chinese), false)
            }
            Proxy::System => match SystemProxyInfo::now() {
                None => (good("The system names no proxy.".into(), "系统没有设置代理。".into()), true),
                Some(SystemProxyInfo { problem: Some(problem), .. }) => {
                    let about = words("The system’s proxy is used.", "使用系统代理。");
                    (Finding::of(Check::Proxy, Level::Bad, about, &problem), false)
                }
                Some(SystemProxyInfo { address, .. }) => {
                    let address = address.unwrap_or_default();
                    let chinese = format!("使用系统代理：{address}。");
                    (good(format!("The system’s proxy is used: {address}."), chinese), false)
                }
            },
        }
    }

    fn clock_is_off_by(&self, reached: &Reached) -> Option<SignedDuration> {
        Some(self.0.clock.now().duration_since(reached.date?))
    }

    async fn examine_schedule(&self) -> Finding {
        if !self.settings().auto_renew {
            return Finding::new(
                Check::Schedule,
                Level::Warning,
                "Nothing is renewed by itself: that is switched off.",
                "自动续期已关闭。",
            )
            .remedy(
                "`tunekey settings auto-renew on` switches it on.",
                "用 `tunekey settings auto-renew on` 开启。",
            );
        }
        let lock = self.0.profile.schedule_lock();
        let is_free = disk::blocking(move || matches!(FileLock::try_acquire(&lock), Ok(Some(_)))).await;
        if self.runs_the_schedule() || !is_free {
            let (english, chinese) =
                ("A TuneKey that renews by itself is running.", "有自动续期的 TuneKey 正在运行。");
            return Finding::new(Check::Schedule, Level::Good, english, chinese);
        }
        Finding::new(
            Check::Schedule,
            Level::Warning,
            "No TuneKey that renews by itself is running.",
            "没有自动续期的 TuneKey 在运行。",
        )
        .remedy("Start the window, or `tunekey daemon`.", "请打开窗口，或运行 `tunekey daemon`。")
    }
}

/// Whether the system finds a service's address.
async fn examine_name(service: &dyn Service) -> Finding {
    let url = url::Url::parse(service.facts().probe_url).ok();
    let host = url.as_ref().and_then(url::Url::host_str).unwrap_or_default();
    let lookup = tokio::time::timeout(LOOKUP_LIMIT, tokio::net::lookup_host((host, 443)));
    let count = match lookup.await {
        Ok(Ok(addresses)) => addresses.count(),
        Ok(Err(_)) | Err(_) => 0,
    };
    if count > 0 {
        let chinese = format!("{host} 可以解析。");
        return Finding::new(Check::NameLookup, Level::Good, format!("{host} is found."), chinese);
    }
    let problem = Problem::new(ProblemCode::NameNotResolved).with_service(service.id());
    let about = words(format!("{host} is not found."), format!("{host} 无法解析。"));
    Finding::of(Check::NameLookup, Level::Bad, about, &problem)
}

fn examine_service(service: &dyn Service, reached: &Result<Reached, Problem>) -> Finding {
    let (english, chinese) =
        (Language::English.service_name(service.id()), Language::Chinese.service_name(service.id()));
    match reached {
        Ok(Reached { time, .. }) => {
            let ms = time.as_millis();
            let chinese = format!("{chinese}在 {ms} 毫秒内响应。");
            Finding::new(Check::Service, Level::Good, format!("{english} answers in {ms} ms."), chinese)
        }
        Err(problem) => {
            let about =
                words(format!("{english} can’t be used from here."), format!("无法从本机使用{chinese}。"));
            Finding::of(Check::Service, Level::Bad, about, problem)
        }
    }
}

fn examine_clock(off: Option<SignedDuration>) -> Finding {
    let Some(off) = off else {
        let (english, chinese) = (
            "The clock was compared with nobody’s: no service answered.",
            "没有服务响应，无法核对本机时钟。",
        );
        return Finding::new(Check::Clock, Level::Good, english, chinese);
    };
    let seconds = off.as_secs();
    if off.abs() <= CLOCK_TOLERANCE {
        return Finding::new(Check::Clock, Level::Good, "The clock is right.", "本机时钟正确。");
    }
    let chinese = format!("本机时钟与服务相差 {seconds} 秒。");
    Finding::new(Check::Clock, Level::Bad, format!("The clock is {seconds} seconds off."), chinese).remedy(
        "Set the date and time, or switch network time on. Keys are renewed at the wrong time otherwise.",
        "请校正日期和时间，或开启网络对时，否则续期时间会出错。",
    )
}

fn examine_account(account: &Account, name: &str) -> Finding {
    let sign_in = |english: String, chinese: String| {
        let remedy = format!("tunekey sign-in {}", account.service);
        Finding::new(Check::Account, Level::Bad, english, chinese)
            .remedy(format!("Sign in again: `{remedy}`."), format!("请重新登录：`{remedy}`。"))
    };
    let attention = |english: &str, chinese: &str| {
        let found = Finding::new(
            Check::Account,
            Level::Warning,
            format!("{name} {english}"),
            format!("{name}：{chinese}"),
        );
        match &account.last_error {
            Some(problem) => Finding { problem: Some(problem.code), ..found }
                .remedy(problem.message(Language::English), problem.message(Language::Chinese)),
            None => found,
        }
    };
    match account.health {
        Health::Healthy | Health::RenewsSoon => {
            Finding::new(Check::Account, Level::Good, format!("{name} works."), format!("{name} 正常。"))
        }
        Health::NeedsSignIn { .. } => {
            sign_in(format!("{name} needs a new sign-in."), format!("{name} 需要重新登录。"))
        }
        Health::Warning { reason, .. } => match reason {
            WarningReason::RefusedOnce => {
                attention("was refused once, and is asked again soon.", "被拒绝一次，稍后再次确认。")
            }
            WarningReason::RenewalFailing => {
                attention("works, but its renewals fail.", "可用，但续期未成功。")
            }
            WarningReason::NotRenewable => {
                attention("works until its key ends.", "可用至密钥到期，无法续期。")
            }
            WarningReason::MissingOnce => attention("is not found in the store.", "存储中未找到凭据。"),
            WarningReason::Unreadable => attention("is unreadable in the store.", "存储中的凭据无法读取。"),
        },
    }
}

fn examine_delivery(delivery: &Delivery, account: &str, names: bool) -> Finding {
    let label = delivery.label.as_deref().filter(|_| names);
    let id = label.unwrap_or(delivery.id.as_str());
    let about = words(format!("Delivery {id} of {account}"), format!("{account} 的投递 {id}"));
    let said = |level, english: &str, chinese: &str| {
        let (english, chinese) =
            (format!("{} {english}", about.english), format!("{}{chinese}", about.chinese));
        Finding::new(Check::Delivery, level, english, chinese)
    };
    if !delivery.enabled {
        return said(Level::Good, "is switched off.", "已关闭。");
    }
    match delivery.last.as_ref() {
        None => said(Level::Good, "has nothing to send yet.", "尚未投递。"),
        Some(last) => match (last.outcome, &last.problem) {
            (DeliveryOutcome::Confirmed | DeliveryOutcome::Accepted | DeliveryOutcome::Sent, _) => {
                said(Level::Good, "works.", "正常。")
            }
            (DeliveryOutcome::Later | DeliveryOutcome::Failed, problem) => {
                let found = said(Level::Warning, "did not work last time.", "上次未成功。");
                let problem = problem.clone().unwrap_or_else(|| Problem::new(ProblemCode::Unexpected));
                Finding { problem: Some(problem.code), ..found }
                    .remedy(problem.message(Language::English), problem.message(Language::Chinese))
            }
        },
    }
}

/// What an account is called: its place in the list of its service, unless names are wanted.
fn name_of(account: &Account, accounts: &[Account], names: bool) -> String {
    if names {
        return format!("{} ({})", account.id, account.label.as_ref().unwrap_or(&account.nickname));
    }
    let mut same = accounts.iter().filter(|other| other.service == account.service);
    let place = same.position(|other| other.id == account.id).unwrap_or_default() + 1;
    format!("{} #{place}", account.service)
}

fn words(english: impl Into<String>, chinese: impl Into<String>) -> Words {
    Words { english: english.into(), chinese: chinese.into() }
}

/// Takes the person's home out of what is said: it is called like them.
fn without_home(finding: &mut Finding) {
    let Some(home) = BaseDirs::new().map(|dirs| dirs.home_dir().display().to_string()) else { return };
    if home.len() < 2 {
        return;
    }
    for words in [Some(&mut finding.found), finding.remedy.as_mut()].into_iter().flatten() {
        words.english = words.english.replace(&home, "~");
        words.chinese = words.chinese.replace(&home, "~");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_only_said_to_be_wrong_when_it_is() {
        for (seconds, level) in [(0, Level::Good), (119, Level::Good), (-121, Level::Bad), (3600, Level::Bad)]
        {
            let finding = examine_clock(Some(SignedDuration::from_secs(seconds)));
            assert_eq!(finding.level, level, "{seconds}");
            assert_eq!(finding.remedy.is_some(), level == Level::Bad, "what is wrong has a remedy");
        }
        assert_eq!(examine_clock(None).level, Level::Good, "nothing is known against it");
    }

    #[test]
    fn a_report_does_not_say_what_the_home_is_called() {
        let home = BaseDirs::new().expect("there is a home").home_dir().join("x").display().to_string();
        let mut finding =
            Finding::new(Check::Profile, Level::Good, home.clone(), home.clone()).remedy(&home, &home);
        without_home(&mut finding);
        let short = format!("~{}x", std::path::MAIN_SEPARATOR);
        let remedy = finding.remedy.expect("it has one");
        for text in [finding.found.english, finding.found.chinese, remedy.english, remedy.chinese] {
            assert_eq!(text, short);
        }
    }
}
