//! The texts that Rust itself shows, in the tray, in notifications and in dialogs, in both languages. Everything that
//! the page shows is in the web UI. Any file may use this.

use jiff::Timestamp;
use tunekey_core::display_text::after_han;
use tunekey_core::{Language, ServiceId, StoreKind};

mod delivery;
mod local_api;

pub(crate) use delivery::{deliver, own_sign_ins_stay, read_cookies, remove_delivery, target};
pub(crate) use local_api::{api_line, make_token, port_taken, revoke_token};

/// The computer's locale, such as `zh-CN`; `en` when it does not say.
pub(crate) fn system_locale() -> String {
    sys_locale::get_locale().unwrap_or_else(|| "en".to_owned())
}

/// A text without parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phrase {
    /// The tray's command that copies an account's cookie.
    CopyCookie,
    /// The tray's command that renews one account.
    Renew,
    /// The tray's command for an account that only a new sign-in helps.
    SignInAgain,
    /// The tray's command that renews all accounts.
    RenewAll,
    /// The tray's command that shows the window.
    Open,
    /// The tray's command that ends the app.
    Quit,
    /// The state of an account that is being renewed.
    Renewing,
    /// The state of an account that is due.
    RenewsNow,
    /// The state of an account that only a new sign-in helps.
    NeedsSignIn,
    /// The state of an account that may still work, and that something is wrong with.
    NeedsAttention,
    /// The state of an account that works and has no planned renewal.
    Healthy,
    /// The summary of several accounts that all work.
    AllHealthy,
    /// The title of the notification that a cookie could not be copied from the tray.
    NotCopied,
    /// The title of the notification that an account could not be renewed from the tray.
    NotRenewed,
    /// Said in a notification that cannot be clicked: where a new sign-in is found.
    SignInFromTray,
    /// Said in a notification that cannot be clicked: where more is found.
    SeeInWindow,
    /// The title of the notification that the app goes on after its window was closed for the first time.
    StillRunning,
    /// Where the window has gone, where there is a tray.
    StillInTray,
    /// The same where there is none.
    StillMinimised,
    /// The title of the file dialog for the extra certificate authority.
    ChooseCertificate,
    /// What that dialog calls the files it shows.
    Certificates,
    /// The title of the file dialog for a file that holds a cookie.
    ChooseText,
    /// The answer that leaves everything as it is.
    Cancel,
    /// The answer that changes the proxy.
    ChangeProxy,
    /// What the proxy setting `system` is called in a question.
    ProxySystem,
    /// What having no proxy is called in a question.
    NoProxy,
    /// The answer that ends a session.
    SignOut,
    /// The answer that removes an account or a delivery.
    Forget,
    /// The answer that has a cookie delivered.
    Deliver,
    /// The answer that hands a credential over.
    HandOver,
    /// The title of the file dialog for a file that a cookie is written into.
    ChooseTarget,
    /// The answer that lets messages go somewhere.
    Allow,
    /// The answer that removes a way to the person's phone.
    RemoveChannel,
    /// The answer that makes a token.
    MakeToken,
    /// The answer that revokes one.
    RevokeToken,
}

