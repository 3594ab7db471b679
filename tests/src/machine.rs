//! A computer of another kind: the command line as it is built for it, with what runs that here, a home folder and the
//! simulator. For `static_linux.rs` and `windows.rs`. `cargo xtask cross` builds what they run.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::{Signal, kill};
use tunekey_core::{Method, SignInOption};
use tunekey_services::qqmusic;
use tunekey_simulator::{Options, Running, Simulator};

use crate::canary::CANARY;
use crate::cli::{Cli, CommandOutput};
use crate::fixtures::account_for;
use crate::process::pid;
use crate::programs::{cross, program_for, tool};
use crate::sandbox::Sandbox;
use crate::script;

/// A kind of computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// Linux on Intel, with the C library in the program.
    StaticIntel,
    /// The same on ARM, run by QEMU.
    StaticArm,
    /// Windows, played by Wine.
    Windows,
}

/// The computer, with a profile that points at the simulator.
#[derive(Debug)]
pub struct Machine {
    /// The simulator of the services.
    pub simulator: Running,
    /// The home folder.
    pub sandbox: Sandbox,
    system: System,
    profile: String,
    /// Wine's disk, if it is a Windows.
    disk: Option<tempfile::TempDir>,
}

impl Machine {
    /// Starts one in this home, whose profile has this name there.
    ///
    /// # Errors
    /// When a part of it does not start.
    pub async fn start(system: System, mut sandbox: Sandbox, profile: &str) -> Result<Self> {
        let disk = match system {
            System::Windows => Some(windows(&mut sandbox)?),
            System::StaticIntel | System::StaticArm => None,
        };
        let mut options = Options::default();
        options.ca_out = Some(sandbox.root().join("ca.pem"));
        let simulator = Simulator::start(options).await?;
        simulator.plant_canary(Some(CANARY));
        let machine = Self { simulator, sandbox, system, profile: profile.to_owned(), disk };
        machine.point_at_simulator(&machine.profile).await?;
        Ok(machine)
    }

    /// Wine's disk `C:`.
    ///
    /// # Errors
    /// When it is no Windows.
    pub fn disk(&self) -> Result<PathBuf> {
        Ok(self.disk.as_ref().context("it has no disks")?.path().join("drive_c"))
    }

    /// A file or folder of this home, as this computer spells it.
    pub fn spelt(&self, path: &Path) -> String {
        let path = path.display().to_string();
        if self.system == System::Windows { format!("Z:{}", path.replace('/', "\\")) } else { path }
    }

    /// What starts a program here.
    ///
    /// # Errors
    /// When it is not built.
    pub fn command(&self, name: &str) -> Result<Command> {
        match self.system {
            System::StaticIntel => Ok(self.sandbox.command(program_for("x86_64-unknown-linux-musl", name)?)),
            System::StaticArm => {
                let mut command = self.sandbox.command(tool("qemu-aarch64")?);
                command.arg(program_for("aarch64-unknown-linux-musl", name)?);
                Ok(command)
            }
            System::Windows => {
                let program = program_for("x86_64-pc-windows-gnu", &format!("{name}.exe"))?;
                let mut command = self.wine()?;
                // Where threads end while a program does, the process of Wine's loader ends with the code of one of
                // those (1 in 30, seen with ten lines of C). What other Windows programs see is right, and this one
                // passes it on.
                command.args(["start.exe", "/b", "/wait", "/unix"]).arg(program);
                Ok(command)
            }
        }
    }

    /// What starts a program of Windows's own, which is to follow.
    ///
    /// # Errors
    /// When Wine is not there.
    pub fn wine(&self) -> Result<Command> {
        Ok(self.sandbox.command(tool("wine")?))
    }

    /// The items of the Credential Manager and how long each secret is, in bytes, as Wine keeps them in its registry.
    ///
    /// # Errors
    /// When it is no Windows.
    pub fn credentials(&self) -> Result<BTreeMap<String, usize>> {
        let mut query = self.wine()?;
        let output =
            query.args(["reg.exe", "query", r"HKCU\Software\Wine\Credential Manager", "/s"]).output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let mut items = BTreeMap::new();
        let mut name = None;
        for line in text.lines().map(str::trim_end) {
            if let Some((_, item)) = line.split_once(r"\Credential Manager\") {
                name = Some(item.to_owned());
            } else if let (Some(name), Some((_, hex))) = (&name, line.split_once("REG_BINARY"))
                && line.trim_start().starts_with("Password")
            {
                items.insert(name.clone(), hex.trim().len() / 2);
            }
        }
        Ok(items)
    }

    /// Where this computer’s own path leads, outside of it: a folder on its disk `C:`.
    ///
    /// # Errors
    /// When it is no Windows, or the path leads to another disk.
    pub fn outside(&self, path: &str) -> Result<PathBuf> {
        let path = path.strip_prefix(r"\\?\").unwrap_or(path);
        let on_disk = path.strip_prefix(r"C:\").with_context(|| format!("{path} is not on the disk"))?;
        Ok(self.disk()?.join(on_disk.replace('\\', "/")))
    }

    /// Starts the command line.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_cli<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Cli> {
        self.start_cli_on(&self.profile, arguments)
    }

    /// Starts the command line on another profile.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_cli_on<S: AsRef<OsStr>>(&self, profile: &str, arguments: &[S]) -> Result<Cli> {
        Cli::start_command(self.command("tunekey")?, profile, arguments)
    }

