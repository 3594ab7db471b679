//! Every command but `sign-in`: ask the core, print what it says.

use serde_json::json;
use tunekey_core::account::{Account, AccountId, RenewalTrigger};
use tunekey_core::display_text;
use tunekey_core::export::Format;
use tunekey_core::problem::{Problem, ProblemCode};
use tunekey_core::settings::{self, Proxy};
use tunekey_core::tunekey::TuneKey;

use crate::output::Output;
use crate::words;

pub(crate) fn services(tunekey: &TuneKey, output: Output) {
    for service in tunekey.services() {
        output.result(&service, || {
            let methods: Vec<_> = service.methods.iter().map(|method| method.as_str()).collect();
            format!("{:<9} {:<20} {}", service.id.as_str(), service.name, methods.join(", "))
        });
    }
}

pub(crate) fn accounts(tunekey: &TuneKey, output: Output) {
    let accounts = tunekey.snapshot().accounts;
    if accounts.is_empty() {
        output.note(output.language.pick(
            "No accounts yet. `tunekey sign-in qqmusic` or `tunekey sign-in netease` adds one.",
            "还没有账号，用 `tunekey sign-in qqmusic` 或 `tunekey sign-in netease` 添加。",
        ));
    }
    for account in accounts {
        output.result(&without_picture(account.clone()), || words::line(&account, output.language));
    }
}

pub(crate) fn show(tunekey: &TuneKey, name: &str, output: Output) -> Result<(), Problem> {
    let account = account(tunekey, &tunekey.find(name)?)?;
    output.result(&without_picture(account.clone()), || words::sheet(&account, output.language));
    Ok(())
}

pub(crate) async fn cookie(
    tunekey: &TuneKey,
    name: &str,
    format: Option<Format>,
    output: Output,
) -> Result<(), Problem> {
    let id = tunekey.find(name)?;
    let copied = tunekey.cookie(&id, format).await?;
    #[expect(clippy::disallowed_methods, reason = "printing the cookie is what was asked for")]
    let text = copied.text.expose();
    output.result(&json!({ "account": id, "format": copied.format, "cookie": text }), || text.to_owned());
    Ok(())
}

/// Renews the accounts one after the other. Ctrl-C stops after the one under way, because a renewal that is
/// cut off can lose the key that the service has just issued.
pub(crate) async fn renew(tunekey: &TuneKey, ids: &[AccountId], output: Output) -> Result<(), Problem> {
    let mut first_problem = None;
    let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
    for id in ids {
        let mut renewal = std::pin::pin!(tunekey.renew(id, RenewalTrigger::Manual));
        let (result, interrupted) = tokio::select! {
            result = &mut renewal => (result, false),
            _ = &mut interrupt => (renewal.await, true),
        };
        match result {
            Ok(record) => output.result(&json!({ "account": id, "renewal": record }), || {
                format!("{id}  {}", words::outcome(record.outcome, output.language))
            }),
            Err(problem) if ids.len() == 1 => return Err(problem),
            Err(problem) => {
                output.problem(&problem);
                first_problem.get_or_insert(problem);
            }
        }
        if interrupted {
            return Err(Problem::new(ProblemCode::Cancelled));
        }
    }
    first_problem.map_or(Ok(()), Err)
}

pub(crate) async fn check(tunekey: &TuneKey, name: &str, output: Output) -> Result<(), Problem> {
    let account = tunekey.check(&tunekey.find(name)?).await?;
    output.result(&without_picture(account.clone()), || words::line(&account, output.language));
    Ok(())
}

pub(crate) async fn sign_out(tunekey: &TuneKey, name: &str, output: Output) -> Result<(), Problem> {
    let id = tunekey.find(name)?;
    let done = tunekey.sign_out(&id).await?;
    output.result(&json!({ "signed_out": id, "confirmed": done.confirmed }), || {
        let said = if done.confirmed {
            output.language.pick("signed out and removed", "已退出登录并移除")
        } else {
            output.language.pick(
                "removed here, but the service didn’t confirm the sign-out; change your password to be sure",
                "已从本机移除，但对方服务未确认退出；如需确保失效，请修改密码",
            )
        };
        format!("{id}  {said}")
    });
    Ok(())
}

pub(crate) async fn forget(tunekey: &TuneKey, name: &str, output: Output) -> Result<(), Problem> {
    let id = tunekey.find(name)?;
    tunekey.forget(&id).await?;
    output.result(&json!({ "forgotten": id }), || {
        format!("{id}  {}", output.language.pick("removed from this computer", "已从本机移除"))
    });
    Ok(())
}

pub(crate) fn settings(
    tunekey: &TuneKey,
    key: Option<String>,
    value: Option<String>,
    output: Output,
) -> Result<(), Problem> {
    let current = match (&key, value) {
        (Some(key), Some(value)) => tunekey.set_setting(key, &value)?,
        _ => tunekey.settings(),
    };
    let keys = key.as_deref().map_or_else(|| settings::KEYS.to_vec(), |key| vec![key]);
    for key in keys {
        let value = current.get(key)?;
        let in_use = (key == "proxy" && current.proxy == Proxy::System)
            .then(|| tunekey.snapshot().system_proxy)
            .flatten();
        let mut object = json!({ "key": key, "value": value });
        if let Some(in_use) = &in_use {
            object["system"] = serde_json::to_value(in_use).unwrap_or_default();
        }
        output.result(&object, || {
            let named = in_use.map(|system| words::system_proxy(&system, output.language));
            format!("{key:<18} {}{}", display_text::escaped(&value), named.unwrap_or_default())
        });
    }
    Ok(())
}

fn account(tunekey: &TuneKey, id: &AccountId) -> Result<Account, Problem> {
    let accounts = tunekey.snapshot().accounts;
    accounts.into_iter().find(|account| account.id == *id).ok_or_else(|| Problem::new(ProblemCode::NotFound))
}

/// A picture of 10 kB in every line helps no program that reads a terminal.
pub(crate) fn without_picture(account: Account) -> Account {
    Account { avatar: None, ..account }
}
