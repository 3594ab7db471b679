//! Texts as people paste them: good, damaged and hostile. None of them was ever real.

use tunekey_services::PasteFormat::{
    self, Bare, BrowserExport, Code, CookieHeader, Curl, Har, JsonObject, Netscape, QqmusicApi, SetCookie,
};
use tunekey_services::ServiceId;
use tunekey_services::netease::ID as NETEASE;
use tunekey_services::qqmusic::ID as QQ_MUSIC;

use crate::import::ImportError::{
    self, ControlCharacters, Damaged, Empty, NothingFound, OtherSites, TooLong,
};

/// A text and what is to be made of it.
pub(super) struct Case {
    /// What is special about it.
    pub(super) name: &'static str,
    pub(super) text: String,
    pub(super) expected: Expected,
}

pub(super) enum Expected {
    /// The shape, the service that can sign in with it, and every name and value in their order.
    Found(PasteFormat, Option<ServiceId>, Vec<(&'static str, &'static str)>),
    Refused(ImportError),
}

type Fields<'a> = &'a [(&'static str, &'static str)];

fn found(
    name: &'static str,
    text: impl Into<String>,
    format: PasteFormat,
    service: impl Into<Option<ServiceId>>,
    fields: Fields<'_>,
) -> Case {
    Case { name, text: text.into(), expected: Expected::Found(format, service.into(), fields.to_vec()) }
}

fn refused(name: &'static str, text: impl Into<String>, error: ImportError) -> Case {
    Case { name, text: text.into(), expected: Expected::Refused(error) }
}

/// 132 hexadecimal digits, as a session of 2022 has.
const SESSION: &str = "00a1b2c3d4e5f60718293a4b5c6d7e8f00a1b2c3d4e5f60718293a4b5c6d7e8f\
                       00a1b2c3d4e5f60718293a4b5c6d7e8f00a1b2c3d4e5f60718293a4b5c6d7e8f00a1";

