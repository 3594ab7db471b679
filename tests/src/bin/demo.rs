//! The demo on a computer without a screen: the app on a virtual one, driven through one sign-in for each service, with
//! a picture of every step in `target/demo/`. For `cargo xtask demo`.

// A demo talks to a terminal.
#![allow(clippy::print_stdout)]

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;
use tunekey_simulator::{Code, Service};
use tunekey_tests::desktop::Desktop;
use tunekey_tests::fixtures::service_of;
use tunekey_tests::phone;
use tunekey_tests::programs::workspace;
use tunekey_tests::window::Window;

#[tokio::main]
async fn main() -> Result<()> {
    let desktop = Desktop::start().await?;
    println!(
        "    a virtual screen {}, a private session bus, a new keyring, the services at {}",
        desktop.screen.display(),
        desktop.simulator.proxy_url
    );
    desktop.cli(&["settings", "clipboard-seconds", "30"]).await?.succeeded()?;
    let window = desktop.window().await?;
    window.wait_for_text("h1", "Scan once").await?;
    let mut album = Album::new()?;
    album.add(&desktop, &window, "empty").await?;

    for account in ["qqmusic:10001", "netease:90001"] {
        sign_in(&desktop, &window, &mut album, account).await?;
        window.click("#s-add").await?;
        album.add(&desktop, &window, "pick-a-service").await?;
    }
    other_options(&desktop, &window, &mut album).await?;
    window.click("#s-netease-90001").await?;
    look(&window, "dark", "zh-CN").await?;
    window.wait_for_text("#a-copy", "复制").await?;
    album.add(&desktop, &window, "account-dark-chinese").await?;
    window.click("#s-add").await?;
    window.click("#c-netease").await?;
    window.wait_for_state("waiting").await?;
    album.add(&desktop, &window, "code-dark-chinese").await?;
    window.click("#s-cancel").await?;
    look(&window, "light", "en").await?;
    window.click("#s-set").await?;
    window.click("#s-st-network").await?;
    album.add(&desktop, &window, "settings-network").await?;
    desktop.ensure_no_secret_leaked(&[&window]).await?;
    println!("    no secret in any file, log, argument or in the page");
    window.quit(Duration::from_secs(5)).await?;
    println!("    {} pictures in {}", album.count, album.folder.display());
    Ok(())
}

/// One sign-in, from the first click to the copied cookie and a new key.
async fn sign_in(desktop: &Desktop, window: &Window, album: &mut Album, account: &str) -> Result<()> {
    let service = service_of(account);
    println!("    signing in to {}", service.name());
    window.click(&format!("#c-{}", service.name())).await?;
    window.wait_for_state("waiting").await?;
    let code = desktop.next_code(service, 0).await?;
    album.add(desktop, window, "code").await?;
    let text = phone::read(&window.picture_of(".stage").await?)?;
    desktop.simulator.scan_text(&text, Some(account))?;
    window.wait_for_state("scanned").await?;
    if service == Service::NetEase {
        window.element(".stage img").await?;
    }
    album.add(desktop, window, "scanned").await?;
    desktop.simulator.confirm(code.id)?;
    window.wait_for_state("success").await?;
    album.add(desktop, window, "signed-in").await?;
    window.click("#q-open").await?;
    album.add(desktop, window, "account").await?;
    window.click("#a-fmt").await?;
    album.add(desktop, window, "formats").await?;
    window.click("#f-json").await?;
    let copied = desktop.clipboard().wait_for_any_text().await?;
    ensure!(copied.starts_with('{'), "the cookie was not copied as JSON");
    album.add(desktop, window, "copied").await?;
    window.click("#a-ref").await?;
    window.wait_for_text("#hist li", "Renewed, new key").await?;
    album.add(desktop, window, "renewed").await
}

/// Shows the sign-in options that are not scanned, as far as there is something to see.
async fn other_options(desktop: &Desktop, window: &Window, album: &mut Album) -> Result<()> {
    println!("    looking at the other sign-in options");
    let cookie = desktop.cookie_from_elsewhere("qqmusic:10004").await?;
    window.click("#c-qqmusic").await?;
    window.click("#s-m-phone").await?;
    window.wait_for_focus("#p-num").await?;
    window.type_keys("13800010001\u{e007}").await?;
    window.wait_for_focus("#p-code").await?;
    window.type_keys("128").await?;
    album.add(desktop, window, "phone").await?;
    window.click("#s-m-paste").await?;
    window.wait_for_focus("#pa-in").await?;
    desktop.clipboard().put(&cookie).await?;
    window.click("#pa-clip").await?;
    window.wait_for_state("found").await?;
    album.add(desktop, window, "paste").await?;
    window.click("#s-m-official-page").await?;
    window.wait_for_state("page").await?;
    // A page that asks again and again is on the screen.
    let is_shown = |code: &Code| code.method == "official_page" && code.polls > 2;
    desktop.simulator.until(|state| state.codes().iter().any(is_shown).then_some(())).await;
    album.add_screen(desktop, "official-page")?;
    window.click("#s-cancel").await
}

async fn look(window: &Window, theme: &str, language: &str) -> Result<()> {
    let change = json!({ "theme": theme, "language": language });
    window.invoke("set_preferences", json!({ "change": change })).await.map(drop)
}

/// The pictures, numbered.
struct Album {
    folder: PathBuf,
    count: u32,
}

impl Album {
    fn new() -> Result<Self> {
        let folder = workspace().join("target/demo");
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)?;
        Ok(Self { folder, count: 0 })
    }

    /// The whole screen: not every window is driven over WebDriver.
    fn add_screen(&mut self, desktop: &Desktop, name: &str) -> Result<()> {
        let path = self.next(name);
        desktop.screen.picture()?.save(&path)?;
        println!("    {}", path.strip_prefix(workspace()).unwrap_or(&path).display());
        Ok(())
    }

    fn next(&mut self, name: &str) -> PathBuf {
        self.count += 1;
        self.folder.join(format!("{:02}-{name}.png", self.count))
    }

    async fn add(&mut self, desktop: &Desktop, window: &Window, name: &str) -> Result<()> {
        // Under one toast there may be another.
        while name != "copied" && window.shows("#t-x").await? {
            window.click("#t-x").await?;
        }
        window.wait_until_still().await?;
        // WebDriver takes no picture of what is blurred.
        self.add_screen(desktop, name)
    }
}
