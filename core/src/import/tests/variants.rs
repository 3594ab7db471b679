//! Every kind of text, in the many forms in which people paste it: what a kind is, put together with everything
//! that can stand around it, and with sessions and keys of all sorts in it.

use serde_json::{Value, json};

use super::cases::slip;

mod json;
mod text;

/// What somebody may have.
struct Owned {
    /// Names and values as cookies.
    cookies: Vec<(&'static str, String)>,
    /// What is to be found, as the files of cases say it.
    expected: Value,
    domain: &'static str,
}

impl Owned {
    fn header(&self) -> String {
        self.joined("=", "; ")
    }

    fn joined(&self, sign: &str, between: &str) -> String {
        let pairs: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}{sign}{value}")).collect();
        pairs.join(between)
    }

    fn quoted(&self, open: &str, sign: &str, between: &str) -> String {
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{open}{name}{open}{sign}{open}{value}{open}"))
            .collect();
        pairs.join(between)
    }

    fn json(&self) -> String {
        format!("{{{}}}", self.quoted("\"", ": ", ", "))
    }

    /// One line a cookie, by a pattern with `{n}`, `{v}` and `{d}`.
    fn rows(&self, pattern: &str, between: &str) -> String {
        let row = |(name, value): &(&str, String)| {
            pattern.replace("{n}", name).replace("{v}", value).replace("{d}", self.domain)
        };
        self.cookies.iter().map(row).collect::<Vec<_>>().join(between)
    }

    /// A pattern with `{header}`, `{json}`, `{python}`, `{url}`, `{encoded}` and `{value}` in it.
    fn filled(&self, pattern: &str) -> String {
        let encoded: String = self
            .header()
            .chars()
            .map(|c| match c {
                '=' => "%3D".to_owned(),
                ';' => "%3B".to_owned(),
                ' ' => "%20".to_owned(),
                c => c.to_string(),
            })
            .collect();
        pattern
            .replace("{header}", &self.header())
            .replace("{json}", &self.json())
            .replace("{escaped}", &self.json().replace('"', "\\\""))
            .replace("{python}", &format!("{{{}}}", self.quoted("'", ": ", ", ")))
            .replace("{url}", &format!("https://{}/", self.domain))
            .replace("{host}", self.domain)
            .replace("{encoded}", &encoded)
    }
}

fn session(length: usize, upper: bool) -> String {
    let digits: String = "00a1b2c3d4e5f60718293a4b5c6d7e8f9".chars().cycle().take(length).collect();
    if upper { digits.to_uppercase() } else { digits }
}

const KEY: &str = "Q_H_L_63k3NmYq7-variant_key-of-nobody0123456789abcdefABCDEF";
const KEY_OF_WECHAT: &str = "W_X_63k3NmYq7_variant-key-of-nobody0123456789";
const CSRF: &str = "fedcba98765432100123456789abcdef";

fn everybody() -> Vec<Owned> {
    let netease = |session: String| Owned {
        expected: json!({"service": "netease", "fields": {"MUSIC_U": session, "__csrf": CSRF}}),
        cookies: vec![("MUSIC_U", session), ("__csrf", CSRF.to_owned())],
        domain: "music.163.com",
    };
    vec![
        netease(session(256, true)),
        netease(session(132, false)),
        netease(session(674, true)),
        Owned {
            cookies: vec![("uin", "10001".to_owned()), ("qm_keyst", KEY.to_owned())],
            expected: json!({"service": "qqmusic", "fields": {"account": "10001", "musickey": KEY}}),
            domain: "y.qq.com",
        },
        Owned {
            cookies: vec![
                ("qqmusic_key", KEY_OF_WECHAT.to_owned()),
                ("wxuin", "1152921504600000043".to_owned()),
                ("wxopenid", "o1VariantOpenid_of-nobody77a8".to_owned()),
            ],
            expected: json!({"service": "qqmusic", "fields":
                {"account": "1152921504600000043", "musickey": KEY_OF_WECHAT, "openid": "o1VariantOpenid_of-nobody77a8"}}),
            domain: "y.qq.com",
        },
    ]
}

/// Reads each text and collects what is wrong.
fn check(kind: &str, texts: Vec<(Vec<u8>, Value)>) {
    assert!(texts.len() >= 100, "{kind} has only {} texts", texts.len());
    let wrong: Vec<String> = texts
        .iter()
        .enumerate()
        .filter_map(|(number, (text, expected))| {
            let slip = slip(text, expected)?;
            let shown: String = String::from_utf8_lossy(text).chars().take(700).collect();
            Some(format!("{kind} {number}: {slip}\n    {}", shown.replace('\n', "⏎")))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), texts.len(), wrong.join("\n"));
}

