//! The programs that cargo makes of the tests: built in one go, so that what they share is compiled once for all, and
//! run several at a time, because the tests of the whole product mostly wait.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::BufReader;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result, bail};
use cargo_metadata::diagnostic::DiagnosticLevel;
use cargo_metadata::{Artifact, Message};

use crate::bindings;
use crate::build::cargo;
use crate::counted::Counted;
use crate::steps::{self, say};

/// The package whose tests start the programs.
pub(crate) const WHOLE_PRODUCT: &str = "tunekey-tests";
/// The feature with those of its suites that [`OF_OTHER_BUILDS`] names.
pub(crate) const OF_OTHER_SYSTEMS: &str = "tunekey-tests/cross";
/// The suites of what `cargo xtask cross` builds.
pub(crate) const OF_OTHER_BUILDS: [&str; 5] =
    ["container_root", "static_linux", "windows", "windows_installer", "windows_server"];

/// What cargo runs in place of the compiler for the crates of the workspace.
pub(crate) const COMPILER: &str = "RUSTC_WORKSPACE_WRAPPER";
/// The compiler that lints what it compiles: linting apart from that would read every dependency once more.
pub(crate) const LINTER: &str = "clippy-driver";

/// How many are run at once: all take turns in waiting.
const PER_CORE: usize = 1;

/// A program made of tests.
#[derive(Debug)]
pub(crate) struct Suite {
    /// The package that it is of, such as `tunekey-core`.
    pub(crate) package: String,
    /// What it is called: a file below `tests`, or what holds the unit tests.
    pub(crate) name: String,
    /// What is started, and what comes before the harness's own arguments.
    program: PathBuf,
    arguments: Vec<OsString>,
    /// Where it is run: the folder of its package.
    folder: PathBuf,
}

/// A command of cargo about all tests. Whatever it builds is built with the same features and with lints, so that
/// nothing is built twice.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut tests = cargo(arguments);
    tests.env(COMPILER, LINTER);
    tests.args(["--workspace", "--features", bindings::FEATURES]).args(not_built());
    if cfg!(target_os = "linux") {
        tests.args(["--features", OF_OTHER_SYSTEMS]);
    }
    tests
}

/// The tests of the whole product need a virtual display: they run on Linux, and are not built elsewhere.
pub(crate) fn not_built() -> &'static [&'static str] {
    if cfg!(target_os = "linux") { &[] } else { &["--exclude", WHOLE_PRODUCT] }
}

/// Builds all that a command of cargo makes, and gives the programs of tests among it.
///
/// # Errors
/// When it does not build, or something is warned of.
pub(crate) fn built(build: &mut Command) -> Result<Vec<Suite>> {
    build.args(["--message-format", "json"]);
    let mut cargo = build.stdout(Stdio::piped()).spawn().context("cannot start cargo")?;
    let printed = cargo.stdout.take().context("cargo prints nowhere")?;
    let (mut suites, mut warnings) = (Vec::new(), 0);
    for message in Message::parse_stream(BufReader::new(printed)) {
        match message? {
            Message::CompilerMessage(said) => {
                say(said.message.rendered.as_deref().unwrap_or(&said.message.message));
                warnings += u32::from(said.message.level == DiagnosticLevel::Warning);
            }
            Message::CompilerArtifact(made) if made.profile.test => suites.extend(Suite::of(made)?),
            _ => {}
        }
    }
    let status = cargo.wait()?;
    if !status.success() {
        bail!("cargo ended with {status}");
    }
    if warnings > 0 {
        bail!("warnings: {warnings}");
    }
    Ok(suites)
}

/// `name = "…"` of a manifest.
fn package_name(manifest: &str) -> Option<&str> {
    let line = manifest.lines().find_map(|line| line.strip_prefix("name = \""))?;
    line.split('"').next()
}

/// Runs test programs, several at a time, with so many tests at once in each. What each prints is shown when it has
/// ended.
///
/// # Errors
/// When a test failed; all have been run then.
pub(crate) fn run<'a>(
    suites: impl IntoIterator<Item = &'a Suite>,
    tests_at_once: usize,
    variables: &[(&str, &Path)],
    counted: &mut Counted,
) -> Result<()> {
    let waiting: Mutex<VecDeque<&Suite>> = Mutex::new(suites.into_iter().collect());
    let results = Mutex::new((counted, Vec::new()));
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    thread::scope(|scope| {
        for _ in 0..PER_CORE * cores() {
            scope.spawn(|| {
                while let Some(suite) = next() {
                    let ended = suite.run(tests_at_once, variables);
                    let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                    let (counted, failed) = &mut *results;
                    if !suite.report(ended, counted) {
                        failed.push(suite.to_string());
                    }
                }
            });
        }
    });
    let (_, failed) = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    if !failed.is_empty() {
        bail!("tests failed in {}", failed.join(", "));
    }
    Ok(())
}

/// How many processors there are.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

impl Suite {
    /// What cargo has built. `None` of what is no program.
    fn of(made: Artifact) -> Result<Option<Self>> {
        let Some(program) = made.executable else { return Ok(None) };
        let folder = made.manifest_path.parent().context("a package without a folder")?;
        let manifest = std::fs::read_to_string(&made.manifest_path)?;
        Ok(Some(Self {
            package: package_name(&manifest).context("a package without a name")?.to_owned(),
            name: made.target.name,
            program: program.into(),
            arguments: Vec::new(),
            folder: folder.into(),
        }))
    }

    /// The same, started by another program.
    pub(crate) fn started_by(mut self, launcher: &Path) -> Self {
        let program = std::mem::replace(&mut self.program, launcher.to_owned());
        self.arguments.insert(0, program.into());
        self
    }

    /// The same without these tests.
    pub(crate) fn without(mut self, tests: &[&str]) -> Self {
        self.arguments.extend(tests.iter().flat_map(|test| ["--skip".into(), test.into()]));
        self
    }

    fn run(&self, tests_at_once: usize, variables: &[(&str, &Path)]) -> Result<(bool, String)> {
        let mut tests = steps::command(&self.program);
        tests.args(&self.arguments).current_dir(&self.folder).env("CARGO_MANIFEST_DIR", &self.folder);
        tests.env("RUST_TEST_THREADS", tests_at_once.to_string()).envs(variables.iter().copied());
        let (reader, writer) = std::io::pipe()?;
        let mut running = tests.stdout(writer.try_clone()?).stderr(writer).spawn()?;
        // The ends that this process holds: without them reading ends with the tests.
        drop(tests);
        let mut printed = Vec::new();
        std::io::Read::read_to_end(&mut BufReader::new(reader), &mut printed)?;
        Ok((running.wait()?.success(), String::from_utf8_lossy(&printed).into_owned()))
    }

    /// Says what it has printed. False when a test failed.
    fn report(&self, ended: Result<(bool, String)>, counted: &mut Counted) -> bool {
        say(&format!("    {self}"));
        match ended {
            Ok((passed, printed)) => {
                for line in printed.lines() {
                    say(line);
                    counted.read(line);
                }
                passed
            }
            Err(problem) => {
                say(&format!("could not be run: {problem:#}"));
                false
            }
        }
    }
}

impl std::fmt::Display for Suite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.package, self.name)
    }
}
