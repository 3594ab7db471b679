//! When to retry a sign-in that was confirmed but could not be fetched or saved yet. A service issues a credential only
//! once, so that giving up early loses it. For `sign_in.rs`.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::Sleep;
use tunekey_core::{Interaction, Language, Problem, ProblemCode, Secret, StoreState, TuneKey};

use crate::failure::Failure;
use crate::output::Output;
use crate::stdin;

/// How long to go on retrying where no person can be asked.
const UNATTENDED_LIMIT: Duration = Duration::from_secs(60);
/// The pause before the first unattended retry; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// How often to probe whether the keychain has been unlocked. A probe never prompts.
const PROBE_INTERVAL: Duration = Duration::from_millis(500);

/// What to do with a sign-in that was confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryDecision {
    /// Try it again now.
    Retry,
    /// Leave it to the core, which retries a few times and then ends the credential at the service.
    GiveUp,
}

type PendingLine = Pin<Box<dyn Future<Output = Result<Option<Secret>, Failure>> + Send>>;

/// The retries of one sign-in.
pub(crate) struct Retries {
    /// When to stop, where no person can be asked. It runs from the first retry on.
    limit: Option<Pin<Box<Sleep>>>,
    pause: Duration,
    /// The line that is being read: it outlives a retry that an unlocked keychain has started.
    line: Option<PendingLine>,
    /// Whether a keychain that was open has already been a reason to try again.
    has_found_it_open: bool,
}

impl Retries {
    /// Before the first retry.
    pub(crate) fn new() -> Self {
        Self { limit: None, pause: FIRST_PAUSE, line: None, has_found_it_open: false }
    }

    /// Waits until it is time for the next retry, or to give up.
    pub(crate) async fn wait(
        &mut self,
        tunekey: &TuneKey,
        problem: &Problem,
        output: Output,
    ) -> RetryDecision {
        let interactive = is_interactive(output);
        self.report(problem, interactive, output);
        if interactive {
            return self.wait_for_person(tunekey, problem, output).await;
        }
        let obstacle_gone = async {
            if is_keychain(problem.code) {
                until_open(tunekey).await;
            }
        };
        self.wait_unattended(obstacle_gone).await
    }

    /// Prints the problem and what happens now.
    fn report(&self, problem: &Problem, interactive: bool, output: Output) {
        output.note(&problem.message(output.language));
        if interactive {
            output.prompt(prompt(problem.code, output.language));
        } else if self.limit.is_none() {
            output.note(output.language.pick(
                "The sign-in is confirmed and is not lost yet: TuneKey tries again for a minute.",
                "登录已确认，凭据尚未丢失：TuneKey 会在一分钟内继续重试。",
            ));
        }
    }

    /// Waits for the person's answer, or until a locked keychain is unlocked.
    async fn wait_for_person(
        &mut self,
        tunekey: &TuneKey,
        problem: &Problem,
        output: Output,
    ) -> RetryDecision {
        loop {
            let line = self.line.get_or_insert_with(|| Box::pin(stdin::read_line()));
            let line = tokio::select! {
                line = line => line,
                () = until_unlocked(tunekey, &mut self.has_found_it_open), if is_keychain(problem.code) => {
                    output.note("");
                    return RetryDecision::Retry;
                }
            };
            self.line = None;
            match line.ok().flatten().as_ref().map(parse) {
                Some(Some(decision)) => return decision,
                Some(None) => output.prompt(prompt(problem.code, output.language)),
                // No more input: nobody is there.
                None => return RetryDecision::GiveUp,
            }
        }
    }

    /// Waits for a pause and until the obstacle is gone. Gives up after [`UNATTENDED_LIMIT`].
    async fn wait_unattended(&mut self, obstacle_gone: impl Future<Output = ()>) -> RetryDecision {
        let limit = self.limit.get_or_insert_with(|| Box::pin(tokio::time::sleep(UNATTENDED_LIMIT)));
        let pause = self.pause;
        self.pause = pause * 2;
        let ready = async {
            tokio::time::sleep(pause).await;
            obstacle_gone.await;
        };
        tokio::select! {
            () = ready => RetryDecision::Retry,
            () = limit => RetryDecision::GiveUp,
        }
    }
}

/// Whether a person can be asked when to retry.
pub(crate) fn is_interactive(output: Output) -> bool {
    stdin::is_terminal() && !output.json
}

/// Waits until the keychain is open.
async fn until_open(tunekey: &TuneKey) {
    while tunekey.probe_store(Interaction::Forbidden).await != StoreState::Ready {
        tokio::time::sleep(PROBE_INTERVAL).await;
    }
}

/// Waits until the keychain is open. It may have been unlocked before anybody looks; but one that has refused while it
/// was open is the person's to decide, until it was locked and is open again.
async fn until_unlocked(tunekey: &TuneKey, has_found_it_open: &mut bool) {
    loop {
        let is_open = tunekey.probe_store(Interaction::Forbidden).await == StoreState::Ready;
        if is_open && !std::mem::replace(has_found_it_open, true) {
            return;
        }
        *has_found_it_open &= is_open;
        tokio::time::sleep(PROBE_INTERVAL).await;
    }
}

fn is_keychain(code: ProblemCode) -> bool {
    matches!(
        code,
        ProblemCode::KeychainLocked | ProblemCode::KeychainUnavailable | ProblemCode::KeychainDenied
    )
}

fn prompt(code: ProblemCode, language: Language) -> &'static str {
    if is_keychain(code) {
        language.pick(
            "The sign-in is confirmed and kept: TuneKey tries again as soon as it can be saved. \
             (Enter: now, q: give it up) ",
            "登录已确认，凭据已暂存：能够保存时 TuneKey 会自动重试。（回车：立即重试，q：放弃）",
        )
    } else {
        language.pick(
            "The sign-in is confirmed and kept. (Enter: try again, q: give it up) ",
            "登录已确认，凭据已暂存。（回车：重试，q：放弃）",
        )
    }
}

#[expect(clippy::disallowed_methods, reason = "an answer is parsed here; it is no secret")]
fn parse(line: &Secret) -> Option<RetryDecision> {
    match line.expose().trim().to_lowercase().as_str() {
        "" | "r" | "y" | "yes" | "again" | "是" | "重试" => Some(RetryDecision::Retry),
        "q" | "n" | "no" | "quit" | "否" | "放弃" => Some(RetryDecision::GiveUp),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enter_tries_again_and_only_a_clear_word_gives_up() {
        for (line, decision) in [
            ("", Some(RetryDecision::Retry)),
            ("  ", Some(RetryDecision::Retry)),
            ("Q", Some(RetryDecision::GiveUp)),
            ("否", Some(RetryDecision::GiveUp)),
            ("what?", None),
        ] {
            assert_eq!(parse(&line.into()), decision, "{line:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_person_the_retries_become_rarer_and_end() {
        let began = tokio::time::Instant::now();
        let mut retries = Retries::new();
        let mut count = 0;
        while retries.wait_unattended(std::future::ready(())).await == RetryDecision::Retry {
            count += 1;
        }
        assert_eq!(
            (count, began.elapsed().as_secs()),
            (4, UNATTENDED_LIMIT.as_secs()),
            "after 2, 4, 8 and 16 seconds"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_stays_closed_is_given_up_after_a_minute() {
        let began = tokio::time::Instant::now();
        assert_eq!(Retries::new().wait_unattended(std::future::pending()).await, RetryDecision::GiveUp);
        assert_eq!(began.elapsed(), UNATTENDED_LIMIT);
    }
}
