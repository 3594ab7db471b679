//! Which crate and which file may use which. Each rule is one sentence; a new exception needs a new sentence.

use std::path::{Path, PathBuf};
use std::process::Command;

use tunekey_tests::module_graph::ModuleGraph;
use tunekey_tests::programs::{program, workspace};

#[test]
fn the_core_knows_no_user_interface() {
    let tree = dependencies("tunekey-core");
    for forbidden in ["tauri", "wry", "gtk", "axum", "clap", "arboard"] {
        assert!(!has(&tree, forbidden), "{forbidden} is below tunekey-core");
    }
}

#[test]
fn only_the_desktop_knows_tauri() {
    for package in ["tunekey", "tunekey-simulator", "xtask"] {
        let tree = dependencies(package);
        for forbidden in ["tauri", "wry", "gtk", "webkit2gtk"] {
            assert!(!has(&tree, forbidden), "{forbidden} is below {package}");
        }
    }
}

#[test]
fn no_release_contains_the_simulator() {
    for package in ["tunekey", "tunekey-desktop"] {
        assert!(!has(&dependencies(package), "tunekey-simulator"), "the simulator is below {package}");
    }
}

#[test]
fn no_release_trusts_the_tests_authority_alone() {
    for package in ["tunekey", "tunekey-desktop"] {
        let tree = output(
            Command::new(env!("CARGO"))
                .args(["tree", "--locked", "--target", "all", "--prefix", "none", "--format", "{p} {f}"])
                .args(["--package", package])
                .current_dir(workspace()),
        );
        assert!(tree.contains("tunekey-services"), "{package} does not use the services");
        assert!(!tree.contains("only-extra-ca"), "{package} is built with what is for tests");
    }
    let guard = "#[cfg(all(feature = \"only-extra-ca\", not(debug_assertions)))]\ncompile_error!(";
    assert!(
        read(&workspace().join("services/src/http/roots.rs")).contains(guard),
        "whoever asks for it gets it"
    );
}

#[test]
fn there_is_one_tls_stack() {
    for package in ["tunekey", "tunekey-desktop"] {
        let tree = dependencies(package);
        for forbidden in ["native-tls", "openssl-sys", "aws-lc"] {
            assert!(!has(&tree, forbidden), "{forbidden} is below {package}");
        }
    }
}

#[test]
fn the_command_line_links_no_gui_library() {
    let program = program("tunekey").expect("the command line is built");
    let linked = output(Command::new("ldd").arg(program));
    for library in ["gtk", "webkit", "gdk", "libX11", "wayland", "soup"] {
        assert!(!linked.contains(library), "{library} is linked:\n{linked}");
    }
}

#[test]
fn the_services_know_no_store_and_no_front() {
    let tree = dependencies("tunekey-services");
    for forbidden in
        ["tunekey-core", "keyring-core", "zbus", "tauri", "wry", "gtk", "clap", "axum", "arboard"]
    {
        assert!(!has(&tree, forbidden), "{forbidden} is below tunekey-services");
    }
}

#[test]
fn one_service_does_not_see_the_other() {
    for (own, other) in [("qqmusic", "netease"), ("netease", "qqmusic")] {
        for (path, text) in sources(&format!("services/src/{own}"), "rs") {
            let text = without_tests(&text);
            assert!(!text.contains(&format!("crate::{other}")), "{} uses {other}", path.display());
        }
    }
}

#[test]
fn signing_in_and_renewing_name_no_service() {
    let files = ["sign_in.rs", "sign_ins.rs", "renewal.rs", "vault.rs", "ledger.rs"];
    let texts =
        files.map(|file| workspace().join("core/src").join(file)).map(|path| (path.clone(), read(&path)));
    let is_of_tests = |path: &Path| path.iter().any(|part| part == "tests" || part == "tests.rs");
    let machine = sources("core/src/sign_in", "rs").into_iter().filter(|(path, _)| !is_of_tests(path));
    for (path, text) in machine.chain(texts) {
        for forbidden in ["qqmusic", "netease", "QqMusic", "Netease"] {
            assert!(!without_tests(&text).contains(forbidden), "{} names {forbidden}", path.display());
        }
    }
}

