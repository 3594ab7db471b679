//! The state as one service sees it: what all services share, and a memory of its own. For the services' handlers.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::state::settings::Settings;
use crate::state::shared_state::SharedState;
use crate::state::simulator_state::SimulatorState;

/// The shared state, and the memory `M` of one service: a type that the service's folder defines.
#[derive(Debug)]
pub(crate) struct ServiceState<M> {
    /// What all services share, to wait for changes and to write the journal.
    pub(crate) simulator: Arc<SimulatorState>,
    memory: Arc<Mutex<M>>,
}

impl<M: Default> ServiceState<M> {
    /// With an empty memory.
    pub(crate) fn new(simulator: Arc<SimulatorState>) -> Self {
        Self { simulator, memory: Arc::default() }
    }
}

impl<M> Clone for ServiceState<M> {
    /// The same state and the same memory, for a session that outlives its request.
    fn clone(&self) -> Self {
        Self { simulator: Arc::clone(&self.simulator), memory: Arc::clone(&self.memory) }
    }
}

impl<M> ServiceState<M> {
    /// The settings as they are now.
    pub(crate) fn settings(&self) -> Settings {
        self.simulator.settings()
    }

    /// Locks the shared state alone.
    pub(crate) fn lock_shared(&self) -> MutexGuard<'_, SharedState> {
        self.simulator.lock()
    }

    /// Locks the shared state and the memory, always in this order.
    pub(crate) fn lock(&self) -> (MutexGuard<'_, SharedState>, MutexGuard<'_, M>) {
        let shared = self.lock_shared();
        (shared, self.lock_memory())
    }

    /// Changes the shared state and the memory in one step, and wakes whoever waits for a change.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut SharedState, &mut M) -> T) -> T {
        self.simulator.change(|shared| change(shared, &mut self.lock_memory()))
    }

    /// Only ever called while the shared state is locked, so that two requests cannot wait for each other.
    fn lock_memory(&self) -> MutexGuard<'_, M> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
