//! Puts the parts together and runs them until the app ends.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tauri::{App, AppHandle, Manager as _, RunEvent};
use tunekey_core::{Clock, Interaction, Problem, Profile, Setup, SystemClock, TuneKey};

use crate::clipboard::Clipboard;
use crate::events::DesktopEvent;
use crate::pace::Paces;
use crate::preferences::PreferenceFile;
use crate::quitting::{self, Quitting};
use crate::sign_in::SignIns;
#[cfg(target_os = "linux")]
use crate::single_instance::{Claim, Instance};
use crate::tray::Tray;
use crate::tray::host::TrayHost;
use crate::window::{self, Opened, Opening};
use crate::{Args, alerts, commands, events, official_page, single_instance};

/// Everything that lives as long as the app. The commands, the tray and the tasks all see this one.
pub(crate) struct Desktop {
    pub(crate) core: TuneKey,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) profile: Profile,
    pub(crate) preferences: PreferenceFile,
    pub(crate) clipboard: Clipboard,
    pub(crate) sign_ins: SignIns,
    pub(crate) opening: Opening,
    pub(crate) quitting: Quitting,
    pub(crate) tray_host: TrayHost,
    pub(crate) paces: Paces,
    /// What the person has to know of how the app was started.
    pub(crate) notice: Option<Problem>,
    /// Whether a dialog of the system is open.
    pub(crate) dialogs: AtomicBool,
    /// Whether the clipboard is being read.
    pub(crate) reading: AtomicBool,
}

/// Why the app did not start.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The profile cannot be opened.
    Profile(Problem),
    /// The system gives us no window.
    System(tauri::Error),
}

/// Runs the app to its end.
///
/// # Errors
/// When the profile cannot be opened, or the system gives us no window.
pub(crate) fn run(args: Args) -> Result<ExitCode, Refusal> {
    let profile = match &args.profile {
        Some(dir) => Profile::at(dir),
        None => Profile::default_for_user(),
    }
    .map_err(Refusal::Profile)?;
    // Before there is a window: without its ledger the app has nothing to show, and says so at once.
    let mut setup = Setup::new(profile.clone());
    setup.has_web_view = official_page::CAN_BE_SHOWN;
    let core = TuneKey::open(setup).map_err(Refusal::Profile)?;
    let mut context = tauri::generate_context!();
    single_instance::name_after(&profile, context.config_mut());
    // First, so that a second start ends before it has touched anything.
    #[cfg(target_os = "linux")]
    let claim = match claim(&context.config().identifier) {
        Claim::Told => return Ok(ExitCode::SUCCESS),
        claim => claim,
    };
    #[cfg(target_os = "linux")]
    let notice = matches!(claim, Claim::Unanswered).then(single_instance::unanswered);
    #[cfg(not(target_os = "linux"))]
    let notice = None;
    if let Some(problem) = &notice {
        tracing::warn!(%problem, "started all the same");
    }
    let builder = tauri::Builder::default();
    #[cfg(not(target_os = "linux"))]
    let builder = builder.plugin(single_instance::plugin());
    let app = builder
        .plugin(tauri_plugin_store::Builder::new().build())
        .invoke_handler(commands::handler())
        .setup(move |app| {
            set_up(app, profile, core, notice, args.hidden)?;
            #[cfg(target_os = "linux")]
            hold(app.handle(), claim);
            Ok(())
        })
        .build(context)
        .map_err(Refusal::System)?;
    Ok(code_of(app.run_return(on_run_event)))
}

/// Asks for the app's name on the session bus.
#[cfg(target_os = "linux")]
fn claim(identifier: &str) -> Claim {
    let arguments = std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect();
    tauri::async_runtime::block_on(single_instance::claim(identifier, arguments))
}

/// Shows the window at every later start, as long as the app has its name.
#[cfg(target_os = "linux")]
fn hold(app: &AppHandle, claim: Claim) {
    let Claim::Ours(Instance { mut started_again, connection }) = claim else { return };
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let _held = connection;
        while let Some(arguments) = started_again.recv().await {
            single_instance::started_again(&app, &arguments);
        }
    });
}

fn set_up(
    app: &mut App,
    profile: Profile,
    core: TuneKey,
    notice: Option<Problem>,
    hidden: bool,
) -> Result<(), Box<dyn std::error::Error>> {
    let handle = app.handle().clone();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let preferences = PreferenceFile::open(&handle, &profile.dir().join("window.json"));
    let clipboard = Clipboard::start(clock.clone(), {
        let app = handle.clone();
        move |clip| events::emit(&app, &DesktopEvent::Clipboard { clip })
    })?;
    // On Linux the toolkit takes “none” for “light”.
    if let Some(theme) = window::theme(&preferences.current()) {
        app.set_theme(Some(theme));
    }
    app.manage(Desktop {
        core,
        clock,
        profile,
        preferences,
        clipboard,
        sign_ins: SignIns::default(),
        opening: Opening::default(),
        quitting: Quitting::default(),
        tray_host: tauri::async_runtime::block_on(async { TrayHost::watch() }),
        paces: Paces::default(),
        notice,
        dialogs: AtomicBool::new(false),
        reading: AtomicBool::new(false),
    });
    if !hidden {
        window::build(&handle, Opened::Shown)?;
    }
    let tray = Tray::build(&handle)?;
    events::forward(&handle, tray);
    alerts::follow(&handle, hidden);
    window::follow_tray_host(&handle);
    run_in_background(&handle);
    Ok(())
}

/// What goes on without anybody asking. Nothing here is ever waited for.
fn run_in_background(app: &AppHandle) {
    let core = app.state::<Desktop>().core.clone();
    let schedule = tauri::async_runtime::spawn(async move {
        core.probe_keychain(Interaction::Forbidden).await;
        core.run_schedule().await;
    });
    app.state::<Desktop>().quitting.stops(schedule);
    quitting::on_signals(app);
}

fn on_run_event(app: &AppHandle, event: RunEvent) {
    match event {
        // The window is closed, the tray is not: the app goes on.
        RunEvent::ExitRequested { code: None, api, .. } => api.prevent_exit(),
        RunEvent::Exit => quitting::last_words(app),
        #[cfg(target_os = "macos")]
        RunEvent::Reopen { .. } => window::show(app),
        _ => {}
    }
}

fn code_of(code: i32) -> ExitCode {
    u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from)
}
