//! Every sign-in option that shows no page, from the command line.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tunekey_core::{Method, SignInOption};
use tunekey_services::qqmusic;
use tunekey_simulator::{Fault, FaultKind};
use tunekey_tests::cli::{Cli, CommandOutput};
use tunekey_tests::desktop::Desktop;
use tunekey_tests::fixtures::{SIGN_IN_OPTIONS, account_for};
use tunekey_tests::script;
use tunekey_tests::terminal::Terminal;

const QQ: SignInOption = SignInOption { service: qqmusic::ID, method: Method::QqScan };
const QQ_PHONE: SignInOption = SignInOption { service: qqmusic::ID, method: Method::Phone };

#[tokio::test(flavor = "multi_thread")]
async fn every_option_without_a_page_signs_in_from_a_script() -> Result<()> {
    let desktop = Desktop::start().await?;
    for option in SIGN_IN_OPTIONS.into_iter().filter(|option| !option.method.shows_page()) {
        let what = format!("{} {}", option.service, option.method);
        let done = sign_in(&desktop, option, &[]).await.with_context(|| what.clone())?;
        let account = &done.json()?.pop().context("it says nothing")?["account"];
        ensure!(account["id"] == account_for(option), "{what}: it says {account}");
        ensure!(account["method"] == option.method.to_string(), "{what}: it says {account}");
        ensure!(
            desktop.stores_newest_credential(account_for(option)).await?,
            "{what}: the keychain does not hold it"
        );
        desktop.ensure_no_secret_leaked(&[]).await.context(what)?;
    }
    ensure!(desktop.simulator.broken_rules().is_empty(), "{:?}", desktop.simulator.broken_rules());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_is_imported_from_a_file_or_a_pipe_for_either_service() -> Result<()> {
    let desktop = Desktop::start().await?;
    for (account, service) in [("qqmusic:10001", "qqmusic"), ("netease:90001", "netease")] {
        let cookie = desktop.cookie_from_elsewhere(account).await?;
        let mut import = desktop.start_cli(&["--json", "import"])?;
        import.pipe_text(&cookie).await?;
        let told = import.wait_for_step("ask_to_go_on").await?;
        let parts = told["detected"]["parts"].as_array().context("it names no parts")?;
        ensure!(parts.iter().any(|part| part["found"] == true), "it found nothing: {told}");
        let done = import.wait_for_step("done").await?;
        ensure!(done["account"]["id"] == account, "it says {done}");
        desktop.finish(import).await?.succeeded()?;

        // A file of the person's own, which the search for leaks must not take for one.
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("cookies.txt");
        std::fs::write(&file, &cookie)?;
        let file = file.display().to_string();
        let output = desktop.cli(&["import", service, &file]).await?.succeeded()?;
        ensure!(
            output.stdout.contains(account) || output.stderr.contains("Signed in"),
            "it says {}{}",
            output.stdout,
            output.stderr
        );
    }
    // The other service's, half of one, none.
    let cookie = desktop.cookie_from_elsewhere("netease:90001").await?;
    for (text, words) in
        [(cookie.as_str(), "NetEase"), ("__csrf=abc", "MUSIC_U"), ("hello", "cookies"), ("", "nothing")]
    {
        let wanted = if words == "NetEase" { "qqmusic" } else { "netease" };
        let mut import = desktop.start_cli(&["--json", "import", wanted])?;
        import.pipe_text(text).await?;
        let output = desktop.finish(import).await?.exited_with(2)?;
        ensure!(
            output.problem()? == "invalid_input" && output.stdout.contains(words),
            "it says {}",
            output.stdout
        );
    }
    desktop.ensure_no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_is_shown_to_the_person_who_has_to_do_it() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.simulator.configure(|settings| settings.phone_captcha = true);
    let mut sign_in = start(&desktop, QQ_PHONE, &[])?;
    sign_in.allow_secret_output();
    sign_in.wait_for_step("ask_phone_number").await?;
    sign_in.type_line(&desktop.phone_of(QQ_PHONE)?).await?;
    let asked = sign_in.wait_for_step("ask_captcha").await?;
    let captcha = desktop.simulator.captchas().pop().context("no check was wanted")?;
    ensure!(asked["address"] == captcha.address, "it says {asked}");
    desktop.simulator.solve_captcha(captcha.id)?;
    sign_in.type_line("").await?;
    type_text_code(&desktop, QQ_PHONE, &mut sign_in).await?;
    desktop.finish(sign_in).await?.succeeded()?;
    desktop.ensure_no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_is_wanted_after_a_scan_is_shown_and_needs_no_second_scan() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.simulator.configure(|settings| settings.exchange_check = true);
    let mut sign_in = start(&desktop, QQ, &[])?;
    sign_in.allow_secret_output();
    confirm(&desktop, QQ).await?;
    let asked = sign_in.wait_for_step("ask_captcha").await?;
    let captcha = desktop.simulator.captchas().pop().context("no check was wanted")?;
    ensure!(asked["address"] == captcha.address, "it says {asked}");
    desktop.simulator.solve_captcha(captcha.id)?;
    sign_in.type_line("").await?;
    sign_in.wait_for_step("done").await?;
    desktop.finish(sign_in).await?.succeeded()?;
    ensure!(desktop.simulator.codes().len() == 1, "a second code was shown");
    desktop.ensure_no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_code_is_asked_for_again_and_input_that_ends_keeps_nothing() -> Result<()> {
    let desktop = Desktop::start().await?;
    let mut sign_in = start(&desktop, QQ_PHONE, &[])?;
    sign_in.wait_for_step("ask_phone_number").await?;
    sign_in.type_line(&desktop.phone_of(QQ_PHONE)?).await?;
    sign_in.wait_for_step("ask_text_code").await?;
    let right = desktop.simulator.text_messages().pop().context("no message came")?.code;
    sign_in.type_line(if right == "000000" { "000001" } else { "000000" }).await?;
    let asked = sign_in.wait_for_step("ask_text_code").await?;
    ensure!(asked["problem"]["code"] == "wrong_code", "it says {asked}");
    sign_in.close_input();
    let output = desktop.finish(sign_in).await?.exited_with(4)?;
    ensure!(output.problem()? == "wrong_code", "it says {}", output.stdout);
    ensure!(desktop.keyring().items().await?.is_empty(), "something was kept");

    // Ctrl-C at a question.
    let mut sign_in = start(&desktop, QQ_PHONE, &[])?;
    sign_in.wait_for_step("ask_phone_number").await?;
    sign_in.interrupt()?;
    desktop.finish(sign_in).await?.exited_with(130)?;
    desktop.ensure_no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_method_names_the_command_for_the_next() -> Result<()> {
    let desktop = Desktop::start().await?;
    // Risk control that offers no check.
    desktop.simulator.arm(Fault::new("qq.exchange", FaultKind::Risk).with_code(20_254))?;
    for json in [false, true] {
        let arguments = if json { &["--json", "sign-in", "qqmusic"][..] } else { &["sign-in", "qqmusic"] };
        let sign_in = desktop.start_cli(arguments)?;
        confirm(&desktop, QQ).await?;
        let output = desktop.finish(sign_in).await?.exited_with(8)?;
        if json {
            let lines = output.json()?;
            let blocked = lines.iter().find(|line| line["step"] == "risk_control").context("no such step")?;
            ensure!(blocked["alternatives"]["next"][0]["method"] == "wechat-scan", "it says {blocked}");
        } else {
            let next = "tunekey sign-in qqmusic --method wechat-scan";
            ensure!(
                output.stderr.contains(next) && output.stderr.contains("account is fine"),
                "it says {}",
                output.stderr
            );
        }
    }
    desktop.ensure_no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_again_as_somebody_else_asks_first() -> Result<()> {
    let desktop = Desktop::start().await?;
    let meant = "qqmusic:10002";
    desktop.sign_in(meant).await?;
    let kept = desktop.keyring().items().await?;
    for (answer, code, accounts) in [("no", 4, 1), ("yes", 0, 2)] {
        let mut sign_in = start(&desktop, QQ, &["--account", meant])?;
        confirm(&desktop, QQ).await?;
        let asked = sign_in.wait_for_step("ask_other_account").await?;
        ensure!(asked["account"] == account_for(QQ) && asked["wanted"] == meant, "it says {asked}");
        ensure!(desktop.keyring().items().await? == kept, "something was saved before the answer");
        sign_in.type_line(answer).await?;
        desktop.finish(sign_in).await?.exited_with(code)?;
        let listed = desktop.cli(&["--json", "accounts"]).await?.succeeded()?.json()?;
        ensure!(listed.len() == accounts, "after {answer}: {listed:?}");
        ensure!(
            desktop.stores_newest_credential(meant).await?,
            "after {answer} the account that was meant is another"
        );
    }
    desktop.ensure_no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keyring_that_locks_between_the_code_and_the_confirmation_loses_nothing() -> Result<()> {
    let desktop = Desktop::start().await?;
    let mut sign_in = start(&desktop, QQ, &[])?;
    sign_in.wait_for_step("show_code").await?;
    desktop.keyring().lock().await?;
    confirm(&desktop, QQ).await?;
    sign_in.wait_for_step("exchanging").await?;
    let failed = sign_in.wait_for_step("failed").await?;
    ensure!(failed["problem"]["code"] == "keychain_locked", "it says {failed}");
    desktop.keyring().unlock().await?;
    sign_in.wait_for_step("done").await?;
    desktop.finish(sign_in).await?.succeeded()?;
    ensure!(
        desktop.stores_newest_credential(account_for(QQ)).await?,
        "the keychain does not hold what was issued"
    );
    desktop.ensure_no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_told_to_unlock_the_keyring_and_need_not_scan_again() -> Result<()> {
    let desktop = Desktop::start().await?;
    for (accounts, by_hand) in [(1, false), (2, true)] {
        let account = if by_hand { "qqmusic:10002" } else { account_for(QQ) };
        let mut terminal = Terminal::start(&desktop.sandbox, (80, 40), &["sign-in", "qqmusic"])?;
        terminal.wait_for_text("Scan with QQ").await?;
        desktop.keyring().lock().await?;
        confirm_as(&desktop, QQ, account).await?;
        terminal.wait_for_text("The keychain is locked").await?;
        terminal.wait_for_text("Enter: now").await?;
        if by_hand {
            // It says that it is still locked, and asks again.
            terminal.type_keys("\r")?;
            terminal.wait_for_text_times("The keychain is locked", 2).await?;
        }
        desktop.keyring().unlock().await?;
        terminal.wait_for_text("Signed in.").await?;
        ensure!(terminal.wait_for_exit().await? == 0, "it is said to have failed");
        ensure!(
            desktop.stores_newest_credential(account).await?,
            "the keychain does not hold what was issued"
        );
        let listed = desktop.cli(&["--json", "accounts"]).await?.succeeded()?.json()?;
        ensure!(listed.len() == accounts, "the accounts are {listed:?}");
    }
    desktop.ensure_no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_keyring_takes_and_nobody_waits_for_is_ended_at_the_service() -> Result<()> {
    let desktop = Desktop::start().await?;
    let mut sign_in = start(&desktop, QQ, &[])?;
    sign_in.wait_for_step("show_code").await?;
    desktop.keyring().lock().await?;
    confirm(&desktop, QQ).await?;
    sign_in.wait_for_step("failed").await?;
    sign_in.interrupt()?;
    let output = desktop.finish(sign_in).await?.exited_with(130)?;
    ensure!(output.problem()? == "cancelled", "it says {}", output.stdout);
    ensure!(
        desktop.newest_credential(account_for(QQ))?.is_signed_out(),
        "it keeps a device’s place at the service"
    );

    // A user gives it up: the exit code names the obstacle.
    let mut terminal = Terminal::start(&desktop.sandbox, (80, 40), &["sign-in", "qqmusic"])?;
    desktop.keyring().unlock().await?;
    terminal.wait_for_text("Scan with QQ").await?;
    desktop.keyring().lock().await?;
    confirm(&desktop, QQ).await?;
    terminal.wait_for_text("q: give it up").await?;
    terminal.type_keys("q\r")?;
    terminal.wait_for_text("Nothing was saved").await?;
    ensure!(terminal.wait_for_exit().await? == 7, "the keychain was what stood in the way");
    ensure!(
        desktop.newest_credential(account_for(QQ))?.is_signed_out(),
        "it keeps a device’s place at the service"
    );
    desktop.keyring().unlock().await?;
    ensure!(desktop.keyring().items().await?.is_empty(), "something was saved");
    desktop.ensure_no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_goes_after_the_confirmation_costs_no_second_scan() -> Result<()> {
    let desktop = Desktop::start().await?;
    let mut sign_in = start(&desktop, QQ, &[])?;
    sign_in.wait_for_step("show_code").await?;
    desktop.simulator.arm(Fault::new("qq.authorize", FaultKind::Reset))?;
    confirm(&desktop, QQ).await?;
    let failed = sign_in.wait_for_step("failed").await?;
    ensure!(failed["problem"]["code"] == "offline", "it says {failed}");
    desktop.simulator.clear_faults();
    sign_in.wait_for_step("done").await?;
    desktop.finish(sign_in).await?.succeeded()?;
    ensure!(desktop.simulator.codes().len() == 1, "another code was asked for");
    ensure!(
        desktop.stores_newest_credential(account_for(QQ)).await?,
        "the keychain does not hold what was issued"
    );
    desktop.ensure_no_secret_leaked(&[]).await
}

/// Signs in as a script does.
async fn sign_in(desktop: &Desktop, option: SignInOption, more: &[&str]) -> Result<CommandOutput> {
    let cookie = match option.method {
        Method::Paste => Some(desktop.cookie_from_elsewhere(account_for(option)).await?),
        _ => None,
    };
    let mut sign_in = start(desktop, option, more)?;
    script::complete(&mut sign_in, &desktop.simulator, option, cookie.as_deref()).await?;
    desktop.finish(sign_in).await?.succeeded()
}

fn start(desktop: &Desktop, option: SignInOption, more: &[&str]) -> Result<Cli> {
    let (service, method) = (option.service.to_string(), option.method.to_string());
    let arguments = [&["--json", "sign-in", &service, "--method", &method][..], more].concat();
    desktop.start_cli(&arguments)
}

async fn confirm(desktop: &Desktop, option: SignInOption) -> Result<()> {
    confirm_as(desktop, option, account_for(option)).await
}

async fn confirm_as(desktop: &Desktop, option: SignInOption, account: &str) -> Result<()> {
    let code = desktop.shown_code(option).await?;
    desktop.simulator.scan(code, Some(account))?;
    desktop.simulator.confirm(code)?;
    Ok(())
}

async fn type_text_code(desktop: &Desktop, option: SignInOption, sign_in: &mut Cli) -> Result<()> {
    let asked = sign_in.wait_for_step("ask_text_code").await?;
    ensure!(asked["problem"] == Value::Null, "it says {asked}");
    sign_in.type_line(&desktop.text_code_for(option)?).await
}
