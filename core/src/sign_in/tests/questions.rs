//! Questions and their answers.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_question_waits_for_its_answer_and_says_that_it_works_on_it() {
    let mut sign_in =
        play_for(None, FakeHost::default(), Method::Phone, &[&[AskNumber, AskCode, Authorised, Granted]]);
    until(&mut sign_in, |step| matches!(step, SignInStep::AskPhoneNumber { .. })).await;
    sign_in.answer(UserInput::Keep);
    sign_in.answer(UserInput::Answer(Input::PhoneNumber {
        country: "86".to_owned(),
        number: "13800005678".into(),
    }));
    assert_eq!(sign_in.next().await, Some(SignInStep::Sending));
    let step = sign_in.next().await.expect("the sign-in goes on");
    assert!(matches!(step, SignInStep::AskTextCode { .. }), "{step:?}");
    sign_in.answer(UserInput::Answer(Input::TextCode("123456".into())));
    assert_eq!(names(sign_in).await, ["exchanging", "exchanging", "saving", "done"]);
}

#[tokio::test(start_paused = true)]
async fn a_text_that_is_given_before_it_is_asked_for_is_taken_when_it_is() {
    let mut sign_in = paste(FakeHost::default());
    sign_in.answer(cookie('a'));
    let step = until(&mut sign_in, SignInStep::waits_for_answer).await;
    assert!(matches!(step, SignInStep::AskToGoOn { .. }), "{step:?}");
}

#[tokio::test(start_paused = true)]
async fn a_text_that_is_given_while_the_keychain_is_locked_is_taken_once_it_is_open() {
    let mut sign_in = paste(FakeHost { locked_at_first: Mutex::new(true), ..FakeHost::default() });
    sign_in.answer(cookie('a'));
    let step = until(&mut sign_in, SignInStep::waits_for_answer).await;
    assert!(matches!(step, SignInStep::Failed { .. }), "{step:?}");
    sign_in.answer(UserInput::Again);
    let step = until(&mut sign_in, SignInStep::waits_for_answer).await;
    assert!(matches!(step, SignInStep::AskToGoOn { .. }), "{step:?}");
}

#[tokio::test(start_paused = true)]
async fn the_last_of_several_texts_that_are_given_at_once_counts() {
    for first in ["nothing of the kind", "MUSIC_U=0123"] {
        let mut sign_in = paste(FakeHost::default());
        until(&mut sign_in, |step| matches!(step, SignInStep::AskPaste { .. })).await;
        sign_in.answer(UserInput::Answer(Input::Text(first.into())));
        sign_in.answer(cookie('a'));
        let step = until(&mut sign_in, SignInStep::waits_for_answer).await;
        let SignInStep::AskToGoOn { detected } = &step else { panic!("{first}: {step:?}") };
        assert_eq!(detected.fields, 2, "{first}: it is the last one");
    }
}

#[tokio::test(start_paused = true)]
async fn what_answers_a_question_that_was_never_asked_is_no_answer_to_the_next() {
    let mut sign_in = paste(FakeHost::default());
    sign_in.answer(cookie('a'));
    // A second click must not go on with what nobody has looked at.
    sign_in.answer(UserInput::Answer(Input::Go));
    sign_in.answer(UserInput::Answer(Input::CaptchaDone));
    let step = until(&mut sign_in, SignInStep::waits_for_answer).await;
    assert!(matches!(step, SignInStep::AskToGoOn { .. }), "{step:?}");
    tokio::time::advance(Duration::from_secs(5)).await;
    assert!(is_quiet(&mut sign_in), "it waits for the person");
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_closed_waits_to_be_opened_again() {
    let mut sign_in = play_for(
        None,
        FakeHost::default(),
        Method::OfficialPage,
        &[&[AskPage], &[AskPage, Authorised, Granted]],
    );
    until(&mut sign_in, |step| matches!(step, SignInStep::AskPage { .. })).await;
    sign_in.answer(UserInput::Answer(Input::PageClosed));
    assert_eq!(sign_in.next().await, Some(SignInStep::PageClosed));
    sign_in.answer(UserInput::Again);
    until(&mut sign_in, |step| matches!(step, SignInStep::AskPage { .. })).await;
    sign_in.answer(UserInput::Answer(Input::PageCookies(CookieMap::default())));
    until(&mut sign_in, |step| matches!(step, SignInStep::AskNewAccount { .. })).await;
    sign_in.answer(UserInput::Keep);
    assert_eq!(names(sign_in).await.last().map(String::as_str), Some("done"));
}

#[tokio::test(start_paused = true)]
async fn a_form_counts_as_a_sign_in_only_when_it_is_sent() {
    let host = FakeHost { admits: Mutex::new(Some(1)), ..FakeHost::default() };
    let scripts: [&[Line]; 2] = [&[AskNumber], &[AskNumber, AskNumber]];
    let mut sign_in = play_for(None, host, Method::Phone, &scripts);
    let asks = |step: &SignInStep| matches!(step, SignInStep::AskPhoneNumber { .. });
    let number = || Input::PhoneNumber { country: "86".to_owned(), number: "13800005678".into() };
    until(&mut sign_in, asks).await;
    sign_in.answer(UserInput::Again);
    until(&mut sign_in, asks).await;
    sign_in.answer(UserInput::Answer(number()));
    until(&mut sign_in, asks).await;
    sign_in.answer(UserInput::Answer(number()));
    let step = until(&mut sign_in, SignInStep::waits_for_answer).await;
    assert!(matches!(step, SignInStep::Failed { .. }), "{step:?}");
}

#[tokio::test(start_paused = true)]
async fn a_code_that_a_check_has_held_up_is_no_less_confirmed() {
    let mut sign_in = play_for(None, FakeHost::default(), Method::Phone, &[&[AskCode, AskCheck, Granted]]);
    until(&mut sign_in, |step| matches!(step, SignInStep::AskTextCode { .. })).await;
    sign_in.answer(UserInput::Answer(Input::TextCode("123456".into())));
    until(&mut sign_in, |step| matches!(step, SignInStep::AskCaptcha { .. })).await;
    sign_in.answer(UserInput::Answer(Input::CaptchaDone));
    let step = sign_in.next().await;
    assert!(step.as_ref().is_some_and(SignInStep::cannot_be_cancelled), "{step:?}");
}
