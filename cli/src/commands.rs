//! Every command but `sign-in` and `import`: calls the core and prints the result. For `lib.rs`.

use std::pin::pin;

use jiff::Timestamp;
use serde_json::json;
use tunekey_core::{
    Account, AccountId, Clock as _, Delivery, Format, Health, Language, Problem, ProblemCode, Proxy,
    RenewalRecord, RenewalTrigger, Scope, Settings, SignInReason, SystemClock, TuneKey, display_text,
};

use crate::failure::Failure;
use crate::interrupt::finish_despite_interrupt;
use crate::output::{Canvas, Output};
use crate::{table, text};

pub(crate) fn services(tunekey: &TuneKey, output: Output) {
    let services = tunekey.services();
    if output.json {
        // What only a window shows is left out.
        return services.iter().for_each(|service| {
            output.object(&json!({
                "id": service.id,
                "name": service.name,
                "methods": service.methods,
                "copies_renew": service.copies_renew,
            }));
        });
    }
    let row = |service: &tunekey_core::ServiceInfo| {
        let methods: Vec<_> = service.methods.iter().map(|method| method.as_str()).collect();
        let name = output.language.service_name(service.id).to_owned();
        vec![service.id.to_string(), name, methods.join(", ")]
    };
    output.line(&table::aligned(&services.iter().map(row).collect::<Vec<_>>()));
}

pub(crate) fn accounts(tunekey: &TuneKey, output: Output) {
    let accounts = tunekey.snapshot().accounts;
    if accounts.is_empty() {
        let services = tunekey.services().into_iter();
        let commands = services.map(|service| format!("`tunekey sign-in {}`", service.id));
        let commands = text::any_of(commands, output.language);
        output.note(&match output.language {
            Language::English => format!("No accounts yet. {commands} adds one."),
            Language::Chinese => format!("还没有账号，用 {commands} 添加。"),
        });
    } else if output.json {
        accounts.into_iter().for_each(|account| output.object(&account));
    } else {
        let columns = Canvas::of_standard_output().size.map(|(columns, _)| columns);
        output.line(&table::accounts(&accounts, columns, output.language));
    }
}

pub(crate) fn show(tunekey: &TuneKey, name: &str, output: Output) -> Result<(), Failure> {
    let account = account(tunekey, &tunekey.find(name)?)?;
    output.result(&account, || table::details(&account, output.language));
    Ok(())
}

/// Which cookie to print, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CookieOptions {
    /// The format; the account's own when `None`.
    pub(crate) format: Option<Format>,
    pub(crate) scope: Scope,
    /// Whether to print a cookie that the service has refused.
    pub(crate) even_if_dead: bool,
}

pub(crate) async fn cookie(
    tunekey: &TuneKey,
    name: &str,
    options: CookieOptions,
    output: Output,
) -> Result<(), Failure> {
    let id = tunekey.find(name)?;
    let exported = tunekey.export(&id, options.format, options.scope).await?;
    let account = account(tunekey, &id)?;
    let refusal = refusal(&account, output.language);
    if let Some(failure) = &refusal {
        if !options.even_if_dead {
            return Err(failure.clone());
        }
        output.note(&failure.message(output.language));
    }
    #[expect(clippy::disallowed_methods, reason = "printing the cookie is what was asked for")]
    let text = exported.text.expose();
    tunekey.note_copied(&id, &exported).await;
    if output.json {
        output.object(&json!({
            "account": id,
            "format": exported.format,
            "scope": exported.scope,
            "renews": exported.renews,
            "expires_at": exported.expires_at,
            "health": account.health,
            "cookie": text,
        }));
        return Ok(());
    }
    match exported.format {
        // A line break would become part of the cookie.
        Format::Header => output.exact(text),
        Format::Json | Format::Env | Format::Netscape | Format::Own(_) => output.line(text),
    }
    if refusal.is_none() && is_expired(exported.expires_at, SystemClock.now()) {
        output.note(&match output.language {
            Language::English => format!("Its key has ended by now. `tunekey renew {id}` gets a new one."),
            Language::Chinese => format!("其中的密钥已过有效期，可用 `tunekey renew {id}` 获取新密钥。"),
        });
    } else if refusal.is_none() {
        output.advice(&usage_advice(exported.renews, &account, output.language));
    }
    Ok(())
}

