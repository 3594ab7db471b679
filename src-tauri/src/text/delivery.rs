//! What dialogs say of deliveries: whose credential, where to, and how much of it.

use tunekey_core::{CommandTarget, DeliveryScope, FileTarget, HttpTarget, Language, Target, display_text};

use super::{after_han, pick};

/// The longest description of a target that a dialog shows, in characters: what does not fit must not be agreed to.
const LIMIT: usize = 900;

/// The title and the text of the question whether to deliver a credential.
pub(crate) fn deliver(
    name: &str,
    service: &str,
    target: &str,
    scope: DeliveryScope,
    language: Language,
) -> (String, String) {
    let chinese = after_han(service);
    match (scope, language) {
        (DeliveryScope::PlayingOnly, Language::English) => (
            format!("Deliver {name}’s cookie?"),
            format!(
                "TuneKey’s window asks to send what {name} plays {service} with there, now and after each \
                 renewal:\n\n{target}\n\nIf you haven’t just set this up yourself, choose Cancel."
            ),
        ),
        (DeliveryScope::PlayingOnly, Language::Chinese) => (
            format!("投递「{name}」的 Cookie？"),
            format!(
                "TuneKey 窗口请求把「{name}」播放{chinese}所需的 Cookie 送到以下位置，现在发送，之后每次续期也会发送：\
                 \n\n{target}\n\n如果不是你本人刚刚设置的，请选择“取消”。"
            ),
        ),
        (DeliveryScope::Renewable, Language::English) => (
            format!("Hand over {name}?"),
            format!(
                "TuneKey’s window asks to send all of {name}’s {service} credential there, with what renews \
                 it:\n\n{target}\n\nThat program renews it from then on. TuneKey does not, until you sign in again.\n\nIf \
                 you haven’t just set this up yourself, choose Cancel."
            ),
        ),
        (DeliveryScope::Renewable, Language::Chinese) => (
            format!("移交「{name}」？"),
            format!(
                "TuneKey 窗口请求把「{name}」的全部{chinese}凭据（含续期所需的内容）送到以下位置：\n\n{target}\n\n此后由该\
                 程序续期，TuneKey 不再续期，直到你重新登录。\n\n如果不是你本人刚刚设置的，请选择“取消”。"
            ),
        ),
        (DeliveryScope::OwnSignIn, Language::English) => (
            format!("Give a tool a sign-in of its own for {name}?"),
            format!(
                "TuneKey’s window asks to sign in to {name} once more, and to send all of that second {service} credential \
                 there:\n\n{target}\n\nThat program renews it; TuneKey keeps none of it and goes on renewing its own.\n\nIf \
                 you haven’t just set this up yourself, choose Cancel."
            ),
        ),
        (DeliveryScope::OwnSignIn, Language::Chinese) => (
            format!("为工具单独登录「{name}」？"),
            format!(
                "TuneKey 窗口请求再登录一次「{name}」，并把这第二份{chinese}凭据全部送到以下位置：\n\n{target}\n\n该程序自行\
                 续期它；TuneKey 不保留它，继续续期自己的那一份。\n\n如果不是你本人刚刚设置的，请选择“取消”。"
            ),
        ),
    }
}

/// What a question whether to remove an account adds about tools that have a sign-in of their own.
pub(crate) fn own_sign_ins_stay(tools: &[String], language: Language) -> String {
    match language {
        Language::English => {
            format!(
                "\n\nTools with a sign-in of their own keep it until it is ended there: {}.",
                tools.join(", ")
            )
        }
        Language::Chinese => {
            format!("\n\n以下工具有单独的登录，在那边退出前一直有效：{}。", tools.join("、"))
        }
    }
}

/// The title and the text of the question whether to ask a host for a browser's cookies.
pub(crate) fn read_cookies(host: &str, is_plain: bool, language: Language) -> (String, String) {
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
            format!("Read your browser’s cookies from {host}?"),
            format!(
                "TuneKey’s window asks to read from that CookieCloud what plays music, and nothing else of it. Nothing is changed there, and the password does not leave this computer.{plain}\n\nIf you haven’t just set this \
                 up yourself, choose Cancel."
            ),
        ),
        Language::Chinese => (
            format!("从 {host} 读取浏览器的 Cookie？"),
            format!(
                "TuneKey 窗口请求从该 CookieCloud 只读取播放音乐所需的部分。不会改动那里的内容，密码也不会离开本机。\
                 {plain}\n\n如果不是你本人刚刚设置的，请选择“取消”。"
            ),
        ),
    }
}

/// The title and the text of the question whether to remove a delivery.
pub(crate) fn remove_delivery(name: &str, target: &str, language: Language) -> (String, String) {
    match language {
        Language::English => (
            "Remove this delivery?".to_owned(),
            format!(
                "{name} is no longer sent there:\n\n{target}\n\nWhat was delivered stays. Passwords and tokens of this \
                 delivery are deleted."
            ),
        ),
        Language::Chinese => (
            "移除此投递？".to_owned(),
            format!(
                "「{name}」不再送到以下位置：\n\n{target}\n\n已送达的内容不受影响；此投递的密码和令牌会被删除。"
            ),
        ),
    }
}

