//! Scans and confirms codes without a person, as the setting `auto` says. Runs beside the proxy.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::state::code::CodeState;
use crate::state::settings::AutoConfirm;
use crate::state::simulator_state::SimulatorState;

/// Scans and confirms every code that is shown while the setting `auto` is on. Dropping it stops it.
pub(crate) async fn run(state: Arc<SimulatorState>) {
    let mut seen = 0;
    let mut confirmations = JoinSet::new();
    loop {
        let watched = state.until(|state| {
            let codes = state.codes();
            let newest = codes.last().map_or(0, |code| code.id);
            (newest > seen)
                .then(|| (newest, codes.into_iter().filter(|code| code.id > seen).collect::<Vec<_>>()))
        });
        let (newest, codes) = tokio::select! {
            found = watched => found,
            Some(_) = confirmations.join_next() => continue,
        };
        seen = newest;
        if let Some(auto) = state.settings().auto {
            for code in codes.into_iter().filter(|code| code.state == CodeState::Shown) {
                confirmations.spawn(scan_and_confirm(Arc::clone(&state), code.id, auto));
            }
        }
    }
}

/// Somebody at the phone page may have been quicker: then there is nothing left to do.
async fn scan_and_confirm(state: Arc<SimulatorState>, id: u64, auto: AutoConfirm) {
    // The app's codes are on a screen only when somebody listens: events are not told again.
    state
        .until(|state| {
            let code = state.code(id).ok()?;
            (code.method != "app_scan" || code.polls > 0).then_some(())
        })
        .await;
    tokio::time::sleep(Duration::from_millis(auto.scan_ms)).await;
    if state.scan(id, None).is_ok() {
        tokio::time::sleep(Duration::from_millis(auto.confirm_ms)).await;
        let _ = state.confirm(id);
    }
}
