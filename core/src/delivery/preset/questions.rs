//! The questions that several presets ask.

use tunekey_services::Bilingual;

use super::{AnswerKind, PresetQuestion};

/// A text that has to be given.
const fn question(name: &'static str, words: Bilingual) -> PresetQuestion {
    PresetQuestion { name, words, kind: AnswerKind::Text, choices: &[], is_secret: false, default: None }
}

impl PresetQuestion {
    /// The same with an answer of that kind.
    pub(super) const fn of(self, kind: AnswerKind) -> Self {
        Self { kind, ..self }
    }

    /// The same with one of these words as its answer.
    pub(super) const fn one_of(self, choices: &'static [&'static str]) -> Self {
        Self { choices, kind: AnswerKind::Choice, ..self }
    }
}

pub(super) const fn required(
    name: &'static str,
    english: &'static str,
    chinese: &'static str,
) -> PresetQuestion {
    question(name, Bilingual::new(english, chinese))
}

pub(super) const fn optional(
    name: &'static str,
    default: &'static str,
    english: &'static str,
    chinese: &'static str,
) -> PresetQuestion {
    PresetQuestion { default: Some(default), ..question(name, Bilingual::new(english, chinese)) }
}

pub(super) const fn secret(
    name: &'static str,
    english: &'static str,
    chinese: &'static str,
) -> PresetQuestion {
    PresetQuestion { is_secret: true, ..question(name, Bilingual::new(english, chinese)) }
}

pub(super) const URL: PresetQuestion =
    required("url", "The address, such as https://host:port", "地址，如 https://主机:端口");
pub(super) const PLAIN: PresetQuestion = optional(
    "plain-http",
    "no",
    "Send it without encryption to a private address; whoever is on that network can read it",
    "不加密发送到内网地址，同一网络中的人可以读到它",
)
.of(AnswerKind::YesNo);
pub(super) const NEW_FILE: PresetQuestion =
    required("path", "Full path of the file", "文件的完整路径").of(AnswerKind::NewFile);
pub(super) const EXISTING_FILE: PresetQuestion = NEW_FILE.of(AnswerKind::ExistingFile);
pub(super) const REPLACE: PresetQuestion = optional(
    "replace",
    "atomic",
    "How it is replaced: in-place is for a single file that is mounted into a container",
    "替换方式：单独挂载进容器的文件用 in-place",
)
.one_of(&["atomic", "in-place"]);
pub(super) const MODE: PresetQuestion = optional(
    "mode",
    "",
    "Who may read it, in octal, such as 640; as it is, or 600 when it is new",
    "权限（八进制，如 640）；省略则保持原样，新文件为 600",
);
pub(super) const OWNER: PresetQuestion =
    optional("owner", "", "Whose it becomes: a name or number", "属主：名称或编号");
pub(super) const GROUP: PresetQuestion =
    optional("group", "", "Of which group it becomes: a name or number", "属组：名称或编号");
pub(super) const THEN: PresetQuestion = optional(
    "then",
    "",
    "What to run afterwards, such as [\"docker\", \"restart\", \"name\"]; it gets nothing secret",
    "写入后运行的程序，如 [\"docker\", \"restart\", \"名称\"]；不会得到任何机密",
)
.of(AnswerKind::Command);
pub(super) const VALUE: PresetQuestion = optional(
    "value",
    "{{cookie}}",
    "What it becomes: {{cookie}}, or a part such as {{field.NAME}}",
    "写入的内容：{{cookie}}，或其中一项，如 {{field.名称}}",
);
pub(super) const FORMAT: PresetQuestion =
    optional("format", "header", "The format of the cookie", "Cookie 的格式").of(AnswerKind::Format);
