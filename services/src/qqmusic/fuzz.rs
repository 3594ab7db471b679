//! Whatever QQ and QQ Music answer, however long and deep it is.

use jiff::Timestamp;
use serde_json::Value;
use tunekey_fuzz::{fuzz, text};

use super::authorisation::Arrival;
use super::gateway::{self, GatewayResponse};
use super::mqtt::{Packet, Reader};
use super::ptui::PtuiCb;
use super::{credential_of, exchange, membership, phone, push, renewal, user_info, wechat_scan};

const CREDENTIAL: &str = r#"{"code":0,"req_0":{"code":0,"data":{"musicid":10001,"str_musicid":"10001","musickey":"Q_H_L_x","musickeyCreateTime":1790000000,"keyExpiresIn":259200,"refresh_key":"r","refresh_token":"t","openid":"o","loginType":2,"encryptUin":"e"}}}"#;
const IDENTITY: &str = r#"{"code":"0","req_0":{"code":0,"data":{"info":{"uin":10001,"nick":"小明","logo":"https://q.qlogo.cn/x"},"map_userinfo":{"10001":{"nick":"a","headurl":"http://y"}}}}}"#;
const MEMBERSHIP: &str = r#"{"code":0,"req_0":{"code":0,"data":{"infoMap":{"10001":{"iVipFlag":1,"sOverDateTime":"2026-12-01 10:00:00","iSuperVip":1,"superEndTime":"","HugeVip":0,"HugeVipEnd":"2027-01-01 00:00:00"}},"identity":{"vip":1,"svip":1}}}}"#;
const REFUSAL: &str = r#"{"code":0,"req_0":{"code":2001,"data":{"feedbackURL":"https://y.qq.com/check?a=b","securityURL":"https://c.y.qq.com/","errMsg":"频繁"}}}"#;

#[test]
fn answers_of_the_gateway() {
    let now = Timestamp::UNIX_EPOCH;
    let fields = [("uin", "10001"), ("qqmusic_key", "Q_H_L_old")].into_iter().collect();
    let old = credential_of(&fields, now).expect("number and key are enough");
    fuzz!([CREDENTIAL, IDENTITY, MEMBERSHIP, REFUSAL], |input: &[u8]| {
        let Ok(envelope) = serde_json::from_slice::<Value>(input) else { return };
        let Ok(response) = gateway::read(envelope, "testing") else { return };
        let _ = renewal::outcome(&response, now, &old);
        let _ = membership::by_query(&response.data, "10001", now);
        let _ = membership::by_login(&response.data, now);
        let _ = user_info::Person::read(&response.data["info"], &["nick", "nickname", "name"], "logo");
        let _ = phone::sent(&response, true);
        let _ = exchange::is_hollow(&response.data);
        if let Some(page) = response.check_page() {
            assert!(page.host_str().is_some_and(|host| host.ends_with(".qq.com")), "{page} is not theirs");
        }
        let GatewayResponse { code, .. } = response;
        let error = response.refusal();
        assert!(
            error.service_message().is_none_or(|service_message| service_message.len() < 16 * 1024),
            "code {code} says too much"
        );
    });
}

#[test]
fn the_answer_to_a_poll() {
    const CONFIRMED: &str = "ptuiCB('0','0','https://ssl.ptlogin2.graph.qq.com/check_sig?pttype=1&uin=10001&ptsigx=0a1bff&s_url=https%3A%2F%2Fgraph.qq.com','0','登录成功！', '昵称')";
    fuzz!([CONFIRMED, r"ptuiCB('66','0','','0','\u4e8c\'\x41', '')"], |input: &[u8]| {
        if let Some((uin, _)) = PtuiCb::parse(&text(input)).and_then(|line| line.ticket()) {
            assert!(!uin.is_empty());
        }
    });
}

#[test]
fn the_page_and_the_answers_of_wechat() {
    const PAGE: &str = r#"<img src="/connect/qrcode/081sXyZ_-3kAbC01"><script>var a = "https://lp.open.weixin.qq.com/connect/l/qrconnect?uuid=081sXyZ";</script>"#;
    fuzz!([PAGE, "window.wx_errcode=405;window.wx_code='061AbC';"], |input: &[u8]| {
        let text = text(input);
        if let Some(uuid) = wechat_scan::uuid(&text) {
            assert!(uuid.len() <= 64, "{uuid} is too long");
        }
        let _ = wechat_scan::Line::parse(&text);
    });
}

#[test]
fn the_address_of_an_arrival() {
    const ARRIVAL: &str = "https://y.qq.com/portal/wx_redirect.html?login_type=1&surl=https%3A%2F%2Fy.qq.com%2F&code=ABC&state=s";
    fuzz!([ARRIVAL, "https://y.qq.com@evil.example/portal/wx_redirect.html?code=1"], |input: &[u8]| {
        let _ = Arrival::read(&text(input));
    });
}

#[test]
fn pushed_packets() {
    let publish = b"\x30\x7e\x00\x1cmanagement.qrcode_login/QRID\x10\x26\x00\x04type\x00\x07cookies{\"cookies\":{\"qqmusic_uin\":{\"value\":\"10001\"},\"qqmusic_key\":{\"value\":\"TEMPKEY\"}}}";
    let redirect = b"\x20\x22\x00\x9d\x1f\x26\x00\x06server\x00\x01x\x1c\x00\x10192.0.2.10:29001";
    let seeds: [&[u8]; 4] =
        [publish, redirect, b"\x90\x04\x00\x01\x00\x00", b"\x32\x06\x00\x01a\x12\x34\x00\xd0\x00\xe0\x00"];
    fuzz!(seeds, |input: &[u8]| {
        let mut reader = Reader::new();
        for piece in input.chunks(1 + input.len() / 3) {
            let (packets, sound) = reader.feed(piece);
            for packet in packets {
                match packet {
                    Packet::Publish { kind, payload, .. } => drop(push::event(kind.as_deref(), &payload)),
                    Packet::Connack { reference: Some(there), .. } => {
                        if let Some(path) = push::moved("/ws/handshake", &there) {
                            assert!(path.starts_with("/ws/handshake/") && path.len() < 512, "{path}");
                        }
                    }
                    _ => {}
                }
            }
            if sound.is_err() {
                break;
            }
        }
    });
}

#[test]
fn the_text_of_a_code() {
    let seeds = crate::code_form::FOREIGN.map(str::as_bytes);
    fuzz!(seeds, |input: &[u8]| {
        let text = text(input);
        if super::qq_scan::FORM.drawn(&text, "testing").is_ok() {
            let address = url::Url::parse(&text).expect("what is shown is an address");
            assert_eq!(address.host_str(), Some("txz.qq.com"), "{text}");
            assert!(address.username().is_empty() && address.port().is_none(), "{text}");
        }
        if super::app_scan::FORM.drawn(&text, "testing").is_ok() {
            let address = url::Url::parse(&text).expect("what is shown is an address");
            let host = address.host_str().unwrap_or_default();
            assert!(host == "y.qq.com" || host.ends_with(".y.qq.com"), "{text}");
        }
    });
}
