//! The targets that are reached over a network, against servers that play them with the traps that they have.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tunekey_services::{HttpOptions, Limits, Proxy};

use super::error::DeliveryError;
use super::fixtures::payload_with;
use super::model::{DeliveryNotice, DeliveryOutcome};
use super::target::*;
use super::{cookie_cloud, http, meting, open_list, qinglong};
use crate::outbound::{BadAddress, Clients};
use crate::test_server::{Answer, Asked, Server};

fn clients() -> Clients {
    Clients::new(HttpOptions { proxy: Proxy::None, extra_ca: None, limits: Limits::default() })
}

fn webhook(server: &Server) -> HttpTarget {
    HttpTarget {
        method: HttpMethod::Post,
        url: format!("{}/hook/{{{{secret.room}}}}", server.url()),
        headers: vec![HttpHeader { name: "x-api-key".to_owned(), value: "{{secret.room}}".to_owned() }],
        body: r#"{"cookie":"{{cookie}}","for":"{{account}}"}"#.to_owned(),
        body_kind: BodyKind::Json,
        signature: Signature::StandardWebhooks,
        allows_plain_http: true,
        success: Success::Status,
    }
}

/// 24 bytes.
const SIGNING_SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz";

fn signed_payload() -> super::payload::Payload {
    payload_with("value", &[("signing", SIGNING_SECRET), ("room", "a/b")])
}

#[tokio::test]
async fn a_webhook_is_signed_and_carries_the_same_name_each_time() {
    let server = Server::start(|_| Answer::of(204, "")).await;
    for _ in 0..2 {
        let sent = http::send(&webhook(&server), &signed_payload(), &clients()).await;
        assert_eq!(sent.expect("it arrives"), DeliveryOutcome::Accepted);
    }
    let asked = server.asked();
    let names: Vec<_> = asked.iter().map(|one| one.header("webhook-id")).collect();
    assert!(names[0].starts_with("tunekey_0123456789_7_") && names[0] == names[1], "{names:?}");
    assert_eq!(asked[0].header("idempotency-key"), names[0]);
    assert_eq!((asked[0].method.as_str(), asked[0].path.as_str()), ("POST", "/hook/a%2Fb"));
    assert_eq!(asked[0].header("x-api-key"), "a/b");
    assert!(asked[0].header("user-agent").starts_with("TuneKey/"));
    assert_eq!(asked[0].json(), json!({ "cookie": "MUSIC_U=value; __csrf=c", "for": "netease:90001" }));
}

