//! The plain ways, for every other program.

use tunekey_services::Bilingual;

use crate::delivery::preset::answers::Answers;
use crate::delivery::preset::questions::{
    EXISTING_FILE, FORMAT, GROUP, MODE, NEW_FILE, OWNER, PLAIN, REPLACE, THEN, URL, VALUE, optional,
    required, secret,
};
use crate::delivery::preset::targets::{made, value, values_in_file, variable_in_file, whole_file};
use crate::delivery::preset::{AnswerKind, Made, Preset, PresetGroup};
use crate::delivery::target::{
    BodyKind, CommandTarget, FileContent, HttpMethod, HttpTarget, Signature, Target,
};
use crate::problem::Problem;

pub(super) const FILE: Preset = Preset {
    name: "file",
    group: PresetGroup::General,
    fields: &[],
    title: Bilingual::new("A file", "文件"),
    about: Bilingual::new("Writes a whole file in a format.", "以某种格式写入整个文件。"),
    setup: Bilingual::new(
        "Have your program read that file, again when it changes.",
        "让你的程序读取该文件，并在变化时重新读取。",
    ),
    proof: Bilingual::new("The file is read back after it is written.", "写入后会读回核对。"),
    renews: None,
    hands_over: true,
    questions: &[NEW_FILE, FORMAT, REPLACE, MODE, OWNER, GROUP, THEN],
    make: |answers| whole_file(answers, answers.format("format")?, answers.replace()?),
};

pub(super) const ENV: Preset = Preset {
    name: "env",
    group: PresetGroup::General,
    fields: &[],
    title: Bilingual::new("A variable in a .env file", ".env 文件中的变量"),
    about: Bilingual::new(
        "Changes one variable and leaves every other byte as it is.",
        "只改动一个变量，其余字节保持原样。",
    ),
    setup: Bilingual::new(
        "Have your program read that file. Where there is none, one with that variable alone is made.",
        "让你的程序读取该文件；文件不存在时会新建，其中只有该变量。",
    ),
    proof: Bilingual::new(
        "The file is read back after it is written. A program that runs afterwards and ends with an error counts as a failure.",
        "写入后会读回核对；之后运行的程序若出错则算失败。",
    ),
    renews: None,
    hands_over: true,
    questions: &[EXISTING_FILE, required("variable", "The variable", "变量名"), VALUE, REPLACE, THEN],
    make: variable_in_file,
};

pub(super) const CONFIG: Preset = Preset {
    name: "config",
    group: PresetGroup::General,
    fields: &[],
    title: Bilingual::new("A value in a TOML or JSON file", "TOML 或 JSON 文件中的值"),
    about: Bilingual::new(
        "Changes one value that is there already and leaves every other byte as it is.",
        "只改动一个已有的值，其余字节保持原样。",
    ),
    setup: Bilingual::new(
        "Write the key with an empty text once, and have your program read that file.",
        "先写入一次该键，值为空文本，并让你的程序读取该文件。",
    ),
    proof: Bilingual::new(
        "The file is read back after it is written. A program that runs afterwards and ends with an error counts as a failure.",
        "写入后会读回核对；之后运行的程序若出错则算失败。",
    ),
    renews: None,
    hands_over: true,
    questions: &[
        EXISTING_FILE,
        required(
            "at",
            "Where, as a JSON Pointer such as /main/cookie",
            "位置，JSON Pointer 写法，如 /main/cookie",
        ),
        optional("syntax", "json", "What the file is written in", "文件格式").one_of(&["json", "toml"]),
        VALUE,
        REPLACE,
        THEN,
    ],
    make: |answers| {
        let values = vec![value(answers.text("at"), &answers.text("value"))];
        let content = match answers.one_of("syntax", &[("json", true), ("toml", false)])? {
            true => FileContent::Json { values },
            false => FileContent::Toml { values },
        };
        values_in_file(answers, content)
    },
};