impl Phrase {
    /// The text in a language.
    pub(crate) fn text(self, language: Language) -> &'static str {
        let (english, chinese) = match self {
            Self::CopyCookie => ("Copy cookie", "复制 Cookie"),
            Self::Renew => ("Renew", "续期"),
            Self::SignInAgain => ("Sign in again…", "重新登录…"),
            Self::RenewAll => ("Renew all", "全部续期"),
            Self::Open => ("Open TuneKey", "打开 TuneKey"),
            Self::Quit => ("Quit", "退出"),
            Self::Renewing => ("Renewing…", "正在续期…"),
            Self::RenewsNow => ("Renews now", "即将续期"),
            Self::NeedsSignIn => ("Needs sign-in", "需重新登录"),
            Self::NeedsAttention => ("Needs attention", "需留意"),
            Self::Healthy => ("Healthy", "正常"),
            Self::AllHealthy => ("All accounts healthy", "全部正常"),
            Self::NotCopied => ("The cookie was not copied", "未能复制 Cookie"),
            Self::NotRenewed => ("Renewal didn’t work", "续期未成功"),
            Self::SignInFromTray => {
                ("Sign in again from TuneKey’s tray menu.", "请在 TuneKey 的托盘菜单中重新登录。")
            }
            Self::SeeInWindow => ("Open TuneKey from its tray icon.", "请从 TuneKey 的托盘图标打开窗口。"),
            Self::StillRunning => ("TuneKey keeps running", "TuneKey 仍在运行"),
            Self::StillInTray if cfg!(target_os = "macos") => (
                "It keeps your sign-ins fresh from the menu bar. To end it, choose Quit there, or press ⌘Q in the window.",
                "它在菜单栏中继续为你续期。要结束它，请在那里选择“退出”，或在窗口中按 ⌘Q。",
            ),
            Self::StillInTray => (
                "It keeps your sign-ins fresh from the tray. To end it, choose Quit there, or press Ctrl+Q in the window.",
                "它在系统托盘中继续为你续期。要结束它，请在那里选择“退出”，或在窗口中按 Ctrl+Q。",
            ),
            Self::StillMinimised => (
                "This desktop shows no tray icons, so the window was minimised. To end TuneKey, press Ctrl+Q in the window.",
                "此桌面不显示托盘图标，因此窗口已最小化。要结束 TuneKey，请在窗口中按 Ctrl+Q。",
            ),
            Self::ChooseCertificate => ("Choose a certificate authority", "选择证书颁发机构"),
            Self::Certificates => ("PEM certificates", "PEM 证书"),
            Self::ChooseText => ("Choose a file with a cookie in it", "选择包含 Cookie 的文件"),
            Self::Cancel => ("Cancel", "取消"),
            Self::ChangeProxy => ("Change", "更改"),
            Self::ProxySystem => ("as the system says", "跟随系统"),
            Self::NoProxy => ("directly, without a proxy", "直接连接，不使用代理"),
            Self::SignOut => ("Sign out", "退出登录"),
            Self::Forget | Self::RemoveChannel => ("Remove", "移除"),
            Self::Allow => ("Allow", "允许"),
            Self::MakeToken => ("Make token", "新建令牌"),
            Self::RevokeToken => ("Revoke", "撤销"),
            Self::Deliver => ("Deliver", "投递"),
            Self::HandOver => ("Hand over", "移交"),
            Self::ChooseTarget => ("Choose the file to write", "选择要写入的文件"),
        };
        pick(language, english, chinese)
    }
}

/// The title and the text of the question whether to change the proxy.
pub(crate) fn proxy_change(old: &str, new: &str, language: Language) -> (String, String) {
    match language {
        Language::English => (
            "Change the proxy?".to_owned(),
            format!(
                "TuneKey’s window asks to reach the services another way.\n\nNow: {old}\nThen: {new}\n\nIf you \
                 haven’t just changed this yourself, choose Cancel."
            ),
        ),
        Language::Chinese => (
            "更改代理？".to_owned(),
            format!(
                "TuneKey 窗口请求改变连接方式。\n\n现在：{old}\n改为：{new}\n\n如果不是你本人刚刚修改的，请选择“取消”。"
            ),
        ),
    }
}

/// The title and the text of the question whether to send messages somewhere.
pub(crate) fn add_channel(kind: &str, host: &str, is_plain: bool, language: Language) -> (String, String) {
    let plain = if is_plain {
        pick(
            language,
            "\n\nThis address isn’t encrypted: others in your network could read along.",
            "\n\n该地址未加密，同一网络中的其他人可能读到内容。",
        )
    } else {
        ""
    };
    match language {
        Language::English => (
            format!("Send messages to {host}?"),
            format!(
                "TuneKey’s window asks to set up {kind}. When something needs you, a message goes to {host}: the names of \
                 your accounts and what is wrong, never a cookie.{plain}\n\nIf you haven’t just set this up yourself, choose \
                 Cancel."
            ),
        ),
        Language::Chinese => (
            format!("向 {host} 发送消息？"),
            format!(
                "TuneKey 窗口请求添加{}。需要你处理时，会向 {host} 发送消息，内容只有账号名称和发生的问题，从不包含 Cookie。\
                 {plain}\n\n如果不是你本人刚刚设置的，请选择“取消”。",
                after_han(kind)
            ),
        ),
    }
}

