//! Messages to the person's phone: which channels there are, what each is sent, and what its answer means. Pure: who
//! sends them brings the clock and the connection. No message carries a credential.

mod channel;
mod incident;
mod post;
mod quiet_hours;
mod reply;
mod signature;

pub use channel::{ChannelFacts, ChannelField, ChannelKind};
pub use incident::{Incident, IncidentKind, Incidents, Stage};
pub use post::{FieldProblem, Fields, Message, Post, Urgency};
pub use quiet_hours::QuietHours;
pub use reply::Refusal;
