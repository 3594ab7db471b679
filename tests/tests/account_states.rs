//! The window, the tray, the command line and its JSON show the same state of an account.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tunekey_tests::desktop::Desktop;
use tunekey_tests::eventually::until;
use tunekey_tests::fixtures::QQ;

/// A state of an account, and what each front shows of it.
struct AccountState {
    /// The fields of its record in the ledger.
    record: Value,
    /// The state and its reason in JSON.
    json: [&'static str; 2],
    /// The pill in the window.
    window: &'static str,
    /// What the account's row in the window's list contains.
    row: &'static str,
    /// What the tray's item contains.
    tray: &'static str,
    /// What `tunekey show` prints.
    command_line: &'static str,
}

fn account_states() -> [AccountState; 8] {
    let now = jiff::Timestamp::now();
    let told =
        |state: &str, reason: &str| json!({ "health": { "state": state, "since": now, "reason": reason } });
    let failed = |minutes: i64| {
        let at = now - jiff::SignedDuration::from_mins(minutes);
        let problem = json!({ "code": "offline", "service": "qqmusic", "detail": "no connection", "service_message": null });
        json!({ "at": at, "outcome": "failed", "trigger": "automatic", "problem": problem })
    };
    let (warns, dead) = ("Needs attention", "Needs sign-in");
    let account_state = |record, json, window, row, tray, command_line| AccountState {
        record,
        json,
        window,
        row,
        tray,
        command_line,
    };
    let warning = |reason, row, words| {
        account_state(told("warning", reason), ["warning", reason], warns, row, warns, words)
    };
    let ended = |reason, row, words| {
        account_state(told("needs_sign_in", reason), ["needs_sign_in", reason], dead, row, dead, words)
    };
    [
        account_state(json!({}), ["healthy", ""], "Healthy", "", "Renews in", "works"),
        warning("refused_once", "Refused once", "refused once"),
        warning("missing_once", "Not found", "credential was not found"),
        warning("unreadable", "Can’t be read", "credential can’t be read"),
        AccountState {
            // Nothing has worked since.
            record: json!({ "checked_at": null, "renewals": [failed(1), failed(5)], "failures": 2 }),
            ..warning("renewal_failing", "Renewals fail", "renewals fail")
        },
        AccountState {
            record: json!({ "renewability": "not_renewable" }),
            ..warning("not_renewable", "Can’t be renewed", "works, can’t be renewed")
        },
        ended("rejected", "No longer accepted", "refused by the service"),
        ended("missing", "Credential missing", "credential is gone"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_front_shows_the_same_account_state() -> Result<()> {
    let desktop = Desktop::start().await?;
    // Nothing is asked of the service meanwhile: what stands in the ledger is what is known.
    desktop.cli(&["settings", "auto-renew", "off"]).await?.succeeded()?;
    desktop.sign_in(QQ).await?;
    let window = desktop.window().await?;
    window.element("#a-copy").await?;
    let tray = desktop.tray(&window).await?;
    for AccountState { record, json, window: pill, row, tray: line, command_line } in account_states() {
        desktop.record_state(QQ, record)?;
        let [state, reason] = json;
        let shown = desktop.cli(&["--json", "show", QQ]).await?.succeeded()?.json()?;
        let health = &shown[0]["health"];
        let told = (health["state"].as_str(), health["reason"].as_str().unwrap_or_default());
        ensure!(told == (Some(state), reason), "to programs it is {health}");
        let shown = desktop.cli(&["show", QQ]).await?.succeeded()?.stdout;
        ensure!(shown.contains(command_line), "{state} {reason}: the command line says {shown}");
        let listed = desktop.cli(&["accounts"]).await?.succeeded()?.stdout;
        ensure!(listed.contains(command_line), "{state} {reason}: the list says {listed}");
        until(format!("the window to show {reason}"), || async {
            let (shown, listed) = (window.text(".pill").await?, window.text(".nav-acct").await?);
            ensure!(shown == pill && listed.contains(row), "it shows {shown}, {listed}");
            Ok(())
        })
        .await?;
        until(format!("the tray to show {reason}"), || async {
            let labels = tray.labels().await?;
            ensure!(labels.iter().any(|label| label.contains(line)), "it shows {labels:?}");
            Ok(())
        })
        .await?;
    }
    Ok(())
}
