//! What the exit code says: scripts act on it.

use std::process::ExitCode;

use tunekey_core::{Health, ProblemCode, SignInReason};

/// The exit code of a process that was interrupted by Ctrl-C, as shells have it: 128 + SIGINT.
pub(crate) const INTERRUPTED: u8 = 130;

/// The exit code of a command that was typed wrong.
pub(crate) const USAGE: u8 = 2;

/// The exit code for a problem.
pub(crate) fn code(problem: ProblemCode) -> u8 {
    match problem {
        ProblemCode::Unexpected
        | ProblemCode::ProfileUnreadable
        | ProblemCode::LedgerDamaged
        | ProblemCode::LedgerSetAside
        | ProblemCode::LedgerNewer
        | ProblemCode::ProfileBusy
        | ProblemCode::LocksUnusable
        | ProblemCode::ProfileReadOnly
        | ProblemCode::ProfileNotPrivate
        | ProblemCode::DiskFull => 1,
        ProblemCode::InvalidInput | ProblemCode::ExtraCaUnusable => 2,
        ProblemCode::NotFound => 3,
        ProblemCode::Expired
        | ProblemCode::Refused
        | ProblemCode::DeviceLimit
        | ProblemCode::Restricted
        | ProblemCode::ClientTooOld
        | ProblemCode::WrongMethod
        | ProblemCode::WrongCode
        | ProblemCode::ExchangeLost
        | ProblemCode::ForeignCode
        | ProblemCode::OtherAccount => 4,
        ProblemCode::Rejected | ProblemCode::NotRenewable => 5,
        ProblemCode::Offline
        | ProblemCode::Timeout
        | ProblemCode::UntrustedCertificate
        | ProblemCode::NoAuthorities
        | ProblemCode::NameNotResolved
        | ProblemCode::NotTheService
        | ProblemCode::ServerError
        | ProblemCode::ProxyUnreachable
        | ProblemCode::ProxyRefused
        | ProblemCode::ProxyPassword
        | ProblemCode::ProxyUnusable => 6,
        ProblemCode::KeychainLocked
        | ProblemCode::KeychainUnavailable
        | ProblemCode::KeychainDenied
        | ProblemCode::CredentialMissing
        | ProblemCode::CredentialUnreadable => 7,
        ProblemCode::RiskControl | ProblemCode::RateLimited | ProblemCode::DailyLimit => 8,
        ProblemCode::RefusedOnce | ProblemCode::RenewalRefused => 9,
        ProblemCode::Cancelled => INTERRUPTED,
    }
}

/// Whether the service has refused an account's credential: its cookie is not worth printing. What the keychain
/// had lost and has again was never refused.
pub(crate) fn is_refused(health: &Health) -> bool {
    match health {
        Health::NeedsSignIn { reason: SignInReason::Rejected, .. } => true,
        Health::Healthy
        | Health::RenewsSoon
        | Health::Warning { .. }
        | Health::NeedsSignIn { reason: SignInReason::Missing, .. } => false,
    }
}

/// The same as what `main` gives back.
pub(crate) fn exit(result: Result<(), ProblemCode>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => ExitCode::from(code(problem)),
    }
}