/// Whether a cookie's expiry time has passed. That is no proof: the service may accept it all the same.
fn is_expired(expires_at: Option<Timestamp>, now: Timestamp) -> bool {
    expires_at.is_some_and(|end| end <= now)
}

/// The failure that says that a cookie no longer works; `None` unless the service has refused the account's credential.
pub(crate) fn refusal(account: &Account, language: Language) -> Option<Failure> {
    if !is_refused(&account.health) {
        return None;
    }
    let (id, service) = (&account.id, account.service);
    let (english, chinese) =
        (Language::English.service_name(service), Language::Chinese.service_name(service));
    let problem = Problem::new(ProblemCode::Rejected).with_service(service);
    let failure = Failure::from(problem.with_detail(format!("{id} needs a new sign-in"))).with_message(
        format!("This cookie no longer works: {english} has refused it. {id} needs a new sign-in."),
        format!("该 Cookie 已失效：{chinese}已拒绝它。{id} 需要重新登录。"),
    );
    let next = match language {
        Language::English => {
            format!("  tunekey sign-in {service} --account {id}\nTo print it all the same: --even-if-dead")
        }
        Language::Chinese => {
            format!("  tunekey sign-in {service} --account {id}\n仍要输出请加 --even-if-dead")
        }
    };
    Some(failure.with_hint(next))
}

/// Whether the service has refused an account's credential. A credential that the keychain had lost and has again was
/// never refused.
fn is_refused(health: &Health) -> bool {
    match health {
        Health::NeedsSignIn { reason: SignInReason::Rejected, .. } => true,
        Health::Healthy
        | Health::RenewsSoon
        | Health::Warning { .. }
        | Health::NeedsSignIn { reason: SignInReason::Missing, .. } => false,
    }
}

/// What a printed cookie can do, for a person who is about to give it to another program.
fn usage_advice(renews: bool, account: &Account, language: Language) -> String {
    let until = account.life.renew_at.filter(|_| !renews).map(text::time);
    match (renews, until, language) {
        (true, _, Language::English) => {
            "It plays and holds what renews the key: give it only to a tool of your own that renews by itself. \
             With --minimal it only plays."
                .to_owned()
        }
        (true, _, Language::Chinese) => {
            "可播放，且包含续期所需的内容：请只交给自己掌控、会自行续期的工具。加 --minimal 则只能播放。".to_owned()
        }
        (false, Some(until), Language::English) => {
            format!("It only plays. TuneKey renews the key about {until}: print it again then.")
        }
        (false, Some(until), Language::Chinese) => {
            format!("仅可播放。TuneKey 约在 {until} 续期，届时请重新输出。")
        }
        (false, None, Language::English) => "It only plays, until its key ends.".to_owned(),
        (false, None, Language::Chinese) => "仅可播放，密钥到期后失效。".to_owned(),
    }
}

/// Renews one account. Ctrl-C waits for it, because a renewal that is cancelled can lose the key that the service has
/// just issued.
pub(crate) async fn renew(tunekey: &TuneKey, name: &str, output: Output) -> Result<(), Failure> {
    let id = tunekey.find(name)?;
    let renewal = tunekey.renew(&id, RenewalTrigger::Manual);
    let (result, interrupted) =
        finish_despite_interrupt(renewal, pin!(tokio::signal::ctrl_c()), output).await?;
    print_renewal(tunekey, &id, &result?, output);
    result_after(interrupted)
}