/// The title and the text of the question whether to ping an address.
pub(crate) fn set_ping(host: &str, is_plain: bool, language: Language) -> (String, String) {
    let plain = if is_plain {
        pick(language, "\n\nThis address isn’t encrypted.", "\n\n该地址未加密。")
    } else {
        ""
    };
    match language {
        Language::English => (
            format!("Ping {host}?"),
            format!(
                "TuneKey’s window asks to call an address at {host} again and again, so that silence is noticed. Nothing of \
                 your accounts goes there.{plain}\n\nIf you haven’t just set this up yourself, choose Cancel."
            ),
        ),
        Language::Chinese => (
            format!("定期访问 {host}？"),
            format!(
                "TuneKey 窗口请求定期访问 {host} 上的一个地址，以便在停止运行时被发现。不会发送任何账号信息。{plain}\n\n\
                 如果不是你本人刚刚设置的，请选择“取消”。"
            ),
        ),
    }
}

/// The title and the text of the question whether to remove a way to the person's phone.
pub(crate) fn remove_channel(name: &str, language: Language) -> (String, String) {
    match language {
        Language::English => (
            format!("Remove {name}?"),
            "No message goes there any more, and its key is deleted.\n\nThis can’t be undone.".to_owned(),
        ),
        Language::Chinese => {
            (format!("移除「{name}」？"), "将不再向它发送消息，并删除其密钥。\n\n此操作无法撤销。".to_owned())
        }
    }
}

/// The title and the text of the question whether to end a session.
pub(crate) fn sign_out(name: &str, service: &str, language: Language) -> (String, String) {
    match language {
        Language::English => (
            format!("Sign out {name}?"),
            format!(
                "{service} revokes the cookie: tools that have a copy stop working at once. The account is removed from \
                 this computer, too.\n\nThis can’t be undone."
            ),
        ),
        Language::Chinese => (
            format!("退出登录「{name}」？"),
            format!(
                "由{}吊销 Cookie，所有拿到副本的工具会立即失效，账号也会从本机移除。\n\n此操作无法撤销。",
                after_han(service)
            ),
        ),
    }
}

/// How long copies of a cookie go on working after its account is removed here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CopyLifetime {
    /// They have stopped working.
    Dead,
    /// Until then at most.
    Until(Timestamp),
    /// Until the service ends them: no time is known.
    UntilRevoked,
}

/// The title and the text of the question whether to remove an account, as asked at `now`.
pub(crate) fn forget(
    name: &str,
    service: &str,
    copies: CopyLifetime,
    store: StoreKind,
    now: Timestamp,
    language: Language,
) -> (String, String) {
    let copies = match (copies, language) {
        (CopyLifetime::Until(end), Language::English) if end > now => {
            format!("Copies of the cookie elsewhere keep working for up to {}.", span(end, now, language))
        }
        (CopyLifetime::Until(end), Language::Chinese) if end > now => {
            format!("其他地方的 Cookie 副本最多还能使用 {}。", span(end, now, language))
        }
        (CopyLifetime::UntilRevoked, Language::English) => {
            format!("Copies of the cookie elsewhere keep working until {service} ends them.")
        }
        (CopyLifetime::UntilRevoked, Language::Chinese) => {
            format!("其他地方的 Cookie 副本在{}收回之前仍然有效。", after_han(service))
        }
        (CopyLifetime::Dead | CopyLifetime::Until(_), Language::English) => {
            "Copies of the cookie elsewhere have stopped working, too.".to_owned()
        }
        (CopyLifetime::Dead | CopyLifetime::Until(_), Language::Chinese) => {
            "其他地方的 Cookie 副本也已失效。".to_owned()
        }
    };
    match language {
        Language::English => (
            format!("Remove {name} from this computer?"),
            format!(
                "The {service} sign-in is deleted from {}. {copies}\n\nThis can’t be undone.",
                keeper(store, language)
            ),
        ),
        Language::Chinese => (
            format!("从本机移除「{name}」？"),
            format!(
                "将从{}删除此{}登录。{copies}\n\n此操作无法撤销。",
                keeper(store, language),
                after_han(service)
            ),
        ),
    }
}

/// What holds the secrets, where it matters who else has it.
fn keeper(store: StoreKind, language: Language) -> &'static str {
    match store {
        StoreKind::Keychain => language.pick("this computer’s keychain", "本机的系统密钥环"),
        StoreKind::File => language.store_name(store),
        StoreKind::Postgres => language.pick(
            "the database, and so from every computer that shares it",
            "数据库（所有共用它的电脑都会受影响）",
        ),
    }
}

