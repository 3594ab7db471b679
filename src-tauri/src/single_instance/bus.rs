//! The app's name on the session bus. The names and the call are those of `tauri-plugin-single-instance`, which asks
//! the same and waits for ever.

use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use zbus::fdo::RequestNameFlags;
use zbus::{Connection, interface};

/// What the app's name is followed by.
const SUFFIX: &str = ".SingleInstance";

/// What an instance listens to.
const INTERFACE: &str = "org.SingleInstance.DBus";

/// How long the bus and whoever holds the name may take, all in all.
const LIMIT: Duration = Duration::from_secs(3);

/// What came of asking for the app's name.
#[derive(Debug)]
pub(crate) enum Claim {
    /// It is ours, as long as this is kept.
    Ours(Instance),
    /// Another instance has it, and has been told that it was started again.
    Told,
    /// Somebody has it, or the bus itself is there, and does not answer.
    Unanswered,
    /// There is no bus to find other instances on.
    NoBus,
}

/// The one that has the name.
#[derive(Debug)]
pub(crate) struct Instance {
    /// The arguments of every later start.
    pub(crate) started_again: UnboundedReceiver<Vec<String>>,
    pub(crate) connection: Connection,
}

struct Listener(UnboundedSender<Vec<String>>);

#[interface(name = "org.SingleInstance.DBus")]
impl Listener {
    fn execute_callback(&self, argv: Vec<String>, cwd: String) {
        let _ = cwd;
        // The app is ending, and shows no window any more.
        let _ = self.0.send(argv);
    }
}

/// Asks for the name of the app, and tells whoever has it that the app was started again.
pub(crate) async fn claim(identifier: &str, arguments: Vec<String>) -> Claim {
    claim_within(LIMIT, identifier, arguments).await
}

async fn claim_within(limit: Duration, identifier: &str, arguments: Vec<String>) -> Claim {
    let name = format!("{identifier}{SUFFIX}");
    match tokio::time::timeout(limit, ask(&name, arguments)).await {
        Ok(Ok(claim)) => claim,
        Ok(Err(error)) => {
            tracing::warn!(%error, "other instances of the app cannot be found");
            Claim::NoBus
        }
        Err(_) => Claim::Unanswered,
    }
}

async fn ask(name: &str, arguments: Vec<String>) -> zbus::Result<Claim> {
    let path = format!("/{}", name.replace('.', "/").replace('-', "_"));
    let (heard, started_again) = unbounded_channel();
    let connection = Connection::session().await?;
    connection.object_server().at(path.as_str(), Listener(heard)).await?;
    let folder = std::env::current_dir().unwrap_or_default();
    let said = (arguments, folder.to_string_lossy());
    // Twice: an instance that is ending may have the name when it is asked for, and not any more when it is told.
    for _ in 0..2 {
        match connection.request_name_with_flags(name, RequestNameFlags::DoNotQueue.into()).await {
            Ok(_) => return Ok(Claim::Ours(Instance { started_again, connection })),
            Err(zbus::Error::NameTaken) => {}
            Err(error) => return Err(error),
        }
        match connection
            .call_method(Some(name), path.as_str(), Some(INTERFACE), "ExecuteCallback", &said)
            .await
        {
            Ok(_) => return Ok(Claim::Told),
            Err(error) => tracing::warn!(%error, "whoever holds the app’s name does not take the call"),
        }
    }
    Ok(Claim::Unanswered)
}
