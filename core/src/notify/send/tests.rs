//! Every channel against a server that plays it, with the traps that it has: most answer 200 to everything.

use jiff::Timestamp;
use serde_json::{Value, json};
use strum::VariantArray as _;
use tunekey_services::{HttpOptions, Limits, Proxy, Secret};
use url::Url;

use super::*;
use crate::notify::post::{Fields, Message, Urgency};
use crate::notify::reply::Refusal;
use crate::notify::signature;
use crate::outbound::BadAddress;
use crate::test_server::{Answer, Asked, Server};

fn at() -> Timestamp {
    Timestamp::from_second(1_790_000_000).expect("a time")
}

fn message() -> Message {
    Message {
        title: "小满需要重新登录".into(),
        text: "QQ 音乐不再接受此凭据。".into(),
        urgency: Urgency::Normal,
    }
}

fn played_clients() -> Clients {
    let limits = Limits::default();
    clients(Clients::new(HttpOptions { proxy: Proxy::None, extra_ca: None, limits }))
        .within(Duration::from_secs(2))
}

/// What a person has told of each channel.
fn fields(kind: ChannelKind, server: &Server) -> Fields {
    let url = format!("{}/hook/secret", server.url());
    let told: &[(&str, &str)] = match kind {
        ChannelKind::Ntfy => &[("topic", "t0pic"), ("token", "tk_1")],
        ChannelKind::Bark => &[("device_key", "k1")],
        ChannelKind::Gotify | ChannelKind::PushPlus => &[("token", "A1")],
        ChannelKind::ServerChan => &[("key", "SCT1abc")],
        ChannelKind::WeCom => &[("key", "6932-1")],
        ChannelKind::DingTalk => &[("access_token", "a1"), ("secret", "SECabc")],
        ChannelKind::Feishu => &[("hook", "h1"), ("secret", "abc")],
        ChannelKind::Telegram => &[("token", "1:A"), ("chat", "-1001")],
        ChannelKind::Webhook => &[("url", &url)],
    };
    let has_server = kind.facts().fields.iter().any(|field| field.key == "server");
    let server = has_server.then(|| ("server".to_owned(), Secret::new(server.url())));
    told.iter().map(|(key, value)| ((*key).to_owned(), Secret::new(*value))).chain(server).collect()
}

/// The request for a channel, at the server that plays it: some channels have one host for everybody.
fn posted(kind: ChannelKind, server: &Server, fields: &Fields) -> Post {
    let post = kind.post(fields, &message(), at()).expect("all is told");
    let mut url = Url::parse(&server.url()).expect("an address");
    url.set_path(post.url.path());
    url.set_query(post.url.query());
    Post { url, ..post }
}

async fn sent(kind: ChannelKind, server: &Server) -> Result<(), ChannelError> {
    send(kind, posted(kind, server, &fields(kind, server)), &played_clients(), true).await
}

/// Whether a channel would have shown the message, and to whom.
fn would_show(kind: ChannelKind, asked: &Asked) -> bool {
    let (path, body) = (asked.path.as_str(), asked.json());
    let Message { title, text, .. } = message();
    let both = format!("{title}\n{text}");
    let apart = |title_key: &str, text_key: &str| body[title_key] == *title && body[text_key] == *text;
    asked.method == "POST"
        && asked.header("content-type") == "application/json"
        && match kind {
            ChannelKind::Ntfy => {
                let opens = asked.header("authorization") == "Bearer tk_1";
                path == "/" && opens && body["topic"] == "t0pic" && apart("title", "message")
            }
            ChannelKind::Bark => path == "/push" && body["device_key"] == "k1" && apart("title", "body"),
            ChannelKind::Gotify => {
                path == "/message" && asked.header("x-gotify-key") == "A1" && apart("title", "message")
            }
            ChannelKind::ServerChan => path == "/SCT1abc.send" && apart("title", "desp"),
            ChannelKind::WeCom => {
                path == "/cgi-bin/webhook/send?key=6932-1" && body["text"]["content"] == *both
            }
            ChannelKind::DingTalk => {
                let sign = signature::ding_talk(1_790_000_000_000, "SECabc");
                let query: Vec<(&str, &str)> =
                    vec![("access_token", "a1"), ("timestamp", "1790000000000"), ("sign", &sign)];
                let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
                path == format!("/robot/send?{query}") && body["text"]["content"] == *both
            }
            ChannelKind::Feishu => {
                let signed = body["sign"] == *signature::feishu(1_790_000_000, "abc");
                path == "/open-apis/bot/v2/hook/h1" && signed && body["content"]["text"] == *both
            }
            ChannelKind::Telegram => {
                path == "/bot1:A/sendMessage" && body["chat_id"] == "-1001" && body["text"] == *both
            }
            ChannelKind::PushPlus => path == "/send" && body["token"] == "A1" && apart("title", "content"),
            ChannelKind::Webhook => path == "/hook/secret" && apart("title", "text"),
        }
}

