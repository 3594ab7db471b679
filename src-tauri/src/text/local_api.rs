//! What Rust itself says of the local API: the tray's line, the questions about its tokens, and a port that is taken.

use jiff::Timestamp;
use tunekey_core::{ApiScope, Language};

use super::pick;
use crate::api_status::ApiStatus;

/// The tray's line about the local API at `now`; `None` while there is nothing to say of it.
pub(crate) fn api_line(status: &ApiStatus, now: Timestamp, language: Language) -> Option<String> {
    let used = status.last_use.as_ref().map(|visit| used(&visit.name, visit.at, now, language));
    let (is, used) = match (&status.address, &status.problem, used) {
        (Some(_), _, Some(used)) => (pick(language, "Local API on", "本地接口已开启"), used),
        (Some(_), _, None) => (
            pick(language, "Local API on", "本地接口已开启"),
            pick(language, "not used yet", "尚未使用").to_owned(),
        ),
        (None, Some(_), None) => {
            return Some(pick(language, "▲ Local API isn’t on", "▲ 本地接口未能开启").to_owned());
        }
        // Another process of this profile has answered.
        (None, _, Some(used)) => (pick(language, "Local API elsewhere", "其他进程的本地接口"), used),
        (None, None, None) => return None,
    };
    Some(format!("{is} · {used}"))
}

/// Who used it, and how long ago.
fn used(name: &str, at: Timestamp, now: Timestamp, language: Language) -> String {
    if now.duration_since(at).as_secs() < 60 {
        return match language {
            Language::English => format!("{name}, just now"),
            Language::Chinese => format!("{name}，刚刚"),
        };
    }
    let span = super::span(now, at, language);
    match language {
        Language::English => format!("{name}, {span} ago"),
        Language::Chinese => format!("{name}，{span}前"),
    }
}

/// What somebody hears whose port something else has, in both languages.
pub(crate) fn port_taken(port: u16) -> (String, String) {
    (
        format!(
            "The local API isn’t on: something else has port {port}, perhaps `tunekey serve`. End that, or choose another \
             port below, then switch it on again."
        ),
        format!(
            "本地接口未能开启：端口 {port} 已被占用，可能是 `tunekey serve`。请先结束它，或在下方换一个端口，再重新打开开关。"
        ),
    )
}

/// The title and the text of the question whether to make a token.
pub(crate) fn make_token(
    name: &str,
    scopes: impl IntoIterator<Item = ApiScope>,
    language: Language,
) -> (String, String) {
    let allows: Vec<_> = scopes.into_iter().map(|scope| format!("• {}", allowed(scope, language))).collect();
    let allows = allows.join("\n");
    match language {
        Language::English => (
            format!("Make a token for {name}?"),
            format!(
                "TuneKey’s window asks to make a token. Whoever has it may, while the local API is on:\n\n{allows}\n\nIt \
                 goes to your clipboard. Give it to one program alone. If you haven’t just asked for it yourself, choose Cancel."
            ),
        ),
        Language::Chinese => (
            format!("为「{name}」新建令牌？"),
            format!(
                "TuneKey 窗口请求新建令牌。本地接口开启时，持有它的程序可以：\n\n{allows}\n\n令牌会复制到剪贴板，请只交给一个程序。\
                 如果不是你本人刚刚要求的，请选择“取消”。"
            ),
        ),
    }
}

fn allowed(scope: ApiScope, language: Language) -> &'static str {
    match scope {
        ApiScope::Status => pick(language, "see your accounts and how they are doing", "查看账号及其状态"),
        ApiScope::Cookie => pick(language, "read cookies", "读取 Cookie"),
        ApiScope::Renew => {
            pick(language, "renew and check accounts, and send deliveries", "续期、验证账号并发送投递")
        }
        ApiScope::SignIn => pick(language, "sign accounts in", "登录账号"),
    }
}

/// The title and the text of the question whether to revoke a token.
pub(crate) fn revoke_token(name: &str, language: Language) -> (String, String) {
    match language {
        Language::English => (
            format!("Revoke the token of {name}?"),
            "Whoever has it is refused from then on. Your accounts stay as they are.\n\nThis can’t be undone: a program \
             that still needs it gets a new one."
                .to_owned(),
        ),
        Language::Chinese => (
            format!("撤销「{name}」的令牌？"),
            "持有它的程序将被拒绝，账号不受影响。\n\n此操作无法撤销：仍需使用的程序要换用新令牌。".to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use tunekey_core::{ApiAccess, ApiUse, Problem, ProblemCode};

    use super::*;

    fn status(address: Option<&str>, problem: Option<Problem>, used: Option<i64>) -> ApiStatus {
        let at = |second| Timestamp::from_second(second).expect("a time");
        let last_use = used.map(|second| ApiUse::once(at(second), "id", "nas", "GET /v1/accounts", 200));
        let mut access = ApiAccess::default();
        access.last_use = last_use;
        let address = address.map(str::to_owned);
        ApiStatus::new(address, 7733, problem, &access, Timestamp::UNIX_EPOCH, at(1))
    }

    #[test]
    fn the_line_says_that_it_is_on_and_who_used_it_last_and_is_gone_when_it_is_off() {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(240);
        let say = |status: &ApiStatus, language| api_line(status, now, language);
        let on = Some("http://127.0.0.1:7733");
        let english = |status| say(&status, Language::English);
        assert_eq!(english(status(on, None, Some(1))).as_deref(), Some("Local API on · nas, 4 min ago"));
        assert_eq!(english(status(on, None, Some(200))).as_deref(), Some("Local API on · nas, just now"));
        assert_eq!(english(status(on, None, None)).as_deref(), Some("Local API on · not used yet"));
        assert_eq!(
            english(status(None, None, Some(1))).as_deref(),
            Some("Local API elsewhere · nas, 4 min ago")
        );
        assert_eq!(english(status(None, None, None)), None);
        let taken = Some(Problem::new(ProblemCode::InvalidInput));
        assert_eq!(english(status(None, taken, None)).as_deref(), Some("▲ Local API isn’t on"));
        let chinese = say(&status(on, None, Some(1)), Language::Chinese);
        assert_eq!(chinese.as_deref(), Some("本地接口已开启 · nas，4 分钟前"));
    }

    #[test]
    fn whoever_makes_a_token_reads_all_that_it_allows() {
        for language in [Language::English, Language::Chinese] {
            let (title, text) = make_token("nas", ApiScope::ALL, language);
            assert!(title.contains("nas"), "{title}");
            for scope in ApiScope::ALL {
                assert!(text.contains(allowed(scope, language)), "{text}");
            }
            let (_, text) = make_token("nas", [ApiScope::Status], language);
            assert!(!text.contains(allowed(ApiScope::Cookie, language)), "{text}");
        }
    }
}
