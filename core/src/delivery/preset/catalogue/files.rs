//! Tools that read a file.

use tunekey_services::Bilingual;

use crate::delivery::preset::questions::{
    EXISTING_FILE, GROUP, MODE, NEW_FILE, OWNER, REPLACE, THEN, optional, required,
};
use crate::delivery::preset::targets::{value, values_in_file, variable_in_file, whole_file};
use crate::delivery::preset::{Preset, PresetGroup};
use crate::delivery::target::{FileContent, Replace};
use crate::export::Format;

pub(super) const METING: Preset = Preset {
    name: "meting",
    group: PresetGroup::Tool,
    fields: &[],
    title: Bilingual::new("Meting-API (file)", "Meting-API（文件）"),
    about: Bilingual::new(
        "Writes the file in its folder “cookie” named after the service; it takes effect at once. Mount the \
         folder and not the file into a container. Its environment variables override the file.",
        "写入其 cookie 文件夹中以平台命名的文件，立即生效。容器请挂载文件夹而不是单个文件。它的环境变量会优先于文件。",
    ),
    setup: Bilingual::new(
        "Create the folder “cookie” before you start it: it is watched from then on. Leave METING_COOKIE_NETEASE and METING_COOKIE_TENCENT unset.",
        "启动前先建好 cookie 文件夹，它从启动时开始监视；不要设置 METING_COOKIE_NETEASE 和 METING_COOKIE_TENCENT。",
    ),
    proof: Bilingual::new(
        "The file is read back after it is written. To see that Meting uses it, play a members-only song.",
        "写入后会读回核对。Meting 是否用上，可用会员歌曲试播。",
    ),
    renews: None,
    hands_over: false,
    questions: &[NEW_FILE, MODE, OWNER, GROUP],
    make: |answers| whole_file(answers, Format::Header, Replace::Atomic),
};

/// The fields of a tx user, and what is written into each: the first two play, all of them renew.
const LX_RENEWING: [(&str, &str); 6] = [
    ("uin", "{{field.uin}}"),
    ("token", "{{field.qm_keyst}}"),
    ("refreshKey", "{{field.refresh_key}}"),
    ("openId", "{{field.openid}}"),
    ("accessToken", "{{field.access_token}}"),
    ("refreshToken", "{{field.refresh_token}}"),
];

pub(super) const LX_MUSIC: Preset = Preset {
    name: "lx-music-api-server",
    group: PresetGroup::Tool,
    fields: &[],
    title: Bilingual::new("lx-music-api-server", "lx-music-api-server"),
    about: Bilingual::new(
        "Writes the first user of a platform in its data/config.json. It reads that only when it starts: have it \
         restarted afterwards.",
        "写入其 data/config.json 中某平台的第一个用户。它只在启动时读取，请设置写入后重启。",
    ),
    setup: Bilingual::new(
        "Start it once so that it writes its file, and add one user of that platform there.",
        "先启动一次让它生成配置，并在该平台下添加一个用户。",
    ),
    proof: Bilingual::new(
        "The file is read back after it is written. A program that runs afterwards and ends with an error counts as a failure.",
        "写入后会读回核对；之后运行的程序若出错则算失败。",
    ),
    renews: Some(Bilingual::new(
        "It renews its tx users by itself and then writes over the file: set refreshLogin to false there, and it gets \
         only what plays. With a sign-in of its own it may renew: set it to true.",
        "它会自行续期 tx 用户并覆盖该文件：请在其中把 refreshLogin 设为 false，这里只给播放所需的部分。若为它单独登录，则可由它续期：设为 true。",
    )),
    hands_over: true,
    questions: &[
        EXISTING_FILE,
        optional("platform", "tx", "The platform there", "其中的平台").one_of(&["tx", "wy"]),
        REPLACE,
        THEN,
    ],
    make: |answers| {
        let user = |field: &str| format!("/modules/platform/{}/users/0/{field}", answers.text("platform"));
        let places: &[(&str, &str)] = match answers.one_of("platform", &[("tx", true), ("wy", false)])? {
            true if answers.renews() => &LX_RENEWING,
            true => &LX_RENEWING[..2],
            false => &[("cookie", "{{cookie}}")],
        };
        let values = places.iter().map(|(field, written)| value(user(field), written)).collect();
        values_in_file(answers, FileContent::Json { values })
    },
};

