//! What happens to a code for the app, pushed by the service: MQTT over a WebSocket (protocol: QQ §3.2, §3.3).
//!
//! Nothing is replayed: what happens before the subscription stands or after the connection is lost is never
//! heard of. Nothing of a packet is logged or put into an error.

use std::collections::VecDeque;
use std::time::Duration;

use rand::Rng;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::mqtt::{self, KEEP_ALIVE, Malformed, Packet, Reader};
use crate::contract::Context;
use crate::error::ServiceError;
use crate::http::{NotTheAnswer, Request, WebSocket};
use crate::response::{account_number, unexpected, unreachable, words};
use crate::secret::Secret;

const DOING: &str = "waiting for a scan";

/// Where the connection begins.
const ADDRESS: &str = "https://mu.y.qq.com/ws/handshake";

/// How often the service may send us elsewhere; once is usual.
const MOST_REDIRECTS: u32 = 3;

/// How many events may come before the answer to the subscription; a code has no more than three in its life.
const MOST_EARLY: usize = 16;

/// What happened to the code.
pub(super) enum Event {
    /// The app has read it.
    Scanned,
    /// Declined in the app.
    Canceled,
    /// It is no longer valid.
    TimedOut,
    /// The service does not let the account in this way.
    LoginFailed {
        /// The service's words.
        service_message: Option<String>,
    },
    /// Confirmed.
    Confirmed {
        /// The account.
        musicid: u64,
        /// What proves it.
        token: Secret,
    },
    /// Confirmed, but without what that should bring.
    MissingToken,
}

/// A standing subscription.
pub(super) struct Push {
    socket: WebSocket,
    reader: Reader,
    /// What came along with something else.
    waiting: VecDeque<Packet>,
    ping_every: Duration,
    next_ping: Instant,
    /// Whether the last ping is still unanswered.
    pinged: bool,
    /// Whether nothing more can come; what has come is told first.
    ended: bool,
}

impl Push {
    /// Connects, follows redirects and subscribes.
    pub(super) async fn open(context: &Context, qrcode_id: &Secret) -> Result<Box<Self>, ServiceError> {
        let mut address = Url::parse(ADDRESS).expect("the address is a constant");
        for _ in 0..=MOST_REDIRECTS {
            match Self::connect(context, &address, qrcode_id).await? {
                Connected::Here(push) => {
                    return push.subscribed(qrcode_id, context.http.limits().handshake).await;
                }
                Connected::Elsewhere(path) => address.set_path(&path),
            }
        }
        Err(unexpected(DOING, "too many redirects"))
    }

    async fn connect(
        context: &Context,
        address: &Url,
        qrcode_id: &Secret,
    ) -> Result<Connected, ServiceError> {
        let request = Request::get(address.clone())
            .header("origin", "https://y.qq.com")
            .header("referer", "https://y.qq.com/");
        let socket =
            context.http.web_socket(request, "mqtt").await.map_err(|source| unreachable(DOING, source))?;
        let ping_every = pace(KEEP_ALIVE);
        let mut push = Box::new(Self {
            socket,
            reader: Reader::new(),
            waiting: VecDeque::new(),
            ping_every,
            next_ping: Instant::now() + ping_every,
            pinged: false,
            ended: false,
        });
        push.send(mqtt::connect(&client_id(context), qrcode_id)).await?;
        let deadline = Instant::now() + context.http.limits().handshake;
        loop {
            let Packet::Connack { reason, reference, keep_alive } = push.within(deadline).await? else {
                continue;
            };
            return match reason {
                0 => {
                    push.ping_every = pace(keep_alive.unwrap_or(KEEP_ALIVE));
                    push.next_ping = Instant::now() + push.ping_every;
                    Ok(Connected::Here(push))
                }
                0x9c | 0x9d => match reference.and_then(|there| moved(address.path(), &there)) {
                    Some(path) => Ok(Connected::Elsewhere(path)),
                    None => Err(unexpected(DOING, "a redirect to nowhere")),
                },
                _ => Err(refusal(reason)),
            };
        }
    }

    async fn subscribed(
        mut self: Box<Self>,
        qrcode_id: &Secret,
        limit: Duration,
    ) -> Result<Box<Self>, ServiceError> {
        self.send(mqtt::subscribe(qrcode_id)).await?;
        let deadline = Instant::now() + limit;
        let mut early = VecDeque::new();
        loop {
            match self.within(deadline).await? {
                Packet::Suback { granted: true } => break,
                Packet::Suback { granted: false } => return Err(unexpected(DOING, "a refused subscription")),
                Packet::Publish { .. } if early.len() >= MOST_EARLY => return Err(garbled()),
                packet @ Packet::Publish { .. } => early.push_back(packet),
                Packet::Connack { .. } | Packet::Pingresp | Packet::Disconnect | Packet::Other => {}
            }
        }
        // What was pushed before the answer came first.
        early.append(&mut self.waiting);
        self.waiting = early;
        Ok(self)
    }

