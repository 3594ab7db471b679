//! Light or dark, as the desktop wishes. The shell asks the desktop portal, which answers no program whose memory it
//! may not look into (see `tunekey_core::hardening`); what it would have said stands in GNOME's settings. What changes
//! later is told to everybody, and the shell hears it.

use gtk::gio::prelude::SettingsExt as _;
use gtk::gio::{Settings, SettingsSchemaSource};
use tauri::Theme;

const SCHEMA: &str = "org.gnome.desktop.interface";
const KEY: &str = "color-scheme";

/// What the desktop wishes for, where it says so; `None` leaves it to GTK's own settings.
pub(crate) fn of_desktop() -> Option<Theme> {
    // A schema or a key that is not installed would end the process.
    let schema = SettingsSchemaSource::default()?.lookup(SCHEMA, true)?;
    (schema.has_key(KEY) && Settings::new(SCHEMA).string(KEY) == "prefer-dark").then_some(Theme::Dark)
}
