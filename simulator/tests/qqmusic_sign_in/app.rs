//! The scan with the app, told by push.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Error, Message};
use tunekey_simulator::{CodeState, Fault, FaultKind, IssuedVia, PushSplit, Settings};

use super::{Change, LOGIN, NOTHING, WECHAT_ACCOUNT, create_param, renewal, text, wechat_comm};
use crate::harness::{self, Harness, web_comm};
use crate::push_client::{Connect, PATH, Packet, PushClient, handshake, puback, subscribe};

#[tokio::test]
async fn a_whole_sign_in_with_the_app_over_a_redirect_breaks_no_rule() {
    let harness = Harness::new().await;
    let id = harness.create().await;
    assert_eq!(id.len(), 91, "as long as the real ones");
    let (mut push_client, redirects) =
        PushClient::connected(&harness.simulator, &Connect::correct(&id)).await;
    assert_eq!(redirects, 1, "the first server sends it on");
    assert_eq!(push_client.subscribe(&id).await, Packet::SubAck(1, 0));
    push_client.send(vec![0xc0, 0]).await;
    assert_eq!(push_client.next().await, Some(Packet::PingResp));

    harness.simulator.scan(1, Some("qqmusic:10004")).expect("it is scanned");
    assert_eq!(push_client.event().await.0, "scanned");
    harness.simulator.confirm(1).expect("it is confirmed");
    let (kind, payload) = push_client.event().await;
    assert_eq!(kind, "cookies");
    push_client.send(vec![0xe0, 0]).await;
    assert_eq!(push_client.next().await, None, "it is closed");

    let payload: Value = serde_json::from_str(&payload).expect("it is JSON");
    let cookie = |name: &str| text(&payload["cookies"][name]["value"]).to_owned();
    assert_eq!((cookie("qqmusic_uin").as_str(), cookie("qrcode_id")), ("10004", id.clone()));
    let token = cookie("qqmusic_key");
    let param = json!({"musicid": 10004, "qrCodeID": id, "token": token});
    let credential = harness.exchange_app(&param).await["data"].take();
    assert_eq!((&credential["str_musicid"], &credential["loginType"]), (&json!("10004"), &json!(6)));
    assert!(text(&credential["musickey"]).starts_with("Q_H_L_"), "a QQ account, whatever loginType says");
    assert_eq!(harness.user_info(&credential).await["code"], 0, "the key is good");
    // With the loginType of the answer, and where the service does not mind with that of the account.
    let renewed = harness.renew_a(&credential, &renewal(&credential)).await;
    assert_eq!(renewed["code"], 0, "renewed as the app: {renewed}");
    let mut as_qq = credential.clone();
    as_qq["loginType"] = json!(2);
    harness.simulator.configure(|settings| settings.repeats_login_type = false);
    assert_eq!(harness.renew_a(&as_qq, &harness::path_a(&as_qq)).await["code"], 0, "renewed as a QQ account");
    assert_eq!(harness.simulator.ledger()[0].via, IssuedVia::AppScan);
    assert_eq!(harness.broken(), NOTHING);
}

#[tokio::test]
async fn a_code_for_the_app_is_made_only_for_a_client_that_names_itself_correctly() {
    let harness = Harness::new().await;
    let comm = json!({"ct": "23", "cv": "0", "tmeAppID": "qqmusic"});
    for (name, wrong) in [("tmeAppID", json!("other")), ("ct", json!("11")), ("cv", json!(1))] {
        let mut param = create_param();
        param[name] = wrong;
        let refused = harness.musicu(&comm, LOGIN.0, "CreateQRCode", &param).await;
        assert_eq!((&refused["code"], &refused["data"]["qrcodeID"]), (&json!(20_261), &json!("")), "{name}");
        assert!(harness.last_rule().is_some_and(|rule| rule.starts_with(&format!("param.{name}"))), "{name}");
    }
    let refused = harness.musicu(&web_comm(), LOGIN.0, "CreateQRCode", &create_param()).await;
    assert_eq!(refused["code"], 20_261, "comm is the web page's");
    assert!(harness.simulator.codes().is_empty(), "no code was made");
}

