//! What the help says of the services: their names, ways in, formats and settings, as they declare them. For `help.rs`.

use clap::builder::{Arg, Command};
use tunekey_core::{Language, Method, Settings, registry};

use crate::text::{after_han, all_of, any_of, before_han, format_names, service_ids, service_names};

/// The command with the names that may be given to it.
pub(super) fn named(command: Command, language: Language) -> Command {
    let services = service_ids(language);
    let (settings, all) =
        (any_of(Settings::keys().into_iter().map(str::to_owned), language), all_services(language));
    let or_left_out = |names: &str, english: &str, chinese: &str| match language {
        Language::English => format!("{names}; {english} if left out"),
        Language::Chinese => format!("{names}；省略则{chinese}"),
    };
    let help = [
        ("sign-in", "service", services.clone()),
        ("import", "first", or_left_out(&services, "recognised by itself", "自动识别")),
        ("cookie", "format", or_left_out(&format_names(language), "the account's own", "用该账号自己的")),
        ("get", "format", or_left_out(&format_names(language), "the account's own", "用该账号自己的")),
        ("settings", "key", or_left_out(&settings, "all of them", "列出全部")),
    ];
    let about = match language {
        Language::English => format!("Your own {all} sign-in, kept in the system's keychain and renewed"),
        Language::Chinese => format!("登录自己的{}，凭据存入系统密钥环并自动续期。", after_han(&all)),
    };
    help.into_iter().fold(command.about(about), |command, (name, argument, help)| {
        // One by one they would change their places.
        let told = |known: Arg| if known.get_id() == argument { known.help(help.clone()) } else { known };
        command.mut_subcommand(name, |sub| sub.mut_args(told))
    })
}

/// The ways in, a line each. Two spaces in a line begin a column.
pub(super) fn methods(language: Language) -> String {
    let mut text = language.pick("Ways in:", "登录方式：").to_owned();
    let listed = [
        Method::QqScan,
        Method::WechatScan,
        Method::AppScan,
        Method::Phone,
        Method::Paste,
        Method::CookieCloud,
        Method::OfficialPage,
    ];
    for method in listed {
        let offers = |method: Method| {
            let offering = move |service: &&&dyn tunekey_core::Service| {
                !method.is_new_sign_in() || service.facts().methods().any(|offered| offered == method)
            };
            registry::all()
                .iter()
                .filter(offering)
                .map(move |service| language.of(service.facts().name).to_owned())
        };
        let count = offers(method).count();
        if count == 0 {
            continue;
        }
        let whose = match registry::all().len() {
            2 if count == 2 => language.pick("both", "两者").to_owned(),
            all if count == all && all > 2 => language.pick("all", "全部").to_owned(),
            _ => all_of(offers(method), language),
        };
        let says = description(method, offers(method), language);
        let colon = language.pick(": ", "：");
        text.push_str(&format!("\n  {:<13}  {whose}{colon}{says}", method.as_str()));
    }
    text + "\n\n"
}

fn description(method: Method, services: impl Iterator<Item = String>, language: Language) -> String {
    let text = match method {
        Method::QqScan => language.pick(
            "scan with mobile QQ; the QQ Music app refuses this code",
            "手机 QQ 扫码（QQ 音乐 App 不接受此二维码）",
        ),
        Method::WechatScan => language.pick("scan with WeChat", "微信扫码"),
        Method::AppScan => {
            return match language {
                Language::English => {
                    let names = any_of(services.map(|name| format!("the {name}")), language);
                    format!("scan with {names} app")
                }
                Language::Chinese => format!("用{} App 扫码", after_han(&any_of(services, language))),
            };
        }
        Method::Phone => language.pick("a code sent to your phone number", "手机验证码"),
        Method::Paste => language.pick(
            "a cookie that you already have, from standard input to its end",
            "已有的 Cookie，从标准输入读到结束",
        ),
        Method::CookieCloud => language.pick(
            "a browser’s cookies, with `tunekey import --cookiecloud`",
            "浏览器的 Cookie，用 `tunekey import --cookiecloud` 导入",
        ),
        Method::OfficialPage => language.pick(
            "its own page, in a window of Chromium, Chrome, Edge or Brave with a profile that is thrown away",
            "官方页面，用 Chromium、Chrome、Edge 或 Brave 的一次性配置打开",
        ),
    };
    text.to_owned()
}

/// The formats, a line each, and what the cookie of each service can do.
pub(super) fn formats(language: Language) -> String {
    let mut text = language
        .pick(
            "\
Formats:
  header      `name=value; name=value`; without a line break at its end where it goes into a file
  json        an object from name to value
  env         a line for a .env file
  netscape    cookies.txt for yt-dlp, curl, wget and Python
",
            "\
格式：
  header      `name=value; name=value`；写入文件时末尾没有换行
  json        以名称为键的对象
  env         .env 文件中的一行
  netscape    cookies.txt，供 yt-dlp、curl、wget、Python 使用
",
        )
        .to_owned();
    for facts in registry::all().iter().map(|service| service.facts()) {
        let name = language.of(facts.name);
        for own in facts.formats {
            let (format, about) = (own.name, language.of(own.about));
            text.push_str(&match language {
                Language::English => format!("  {format:<10}  {about} ({name} only)\n"),
                Language::Chinese => format!("  {format:<10}  {about}（仅{}）\n", after_han(name)),
            });
        }
    }
    let of = |renews: bool| {
        let facts = registry::all().iter().map(|service| service.facts());
        let names = facts
            .filter(|facts| facts.cookie.renews == renews)
            .map(|facts| language.of(facts.name).to_owned());
        all_of(names, language)
    };
    let (renewing, playing) = (of(true), of(false));
    text.push_str(language.pick(
        "--format is for this once: the account’s own format stays as it is.",
        "--format 只对这一次有效，不改变该账号的默认格式。",
    ));
    if !renewing.is_empty() {
        text.push_str(&match language {
            Language::English => format!(
                " The full cookie of {renewing} holds what renews the key, for a tool of your own that renews by \
                 itself; --minimal holds only what plays."
            ),
            Language::Chinese => format!(
                "{}的完整 Cookie 含有续期所需的内容，适合自己掌控、会自行续期的工具；--minimal 只含播放所需的部分。",
                before_han(&renewing)
            ),
        });
    }
    if !playing.is_empty() {
        text.push_str(&match language {
            Language::English => {
                format!(" That of {playing} only plays: print it again after TuneKey has renewed it.")
            }
            Language::Chinese => {
                format!("{}的 Cookie 仅可播放：TuneKey 续期后请重新输出。", before_han(&playing))
            }
        });
    }
    text + "\n"
}

fn all_services(language: Language) -> String {
    all_of(service_names(language), language)
}
