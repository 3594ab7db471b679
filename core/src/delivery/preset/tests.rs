//! Every preset can be set up with what it asks for, and says what it is in both languages.

use std::collections::BTreeSet;

use tunekey_services::{AccountId, netease, qqmusic};

use super::*;
use crate::delivery::model::DeliveryScope;
use crate::problem::ProblemCode;

mod pages;

/// An answer that suits a question.
fn answer(name: &str) -> &'static str {
    match name {
        "url" => "https://host.test:8443/base",
        "path" if cfg!(windows) => r"C:\tool\file",
        "path" => "/srv/tool/file",
        "mount" => "/music",
        "variable" => "QQ_COOKIE",
        "at" => "/main/cookie",
        "command" => "[\"/usr/bin/tool\", \"--set\"]",
        _ => "some-text",
    }
}

fn answers(preset: &Preset) -> PresetAnswers {
    let required =
        preset.questions.iter().filter(|question| question.default.is_none() && !question.is_secret);
    required.map(|question| (question.name.to_owned(), answer(question.name).to_owned())).collect()
}

#[test]
fn every_preset_makes_a_delivery_of_its_answers_with_the_secrets_that_it_asks_for() {
    let mut names = BTreeSet::new();
    for preset in presets() {
        assert!(names.insert(preset.name), "{} twice", preset.name);
        let draft = preset.draft(&answers(preset), DeliveryScope::PlayingOnly).expect(preset.name);
        let suits = [netease::ID, qqmusic::ID].map(|service| check_service(&draft, service).is_ok());
        assert!(suits.contains(&true), "{} suits no service", preset.name);
        draft.check(netease::ID).expect(preset.name);
        let asked: BTreeSet<String> = preset.secrets().map(str::to_owned).collect();
        assert_eq!(draft.target.secrets(), asked, "{}", preset.name);
        let json = serde_json::to_string(&draft.target).expect("it has a JSON form");
        assert_eq!(serde_json::from_str::<super::super::Target>(&json).expect("and back"), draft.target);
        assert!(!draft.target.summary().is_empty(), "{}", preset.name);
    }
}

#[test]
fn what_is_for_another_service_is_refused_before_it_is_added() {
    for (name, suits, other) in [
        ("openlist", netease::ID, qqmusic::ID),
        ("ncm-api", netease::ID, qqmusic::ID),
        ("qqmusic-api-web", qqmusic::ID, netease::ID),
        // The platform is “tx” unless another is named.
        ("lx-music-api-server", qqmusic::ID, netease::ID),
        // The answer is QQ_COOKIE.
        ("unblock-netease-music", qqmusic::ID, netease::ID),
    ] {
        let preset = Preset::by_name(name).expect("it is one");
        let draft = preset.draft(&answers(preset), DeliveryScope::PlayingOnly).expect(name);
        check_service(&draft, suits).expect(name);
        let refused = check_service(&draft, other).expect_err(name);
        assert_eq!(refused.code, ProblemCode::InvalidInput, "{name}");
        assert!(refused.to_string().contains("what is for this service"), "{name}: {refused}");
    }
}

#[test]
fn every_preset_says_what_it_is_in_both_languages() {
    for preset in presets() {
        for words in
            [Some(preset.about), Some(preset.setup), Some(preset.proof), preset.renews].into_iter().flatten()
        {
            assert!(words.english.ends_with('.') && words.chinese.ends_with('。'), "{}", preset.name);
        }
        for question in preset.questions {
            assert!(
                !question.words.english.is_empty() && !question.words.chinese.is_empty(),
                "{}",
                question.name
            );
        }
    }
}

#[test]
fn the_answer_that_holds_without_one_is_among_those_to_choose_from() {
    for question in presets().iter().flat_map(|preset| preset.questions) {
        assert_eq!(question.kind == AnswerKind::Choice, !question.choices.is_empty(), "{}", question.name);
        let default = question.default.filter(|_| !question.choices.is_empty());
        assert!(default.is_none_or(|default| question.choices.contains(&default)), "{}", question.name);
    }
}

#[test]
fn every_choice_can_be_taken() {
    for preset in presets() {
        for question in preset.questions {
            for choice in question.choices {
                let mut answers = answers(preset);
                answers.insert(question.name.to_owned(), (*choice).to_owned());
                let draft = preset.draft(&answers, DeliveryScope::PlayingOnly);
                assert!(draft.is_ok(), "{} {choice}", preset.name);
            }
        }
    }
}

