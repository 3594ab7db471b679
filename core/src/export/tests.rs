use jiff::Timestamp;
use tunekey_services::{AccountId, CookieMap, CookiePairs, Detection, ServiceFacts, netease, qqmusic};

use super::*;
use crate::fake_service::{Answers, FakeService};
use crate::problem::ProblemCode;

/// A service with the cookies that a test wants.
#[derive(Debug)]
struct WithCookies {
    id: ServiceId,
    cookie: Vec<(&'static str, &'static str)>,
}

impl Answers for WithCookies {
    fn facts(&self) -> &'static ServiceFacts {
        registry::facts(self.id).expect("it is a service of ours")
    }
    fn detect(&self, fields: &CookieMap) -> Detection {
        let renewing = ["psrf_qqrefresh_token", "refresh_token"];
        let renewable = renewing.iter().any(|name| fields.get(name).is_some());
        Detection { parts: Vec::new(), enough: true, renewable }
    }
    fn cookie(&self) -> CookiePairs {
        self.cookie.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect()
    }
}

const QQ_COOKIE: [(&str, &str); 4] =
    [("qqmusic_key", "Q_H_L_k1"), ("uin", "10001"), ("qm_keyst", "Q_H_L_k1"), ("euin", "oK6z**")];

fn qq() -> FakeService<WithCookies> {
    with_cookies(qqmusic::ID, &QQ_COOKIE)
}

fn netease(cookie: &[(&'static str, &'static str)]) -> FakeService<WithCookies> {
    with_cookies(netease::ID, cookie)
}

fn with_cookies(id: ServiceId, cookie: &[(&'static str, &'static str)]) -> FakeService<WithCookies> {
    FakeService(WithCookies { id, cookie: cookie.to_vec() })
}

fn credential(fields: &[(&str, &str)]) -> Credential {
    Credential {
        account: AccountId::new(qqmusic::ID, "10001"),
        issued_at: Timestamp::from_second(1_790_000_000).expect("it is a time"),
        expires_at: Some(Timestamp::from_second(1_790_259_200).expect("it is a time")),
        fields: fields.iter().copied().collect(),
    }
}

#[expect(clippy::disallowed_methods, reason = "tests look at what an export says")]
fn rendered(format: Format, service: &dyn Service) -> String {
    let export = render(format, Scope::Full, service, &credential(&[])).expect("it fits");
    export.text.expose().to_owned()
}

#[expect(clippy::disallowed_methods, reason = "tests look at what an export says")]
fn rendered_credential(fields: &[(&str, &str)]) -> String {
    let export =
        render(Format::Own(qqmusic::API_FORMAT), Scope::Full, &qq(), &credential(fields)).expect("it fits");
    export.text.expose().to_owned()
}

#[expect(clippy::disallowed_methods, reason = "tests look at what an export says")]
fn minimal(format: Format, service: &dyn Service, credential: &Credential) -> String {
    let export = render(format, Scope::Minimal, service, credential).expect("it fits");
    assert!(!export.renews, "what is enough to play renews nothing");
    export.text.expose().to_owned()
}

#[test]
fn a_header_is_one_line_without_a_line_break_at_its_end() {
    assert_eq!(
        rendered(Format::Header, &qq()),
        "qqmusic_key=Q_H_L_k1; uin=10001; qm_keyst=Q_H_L_k1; euin=oK6z**"
    );
}

#[test]
fn a_header_splits_into_the_cookies_that_went_in() {
    let text = rendered(Format::Header, &qq());
    let pairs: Vec<_> = text.split("; ").map(|pair| pair.split_once('=').expect("it is a pair")).collect();
    assert_eq!(pairs, QQ_COOKIE);
    // What Meting and Rain120 look for: digits after `uin=`, and a space before it.
    assert!(text.contains(" uin=10001;"), "{text}");
}

#[test]
fn json_is_an_object_in_the_order_of_the_cookie() {
    assert_eq!(
        rendered(Format::Json, &qq()),
        r#"{"qqmusic_key":"Q_H_L_k1","uin":"10001","qm_keyst":"Q_H_L_k1","euin":"oK6z**"}"#
    );
}

#[test]
fn json_gives_back_any_value() {
    let odd = [("MUSIC_U", "a\"b\\c;d\te 名"), ("__csrf", "")];
    let parsed: serde_json::Value =
        serde_json::from_str(&rendered(Format::Json, &netease(&odd))).expect("it is JSON");
    assert_eq!(parsed, serde_json::json!({"MUSIC_U": "a\"b\\c;d\te 名", "__csrf": ""}));
}

#[test]
fn the_env_line_names_the_service() {
    assert_eq!(
        rendered(Format::Env, &qq()),
        r#"QQMUSIC_COOKIE="qqmusic_key=Q_H_L_k1; uin=10001; qm_keyst=Q_H_L_k1; euin=oK6z**""#
    );
    assert_eq!(
        rendered(Format::Env, &netease(&[("MUSIC_U", "00a1"), ("__csrf", "b2")])),
        r#"NETEASE_COOKIE="MUSIC_U=00a1; __csrf=b2""#
    );
}

