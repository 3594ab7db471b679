//! Every text of the corpus, and texts that nobody thought of.

use corpus::{Case, Expected};
use proptest::prelude::*;

use super::*;

mod cases;
mod corpus;
mod mutations;
mod variants;

#[test]
fn a_chinese_word_before_the_rest_of_an_address_ends_as_every_text_does() {
    for text in ["链接://y.qq.com/", "地址：//music.163.com/", "a 我://x", "链接://"] {
        assert_eq!(read(&text.into()), Err(ImportError::NothingFound), "{text}");
    }
    let session = "A".repeat(128);
    let pasted =
        read(&format!("链接：//music.163.com/ MUSIC_U={session}").as_str().into()).expect("a session");
    assert!(pasted.fields.get("MUSIC_U").is_some(), "what stands behind it is read");
}

#[test]
fn every_text_of_the_corpus_is_recognised_as_it_should_be() {
    let cases = corpus::cases();
    assert!(cases.len() >= 60, "the corpus has shrunk to {}", cases.len());
    let wrong: Vec<String> =
        cases.iter().filter_map(|case| Some(format!("{}: {}", case.name, slip(case)?))).collect();
    assert!(wrong.is_empty(), "not as they should be:\n{}", wrong.join("\n"));
}

/// What is not as it should be; `None` when all is. The order of the fields is not looked at: JSON has none.
fn slip(case: &Case) -> Option<String> {
    let sorted = |fields: &CookieMap| {
        let mut fields: Vec<_> =
            fields.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect();
        fields.sort_by(|(one, _), (other, _)| one.cmp(other));
        fields
    };
    let pasted = read(&case.text.as_str().into());
    match (&case.expected, pasted) {
        (Expected::Refused(wanted), Err(error)) if error == *wanted => None,
        (Expected::Refused(wanted), got) => Some(format!("{got:?} instead of {wanted:?}")),
        (Expected::Found(..), Err(error)) => Some(format!("{error:?}")),
        (Expected::Found(format, service, fields), Ok(pasted)) => {
            let fields: CookieMap = fields.iter().copied().collect();
            let is_right = sorted(&pasted.fields) == sorted(&fields)
                && pasted.format == *format
                && service_of(&pasted) == *service;
            (!is_right).then(|| format!("{pasted:?} of {:?}; {fields:?} were due", service_of(&pasted)))
        }
    }
}

/// Writes cookies in a shape.
type Shape = fn(&str) -> String;

/// The cookies of an account of QQ Music, as a browser sends them.
fn cookies(uin: &str, key: &str) -> String {
    let number = uin.trim_start_matches(['o', '0']);
    format!(
        "login_type=1; uin={uin}; qqmusic_uin={number}; qm_keyst={key}; qqmusic_key={key}; euin=owSk7eEk; \
         psrf_qqopenid=0A1B2C3D4E5F60718293A4B5C6D7E8F9; psrf_qqunionid=A4B5C6D7E8F90A1B2C3D4E5F60718293; \
         psrf_qqaccess_token=0718293A4B5C6D7E8F90A1B2C3D4E5F6; psrf_qqrefresh_token=4E5F60718293A4B5C6D7E8F90A1B2C3D; \
         psrf_access_token_expiresAt=1795600000; psrf_musickey_createtime=1790000000; tmeLoginType=2"
    )
}