/// Every case.
pub(super) fn cases() -> Vec<Case> {
    [
        headers(),
        set_cookies(),
        json_objects(),
        browser_exports(),
        credentials(),
        netscape_files(),
        commands(),
        archives(),
        bare_values(),
        variables(),
        other_sites(),
        damaged(),
        hostile(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn headers() -> Vec<Case> {
    vec![
        found(
            "a header's value",
            "MUSIC_U=00A1; __csrf=c1; os=pc",
            CookieHeader,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1"), ("os", "pc")],
        ),
        found(
            "a header with its name",
            "Cookie: MUSIC_U=00A1; __csrf=c1",
            CookieHeader,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1")],
        ),
        found(
            "a name in small letters and no space behind it",
            "cookie:MUSIC_U=00A1;__csrf=c1",
            CookieHeader,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1")],
        ),
        found(
            "QQ Music with an account number as cookies write it",
            "pgv_pvid=9; uin=o0010001; qm_keyst=Q_H_L_k; qqmusic_key=Q_H_L_k; euin=oK6z**",
            CookieHeader,
            QQ_MUSIC,
            &[
                ("pgv_pvid", "9"),
                ("uin", "o0010001"),
                ("qm_keyst", "Q_H_L_k"),
                ("qqmusic_key", "Q_H_L_k"),
                ("euin", "oK6z**"),
            ],
        ),
        found(
            "QQ Music by WeChat",
            "wxuin=1152921504600000043; qm_keyst=W_X_k; wxopenid=o1; login_type=2",
            CookieHeader,
            QQ_MUSIC,
            &[
                ("wxuin", "1152921504600000043"),
                ("qm_keyst", "W_X_k"),
                ("wxopenid", "o1"),
                ("login_type", "2"),
            ],
        ),
        found(
            "a whole request, of which only the cookies count",
            "GET /api HTTP/1.1\r\nHost: music.163.com\r\nCookie: MUSIC_U=00A1; __csrf=c1\r\n\
             Referer: https://music.163.com/?a=b\r\n",
            CookieHeader,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1")],
        ),
        found(
            "one cookie a line, with a byte order mark and Windows' line ends",
            "\u{feff}MUSIC_U=00A1\r\n__csrf=c1\r\n",
            CookieHeader,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1")],
        ),
        found(
            "a header that a chat has broken into lines",
            "MUSIC_U=00A1;\n  __csrf=c1;\n\n os=pc;",
            CookieHeader,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1"), ("os", "pc")],
        ),
        found(
            "Chinese punctuation",
            "Cookie：MUSIC_U＝00A1； __csrf=c1；",
            CookieHeader,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1")],
        ),
        found(
            "values with equals signs, plus signs and percent signs stay as they are",
            "MUSIC_U=U+%2B==; __csrf=a%3Db",
            CookieHeader,
            NETEASE,
            &[("MUSIC_U", "U+%2B=="), ("__csrf", "a%3Db")],
        ),
        found(
            "percent-encoded as a whole",
            "MUSIC_U%3D00A1%3B%20__csrf%3dc1",
            CookieHeader,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1")],
        ),
        found(
            "empty and deleted ones are none",
            "MUSIC_U=; MUSIC_U=00A1; __csrf=\"\"; MUSIC_R_U=deleted; =x; y",
            CookieHeader,
            NETEASE,
            &[("MUSIC_U", "00A1")],
        ),
        found(
            "an empty one behind a good one does not remove it",
            "MUSIC_U=00A1; MUSIC_U=",
            CookieHeader,
            NETEASE,
            &[("MUSIC_U", "00A1")],
        ),
        found(
            "of duplicates the last one counts",
            "uin=10001; qm_keyst=Q_H_L_old; qm_keyst=Q_H_L_new",
            CookieHeader,
            QQ_MUSIC,
            &[("uin", "10001"), ("qm_keyst", "Q_H_L_new")],
        ),
        found(
            "both services, of which one is whole",
            "MUSIC_U=00A1; uin=10001",
            CookieHeader,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("uin", "10001")],
        ),
        found(
            "both services, of which the other is whole",
            "__csrf=c1; uin=10001; qm_keyst=Q_H_L_k",
            CookieHeader,
            QQ_MUSIC,
            &[("__csrf", "c1"), ("uin", "10001"), ("qm_keyst", "Q_H_L_k")],
        ),
        found(
            "cookies that are nobody's credential",
            "NMTID=n; JSESSIONID-WYYY=j",
            CookieHeader,
            None,
            &[("NMTID", "n"), ("JSESSIONID-WYYY", "j")],
        ),
        found(
            "names and values that no header could carry are left out",
            "名字=x; nick=小满; MUSIC_U=00A1; a b=c",
            CookieHeader,
            NETEASE,
            &[("MUSIC_U", "00A1")],
        ),
    ]
}

fn set_cookies() -> Vec<Case> {
    vec![
        found(
            "lines of an answer",
            "HTTP/1.1 200 OK\r\nSet-Cookie: MUSIC_U=00A1; Max-Age=15552000; Path=/; HTTPOnly\r\n\
             Server: nginx\r\nSet-Cookie: __csrf=c1; Max-Age=1296010; Path=/\r\n",
            SetCookie,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1")],
        ),
        found(
            "the joined text of NeteaseCloudMusicApi",
            "MUSIC_R_T=1; Max-Age=2147483647; Expires=Mon, 18 Oct 2094 00:19:44 GMT; Path=/openapi/clientlog;\
             MUSIC_R_U=R; Max-Age=15552000; Path=/eapi/login/token/refresh;;MUSIC_R_U=R; \
             Path=/api/login/token/refresh;;MUSIC_SNS=; Max-Age=0; Path=/;MUSIC_U=U==; Max-Age=15552000; \
             Path=/; HTTPOnly;__csrf=C; Max-Age=1296010; Path=/;",
            SetCookie,
            NETEASE,
            &[("MUSIC_R_T", "1"), ("MUSIC_R_U", "R"), ("MUSIC_U", "U=="), ("__csrf", "C")],
        ),
        found(
            "lines that a program has joined by commas",
            "MUSIC_U=00A1; Max-Age=15552000; Expires=Tue, 01 Jan 2030 00:00:00 GMT,__csrf=c1; Path=/,MUSIC_R_U=R; \
             HTTPOnly, os=pc",
            SetCookie,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1"), ("MUSIC_R_U", "R"), ("os", "pc")],
        ),
        found(
            "a removal among lines that were joined by commas",
            "MUSIC_U=00A1; Path=/, MUSIC_U=gone; Max-Age=0, __csrf=c1; Path=/",
            SetCookie,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1")],
        ),
        found(
            "a removal behind a good value",
            "MUSIC_U=00A1; Path=/;;MUSIC_U=gone; Max-Age=0; Path=/;;__csrf=c1; Path=/",
            SetCookie,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1")],
        ),
        found(
            "a removal by an end in 1970",
            "Set-Cookie: MUSIC_A=a; Expires=Thu, 01 Jan 1970 00:00:10 GMT; Path=/\nSet-Cookie: MUSIC_U=00A1; Path=/",
            SetCookie,
            NETEASE,
            &[("MUSIC_U", "00A1")],
        ),
        found(
            "cookies of other sites between those of the service",
            "set-cookie: MUSIC_U=evil; Domain=.evil.example\nset-cookie: MUSIC_U=00A1; Domain=.music.163.com",
            SetCookie,
            NETEASE,
            &[("MUSIC_U", "00A1")],
        ),
        found(
            "the music site's own cookie wins over the wider one, in either order",
            "set-cookie: uin=10001; Domain=y.qq.com\nset-cookie: uin=10002; Domain=.qq.com\n\
             set-cookie: qm_keyst=Q_H_L_k; Domain=.y.qq.com",
            SetCookie,
            QQ_MUSIC,
            &[("uin", "10001"), ("qm_keyst", "Q_H_L_k")],
        ),
        found(
            "a list of lines in JSON",
            r#"["MUSIC_U=00A1; Max-Age=15552000; Path=/; HTTPOnly", "__csrf=c1; Path=/"]"#,
            SetCookie,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1")],
        ),
    ]
}

fn json_objects() -> Vec<Case> {
    vec![
        found(
            "names and values",
            r#"{"MUSIC_U": "00A1", "__csrf": "c1"}"#,
            JsonObject,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1")],
        ),
        found(
            "numbers keep every digit",
            r#"{"wxuin": 1152921504600000043, "qm_keyst": "W_X_k"}"#,
            JsonObject,
            QQ_MUSIC,
            &[("wxuin", "1152921504600000043"), ("qm_keyst", "W_X_k")],
        ),
        found(
            "values that are no text are left out",
            r#"{"MUSIC_U": "00A1", "a": null, "b": true, "c": [1], "d": {"e": "f"}}"#,
            JsonObject,
            NETEASE,
            &[("MUSIC_U", "00A1")],
        ),
        found(
            "a session that is no text is none",
            r#"{"MUSIC_U": ["00A1"], "__csrf": "c1"}"#,
            JsonObject,
            NETEASE,
            &[("__csrf", "c1")],
        ),
        found(
            "the answer of NeteaseCloudMusicApi to a sign-in",
            r#"{"code": 803, "message": "授权登陆成功", "cookie": "MUSIC_U=00A1; Max-Age=15552000; Path=/;;__csrf=c1; Path=/"}"#,
            JsonObject,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1")],
        ),
        found(
            "an answer of a local API, with the cookies deep inside",
            r#"{"code": 200, "data": {"cookie": {"uin": "10001", "musickey": "Q_H_L_k", "refresh_key": "rk"}}}"#,
            JsonObject,
            QQ_MUSIC,
            &[("uin", "10001"), ("musickey", "Q_H_L_k"), ("refresh_key", "rk")],
        ),
        found(
            "a wrapper's field that is empty hides nothing",
            r#"{"cookie": null, "data": {"MUSIC_U": "00A1"}}"#,
            JsonObject,
            NETEASE,
            &[("MUSIC_U", "00A1")],
        ),
        found(
            "escapes and names in Chinese",
            r#"{"\u004dUSIC_U": "00A1", "昵称": "小满", "nick": "\u5c0f"}"#,
            JsonObject,
            NETEASE,
            &[("MUSIC_U", "00A1")],
        ),
        found(
            "with a byte order mark and white space around it",
            "\u{feff}\r\n  {\"MUSIC_U\":\"00A1\"}\r\n",
            JsonObject,
            NETEASE,
            &[("MUSIC_U", "00A1")],
        ),
        found(
            "a number that is too large for one is no account",
            r#"{"musicid": 123456789012345678901234567890, "qm_keyst": "Q_H_L_k"}"#,
            JsonObject,
            QQ_MUSIC,
            &[("musicid", "1.2345678901234568e+29"), ("qm_keyst", "Q_H_L_k")],
        ),
    ]
}

fn browser_exports() -> Vec<Case> {
    vec![
        found(
            "EditThisCookie",
            r#"[{"domain": ".music.163.com", "expirationDate": 1805552000.5, "hostOnly": false, "httpOnly": true,
                 "name": "MUSIC_U", "path": "/", "sameSite": "unspecified", "secure": false, "session": false,
                 "storeId": "0", "value": "00A1", "id": 1},
                {"domain": ".music.163.com", "name": "__csrf", "value": "c1", "id": 2}]"#,
            BrowserExport,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1")],
        ),
        found(
            "Cookie-Editor, with another site's cookies among them",
            r#"[{"name": "uin", "value": "o010001", "domain": ".qq.com", "sameSite": null},
                {"name": "uin", "value": "99999", "domain": ".evil.example"},
                {"name": "qm_keyst", "value": "Q_H_L_k", "domain": ".qq.com"}]"#,
            BrowserExport,
            QQ_MUSIC,
            &[("uin", "o010001"), ("qm_keyst", "Q_H_L_k")],
        ),
        found(
            "an extension that writes large first letters",
            r#"[{"Name": "MUSIC_U", "Value": "00A1"}]"#,
            BrowserExport,
            NETEASE,
            &[("MUSIC_U", "00A1")],
        ),
        found(
            "the stored state of a browser under test",
            r#"{"cookies": [{"name": "MUSIC_U", "value": "00A1", "domain": ".music.163.com"}], "origins": []}"#,
            BrowserExport,
            NETEASE,
            &[("MUSIC_U", "00A1")],
        ),
        found(
            "the music site's own cookie wins over the wider one",
            r#"[{"name": "uin", "value": "10001", "domain": "y.qq.com"},
                {"name": "uin", "value": "10002", "domain": ".qq.com"},
                {"name": "qm_keyst", "value": "Q_H_L_k", "domain": ".qq.com"}]"#,
            BrowserExport,
            QQ_MUSIC,
            &[("uin", "10001"), ("qm_keyst", "Q_H_L_k")],
        ),
        found(
            "items that are no cookies",
            r#"[null, 1, {"name": "MUSIC_U"}, {"name": 5, "value": "x"}, {"name": "MUSIC_U", "value": "00A1"}]"#,
            BrowserExport,
            NETEASE,
            &[("MUSIC_U", "00A1")],
        ),
    ]
}

