//! Puts the parts together and runs them until the app ends. Only `main.rs` uses it.
//!
//! Each part keeps its own state, which Tauri manages by its type: [`set_up`] puts all of it there, and a part asks the
//! [`AppHandle`] for what it needs. What happens to the window and to the event loop arrives here and is passed down.

use std::process::ExitCode;
use std::sync::Arc;

use tauri::{App, AppHandle, DragDropEvent, Manager as _, RunEvent, Window, WindowEvent};
use tunekey_core::{Interaction, Problem, ProblemCode, Profile, Setup, StoreKind, SystemClock, TuneKey};

use crate::args::Args;
use crate::clipboard::Clipboard;
use crate::dialog::DialogLock;
use crate::events::DesktopEvent;
use crate::local_api::LocalApi;
use crate::preferences::PreferenceFile;
use crate::rate_limit::RateLimits;
use crate::shutdown::{self, Shutdown};
use crate::sign_in::ShownSignIn;
use crate::single_instance::StartNotice;
#[cfg(target_os = "linux")]
use crate::single_instance::{Claim, Instance};
use crate::target_secrets::TargetSecrets;
use crate::tray::{self, Tray};
use crate::tray_host::TrayHost;
use crate::window::{self, Appearance, MainPage};
use crate::{
    alerts, close_to_tray, commands, core_events, events, local_api, official_page, sign_in, single_instance,
    system_events,
};

/// The app could not be started.
#[derive(Debug)]
pub(crate) enum StartError {
    /// The profile cannot be opened.
    Profile(Problem),
    /// The system has no web view. Only Windows can be without: older ones do not bring WebView2.
    NoWebView,
    /// The system gives us no thread, window or tray icon.
    System(String),
}

/// Runs the app to its end.
///
/// # Errors
/// When the profile cannot be opened, or the system lacks something that the app cannot do without.
pub(crate) fn run(args: Args) -> Result<ExitCode, StartError> {
    // Also without a window: the person should hear of it now rather than when they want one.
    if tauri::webview_version().is_err() {
        return Err(StartError::NoWebView);
    }
    let profile = match &args.profile {
        Some(dir) => Profile::at(dir),
        None => Profile::default_for_user(),
    }
    .map_err(StartError::Profile)?;
    // Before there is a window: without its ledger the app has nothing to show, and says so at once.
    let mut setup = Setup::new(profile.clone());
    setup.shows_pages = official_page::CAN_BE_SHOWN;
    let core = TuneKey::open(setup).map_err(StartError::Profile)?;
    encrypted_files_open(&core, &profile).map_err(StartError::Profile)?;
    if !args.hidden {
        let core = core.clone();
        // While the web view starts: whoever opens a window is about to ask a service.
        tauri::async_runtime::spawn(async move { core.prepare_requests().await });
    }
    let mut context = tauri::generate_context!();
    single_instance::name_after_profile(&profile, context.config_mut());
    // First, so that a second start ends before it has touched anything.
    #[cfg(target_os = "linux")]
    let claim = match claim(&context.config().identifier) {
        Claim::Forwarded => return Ok(ExitCode::SUCCESS),
        claim => claim,
    };
    #[cfg(target_os = "linux")]
    let notice = matches!(claim, Claim::Unanswered).then(single_instance::unanswered_problem);
    #[cfg(not(target_os = "linux"))]
    let notice = None;
    if let Some(problem) = &notice {
        tracing::warn!(%problem, "started all the same");
    }
    let builder = tauri::Builder::default();
    #[cfg(not(target_os = "linux"))]
    let builder = builder.plugin(single_instance::plugin());
    // Tauri would panic with what its setup returns.
    let (report, failure) = std::sync::mpsc::channel();
    let app = builder
        .plugin(tauri_plugin_store::Builder::new().build())
        .invoke_handler(commands::handler())
        .on_window_event(on_window_event)
        .setup(move |app| {
            match set_up(app, profile, core, notice, args.hidden) {
                #[cfg(target_os = "linux")]
                Ok(()) => serve_later_starts(app.handle(), claim),
                #[cfg(not(target_os = "linux"))]
                Ok(()) => {}
                Err(error) => {
                    report.send(error.to_string())?;
                    app.handle().exit(1);
                }
            }
            Ok(())
        })
        .build(context)
        .map_err(|error| StartError::System(error.to_string()))?;
    let code = app.run_return(on_run_event);
    match failure.try_recv() {
        Ok(error) => Err(StartError::System(error)),
        Err(_) => Ok(exit_code(code)),
    }
}

