//! Searches for the canary that the simulator plants in every secret, wherever no secret may be. For `desktop.rs` and
//! `memory.rs`.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use aho_corasick::{AhoCorasick, MatchKind};
use anyhow::{Result, bail};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::sandbox::{PREFIX, process_ids};

/// What every secret of the simulator contains, and nothing else.
pub const CANARY: &str = "c0ffee5eca11";

/// How often the processes' arguments and environments are read.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Texts that may not leak, in every encoding in which they could.
#[derive(Debug)]
pub struct Canaries {
    needles: AhoCorasick,
    names: Vec<String>,
    codes: Vec<String>,
}

impl Canaries {
    /// Searches for texts that only the keychain may hold.
    ///
    /// # Errors
    /// When there is none, or one is so short that it proves nothing.
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Result<Self> {
        let secrets: BTreeSet<String> = secrets.into_iter().collect();
        if let Some(short) = secrets.iter().find(|secret| secret.len() < 8) {
            bail!("a canary of {} bytes would be found by accident", short.len());
        }
        let mut needles = Vec::new();
        let mut names = Vec::new();
        for (number, secret) in secrets.iter().enumerate() {
            for (encoding, needle) in encodings(secret) {
                names.push(format!("canary {number} ({encoding})"));
                needles.push(needle);
            }
        }
        if needles.is_empty() {
            bail!("there is no canary to look for: the services have issued nothing");
        }
        let needles = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(needles)?;
        Ok(Self { needles, names, codes: Vec::new() })
    }

    /// Searches for text codes as well. A code is found only where it stands alone: in longer numbers and fractions it
    /// occurs by accident.
    #[must_use]
    pub fn with_text_codes(mut self, codes: impl IntoIterator<Item = String>) -> Self {
        self.codes.extend(codes);
        self
    }

    /// The first canary in some bytes, with the text before it.
    pub fn find(&self, bytes: &[u8]) -> Option<String> {
        if let Some(number) = self.codes.iter().position(|code| stands_alone(code, bytes)) {
            return Some(format!("text code {number}"));
        }
        let found = self.needles.find(bytes)?;
        let before =
            String::from_utf8_lossy(&bytes[found.start().saturating_sub(60)..found.start()]).into_owned();
        Some(format!("{} after “{before}”", self.names[found.pattern().as_usize()]))
    }

    /// Every canary in some bytes, each with the text before it.
    pub fn find_all(&self, bytes: &[u8]) -> Vec<String> {
        let described = |found: aho_corasick::Match| {
            let before = &bytes[found.start().saturating_sub(60)..found.start()];
            let name = &self.names[found.pattern().as_usize()];
            format!("{name} after “{}”", String::from_utf8_lossy(before).escape_debug())
        };
        self.needles.find_iter(bytes).map(described).collect()
    }

    /// Searches text that was printed, logged or shown.
    ///
    /// # Errors
    /// When a canary is in it.
    pub fn check(&self, place: &str, text: impl AsRef<[u8]>) -> Result<()> {
        match self.find(text.as_ref()) {
            Some(found) => bail!("{place} holds {found}"),
            None => Ok(()),
        }
    }

    /// Searches every file below a folder, and its name, but for one folder.
    ///
    /// # Errors
    /// When a canary is in one.
    pub fn check_files(&self, folder: &Path, but_not: &Path) -> Result<()> {
        for path in files(folder, but_not)? {
            self.check("a file’s name", path.as_os_str().as_encoded_bytes())?;
            // Sockets and files that vanish meanwhile hold nothing.
            if let Ok(bytes) = std::fs::read(&path) {
                self.check(&path.display().to_string(), bytes)?;
            }
        }
        Ok(())
    }
}

/// Records the arguments and the environment of every process of the machine, but of those in other tests' sandboxes:
/// there a program may be given a cookie because that is what is tested.
#[derive(Debug)]
pub struct ProcessWatch {
    root: PathBuf,
    seen: Arc<Mutex<HashSet<Vec<u8>>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl ProcessWatch {
    /// Starts recording, for the sandbox in that folder.
    pub fn start(root: &Path) -> Self {
        let seen = Arc::new(Mutex::new(HashSet::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let (root, seen, stop) = (root.to_owned(), Arc::clone(&seen), Arc::clone(&stop));
            move || {
                while !stop.load(Ordering::Relaxed) {
                    record_processes(&root, &seen);
                    std::thread::sleep(POLL_INTERVAL);
                }
            }
        });
        Self { root: root.to_owned(), seen, stop, thread: Some(thread) }
    }

    /// Searches all that was recorded, but for the arguments of one program: the browser opener, which is given an
    /// address.
    ///
    /// # Errors
    /// When a canary is in it.
    pub fn check(&self, canaries: &Canaries, opener: Option<&Path>) -> Result<()> {
        record_processes(&self.root, &self.seen);
        for text in self.seen.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            if opener.is_none_or(|opener| !runs(text, opener)) {
                canaries.check("a process’s arguments or environment", text)?;
            }
        }
        Ok(())
    }
}

