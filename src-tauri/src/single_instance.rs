//! One app a profile: a second start shows the first one's window and ends.
//!
//! This is a convenience. What keeps two processes from harming each other's credentials are the core's locks. So
//! whoever holds the app's name and does not answer keeps nobody from starting: see [`Claim::Unanswered`].

#[cfg(target_os = "linux")]
mod bus;

#[cfg(target_os = "linux")]
pub(crate) use bus::{Claim, Instance, claim};
use clap::Parser as _;
use tauri::AppHandle;
use tauri::utils::config::Config;
#[cfg(target_os = "linux")]
use tunekey_core::ProblemCode;
use tunekey_core::{Problem, Profile};

use crate::{Args, window};

/// What the person has to know of how the app was started, if anything. The app manages one; the page shows it.
#[derive(Debug)]
pub(crate) struct StartNotice(pub(crate) Option<Problem>);

/// Names the app after its profile, so that each profile has an instance of its own: others find it by this name.
pub(crate) fn name_after(profile: &Profile, config: &mut Config) {
    if let Some(name) = profile.name() {
        config.identifier = identifier(&config.identifier, name);
    }
}

/// The plugin that finds a running instance where the session has no bus. It asks nobody who could stay silent.
#[cfg(not(target_os = "linux"))]
pub(crate) fn plugin() -> tauri::plugin::TauriPlugin<tauri::Wry> {
    tauri_plugin_single_instance::init(|app, arguments, _| started_again(app, &arguments))
}

/// Somebody has started the app a second time. Any program of this user can say so: of what it says, only
/// whether a window is wanted is believed.
pub(crate) fn started_again(app: &AppHandle, arguments: &[String]) {
    let hidden = Args::try_parse_from(arguments).is_ok_and(|args| args.hidden);
    if !hidden {
        window::show(app);
    }
}

#[cfg(target_os = "linux")]
/// What is said in the window when another program holds the app's name and does not answer.
pub(crate) fn unanswered() -> Problem {
    Problem::new(ProblemCode::Unexpected)
        .with_detail("another program holds TuneKey’s name on the session bus and does not answer")
        .with_words(
            "Another program holds TuneKey’s name and doesn’t answer, so TuneKey was started anyway. If a TuneKey that \
             hangs is still running, end it; if there is none, find out which program that is.",
            "另一个程序占用了 TuneKey 的名称且没有响应，因此 TuneKey 仍然启动了。如果有卡住的 TuneKey 还在运行，请结束它；\
             如果没有，请查明是哪个程序。",
        )
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

    #[cfg(target_os = "linux")]
    #[test]
    fn a_name_that_somebody_else_holds_is_told_of_in_both_languages() {
        use tunekey_core::Language;

        let problem = unanswered();
        assert!(problem.message(Language::English).contains("holds TuneKey’s name"), "{problem}");
        assert!(problem.message(Language::Chinese).contains("占用了 TuneKey 的名称"), "{problem}");
    }
}