fn credentials() -> Vec<Case> {
    vec![
        found(
            "qqmusic-api as it writes now",
            r#"{"openid": "0A", "refresh_token": "1B", "access_token": "2C", "expired_at": 1790604800,
                "musicid": 10001, "musickey": "Q_H_L_k", "unionid": "", "str_musicid": "10001",
                "refresh_key": "rk", "musickeyCreateTime": 1790000000, "keyExpiresIn": 259200,
                "encryptUin": "oK6z**", "loginType": 2}"#,
            QqmusicApi,
            QQ_MUSIC,
            &[
                ("access_token", "2C"),
                ("encryptUin", "oK6z**"),
                ("expired_at", "1790604800"),
                ("keyExpiresIn", "259200"),
                ("loginType", "2"),
                ("musicid", "10001"),
                ("musickey", "Q_H_L_k"),
                ("musickeyCreateTime", "1790000000"),
                ("openid", "0A"),
                ("refresh_key", "rk"),
                ("refresh_token", "1B"),
                ("str_musicid", "10001"),
            ],
        ),
        found(
            "qqmusic-api as it wrote before",
            r#"{"musicid": 10001, "musickey": "Q_H_L_k", "refresh_key": "rk", "encrypt_uin": "oK6z**",
                "login_type": 2, "musickey_create_time": 1790000000, "key_expires_in": 259200}"#,
            QqmusicApi,
            QQ_MUSIC,
            &[
                ("encryptUin", "oK6z**"),
                ("keyExpiresIn", "259200"),
                ("loginType", "2"),
                ("musicid", "10001"),
                ("musickey", "Q_H_L_k"),
                ("musickeyCreateTime", "1790000000"),
                ("refresh_key", "rk"),
            ],
        ),
        found(
            "a credential inside a wrapper",
            r#"{"code": 0, "data": {"musicid": "10001", "musickey": "W_X_k"}}"#,
            QqmusicApi,
            QQ_MUSIC,
            &[("musicid", "10001"), ("musickey", "W_X_k")],
        ),
        found(
            "the skeleton of a sign-in that failed",
            r#"{"musicid": 0, "musickey": "", "openid": "", "str_musicid": "0"}"#,
            QqmusicApi,
            None,
            &[("musicid", "0"), ("str_musicid", "0")],
        ),
    ]
}