fn of_patterns(patterns: &[&str]) -> Vec<(Vec<u8>, Value)> {
    let all = everybody();
    let fill = |pattern: &&str| {
        all.iter()
            .map(|owned| (owned.filled(pattern).into_bytes(), owned.expected.clone()))
            .collect::<Vec<_>>()
    };
    patterns.iter().flat_map(fill).collect()
}

fn of_rows(patterns: &[(&str, &str, &str, &str)]) -> Vec<(Vec<u8>, Value)> {
    let all = everybody();
    let fill = |(before, row, between, after): &(&str, &str, &str, &str)| {
        all.iter()
            .map(|owned| {
                (format!("{before}{}{after}", owned.rows(row, between)).into_bytes(), owned.expected.clone())
            })
            .collect::<Vec<_>>()
    };
    patterns.iter().flat_map(fill).collect()
}

#[test]
fn commands_that_browsers_copy_are_read_in_every_language() {
    let mut texts = of_patterns(&[
        "curl '{url}' -H 'cookie: {header}'",
        "curl \"{url}\" -H \"Cookie: {header}\"",
        "curl '{url}' \\\n  -H 'accept: */*' \\\n  -b '{header}' \\\n  --compressed",
        "curl -b '{header}' {url}",
        "curl --cookie '{header}' {url}",
        "curl -X POST {url} -d a=b -H 'Cookie:{header}'",
        "curl.exe -H \"Cookie: {header}\" {url}",
        "curl ^\"{url}^\" ^\r\n  -H ^\"accept: */*^\" ^\r\n  -b ^\"{header}^\"",
        "curl '{url}' -H $'cookie: {header}'",
        "CURL '{url}' -H 'cookie: {header}'",
        "sudo curl '{url}' -b '{header}'",
        "time curl '{url}' -b '{header}'",
        "$ curl '{url}' -b '{header}'\n{\"code\":301}",
        "# mine\ncurl '{url}' -b '{header}'",
        "user@host:~$ curl '{url}' -b '{header}'\n",
        "curl 'http://localhost:3000/x' -b '{header}'",
        "curl 'http://127.0.0.1:3000/x?cookie={encoded}'",
        "wget --header=\"Cookie: {header}\" {url}",
        "wget --header 'Cookie: {header}' '{url}'",
        "http GET {url} 'Cookie:{header}'",
        "xh {url} Cookie:'{header}'",
        "fetch(\"{url}\", {\n  \"headers\": {\n    \"accept\": \"*/*\",\n    \"cookie\": \"{header}\"\n  },\n  \"method\": \"GET\"\n});",
        "await fetch('{url}', { headers: { Cookie: '{header}' } })",
        "fetch(\"{url}\", {\"headers\":{\"Cookie\":\"{header}\"},\"body\":null});\nfetch(\"{url}\", {\"headers\":{}});",
        "Invoke-WebRequest -Uri \"{url}\" -Headers @{\n\"Cookie\"=\"{header}\"\n  \"accept\"=\"*/*\"\n}",
        "Invoke-RestMethod '{url}' -Headers @{ Cookie = '{header}' }",
        "requests.get('{url}', headers={'Cookie': '{header}'})",
        "axios.get('{url}', { headers: { Cookie: '{header}' } })",
        "var client = new HttpClient();\nclient.DefaultRequestHeaders.Add(\"Cookie\", \"{header}\");",
        "req.Header.Set(\"Cookie\", \"{header}\")",
        "conn.setRequestProperty(\"Cookie\", \"{header}\");",
        "http://localhost:3000/login/status?cookie={encoded}",
        "http://localhost:3000/login/status?cookie={encoded}&timestamp=1",
        "https://api.example/x?timestamp=1&cookie={encoded}#a",
        "GET /x?cookie={encoded} HTTP/1.1",
        "cookie={encoded}",
        "{encoded}",
        "tunekey://import?c={encoded}",
        "?cookie={encoded}",
    ]);
    for owned in everybody() {
        let cookies = owned.rows(
            "$session.Cookies.Add((New-Object System.Net.Cookie(\"{n}\", \"{v}\", \"/\", \".{d}\")))",
            "\n",
        );
        for text in [
            format!(
                "$session = New-Object Microsoft.PowerShell.Commands.WebRequestSession\n$session.UserAgent = \"Mozilla/5.0\"\n{cookies}\nInvoke-WebRequest -UseBasicParsing -Uri \"https://{}/\" `\n-WebSession $session `\n-Headers @{{\n\"accept\"=\"*/*\"\n}}",
                owned.domain
            ),
            cookies.clone(),
            cookies.replace('\n', "\r\n"),
            format!("curl 'https://{}/' {}", owned.domain, owned.rows("-b '{n}={v}'", " ")),
        ] {
            texts.push((text.into_bytes(), owned.expected.clone()));
        }
    }
    check("commands", texts);
}

