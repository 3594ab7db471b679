//! Several computers that share a database: each a home of its own, with the same identity and the database's password.
//! For `shared_store.rs`.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt as _;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tunekey_simulator::Running;

use crate::cli::{Cli, CommandOutput};
use crate::postgres::{PASSWORD, Postgres, write_password};
use crate::sandbox::Sandbox;
use crate::server::Server;

/// The first computer, with the services, and the database. Its profile has encrypted files to begin with.
#[derive(Debug)]
pub struct Computers {
    /// The database.
    pub postgres: Postgres,
    /// The first computer.
    pub first: Server,
}

/// One more computer.
#[derive(Debug)]
pub struct Computer {
    /// Its home.
    pub sandbox: Sandbox,
}

impl Computers {
    /// Starts the database and the first computer.
    ///
    /// # Errors
    /// When a part of it does not start.
    pub async fn start() -> Result<Self> {
        let (postgres, first) = (Postgres::start().await?, Server::start().await?);
        write_password(&first.sandbox, PASSWORD)?;
        Ok(Self { postgres, first })
    }

    /// Moves the first computer's store into the database, at the address by which it reaches it.
    ///
    /// # Errors
    /// When it does not move.
    pub async fn move_first_to(&self, url: &str) -> Result<Value> {
        self.first.object(&["--json", "store", "move", url]).await
    }

    /// One more computer, with a new profile that uses the database at the address by which it reaches it.
    ///
    /// # Errors
    /// When it cannot be used.
    pub async fn join(&self, url: &str) -> Result<Computer> {
        let computer = self.prepare()?;
        computer.join(url, &self.first.simulator, &self.first.sandbox).await?;
        Ok(computer)
    }

    /// A computer with the identity and the password, and no profile yet.
    ///
    /// # Errors
    /// When its home cannot be made.
    pub fn prepare(&self) -> Result<Computer> {
        Computer::new(&self.first.sandbox)
    }
}

impl Computer {
    /// A computer with the identity of another one and the database's password, and no profile yet.
    ///
    /// # Errors
    /// When its home cannot be made.
    pub fn new(other: &Sandbox) -> Result<Self> {
        let sandbox = Sandbox::new()?;
        let [from, to] = [other, &sandbox].map(|one| one.home().join(".config/tunekey/identity.txt"));
        std::fs::create_dir_all(to.parent().context("it is in a folder")?)?;
        std::fs::copy(from, &to)?;
        std::fs::set_permissions(&to, std::fs::Permissions::from_mode(0o600))?;
        write_password(&sandbox, PASSWORD)?;
        Ok(Self { sandbox })
    }

    /// Begins a profile that uses the database, and finds the services where that other home does.
    ///
    /// # Errors
    /// When it cannot be used.
    pub async fn join(&self, url: &str, simulator: &Running, other: &Sandbox) -> Result<()> {
        self.cli(&["--store", url, "accounts"]).await?.succeeded()?;
        let authority = other.root().join("ca.pem").display().to_string();
        for (key, value) in [("proxy", simulator.proxy_url.as_str()), ("extra-ca", &authority)] {
            self.cli(&["settings", key, value]).await?.succeeded()?;
        }
        Ok(())
    }

    /// Starts the command line.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_cli<S: AsRef<OsStr>>(&self, words: &[S]) -> Result<Cli> {
        Cli::start(&self.sandbox, words)
    }

    /// Runs the command line to its end.
    ///
    /// # Errors
    /// When it does not end, or says what the database's password is.
    pub async fn cli<S: AsRef<OsStr>>(&self, words: &[S]) -> Result<CommandOutput> {
        let output = self.start_cli(words)?.wait_for_exit().await?;
        ensure!(
            ![&output.stdout, &output.stderr].iter().any(|text| text.contains(PASSWORD)),
            "it says the password"
        );
        Ok(output)
    }

    /// What a command prints, which is one JSON object.
    ///
    /// # Errors
    /// When it does not succeed, or prints something else.
    pub async fn object<S: AsRef<OsStr>>(&self, words: &[S]) -> Result<Value> {
        let mut lines = self.cli(words).await?.succeeded()?.json()?;
        ensure!(lines.len() == 1, "it printed {} lines", lines.len());
        lines.pop().context("it printed nothing")
    }
}
