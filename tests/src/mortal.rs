//! A process that dies at a point that has a name: at a call of its store, or where a test says so. What is dead does
//! nothing more. For `crash_points.rs`.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use tokio::sync::Notify;
use tunekey_core::{Interaction, Secret, SecretStore, SlotName, StoreError, StoreKind};

/// Where a process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// Before that call of the store, counted from 0.
    Before(usize),
    /// After it, before its answer is known.
    After(usize),
    /// When what the store was called for stands in the ledger.
    Noted,
    /// When the target of a delivery has the value, and has not answered.
    Asked,
    /// When the target has answered.
    Answered,
    /// When the delivery stands in the ledger.
    Delivered,
}

impl Point {
    /// All points of something that makes so many calls of the store.
    pub fn all(calls: usize) -> impl Iterator<Item = Self> {
        let calls = (0..calls).flat_map(|call| [Self::Before(call), Self::After(call)]);
        calls.chain([Self::Noted, Self::Asked, Self::Answered, Self::Delivered])
    }

    /// Its name, where the calls have these.
    pub fn name(self, calls: &[&str]) -> String {
        match self {
            Self::Before(call) => format!("before “{}”", calls[call]),
            Self::After(call) => format!("after “{}”", calls[call]),
            Self::Noted => "when the key is noted".to_owned(),
            Self::Asked => "when the target has the value".to_owned(),
            Self::Answered => "when the target has answered".to_owned(),
            Self::Delivered => "when the delivery is noted".to_owned(),
        }
    }
}

/// Where a process dies, and that it has. What is dead does nothing more.
#[derive(Debug, Default)]
pub struct Death {
    point: Option<Point>,
    begun: AtomicUsize,
    ended: AtomicUsize,
    has_come: Notify,
}

impl Death {
    /// Where a process is to die.
    pub fn at(point: Point) -> Arc<Self> {
        Arc::new(Self { point: Some(point), ..Self::default() })
    }

    /// Whether this is where the process dies.
    pub fn comes(&self, point: Point) -> bool {
        let comes = self.point == Some(point);
        if comes {
            self.has_come.notify_one();
        }
        comes
    }

    /// How many calls of the store have given their answer.
    pub fn calls(&self) -> usize {
        self.ended.load(Ordering::Acquire)
    }

    /// Waits until it has come.
    pub async fn has_come(&self) {
        self.has_come.notified().await;
    }

    async fn pass(&self, point: Point) {
        if self.comes(point) {
            pending::<()>().await;
        }
    }
}

/// A keychain whose caller may die at any call.
#[derive(Debug)]
pub struct Mortal {
    /// What it calls.
    pub keychain: Arc<dyn SecretStore>,
    /// Where its caller dies.
    pub death: Arc<Death>,
}

impl Mortal {
    async fn call<T>(&self, act: impl Future<Output = T>) -> T {
        let call = self.death.begun.fetch_add(1, Ordering::AcqRel);
        self.death.pass(Point::Before(call)).await;
        let done = act.await;
        self.death.pass(Point::After(call)).await;
        self.death.ended.fetch_add(1, Ordering::AcqRel);
        done
    }
}

#[async_trait]
impl SecretStore for Mortal {
    fn kind(&self) -> StoreKind {
        self.keychain.kind()
    }

    async fn get(&self, slot: &SlotName, interaction: Interaction<'_>) -> Result<Option<Secret>, StoreError> {
        self.call(self.keychain.get(slot, interaction)).await
    }

    async fn set(
        &self,
        slot: &SlotName,
        line: &Secret,
        interaction: Interaction<'_>,
    ) -> Result<(), StoreError> {
        self.call(self.keychain.set(slot, line, interaction)).await
    }

    async fn delete(&self, slot: &SlotName, interaction: Interaction<'_>) -> Result<(), StoreError> {
        self.call(self.keychain.delete(slot, interaction)).await
    }

    async fn probe(&self, interaction: Interaction<'_>) -> Result<(), StoreError> {
        self.keychain.probe(interaction).await
    }
}
