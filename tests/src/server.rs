//! A server: a home without a screen, whose profile points at the simulator and keeps its credentials in encrypted
//! files, or in another store that is wanted. For the suites that need no window.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result};
use serde_json::Value;
use tunekey_core::{Method, SignInOption};
use tunekey_services::{netease, qqmusic};
use tunekey_simulator::{Credential, Options, Running, Simulator};

use crate::canary::{CANARY, Canaries};
use crate::cli::{Cli, CommandOutput};
use crate::keyring::{Bus, Keyring};
use crate::postgres::{PASSWORD, Postgres, write_password};
use crate::programs::program;
use crate::sandbox::Sandbox;
use crate::{ledger_file, script};

/// Where a server keeps its credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// In the session's keychain.
    Keychain,
    /// In encrypted files; without a session bus.
    Files,
    /// In a database; without a session bus.
    Database,
}

impl Store {
    /// What the command line calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keychain => "keychain",
            Self::Files => "file",
            Self::Database => "postgres",
        }
    }
}

/// What a store needs as long as the server runs.
#[derive(Debug)]
enum Behind {
    Keychain { _keyring: Keyring, _bus: Bus },
    Nothing,
    Database(Box<Postgres>),
}

/// The server.
#[derive(Debug)]
pub struct Server {
    behind: Behind,
    /// The simulator of the services. It puts [`CANARY`] into every secret.
    pub simulator: Running,
    /// The home folder.
    pub sandbox: Sandbox,
    outputs: Mutex<Vec<String>>,
}

impl Server {
    /// Starts one with encrypted files.
    ///
    /// # Errors
    /// When a part of it does not start.
    pub async fn start() -> Result<Self> {
        Self::start_with(Store::Files).await
    }

    /// Starts one with that store.
    ///
    /// # Errors
    /// When a part of it does not start.
    pub async fn start_with(store: Store) -> Result<Self> {
        let mut sandbox = Sandbox::new()?;
        let behind = match store {
            Store::Keychain => {
                let bus = Bus::start(&mut sandbox)?;
                Behind::Keychain { _keyring: Keyring::start(&sandbox, &bus).await?, _bus: bus }
            }
            Store::Files | Store::Database => {
                use_encrypted_files(&sandbox)?;
                Behind::Nothing
            }
        };
        let mut options = Options::default();
        options.ca_out = Some(sandbox.root().join("ca.pem"));
        let simulator = Simulator::start(options).await?;
        simulator.plant_canary(Some(CANARY));
        let mut server = Self { behind, simulator, sandbox, outputs: Mutex::default() };
        let authority = server.sandbox.root().join("ca.pem").display().to_string();
        for (key, value) in [("proxy", server.simulator.proxy_url.as_str()), ("extra-ca", &authority)] {
            server.cli(&["settings", key, value]).await?.succeeded()?;
        }
        if store == Store::Database {
            let postgres = Postgres::start().await?;
            write_password(&server.sandbox, PASSWORD)?;
            server.object(&["--json", "store", "move", &postgres.url()]).await?;
            server.behind = Behind::Database(Box::new(postgres));
        }
        Ok(server)
    }

    /// The file with the identity.
    pub fn identity(&self) -> PathBuf {
        identity(&self.sandbox)
    }

    /// The folder of the encrypted files.
    pub fn secrets(&self) -> PathBuf {
        self.sandbox.profile().join("secrets")
    }

