//! The body of a reply as it is sent: it ends as the reply says. For the proxy.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use crate::http::reply::Ending;

/// How much of an endless body is sent at a time: 16 KiB.
const CHUNK: &[u8] = &[b' '; 16 * 1024];

/// A body that may end early, stall or go on for ever.
#[derive(Debug)]
pub(crate) struct ReplyBody {
    rest: Bytes,
    announced: Option<u64>,
    ending: Ending,
    /// Whether what comes before the cut has had its chance to be sent.
    flushed: bool,
}

/// The body ended before its announced length, on purpose.
#[derive(Debug, thiserror::Error)]
#[error("the body ends here on purpose")]
pub(crate) struct CutShort;

impl From<Infallible> for CutShort {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl ReplyBody {
    pub(crate) fn new(body: &Bytes, ending: Ending) -> Self {
        let (rest, announced) = match ending {
            Ending::Truncated | Ending::Stall => {
                // An empty body cannot end early: it then announces one byte that never comes.
                (body.slice(..body.len() / 2), Some(body.len().max(1) as u64))
            }
            Ending::Endless => (Bytes::new(), None),
            _ => (body.clone(), Some(body.len() as u64)),
        };
        Self { rest, announced, ending, flushed: false }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = CutShort;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CutShort>>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.rest)))));
        }
        match self.ending {
            Ending::Truncated if self.flushed => Poll::Ready(Some(Err(CutShort))),
            Ending::Truncated => {
                // An error throws away what is still in the writer's buffer; a pause makes it write that first.
                self.flushed = true;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            // Nothing will wake this up: the client has to give up, or the simulator is stopped.
            Ending::Stall => Poll::Pending,
            Ending::Endless => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(CHUNK))))),
            _ => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && matches!(self.ending, Ending::Complete)
    }

    fn size_hint(&self) -> SizeHint {
        self.announced.map(SizeHint::with_exact).unwrap_or_default()
    }
}
