//! `cargo xtask demo` on a computer with a screen: the services played on loopback, the phone as a web page, and the
//! app in a profile that is thrown away afterwards.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use anyhow::{Context, Result, ensure};

use crate::build::{self, Profile};
use crate::steps::{Steps, command, output, say, succeed};

/// The names of the programs that the demo starts.
const SERVICES: &str = "tunekey-simulator";
const APP: &str = "tunekey-desktop";
const COMMAND_LINE: &str = "tunekey";

/// Starts everything and waits until the app is closed.
///
/// # Errors
/// When something does not start.
pub(crate) fn on_this_screen(steps: &mut Steps) -> Result<()> {
    let folder = build::workspace().join("target/demo/profile");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)?;
    let ca = folder.with_file_name("ca.pem");
    let services = steps.step("start the services on loopback", || Services::start(&ca))?;
    steps.step("point a throw-away profile at them", || {
        settings(&folder, "proxy", &services.proxy)?;
        settings(&folder, "extra-ca", &ca.to_string_lossy())
    })?;
    say(&format!(
        "\n    The phone is a web page: {}\n\
         \x20   Choose a service in TuneKey, then scan and confirm its code there. Quit TuneKey to end the demo.\n",
        services.phone
    ));
    browse(&services.phone);
    let ended = steps.step("TuneKey", || succeed(command(program(APP)?).arg("--profile").arg(&folder)));
    steps.step("throw the profile away", || forget_all(&folder))?;
    ended
}

/// The simulator while it runs.
struct Services {
    process: Child,
    proxy: String,
    phone: String,
}

impl Services {
    /// Starts it and reads the line that says where it is.
    fn start(ca: &Path) -> Result<Self> {
        let mut command = command(program(SERVICES)?);
        command.arg("--ca-out").arg(ca).stdout(Stdio::piped());
        let mut process = command.spawn().context("the simulator does not start")?;
        let mut ready = String::new();
        BufReader::new(process.stdout.take().context("the simulator says nothing")?).read_line(&mut ready)?;
        let said = |name: &str| -> Result<String> {
            let (_, rest) =
                ready.split_once(&format!("\"{name}\":\"")).with_context(|| format!("it says {ready}"))?;
            Ok(rest.split('"').next().unwrap_or_default().to_owned())
        };
        Ok(Self { proxy: said("proxy")?, phone: said("control")?, process })
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn settings(profile: &Path, key: &str, value: &str) -> Result<()> {
    let mut set = command(program(COMMAND_LINE)?);
    set.arg("--profile").arg(profile).args(["settings", key, value]).stdout(Stdio::null());
    succeed(&mut set)
}

/// Removes the demo's accounts from the real keychain, and the profile.
fn forget_all(profile: &Path) -> Result<()> {
    let listed =
        output(command(program(COMMAND_LINE)?).arg("--profile").arg(profile).args(["--json", "accounts"]));
    for line in listed.context("the accounts cannot be listed")?.lines() {
        let id = line.split_once("\"id\":\"").and_then(|(_, rest)| rest.split('"').next());
        let id = id.context("an account without an id")?;
        let mut forget = command(program(COMMAND_LINE)?);
        succeed(forget.arg("--profile").arg(profile).args(["forget", id]))?;
    }
    std::fs::remove_dir_all(profile).context("the demo’s profile cannot be removed")
}

/// Opens a page in the browser; that it does not open is no reason to stop, the address was said.
fn browse(page: &str) {
    let opener: &[&str] = match std::env::consts::OS {
        "macos" => &["open"],
        "windows" => &["cmd", "/C", "start", ""],
        _ => &["xdg-open"],
    };
    if let Some((program, arguments)) = opener.split_first() {
        let mut open = command(program);
        open.args(arguments).arg(page).stdout(Stdio::null()).stderr(Stdio::null());
        let _ = open.spawn();
    }
}

fn program(name: &str) -> Result<PathBuf> {
    let path = build::folder(Profile::Debug)?.join(name).with_extension(std::env::consts::EXE_EXTENSION);
    ensure!(path.is_file(), "{} is not built", path.display());
    Ok(path)
}
