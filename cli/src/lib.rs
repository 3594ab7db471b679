//! The command line. An adapter over the core that links no GUI library.

mod api_args;
mod args;
mod charset;
mod commands;
mod countdown;
mod daemon;
mod delivery;
mod doctor;
mod exit;
mod failure;
mod health;
mod help;
mod identity_prompt;
mod import;
mod interrupt;
mod keys;
mod named_values;
mod notify;
mod output;
mod qr_code;
mod questions;
mod request;
mod request_health;
mod request_key;
mod retry;
mod run;
mod serve;
mod sign_in;
mod socket;
mod stdin;
mod steps;
mod store;
mod table;
mod text;
mod token;
mod wrap;

use std::io;
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory as _, FromArgMatches as _};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tunekey_browser::InstalledBrowser;
use tunekey_core::{
    LOG_TARGETS, Language, Problem, ProblemCode, Profile, Scope, Setup, StoreTarget, TuneKey, hardening,
};

use crate::args::{Cli, Command, Global};
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::output::{Canvas, Output};
use crate::request_key::KeyRequest;
use crate::run::RunRequest;
use crate::sign_in::Shows;

/// How long a finished command waits for what is asked about a new account once it is saved: nickname and membership.
const DETAILS_TIMEOUT: Duration = Duration::from_secs(15);

/// The commands and their options in English: what the manual and the shells' completions are made of.
pub fn command() -> clap::Command {
    help::described(Cli::command(), Language::English, Some(help::MANUAL_WIDTH))
}

/// Runs the command that the arguments of this process name.
pub fn main() -> ExitCode {
    let hardened = hardening::harden();
    let language = match charset::is_unicode() {
        true => Language::from_locale(&sys_locale::get_locale().unwrap_or_default()),
        false => Language::English,
    };
    let columns = Canvas::of_standard_output().size.map(|(columns, _)| columns);
    let command = help::localized(Cli::command(), language, columns);
    let cli = match command.try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) if language == Language::English || help::is_output(error.kind()) => error.exit(),
        Err(error) => {
            let output = Output { json: false, language };
            output.note(help::error_message(&error, language).trim_end());
            return ExitStatus::Usage.into();
        }
    };
    let output = Output { json: cli.global.json, language };
    let browser = browser_of(&cli.command);
    let started = start(&cli.global, browser.is_some(), hardened, output);
    let result = started.map_err(Failure::from).and_then(|(tunekey, runtime)| {
        let result = runtime.block_on(async {
            let ending = run(&tunekey, cli.command, browser, output).await;
            let is_over = match &ending {
                Ok(ending) => ending.is_drained,
                // After any other failure a key that was issued may wait for its store.
                Err(failure) => failure.problem.code == ProblemCode::Cancelled,
            };
            if !is_over {
                // Ctrl-C ends the wait.
                let details = tokio::time::timeout(DETAILS_TIMEOUT, tunekey.drain());
                drop(interrupt::unless_interrupted(details, pin!(tokio::signal::ctrl_c())).await);
            }
            Ok(ending?.code)
        });
        // Leaves the thread of a hung keychain behind: it must not keep the process.
        runtime.shutdown_background();
        result
    });
    if let Err(failure) = &result {
        if output.json || !failure.reported {
            output.failure(failure);
        }
        if let Some(hint) = &failure.hint {
            output.note(hint);
        }
    }
    match result {
        Ok(code) => code.into(),
        Err(failure) => ExitStatus::of(failure.problem.code).into(),
    }
}

/// How a command ends.
#[derive(Debug, Clone, Copy)]
struct Ending {
    /// The exit code.
    code: u8,
    /// Whether what was under way has ended, or was given up, already.
    is_drained: bool,
}

impl Default for Ending {
    fn default() -> Self {
        Self { code: ExitStatus::Done.code(), is_drained: false }
    }
}

fn start(
    global: &Global,
    shows_pages: bool,
    hardened: io::Result<()>,
    output: Output,
) -> Result<(TuneKey, tokio::runtime::Runtime), Problem> {
    if let Some(level) = global.log {
        log_to_stderr(level);
    }
    hardening::log_failure(hardened);
    let profile = match &global.profile {
        Some(dir) => Profile::at(dir)?,
        None => Profile::default_for_user()?,
    };
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|_| Problem::new(ProblemCode::Unexpected).with_detail("no threads could be started"))?;
    let profile = match &global.store {
        Some(store) => runtime.block_on(profile.with_store(&StoreTarget::parse(&store.0)?))?,
        None => profile,
    };
    let mut setup = Setup::new(profile);
    setup.shows_pages = shows_pages;
    setup.passphrase = identity_prompt::at_terminal(output);
    Ok((TuneKey::open(setup)?, runtime))
}