impl Drop for ProcessWatch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Whether these are the arguments of a program: by its name, or as the script of an interpreter.
fn runs(arguments: &[u8], program: &Path) -> bool {
    let program = program.as_os_str().as_encoded_bytes();
    arguments.split(|byte| *byte == 0).take(2).any(|argument| argument == program)
}

fn record_processes(root: &Path, seen: &Mutex<HashSet<Vec<u8>>>) {
    for id in process_ids() {
        let read = |part: &str| std::fs::read(format!("/proc/{id}/{part}")).unwrap_or_default();
        let (arguments, environment) = (read("cmdline"), read("environ"));
        if is_in_another_sandbox(&arguments, &environment, root) {
            continue;
        }
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.extend([arguments, environment].into_iter().filter(|text| !text.is_empty()));
    }
}

/// Whether a process belongs to another test: by its environment, or by its arguments where it hides that.
fn is_in_another_sandbox(arguments: &[u8], environment: &[u8], root: &Path) -> bool {
    let telling = if environment.is_empty() { arguments } else { environment };
    let root = root.to_string_lossy();
    telling.split(|byte| *byte == 0).any(|entry| {
        let entry = String::from_utf8_lossy(entry);
        let is_telling = environment.is_empty() || entry.starts_with("XDG_RUNTIME_DIR=");
        is_telling && entry.contains(PREFIX) && !entry.contains(root.as_ref())
    })
}

/// The encodings of a secret: plain, and as in URLs, JSON, base64 and hexadecimal.
fn encodings(secret: &str) -> Vec<(&'static str, String)> {
    let bytes = secret.as_bytes();
    let url = |escape: fn(u8) -> String| -> String {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(byte);
        bytes.iter().map(|byte| if plain(byte) { char::from(*byte).into() } else { escape(*byte) }).collect()
    };
    let json = serde_json::Value::from(secret).to_string().trim_matches('"').to_owned();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut all = vec![("as it is", secret.to_owned())];
    all.extend([("hexadecimal", hex.to_uppercase()), ("hexadecimal", hex)]);
    all.push(("URL-encoded", url(|byte| format!("%{byte:02X}"))));
    all.push(("URL-encoded", url(|byte| format!("%{byte:02x}"))));
    all.push(("in JSON", json));
    for lead in 0..3 {
        // Inside a longer text a secret can begin at any of three places of a base64 group; what depends
        // on its neighbours is cut off.
        let padded = [vec![0; lead], bytes.to_vec()].concat();
        for encoded in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            let start = (lead * 8).div_ceil(6);
            let end = padded.len() * 8 / 6;
            all.push(("base64", encoded[start..end].to_owned()));
        }
    }
    all.sort_by(|one, other| one.1.cmp(&other.1));
    all.dedup_by(|one, other| one.1 == other.1);
    all
}

/// Whether a code is in the bytes and is no part of a longer number or word.
fn stands_alone(code: &str, bytes: &[u8]) -> bool {
    let part_of_another = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    bytes.windows(code.len()).enumerate().filter(|(_, window)| *window == code.as_bytes()).any(|(at, _)| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        !part_of_another(before) && before != Some(&b'.') && !part_of_another(bytes.get(at + code.len()))
    })
}

