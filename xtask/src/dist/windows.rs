//! The release for Windows: an installer, and a zip for whoever wants none. Its programs are built on Linux.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use crate::build::workspace;
use crate::cross::windows_packages::{Compression, Contents, PROGRAMS, licences_inside};
use crate::packages::{self, Purpose};
use crate::product::VERSION;
use crate::steps::{Steps, command, output, say, succeed};
use crate::{cross, reproducible};

/// What names the program that signs files: it is given their paths.
const SIGN: &str = "TUNEKEY_SIGN";

/// Builds both in a folder, and says what they are called.
///
/// # Errors
/// When a step fails.
pub(crate) fn build(steps: &mut Steps, out: &Path) -> Result<Vec<PathBuf>> {
    ensure!(packages::has_apt(), "the programs for Windows are built on Debian or Ubuntu");
    packages::install(steps, Purpose::Cross)?;
    let programs = cross::released_windows(steps)?;
    steps.step("Windows: installer and zip", || pack(&programs, out))
}

fn pack(programs: &Path, out: &Path) -> Result<Vec<PathBuf>> {
    std::fs::create_dir_all(out)?;
    let out = out.canonicalize()?;
    // The zip's files lie in a folder of this name.
    let name = format!("TuneKey-{VERSION}");
    let folder = workspace().join("target/cross/release").join(&name);
    let contents = Contents::gather(programs, &licences_inside()?, &folder, reproducible::commit_time()?)?;
    for program in PROGRAMS {
        ensure_self_contained(&folder, program)?;
    }
    sign(PROGRAMS.iter().map(|program| folder.join(program)))?;

    let installer = out.join(format!("{name}-x86_64-setup.exe"));
    contents.pack_installer(VERSION, Compression::Release, &installer)?;
    sign([installer.clone()])?;

    let zip = out.join(format!("{name}-x86_64-windows.zip"));
    contents.pack_zip(&zip)?;
    Ok(vec![installer, zip])
}

/// Sees to it that a program needs no library but those of Windows and those beside it.
///
/// # Errors
/// When it needs another one, or says nothing of what it needs.
fn ensure_self_contained(folder: &Path, program: &str) -> Result<()> {
    let headers = output(command("objdump").arg("--private-headers").arg(folder.join(program)));
    let libraries = imports(&headers.with_context(|| format!("{program} cannot be read"))?);
    ensure!(!libraries.is_empty(), "{program} names no library: it is no program for Windows");
    for library in libraries {
        let is_ours = folder.join(&library).is_file();
        ensure!(is_ours || is_of_windows(&library), "{program} needs {library}, which is not packed");
    }
    Ok(())
}

/// The libraries that a program is linked with, as objdump lists them.
fn imports(headers: &str) -> Vec<String> {
    headers.lines().filter_map(|line| line.trim().strip_prefix("DLL Name: ")).map(str::to_owned).collect()
}

/// Whether Windows brings a library. The compiler's own begin with `lib`, as none of Windows's does, and the loader of
/// the web view comes with the library that the app uses it by.
fn is_of_windows(library: &str) -> bool {
    let library = library.to_ascii_lowercase();
    !library.starts_with("lib") && library != "webview2loader.dll"
}

/// Signs files, where there is something to sign them with.
///
/// # Errors
/// When that fails.
fn sign(files: impl IntoIterator<Item = PathBuf>) -> Result<()> {
    let program = std::env::var_os(SIGN).filter(|program| !program.is_empty());
    let Some(program) = program else {
        say(&format!("    not signed: {SIGN} names no program that does"));
        return Ok(());
    };
    succeed(command(program).args(files))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_libraries_of_a_program_are_read_and_those_of_the_compiler_are_known() {
        let headers = "\tDLL Name: KERNEL32.dll\n\tvma:  Hint\n\tDLL Name: libgcc_s_seh-1.dll\n\tDLL Name: WebView2Loader.dll\n";
        let libraries = imports(headers);
        let foreign: Vec<&String> = libraries.iter().filter(|library| !is_of_windows(library)).collect();
        assert_eq!(foreign, ["libgcc_s_seh-1.dll", "WebView2Loader.dll"]);
    }
}
