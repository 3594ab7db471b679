//! `tunekey notify`: how the person is told. For `lib.rs`.

use std::path::{Path, PathBuf};

use serde_json::json;
use tunekey_core::{
    Channel, ChannelDraft, ChannelFields, ChannelKind, ChannelRecord, Language, NotificationSettings, Ping,
    Problem, ProblemCode, QuietHours, Secret, TuneKey,
};

use crate::args::{NotifyCommand, PingAction};
use crate::failure::Failure;
use crate::named_values::{parse_answers, read_secret, read_secrets};
use crate::output::Output;
use crate::{stdin, table, text};

/// How often an address is called unless the person says otherwise, in minutes.
const PING_MINUTES: u32 = 60;

/// Does what a command says.
pub(crate) async fn run(tunekey: &TuneKey, command: NotifyCommand, output: Output) -> Result<(), Failure> {
    match command {
        NotifyCommand::Channels => show_channels(output),
        NotifyCommand::List => list(tunekey, output),
        NotifyCommand::Add { kind, answers, secret, label, plain_http } => {
            let kind = kind.0;
            let mut values = read_secrets(&secret).await?;
            refuse_open_secrets(kind, &answers)?;
            let answers = parse_answers(&answers)?;
            values.extend(answers.into_iter().map(|(name, value)| (name, Secret::new(value))));
            ask_for_missing(kind, &mut values, output).await?;
            let draft = ChannelDraft {
                kind,
                label,
                language: output.language,
                values,
                allows_plain_http: plain_http,
            };
            let channel = tunekey.add_channel(draft).await?;
            output.result(&channel, || line(&channel, output.language));
            output.advice(output.language.pick(
                "`tunekey notify test` tries it out. Messages go out while a TuneKey runs that renews by itself.",
                "可用 `tunekey notify test` 测试。有自动续期的 TuneKey 在运行时才会发送消息。",
            ));
        }
        NotifyCommand::Change { channel, answers, secret, label, plain_http } => {
            let channel = tunekey.find_channel(&channel)?;
            refuse_open_secrets(channel.kind, &answers)?;
            let mut draft = ChannelDraft::of(&channel);
            let answers = parse_answers(&answers)?;
            draft.values.extend(answers.into_iter().map(|(name, value)| (name, Secret::new(value))));
            draft.values.extend(read_secrets(&secret).await?);
            draft.label = label.or(draft.label);
            draft.allows_plain_http |= plain_http;
            let channel = tunekey.change_channel(&channel.id, draft).await?;
            output.result(&channel, || line(&channel, output.language));
        }
        NotifyCommand::Test { channel } => {
            let id = tunekey.find_channel(&channel)?.id;
            sent(tunekey.test_channel(&id).await?, output)?;
        }
        NotifyCommand::Switch { channel, state } => {
            let id = tunekey.find_channel(&channel)?.id;
            tunekey.switch_channel(&id, state.0).await?;
            let channel = tunekey.find_channel(id.as_str())?;
            output.result(&channel, || line(&channel, output.language));
        }
        NotifyCommand::Remove { channel } => {
            let id = tunekey.find_channel(&channel)?.id;
            tunekey.remove_channel(&id).await?;
            output.result(&json!({ "removed": id }), || {
                format!("{id}  {}", output.language.pick("removed", "已移除"))
            });
        }
        NotifyCommand::Quiet { hours } => quiet(tunekey, hours.as_deref(), output).await?,
        NotifyCommand::After { renewal, keychain } => {
            if renewal.is_some() || keychain.is_some() {
                tunekey.set_alert_hours(renewal, keychain).await?;
            }
            show_hours(&tunekey.notifications(), output);
        }
        NotifyCommand::Ping { action, address, minutes, plain_http } => {
            ping(tunekey, action, address, minutes, plain_http, output).await?;
        }
    }
    Ok(())
}

