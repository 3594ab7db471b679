//! The parser's help and errors in Chinese. For `help.rs`.

use clap::builder::Command;
use clap::error::{ContextKind, Error, ErrorKind};
use tunekey_core::Language;

use super::{context, with_help};
use crate::text::{format_names, service_ids};

/// The commands, by name, or by the name of the one above and their own where several have the same.
const COMMANDS: &[(&str, &str)] = &[
    ("services", "列出服务及其登录方式"),
    ("sign-in", "扫码登录，或用其他方式登录"),
    ("import", "保存已有的 Cookie，来自文件或标准输入"),
    ("accounts", "列出账号"),
    ("show", "查看一个账号"),
    ("cookie", "输出 Cookie"),
    ("get", "为脚本输出值：只有 Cookie，没有别的"),
    ("rejected", "报告密钥被对方服务拒绝：验证一次，最多续期一次"),
    ("run", "在环境变量中带上 Cookie 运行程序，期间自动续期"),
    ("watch", "输出各账号的状态及其每次变化"),
    ("daemon", "在没有窗口的情况下自动续期和投递，直到被停止"),
    ("serve", "像 `daemon` 一样续期和投递，并通过 HTTP 回应你自己的程序"),
    ("health", "检查 `daemon` 或 `serve` 是否在运行并有回应，供健康检查使用"),
    ("token", "决定哪些程序可以通过 HTTP 访问，以及可以做什么"),
    ("token add", "为程序新建令牌，只显示一次"),
    ("token list", "列出令牌、各自的权限和最近使用时间"),
    ("revoke", "撤销令牌：此后持有者会被拒绝"),
    ("log", "查看谁访问过什么，最新的在最后"),
    ("doctor", "查找 TuneKey 无法工作的原因，并给出办法"),
    ("store", "查看凭据存放在哪里，或迁移凭据"),
    ("store show", "查看本数据目录的凭据存放在哪里"),
    ("move", "把本数据目录的凭据迁移到另一种存储"),
    ("identity", "新建能打开加密文件的身份密钥，并输出接收方"),
    ("renew", "续期，获取新密钥"),
    ("check", "向对方服务验证凭据是否有效"),
    ("sign-out", "在对方服务端退出，并从本机移除"),
    ("forget", "仅从本机移除凭据"),
    ("delivery", "把凭据自动送到使用它的地方"),
    ("presets", "列出可以投递到哪里，以及各自需要什么"),
    ("list", "列出投递及其结果"),
    ("add", "添加投递"),
    ("change", "修改投递的去处；未写明的保持不变"),
    ("delivery sign-in", "单独为一个投递再登录一次，并把结果送到那里"),
    ("label", "为投递命名；留空则去掉名称"),
    ("preview", "查看将发送的内容，机密部分会遮盖"),
    ("test", "发送当前值，看是否可用"),
    ("send", "立即投递当前值"),
    ("switch", "启用或关闭投递"),
    ("remove", "移除投递；已送达的内容不受影响"),
    ("notify", "需要你处理时通知到手机；停止运行时也能被发现"),
    ("notify list", "列出通知渠道及最近一次消息的结果"),
    ("notify add", "添加通知渠道"),
    ("notify change", "修改通知渠道；未写明的保持不变"),
    ("notify test", "发送测试消息，免打扰时段也会发送"),
    ("notify switch", "启用或关闭通知渠道"),
    ("notify remove", "移除通知渠道及其机密"),
    ("channels", "列出可用的通知渠道，以及各自需要什么"),
    ("quiet", "查看或选择不发送手机消息的时段"),
    ("after", "查看或选择多少小时后才通知某些问题"),
    ("ping", "一切正常时定期访问一个地址，停止后即可被发现（healthchecks.io 等）"),
    ("settings", "查看或修改设置"),
    ("help", "显示帮助"),
];

const ACCOUNT: &str = "账号：`服务:号码`、其唯一的开头，或昵称";

