//! Failures, and what becomes of the sign-in.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_code_outlives_a_network_that_goes_and_comes_back_and_says_so() {
    let script =
        [vec![Code], vec![Offline; 9], vec![Waiting, Scanned], vec![Offline; 3], vec![Authorised, Granted]];
    let script = script.concat();
    let mut sign_in = play(FakeHost::default(), &[&script]);
    let mut seen = Vec::new();
    while let Some(step) = sign_in.next().await {
        let problem = match &step {
            SignInStep::ShowCode { problem, .. } | SignInStep::Scanned { problem, .. } => {
                problem.as_ref().map(|problem| problem.code)
            }
            _ => None,
        };
        seen.push((serde_json::to_value(&step).expect("steps are data")["step"].clone(), problem));
    }
    let seen: Vec<_> =
        seen.iter().map(|(step, problem)| (step.as_str().expect("a name"), *problem)).collect();
    let offline = Some(ProblemCode::Offline);
    assert_eq!(
        seen,
        [
            ("preparing", None),
            ("show_code", None),
            ("show_code", offline),
            ("show_code", None),
            ("scanned", None),
            ("scanned", offline),
            ("exchanging", None),
            ("saving", None),
            ("done", None)
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn two_lost_answers_are_forgiven_without_a_word() {
    let script = [Code, Offline, Offline, Scanned, Offline, Offline, Authorised, Granted];
    let names = names(play(FakeHost::default(), &[&script])).await;
    assert_eq!(names, ["preparing", "show_code", "scanned", "exchanging", "saving", "done"]);
}

#[tokio::test(start_paused = true)]
async fn a_code_that_cannot_be_fetched_is_told_after_three_tries() {
    let names = names(play(FakeHost::default(), &[&[Offline; 3], &[Code, Authorised, Granted]])).await;
    assert_eq!(names[..3], ["preparing", "failed", "preparing"]);
}

#[tokio::test(start_paused = true)]
async fn a_network_that_stays_away_ends_a_code_only_when_its_time_is_over() {
    let mut script = vec![Code];
    script.resize(60, Offline);
    let scripts: [&[Line]; 3] = [&script, &script, &[Code, Authorised, Granted]];
    let names = names(play(FakeHost::default(), &scripts)).await;
    assert_eq!(names[..4], ["preparing", "show_code", "show_code", "preparing"], "{names:?}");
}

#[tokio::test(start_paused = true)]
async fn risk_control_names_the_other_ways_in() {
    let mut sign_in = play(FakeHost::default(), &[&[Code, Risk]]);
    let step = loop {
        let step = sign_in.next().await.expect("the sign-in goes on");
        if step.waits_for_answer() {
            break step;
        }
    };
    let SignInStep::RiskControl { problem, alternatives } = step else {
        panic!("{step:?} is not risk control")
    };
    assert_eq!(problem.code, ProblemCode::RiskControl);
    assert_eq!(alternatives.next[0], SignInOption { service: netease::ID, method: Method::Phone });
}

#[tokio::test(start_paused = true)]
async fn one_sign_in_too_many_today_asks_the_service_nothing_and_offers_what_is_no_sign_in() {
    let host = FakeHost { admits: Mutex::new(Some(0)), ..FakeHost::default() };
    let mut sign_in = play(host, &[]);
    let step = until(&mut sign_in, SignInStep::waits_for_answer).await;
    let SignInStep::Failed { problem, alternatives } = step else { panic!("{step:?} is no failure") };
    assert_eq!(problem.code, ProblemCode::DailyLimit);
    assert_eq!(alternatives.next, [SignInOption { service: netease::ID, method: Method::Paste }]);
}

#[tokio::test(start_paused = true)]
async fn what_was_confirmed_outlasts_the_network() {
    let offline = [Code, Authorised, Offline, Offline, Offline, Granted];
    let steps = names(play(FakeHost::default(), &[&offline])).await;
    assert_eq!(
        steps,
        ["preparing", "show_code", "exchanging", "failed", "exchanging", "saving", "done"],
        "no second scan"
    );
    for late in [UsedUp, Broken] {
        let too_late = [Code, Authorised, Offline, Offline, Offline, late];
        let steps = names(play(FakeHost::default(), &[&too_late, &[Code, Authorised, Granted]])).await;
        assert_eq!(
            steps[3..],
            ["failed", "exchanging", "preparing", "show_code", "exchanging", "saving", "done"],
            "a new code comes by itself when the old one is used up"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_finished_again_and_again_gives_way_to_a_new_code() {
    let mut dead = vec![Code, Authorised];
    dead.resize(2 + 3 * 4, Offline);
    let steps = names(play(FakeHost::default(), &[&dead, &[Code, Authorised, Granted]])).await;
    assert_eq!(steps.iter().filter(|step| *step == "failed").count(), 4);
    assert_eq!(steps.iter().filter(|step| *step == "show_code").count(), 2, "{steps:?}");
}
