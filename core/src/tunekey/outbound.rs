//! Requests to addresses of the person's own, as the settings want them: for deliveries and messages.

use tunekey_services::HttpOptions;

use super::TuneKey;
use crate::outbound::Clients;
use crate::problem::Problem;
use crate::{disk, extra_ca};

impl TuneKey {
    /// The clients for addresses of the person's own, as the settings want them now.
    pub(super) async fn outbound_clients(&self) -> Result<Clients, Problem> {
        let this = self.clone();
        disk::blocking(move || {
            let settings = this.settings();
            let extra_ca = settings.extra_ca.as_ref().map(|chosen| extra_ca::load(&this.0.profile, chosen));
            let (proxy, limits) = (settings.proxy, this.0.limits);
            Ok(Clients::new(HttpOptions { proxy, extra_ca: extra_ca.transpose()?, limits }))
        })
        .await
    }
}
