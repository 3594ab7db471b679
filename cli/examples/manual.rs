//! Writes the manual pages and the shells' completions of the command line into a folder. For `cargo xtask dist`.

use std::io;
use std::path::{Path, PathBuf};

use clap_complete::Shell;

fn main() -> io::Result<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.ok_or_else(|| io::Error::other("which folder?"))?;
    std::fs::create_dir_all(&folder)?;
    // Every command has a page: the one that shows help needs none.
    clap_mangen::generate_to(tunekey_cli::command().disable_help_subcommand(true), &folder)?;
    keep_lines(&folder)?;
    let mut command = tunekey_cli::command();
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell] {
        clap_complete::generate_to(shell, &mut command, "tunekey", &folder)?;
    }
    Ok(())
}

/// The end of a help text is wrapped already, some of it in columns: a page shows it as it is.
fn keep_lines(folder: &Path) -> io::Result<()> {
    for page in std::fs::read_dir(folder)? {
        let page = page?.path();
        let text = std::fs::read_to_string(&page)?;
        if let Some((before, after)) = text.split_once(".SH EXTRA\n") {
            let after = after.replacen(".SH VERSION", ".fi\n.SH VERSION", 1);
            write(&page, &format!("{before}.SH NOTES\n.nf\n{after}"))?;
        }
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "nothing reads it before it is whole")]
fn write(path: &Path, text: &str) -> io::Result<()> {
    std::fs::write(path, text)
}
