//! The questions that several presets ask.

use tunekey_services::Bilingual;

use super::PresetQuestion;

pub(super) const fn required(
    name: &'static str,
    english: &'static str,
    chinese: &'static str,
) -> PresetQuestion {
    PresetQuestion { name, words: Bilingual::new(english, chinese), is_secret: false, default: None }
}

pub(super) const fn optional(
    name: &'static str,
    default: &'static str,
    english: &'static str,
    chinese: &'static str,
) -> PresetQuestion {
    PresetQuestion { name, words: Bilingual::new(english, chinese), is_secret: false, default: Some(default) }
}

pub(super) const fn secret(
    name: &'static str,
    english: &'static str,
    chinese: &'static str,
) -> PresetQuestion {
    PresetQuestion { name, words: Bilingual::new(english, chinese), is_secret: true, default: None }
}

pub(super) const URL: PresetQuestion =
    required("url", "The address, such as https://host:port", "地址，如 https://主机:端口");
pub(super) const PLAIN: PresetQuestion = optional(
    "plain-http",
    "no",
    "yes: send it without encryption to a private address; whoever is on that network can read it",
    "yes：不加密发送到内网地址，同一网络中的人可以读到它",
);
pub(super) const PATH: PresetQuestion = required("path", "The whole path of the file", "文件的完整路径");
pub(super) const REPLACE: PresetQuestion = optional(
    "replace",
    "atomic",
    "atomic, or in-place for a single file that is mounted into a container",
    "atomic；单独挂载进容器的文件用 in-place",
);
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
);
pub(super) const VALUE: PresetQuestion = optional(
    "value",
    "{{cookie}}",
    "What it becomes: {{cookie}}, or a part such as {{field.NAME}}",
    "写入的内容：{{cookie}}，或其中一项，如 {{field.名称}}",
);
pub(super) const FORMAT: PresetQuestion =
    optional("format", "header", "The format of the cookie", "Cookie 的格式");