pub(super) const WEBHOOK: Preset = Preset {
    name: "webhook",
    group: PresetGroup::General,
    fields: &[],
    title: Bilingual::new("A webhook", "Webhook"),
    about: Bilingual::new(
        "Posts to an address of your own, signed as Standard Webhooks says or as GitHub does. The signature shows who \
         sent it and hides nothing: use https.",
        "发送到你自己的地址，按 Standard Webhooks 或 GitHub 的方式签名。签名只证明来源，不隐藏内容，请使用 https。",
    ),
    setup: Bilingual::new(
        "Have your receiver check the signature, and answer with 200 to 299 only once it has taken the value.",
        "让接收方验证签名，并且只在收下后返回 200 至 299。",
    ),
    proof: Bilingual::new(
        "By the status of the answer, and by the field in it that you name.",
        "看回应的状态码，以及你指定的字段。",
    ),
    renews: None,
    hands_over: true,
    questions: &[
        URL,
        optional("method", "POST", "Method", "请求方法").one_of(&["POST", "PUT", "PATCH"]),
        optional("body-kind", "json", "Type of the body", "正文类型").one_of(&["json", "form", "text"]),
        optional(
            "body",
            r#"{"account":"{{account}}","cookie":"{{cookie}}"}"#,
            "The body, with placeholders",
            "正文，可含占位符",
        )
        .of(AnswerKind::Lines),
        optional("signature", "standard", "How it is signed", "签名方式")
            .one_of(&["standard", "github", "none"]),
        optional(
            "header",
            "",
            "A header, such as Authorization: Bearer {{secret.token}}; what stands for it is given as a secret",
            "请求头，如 Authorization: Bearer {{secret.token}}；其内容另作为机密提供",
        ),
        optional(
            "success",
            "",
            "A field of the answer that has to be so, such as /code=200",
            "回应中表示成功的字段，如 /code=200",
        ),
        FORMAT,
        PLAIN,
        secret(
            "signing",
            "The secret that signs; for Standard Webhooks it begins with whsec_",
            "签名密钥；Standard Webhooks 的以 whsec_ 开头",
        ),
    ],
    make: webhook,
};

pub(super) const COMMAND: Preset = Preset {
    name: "command",
    group: PresetGroup::General,
    fields: &[],
    title: Bilingual::new("A program", "程序"),
    about: Bilingual::new(
        "Runs a program and gives it the cookie on its standard input. Exit code 0 is success, 75 means later.",
        "运行程序，从标准输入把 Cookie 交给它。退出码 0 为成功，75 表示稍后再试。",
    ),
    setup: Bilingual::new("Have the program read its standard input to the end.", "让该程序读完标准输入。"),
    proof: Bilingual::new("By its exit code.", "看它的退出码。"),
    renews: None,
    hands_over: true,
    questions: &[
        required(
            "command",
            "The program, or a JSON array of it and its arguments, which other users of this computer can see",
            "程序，或含参数的 JSON 数组；参数会被本机其他用户看到",
        )
        .of(AnswerKind::Command),
        FORMAT,
        optional(
            "variable",
            "",
            "A variable for the cookie besides; other programs of yours can read it",
            "另外放入的环境变量；你的其他程序可以读到",
        ),
        optional("seconds", "30", "How many seconds it may take", "最长运行秒数"),
    ],
    make: |answers| {
        let command = answers.command("command")?;
        let command = command.unwrap_or(CommandTarget { arguments: Vec::new(), variable: None, seconds: 30 });
        let seconds = answers.text("seconds").parse().map_err(|_| {
            Problem::invalid("seconds is a number from 1 to 600.", "seconds 应为 1 至 600 的数字。")
        })?;
        let target = CommandTarget { variable: answers.optional("variable"), seconds, ..command };
        made(answers.format("format")?, Target::Command(target))
    },
};

fn webhook(answers: &Answers<'_>) -> Result<Made, Problem> {
    let methods = [("POST", HttpMethod::Post), ("PUT", HttpMethod::Put), ("PATCH", HttpMethod::Patch)];
    let kinds = [("json", BodyKind::Json), ("form", BodyKind::Form), ("text", BodyKind::Text)];
    let signatures =
        [("standard", Signature::StandardWebhooks), ("github", Signature::GitHub), ("none", Signature::None)];
    let target = HttpTarget {
        method: answers.one_of("method", &methods)?,
        url: answers.text("url"),
        headers: answers.header("header")?.into_iter().collect(),
        body: answers.text("body"),
        body_kind: answers.one_of("body-kind", &kinds)?,
        signature: answers.one_of("signature", &signatures)?,
        allows_plain_http: answers.yes("plain-http")?,
        success: answers.success("success")?,
    };
    made(answers.format("format")?, Target::Http(target))
}
