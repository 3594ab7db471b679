//! The service's own page, as long as a sign-in has it open.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tunekey_core::{OfficialPage, SignInStep};

use crate::official_page::PageSession;

/// The service's own page, while the sign-in is at the step that asks for it.
#[derive(Debug, Clone, Default)]
pub(super) struct OpenPage(Arc<Mutex<Option<PageSession>>>);

impl OpenPage {
    /// Enters a step of the sign-in. Closes what the step before had open, and returns the page that this one asks for.
    pub(super) fn enter(&self, step: &SignInStep) -> Option<OfficialPage> {
        self.close();
        match step {
            SignInStep::AskPage { page } => Some((**page).clone()),
            _ => None,
        }
    }

    /// Keeps a page open until the next step.
    pub(super) fn keep(&self, page: PageSession) {
        *self.lock() = Some(page);
    }

    /// Brings it to the front.
    pub(super) fn show(&self) {
        if let Some(page) = &*self.lock() {
            page.show();
        }
    }

    pub(super) fn close(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<PageSession>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