    /// Presses Ctrl-C for a Windows program.
    ///
    /// # Errors
    /// When it does not run.
    pub fn interrupt(&self, name: &str) -> Result<()> {
        self.signal(name, Signal::SIGINT)
    }

    /// Ends a Windows program at once, as a crash does.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill(&self, name: &str) -> Result<()> {
        self.signal(name, Signal::SIGKILL)
    }

    fn signal(&self, name: &str, signal: Signal) -> Result<()> {
        let process = self.process(name).context("it does not run")?;
        Ok(kill(pid(process), signal)?)
    }

    /// The process of a Windows program; `None` when it does not run.
    pub fn process(&self, name: &str) -> Option<u32> {
        // By its first argument: the system knows it by the name of its main thread.
        let file = format!("\\{name}.exe");
        let runs = |id: &u32| {
            let arguments = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
            let program = arguments.split(|byte| *byte == 0).next().unwrap_or_default();
            program.ends_with(file.as_bytes())
        };
        self.sandbox.processes().into_iter().find(runs)
    }

    /// Runs the command line to its end.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn cli<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<CommandOutput> {
        self.start_cli(arguments)?.wait_for_exit().await
    }

    /// Signs in as a script does.
    ///
    /// # Errors
    /// When it fails.
    pub async fn sign_in(&self, option: SignInOption) -> Result<()> {
        let cookie = match option.method {
            Method::Paste => Some(self.cookie_from_elsewhere(option).await?),
            _ => None,
        };
        let mut cli = self.start_cli(&words(option).each_ref().map(String::as_str))?;
        let done = script::complete(&mut cli, &self.simulator, option, cookie.as_deref()).await?;
        cli.wait_for_exit().await?.succeeded()?;
        ensure!(done["account"]["id"] == account_for(option), "it says {done}");
        Ok(())
    }

    /// Points another profile at the simulator.
    ///
    /// # Errors
    /// When it does not take the settings.
    pub async fn point_at_simulator(&self, profile: &str) -> Result<()> {
        let authority = self.spelt(&self.sandbox.root().join("ca.pem"));
        for (key, value) in [("proxy", self.simulator.proxy_url.as_str()), ("extra-ca", &authority)] {
            self.start_cli_on(profile, &["settings", key, value])?.wait_for_exit().await?.succeeded()?;
        }
        Ok(())
    }

    /// A cookie of the account that signs in by an option, from a sign-in on another profile.
    async fn cookie_from_elsewhere(&self, option: SignInOption) -> Result<String> {
        let profile = self.spelt(&self.sandbox.home().join("elsewhere"));
        self.point_at_simulator(&profile).await?;
        let (method, format) = if option.service == qqmusic::ID {
            (Method::QqScan, "qqmusicapi")
        } else {
            (Method::AppScan, "header")
        };
        let scan = SignInOption { method, ..option };
        let mut cli = self.start_cli_on(&profile, &words(scan))?;
        script::complete(&mut cli, &self.simulator, scan, None).await?;
        cli.wait_for_exit().await?.succeeded()?;
        let cookie = ["cookie", account_for(option), "--format", format];
        let output = self.start_cli_on(&profile, &cookie)?.wait_for_exit().await?.succeeded()?;
        Ok(output.stdout.trim_end().to_owned())
    }
}

fn words(option: SignInOption) -> [String; 5] {
    [
        "--json".into(),
        "sign-in".into(),
        option.service.to_string(),
        "--method".into(),
        option.method.to_string(),
    ]
}

/// A Windows of its own: the one that `cargo xtask cross` has set up, with a registry and users' files that only this
/// test changes. What nobody changes is shared with it.
fn windows(sandbox: &mut Sandbox) -> Result<tempfile::TempDir> {
    let template = cross().join("windows");
    ensure!(template.join("system.reg").is_file(), "Wine is not set up; `cargo xtask cross` sees to that");
    let disk = tempfile::Builder::new().prefix("windows-").tempdir_in(cross())?;
    let copy = |flags: &str, from: &Path| -> Result<()> {
        let status =
            Command::new("cp").args([flags, "--remove-destination"]).arg(from).arg(disk.path()).status()?;
        ensure!(status.success(), "{} is not copied", from.display());
        Ok(())
    };
    copy("-al", &template.join("."))?;
    for registry in ["system.reg", "user.reg", "userdef.reg"] {
        copy("-a", &template.join(registry))?;
    }
    sandbox.set("WINEPREFIX", disk.path().display().to_string());
    // How names of files are spelt outside; and nothing of Wine's own where the program says something.
    sandbox.set("LANG", "C.UTF-8");
    sandbox.set("WINEDEBUG", "-all");
    Ok(disk)
}