/// Logs only what our own crates say: an HTTP or D-Bus library at `trace` would write headers and message bodies,
/// and with them the secrets.
fn log_to_stderr(level: LevelFilter) {
    let ours = LOG_TARGETS.into_iter().chain([tunekey_api::LOG_TARGET]).map(|target| (target, level));
    let ours = Targets::new().with_targets(ours);
    let layer = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    tracing_subscriber::registry().with(layer).with(ours).init();
}

/// The browser that a service's own page would be shown in: the one that is named, or the first that there is.
fn browser_of(command: &Command) -> Option<InstalledBrowser> {
    match command {
        _ if !InstalledBrowser::CAN_BE_LED => None,
        Command::SignIn { browser: Some(program), .. } => Some(InstalledBrowser::at(program.clone())),
        _ => InstalledBrowser::find(),
    }
}

async fn run(
    tunekey: &TuneKey,
    command: Command,
    browser: Option<InstalledBrowser>,
    output: Output,
) -> Result<Ending, Failure> {
    if let Some(notice) = tunekey.snapshot().notice {
        output.note(&notice.message(output.language));
    }
    if command.needs_accounts()
        && let Err(problem) = tunekey.take_over_shared_accounts().await
        && matches!(command, Command::Accounts | Command::Show { .. })
    {
        // What is known here is shown all the same.
        output.note(&problem.message(output.language));
    }
    match command {
        Command::Services => commands::services(tunekey, output),
        Command::SignIn { service, method, account, qr, browser: _ } => {
            let (method, shows) = (method.map(|method| method.0), Shows { qr, browser });
            sign_in::run(tunekey, service.0, method, account.as_deref(), shows, output).await?;
        }
        Command::Import { first, second, account, cloud } => {
            let (service, source) = import::parse_arguments(first, second)?;
            let origin = import::origin(cloud, source)?;
            sign_in::import(tunekey, service, origin, account.as_deref(), output).await?;
        }
        Command::Accounts => commands::accounts(tunekey, output),
        Command::Show { account } => commands::show(tunekey, &account, output)?,
        Command::Cookie { account, format, minimal, even_if_dead } => {
            let format = format.map(|format| format.0);
            let options = commands::CookieOptions { format, scope: scope(minimal), even_if_dead };
            commands::cookie(tunekey, &account, options, output).await?;
        }
        Command::Get { account, format, minimal, even_if_dead } => {
            let format = format.map(|format| format.0.to_string());
            let request = KeyRequest::Get { account, format, scope: scope(minimal), even_if_dead };
            keys::get(tunekey, &request, output).await?;
        }
        Command::Rejected { account, generation } => {
            keys::rejected(tunekey, &KeyRequest::Rejected { account, generation }, output).await?;
        }
        Command::Run { account, env, minimal, on_renewal, command } => {
            let request = RunRequest { account, variables: env, scope: scope(minimal), on_renewal, command };
            let code = run::run(tunekey, &request, output).await?;
            return Ok(Ending { code, ..Ending::default() });
        }
        Command::Watch { account } => keys::watch(tunekey, account.as_deref(), output).await?,
        Command::Daemon => {
            daemon::run(tunekey, None, output).await?;
            return Ok(Ending { is_drained: true, ..Ending::default() });
        }
        Command::Serve(options) => {
            serve::run(tunekey, options, output).await?;
            return Ok(Ending { is_drained: true, ..Ending::default() });
        }
        Command::Health => health::run(tunekey, output).await?,
        Command::Token { command } => token::run(tunekey, command, output).await?,
        Command::Doctor { names } => doctor::run(tunekey, names, output).await?,
        Command::Store { command } => store::run(tunekey, command, output).await?,
        Command::Renew { account: Some(account), all: _ } => {
            commands::renew(tunekey, &account, output).await?;
        }
        Command::Renew { account: None, all: _ } => commands::renew_all(tunekey, output).await?,
        Command::Check { account } => commands::check(tunekey, &account, output).await?,
        Command::SignOut { account } => commands::sign_out(tunekey, &account, output).await?,
        Command::Forget { account } => commands::forget(tunekey, &account, output).await?,
        Command::Delivery { command } => delivery::run(tunekey, command, output).await?,
        Command::Notify { command } => notify::run(tunekey, command, output).await?,
        Command::Settings { key, value } => commands::settings(tunekey, key, value, output).await?,
    }
    Ok(Ending::default())
}

fn scope(minimal: bool) -> Scope {
    if minimal { Scope::Minimal } else { Scope::Full }
}
