//! What the window is allowed to do, read from the files that decide it: a change there is a change here, on purpose.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

const CONFIG: &str = include_str!("../tauri.conf.json");
const CAPABILITY: &str = include_str!("../capabilities/main.json");
const BUILD: &str = include_str!("../build.rs");
const COMMANDS: &str = include_str!("../src/commands.rs");
const WORKSPACE: &str = include_str!("../../Cargo.toml");
const LOCK: &str = include_str!("../../Cargo.lock");

fn config() -> Value {
    serde_json::from_str(CONFIG).expect("tauri.conf.json is JSON")
}

fn capability() -> Value {
    serde_json::from_str(CAPABILITY).expect("the capability is JSON")
}

/// The words between two marks, one a line, without quotes and commas.
fn listed<'a>(text: &'a str, from: &str, to: &str) -> BTreeSet<&'a str> {
    let start = text.find(from).expect("the list is there") + from.len();
    let length = text[start..].find(to).expect("the list ends");
    let lines = text[start..start + length].lines();
    lines
        .map(|line| line.trim().trim_matches(|c| c == '"' || c == ','))
        .filter(|line| !line.is_empty())
        .collect()
}

/// The commands that are handled, by the module that each is written in: those of `commands.rs` itself have none.
fn handled_by_module() -> BTreeSet<(&'static str, &'static str)> {
    let handled = listed(COMMANDS, "tauri::generate_handler![\n", "]");
    handled.into_iter().map(|path| path.rsplit_once("::").unwrap_or(("", path))).collect()
}

/// The files that commands are written in, each with the name of its module, which `commands.rs` itself has none of.
fn files_of_commands() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/commands");
    let others = std::fs::read_dir(folder).expect("there are others").map(|file| {
        let file = file.expect("it can be listed").path();
        let module = file.file_stem().expect("it has a name").to_string_lossy().into_owned();
        (module, std::fs::read_to_string(file).expect("it can be read"))
    });
    others.chain([(String::new(), COMMANDS.to_owned())]).collect()
}

fn handled() -> BTreeSet<&'static str> {
    handled_by_module().into_iter().map(|(_, name)| name).collect()
}

#[test]
fn every_command_is_declared_handled_and_allowed_and_nothing_else_is() {
    let declared = listed(BUILD, "const COMMANDS: &[&str] = &[\n", "];");
    assert_eq!(declared, handled(), "build.rs declares what commands.rs handles");
    let written = |text: &str| text.matches("#[tauri::command").count();
    let files = files_of_commands();
    for (module, text) in &files {
        let of_module = handled_by_module().into_iter().filter(|(of, _)| of == module);
        assert_eq!(written(text), of_module.count(), "every command that is written is handled: {module}");
    }
    let all: usize = files.iter().map(|(_, text)| written(text)).sum();
    assert_eq!(all, handled().len(), "every file of commands is looked at");
    let permissions = &capability()["permissions"];
    let allowed: BTreeSet<_> =
        permissions.as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    let mut expected: BTreeSet<_> =
        handled().iter().map(|name| format!("allow-{}", name.replace('_', "-"))).collect();
    expected.extend(["core:event:allow-listen".to_owned(), "core:event:allow-unlisten".to_owned()]);
    assert_eq!(
        allowed,
        expected.iter().map(String::as_str).collect(),
        "and the window may call exactly these"
    );
}

#[test]
fn there_is_one_capability_for_one_window_and_no_remote_page() {
    let capability = capability();
    assert_eq!(capability["windows"], json!(["main"]));
    assert_eq!(capability["local"], json!(true));
    for key in ["remote", "webviews", "platforms"] {
        assert!(capability.get(key).is_none(), "{key} widens who may call");
    }
    assert_eq!(config()["app"]["security"]["capabilities"], json!(["main"]), "no other capability is used");
}

#[test]
fn the_page_may_load_and_reach_nothing_but_itself() {
    let policy = &config()["app"]["security"]["csp"];
    let expected = json!({
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "ipc: http://ipc.localhost",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "object-src": "'none'",
    });
    assert_eq!(
        *policy, expected,
        "avatars and codes are data: URLs made by us, everything else is in the bundle"
    );
}

#[test]
fn the_page_gets_no_more_of_the_shell_than_it_needs() {
    let config = config();
    let security = &config["app"]["security"];
    assert_eq!(config["app"]["withGlobalTauri"], json!(false), "no global with every command in it");
    assert_eq!(security["freezePrototype"], json!(true), "no prototype to tamper with");
    assert!(security.get("devCsp").is_none(), "the same policy in every build");
    assert!(security.get("assetProtocol").is_none(), "no files of this computer");
    assert!(security.get("dangerousDisableAssetCspModification").is_none());
    assert_eq!(config["app"]["windows"], json!([]), "window.rs makes the one window, with its handlers");
}

#[test]
fn a_build_shows_its_own_page_and_asks_no_server_for_it() {
    let build = config()["build"].clone();
    assert_eq!(build["frontendDist"], json!("../ui/dist"));
    assert!(build.get("devUrl").is_none(), "with one, a plain build would show whatever answers there");
}

#[test]
fn the_shell_is_new_enough_to_tell_the_own_page_from_a_stranger_with_a_similar_name() {
    let entry =
        LOCK.split("[[package]]").find(|entry| entry.contains("name = \"tauri\"\n")).expect("tauri is used");
    let version =
        entry.lines().find_map(|line| line.strip_prefix("version = ")).expect("a version").trim_matches('"');
    let numbers: Vec<u32> = version.split('.').filter_map(|number| number.parse().ok()).collect();
    assert_eq!(numbers.len(), 3, "{version} is a release, not a preview");
    assert!(numbers[0] == 2 && numbers >= vec![2, 11, 1], "{version}: CVE-2026-42184 was fixed in 2.11.1");
}

#[test]
fn a_release_has_no_developer_tools() {
    let shell = WORKSPACE.lines().find(|line| line.starts_with("tauri = ")).expect("tauri is used");
    assert!(!shell.contains("devtools"), "with this feature they open in a release, too: {shell}");
    assert!(shell.contains("default-features = false"), "so that no default brings it in");
}
