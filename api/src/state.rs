//! What the handlers share.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tunekey_core::{Problem, TuneKey};

use crate::cache::Cache;
use crate::callers::Callers;
use crate::codes::Codes;
use crate::held::Held;
use crate::tickets::Tickets;

/// How many streams there may be at once.
const STREAMS: usize = 1_024;

/// What the handlers share. Cheap to clone; every clone is the same.
#[derive(Debug, Clone)]
pub(crate) struct Api(Arc<Shared>);

/// The parts of it.
#[derive(Debug)]
pub(crate) struct Shared {
    /// The core.
    pub(crate) tunekey: TuneKey,
    /// Who may ask.
    pub(crate) callers: Callers,
    /// The tickets for streams.
    pub(crate) tickets: Arc<Tickets>,
    /// The sign-ins that were started here.
    pub(crate) held: Held,
    /// The codes of vkeys clients.
    pub(crate) codes: Codes,
    /// What vkeys clients were answered a moment ago.
    pub(crate) cache: Cache,
    /// The places for streams.
    pub(crate) streams: Arc<Semaphore>,
    /// The end of everything.
    pub(crate) ending: CancellationToken,
}

impl Api {
    /// That of a core.
    ///
    /// # Errors
    /// A problem of the profile.
    pub(crate) async fn new(tunekey: TuneKey) -> Result<Self, Problem> {
        let tickets = Arc::<Tickets>::default();
        let ending = CancellationToken::new();
        Ok(Self(Arc::new(Shared {
            callers: Callers::new(tunekey.clone()).await?,
            held: Held::new(tickets.clone(), ending.clone()),
            tickets,
            codes: Codes::new(ending.clone()),
            cache: Cache::default(),
            streams: Arc::new(Semaphore::new(STREAMS)),
            ending,
            tunekey,
        })))
    }

    /// How many streams are open.
    pub(crate) fn open_streams(&self) -> usize {
        STREAMS.saturating_sub(self.streams.available_permits())
    }
}

impl std::ops::Deref for Api {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
