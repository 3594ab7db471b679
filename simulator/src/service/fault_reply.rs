//! Replies that a fault gives in a service's place, and how a fault ends a reply that the service made. For
//! the router, and for sessions that play faults themselves.

use std::io::Write as _;
use std::sync::LazyLock;

use bytes::Bytes;

use crate::http::reply::{Ending, Reply};
use crate::service::hostile_reply;
use crate::state::fault::{Fault, FaultKind};

/// The reply that takes the place of the service's, which then never sees the request; `None` for a fault that strikes
/// later, or that the service plays itself.
pub(crate) fn instead(fault: &Fault) -> Option<Reply> {
    let json = || Reply::new(200, "application/json; charset=utf-8", "");
    Some(match fault.kind {
        FaultKind::Status500 => Reply::new(500, "text/plain; charset=utf-8", "Internal Server Error"),
        FaultKind::Html => Reply::new(
            200,
            "text/html; charset=utf-8",
            "<!doctype html><html><head><title>Sign in to the network</title></head><body><p>Welcome.</p></body></html>",
        ),
        FaultKind::Empty => json(),
        FaultKind::Reset => Reply::new(200, "text/plain", "").ending(Ending::Reset),
        FaultKind::Hang => Reply::new(200, "text/plain", "").ending(Ending::Hang),
        FaultKind::Endless => json().ending(Ending::Endless),
        FaultKind::Redirect => {
            Reply::redirect("https://collector.example/wx_redirect.html?code=FORGED&state=state")
        }
        FaultKind::GzipBomb => Reply::new(200, "application/json; charset=utf-8", GZIP_BOMB.clone())
            .header("content-encoding", "gzip"),
        kind => return hostile_reply::instead(kind),
    })
}

/// How a reply that the service made ends when a fault of this kind strikes; `None` when it ends as it should.
pub(crate) fn ending(kind: FaultKind) -> Option<Ending> {
    match kind {
        FaultKind::Truncated => Some(Ending::Truncated),
        FaultKind::Stall => Some(Ending::Stall),
        FaultKind::Lost | FaultKind::RenewalLost => Some(Ending::Reset),
        _ => None,
    }
}

/// 16 MiB of blanks, about 16 KiB when compressed.
static GZIP_BOMB: LazyLock<Bytes> = LazyLock::new(|| {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    // Writing to memory does not fail.
    let _ = encoder.write_all(&vec![b' '; 16 << 20]);
    encoder.finish().unwrap_or_default().into()
});