#[test]
fn what_a_shell_would_change_goes_between_single_quotes() {
    for value in ["a$b", "a`b", "a\"b", "a!b", "$(id)"] {
        let service = netease(&[("MUSIC_U", value)]);
        assert_eq!(rendered(Format::Env, &service), format!("NETEASE_COOKIE='MUSIC_U={value}'"));
    }
}

/// A real shell gives back what went in.
#[cfg(unix)]
#[test]
fn a_shell_reads_the_env_line_as_it_is_meant() {
    let service = netease(&[("MUSIC_U", "a$HOME`id`\"b!*?~#%+/=&|<>(){}[]"), ("__csrf", "b2")]);
    for service in [qq(), service] {
        let line = rendered(Format::Env, &service);
        let script = format!("{line}\nprintf %s \"$NETEASE_COOKIE$QQMUSIC_COOKIE\"");
        let output =
            std::process::Command::new("sh").args(["-c", &script]).output().expect("there is a shell");
        let read = String::from_utf8(output.stdout).expect("it is ASCII");
        assert_eq!(read, rendered(Format::Header, &service), "from {line}");
    }
}

#[test]
fn what_no_quotes_can_carry_is_refused_rather_than_changed() {
    for value in ["a\\b", "'\"", "'$x", "${HOME}"] {
        let problem = render(Format::Env, Scope::Full, &netease(&[("MUSIC_U", value)]), &credential(&[]));
        assert_eq!(problem.expect_err(value).code, ProblemCode::InvalidInput);
    }
}

#[test]
fn a_value_that_would_break_the_line_is_refused_without_being_repeated() {
    for value in ["canary\nSet-Cookie: x=y", "canary\r", "canary;x=y", "canary\0", "canary 名", "canary x"] {
        for format in [Format::Header, Format::Env] {
            let problem = render(format, Scope::Full, &netease(&[("MUSIC_U", value)]), &credential(&[]));
            let problem = problem.expect_err("the reader would see something else");
            assert!(!format!("{problem:?}").contains("canary"), "{problem:?}");
        }
    }
    for value in ["a\tb", "a\nb", "a\rb"] {
        let refused =
            render(Format::Netscape, Scope::Full, &netease(&[("MUSIC_U", value)]), &credential(&[]));
        assert_eq!(refused.expect_err(value).code, ProblemCode::InvalidInput);
    }
}

#[test]
fn a_netscape_file_has_its_first_line_and_seven_fields_a_line() {
    assert_eq!(
        rendered(Format::Netscape, &netease(&[("MUSIC_U", "00a1"), ("__csrf", "b2")])),
        "# Netscape HTTP Cookie File\n\
         .music.163.com\tTRUE\t/\tTRUE\t1790259200\tMUSIC_U\t00a1\n\
         .music.163.com\tTRUE\t/\tTRUE\t1790259200\t__csrf\tb2\n"
    );
}

#[test]
fn a_cookie_without_a_known_end_is_not_over_for_any_reader() {
    // Python takes 0 and nothing for a cookie that ended when its program did.
    let lasting = Credential { expires_at: None, ..credential(&[]) };
    let file = render(Format::Netscape, Scope::Full, &qq(), &lasting).expect("it fits").text;
    let ends: Vec<_> = exposed(&file).lines().filter_map(|line| line.split('\t').nth(4)).collect();
    assert_eq!(ends, vec!["2147483647"; QQ_COOKIE.len()], "in every line");
}

#[test]
fn no_line_with_a_cookie_looks_like_a_comment() {
    for service in [qq(), netease(&[("MUSIC_U", "00a1"), ("__csrf", "b2")])] {
        let file = rendered(Format::Netscape, &service);
        let comments: Vec<_> = file.lines().filter(|line| line.starts_with('#')).collect();
        assert_eq!(comments, ["# Netscape HTTP Cookie File"], "wget and old Pythons skip the others");
    }
}

#[test]
fn a_minimal_export_holds_what_plays_and_nothing_else() {
    let cookie = [
        ("login_type", "1"),
        ("uin", "10001"),
        ("qm_keyst", "Q_H_L_k1"),
        ("qqmusic_key", "Q_H_L_k1"),
        ("psrf_qqrefresh_token", "canary"),
        ("psrf_qqaccess_token", "canary"),
    ];
    let qq = with_cookies(qqmusic::ID, &cookie);
    let whole = credential(&[
        ("musickey", "Q_H_L_k1"),
        ("refresh_key", "canary"),
        ("refresh_token", "canary"),
        ("access_token", "canary"),
        ("openid", "canary"),
        ("unionid", "canary"),
    ]);
    for format in Format::all() {
        let full = render(format, Scope::Full, &qq, &whole).expect("it fits");
        assert!(full.renews && exposed(&full.text).contains("canary"), "{format}: the full one renews");
        let text = minimal(format, &qq, &whole);
        assert!(text.contains("Q_H_L_k1") && !text.contains("canary"), "{format}: {text}");
    }
    assert_eq!(
        minimal(Format::Header, &qq, &whole),
        "login_type=1; uin=10001; qm_keyst=Q_H_L_k1; qqmusic_key=Q_H_L_k1"
    );
    let session = [("MUSIC_U", "00a1"), ("__csrf", "b2"), ("__remember_me", "true"), ("NMTID", "n")];
    assert_eq!(minimal(Format::Header, &netease(&session), &whole), "MUSIC_U=00a1; __csrf=b2");
}

