//! The desktop's list (Desktop Application Autostart Specification 0.5): a desktop entry for each program. Without the
//! library for the other systems: that one knows no `XDG_CONFIG_HOME` and quotes no path.

use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

use super::Entry;

pub(super) fn is_on(entry: &Entry) -> Result<bool> {
    match std::fs::read_to_string(file(entry)?) {
        // A desktop's own settings may leave the file and switch it off.
        Ok(text) => Ok(!text
            .lines()
            .any(|line| matches!(line.trim(), "Hidden=true" | "X-GNOME-Autostart-enabled=false"))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[expect(clippy::disallowed_methods, reason = "a file for the desktop, which reads it at the next log-in")]
pub(super) fn add(entry: &Entry) -> Result<()> {
    let file = file(entry)?;
    std::fs::create_dir_all(file.parent().unwrap_or(Path::new("/")))?;
    std::fs::write(file, text(entry))
}

pub(super) fn remove(entry: &Entry) -> Result<()> {
    match std::fs::remove_file(file(entry)?) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn file(entry: &Entry) -> Result<PathBuf> {
    let config = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let config = config.or_else(|| Some(std::env::home_dir()?.join(".config")));
    let config = config.ok_or_else(|| Error::new(ErrorKind::NotFound, "there is no home folder"))?;
    Ok(config.join("autostart").join(format!("{}.desktop", entry.name)))
}

fn text(entry: &Entry) -> String {
    let command =
        std::iter::once(entry.program.to_string_lossy().into_owned()).chain(entry.arguments.clone());
    let command: Vec<String> = command.map(|argument| quoted(&argument)).collect();
    format!(
        "[Desktop Entry]\nType=Application\nName=TuneKey\nIcon=tunekey-desktop\nExec={}\nTerminal=false\n\
         StartupNotify=false\n",
        command.join(" ")
    )
}

/// An argument as the Desktop Entry Specification (1.5, “The Exec key”) quotes it: within quotes some characters are
/// escaped, each `\` once more as in every value, and `%` begins a code.
fn quoted(argument: &str) -> String {
    let mut quoted = String::from("\"");
    for character in argument.chars() {
        match character {
            '"' | '`' | '$' => quoted.push_str("\\\\"),
            '\\' => quoted.push_str("\\\\\\"),
            '%' => quoted.push('%'),
            _ => {}
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_anything_in_it_is_one_argument() {
        let entry = Entry {
            name: "TuneKey".into(),
            program: "/opt/Tune Key/100%/tunekey-desktop".into(),
            arguments: vec!["--hidden".into(), "--profile".into(), r#"/home/"$me\"#.into()],
        };
        let text = text(&entry);
        let command = text.lines().find_map(|line| line.strip_prefix("Exec=")).expect("it starts something");
        assert_eq!(
            command,
            r#""/opt/Tune Key/100%%/tunekey-desktop" "--hidden" "--profile" "/home/\\"\\$me\\\\""#
        );
    }
}
