//! Help and the parser's errors in the person's language. For `lib.rs`.

use clap::builder::{Arg, Command};
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use tunekey_core::Language;

use crate::exit::ExitStatus;
use crate::wrap::wrapped;

mod chinese;
mod services;

/// The widest line of a help text, in columns: longer ones are hard to read.
const MAX_WIDTH: usize = 100;
/// The width of what stands indented in a manual page of 80 columns.
pub(crate) const MANUAL_WIDTH: u32 = 70;
/// The width of a help text that goes to a pipe, in columns: a pager may read it.
const DEFAULT_WIDTH: usize = 80;

/// Two spaces in a line begin a column, which the line keeps to when it is wrapped.
const SIGN_IN: [&str; 2] = [
    "\
Questions are asked on standard error and answered on standard input, a line each. With --json the question is a step, \
and its answer is a line of standard input as well:
  ask_phone_number   +86 13800000000, or 13800000000 for mainland China; another country’s code is followed by a space
  ask_captcha        open its `address` in a browser, then send an empty line, or `change` for another number
  ask_text_code      the code, `resend` (works from its `resend_at` on) or `change` for another number
  ask_other_account  `yes` keeps that account beside the one of --account, `no` keeps everything as it was
  ask_paste          the text, up to the end of the input
  ask_which_account  the number of one of its `accounts`, or its place among them, counted from 1
  ask_to_go_on       nothing: it says what was recognised and goes on by itself
A question with a `problem` in it is asked again because of that. When the input ends before the answer, the command \
ends with that problem, or with exit code 2; `ask_other_account` takes it for `no`.

A `failed` after `exchanging` or `saving` is not the end: the sign-in is confirmed, and what it gives comes only once. \
At a terminal TuneKey asks when to try again; otherwise it tries for a minute by itself.

`show_code` carries the code as `code` (a data: URL of an SVG) and as `code_png`.",
    "\
问题显示在标准错误输出，从标准输入逐行回答。使用 --json 时，问题是一个步骤，回答同样是标准输入的一行：
  ask_phone_number   +86 13800000000；中国大陆可直接写 13800000000；其他国家代码后加一个空格
  ask_captcha        在浏览器打开其 `address`，完成后输入空行；或输入 `change` 更换号码
  ask_text_code      验证码；`resend` 重新发送（`resend_at` 之后有效）；`change` 更换号码
  ask_other_account  `yes` 同时保存该账号，`no` 保持原样
  ask_paste          文本，直到输入结束
  ask_which_account  `accounts` 中某个账号的编号，或它的序号（从 1 开始）
  ask_to_go_on       无需回答：说明识别到的内容后自动继续
带有 `problem` 的问题表示因此再次询问。若输入在回答之前结束，则以该问题或退出码 2 结束；`ask_other_account` 视为 `no`。

`exchanging` 或 `saving` 之后的 `failed` 不是结束：登录已确认，而凭据只会给出一次。在终端中 TuneKey 会询问何时重试，\
否则会自行重试一分钟。

`show_code` 以 `code`（SVG 的 data: 地址）和 `code_png` 给出二维码。",
];

const IMPORT: [&str; 2] = [
    "Recognises a Cookie header, Set-Cookie lines, JSON (an object, a browser extension’s export, a qqmusic-api \
     Credential, a HAR file), Netscape cookies.txt, rows of a browser’s table of cookies, commands (curl, PowerShell, \
     fetch), settings (.env, TOML, YAML), code, a bare MUSIC_U, or a musickey with its uin; whatever stands around it. \
     Text may have 64 kB, JSON and cookies.txt 32 MB, in UTF-8, UTF-16 or GBK. Of several accounts in it one is asked \
     for. It is checked with the service before it is saved, and is never shown. A file that is called like a service \
     is named with its folder: ./qqmusic",
    "可识别 Cookie 请求头、Set-Cookie 行、JSON（对象、浏览器扩展导出、qqmusic-api 的 Credential、HAR 文件）、Netscape cookies.txt、\
     浏览器 Cookie 表格、命令（curl、PowerShell、fetch）、配置（.env、TOML、YAML）、代码、单独的 MUSIC_U，或 musickey 加 uin，\
     周围有其他内容也可以。文本最大 64 kB，JSON 与 cookies.txt 最大 32 MB，编码可为 UTF-8、UTF-16 或 GBK。\
     其中有多个账号时会询问要哪一个。保存前会向对方服务验证，内容不会显示。与服务同名的文件请带上目录：./qqmusic",
];

