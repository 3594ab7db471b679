//! The system's browser: the only place where the app hands an address to it. Any file may use this.

use tunekey_core::{Problem, ProblemCode, hardening};

/// Where every release is offered with its notes.
pub(crate) const RELEASES: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/releases");

/// Opens an address. Whether the browser finds anything there is not known.
///
/// # Errors
/// `Unexpected` when no browser can be started. The problem does not say the address, which may be a secret.
pub(crate) fn open(address: &str) -> Result<(), Problem> {
    // What the browser downloads is not for us to close to others.
    hardening::with_inherited_umask(|| open::that_detached(address)).map_err(|error| {
        // Not the error's own words: they may hold the address.
        let what = format!("starting the system’s browser: {}", error.kind());
        Problem::new(ProblemCode::Unexpected).with_detail(what)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_releases_are_a_page_of_the_projects_own_repository_and_say_nothing_of_who_asks() {
        assert_eq!(RELEASES, "https://github.com/tunekey/tunekey/releases");
    }
}