/// All that can be seen of a target without asking it, in lines; `None` when it is too long for a dialog.
pub(crate) fn target(target: &Target, language: Language) -> Option<String> {
    let lines = match target {
        Target::File(file) => file_lines(file, language),
        Target::Command(command) => vec![command_line(command, language)],
        Target::Http(http) => http_lines(http, language),
        Target::CookieCloud(cloud) => {
            let mut lines = address(&cloud.url, language);
            lines.push(format!("uuid: {}", cloud.uuid));
            lines
        }
        Target::Meting(meting) => address(&meting.url, language),
        Target::OpenList(list) => {
            let mut lines = address(&list.url, language);
            lines.push(list.mount.clone());
            lines
        }
        Target::Qinglong(qinglong) => {
            let mut lines = address(&qinglong.url, language);
            lines.push(qinglong.variable.clone());
            lines
        }
    };
    let lines: Vec<_> = lines.iter().map(|line| display_text::escaped(line)).collect();
    let text = lines.join("\n");
    (text.chars().count() <= LIMIT).then_some(text)
}

fn file_lines(file: &FileTarget, language: Language) -> Vec<String> {
    let mut lines = vec![file.path.display().to_string()];
    lines.extend(file.content.values().iter().map(|one| format!("{} = {}", one.at, one.value)));
    let rights = [
        file.mode.map(|mode| format!("{mode:o}")),
        file.owner.as_ref().map(|owner| format!("{} {owner}", pick(language, "owner", "属主"))),
        file.group.as_ref().map(|group| format!("{} {group}", pick(language, "group", "属组"))),
    ];
    let rights: Vec<_> = rights.into_iter().flatten().collect();
    if !rights.is_empty() {
        lines.push(rights.join(", "));
    }
    lines.extend(file.then.as_ref().map(|then| command_line(then, language)));
    lines
}

/// A program with its arguments, each told apart from the next.
fn command_line(command: &CommandTarget, language: Language) -> String {
    let arguments: Vec<_> = command.arguments.iter().map(|one| format!("{one:?}")).collect();
    let variable = command.variable.as_ref().map(|name| format!("  {name}=…")).unwrap_or_default();
    format!("{} {}{variable}", pick(language, "runs:", "运行："), arguments.join(" "))
}

fn http_lines(http: &HttpTarget, language: Language) -> Vec<String> {
    let mut lines = address(&http.url, language);
    lines.extend(http.headers.iter().map(|header| format!("{}: {}", header.name, header.value)));
    lines
}

fn address(url: &str, language: Language) -> Vec<String> {
    let open =
        pick(language, "without encryption: whoever is on the way can read it", "未加密：途经者可以读到");
    let is_open = !url.trim_start().to_ascii_lowercase().starts_with("https:");
    [Some(url.to_owned()), is_open.then(|| open.to_owned())].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use tunekey_core::{FileContent, HttpHeader, PlacedValue};

    use super::*;

    fn command(arguments: &[&str]) -> CommandTarget {
        let arguments = arguments.iter().map(|one| (*one).to_owned()).collect();
        CommandTarget { arguments, variable: None, seconds: 30 }
    }

    #[test]
    fn a_program_is_shown_with_every_argument_apart() {
        let one = target(&Target::Command(command(&["/bin/sh", "-c", "a b"])), Language::English);
        let other = target(&Target::Command(command(&["/bin/sh", "-c", "a", "b"])), Language::English);
        assert_eq!(one.as_deref(), Some(r#"runs: "/bin/sh" "-c" "a b""#));
        assert_ne!(one, other);
    }

    #[test]
    fn a_file_is_shown_with_what_is_put_into_it_and_with_what_runs_afterwards() {
        let file = FileTarget {
            path: "/srv/app/.env".into(),
            content: FileContent::Variables {
                values: vec![PlacedValue { at: "PATH".to_owned(), value: "/evil".to_owned() }],
            },
            replace: tunekey_core::Replace::Atomic,
            mode: Some(0o644),
            owner: None,
            group: None,
            then: Some(command(&["docker", "restart", "x"])),
        };
        let shown = target(&Target::File(file), Language::English).expect("it is short");
        assert_eq!(
            shown.lines().collect::<Vec<_>>(),
            ["/srv/app/.env", "PATH = /evil", "644", r#"runs: "docker" "restart" "x""#]
        );
    }

    #[test]
    fn an_address_says_when_it_is_not_encrypted_and_shows_what_cannot_be_seen() {
        let http = |url: &str| {
            Target::Http(HttpTarget {
                method: tunekey_core::HttpMethod::Post,
                url: url.to_owned(),
                headers: vec![HttpHeader { name: "X".to_owned(), value: "y".to_owned() }],
                body: String::new(),
                body_kind: tunekey_core::BodyKind::Json,
                signature: tunekey_core::Signature::None,
                allows_plain_http: true,
                success: tunekey_core::Success::Status,
            })
        };
        let shown = target(&http("http://nas.local/\u{202e}x"), Language::Chinese).expect("it is short");
        assert!(shown.starts_with("http://nas.local/\\u{202e}x\n未加密"), "{shown}");
        let safe = target(&http("https://nas.local/"), Language::Chinese).expect("it is short");
        assert!(!safe.contains("未加密"), "{safe}");
        assert_eq!(target(&http(&"x".repeat(LIMIT)), Language::Chinese), None, "it cannot be seen whole");
    }

    #[test]
    fn a_hand_over_says_who_renews_then() {
        for (language, word) in
            [(Language::English, "TuneKey does not"), (Language::Chinese, "TuneKey 不再续期")]
        {
            let said = |scope| deliver("Lin", "QQ Music", "/file", scope, language).1;
            assert!(said(DeliveryScope::Renewable).contains(word), "{language:?}");
            assert!(!said(DeliveryScope::PlayingOnly).contains(word), "{language:?}");
            assert!(said(DeliveryScope::PlayingOnly).contains("/file"), "{language:?}");
        }
    }
}
