//! The command line with the C library in it, in an archive that is unpacked anywhere.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::{COMMAND_LINE, PARTS, VERSION, manual};
use crate::cross::StaticProgram;
use crate::steps::{Steps, command, succeed};
use crate::{licences, reproducible};

/// The documents from the workspace's folder.
const DOCUMENTS: [&str; 4] = ["README.md", "README.zh-CN.md", "LICENSE-MIT", "LICENSE-APACHE"];

/// The folders of what a server needs besides the program: where each is in the workspace, and in the archive.
const FOLDERS: [(&str, &str); 3] =
    [("docs", "docs"), ("docs/tools", "docs/tools"), ("packaging/linux/systemd", "systemd")];

/// What is for those who work on TuneKey.
const NOT_FOR_USERS: [&str; 2] = ["decisions.md", "release.md"];

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
    for (from, to) in FOLDERS {
        for file in files(Path::new(from))? {
            add(&file, to)?;
        }
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

/// The files of a folder that are for users. Those of the folders in it are others.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() && !NOT_FOR_USERS.iter().any(|name| entry.file_name() == *name) {
            files.push(entry.path());
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The manifest by which the other two packages of the command line are made.
    const MANIFEST: &str = include_str!("../../../cli/Cargo.toml");

    #[test]
    fn every_package_of_the_command_line_has_the_documents_that_its_readme_leads_to() {
        let readme = include_str!("../../../README.md");
        let links = readme.split("](docs/").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        let pages: Vec<_> =
            links.filter(|link| Path::new(link).extension().is_some_and(|end| end == "md")).collect();
        assert!(pages.contains(&"servers.md"), "the pages are not found: {pages:?}");
        let workspace = crate::build::workspace();
        for page in pages {
            let path = Path::new("docs").join(page);
            let folder = path.parent().expect("it is in a folder");
            let in_archive = FOLDERS.iter().any(|(from, _)| Path::new(from) == folder)
                && files(&workspace.join(folder)).expect("the folder").contains(&workspace.join(&path));
            assert!(in_archive, "{page} is not in the archive");
            let whole = format!("docs/{page}\"");
            let all = format!("{}/*.md\"", folder.display());
            for (package, start) in [("the .deb", "[\"../"), ("the .rpm", "source = \"")] {
                let has = |file: &str| MANIFEST.contains(&format!("{start}{file}"));
                assert!(has(&whole) || has(&all), "{page} is not in {package}");
            }
        }
    }
}
