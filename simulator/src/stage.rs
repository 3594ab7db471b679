//! Where requests meet services: names them, lets faults strike, asks the service, writes the journal.

use std::io::Write as _;
use std::pin::Pin;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;

use crate::clock::now_ms;
use crate::exchange::{Answer, Ending, Refusal, Reply, Request, Turn};
use crate::fault::{Fault, FaultKind, strike};
use crate::journal::{Entry, Verdict};
use crate::world::World;
use crate::{hostile, netease, qqmusic};

/// The answer to come; a service may keep a request waiting.
pub(crate) type Answering<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

/// A service that the simulator plays: one folder each.
pub(crate) trait Played: Send + Sync {
    /// The host names that it answers for.
    fn hosts(&self) -> &'static [&'static str];

    /// What a request asks for, in the names that faults use: one, or several when one body asks for several things.
    fn names(&self, request: &Request) -> Vec<&'static str>;

    /// Answers.
    fn answer<'a>(&'a self, turn: Turn<'a>) -> Answering<'a>;
}

/// All services played.
pub(crate) fn services() -> [&'static dyn Played; 2] {
    [&qqmusic::QqMusic, &netease::NetEase]
}

/// All host names played.
pub(crate) fn hosts() -> Vec<&'static str> {
    services().iter().flat_map(|service| service.hosts()).copied().collect()
}

/// The world and those who play in it.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) world: Arc<World>,
}

impl Stage {
    pub(crate) fn plays(&self, host: &str) -> bool {
        hosts().contains(&host)
    }

    /// Answers a request that came through TLS to a host that is played.
    pub(crate) async fn answer(&self, request: &Request) -> Reply {
        let Some(service) =
            services().into_iter().find(|service| service.hosts().contains(&request.host.as_str()))
        else {
            return Reply::new(421, "text/plain", "not played here");
        };
        let names = service.names(request);
        let struck = strike(&mut self.world.lock().faults, &names);
        let (reply, verdict, rule) = match &struck {
            Some((_, fault)) if spoils_unprocessed(fault.kind) => (spoiled(fault), Verdict::Faulted, None),
            _ => {
                let fault = struck.as_ref().map(|(_, fault)| fault);
                let index = struck.as_ref().map_or(0, |(index, _)| *index);
                let meaning = fault.filter(|fault| fault.kind.is_meaning());
                let turn = Turn { world: &self.world, request, fault: meaning, struck: index };
                let Answer { reply, refused } = service.answer(turn).await;
                let reply = match fault {
                    Some(fault) => end_by(reply, fault),
                    None => reply,
                };
                match (fault, refused) {
                    (Some(_), _) => (reply, Verdict::Faulted, None),
                    (None, Some(Refusal::Rule(rule))) => (reply, Verdict::Refused, Some(rule)),
                    (None, Some(Refusal::State)) => (reply, Verdict::Refused, None),
                    (None, None) => (reply, Verdict::Granted, None),
                }
            }
        };
        let fault = struck.map(|(_, fault)| fault.kind.name().to_owned());
        let status = if matches!(reply.ending, Ending::Reset | Ending::Hang) { 0 } else { reply.status };
        let address = format!("{} https://{}{}", request.method, request.host, request.path);
        self.note(&names.join("+"), address, verdict, rule, fault, status);
        reply
    }

    /// Writes a request into the journal.
    pub(crate) fn note(
        &self,
        name: &str,
        request: String,
        verdict: Verdict,
        rule: Option<String>,
        fault: Option<String>,
        status: u16,
    ) {
        let name = name.to_owned();
        self.world.change(|state| {
            let number = state.journal.last().map_or(1, |entry| entry.number + 1);
            state.journal.push(Entry {
                number,
                at_ms: now_ms(),
                name,
                request,
                verdict,
                rule,
                fault,
                status,
            });
        });
    }
}

/// Whether the fault strikes before the service sees the request.
fn spoils_unprocessed(kind: FaultKind) -> bool {
    use FaultKind::{Empty, Endless, GzipBomb, Hang, Html, Redirect, Reset, Status500};
    matches!(kind, Status500 | Html | Empty | Reset | Hang | Endless | GzipBomb | Redirect)
        || hostile::reply(kind).is_some()
}

fn spoiled(fault: &Fault) -> Reply {
    if let Some(reply) = hostile::reply(fault.kind) {
        return reply;
    }
    match fault.kind {
        FaultKind::Status500 => Reply::new(500, "text/plain; charset=utf-8", "Internal Server Error"),
        FaultKind::Html => Reply::new(
            200,
            "text/html; charset=utf-8",
            "<!doctype html><html><head><title>Sign in to the network</title></head><body><p>Welcome.</p></body></html>",
        ),
        FaultKind::Empty => Reply::new(200, "application/json; charset=utf-8", ""),
        FaultKind::Reset => Reply::new(200, "text/plain", "").ending(Ending::Reset),
        FaultKind::Hang => Reply::new(200, "text/plain", "").ending(Ending::Hang),
        FaultKind::Endless => Reply::new(200, "application/json; charset=utf-8", "").ending(Ending::Endless),
        FaultKind::Redirect => {
            Reply::redirect("https://collector.example/wx_redirect.html?code=FORGED&state=state")
        }
        _ => {
            Reply::new(200, "application/json; charset=utf-8", gzip_bomb()).header("content-encoding", "gzip")
        }
    }
}

/// 16 MiB of blanks, about 16 KiB on the wire.
fn gzip_bomb() -> Bytes {
    static BOMB: LazyLock<Bytes> = LazyLock::new(|| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        // Writing to memory does not fail.
        let _ = encoder.write_all(&vec![b' '; 16 << 20]);
        encoder.finish().unwrap_or_default().into()
    });
    BOMB.clone()
}

/// Ends a reply that was made as usual the way the fault says. A connection that has only begun ends later that way.
fn end_by(mut reply: Reply, fault: &Fault) -> Reply {
    match (&mut reply.upgrade, Ending::of(fault.kind)) {
        (Some(talk), _) => talk.fault = Some(fault.clone()),
        (None, Some(ending)) => reply.ending = ending,
        (None, None) => {}
    }
    reply
}