/// What the tray says instead of a summary while the store cannot be used.
pub(crate) fn store_closed(store: StoreKind, is_locked: bool, language: Language) -> String {
    let subject = match (store, language) {
        (_, Language::Chinese) => language.store_name(store),
        (StoreKind::Keychain, Language::English) => "Keychain",
        (StoreKind::File, Language::English) => "Encrypted folder",
        (StoreKind::Postgres, Language::English) => "Database",
    };
    match language {
        Language::English => format!("{subject} {}", if is_locked { "locked" } else { "unavailable" }),
        Language::Chinese => format!("{subject}{}", if is_locked { "已锁定" } else { "不可用" }),
    }
}

/// The title of the window with a service's own page. It always says whose page is in it.
pub(crate) fn page_title(service: ServiceId, host: &str, language: Language) -> String {
    let name = language.service_name(service);
    match language {
        Language::English => format!("{name} sign-in – {host}"),
        Language::Chinese => format!("{name}登录 – {host}"),
    }
}

/// When the next renewal is, as seen from `now`.
pub(crate) fn renews_in(at: Timestamp, now: Timestamp, language: Language) -> String {
    if at <= now {
        return Phrase::RenewsNow.text(language).to_owned();
    }
    let span = span(at, now, language);
    match language {
        Language::English => format!("Renews in {span}"),
        Language::Chinese => format!("{span}后续期"),
    }
}

/// How long it is until then: in one unit, rounded as the window rounds it.
fn span(at: Timestamp, now: Timestamp, language: Language) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    let rounded = |seconds: i64, unit: i64| (seconds + unit / 2) / unit;
    let seconds = at.duration_since(now).as_secs();
    let (number, english, chinese) = if rounded(seconds, MINUTE) < 60 {
        (rounded(seconds, MINUTE).max(1), "min", "分钟")
    } else if rounded(seconds, HOUR) < 48 {
        (rounded(seconds, HOUR), "h", "小时")
    } else {
        (rounded(seconds, DAY), "d", "天")
    };
    format!("{number} {}", pick(language, english, chinese))
}

/// How many accounts need a sign-in.
pub(crate) fn need_sign_in(count: usize, language: Language) -> String {
    match (language, count) {
        (Language::English, 1) => "1 account needs sign-in".to_owned(),
        (Language::English, _) => format!("{count} accounts need sign-in"),
        (Language::Chinese, _) => format!("{count} 个账号需重新登录"),
    }
}

/// How many accounts work and will not go on by themselves.
pub(crate) fn need_attention(count: usize, language: Language) -> String {
    match (language, count) {
        (Language::English, 1) => "1 account needs attention".to_owned(),
        (Language::English, _) => format!("{count} accounts need attention"),
        (Language::Chinese, _) => format!("{count} 个账号需留意"),
    }
}

/// The title and the text of the notification that a cookie was copied from the tray.
pub(crate) fn copied(name: &str, seconds: u32, language: Language) -> (String, String) {
    match language {
        Language::English => {
            ("Cookie copied".to_owned(), format!("{name}: the clipboard clears in {seconds} s."))
        }
        Language::Chinese => ("已复制 Cookie".to_owned(), format!("{name}：{seconds} 秒后清除剪贴板。")),
    }
}

/// The text of the notification that not all accounts could be renewed from the tray.
pub(crate) fn renewed(worked: u32, failed: u32, language: Language) -> String {
    match language {
        Language::English => format!("{worked} refreshed, {failed} failed. Open TuneKey to see which."),
        Language::Chinese => format!("{worked} 个已续期，{failed} 个未成功。打开 TuneKey 查看详情。"),
    }
}

/// The title and the text of the notification that a cookie was copied which no longer works.
pub(crate) fn copied_dead(name: &str, language: Language) -> (String, String) {
    match language {
        Language::English => (
            "Copied, but it no longer works".to_owned(),
            format!("{name}: this cookie no longer works. Only a new sign-in helps."),
        ),
        Language::Chinese => {
            ("已复制，但已失效".to_owned(), format!("{name}：此 Cookie 已失效，需重新登录。"))
        }
    }
}

/// Where Microsoft offers what [`no_web_view`] says is missing.
pub(crate) const WEB_VIEW_PAGE: &str = "https://developer.microsoft.com/microsoft-edge/webview2/consumer";

