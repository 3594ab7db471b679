//! Tickets for the streams of sign-ins: a browser's `EventSource` sends no header, so that a POST with the token makes
//! a ticket, which stands in the stream's address. Each is for one sign-in, good until that is no longer here, and for
//! nothing else.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::Rng as _;
use sha2::{Digest as _, Sha256};

use crate::callers::Caller;

/// How many there may be for one sign-in.
const MOST: usize = 16;

/// The tickets that are good.
#[derive(Debug, Default)]
pub(crate) struct Tickets(Mutex<HashMap<String, Vec<Ticket>>>);

#[derive(Debug)]
struct Ticket {
    digest: [u8; 32],
    caller: Caller,
}

impl Tickets {
    /// Makes one for a sign-in that somebody may see; `None` when it has too many.
    pub(crate) fn make(&self, sign_in: &str, caller: Caller) -> Option<String> {
        let mut tickets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_this = tickets.entry(sign_in.to_owned()).or_default();
        if of_this.len() >= MOST {
            return None;
        }
        let ticket = URL_SAFE_NO_PAD.encode(rand::rng().random::<[u8; 32]>());
        // By its digest: how long a comparison takes says nothing of the ticket.
        of_this.push(Ticket { digest: Sha256::digest(&ticket).into(), caller });
        Some(ticket)
    }

    /// For whom a ticket of that sign-in was made.
    pub(crate) fn caller(&self, sign_in: &str, ticket: &str) -> Option<Caller> {
        let digest: [u8; 32] = Sha256::digest(ticket).into();
        let tickets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tickets.get(sign_in)?.iter().find(|one| one.digest == digest).map(|one| one.caller.clone())
    }

    /// The sign-in is no longer here, nor are its tickets.
    pub(crate) fn end(&self, sign_in: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(sign_in);
    }
}

#[cfg(test)]
mod tests {
    use tunekey_core::{ApiCaller, ApiScope};

    use super::*;

    #[test]
    fn a_ticket_is_for_one_sign_in_and_ends_with_it() {
        let tickets = Tickets::default();
        let caller = ApiCaller { id: "id".into(), name: "nas".into(), scopes: [ApiScope::SignIn].into() };
        let ticket = tickets.make("1", Caller(caller.clone())).expect("there is room");
        assert_eq!(tickets.caller("1", &ticket).map(|caller| caller.0), Some(caller.clone()));
        assert!(tickets.caller("2", &ticket).is_none() && tickets.caller("1", "other").is_none());
        let more = (1..MOST).map(|_| tickets.make("1", Caller(caller.clone())));
        assert!(more.collect::<Vec<_>>().iter().all(Option::is_some));
        assert!(tickets.make("1", Caller(caller)).is_none(), "one too many");
        tickets.end("1");
        assert!(tickets.caller("1", &ticket).is_none());
    }
}
