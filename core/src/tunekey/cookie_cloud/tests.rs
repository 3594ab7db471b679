//! A browser's cookies by way of a played CookieCloud: in either cipher, only what plays, and each thing that can be
//! wrong in words of its own.

use std::sync::Arc;

use tunekey_services::{
    Clock as _, Credential, Grant, Inspection, Limits, Method, SystemClock, netease, qqmusic,
};

use super::*;
use crate::account::{Health, RenewalTrigger, SignInReason};
use crate::profile::Profile;
use crate::sign_in::{Scanner, SignInHost as _};
use crate::store::keychain::sim::SimKeychain;
use crate::test_server::{Answer, Server};
use crate::tunekey::Setup;

/// What OpenSSL makes, as CookieCloud's JavaScript does, of a browser with both services in it and one site that is
/// nobody's business, for the uuid `uuid` and the password `password`.
const LEGACY: &str = include_str!("tests/legacy.json");
const FIXED: &str = include_str!("tests/fixed.json");
/// The same of a browser that is signed in nowhere.
const NOTHING: &str = include_str!("tests/nothing.json");

struct Home {
    tunekey: TuneKey,
    _dir: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let setup = Setup {
            profile: Profile::at(dir.path().join("profile")).expect("a profile"),
            store: Arc::new(SimKeychain::default()).store(),
            passphrase: None,
            clock: Arc::new(SystemClock),
            limits: Limits::default(),
            shows_pages: false,
        };
        Self { tunekey: TuneKey::open(setup).expect("it opens"), _dir: dir }
    }

    async fn save(&self, method: Method) {
        self.tunekey.save(&grant(), method, &Scanner::default()).await.expect("it is saved");
    }

    async fn read(&self, url: String, uuid: &str, password: &str) -> Result<Secret, Problem> {
        let cloud = CookieCloud { url, uuid: uuid.to_owned(), allows_plain_http: true };
        self.tunekey.read_cookie_cloud(&cloud, &password.into()).await
    }
}

fn grant() -> Grant {
    let fields = [("musickey", "Q_H_L_browser")].into_iter().collect();
    let (account, issued_at) = (AccountId::new(qqmusic::ID, "10001"), SystemClock.now());
    let credential = Credential { account, issued_at, expires_at: None, fields };
    Grant { credential, inspection: Inspection::default() }
}

/// A CookieCloud that has this under `uuid` and nothing under any other.
async fn cloud(body: &'static str) -> Server {
    Server::start(move |asked| match asked.path.as_str() {
        "/base/get/uuid" => Answer::of(200, body),
        _ => Answer::of(404, "Not Found"),
    })
    .await
}

#[expect(clippy::disallowed_methods, reason = "the test compares what was read")]
fn exposed(text: &Secret) -> &str {
    text.expose()
}

#[tokio::test]
async fn what_plays_is_read_in_either_cipher_and_nothing_else() {
    for body in [LEGACY, FIXED] {
        let server = cloud(body).await;
        let url = format!("{}/base/", server.url());
        let text = Home::new().read(url, "uuid", "password").await.expect("it is read");
        let all = import::read_all(&text).expect("it is a text to sign in with");
        assert_eq!(import::services_of(&all), [qqmusic::ID, netease::ID]);
        let text = exposed(&text);
        for there in ["Q_H_L_browser", "10001", "00BROWSER"] {
            assert!(text.contains(there), "{there}");
        }
        for left_out in ["refresh-canary", "other-canary", "storage-canary"] {
            assert!(!text.contains(left_out), "{left_out}");
        }
        assert!(
            server.asked().iter().all(|asked| !asked.path.contains("password")),
            "the server decrypts nothing"
        );
    }
}

#[tokio::test]
async fn each_thing_that_can_be_wrong_is_said_in_its_own_words() {
    let home = Home::new();
    let wrong = async |body: &'static str, uuid: &str, password: &str| {
        let server = cloud(body).await;
        let problem = home.read(format!("{}/base", server.url()), uuid, password).await.map(drop);
        let problem = problem.expect_err("it is wrong");
        (problem.code, problem.words.expect("in words").english)
    };
    let says = |(code, words): (ProblemCode, String), expected: (ProblemCode, &str)| {
        assert!(code == expected.0 && words.contains(expected.1), "{code:?} {words}");
    };
    says(wrong(LEGACY, "uuid", "word").await, (ProblemCode::InvalidInput, "another password"));
    says(wrong(FIXED, "uuid", "word").await, (ProblemCode::InvalidInput, "another password"));
    says(wrong(LEGACY, "other", "password").await, (ProblemCode::NotFound, "nothing under that uuid"));
    says(wrong(NOTHING, "uuid", "password").await, (ProblemCode::NotFound, "There is no sign-in of"));
    for no_cloud in ["<html>", "{}", r#"{"encrypted": 1}"#] {
        says(wrong(no_cloud, "uuid", "password").await, (ProblemCode::Unexpected, "no CookieCloud server"));
    }
    let nobody = home.read("http://127.0.0.1:9".to_owned(), "uuid", "password").await;
    assert!(
        nobody.expect_err("nobody listens").words.expect("in words").english.contains("can’t be reached")
    );
    for uuid in ["", "../get", "a b"] {
        let problem = home.read("http://127.0.0.1:9".to_owned(), uuid, "password").await.map(drop);
        assert_eq!(problem.expect_err(uuid).code, ProblemCode::InvalidInput);
    }
}

#[tokio::test]
async fn what_came_by_cookiecloud_is_the_browsers_to_renew() {
    let home = Home::new();
    home.save(Method::CookieCloud).await;
    let id = grant().credential.account;
    let problem = home.tunekey.renew(&id, RenewalTrigger::Manual).await.expect_err("two would renew it");
    assert_eq!(problem.code, ProblemCode::NotRenewable);
    assert!(problem.words.is_some_and(|words| words.english.contains("browser")), "and it says whose it is");
    let shown = home.tunekey.0.accounts.view(&id).expect("it is there");
    assert!(shown.life.renew_at.is_none() && shown.handed_over_at.is_some());
    home.save(Method::QqScan).await;
    let shown = home.tunekey.0.accounts.view(&id).expect("it is there");
    assert!(shown.handed_over_at.is_none(), "a sign-in is TuneKey's own");
}

#[tokio::test]
async fn a_browsers_cookies_take_the_place_of_others_like_them_and_of_what_is_dead_but_of_no_sign_in_that_works()
 {
    let home = Home::new();
    let accepts = async || home.tunekey.accepts(&grant(), Method::CookieCloud).await;
    accepts().await.expect("there is nothing yet");
    home.save(Method::CookieCloud).await;
    accepts().await.expect("newer ones of the same browser");
    home.save(Method::QqScan).await;
    assert_eq!(accepts().await.expect_err("TuneKey renews it").code, ProblemCode::InvalidInput);
    home.tunekey.accepts(&grant(), Method::Paste).await.expect("what is pasted may");
    let dead = Health::NeedsSignIn { since: SystemClock.now(), reason: SignInReason::Rejected };
    let id = grant().credential.account;
    home.tunekey.0.accounts.update(&id, move |record| record.health = dead).await.expect("it is noted");
    accepts().await.expect("what is dead is worth nothing");
}