/// Renews all accounts, one after the other, and prints a summary. Ctrl-C stops after the one under way.
///
/// # Errors
/// That of the first account that could not be renewed.
pub(crate) async fn renew_all(tunekey: &TuneKey, output: Output) -> Result<(), Failure> {
    let ids: Vec<_> = tunekey.snapshot().accounts.into_iter().map(|account| account.id).collect();
    let (mut count, mut first_failure, mut interrupted) = (0, None, false);
    let mut interrupt = pin!(tokio::signal::ctrl_c());
    let mut tried = 0;
    for id in &ids {
        let renewal = tunekey.renew(id, RenewalTrigger::Manual);
        let (result, was_interrupted) = finish_despite_interrupt(renewal, interrupt.as_mut(), output).await?;
        tried += 1;
        match result {
            Ok(record) => {
                count += 1;
                print_renewal(tunekey, id, &record, output);
            }
            Err(problem) => {
                let failure = Failure::from(problem);
                output.failure_of(id, &failure);
                // It has been printed; only the exit code is left.
                first_failure.get_or_insert(failure.reported());
            }
        }
        interrupted = was_interrupted;
        if interrupted {
            break;
        }
    }
    let (all, failed, left) = (ids.len(), tried - count, ids.len() - tried);
    output.result(
        &json!({ "summary": { "accounts": all, "renewed": count, "failed": failed, "not_tried": left } }),
        || summary(all, count, failed, output.language),
    );
    result_after(interrupted)?;
    first_failure.map_or(Ok(()), Err)
}

fn print_renewal(tunekey: &TuneKey, id: &AccountId, record: &RenewalRecord, output: Output) {
    output.result(&json!({ "account": id, "renewal": record }), || {
        let ends = account(tunekey, id).ok().and_then(|account| account.life.expires_at);
        format!("{id}  {}", text::renewal_outcome(record, ends, output.language))
    });
}

/// The result of renewing all accounts.
fn summary(all: usize, renewed: usize, failed: usize, language: Language) -> String {
    match (all, failed, language) {
        (0, _, Language::English) => "There are no accounts to renew.".to_owned(),
        (0, _, Language::Chinese) => "没有可续期的账号。".to_owned(),
        (_, 0, Language::English) if renewed == all => format!("All {all} accounts are up to date."),
        (_, 0, Language::Chinese) if renewed == all => format!("全部 {all} 个账号均已是最新。"),
        (_, _, Language::English) => format!("{renewed} of {all} accounts are up to date; {failed} failed."),
        (_, _, Language::Chinese) => format!("{all} 个账号中 {renewed} 个已是最新，{failed} 个未成功。"),
    }
}

pub(crate) async fn check(tunekey: &TuneKey, name: &str, output: Output) -> Result<(), Failure> {
    let id = tunekey.find(name)?;
    // A check may renew.
    let (checked, interrupted) =
        finish_despite_interrupt(tunekey.check(&id), pin!(tokio::signal::ctrl_c()), output).await?;
    checked?;
    let account = account(tunekey, &id)?;
    output.result(&account, || text::account_line(&account, output.language));
    result_after(interrupted)
}

pub(crate) async fn sign_out(tunekey: &TuneKey, name: &str, output: Output) -> Result<(), Failure> {
    let id = tunekey.find(name)?;
    let tools = tunekey.own_sign_ins(&id);
    let signed_out =
        finish_despite_interrupt(tunekey.sign_out(&id), pin!(tokio::signal::ctrl_c()), output).await?;
    let (done, interrupted) = (signed_out.0?, signed_out.1);
    note_what_stays(&tools, output);
    output.result(&json!({ "signed_out": id, "confirmed": done.confirmed }), || {
        let message = if done.confirmed {
            output.language.pick("signed out and removed", "已退出登录并移除")
        } else {
            output.language.pick(
                "removed here, but the service didn’t confirm the sign-out; change your password to be sure",
                "已从本机移除，但对方服务未确认退出；如需确保失效，请修改密码",
            )
        };
        format!("{id}  {message}")
    });
    result_after(interrupted)
}

