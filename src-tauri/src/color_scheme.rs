//! The desktop's preference for light or dark, from GNOME's settings. Tauri asks the desktop portal, which answers no
//! program whose memory it may not read (see `tunekey_core::hardening`). Later changes are broadcast, and Tauri hears
//! them. Only `window.rs` uses this.

use gtk::gio::prelude::SettingsExt as _;
use gtk::gio::{Settings, SettingsSchemaSource};
use tauri::Theme;

const SCHEMA: &str = "org.gnome.desktop.interface";
const KEY: &str = "color-scheme";

/// Dark if the desktop prefers dark; `None` leaves it to GTK's own settings.
pub(crate) fn of_desktop() -> Option<Theme> {
    // A schema or a key that is not installed would end the process.
    let schema = SettingsSchemaSource::default()?.lookup(SCHEMA, true)?;
    (schema.has_key(KEY) && Settings::new(SCHEMA).string(KEY) == "prefer-dark").then_some(Theme::Dark)
}
