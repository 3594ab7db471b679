//! The text that was pasted for a sign-in.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tunekey_core::{Secret, ServiceId, SignInStep};

/// The text that was pasted, kept while it may be taken to the other service without pasting it again.
#[derive(Debug, Clone, Default)]
pub(super) struct PastedText(Arc<Mutex<PasteState>>);

#[derive(Debug, Default)]
struct PasteState {
    text: Option<Secret>,
    /// The service that the text is for, when it is not the one of the sign-in.
    other: Option<ServiceId>,
}

impl PastedText {
    /// Enters a step of the sign-in. Drops the text, unless the step says that it is the other service's, or is
    /// `Preparing`: a text that was given before it was asked for is still to be read.
    pub(super) fn enter(&self, step: &SignInStep) {
        let mut state = self.lock();
        state.other = match step {
            SignInStep::Preparing => return,
            SignInStep::AskPaste { unusable: Some(unusable), .. } => unusable.other,
            _ => None,
        };
        if state.other.is_none() {
            state.text = None;
        }
    }

    /// Keeps the text.
    pub(super) fn keep(&self, text: Secret) {
        self.lock().text = Some(text);
    }

    /// The other service and the text for it, once.
    pub(super) fn take(&self) -> Option<(ServiceId, Secret)> {
        let mut state = self.lock();
        Some((state.other?, state.text.take()?))
    }

    fn lock(&self) -> MutexGuard<'_, PasteState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tunekey_core::{Unusable, UnusableReason};

    use super::*;

    fn ask_paste(other: Option<ServiceId>) -> SignInStep {
        let reason = UnusableReason::OtherService;
        SignInStep::AskPaste { problem: None, unusable: Some(Unusable::new(reason, Vec::new(), other)) }
    }

    #[test]
    fn what_was_pasted_is_kept_only_while_the_other_service_is_offered() {
        let pasted = PastedText::default();
        pasted.enter(&ask_paste(None));
        pasted.keep("a cookie".into());
        pasted.enter(&ask_paste(Some(ServiceId::new("netease"))));
        assert_eq!(pasted.take(), Some((ServiceId::new("netease"), "a cookie".into())));
        assert_eq!(pasted.take(), None, "once");
        pasted.keep("a cookie".into());
        pasted.enter(&SignInStep::Exchanging);
        assert!(pasted.lock().text.is_none(), "it is dropped as soon as nothing offers it");
    }

    #[test]
    fn a_text_that_comes_before_it_is_asked_for_can_still_go_to_the_other_service() {
        let pasted = PastedText::default();
        pasted.keep("a cookie".into());
        pasted.enter(&SignInStep::Preparing);
        pasted.enter(&ask_paste(Some(ServiceId::new("netease"))));
        assert_eq!(pasted.take(), Some((ServiceId::new("netease"), "a cookie".into())));
    }
}
