//! The sign-in state machine: from a method of a service to an account that is saved.
//!
//! Progress is a value ([`SignInStep`]), what the person says is a value ([`UserInput`]), and when the front that has
//! started it leaves, it is cancelled. From [`SignInStep::Exchanging`] on nothing cancels: the services give a
//! credential exactly once, so what may have been issued is fetched and written to the keychain even when nobody is
//! looking any more.
//!
//! What is only nice to know never stands in the way: pictures come beside the polling, and who the account belongs
//! to in detail is asked once it is saved.
//!
//! `machine` reads from top to bottom; `attempt_state` is where one code stands; `under_way` is what everyone sees of a
//! sign-in, `conversation` the machine's end of that, and `program_step` what other programs read of a step; `host` is
//! what the machine needs from the rest of the core.

mod attempt_state;
mod conversation;
mod host;
mod input;
mod machine;
mod parked;
mod program_step;
mod step;
#[cfg(test)]
pub(crate) mod tests;
mod under_way;

pub(crate) use conversation::Conversation;
pub(crate) use host::{Scanner, SignInHost};
pub use input::UserInput;
pub(crate) use machine::Machine;
pub(crate) use parked::{ParkedCode, ParkedCodes};
pub use program_step::ProgramStep;
pub use step::{SignInStep, StepKind};
pub(crate) use under_way::UnderWay;
pub use under_way::{SignInId, SignInStatus, SignInSteps};
