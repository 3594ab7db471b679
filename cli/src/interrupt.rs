//! Ctrl-C: what it cancels, and what is finished first. For `lib.rs`, `commands.rs` and `sign_in.rs`.

use std::future::Future;
use std::pin::{Pin, pin};

use tunekey_core::{Problem, ProblemCode};

use crate::failure::Failure;
use crate::output::Output;

/// Waits for something that Ctrl-C cancels.
///
/// # Errors
/// `Cancelled` when Ctrl-C came first.
pub(crate) async fn unless_interrupted<T>(
    waiting: impl Future<Output = T>,
    interrupt: Pin<&mut impl Future>,
) -> Result<T, Failure> {
    tokio::select! {
        result = waiting => Ok(result),
        _ = interrupt => Err(Problem::new(ProblemCode::Cancelled).into()),
    }
}

/// Waits for work whose result would be lost if it were cancelled, such as a key that a service has just issued: the
/// first Ctrl-C waits for it, the second does not. Returns whether there was a first one, too.
///
/// # Errors
/// `Cancelled` after the second Ctrl-C.
pub(crate) async fn finish_despite_interrupt<T>(
    work: impl Future<Output = T>,
    mut interrupt: Pin<&mut impl Future>,
    output: Output,
) -> Result<(T, bool), Failure> {
    let mut work = pin!(work);
    tokio::select! {
        result = &mut work => return Ok((result, false)),
        _ = interrupt.as_mut() => note_that_work_continues(output),
    }
    let result = unless_interrupted(work, pin!(tokio::signal::ctrl_c())).await?;
    Ok((result, true))
}

/// Tells the person that the work goes on after the first Ctrl-C.
pub(crate) fn note_that_work_continues(output: Output) {
    output.note(output.language.pick(
        "What comes of it is kept. Press Ctrl-C again not to wait for it.",
        "结果仍会保存。再按一次 Ctrl-C 则不再等待。",
    ));
}

#[cfg(test)]
mod tests {
    use tunekey_core::Language;

    use super::*;

    #[tokio::test]
    async fn work_that_must_not_be_cut_off_is_finished_after_an_interrupt() {
        let output = Output { json: true, language: Language::English };
        let work = async {
            tokio::task::yield_now().await;
            7
        };
        let result = finish_despite_interrupt(work, pin!(std::future::ready(())), output).await;
        assert_eq!(result, Ok((7, true)));
        let result =
            finish_despite_interrupt(std::future::ready(7), pin!(std::future::pending::<()>()), output).await;
        assert_eq!(result, Ok((7, false)));
    }
}
