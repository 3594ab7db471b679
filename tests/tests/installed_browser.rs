//! The services' own pages in a browser that is installed: from the command line, and where the window's web view
//! crashes.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use tunekey_core::{Method, SignInOption};
use tunekey_services::{netease, qqmusic};
use tunekey_tests::cli::Cli;
use tunekey_tests::desktop::Desktop;
use tunekey_tests::eventually::until;
use tunekey_tests::executable;
use tunekey_tests::fixtures::account_for;
use tunekey_tests::window::QUIT_LIMIT;

const QQ: SignInOption = SignInOption { service: qqmusic::ID, method: Method::OfficialPage };
const NETEASE: SignInOption = SignInOption { service: netease::ID, method: Method::OfficialPage };

/// Where the browser of these tests is.
struct Browser {
    folder: tempfile::TempDir,
}

impl Browser {
    /// Chromium, as root runs it, and without the played services' certificate being looked at: which one it trusts is
    /// its own affair.
    fn install() -> Result<Self> {
        Self::script("exec /usr/bin/chromium --no-sandbox --ignore-certificate-errors \"$@\"")
    }

    /// In front of all others, so that it is the one that is found.
    fn install_first(desktop: &mut Desktop) -> Result<Self> {
        let browser = Self::install()?;
        std::os::unix::fs::symlink(browser.program(), browser.folder.path().join("chromium"))?;
        let path = std::env::var("PATH").unwrap_or_default();
        desktop.sandbox.set("PATH", format!("{}:{path}", browser.folder.path().display()));
        Ok(browser)
    }

    fn script(line: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let browser = Self { folder };
        executable::write(&browser.program(), &format!("#!/bin/sh\n{line}\n"))?;
        Ok(browser)
    }

    fn program(&self) -> PathBuf {
        self.folder.path().join("browser")
    }

