//! The app's name on the session bus. The names and the call are those of `tauri-plugin-single-instance`, which waits
//! for ever. Only for [`super`] and `app.rs`.

use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use zbus::fdo::RequestNameFlags;
use zbus::{Connection, interface};

/// The end of the bus name, after the app's name.
const SUFFIX: &str = ".SingleInstance";

/// The interface that an instance serves.
const INTERFACE: &str = "org.SingleInstance.DBus";

/// How long the bus and the holder of the name may take together.
const DEADLINE: Duration = Duration::from_secs(3);

/// The result of claiming the app's name.
#[derive(Debug)]
pub(crate) enum Claim {
    /// It is ours, as long as this is kept.
    Ours(Instance),
    /// Another instance has it, and has been told of this start.
    Forwarded,
    /// The holder of the name, or the bus itself, does not answer.
    Unanswered,
    /// There is no session bus.
    NoBus,
}

/// The instance that holds the name.
#[derive(Debug)]
pub(crate) struct Instance {
    /// The arguments of every later start.
    pub(crate) started_again: UnboundedReceiver<Vec<String>>,
    /// Holds the name until it is dropped.
    pub(crate) connection: Connection,
}

/// Serves the call of later starts.
struct Listener(UnboundedSender<Vec<String>>);

#[interface(name = "org.SingleInstance.DBus")]
impl Listener {
    fn execute_callback(&self, argv: Vec<String>, cwd: String) {
        let _ = cwd;
        // The app is ending, and shows no window any more.
        let _ = self.0.send(argv);
    }
}

/// Claims the name of the app, or else tells its holder that the app was started again.
pub(crate) async fn claim(identifier: &str, arguments: Vec<String>) -> Claim {
    claim_within(DEADLINE, identifier, arguments).await
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
    let (sender, started_again) = unbounded_channel();
    let connection = Connection::session().await?;
    connection.object_server().at(path.as_str(), Listener(sender)).await?;
    let folder = std::env::current_dir().unwrap_or_default();
    let start = (arguments, folder.to_string_lossy());
    // Twice: an instance that is ending may have the name when it is asked for, and not any more when it is told.
    for _ in 0..2 {
        match connection.request_name_with_flags(name, RequestNameFlags::DoNotQueue.into()).await {
            Ok(_) => return Ok(Claim::Ours(Instance { started_again, connection })),
            Err(zbus::Error::NameTaken) => {}
            Err(error) => return Err(error),
        }
        match connection
            .call_method(Some(name), path.as_str(), Some(INTERFACE), "ExecuteCallback", &start)
            .await
        {
            Ok(_) => return Ok(Claim::Forwarded),
            Err(error) => tracing::warn!(%error, "whoever holds the app’s name does not take the call"),
        }
    }
    Ok(Claim::Unanswered)
}