#[test]
fn fields_are_known_by_all_their_names() {
    let mut texts = Vec::new();
    let session = session(256, true);
    let of_session = json!({"service": "netease", "fields": {"MUSIC_U": session}});
    for name in [
        "MUSIC_U",
        "music_u",
        "Music_U",
        "musicU",
        "MusicU",
        "musicu",
        "MUSIC-U",
        "NETEASE_MUSIC_U",
        "NCM_MUSIC_U",
        "WYY_MUSIC_U",
        "netease_music_u",
        "neteaseMusicU",
        "cookie-MUSIC_U",
        "COOKIE_MUSIC_U",
        "MUSIC_U_1",
        "MUSIC_U2",
        "NETEASE_MUSIC_U_A",
        "wy_music_u",
        "token",
        "Token",
        "cookie",
        "NETEASE_COOKIE",
    ] {
        for text in [
            format!("{name}={session}"),
            format!("{name}: {session}"),
            format!("{{\"{name}\": \"{session}\"}}"),
            format!("{name}=\"{session}\""),
            format!("{{'{name}': '{session}'}}"),
            format!("export {name}={session}"),
            format!("{name} = '{session}'"),
        ] {
            texts.push((text.into_bytes(), of_session.clone()));
        }
    }
    let of_key = json!({"service": "qqmusic", "fields": {"account": "10001", "musickey": KEY}});
    for key in [
        "musickey",
        "musicKey",
        "music_key",
        "MUSIC_KEY",
        "qqmusic_key",
        "qqmusicKey",
        "QQMUSIC_KEY",
        "qm_keyst",
        "QM_KEYST",
        "qmKeyst",
        "lqm_keyst",
        "token",
        "key",
        "qq_music_key",
        "QQ_MUSIC_KEY",
        "tx_musickey",
        "authst",
        "密钥",
    ] {
        for number in [
            "uin",
            "UIN",
            "Uin",
            "p_uin",
            "luin",
            "p_luin",
            "loginUin",
            "login_uin",
            "musicid",
            "musicId",
            "music_id",
            "str_musicid",
            "strMusicId",
            "qqmusic_uin",
            "pt2gguin",
            "qq_uin",
            "qq",
            "QQ号",
            "账号",
            "account",
            "accountId",
        ] {
            texts.push((
                format!("{{\"{number}\": \"10001\", \"{key}\": \"{KEY}\"}}").into_bytes(),
                of_key.clone(),
            ));
            texts.push((
                format!("{{\"{key}\": \"{KEY}\", \"{number}\": 10001}}").into_bytes(),
                of_key.clone(),
            ));
            texts.push((format!("{number}: 10001\n{key}: {KEY}").into_bytes(), of_key.clone()));
            texts.push((format!("{number}=\"10001\"\n{key}=\"{KEY}\"\n").into_bytes(), of_key.clone()));
        }
    }
    check("names", texts);
}

