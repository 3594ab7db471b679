//! Codes in terminals of the usual sizes, on dark and light ground, in locales with and without Unicode.

use anyhow::{Context as _, Result, ensure};
use tunekey_core::{Method, SignInOption};
use tunekey_services::{netease, qqmusic};
use tunekey_tests::desktop::Desktop;
use tunekey_tests::fixtures::account_for;
use tunekey_tests::terminal::{self, Terminal};
use tunekey_tests::{eventually, phone};

const QQ: SignInOption = SignInOption { service: qqmusic::ID, method: Method::QqScan };
const NETEASE: SignInOption = SignInOption { service: netease::ID, method: Method::AppScan };

/// How a terminal tells programs what it can do, and whether it says what is light and dark itself.
const LOOKS: [(&str, &[(&str, &str)]); 3] = [
    ("colours", &[("TERM", "xterm-256color"), ("LANG", "en_US.UTF-8")]),
    ("no colours", &[("TERM", "xterm-256color"), ("LANG", "en_US.UTF-8"), ("NO_COLOR", "1")]),
    ("ASCII", &[("TERM", "xterm-256color"), ("LC_ALL", "C")]),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_scanned_from_each_terminal_or_the_terminal_is_said_to_be_too_small() -> Result<()> {
    let desktop = Desktop::start().await?;
    let (mut scanned, mut refused) = (0, 0);
    for option in [QQ, NETEASE] {
        for size in [(80, 24), (80, 25), (100, 30), (120, 40), (40, 12)] {
            for (look, variables) in LOOKS {
                let what = format!("{} at {size:?} in {look}", option.service);
                let service = option.service.to_string();
                let words = ["sign-in", &service, "--method", option.method.as_str()];
                let mut terminal = Terminal::start_with(&desktop.sandbox, size, variables, &words)?;
                terminal.wait_for_text("Scan with").await.context(what.clone())?;
                let shown = terminal.shown();
                ensure!(look != "ASCII" || shown.is_ascii(), "{what}: it shows {shown}");
                if shown.contains("the terminal has") {
                    ensure!(
                        shown.contains("--qr png=") && shown.contains("--qr text"),
                        "{what}: it shows {shown}"
                    );
                    terminal.type_keys("\u{3}")?;
                    ensure!(terminal.wait_for_exit().await? == 130, "{what}: Ctrl-C does not end it");
                    refused += 1;
                    continue;
                }
                let text = phone::read(&terminal::picture(&shown)).context(what.clone())?;
                let code = desktop.simulator.scan_text(&text, Some(account_for(option)))?;
                terminal.wait_for_text("confirm on your phone").await.context(what.clone())?;
                desktop.simulator.confirm(code.id)?;
                terminal.wait_for_text("Signed in").await.context(what.clone())?;
                ensure!(terminal.wait_for_exit().await? == 0, "{what}: the sign-in failed");
                scanned += 1;
            }
        }
    }
    ensure!(scanned >= 11 && refused >= 8, "{scanned} were scanned, {refused} were too large");
    desktop.ensure_no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_seconds_that_a_code_has_left_are_counted_and_nothing_of_the_line_is_left() -> Result<()> {
    let desktop = Desktop::start().await?;
    let mut terminal = Terminal::start(&desktop.sandbox, (80, 30), &["sign-in", "qqmusic"])?;
    let counted = |shown: &str| shown.matches("Waiting for the scan, ").count();
    eventually::until("three seconds to be counted", || async {
        ensure!(counted(&terminal.shown()) >= 3, "it shows {}", terminal.shown());
        Ok(())
    })
    .await?;
    terminal.type_keys("\u{3}")?;
    let shown = || terminal.shown();
    eventually::until("it to end", || async {
        let shown = shown();
        let after = shown.rsplit_once("left").map(|(_, after)| after.to_owned()).unwrap_or_default();
        ensure!(after.contains("\r\u{1b}[K") && after.contains("Stopped"), "it shows {shown}");
        Ok(())
    })
    .await?;
    ensure!(terminal.wait_for_exit().await? == 130, "Ctrl-C does not end it");

    // No line where it could not be written over.
    for variables in [&[("TERM", "dumb")][..], &[("TERM", "xterm-256color"), ("NO_COLOR", "1")]] {
        let mut terminal =
            Terminal::start_with(&desktop.sandbox, (80, 40), variables, &["sign-in", "qqmusic"])?;
        terminal.wait_for_text("Scan with QQ").await?;
        ensure!(counted(&terminal.shown()) == 0, "{variables:?}: it shows {}", terminal.shown());
        terminal.type_keys("\u{3}")?;
        ensure!(terminal.wait_for_exit().await? == 130, "Ctrl-C does not end it");
    }
    desktop.ensure_no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_can_be_had_as_its_text() -> Result<()> {
    let desktop = Desktop::start().await?;
    for json in [false, true] {
        let arguments: &[&str] = if json {
            &["--json", "sign-in", "qqmusic", "--qr", "text"]
        } else {
            &["sign-in", "qqmusic", "--qr", "text"]
        };
        let mut sign_in = desktop.start_cli(arguments)?;
        sign_in.allow_secret_output();
        let id = desktop.shown_code(QQ).await?;
        let shown = desktop.simulator.codes().into_iter().find(|code| code.id == id).context("it is gone")?;
        desktop.simulator.scan(id, Some(account_for(QQ)))?;
        desktop.simulator.confirm(id)?;
        let output = desktop.finish(sign_in).await?.succeeded()?;
        if json {
            let steps = output.json()?;
            let step = steps.iter().find(|step| step["step"] == "show_code").context("no code")?;
            ensure!(step["text"] == shown.text && step["code"].is_null(), "it says {step}");
        } else {
            ensure!(output.stdout.lines().any(|line| line == shown.text), "it says {}", output.stdout);
        }
    }
    Ok(())
}