    /// Waits for something to happen; `None` when the connection is lost.
    pub(super) async fn next(&mut self) -> Result<Option<Event>, ServiceError> {
        loop {
            let packet = match self.packet().await {
                Ok(packet) => packet,
                Err(error) if error.may_pass() => return Ok(None),
                Err(error) => return Err(error),
            };
            if let Packet::Publish { kind, payload, .. } = packet
                && let Some(event) = event(kind.as_deref(), &payload)
            {
                return Ok(Some(event));
            }
        }
    }

    async fn within(&mut self, deadline: Instant) -> Result<Packet, ServiceError> {
        match timeout_at(deadline, self.packet()).await {
            Ok(packet) => packet,
            Err(_) => Err(unreachable(DOING, crate::http::HttpError::Timeout)),
        }
    }

    /// The next packet, with the connection kept alive until it comes.
    async fn packet(&mut self) -> Result<Packet, ServiceError> {
        loop {
            if let Some(packet) = self.waiting.pop_front() {
                match packet {
                    Packet::Disconnect => return Err(lost()),
                    packet => return Ok(packet),
                }
            }
            if self.ended {
                return Err(lost());
            }
            let frame = tokio::select! {
                frame = self.socket.receive() => frame.map_err(|source| unreachable(DOING, source))?.ok_or_else(lost)?,
                () = tokio::time::sleep_until(self.next_ping) => {
                    if self.pinged {
                        return Err(lost());
                    }
                    self.pinged = true;
                    self.next_ping = Instant::now() + self.ping_every;
                    self.send(Ok(mqtt::ping())).await?;
                    continue;
                }
            };
            let (packets, sound) = self.reader.feed(&frame);
            for packet in packets {
                match packet {
                    Packet::Pingresp => self.pinged = false,
                    Packet::Publish { acknowledge: Some(number), .. } => {
                        self.waiting.push_back(packet);
                        self.ended |= self.send(mqtt::acknowledge(number)).await.is_err();
                    }
                    packet => self.waiting.push_back(packet),
                }
            }
            if sound.is_err() {
                if self.waiting.is_empty() {
                    return Err(garbled());
                }
                self.ended = true;
            }
        }
    }

    async fn send(&mut self, packet: Result<Vec<u8>, Malformed>) -> Result<(), ServiceError> {
        let packet = packet.map_err(|Malformed| unexpected(DOING, "a code whose number does not fit"))?;
        self.socket.send(packet).await.map_err(|source| unreachable(DOING, source))
    }
}

enum Connected {
    Here(Box<Push>),
    /// The path to connect to instead, at the same host.
    Elsewhere(String),
}

/// A new one for every connection, so that the service does not take it for the lost one.
fn client_id(context: &Context) -> String {
    let random = rand::rng().random_range(1000..=9999);
    format!("{}{random}", context.clock.now().as_millisecond())
}

/// How often to ping so that the connection is never silent for too long; 0 is a server that does not mind.
fn pace(keep_alive: u16) -> Duration {
    let most = if keep_alive == 0 { KEEP_ALIVE } else { keep_alive.min(KEEP_ALIVE) };
    (Duration::from_secs(u64::from(most)) * 2 / 3).max(Duration::from_millis(500))
}

/// The path of the server that we are sent to. Only the path changes: its bare address has no name that a
/// certificate could be for, and the service must not be able to send us just anywhere.
pub(super) fn moved(path: &str, reference: &str) -> Option<String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b':' | b'-');
    // Dots alone would walk up the path.
    let named = reference.bytes().any(|byte| byte.is_ascii_alphanumeric());
    if reference.len() > 256 || !named || !reference.bytes().all(fits) {
        return None;
    }
    let base = match path.rsplit_once('/') {
        Some((base, last)) if last.contains(':') => base,
        Some(_) | None => path.trim_end_matches('/'),
    };
    Some(format!("{base}/{reference}"))
}

/// What a refused connection means, by the codes of MQTT 5.
fn refusal(reason: u8) -> ServiceError {
    let code = i64::from(reason);
    match reason {
        0x88 | 0x89 => ServiceError::NotTheService { doing: DOING, got: NotTheAnswer::Busy },
        0x97 | 0x9f => {
            ServiceError::RateLimited { doing: DOING, code, service_message: None, retry_after: None }
        }
        _ => unexpected(DOING, format!("a refused connection (code {code})")),
    }
}

fn lost() -> ServiceError {
    ServiceError::NotTheService { doing: DOING, got: NotTheAnswer::Ended }
}

fn garbled() -> ServiceError {
    ServiceError::NotTheService { doing: DOING, got: NotTheAnswer::Other }
}