#[test]
fn each_service_says_truly_whether_a_full_export_holds_what_renews() {
    let whole = credential(&[
        ("musickey", "Q_H_L_k1"),
        ("openid", "oi"),
        ("refresh_token", "rt"),
        ("MUSIC_U", "00a1"),
        ("MUSIC_R_U", "00b2"),
    ]);
    for service in tunekey_services::registry::all() {
        let says = service.facts().cookie.renews;
        for format in Format::all().filter(|format| format.suits(service.id())) {
            let export = render(format, Scope::Full, *service, &whole).expect("it fits");
            assert_eq!(export.renews, says, "{} as {format}", service.id());
        }
    }
}

#[test]
fn a_netscape_reader_gets_every_cookie_back() {
    let file = rendered(Format::Netscape, &netease(&[("MUSIC_U", "a b;c=d\"e"), ("__csrf", "b2")]));
    let mut cookies = Vec::new();
    for line in file.lines() {
        if line.starts_with('#') {
            continue;
        }
        let fields: Vec<_> = line.split('\t').collect();
        let [domain, "TRUE", "/", "TRUE", expires, name, value] = fields[..] else {
            panic!("a reader wants seven fields: {line:?}");
        };
        assert!(domain.starts_with('.'), "TRUE says that all hosts of the domain are meant");
        expires.parse::<u64>().expect("whole seconds");
        cookies.push((name.to_owned(), value.to_owned()));
    }
    assert_eq!(
        cookies,
        [("MUSIC_U", "a b;c=d\"e"), ("__csrf", "b2")].map(|(n, v)| (n.to_owned(), v.to_owned()))
    );
}

#[test]
fn the_qqmusic_api_credential_has_every_field_with_numbers_as_numbers() {
    let text = rendered_credential(&[
        ("openid", "0A"),
        ("refresh_token", "1B"),
        ("access_token", "2C"),
        ("expired_at", "1790604800"),
        ("musicid", "1152921504600000042"),
        ("musickey", "W_X_63k3"),
        ("musickeyCreateTime", "1790000000"),
        ("keyExpiresIn", "259200"),
        ("unionid", "UID"),
        ("str_musicid", "1152921504600000042"),
        ("refresh_key", "rk"),
        ("encryptUin", "oK6z**"),
        ("loginType", "1"),
    ]);
    assert_eq!(
        text,
        concat!(
            r#"{"openid":"0A","refresh_token":"1B","access_token":"2C","expired_at":1790604800,"#,
            r#""musicid":1152921504600000042,"musickey":"W_X_63k3","unionid":"UID","#,
            r#""str_musicid":"1152921504600000042","refresh_key":"rk","musickeyCreateTime":1790000000,"#,
            r#""keyExpiresIn":259200,"first_login":0,"bindAccountType":0,"needRefreshKeyIn":0,"#,
            r#""encryptUin":"oK6z**","loginType":1}"#
        )
    );
}

#[test]
fn what_the_service_left_out_of_the_credential_is_filled_in() {
    let text = rendered_credential(&[("musickey", "Q_H_L_63k3")]);
    let parsed: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    for (name, value) in [
        ("musicid", serde_json::json!(10001)),
        ("str_musicid", serde_json::json!("10001")),
        ("musickeyCreateTime", serde_json::json!(1_790_000_000)),
        ("keyExpiresIn", serde_json::json!(259_200)),
        ("loginType", serde_json::json!(2)),
        ("refresh_key", serde_json::json!("")),
    ] {
        assert_eq!(parsed[name], value, "{name}");
    }
    assert!(
        rendered_credential(&[("musickey", "W_X_63k3")]).contains(r#""loginType":1"#),
        "the key says WeChat"
    );
}

#[test]
fn a_format_of_the_other_service_is_refused() {
    let problem = render(Format::Own(qqmusic::API_FORMAT), Scope::Full, &netease(&[]), &credential(&[]))
        .expect_err("NetEase has none");
    assert_eq!((problem.code, problem.service), (ProblemCode::InvalidInput, Some(netease::ID)));
}

#[test]
fn a_format_of_a_newer_version_is_read_and_written_as_it_was_and_suits_no_service() {
    let format: Format = serde_json::from_str("\"futureformat\"").expect("it is a name");
    assert_eq!(serde_json::to_string(&format).expect("it is plain data"), "\"futureformat\"");
    assert!(registry::all().iter().all(|service| !format.suits(service.id())));
    assert_eq!("futureformat".parse::<Format>(), Err(UnknownName), "nobody can choose it here");
}
