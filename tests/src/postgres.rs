//! Debian's PostgreSQL with a database of its own, and PgBouncer in transaction mode before it. For `shared_store.rs`.

use std::ffi::OsStr;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use crate::canary::{CANARY, Canaries};
use crate::eventually::until;
use crate::process::Process;
use crate::sandbox::Sandbox;

/// The user of the database, and the database.
const USER: &str = "tunekey";
/// The database's password.
pub const PASSWORD: &str = "database:password\\5eca11";
/// Whom the servers run as where the tests run as root: they refuse to.
const NOBODY: &str = "nobody";
/// Within which a server that is told to end is gone.
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// A database server.
#[derive(Debug)]
pub struct Postgres {
    dir: tempfile::TempDir,
    port: u16,
    server: Option<Process>,
}

/// A pooler before it.
#[derive(Debug)]
pub struct Pooler {
    port: u16,
    _server: Process,
}

impl Postgres {
    /// Makes a new cluster and starts a server on it.
    ///
    /// # Errors
    /// When it is not installed, or does not start.
    pub async fn start() -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("tunekey-postgres-").tempdir()?;
        let mut postgres = Self { dir, port: free_port()?, server: None };
        std::fs::write(postgres.path("password"), PASSWORD)?;
        postgres.make_certificates()?;
        if is_root() {
            run(Command::new("chown").args(["-R", NOBODY]).arg(postgres.dir.path()))?;
        }
        let mut initdb = unprivileged(programs()?.join("initdb"));
        initdb.arg("-D").arg(postgres.path("data")).args(["-U", USER, "--auth=scram-sha-256", "--no-sync"]);
        initdb.args(["--encoding=UTF8", "--locale=C"]).arg("--pwfile").arg(postgres.path("password"));
        run(&mut initdb)?;
        postgres.resume().await?;
        postgres.sql("CREATE DATABASE tunekey")?;
        Ok(postgres)
    }

    /// Its address for those who reach it directly, encrypted.
    pub fn url(&self) -> String {
        let authority = self.path("ca.pem").display().to_string();
        format!("postgres://{USER}@127.0.0.1:{}/tunekey?sslrootcert={authority}", self.port)
    }

    /// Its address without encryption, or that of what stands before it at another port.
    pub fn plain_url(&self, port: u16) -> String {
        format!("postgres://{USER}@127.0.0.1:{port}/tunekey?sslmode=disable")
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts it again.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn resume(&mut self) -> Result<()> {
        let mut server = unprivileged(programs()?.join("postgres"));
        server
            .arg("-D")
            .arg(self.path("data"))
            .args(["-p", &self.port.to_string(), "-k"])
            .arg(self.dir.path());
        for setting in [
            "listen_addresses=127.0.0.1",
            "fsync=off",
            "ssl=on",
            "log_statement=all",
            "log_min_duration_statement=0",
            "max_connections=200",
        ] {
            server.args(["-c", setting]);
        }
        server.arg("-c").arg(format!("ssl_cert_file={}", self.path("server.pem").display()));
        server.arg("-c").arg(format!("ssl_key_file={}", self.path("server.key").display()));
        self.server = Some(Process::start(&mut server, &self.path("server.log"))?);
        until("the database to answer", || async { self.psql("postgres", "SELECT 1").map(drop) }).await
    }

    /// Ends it.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn stop(&mut self) -> Result<()> {
        let mut server = self.server.take().context("it is not running")?;
        server.signal(Signal::SIGINT)?;
        server.wait_for_exit(STOP_LIMIT).await.map(drop)
    }

    /// Starts a pooler that gives each transaction another connection.
    ///
    /// # Errors
    /// When it is not installed, or does not start.
    pub async fn pooler(&self) -> Result<Pooler> {
        let (port, dir) = (free_port()?, self.dir.path().display());
        let password = PASSWORD.replace('"', "\"\"");
        std::fs::write(self.path("users.txt"), format!("\"{USER}\" \"{password}\"\n"))?;
        std::fs::write(
            self.path("pgbouncer.ini"),
            format!(
                "[databases]\ntunekey = host={dir} port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
                 unix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {dir}/users.txt\npool_mode = transaction\n\
                 default_pool_size = 3\n",
                self.port
            ),
        )?;
        let mut command = unprivileged("/usr/sbin/pgbouncer");
        let server = Process::start(command.arg(self.path("pgbouncer.ini")), &self.path("pooler.log"))?;
        let pooler = Pooler { port, _server: server };
        until("the pooler to answer", || async {
            let answer = self.client("127.0.0.1", port, "tunekey", "SELECT 1")?;
            ensure!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
            Ok(())
        })
        .await?;
        Ok(pooler)
    }

    /// Has a statement done in the database of the tests, and gives the rows, a line each.
    ///
    /// # Errors
    /// When it is refused.
    pub fn sql(&self, statement: &str) -> Result<String> {
        let database = if statement.starts_with("CREATE DATABASE") { "postgres" } else { "tunekey" };
        self.psql(database, statement)
    }

    /// Searches all that the server has written, its log with every statement included, for what only the computers that
    /// share it may read.
    ///
    /// # Errors
    /// When something of it is found.
    pub fn ensure_no_secret_leaked(&self) -> Result<()> {
        // What the server holds in memory.
        self.sql("CHECKPOINT")?;
        Canaries::new([CANARY.to_owned()])?.check_files(self.dir.path(), Path::new("/nowhere"))
    }

    fn psql(&self, database: &str, statement: &str) -> Result<String> {
        let output = self.client(self.dir.path(), self.port, database, statement)?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    fn client(&self, host: impl AsRef<OsStr>, port: u16, database: &str, statement: &str) -> Result<Output> {
        let mut psql = Command::new(programs()?.join("psql"));
        psql.args(["-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-U", USER, "-d", database, "-c", statement]);
        psql.arg("-h").arg(host).args(["-p", &port.to_string()]).env("PGPASSWORD", PASSWORD);
        Ok(psql.output()?)
    }

    /// An authority of its own, and a certificate for this computer.
    fn make_certificates(&self) -> Result<()> {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let key = KeyPair::generate()?;
        std::fs::write(self.path("ca.pem"), authority.self_signed(&key)?.pem())?;
        let issuer = Issuer::new(authority, key);
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()])?.signed_by(&key, &issuer)?;
        std::fs::write(self.path("server.pem"), certificate.pem())?;
        std::fs::write(self.path("server.key"), key.serialize_pem())?;
        std::fs::set_permissions(self.path("server.key"), std::fs::Permissions::from_mode(0o600))?;
        // Read by those who connect, too.
        std::fs::set_permissions(self.dir.path(), std::fs::Permissions::from_mode(0o755))?;
        Ok(())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

