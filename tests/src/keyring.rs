//! A private session bus, and gnome-keyring on it in every state that it can be in. For `desktop.rs` and `keychain.rs`.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use nix::sys::signal::Signal;
use zbus::Connection;
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};

use crate::eventually::{until, until_blocking};
use crate::process::Process;
use crate::sandbox::Sandbox;

/// The keyring's password in tests.
const PASSWORD: &str = "keyring-password";

const SECRETS: &str = "org.freedesktop.secrets";
const SERVICE: &str = "org.freedesktop.Secret.Service";
const COLLECTION: &str = "org.freedesktop.Secret.Collection";
const ITEM: &str = "org.freedesktop.Secret.Item";
const SERVICE_PATH: &str = "/org/freedesktop/secrets";
const LOGIN_PATH: &str = "/org/freedesktop/secrets/collection/login";

/// A private session bus. It activates no service, so that what was not started is absent.
#[derive(Debug)]
pub struct Bus {
    address: String,
    _daemon: Process,
}

impl Bus {
    /// Starts one and tells the sandbox.
    ///
    /// # Errors
    /// When dbus-daemon does not start.
    pub fn start(sandbox: &mut Sandbox) -> Result<Self> {
        let socket = sandbox.root().join("run/bus");
        let address = format!("unix:path={}", socket.display());
        let configuration = sandbox.root().join("run/bus.conf");
        std::fs::write(
            &configuration,
            format!(
                "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"\n\
                 \x20\"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n\
                 <busconfig><type>session</type><listen>{address}</listen><auth>EXTERNAL</auth>\
                 <policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/>\
                 <allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>"
            ),
        )?;
        let log = sandbox.log("dbus");
        let mut command = sandbox.command("dbus-daemon");
        command.arg("--nofork").arg(format!("--config-file={}", configuration.display()));
        let daemon = Process::start(&mut command, &log)?;
        until_blocking("the session bus", || {
            std::os::unix::net::UnixStream::connect(&socket).map(drop).context("nobody listens")
        })?;
        sandbox.set("DBUS_SESSION_BUS_ADDRESS", address.as_str());
        Ok(Self { address, _daemon: daemon })
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A connection to it.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn connect(&self) -> Result<Connection> {
        Ok(zbus::connection::Builder::address(self.address.as_str())?.build().await?)
    }
}

/// gnome-keyring with a login collection, and a connection of our own to it.
#[derive(Debug)]
pub struct Keyring {
    daemon: Process,
    connection: Connection,
}

impl Keyring {
    /// Starts one and unlocks it, as a desktop's login does.
    ///
    /// # Errors
    /// When gnome-keyring does not start.
    pub async fn start(sandbox: &Sandbox, bus: &Bus) -> Result<Self> {
        let mut command = sandbox.command("gnome-keyring-daemon");
        command.args(["--foreground", "--unlock", "--components=secrets"]);
        let daemon = Process::start_reading(&mut command, &sandbox.log("keyring"), Some(PASSWORD))?;
        let keyring = Self { daemon, connection: bus.connect().await? };
        until("the keyring to be unlocked", || async {
            ensure!(!keyring.is_locked().await?, "it is locked");
            Ok(())
        })
        .await?;
        Ok(keyring)
    }

    /// Whether the daemon still runs.
    pub fn is_running(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.daemon.id())).unwrap_or_default();
        // After the name in brackets comes the state; one that has ended but was not waited for is a zombie.
        stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
    }

    /// Whether the login collection is locked.
    ///
    /// # Errors
    /// When the bus does not respond.
    pub async fn is_locked(&self) -> Result<bool> {
        Ok(self.property(LOGIN_PATH, COLLECTION, "Locked").await?.try_into()?)
    }

    /// Locks it.
    ///
    /// # Errors
    /// When it does not lock.
    pub async fn lock(&self) -> Result<()> {
        let login = ObjectPath::try_from(LOGIN_PATH)?;
        self.connection
            .call_method(Some(SECRETS), SERVICE_PATH, Some(SERVICE), "Lock", &(vec![login],))
            .await?;
        ensure!(self.is_locked().await?, "the keyring did not lock");
        Ok(())
    }

    /// Unlocks it with its password and without a dialog, as a desktop's login does.
    ///
    /// # Errors
    /// When it stays locked.
    pub async fn unlock(&self) -> Result<()> {
        let session = self.open_session().await?;
        let secret =
            (ObjectPath::from(session), Vec::<u8>::new(), PASSWORD.as_bytes().to_vec(), "text/plain");
        let interface = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface";
        self.connection
            .call_method(
                Some(SECRETS),
                SERVICE_PATH,
                Some(interface),
                "UnlockWithMasterPassword",
                &(ObjectPath::try_from(LOGIN_PATH)?, secret),
            )
            .await?;
        ensure!(!self.is_locked().await?, "the keyring did not unlock");
        Ok(())
    }

    /// Stops it, so that it keeps its name on the bus and never answers.
    ///
    /// # Errors
    /// When it is gone.
    pub fn hang(&self) -> Result<()> {
        self.daemon.signal(Signal::SIGSTOP)
    }

    /// Resumes it after [`Self::hang`].
    ///
    /// # Errors
    /// When it is gone.
    pub fn resume(&self) -> Result<()> {
        self.daemon.signal(Signal::SIGCONT)
    }

    /// What TuneKey keeps in it: the secret of each item by its `username` attribute.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn items(&self) -> Result<HashMap<String, Vec<u8>>> {
        let session = self.open_session().await?;
        let mut items = HashMap::new();
        for path in self.item_paths().await? {
            let attributes: HashMap<String, String> =
                self.property(path.as_str(), ITEM, "Attributes").await?.try_into()?;
            if !attributes.get("service").is_some_and(|service| service.starts_with("TuneKey")) {
                continue;
            }
            let reply = self
                .connection
                .call_method(Some(SECRETS), &path, Some(ITEM), "GetSecret", &(&session,))
                .await?;
            let (secret,): ((OwnedObjectPath, Vec<u8>, Vec<u8>, String),) = reply.body().deserialize()?;
            items.insert(attributes.get("username").cloned().unwrap_or_default(), secret.2);
        }
        Ok(items)
    }

    async fn item_paths(&self) -> Result<Vec<OwnedObjectPath>> {
        Ok(self.property(LOGIN_PATH, COLLECTION, "Items").await?.try_into()?)
    }

    async fn property(&self, path: &str, interface: &str, name: &str) -> Result<OwnedValue> {
        let properties = Some("org.freedesktop.DBus.Properties");
        let reply =
            self.connection.call_method(Some(SECRETS), path, properties, "Get", &(interface, name)).await?;
        Ok(reply.body().deserialize()?)
    }

    async fn open_session(&self) -> Result<OwnedObjectPath> {
        let reply = self
            .connection
            .call_method(
                Some(SECRETS),
                SERVICE_PATH,
                Some(SERVICE),
                "OpenSession",
                &("plain", Value::from("")),
            )
            .await?;
        let (_, session): (OwnedValue, OwnedObjectPath) = reply.body().deserialize()?;
        Ok(session)
    }
}
