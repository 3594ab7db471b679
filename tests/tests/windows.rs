//! The command line and the app as they are built for Windows, in Wine.

use anyhow::{Context as _, Result, ensure};
use tunekey_core::{Format, Method, SignInOption};
use tunekey_services::{netease, qqmusic};
use tunekey_simulator::{Fault, FaultKind};
use tunekey_tests::canary::CANARY;
use tunekey_tests::eventually::TIMEOUT;
use tunekey_tests::fixtures::{NETEASE, QQ, SIGN_IN_OPTIONS, account_for};
use tunekey_tests::machine::{Machine, System};
use tunekey_tests::process::Process;
use tunekey_tests::programs::{program_for, tool};
use tunekey_tests::sandbox::Sandbox;
use tunekey_tests::screen::{ENTER, Screen, WindowState};
use tunekey_tests::terminal::Terminal;

/// The longest secret that the Credential Manager takes, in bytes (CRED_MAX_CREDENTIAL_BLOB_SIZE).
const LONGEST_ITEM: usize = 2560;

/// A profile as people name them.
const PROFILE: &str = r"C:\用户 资料\Tune Key";

const QQ_SCAN: SignInOption = SignInOption { service: qqmusic::ID, method: Method::QqScan };
const QQ_PHONE: SignInOption = SignInOption { service: qqmusic::ID, method: Method::Phone };
const APP_SCAN: SignInOption = SignInOption { service: netease::ID, method: Method::AppScan };

