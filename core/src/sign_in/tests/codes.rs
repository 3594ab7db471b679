//! Codes: shown, replaced, declined, kept, counted.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_sign_in_goes_from_code_to_account() {
    let sign_in = play(FakeHost::default(), &[&[Code, Scanned, Authorised, Granted]]);
    assert_eq!(names(sign_in).await, ["preparing", "show_code", "scanned", "exchanging", "saving", "done"]);
}

#[tokio::test(start_paused = true)]
async fn the_first_expired_code_is_replaced_by_itself_and_the_second_only_when_asked() {
    let sign_in =
        play(FakeHost::default(), &[&[Code, Expired], &[Code, Expired], &[Code, Authorised, Granted]]);
    assert_eq!(
        names(sign_in).await,
        [
            "preparing",
            "show_code",
            "preparing",
            "show_code",
            "expired",
            "preparing",
            "show_code",
            "exchanging",
            "saving",
            "done"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_code_that_ends_after_it_was_scanned_is_not_replaced_by_itself_and_says_so() {
    // The second script is one that the service forgets to end.
    for over in [&[Code, Scanned, Expired][..], &[Code, Scanned, Waiting, Never]] {
        let mut sign_in = play(FakeHost::default(), &[over, &[Code, Authorised, Granted]]);
        let step = until(&mut sign_in, SignInStep::waits_for_answer).await;
        assert_eq!(step, SignInStep::Expired { scanned: true }, "{over:?}");
        sign_in.answer(UserInput::Again);
        assert_eq!(names(sign_in).await, ["preparing", "show_code", "exchanging", "saving", "done"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_code_that_nobody_has_scanned_says_that_it_expired_and_no_more() {
    // The scan of the first code says nothing of the second.
    let mut sign_in =
        play(FakeHost::default(), &[&[Code, Scanned, Expired], &[Code, Expired], &[Code, Expired]]);
    until(&mut sign_in, SignInStep::waits_for_answer).await;
    sign_in.answer(UserInput::Again);
    let step = until(&mut sign_in, SignInStep::waits_for_answer).await;
    assert_eq!(step, SignInStep::Expired { scanned: false });
}

#[tokio::test(start_paused = true)]
async fn a_code_that_the_service_forgets_to_end_is_ended_here() {
    let sign_in = play(FakeHost::default(), &[&[Code, Never], &[Code, Never], &[Code, Authorised, Granted]]);
    let names = names(sign_in).await;
    assert_eq!(names[4], "expired", "the second one waits for the person: {names:?}");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_waits_for_the_person() {
    let sign_in = play(FakeHost::default(), &[&[Code, Scanned, Refused], &[Code, Authorised, Granted]]);
    assert_eq!(names(sign_in).await[3], "refused");
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_to_a_way_in_finds_the_same_code() {
    let parked = Arc::new(Mutex::new(ParkedCodes::default()));
    let counted = Arc::new(Mutex::new(0));
    let host = || FakeHost { parked: parked.clone(), counted: counted.clone(), ..FakeHost::default() };
    let shown = |step: &SignInStep| matches!(step, SignInStep::ShowCode { .. });
    let mut first = play(host(), &[&[Code, Never]]);
    let code = until(&mut first, shown).await;
    let saved = Arc::downgrade(&parked);
    drop(first);
    while saved.strong_count() > 1 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // No script: a second code would be one too many.
    let mut second = play(host(), &[]);
    assert_eq!(until(&mut second, shown).await, code, "the same code, with the same end");
    assert_eq!(*counted.lock().unwrap(), 0, "what nobody scanned is no sign-in");
}

#[tokio::test(start_paused = true)]
async fn a_code_that_is_nearly_over_is_not_shown_again() {
    let parked = Arc::new(Mutex::new(ParkedCodes::default()));
    let host = || FakeHost { parked: parked.clone(), ..FakeHost::default() };
    let shown = |step: &SignInStep| matches!(step, SignInStep::ShowCode { .. });
    let mut first = play(host(), &[&[Code, Never]]);
    let code = until(&mut first, shown).await;
    let handles = Arc::downgrade(&parked);
    drop(first);
    while handles.strong_count() > 1 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_secs(170)).await;
    let mut second = play(host(), &[&[Code, Never]]);
    assert_ne!(until(&mut second, shown).await, code);
}

#[tokio::test(start_paused = true)]
async fn a_code_counts_as_a_sign_in_once_the_phone_has_read_it() {
    let counted = Arc::new(Mutex::new(0));
    let host = FakeHost { counted: counted.clone(), ..FakeHost::default() };
    let scripts: [&[Line]; 3] = [&[Code, Never], &[Code, Never], &[Code, Scanned, Authorised, Granted]];
    let mut sign_in = play(host, &scripts);
    for _ in 0..2 {
        until(&mut sign_in, |step| matches!(step, SignInStep::ShowCode { .. })).await;
        sign_in.answer(UserInput::Again);
    }
    assert_eq!(*counted.lock().unwrap(), 0, "codes that were only looked at");
    assert_eq!(names(sign_in).await.last().map(String::as_str), Some("done"));
    assert_eq!(*counted.lock().unwrap(), 1, "scanned and confirmed is one");
}

#[tokio::test(start_paused = true)]
async fn it_is_said_when_few_sign_ins_are_left_today() {
    for (admits, expected) in [(6, None), (5, Some(5)), (1, Some(1))] {
        let host = FakeHost { admits: Mutex::new(Some(admits)), ..FakeHost::default() };
        let mut sign_in = play(host, &[&[Code, Never]]);
        let step = until(&mut sign_in, |step| matches!(step, SignInStep::ShowCode { .. })).await;
        let SignInStep::ShowCode { left_today, .. } = step else { unreachable!("it was looked for") };
        assert_eq!(left_today, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn another_code_can_be_asked_for_at_any_time() {
    let mut sign_in = play(FakeHost::default(), &[&[Code, Never], &[Code, Authorised, Granted]]);
    while !matches!(sign_in.next().await, Some(SignInStep::ShowCode { .. })) {}
    sign_in.answer(UserInput::Again);
    assert_eq!(sign_in.next().await, Some(SignInStep::Preparing));
    assert_eq!(names(sign_in).await.last().map(String::as_str), Some("done"));
}

#[tokio::test(start_paused = true)]
async fn another_code_cannot_be_asked_for_once_this_one_is_confirmed() {
    let mut sign_in = play(FakeHost::default(), &[&[Code, Authorised, Offline, Granted]]);
    until(&mut sign_in, |step| matches!(step, SignInStep::Exchanging)).await;
    sign_in.answer(UserInput::Again);
    assert_eq!(names(sign_in).await, ["exchanging", "saving", "done"], "it says again where it stands");
}
