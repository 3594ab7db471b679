//! HTTP as the simulator speaks it, without knowing for whom: requests, replies that end as they are told, small pages.

pub(crate) mod encoding;
pub(crate) mod page;
pub(crate) mod qr_picture;
pub(crate) mod reply;
pub(crate) mod reply_body;
pub(crate) mod request;
pub(crate) mod resettable_stream;
pub(crate) mod upgrade;