/// The options and arguments, by the command's name (`*` for all) and their own.
const ARGUMENTS: &[(&str, &str, &str)] = &[
    ("*", "help", "显示帮助"),
    ("*", "version", "显示版本"),
    ("*", "profile", "账号和设置改存到这个文件夹"),
    ("*", "store", "新数据目录的凭据存放处：`keychain`、`file` 或 `postgres://…`"),
    ("*", "json", "每行输出一个 JSON 对象"),
    ("*", "log", "向标准错误输出日志（error 至 trace），不含机密"),
    ("sign-in", "method", "登录方式（见 `services`）；省略则用最合适的"),
    ("sign-in", "account", "重新登录这个账号；若是另一个，先询问再保存"),
    ("sign-in", "qr", "二维码画在哪里：`terminal`，或 `png=文件`；`text` 输出其内容"),
    ("sign-in", "browser", "用于 official-page 的浏览器；省略则自动查找"),
    ("import", "second", "文件；省略或 `-` 表示标准输入"),
    ("import", "account", "重新登录这个账号；若是另一个，先询问再保存"),
    ("import", "url", "从此 CookieCloud 取浏览器 Cookie 中播放所需的部分，由浏览器续期"),
    ("import", "uuid", "浏览器扩展中的 uuid"),
    ("import", "password", "存有扩展密码的文件，`-` 表示标准输入；在终端中省略则会询问"),
    ("list", "account", "只列出这个账号的"),
    ("add", "preset", "投递到哪里（见 `delivery presets`）"),
    ("add", "answers", "它需要的内容，每项写作 名称=内容"),
    ("add", "secret", "它需要的机密，来自文件，`-` 表示标准输入"),
    ("add", "label", "自定义名称"),
    ("add", "hand_over", "同时送出续期所需的内容：此后由目标续期，TuneKey 不再续期，直到重新登录"),
    ("add", "own_sign_in", "让目标有单独的登录并由它续期（之后用 `delivery sign-in`）"),
    ("change", "answers", "要修改的内容，每项写作 名称=内容"),
    ("change", "secret", "新的机密，来自文件，`-` 表示标准输入"),
    ("change", "hand_over", "同时送出续期所需的内容：此后由目标续期，TuneKey 不再续期，直到重新登录"),
    ("change", "label", "自定义名称"),
    ("change", "own_sign_in", "让目标有单独的登录并由它续期（之后用 `delivery sign-in`）"),
    ("label", "text", "名称"),
    ("switch", "state", "`on` 或 `off`"),
    ("add", "kind", "渠道类型（见 `notify channels`）"),
    ("quiet", "hours", "如 22:00-08:00，或 `off`；省略则显示"),
    ("after", "renewal", "续期可以失败多少小时"),
    ("after", "keychain", "系统密钥环可以锁定多少小时"),
    ("ping", "action", "`set`、`test` 或 `off`；省略则显示"),
    ("ping", "address", "存有地址的文件，`-` 表示标准输入；在终端中省略则会询问"),
    ("ping", "minutes", "间隔分钟数"),
    ("*", "plain_http", "允许在自己的内网中使用未加密的地址"),
    ("*", "channel", "通知渠道：编号、其唯一的开头，或名称"),
    ("*", "delivery", "投递：编号、其唯一的开头，或名称"),
    ("*", "account", ACCOUNT),
    ("*", "minimal", "只含播放所需的部分，不含续期所需的内容"),
    ("*", "even_if_dead", "即使账号需要重新登录也输出"),
    ("rejected", "generation", "所用的代数（见 `get --json`）：比当前旧的不再验证"),
    ("run", "env", "放 Cookie 的变量及其格式，可重复"),
    ("run", "on_renewal", "有新密钥时：`restart` 重启程序，或如 `signal=HUP` 发送信号"),
    ("run", "command", "程序及其参数"),
    ("serve", "listen", "监听的地址；省略则为 127.0.0.1:7733"),
    ("serve", "host", "除 localhost 外指向本机的主机名，例如反向代理的；可重复"),
    ("serve", "allow_origin", "允许访问的网页来源，如 https://example.com；可重复"),
    ("add", "name", "给谁用，例如程序的名称"),
    ("add", "scope", "权限：status（状态）、cookie、renew（续期）、sign-in（登录），可重复"),
    ("revoke", "name", "令牌的名称"),
    ("doctor", "names", "用账号和文件夹的名称"),
    ("move", "to", "存放处：`keychain`、`file`（加密文件）或 `postgres://…`（数据库）"),
    ("move", "identity", "打开加密内容的身份密钥所在的文件；省略则查找常用位置"),
    ("identity", "file", "新文件；省略则用常用的文件"),
    ("renew", "all", "所有账号"),
    ("settings", "value", "新的值"),
    ("help", "subcommand", "要查看的命令"),
    ("help", "command", "要查看的命令"),
];

/// The command and all below it.
pub(super) fn translated(command: Command) -> Command {
    translated_below("", command)
}

