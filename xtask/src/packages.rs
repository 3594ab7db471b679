//! What must be on the machine: installed on Debian and Ubuntu, named elsewhere.

use std::path::Path;
use std::process::Command;

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
    /// To fetch what builds it for other systems, too.
    Cross,
    /// To make packages of it and look through them.
    Dist,
}

impl Purpose {
    /// Debian's names of all that it takes.
    fn packages(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Build => &[&BUILD],
            Self::Test => &[&BUILD, &TEST],
            Self::Cross => &[&BUILD, &TEST, &CROSS],
            Self::Dist => &[&BUILD, &CROSS, &DIST],
        }
    }
}

const BUILD: [&str; 5] = [
    "build-essential",
    "pkg-config",
    "libwebkit2gtk-4.1-dev",
    "libayatana-appindicator3-dev",
    "librsvg2-dev",
];

const TEST: [&str; 20] = [
    "age",
    "postgresql",
    "pgbouncer",
    "systemd", // systemd-analyze
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

const CROSS: [&str; 8] = [
    "bubblewrap", // runs the root of the container image
    "tzdata",     // a part of that root
    "mmdebstrap",
    "debian-archive-keyring",
    "util-linux",
    "nsis",     // packs the Windows installer
    "zip",      // packs the same for whoever wants none
    "binutils", // objdump: which libraries a program needs
];

const DIST: [&str; 8] =
    ["git", "python3-venv", "dpkg-dev", "rpm", "lintian", "rpmlint", "appstream", "desktop-file-utils"];

/// Where Debian is, when this system's packages come from elsewhere.
const MIRROR: &str = "http://deb.debian.org/debian";

const NODE_AT_LEAST: u32 = 20;

/// The WebDriver for Tauri windows.
const TAURI_DRIVER: Program = Program::new("tauri-driver", "2.1.0");

/// What checks licences, sources and advisories.
const CARGO_DENY: Program = Program::new("cargo-deny", "0.20.2");

/// What finds dependencies that nothing uses.
pub(crate) const CARGO_MACHETE: Program = Program::new("cargo-machete", "0.9.1");

/// What makes packages for Debian and Ubuntu.
pub(crate) const CARGO_DEB: Program = Program::new("cargo-deb", "3.8.0");

/// What makes packages for Fedora and openSUSE.
pub(crate) const CARGO_GENERATE_RPM: Program = Program::new("cargo-generate-rpm", "0.21.1");

/// What lists dependencies as CycloneDX.
pub(crate) const CARGO_CYCLONEDX: Program = Program::new("cargo-cyclonedx", "0.5.9");

/// A program from crates.io that the project installs for itself, in its own folder.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Program {
    name: &'static str,
    version: &'static str,
}

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

/// The WebDriver for Tauri windows.
///
/// # Errors
/// When it cannot be installed.
pub(crate) fn tauri_driver(steps: &mut Steps) -> Result<()> {
    TAURI_DRIVER.install(steps)
}

/// What checks licences, sources and advisories: a command that the rest of its arguments can be given to.
///
/// # Errors
/// When it cannot be installed.
pub(crate) fn cargo_deny(steps: &mut Steps) -> Result<Command> {
    let mut deny = CARGO_DENY.command(steps)?;
    deny.args(["--all-features", "--locked"]);
    Ok(deny)
}

/// Where these programs are installed.
pub(crate) const TOOLS: &str = "target/tools";

impl Program {
    const fn new(name: &'static str, version: &'static str) -> Self {
        Self { name, version }
    }

    /// A command that runs it, once it is installed.
    ///
    /// # Errors
    /// When it is missing and cannot be installed.
    pub(crate) fn command(self, steps: &mut Steps) -> Result<Command> {
        self.install(steps)?;
        Ok(command(Path::new(TOOLS).join("bin").join(self.name)))
    }

    /// Installs it unless this version is there.
    fn install(self, steps: &mut Steps) -> Result<()> {
        steps.step(self.name, || {
            let installed =
                std::fs::read_to_string(Path::new(TOOLS).join(".crates.toml")).unwrap_or_default();
            if self.is_in(&installed) {
                return Ok(());
            }
            let mut install = command(Tool::Cargo.name());
            // Not optimised: these work for seconds, and would be built for minutes.
            install.args([
                "install",
                "--locked",
                "--debug",
                "--root",
                TOOLS,
                self.name,
                "--version",
                self.version,
            ]);
            succeed(install.env("CARGO_PROFILE_DEV_DEBUG", "0"))
        })
    }

    /// Whether cargo's list of what it has installed names this version.
    fn is_in(self, installed: &str) -> bool {
        let entry = format!("\"{} {} (", self.name, self.version);
        installed.lines().any(|line| line.starts_with(&entry))
    }
}

/// Whether this system's packages are Debian's or Ubuntu's.
pub(crate) fn has_apt() -> bool {
    cfg!(target_os = "linux") && has("dpkg-query") && has("apt-get")
}

