//! `cargo xtask packaging`: the recipes of the package managers, filled in for a release. `docs/release.md` says where
//! each goes.
//!
//! Their templates lie in `packaging/`, one folder a package manager. `@version@` and the other names of [`FACTS`]
//! stand for what `product.rs` says, `@sha256:FILE@` for the sum of one of the release's files, which is known only
//! once it is built.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use crate::product::{DESCRIPTION, DESCRIPTION_CHINESE, HOMEPAGE, LICENCE, PUBLISHER, SUMMARY, VERSION};
use crate::steps::{Steps, say};

/// Where the templates are.
const TEMPLATES: &str = "packaging";

/// The folders there that are templates. The others are what `cargo xtask dist` packs.
const MANAGERS: [&str; 5] = ["aur", "flathub", "homebrew", "scoop", "winget"];

/// What every template may name.
const FACTS: [(&str, &str); 7] = [
    ("version", VERSION),
    ("description", DESCRIPTION),
    ("description-zh", DESCRIPTION_CHINESE),
    ("summary", SUMMARY),
    ("homepage", HOMEPAGE),
    ("licence", LICENCE),
    ("publisher", PUBLISHER),
];

/// The sums of a release's files, in hexadecimal, by their names.
type Sums = BTreeMap<String, String>;

/// Fills in every template for the release in a folder, and puts the recipes into its folder `packaging`.
///
/// # Errors
/// When a template names a fact or a file that there is not, or nothing can be written.
pub(crate) fn render(steps: &mut Steps, release: &Path) -> Result<()> {
    steps.step("recipes of the package managers", || {
        let list = release.join("SHA256SUMS");
        let sums = std::fs::read_to_string(&list).with_context(|| list.display().to_string())?;
        let sums = read_sums(&sums)?;
        for template in templates()? {
            let text = std::fs::read_to_string(&template)?;
            let recipe = fill(&text, &sums).with_context(|| template.display().to_string())?;
            let path = release.join(&template);
            write(&path, &recipe)?;
            say(&format!("    {}", path.display()));
        }
        Ok(())
    })
}

/// Every template, by its path from the workspace.
fn templates() -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for manager in MANAGERS {
        for entry in std::fs::read_dir(Path::new(TEMPLATES).join(manager))? {
            found.push(entry?.path());
        }
    }
    found.sort();
    Ok(found)
}

#[expect(clippy::disallowed_methods, reason = "nothing reads it before it is whole")]
fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::create_dir_all(path.parent().context("it is in a folder")?)?;
    Ok(std::fs::write(path, text)?)
}

/// Reads the lines of sha256sum.
fn read_sums(list: &str) -> Result<Sums> {
    let mut sums = Sums::new();
    for line in list.lines() {
        // A star marks a file that was read as it is.
        let (sum, name) = line.split_once([' ']).with_context(|| format!("{line}: not SUM FILE"))?;
        let is_sum = sum.len() == 64 && sum.bytes().all(|byte| byte.is_ascii_hexdigit());
        ensure!(is_sum, "{sum}: no SHA-256");
        sums.insert(name.trim_start_matches([' ', '*']).to_owned(), sum.to_ascii_lowercase());
    }
    Ok(sums)
}

/// A template with everything filled in.
fn fill(template: &str, sums: &Sums) -> Result<String> {
    let mut text = template.to_owned();
    for (name, fact) in FACTS {
        text = text.replace(&format!("@{name}@"), fact);
    }
    let mut filled = String::new();
    let mut rest = text.as_str();
    while let Some((before, behind)) = rest.split_once("@sha256:") {
        let (file, behind) = behind.split_once('@').context("a sum’s name has no end")?;
        filled.push_str(before);
        filled.push_str(sums.get(file).with_context(|| format!("{file} is not part of the release"))?);
        rest = behind;
    }
    filled.push_str(rest);
    if let Some(line) = filled.lines().find(|line| names_a_fact(line)) {
        bail!("there is no such fact: {line}");
    }
    Ok(filled)
}

/// Whether something stands between two `@` that looks like the name of a fact.
fn names_a_fact(line: &str) -> bool {
    let is_name =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let mut parts = line.split('@').skip(1).peekable();
    while let Some(word) = parts.next() {
        if parts.peek().is_some() && is_name(word) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sums of every file that a release has for the package managers.
    fn release() -> Sums {
        let names = ["-x86_64-setup.exe", "-x86_64-windows.zip", "-aarch64.dmg", "-x86_64.dmg"];
        let names = names.map(|name| format!("TuneKey-{VERSION}{name}")).into_iter();
        names
            .chain([format!("tunekey-{VERSION}.tar.gz")])
            .zip(["a", "b", "c", "d", "e"].map(|c| c.repeat(64)))
            .collect()
    }

    #[test]
    fn every_template_can_be_filled_in_from_a_release_and_nothing_is_left_open() {
        std::env::set_current_dir(crate::build::workspace()).expect("the workspace is there");
        let templates = templates().expect("they can be read");
        assert!(templates.len() >= MANAGERS.len(), "there are few: {templates:?}");
        for path in templates {
            let text = std::fs::read_to_string(&path).expect("it can be read");
            let recipe =
                fill(&text, &release()).unwrap_or_else(|error| panic!("{}: {error:#}", path.display()));
            assert!(
                text.contains("@version@") && recipe.contains(VERSION),
                "{}: of no version",
                path.display()
            );
            assert!(!recipe.contains("@sha256"), "{}: a sum is missing", path.display());
            assert!(!text.contains(HOMEPAGE), "{}: names the address itself", path.display());
        }
    }

    #[test]
    fn a_recipe_has_the_sum_of_the_file_that_it_names() {
        let sums =
            read_sums(&format!("{}  a.zip\n{} *b.zip\n", "A".repeat(64), "b".repeat(64))).expect("sums");
        let recipe = fill("v@version@ @sha256:b.zip@ @sha256:a.zip@", &sums).expect("both are there");
        assert_eq!(recipe, format!("v{VERSION} {} {}", "b".repeat(64), "a".repeat(64)));
    }

    #[test]
    fn what_is_not_known_is_not_left_in_a_recipe() {
        assert!(fill("@colour@", &Sums::new()).is_err(), "no such fact");
        assert!(fill("@sha256:other.zip@", &Sums::new()).is_err(), "no such file");
        assert!(read_sums("abc  a.zip").is_err(), "no sum");
        assert!(fill("me@example.org, you@example.org", &Sums::new()).is_ok(), "an address is no fact");
    }
}
