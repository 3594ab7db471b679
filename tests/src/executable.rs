//! Programs that a test makes and then runs.
//!
//! Another process writes them. What this one has open for writing, a child that another thread has just forked has
//! open too, until it runs its own program; and Linux starts no program that is open for writing anywhere (`ETXTBSY`).

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// Writes a script that everybody may run.
///
/// # Errors
/// When it cannot be written.
pub fn write(path: &Path, script: &str) -> Result<()> {
    let mut text = tempfile::NamedTempFile::new()?;
    text.write_all(script.as_bytes())?;
    install(Command::new("install").args(["--mode=755", "--"]).arg(text.path()).arg(path))
}

/// Copies a program, or a folder with programs into one that may be there already. Links stay links.
///
/// # Errors
/// When it cannot be copied.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    install(Command::new("cp").args(["--archive", "--no-target-directory", "--"]).args([from, to]))
}

fn install(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn what_was_just_made_starts_while_other_threads_start_programs() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let is_done = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while !is_done.load(Ordering::Relaxed) {
                        Command::new("true").status().expect("it starts");
                    }
                });
            }
            let came = (0..100).try_for_each(|number| {
                let (script, copied) =
                    (folder.path().join(format!("s{number}")), folder.path().join(format!("c{number}")));
                write(&script, "#!/bin/sh\n")?;
                copy(&script, &copied)?;
                for program in [script, copied] {
                    ensure!(Command::new(&program).status()?.success(), "{} failed", program.display());
                }
                Ok(())
            });
            is_done.store(true, Ordering::Relaxed);
            came
        })
    }
}