/// What to do when the system has nothing to show a page with.
pub(crate) fn no_web_view(language: Language) -> &'static str {
    pick(
        language,
        "TuneKey shows its window with Microsoft Edge WebView2, which is not installed on this computer. Install it from \
         Microsoft’s page, which opens next, then start TuneKey again.",
        "TuneKey 的窗口需要 Microsoft Edge WebView2，而本机尚未安装。接下来会打开微软的下载页面，请安装后再次启动 TuneKey。",
    )
}

/// What to say when the system does not let the app start.
pub(crate) fn not_started(error: &str, language: Language) -> String {
    match language {
        Language::English => format!("TuneKey could not be started: {error}"),
        Language::Chinese => format!("TuneKey 无法启动：{error}"),
    }
}

fn pick(language: Language, english: &'static str, chinese: &'static str) -> &'static str {
    match language {
        Language::English => english,
        Language::Chinese => chinese,
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn in_seconds(seconds: i64, language: Language) -> String {
        let now = Timestamp::UNIX_EPOCH;
        renews_in(now + SignedDuration::from_secs(seconds), now, language)
    }

    #[test]
    fn the_time_to_the_next_renewal_is_told_in_one_unit_and_rounded() {
        assert_eq!(in_seconds(27 * 86_400 + 5, Language::English), "Renews in 27 d");
        assert_eq!(in_seconds(47 * 3600, Language::English), "Renews in 47 h", "two days are told in hours");
        assert_eq!(
            in_seconds(19 * 3600 + 54 * 60, Language::English),
            "Renews in 20 h",
            "the window says so, too"
        );
        assert_eq!(in_seconds(59 * 60 + 40, Language::English), "Renews in 1 h", "not in 60 min");
        assert_eq!(in_seconds(7 * 60 + 1, Language::English), "Renews in 7 min");
        assert_eq!(in_seconds(21 * 3600, Language::Chinese), "21 小时后续期");
    }

    #[test]
    fn the_last_minute_is_not_told_as_zero() {
        assert_eq!(in_seconds(1, Language::English), "Renews in 1 min", "a second is still ahead");
        assert_eq!(in_seconds(0, Language::English), "Renews now", "and then it is due");
        assert_eq!(in_seconds(-5, Language::Chinese), "即将续期", "an overdue renewal is due");
    }

    #[test]
    fn whoever_removes_an_account_hears_how_long_copies_of_its_cookie_work() {
        let now = Timestamp::UNIX_EPOCH;
        let said = |copies, language| forget("Lin", "QQ Music", copies, StoreKind::Keychain, now, language).1;
        let end = CopyLifetime::Until(now + SignedDuration::from_hours(70));
        assert!(said(end, Language::English).contains("keep working for up to 3 d."));
        assert!(said(end, Language::Chinese).contains("最多还能使用 3 天。"));
        let over = CopyLifetime::Until(now - SignedDuration::from_secs(1));
        for copies in [over, CopyLifetime::Dead] {
            assert!(said(copies, Language::English).contains("have stopped working, too"), "{copies:?}");
            assert!(said(copies, Language::Chinese).contains("也已失效"), "{copies:?}");
        }
        assert!(said(CopyLifetime::UntilRevoked, Language::English).contains("until QQ Music ends them"));
        for language in [Language::English, Language::Chinese] {
            let (title, text) = sign_out("Lin", "QQ Music", language);
            assert!(title.contains("Lin") && text.contains("QQ Music"), "{title} {text}");
        }
        let qq = Language::Chinese.service_name(ServiceId::new("qqmusic"));
        assert!(sign_out("Lin", qq, Language::Chinese).1.starts_with("由 QQ 音乐吊销"));
        let netease = Language::Chinese.service_name(ServiceId::new("netease"));
        assert!(sign_out("Lin", netease, Language::Chinese).1.starts_with("由网易云音乐吊销"));
    }

    #[test]
    fn one_account_is_not_told_in_the_plural() {
        assert_eq!(need_sign_in(1, Language::English), "1 account needs sign-in");
        assert_eq!(need_sign_in(2, Language::English), "2 accounts need sign-in");
        assert_eq!(need_sign_in(2, Language::Chinese), "2 个账号需重新登录");
    }
}