pub(super) const UNBLOCK_NETEASE: Preset = Preset {
    name: "unblock-netease-music",
    group: PresetGroup::Tool,
    fields: &[],
    title: Bilingual::new("UnblockNeteaseMusic", "UnblockNeteaseMusic"),
    about: Bilingual::new(
        "Writes QQ_COOKIE or NETEASE_COOKIE into a .env file. It takes effect in a new process; with Compose, \
         recreate the container. Only QQ accounts that signed in with QQ work there.",
        "写入 .env 中的 QQ_COOKIE 或 NETEASE_COOKIE。重新创建进程后生效，Compose 请重新创建容器。QQ 账号仅支持以 QQ 登录的。",
    ),
    setup: Bilingual::new(
        "Have its service read that file: started with node from its app.js, or with env_file in Compose. No line of it \
         may be empty: its own reader stops there.",
        "让其服务读取该文件：用 node 启动其 app.js，或在 Compose 中用 env_file。文件中不能有空行，其自带的读取器遇到空行会失败。",
    ),
    proof: Bilingual::new(
        "The file is read back after it is written. A program that runs afterwards and ends with an error counts as a failure.",
        "写入后会读回核对；之后运行的程序若出错则算失败。",
    ),
    renews: None,
    hands_over: false,
    questions: &[
        EXISTING_FILE,
        required("variable", "The variable", "变量名").one_of(&["QQ_COOKIE", "NETEASE_COOKIE"]),
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
        // Its own reader keeps quotes, and so does Docker’s.
        values_in_file(answers, FileContent::RawVariables { values })
    },
};

pub(super) const NCM_API: Preset = Preset {
    name: "ncm-api",
    group: PresetGroup::Tool,
    fields: &["MUSIC_U"],
    title: Bilingual::new("NeteaseCloudMusicApi", "NeteaseCloudMusicApi"),
    about: Bilingual::new(
        "It takes the cookie with every request and keeps none, so this writes the .env file of the program that calls \
         it. A NETEASE_COOKIE of its own has no effect over HTTP.",
        "它不保存 Cookie，每次请求都要带上，因此写入调用它的程序的 .env。它自身的 NETEASE_COOKIE 对 HTTP 请求无效。",
    ),
    setup: Bilingual::new(
        "Have the program that calls it send that variable as the cookie of each request, best in the body of a POST.",
        "让调用方在每次请求中把该变量作为 cookie 发送，最好放在 POST 正文里。",
    ),
    proof: Bilingual::new(
        "The file is read back after it is written. A program that runs afterwards and ends with an error counts as a failure.",
        "写入后会读回核对；之后运行的程序若出错则算失败。",
    ),
    renews: None,
    hands_over: false,
    questions: &[
        EXISTING_FILE,
        required("variable", "The caller’s variable", "调用方的变量名"),
        REPLACE,
        THEN,
    ],
    make: variable_in_file,
};

pub(super) const QQMUSIC_API_WEB: Preset = Preset {
    name: "qqmusic-api-web",
    group: PresetGroup::Tool,
    fields: &["qm_keyst"],
    title: Bilingual::new("qqmusic-api-python, web part", "qqmusic-api-python 的 Web 服务"),
    about: Bilingual::new(
        "Writes the key of the first account in accounts.toml. It reads that only when it starts, and removes accounts \
         that are not in it: let it be restarted afterwards.",
        "写入 accounts.toml 中第一个账号的密钥。它只在启动时读取，并会删除未列出的账号，请设置写入后重启。",
    ),
    setup: Bilingual::new(
        "Set enabled to true under [credential], and put one account into accounts.toml.",
        "在 [credential] 中把 enabled 设为 true，并在 accounts.toml 中写好一个账号。",
    ),
    proof: Bilingual::new(
        "The file is read back after it is written. A program that runs afterwards and ends with an error counts as a failure.",
        "写入后会读回核对；之后运行的程序若出错则算失败。",
    ),
    renews: Some(Bilingual::new(
        "It renews by itself when it can. It gets only what plays; leave the refresh fields empty.",
        "它会尽可能自行续期。这里只给播放所需的部分，请把各 refresh 字段留空。",
    )),
    hands_over: false,
    questions: &[EXISTING_FILE, REPLACE, THEN],
    make: |answers| {
        let values = vec![value("/account/0/musickey".to_owned(), "{{field.qm_keyst}}")];
        values_in_file(answers, FileContent::Toml { values })
    },
};

pub(super) const YT_DLP: Preset = Preset {
    name: "yt-dlp",
    group: PresetGroup::Tool,
    fields: &[],
    title: Bilingual::new("yt-dlp", "yt-dlp"),
    about: Bilingual::new(
        "Writes a cookies.txt for --cookies. yt-dlp writes the file anew when it ends, which is noticed and said; give \
         each run a copy to avoid that.",
        "写入 --cookies 用的 cookies.txt。yt-dlp 结束时会改写它，届时会提示；让每次运行使用副本即可避免。",
    ),
    setup: Bilingual::new(
        "Run it with --cookies and a copy of that file. Where it asks by plain http, the copy has to allow that: its page says how.",
        "运行时用 --cookies 指定该文件的副本。它以 http 访问的，副本须放开 https 限制，做法见其页面。",
    ),
    proof: Bilingual::new("The file is read back after it is written.", "写入后会读回核对。"),
    renews: None,
    hands_over: false,
    questions: &[NEW_FILE],
    make: |answers| whole_file(answers, Format::Netscape, Replace::Atomic),
};