/// Sees to it that a profile with encrypted files or records can be used: a window cannot ask for the identity that
/// opens them.
///
/// # Errors
/// Why it cannot be.
fn encrypted_files_open(core: &TuneKey, profile: &Profile) -> Result<(), Problem> {
    match profile.store().kind() {
        StoreKind::Keychain => Ok(()),
        StoreKind::File => {
            let info = tauri::async_runtime::block_on(core.store_info(Interaction::Forbidden));
            info.problem.map_or(Ok(()), Err)
        }
        StoreKind::Postgres => {
            let info = tauri::async_runtime::block_on(core.store_info(Interaction::Forbidden));
            // A database that is away comes back.
            let is_away = |problem: &Problem| problem.code == ProblemCode::KeychainUnavailable;
            info.problem.filter(|problem| !is_away(problem)).map_or(Ok(()), Err)
        }
    }
}

/// Claims the app's name on the session bus.
#[cfg(target_os = "linux")]
fn claim(identifier: &str) -> Claim {
    let arguments = std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect();
    tauri::async_runtime::block_on(single_instance::claim(identifier, arguments))
}

/// Keeps the app's name on the session bus until the app ends, and shows the window at every later start.
#[cfg(target_os = "linux")]
fn serve_later_starts(app: &AppHandle, claim: Claim) {
    let Claim::Ours(Instance { mut started_again, connection }) = claim else { return };
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let _held = connection;
        while let Some(arguments) = started_again.recv().await {
            single_instance::started_again(&app, &arguments);
        }
    });
}

/// Gives each part its state to Tauri, builds the window and the tray, and starts what watches.
///
/// # Errors
/// When the system gives us no thread, window or tray icon.
fn set_up(
    app: &mut App,
    profile: Profile,
    core: TuneKey,
    notice: Option<Problem>,
    hidden: bool,
) -> Result<(), Box<dyn std::error::Error>> {
    let handle = app.handle().clone();
    let preferences = PreferenceFile::open(&handle, &profile.dir().join("window.json"));
    let clipboard = Clipboard::start(Arc::new(SystemClock), {
        let app = handle.clone();
        move |clip| events::emit(&app, &DesktopEvent::Clipboard { clip })
    })?;
    // On Linux the toolkit takes “none” for “light”.
    if let Some(theme) = window::theme(&preferences.current()) {
        app.set_theme(Some(theme));
    }
    app.manage(core.clone());
    app.manage(profile);
    app.manage(StartNotice(notice));
    app.manage(preferences);
    app.manage(clipboard);
    app.manage(ShownSignIn::default());
    app.manage(TargetSecrets::default());
    app.manage(MainPage::default());
    app.manage(DialogLock::default());
    app.manage(RateLimits::default());
    app.manage(LocalApi::default());
    app.manage(Shutdown::default());
    app.manage(tauri::async_runtime::block_on(async { TrayHost::watch() }));
    if !hidden {
        window::build(&handle, Appearance::Shown)?;
    }
    Tray::build(&handle)?.keep_updated(&handle);
    core_events::forward(&handle, core.clone(), {
        let app = handle.clone();
        move || tray::refresh(&app)
    });
    local_api::watch(&handle, {
        let app = handle.clone();
        move || tray::refresh(&app)
    });
    alerts::watch(&handle, hidden);
    close_to_tray::restore_without_tray(&handle);
    system_events::forward(&core);
    run_in_background(&handle, core);
    Ok(())
}

/// Starts the schedule of renewals and the listening for signals. Returns at once.
fn run_in_background(app: &AppHandle, core: TuneKey) {
    let schedule = tauri::async_runtime::spawn(async move {
        core.probe_store(Interaction::Forbidden).await;
        core.run_schedule().await;
    });
    app.state::<Shutdown>().stop_on_shutdown(schedule);
    shutdown::on_signals(app);
}

/// What happens to the main window. The windows of official pages look after themselves.
fn on_window_event(window: &Window, event: &WindowEvent) {
    if window.label() != window::LABEL {
        return;
    }
    let app = window.app_handle();
    match event {
        WindowEvent::CloseRequested { api, .. } => {
            api.prevent_close();
            close_to_tray::close(app);
        }
        WindowEvent::DragDrop(DragDropEvent::Drop { paths, .. }) => {
            if let Some(path) = paths.first() {
                sign_in::paste_dropped_file(app, path.clone());
            }
        }
        _ => {}
    }
}

/// What happens to the event loop.
fn on_run_event(app: &AppHandle, event: RunEvent) {
    match event {
        // The window is closed, the tray is not: the app goes on.
        RunEvent::ExitRequested { code: None, api, .. } => api.prevent_exit(),
        RunEvent::WindowEvent { label, event: WindowEvent::Destroyed, .. } if label == window::LABEL => {
            window::on_gone(app);
        }
        RunEvent::Exit => shutdown::on_exit(app),
        #[cfg(target_os = "macos")]
        RunEvent::Reopen { .. } => window::show(app),
        _ => {}
    }
}

fn exit_code(code: i32) -> ExitCode {
    u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from)
}
