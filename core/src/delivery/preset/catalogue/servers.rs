//! Tools that are told over HTTP.

use tunekey_services::Bilingual;

use crate::delivery::preset::questions::{PLAIN, URL, optional, required, secret};
use crate::delivery::preset::targets::made;
use crate::delivery::preset::{Preset, PresetGroup};
use crate::delivery::target::{
    BodyKind, CloudCipher, CookieCloudTarget, HttpMethod, HttpTarget, MetingTarget, OpenListTarget,
    QinglongTarget, Signature, Success, Target,
};
use crate::export::Format;

pub(super) const METING_ADMIN: Preset = Preset {
    name: "meting-admin",
    group: PresetGroup::Tool,
    fields: &[],
    title: Bilingual::new("Meting-API, forks with an admin page", "Meting-API（带管理后台的分支）"),
    about: Bilingual::new(
        "Puts the cookie into its list and has it verified. The token is an API token of the admin page; change the \
         admin’s first password, which everybody knows.",
        "写入其 Cookie 列表并触发验证。令牌是管理后台的 API Token；请务必修改人尽皆知的初始管理员密码。",
    ),
    setup: Bilingual::new("Create an API token on its admin page.", "在管理后台创建 API Token。"),
    proof: Bilingual::new(
        "It tries the cookie itself and says what came of that.",
        "由它自行验证该 Cookie 并返回结果。",
    ),
    renews: Some(Bilingual::new(
        "One of the forks renews QQ keys by itself. TuneKey sends it only what plays, so that it can’t; or give it a sign-in \
         of its own, which it renews.",
        "其中一个分支会自行续期 QQ 密钥。这里只给播放所需的部分，使其无法续期；也可以为它单独登录，由它续期。",
    )),
    hands_over: true,
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
};

pub(super) const OPEN_LIST: Preset = Preset {
    name: "openlist",
    group: PresetGroup::Tool,
    fields: &["MUSIC_U"],
    title: Bilingual::new("OpenList or AList", "OpenList 或 AList"),
    about: Bilingual::new(
        "Puts the cookie into a storage that is there already, and has its folder listed with it. The token is that of \
         the settings; it opens all of the program.",
        "写入已有存储的 Cookie，并以此刷新其目录。令牌在其设置中，可控制整个程序。",
    ),
    setup: Bilingual::new(
        "Add a NeteaseMusic storage once. The token is in its settings.",
        "先添加一次 NeteaseMusic 存储；令牌在其设置中。",
    ),
    proof: Bilingual::new(
        "The storage’s folder is listed anew with the new cookie.",
        "用新 Cookie 重新列出该存储的目录。",
    ),
    renews: None,
    hands_over: false,
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
};

pub(super) const QINGLONG: Preset = Preset {
    name: "qinglong",
    group: PresetGroup::Tool,
    fields: &[],
    title: Bilingual::new("qinglong", "青龙面板"),
    about: Bilingual::new(
        "Sets an environment variable; scripts see it at their next run. The application needs the permission for \
         variables. Its secret is in the addresses that qinglong logs, so share no log of it.",
        "设置环境变量，脚本下次运行时生效。应用需要「环境变量」权限。其密钥会出现在青龙自己的请求地址中，请勿外传其日志。",
    ),
    setup: Bilingual::new(
        "Create an application with the permission for environment variables in its system settings.",
        "在系统设置中创建应用，并授予「环境变量」权限。",
    ),
    proof: Bilingual::new(
        "It answers that the variable is set; whether a script works with it shows at its next run.",
        "由它返回变量已设置；脚本是否可用，要看下次运行。",
    ),
    renews: None,
    hands_over: false,
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
};

pub(super) const COOKIE_CLOUD: Preset = Preset {
    name: "cookiecloud",
    group: PresetGroup::Tool,
    fields: &[],
    title: Bilingual::new("CookieCloud", "CookieCloud"),
    about: Bilingual::new(
        "Puts the cookies beside what is there under a uuid; best one of its own, because the last who writes wins. Its \
         encryption proves nothing of who wrote it and is as strong as the password: whoever runs the server can guess \
         at it, so take a long random one.",
        "把 Cookie 合并进某个 uuid 的数据；最好用单独的 uuid，因为后写入者会覆盖先写入者。其加密不防篡改，强度取决于密码，\
         服务器的主人可以离线猜测，请用足够长的随机密码。",
    ),
    setup: Bilingual::new(
        "Give whoever reads it the same address, uuid and password.",
        "在读取方填写同样的地址、uuid 和密码。",
    ),
    proof: Bilingual::new(
        "What is stored there is fetched again and compared.",
        "会重新取回其中的数据并核对。",
    ),
    renews: None,
    hands_over: false,
    questions: &[
        URL,
        optional("uuid", "", "The uuid; a new one if left out", "uuid；省略则新建"),
        optional("cipher", "legacy", "The cipher", "加密方式").one_of(&["legacy", "aes-128-cbc-fixed"]),
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
};

pub(super) const HOME_ASSISTANT: Preset = Preset {
    name: "home-assistant",
    group: PresetGroup::Tool,
    fields: &[],
    title: Bilingual::new("Home Assistant (status)", "Home Assistant（状态）"),
    about: Bilingual::new(
        "Tells an automation with a webhook trigger that there is a new key and how long it lives; never the cookie. \
         Home Assistant answers the same to every webhook, so this is only ever “sent, not confirmed”.",
        "通过 Webhook 触发器告知自动化有了新密钥及其剩余天数，不含 Cookie。Home Assistant 对任何 Webhook 的回应都一样，因此只能显示“已发送，未确认”。",
    ),
    setup: Bilingual::new(
        "Create an automation with a webhook trigger, and copy the trigger’s id.",
        "创建带 Webhook 触发器的自动化，并复制该触发器的 ID。",
    ),
    proof: Bilingual::new(
        "It can’t be proved, because every webhook is answered the same.",
        "无法证实，因为任何 Webhook 得到的回应都一样。",
    ),
    renews: None,
    hands_over: false,
    questions: &[URL, PLAIN, secret("webhook", "The webhook’s id", "Webhook ID")],
    make: |answers| {
        let url = format!("{}/api/webhook/{{{{secret.webhook}}}}", answers.text("url").trim_end_matches('/'));
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
};
