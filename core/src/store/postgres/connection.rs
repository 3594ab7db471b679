//! The connection to the database: made when it is needed, made again when it is lost, and never waited for without an
//! end.
//!
//! Every statement is sent with the types of its values and without a name, so that a pooler that gives each of them
//! another connection of its own takes it; nothing is kept in a session.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Mutex, Notify};
use tokio::time::{Instant, timeout};
use tokio_postgres::config::Host;
use tokio_postgres::tls::TlsStream;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Error, NoTls, Row};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_util::task::AbortOnDropHandle;
use tunekey_services::http::{self, Network};
use url::Url;

use super::address::{DatabaseUrl, Encryption};
use super::meaning::{UNREACHABLE, meaning, refusal};
use super::password::{self, Login};
use super::schema::{self, Founded};
use crate::disk;
use crate::store::{DatabaseError, Interaction, StoreError};

/// How long a connection may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// After the first connection that failed, nobody who does not ask tries again for this long; doubled with each further
/// one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Asks to be told of changes.
const LISTEN: &str = "LISTEN tunekey";
/// The port where none is named.
const PORT: u16 = 5432;

/// A value of a statement, with its type.
pub(super) type Value<'a> = (&'a (dyn ToSql + Sync), Type);

/// How long an answer is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QueryLimit {
    /// Nobody has asked: five seconds, and not at all while the database was just found to be gone.
    Background,
    /// Somebody waits for it.
    Asked,
}

impl QueryLimit {
    pub(super) fn of(interaction: Interaction<'_>) -> Self {
        if interaction.is_allowed() { Self::Asked } else { Self::Background }
    }

    fn limit(self) -> Duration {
        match self {
            Self::Background => Duration::from_secs(5),
            Self::Asked => Duration::from_secs(15),
        }
    }
}

/// A database.
#[derive(Debug)]
pub(super) struct Database {
    url: DatabaseUrl,
    line: Mutex<Line>,
    changed: Arc<Notify>,
}

/// What there is of a connection.
#[derive(Debug, Default)]
struct Line {
    session: Option<Arc<Session>>,
    failures: u32,
    /// What it said last, and until when that is believed.
    failed: Option<(StoreError, Instant)>,
}

/// A connection that is open.
struct Session {
    client: Client,
    founded: Founded,
    /// Whether it was asked to say when something changes.
    listens: Mutex<bool>,
    _driver: AbortOnDropHandle<()>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("founded", &self.founded).finish_non_exhaustive()
    }
}

impl Database {
    /// The database at an address. Does not touch the network yet.
    pub(super) fn new(url: DatabaseUrl) -> Self {
        Self { url, line: Mutex::default(), changed: Arc::default() }
    }

    /// Has a statement done. It may be done twice, when the connection is lost meanwhile.
    pub(super) async fn query(
        &self,
        query_limit: QueryLimit,
        statement: &str,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        let asked = async {
            let mut tries = 2;
            loop {
                let session = self.session(query_limit).await?;
                match session.client.query_typed(statement, values).await {
                    Ok(rows) => return Ok(rows),
                    Err(error) => {
                        let error = meaning(&error);
                        let is_lost = error == UNREACHABLE || session.client.is_closed();
                        if !is_lost {
                            return Err(error);
                        }
                        self.hang_up(Some(&session)).await;
                        tries -= 1;
                        if tries == 0 {
                            return Err(UNREACHABLE);
                        }
                    }
                }
            }
        };
        match timeout(query_limit.limit(), asked).await {
            Ok(result) => result,
            Err(_) => {
                // Whatever was sent may come yet, to nobody.
                self.hang_up(None).await;
                self.line.lock().await.note(UNREACHABLE);
                Err(UNREACHABLE)
            }
        }
    }

    /// What the tables say of themselves.
    pub(super) async fn founded(&self, query_limit: QueryLimit) -> Result<Founded, StoreError> {
        match timeout(query_limit.limit(), self.session(query_limit)).await {
            Ok(session) => Ok(session?.founded.clone()),
            Err(_) => Err(UNREACHABLE),
        }
    }

    /// Makes the tables, unless they are there, for what is encrypted to `recipient`.
    pub(super) async fn found(&self, recipient: &str) -> Result<(), StoreError> {
        let made = async {
            let (client, _driver) = self.connect().await?;
            schema::found(&client, recipient).await
        };
        timeout(QueryLimit::Asked.limit(), made).await.unwrap_or(Err(UNREACHABLE))
    }

    /// Waits until another computer says that something has changed, or something may have: what has changed before this
    /// one listened was said to nobody. It may never come: a pooler keeps it to itself.
    pub(super) async fn changed(&self) {
        if !self.url.is_pooled
            && let Ok(Ok(session)) = timeout(CONNECT_LIMIT, self.session(QueryLimit::Background)).await
        {
            let mut listens = session.listens.lock().await;
            if !*listens {
                let listen = session.client.batch_execute(LISTEN);
                *listens = matches!(timeout(CONNECT_LIMIT, listen).await, Ok(Ok(())));
                if *listens {
                    return;
                }
            }
        }
        self.changed.notified().await;
    }

    async fn session(&self, query_limit: QueryLimit) -> Result<Arc<Session>, StoreError> {
        let mut line = self.line.lock().await;
        if let Some(session) = &line.session
            && !session.client.is_closed()
        {
            return Ok(session.clone());
        }
        line.session = None;
        if query_limit == QueryLimit::Background
            && let Some((error, until)) = line.failed
            && Instant::now() < until
        {
            return Err(error);
        }
        match timeout(CONNECT_LIMIT, self.open()).await.unwrap_or(Err(UNREACHABLE)) {
            Ok(session) => {
                let session = Arc::new(session);
                *line = Line { session: Some(session.clone()), failures: 0, failed: None };
                Ok(session)
            }
            Err(error) => {
                line.note(error);
                Err(error)
            }
        }
    }

