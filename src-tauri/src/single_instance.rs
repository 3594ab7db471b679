//! One app a profile: a second start shows the first one's window and ends.
//!
//! This is a convenience. What keeps two processes from harming each other's credentials are the core's locks.

use clap::Parser as _;
use tauri::plugin::TauriPlugin;
use tauri::utils::config::Config;
use tauri::{AppHandle, Wry};
use tunekey_core::profile::Profile;

use crate::{Args, window};

/// Names the app after its profile, so that each profile has an instance of its own: the plugin goes by this name.
pub(crate) fn name_after(profile: &Profile, config: &mut Config) {
    if let Some(name) = profile.name() {
        config.identifier = identifier(&config.identifier, name);
    }
}

/// The plugin that finds a running instance.
pub(crate) fn plugin() -> TauriPlugin<Wry> {
    tauri_plugin_single_instance::init(|app, arguments, _| started_again(app, &arguments))
}

/// Somebody has started the app a second time. Any program of this user can say so: of what it says, only
/// whether a window is wanted is believed.
fn started_again(app: &AppHandle, arguments: &[String]) {
    let hidden = Args::try_parse_from(arguments).is_ok_and(|args| args.hidden);
    if !hidden {
        window::show(app);
    }
}

/// The app's name with a profile's digest: its name ends with one, and the rest of it may be in any script, which
/// a D-Bus name must not.
fn identifier(app: &str, profile: &str) -> String {
    let digest = profile.rsplit('-').next().unwrap_or(profile);
    format!("{app}.profile-{digest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_with_a_name_in_any_script_makes_a_name_that_d_bus_takes() {
        let name = identifier("dev.tunekey.desktop", "演示-1a2b3c4d");
        assert_eq!(name, "dev.tunekey.desktop.profile-1a2b3c4d");
    }

    #[test]
    fn two_profiles_have_two_names() {
        assert_ne!(identifier("a", "demo-00000001"), identifier("a", "demo-00000002"));
    }
}