fn show_channels(output: Output) {
    let language = output.language;
    for channel in TuneKey::channel_kinds() {
        if output.json {
            output.object(&channel);
            continue;
        }
        let mut lines = vec![format!("{}  {}", channel.kind.as_str(), language.of(channel.name))];
        for field in channel.fields {
            let name = match (field.secret, field.default) {
                (true, None) => format!("--secret {}=FILE|-", field.key),
                (true, Some(_)) => format!("[--secret {}=FILE|-]", field.key),
                (false, None) => format!("{}=…", field.key),
                (false, Some(default)) => format!("[{}={default}]", field.key),
            };
            lines.push(format!("    {name}  {}", language.of(field.label)));
        }
        output.line(&lines.join("\n"));
    }
}

fn list(tunekey: &TuneKey, output: Output) {
    let channels = tunekey.notifications().channels;
    if output.json {
        channels.iter().for_each(|channel| output.object(channel));
    } else if channels.is_empty() {
        output.note(output.language.pick(
            "No channels yet. `tunekey notify channels` shows which there are.",
            "还没有通知渠道。用 `tunekey notify channels` 查看可用的渠道。",
        ));
    } else {
        let rows: Vec<_> = channels.iter().map(|channel| row(channel, output.language)).collect();
        output.line(&table::aligned(&rows));
    }
}

/// A secret on the command line is seen by every program on this computer.
fn refuse_open_secrets(kind: ChannelKind, answers: &[String]) -> Result<(), Failure> {
    let is_secret = |answer: &String| {
        kind.facts().fields.iter().any(|field| {
            field.secret && answer.strip_prefix(field.key).is_some_and(|rest| rest.starts_with('='))
        })
    };
    if answers.iter().any(is_secret) {
        return Err(Failure::new(
            ProblemCode::InvalidInput,
            "That is a secret, which others can see on the command line. Give it as --secret NAME=FILE, or NAME=- for \
             standard input; it has been seen now, so get another one.",
            "这是机密，写在命令行中会被其他程序看到。请用 --secret 名称=文件 或 名称=-（标准输入）提供；它已经暴露，建议更换。",
        ));
    }
    Ok(())
}

/// Asks for the secrets that the channel needs and that are not given, where somebody is there to answer.
async fn ask_for_missing(
    kind: ChannelKind,
    values: &mut ChannelFields,
    output: Output,
) -> Result<(), Failure> {
    if output.json || !stdin::is_terminal() {
        return Ok(());
    }
    for field in kind.facts().fields.iter().filter(|field| field.secret && field.default.is_none()) {
        if !values.contains_key(field.key) {
            values.insert(field.key.to_owned(), ask(output.language.of(field.label), output).await?);
        }
    }
    Ok(())
}

async fn ask(label: &str, output: Output) -> Result<Secret, Failure> {
    let question = format!("{label}{}", output.language.pick(":", "："));
    let line = stdin::read_hidden_line(|| output.prompt(&question)).await?;
    // What was typed did not show, nor did the line's end.
    output.note("");
    line.ok_or_else(|| Problem::new(ProblemCode::Cancelled).into())
}

async fn quiet(tunekey: &TuneKey, hours: Option<&str>, output: Output) -> Result<(), Failure> {
    if let Some(hours) = hours {
        let hours = match hours {
            "off" => None,
            hours => Some(hours.parse::<QuietHours>().map_err(|_| {
                Failure::new(
                    ProblemCode::InvalidInput,
                    "Quiet hours are written as 22:00-08:00, or off.",
                    "免打扰时段的写法如 22:00-08:00，或 off。",
                )
            })?),
        };
        tunekey.set_quiet_hours(hours).await?;
    }
    let hours = tunekey.notifications().quiet_hours;
    output.result(&json!({ "quiet_hours": hours }), || {
        hours.map_or_else(|| output.language.pick("off", "已关闭").to_owned(), |hours| hours.to_string())
    });
    Ok(())
}

