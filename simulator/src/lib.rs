//! QQ Music and NetEase Cloud Music, played on loopback.
//!
//! The simulator is an HTTP proxy that answers `CONNECT` for the services' host names with TLS of its own, signed by a
//! certificate authority made at start, and plays the services strictly: it refuses what the real ones would refuse. It
//! opens no connection itself. A second port, the control side, is the phone that scans codes, and more: accounts,
//! faults, settings, a ledger of every credential issued and a journal of every request answered.
//!
//! ```no_run
//! use tunekey_simulator::{Fault, FaultKind, Options, Service, Simulator};
//!
//! # async fn example() -> anyhow::Result<()> {
//! let simulator = Simulator::start(Options::default()).await?;
//! // Point a client at `simulator.proxy_url`, let it trust `simulator.ca_pem`, start a sign-in, then:
//! let code = simulator.next_code(Service::QqMusic, 0).await;
//! simulator.scan(code.id, Some("qqmusic:10001"))?;
//! simulator.confirm(code.id)?;
//! simulator.arm(Fault::new("qq.vip", FaultKind::Html).once())?;
//! assert!(simulator.broken_rules().is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! Where documentation says "protocol: QQ §1.2" or "protocol: NetEase §5.3" it names the section of the project's
//! protocol notes from which the behaviour was taken.

mod account;
mod auto_confirm;
mod avatar;
mod captcha;
mod captcha_page;
mod certificate_authority;
mod clock;
mod code;
mod control;
mod control_error;
mod encoding;
mod fault;
mod fault_reply;
mod hostile_reply;
mod journal;
mod ledger;
mod netease;
mod outcome;
mod page;
mod proxy;
mod qqmusic;
mod qr_picture;
mod reply;
mod reply_body;
mod request;
mod request_context;
mod resettable_stream;
mod service_router;
mod service_state;
mod settings;
mod shared_state;
mod simulated_service;
mod simulator;
mod simulator_state;
mod text_message;
mod token_generator;
mod upgrade;

pub use account::{Account, AccountKind, Membership, Service, Subscription};
pub use captcha::Captcha;
pub use code::{Code, CodeState};
pub use control_error::ControlError;
pub use fault::{ArmedFault, Fault, FaultKind};
pub use hostile_reply::FOREIGN_CODES;
pub use journal::{JournalEntry, Verdict};
pub use ledger::{Credential, IssuedVia, RevokedBy};
pub use settings::{AutoConfirm, DeletedCookie, GuestFlag, PushSplit, Rotation, Settings};
pub use simulator::{Options, Running, Simulator};
pub use simulator_state::SimulatorState;
pub use text_message::TextMessage;