/// What a push says; `None` for what is none of our business.
pub(super) fn event(kind: Option<&str>, payload: &[u8]) -> Option<Event> {
    match kind? {
        "scanned" => Some(Event::Scanned),
        "canceled" => Some(Event::Canceled),
        "timeout" => Some(Event::TimedOut),
        "loginFailed" => Some(Event::LoginFailed { service_message: words(&json(payload), &["errMsg"]) }),
        "cookies" => Some(confirmed(&json(payload)).unwrap_or(Event::MissingToken)),
        _ => None,
    }
}

fn json(payload: &[u8]) -> Value {
    serde_json::from_slice(payload).unwrap_or_default()
}

fn confirmed(payload: &Value) -> Option<Event> {
    // A value is an object around the value, or the value itself.
    let value = |name: &str| {
        let cookie = payload.get("cookies")?.get(name)?;
        Some(cookie.get("value").unwrap_or(cookie))
    };
    let musicid = account_number(value("qqmusic_uin")?)?;
    let token = value("qqmusic_key")?.as_str().filter(|token| !token.trim().is_empty())?;
    Some(Event::Confirmed { musicid, token: Secret::new(token) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_changes_only_the_path() {
        for (path, reference, wanted) in [
            ("/ws/handshake", "192.0.2.10:29001", "/ws/handshake/192.0.2.10:29001"),
            ("/ws/handshake/192.0.2.10:29001", "192.0.2.11:29001", "/ws/handshake/192.0.2.11:29001"),
            ("/ws/handshake/", "node-3.example:1", "/ws/handshake/node-3.example:1"),
        ] {
            assert_eq!(moved(path, reference).as_deref(), Some(wanted), "{path} to {reference}");
        }
    }

    #[test]
    fn a_redirect_that_is_no_server_is_not_followed() {
        for bad in [
            "",
            ".",
            "..",
            ":",
            "a/b",
            "a?b",
            "a#b",
            "a@b",
            "a%2fb",
            "a b",
            "ä",
            "//evil.example",
            &"a".repeat(300),
        ] {
            assert_eq!(moved("/ws/handshake", bad), None, "{bad:?}");
        }
    }

    #[test]
    fn pings_come_well_before_the_silence_is_too_long() {
        assert_eq!(pace(45), Duration::from_secs(30));
        assert_eq!(pace(20).as_secs_f64().round(), 13.0, "as the server says");
        assert_eq!(pace(0), Duration::from_secs(30), "a server that does not mind");
        assert_eq!(pace(600), Duration::from_secs(30), "never slower than we announced");
        assert!(pace(1) < Duration::from_secs(1));
    }

    #[test]
    fn every_event_is_understood_and_unknown_ones_are_ignored() {
        assert!(matches!(event(Some("scanned"), b""), Some(Event::Scanned)));
        assert!(matches!(event(Some("scanned"), b"{}"), Some(Event::Scanned)));
        assert!(matches!(event(Some("canceled"), b""), Some(Event::Canceled)));
        assert!(matches!(event(Some("timeout"), b""), Some(Event::TimedOut)));
        let failed = event(Some("loginFailed"), r#"{"errMsg":"请使用 QQ 登录"}"#.as_bytes());
        assert!(
            matches!(failed, Some(Event::LoginFailed { service_message: Some(service_message) }) if service_message == "请使用 QQ 登录")
        );
        assert!(event(Some("somethingNew"), b"{}").is_none() && event(None, b"{}").is_none());
    }

    #[test]
    fn a_confirmation_names_the_account_to_the_last_digit() {
        for payload in [
            r#"{"cookies":{"qqmusic_uin":{"value":"1152921504600000043"},"qqmusic_key":{"value":"T"}}}"#,
            r#"{"cookies":{"qqmusic_uin":{"value":1152921504600000043},"qqmusic_key":"T"}}"#,
            r#"{"cookies":{"qqmusic_uin":"1152921504600000043","qqmusic_key":"T","qrcode_id":{}}}"#,
            r#"{"cookies":{"qqmusic_uin":1152921504600000043,"qqmusic_key":{"value":"T"}}}"#,
        ] {
            let Some(Event::Confirmed { musicid, token }) = event(Some("cookies"), payload.as_bytes()) else {
                panic!("{payload} is a confirmation");
            };
            assert_eq!((musicid, token), (1_152_921_504_600_000_043, "T".into()), "{payload}");
        }
        for hollow in [
            "",
            "{}",
            r#"{"cookies":{"qqmusic_uin":"0","qqmusic_key":"T"}}"#,
            r#"{"cookies":{"qqmusic_uin":"1","qqmusic_key":""}}"#,
        ] {
            assert!(
                matches!(event(Some("cookies"), hollow.as_bytes()), Some(Event::MissingToken)),
                "{hollow}"
            );
        }
    }

    #[test]
    fn a_busy_server_may_pass_and_a_refusal_does_not() {
        assert!(refusal(0x89).may_pass(), "busy");
        assert!(matches!(refusal(0x9f), ServiceError::RateLimited { .. }));
        assert!(matches!(refusal(0x87), ServiceError::Unexpected { .. }), "not authorised");
    }
}