fn netscape_files() -> Vec<Case> {
    vec![
        found(
            "a file of curl",
            "# Netscape HTTP Cookie File\n# https://curl.se/docs/http-cookies.html\n\n\
             #HttpOnly_.music.163.com\tTRUE\t/\tFALSE\t1805552000\tMUSIC_U\t00A1\n\
             .music.163.com\tTRUE\t/\tFALSE\t0\t__csrf\tc1\n",
            Netscape,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1")],
        ),
        found(
            "Windows' line ends, small letters and an end with a fraction",
            ".qq.com\ttrue\t/\tfalse\t1805552000.25\tuin\t10001\r\n.qq.com\ttrue\t/\tfalse\t0\tqm_keyst\tQ_H_L_k\r\n",
            Netscape,
            QQ_MUSIC,
            &[("uin", "10001"), ("qm_keyst", "Q_H_L_k")],
        ),
        found(
            "spaces where tabs were",
            ".music.163.com TRUE / FALSE 1805552000 MUSIC_U 00A1",
            Netscape,
            NETEASE,
            &[("MUSIC_U", "00A1")],
        ),
        found(
            "a whole browser",
            ".evil.example\tTRUE\t/\tFALSE\t0\tMUSIC_U\tevil\n.music.163.com\tTRUE\t/\tFALSE\t0\tMUSIC_U\t00A1\n\
             .notqq.com\tTRUE\t/\tFALSE\t0\tuin\t1\nqq.com.evil.example\tTRUE\t/\tFALSE\t0\tuin\t2\n",
            Netscape,
            NETEASE,
            &[("MUSIC_U", "00A1")],
        ),
        found(
            "a line that was cut is left out",
            ".music.163.com\tTRUE\t/\tFALSE\t0\tMUSIC_U\t00A1\n.music.163.com\tTRUE\t/\tFALSE",
            Netscape,
            NETEASE,
            &[("MUSIC_U", "00A1")],
        ),
    ]
}

