//! Tells the core when the computer wakes up and when its network changes, so that what is due is renewed at once. What
//! no system tells here the core notices by itself, a little later. Only `app.rs` starts this.

use tunekey_core::TuneKey;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(windows)]
mod windows;

/// Forwards what the system tells until the app ends. Must be called on the main thread. Returns at once.
pub(crate) fn forward(core: &TuneKey) {
    #[cfg(target_os = "linux")]
    linux::forward(core);
    #[cfg(target_os = "macos")]
    macos::stay_awake_while_due(core);
    #[cfg(windows)]
    windows::forward(core);
}
