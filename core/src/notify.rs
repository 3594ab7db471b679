//! Telling the person: what is wrong, how often it is told, on which channels, and what each channel is sent. Who sends
//! it brings the clock, the connection and the secrets. No message carries a credential.
//!
//! What is wrong is found in one [`situation`]; each of those that tell, the desktop and every channel, remembers what
//! it has told and is due by itself: now, a day later, a week later, and once when it is over.

mod channel;
mod draft;
mod error;
#[cfg(test)]
mod fixtures;
mod incident;
mod model;
mod ping;
mod pings;
mod post;
mod quiet_hours;
mod reply;
mod send;
mod signature;
mod situation;
mod text;
mod voice;

pub use channel::{ChannelFacts, ChannelField, ChannelKind};
pub use draft::ChannelDraft;
pub(crate) use error::ChannelError;
pub use incident::{Incident, IncidentKind, Stage};
pub use model::{Channel, ChannelId, ChannelRecord, NotificationSettings, Notifications, Ping};
pub(crate) use model::{HOURS, PING_MINUTES};
pub(crate) use ping::send as send_ping;
pub use post::{Fields as ChannelFields, Message, Urgency};
pub use quiet_hours::QuietHours;
pub(crate) use send::{clients, send};
pub(crate) use situation::Situation;
pub(crate) use text::{MOST_TOGETHER, message, test as test_message, together};
pub(crate) use voice::Voice;
