//! Whose account has come, and whether it is kept.

use super::*;

/// A sign-in by a page that has brought a credential.
async fn brought_by_a_page(wanted: Option<AccountId>, host: FakeHost) -> SignIn {
    let scripts: [&[Line]; 2] = [&[AskPage, Authorised, Granted], &[AskPage, Never]];
    let mut sign_in = play_for(wanted, host, Method::OfficialPage, &scripts);
    until(&mut sign_in, |step| matches!(step, SignInStep::AskPage { .. })).await;
    sign_in.answer(UserInput::Answer(Input::PageCookies(CookieMap::default())));
    sign_in
}

#[tokio::test(start_paused = true)]
async fn a_new_account_that_came_by_a_page_is_shown_before_it_is_saved() {
    let host = FakeHost::default();
    let saved = host.saved.clone();
    let mut sign_in = brought_by_a_page(None, host).await;
    let step = until(&mut sign_in, SignInStep::waits_for_answer).await;
    let SignInStep::AskNewAccount { account, nickname, avatar } = &step else {
        panic!("{step:?} does not ask whose account it is")
    };
    assert_eq!((account.uid.as_str(), nickname.as_deref()), ("320000017", Some("小满")));
    assert!(avatar.as_ref().is_some_and(|avatar| avatar.starts_with("data:image/png")), "{avatar:?}");
    assert_eq!(*saved.lock().unwrap(), 0, "nothing is saved before the answer");
    // What answers another question is no word for this one.
    sign_in.answer(UserInput::Answer(Input::Go));
    sign_in.answer(UserInput::Keep);
    assert_eq!(names(sign_in).await, ["saving", "done"]);
}

#[tokio::test(start_paused = true)]
async fn a_new_account_that_came_by_a_page_and_is_somebody_elses_is_ended_and_never_saved() {
    for goes_away in [false, true] {
        let host = FakeHost::default();
        let (saved, discarded) = (host.saved.clone(), host.discarded.clone());
        let mut sign_in = brought_by_a_page(None, host).await;
        until(&mut sign_in, SignInStep::waits_for_answer).await;
        if !goes_away {
            sign_in.answer(UserInput::Again);
            until(&mut sign_in, |step| matches!(step, SignInStep::AskPage { .. })).await;
        }
        drop(sign_in);
        while Arc::strong_count(&saved) > 1 {
            tokio::task::yield_now().await;
        }
        assert_eq!((*saved.lock().unwrap(), *discarded.lock().unwrap()), (0, 1), "goes away: {goes_away}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_known_or_meant_is_not_asked_about_when_it_comes_by_a_page() {
    let meant = Some(AccountId::new(netease::ID, "320000017"));
    for (wanted, knows) in [(meant, false), (None, true)] {
        let sign_in = brought_by_a_page(wanted, FakeHost { knows, ..FakeHost::default() }).await;
        let steps = names(sign_in).await;
        assert!(!steps.iter().any(|step| step == "ask_new_account"), "{steps:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_account_than_the_wanted_one_is_kept_only_when_the_person_says_so() {
    let host = FakeHost::default();
    let saved = host.saved.clone();
    let mut sign_in = play_for(somebody_else(), host, Method::AppScan, &[&[Code, Authorised, Granted]]);
    let step = until(&mut sign_in, |step| matches!(step, SignInStep::AskOtherAccount { .. })).await;
    assert!(step.waits_for_answer() && *saved.lock().unwrap() == 0, "nothing is saved before the answer");
    sign_in.answer(UserInput::Keep);
    assert_eq!(names(sign_in).await, ["saving", "done"]);
}

#[tokio::test(start_paused = true)]
async fn another_account_that_is_not_wanted_is_ended_and_never_saved() {
    for goes_away in [false, true] {
        let host = FakeHost::default();
        let (saved, discarded) = (host.saved.clone(), host.discarded.clone());
        let scripts: [&[Line]; 2] = [&[Code, Authorised, Granted], &[Code, Never]];
        let mut sign_in = play_for(somebody_else(), host, Method::AppScan, &scripts);
        until(&mut sign_in, |step| matches!(step, SignInStep::AskOtherAccount { .. })).await;
        if goes_away {
            drop(sign_in);
        } else {
            sign_in.answer(UserInput::Again);
            until(&mut sign_in, |step| matches!(step, SignInStep::ShowCode { .. })).await;
            drop(sign_in);
        }
        while Arc::strong_count(&saved) > 1 {
            tokio::task::yield_now().await;
        }
        assert_eq!((*saved.lock().unwrap(), *discarded.lock().unwrap()), (0, 1), "goes away: {goes_away}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_pasted_is_not_ended_when_it_is_not_wanted() {
    let host = FakeHost::default();
    let (saved, discarded) = (host.saved.clone(), host.discarded.clone());
    let mut sign_in = play_for(somebody_else(), host, Method::Paste, &[]);
    sign_in.answer(cookie('a'));
    until(&mut sign_in, |step| matches!(step, SignInStep::AskToGoOn { .. })).await;
    sign_in.answer(UserInput::Answer(Input::Go));
    until(&mut sign_in, |step| matches!(step, SignInStep::AskOtherAccount { .. })).await;
    drop(sign_in);
    while Arc::strong_count(&saved) > 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!((*saved.lock().unwrap(), *discarded.lock().unwrap()), (0, 0), "its owner still uses it");
}

#[tokio::test(start_paused = true)]
async fn the_wanted_account_is_saved_without_a_question() {
    let wanted = Some(AccountId::new(netease::ID, "320000017"));
    let sign_in = play_for(wanted, FakeHost::default(), Method::AppScan, &[&[Code, Authorised, Granted]]);
    assert_eq!(names(sign_in).await, ["preparing", "show_code", "exchanging", "saving", "done"]);
}
