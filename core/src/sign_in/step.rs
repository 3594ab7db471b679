//! The steps of a sign-in: values that a front draws.
//!
//! Serialised as it is, a step is for the window: without the addresses of pages, because the window's page is not
//! believed. Other programs get a `ProgramStep`.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tunekey_services::{
    AccountId, Detected, Input, OfficialPage, PastedAccount, PrivateAddress, QrCode, Question, ServiceError,
    ServiceId, Unusable,
};

#[cfg(doc)]
use super::input::UserInput;
use crate::account::Account;
use crate::alternatives::Alternatives;
use crate::problem::{Problem, ProblemCode};

/// Where a sign-in stands. Every step is the whole truth; a front draws the latest and forgets the others.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum SignInStep {
    /// A code is being fetched.
    Preparing,
    /// Show this code and wait for a scan.
    ShowCode {
        /// The code as a picture: a `data:` URL.
        #[cfg_attr(feature = "typescript", ts(type = "string"))]
        code: QrCode,
        /// When to stop showing it.
        #[cfg_attr(feature = "typescript", ts(type = "string"))]
        valid_until: Timestamp,
        /// How long it lives in all, in seconds.
        life_seconds: u32,
        /// Why nothing is heard of the service at the moment. The code still lives, and it is asked again.
        problem: Option<Problem>,
        /// How many sign-ins the day still holds, once they are few.
        left_today: Option<u32>,
    },
    /// The phone has read it; waiting for the confirmation there.
    Scanned {
        /// Who scanned, where the service says so.
        nickname: Option<String>,
        /// That person's picture: a `data:` URL.
        avatar: Option<String>,
        /// Why nothing is heard of the service at the moment; it is asked again.
        problem: Option<Problem>,
    },
    /// A phone number is wanted: [`Input::PhoneNumber`].
    AskPhoneNumber {
        /// Why the last one did not do.
        problem: Option<Problem>,
        /// Until when the service wants to be left alone.
        #[cfg_attr(feature = "typescript", ts(type = "string | null"))]
        wait_until: Option<Timestamp>,
    },
    /// The code is being sent.
    Sending,
    /// The service wants a check in the system's browser: [`Input::CaptchaDone`].
    AskCaptcha {
        /// The page: for the side of a front that opens it, and for programs.
        #[serde(skip)]
        address: PrivateAddress,
    },
    /// The code that was sent is wanted: [`Input::TextCode`], [`Input::Resend`] or [`Input::ChangeNumber`].
    AskTextCode {
        /// The number with most of its digits hidden.
        sent_to: String,
        /// From when on another can be sent.
        #[cfg_attr(feature = "typescript", ts(type = "string"))]
        resend_at: Timestamp,
        /// Why the last one did not do.
        problem: Option<Problem>,
    },
    /// The service's own page is to be shown until it has brought what it was opened for.
    AskPage {
        /// The page. Only for the front's own side that opens it.
        #[serde(skip)]
        page: Box<OfficialPage>,
    },
    /// The page was closed before that. [`UserInput::Again`] opens it again.
    PageClosed,
    /// A text to paste is wanted: [`Input::Text`].
    AskPaste {
        /// Why the last one did not do.
        problem: Option<Problem>,
        /// The same for a front that says it in its own words.
        unusable: Option<Unusable>,
    },
    /// There are several accounts in what was pasted: [`Input::Account`] takes one of them.
    AskWhichAccount {
        /// All of them, in the order of the text.
        accounts: Vec<PastedAccount>,
    },
    /// What was pasted was recognised: [`Input::Go`] checks and saves it.
    AskToGoOn {
        /// What it holds.
        detected: Detected,
    },
    /// Confirmed; the credential is being fetched. From here on the sign-in cannot be cancelled.
    Exchanging,
    /// It is another account than the one that was to be signed in again. [`UserInput::Keep`] saves it
    /// beside that one, [`UserInput::Again`] drops it and starts over.
    AskOtherAccount {
        /// Which account it is.
        #[cfg_attr(feature = "typescript", ts(type = "string"))]
        account: AccountId,
        /// The name that the service shows.
        nickname: Option<String>,
        /// Whether it is here already, too.
        known: bool,
        /// The account that was to be signed in again.
        #[cfg_attr(feature = "typescript", ts(type = "string"))]
        wanted: AccountId,
    },
    /// It is a new account, and it came by a page of the service. [`UserInput::Keep`] saves it, [`UserInput::Again`]
    /// drops it and starts over.
    AskNewAccount {
        /// Which account it is.
        #[cfg_attr(feature = "typescript", ts(type = "string"))]
        account: AccountId,
        /// The name that the service shows, if it has said so.
        nickname: Option<String>,
        /// The picture, if it has come: a `data:` URL.
        avatar: Option<String>,
    },
    /// The credential is being written to the keychain. This cannot be cancelled either.
    Saving,
    /// Signed in.
    Done {
        /// The account.
        account: Box<Account>,
        /// Whether it was known before, so that its credential was replaced.
        known: bool,
    },
    /// The code is no longer valid and no other was fetched by itself; [`UserInput::Again`] gets one.
    Expired {
        /// Whether the phone had read it: then it was declined there, or not confirmed in time. Not every service says
        /// which of the two.
        scanned: bool,
    },
    /// Declined on the phone. [`UserInput::Again`] starts over.
    Refused,
    /// Risk control stopped it.
    RiskControl {
        /// What the service said.
        problem: Problem,
        /// The other ways in.
        alternatives: Alternatives,
    },
    /// It failed. [`UserInput::Again`] starts over, or, when only the network or the keychain stood in the way of
    /// a sign-in that was confirmed already, goes on with that one.
    Failed {
        /// Why.
        problem: Problem,
        /// The other ways in, when one of them may work.
        alternatives: Alternatives,
    },
}

