//! What was confirmed but could not be fetched or saved yet: when to try again. The services give a credential
//! once, so that giving up early loses it.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::Sleep;
use tunekey_core::{Interaction, KeychainState, Language, Problem, ProblemCode, Secret, TuneKey};

use crate::failure::Failure;
use crate::output::Output;
use crate::typed;

/// How long to go on trying where nobody can be asked.
const LIMIT: Duration = Duration::from_secs(60);
/// The first pause between two tries; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// How often to look whether the keychain has been unlocked. Looking asks for nothing.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What to do with what was confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Try again.
    Again,
    /// Leave it to the core, which tries a few more times and then ends it at the service.
    GiveUp,
}

type Line = Pin<Box<dyn Future<Output = Result<Option<Secret>, Failure>> + Send>>;

/// The tries of one sign-in.
pub(crate) struct Tries {
    /// When to stop where nobody can be asked.
    limit: Option<Pin<Box<Sleep>>>,
    pause: Duration,
    /// A line that is being waited for: it survives a try that was not asked for by it.
    line: Option<Line>,
}

impl Tries {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self { limit: None, pause: FIRST_PAUSE, line: None }
    }

    /// Waits until it is time for the next try.
    pub(crate) async fn next(&mut self, tunekey: &TuneKey, problem: &Problem, output: Output) -> Choice {
        let person = is_asked(output);
        self.say(problem, person, output);
        if person {
            return self.asked(tunekey, problem, output).await;
        }
        let is_open = async {
            if is_keychain(problem.code) {
                open(tunekey).await;
            }
        };
        self.unasked(is_open).await
    }

    /// Says what stands in the way and what happens now.
    fn say(&self, problem: &Problem, person: bool, output: Output) {
        output.note(&problem.message(output.language));
        let unlock = is_keychain(problem.code);
        if person {
            output.prompt(ask(unlock, output.language));
        } else if self.limit.is_none() {
            output.note(output.language.pick(
                "The sign-in is confirmed and is not lost yet: TuneKey tries again for a minute.",
                "登录已确认，凭据尚未丢失：TuneKey 会在一分钟内继续重试。",
            ));
        }
    }

    /// A person says when; a keychain that has been unlocked says so itself.
    async fn asked(&mut self, tunekey: &TuneKey, problem: &Problem, output: Output) -> Choice {
        loop {
            let line = self.line.get_or_insert_with(|| Box::pin(typed::line()));
            let typed = tokio::select! {
                typed = line => typed,
                () = opened(tunekey), if is_keychain(problem.code) => {
                    output.note("");
                    return Choice::Again;
                }
            };
            self.line = None;
            match typed.ok().flatten().as_ref().map(understood) {
                Some(Some(choice)) => return choice,
                Some(None) => output.prompt(ask(is_keychain(problem.code), output.language)),
                // No more input: nobody is there.
                None => return Choice::GiveUp,
            }
        }
    }

    /// Nobody can be asked: after a pause, once nothing that can be seen stands in the way, for a while.
    async fn unasked(&mut self, is_open: impl Future<Output = ()>) -> Choice {
        let limit = self.limit.get_or_insert_with(|| Box::pin(tokio::time::sleep(LIMIT)));
        let pause = self.pause;
        self.pause = pause * 2;
        let ready = async {
            tokio::time::sleep(pause).await;
            is_open.await;
        };
        tokio::select! {
            () = ready => Choice::Again,
            () = limit => Choice::GiveUp,
        }
    }
}

/// Whether a person is there to say when to try again.
pub(crate) fn is_asked(output: Output) -> bool {
    typed::at_terminal() && !output.json
}

/// Waits until the keychain is open.
async fn open(tunekey: &TuneKey) {
    while tunekey.probe_keychain(Interaction::Forbidden).await != KeychainState::Ready {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Waits until the keychain, having been closed, is open: one that is open and refuses waits for the person.
async fn opened(tunekey: &TuneKey) {
    while tunekey.probe_keychain(Interaction::Forbidden).await == KeychainState::Ready {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    open(tunekey).await;
}

fn is_keychain(code: ProblemCode) -> bool {
    matches!(
        code,
        ProblemCode::KeychainLocked | ProblemCode::KeychainUnavailable | ProblemCode::KeychainDenied
    )
}

fn ask(unlock: bool, language: Language) -> &'static str {
    if unlock {
        language.pick(
            "The sign-in is confirmed and kept: TuneKey tries again when the keychain is open. \
             (Enter: now, q: give it up) ",
            "登录已确认，凭据已暂存：系统密钥环解锁后 TuneKey 会自动重试。（回车：立即重试，q：放弃）",
        )
    } else {
        language.pick(
            "The sign-in is confirmed and kept. (Enter: try again, q: give it up) ",
            "登录已确认，凭据已暂存。（回车：重试，q：放弃）",
        )
    }
}

#[expect(clippy::disallowed_methods, reason = "an answer is understood here; it is no secret")]
fn understood(line: &Secret) -> Option<Choice> {
    match line.expose().trim().to_lowercase().as_str() {
        "" | "r" | "y" | "yes" | "again" | "是" | "重试" => Some(Choice::Again),
        "q" | "n" | "no" | "quit" | "否" | "放弃" => Some(Choice::GiveUp),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enter_tries_again_and_only_a_clear_word_gives_up() {
        for (line, choice) in [
            ("", Some(Choice::Again)),
            ("  ", Some(Choice::Again)),
            ("Q", Some(Choice::GiveUp)),
            ("否", Some(Choice::GiveUp)),
            ("what?", None),
        ] {
            assert_eq!(understood(&line.into()), choice, "{line:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_person_the_tries_become_rarer_and_end() {
        let began = tokio::time::Instant::now();
        let mut tries = Tries::new();
        let mut count = 0;
        while tries.unasked(std::future::ready(())).await == Choice::Again {
            count += 1;
        }
        assert_eq!((count, began.elapsed().as_secs()), (4, LIMIT.as_secs()), "after 2, 4, 8 and 16 seconds");
    }

    #[tokio::test(start_paused = true)]
    async fn what_stays_closed_is_given_up_after_a_minute() {
        let began = tokio::time::Instant::now();
        assert_eq!(Tries::new().unasked(std::future::pending()).await, Choice::GiveUp);
        assert_eq!(began.elapsed(), LIMIT);
    }
}
