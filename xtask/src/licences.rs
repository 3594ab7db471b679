//! The licences of everything that is in a program: those of its crates, and those of what is in the web UI.
//!
//! Which licences there may be is for `deny.toml` to say, and `cargo xtask test` checks that. Here their texts are
//! collected as their authors wrote them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use crate::build::{Tool, cargo};
use crate::reproducible::crate_folders;
use crate::steps::{command, output, succeed};

/// The list's name in every package and archive.
pub(crate) const FILE: &str = "THIRD-PARTY-LICENSES.txt";

/// What the programs for Linux are built for.
pub(crate) const LINUX: &[&str] =
    &["x86_64-unknown-linux-gnu", "x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl"];
/// What the programs for Windows are built for.
pub(crate) const WINDOWS: &[&str] = &["x86_64-pc-windows-gnu"];

/// The program that the web UI is in.
const DESKTOP: &str = "tunekey-desktop";

/// Where the web UI is built with a map of what is in it.
const MAPPED_UI: &str = "target/mapped-ui";

/// How the files begin that a licence or a notice is in.
const FILES: [&str; 5] = ["licen", "copying", "copyright", "notice", "unlicense"];

const BEGINNING: &str = "\
TuneKey contains the work of others, each under its own licence.

Rust's standard library, Copyright (c) The Rust Project Contributors: MIT OR Apache-2.0
";

const RULE: &str = "\n--------------------------------------------------------------------------------------------------------\n";

/// Where the texts of the licences are that some authors only name.
const TEXTS: [(&str, &str); 2] = [("MIT", "LICENSE-MIT"), ("Apache-2.0", "LICENSE-APACHE")];

/// A crate whose licence is only in another crate of the same authors.
const SIBLINGS: [(&str, &str); 2] = [("alloc-stdlib", "alloc-no-stdlib"), ("clipboard-win", "error-code")];

/// The list for programs, by their crates' names, on some systems. Their crates have been unpacked, as they are by
/// building the programs.
///
/// # Errors
/// When something comes without its licence, or is not unpacked.
pub(crate) fn list(programs: &[&str], targets: &[&str]) -> Result<String> {
    let mut list = List::default();
    let crates = crates_in(programs, targets)?;
    for one in &crates {
        list.add(&one.title(), &one.with_its_licence(&crates).folder()?)?;
    }
    if programs.contains(&DESKTOP) {
        for package in packages_in_the_ui()? {
            let folder = Path::new("ui/node_modules").join(&package);
            list.add(&format!("{package}, in the web UI"), &folder)?;
        }
    }
    Ok(list.text())
}

/// The texts, each with the names of what stands under it.
#[derive(Debug, Default)]
struct List {
    names: BTreeMap<String, BTreeSet<String>>,
}

impl List {
    /// Adds the texts in a package's folder.
    fn add(&mut self, title: &str, folder: &Path) -> Result<()> {
        let mut texts = Vec::new();
        for file in licences_in(folder)? {
            texts.push(String::from_utf8_lossy(&std::fs::read(file)?).replace("\r\n", "\n"));
        }
        if texts.is_empty() {
            // Its manifest names the licence and its authors, and that is all there is.
            for (id, file) in TEXTS.into_iter().filter(|(id, _)| title.contains(id)) {
                texts.push(format!("{id}, as its authors declare it. The text is in {file}."));
            }
        }
        ensure!(!texts.is_empty(), "{title} comes without its licence");
        for text in texts {
            self.names.entry(text.trim_end().to_owned()).or_default().insert(title.to_owned());
        }
        Ok(())
    }

    /// The list for people: what comes first in the alphabet comes first.
    fn text(&self) -> String {
        let mut entries: Vec<_> = self.names.iter().map(|(text, names)| (names, text)).collect();
        entries.sort();
        let mut list = BEGINNING.to_owned();
        for (names, text) in entries {
            list.push_str(RULE);
            for name in names {
                list.push_str(name);
                list.push('\n');
            }
            list.push_str(&format!("\n{text}\n"));
        }
        list
    }
}

/// A crate that is in a program.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Crate {
    name: String,
    version: String,
    licence: String,
}

impl Crate {
    /// One line of `cargo tree`: `aes v0.8.4|MIT OR Apache-2.0`. Nothing for a crate of ours, which stands in a folder.
    fn read(line: &str) -> Option<Self> {
        let (package, licence) = line.split_once('|')?;
        let mut words = package.split(' ');
        let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
        let is_ours = words.any(|word| word.starts_with("(/"));
        (!is_ours).then(|| Self {
            name: name.to_owned(),
            version: version.to_owned(),
            licence: licence.to_owned(),
        })
    }

    fn title(&self) -> String {
        format!("{} {} ({})", self.name, self.version, self.licence)
    }

    /// The crate that its licence is in.
    fn with_its_licence<'a>(&'a self, crates: &'a BTreeSet<Self>) -> &'a Self {
        let sibling = SIBLINGS.iter().find(|(name, _)| *name == self.name);
        sibling.and_then(|(_, other)| crates.iter().find(|one| one.name == *other)).unwrap_or(self)
    }