#[test]
fn what_is_invisible_is_dropped_and_every_encoding_is_decoded() {
    let mut texts = Vec::new();
    let invisible = [
        '\u{200b}', '\u{200c}', '\u{200d}', '\u{200e}', '\u{200f}', '\u{feff}', '\u{2060}', '\u{ad}',
        '\u{2066}', '\u{2069}', '\u{202a}', '\u{202c}', '\u{202d}',
    ];
    for owned in everybody() {
        for c in invisible {
            for (before, after) in [("", ""), ("Cookie: ", ""), ("{\"cookie\": \"", "\"}")] {
                let header = owned.header();
                let half = header.len() / 2;
                for text in [
                    format!("{c}{before}{header}{after}"),
                    format!("{before}{header}{after}{c}"),
                    format!("{before}{c}{header}{c}{after}"),
                    format!("{before}{}{c}{}{after}", &header[..half], &header[half..]),
                    format!("{before}{}{after}", header.replace('=', &format!("={c}"))),
                ] {
                    texts.push((text.into_bytes(), owned.expected.clone()));
                }
            }
        }
        for pattern in [
            "{header}",
            "{json}",
            "# 网易云音乐 QQ音乐 的饼干\nCookie: {header}",
            "我的：{header}",
            "curl '{url}' -b '{header}'",
        ] {
            let text = owned.filled(pattern);
            let wide = |order: fn(u16) -> [u8; 2], mark: bool| {
                let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
                units.flat_map(order).collect::<Vec<u8>>()
            };
            let mut plain = b"\xef\xbb\xbf".to_vec();
            plain.extend(text.as_bytes());
            for bytes in [
                wide(u16::to_le_bytes, true),
                wide(u16::to_be_bytes, true),
                wide(u16::to_le_bytes, false),
                wide(u16::to_be_bytes, false),
                plain,
                encoding_rs::GBK.encode(&text).0.into_owned(),
                text.replace('\n', "\r").into_bytes(),
                text.replace('\n', "\r\n").into_bytes(),
                text.replace(' ', "\u{a0}").into_bytes(),
                text.replace(' ', "\u{3000}").into_bytes(),
            ] {
                texts.push((bytes, owned.expected.clone()));
            }
        }
    }
    check("encoding", texts);
}

#[test]
fn values_that_were_shortened_are_refused_in_words() {
    let mut texts = Vec::new();
    let refused = json!({"refused_with_reason": "shortened"});
    for mark in ["…", "...", "⋯", "....", "••••", "*****", "[...]", "……", "..", "●●●●"]
    {
        for length in [16, 60, 120] {
            for text in [
                format!("MUSIC_U={}{mark}", session(length, true)),
                format!("MUSIC_U={}{mark}; __csrf={CSRF}", session(length, true)),
                format!(
                    "Cookie: MUSIC_U={}{mark}{}; __csrf={CSRF}",
                    session(length, true),
                    session(16, true)
                ),
                format!("{{\"MUSIC_U\": \"{}{mark}\"}}", session(length, false)),
                format!("MUSIC_U: \"{}{mark}\"", session(length, true)),
                format!("uin=10001; qm_keyst=Q_H_L_{}{mark}", session(length, false)),
                format!("MUSIC_U\t{}{mark}\t.music.163.com\t/", session(length, true)),
                format!("curl 'https://music.163.com/' -H 'cookie: MUSIC_U={}{mark}'", session(length, true)),
            ] {
                texts.push((text.into_bytes(), refused.clone()));
            }
        }
    }
    check("cut", texts);
}

