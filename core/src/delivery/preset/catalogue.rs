//! The presets, in the order of a menu.

use tunekey_services::Bilingual;

use super::answers::Answers;
use super::questions::{
    FORMAT, GROUP, MODE, OWNER, PATH, PLAIN, REPLACE, THEN, URL, VALUE, optional, required, secret,
};
use super::{Made, Preset};
use crate::delivery::target::{
    BodyKind, CloudCipher, CommandTarget, CookieCloudTarget, FileContent, FileTarget, HttpMethod, HttpTarget,
    MetingTarget, OpenListTarget, PlacedValue, QinglongTarget, Replace, Signature, Success, Target,
};
use crate::export::Format;
use crate::problem::Problem;

/// Every preset.
pub fn presets() -> &'static [Preset] {
    &PRESETS
}

const PRESETS: [Preset; 16] = [
    Preset {
        name: "meting",
        title: Bilingual::new("Meting-API (file)", "Meting-API（文件）"),
        about: Bilingual::new(
            "Writes the file in its folder “cookie” that is called like its name for the service; it takes effect at once. \
             Mount the folder and not the file into a container. A METING_COOKIE_… variable goes before the file.",
            "写入其 cookie 文件夹中以平台命名的文件，立即生效。容器请挂载文件夹而不是单个文件。METING_COOKIE_… 环境变量会优先于文件。",
        ),
        renews: None,
        questions: &[PATH, MODE, OWNER, GROUP],
        make: |answers| whole_file(answers, Format::Header, Replace::Atomic),
    },
    Preset {
        name: "meting-admin",
        title: Bilingual::new("Meting-API, forks with an admin page", "Meting-API（带管理后台的分支）"),
        about: Bilingual::new(
            "Puts the cookie into its list and has it verified. The token is an API token of the admin page; change the \
             admin’s first password, which everybody knows.",
            "写入其 Cookie 列表并触发验证。令牌是管理后台的 API Token；请务必修改人尽皆知的初始管理员密码。",
        ),
        renews: Some(Bilingual::new(
            "One of the forks renews QQ keys by itself. It gets only what plays, so that it cannot.",
            "其中一个分支会自行续期 QQ 密钥。这里只给播放所需的部分，使其无法续期。",
        )),
        questions: &[
            URL,
            optional("note", "tunekey", "What the entry is called there", "条目备注"),
            PLAIN,
            secret("token", "An API token of the admin page", "管理后台的 API Token"),
        ],
        make: |answers| {
            made(
                Format::Header,
                Target::Meting(MetingTarget {
                    url: answers.text("url"),
                    note: answers.text("note"),
                    allows_plain_http: answers.yes("plain-http")?,
                }),
            )
        },
    },
    Preset {
        name: "openlist",
        title: Bilingual::new("OpenList or AList", "OpenList 或 AList"),
        about: Bilingual::new(
            "Puts the cookie into a storage that is there already, and has its folder listed with it. The token is that of \
             the settings; it opens all of the program.",
            "写入已有存储的 Cookie，并以此刷新其目录。令牌在其设置中，可控制整个程序。",
        ),
        renews: None,
        questions: &[
            URL,
            required("mount", "Where the storage is mounted, such as /music", "存储的挂载路径，如 /music"),
            PLAIN,
            secret("token", "The token of the settings", "设置中的令牌"),
        ],
        make: |answers| {
            made(
                Format::Header,
                Target::OpenList(OpenListTarget {
                    url: answers.text("url"),
                    mount: answers.text("mount"),
                    allows_plain_http: answers.yes("plain-http")?,
                }),
            )
        },
    },
    Preset {
        name: "qinglong",
        title: Bilingual::new("qinglong", "青龙面板"),
        about: Bilingual::new(
            "Sets an environment variable; scripts see it at their next run. The application needs the permission for \
             variables. Its secret stands in an address of qinglong’s own, so keep its log to yourself.",
            "设置环境变量，脚本下次运行时生效。应用需要“环境变量”权限。其密钥会出现在青龙自己的请求地址中，请勿外传其日志。",
        ),
        renews: None,
        questions: &[
            URL,
            required("client-id", "The application’s client id", "应用的 Client ID"),
            required("variable", "The variable", "环境变量名"),
            PLAIN,
            secret("client-secret", "The application’s client secret", "应用的 Client Secret"),
        ],
        make: |answers| {
            made(
                Format::Header,
                Target::Qinglong(QinglongTarget {
                    url: answers.text("url"),
                    client_id: answers.text("client-id"),
                    variable: answers.text("variable"),
                    allows_plain_http: answers.yes("plain-http")?,
                }),
            )
        },
    },
    Preset {
        name: "lx-music-api-server",
        title: Bilingual::new("lx-music-api-server", "lx-music-api-server"),
        about: Bilingual::new(
            "Writes the first user of a platform in its data/config.json. It reads that only when it starts: let it be \
             restarted afterwards.",
            "写入其 data/config.json 中某平台的第一个用户。它只在启动时读取，请设置写入后重启。",
        ),
        renews: Some(Bilingual::new(
            "It renews its tx users by itself and then writes over the file: set refreshLogin to false there. It gets only \
             what plays.",
            "它会自行续期 tx 用户并覆盖该文件：请在其中把 refreshLogin 设为 false。这里只给播放所需的部分。",
        )),
        questions: &[
            PATH,
            optional("platform", "tx", "The platform there: tx or wy", "其中的平台：tx 或 wy"),
            REPLACE,
            THEN,
        ],
        make: |answers| {
            let user =
                |field: &str| format!("/modules/platform/{}/users/0/{field}", answers.text("platform"));
            let values = if answers.one_of("platform", &[("tx", true), ("wy", false)])? {
                vec![value(user("uin"), "{{field.uin}}"), value(user("token"), "{{field.qm_keyst}}")]
            } else {
                vec![value(user("cookie"), "{{cookie}}")]
            };
            values_in_file(answers, FileContent::Json { values })
        },
    },
    Preset {
        name: "unblock-netease-music",
        title: Bilingual::new("UnblockNeteaseMusic", "UnblockNeteaseMusic"),
        about: Bilingual::new(
            "Writes QQ_COOKIE or NETEASE_COOKIE into a .env file. It takes effect in a new process; with Compose: up -d \
             --force-recreate. Only QQ accounts that signed in with QQ work there.",
            "写入 .env 中的 QQ_COOKIE 或 NETEASE_COOKIE。重新创建进程后生效，Compose 请用 up -d --force-recreate。QQ 账号仅支持以 QQ 登录的。",
        ),
        renews: None,
        questions: &[
            PATH,
            required("variable", "QQ_COOKIE or NETEASE_COOKIE", "QQ_COOKIE 或 NETEASE_COOKIE"),
            REPLACE,
            THEN,
        ],
        make: |answers| {
            let written = answers.one_of(
                "variable",
                &[
                    ("QQ_COOKIE", "uin={{field.uin}}; qm_keyst={{field.qm_keyst}}"),
                    ("NETEASE_COOKIE", "MUSIC_U={{field.MUSIC_U}}"),
                ],
            )?;
            let values = vec![value(answers.text("variable"), written)];
            // Its own reader keeps quotes, and so does Docker's.
            values_in_file(answers, FileContent::RawVariables { values })
        },
    },
    Preset {
        name: "ncm-api",
        title: Bilingual::new("NeteaseCloudMusicApi", "NeteaseCloudMusicApi"),
        about: Bilingual::new(
            "It takes the cookie with every request and keeps none, so this writes the .env file of the program that calls \
             it. A NETEASE_COOKIE of its own has no effect over HTTP.",
            "它不保存 Cookie，每次请求都要带上，因此写入调用它的程序的 .env。它自身的 NETEASE_COOKIE 对 HTTP 请求无效。",
        ),
        renews: None,
        questions: &[PATH, required("variable", "The caller’s variable", "调用方的变量名"), REPLACE, THEN],
        make: variable_in_file,
    },
    Preset {
        name: "qqmusic-api-web",
        title: Bilingual::new("qqmusic-api-python, web part", "qqmusic-api-python 的 Web 服务"),
        about: Bilingual::new(
            "Writes the key of the first account in accounts.toml. It reads that only when it starts, and removes accounts \
             that are not in it: let it be restarted afterwards.",
            "写入 accounts.toml 中第一个账号的密钥。它只在启动时读取，并会删除未列出的账号，请设置写入后重启。",
        ),
        renews: Some(Bilingual::new(
            "It renews by itself when it can. It gets only what plays; leave the refresh fields empty.",
            "它会尽可能自行续期。这里只给播放所需的部分，请把各 refresh 字段留空。",
        )),
        questions: &[PATH, REPLACE, THEN],
        make: |answers| {
            let values = vec![value("/account/0/musickey".to_owned(), "{{field.qm_keyst}}")];
            values_in_file(answers, FileContent::Toml { values })
        },
    },
    Preset {
        name: "yt-dlp",
        title: Bilingual::new("yt-dlp", "yt-dlp"),
        about: Bilingual::new(
            "Writes a cookies.txt for --cookies. yt-dlp writes the file anew when it ends, which is noticed and said; give \
             each run a copy to avoid that.",
            "写入 --cookies 用的 cookies.txt。yt-dlp 结束时会改写它，届时会提示；让每次运行使用副本即可避免。",
        ),
        renews: None,
        questions: &[PATH],
        make: |answers| whole_file(answers, Format::Netscape, Replace::Atomic),
    },
    Preset {
        name: "cookiecloud",
        title: Bilingual::new("CookieCloud", "CookieCloud"),
        about: Bilingual::new(
            "Puts the cookies beside what is there under a uuid; best one of its own, because the last who writes wins. Its \
             encryption proves nothing of who wrote it and is as strong as the password: whoever runs the server can guess \
             at it, so take a long random one.",
            "把 Cookie 合并进某个 uuid 的数据；最好用单独的 uuid，因为后写入者会覆盖先写入者。其加密不防篡改，强度取决于密码，\
             服务器的主人可以离线猜测，请用足够长的随机密码。",
        ),
        renews: None,
        questions: &[
            URL,
            optional("uuid", "", "The uuid; a new one if left out", "uuid；省略则新建"),
            optional("cipher", "legacy", "legacy, or aes-128-cbc-fixed", "legacy 或 aes-128-cbc-fixed"),
            PLAIN,
            secret("password", "The password", "密码"),
        ],
        make: |answers| {
            let own = || format!("tunekey-{}", uuid::Uuid::new_v4());
            let ciphers = [("legacy", CloudCipher::Legacy), ("aes-128-cbc-fixed", CloudCipher::Fixed)];
            made(
                Format::Header,
                Target::CookieCloud(CookieCloudTarget {
                    url: answers.text("url"),
                    uuid: answers.optional("uuid").unwrap_or_else(own),
                    cipher: answers.one_of("cipher", &ciphers)?,
                    allows_plain_http: answers.yes("plain-http")?,
                }),
            )
        },
    },
    Preset {
        name: "home-assistant",
        title: Bilingual::new("Home Assistant (status)", "Home Assistant（状态）"),
        about: Bilingual::new(
            "Tells an automation with a webhook trigger that there is a new key and how long it lives; never the cookie. \
             Home Assistant answers the same to every webhook, so this is only ever “sent, not confirmed”.",
            "通过 Webhook 触发器告知自动化有了新密钥及其剩余天数，不含 Cookie。Home Assistant 对任何 Webhook 的回应都一样，因此只能显示“已发送，未确认”。",
        ),
        renews: None,
        questions: &[URL, PLAIN, secret("webhook", "The webhook’s id", "Webhook ID")],
        make: |answers| {
            let url =
                format!("{}/api/webhook/{{{{secret.webhook}}}}", answers.text("url").trim_end_matches('/'));
            let body = r#"{"account":"{{account}}","outcome":"renewed","days_left":"{{days_left}}","expires_at":"{{expires_at}}"}"#;
            let target = HttpTarget {
                method: HttpMethod::Post,
                url,
                headers: Vec::new(),
                body: body.to_owned(),
                body_kind: BodyKind::Json,
                signature: Signature::None,
                allows_plain_http: answers.yes("plain-http")?,
                success: Success::Unknown,
            };
            made(Format::Header, Target::Http(target))
        },
    },
    Preset {
        name: "file",
        title: Bilingual::new("A file", "文件"),
        about: Bilingual::new("Writes a whole file in a format.", "以某种格式写入整个文件。"),
        renews: None,
        questions: &[PATH, FORMAT, REPLACE, MODE, OWNER, GROUP, THEN],
        make: |answers| whole_file(answers, answers.format("format")?, answers.replace()?),
    },
    Preset {
        name: "env",
        title: Bilingual::new("A variable in a .env file", ".env 文件中的变量"),
        about: Bilingual::new(
            "Changes one variable and leaves every other byte as it is.",
            "只改动一个变量，其余字节保持原样。",
        ),
        renews: None,
        questions: &[PATH, required("variable", "The variable", "变量名"), VALUE, REPLACE, THEN],
        make: variable_in_file,
    },
    Preset {
        name: "config",
        title: Bilingual::new("A value in a TOML or JSON file", "TOML 或 JSON 文件中的值"),
        about: Bilingual::new(
            "Changes one value that is there already and leaves every other byte as it is.",
            "只改动一个已有的值，其余字节保持原样。",
        ),
        renews: None,
        questions: &[
            PATH,
            required(
                "at",
                "Where, as a JSON Pointer such as /main/cookie",
                "位置，JSON Pointer 写法，如 /main/cookie",
            ),
            optional("syntax", "json", "json or toml", "json 或 toml"),
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
    },
    Preset {
        name: "webhook",
        title: Bilingual::new("A webhook", "Webhook"),
        about: Bilingual::new(
            "Posts to an address of your own, signed as Standard Webhooks says or as GitHub does. The signature shows who \
             sent it and hides nothing: use https.",
            "发送到你自己的地址，按 Standard Webhooks 或 GitHub 的方式签名。签名只证明来源，不隐藏内容，请使用 https。",
        ),
        renews: None,
        questions: &[
            URL,
            optional("method", "POST", "POST, PUT or PATCH", "POST、PUT 或 PATCH"),
            optional("body-kind", "json", "json, form or text", "json、form 或 text"),
            optional(
                "body",
                r#"{"account":"{{account}}","cookie":"{{cookie}}"}"#,
                "The body, with placeholders",
                "正文，可含占位符",
            ),
            optional("signature", "standard", "standard, github or none", "standard、github 或 none"),
            optional(
                "header",
                "",
                "A header, such as Authorization: Bearer {{secret.token}}; the secret is given as token=FILE",
                "请求头，如 Authorization: Bearer {{secret.token}}；机密以 token=文件 提供",
            ),
            optional(
                "success",
                "",
                "A field of the answer that has to be so, such as /code=200",
                "回应中表示成功的字段，如 /code=200",
            ),
            FORMAT,
            PLAIN,
            secret("signing", "The secret that signs: whsec_… for standard", "签名密钥；standard 为 whsec_…"),
        ],
        make: webhook,
    },
    Preset {
        name: "command",
        title: Bilingual::new("A program", "程序"),
        about: Bilingual::new(
            "Runs a program and gives it the cookie on its standard input. Exit code 0 is success, 75 means later.",
            "运行程序，从标准输入把 Cookie 交给它。退出码 0 为成功，75 表示稍后再试。",
        ),
        renews: None,
        questions: &[
            required(
                "command",
                "The program, or a JSON array with its arguments, which other users of this computer can see",
                "程序，或含参数的 JSON 数组；参数会被本机其他用户看到",
            ),
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
            let command =
                command.unwrap_or(CommandTarget { arguments: Vec::new(), variable: None, seconds: 30 });
            let seconds = answers.text("seconds").parse().map_err(|_| {
                Problem::invalid("seconds is a number from 1 to 600.", "seconds 应为 1 至 600 的数字。")
            })?;
            let target = CommandTarget { variable: answers.optional("variable"), seconds, ..command };
            made(answers.format("format")?, Target::Command(target))
        },
    },
];

#[expect(clippy::unnecessary_wraps, reason = "every way to make a target ends with it")]
fn made(format: Format, target: Target) -> Result<Made, Problem> {
    Ok(Made { target, format })
}

fn value(at: String, value: &str) -> PlacedValue {
    PlacedValue { at, value: value.to_owned() }
}

fn whole_file(answers: &Answers<'_>, format: Format, replace: Replace) -> Result<Made, Problem> {
    let target = FileTarget {
        path: answers.text("path").into(),
        content: FileContent::Whole,
        replace,
        mode: answers.mode("mode")?,
        owner: answers.optional("owner"),
        group: answers.optional("group"),
        then: answers.command("then")?,
    };
    made(format, Target::File(target))
}

fn values_in_file(answers: &Answers<'_>, content: FileContent) -> Result<Made, Problem> {
    let target = FileTarget {
        path: answers.text("path").into(),
        content,
        replace: answers.replace()?,
        mode: None,
        owner: None,
        group: None,
        then: answers.command("then")?,
    };
    made(Format::Header, Target::File(target))
}

fn variable_in_file(answers: &Answers<'_>) -> Result<Made, Problem> {
    let written = answers.optional("value").unwrap_or_else(|| "{{cookie}}".to_owned());
    let values = vec![value(answers.text("variable"), &written)];
    values_in_file(answers, FileContent::Variables { values })
}

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