#[test]
fn nothing_but_its_own_folder_names_a_service() {
    let without_comments = |text: &str| {
        let is_code = |line: &&str| !line.trim_start().starts_with("//");
        text.lines().filter(is_code).collect::<Vec<_>>().join("\n")
    };
    let rust = ["core/src", "api/src", "cli/src", "src-tauri/src"]
        .into_iter()
        .flat_map(|folder| sources(folder, "rs"));
    // One folder speaks as somebody else's clients of a service do.
    let clients = ["api/src/vkeys", "api/src/vkeys.rs"].map(|path| workspace().join(path));
    let is_of_clients = |path: &Path| clients.iter().any(|own| path.starts_with(own));
    let is_tested = |path: &Path| {
        !is_of_clients(path)
            && !path.components().any(|part| part.as_os_str() == "tests")
            && !path.ends_with("tests.rs")
    };
    for (path, text) in rust.filter(|(path, _)| is_tested(path) && !path.ends_with("fixtures.rs")) {
        let text = without_comments(&without_tests(&text));
        for forbidden in ["\"netease", "\"qqmusic\"", "netease::", "qqmusic::", "NetEase Cloud", "网易"] {
            assert!(!text.contains(forbidden), "{} names {forbidden}", path.display());
        }
    }
    let page = ["ts", "svelte", "css"].into_iter().flat_map(|extension| sources("ui/src", extension));
    let is_played = |path: &Path| {
        path.ends_with("scenes.ts") || path.components().any(|part| part.as_os_str() == "bindings")
    };
    for (path, text) in page.filter(|(path, _)| !is_played(path)) {
        for forbidden in ["'netease'", "'qqmusic'", "NetEase", "Tencent", "网易", "QQ Music"] {
            assert!(!text.contains(forbidden), "{} names {forbidden}", path.display());
        }
    }
}

#[test]
fn nothing_but_a_commit_saves_to_the_vault() {
    let saves = |text: &str| text.contains("vault.save(");
    let all = sources("core/src", "rs").into_iter().filter(|(path, _)| !path.ends_with("tests.rs"));
    let found: Vec<_> = all.filter(|(_, text)| saves(&without_tests(text))).map(|(path, _)| path).collect();
    assert_eq!(found, [workspace().join("core/src/commit.rs")], "a credential becomes current in one place");
}

#[test]
fn a_dependency_names_the_files_that_need_it_and_its_version_stands_in_the_workspace() {
    for member in
        ["services", "core", "api", "browser", "cli", "src-tauri", "simulator", "tests", "xtask", "fuzz"]
    {
        let folder = workspace().join(member);
        for line in read(&folder.join("Cargo.toml")).lines() {
            let (line, comment) = line.split_once('#').unwrap_or((line, ""));
            assert!(
                !line.contains("version = \"") && !line.contains(" = \"0.") && !line.contains(" = \"1"),
                "{member}: {line}"
            );
            let words = comment.split([' ', ':', ',', ';']).filter(|word| word.ends_with(".rs"));
            for file in words {
                let places = ["src", "", "tests", "src/bin"].map(|place| folder.join(place).join(file));
                assert!(places.iter().any(|place| place.is_file()), "{member} has no {file}: {line}");
            }
        }
    }
}

/// The crates in which no two files use each other: all but those of one file.
const ONE_WAY: [&str; 9] = [
    "api/src/lib.rs",
    "browser/src/lib.rs",
    "cli/src/lib.rs",
    "core/src/lib.rs",
    "services/src/lib.rs",
    "simulator/src/lib.rs",
    "src-tauri/src/main.rs",
    "tests/src/lib.rs",
    "xtask/src/main.rs",
];

#[test]
fn files_use_each_other_in_no_cycle() {
    for root in ONE_WAY {
        let graph = ModuleGraph::read(&workspace().join(root)).expect("it can be read");
        assert!(graph.len() > 4, "{root} has more files than that");
        assert!(graph.cycles().is_empty(), "{root}: {:#?}", graph.cycles());
    }
}

#[test]
fn every_promise_about_security_names_tests_that_exist_or_says_that_there_is_none() {
    let tests: String = ["services", "core", "api", "browser", "cli", "src-tauri", "tests", "xtask"]
        .into_iter()
        .flat_map(|folder| sources(folder, "rs"))
        .map(|(_, text)| text)
        .collect();
    let document = read(&workspace().join("docs/security.md"));
    let release = read(&workspace().join("docs/release.md"));
    let named = |text: &str| -> Vec<String> {
        let spans = text.split('`').skip(1).step_by(2);
        let is_name = |span: &&str| {
            span.len() >= 12
                && span.contains('_')
                && span.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit())
        };
        spans.filter(is_name).map(str::to_owned).collect()
    };
    for name in named(&document).into_iter().chain(named(&release)) {
        // One that the window's tests use for their own search is a function like any other.
        assert!(tests.contains(&format!("fn {name}(")), "no test is called {name}");
    }
    let rows =
        document.lines().filter_map(|line| line.strip_prefix("| ")).filter(|row| !row.starts_with('|'));
    let mut promises = 0;
    for row in rows {
        let (promise, proof) = row.trim_end_matches(" |").split_once(" | ").expect("a promise and its proof");
        assert!(proof.contains("*no test*") || !named(proof).is_empty(), "nothing proves: {promise}");
        promises += 1;
    }
    assert!(promises > 40, "{promises} promises");
}