/// What a channel answers to a message that it has taken.
fn taken(kind: ChannelKind) -> Value {
    match kind {
        ChannelKind::Ntfy => json!({ "id": "xE73Iyuabi", "event": "message" }),
        ChannelKind::Bark => json!({ "code": 200, "message": "success" }),
        ChannelKind::Gotify => json!({ "id": 25 }),
        ChannelKind::ServerChan => json!({ "code": 0, "data": { "errno": 0 } }),
        ChannelKind::WeCom | ChannelKind::DingTalk => json!({ "errcode": 0, "errmsg": "ok" }),
        ChannelKind::Feishu => json!({ "code": 0, "msg": "success" }),
        ChannelKind::Telegram => json!({ "ok": true, "result": {} }),
        ChannelKind::PushPlus => json!({ "code": 200, "msg": "请求成功" }),
        ChannelKind::Webhook => Value::Null,
    }
}

/// What a channel answers to a key that it does not know: the status, and the body.
fn wrong_key(kind: ChannelKind) -> (u16, Value) {
    match kind {
        ChannelKind::Ntfy => (403, json!({ "code": 40_301, "error": "forbidden" })),
        ChannelKind::Bark => (400, json!({ "code": 400, "message": "device key is empty" })),
        ChannelKind::Gotify => (401, json!({ "error": "Unauthorized", "errorCode": 401 })),
        ChannelKind::ServerChan => (404, json!({ "code": 404, "message": "not found" })),
        ChannelKind::WeCom => (200, json!({ "errcode": 93_000, "errmsg": "invalid webhook url" })),
        ChannelKind::DingTalk => (200, json!({ "errcode": 310_000, "errmsg": "sign not match" })),
        ChannelKind::Feishu => (200, json!({ "code": 19_021, "msg": "sign match fail" })),
        ChannelKind::Telegram => (401, json!({ "ok": false, "error_code": 401 })),
        ChannelKind::PushPlus => (200, json!({ "code": 903, "msg": "无效的用户令牌" })),
        ChannelKind::Webhook => (403, Value::Null),
    }
}

#[tokio::test]
async fn every_channel_shows_the_message_and_no_credential_is_in_any_request() {
    for kind in ChannelKind::VARIANTS {
        let kind = *kind;
        let server = Server::start(move |asked| {
            let answer = if would_show(kind, asked) { (200, taken(kind)) } else { (418, Value::Null) };
            Answer::of(answer.0, &answer.1.to_string())
        })
        .await;
        sent(kind, &server).await.unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        let asked = server.asked();
        assert_eq!(asked.len(), 1, "{kind:?}");
        assert!(asked[0].header("user-agent").starts_with("TuneKey/"), "{kind:?}");
        for nothing in ["cookie", "referer"] {
            assert_eq!(asked[0].header(nothing), "", "{kind:?}");
        }
    }
}

#[tokio::test]
async fn a_key_that_a_channel_does_not_know_is_told_apart_from_everything_else() {
    for kind in ChannelKind::VARIANTS {
        let (status, body) = wrong_key(*kind);
        let server = Server::start(move |_| Answer::of(status, &body.to_string())).await;
        let refused = sent(*kind, &server).await;
        assert!(matches!(refused, Err(ChannelError::Refused(Refusal::Key))), "{kind:?}: {refused:?}");
    }
}