#[tokio::test]
async fn a_handshake_that_no_client_makes_is_refused() {
    let harness = Harness::new().await;
    for (name, wrong) in
        [("sec-websocket-protocol", "mqttv3.1"), ("origin", "https://evil.example"), ("user-agent", "curl/8")]
    {
        let mut request = handshake(PATH);
        request.headers_mut().insert(name, wrong.parse().expect("it is a value"));
        match PushClient::open(&harness.simulator, request).await.map(|_| ()).map_err(|error| *error) {
            Err(Error::Http(response)) => assert_eq!(response.status(), 400, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
        let rule = harness.last_rule().expect("a rule was broken");
        assert!(rule.to_lowercase().starts_with(name), "{name} is named: {rule}");
    }
    match PushClient::open(&harness.simulator, handshake("/ws/handshake/192.0.2.1:1"))
        .await
        .map_err(|error| *error)
    {
        Err(Error::Http(response)) => assert_eq!(response.status(), 404, "nobody was sent to that server"),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("a server that does not exist shakes hands"),
    }
}

#[tokio::test]
async fn a_connect_that_no_client_sends_is_refused() {
    let harness = Harness::new().await;
    let id = harness.create().await;
    let wrong: [(&str, Change); 6] = [
        ("the flags", |connect| connect.flags = 0),
        ("the keep alive", |connect| connect.keep_alive = 60),
        ("the authentication method", |connect| connect.method = "password"),
        ("the client id", |connect| connect.client_id = "tunekey".to_owned()),
        ("the user properties", |connect| connect.user.swap(0, 1)),
        ("hashTag is no code", |connect| {
            connect.user[2].1 = "unknown".to_owned();
            connect.user[4].1 = "unknown".to_owned();
        }),
    ];
    for (what, change) in wrong {
        let mut connect = Connect::correct(&id);
        change(&mut connect);
        let mut push_client =
            PushClient::open(&harness.simulator, handshake(PATH)).await.expect("it shakes hands");
        assert_eq!(push_client.connect(&connect).await, Packet::ConnAck(0x87, None), "{what}");
        assert_eq!(push_client.next().await, None, "{what}: it is closed");
        assert!(harness.last_rule().is_some_and(|rule| rule.starts_with(what)), "{what} is named");
    }
}

#[tokio::test]
async fn packets_in_the_wrong_order_or_for_another_topic_are_refused() {
    let harness = Harness::new().await;
    let id = harness.create().await;
    let topic = format!("management.qrcode_login/{id}");
    let user = [("authorization", "tmelogin"), ("pubsub", "unicast")];

    let mut push_client =
        PushClient::open(&harness.simulator, handshake(PATH)).await.expect("it shakes hands");
    push_client.send(subscribe(&topic, 0, &user)).await;
    assert_eq!(push_client.next().await, Some(Packet::Disconnect(0x82)), "CONNECT comes first");
    assert_eq!(harness.last_rule().as_deref(), Some("the first packet is no CONNECT"));

    for (packet, what) in [
        (subscribe("management.qrcode_login/other", 0, &user), "the topic"),
        (subscribe(&topic, 1, &user), "the subscription options"),
        (subscribe(&topic, 0, &user[..1]), "the user properties"),
    ] {
        let (mut push_client, _) = PushClient::connected(&harness.simulator, &Connect::correct(&id)).await;
        push_client.send(packet).await;
        assert_eq!(push_client.next().await, Some(Packet::SubAck(1, 0x87)), "{what}");
        assert!(harness.last_rule().is_some_and(|rule| rule.starts_with(what)), "{what} is named");
    }

    let (mut push_client, _) = PushClient::connected(&harness.simulator, &Connect::correct(&id)).await;
    assert_eq!(
        push_client.connect(&Connect::correct(&id)).await,
        Packet::Disconnect(0x82),
        "connected already"
    );
    let (mut push_client, _) = PushClient::connected(&harness.simulator, &Connect::correct(&id)).await;
    push_client.say(Message::text("ping")).await;
    assert_eq!(push_client.next().await, Some(Packet::Disconnect(0x82)), "packets are in binary frames");
}

#[tokio::test]
async fn a_token_from_the_app_is_good_once_and_only_with_its_code() {
    let harness = Harness::new().await;
    let (mut push_client, code) = harness.waiting().await;
    harness.simulator.confirm_as(code, Some("qqmusic:10001")).expect("it is confirmed");
    let mut payload = String::new();
    while payload.len() < 3 {
        payload = push_client.event().await.1;
    }
    let payload: Value = serde_json::from_str(&payload).expect("it is JSON");
    let id = harness.simulator.code(code).expect("it is known").key;
    let good = json!({"musicid": 10001, "qrCodeID": id, "token": payload["cookies"]["qqmusic_key"]["value"]});
    for (name, wrong) in [("musicid", json!(10002)), ("qrCodeID", json!("x")), ("token", json!("x"))] {
        let mut param = good.clone();
        param[name] = wrong;
        assert_eq!(harness.exchange_app(&param).await["code"], 1000, "{name}");
        assert!(harness.last_rule().is_some(), "{name}: a rule was broken");
    }
    assert_eq!(harness.login(&wechat_comm(), &good).await["code"], 1000, "as a WeChat account");
    assert_eq!(harness.exchange_app(&good).await["code"], 0, "nothing of that used it up");
    assert_eq!(harness.exchange_app(&good).await["code"], 1000, "the second time");
    assert_eq!(harness.last_rule().as_deref(), Some("the token was used before"));
}

/// Has a code of the app confirmed; returns what the exchange takes.
async fn confirmed_with_the_app(harness: &Harness, account: &str) -> Value {
    let (mut push_client, code) = harness.waiting().await;
    harness.simulator.confirm_as(code, Some(account)).expect("it is confirmed");
    let payload = loop {
        let (kind, payload) = push_client.event().await;
        if kind == "cookies" {
            break payload;
        }
    };
    let payload: Value = serde_json::from_str(&payload).expect("it is JSON");
    let cookie = |name: &str| text(&payload["cookies"][name]["value"]).to_owned();
    let number: u64 = cookie("qqmusic_uin").parse().expect("a number");
    json!({"musicid": number, "qrCodeID": cookie("qrcode_id"), "token": cookie("qqmusic_key")})
}

#[tokio::test]
async fn a_token_from_the_app_is_exchanged_by_the_clients_that_were_seen_to_and_kept_for_them() {
    let harness = Harness::new().await;
    let param = confirmed_with_the_app(&harness, "qqmusic:10001").await;
    let unheard = harness.exchange_app_as("24", &param).await;
    assert_eq!((&unheard["code"], &unheard["data"]["musickey"]), (&json!(77_778), &json!("")));
    assert!(harness.last_rule().is_some_and(|rule| rule.contains("web site")), "no client does that");
    assert_eq!(harness.exchange_app_as("23", &param).await["code"], 0, "the token is still good");

    harness.simulator.configure(|settings| settings.app_exchange_as_web_site = true);
    let param = confirmed_with_the_app(&harness, "qqmusic:10001").await;
    assert_eq!(harness.exchange_app_as("23", &param).await["code"], 77_778, "it says nothing of use");
    assert_eq!(harness.last_rule(), None, "and means nothing by it");
    assert_eq!(harness.exchange_app_as("24", &param).await["code"], 0);
}

#[tokio::test]
async fn what_is_pushed_may_be_the_key_itself_and_otherwise_is_none() {
    for pushed_key in [true, false] {
        let harness = Harness::with(Settings { pushed_key, ..Settings::default() }).await;
        let param = confirmed_with_the_app(&harness, WECHAT_ACCOUNT).await;
        let as_key = json!({
            "str_musicid": param["musicid"].to_string(), "musickey": param["token"], "loginType": 1,
        });
        let wanted = if pushed_key { 0 } else { 1000 };
        assert_eq!(harness.user_info(&as_key).await["code"], wanted);
        let exchanged = harness.exchange_app(&param).await;
        assert_eq!(exchanged["code"], if pushed_key { 77_778 } else { 0 });
        assert_eq!(harness.broken(), NOTHING);
    }
}

#[tokio::test]
async fn the_push_tells_how_a_code_ends_and_never_twice() {
    let harness = Harness::new().await;
    let (mut push_client, code) = harness.waiting().await;
    harness.simulator.refuse(code).expect("it is refused");
    assert_eq!(push_client.event().await, ("canceled".to_owned(), String::new()));

    let (mut push_client, code) = harness.waiting().await;
    harness.simulator.expire(code).expect("it ends");
    assert_eq!(push_client.event().await.0, "timeout");

    // Who subscribes after the scan hears of the confirmation alone.
    let id = harness.create().await;
    let code = harness.simulator.codes().last().expect("there is a code").id;
    harness.simulator.scan(code, None).expect("it is scanned");
    let mut late = PushClient::subscribed(&harness.simulator, &id).await;
    harness.simulator.confirm(code).expect("it is confirmed");
    assert_eq!(late.event().await.0, "cookies", "the scan is not told again");
    assert_eq!(harness.broken(), NOTHING);
}

#[tokio::test]
async fn the_push_can_be_cut_into_bytes_or_wait_for_acknowledgements() {
    for (split, qos, before) in
        [(PushSplit::Bytes, 0, false), (PushSplit::Joined, 0, true), (PushSplit::Whole, 1, false)]
    {
        let settings = Settings {
            push_split: split,
            push_qos: qos,
            push_before_suback: before,
            push_redirects: 3,
            ..Settings::default()
        };
        let harness = Harness::with(settings).await;
        let id = harness.create().await;
        let (mut push_client, redirects) =
            PushClient::connected(&harness.simulator, &Connect::correct(&id)).await;
        assert_eq!(redirects, 3, "as often as it was set");
        let user = [("authorization", "tmelogin"), ("pubsub", "unicast")];
        push_client.send(subscribe(&format!("management.qrcode_login/{id}"), 0, &user)).await;
        if !before {
            assert_eq!(push_client.next().await, Some(Packet::SubAck(1, 0)), "{split:?}");
        }
        harness.simulator.until(|state| (state.codes()[0].polls > 0).then_some(())).await;
        harness.simulator.scan(1, None).expect("it is scanned");
        let Some(Packet::Publish(kind, _, packet_id)) = push_client.next().await else {
            panic!("it is no event")
        };
        assert_eq!((kind.as_str(), packet_id.is_some()), ("scanned", qos == 1), "{split:?}");
        if let Some(packet_id) = packet_id {
            push_client.send(puback(packet_id)).await;
        }
        if before {
            assert_eq!(push_client.next().await, Some(Packet::SubAck(1, 0)), "only after the event");
        }
        push_client.send(vec![0xe0, 0]).await;
        assert_eq!(push_client.next().await, None, "{split:?}: it is closed");
        assert_eq!(harness.broken(), NOTHING, "{split:?}");
    }
}

#[tokio::test]
async fn an_event_that_is_not_acknowledged_is_held_against_the_client() {
    let harness = Harness::with(Settings { push_qos: 1, ..Settings::default() }).await;
    let (mut push_client, code) = harness.waiting().await;
    harness.simulator.scan(code, None).expect("it is scanned");
    assert_eq!(push_client.event().await.0, "scanned");
    push_client.send(vec![0xe0, 0]).await;
    assert_eq!(push_client.next().await, None, "it is closed");
    harness.simulator.until(|state| (!state.broken_rules().is_empty()).then_some(())).await;
    assert_eq!(harness.broken(), ["a message of QoS 1 was not acknowledged"]);
}

#[tokio::test]
async fn faults_of_the_push_refuse_the_connection_or_spoil_an_event() {
    for (kind, reason) in
        [(FaultKind::Risk, 0x87), (FaultKind::RateLimited, 0x9f), (FaultKind::UnknownCode, 0x80)]
    {
        let harness = Harness::new().await;
        let id = harness.create().await;
        harness.simulator.arm(Fault::new("qq.push", kind).once()).expect("the name is known");
        let mut push_client =
            PushClient::open(&harness.simulator, handshake(PATH)).await.expect("it shakes hands");
        assert_eq!(
            push_client.connect(&Connect::correct(&id)).await,
            Packet::ConnAck(reason, None),
            "{kind:?}"
        );
    }
    for (kind, event, says) in [
        (FaultKind::WrongUser, "cookies", "10002"),
        (FaultKind::RenewalSkeleton, "cookies", "{\"cookies\":{}}"),
        (FaultKind::RenewalRejected, "loginFailed", "errMsg"),
    ] {
        let harness = Harness::new().await;
        harness.simulator.arm(Fault::new("qq.push", kind).once()).expect("the name is known");
        let (mut push_client, code) = harness.waiting().await;
        harness.simulator.scan(code, Some("qqmusic:10001")).expect("it is scanned");
        assert_eq!(push_client.event().await.0, "scanned", "{kind:?}");
        harness.simulator.confirm(code).expect("it is confirmed");
        let (named, payload) = push_client.event().await;
        assert!(named == event && payload.contains(says), "{kind:?}: {named} {payload}");
    }
    let harness = Harness::new().await;
    harness.simulator.arm(Fault::new("qq.push", FaultKind::Expired).once()).expect("the name is known");
    let (mut push_client, _) = harness.waiting().await;
    assert_eq!(push_client.event().await.0, "timeout", "the code ends");

    let harness = Harness::new().await;
    harness.simulator.arm(Fault::new("qq.push", FaultKind::Lost).once()).expect("the name is known");
    let (mut push_client, code) = harness.waiting().await;
    harness.simulator.scan(code, None).expect("it is scanned");
    assert_eq!(push_client.event().await.0, "scanned");
    harness.simulator.confirm(code).expect("it is confirmed");
    assert_eq!(push_client.next().await, None, "the event is lost");
    let state = harness.simulator.code(code).expect("it is known").state;
    assert_eq!(state, CodeState::Delivered, "and never told again");
}