fn show_hours(settings: &NotificationSettings, output: Output) {
    let NotificationSettings { renewal_hours, keychain_hours, .. } = settings;
    output.result(&json!({ "renewal_hours": renewal_hours, "keychain_hours": keychain_hours }), || {
        match output.language {
            Language::English => {
                format!("renewal   {renewal_hours} h\nkeychain  {keychain_hours} h")
            }
            Language::Chinese => {
                format!("续期        {renewal_hours} 小时\n系统密钥环  {keychain_hours} 小时")
            }
        }
    });
}

async fn ping(
    tunekey: &TuneKey,
    action: Option<PingAction>,
    address: Option<PathBuf>,
    minutes: Option<u32>,
    plain_http: bool,
    output: Output,
) -> Result<(), Failure> {
    match action {
        Some(PingAction::Set) => {
            let address = ping_address(address.as_deref(), output).await?;
            tunekey.set_ping(&address, minutes.unwrap_or(PING_MINUTES), plain_http).await?;
        }
        Some(PingAction::Test) => return sent(tunekey.test_ping().await?, output),
        Some(PingAction::Off) => tunekey.remove_ping().await?,
        None => {
            if let Some(minutes) = minutes {
                tunekey.set_ping_minutes(minutes).await?;
            }
        }
    }
    let ping = tunekey.notifications().ping;
    output.result(&json!({ "ping": ping }), || match &ping {
        Some(ping) => ping_line(ping, output.language),
        None => output.language.pick("off", "已关闭").to_owned(),
    });
    Ok(())
}

async fn ping_address(file: Option<&Path>, output: Output) -> Result<Secret, Failure> {
    match file {
        Some(file) => read_secret(file).await,
        None if stdin::is_terminal() && !output.json => {
            ask(output.language.pick("Address", "地址"), output).await
        }
        None => read_secret(Path::new("-")).await,
    }
}

/// Prints how a message, or a ping, went.
///
/// # Errors
/// Its problem, when it did not work.
fn sent(record: ChannelRecord, output: Output) -> Result<(), Failure> {
    if let Some(problem) = record.problem {
        return Err(problem.into());
    }
    output.result(&record, || {
        format!(
            "{}  {}",
            text::time_of_day(record.at),
            output.language.pick("sent and accepted", "已发送并被接受")
        )
    });
    Ok(())
}

fn line(channel: &Channel, language: Language) -> String {
    row(channel, language).join("  ")
}

fn row(channel: &Channel, language: Language) -> Vec<String> {
    let kind = language.of(channel.kind.facts().name);
    let name = channel.label.clone().unwrap_or_else(|| kind.to_owned());
    let state = state(channel.enabled, channel.last.as_ref(), language);
    vec![channel.id.to_string(), channel.kind.as_str().to_owned(), name, channel.host.clone(), state]
}

fn ping_line(ping: &Ping, language: Language) -> String {
    let every = match language {
        Language::English => format!("every {} min", ping.minutes),
        Language::Chinese => format!("每 {} 分钟", ping.minutes),
    };
    format!("{}  {every}  {}", ping.host, state(true, ping.last.as_ref(), language))
}

fn state(enabled: bool, last: Option<&ChannelRecord>, language: Language) -> String {
    match (enabled, last) {
        (false, _) => language.pick("off", "已关闭").to_owned(),
        (true, None) => language.pick("nothing sent yet", "尚未发送").to_owned(),
        (true, Some(last)) => {
            let outcome = match &last.problem {
                None => language.pick("sent", "已发送").to_owned(),
                Some(problem) => problem.message(language),
            };
            format!("{outcome} {}", text::time(last.at))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_taken_from_the_command_line_nor_repeated() {
        for answer in ["topic=canary", "topic="] {
            let failure =
                refuse_open_secrets(ChannelKind::Ntfy, &[answer.to_owned()]).expect_err("it is seen");
            assert!(!failure.message(Language::English).contains("canary"));
        }
        for answer in ["server=https://h.test", "topics=1"] {
            assert_eq!(refuse_open_secrets(ChannelKind::Ntfy, &[answer.to_owned()]), Ok(()), "{answer}");
        }
    }
}
