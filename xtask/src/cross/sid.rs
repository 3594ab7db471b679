//! The programs of Debian's newest release, in a folder that a command sees in the place of `/usr`: a compiler with the
//! source of its standard library, which is built for any target from it, the linker of Windows programs, Wine and QEMU.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::build::workspace;
use crate::packages::{TOOLS, as_root, mirror};
use crate::steps::{Steps, command, output, say, succeed, write};

/// Everything that is run from there.
const PACKAGES: [&str; 12] = [
    "cargo",
    "rustc",
    "rust-clippy",
    "rust-src",
    "gcc",
    "libc6-dev",
    "gcc-mingw-w64-x86-64-posix",
    "wine",
    "wine64",
    "qemu-user",
    "dash",     // what starts zig as a linker is a shell script
    "libc-bin", // the locale in which Wine reads names
];

/// What the packages' own scripts would link; none of them is run. The names are those in `/usr`.
const LINKS: [(&str, &str); 2] =
    [("bin/cc", "gcc"), ("bin/x86_64-w64-mingw32-gcc", "x86_64-w64-mingw32-gcc-posix")];

/// Wine's libraries for programs of 32 bits, which are as large as all the others.
const UNUSED: &str = "lib/x86_64-linux-gnu/wine/i386-windows";

/// Puts the folder that comes first in the place of `/usr`, for the command that follows and what it starts.
const ENTER: &str = r#"mount --bind "$0" /usr && exec "$@""#;

/// The folder with these programs.
#[derive(Debug)]
pub(super) struct Sid {
    usr: PathBuf,
}

impl Sid {
    /// Installs them, unless the cache has them.
    ///
    /// # Errors
    /// When they cannot be fetched or written.
    pub(super) fn install(steps: &mut Steps) -> Result<Self> {
        let folder = cache()?.join("sid");
        let sid = Self { usr: folder.join("usr") };
        steps.step("compiler, Wine and QEMU", || {
            let list = folder.join("packages");
            if std::fs::read_to_string(&list).is_ok_and(|installed| installed == PACKAGES.join(" ")) {
                return Ok(());
            }
            say(&format!("    installing 3 GB into {}", folder.display()));
            succeed(as_root("rm")?.arg("-rf").arg(&folder))?;
            std::fs::create_dir_all(folder.parent().context("the cache is a folder in another")?)?;
            let mut install = as_root("mmdebstrap")?;
            // Unpacked only: its programs are run, but it is never started as a system.
            install.args(["--quiet", "--variant=extract", &format!("--include={}", PACKAGES.join(","))]);
            // A mirror may be behind.
            install.arg("--aptopt=Acquire::Check-Valid-Until \"false\"");
            succeed(install.arg("sid").arg(&folder).arg(mirror()))?;
            for (link, program) in LINKS {
                succeed(as_root("ln")?.args(["-sf", program]).arg(sid.usr.join(link)))?;
            }
            succeed(as_root("rm")?.arg("-r").arg(sid.usr.join(UNUSED)))?;
            // Last, so that what was left halfway is begun again.
            let write = format!("printf %s '{}' >\"$0\"", PACKAGES.join(" "));
            succeed(as_root("sh")?.args(["-c", &write]).arg(&list))
        })?;
        Ok(sid)
    }

    /// A command that runs one of these programs, or another one that needs them.
    pub(super) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        self.entering(command("unshare"), program)
    }

    /// Such a command that comes last, after whoever works at this computer and whatever is tested on it.
    pub(super) fn command_of_low_priority(&self, program: impl AsRef<OsStr>) -> Command {
        let mut enter = command("nice");
        enter.args(["-n", "19", "unshare"]);
        self.entering(enter, program)
    }

    fn entering(&self, mut enter: Command, program: impl AsRef<OsStr>) -> Command {
        enter.args(self.entrance()).arg(program);
        // What belongs to the compiler that this program was built with is none of theirs.
        for variable in ["CARGO", "RUSTUP_TOOLCHAIN", "RUSTC", "LD_LIBRARY_PATH"] {
            enter.env_remove(variable);
        }
        enter.env("PATH", "/usr/bin");
        enter
    }

    /// Writes a program for the tests that starts one of these, after these lines of a shell.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn write_launcher(&self, name: &str, before: &str, program: &str) -> Result<()> {
        let folder = workspace().join(TOOLS).join("bin");
        std::fs::create_dir_all(&folder)?;
        let words: Vec<String> = self.entrance().iter().map(|word| format!("'{word}'")).collect();
        let lines = format!("{before}exec unshare {} {program} \"$@\"", words.join(" "));
        write_script(&folder.join(name), &lines)
    }

    /// What follows `unshare`, before the program.
    fn entrance(&self) -> Vec<String> {
        let is_root = output(command("id").arg("-u")).is_some_and(|id| id.trim() == "0");
        let mut words = vec!["--mount".to_owned()];
        if !is_root {
            words.push("--map-root-user".to_owned());
        }
        words.extend(["sh", "-c", ENTER].map(str::to_owned));
        words.push(self.usr.display().to_string());
        words
    }
}

/// Writes a shell script that can be started.
///
/// # Errors
/// When it cannot be written.
pub(super) fn write_script(path: &Path, lines: &str) -> Result<()> {
    write(path, format!("#!/bin/sh\n{lines}\n"))?;
    succeed(command("chmod").arg("755").arg(path))
}

/// The project's folder among what users' programs may fetch again.
///
/// # Errors
/// When the user has no home.
pub(super) fn cache() -> Result<PathBuf> {
    let caches = match std::env::var_os("XDG_CACHE_HOME") {
        Some(folder) if Path::new(&folder).is_absolute() => PathBuf::from(folder),
        _ => PathBuf::from(std::env::var_os("HOME").context("there is no home folder")?).join(".cache"),
    };
    ensure!(
        !caches.to_string_lossy().contains('\''),
        "{}: a folder with an apostrophe cannot be used",
        caches.display()
    );
    Ok(caches.join("tunekey-cross"))
}
