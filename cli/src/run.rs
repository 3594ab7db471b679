//! `tunekey run`: a program with a cookie in its environment, while TuneKey renews. For `lib.rs`.

use std::ffi::OsString;
use std::io;

use tunekey_core::{AccountId, ExportedCookie, Format, Generation, Scope, TuneKey};

use crate::args::{OnRenewal, Variable};
use crate::commands::CookieOptions;
use crate::failure::Failure;
use crate::keys::{self, PACE};
use crate::output::Output;
use crate::request_key::value;

mod program;

use program::{Program, Signals};

/// The exit codes of a program that cannot be started, as shells have them.
const NOT_FOUND: u8 = 127;
const NOT_EXECUTABLE: u8 = 126;

/// What is to be run, and how.
#[derive(Debug)]
pub(crate) struct RunRequest {
    pub(crate) account: String,
    pub(crate) variables: Vec<Variable>,
    pub(crate) scope: Scope,
    pub(crate) on_renewal: Option<OnRenewal>,
    pub(crate) command: Vec<OsString>,
}

/// The values of the variables, all of one key.
struct Environment {
    generation: Generation,
    values: Vec<(String, ExportedCookie)>,
}

/// Runs the program to its end. Gives its exit code.
///
/// # Errors
/// When there is no cookie to give it; then it was not started.
pub(crate) async fn run(tunekey: &TuneKey, request: &RunRequest, output: Output) -> Result<u8, Failure> {
    let id = tunekey.find(&request.account)?;
    let environment = environment_of(tunekey, &id, request).await?;
    let schedule = tunekey.run_schedule();
    tokio::select! {
        ended = attend(tunekey, &id, request, environment, output) => ended,
        // It never ends by itself.
        () = schedule => Ok(0),
    }
}

/// Starts the program, and stays with it to its end.
async fn attend(
    tunekey: &TuneKey,
    id: &AccountId,
    request: &RunRequest,
    environment: Environment,
    output: Output,
) -> Result<u8, Failure> {
    let mut signals = Signals::listen()?;
    let mut generation = environment.generation;
    let mut program = match start(request, environment) {
        Ok(program) => program,
        Err(error) => return Ok(not_started(request, &error, output)),
    };
    let mut looks = tokio::time::interval(PACE);
    let mut failed = None;
    loop {
        tokio::select! {
            ended = program.wait() => return Ok(ended),
            signal = signals.next() => program.forward(signal),
            _ = looks.tick() => {
                let now = tunekey.key_status(id).map_or(generation, |status| status.generation);
                let (true, Some(what)) = (now > generation, request.on_renewal) else { continue };
                let environment = match environment_of(tunekey, id, request).await {
                    Ok(environment) => environment,
                    // It goes on with the value that it has; the next look tries again.
                    Err(failure) => {
                        if failed.replace(now) != Some(now) {
                            output.note(&failure.message(output.language));
                        }
                        continue;
                    }
                };
                generation = environment.generation;
                output.note(&keys::new_key(id, generation, output.language));
                match what {
                    OnRenewal::Restart => {
                        program.end().await;
                        program = match start(request, environment) {
                            Ok(program) => program,
                            Err(error) => return Ok(not_started(request, &error, output)),
                        };
                    }
                    #[cfg(unix)]
                    OnRenewal::Signal(signal) => program.signal(signal),
                }
            }
        }
    }
}

/// The variables with the cookie of now. Between two of them there may be a renewal: then all are read again.
async fn environment_of(
    tunekey: &TuneKey,
    id: &AccountId,
    request: &RunRequest,
) -> Result<Environment, Failure> {
    loop {
        let mut values = Vec::new();
        for Variable { name, format } in &request.variables {
            let options = CookieOptions { format: *format, scope: request.scope, even_if_dead: false };
            values.push((name.clone(), value(tunekey, id, options).await?));
        }
        let generations: Vec<Generation> = values.iter().map(|(_, value)| value.generation).collect();
        if let Some(&generation) = generations.first()
            && generations.iter().all(|other| *other == generation)
        {
            return Ok(Environment { generation, values });
        }
    }
}

fn start(request: &RunRequest, environment: Environment) -> io::Result<Program> {
    let mut command = program::command(&request.command)?;
    for (name, value) in &environment.values {
        #[expect(clippy::disallowed_methods, reason = "the person has chosen the program and the variable")]
        command.env(name, line(value.format, value.text.expose()));
    }
    Program::start(command)
}

/// A value as a variable has it: the line break at the end of a file is no part of it.
fn line(format: Format, text: &str) -> &str {
    match format {
        Format::Header | Format::Json | Format::Env | Format::Own(_) => text.trim_end_matches('\n'),
        Format::Netscape => text,
    }
}

/// Says why a program was not started, and gives the exit code for that.
fn not_started(request: &RunRequest, error: &io::Error, output: Output) -> u8 {
    let program = request.command.first().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let (code, english, chinese) = match error.kind() {
        io::ErrorKind::NotFound => (NOT_FOUND, "there is no such program", "没有这个程序"),
        io::ErrorKind::PermissionDenied => (NOT_EXECUTABLE, "it can’t be run", "无法运行"),
        _ => (NOT_EXECUTABLE, "it doesn’t start", "无法启动"),
    };
    output.note(&format!(
        "{}{}{}",
        tunekey_core::display_text::escaped(&program),
        output.language.pick(": ", "："),
        output.language.pick(english, chinese)
    ));
    code
}