    fn sign_in(&self, desktop: &Desktop, option: SignInOption) -> Result<Cli> {
        let (service, program) = (option.service.to_string(), self.program().display().to_string());
        desktop.start_cli(&[
            "--json",
            "sign-in",
            &service,
            "--method",
            "official-page",
            "--browser",
            &program,
        ])
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_either_service_signs_in_once_the_person_has_said_whose_account_it_is() -> Result<()> {
    let mut desktop = Desktop::start().await?;
    let temporary = tempfile::tempdir()?;
    desktop.sandbox.set("TMPDIR", temporary.path().display().to_string());
    let browser = Browser::install()?;
    for option in [QQ, NETEASE] {
        let mut sign_in = browser.sign_in(&desktop, option)?;
        sign_in.wait_for_step("ask_page").await?;
        let code = desktop.shown_code(option).await?;
        let kept: Vec<_> = std::fs::read_dir(temporary.path())?.collect::<Result<_, _>>()?;
        let kept = kept.first().context("the browser has no profile of its own")?;
        ensure!(kept.metadata()?.permissions().mode() & 0o777 == 0o700, "others can read its profile");
        desktop.simulator.confirm_as(code, Some(account_for(option)))?;
        let asked = sign_in.wait_for_step("ask_new_account").await?;
        ensure!(asked["account"] == account_for(option), "it says {asked}");
        ensure!(std::fs::read_dir(temporary.path())?.next().is_none(), "something of the browser is left");
        sign_in.type_line("y").await?;
        sign_in.wait_for_step("done").await?;
        desktop.finish(sign_in).await?.succeeded()?;
        ensure!(
            desktop.stores_newest_credential(account_for(option)).await?,
            "the keychain does not hold it"
        );
    }
    // A browser asks its maker as well, and opens connections that it then does not use.
    let mut broken = desktop.simulator.broken_rules();
    let is_of_service = |request: &str| ["qq.com", "163.com"].iter().any(|host| request.contains(host));
    broken.retain(|entry| entry.name != "proxy.tls" && is_of_service(&entry.request));
    ensure!(broken.is_empty(), "{broken:?}");
    desktop.ensure_no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_not_the_persons_is_not_kept() -> Result<()> {
    let desktop = Desktop::start().await?;
    let browser = Browser::install()?;
    let mut sign_in = browser.sign_in(&desktop, QQ)?;
    sign_in.wait_for_step("ask_page").await?;
    let code = desktop.shown_code(QQ).await?;
    desktop.simulator.confirm_as(code, Some(account_for(QQ)))?;
    sign_in.wait_for_step("ask_new_account").await?;
    sign_in.type_line("n").await?;
    desktop.finish(sign_in).await?.exited_with(130)?;
    ensure!(desktop.keyring().items().await?.is_empty(), "something was kept");
    ensure!(
        desktop.newest_credential(account_for(QQ))?.is_signed_out(),
        "it keeps a device’s place at the service"
    );
    desktop.ensure_no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_on_the_page_that_brings_another_account_is_led_nowhere() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.simulator.configure(|settings| settings.hidden_frame = Some("qqmusic:10002".to_owned()));
    let browser = Browser::install()?;
    let mut sign_in = browser.sign_in(&desktop, QQ)?;
    sign_in.wait_for_step("ask_page").await?;
    let code = desktop.shown_code(QQ).await?;
    desktop.simulator.confirm_as(code, Some(account_for(QQ)))?;
    let asked = sign_in.wait_for_step("ask_new_account").await?;
    ensure!(asked["account"] == account_for(QQ), "a frame has signed somebody else in: {asked}");
    sign_in.type_line("y").await?;
    desktop.finish(sign_in).await?.succeeded()?;
    desktop.ensure_no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_ends_or_is_not_there_is_said_to_be_that() -> Result<()> {
    let mut desktop = Desktop::start().await?;
    let ends = Browser::script("exit 1")?;
    let output = desktop.finish(ends.sign_in(&desktop, QQ)?).await?;
    ensure!(output.stdout.contains("ended before"), "it says {}", output.stdout);
    let words = ["sign-in", "qqmusic", "--method", "official-page", "--browser", "/no/such/browser"];
    let output = desktop.cli(&words).await?;
    ensure!(
        output.stderr.contains("/no/such/browser") && output.stderr.contains("--browser"),
        "it says {}",
        output.stderr
    );

    // No screen.
    desktop.sandbox.set("DISPLAY", "");
    let words = ["sign-in", "qqmusic", "--method", "official-page"];
    let output = desktop.cli(&words).await?.exited_with(2)?;
    ensure!(output.stderr.contains("screen") && output.stderr.contains("phone"), "it says {}", output.stderr);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_whose_web_view_crashes_is_shown_in_the_browser_instead() -> Result<()> {
    let mut desktop = Desktop::start().await?;
    let _browser = Browser::install_first(&mut desktop)?;
    let window = desktop.window().await?;
    window.wait_for_text("h1", "Scan once").await?;
    let before = web_processes(&desktop);
    window.click("#c-qqmusic").await?;
    window.click("#s-m-official-page").await?;
    let first = desktop.shown_code(QQ).await?;
    let page = web_processes(&desktop).into_iter().find(|process| !before.contains(process));
    let page = i32::try_from(page.context("the page has no process of its own")?)?;
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(page), nix::sys::signal::Signal::SIGKILL)?;
    let code = until("the page to be opened again", || async {
        let codes = desktop.simulator.codes();
        let code = codes.iter().find(|code| code.id > first && code.method == "official_page");
        code.map(|code| code.id).context("it is not")
    })
    .await?;
    desktop.simulator.confirm_as(code, Some(account_for(QQ)))?;
    window.wait_for_state("new").await?;
    window.click("#q-primary").await?;
    window.wait_for_state("success").await?;
    desktop.ensure_no_secret_leaked(&[&window]).await?;
    window.quit(QUIT_LIMIT).await
}

/// The processes that show pages here.
fn web_processes(desktop: &Desktop) -> Vec<u32> {
    let shows_pages = |process: &u32| {
        std::fs::read_to_string(format!("/proc/{process}/comm"))
            .is_ok_and(|name| name.starts_with("WebKitWeb"))
    };
    desktop.sandbox.processes().into_iter().filter(shows_pages).collect()
}