#[test]
fn accounts_with_different_numbers_are_several_in_every_shape() {
    let keys = ["Q_H_L_63k3N0000000000000000000000001", "Q_H_L_63k3N0000000000000000000000004"];
    let shapes: [(&str, Shape); 12] = [
        ("lines of cookies", |cookies| cookies.to_owned()),
        ("lines that end in a semicolon", |cookies| format!("{cookies};")),
        ("headers", |cookies| format!("Cookie: {cookies}")),
        ("headers that end in a semicolon", |cookies| format!("Cookie: {cookies};")),
        ("variables", |cookies| format!("QQ_COOKIE=\"{cookies}\"")),
        ("commands", |cookies| format!("curl 'https://u.y.qq.com/' -H 'cookie: {cookies}'")),
        ("JSON lines", |cookies| serde_json::json!({ "cookie": cookies }).to_string()),
        ("marked lines", |cookies| format!("- {cookies}")),
        ("quoted lines", |cookies| format!("\"{cookies}\"")),
        ("cookies that were set", |cookies| {
            cookies.split("; ").map(|one| format!("Set-Cookie: {one}; Domain=qq.com; Path=/\n")).collect()
        }),
        ("cookies that were set, by a program", |cookies| {
            cookies.split("; ").map(|one| format!("{one}; Domain=qq.com; Path=/\n")).collect()
        }),
        ("a cookies.txt each", |cookies| {
            let row = |one: &str| format!(".qq.com\tTRUE\t/\tFALSE\t0\t{}\n", one.replacen('=', "\t", 1));
            cookies.split("; ").map(row).collect()
        }),
    ];
    let mut wrong = Vec::new();
    for (uins, keys) in [
        (["10001", "10004"], keys),
        // Numbers that differ are two accounts, whatever else they share.
        (["10001", "10004"], [keys[0]; 2]),
        (["o0010001", "o0010004"], keys),
        (["10001", "2852000000"], keys),
    ] {
        for (name, shape) in &shapes {
            for between in ["\n", "\r\n", "\n\n"] {
                let text = format!(
                    "{}{between}{}",
                    shape(&cookies(uins[0], keys[0])),
                    shape(&cookies(uins[1], keys[1]))
                );
                let found = read(&text.as_str().into());
                if found != Err(ImportError::SeveralAccounts(2)) {
                    wrong.push(format!(
                        "{name}, {uins:?}, {between:?}, same key {}: {found:?}",
                        keys[0] == keys[1]
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} are not two accounts:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_a_browser_keeps_of_other_hosts_and_what_is_set_twice_is_no_second_account() {
    let key = "Q_H_L_63k3N0000000000000000000000001";
    for (name, text) in [
        (
            "another number on a host without music",
            format!(
                ".qq.com\tTRUE\t/\tFALSE\t0\tuin\to010001\n.qq.com\tTRUE\t/\tFALSE\t0\tqm_keyst\t{key}\n\
                 .y.qq.com\tTRUE\t/\tFALSE\t0\tuin\t10004\n"
            ),
        ),
        (
            "a number that is replaced before its key comes",
            format!(
                "Set-Cookie: uin=10001; Path=/\nSet-Cookie: uin=10004; Path=/\nSet-Cookie: qm_keyst={key}; Path=/\n"
            ),
        ),
    ] {
        let pasted = read(&text.as_str().into()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(pasted.fields.get("uin"), Some(&"10004".into()), "{name}");
    }
}

#[test]
fn every_case_of_the_corpus_has_a_name_of_its_own() {
    let mut names: Vec<_> = corpus::cases().iter().map(|case| case.name).collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all, "a failure must lead to one case");
}

#[test]
fn a_text_of_exactly_the_greatest_length_is_looked_at() {
    let value = "a".repeat(LONGEST_PLAIN - "MUSIC_U=".len());
    let pasted = read(&format!("MUSIC_U={value}").into()).expect("it is not too long");
    assert_eq!(pasted.fields.get("MUSIC_U"), Some(&value.into()));
}

#[test]
fn neither_an_error_nor_what_was_found_repeats_a_value() {
    for text in [
        "MUSIC_U=canary; __csrf=canary",
        "{\"MUSIC_U\": \"canary",
        "curl 'canary",
        "MUSIC_U=\u{1}canary",
        "Set-Cookie: MUSIC_U=canary; Domain=evil.example",
        "canary",
    ] {
        let said = match read(&text.into()) {
            Ok(pasted) => format!("{pasted:?}"),
            Err(error) => format!("{error} {error:?}"),
        };
        assert!(!said.contains("canary"), "{said}");
    }
}

/// What the shapes are made of, so that chance finds its way into all of them.
fn fragments() -> impl Strategy<Value = String> {
    let fragment = prop_oneof![
        prop::sample::select(vec![
            "MUSIC_U",
            "__csrf",
            "uin",
            "qm_keyst",
            "musickey",
            "musicid",
            "Q_H_L_",
            "W_X_",
            "o0",
            "10001",
            "=",
            "==",
            ";",
            ";;",
            ": ",
            ":",
            ",",
            "\t",
            "\r\n",
            "\n",
            " ",
            "\"",
            "'",
            "\\",
            "^",
            "^\"",
            "$'",
            "`",
            "\\x",
            "\\u00",
            "\\r\\n",
            "%",
            "%3D",
            "%0d%0a",
            "{",
            "}",
            "[",
            "]",
            "\"data\":",
            "\"cookie\":",
            "\"name\":",
            "\"value\":",
            "\"domain\":",
            "\"log\":",
            "\"entries\":",
            "\"request\":",
            "curl ",
            " -H ",
            " -b ",
            "--cookie=",
            "Cookie: ",
            "Set-Cookie: ",
            "Max-Age=0",
            "Expires=",
            "Domain=",
            "https://music.163.com/",
            "https://evil.example/",
            ".music.163.com",
            "TRUE",
            "FALSE",
            "#HttpOnly_",
            "export ",
            "$env:",
            "\u{feff}",
            "；",
            "＝",
            "“",
            "é",
            "\u{0}",
            "\u{1b}",
            "\u{85}",
        ])
        .prop_map(str::to_owned),
        "[ -~]{0,12}",
        "\\PC{0,4}",
    ];
    prop::collection::vec(fragment, 0..40).prop_map(|fragments| fragments.concat())
}

/// Whether a `Cookie` header made of them says what they say and nothing else.
#[expect(clippy::disallowed_methods, reason = "the test looks at values that it made up")]
fn fit_into_a_header(fields: &CookieMap) -> bool {
    let graphic = |text: &str, but: &[u8]| {
        !text.is_empty() && text.bytes().all(|byte| (0x20..0x7f).contains(&byte) && !but.contains(&byte))
    };
    fields.iter().all(|(name, value)| {
        graphic(name, b" ;=,\"") && graphic(value.expose(), b";") && value.expose().trim() == value.expose()
    })
}

fn check(text: &str) -> Result<(), TestCaseError> {
    let Ok(pasted) = read(&text.into()) else { return Ok(()) };
    prop_assert!(pasted.fields.iter().next().is_some(), "nothing found is an error");
    prop_assert!(fit_into_a_header(&pasted.fields), "{text:?}");
    let mut names: Vec<_> = pasted.fields.iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    prop_assert_eq!(names.len(), all, "each name once");
    service_of(&pasted);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn bytes_of_any_kind_never_panic_and_give_nothing_that_breaks_a_header(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        check(&String::from_utf8_lossy(&bytes))?;
    }

    #[test]
    fn nor_do_texts_of_any_kind(text in ".{0,300}") {
        check(&text)?;
    }

    #[test]
    fn nor_do_texts_that_are_nearly_credentials(text in fragments()) {
        check(&text)?;
    }

    #[test]
    fn nor_do_texts_of_the_corpus_that_were_cut_or_changed(
        which in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        change in prop::option::of(any::<char>()),
    ) {
        let cases = corpus::cases();
        let text = &which.get(&cases).text;
        let mut characters: Vec<char> = text.chars().take(4_000).collect();
        if !characters.is_empty() {
            let place = place.index(characters.len());
            match change {
                Some(change) => characters[place] = change,
                None => characters.truncate(place),
            }
        }
        check(&characters.into_iter().collect::<String>())?;
    }

    #[test]
    fn a_cookie_header_comes_back_as_it_was(
        pairs in prop::collection::btree_map("[A-Za-z_][A-Za-z0-9_]{0,8}_x", "[A-Za-z0-9+/%*]{1,20}={0,2}", 1..8),
    ) {
        let text = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let pasted = read(&format!("Cookie: {text}").into()).expect("it holds cookies");
        let wanted: CookieMap = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        prop_assert_eq!(pasted.fields, wanted);
    }
}