#[test]
fn only_one_file_names_the_keychain_libraries() {
    for (path, text) in sources("core/src", "rs") {
        if path.ends_with("store/keychain.rs") || path.to_string_lossy().contains("store/keychain/") {
            continue;
        }
        for forbidden in ["keyring_core", "keyring_store"] {
            assert!(!text.contains(forbidden), "{} uses {forbidden}", path.display());
        }
    }
}

#[test]
fn only_one_file_of_the_page_knows_tauri() {
    let mut users = Vec::new();
    for extension in ["ts", "svelte"] {
        for (path, text) in sources("ui/src", extension) {
            if text.contains("@tauri-apps/") || text.contains("__TAURI") {
                users.push(
                    path.strip_prefix(workspace()).expect("it is in the workspace").display().to_string(),
                );
            }
        }
    }
    assert_eq!(users, ["ui/src/host/tauri.ts"], "the page reaches Tauri through one file");
}

#[test]
fn the_page_may_load_nothing_from_elsewhere_and_call_no_plugin() {
    let settings: serde_json::Value =
        serde_json::from_str(&read(&workspace().join("src-tauri/tauri.conf.json"))).expect("JSON");
    let policy = &settings["app"]["security"]["csp"];
    assert_eq!(policy["default-src"], "'none'", "what is not named is not loaded");
    assert_eq!(policy["script-src"], "'self'", "scripts are the app's own");
    let all = policy.to_string();
    for forbidden in ["https:", "unsafe-inline", "unsafe-eval", "*"] {
        assert!(!all.contains(forbidden), "the policy allows {forbidden}: {all}");
    }
    for (path, text) in sources("src-tauri/capabilities", "json") {
        for forbidden in ["store:", "clipboard-manager:", "shell:", "fs:", "http:", "opener:", "\"remote\""] {
            assert!(!text.contains(forbidden), "{} allows {forbidden}", path.display());
        }
    }
}

#[test]
fn both_programs_close_themselves_to_others_before_anything_else_and_wipe_what_they_free() {
    let program = read(&workspace().join("cli/src/main.rs"));
    let main = program.split_once("fn main() -> ExitCode {\n").expect("there is a main").1;
    assert_eq!(main.trim_start(), "tunekey_cli::main()\n}\n", "the program does nothing beside its library");
    for (file, program) in
        [("cli/src/lib.rs", "cli/src/main.rs"), ("src-tauri/src/main.rs", "src-tauri/src/main.rs")]
    {
        let text = read(&workspace().join(file));
        let main = text.split_once("fn main() -> ExitCode {\n").expect("there is a main").1;
        assert!(
            main.trim_start().starts_with("let hardened = hardening::harden();"),
            "{file} does something else first"
        );
        assert!(
            read(&workspace().join(program))
                .contains("#[global_allocator]\nstatic WIPING: ZeroAlloc<System>"),
            "{program} leaves what it frees"
        );
    }
}

/// The names of everything below a package that is part of its build.
fn dependencies(package: &str) -> Vec<String> {
    let tree = output(
        Command::new(env!("CARGO"))
            .args(["tree", "--locked", "--edges", "normal", "--prefix", "none", "--package", package])
            .current_dir(workspace()),
    );
    tree.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// Whether a crate, or one that begins with its name and a dash, is there.
fn has(tree: &[String], name: &str) -> bool {
    tree.iter()
        .any(|one| one == name || one.strip_prefix(name).is_some_and(|rest| rest.starts_with(['-', '_'])))
}

fn output(command: &mut Command) -> String {
    let output = command.output().expect("the command starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Every file with an extension below a folder; there must be some, or the rule would hold for nothing.
fn sources(folder: &str, extension: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![workspace().join(folder)];
    while let Some(at) = folders.pop() {
        for entry in std::fs::read_dir(&at).unwrap_or_else(|_| panic!("{} is a folder", at.display())) {
            let path = entry.expect("it can be listed").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|own| own == extension) {
                let text = read(&path);
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "no .{extension} in {folder}");
    found
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A file's text without what is compiled for tests alone, which may name what it plays.
fn without_tests(text: &str) -> String {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut kept = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            kept.push_str(line);
            kept.push('\n');
            continue;
        }
        // The item behind it ends where a line as far in as this one does.
        for item in lines.by_ref() {
            if indent(item) == indent(line) && item.ends_with([';', '}']) {
                break;
            }
        }
    }
    kept
}

#[test]
fn what_stands_behind_the_tests_of_a_file_is_read_too() {
    let text = "use a;\n#[cfg(test)]\nmod tests {\n    fn t() {}\n}\n\n#[cfg(test)]\nuse b;\nfn f() {}\n";
    assert_eq!(without_tests(text), "use a;\n\nfn f() {}\n");
}
