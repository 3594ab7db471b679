//! A temporary home folder with an environment. It ends every process that was started in it. For the other harnesses.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill};

use crate::eventually::until;
use crate::executable;
use crate::process::pid;

/// The program that opens addresses in the browser.
const OPENER: &str = "xdg-open";

/// How much of its name the system keeps for each process, in bytes.
const COMM_LENGTH: usize = 15;

/// What the folder of each sandbox is called, before something that no other has.
pub const PREFIX: &str = "tunekey-test-";

/// A home folder, its XDG folders and the environment that goes with them.
#[derive(Debug)]
pub struct Sandbox {
    root: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl Sandbox {
    /// A new one, with English as its language.
    ///
    /// # Errors
    /// When the folders cannot be made.
    pub fn new() -> Result<Self> {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::Builder::new().prefix(PREFIX).tempdir()?;
        for folder in ["home/.local/share", "home/.local/state", "home/.config", "home/.cache", "run", "logs"]
        {
            std::fs::create_dir_all(root.path().join(folder))?;
        }
        std::fs::set_permissions(root.path().join("run"), std::fs::Permissions::from_mode(0o700))?;
        Ok(Self { root, variables: vec![("LANG".into(), "en_GB.UTF-8".into())] })
    }

    /// Everything that lives here.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// The home folder.
    pub fn home(&self) -> PathBuf {
        self.root().join("home")
    }

    /// Where gnome-keyring keeps its files: the one place where a secret may be.
    pub fn keyrings(&self) -> PathBuf {
        self.home().join(".local/share/keyrings")
    }

    /// The profile that the app and the command line use here.
    pub fn profile(&self) -> PathBuf {
        self.home().join("profile")
    }

    /// A file for what a program says.
    pub fn log(&self, name: &str) -> PathBuf {
        self.root().join("logs").join(name).with_extension("log")
    }

    /// Sets a variable for what is started from now on.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.into()));
    }

    /// Records the addresses that programs open in the system's browser from now on, instead of opening them.
    ///
    /// # Errors
    /// When the stand-in cannot be made.
    pub fn record_opened_addresses(&mut self) -> Result<OpenedAddresses> {
        let (folder, file) = (self.root().join("run/bin"), self.root().join("run/opened"));
        std::fs::create_dir_all(&folder)?;
        let browser = folder.join(OPENER);
        executable::write(&browser, &format!("#!/bin/sh\nprintf '%s\\n' \"$1\" >>'{}'\n", file.display()))?;
        let path = std::env::var("PATH").unwrap_or_default();
        self.set("PATH", format!("{}:{path}", folder.display()));
        Ok(OpenedAddresses { file })
    }

    /// The program that records addresses, if they are recorded.
    pub fn opener(&self) -> Option<PathBuf> {
        let opener = self.root().join("run/bin").join(OPENER);
        opener.exists().then_some(opener)
    }

    /// A command in this environment and no other.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        let home = self.home();
        command.current_dir(&home).env_clear().env("HOME", &home);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("XDG_RUNTIME_DIR", self.root().join("run"));
        command.env("XDG_DATA_HOME", home.join(".local/share"));
        command.env("XDG_STATE_HOME", home.join(".local/state"));
        command.env("XDG_CONFIG_HOME", home.join(".config"));
        command.env("XDG_CACHE_HOME", home.join(".cache"));
        command.env("TMPDIR", self.root().join("run"));
        // No settings daemon and no accessibility bus are here to be asked.
        command.env("GSETTINGS_BACKEND", "memory").env("NO_AT_BRIDGE", "1");
        command.env("RUST_BACKTRACE", "1");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The ids of the processes that were started here, directly or not, by their environment. A process that hides it
    /// (see `tunekey_core::hardening`) is recognised by this sandbox's profile among its arguments.
    pub fn processes(&self) -> Vec<u32> {
        let mark = format!("XDG_RUNTIME_DIR={}", self.root().join("run").display());
        let profile = self.profile();
        let has = |id: &u32, part: &str, entry: &[u8]| {
            std::fs::read(format!("/proc/{id}/{part}"))
                .is_ok_and(|text| text.split(|byte| *byte == 0).any(|one| one == entry))
        };
        let ours = |id: &u32| {
            has(id, "environ", mark.as_bytes()) || has(id, "cmdline", profile.as_os_str().as_encoded_bytes())
        };
        process_ids().into_iter().filter(ours).collect()
    }

    /// The one process here that runs the program of that name.
    ///
    /// # Errors
    /// When there is none.
    pub fn process(&self, program: &str) -> Result<u32> {
        self.processes()
            .into_iter()
            .find(|id| {
                // The system cuts the name off, but keeps none of it to itself.
                std::fs::read_to_string(format!("/proc/{id}/comm"))
                    .is_ok_and(|name| name.trim_end() == &program[..program.len().min(COMM_LENGTH)])
            })
            .with_context(|| format!("no {program} runs here"))
    }
}

/// The addresses that programs opened in the browser.
#[derive(Debug)]
pub struct OpenedAddresses {
    file: PathBuf,
}

impl OpenedAddresses {
    /// Whether there is one that was not read yet.
    pub fn is_any(&self) -> bool {
        self.file.exists()
    }

    /// Waits for the next one. Its record is deleted, because it is a secret of the user's.
    ///
    /// # Errors
    /// When nothing is opened.
    pub async fn next(&self) -> Result<String> {
        let address = until("an address to be opened", || async {
            let opened = std::fs::read_to_string(&self.file).unwrap_or_default();
            opened.strip_suffix('\n').map(str::to_owned).context("none was")
        })
        .await?;
        std::fs::remove_file(&self.file)?;
        Ok(address)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // One round may miss what the processes of the round before were just starting.
        for _ in 0..3 {
            for id in self.processes() {
                let _ = kill(pid(id), Signal::SIGKILL);
            }
        }
    }
}

/// The ids of all processes.
pub(crate) fn process_ids() -> Vec<u32> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}