#[tokio::test]
async fn what_an_answer_means_stands_in_its_status_and_in_the_field_that_is_named() {
    let field = Success::Field { pointer: "/code".to_owned(), equals: json!(200) };
    for (answer, success, wanted) in [
        (Answer::of(200, ""), Success::Status, "Ok(Accepted)"),
        (Answer::of(200, ""), Success::Unknown, "Ok(Sent)"),
        (Answer::of(200, r#"{"code":200}"#), field.clone(), "Ok(Accepted)"),
        (Answer::of(200, r#"{"code":401}"#), field.clone(), "Err(SaidNo(\"the field of the answer\"))"),
        (Answer::of(200, "<html>"), field, "Err(NotUnderstood)"),
        (Answer::of(404, ""), Success::Status, "Err(Status(404))"),
        (Answer::of(401, ""), Success::Status, "Err(Unauthorised)"),
        (Answer::of(410, ""), Success::Status, "Err(Gone)"),
        (Answer::of(503, ""), Success::Status, "Err(Later(None))"),
        (Answer::of(429, "").with("retry-after", "7"), Success::Status, "Err(Later(Some(7s)))"),
        (Answer::of(302, "").with("location", "http://127.0.0.1:9/"), Success::Status, "Err(Status(302))"),
    ] {
        let server = Server::start(move |_| answer.clone()).await;
        let target = HttpTarget { success, ..webhook(&server) };
        let sent = http::send(&target, &signed_payload(), &clients()).await;
        assert_eq!(format!("{sent:?}"), wanted);
        assert_eq!(server.asked().len(), 1, "nothing is followed");
    }
}

#[tokio::test]
async fn nothing_leaves_without_encryption_but_to_a_private_address_and_when_the_person_agrees() {
    let server = Server::start(|_| Answer::of(200, "")).await;
    let refused = async |target: HttpTarget| match http::send(&target, &signed_payload(), &clients()).await {
        Err(DeliveryError::Address(why)) => why,
        other => panic!("it is not refused: {other:?}"),
    };
    let target = webhook(&server);
    assert_eq!(refused(HttpTarget { allows_plain_http: false, ..target.clone() }).await, BadAddress::Plain);
    let abroad = HttpTarget { url: "http://8.8.8.8/".to_owned(), ..target };
    assert_eq!(refused(abroad).await, BadAddress::PlainAbroad);
    assert!(server.asked().is_empty());
}

/// A CookieCloud server: a name, and what was put there last.
fn cookie_cloud(
    blobs: Arc<Mutex<BTreeMap<String, Value>>>,
) -> impl Fn(&Asked) -> Answer + Send + Sync + 'static {
    move |asked| match (asked.method.as_str(), asked.path.strip_prefix("/cloud/get/")) {
        ("GET", Some(uuid)) => match blobs.lock().expect("not poisoned").get(uuid) {
            Some(blob) => Answer::of(200, &blob.to_string()),
            None => Answer::of(404, "Not Found"),
        },
        ("POST", None) if asked.path == "/cloud/update" => {
            let body = asked.json();
            let uuid = body["uuid"].as_str().expect("a uuid").to_owned();
            blobs.lock().expect("not poisoned").insert(uuid, body);
            Answer::of(200, r#"{"action":"done"}"#)
        }
        _ => Answer::of(404, "Not Found"),
    }
}

#[tokio::test]
async fn a_cookie_cloud_keeps_what_others_have_put_there_in_both_ciphers() {
    for cipher in [CloudCipher::Legacy, CloudCipher::Fixed] {
        let blobs = Arc::<Mutex<BTreeMap<String, Value>>>::default();
        let server = Server::start(cookie_cloud(blobs.clone())).await;
        let target = CookieCloudTarget {
            url: format!("{}/cloud/", server.url()),
            uuid: "tunekey-1".to_owned(),
            cipher,
            allows_plain_http: true,
        };
        for session in ["first", "second"] {
            let payload = payload_with(session, &[("password", "p")]);
            let sent = cookie_cloud::send(&target, &payload, &clients()).await;
            assert_eq!(sent.expect("it arrives"), DeliveryOutcome::Confirmed, "{cipher:?}");
        }
        assert_eq!(blobs.lock().expect("not poisoned").len(), 1);
        let other = payload_with("third", &[("password", "another")]);
        let sent = cookie_cloud::send(&target, &other, &clients()).await;
        assert!(
            matches!(sent, Err(DeliveryError::WrongPassword)),
            "what is there is not overwritten: {sent:?}"
        );
        let asked = server.asked();
        assert!(asked.iter().all(|one| !one.body.contains("second")), "it is encrypted");
    }
}

/// The admin interface of Meting: the outer `success` is true for a bad cookie, too.
fn meting(
    is_valid: bool,
    is_active: bool,
    others: bool,
) -> impl Fn(&Asked) -> Answer + Send + Sync + 'static {
    move |asked| {
        if asked.header("authorization") != "Bearer mapi" {
            return Answer::of(401, r#"{"success":false,"error":"x"}"#);
        }
        let data = match (asked.method.as_str(), asked.path.as_str()) {
            ("POST", "/admin/cookies") => {
                let body = asked.json();
                assert!(body["note"] == "tunekey" && body["platform"] == "netease", "{body}");
                json!({ "id": 7, "cookie": body["cookie"] })
            }
            ("POST", "/admin/cookies/7/verify") => json!({ "isValid": is_valid }),
            ("GET", "/admin/cookies?platform=netease") => {
                let mut list = vec![json!({ "id": 7, "isActive": is_active, "isValid": true })];
                if others {
                    list.push(json!({ "id": 9, "isActive": true, "isValid": true }));
                }
                list.into()
            }
            _ => return Answer::of(404, r#"{"success":false}"#),
        };
        Answer::of(200, &json!({ "success": true, "data": data }).to_string())
    }
}

#[tokio::test]
async fn meting_is_asked_whether_the_cookie_plays_and_which_entry_it_uses() {
    use DeliveryNotice::{OtherEntry, SwitchedOff};

    for (is_valid, is_active, others, wanted) in [
        (true, true, false, Some(None)),
        (true, true, true, Some(Some(OtherEntry))),
        (true, false, true, Some(Some(SwitchedOff))),
        (false, true, false, None),
    ] {
        let server = Server::start(meting(is_valid, is_active, others)).await;
        let target = MetingTarget { url: server.url(), note: "tunekey".to_owned(), allows_plain_http: true };
        let sent = meting::send(&target, &payload_with("v", &[("token", "mapi")]), &clients()).await;
        assert_eq!(sent.ok(), wanted.map(|notice| (DeliveryOutcome::Confirmed, notice)));
        let wrong = meting::send(&target, &payload_with("v", &[("token", "x")]), &clients()).await;
        assert!(matches!(wrong, Err(DeliveryError::Unauthorised)), "{wrong:?}");
    }
}

/// OpenList: always HTTP 200, and an update zeroes what is left out.
fn open_list(storage: Arc<Mutex<Value>>) -> impl Fn(&Asked) -> Answer + Send + Sync + 'static {
    move |asked| {
        let said = |code: i64, data: Value| {
            Answer::of(200, &json!({ "code": code, "message": "", "data": data }).to_string())
        };
        if asked.header("authorization") != "raw-token" {
            return said(401, Value::Null);
        }
        let mut storage = storage.lock().expect("not poisoned");
        match (asked.method.as_str(), asked.path.as_str()) {
            ("GET", "/api/admin/storage/list?page=1&per_page=200") => said(
                200,
                json!({ "content": [
                { "id": 1, "mount_path": "/other", "addition": "{\"refresh_token\":\"theirs\"}" }, *storage,
            ] }),
            ),
            ("GET", "/api/admin/storage/get?id=1") => {
                said(200, json!({ "id": 1, "addition": "{\"refresh_token\":\"theirs\"}" }))
            }
            ("GET", "/api/admin/storage/get?id=7") => said(200, storage.clone()),
            ("POST", "/api/admin/storage/update") => {
                *storage = asked.json();
                said(200, Value::Null)
            }
            ("POST", "/api/fs/list") => {
                assert_eq!(asked.json()["refresh"], true);
                let works = storage["addition"].as_str().is_some_and(|text| text.contains("MUSIC_U=new"));
                said(if works { 200 } else { 500 }, Value::Null)
            }
            _ => said(404, Value::Null),
        }
    }
}

#[tokio::test]
async fn a_storage_of_open_list_goes_back_as_a_whole_with_one_value_changed() {
    let before = json!({
        "id": 7, "mount_path": "/music", "driver": "Some", "order": 3, "disabled": false,
        "addition": "{\"cookie\": \"old\", \"song_limit\":200}",
    });
    let storage = Arc::new(Mutex::new(before.clone()));
    let server = Server::start(open_list(storage.clone())).await;
    let target = OpenListTarget { url: server.url(), mount: "/music/".to_owned(), allows_plain_http: true };
    let sent = open_list::send(&target, &payload_with("new", &[("token", "raw-token")]), &clients()).await;
    assert_eq!(sent.expect("it arrives"), (DeliveryOutcome::Confirmed, None));
    let mut wanted = before;
    wanted["addition"] = "{\"cookie\": \"MUSIC_U=new; __csrf=c\", \"song_limit\":200}".into();
    assert_eq!(*storage.lock().expect("not poisoned"), wanted);
    for (token, mount, wanted) in [
        ("raw-token", "/none", "Nowhere"),
        ("Bearer raw-token", "/music", "Unauthorised"),
        ("raw-token", "/other", "Nowhere"),
    ] {
        let target = OpenListTarget { mount: mount.to_owned(), ..target.clone() };
        let sent = open_list::send(&target, &payload_with("new", &[("token", token)]), &clients()).await;
        assert!(format!("{sent:?}").contains(wanted), "{sent:?}");
    }
}

/// qinglong: always HTTP 200; the search finds parts of names; unknown keys and an equal pair are errors.
fn qinglong(variables: Arc<Mutex<Vec<Value>>>) -> impl Fn(&Asked) -> Answer + Send + Sync + 'static {
    move |asked| {
        let said =
            |code: i64, data: Value| Answer::of(200, &json!({ "code": code, "data": data }).to_string());
        if asked.path.starts_with("/open/auth/token?") {
            let right = asked.path == "/open/auth/token?client_id=app&client_secret=s%2Fs";
            return if right { said(200, json!({ "token": "t" })) } else { said(400, Value::Null) };
        }
        if asked.header("authorization") != "Bearer t" {
            return said(401, Value::Null);
        }
        let mut variables = variables.lock().expect("not poisoned");
        match (asked.method.as_str(), asked.path.as_str()) {
            ("GET", "/open/envs?searchValue=COOKIE") => said(200, variables.clone().into()),
            ("POST", "/open/envs") => {
                let mut new = asked.json()[0].clone();
                new["id"] = (variables.len() + 1).into();
                new["status"] = 0.into();
                variables.push(new);
                said(200, Value::Null)
            }
            ("PUT", "/open/envs") => {
                let body = asked.json();
                let known = ["id", "name", "value", "remarks"];
                if body.as_object().is_none_or(|body| body.keys().any(|key| !known.contains(&key.as_str()))) {
                    return said(400, Value::Null);
                }
                let there = variables.iter_mut().find(|one| one["id"] == body["id"]).expect("it is there");
                if there["value"] == body["value"] {
                    return said(400, Value::Null);
                }
                there["value"] = body["value"].clone();
                said(200, Value::Null)
            }
            _ => said(404, Value::Null),
        }
    }
}

#[tokio::test]
async fn a_variable_of_qinglong_is_made_once_and_then_changed() {
    let other = json!({ "id": 1, "name": "OTHER_COOKIE", "value": "x", "remarks": "", "status": 0 });
    let variables = Arc::new(Mutex::new(vec![other.clone()]));
    let server = Server::start(qinglong(variables.clone())).await;
    let target = QinglongTarget {
        url: server.url(),
        client_id: "app".to_owned(),
        variable: "COOKIE".to_owned(),
        allows_plain_http: true,
    };
    let send = async |session: &str| {
        qinglong::send(&target, &payload_with(session, &[("client-secret", "s/s")]), &clients()).await
    };
    for session in ["first", "second", "second"] {
        assert_eq!(send(session).await.expect("it arrives"), (DeliveryOutcome::Confirmed, None));
        let variables = variables.lock().expect("not poisoned");
        assert_eq!((variables.len(), &variables[0]), (2, &other));
        assert_eq!(variables[1]["value"], format!("MUSIC_U={session}; __csrf=c"));
    }
    variables.lock().expect("not poisoned")[1]["status"] = 1.into();
    let (_, notice) = send("third").await.expect("it arrives");
    assert_eq!(notice, Some(DeliveryNotice::SwitchedOff));
    let wrong = qinglong::send(&target, &payload_with("x", &[("client-secret", "no")]), &clients()).await;
    assert!(matches!(wrong, Err(DeliveryError::Unauthorised)), "{wrong:?}");
}
