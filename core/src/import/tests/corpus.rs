//! Texts as people paste them: good, damaged and hostile. None of them was ever real.

use tunekey_services::PasteFormat::{self, Bare, Code, CookieHeader, Curl, Har, JsonObject};
use tunekey_services::ServiceId;
use tunekey_services::netease::ID as NETEASE;
use tunekey_services::qqmusic::ID as QQ_MUSIC;

use crate::import::ImportError::{
    self, ControlCharacters, Damaged, Empty, NothingFound, OtherSites, TooLong,
};

mod cookies;
mod json;

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
        cookies::headers(),
        cookies::set_cookies(),
        json::json_objects(),
        json::browser_exports(),
        json::credentials(),
        cookies::netscape_files(),
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
