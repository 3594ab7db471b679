//! Whatever NetEase answers, however long and deep it is.

use jiff::Timestamp;
use serde_json::Value;
use tunekey_fuzz::{fuzz, text};

use super::{codes, cookie, crypto, gateway, grant, membership, phone, user_info};
use crate::http::{CookieMap, Response};

const CONFIRMED: &str = r#"{"code":803,"message":"授权登陆成功","cookie":"MUSIC_U=U==; Max-Age=15552000; Path=/;;__csrf=C; Path=/"}"#;
const ACCOUNT: &str = r#"{"code":200,"account":{"id":90001,"anonimousUser":false},"profile":{"userId":90001,"nickname":"小红","avatarUrl":"http://p1.music.126.net/x.jpg"}}"#;
const MEMBERSHIP: &str = r#"{"code":200,"data":{"now":1790000000000,"redplus":{"vipCode":300,"expireTime":1800000000000},"associator":{"vipCode":100,"expireTime":-1},"musicPackage":null}}"#;
const RISK: &str = r#"{"code":8821,"message":"需要行为验证码验证","redirectUrl":"https://st.music.163.com/x?a=b","data":{"url":"https://st.music.163.com/"}}"#;

#[test]
fn answers_of_the_gateway() {
    let now = Timestamp::UNIX_EPOCH;
    fuzz!([CONFIRMED, ACCOUNT, MEMBERSHIP, RISK], |input: &[u8]| {
        let response = Response::new(200, [].into_iter().collect(), input.to_vec());
        let Ok(response) = gateway::read(&response, now, "testing") else { return };
        let mut cookies = CookieMap::default();
        let _ = grant::accept(&response, &mut cookies, now, "testing");
        assert!(cookies.iter().count() <= 512, "no site has so many");
        let _ = user_info::read(&response);
        let _ = membership::read(&response.body["data"], now);
        if let Some(page) = phone::check_address(&response) {
            assert!(page.host_str().is_some_and(|host| host.ends_with(".163.com")), "{page} is not theirs");
        }
        let error = codes::refusal("testing", response.code, &response.body);
        assert!(
            error.service_message().is_none_or(|service_message| service_message.len() < 16 * 1024),
            "it says too much"
        );
    });
}

#[test]
fn encrypted_answers() {
    // Sixteen bytes are one block.
    fuzz!([[0_u8; 16].to_vec(), ACCOUNT.as_bytes().to_vec()], |input: &[u8]| {
        if let Some(json) = crypto::open_eapi(input) {
            let _ = serde_json::from_slice::<Value>(&json);
        }
    });
}

#[test]
fn the_cookie_of_a_body() {
    fuzz!(
        ["MUSIC_U=U==; Max-Age=1; Path=/;;__csrf=C; Expires=Mon, 18 Oct 2094 00:19:44 GMT,a=b"],
        |input: &[u8]| {
            assert!(cookie::unjoined(&text(input)).iter().count() <= 512, "no site has so many");
        }
    );
}