fn translated_below(above: &str, command: Command) -> Command {
    let name = command.get_name().to_owned();
    let whole = format!("{above} {name}");
    let named = |wanted: &str| COMMANDS.iter().find(|(known, _)| *known == wanted);
    let mut command = match named(&whole).or_else(|| named(&name)) {
        // The list of `help`’s own commands repeats the others.
        Some((_, about)) => command.about(*about).long_about(None),
        None => command,
    };
    command = command
        .subcommand_help_heading("命令")
        .help_template("{about-with-newline}\n用法：{usage}\n\n{all-args}{after-help}");
    let ids: Vec<_> = command
        .get_arguments()
        .map(|argument| (argument.get_id().to_string(), argument.is_positional()))
        .collect();
    for (id, is_positional) in ids {
        let known = |owner: &str| {
            ARGUMENTS.iter().find(|(command, argument, _)| *command == owner && *argument == id)
        };
        let help = known(&name).or_else(|| known("*")).map(|(_, _, help)| *help);
        let heading = if is_positional { "参数" } else { "选项" };
        command = command.mut_arg(&id, |argument| with_help(argument, help, heading).long_help(None));
    }
    let names: Vec<_> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for below in names {
        command = command.mut_subcommand(below, |command| translated_below(&name, command));
    }
    command
}

/// What is wrong with what was typed, and how it is used.
pub(super) fn error_message(error: &Error) -> String {
    let about = |kind| context(error, kind).unwrap_or_default();
    let argument = about(ContextKind::InvalidArg);
    let mut message = match error.kind() {
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let value = about(ContextKind::InvalidValue);
            match allowed(&argument) {
                Some(allowed) => format!("“{value}”不能用于 {argument}：{allowed}。"),
                None if value.is_empty() => format!("{argument} 缺少内容。"),
                None => format!("“{value}”不能用于 {argument}。"),
            }
        }
        ErrorKind::UnknownArgument => format!("没有这个选项或参数：{argument}。"),
        ErrorKind::InvalidSubcommand => {
            format!("没有这个命令：{}。", about(ContextKind::InvalidSubcommand))
        }
        ErrorKind::MissingRequiredArgument => format!("缺少：{argument}。"),
        ErrorKind::MissingSubcommand => "缺少命令。".to_owned(),
        ErrorKind::ArgumentConflict => {
            format!("{argument} 不能与 {} 同时使用。", about(ContextKind::PriorArg))
        }
        _ => "命令用法不正确。".to_owned(),
    };
    let suggested =
        [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    if let Some(suggestion) = suggested.into_iter().find_map(|kind| context(error, kind)) {
        message.push_str(&format!("是否想输入 {suggestion}？"));
    }
    let usage = about(ContextKind::Usage);
    if let Some(usage) = usage.trim().strip_prefix("Usage: ").filter(|usage| !usage.is_empty()) {
        message.push_str(&format!("\n用法：{usage}"));
    }
    message + "\n详情请用 --help 查看。\n"
}

/// What an argument may be.
fn allowed(argument: &str) -> Option<String> {
    let known = [
        ("<SERVICE>", format!("可选 {}", service_ids(Language::Chinese))),
        ("--method", "可用的方式见 `tunekey services`".to_owned()),
        ("--qr", "可选 terminal、text 或 png=文件".to_owned()),
        ("--format", format!("可选 {}", format_names(Language::Chinese))),
        ("<STATE>", "可选 on 或 off".to_owned()),
        ("<KIND>", "可用的类型见 `tunekey notify channels`".to_owned()),
        ("[ACTION]", "可选 set、test 或 off".to_owned()),
        ("--store", "可选 keychain、file 或 postgres://…".to_owned()),
        ("<TO>", "可选 keychain、file 或 postgres://…".to_owned()),
        ("--env", format!("写作 变量名 或 变量名=格式；格式可选 {}", format_names(Language::Chinese))),
        ("--on-renewal", "可选 restart 或 signal=信号".to_owned()),
        ("--scope", "可选 status、cookie、renew 或 sign-in".to_owned()),
        ("--listen", "写作 地址:端口，如 127.0.0.1:7733".to_owned()),
        ("--host", "写作主机名，如 nas.example 或 nas.example:8080".to_owned()),
        ("--allow-origin", "写作浏览器中的来源，如 https://example.com".to_owned()),
        ("--log", "可选 off、error、warn、info、debug 或 trace".to_owned()),
    ];
    known.into_iter().find(|(name, _)| argument.contains(name)).map(|(_, allowed)| allowed)
}
