//! Light or dark, as the desktop wishes. The shell asks the desktop portal, which answers no program whose memory it
//! may not look into (see `tunekey_core::hardening`); what it would have said stands in GNOME's settings. What changes
//! later is told to everybody, and the shell hears it.

use gtk::gio::{Settings, SettingsSchemaSource, prelude::SettingsExt as _};
use gtk::prelude::GtkSettingsExt as _;

const SCHEMA: &str = "org.gnome.desktop.interface";
const KEY: &str = "color-scheme";

/// Has windows follow the desktop where it wishes for dark ones. Whether it does; elsewhere GTK's own settings hold.
pub(crate) fn follow() -> bool {
    // A schema or a key that is not installed would end the process.
    let schema = SettingsSchemaSource::default().and_then(|source| source.lookup(SCHEMA, true));
    let dark = schema.is_some_and(|schema| schema.has_key(KEY))
        && Settings::new(SCHEMA).string(KEY) == "prefer-dark";
    if dark && let Some(settings) = gtk::Settings::default() {
        settings.set_gtk_application_prefer_dark_theme(true);
    }
    dark
}