fn commands() -> Vec<Case> {
    let netease: Fields<'_> = &[("MUSIC_U", "00A1"), ("__csrf", "c1")];
    vec![
        found(
            "curl as Chrome copies it for bash",
            "curl 'https://music.163.com/weapi/w/nuser/account/get' \\\n  -H 'accept: */*' \\\n  \
             -H 'cookie: MUSIC_U=00A1; __csrf=c1' \\\n  --data-raw 'params=a&encSecKey=b' \\\n  --compressed",
            Curl,
            NETEASE,
            netease,
        ),
        found(
            "curl with -b",
            "curl 'https://music.163.com/' -b 'MUSIC_U=00A1; __csrf=c1'",
            Curl,
            NETEASE,
            netease,
        ),
        found(
            "curl with --cookie and an equals sign",
            "curl --cookie=\"MUSIC_U=00A1; __csrf=c1\" https://music.163.com/",
            Curl,
            NETEASE,
            netease,
        ),
        found(
            "curl with options and values in one word",
            "curl -bMUSIC_U=00A1 '-HCookie: __csrf=c1' --url https://music.163.com/",
            Curl,
            NETEASE,
            netease,
        ),
        found(
            "curl with the quotes that bash has for special characters",
            r"curl 'https://music.163.com/' -H $'cookie: MUSIC_U=00\u00411; __csrf=c\x31; nick=\'a\''",
            Curl,
            NETEASE,
            &[("MUSIC_U", "00A1"), ("__csrf", "c1"), ("nick", "'a'")],
        ),
        found(
            "curl for Windows' cmd",
            "curl ^\"https://music.163.com/^\" ^\r\n  -H ^\"accept: */*^\" ^\r\n  \
             -b ^\"MUSIC_U=00A1; __csrf=c1^\" ^\r\n  --data-raw ^\"a=^%^2B^&b=1^\"",
            Curl,
            NETEASE,
            netease,
        ),
        found(
            "curl for PowerShell",
            "curl.exe 'https://music.163.com/' `\r\n  -H 'Cookie: MUSIC_U=00A1; __csrf=c1'",
            Curl,
            NETEASE,
            netease,
        ),
        found(
            "curl behind a prompt, with a session",
            "$ curl https://y.qq.com/ -H \"Cookie: uin=10001; qm_keyst=Q_H_L_k\"",
            Curl,
            QQ_MUSIC,
            &[("uin", "10001"), ("qm_keyst", "Q_H_L_k")],
        ),
        found(
            "several commands, one of them for somebody else",
            "curl 'https://evil.example/' -b 'MUSIC_U=evil'\ncurl 'https://music.163.com/' -b 'MUSIC_U=00A1'",
            Curl,
            NETEASE,
            &[("MUSIC_U", "00A1")],
        ),
        refused("curl for another site", "curl 'https://evil.example/' -b 'MUSIC_U=evil'", OtherSites),
        refused("curl without cookies", "curl 'https://music.163.com/' -H 'accept: */*'", NothingFound),
        refused("curl with the name of a file", "curl -b cookies.txt https://music.163.com/", NothingFound),
        refused(
            "curl that was cut inside a quotation",
            "curl 'https://music.163.com/' -H 'cookie: MUSIC_U=00",
            Damaged("a curl command"),
        ),
        refused(
            "a line end that only an escape makes",
            r"curl 'https://music.163.com/' -H $'cookie: MUSIC_U=a\r\nX-Evil: b'",
            ControlCharacters,
        ),
    ]
}