impl Pooler {
    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

/// The folder of the newest PostgreSQL's programs.
fn programs() -> Result<PathBuf> {
    let found = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = found.map(|entry| entry.path().join("bin")).max();
    newest.context("PostgreSQL is not installed; `cargo xtask test` sees to that")
}

/// A program as a user that is not root.
fn unprivileged(program: impl AsRef<OsStr>) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    // It ends with the tests, however these end.
    command.args(["--reuid", NOBODY, "--regid", "nogroup", "--clear-groups", "--pdeathsig", "SIGKILL"]);
    command.arg(program.as_ref());
    command
}

fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// A port that nobody listens to just now.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn run(command: &mut Command) -> Result<()> {
    let done = command.output().with_context(|| format!("{:?} does not start", command.get_program()))?;
    ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    Ok(())
}

/// Writes the database's password where PostgreSQL's own programs look for it.
///
/// # Errors
/// When it cannot be written.
pub fn write_password(sandbox: &Sandbox, password: &str) -> Result<()> {
    let file = sandbox.home().join(".pgpass");
    let escaped = password.replace('\\', "\\\\").replace(':', "\\:");
    std::fs::write(&file, format!("# for the tests\n127.0.0.1:*:tunekey:tunekey:{escaped}\n"))?;
    Ok(std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600))?)
}
