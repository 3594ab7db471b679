//! `tunekey get`, `rejected` and `watch`: what programs want of an account's key. For `lib.rs`, `run.rs` and
//! `daemon.rs`.

use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use tunekey_core::{
    Account, AccountId, Event, Generation, KeyStatus, Language, Problem, ProblemCode, TuneKey,
};

use crate::commands::{refusal, result_after};
use crate::failure::Failure;
use crate::interrupt::finish_despite_interrupt;
use crate::output::Output;
use crate::request_key::KeyRequest;
use crate::{request_key, socket, text};

/// How often to look whether another process has changed something.
pub(crate) const PACE: Duration = Duration::from_secs(2);

/// Prints a value, and nothing besides.
pub(crate) async fn get(tunekey: &TuneKey, request: &KeyRequest, output: Output) -> Result<(), Failure> {
    let object =
        answered(tunekey, request).await.map_err(|problem| with_hint(tunekey, problem, request, output))?;
    if output.json {
        output.object(&object);
        return Ok(());
    }
    let value = object["value"].as_str().unwrap_or_default();
    // A line break would become part of a header.
    if object["format"] == "header" {
        output.exact(value)
    } else {
        output.line(value)
    }
    Ok(())
}

/// Has a key verified that a program says was refused.
pub(crate) async fn rejected(tunekey: &TuneKey, request: &KeyRequest, output: Output) -> Result<(), Failure> {
    let reported = answered(tunekey, request);
    let (object, interrupted) =
        finish_despite_interrupt(reported, pin!(tokio::signal::ctrl_c()), output).await?;
    let object = object?;
    output.result(&object, || {
        let words = match object["outcome"].as_str() {
            Some("newer") => output
                .language
                .pick("there is a newer key; the service was not asked", "已有更新的密钥，未询问对方服务"),
            Some("renewed") => output.language.pick("renewed, new key", "已续期，密钥已更换"),
            _ => output.language.pick(
                "the service accepts the key: it was refused for another reason",
                "对方服务接受该密钥，被拒绝另有原因",
            ),
        };
        format!("{}  {words}", object["account"].as_str().unwrap_or_default())
    });
    result_after(interrupted)
}

/// What the daemon answers, or this process where there is none.
async fn answered(tunekey: &TuneKey, request: &KeyRequest) -> Result<Value, Problem> {
    match socket::ask(tunekey, request).await {
        Some(answer) => answer,
        None => request_key::answer(tunekey, request).await,
    }
}

/// A refused account's problem with what to do about it.
fn with_hint(tunekey: &TuneKey, problem: Problem, request: &KeyRequest, output: Output) -> Failure {
    let (KeyRequest::Get { account, .. } | KeyRequest::Rejected { account, .. }) = request;
    let id = tunekey.find(account).ok().filter(|_| problem.code == ProblemCode::Rejected);
    let accounts = tunekey.snapshot().accounts;
    let account = id.and_then(|id| accounts.into_iter().find(|account| account.id == id));
    account.and_then(|account| refusal(&account, output.language)).unwrap_or_else(|| problem.into())
}

/// Prints how the accounts are doing, and each change, until Ctrl-C or until nobody reads it any more.
pub(crate) async fn watch(tunekey: &TuneKey, name: Option<&str>, output: Output) -> Result<(), Failure> {
    let only = name.map(|name| tunekey.find(name)).transpose()?;
    let mut reporter = Reporter::new(only, output);
    let followed = follow(tunekey, &mut reporter, Readers::Wanted);
    tokio::select! {
        () = followed => Ok(()),
        _ = tokio::signal::ctrl_c() => Err(Problem::new(ProblemCode::Cancelled).into()),
    }
}

/// Whether it matters that somebody reads what is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Without a reader there is nothing to do.
    Wanted,
    /// The work goes on without one.
    Optional,
}

/// Prints what changes, in this process and in others, for ever or until nobody reads it.
pub(crate) async fn follow(tunekey: &TuneKey, reporter: &mut Reporter, readers: Readers) {
    let mut events = tunekey.events();
    reporter.all(tunekey).await;
    let mut ticks = tokio::time::interval(PACE);
    while readers == Readers::Optional || reporter.is_read {
        tokio::select! {
            event = events.recv() => match event {
                Ok(Event::Account { account }) => reporter.one(tunekey, &account).await,
                Ok(Event::AccountGone { id, .. }) => reporter.gone(&id).await,
                Err(RecvError::Lagged(_)) => reporter.all(tunekey).await,
                Ok(Event::Store { state }) => {
                    let object = json!({ "event": "store", "state": state });
                    let text = || format!("store  {}", object["state"].as_str().unwrap_or_default());
                    reporter.print(&object, text).await;
                }
                Ok(
                    Event::Settings { .. }
                    | Event::Deliveries { .. }
                    | Event::Notifications { .. }
                    | Event::SignIns { .. },
                ) => {}
                Err(RecvError::Closed) => return,
            },
            _ = ticks.tick() => tunekey.reload().await,
        }
    }
}

/// Prints each state of an account once.
#[derive(Debug)]
pub(crate) struct Reporter {
    only: Option<AccountId>,
    printed: HashMap<AccountId, Value>,
    is_read: bool,
    output: Output,
}

impl Reporter {
    /// Prints what concerns one account, or all.
    pub(crate) fn new(only: Option<AccountId>, output: Output) -> Self {
        Self { only, printed: HashMap::new(), is_read: true, output }
    }

    async fn all(&mut self, tunekey: &TuneKey) {
        let accounts = tunekey.snapshot().accounts;
        let is_here: HashSet<_> = accounts.iter().map(|account| &account.id).collect();
        let gone: Vec<_> = self.printed.keys().filter(|id| !is_here.contains(id)).cloned().collect();
        for id in &gone {
            self.gone(id).await;
        }
        for account in &accounts {
            self.one(tunekey, account).await;
        }
    }

    async fn one(&mut self, tunekey: &TuneKey, account: &Account) {
        if self.only.as_ref().is_some_and(|only| *only != account.id) {
            return;
        }
        let Ok(status) = tunekey.key_status(&account.id) else { return };
        let mut object = object(&status);
        object["event"] = json!("account");
        if self.printed.get(&account.id) != Some(&object) {
            let language = self.output.language;
            self.print(&object, || line(&status, &text::account_line(account, language))).await;
            self.printed.insert(status.account, object);
        }
    }

    async fn gone(&mut self, id: &AccountId) {
        if self.printed.remove(id).is_some() {
            self.print(&json!({ "event": "gone", "account": id }), || format!("{id}  -")).await;
        }
    }

    async fn print(&mut self, object: &Value, text: impl FnOnce() -> String) {
        self.is_read &= self.output.one_of_many(object, text).await;
    }
}

/// A state of an account, as a person reads it: with the generation, which tells one key from another.
fn line(status: &KeyStatus, account: &str) -> String {
    format!("{account}  #{}", status.generation.number())
}

fn object(status: &KeyStatus) -> Value {
    serde_json::to_value(status).unwrap_or_else(|_| json!({}))
}

/// The account and the generation as a message about a new key has them.
pub(crate) fn new_key(id: &AccountId, generation: Generation, language: Language) -> String {
    let number = generation.number();
    match language {
        Language::English => format!("{id}  new key (#{number})"),
        Language::Chinese => format!("{id}  已有新密钥（#{number}）"),
    }
}
