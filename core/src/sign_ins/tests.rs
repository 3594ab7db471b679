//! One sign-in, seen by several fronts.

use tokio::sync::broadcast;
use tunekey_services::Input;

use super::*;
use crate::sign_in::tests::Line::{AskCode, Authorised, Code, Granted, Never, Offline, Scanned};
use crate::sign_in::tests::{FakeHost, Line, over, play_among, until};

fn sign_ins() -> SignIns {
    SignIns::new(broadcast::channel(16).0)
}

fn name(step: &SignInStep) -> String {
    let object = serde_json::to_value(step).expect("steps are data");
    object["step"].as_str().expect("steps have names").to_owned()
}

/// The names of the steps up to the end.
async fn rest(mut steps: SignInSteps) -> Vec<String> {
    let mut names = Vec::new();
    while let Some(step) = steps.next().await {
        names.push(name(&step));
    }
    names
}

#[tokio::test(start_paused = true)]
async fn everyone_who_looks_sees_the_same_steps_and_any_of_them_can_answer() {
    const STEPS: [&str; 5] = ["preparing", "ask_text_code", "exchanging", "saving", "done"];
    for answers_from_elsewhere in [false, true] {
        let sign_ins = sign_ins();
        let script = &[AskCode, Granted];
        let mut starter = play_among(&sign_ins, None, FakeHost::default(), Method::Phone, &[script]);
        let windows = [(); 2].map(|()| sign_ins.watch(starter.id()).expect("it is under way"));
        let mut seen = Vec::new();
        while let Some(step) = starter.next().await {
            seen.push(name(&step));
            if !matches!(step, SignInStep::AskTextCode { .. }) {
                continue;
            }
            let code = UserInput::Answer(Input::TextCode("123456".into()));
            if answers_from_elsewhere {
                assert!(sign_ins.give(starter.id(), code), "it is under way");
            } else {
                starter.answer(code);
            }
        }
        assert_eq!(seen, STEPS);
        for window in windows {
            assert_eq!(rest(window).await, STEPS, "none is missing, however late it is read");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_later_sees_the_latest_step_at_once_and_every_later_one() {
    let sign_ins = sign_ins();
    let script = &[AskCode, Granted];
    let mut starter = play_among(&sign_ins, None, FakeHost::default(), Method::Phone, &[script]);
    let asked = until(&mut starter, |step| matches!(step, SignInStep::AskTextCode { .. })).await;
    let [status] = &sign_ins.statuses()[..] else { panic!("one is under way") };
    assert_eq!((status.id, &status.step), (starter.id(), &asked), "a list shows it, too");
    let late = sign_ins.watch(starter.id()).expect("it is under way");
    starter.answer(UserInput::Answer(Input::TextCode("123456".into())));
    assert_eq!(rest(late).await, ["ask_text_code", "exchanging", "saving", "done"]);
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_whose_starter_leaves_ends_for_all() {
    let sign_ins = sign_ins();
    let host = FakeHost::default();
    let saved = host.saved.clone();
    let mut starter = play_among(&sign_ins, None, host, Method::AppScan, &[&[Code, Scanned, Never]]);
    let id = starter.id();
    let window = sign_ins.watch(id).expect("it is under way");
    until(&mut starter, |step| matches!(step, SignInStep::Scanned { .. })).await;
    drop(starter);
    assert_eq!(rest(window).await, ["preparing", "show_code", "scanned"]);
    assert!(sign_ins.watch(id).is_none() && sign_ins.statuses().is_empty(), "it is over");
    assert!(!sign_ins.give(id, UserInput::Again), "nobody hears that any more");
    assert_eq!(*saved.lock().unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn somebody_else_who_stops_looking_ends_nothing() {
    let sign_ins = sign_ins();
    let script = &[AskCode, Granted];
    let mut starter = play_among(&sign_ins, None, FakeHost::default(), Method::Phone, &[script]);
    drop(sign_ins.watch(starter.id()));
    until(&mut starter, |step| matches!(step, SignInStep::AskTextCode { .. })).await;
    starter.answer(UserInput::Answer(Input::TextCode("123456".into())));
    until(&mut starter, |step| matches!(step, SignInStep::Done { .. })).await;
}

#[tokio::test(start_paused = true)]
async fn a_confirmed_sign_in_whose_starter_leaves_is_seen_to_its_end_and_saved() {
    let sign_ins = sign_ins();
    let host = FakeHost::default();
    let saved = host.saved.clone();
    let script = &[Code, Authorised, Offline, Granted];
    let mut starter = play_among(&sign_ins, None, host, Method::AppScan, &[script]);
    until(&mut starter, |step| matches!(step, SignInStep::Exchanging)).await;
    let window = sign_ins.watch(starter.id()).expect("it is under way");
    drop(starter);
    assert_eq!(sign_ins.statuses().len(), 1, "it is still under way");
    assert_eq!(rest(window).await, ["exchanging", "saving", "done"]);
    over(&saved).await;
    assert_eq!(*saved.lock().unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_fronts_hear_that_a_sign_in_begins_and_ends() {
    let (events, mut heard) = broadcast::channel(16);
    let sign_ins = SignIns::new(events);
    let mut next = || match heard.try_recv() {
        Ok(Event::SignIns { sign_ins }) => sign_ins.iter().map(|status| status.id).collect::<Vec<_>>(),
        other => panic!("{other:?} tells of no sign-in"),
    };
    let scripts: [&[Line]; 1] = [&[Code, Never]];
    let first = play_among(&sign_ins, None, FakeHost::default(), Method::AppScan, &scripts);
    let second = play_among(&sign_ins, None, FakeHost::default(), Method::AppScan, &scripts);
    assert!(first.id() < second.id(), "later ones have larger numbers");
    assert_eq!((next(), next()), (vec![first.id()], vec![first.id(), second.id()]));
    let window = sign_ins.watch(first.id()).expect("it is under way");
    drop(first);
    rest(window).await;
    assert_eq!(next(), [second.id()]);
}
