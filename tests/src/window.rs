//! The app's real window, driven over WebDriver. For `desktop.rs` and the suites.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use image::DynamicImage;
use serde_json::{Value, json};
use thirtyfour::prelude::*;
use thirtyfour::{Capabilities, Key, WebDriver, WebElement};

use crate::eventually::{TIMEOUT, until, within};
use crate::executable;
use crate::process::{Process, wait_until_gone};
use crate::programs::{program, tool, workspace};
use crate::sandbox::Sandbox;

/// Resolves when what was drawn last is on the screen: a picture may otherwise be one frame old.
const TWO_FRAMES: &str = "const done = arguments[arguments.length - 1]; requestAnimationFrame(() => requestAnimationFrame(() => done(true)));";

/// Keeps everything that the Rust side sends to the page, answers and events alike: both end in a callback.
const RECORD: &str = r"
    if (!window.__received) {
        window.__received = [];
        const callbacks = window.__TAURI_INTERNALS__.callbacks;
        const get = callbacks.get.bind(callbacks);
        callbacks.get = (id) => {
            const callback = get(id);
            return callback && ((data) => { window.__received.push(JSON.stringify(data) ?? ''); return callback(data); });
        };
    }";

/// All that the page holds and has received.
const PAGE: &str = r"
    const fields = [...document.querySelectorAll('input, textarea')].map((field) => field.value);
    const stores = [JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.cookie, location.href];
    return [document.documentElement.outerHTML, document.title, ...fields, ...stores, ...(window.__received ?? [])].join('\n');";

/// How long the app may take to end, whatever hangs.
pub const QUIT_LIMIT: Duration = Duration::from_secs(5);

/// How long the window may take to respond, whatever happens.
pub const RESPONSE_LIMIT: Duration = Duration::from_millis(200);

/// A window of the app.
#[derive(Debug)]
pub struct Window {
    driver: WebDriver,
    app: u32,
    _service: Process,
}

impl Window {
    /// Starts the app in the sandbox with the sandbox's profile, and takes hold of its window.
    ///
    /// # Errors
    /// When the app does not open a window.
    pub async fn open(sandbox: &Sandbox) -> Result<Self> {
        let profile = sandbox.profile();
        let arguments = ["--profile", &profile.to_string_lossy(), "--log", "trace"];
        Self::open_program(sandbox, &program("tunekey-desktop")?, &arguments).await
    }

    /// The same for another program that opens a Tauri window.
    ///
    /// # Errors
    /// When it does not open a window.
    pub async fn open_program(sandbox: &Sandbox, program: &Path, arguments: &[&str]) -> Result<Self> {
        let (port, native) = (free_port()?, free_port()?);
        let mut command = sandbox.command(tool("tauri-driver")?);
        command.args(["--port", &port.to_string(), "--native-port", &native.to_string()]);
        let service = Process::start(&mut command, &sandbox.log("webdriver"))?;
        let url = format!("http://127.0.0.1:{port}");
        // It listens before WebKit's own driver does, which takes long to load when it was never used before.
        for (name, port) in [("tauri-driver", port), ("WebKit's driver", native)] {
            until(format!("{name} to listen"), || async {
                tokio::net::TcpStream::connect(("127.0.0.1", port)).await.map(drop).context("nobody listens")
            })
            .await?;
        }

        // The client refuses to be built without one, although it only speaks plain HTTP here.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut wanted = Capabilities::new();
        wanted.set("browserName", "wry")?;
        wanted
            .set("tauri:options", json!({ "application": launcher(sandbox, program)?, "args": arguments }))?;
        let driver = WebDriver::new(&url, wanted).await.context("no window came")?;
        driver.set_script_timeout(TIMEOUT).await?;
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let window = Self { driver, app: sandbox.process(&name)?, _service: service };
        until("the page to be there", || async {
            window.run_script("return document.readyState === 'complete'").await.and_then(ensure_true)
        })
        .await?;
        window.run_script(RECORD).await.context("the page has no Tauri in it")?;
        Ok(window)
    }