/// The end of the help on formats.
const COOKIE: [&str; 2] = [
    "An account that needs a sign-in ends with exit code 5 and nothing printed, unless --even-if-dead is given.",
    "需要重新登录的账号不会输出内容，退出码为 5；除非加上 --even-if-dead。",
];

const RUN: [&str; 2] = [
    "The program ends with its own exit code, or with 128 and the number of the signal that ended it. Signals to \
     TuneKey go to the program. Not at a terminal it gets a process group of its own, of which nothing is left when it \
     ends. The cookie stands in the environment of the program alone; whoever may read that may read it.",
    "程序的退出码会原样返回；若被信号终止，则为 128 加信号编号。发给 TuneKey 的信号会转发给程序。不在终端时，程序有自己的进程组，\
     结束时不会留下其中的进程。Cookie 只在该程序的环境变量中，能读取其环境的人也能读到它。",
];

const STORE: [&str; 2] = [
    "Encrypted files are in the folder `secrets` of the profile, each readable by `age -d -i IDENTITY FILE`. The identity \
     that opens them is looked for in the file `tunekey-identity` in $CREDENTIALS_DIRECTORY (systemd), then in \
     /run/secrets (containers), then in the file that was named with --identity, or else in tunekey/identity.txt in the \
     user’s configuration; at a terminal it is asked for if there is none. The first one that is there counts. A file \
     of your own must be for you alone (mode 0600).\n\nA database (postgres://user@host:5432/database) is shared by \
     several computers with the same identity. Its address has no password in it: that stands in ~/.pgpass (on Windows \
     %APPDATA%\\postgresql\\pgpass.conf) or $PGPASSFILE, or in the file `tunekey-database-password` where the identity is handed out, too. The connection is encrypted and its \
     certificate verified; ?sslrootcert=FILE names an authority of your own, ?sslmode=disable does without in your own \
     network, and ?pgbouncer=true says that a pooler stands before it.",
    "加密文件在数据目录的 `secrets` 文件夹中，可用 `age -d -i 身份密钥 文件` 读取。身份密钥依次在以下位置查找：\
     $CREDENTIALS_DIRECTORY（systemd）和 /run/secrets（容器）中的 `tunekey-identity` 文件，--identity 指定的文件，\
     或用户配置目录中的 tunekey/identity.txt；都没有时在终端询问。以第一个找到的为准。自己的文件必须只有自己能读（权限 0600）。\n\n数据库（postgres://用户@主机:5432/数据库）由使用同一身份密钥的多台电脑共享。\
     地址中不含密码：密码写在 ~/.pgpass（Windows 上为 %APPDATA%\\postgresql\\pgpass.conf）或 $PGPASSFILE 中，或以 `tunekey-database-password` 为名与身份密钥一同提供。\
     连接会加密并验证证书；?sslrootcert=文件 指定自有 CA，?sslmode=disable 仅在自己的网络内不加密，?pgbouncer=true 表示前面有连接池。",
];

const SERVE: [&str; 2] = [
    "Every request needs a token (`tunekey token add`), sent as `Authorization: Bearer …`. Clients of the vkeys API that know \
     nothing but an address get one with the token in it: http://127.0.0.1:7733/k/TOKEN. What there is to ask stands at \
     that address and a slash, and in docs/api.md. With --json the first line says where it listens.",
    "每个请求都需要令牌（`tunekey token add`），以 `Authorization: Bearer …` 发送。只能填写地址的 vkeys 客户端可使用含令牌的地址：\
     http://127.0.0.1:7733/k/令牌。可访问的内容见该地址加斜杠的页面，以及 docs/api.md。使用 --json 时第一行给出监听地址。",
];

/// Gives the command its help in a language, wrapped to so many columns.
pub(crate) fn localized(command: Command, language: Language, columns: Option<u32>) -> Command {
    let mut command = described(command, language, columns);
    command.build();
    if language == Language::Chinese {
        command = chinese::translated(command);
    }
    command
}

/// Gives the command what its help says besides the arguments' own descriptions.
pub(crate) fn described(command: Command, language: Language, columns: Option<u32>) -> Command {
    let width = columns.map_or(DEFAULT_WIDTH, |columns| (columns as usize).min(MAX_WIDTH));
    let mut command = command.term_width(width).after_help(wrapped(&exit_codes(language), width));
    for (name, head, texts) in [
        ("sign-in", services::methods(language), SIGN_IN),
        ("import", String::new(), IMPORT),
        ("cookie", services::formats(language), COOKIE),
        ("get", services::formats(language), COOKIE),
        ("run", String::new(), RUN),
        ("store", String::new(), STORE),
        ("serve", String::new(), SERVE),
    ] {
        let help = head + language.pick(texts[0], texts[1]);
        command = command.mut_subcommand(name, |sub| sub.after_help(wrapped(&help, width)));
    }
    services::named(command, language)
}