    async fn open(&self) -> Result<Session, StoreError> {
        let (client, driver) = self.connect().await?;
        let founded = schema::read(&client).await?;
        Ok(Session { client, founded, listens: Mutex::new(false), _driver: driver })
    }

    /// Gives a connection up, or whichever there is.
    async fn hang_up(&self, lost: Option<&Arc<Session>>) {
        let mut line = self.line.lock().await;
        let is_it = |session: &Arc<Session>| lost.is_none_or(|lost| Arc::ptr_eq(session, lost));
        if line.session.as_ref().is_some_and(is_it) {
            line.session = None;
        }
    }

    async fn connect(&self) -> Result<(Client, AbortOnDropHandle<()>), StoreError> {
        let mut config = (*self.url.config).clone();
        config.connect_timeout(CONNECT_LIMIT).keepalives_idle(Duration::from_secs(30));
        let (url, login) = (self.url.clone(), login(&config));
        let password = disk::blocking(move || password::find(&url, &login)).await;
        let password = password.map_err(StoreError::Database)?;
        let has_password = password.is_some();
        if let Some(password) = &password {
            config.password(password.as_bytes());
        }
        let said = |error: &Error| refusal(error, has_password);
        match &self.url.encryption {
            Encryption::None => {
                stays_at_home(&config).await?;
                let (client, connection) = config.connect(NoTls).await.map_err(|error| said(&error))?;
                Ok((client, drive(connection, self.changed.clone())))
            }
            Encryption::Verified { authority } => {
                let no_authority = |_| StoreError::Database(DatabaseError::NoAuthority);
                let authority = match authority.clone() {
                    Some(file) => {
                        let read = disk::blocking(move || std::fs::read(file)).await;
                        Some(read.map_err(no_authority)?)
                    }
                    None => None,
                };
                let tls = http::tls_config(authority.as_deref());
                let tls = tls.map_err(|_| StoreError::Database(DatabaseError::NoAuthority))?;
                let connected = config.connect(MakeRustlsConnect::new(tls)).await;
                let (client, connection) = connected.map_err(|error| said(&error))?;
                Ok((client, drive(connection, self.changed.clone())))
            }
        }
    }
}

impl Line {
    /// Lets the next try wait.
    fn note(&mut self, error: StoreError) {
        let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(self.failures)).min(LONGEST_PAUSE);
        self.failures = self.failures.saturating_add(1);
        self.failed = Some((error, Instant::now() + pause));
    }
}

/// Moves what is sent and received, and notes that something has changed.
fn drive<S, T>(mut connection: Connection<S, T>, changed: Arc<Notify>) -> AbortOnDropHandle<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: TlsStream + Unpin + Send + 'static,
{
    AbortOnDropHandle::new(tokio::spawn(async move {
        loop {
            match poll_fn(|context| connection.poll_message(context)).await {
                Some(Ok(AsyncMessage::Notification(_))) => changed.notify_one(),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break,
            }
        }
    }))
}

/// Whose password is wanted, as a password file names them.
fn login(config: &Config) -> Login {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        _ => "localhost".to_owned(),
    };
    let user = config.get_user().unwrap_or_default().to_owned();
    Login {
        host,
        port: config.get_ports().first().copied().unwrap_or(PORT),
        database: config.get_dbname().map_or_else(|| user.clone(), str::to_owned),
        user,
    }
}

/// What a server is called in the network; `None` for a socket in the file system.
fn in_the_network(host: &Host) -> Option<&str> {
    match host {
        Host::Tcp(host) => Some(host),
        #[cfg(unix)]
        Host::Unix(_) => None,
    }
}

/// Sees to it that what is not encrypted stays in this computer or in the person's own network.
async fn stays_at_home(config: &Config) -> Result<(), StoreError> {
    for host in config.get_hosts().iter().filter_map(in_the_network) {
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let url = Url::parse(&format!("http://{host}")).map_err(|_| UNREACHABLE)?;
        match http::network_of(&url).await {
            Ok(Network::Private(_)) => {}
            Ok(Network::Public) => return Err(StoreError::Database(DatabaseError::PlainAbroad)),
            Err(_) => return Err(UNREACHABLE),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_database_that_is_gone_is_left_alone_for_longer_and_longer_by_whoever_does_not_ask() {
        let mut line = Line::default();
        let mut pauses = Vec::new();
        for _ in 0..8 {
            line.note(UNREACHABLE);
            let (error, until) = line.failed.expect("it has failed");
            assert_eq!(error, UNREACHABLE);
            pauses.push((until - Instant::now()).as_secs());
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30, 30]);
    }

    #[tokio::test]
    async fn nothing_unencrypted_leaves_the_private_network() {
        for (address, is_home) in [
            ("postgres://127.0.0.1/t", true),
            ("postgres://[::1]/t", true),
            ("postgres://192.168.1.5/t", true),
            ("postgres://8.8.8.8/t", false),
            #[cfg(unix)]
            ("postgres:///t?host=/run/postgresql", true),
        ] {
            let url = format!("{address}{}sslmode=disable", if address.contains('?') { "&" } else { "?" });
            let url = DatabaseUrl::parse(&url).expect(address);
            let found = stays_at_home(&url.config).await;
            let refused = Err(StoreError::Database(DatabaseError::PlainAbroad));
            assert_eq!(found, if is_home { Ok(()) } else { refused }, "{address}");
        }
    }
}
