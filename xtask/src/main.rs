//! The project's own commands. `cargo xtask --help` lists them; each works as the first command on a
//! fresh clone, because it installs or names what is missing before it begins.

mod bench;
mod bindings;
mod build;
mod ci;
mod counted;
mod cross;
mod demo;
mod dist;
mod fuzz;
mod licences;
mod packages;
mod packaging;
mod product;
mod reproducible;
mod steps;
mod suites;
mod test;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::packages::Purpose;
use crate::steps::{Steps, command, say};

/// The project's own commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Try TuneKey against played services: no account, no internet. Without a display it leaves pictures.
    Demo {
        /// Use a virtual display even where there is a real one.
        #[arg(long = "virtual")]
        virtual_display: bool,
    },
    /// Start the app against the real services, with your own profile and keychain.
    Run {
        /// What to pass on to the app.
        #[arg(trailing_var_arg = true)]
        arguments: Vec<String>,
    },
    /// Check everything, from a clean checkout.
    Test,
    /// Build for Windows, macOS and static Linux, and try what runs here.
    Cross {
        /// Take the web UI as it was built last.
        #[arg(long, hide = true)]
        ui_as_it_is: bool,
    },
    /// Both: other systems are checked while the tests wait.
    Ci,
    /// Make what people install, into target/dist: packages, archives, bills of materials, sums.
    Dist {
        #[command(flatten)]
        checks: dist::Checks,
    },
    /// Fill in the recipes of the package managers for the release in a folder.
    Packaging {
        /// Where its files and their SHA256SUMS are.
        #[arg(default_value = "target/dist")]
        release: PathBuf,
    },
    /// Feed every reader of foreign bytes with what nobody sends, for hours if you like.
    Fuzz {
        /// How often each target runs.
        #[arg(long, default_value_t = 1_000_000)]
        runs: u64,
        /// Only the targets whose names begin so; all by default.
        #[arg(default_value = "")]
        target: String,
    },
    /// Measure sizes, times, memory and throughput against their limits.
    Bench {
        /// Only these; everything by default.
        parts: Vec<bench::Part>,
    },
    /// Write the TypeScript declarations of what crosses to the web UI.
    Bindings,
    /// Draw the app and tray icons from their sources.
    Icons,
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(code) => code,
        Err(problem) => {
            say(&format!("FAILED: {problem:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<ExitCode> {
    // Every path below is relative to the workspace.
    std::env::set_current_dir(build::workspace())?;
    let mut steps = Steps::default();
    match task {
        Task::Demo { virtual_display } => demo(&mut steps, virtual_display || !has_display())?,
        Task::Run { arguments } => {
            packages::install(&mut steps, Purpose::Build)?;
            let app = build::app(&mut steps, build::Profile::Release)?;
            steps.run("the app", command(&app).args(arguments))?;
        }
        Task::Test => return Ok(test::everything(steps)),
        Task::Cross { ui_as_it_is } => {
            if ui_as_it_is {
                steps.take_ui_as_it_is();
            }
            return Ok(cross::everything(steps));
        }
        Task::Ci => return Ok(ci::everything(steps)),
        Task::Dist { checks } => dist::run(&mut steps, checks)?,
        Task::Packaging { release } => packaging::render(&mut steps, &release)?,
        Task::Bench { parts } => bench::run(&mut steps, &parts)?,
        Task::Fuzz { runs, target } => fuzz::run(&mut steps, runs, &target)?,
        Task::Bindings => bindings::write(&mut steps)?,
        Task::Icons => steps.run("icons", command("sh").arg("icons/build.sh"))?,
    }
    steps.close();
    Ok(ExitCode::SUCCESS)
}

/// Starts the services on loopback and the app against them: in a window of its own where there is a
/// display, else driven through a virtual one.
fn demo(steps: &mut Steps, virtual_display: bool) -> Result<()> {
    packages::install(steps, if virtual_display { Purpose::Test } else { Purpose::Build })?;
    if virtual_display {
        packages::tauri_driver(steps)?;
    }
    build::ui(steps)?;
    build::products(steps, build::Profile::Debug)?;
    if !virtual_display {
        return demo::on_this_screen(steps);
    }
    steps.run("demo", build::cargo(&["run", "--quiet", "--package", "tunekey-tests", "--bin", "demo"]))
}

/// Whether there is a screen to open a window on.
#[expect(
    clippy::disallowed_methods,
    reason = "the display is found where the desktop puts it; nothing secret goes there"
)]
fn has_display() -> bool {
    let set = |name| std::env::var(name).is_ok_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}
