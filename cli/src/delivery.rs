//! `tunekey delivery`: where credentials go by themselves. For `lib.rs`.

use serde_json::json;
use tunekey_core::{
    Delivery, DeliveryId, DeliveryOutcome, DeliveryRecord, DeliveryScope, DeliveryState, Language, Preset,
    TuneKey, presets,
};

use crate::args::DeliveryCommand;
use crate::failure::Failure;
use crate::named_values::{parse_answers, read_secrets};
use crate::output::Output;
use crate::{sign_in, table, text};

/// Does what a command says.
pub(crate) async fn run(tunekey: &TuneKey, command: DeliveryCommand, output: Output) -> Result<(), Failure> {
    match command {
        DeliveryCommand::Presets => show_presets(output),
        DeliveryCommand::List { account } => list(tunekey, account.as_deref(), output)?,
        DeliveryCommand::Add { account, preset, answers, secret, label, hand_over, own_sign_in } => {
            let preset = Preset::by_name(&preset)?;
            let mut draft = preset.draft(&parse_answers(&answers)?, scope(hand_over, own_sign_in))?;
            draft.label = label;
            let account = tunekey.find(&account)?;
            let delivery = tunekey.add_delivery(&account, draft, read_secrets(&secret).await?).await?;
            output.result(&delivery, || line(&delivery, output.language));
            if let Some(renews) = preset.renews {
                output.note(output.language.of(renews));
            }
            if own_sign_in {
                output.advice(&sign_in_advice(&delivery, output.language));
                return Ok(());
            }
            output.advice(output.language.pick(
                "New keys go there while a TuneKey runs that renews by itself, such as the window or its tray.",
                "有自动续期的 TuneKey（窗口或托盘）在运行时，新密钥会自动送达。",
            ));
        }
        DeliveryCommand::Change { delivery, answers, secret, hand_over, own_sign_in } => {
            let delivery = tunekey.find_delivery(&delivery)?;
            let scope = scope(hand_over, own_sign_in);
            let draft = Preset::redraft(&delivery, &parse_answers(&answers)?, scope)?;
            let delivery = tunekey.change_delivery(&delivery.id, draft, read_secrets(&secret).await?).await?;
            output.result(&delivery, || line(&delivery, output.language));
            if own_sign_in {
                output.advice(&sign_in_advice(&delivery, output.language));
            }
        }
        DeliveryCommand::SignIn { delivery, method, qr } => {
            let delivery = tunekey.find_delivery(&delivery)?;
            sign_in::for_delivery(tunekey, &delivery, method.map(|method| method.0), qr, output).await?;
            sent(tunekey.send_delivery(&delivery.id).await?, output)?;
        }
        DeliveryCommand::Label { delivery, text } => {
            let id = tunekey.find_delivery(&delivery)?.id;
            tunekey.set_delivery_label(&id, &text).await?;
            let delivery = tunekey.find_delivery(id.as_str())?;
            output.result(&delivery, || line(&delivery, output.language));
        }
        DeliveryCommand::Preview { delivery } => {
            let id = tunekey.find_delivery(&delivery)?.id;
            let preview = tunekey.preview_delivery(&id).await?;
            output.result(&json!({ "delivery": id, "preview": preview }), || preview.clone());
        }
        DeliveryCommand::Test { delivery } => {
            let id = tunekey.find_delivery(&delivery)?.id;
            sent(tunekey.test_delivery(&id).await?, output)?;
        }
        DeliveryCommand::Send { delivery } => {
            let id = tunekey.find_delivery(&delivery)?.id;
            sent(tunekey.send_delivery(&id).await?, output)?;
        }
        DeliveryCommand::Switch { delivery, state } => {
            let id = tunekey.find_delivery(&delivery)?.id;
            tunekey.switch_delivery(&id, state.0).await?;
            let delivery = tunekey.find_delivery(id.as_str())?;
            output.result(&delivery, || line(&delivery, output.language));
        }
        DeliveryCommand::Remove { delivery } => {
            let id = tunekey.find_delivery(&delivery)?.id;
            tunekey.remove_delivery(&id).await?;
            output.result(&json!({ "removed": id }), || {
                format!(
                    "{id}  {}",
                    output.language.pick("removed; what was delivered stays", "已移除；已送达的内容不受影响")
                )
            });
        }
    }
    Ok(())
}

fn scope(hand_over: bool, own_sign_in: bool) -> DeliveryScope {
    match (hand_over, own_sign_in) {
        (_, true) => DeliveryScope::OwnSignIn,
        (true, false) => DeliveryScope::Renewable,
        (false, false) => DeliveryScope::PlayingOnly,
    }
}