async fn windows() -> Result<Machine> {
    Machine::start(System::Windows, Sandbox::new()?, PROFILE).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_option_without_a_page_signs_in_and_is_kept_in_the_credential_manager() -> Result<()> {
    let machine = windows().await?;
    for option in SIGN_IN_OPTIONS.into_iter().filter(|option| !option.method.shows_page()) {
        let what = format!("{} {}", option.service, option.method);
        machine.sign_in(option).await.with_context(|| what.clone())?;
        let items = machine.credentials()?;
        ensure!(!items.is_empty(), "{what}: the Credential Manager holds nothing");
        for (name, size) in items {
            let is_ours = name.contains(".TuneKey (Tune_Key-") || name.contains(".TuneKey (elsewhere-");
            ensure!(is_ours, "{what}: an item is called {name}");
            ensure!((1..=LONGEST_ITEM).contains(&size), "{what}: {name} has {size} bytes");
        }
    }
    ensure!(machine.simulator.broken_rules().is_empty(), "{:?}", machine.simulator.broken_rules());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_renewed_checked_copied_in_every_format_and_signed_out_without_a_trace() -> Result<()> {
    let machine = windows().await?;
    for (option, account) in [(QQ_SCAN, QQ), (APP_SCAN, NETEASE)] {
        machine.sign_in(option).await?;
        let before = machine.cli(&["cookie", account, "--format", "json"]).await?.succeeded()?;
        machine.cli(&["renew", account]).await?.succeeded()?;
        let after = machine.cli(&["cookie", account, "--format", "json"]).await?.succeeded()?;
        ensure!(before.stdout != after.stdout, "{account}: the key is the old one");
        machine.cli(&["check", account]).await?.succeeded()?;
        for format in Format::all().filter(|format| format.suits(option.service)) {
            let output = machine.cli(&["cookie", account, "--format", format.as_str()]).await?.succeeded()?;
            ensure!(output.stdout.contains(CANARY), "{account}: no key in {format}");
            ensure!(!output.stdout.contains('\r'), "{account}: {format} has another system’s line ends");
        }
        machine.cli(&["sign-out", account]).await?.succeeded()?;
        ensure!(
            machine.credentials()?.is_empty(),
            "{account}: the Credential Manager still holds something of it"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_longer_than_an_item_is_kept_in_several_and_leaves_none() -> Result<()> {
    let machine = windows().await?;
    machine.sign_in(APP_SCAN).await?;
    let single = machine.credentials()?.len();
    machine.simulator.configure(|settings| settings.music_u_length = 6_000);
    machine.cli(&["renew", NETEASE]).await?.succeeded()?;
    let items_now = machine.credentials()?;
    ensure!(items_now.len() > single, "it is not split: {items_now:?}");
    ensure!(items_now.values().all(|size| *size <= LONGEST_ITEM), "one is too long: {items_now:?}");
    machine.cli(&["cookie", NETEASE]).await?.succeeded()?;
    machine.cli(&["forget", NETEASE]).await?.succeeded()?;
    ensure!(machine.credentials()?.is_empty(), "parts are left: {:?}", machine.credentials()?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_that_change_the_account_list_at_once_lose_nothing() -> Result<()> {
    let machine = windows().await?;
    let (one, other) = tokio::join!(machine.sign_in(QQ_SCAN), machine.sign_in(APP_SCAN));
    one?;
    other?;
    let renewals = [QQ, NETEASE, QQ, NETEASE].map(|account| machine.start_cli(&["--json", "renew", account]));
    for renewal in renewals {
        renewal?.wait_for_exit().await?.succeeded()?;
    }
    let listed = machine.cli(&["--json", "accounts"]).await?.succeeded()?.json()?;
    ensure!(listed.len() == 2, "the accounts are {listed:?}");
    for account in [QQ, NETEASE] {
        machine.cli(&["check", account]).await?.succeeded()?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_is_the_same_however_its_path_is_spelt() -> Result<()> {
    let machine = windows().await?;
    machine.sign_in(APP_SCAN).await?;
    for spelling in [format!(r"\\?\{PROFILE}"), PROFILE.replace('\\', "/"), format!(r"{PROFILE}\.\")] {
        let cookie = machine.start_cli_on(&spelling, &["cookie", NETEASE])?.wait_for_exit().await?;
        ensure!(cookie.succeeded()?.stdout.contains(CANARY), "{spelling}: no key");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_piped_and_imported_may_end_its_lines_as_windows_does() -> Result<()> {
    let machine = windows().await?;
    let mut cli = machine.start_cli(&["--json", "sign-in", "qqmusic", "--method", "phone"])?;
    cli.wait_for_step("ask_phone_number").await?;
    let accounts = machine.simulator.accounts();
    let owner = accounts.iter().find(|account| account.id == account_for(QQ_PHONE));
    cli.type_line(&format!("{}\r", owner.context("no such account")?.phone)).await?;
    cli.wait_for_step("ask_text_code").await?;
    let message = machine.simulator.text_messages().pop().context("no message came")?;
    cli.type_line(&format!("{}\r", message.code)).await?;
    cli.wait_for_step("done").await?;
    cli.wait_for_exit().await?.succeeded()?;

    let cookies = machine.cli(&["cookie", QQ, "--format", "netscape"]).await?.succeeded()?.stdout;
    machine.cli(&["forget", QQ]).await?.succeeded()?;
    let file = machine.disk()?.join("users/cookies 饼干.txt");
    std::fs::write(&file, cookies.replace('\n', "\r\n"))?;
    machine.cli(&["import", r"C:\users\cookies 饼干.txt"]).await?.succeeded()?;
    let listed = machine.cli(&["--json", "accounts"]).await?.succeeded()?.json()?;
    ensure!(listed.len() == 1, "the accounts are {listed:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_failure_has_its_exit_code() -> Result<()> {
    let machine = windows().await?;
    machine.cli(&["renew"]).await?.exited_with(2)?;
    let folder = machine.cli(&["import", r"C:\users"]).await?.exited_with(2)?;
    ensure!(folder.stderr.contains("That is a folder"), "it says {}", folder.stderr);
    machine.cli(&["--json", "settings", "proxy", "ftp://x"]).await?.exited_with(2)?;
    machine.cli(&["--json", "show", QQ]).await?.exited_with(3)?;
    // A sign-in that is declined, and one without a network.
    let mut declined = machine.start_cli(&["--json", "sign-in", "qqmusic"])?;
    declined.wait_for_step("show_code").await?;
    let code = machine.simulator.codes().pop().context("no code was asked for")?;
    machine.simulator.refuse(code.id)?;
    declined.wait_for_exit().await?.exited_with(4)?;
    machine.simulator.arm(Fault::new("*", FaultKind::Reset))?;
    machine.cli(&["--json", "sign-in", "qqmusic"]).await?.exited_with(6)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_cancels_a_sign_in_and_keeps_nothing() -> Result<()> {
    let machine = windows().await?;
    let mut cli = machine.start_cli(&["--json", "sign-in", "netease", "--method", "app-scan"])?;
    cli.wait_for_step("show_code").await?;
    machine.interrupt("tunekey")?;
    let output = cli.wait_for_exit().await?.exited_with(130)?;
    ensure!(output.problem()? == "cancelled", "it says {}", output.stdout);
    ensure!(machine.credentials()?.is_empty(), "something was kept");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_of_either_code_page_shows_han_and_a_code_that_can_be_scanned() -> Result<()> {
    let machine = windows().await?;
    machine.sign_in(QQ_SCAN).await?;
    let nickname = &machine.simulator.accounts()[0].nickname;
    ensure!(!nickname.is_ascii(), "{nickname} proves nothing");
    let batch = machine.disk()?.join("on-page.bat");
    std::fs::write(&batch, "@chcp %1 >nul\r\n@shift\r\n@%1 --profile %2 %3 %4\r\n")?;
    let program = machine.spelt(&program_for("x86_64-pc-windows-gnu", "tunekey.exe")?);
    for code_page in ["936", "65001"] {
        let run = |words: &[&str]| {
            Terminal::open(&machine.sandbox, (120, 60), |command| {
                command.arg(tool("wine")?).args(["cmd.exe", "/c", r"C:\on-page.bat", code_page]);
                command.arg(&program).arg(PROFILE).args(words).env("TERM", "xterm-256color");
                Ok(())
            })
        };
        run(&["accounts"])?.wait_for_text(nickname).await.with_context(|| code_page)?;
        let terminal = run(&["sign-in", "netease"])?;
        terminal.wait_for_text("Scan with").await.with_context(|| code_page)?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_web_view_the_app_says_what_is_missing_and_opens_the_page_that_has_it() -> Result<()> {
    let mut sandbox = Sandbox::new()?;
    let opened = sandbox.record_opened_addresses()?;
    let screen = Screen::start(&mut sandbox)?;
    let machine = Machine::start(System::Windows, sandbox, PROFILE).await?;
    for start in [&["--profile", PROFILE][..], &["--profile", PROFILE, "--hidden"]] {
        let mut command = machine.command("tunekey-desktop")?;
        let mut app = Process::start(command.args(start), &machine.sandbox.log("app"))?;
        screen.wait_for_window("TuneKey", WindowState::Shown).await.context("no dialog")?;
        screen.activate("TuneKey")?;
        screen.wait_for_focus("TuneKey").await?;
        screen.press(ENTER)?;
        let address = opened.next().await?;
        ensure!(address.starts_with("https://developer.microsoft.com/"), "it opens {address}");
        let status = app.wait_for_exit(TIMEOUT).await?;
        ensure!(status.code() == Some(1), "it ends with {status}");
        let said = app.output()?;
        ensure!(said.contains("WebView2") && !said.contains("panicked"), "it says {said}");
    }
    Ok(())
}