    /// Where cargo has unpacked it.
    fn folder(&self) -> Result<PathBuf> {
        let name = format!("{}-{}", self.name, self.version);
        let mut folders = crate_folders().into_iter().map(|registry| registry.join(&name));
        folders.find(|folder| folder.is_dir()).with_context(|| format!("{name} is not unpacked"))
    }
}

/// The crates in some programs, on all of the systems together.
fn crates_in(programs: &[&str], targets: &[&str]) -> Result<BTreeSet<Crate>> {
    let mut tree = cargo(&["tree", "--edges", "normal,no-proc-macro"]);
    tree.args(["--prefix", "none", "--no-dedupe", "--format", "{p}|{l}"]);
    for program in programs {
        tree.args(["--package", program]);
    }
    for target in targets {
        tree.args(["--target", target]);
    }
    let tree = output(&mut tree).context("cargo tree does not answer")?;
    let crates: BTreeSet<Crate> = tree.lines().filter_map(Crate::read).collect();
    ensure!(!crates.is_empty(), "{programs:?} depend on nothing");
    Ok(crates)
}

/// The npm packages whose code is in the web UI, by the bundler's source map.
fn packages_in_the_ui() -> Result<BTreeSet<String>> {
    let folder = std::path::absolute(MAPPED_UI)?;
    let mut bundle = command(Tool::Npm.name());
    bundle.current_dir("ui").args(["exec", "--", "vite", "build", "--sourcemap", "--logLevel", "error"]);
    succeed(bundle.arg("--emptyOutDir").arg("--outDir").arg(&folder))?;
    let mut packages = BTreeSet::new();
    for map in maps_in(&folder)? {
        packages.extend(packages_in(&std::fs::read_to_string(map)?));
    }
    ensure!(!packages.is_empty(), "the web UI has no source map");
    Ok(packages)
}

fn maps_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut maps = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            maps.extend(maps_in(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "map") {
            maps.push(path);
        }
    }
    Ok(maps)
}

/// The packages in the paths of a source map: `../node_modules/@scope/name/file.js`.
fn packages_in(map: &str) -> impl Iterator<Item = String> {
    // The files' contents are in the map, too, after their paths.
    let paths = map.split_once("\"sources\":[").and_then(|(_, rest)| rest.split_once(']'));
    let paths = paths.map_or("", |(paths, _)| paths);
    paths.split("node_modules/").skip(1).filter_map(|path| {
        let mut parts = path.split(['/', '"']);
        let name = parts.next()?;
        Some(if name.starts_with('@') { format!("{name}/{}", parts.next()?) } else { name.to_owned() })
    })
}

/// The files with licences and notices in a package's folder, and in its folder of licences.
fn licences_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        // A program may be called so, too.
        if !FILES.iter().any(|beginning| name.starts_with(beginning)) || name.ends_with(".rs") {
            continue;
        }
        if path.is_dir() {
            for entry in std::fs::read_dir(&path)? {
                found.push(entry?.path());
            }
        } else {
            found.push(path);
        }
    }
    found.retain(|path| path.is_file());
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_map_names_the_packages_in_a_bundle() {
        let map = r#"{"version":3,"sources":["../../node_modules/svelte/src/index.js","../src/main.ts","../node_modules/@tauri-apps/api/core.js"],"sourcesContent":["'node_modules/other/'"]}"#;
        assert_eq!(packages_in(map).collect::<Vec<_>>(), ["svelte", "@tauri-apps/api"]);
    }

    #[test]
    fn a_crate_is_read_unless_it_is_ours() {
        let read = |line| Crate::read(line).map(|found| found.title());
        assert_eq!(read("aes v0.8.4|MIT OR Apache-2.0").as_deref(), Some("aes 0.8.4 (MIT OR Apache-2.0)"));
        assert_eq!(read("serde_derive v1.0.2 (proc-macro)|MIT").as_deref(), Some("serde_derive 1.0.2 (MIT)"));
        assert_eq!(read("tunekey-core v0.1.0 (/home/me/tunekey/core)|MIT OR Apache-2.0"), None);
        assert_eq!(read(""), None);
    }

    #[test]
    fn one_text_is_printed_once_with_all_that_stands_under_it() {
        let mut list = List::default();
        for (text, name) in [("one", "b"), ("two", "c"), ("one", "a")] {
            list.names.entry(text.into()).or_default().insert(name.into());
        }
        assert_eq!(list.text(), format!("{BEGINNING}{RULE}a\nb\n\none\n{RULE}c\n\ntwo\n"));
    }

    #[test]
    fn what_comes_without_a_licence_is_refused() {
        let empty = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut list = List::default();
        list.add("something (MIT)", &empty).expect("its text is known");
        list.add("something (WTFPL)", &empty).expect_err("its text is nowhere");
    }
}
