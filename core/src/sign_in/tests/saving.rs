//! What is saved when the keychain says no, or nobody looks any more.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_credential_that_the_keychain_refuses_is_not_lost_but_saved_on_the_next_try() {
    let host = FakeHost { refusals: Mutex::new(1), ..FakeHost::default() };
    let saved = host.saved.clone();
    let sign_in = play(host, &[&[Code, Authorised, Granted]]);
    assert_eq!(
        names(sign_in).await,
        ["preparing", "show_code", "exchanging", "saving", "failed", "saving", "done"],
        "no second code is needed"
    );
    assert_eq!(*saved.lock().unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn no_code_is_shown_while_nothing_could_be_saved() {
    let host = FakeHost { locked_at_first: Mutex::new(true), ..FakeHost::default() };
    let sign_in = play(host, &[&[Code, Authorised, Granted]]);
    assert_eq!(names(sign_in).await[..3], ["preparing", "failed", "preparing"]);
}

#[tokio::test(start_paused = true)]
async fn dropping_a_sign_in_before_it_is_confirmed_saves_nothing() {
    let host = FakeHost::default();
    let saved = host.saved.clone();
    let mut sign_in = play(host, &[&[Code, Never]]);
    until(&mut sign_in, |step| matches!(step, SignInStep::ShowCode { .. })).await;
    drop(sign_in);
    over(&saved).await;
    assert_eq!(*saved.lock().unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn dropping_a_sign_in_after_it_was_confirmed_saves_it_all_the_same() {
    // It is left while the network is away; then the keychain says no, and nobody is there to be told.
    let host = FakeHost { refusals: Mutex::new(1), ..FakeHost::default() };
    let saved = host.saved.clone();
    let mut sign_in = play(host, &[&[Code, Authorised, Offline, Offline, Granted]]);
    until(&mut sign_in, |step| matches!(step, SignInStep::Exchanging)).await;
    drop(sign_in);
    over(&saved).await;
    assert_eq!(*saved.lock().unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn leaving_while_a_code_that_was_typed_is_checked_saves_what_comes_of_it() {
    let host = FakeHost::default();
    let saved = host.saved.clone();
    let mut sign_in = play_for(None, host, Method::Phone, &[&[AskCode, Granted]]);
    until(&mut sign_in, |step| matches!(step, SignInStep::AskTextCode { .. })).await;
    sign_in.answer(UserInput::Answer(Input::TextCode("123456".into())));
    until(&mut sign_in, |step| matches!(step, SignInStep::Exchanging)).await;
    drop(sign_in);
    over(&saved).await;
    assert_eq!(*saved.lock().unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_leaves_a_failure_behind_a_confirmation_does_not_take_it_along() {
    let offline = [Code, Authorised, Offline, Offline, Offline, Granted];
    for (script, refusals) in [(&offline[..], 0), (&[Code, Authorised, Granted], 1)] {
        let host = FakeHost { refusals: Mutex::new(refusals), ..FakeHost::default() };
        let saved = host.saved.clone();
        let mut sign_in = play(host, &[script]);
        until(&mut sign_in, |step| matches!(step, SignInStep::Failed { .. })).await;
        drop(sign_in);
        over(&saved).await;
        assert_eq!(*saved.lock().unwrap(), 1, "{script:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_no_keychain_takes_is_ended_at_the_service_once_nobody_waits_for_it() {
    let host = FakeHost { refusals: Mutex::new(u32::MAX), ..FakeHost::default() };
    let (saved, discarded) = (host.saved.clone(), host.discarded.clone());
    let mut sign_in = play(host, &[&[Code, Authorised, Granted]]);
    until(&mut sign_in, |step| matches!(step, SignInStep::Failed { .. })).await;
    assert_eq!(*discarded.lock().unwrap(), 0, "somebody waits for it");
    drop(sign_in);
    over(&saved).await;
    assert_eq!((*saved.lock().unwrap(), *discarded.lock().unwrap()), (0, 1));
}
