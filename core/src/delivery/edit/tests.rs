//! Every edit changes one value, which its reader then reads, and no other byte.

use proptest::prelude::*;
use tunekey_fuzz::{fuzz, text};

use super::*;

fn changed(place: Place<'_>, text: &str, value: &str) -> String {
    edited(place, text, value).expect("it can be changed").to_string()
}

#[test]
fn a_variable_keeps_its_quotes_its_comment_and_its_line_end() {
    for (before, after) in [
        ("A=1\nCOOKIE=\"old\" # why\nB=2\n", "A=1\nCOOKIE=\"a=b; c=d\" # why\nB=2\n"),
        ("A=1\r\nCOOKIE='old'\r\nB=2\r\n", "A=1\r\nCOOKIE='a=b; c=d'\r\nB=2\r\n"),
        ("export COOKIE = old\n", "export COOKIE = \"a=b; c=d\"\n"),
        ("COOKIE=x=y; z=w\n", "COOKIE=a=b; c=d\n"),
        ("COOKIE=\n", "COOKIE=\"a=b; c=d\"\n"),
        ("COOKIE=one\nCOOKIE=\"two\"", "COOKIE=one\nCOOKIE=\"a=b; c=d\""),
        (
            "KEY=\"first\nCOOKIE=inside\n\"\nCOOKIE=\"old\"\n",
            "KEY=\"first\nCOOKIE=inside\n\"\nCOOKIE=\"a=b; c=d\"\n",
        ),
        ("# COOKIE=no\n", "# COOKIE=no\nCOOKIE=\"a=b; c=d\"\n"),
        ("A=1", "A=1\nCOOKIE=\"a=b; c=d\"\n"),
        ("A=1\r\nB=2", "A=1\r\nB=2\r\nCOOKIE=\"a=b; c=d\"\r\n"),
        ("", "COOKIE=\"a=b; c=d\"\n"),
        ("\u{feff}COOKIE=\"old\"\n", "\u{feff}COOKIE=\"a=b; c=d\"\n"),
        ("MY_COOKIE=\"old\"\n", "MY_COOKIE=\"old\"\nCOOKIE=\"a=b; c=d\"\n"),
    ] {
        assert_eq!(changed(Place::Variable("COOKIE"), before, "a=b; c=d"), after, "{before:?}");
    }
}

#[test]
fn a_reader_to_whom_quotes_are_a_part_of_the_value_gets_none() {
    for (before, after) in [
        ("", "COOKIE=a=b; c=d\n"),
        ("COOKIE=\"old\" # ours\n", "COOKIE=a=b; c=d\n"),
        ("COOKIE=old\r\nB=1\r\n", "COOKIE=a=b; c=d\r\nB=1\r\n"),
    ] {
        assert_eq!(changed(Place::RawVariable("COOKIE"), before, "a=b; c=d"), after, "{before:?}");
    }
    for value in [" a", "a#b", "'a'", ""] {
        assert_eq!(
            edited(Place::RawVariable("COOKIE"), "", value).err(),
            Some(EditError::Unfit),
            "{value:?}"
        );
    }
}

#[test]
fn a_value_that_readers_would_read_differently_is_refused() {
    for (value, written) in [
        ("a$b", Some("COOKIE='a$b'\n")),
        ("a'b", Some("COOKIE=\"a'b\"\n")),
        ("a'$b", None),
        ("a\\b", None),
        ("a\nB=c", None),
        ("${HOME}", None),
    ] {
        let change = edited(Place::Variable("COOKIE"), "", value).ok();
        assert_eq!(change.as_ref().map(|text| text.as_str()), written, "{value:?}");
    }
    assert_eq!(edited(Place::Variable("A B"), "", "x"), Err(EditError::BadPlace));
}

#[test]
fn a_pointer_leads_to_one_value_of_toml() {
    let text = "# ours\n[main.account]\r\ncookie = 'old' # keep\n[[user]]\nname = \"a\"\n[[user]]\nname = \"b\"\nlist = [1, { key = \"x\" }]\n";
    for (pointer, old, new) in [
        ("/main/account/cookie", "'old'", "'v'"),
        ("/user/1/name", "\"b\"", "\"v\""),
        ("/user/1/list/1/key", "\"x\"", "\"v\""),
        ("/user/1/list/0", "1", "\"v\""),
    ] {
        assert_eq!(changed(Place::Toml(pointer), text, "v"), text.replacen(old, new, 1), "{pointer}");
    }
    for (pointer, error) in [
        ("/main/other", EditError::NotThere),
        ("/user/2/name", EditError::NotThere),
        ("/main/account/cookie/deeper", EditError::NotThere),
        ("/main/account", EditError::NotAValue),
        ("/user/1/list", EditError::NotAValue),
        ("main", EditError::BadPlace),
    ] {
        assert_eq!(edited(Place::Toml(pointer), text, "v"), Err(error), "{pointer}");
    }
    assert_eq!(edited(Place::Toml("/a"), "a = ", "v"), Err(EditError::NotParsed("TOML")));
}