/// What each exit code means, a line each.
fn exit_codes(language: Language) -> String {
    let mut text = language.pick("Exit codes:", "退出码：").to_owned();
    for status in ExitStatus::ALL {
        let (code, meaning) = (status.code(), status.meaning(language));
        text.push_str(&format!("\n  {code:<3}  {meaning}"));
    }
    text
}

/// The message of an error of the parser: its own, or ours in Chinese.
pub(crate) fn error_message(error: &Error, language: Language) -> String {
    match (language, error.kind()) {
        (Language::Chinese, kind) if !is_output(kind) => chinese::error_message(error),
        _ => error.render().to_string(),
    }
}

/// Whether the parser's “error” is the output that was asked for: help, or the version.
pub(crate) fn is_output(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    )
}

/// What an error is about.
fn context(error: &Error, kind: ContextKind) -> Option<String> {
    Some(match error.get(kind)? {
        ContextValue::String(text) => text.clone(),
        ContextValue::Strings(texts) => texts.join("、"),
        ContextValue::StyledStr(text) => text.to_string(),
        ContextValue::StyledStrs(texts) => {
            texts.iter().map(ToString::to_string).collect::<Vec<_>>().join("、")
        }
        _ => return None,
    })
}

fn with_help(argument: Arg, help: Option<&'static str>, heading: &'static str) -> Arg {
    match help {
        Some(help) => argument.help(help).help_heading(heading),
        None => argument.help_heading(heading),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use unicode_width::UnicodeWidthStr as _;

    use super::*;
    use crate::args::Cli;

    fn helps(language: Language, columns: u32) -> Vec<String> {
        helps_of(&mut localized(Cli::command(), language, Some(columns)))
    }

    /// The help of a command and of all below it.
    fn helps_of(command: &mut Command) -> Vec<String> {
        let own = command.render_long_help().to_string();
        let below = command.get_subcommands_mut().flat_map(helps_of);
        std::iter::once(own).chain(below).collect()
    }

    #[test]
    fn no_line_of_any_help_is_wider_than_the_terminal() {
        for (columns, language) in [
            (60, Language::English),
            (80, Language::English),
            (80, Language::Chinese),
            (132, Language::English),
            (132, Language::Chinese),
        ] {
            for help in helps(language, columns) {
                for line in help.lines() {
                    assert!(line.width() <= columns as usize, "{columns}: {line}");
                }
            }
        }
    }

    #[test]
    fn a_help_is_wrapped_once_and_its_columns_stay() {
        let help = &helps(Language::English, 80).into_iter().find(|help| help.contains("ask_captcha"));
        let help = help.as_ref().expect("it is that of sign-in");
        let at = help.find("  ask_captcha").expect("it is there");
        let entry: Vec<_> = help[at..].lines().take(2).collect();
        assert_eq!(
            entry,
            [
                "  ask_captcha        open its `address` in a browser, then send an empty line,",
                "                     or `change` for another number"
            ]
        );
    }

    #[test]
    fn every_help_is_there_in_chinese_with_nothing_left_in_english() {
        for help in helps(Language::Chinese, 100) {
            for english in [
                "Usage",
                "Options:",
                "Commands:",
                "Arguments:",
                "Print ",
                "List ",
                "Show ",
                "Keep ",
                "The ",
                " the ",
            ] {
                assert!(!help.contains(english), "“{english}” in\n{help}");
            }
        }
    }

    #[test]
    fn what_is_typed_wrong_is_said_in_both_languages() {
        for (typed, english, chinese) in [
            (&["sign-in", "spotify"][..], "qqmusic or netease", "qqmusic 或 netease"),
            (&["sign-in"], "required", "缺少"),
            (&["--nonsense"], "unexpected argument", "没有这个选项"),
            (&["sing-in"], "unrecognized subcommand", "没有这个命令"),
            (&["renew", "a", "--all"], "cannot be used with", "不能"),
            (&["cookie", "a", "--format", "yaml"], "header, json", "header、json"),
        ] {
            for (language, wanted) in [(Language::English, english), (Language::Chinese, chinese)] {
                let command = localized(Cli::command(), language, None);
                let error =
                    command.try_get_matches_from([&["tunekey"], typed].concat()).expect_err("it is wrong");
                let message = error_message(&error, language);
                assert!(message.contains(wanted), "{typed:?}: {message}");
                let mixed =
                    ["error", "Usage", "For more", "required"].iter().any(|word| message.contains(word));
                assert!(language == Language::English || !mixed, "{message}");
            }
        }
    }
}
