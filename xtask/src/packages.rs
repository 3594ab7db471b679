//! What must be on the machine: installed on Debian and Ubuntu, named elsewhere.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::build::Tool;
use crate::steps::{Steps, command, output, say, succeed};

/// What the packages are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To build and start the app.
    Build,
    /// To drive it on a virtual display and to run the UI's tests in a browser, too.
    Test,
}

const BUILD: [&str; 5] = [
    "build-essential",
    "pkg-config",
    "libwebkit2gtk-4.1-dev",
    "libayatana-appindicator3-dev",
    "librsvg2-dev",
];

const TEST: [&str; 16] = [
    "xvfb",
    "xauth",
    "webkit2gtk-driver",
    "dbus",
    "gnome-keyring",
    "openbox",
    "xclip",
    "procps",
    "chromium",
    "fonts-noto-cjk",
    "fonts-inter",
    "python3",
    "python3-venv",
    "ca-certificates",
    "curl",
    "wget",
];

const NODE_AT_LEAST: u32 = 20;
const TAURI_DRIVER: &str = "2.1.0";

/// Sees to it that everything is there.
///
/// # Errors
/// When something is missing that cannot be installed from here; the message says what and how.
pub(crate) fn install(steps: &mut Steps, purpose: Purpose) -> Result<()> {
    steps.step("packages", || {
        system(purpose)?;
        node()?;
        ui_dependencies()
    })
}

/// The WebDriver for Tauri windows, in the project's own folder.
///
/// # Errors
/// When it cannot be installed.
pub(crate) fn tauri_driver(steps: &mut Steps) -> Result<()> {
    steps.step("tauri-driver", || {
        if Path::new("target/tools/bin/tauri-driver").exists() {
            return Ok(());
        }
        succeed(command(Tool::Cargo.name()).args([
            "install",
            "--locked",
            "tauri-driver",
            "--version",
            TAURI_DRIVER,
            "--root",
            "target/tools",
        ]))
    })
}

/// The system's packages.
fn system(purpose: Purpose) -> Result<()> {
    if !cfg!(target_os = "linux") {
        // WebView2 and WKWebView come with the system.
        return Ok(());
    }
    let wanted = || BUILD.iter().chain(if purpose == Purpose::Test { TEST.iter() } else { [].iter() });
    if !has("dpkg-query") || !has("apt-get") {
        return elsewhere(purpose, wanted().copied().collect());
    }
    let missing: Vec<&str> = wanted().copied().filter(|name| !installed(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    say(&format!("    installing {}", missing.join(" ")));
    succeed(as_root("apt-get")?.args(["update", "-qq"]))?;
    let mut install = as_root("apt-get")?;
    install.args(["install", "-y", "-qq", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0"]);
    succeed(install.args(&missing)).with_context(|| format!("install by hand: {}", missing.join(" ")))
}

/// What to do on a Linux without apt: a check by pkg-config, and the packages' names.
fn elsewhere(purpose: Purpose, debian: Vec<&str>) -> Result<()> {
    let library = |name| output(command("pkg-config").args(["--exists", name])).is_some();
    let libraries = ["webkit2gtk-4.1", "ayatana-appindicator3-0.1", "librsvg-2.0"];
    let programs: &[&str] = match purpose {
        Purpose::Build => &[],
        Purpose::Test => &[
            "Xvfb",
            "WebKitWebDriver",
            "dbus-daemon",
            "gnome-keyring-daemon",
            "openbox",
            "xclip",
            "chromium",
            "curl",
            "wget",
        ],
    };
    let missing: Vec<&str> = libraries
        .into_iter()
        .filter(|name| !library(name))
        .chain(programs.iter().copied().filter(|name| !has(name)))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    bail!(
        "missing: {}.\nInstall them with your distribution's package manager and run this again:\n\
         \x20 Fedora: dnf install webkit2gtk4.1-devel libayatana-appindicator-gtk3-devel librsvg2-devel\n\
         \x20 Arch:   pacman -S webkit2gtk-4.1 libayatana-appindicator librsvg\n\
         \x20 Debian’s names of all that is needed: {}",
        missing.join(", "),
        debian.join(" ")
    )
}

/// Node, new enough for the UI's tools.
fn node() -> Result<()> {
    let version = output(command("node").arg("--version")).unwrap_or_default();
    let major: u32 =
        version.trim().trim_start_matches('v').split('.').next().unwrap_or("").parse().unwrap_or(0);
    if major >= NODE_AT_LEAST {
        return Ok(());
    }
    let found =
        if version.is_empty() { "none was found".to_owned() } else { format!("found {}", version.trim()) };
    bail!(
        "Node {NODE_AT_LEAST} or newer is needed ({found}): install it from https://nodejs.org or your distribution"
    )
}

/// The UI's packages, exactly as locked, without running their install scripts.
fn ui_dependencies() -> Result<()> {
    // npm writes this file last, so a newer lock file means that the folder is behind.
    let modified = |path: &str| std::fs::metadata(path).and_then(|file| file.modified());
    if let (Ok(lock), Ok(installed)) =
        (modified("ui/package-lock.json"), modified("ui/node_modules/.package-lock.json"))
        && installed >= lock
    {
        return Ok(());
    }
    succeed(command(Tool::Npm.name()).current_dir("ui").args([
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
    ]))
}

fn installed(package: &str) -> bool {
    output(command("dpkg-query").args(["-W", "-f=${db:Status-Status}", package]))
        .is_some_and(|status| status == "installed")
}

fn has(program: &str) -> bool {
    std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .any(|folder| folder.join(program).is_file())
}

/// A command with the right to install: as it is for root, else through sudo.
fn as_root(program: &str) -> Result<std::process::Command> {
    let id = output(command("id").arg("-u")).unwrap_or_default();
    let mut run = if id.trim() == "0" {
        command(program)
    } else if has("sudo") {
        let mut sudo = std::process::Command::new("sudo");
        sudo.args(["--preserve-env=DEBIAN_FRONTEND", program]);
        sudo
    } else {
        bail!("packages are missing and this is neither root nor is there sudo: run `{program}` as root")
    };
    run.env("DEBIAN_FRONTEND", "noninteractive");
    Ok(run)
}
