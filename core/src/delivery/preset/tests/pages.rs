//! The pages of `docs/tools/`: what a preset says of itself is at the top of its page, and its recipe below is made of
//! commands that can be given.
//!
//! `TUNEKEY_WRITE_PAGES=1 cargo test -p tunekey-core pages` writes what the presets say anew, and leaves the recipes.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::*;

/// Where the recipe of a page begins.
const RECIPE: &str = "## Recipe · 步骤\n";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/tools")
}

/// What a preset says of itself, as the top of its page.
fn facts(preset: &Preset) -> String {
    let mut page = format!("# {}\n\n", preset.title.english);
    if preset.title.chinese != preset.title.english {
        let _ = writeln!(page, "{}\n", preset.title.chinese);
    }
    page.push_str(
        "<!-- What stands above the recipe is what the preset says; a test compares the two. -->\n\n",
    );
    let says = [
        ("What you set up there · 需要在那边设置", Some(preset.setup)),
        ("What TuneKey does · TuneKey 会做什么", Some(preset.about)),
        ("How it shows that it works · 如何确认送达", Some(preset.proof)),
        ("Who renews · 由谁续期", preset.renews),
    ];
    for (title, words) in says {
        if let Some(words) = words {
            let _ = writeln!(page, "**{title}.** {}\n\n{}\n", words.english, words.chinese);
        }
    }
    page.push_str("| Answer · 填写项 | What it is · 说明 |\n|---|---|\n");
    for question in preset.questions {
        let name = match (question.is_secret, question.default) {
            (true, _) => format!("`--secret {}=FILE`", question.name),
            (false, None) => format!("`{}=`", question.name),
            (false, Some(default)) if default.is_empty() || default.contains('{') => {
                format!("[`{}=`]", question.name)
            }
            (false, Some(default)) => format!("[`{}={default}`]", question.name),
        };
        let choices = match question.choices {
            [] => String::new(),
            choices => format!(" ({})", choices.join(", ")),
        };
        let _ =
            writeln!(page, "| {name} | {}{choices} · {} |", question.words.english, question.words.chinese);
    }
    page.push('\n');
    page
}

/// The list of all pages.
fn index() -> String {
    let mut page = String::from(
        "# Where credentials go · 投递到哪里\n\n\
         A page for each tool: what to set up there, what TuneKey does, how it shows that it works, and a recipe from nothing to \
         a playing tool. In the window the same is under *Deliveries* of an account.\n\n\
         每个工具一页：那边需要怎样设置、TuneKey 会做什么、如何确认送达，以及从零到能播放的步骤。窗口中对应账号页的“投递”。\n\n",
    );
    for (group, title) in
        [(PresetGroup::Tool, "Tools · 工具"), (PresetGroup::General, "Everything else · 其他方式")]
    {
        let _ = writeln!(page, "## {title}\n");
        for preset in presets().iter().filter(|preset| preset.group == group) {
            let _ = writeln!(page, "- [{}]({}.md)", preset.title.english, preset.name);
        }
        page.push('\n');
    }
    page
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n")
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "whoever writes the pages looks at them before they are committed"
)]
fn the_page_of_each_tool_says_what_its_preset_says() {
    let writes = std::env::var_os("TUNEKEY_WRITE_PAGES").is_some();
    for preset in presets() {
        let path = folder().join(format!("{}.md", preset.name));
        let page = read(&path);
        let recipe = page.find(RECIPE).map_or("", |at| &page[at..]);
        if writes {
            std::fs::write(&path, format!("{}{recipe}", facts(preset))).expect("it can be written");
            continue;
        }
        assert!(page.starts_with(&facts(preset)), "{} says something else than its preset", path.display());
        assert!(recipe.contains("```"), "{} has no recipe", path.display());
    }
    let path = folder().join("README.md");
    if writes {
        std::fs::write(path, index()).expect("it can be written");
    } else {
        assert_eq!(read(&path), index(), "the list of pages");
    }
}

#[test]
fn each_command_of_a_recipe_sets_up_the_delivery_of_its_page() {
    for preset in presets() {
        let page = read(&folder().join(format!("{}.md", preset.name)));
        let mut commands = 0;
        for line in page.lines().filter_map(|line| line.strip_prefix("tunekey delivery add ")) {
            commands += 1;
            let words = shlex(line);
            let mut words = words.iter().map(String::as_str);
            let (account, name) = (words.next().expect("an account"), words.next().expect("a preset"));
            assert!(matches!(account, "qqmusic" | "netease"), "{line}");
            assert_eq!(name, preset.name, "{line}");
            let (mut answers, mut given, mut scope) =
                (PresetAnswers::new(), Vec::new(), DeliveryScope::PlayingOnly);
            while let Some(word) = words.next() {
                match word {
                    "--secret" => given.push(words.next().and_then(|secret| secret.split('=').next())),
                    "--own-sign-in" => scope = DeliveryScope::OwnSignIn,
                    "--hand-over" => scope = DeliveryScope::Renewable,
                    answer => {
                        let (name, value) = answer.split_once('=').expect(line);
                        answers.insert(name.to_owned(), value.to_owned());
                    }
                }
            }
            let draft = preset.draft(&answers, scope).unwrap_or_else(|problem| panic!("{line}: {problem}"));
            let wanted = draft.target.secrets();
            let given: Vec<_> = given.into_iter().flatten().collect();
            assert_eq!(given, wanted.iter().map(String::as_str).collect::<Vec<_>>(), "{line}");
        }
        assert!(commands > 0, "{} has no command", preset.name);
    }
}

/// The words of a command without escapes, as a shell reads them.
fn shlex(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for character in line.chars() {
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            (None, ' ') => words.push(std::mem::take(&mut word)),
            (_, other) => word.push(other),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}