#[test]
fn a_pointer_leads_to_one_value_of_json() {
    let text = "\u{20}{\n\t// ours\n\t\"a/b\" : [ null, {\"key\":\"x\",} ],\r\n\t\"n\": 1.50e3 }\n\n";
    for (pointer, old, new) in
        [("/a~1b/1/key", "\"x\"", "\"v\""), ("/a~1b/0", "null", "\"v\""), ("/n", "1.50e3", "\"v\"")]
    {
        assert_eq!(changed(Place::Json(pointer), text, "v"), text.replacen(old, new, 1), "{pointer}");
    }
    for (text, pointer, error) in [
        (text, "/a~1b", EditError::NotAValue),
        (text, "/missing", EditError::NotThere),
        (text, "/a~1b/7", EditError::NotThere),
        ("{\"a\":1,\"a\":2}", "/a", EditError::Twice),
        ("{a: 1}", "/a", EditError::NotParsed("JSON")),
        ("", "/a", EditError::NotParsed("JSON")),
    ] {
        assert_eq!(edited(Place::Json(pointer), text, "v"), Err(error), "{text:?} {pointer}");
    }
}

#[test]
fn any_file() {
    const SEEDS: [&str; 5] =
        ["A=\"x\nCOOKIE=`\n", "export COOKIE='a' # b\r\n", "[a]\nb = 'x'", "{\"a\":{\"b\":1}}", "a.b = 1"];
    fuzz!(SEEDS, |input: &[u8]| {
        let text = text(input);
        for place in [Place::Variable("COOKIE"), Place::Toml("/a/b"), Place::Json("/a/b")] {
            if let Ok(edited) = edited(place, &text, "value") {
                assert!(edited.contains("value") && edited.len() <= text.len() + 32, "{place:?}");
            }
        }
    });
}

/// Values as services give them, and any other line.
fn value() -> impl Strategy<Value = String> {
    prop_oneof!["[A-Za-z0-9_=%+/.-]{1,80}(; [A-Za-z]{1,8}=[A-Za-z0-9]{0,40}){0,4}", "\\PC{0,60}"]
}

/// Lines of a `.env` file that are not about the variable.
fn other_lines() -> impl Strategy<Value = String> {
    prop::collection::vec(
        "(#[ -~]{0,30}|[A-Z]{1,6}_X=[a-z0-9 ]{0,12}|[A-Z]{1,5}_Y=\"[a-z #]{0,10}\"|)(\n|\r\n)",
        0..6,
    )
    .prop_map(|lines| lines.concat())
}

proptest! {
    #[test]
    fn an_edit_of_a_variable_changes_its_value_and_no_other_byte(
        before in other_lines(), after in other_lines(), old in "(\"[a-z]{0,9}\"|'[a-z]{0,9}'|[a-z]{1,9})", value in value(),
    ) {
        let text = format!("{before}COOKIE={old} # end\n{after}");
        if let Ok(edited) = edited(Place::Variable("COOKIE"), &text, &value) {
            let written = edited.strip_prefix(&format!("{before}COOKIE=")).expect("what is before stays");
            let written = written.strip_suffix(&format!(" # end\n{after}")).expect("what is behind stays");
            let read = ['"', '\''].into_iter().find_map(|quote| written.strip_prefix(quote)?.strip_suffix(quote));
            prop_assert_eq!(read.unwrap_or(written), value);
        }
    }

    #[test]
    fn an_edit_of_toml_changes_a_value_and_no_other_byte(
        before in "(# [a-z \"']{0,12}\n|[a-m]{1,6} = [1-9][0-9]{0,3}\n){0,1}", old in "(\"[a-z]{0,9}\"|'[a-z]{0,9}'|[1-9][0-9]{0,5}|true|\"\"\"[a-z\n]{0,9}\"\"\")", value in value(),
    ) {
        let text = format!("{before}[x.y]\nzz  =\t{old} # OLD\n[other]\r\n");
        let edited = changed(Place::Toml("/x/y/zz"), &text, &value);
        let front = format!("{before}[x.y]\nzz  =\t");
        prop_assert!(edited.starts_with(&front) && edited.ends_with(" # OLD\n[other]\r\n"));
        let parsed: ::toml::Table = ::toml::from_str(&edited).expect("it is TOML");
        prop_assert_eq!(parsed["x"]["y"]["zz"].as_str(), Some(value.as_str()));
    }

    #[test]
    fn an_edit_of_json_changes_a_value_and_no_other_byte(
        gaps in "[ \n\t]{0,4}", old in "(\"[a-z]{0,9}\"|null|true|-?[1-9][0-9]{0,3})", value in value(),
    ) {
        let (front, behind) = (format!("{{{gaps}\"a\":{gaps}[1,{gaps}{{ \"k\" :"), format!("{gaps}}}] ,\"z\": 1.0 }}{gaps}"));
        let edited = changed(Place::Json("/a/1/k"), &format!("{front}{old}{behind}"), &value);
        prop_assert!(edited.starts_with(&front) && edited.ends_with(&behind));
        let parsed: serde_json::Value = serde_json::from_str(&edited).expect("it is JSON");
        prop_assert_eq!(parsed["a"][1]["k"].as_str(), Some(value.as_str()));
    }
}
