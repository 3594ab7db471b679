//! One running app per profile: a second start shows the first one's window and ends. Only `app.rs` and the commands use
//! this.
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

use crate::args::Args;
use crate::window;

/// What the person has to know of how the app was started, if anything. The app manages one; the page shows it.
#[derive(Debug)]
pub(crate) struct StartNotice(pub(crate) Option<Problem>);

/// Names the app after its profile, so that each profile has an instance of its own: others find it by this name.
pub(crate) fn name_after_profile(profile: &Profile, config: &mut Config) {
    if let Some(name) = profile.name() {
        config.identifier = identifier(&config.identifier, name);
    }
}

/// The plugin that finds a running instance where the session has no bus. It asks no program that could hang.
#[cfg(not(target_os = "linux"))]
pub(crate) fn plugin() -> tauri::plugin::TauriPlugin<tauri::Wry> {
    tauri_plugin_single_instance::init(|app, arguments, _| started_again(app, &arguments))
}

/// Shows the window when the app was started a second time without `--hidden`. Any program of this user can say that it
/// was: nothing else in the arguments is used.
pub(crate) fn started_again(app: &AppHandle, arguments: &[String]) {
    let hidden = Args::try_parse_from(arguments).is_ok_and(|args| args.hidden);
    if !hidden {
        window::show(app);
    }
}

/// What the page shows when another program holds the app's name and does not answer.
#[cfg(target_os = "linux")]
pub(crate) fn unanswered_problem() -> Problem {
    Problem::new(ProblemCode::Unexpected)
        .with_detail("another program holds TuneKey’s name on the session bus and does not answer")
        .with_words(
            "Another program holds TuneKey’s name and doesn’t answer, so TuneKey was started anyway. If a TuneKey that \
             hangs is still running, end it; if there is none, find out which program that is.",
            "另一个程序占用了 TuneKey 的名称且没有响应，因此 TuneKey 仍然启动了。如果有卡住的 TuneKey 还在运行，请结束它；\
             如果没有，请查明是哪个程序。",
        )
}

/// The app's name followed by the digest that the profile's name ends with. The rest of the profile's name is left out:
/// it may be in any script, and a D-Bus name must not.
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

        let problem = unanswered_problem();
        assert!(problem.message(Language::English).contains("holds TuneKey’s name"), "{problem}");
        assert!(problem.message(Language::Chinese).contains("占用了 TuneKey 的名称"), "{problem}");
    }
}