fn archives() -> Vec<Case> {
    const ENTRY: &str = r#"{"startedDateTime": "2026-11-21T12:00:00Z", "request": {"method": "GET",
        "url": "https://music.163.com/", "headers": [{"name": "Accept", "value": "*/*"},
        {"name": "Cookie", "value": "MUSIC_U=00A1; __csrf=c1"}], "cookies": []}, "response": {"status": 200}}"#;
    const ELSEWHERE: &str = r#"{"request": {"url": "https://evil.example/",
        "headers": [{"name": "Cookie", "value": "MUSIC_U=evil"}]}}"#;
    let netease: Fields<'_> = &[("MUSIC_U", "00A1"), ("__csrf", "c1")];
    vec![
        found("one entry of a HAR file", ENTRY, Har, NETEASE, netease),
        found(
            "a whole HAR file",
            format!(r#"{{"log": {{"version": "1.2", "entries": [{ENTRY}, {ELSEWHERE}]}}}}"#),
            Har,
            NETEASE,
            netease,
        ),
        found(
            "a HAR file that lists cookies and has no headers",
            r#"{"log": {"entries": [{"request": {"url": "https://c.y.qq.com/", "cookies": [
                {"name": "uin", "value": "10001"}, {"name": "qm_keyst", "value": "Q_H_L_k"}]}}]}}"#,
            Har,
            QQ_MUSIC,
            &[("uin", "10001"), ("qm_keyst", "Q_H_L_k")],
        ),
        refused(
            "a HAR file of other sites",
            format!(r#"{{"log": {{"entries": [{ELSEWHERE}]}}}}"#),
            OtherSites,
        ),
        refused(
            "a HAR file with entries of any shape",
            r#"{"log": {"entries": [null, 1, {}, {"request": null}, {"request": {"url": 5}},
                {"request": {"url": "https://music.163.com/", "headers": [null, {"name": "Cookie"}]}}]}}"#,
            NothingFound,
        ),
    ]
}