#[test]
fn several_accounts_are_never_taken_for_one() {
    let mut texts = Vec::new();
    let refused = json!({"refused_with_reason": "two accounts"});
    let (one, other) = (session(256, true), session(256, true).replace('A', "7"));
    for pattern in [
        "A=\"MUSIC_U={1}\"\nB=\"MUSIC_U={2}\"",
        "MUSIC_U={1}\nMUSIC_U={2}",
        "MUSIC_U={1}; __csrf=a\nMUSIC_U={2}; __csrf=b",
        "COOKIE_A=MUSIC_U={1}\nCOOKIE_B=MUSIC_U={2}\n",
        "[{\"cookie\": \"MUSIC_U={1}\"}, {\"cookie\": \"MUSIC_U={2}\"}]",
        "{\"users\": [{\"cookie\": \"MUSIC_U={1};\"}, {\"cookie\": \"MUSIC_U={2};\"}]}",
        "{\"a\": {\"MUSIC_U\": \"{1}\"}, \"b\": {\"MUSIC_U\": \"{2}\"}}",
        "- MUSIC_U={1}\n- MUSIC_U={2}",
        "1. MUSIC_U={1}\n2. MUSIC_U={2}",
        "{1}\n{2}",
        "MUSIC_U: {1}\n\nMUSIC_U: {2}",
        "[{'MUSIC_U': '{1}'}, {'MUSIC_U': '{2}'}]",
        "[a]\ncookie = \"MUSIC_U={1}\"\n[b]\ncookie = \"MUSIC_U={2}\"\n",
        "a:\n  cookie: MUSIC_U={1}\nb:\n  cookie: MUSIC_U={2}\n",
        "Cookie: MUSIC_U={1}\nCookie: MUSIC_U={2}\n",
        "curl 'https://music.163.com/' -b 'MUSIC_U={1}'\ncurl 'https://music.163.com/' -b 'MUSIC_U={2}'",
        "{\"MUSIC_U\": \"{1}\"}\n{\"MUSIC_U\": \"{2}\"}\n",
        "账号1：MUSIC_U={1}\n账号2：MUSIC_U={2}",
        "first MUSIC_U={1} and second MUSIC_U={2}",
        "MUSIC_U={1}&MUSIC_U={2}",
    ] {
        texts.push((pattern.replace("{1}", &one).replace("{2}", &other).into_bytes(), refused.clone()));
    }
    let (key, another) = (KEY, format!("{KEY}2"));
    for (first, second) in
        [("10001", "10002"), ("o0010001", "o0010002"), ("20001", "1152921504600000043"), ("999999", "10002")]
    {
        for pattern in [
            "uin={a}; qm_keyst={1}\nuin={b}; qm_keyst={2}",
            "uin={a}\nqm_keyst={1}\nuin={b}\nqm_keyst={2}",
            "qm_keyst={1}\nuin={a}\nqm_keyst={2}\nuin={b}",
            "[{\"uin\": \"{a}\", \"token\": \"{1}\"}, {\"uin\": \"{b}\", \"token\": \"{2}\"}]",
            "{\"users\": [{\"uin\": \"{a}\", \"cookie\": \"qm_keyst={1}\"}, {\"uin\": \"{b}\", \"cookie\": \"qm_keyst={2}\"}]}",
            "uin,musickey\n{a},{1}\n{b},{2}\n",
            "[[account]]\nmusicid = \"{a}\"\nmusickey = \"{1}\"\n[[account]]\nmusicid = \"{b}\"\nmusickey = \"{2}\"\n",
            "- uin: \"{a}\"\n  musickey: {1}\n- uin: \"{b}\"\n  musickey: {2}\n",
            "A=\"uin={a}; qm_keyst={1}\"\nB=\"uin={b}; qm_keyst={2}\"\n",
            "[{'musicid': '{a}', 'musickey': '{1}'}, {'musicid': '{b}', 'musickey': '{2}'}]",
            "Credential(musicid='{a}', musickey='{1}')\nCredential(musicid='{b}', musickey='{2}')",
            "uin: {a}, key: {1}\nuin: {b}, key: {2}",
            "账号：{a}\n密钥：{1}\n\n账号：{b}\n密钥：{2}",
            "{\"musicid\": \"{a}\", \"musickey\": \"{1}\"}\n{\"musicid\": \"{b}\", \"musickey\": \"{2}\"}",
            "| uin | musickey |\n|---|---|\n| {a} | {1} |\n| {b} | {2} |",
            "> uin={a}; qm_keyst={1}\n> uin={b}; qm_keyst={2}",
            "uin={a}&qm_keyst={1}\nuin={b}&qm_keyst={2}",
            "uin={a}, qm_keyst={1}\nuin={b}, qm_keyst={2}",
            "Cookie: uin={a}; qm_keyst={1}\nCookie: uin={b}; qm_keyst={2}",
            "{\"x\": \"uin={a}; qm_keyst={1}\", \"y\": \"uin={b}; qm_keyst={2}\"}",
        ] {
            let text = pattern
                .replace("{a}", first)
                .replace("{b}", second)
                .replace("{1}", key)
                .replace("{2}", &another);
            texts.push((text.into_bytes(), refused.clone()));
        }
    }
    check("several", texts);
}

#[test]
fn the_same_account_twice_is_one_account() {
    let mut texts = Vec::new();
    for owned in everybody() {
        let header = owned.header();
        for between in ["\n", "\n\n", "\n---\n", "\nCookie: "] {
            for before in ["", "Cookie: ", "A=", "> "] {
                texts.push((
                    format!("{before}{header}{between}{header}").into_bytes(),
                    owned.expected.clone(),
                ));
            }
        }
        let request = format!(
            "{{\"request\": {{\"url\": \"https://{}/\", \"headers\": [{{\"name\": \"Cookie\", \"value\": \"{header}\"}}]}}}}",
            owned.domain
        );
        texts.push((
            format!("{{\"log\": {{\"entries\": [{request}, {request}]}}}}").into_bytes(),
            owned.expected.clone(),
        ));
        texts.push((format!("[{0}, {0}]", owned.json()).into_bytes(), owned.expected.clone()));
        texts.push((
            format!("curl 'https://{0}/' -b '{header}'\ncurl 'https://{0}/' -b '{header}'", owned.domain)
                .into_bytes(),
            owned.expected.clone(),
        ));
        texts.push((
            format!("{{\"cookie\": \"{header}\", \"again\": \"{header}\"}}").into_bytes(),
            owned.expected.clone(),
        ));
    }
    check("same", texts);
}
