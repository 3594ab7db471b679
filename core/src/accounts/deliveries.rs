//! The deliveries as they stand in the ledger.

use super::{Accounts, Problem, ProblemCode};
use crate::delivery::{Delivery, DeliveryId};

impl Accounts {
    /// Every delivery, oldest first.
    pub(crate) fn deliveries(&self) -> Vec<Delivery> {
        self.0.now().ledger.deliveries.clone()
    }

    /// One delivery.
    pub(crate) fn delivery(&self, id: &DeliveryId) -> Result<Delivery, Problem> {
        let now = self.0.now();
        now.ledger.deliveries.iter().find(|one| one.id == *id).cloned().ok_or_else(|| unknown(id))
    }

    /// Adds a delivery.
    pub(crate) async fn add_delivery(&self, delivery: Delivery) -> Result<(), Problem> {
        self.change(move |ledger| ledger.deliveries.push(delivery)).await
    }

    /// Changes one delivery.
    pub(crate) async fn update_delivery(
        &self,
        id: &DeliveryId,
        change: impl FnOnce(&mut Delivery) + Send + 'static,
    ) -> Result<(), Problem> {
        let wanted = id.clone();
        let changed =
            self.change(move |ledger| ledger.deliveries.iter_mut().find(|one| one.id == wanted).map(change));
        changed.await?.ok_or_else(|| unknown(id))
    }

    /// Removes a delivery. That there is none is fine.
    pub(crate) async fn remove_delivery(&self, id: &DeliveryId) -> Result<(), Problem> {
        let id = id.clone();
        self.change(move |ledger| ledger.deliveries.retain(|one| one.id != id)).await
    }
}

fn unknown(id: &DeliveryId) -> Problem {
    Problem::new(ProblemCode::NotFound).with_detail(format!("there is no delivery {id}"))
}
