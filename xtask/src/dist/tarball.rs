//! The command line with the C library in it, in an archive that is unpacked anywhere.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::{COMMAND_LINE, PARTS, VERSION, manual};
use crate::cross::StaticProgram;
use crate::steps::{Steps, command, succeed};
use crate::{licences, reproducible};

/// The documents from the workspace's folder.
const DOCUMENTS: [&str; 4] = ["README.md", "README.zh-CN.md", "LICENSE-MIT", "LICENSE-APACHE"];

/// What builds and starts a container of it, from the workspace's folder.
const CONTAINER: [&str; 3] = ["Containerfile", "compose.yaml", "tunekey.container"];

/// The completions of each shell.
const COMPLETIONS: [&str; 4] = ["tunekey.bash", "_tunekey", "tunekey.fish", "_tunekey.ps1"];

/// Makes it.
///
/// # Errors
/// When something that goes into it is missing.
pub(super) fn build(steps: &mut Steps, program: &StaticProgram, out: &Path) -> Result<PathBuf> {
    let name = format!("{}-{VERSION}-{}-linux", COMMAND_LINE.name, program.processor);
    steps.step(&format!("archive for Linux on {}", program.processor), || {
        let folder = Path::new(PARTS).join("archives").join(&name);
        fill(&folder, program).context("something is missing")?;
        let path = out.join(&name).with_added_extension("tar.gz");
        let mut tar = command("tar");
        tar.args(["--create", "--use-compress-program", "gzip --best --no-name"]);
        tar.args(["--format", "ustar", "--sort", "name", "--owner", "0", "--group", "0", "--numeric-owner"]);
        tar.args(["--mode", "u=rwX,go=rX", "--mtime", &format!("@{}", reproducible::commit_time()?)]);
        succeed(tar.arg("--file").arg(&path).arg("--directory").arg(folder.with_file_name("")).arg(&name))?;
        Ok(path)
    })
}

/// Puts everything where it is in the archive.
fn fill(folder: &Path, program: &StaticProgram) -> Result<()> {
    let add = |from: &Path, to: &str| -> Result<()> {
        let to = folder.join(to).join(from.file_name().unwrap_or_default());
        std::fs::create_dir_all(to.parent().context("it is in a folder")?)?;
        std::fs::copy(from, &to).with_context(|| from.display().to_string())?;
        Ok(())
    };
    add(&program.path, "")?;
    for document in DOCUMENTS {
        add(Path::new(document), "")?;
    }
    for file in CONTAINER {
        add(&Path::new("packaging/container").join(file), "")?;
    }
    add(&COMMAND_LINE.parts().join(licences::FILE), "")?;
    add(&COMMAND_LINE.parts().join("tunekey.cdx.json"), "")?;
    std::fs::copy(&program.c_library_licence, folder.join("LICENSE-MUSL"))?;
    for completion in COMPLETIONS {
        add(&manual::folder().join(completion), "completions")?;
    }
    for page in manual::pages()? {
        add(&page, "man/man1")?;
    }
    Ok(())
}