    /// The app's process.
    pub fn app(&self) -> u32 {
        self.app
    }

    /// Runs a script in the page.
    ///
    /// # Errors
    /// When it throws.
    pub async fn run_script(&self, script: &str) -> Result<Value> {
        Ok(self.driver.execute(script, Vec::new()).await?.json().clone())
    }

    /// Runs a script in the page that ends when it calls its last argument. Returns the value of that call.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn run_async_script(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        Ok(self.driver.execute_async(script, arguments).await?.json().clone())
    }

    /// The element that a CSS selector finds, once it can be seen.
    ///
    /// # Errors
    /// When none appears.
    pub async fn element(&self, selector: &str) -> Result<WebElement> {
        self.wait(format!("“{selector}” to appear"), || async {
            let element = self.driver.find(By::Css(selector)).await.context("there is none")?;
            ensure!(self.is_visible(&element).await?, "it is hidden");
            Ok(element)
        })
        .await
    }

    /// Whether a CSS selector finds something that can be seen, now.
    ///
    /// # Errors
    /// When the window does not answer.
    pub async fn shows(&self, selector: &str) -> Result<bool> {
        for element in self.driver.find_all(By::Css(selector)).await? {
            if self.is_visible(&element).await.unwrap_or(false) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Clicks what a CSS selector finds, once it can be clicked.
    ///
    /// # Errors
    /// When it cannot be.
    pub async fn click(&self, selector: &str) -> Result<()> {
        self.wait(format!("“{selector}” to be clickable"), || async {
            let element = self.driver.find(By::Css(selector)).await.context("there is none")?;
            ensure!(self.is_visible(&element).await?, "it is hidden");
            ensure!(element.is_enabled().await?, "it is disabled");
            if element.click().await.is_err() {
                // The driver does not scroll to what lies just below the fold; a user does.
                element.scroll_into_view().await?;
                element.click().await?;
            }
            Ok(())
        })
        .await
    }

    /// Puts text into a field in place of what is there.
    ///
    /// # Errors
    /// When there is no such field.
    pub async fn fill(&self, selector: &str, text: &str) -> Result<()> {
        let field = self.element(selector).await?;
        field.clear().await?;
        Ok(field.send_keys(text).await?)
    }

    /// Picks an option of a list.
    ///
    /// # Errors
    /// When there is no such list or option.
    pub async fn select(&self, selector: &str, value: &str) -> Result<()> {
        let list = self.element(selector).await?;
        let script = "const [list, value] = arguments; list.value = value; \
                      list.dispatchEvent(new Event('change', { bubbles: true })); return list.value === value";
        let picked = self.driver.execute(script, vec![list.to_json()?, json!(value)]).await?.json().clone();
        ensure_true(picked).with_context(|| format!("“{selector}” has no “{value}”"))
    }

    /// Presses keys in the page.
    ///
    /// # Errors
    /// When the window does not answer.
    pub async fn press(&self, keys: &str) -> Result<()> {
        Ok(self.driver.find(By::Css("body")).await?.send_keys(keys).await?)
    }

    /// Types into whatever has the focus.
    ///
    /// # Errors
    /// When the window does not answer.
    pub async fn type_keys(&self, keys: &str) -> Result<()> {
        Ok(self.driver.action_chain().send_keys(keys).perform().await?)
    }

    /// Presses a key while the control key is held.
    ///
    /// # Errors
    /// When the driver cannot.
    pub async fn type_with_control(&self, key: char) -> Result<()> {
        let held = self.driver.action_chain().key_down(Key::Control);
        Ok(held.key_down(key).key_up(key).key_up(Key::Control).perform().await?)
    }

    /// Waits until what a selector finds has the focus.
    ///
    /// # Errors
    /// When it does not get it; the error says what has it.
    pub async fn wait_for_focus(&self, selector: &str) -> Result<()> {
        let script =
            "const has = document.activeElement; return has.matches(arguments[0]) ? true : has.outerHTML";
        self.wait(format!("the focus on “{selector}”"), || async {
            let has = self.driver.execute(script, vec![json!(selector)]).await?.json().clone();
            ensure!(has == Value::Bool(true), "it is on {:.120}", has.to_string());
            Ok(())
        })
        .await
    }

    /// The text of an element, once there is any.
    ///
    /// # Errors
    /// When there is no such element.
    pub async fn text(&self, selector: &str) -> Result<String> {
        self.wait(format!("words in “{selector}”"), || async {
            let text = self.inner_text(selector).await?.context("there is none")?;
            ensure!(!text.is_empty(), "it is empty");
            Ok(text)
        })
        .await
    }

    /// Waits until an element contains this text.
    ///
    /// # Errors
    /// When it does not. The error shows its text.
    pub async fn wait_for_text(&self, selector: &str, words: &str) -> Result<String> {
        self.wait(format!("“{words}” in “{selector}”"), || async {
            let text = self.inner_text(selector).await?.context("there is none")?;
            ensure!(text.contains(words), "“{text}”");
            Ok(text)
        })
        .await
    }

    /// An attribute of the first element that a selector finds.
    ///
    /// # Errors
    /// When there is no such element.
    pub async fn attribute(&self, selector: &str, name: &str) -> Result<Option<String>> {
        Ok(self.driver.find(By::Css(selector)).await?.attr(name).await?)
    }

    /// Waits until the sign-in is in a state.
    ///
    /// # Errors
    /// When it does not get there. The error names its state.
    pub async fn wait_for_state(&self, state: &str) -> Result<()> {
        self.wait(format!("the sign-in to be “{state}”"), || async {
            let now = self.attribute("[data-state]", "data-state").await.context("there is no sign-in")?;
            ensure!(now.as_deref() == Some(state), "it is “{}”", now.unwrap_or_default());
            Ok(())
        })
        .await
    }

    /// Waits until no animation runs.
    ///
    /// # Errors
    /// When one never ends.
    pub async fn wait_until_still(&self) -> Result<()> {
        let still = "return document.getAnimations().every((one) => one.playState !== 'running' || \
                     one.effect?.getTiming().iterations === Infinity)";
        self.wait("the page to rest".to_owned(), || async {
            self.run_script(still).await.and_then(ensure_true)
        })
        .await
    }

    /// Whether an element can be seen. WebDriver's own answer is wrong for what lies over something else.
    async fn is_visible(&self, element: &WebElement) -> Result<bool> {
        let script = "return arguments[0].checkVisibility({ visibilityProperty: true })";
        Ok(self.driver.execute(script, vec![element.to_json()?]).await?.json() == &Value::Bool(true))
    }

    /// The text of the first element that a selector finds, as it is shown.
    async fn inner_text(&self, selector: &str) -> Result<Option<String>> {
        let script = "return document.querySelector(arguments[0])?.innerText";
        let words = self.driver.execute(script, vec![json!(selector)]).await?.json().clone();
        Ok(words.as_str().map(str::to_owned))
    }

    /// Waits until `check` succeeds. Otherwise saves a picture of the window in `target/failures/`.
    async fn wait<T, F: Future<Output = Result<T>>>(
        &self,
        what: String,
        check: impl FnMut() -> F,
    ) -> Result<T> {
        let result = until(&what, check).await;
        let Err(error) = result else { return result };
        let folder = workspace().join("target/failures");
        let name: String = what.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
        let path = folder.join(name).with_extension("png");
        let kept = async {
            std::fs::create_dir_all(&folder)?;
            Ok::<_, anyhow::Error>(self.driver.screenshot(&path).await?)
        };
        // The window may be what hangs.
        match tokio::time::timeout(Duration::from_secs(5), kept).await {
            Ok(Ok(())) => Err(error.context(format!("the window then: {}", path.display()))),
            _ => Err(error),
        }
    }

    /// A picture of the page as it is now.
    ///
    /// # Errors
    /// When the window does not answer.
    pub async fn picture(&self) -> Result<DynamicImage> {
        self.driver.execute_async(TWO_FRAMES, Vec::new()).await?;
        let png = self.driver.screenshot_as_png().await?;
        Ok(image::load_from_memory(&png)?)
    }

    /// The part of a picture that an element covers.
    ///
    /// # Errors
    /// When there is no such element.
    pub async fn picture_of(&self, selector: &str) -> Result<DynamicImage> {
        let element = self.element(selector).await?;
        self.wait_until_still().await?;
        let rect = element.rect().await?;
        let picture = self.picture().await?;
        let scale = f64::from(picture.width())
            / self.run_script("return window.innerWidth").await?.as_f64().unwrap_or(1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "pixels on a small screen"
        )]
        let pixels = |css: f64| (css * scale).round().max(0.0) as u32;
        Ok(picture.crop_imm(pixels(rect.x), pixels(rect.y), pixels(rect.width), pixels(rect.height)))
    }

    /// All that the page holds and has received from the Rust side: where no secret may be.
    ///
    /// # Errors
    /// When the window does not answer.
    pub async fn page(&self) -> Result<String> {
        Ok(self.run_script(PAGE).await?.as_str().unwrap_or_default().to_owned())
    }

    /// Calls a command of the app as the page would, without waiting for its answer.
    ///
    /// # Errors
    /// When the window does not answer.
    pub async fn send(&self, command: &str) -> Result<()> {
        self.run_script(&format!("window.__TAURI_INTERNALS__.invoke('{command}').catch(() => {{}})"))
            .await
            .map(drop)
    }

    /// Calls a command of the app as the page would.
    ///
    /// # Errors
    /// When the command fails.
    pub async fn invoke(&self, command: &str, arguments: Value) -> Result<Value> {
        let script = "const [command, payload, done] = arguments; \
                      window.__TAURI_INTERNALS__.invoke(command, payload).then((value) => done({ value }), (error) => done({ error }));";
        let answer = self.driver.execute_async(script, vec![json!(command), arguments]).await?.json().clone();
        match answer.get("error") {
            Some(error) => bail!("{command}: {error}"),
            None => Ok(answer.get("value").cloned().unwrap_or(Value::Null)),
        }
    }

    /// Quits the app the way its own button does, and waits until its process is gone.
    ///
    /// # Errors
    /// When it does not end within `limit`.
    pub async fn quit(self, limit: Duration) -> Result<()> {
        // The app may be gone before it answers.
        let _ = tokio::time::timeout(Duration::from_secs(1), self.send("quit")).await;
        wait_until_gone(self.app, limit).await
    }

    /// Waits until the app has ended by itself.
    ///
    /// # Errors
    /// When it does not within `limit`.
    pub async fn wait_for_exit(self, limit: Duration) -> Result<()> {
        wait_until_gone(self.app, limit).await
    }

    /// How long the window takes to respond now.
    ///
    /// # Errors
    /// When it does not answer within [`TIMEOUT`].
    pub async fn response_time(&self) -> Result<Duration> {
        let began = std::time::Instant::now();
        within(TIMEOUT, "the window to answer", || async {
            self.run_script("return true").await.and_then(ensure_true)
        })
        .await?;
        Ok(began.elapsed())
    }
}

/// Checks that a script returned `true`.
fn ensure_true(value: Value) -> Result<()> {
    ensure!(value == Value::Bool(true), "not yet");
    Ok(())
}

/// A start script for the app that keeps what it says: WebDriver throws it away. It lets the app do what a careless
/// system would: leave core dumps, and files that everybody may read and write.
fn launcher(sandbox: &Sandbox, program: &Path) -> Result<PathBuf> {
    let path = sandbox.root().join("run/launch");
    let log = sandbox.log("app");
    executable::write(
        &path,
        &format!(
            "#!/bin/sh\nulimit -c unlimited\numask 000\nexec '{}' \"$@\" >>'{}' 2>&1\n",
            program.display(),
            log.display()
        ),
    )?;
    Ok(path)
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
