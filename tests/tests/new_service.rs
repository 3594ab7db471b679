//! A service is one folder and one line: one that does not exist is signed in to, and shows up everywhere, without a
//! change to any other file.

use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use tunekey_tests::cli::{Cli, CommandOutput};
use tunekey_tests::keyring::{Bus, Keyring};
use tunekey_tests::programs::program;
use tunekey_tests::sandbox::Sandbox;

/// A home with a keyring, in which the command line knows one service more.
struct Home {
    _keyring: Keyring,
    _bus: Bus,
    sandbox: Sandbox,
}

impl Home {
    async fn new() -> Result<Self> {
        let mut sandbox = Sandbox::new()?;
        let bus = Bus::start(&mut sandbox)?;
        let keyring = Keyring::start(&sandbox, &bus).await?;
        Ok(Self { sandbox, _bus: bus, _keyring: keyring })
    }

    /// Runs a command of the program that knows the service, with a text as its input.
    async fn fed(&self, arguments: &[&str], input: &str) -> Result<CommandOutput> {
        let profile = self.sandbox.profile();
        let command = self.sandbox.command(program("with-melody")?);
        let mut cli = Cli::start_command(command, &profile, arguments)?;
        cli.pipe_text(input).await?;
        cli.wait_for_exit().await
    }

    async fn run(&self, arguments: &[&str]) -> Result<CommandOutput> {
        self.fed(arguments, "").await
    }

    /// Runs a command of the program that people have.
    async fn ordinary(&self, arguments: &[&str]) -> Result<CommandOutput> {
        Cli::start(&self.sandbox, arguments)?.wait_for_exit().await
    }
}

#[tokio::test]
async fn a_new_service_is_offered_signed_in_to_and_shown_by_its_own_facts_alone() -> Result<()> {
    let home = Home::new().await?;
    let services = home.run(&["--json", "services"]).await?.succeeded()?.json()?;
    let melody = json!({"id": "melody", "name": "Melody", "methods": ["app-scan", "paste", "cookiecloud"], "copies_renew": true});
    ensure!(services.last() == Some(&melody), "the services are {services:?}");

    home.run(&["settings", "melody-client", "desk"]).await?.succeeded()?;
    let signed_in = home.run(&["sign-in", "melody"]).await?.succeeded()?;
    ensure!(signed_in.stderr.contains("Scan with the Melody app."), "it says {}", signed_in.stderr);
    ensure!(signed_in.stdout.contains("melody:70001"), "it prints {}", signed_in.stdout);

    let shown = home.run(&["show", "melody:70001"]).await?.succeeded()?.stdout;
    ensure!(shown.contains("Ada") && shown.contains("Gold note"), "it shows {shown}");
    let env = home.run(&["cookie", "melody", "--format", "env"]).await?.succeeded()?.stdout;
    ensure!(
        env.trim_end() == r#"MELODY_COOKIE="MELODY_KEY=ML_of_a_scan; melody_uid=70001""#,
        "it prints {env}"
    );
    let own = home.run(&["cookie", "melody", "--format", "melodytool"]).await?.succeeded()?.stdout;
    ensure!(
        serde_json::from_str::<serde_json::Value>(&own)? == json!({"key": "ML_of_a_scan", "client": "desk"}),
        "the service was asked as the chosen client: {own}"
    );
    let signed_out = home.run(&["--json", "sign-out", "melody"]).await?.succeeded()?.json()?;
    ensure!(signed_out == [json!({"signed_out": "melody:70001", "confirmed": true})], "{signed_out:?}");
    Ok(())
}

#[tokio::test]
async fn a_cookie_of_a_new_service_is_recognised_by_itself() -> Result<()> {
    let home = Home::new().await?;
    let pasted = "Cookie: theme=dark; MELODY_KEY=ML_of_a_browser; melody_uid=70002";
    let imported = home.fed(&["--json", "import"], pasted).await?.succeeded()?.json()?;
    let account = &imported.last().context("it prints nothing")?["account"]["id"];
    ensure!(account == "melody:70002", "it is {account}");
    Ok(())
}

#[tokio::test]
async fn what_may_be_typed_names_a_new_service_too() -> Result<()> {
    let home = Home::new().await?;
    let refused = home.run(&["sign-in", "spotify"]).await?.exited_with(2)?.stderr;
    ensure!(refused.contains("use qqmusic, netease or melody"), "it says {refused}");
    let help = home.run(&["sign-in", "--help"]).await?.succeeded()?.stdout;
    let scan = "all: scan with the QQ Music, the NetEase Cloud Music or the Melody app";
    ensure!(help.split_whitespace().collect::<Vec<_>>().join(" ").contains(scan), "it says {help}");
    let settings = home.run(&["settings", "melody-client"]).await?.succeeded()?.stdout;
    ensure!(settings.contains("phone"), "the first client is the usual one: {settings}");
    let wrong = home.run(&["--json", "settings", "melody-client", "tv"]).await?;
    ensure!(wrong.code != 0 && wrong.stdout.contains("melody-client is phone or desk."), "{}", wrong.stdout);
    Ok(())
}

#[tokio::test]
async fn a_program_that_does_not_know_the_service_leaves_its_accounts_as_they_are() -> Result<()> {
    let home = Home::new().await?;
    home.run(&["sign-in", "melody"]).await?.succeeded()?;
    let accounts = home.ordinary(&["--json", "accounts"]).await?.succeeded()?.stdout;
    ensure!(accounts.is_empty(), "it shows what it cannot renew: {accounts}");
    home.ordinary(&["settings", "clipboard-seconds", "60"]).await?.succeeded()?;
    home.ordinary(&["--json", "sign-in", "melody"]).await?.exited_with(2)?;
    let accounts = home.run(&["--json", "accounts"]).await?.succeeded()?.json()?;
    ensure!(accounts.len() == 1 && accounts[0]["id"] == "melody:70001", "the accounts are {accounts:?}");
    home.run(&["cookie", "melody"]).await?.succeeded()?;
    Ok(())
}