/// The mirror of Debian that this system's packages come from.
pub(crate) fn mirror() -> String {
    let mut list = command("apt-get");
    list.args(["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Origin: Debian"]);
    let mirrors = output(&mut list).unwrap_or_default();
    let main = mirrors.lines().find(|address| !address.contains("security"));
    main.map_or_else(|| MIRROR.to_owned(), |address| address.trim_end_matches('/').to_owned())
}

/// The system's packages.
fn system(purpose: Purpose) -> Result<()> {
    if !cfg!(target_os = "linux") {
        // WebView2 and WKWebView come with the system.
        return Ok(());
    }
    let wanted = || purpose.packages().concat().into_iter();
    if !has_apt() {
        return elsewhere(purpose, wanted().collect());
    }
    let missing: Vec<&str> = wanted().filter(|name| !installed(name)).collect();
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
        Purpose::Test | Purpose::Cross | Purpose::Dist => &[
            "Xvfb",
            "WebKitWebDriver",
            "dbus-daemon",
            "gnome-keyring-daemon",
            "openbox",
            "xclip",
            "chromium",
            "curl",
            "wget",
            "age",
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
pub(crate) fn as_root(program: &str) -> Result<Command> {
    let id = output(command("id").arg("-u")).unwrap_or_default();
    let mut run = if id.trim() == "0" {
        command(program)
    } else if has("sudo") {
        let mut sudo = Command::new("sudo");
        sudo.args(["--preserve-env=DEBIAN_FRONTEND", program]);
        sudo
    } else {
        bail!("packages are missing and this is neither root nor is there sudo: run `{program}` as root")
    };
    run.env("DEBIAN_FRONTEND", "noninteractive");
    Ok(run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_of_a_program_does_not_count_as_installed() {
        let list = "[v1]\n\"cargo-deny 0.20.2 (registry+https://github.com/rust-lang/crates.io-index)\" = [\"cargo-deny\"]\n";
        let program = |version| Program::new("cargo-deny", version);
        assert!(program("0.20.2").is_in(list));
        assert!(!program("0.20.20").is_in(list) && !program("0.20").is_in(list), "neither newer nor older");
        assert!(!program("0.20.2").is_in(""), "nothing is installed yet");
    }

    /// What runs in the repository's workflows.
    const WORKFLOWS: [&str; 2] = [
        include_str!("../../.github/workflows/test.yml"),
        include_str!("../../.github/workflows/release.yml"),
    ];

    fn lines_with(words: &str) -> impl Iterator<Item = &'static str> {
        WORKFLOWS.into_iter().flat_map(str::lines).filter(move |line| line.contains(words))
    }

    #[test]
    fn every_action_is_named_by_its_commit() {
        let actions: Vec<&str> = lines_with("uses: ")
            .filter_map(|line| line.split_once("uses: "))
            .map(|(_, action)| action)
            .collect();
        assert!(!actions.is_empty(), "the workflows use no action");
        for action in actions {
            let commit = action
                .split_once('@')
                .and_then(|(_, version)| version.split_once(" # v"))
                .map(|(commit, _)| commit);
            let commit = commit.unwrap_or_else(|| panic!("{action}: not NAME@COMMIT # vVERSION"));
            assert!(commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{action}");
        }
    }

    #[test]
    fn every_workflow_says_what_it_may_do_and_leaves_no_token_in_the_checkout() {
        for workflow in WORKFLOWS {
            assert!(
                workflow.contains("\npermissions:"),
                "it may do whatever the repository's settings allow"
            );
        }
        for line in
            WORKFLOWS.into_iter().flat_map(|workflow| workflow.split("uses: actions/checkout").skip(1))
        {
            let next = line.lines().nth(1).unwrap_or_default();
            assert!(next.contains("persist-credentials: false"), "a token stays in the checkout: {next}");
        }
    }

    #[test]
    fn what_packs_the_app_for_macos_is_of_the_same_version_as_what_draws_its_window() {
        let bundler = lines_with("cargo install").find_map(|line| line.split_once("tauri-cli --version "));
        let (_, bundler) = bundler.expect("the release installs it");
        let lock = include_str!("../../Cargo.lock");
        let tauri = lock.split("name = \"tauri\"\nversion = \"").nth(1).expect("it is a dependency");
        let minor = |version: &str| version.split('.').take(2).collect::<Vec<_>>().join(".");
        assert_eq!(minor(bundler), minor(tauri));
    }

    #[test]
    fn the_workflow_installs_the_programs_of_these_versions() {
        for line in lines_with("cargo install").filter(|line| !line.contains("tauri-cli")) {
            let named = |program: &Program| {
                line.ends_with(&format!(" {} --version {}", program.name, program.version))
            };
            assert!([TAURI_DRIVER, CARGO_DENY, CARGO_MACHETE].iter().any(named), "{line}");
        }
    }
}