#[tokio::test]
async fn a_channel_that_wants_to_be_left_alone_is_for_as_long_as_it_says() {
    let five = Refusal::RateLimited(Duration::from_secs(5));
    for kind in ChannelKind::VARIANTS {
        let (answer, wanted) = match kind {
            ChannelKind::Telegram => {
                let body = json!({ "ok": false, "error_code": 429, "parameters": { "retry_after": 5 } });
                (Answer::of(429, &body.to_string()), five)
            }
            ChannelKind::WeCom => {
                (Answer::of(200, r#"{"errcode":45009}"#), Refusal::RateLimited(Duration::from_secs(60)))
            }
            ChannelKind::DingTalk => {
                (Answer::of(200, r#"{"errcode":130101}"#), Refusal::RateLimited(Duration::from_secs(600)))
            }
            ChannelKind::Feishu => {
                (Answer::of(200, r#"{"code":11232}"#), Refusal::RateLimited(Duration::from_secs(60)))
            }
            ChannelKind::PushPlus => (Answer::of(200, r#"{"code":900}"#), Refusal::DailyLimit),
            ChannelKind::Ntfy => (Answer::of(429, r#"{"code":42908}"#), Refusal::DailyLimit),
            ChannelKind::Bark | ChannelKind::Gotify | ChannelKind::ServerChan | ChannelKind::Webhook => {
                (Answer::of(429, "").with("retry-after", "5"), five)
            }
        };
        let server = Server::start(move |_| answer.clone()).await;
        match sent(*kind, &server).await {
            Err(ChannelError::Refused(refusal)) => assert_eq!(refusal, wanted, "{kind:?}"),
            other => panic!("{kind:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn what_is_no_channel_has_taken_nothing_and_leads_nowhere_else() {
    for kind in ChannelKind::VARIANTS {
        let elsewhere = Server::start(|_| Answer::of(200, "{}")).await;
        let location = elsewhere.url();
        for answer in [
            Answer::of(302, "").with("location", &location),
            Answer::of(307, "").with("location", &location),
            Answer::of(500, "<html>"),
            Answer::of(200, "<html>Sign in to this network</html>"),
        ] {
            let says_by_status =
                matches!(kind, ChannelKind::Ntfy | ChannelKind::Gotify | ChannelKind::Webhook);
            let is_page = format!("{answer:?}").contains("Sign in");
            let server = Server::start(move |_| answer.clone()).await;
            let taken = sent(*kind, &server).await.is_ok();
            assert_eq!(taken, says_by_status && is_page, "{kind:?}");
        }
        assert!(elsewhere.asked().is_empty(), "{kind:?} was led on");
    }
}

#[tokio::test]
async fn a_channel_that_does_not_answer_is_waited_for_no_longer_than_the_limit() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let fields: Fields = [("url".to_owned(), Secret::new(url))].into();
    let post = ChannelKind::Webhook.post(&fields, &message(), at()).expect("all is told");
    let refused = send(ChannelKind::Webhook, post, &played_clients(), true).await;
    assert!(matches!(refused, Err(ChannelError::Http(_))), "{refused:?}");
}

#[tokio::test]
async fn nothing_goes_without_encryption_but_to_a_private_address_and_when_the_person_agrees() {
    let server = Server::start(|_| Answer::of(200, "{}")).await;
    let refused = async |url: &str, allows_plain: bool| {
        let fields: Fields = [("url".to_owned(), Secret::new(url))].into();
        let post = ChannelKind::Webhook.post(&fields, &message(), at()).expect("all is told");
        match send(ChannelKind::Webhook, post, &played_clients(), allows_plain).await {
            Err(ChannelError::Address(why)) => why,
            other => panic!("it is not refused: {other:?}"),
        }
    };
    assert_eq!(refused(&server.url(), false).await, BadAddress::Plain);
    assert_eq!(refused("http://8.8.8.8/", true).await, BadAddress::PlainAbroad);
    assert_eq!(refused("https://me:x@h.test/", true).await, BadAddress::HasPassword);
    assert!(server.asked().is_empty());
}

mod pings {
    use super::*;
    use crate::notify::model::Ping;
    use crate::notify::ping;

    const CHECK: &str = "/ping/d1665499-e827-441f-bf13-8f15e8f4c0b9";

    async fn pinged(server: &Server, path: &str, is_failing: bool) -> Result<(), ChannelError> {
        let url: Url = format!("{}{path}", server.url()).parse().expect("an address");
        let one = Ping::to(&url, 60, true).expect("it may be used");
        ping::send(&one, url, is_failing, &played_clients()).await
    }

    #[tokio::test]
    async fn a_ping_is_a_request_with_nothing_in_it() {
        let server = Server::start(|_| Answer::of(200, "OK")).await;
        for (path, is_failing, wanted) in [
            (CHECK.to_owned(), false, CHECK.to_owned()),
            (CHECK.to_owned(), true, format!("{CHECK}/fail")),
            (format!("{CHECK}/"), true, format!("{CHECK}/fail")),
            ("/api/push/abc?status=up".to_owned(), false, "/api/push/abc?status=up".to_owned()),
        ] {
            pinged(&server, &path, is_failing).await.expect("it arrives");
            let asked = server.asked().pop().expect("a request");
            assert_eq!(
                (asked.method.as_str(), asked.path.as_str(), asked.body.as_str()),
                ("GET", &*wanted, "")
            );
        }
    }

    #[tokio::test]
    async fn a_check_that_there_is_not_is_told_although_it_is_answered_with_success() {
        for (answer, wanted) in [
            (Answer::of(200, "OK (not found)"), Some(Refusal::Key)),
            (Answer::of(404, "not found"), Some(Refusal::Key)),
            (Answer::of(409, "ambiguous slug"), Some(Refusal::Key)),
            (Answer::of(503, ""), Some(Refusal::Other(503))),
            (Answer::of(302, "").with("location", "http://127.0.0.1:9/"), Some(Refusal::Other(302))),
            (Answer::of(200, "OK"), None),
        ] {
            let server = Server::start(move |_| answer.clone()).await;
            let refusal = match pinged(&server, CHECK, false).await {
                Ok(()) => None,
                Err(ChannelError::Refused(refusal)) => Some(refusal),
                Err(other) => panic!("{other:?}"),
            };
            assert_eq!(refusal, wanted);
        }
    }
}