fn sign_in_advice(delivery: &Delivery, language: Language) -> String {
    match language {
        Language::English => {
            format!("Now sign in once more for it: `tunekey delivery sign-in {}`.", delivery.id)
        }
        Language::Chinese => format!("接下来请为它再登录一次：`tunekey delivery sign-in {}`。", delivery.id),
    }
}

fn show_presets(output: Output) {
    if output.json {
        return presets().iter().for_each(|preset| output.object(preset));
    }
    let language = output.language;
    for preset in presets() {
        let mut lines = vec![format!("{}  {}", preset.name, language.of(preset.title))];
        lines.push(format!("  {}", language.of(preset.about)));
        lines.extend([preset.setup, preset.proof].map(|words| format!("  {}", language.of(words))));
        lines.extend(preset.renews.map(|renews| format!("  {}", language.of(renews))));
        for question in preset.questions {
            let name = match (question.is_secret, question.default) {
                (true, _) => format!("--secret {}=FILE|-", question.name),
                (false, None) => format!("{}=…", question.name),
                (false, Some(default)) => format!("[{}={default}]", question.name),
            };
            let choices = match question.choices {
                [] => String::new(),
                choices => format!(" ({})", choices.join(", ")),
            };
            lines.push(format!("    {name}  {}{choices}", language.of(question.words)));
        }
        output.line(&lines.join("\n"));
    }
}

fn list(tunekey: &TuneKey, account: Option<&str>, output: Output) -> Result<(), Failure> {
    let account = account.map(|name| tunekey.find(name)).transpose()?;
    let mut deliveries = tunekey.deliveries();
    deliveries.retain(|delivery| account.as_ref().is_none_or(|account| delivery.account == *account));
    if output.json {
        deliveries.iter().for_each(|delivery| output.object(delivery));
    } else if deliveries.is_empty() {
        output.note(output.language.pick(
            "No deliveries yet. `tunekey delivery presets` shows where credentials can go.",
            "还没有投递。用 `tunekey delivery presets` 查看可以投递到哪里。",
        ));
    } else {
        let statuses = tunekey.snapshot().deliveries;
        let is_waiting = |id: &DeliveryId| {
            statuses.iter().any(|one| one.delivery.id == *id && one.state == DeliveryState::Waiting)
        };
        let row = |delivery: &Delivery| {
            let mut row = row(delivery, output.language);
            if delivery.last.is_some() && is_waiting(&delivery.id) {
                row.push(output.language.pick("a newer key waits", "有新密钥待送达").to_owned());
            }
            row
        };
        output.line(&table::aligned(&deliveries.iter().map(row).collect::<Vec<_>>()));
        for delivery in &deliveries {
            if let Some(notice) = delivery.last.as_ref().and_then(|last| last.notice) {
                output.note(&format!("{}  {}", delivery.id, output.language.of(notice.words())));
            }
        }
    }
    Ok(())
}

/// Prints how a delivery went.
///
/// # Errors
/// Its problem, when it did not work.
fn sent(record: DeliveryRecord, output: Output) -> Result<(), Failure> {
    let language = output.language;
    let failed = matches!(record.outcome, DeliveryOutcome::Failed | DeliveryOutcome::Later);
    if let (true, Some(problem)) = (failed, &record.problem) {
        return Err(problem.clone().into());
    }
    output.result(&record, || {
        let time = text::time_of_day(record.at);
        let outcome = language.of(record.outcome.words());
        let notice = record.notice.map(|notice| format!("\n{}", language.of(notice.words())));
        format!("{time}  {outcome}{}", notice.unwrap_or_default())
    });
    Ok(())
}

fn line(delivery: &Delivery, language: Language) -> String {
    row(delivery, language).join("  ")
}

fn row(delivery: &Delivery, language: Language) -> Vec<String> {
    let state = match (delivery.enabled, &delivery.last) {
        (false, _) => language.pick("off", "已关闭").to_owned(),
        (true, None) if delivery.scope == DeliveryScope::OwnSignIn && delivery.own.is_none() => {
            language.pick("needs a sign-in of its own", "需要单独登录").to_owned()
        }
        (true, None) => language.pick("nothing delivered yet", "尚未送达").to_owned(),
        (true, Some(last)) => {
            let outcome = language.of(last.outcome.words());
            format!("{outcome}{}{}", language.pick(", ", "，"), text::time(last.at))
        }
    };
    let name = delivery.label.clone().unwrap_or_else(|| delivery.preset.clone());
    vec![delivery.id.to_string(), delivery.account.to_string(), name, delivery.target.summary(), state]
}
