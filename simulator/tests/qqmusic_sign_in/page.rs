//! The official page.

use tunekey_simulator::{IssuedVia, Service};

use super::{NOTHING, SHOW, show_query, text, value};
use crate::harness::{Harness, Pairs, set};

#[tokio::test]
async fn a_whole_sign_in_at_the_official_page_breaks_no_rule() {
    let harness = Harness::new().await;
    let (state, next) = harness.open_page().await;
    let code = harness.simulator.next_code(Service::QqMusic, 0).await;
    assert_eq!(code.method, "official_page");
    assert_eq!(harness.page_state(&state).await, "shown");
    harness.simulator.confirm_as(code.id, Some("qqmusic:10002")).expect("a person signs in");
    assert_eq!(harness.page_state(&state).await, "confirmed");
    let reached = harness.go_on(&next).await;
    assert_eq!(value(&reached, "login_type"), Some("1"));
    assert_eq!(value(&reached, "state"), Some("state of mine"), "what was given comes back");
    let code = value(&reached, "code").expect("there is a code").to_owned();
    assert_eq!(harness.page_state(&state).await, "delivered");

    let credential = harness.exchange(&code).await["data"].take();
    assert_eq!(credential["str_musicid"], "10002");
    assert!(!text(&credential["refresh_key"]).is_empty(), "the whole credential");
    assert_eq!(harness.simulator.ledger()[0].via, IssuedVia::OfficialPage);
    assert_eq!(harness.broken(), NOTHING);
    assert_eq!(harness.exchange(&code).await["code"], 1000, "the code is good once");
    assert_eq!(harness.last_rule().as_deref(), Some("the code was used before"));
}

#[tokio::test]
async fn the_official_page_goes_on_only_once_and_only_when_confirmed() {
    let harness = Harness::new().await;
    let failed =
        |reached: &Pairs| value(reached, "error") == Some("100010") && value(reached, "code").is_none();
    let (state, next) = harness.open_page().await;
    assert!(failed(&harness.go_on(&next).await), "nobody has confirmed");
    harness.simulator.confirm(1).expect("it is confirmed");
    assert!(!failed(&harness.go_on(&next).await), "confirmed");
    assert!(failed(&harness.go_on(&next).await), "the second time");
    assert_eq!(harness.page_state(&state).await, "delivered");

    let (state, next) = harness.open_page().await;
    harness.simulator.refuse(2).expect("it is refused");
    assert_eq!(harness.page_state(&state).await, "refused");
    assert!(failed(&harness.go_on(&next).await), "refused");
    let (state, _) = harness.open_page().await;
    harness.simulator.expire(3).expect("it ends");
    assert_eq!(harness.page_state(&state).await, "expired");
}

#[tokio::test]
async fn the_official_page_has_no_code_for_another_app() {
    let harness = Harness::new().await;
    for (name, wrong) in [("client_id", "1"), ("redirect_uri", "https://evil.example/"), ("state", "")] {
        let mut query = show_query();
        set(&mut query, name, wrong);
        let page = harness.browse(SHOW, &query, "").await.text().await.expect("it is text");
        assert!(!page.contains("key="), "{name}: the page has no code");
        assert!(harness.last_rule().is_some_and(|rule| rule.starts_with(name)), "{name} is named");
    }
    assert!(harness.simulator.codes().is_empty(), "no code was made");
}
