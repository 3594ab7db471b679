//! `cargo xtask bench`: the released programs, built as far as what is measured needs them.

use anyhow::Result;
use clap::ValueEnum;

use crate::build::{self, Profile};
use crate::packages::{self, Purpose};
use crate::steps::Steps;

/// What there is to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// The window and the command line at a terminal.
    Window,
    /// The command line as a server.
    Servers,
    /// A sign-in beside clients that others wrote.
    SideBySide,
    /// The app in the tray, deliveries, many accounts.
    Background,
}

impl Part {
    /// Whether the app is measured, too.
    fn has_a_window(self) -> bool {
        match self {
            Self::Window | Self::Background => true,
            Self::Servers | Self::SideBySide => false,
        }
    }
}

/// Measures these parts; all of them when none is named.
///
/// # Errors
/// When something does not build or cannot be measured, or a limit is broken.
pub(crate) fn run(steps: &mut Steps, parts: &[Part]) -> Result<()> {
    let parts = if parts.is_empty() { Part::value_variants() } else { parts };
    packages::install(steps, Purpose::Test)?;
    if parts.iter().any(|part| part.has_a_window()) {
        packages::tauri_driver(steps)?;
        build::ui(steps)?;
        build::products(steps, Profile::Release)?;
    } else {
        build::command_line(steps, Profile::Release)?;
    }
    if parts.contains(&Part::Window) {
        build::bare_window(steps)?;
    }
    let mut bench = build::cargo(&["run", "--quiet", "--package", "tunekey-tests", "--bin", "bench", "--"]);
    for part in parts {
        let name = part.to_possible_value();
        bench.args(name.as_ref().map(|value| value.get_name()));
    }
    // Whatever the measurements start to prepare themselves is the released program, too.
    bench.env("TUNEKEY_TEST_PROGRAMS", build::folder(Profile::Release)?);
    steps.run("measure", bench)
}
