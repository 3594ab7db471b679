//! The schedule's lease: of all processes of a profile, one renews by itself.

use std::path::PathBuf;

use crate::disk::FileLock;
use crate::profile::Profile;

/// A lease that this process has, or would like to have. The system ends it with the process, however that ends.
#[derive(Debug)]
pub(crate) struct Lease {
    path: PathBuf,
    /// Whether this process has a use for it.
    requested: bool,
    held: Option<FileLock>,
}

impl Lease {
    /// The lease of a profile's schedule. Nothing is taken yet.
    pub(crate) fn of(profile: &Profile) -> Self {
        Self { path: profile.schedule_lock(), requested: false, held: None }
    }

    /// This process would like to have it, until it [lets go](Self::release).
    pub(crate) fn request(&mut self) {
        self.requested = true;
    }

    /// Takes the lease if it is requested and nobody has it, and says whether this process has it now. Waits for the
    /// disk, but for nobody else.
    pub(crate) fn try_hold(&mut self) -> bool {
        if self.requested && self.held.is_none() {
            self.held = match FileLock::try_acquire(&self.path) {
                Ok(held) => held,
                Err(error) => {
                    // Without locks nothing could be renewed either.
                    tracing::info!(%error, "the schedule's lease cannot be had");
                    None
                }
            };
        }
        self.held.is_some()
    }

    /// Whether this process has it.
    pub(crate) fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// Lets another process have it, and asks for it no more: a look that is under way must not take it again.
    pub(crate) fn release(&mut self) {
        self.requested = false;
        self.held = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holds_the_lease_until_it_ends_or_lets_go() {
        let dir = tempfile::tempdir().expect("a directory");
        let profile = Profile::at(dir.path()).expect("a profile");
        let (mut first, mut second) = (Lease::of(&profile), Lease::of(&profile));
        assert!(!first.try_hold(), "it goes to nobody who does not ask for it");
        first.request();
        second.request();
        assert!(first.try_hold() && first.try_hold(), "whoever has it keeps it");
        assert!(!second.try_hold(), "two would renew everything twice");
        first.release();
        first.request();
        assert!(second.try_hold() && !first.try_hold(), "it goes over");
        drop(second);
        assert!(first.try_hold(), "the end of its holder ends it");
    }
}