/// Says what removing an account does not end.
fn note_what_stays(tools: &[Delivery], output: Output) {
    let name = |one: &Delivery| one.label.clone().unwrap_or_else(|| one.target.summary());
    let tools: Vec<_> = tools.iter().map(name).collect();
    if !tools.is_empty() {
        output.note(&match output.language {
            Language::English => {
                format!(
                    "A tool with a sign-in of its own keeps it until it is ended there: {}.",
                    tools.join(", ")
                )
            }
            Language::Chinese => format!("有单独登录的工具在那边退出前一直有效：{}。", tools.join("、")),
        });
    }
}

/// The result of a command that has finished its work, after Ctrl-C or not.
///
/// # Errors
/// `Cancelled` after Ctrl-C.
pub(crate) fn result_after(interrupted: bool) -> Result<(), Failure> {
    if interrupted { Err(Problem::new(ProblemCode::Cancelled).into()) } else { Ok(()) }
}

pub(crate) async fn forget(tunekey: &TuneKey, name: &str, output: Output) -> Result<(), Failure> {
    let id = tunekey.find(name)?;
    let tools = tunekey.own_sign_ins(&id);
    tunekey.forget(&id).await?;
    note_what_stays(&tools, output);
    output.result(&json!({ "forgotten": id }), || {
        format!("{id}  {}", output.language.pick("removed from this computer", "已从本机移除"))
    });
    Ok(())
}

pub(crate) async fn settings(
    tunekey: &TuneKey,
    key: Option<String>,
    value: Option<String>,
    output: Output,
) -> Result<(), Failure> {
    let current = match (&key, value) {
        (Some(key), Some(value)) => tunekey.set_setting(key, &value).await?,
        _ => tunekey.settings(),
    };
    let keys = key.as_deref().map_or_else(|| Settings::keys(), |key| vec![key]);
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
            let named = in_use.map(|system| text::system_proxy(&system, output.language));
            format!("{key:<18} {}{}", display_text::escaped(&value), named.unwrap_or_default())
        });
    }
    Ok(())
}

fn account(tunekey: &TuneKey, id: &AccountId) -> Result<Account, Problem> {
    let accounts = tunekey.snapshot().accounts;
    accounts.into_iter().find(|account| account.id == *id).ok_or_else(|| Problem::new(ProblemCode::NotFound))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renewing_all_ends_in_a_result() {
        for (all, renewed, failed, words) in [
            (0, 0, 0, "There are no accounts to renew."),
            (2, 2, 0, "All 2 accounts are up to date."),
            (3, 1, 2, "1 of 3 accounts are up to date; 2 failed."),
            (3, 1, 0, "1 of 3 accounts are up to date; 0 failed."),
        ] {
            assert_eq!(summary(all, renewed, failed, Language::English), words);
            assert!(!summary(all, renewed, failed, Language::Chinese).contains("account"), "{words}");
        }
    }

    #[test]
    fn only_an_end_that_is_known_and_has_gone_by_is_warned_of() {
        let now = Timestamp::from_second(1_790_000_000).expect("it is a time");
        let later = Timestamp::from_second(1_790_000_001).expect("it is a time");
        for (end, expired) in [(None, false), (Some(now), true), (Some(later), false)] {
            assert_eq!(is_expired(end, now), expired, "{end:?}");
        }
    }

    #[test]
    fn a_cookie_says_whether_it_only_plays() {
        let account = text::tests::account("qqmusic:10001", "x");
        let advice = |renews, language| usage_advice(renews, &account, language);
        assert!(advice(true, Language::English).contains("--minimal"));
        assert!(advice(false, Language::English).starts_with("It only plays"));
        assert!(advice(false, Language::Chinese).starts_with("仅可播放"));
    }
}
