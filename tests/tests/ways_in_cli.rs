//! Every way in that needs no window, from the command line.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tunekey_core::{Method, ServiceId, SignInOption};
use tunekey_simulator::{CodeState, Fault, FaultKind};
use tunekey_tests::cli::{Cli, Ran};
use tunekey_tests::desktop::Desktop;
use tunekey_tests::patience::PATIENCE;
use tunekey_tests::person::played;
use tunekey_tests::stage::{WAYS, account_for};
use tunekey_tests::terminal::Terminal;

const QQ: SignInOption = SignInOption { service: ServiceId::QqMusic, method: Method::QqScan };
const QQ_PHONE: SignInOption = SignInOption { service: ServiceId::QqMusic, method: Method::Phone };

#[tokio::test(flavor = "multi_thread")]
async fn every_way_in_that_needs_no_window_works_for_a_script() -> Result<()> {
    let desktop = Desktop::start().await?;
    for way in WAYS.into_iter().filter(|way| !way.method.needs_web_view()) {
        let what = format!("{} {}", way.service, way.method);
        let done = signs_in(&desktop, way, &[]).await.with_context(|| what.clone())?;
        let account = &done.json()?.pop().context("it says nothing")?["account"];
        ensure!(account["id"] == account_for(way), "{what}: it says {account}");
        ensure!(account["method"] == way.method.to_string(), "{what}: it says {account}");
        ensure!(desktop.keeps_newest(account_for(way)).await?, "{what}: the keychain does not hold it");
        desktop.no_secret_leaked(&[]).await.context(what)?;
    }
    ensure!(desktop.simulator.broken_rules().is_empty(), "{:?}", desktop.simulator.broken_rules());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_that_it_needs_the_window_and_what_does_not() -> Result<()> {
    let desktop = Desktop::start().await?;
    let words = ["sign-in", "qqmusic", "--method", "official-page"];
    let ran = desktop.cli(&words).await?.ended_with(2)?;
    ensure!(ran.log.contains("window") && ran.log.contains("phone"), "it says {}", ran.log);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_already_has_is_imported_from_a_file_or_a_pipe_whoever_it_is_for() -> Result<()> {
    let desktop = Desktop::start().await?;
    for (account, service) in [("qqmusic:10001", "qqmusic"), ("netease:90001", "netease")] {
        let cookie = desktop.cookie_from_elsewhere(account).await?;
        let mut import = desktop.cli_start(&["--json", "import"])?;
        import.reads(&cookie).await?;
        let told = import.step("ask_to_go_on").await?;
        let parts = told["detected"]["parts"].as_array().context("it names no parts")?;
        ensure!(parts.iter().any(|part| part["found"] == true), "it found nothing: {told}");
        let done = import.step("done").await?;
        ensure!(done["account"]["id"] == account, "it says {done}");
        desktop.finished(import).await?.succeeded()?;

        // A file of the person's own, which the search for leaks must not take for one.
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("cookies.txt");
        std::fs::write(&file, &cookie)?;
        let file = file.display().to_string();
        let ran = desktop.cli(&["import", service, &file]).await?.succeeded()?;
        ensure!(ran.out.contains(account) || ran.log.contains("Signed in"), "it says {}{}", ran.out, ran.log);
    }
    // The other service's, half of one, none.
    let cookie = desktop.cookie_from_elsewhere("netease:90001").await?;
    for (text, words) in
        [(cookie.as_str(), "NetEase"), ("__csrf=abc", "MUSIC_U"), ("hello", "cookies"), ("", "nothing")]
    {
        let wanted = if words == "NetEase" { "qqmusic" } else { "netease" };
        let mut import = desktop.cli_start(&["--json", "import", wanted])?;
        import.reads(text).await?;
        let ran = desktop.finished(import).await?.ended_with(2)?;
        ensure!(ran.problem()? == "invalid_input" && ran.out.contains(words), "it says {}", ran.out);
    }
    desktop.no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_is_shown_to_the_person_who_has_to_do_it() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.simulator.configure(|settings| settings.phone_captcha = true);
    let mut sign_in = start(&desktop, QQ_PHONE, &[])?;
    sign_in.may_print_a_secret();
    sign_in.step("ask_phone_number").await?;
    sign_in.answers(&phone_of(&desktop, QQ_PHONE)?).await?;
    let asked = sign_in.step("ask_captcha").await?;
    let captcha = desktop.simulator.captchas().pop().context("no check was wanted")?;
    ensure!(asked["address"] == captcha.address, "it says {asked}");
    desktop.simulator.solve_captcha(captcha.id)?;
    sign_in.answers("").await?;
    types_the_code(&desktop, QQ_PHONE, &mut sign_in).await?;
    desktop.finished(sign_in).await?.succeeded()?;
    desktop.no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_is_wanted_after_a_scan_is_shown_and_needs_no_second_scan() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.simulator.configure(|settings| settings.exchange_check = true);
    let mut sign_in = start(&desktop, QQ, &[])?;
    sign_in.may_print_a_secret();
    confirms(&desktop, QQ).await?;
    let asked = sign_in.step("ask_captcha").await?;
    let captcha = desktop.simulator.captchas().pop().context("no check was wanted")?;
    ensure!(asked["address"] == captcha.address, "it says {asked}");
    desktop.simulator.solve_captcha(captcha.id)?;
    sign_in.answers("").await?;
    sign_in.step("done").await?;
    desktop.finished(sign_in).await?.succeeded()?;
    ensure!(desktop.simulator.codes().len() == 1, "a second code was shown");
    desktop.no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_code_is_asked_for_again_and_input_that_ends_keeps_nothing() -> Result<()> {
    let desktop = Desktop::start().await?;
    let mut sign_in = start(&desktop, QQ_PHONE, &[])?;
    sign_in.step("ask_phone_number").await?;
    sign_in.answers(&phone_of(&desktop, QQ_PHONE)?).await?;
    sign_in.step("ask_text_code").await?;
    let right = desktop.simulator.text_messages().pop().context("no message came")?.code;
    sign_in.answers(if right == "000000" { "000001" } else { "000000" }).await?;
    let asked = sign_in.step("ask_text_code").await?;
    ensure!(asked["problem"]["code"] == "wrong_code", "it says {asked}");
    sign_in.ends_input();
    let ran = desktop.finished(sign_in).await?.ended_with(4)?;
    ensure!(ran.problem()? == "wrong_code", "it says {}", ran.out);
    ensure!(desktop.keyring().items().await?.is_empty(), "something was kept");

    // Ctrl-C at a question.
    let mut sign_in = start(&desktop, QQ_PHONE, &[])?;
    sign_in.step("ask_phone_number").await?;
    sign_in.interrupt()?;
    desktop.finished(sign_in).await?.ended_with(130)?;
    desktop.no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_that_is_barred_names_the_next_as_the_command_to_type() -> Result<()> {
    let desktop = Desktop::start().await?;
    // Risk control that offers no check.
    desktop.simulator.arm(Fault::new("qq.exchange", FaultKind::Risk).with_code(20_254))?;
    for json in [false, true] {
        let arguments = if json { &["--json", "sign-in", "qqmusic"][..] } else { &["sign-in", "qqmusic"] };
        let sign_in = desktop.cli_start(arguments)?;
        confirms(&desktop, QQ).await?;
        let ran = desktop.finished(sign_in).await?.ended_with(8)?;
        if json {
            let lines = ran.json()?;
            let blocked = lines.iter().find(|line| line["step"] == "risk_control").context("no such step")?;
            ensure!(blocked["alternatives"]["next"][0]["method"] == "wechat-scan", "it says {blocked}");
        } else {
            let next = "tunekey sign-in qqmusic --method wechat-scan";
            ensure!(ran.log.contains(next) && ran.log.contains("account is fine"), "it says {}", ran.log);
        }
    }
    desktop.no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_again_as_somebody_else_asks_first() -> Result<()> {
    let desktop = Desktop::start().await?;
    let meant = "qqmusic:10002";
    desktop.signed_in(meant).await?;
    let kept = desktop.keyring().items().await?;
    for (answer, code, accounts) in [("no", 4, 1), ("yes", 0, 2)] {
        let mut sign_in = start(&desktop, QQ, &["--account", meant])?;
        confirms(&desktop, QQ).await?;
        let asked = sign_in.step("ask_other_account").await?;
        ensure!(asked["account"] == account_for(QQ) && asked["wanted"] == meant, "it says {asked}");
        ensure!(desktop.keyring().items().await? == kept, "something was saved before the answer");
        sign_in.answers(answer).await?;
        desktop.finished(sign_in).await?.ended_with(code)?;
        let listed = desktop.cli(&["--json", "accounts"]).await?.succeeded()?.json()?;
        ensure!(listed.len() == accounts, "after {answer}: {listed:?}");
        ensure!(desktop.keeps_newest(meant).await?, "after {answer} the account that was meant is another");
    }
    desktop.no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keyring_that_locks_between_the_code_and_the_confirmation_loses_nothing() -> Result<()> {
    let desktop = Desktop::start().await?;
    let mut sign_in = start(&desktop, QQ, &[])?;
    sign_in.step("show_code").await?;
    desktop.keyring().lock().await?;
    confirms(&desktop, QQ).await?;
    sign_in.step("exchanging").await?;
    let failed = sign_in.step("failed").await?;
    ensure!(failed["problem"]["code"] == "keychain_locked", "it says {failed}");
    desktop.keyring().unlock().await?;
    sign_in.step("done").await?;
    desktop.finished(sign_in).await?.succeeded()?;
    ensure!(desktop.keeps_newest(account_for(QQ)).await?, "the keychain does not hold what was issued");
    desktop.no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_told_to_unlock_the_keyring_and_need_not_scan_again() -> Result<()> {
    let desktop = Desktop::start().await?;
    for (accounts, by_hand) in [(1, false), (2, true)] {
        let account = if by_hand { "qqmusic:10002" } else { account_for(QQ) };
        let mut terminal = Terminal::start(&desktop.sandbox, (80, 40), &["sign-in", "qqmusic"])?;
        terminal.shows("Scan with QQ").await?;
        desktop.keyring().lock().await?;
        confirms_as(&desktop, QQ, account).await?;
        terminal.shows("The keychain is locked").await?;
        terminal.shows("Enter: now").await?;
        if by_hand {
            // It says that it is still locked, and asks again.
            terminal.types("\r")?;
            terminal.shows_times("The keychain is locked", 2).await?;
        }
        desktop.keyring().unlock().await?;
        terminal.shows("Signed in.").await?;
        ensure!(terminal.ended().await? == 0, "it is said to have failed");
        ensure!(desktop.keeps_newest(account).await?, "the keychain does not hold what was issued");
        let listed = desktop.cli(&["--json", "accounts"]).await?.succeeded()?.json()?;
        ensure!(listed.len() == accounts, "the accounts are {listed:?}");
    }
    desktop.no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_keyring_takes_and_nobody_waits_for_is_ended_at_the_service() -> Result<()> {
    let desktop = Desktop::start().await?;
    let mut sign_in = start(&desktop, QQ, &[])?;
    sign_in.step("show_code").await?;
    desktop.keyring().lock().await?;
    confirms(&desktop, QQ).await?;
    sign_in.step("failed").await?;
    sign_in.interrupt()?;
    let ran = desktop.finished(sign_in).await?.ended_with(130)?;
    ensure!(ran.problem()? == "cancelled", "it says {}", ran.out);
    ensure!(desktop.newest(account_for(QQ))?.is_signed_out(), "it keeps a device’s place at the service");

    // A person who says so: what stands in the way is the exit code.
    let mut terminal = Terminal::start(&desktop.sandbox, (80, 40), &["sign-in", "qqmusic"])?;
    desktop.keyring().unlock().await?;
    terminal.shows("Scan with QQ").await?;
    desktop.keyring().lock().await?;
    confirms(&desktop, QQ).await?;
    terminal.shows("q: give it up").await?;
    terminal.types("q\r")?;
    terminal.shows("Nothing was saved").await?;
    ensure!(terminal.ended().await? == 7, "the keychain was what stood in the way");
    ensure!(desktop.newest(account_for(QQ))?.is_signed_out(), "it keeps a device’s place at the service");
    desktop.keyring().unlock().await?;
    ensure!(desktop.keyring().items().await?.is_empty(), "something was saved");
    desktop.no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_goes_after_the_confirmation_costs_no_second_scan() -> Result<()> {
    let desktop = Desktop::start().await?;
    let mut sign_in = start(&desktop, QQ, &[])?;
    sign_in.step("show_code").await?;
    desktop.simulator.arm(Fault::new("qq.authorize", FaultKind::Reset))?;
    confirms(&desktop, QQ).await?;
    let failed = sign_in.step("failed").await?;
    ensure!(failed["problem"]["code"] == "offline", "it says {failed}");
    desktop.simulator.clear_faults();
    sign_in.step("done").await?;
    desktop.finished(sign_in).await?.succeeded()?;
    ensure!(desktop.simulator.codes().len() == 1, "another code was asked for");
    ensure!(desktop.keeps_newest(account_for(QQ)).await?, "the keychain does not hold what was issued");
    desktop.no_secret_leaked(&[]).await
}

/// Signs in as a script does, to the end.
async fn signs_in(desktop: &Desktop, way: SignInOption, more: &[&str]) -> Result<Ran> {
    let cookie = match way.method {
        Method::Paste => Some(desktop.cookie_from_elsewhere(account_for(way)).await?),
        _ => None,
    };
    let mut sign_in = start(desktop, way, more)?;
    match way.method {
        Method::QqScan | Method::WechatScan | Method::AppScan => {
            sign_in.step("show_code").await?;
            confirms(desktop, way).await?;
        }
        Method::Phone => {
            sign_in.step("ask_phone_number").await?;
            sign_in.answers(&format!("+86 {}", phone_of(desktop, way)?)).await?;
            types_the_code(desktop, way, &mut sign_in).await?;
        }
        Method::Paste => {
            sign_in.step("ask_paste").await?;
            sign_in.reads(&cookie.unwrap_or_default()).await?;
            sign_in.step("ask_to_go_on").await?;
        }
        Method::OfficialPage => anyhow::bail!("a page needs a window"),
    }
    sign_in.step("done").await?;
    desktop.finished(sign_in).await?.succeeded()
}

fn start(desktop: &Desktop, way: SignInOption, more: &[&str]) -> Result<Cli> {
    let (service, method) = (way.service.to_string(), way.method.to_string());
    let arguments = [&["--json", "sign-in", &service, "--method", &method][..], more].concat();
    desktop.cli_start(&arguments)
}

async fn confirms(desktop: &Desktop, way: SignInOption) -> Result<()> {
    confirms_as(desktop, way, account_for(way)).await
}

async fn confirms_as(desktop: &Desktop, way: SignInOption, account: &str) -> Result<()> {
    let service = played(way.service);
    let shown = desktop.simulator.until(|world| {
        let codes = world.codes();
        codes
            .iter()
            .rfind(|code| code.service == service && code.state == CodeState::Shown)
            .map(|code| code.id)
    });
    let code = tokio::time::timeout(PATIENCE, shown).await.context("no code was asked for")?;
    desktop.simulator.scan(code, Some(account))?;
    desktop.simulator.confirm(code)?;
    Ok(())
}

async fn types_the_code(desktop: &Desktop, way: SignInOption, sign_in: &mut Cli) -> Result<()> {
    let asked = sign_in.step("ask_text_code").await?;
    ensure!(asked["problem"] == Value::Null, "it says {asked}");
    let phone = phone_of(desktop, way)?;
    let messages = desktop.simulator.text_messages();
    let message = messages.iter().rfind(|message| message.phone == phone).context("no message came")?;
    sign_in.answers(&message.code).await
}

fn phone_of(desktop: &Desktop, way: SignInOption) -> Result<String> {
    let accounts = desktop.simulator.accounts();
    let owner = accounts.into_iter().find(|one| one.id == account_for(way));
    Ok(owner.context("no such account")?.phone)
}