fn bare_values() -> Vec<Case> {
    let qq: Fields<'_> = &[("uin", "10001"), ("musickey", "Q_H_L_k")];
    vec![
        found("a session alone", SESSION, Bare, NETEASE, &[("MUSIC_U", SESSION)]),
        found(
            "a session alone, with a line end",
            format!("{SESSION}\n"),
            Bare,
            NETEASE,
            &[("MUSIC_U", SESSION)],
        ),
        found("a key and a number", "Q_H_L_k 10001", Bare, QQ_MUSIC, qq),
        found(
            "a number and a key on two lines",
            "o10001\r\nQ_H_L_k",
            Bare,
            QQ_MUSIC,
            &[("uin", "o10001"), ("musickey", "Q_H_L_k")],
        ),
        found("both with their names", "musickey=Q_H_L_k\nuin=10001", Bare, QQ_MUSIC, qq),
        found(
            "both with their names in Chinese punctuation",
            "uin：10001，musickey：“Q_H_L_k”",
            Bare,
            QQ_MUSIC,
            qq,
        ),
        found("a key without its number", "W_X_k", Bare, QQ_MUSIC, &[("musickey", "W_X_k")]),
        refused("a number without a key", "10001", NothingFound),
        refused("too few digits for a session", "00a1b2c3d4e5f607", NothingFound),
        refused("more words than a key and a number", "Q_H_L_k is the key of my account at QQ", NothingFound),
    ]
}

fn variables() -> Vec<Case> {
    let netease: Fields<'_> = &[("MUSIC_U", "00A1"), ("__csrf", "c1")];
    vec![
        found(
            "a line of a .env file",
            "NETEASE_COOKIE='MUSIC_U=00A1; __csrf=c1'",
            CookieHeader,
            NETEASE,
            netease,
        ),
        found(
            "a .env file with other things in it",
            "# music\nPORT=3000\nNETEASE_COOKIE=MUSIC_U=00A1; __csrf=c1\nDEBUG=1\n",
            CookieHeader,
            NETEASE,
            netease,
        ),
        found(
            "a variable of a Unix shell",
            "export QQMUSIC_COOKIE=\"qm_keyst=Q_H_L_k; uin=10001\"",
            CookieHeader,
            QQ_MUSIC,
            &[("qm_keyst", "Q_H_L_k"), ("uin", "10001")],
        ),
        found(
            "a variable of PowerShell",
            "$env:NETEASE_COOKIE=\"MUSIC_U=00A1; __csrf=c1\"",
            CookieHeader,
            NETEASE,
            netease,
        ),
        found(
            "a variable of cmd that has the header's name in it",
            "set COOKIE=Cookie: MUSIC_U=00A1; __csrf=c1",
            CookieHeader,
            NETEASE,
            netease,
        ),
    ]
}

fn other_sites() -> Vec<Case> {
    vec![
        refused(
            "an extension on another site",
            r#"[{"name": "MUSIC_U", "value": "evil", "domain": ".evil.example"}]"#,
            OtherSites,
        ),
        refused(
            "a domain that only ends like one of ours",
            ".evil163.com\tTRUE\t/\tFALSE\t0\tMUSIC_U\tevil",
            OtherSites,
        ),
        refused(
            "a domain that only begins like one of ours",
            "Set-Cookie: MUSIC_U=evil; Domain=music.163.com.evil.example",
            OtherSites,
        ),
    ]
}