fn files(folder: &Path, but_not: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        if at == but_not {
            continue;
        }
        let Ok(entries) = std::fs::read_dir(&at) else { continue };
        for entry in entries {
            // What vanishes meanwhile holds nothing any more.
            let Ok(entry) = entry else { continue };
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "Q_H_L_canary+7f3a/\"=";

    fn canaries() -> Canaries {
        Canaries::new([SECRET.to_owned()]).expect("one canary")
    }

    #[test]
    fn a_canary_is_found_in_every_encoding() {
        let inside = |lead: &str| format!("{lead}{SECRET} and more");
        for text in [
            SECRET.to_owned(),
            "Q_H_L_canary%2B7f3a%2F%22%3D".to_owned(),
            "Q_H_L_canary%2b7f3a%2f%22%3d".to_owned(),
            serde_json::json!({ "cookie": SECRET }).to_string(),
            STANDARD_NO_PAD.encode(inside("")),
            STANDARD_NO_PAD.encode(inside("x")),
            URL_SAFE_NO_PAD.encode(inside("xy")),
            SECRET.bytes().map(|byte| format!("{byte:02x}")).collect(),
        ] {
            assert!(
                canaries().find(format!("before {text} after").as_bytes()).is_some(),
                "not found in {text}"
            );
        }
    }

    #[test]
    fn what_is_no_canary_is_not_found() {
        assert_eq!(canaries().find(b"Q_H_L_canary, but not all of it"), None);
    }

    #[test]
    fn a_text_code_is_found_where_it_is_no_part_of_another_number() {
        let canaries = canaries().with_text_codes(["481516".to_owned()]);
        for text in ["code=481516", "{\"captcha\":\"481516\"}", "481516", "typed 481516, wrong"] {
            assert!(canaries.find(text.as_bytes()).is_some(), "not found in {text}");
        }
        for other in ["12:00:00.481516Z", "1481516", "481516a", "took 0.481516 s", "48151"] {
            assert_eq!(canaries.find(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn a_search_for_nothing_is_refused_because_it_would_always_pass() {
        Canaries::new([]).expect_err("no canary, no proof");
        Canaries::new(["short".to_owned()]).expect_err("a short canary proves nothing");
    }

    #[test]
    fn an_opener_that_lives_long_is_no_leak_and_hides_none() {
        let opener = Path::new("/run/bin/xdg-open");
        let opens = |program: &str| [b"/bin/sh", program.as_bytes(), SECRET.as_bytes()].join(&0);
        assert!(runs(&opens("/run/bin/xdg-open"), opener), "the script that the interpreter was given");
        assert!(runs(&[b"/run/bin/xdg-open".as_slice(), SECRET.as_bytes()].join(&0), opener), "or by itself");
        let arguments = [b"app".as_slice(), SECRET.as_bytes(), b"/run/bin/xdg-open"].join(&0);
        assert!(!runs(&arguments, opener), "an argument that only names it makes no opener");
        assert!(!runs(&opens("/usr/bin/other"), opener), "nor does another program");

        // Still alive when the canaries are looked for, as it was on a machine under load.
        let folder = tempfile::tempdir().expect("a folder");
        let script = folder.path().join("xdg-open");
        std::fs::write(&script, "read line\n").expect("a script");
        let watch = ProcessWatch::start(folder.path());
        let mut alive = std::process::Command::new("sh")
            .arg(&script)
            .arg(SECRET)
            .stdin(std::process::Stdio::piped())
            .spawn()
            .expect("it starts");
        crate::eventually::until_blocking("it to run", || {
            let arguments = std::fs::read(format!("/proc/{}/cmdline", alive.id()))?;
            anyhow::ensure!(runs(&arguments, &script), "it has not begun");
            Ok(())
        })
        .expect("it runs");
        watch.check(&canaries(), None).expect_err("any other program must not be told");
        watch.check(&canaries(), Some(&script)).expect("the opener may");
        drop(alive.stdin.take());
        alive.wait().expect("it ends");
    }

    #[test]
    fn only_what_runs_in_another_tests_sandbox_is_left_out() {
        let root = Path::new("/tmp/tunekey-test-ours");
        let of = |path: &str| format!("A=1\0XDG_RUNTIME_DIR={path}/run\0").into_bytes();
        assert!(is_in_another_sandbox(b"sh", &of("/tmp/tunekey-test-other"), root));
        assert!(!is_in_another_sandbox(b"sh", &of("/tmp/tunekey-test-ours"), root));
        assert!(!is_in_another_sandbox(b"sh\0/tmp/tunekey-test-other/x", &of("/run/user/1000"), root));
        let hidden = |path: &str| format!("tunekey\0--profile\0{path}/home/profile").into_bytes();
        assert!(is_in_another_sandbox(&hidden("/tmp/tunekey-test-other"), b"", root));
        assert!(!is_in_another_sandbox(&hidden("/tmp/tunekey-test-ours"), b"", root));
    }

    #[test]
    fn a_canary_in_a_file_is_found_unless_it_is_in_the_keychain() {
        let home = tempfile::tempdir().expect("a folder");
        let keyrings = home.path().join("keyrings");
        std::fs::create_dir(&keyrings).expect("a folder");
        std::fs::write(keyrings.join("login.keyring"), SECRET).expect("a file");
        canaries().check_files(home.path(), &keyrings).expect("the keychain may hold it");
        std::fs::write(home.path().join("notes"), format!("my key is {SECRET}")).expect("a file");
        canaries().check_files(home.path(), &keyrings).expect_err("no other file may");
    }
}