    /// Starts the command line.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_cli<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Cli> {
        Cli::start(&self.sandbox, arguments)
    }

    /// Runs the command line to its end. Its output is searched for canaries later.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn cli<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<CommandOutput> {
        self.finish(self.start_cli(arguments)?).await
    }

    /// Waits for the command line to end.
    ///
    /// # Errors
    /// When it does not.
    pub async fn finish(&self, cli: Cli) -> Result<CommandOutput> {
        let output = cli.wait_for_exit().await?;
        let mut outputs = self.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        outputs.push(output.stderr.clone());
        if !output.prints_secret {
            outputs.push(output.stdout.clone());
        }
        Ok(output)
    }

    /// What a command prints, which is one JSON object.
    ///
    /// # Errors
    /// When it does not succeed, or prints something else.
    pub async fn object<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Value> {
        let mut lines = self.cli(arguments).await?.succeeded()?.json()?;
        anyhow::ensure!(lines.len() == 1, "it printed {} lines", lines.len());
        lines.pop().context("it printed nothing")
    }

    /// Signs an account in by scanning a code.
    ///
    /// # Errors
    /// When it fails.
    pub async fn sign_in(&self, account: &str) -> Result<()> {
        let cli = self.start_cli(&sign_in_words(account))?;
        self.finish(answer(cli, &self.simulator, account).await?).await?.succeeded().map(drop)
    }

    /// Has the ledger forget that a service has accepted an account's key, as if that had been long ago.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget_proofs(&self, account: &str) -> Result<()> {
        ledger_file::change_record(&self.sandbox.profile(), account, |record| {
            record["proofs"] = serde_json::json!({});
        })
    }

    /// The newest credential that the service has issued for an account.
    ///
    /// # Errors
    /// When there is none.
    pub fn newest_credential(&self, account: &str) -> Result<Credential> {
        let issued = self.simulator.ledger().into_iter().rev().find(|one| one.account == account);
        issued.with_context(|| format!("{account} has no credential"))
    }

    /// Searches every file, the encrypted ones included, and all output for canaries, but for what was printed because
    /// it was asked for.
    ///
    /// # Errors
    /// When a canary is found. The error says where.
    pub fn ensure_no_secret_leaked(&self) -> Result<()> {
        let canaries = Canaries::new([CANARY.to_owned()])?;
        for output in self.outputs.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            canaries.check("the command line’s output", output)?;
        }
        canaries.check_files(self.sandbox.root(), &self.sandbox.keyrings())?;
        match &self.behind {
            Behind::Database(postgres) => postgres.ensure_no_secret_leaked(),
            Behind::Keychain { .. } | Behind::Nothing => Ok(()),
        }
    }
}

/// The words of the command that signs an account in by scanning a code.
pub fn sign_in_words(account: &str) -> [String; 5] {
    let SignInOption { service, method } = option_of(account);
    ["--json", "sign-in", service.as_str(), "--method", method.as_str()].map(str::to_owned)
}

/// Sees such a command through.
///
/// # Errors
/// When it fails.
pub async fn sign_in(cli: Cli, simulator: &Running, account: &str) -> Result<()> {
    answer(cli, simulator, account).await?.wait_for_exit().await?.succeeded().map(drop)
}

async fn answer(mut cli: Cli, simulator: &Running, account: &str) -> Result<Cli> {
    script::complete(&mut cli, simulator, option_of(account), None).await?;
    Ok(cli)
}

fn option_of(account: &str) -> SignInOption {
    if account.starts_with("qqmusic") {
        SignInOption { service: qqmusic::ID, method: Method::QqScan }
    } else {
        SignInOption { service: netease::ID, method: Method::AppScan }
    }
}

/// The usual file of the identity in a home.
fn identity(sandbox: &Sandbox) -> PathBuf {
    sandbox.home().join(".config/tunekey/identity.txt")
}

/// Has the profile of a home keep its credentials in encrypted files, with a new identity.
///
/// # Errors
/// When the command line does not do it.
pub fn use_encrypted_files(sandbox: &Sandbox) -> Result<()> {
    run(sandbox, &["store", "identity"])?;
    run(sandbox, &["--store", "file", "accounts"])?;
    anyhow::ensure!(identity(sandbox).is_file(), "the identity is not where it is looked for");
    Ok(())
}

/// Runs a command to its end without waiting for anything else.
///
/// # Errors
/// When it does not succeed.
pub fn run(sandbox: &Sandbox, words: &[&str]) -> Result<()> {
    let mut command = sandbox.command(program("tunekey")?);
    let done = command.arg("--profile").arg(sandbox.profile()).args(words).output()?;
    anyhow::ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    Ok(())
}

/// The permissions of a file.
///
/// # Errors
/// When there is none.
pub fn mode_of(path: &Path) -> Result<u32> {
    Ok(std::fs::metadata(path)?.permissions().mode() & 0o777)
}
