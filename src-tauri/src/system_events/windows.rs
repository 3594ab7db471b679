//! What Windows tells: of its network. Of sleep the clock tells, which goes on in it.

use tunekey_core::TuneKey;
use windows::Networking::Connectivity::{NetworkInformation, NetworkStatusChangedEventHandler};

pub(super) fn forward(core: &TuneKey) {
    let core = core.clone();
    let handler = NetworkStatusChangedEventHandler::new(move |_| {
        core.network_changed(NetworkInformation::GetInternetConnectionProfile().is_ok());
        Ok(())
    });
    if let Err(error) = NetworkInformation::NetworkStatusChanged(&handler) {
        tracing::info!(%error, "nobody tells of the network");
    }
}