fn damaged() -> Vec<Case> {
    vec![
        refused("nothing", "", Empty),
        refused("white space", " \t\r\n\u{3000}", Empty),
        refused("a byte order mark alone", "\u{feff}", Empty),
        refused("words", "这是我的账号，请查收", NothingFound),
        refused("an address", "https://music.163.com/#/login", NothingFound),
        refused("the name alone", "MUSIC_U", NothingFound),
        refused("the name without a value", "MUSIC_U=", NothingFound),
        refused("attributes alone", "Path=/; Max-Age=5; HttpOnly", NothingFound),
        refused("JSON that was cut", r#"{"MUSIC_U": "00A1", "__cs"#, Damaged("JSON")),
        refused("a list that was cut", r#"[{"name": "MUSIC_U", "value""#, Damaged("JSON")),
        refused("JSON with more behind it", r#"{"MUSIC_U": "00A1"} {"a": 1}"#, Damaged("JSON")),
        // A dictionary of Python, which people paste like JSON.
        found("JSON with single quotes", "{'MUSIC_U': '00A1'}", Code, NETEASE, &[("MUSIC_U", "00A1")]),
        refused("an empty object", "{}", NothingFound),
        refused("an empty list", "[]", NothingFound),
        refused("a number that JSON cannot hold", r#"{"uin": 1e999}"#, Damaged("JSON")),
        refused("encoded bytes that are no text", "MUSIC_U%3D%FF%FE", NothingFound),
    ]
}

fn hostile() -> Vec<Case> {
    let of_length = |length: usize| format!("MUSIC_U={}", "a".repeat(length - "MUSIC_U=".len()));
    let wrapped = |depth: usize| format!("{}{{}}{}", "{\"data\":".repeat(depth), "}".repeat(depth));
    vec![
        refused("a byte more than is looked at", of_length(64 * 1024 + 1), TooLong),
        refused("white space counts", format!("MUSIC_U=00A1{}", " ".repeat(64 * 1024)), TooLong),
        refused("megabytes", "a=b;".repeat(1_000_000), TooLong),
        refused("a NUL", "MUSIC_U=00\0A1", ControlCharacters),
        refused("an escape sequence", "MUSIC_U=\u{1b}[31m00A1", ControlCharacters),
        refused("a C1 control character", "MUSIC_U=00\u{9b}A1", ControlCharacters),
        refused("a delete character", "MUSIC_U=00A1\u{7f}", ControlCharacters),
        refused("a header in a value", r#"{"MUSIC_U": "00A1\r\nX-Evil: 1"}"#, ControlCharacters),
        refused("a header in a name", r#"{"a\r\nX-Evil: 1": "b", "MUSIC_U": "00A1"}"#, ControlCharacters),
        refused("a NUL that only an escape makes", r#"{"MUSIC_U": "00\u0000A1"}"#, ControlCharacters),
        refused(
            "a header in a browser's cookie",
            r#"[{"name": "MUSIC_U", "value": "a\nSet-Cookie: b=c"}]"#,
            ControlCharacters,
        ),
        refused(
            "a line end that percent-encoding hides",
            "MUSIC_U%3D00A1%0D%0AX-Evil%3A%201",
            ControlCharacters,
        ),
        found(
            "a second cookie in a value",
            r#"{"MUSIC_U": "00A1; evil=1", "__csrf": "c1"}"#,
            JsonObject,
            NETEASE,
            &[("__csrf", "c1")],
        ),
        refused("brackets without end", "[".repeat(60_000), Damaged("JSON")),
        refused("objects as deep as a text can be", wrapped(7_000), Damaged("JSON")),
        refused("wrappers deeper than are opened", wrapped(100), NothingFound),
        refused("quotes without end", format!("curl {}", "\"".repeat(9_999)), Damaged("a curl command")),
        refused("a backslash at the end", "curl \\", Damaged("a curl command")),
        refused("letters that turn the text around", "MUSIC_U=\u{202e}00A1", NothingFound),
        refused("a value of letters that look like others", "MUSIC_U=００Ａ１", NothingFound),
        refused("separators only", ";".repeat(60_000), NothingFound),
        refused("equals signs only", "=".repeat(60_000), NothingFound),
    ]
}
