//! What a person can say to a sign-in.

use tunekey_services::Input;

/// What a person can say to a sign-in.
#[derive(Debug)]
pub enum UserInput {
    /// Drop this code and fetch another; try again.
    Again,
    /// The answer to a question. Only a text may come before its question: whoever brings one along has it already.
    /// Anything else that nothing asked for is dropped.
    Answer(Input),
    /// Save the account that was asked about: another than the one that was meant, or a new one.
    Keep,
}