#[test]
fn what_has_no_use_for_a_whole_credential_is_not_handed_one_over() {
    for preset in presets() {
        let draft = preset.draft(&answers(preset), DeliveryScope::Renewable);
        assert_eq!(draft.is_ok(), preset.hands_over, "{}", preset.name);
    }
}

#[test]
fn a_sign_in_of_its_own_is_not_begun_where_nothing_of_it_would_renew() {
    let preset = Preset::by_name("file").expect("there is one");
    let draft =
        preset.draft(&answers(preset), DeliveryScope::OwnSignIn).expect("it takes all of a credential");
    draft.check(tunekey_services::qqmusic::ID).expect("its cookies renew");
    let problem = draft.check(netease::ID).expect_err("its cookies only play");
    assert_eq!(problem.code, ProblemCode::InvalidInput);
}

#[test]
fn a_change_keeps_the_answers_that_it_does_not_name() {
    let preset = Preset::by_name("cookiecloud").expect("there is one");
    let draft = preset.draft(&answers(preset), DeliveryScope::PlayingOnly).expect("it is complete");
    let (target, delivery) = (draft.target.clone(), draft.delivery(AccountId::new(netease::ID, "1")));
    let none = PresetAnswers::new();
    let same = Preset::redraft(&delivery, &none, DeliveryScope::PlayingOnly).expect("it is complete");
    assert_eq!(same.target, target, "the uuid that was made up as well");
    let change = PresetAnswers::from([("url".to_owned(), "https://other.test".to_owned())]);
    let changed = Preset::redraft(&delivery, &change, DeliveryScope::PlayingOnly).expect("it is complete");
    let (Target::CookieCloud(before), Target::CookieCloud(after)) = (target, changed.target) else {
        panic!("it is another target")
    };
    assert_eq!((after.url.as_str(), after.uuid), ("https://other.test", before.uuid));
}

#[test]
fn what_is_missing_or_was_not_asked_for_is_said() {
    let preset = Preset::by_name("env").expect("there is one");
    let given = |pairs: &[(&str, &str)]| {
        let answers = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        preset.draft(&answers, DeliveryScope::PlayingOnly).map(drop)
    };
    given(&[("path", "/a"), ("variable", "B")]).expect("that is enough");
    for bad in [&[("path", "/a")][..], &[("path", "/a"), ("variable", "B"), ("colour", "red")]] {
        assert_eq!(given(bad).expect_err("it is not right").code, ProblemCode::InvalidInput);
    }
    assert_eq!(Preset::by_name("nothing").expect_err("there is none").code, ProblemCode::NotFound);
}

#[test]
fn a_webhook_asks_for_the_secrets_that_stand_in_its_header() {
    let preset = Preset::by_name("webhook").expect("there is one");
    let mut answers = answers(preset);
    for (name, value) in [("header", "Authorization: Bearer {{secret.token}}"), ("signature", "none")] {
        answers.insert(name.to_owned(), value.to_owned());
    }
    let draft = preset.draft(&answers, DeliveryScope::PlayingOnly).expect("it is complete");
    draft.check(tunekey_services::netease::ID).expect("it can work");
    assert_eq!(draft.target.secrets(), BTreeSet::from(["token".to_owned()]));
}

#[test]
fn what_cannot_work_is_refused_before_it_is_tried() {
    let refused = |name: &str, pairs: &[(&str, &str)]| {
        let preset = Preset::by_name(name).expect(name);
        let mut all = answers(preset);
        all.extend(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let draft = preset.draft(&all, DeliveryScope::PlayingOnly);
        let checked = draft.and_then(|draft| draft.check(tunekey_services::netease::ID));
        assert_eq!(checked.expect_err(name).code, ProblemCode::InvalidInput, "{name} {pairs:?}");
    };
    refused("file", &[("path", "relative")]);
    refused("file", &[("mode", "999")]);
    refused("file", &[("format", "qqmusic-api")]);
    refused("env", &[("variable", "A B")]);
    refused("env", &[("value", "{{nothing}}")]);
    refused("config", &[("at", "main")]);
    refused("webhook", &[("url", "http://192.168.1.2/")]);
    refused("webhook", &[("url", "https://user:word@host.test/")]);
    refused("webhook", &[("url", "https://host.test/{{cookie}}")]);
    refused("webhook", &[("body", "{{cookie}}")]);
    refused("webhook", &[("success", "code")]);
    refused("webhook", &[("header", "Authorization: Bearer in-plain-sight")]);
    refused("webhook", &[("header", "a name with gaps: x")]);
    refused("cookiecloud", &[("uuid", "../get")]);
    refused("command", &[("command", "[1]")]);
}