/// What a step wants of whoever shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepKind {
    /// Nothing: the next step comes by itself.
    Progress,
    /// An answer that every front can take.
    Question,
    /// An answer that only a front that shows pages can take.
    PageQuestion,
    /// The sign-in has failed. [`UserInput::Again`] starts over.
    Failure,
    /// Nothing more: signed in.
    Done,
}

impl SignInStep {
    /// What it wants of whoever shows it.
    pub fn kind(&self) -> StepKind {
        match self {
            Self::Preparing
            | Self::ShowCode { .. }
            | Self::Scanned { .. }
            | Self::Sending
            | Self::Exchanging
            | Self::Saving => StepKind::Progress,
            Self::AskPhoneNumber { .. }
            | Self::AskCaptcha { .. }
            | Self::AskTextCode { .. }
            | Self::AskPaste { .. }
            | Self::AskWhichAccount { .. }
            | Self::AskToGoOn { .. }
            | Self::AskOtherAccount { .. } => StepKind::Question,
            Self::AskPage { .. } | Self::PageClosed | Self::AskNewAccount { .. } => StepKind::PageQuestion,
            Self::Expired { .. } | Self::Refused | Self::RiskControl { .. } | Self::Failed { .. } => {
                StepKind::Failure
            }
            Self::Done { .. } => StepKind::Done,
        }
    }

    /// The problem that it carries: why the last answer did not do, why nothing is heard of the service, or why the
    /// sign-in has failed.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::ShowCode { problem, .. }
            | Self::Scanned { problem, .. }
            | Self::AskPhoneNumber { problem, .. }
            | Self::AskTextCode { problem, .. }
            | Self::AskPaste { problem, .. } => problem.as_ref(),
            Self::RiskControl { problem, .. } | Self::Failed { problem, .. } => Some(problem),
            Self::Preparing
            | Self::Sending
            | Self::AskCaptcha { .. }
            | Self::AskPage { .. }
            | Self::PageClosed
            | Self::AskWhichAccount { .. }
            | Self::AskToGoOn { .. }
            | Self::Exchanging
            | Self::AskOtherAccount { .. }
            | Self::AskNewAccount { .. }
            | Self::Saving
            | Self::Done { .. }
            | Self::Expired { .. }
            | Self::Refused => None,
        }
    }

    /// Whether nothing more happens unless the person answers.
    pub fn waits_for_answer(&self) -> bool {
        match self.kind() {
            StepKind::Question | StepKind::PageQuestion | StepKind::Failure => true,
            StepKind::Progress | StepKind::Done => false,
        }
    }

    /// Whether the service may have issued a credential that is not in the keychain yet: then the sign-in goes
    /// on without whoever started it.
    pub fn cannot_be_cancelled(&self) -> bool {
        matches!(self, Self::Exchanging | Self::Saving)
    }
}

/// A question as a step.
pub(super) fn step_for_question(question: Question, service: ServiceId, now: Timestamp) -> SignInStep {
    let problem = |error: ServiceError| Problem::of_service(error, service);
    let after = |wait: Duration| {
        SignedDuration::try_from(wait).ok().and_then(|wait| now.checked_add(wait).ok()).unwrap_or(now)
    };
    match question {
        Question::PhoneNumber { error, wait } => {
            SignInStep::AskPhoneNumber { problem: error.map(problem), wait_until: wait.map(after) }
        }
        Question::Captcha { address } => SignInStep::AskCaptcha { address },
        Question::TextCode { sent_to, resend_after, error } => {
            SignInStep::AskTextCode { sent_to, resend_at: after(resend_after), problem: error.map(problem) }
        }
        Question::Page(page) => SignInStep::AskPage { page },
        Question::Paste { unusable, detail } => {
            let refused =
                |detail| Problem::new(ProblemCode::InvalidInput).with_service(service).with_detail(detail);
            SignInStep::AskPaste { problem: detail.map(refused), unusable }
        }
        Question::WhichAccount { accounts } => SignInStep::AskWhichAccount { accounts },
        Question::Detected(detected) => SignInStep::AskToGoOn { detected },
    }
}

/// What is done with an answer, where that takes a while.
pub(super) fn step_for_input(input: &Input) -> Option<SignInStep> {
    match input {
        Input::PhoneNumber { .. } | Input::CaptchaDone | Input::Resend => Some(SignInStep::Sending),
        Input::TextCode(_) | Input::PageAddress(_) | Input::PageCookies(_) | Input::Go => {
            Some(SignInStep::Exchanging)
        }
        Input::ChangeNumber | Input::PageClosed | Input::Text(_) | Input::Account(_) => None,
    }
}
