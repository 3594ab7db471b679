//! QQ Music and NetEase Cloud Music, simulated on loopback.
//!
//! The simulator is an HTTP proxy that answers `CONNECT` for the services' host names with TLS of its own, signed by a
//! certificate authority made at start, and simulates the services strictly: it refuses what the real ones would refuse.
//! It opens no connection itself. A second port, the control side, is the phone that scans codes, and more: accounts,
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
//! # Layout
//!
//! * `simulator` starts everything; the list of services stands there.
//! * `proxy` and `control` are the two ports, `auto_confirm` is a phone without a person.
//! * `qqmusic` and `netease` are the services: handlers, accounts, and a memory that nobody else sees. `push` is those that
//!   bring messages to phones.
//! * `service` is what every service is made of, `state` what all services share, `http` requests and replies.
//!
//! Files use each other in one direction only, from the first of these lines to the last.
//!
//! Where documentation says "protocol: QQ §1.2" or "protocol: NetEase §5.3" it names the section of the project's
//! protocol notes from which the behaviour was taken.

mod auto_confirm;
mod certificate_authority;
mod clock;
mod control;
mod http;
mod netease;
mod proxy;
mod push;
mod qqmusic;
mod service;
mod simulator;
mod state;

pub use push::KEY as PUSH_KEY;
pub use service::hostile_reply::FOREIGN_CODES;
pub use simulator::{Options, Running, Simulator};
pub use state::account::{Account, AccountKind, Membership, Service, Subscription};
pub use state::captcha::Captcha;
pub use state::code::{Code, CodeState};
pub use state::control_error::ControlError;
pub use state::fault::{ArmedFault, Fault, FaultKind};
pub use state::journal::{JournalEntry, Verdict};
pub use state::ledger::{Credential, IssuedVia, RevokedBy};
pub use state::settings::{AutoConfirm, DeletedCookie, GuestFlag, PushSplit, Rotation, Settings};
pub use state::simulator_state::SimulatorState;
pub use state::text_message::TextMessage;
