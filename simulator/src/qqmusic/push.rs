//! The events that are pushed to a sign-in with the app: MQTT 5 over WebSocket (protocol: QQ §3.2, §3.3).

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::app_scan::{AppToken, METHOD};
use super::credential::{lifetime, new_musickey};
use super::mqtt::{self, Connect, Packet, Subscribe};
use super::{Context, Memory};
use crate::http::encoding::base64_decode;
use crate::http::reply::{Ending, Reply};
use crate::http::request::Request;
use crate::http::upgrade::Upgrade;
use crate::service::fault_reply;
use crate::service::outcome::Outcome;
use crate::service::service_state::ServiceState;
use crate::state::account::{Account, Service};
use crate::state::code::CodeState;
use crate::state::fault::{Fault, FaultKind};
use crate::state::journal::Verdict;
use crate::state::ledger::IssuedVia;
use crate::state::settings::PushSplit;
use crate::state::shared_state::SharedState;

/// A made-up server that a client was sent to: the same host with another path.
#[derive(Debug, Clone)]
pub(super) struct Server {
    /// `ip:port`, the last part of the path.
    reference: String,
    /// How often the client was sent on before.
    depth: u32,
    /// A fault that struck a connection which was sent here, and that acts only on the events.
    fault: Option<Fault>,
}

/// The session of one WebSocket, from the handshake on.
#[derive(Debug)]
struct PushSession {
    state: ServiceState<Memory>,
    /// The path of the handshake, for the journal.
    path: String,
    /// How often the client was sent on before.
    depth: u32,
    /// The fault that this session plays.
    fault: Option<Fault>,
}

const PATH: &str = "/ws/handshake";
const ORIGIN: &str = "https://y.qq.com";
/// How long a client may take to send CONNECT.
const FIRST_PACKET: Duration = Duration::from_secs(20);
/// How often a code's age is looked at: expiry by age is no change of state that would wake the session.
const CODE_CHECK_INTERVAL: Duration = Duration::from_millis(500);
const TOPIC: &str = "management.qrcode_login/";

/// Reason codes (OASIS MQTT 5.0 §2.4).
const MOVED: [u8; 2] = [0x9d, 0x9c];
const UNSPECIFIED: u8 = 0x80;
const PROTOCOL_ERROR: u8 = 0x82;
const NOT_AUTHORIZED: u8 = 0x87;
const KEEP_ALIVE_TIMEOUT: u8 = 0x8d;
const TOO_FAST: u8 = 0x9f;

/// Opens a WebSocket: `GET https://mu.y.qq.com/ws/handshake`, or `/ws/handshake/SERVER`.
pub(super) fn handshake(context: &Context<'_>) -> Outcome {
    let request = context.request;
    if let Err(rule) = check_handshake(request) {
        return Outcome::broken_rule(rule, Reply::new(400, "text/plain", "Bad Request"));
    }
    let (_shared, mut memory) = context.state.lock();
    let rest = request.path.strip_prefix(PATH).unwrap_or("?");
    let (depth, kept) = match rest.strip_prefix('/') {
        None if rest.is_empty() => (0, None),
        Some(reference) if memory.push_servers.iter().any(|server| server.reference == reference) => {
            let server = memory.push_servers.iter_mut().find(|server| server.reference == reference);
            server.map_or((0, None), |server| (server.depth, server.fault.take()))
        }
        _ => return Outcome::broken_rule("there is no such server", Reply::new(404, "text/plain", "")),
    };
    let mut reply = Reply::new(101, "", "");
    reply.headers = vec![
        ("connection", "Upgrade".to_owned()),
        ("upgrade", "websocket".to_owned()),
        ("sec-websocket-accept", derive_accept_key(request.header("sec-websocket-key").as_bytes())),
        ("sec-websocket-protocol", "mqtt".to_owned()),
    ];
    let fault = context.connection_fault.cloned().or(kept);
    let session = PushSession { state: context.state.clone(), path: request.path.clone(), depth, fault };
    Outcome::upgraded(reply, Box::new(session))
}

/// Checks the handshake of the WebSocket (RFC 6455 §4.2.1).
///
/// # Errors
/// The rule that it breaks.
fn check_handshake(request: &Request) -> Result<(), String> {
    let lower = |name: &str| request.header(name).to_ascii_lowercase();
    let key = base64_decode(request.header("sec-websocket-key")).unwrap_or_default();
    let rules = [
        (request.method == hyper::Method::GET, "the method is not GET"),
        (lower("upgrade") == "websocket", "Upgrade is not websocket"),
        (lower("connection").split(',').any(|part| part.trim() == "upgrade"), "Connection is not Upgrade"),
        (request.header("sec-websocket-version") == "13", "Sec-WebSocket-Version is not 13"),
        (key.len() == 16, "Sec-WebSocket-Key is not 16 bytes"),
        (request.header("sec-websocket-protocol") == "mqtt", "Sec-WebSocket-Protocol is not mqtt"),
        (request.header("origin") == ORIGIN, "Origin is not https://y.qq.com"),
        (request.header("user-agent").starts_with("Mozilla/5.0"), "User-Agent is not a browser's"),
    ];
    rules.into_iter().try_for_each(|(kept, rule)| if kept { Ok(()) } else { Err(rule.to_owned()) })
}

/// How a session ends.
enum SessionEnd {
    /// The client has closed the connection.
    Disconnected,
    /// The service closes the connection, after a last packet.
    Closed,
    /// The service resets the connection.
    Reset,
}

impl Upgrade for PushSession {
    fn run<'a>(
        self: Box<Self>,
        connection: Upgraded,
        reset: &'a AtomicBool,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            let io = TokioIo::new(connection);
            let socket = WebSocketStream::from_raw_socket(io, Role::Server, None).await;
            Connection::new(*self, socket).run(reset).await;
        })
    }
}

/// A session on its socket, and how far it has come.
struct Connection {
    session: PushSession,
    socket: WebSocketStream<TokioIo<Upgraded>>,
    /// Bytes that are no whole packet yet.
    buffer: Vec<u8>,
    /// The code that the client named; `None` before its CONNECT.
    qrcode_id: Option<String>,
    /// The state of the code that the client knows; `None` before its SUBSCRIBE.
    known_state: Option<CodeState>,
    /// A SUBACK that is held back until the first event.
    suback: Option<u16>,
    /// The packet ids of events that the client has not acknowledged.
    unacknowledged: Vec<u16>,
    next_packet_id: u16,
    /// How long the client may be silent.
    silence_limit: Duration,
}

impl Connection {
    fn new(session: PushSession, socket: WebSocketStream<TokioIo<Upgraded>>) -> Self {
        Self {
            session,
            socket,
            buffer: Vec::new(),
            qrcode_id: None,
            known_state: None,
            suback: None,
            unacknowledged: Vec::new(),
            next_packet_id: 1,
            silence_limit: FIRST_PACKET,
        }
    }

    /// Runs the session, and ends the connection as the session ended.
    async fn run(mut self, reset: &AtomicBool) {
        let end = self.exchange_packets().await;
        if !self.unacknowledged.is_empty() {
            self.record("PUBLISH", 0, Some("a message of QoS 1 was not acknowledged".to_owned()));
        }
        match end {
            SessionEnd::Disconnected => {}
            SessionEnd::Closed => {
                let _ = self.socket.close(None).await;
                // The client answers the close; what it still sends is of no interest.
                let rest = async { while let Some(Ok(_)) = self.socket.next().await {} };
                let _ = tokio::time::timeout(Duration::from_secs(1), rest).await;
            }
            SessionEnd::Reset => reset.store(true, Ordering::Relaxed),
        }
    }

    /// Receives packets and pushes events until one of both sides ends the session.
    async fn exchange_packets(&mut self) -> SessionEnd {
        let mut changes = self.session.state.simulator.changes();
        let mut heard = Instant::now();
        loop {
            changes.mark_unchanged();
            if let Err(end) = self.push().await {
                return end;
            }
            tokio::select! {
                frame = self.socket.next() => {
                    heard = Instant::now();
                    if let Err(end) = self.receive(frame.and_then(Result::ok)).await {
                        return end;
                    }
                }
                _ = changes.changed() => {}
                () = tokio::time::sleep(CODE_CHECK_INTERVAL) => {}
                () = tokio::time::sleep_until(heard + self.silence_limit) => {
                    let rule = format!("nothing was heard for {} ms", self.silence_limit.as_millis());
                    self.record("DISCONNECT", KEEP_ALIVE_TIMEOUT, Some(rule));
                    let _ = self.send(vec![mqtt::disconnect(KEEP_ALIVE_TIMEOUT)]).await;
                    return SessionEnd::Closed;
                }
            }
        }
    }

    /// Handles a frame, with all packets that it completes.
    async fn receive(&mut self, frame: Option<Message>) -> Result<(), SessionEnd> {
        match frame {
            Some(Message::Binary(bytes)) => self.buffer.extend(bytes),
            Some(Message::Ping(_) | Message::Pong(_)) => return Ok(()),
            Some(Message::Text(_)) => return Err(self.disconnect("a frame is not binary".to_owned()).await),
            Some(Message::Close(_) | Message::Frame(_)) | None => return Err(SessionEnd::Disconnected),
        }
        loop {
            match mqtt::take_packet(&mut self.buffer) {
                Ok(None) => return Ok(()),
                Ok(Some(packet)) => self.handle(packet).await?,
                Err(rule) => return Err(self.disconnect(rule).await),
            }
        }
    }

    /// Handles one packet.
    async fn handle(&mut self, packet: Packet) -> Result<(), SessionEnd> {
        match (packet, self.qrcode_id.is_some()) {
            (Packet::Connect(connect), false) => self.connect(connect).await,
            (Packet::Connect(_), true) => Err(self.disconnect("a second CONNECT".to_owned()).await),
            (_, false) => Err(self.disconnect("the first packet is no CONNECT".to_owned()).await),
            (Packet::Subscribe(subscribe), true) => self.subscribe(subscribe).await,
            (Packet::PubAck(packet_id), true) => {
                let Some(at) = self.unacknowledged.iter().position(|sent| *sent == packet_id) else {
                    return Err(self.disconnect(format!("PUBACK for {packet_id}, which was not sent")).await);
                };
                self.unacknowledged.remove(at);
                self.record("PUBACK", 0, None);
                Ok(())
            }
            (Packet::PingReq, true) => {
                self.record("PINGREQ", 0, None);
                self.send(vec![mqtt::pingresp()]).await
            }
            (Packet::Disconnect, true) => Err(SessionEnd::Closed),
        }
    }

    /// Handles CONNECT.
    async fn connect(&mut self, connect: Connect) -> Result<(), SessionEnd> {
        let settings = self.session.state.settings();
        let checked = check_connect(&self.session.state.simulator.lock(), &connect);
        let id = match checked {
            Ok(id) => id,
            Err(rule) => {
                self.record("CONNECT", NOT_AUTHORIZED, Some(rule));
                self.send(vec![mqtt::connack(NOT_AUTHORIZED, None, None)]).await?;
                return Err(SessionEnd::Closed);
            }
        };
        if let Some(reason) = self.session.fault.as_ref().and_then(refusal_reason) {
            self.record("CONNECT", reason, None);
            self.send(vec![mqtt::connack(reason, None, None)]).await?;
            return Err(SessionEnd::Closed);
        }
        if self.session.depth < settings.push_redirects {
            let fault = self.session.fault.take().filter(|fault| !cuts_connack(fault.kind));
            let depth = self.session.depth + 1;
            let (reason, reference) = self.session.state.change(|_, memory| redirect(memory, depth, fault));
            self.record("CONNECT", reason, None);
            self.send(vec![mqtt::connack(reason, Some(&reference), None)]).await?;
            return Err(SessionEnd::Closed);
        }
        let connack = mqtt::connack(0, None, settings.push_keep_alive_seconds);
        match self.session.fault.as_ref().map(|fault| fault.kind) {
            Some(kind) if cuts_connack(kind) => {
                self.record("CONNECT", 0, None);
                self.send(vec![connack[..connack.len() / 2].to_vec()]).await?;
                if kind == FaultKind::Stall {
                    // Nothing more is ever said, and nothing is heard.
                    std::future::pending::<()>().await;
                }
                return Err(SessionEnd::Closed);
            }
            _ => {}
        }
        let seconds = settings.push_keep_alive_seconds.unwrap_or(connect.keep_alive);
        self.silence_limit = Duration::from_millis(u64::from(seconds) * 1500);
        self.qrcode_id = Some(id);
        self.record("CONNECT", 0, None);
        self.send(vec![connack]).await
    }

    /// Handles SUBSCRIBE.
    async fn subscribe(&mut self, subscribe: Subscribe) -> Result<(), SessionEnd> {
        let id = self.qrcode_id.clone().unwrap_or_default();
        let user = [("authorization", "tmelogin"), ("pubsub", "unicast")];
        let rules = [
            (subscribe.packet_id != 0, "the packet id is 0"),
            (subscribe.topic == format!("{TOPIC}{id}"), "the topic is not the code's"),
            (subscribe.options == 0, "the subscription options are not 0"),
            (is_exactly(&subscribe.user_properties, &user), "the user properties are not the two expected"),
            (self.known_state.is_none(), "it is subscribed already"),
        ];
        if let Some((_, rule)) = rules.into_iter().find(|(kept, _)| !kept) {
            self.record("SUBSCRIBE", NOT_AUTHORIZED, Some(rule.to_owned()));
            return self.send(vec![mqtt::suback(subscribe.packet_id, NOT_AUTHORIZED)]).await;
        }
        let expires = self.session.fault.as_ref().is_some_and(|fault| fault.kind == FaultKind::Expired);
        let before = self.session.state.settings().push_before_suback;
        let state = self.session.state.change(|state, _| {
            state.expire_old_codes();
            let code = state.code_by_key_mut(Service::QqMusic, METHOD, &id)?;
            code.polls += 1;
            let was = code.state;
            if expires {
                code.state = CodeState::Expired;
            }
            Some(was)
        });
        self.record("SUBSCRIBE", 0, None);
        if before {
            // What has happened so far is pushed, before the acknowledgement.
            self.known_state = Some(CodeState::Shown);
            self.suback = Some(subscribe.packet_id);
            return Ok(());
        }
        let latency = self.session.state.settings().push_latency_ms;
        tokio::time::sleep(Duration::from_millis(latency)).await;
        // What has happened so far is not told again.
        self.known_state = state;
        self.send(vec![mqtt::suback(subscribe.packet_id, 0)]).await
    }

    /// Pushes what the client does not know yet.
    async fn push(&mut self) -> Result<(), SessionEnd> {
        let mut packets = Vec::new();
        while let Some((kind, payload)) = self.next_event() {
            let qos = self.session.state.settings().push_qos;
            let packet_id = (qos > 0).then(|| {
                let packet_id = self.next_packet_id;
                self.next_packet_id = self.next_packet_id.checked_add(1).unwrap_or(1);
                self.unacknowledged.push(packet_id);
                packet_id
            });
            let loses = self
                .session
                .fault
                .as_ref()
                .is_some_and(|fault| matches!(fault.kind, FaultKind::Lost | FaultKind::RenewalLost));
            if kind == "cookies" && loses {
                self.unacknowledged.clear();
                self.record("PUBLISH cookies", 0, None);
                return Err(SessionEnd::Reset);
            }
            self.record(&format!("PUBLISH {kind}"), 0, None);
            let topic = format!("{TOPIC}{}", self.qrcode_id.as_deref().unwrap_or_default());
            packets.push(mqtt::publish(&topic, kind, &payload, packet_id));
            packets.extend(self.suback.take().map(|packet_id| mqtt::suback(packet_id, 0)));
        }
        if packets.is_empty() { Ok(()) } else { self.send(packets).await }
    }

    /// The next event and its payload.
    fn next_event(&mut self) -> Option<(&'static str, String)> {
        let told = self.known_state.filter(|told| matches!(told, CodeState::Shown | CodeState::Scanned))?;
        let id = self.qrcode_id.clone()?;
        let (mut state, mut memory) = self.session.state.lock();
        state.expire_old_codes();
        let now = state.code_by_key(Service::QqMusic, METHOD, &id)?.state;
        let (knows, kind, payload) = match (told, now) {
            (CodeState::Shown, CodeState::Scanned | CodeState::Confirmed) => {
                (CodeState::Scanned, "scanned", "{}".to_owned())
            }
            (_, CodeState::Refused) => (now, "canceled", String::new()),
            (_, CodeState::Expired) => (now, "timeout", String::new()),
            (_, CodeState::Confirmed) => {
                let (kind, payload) = confirmed(&mut state, &mut memory, &id, self.session.fault.as_ref())?;
                (CodeState::Delivered, kind, payload)
            }
            // Nothing is new, or another connection was told.
            (_, CodeState::Shown | CodeState::Scanned | CodeState::Delivered) => return None,
        };
        self.known_state = Some(knows);
        Some((kind, payload))
    }

    /// Sends packets, in frames as the settings say.
    async fn send(&mut self, packets: Vec<Vec<u8>>) -> Result<(), SessionEnd> {
        let frames: Vec<Vec<u8>> = match self.session.state.settings().push_split {
            PushSplit::Whole => packets,
            PushSplit::Joined => vec![packets.concat()],
            PushSplit::Bytes => packets.concat().into_iter().map(|byte| vec![byte]).collect(),
        };
        for frame in frames {
            if self.socket.send(Message::binary(frame)).await.is_err() {
                return Err(SessionEnd::Disconnected);
            }
        }
        Ok(())
    }

    /// Disconnects a client that broke a rule.
    async fn disconnect(&mut self, rule: String) -> SessionEnd {
        self.record("packet", PROTOCOL_ERROR, Some(rule));
        let _ = self.send(vec![mqtt::disconnect(PROTOCOL_ERROR)]).await;
        SessionEnd::Closed
    }

    /// Records what was said in the journal; the status is the reason code.
    fn record(&self, what: &str, reason: u8, rule: Option<String>) {
        let fault = self.session.fault.as_ref().map(|fault| fault.kind.name().to_owned());
        let verdict = match (&fault, &rule) {
            (Some(_), _) => Verdict::Faulted,
            (None, Some(_)) => Verdict::Refused,
            (None, None) => Verdict::Granted,
        };
        let address = format!("MQTT {what} https://{}{}", super::PUSH, self.session.path);
        self.session.state.simulator.record("qq.push", address, verdict, rule, fault, u16::from(reason));
    }
}

/// The code that a CONNECT names.
fn check_connect(state: &SharedState, connect: &Connect) -> Result<String, String> {
    let id = connect.user_properties.iter().find(|(name, _)| name == "hashTag");
    let id = id.map(|(_, value)| value.clone()).unwrap_or_default();
    let user = [
        ("tmeAppID", "qqmusic"),
        ("business", "management"),
        ("hashTag", id.as_str()),
        ("clientTag", "management.user"),
        ("userID", id.as_str()),
    ];
    let (ms, random) = connect.client_id.split_at_checked(13).unwrap_or_default();
    let rules = [
        (connect.flags == 2, "the flags are not clean start alone"),
        (connect.keep_alive == 45, "the keep alive is not 45 seconds"),
        (connect.auth_method.as_deref() == Some("pass"), "the authentication method is not pass"),
        (
            ms.parse::<u64>().is_ok_and(|ms| ms > 1_000_000_000_000)
                && random.parse::<u16>().is_ok_and(|random| (1000..=9999).contains(&random)),
            "the client id is not the time in milliseconds and 4 digits",
        ),
        (
            is_exactly(&connect.user_properties, &user),
            "the user properties are not the five expected, in order",
        ),
        (state.code_by_key(Service::QqMusic, METHOD, &id).is_some(), "hashTag is no code"),
    ];
    match rules.into_iter().find(|(kept, _)| !kept) {
        Some((_, rule)) => Err(rule.to_owned()),
        None => Ok(id),
    }
}

fn is_exactly(got: &[(String, String)], wanted: &[(&str, &str)]) -> bool {
    got.iter().map(|(name, value)| (name.as_str(), value.as_str())).eq(wanted.iter().copied())
}

/// The reason for which a fault refuses the connection.
fn refusal_reason(fault: &Fault) -> Option<u8> {
    let or = |reason: u8| {
        let code = fault.code.and_then(|code| u8::try_from(code).ok());
        Some(code.filter(|code| *code >= UNSPECIFIED).unwrap_or(reason))
    };
    match fault.kind {
        FaultKind::Risk => or(NOT_AUTHORIZED),
        FaultKind::RateLimited => or(TOO_FAST),
        FaultKind::UnknownCode => or(UNSPECIFIED),
        _ => None,
    }
}

/// Whether the connection stops in the middle of the first packet.
fn cuts_connack(kind: FaultKind) -> bool {
    fault_reply::ending(kind).is_some_and(|ending| matches!(ending, Ending::Truncated | Ending::Stall))
}

/// Makes up a server to send a client to, with the reason code; the two reasons alternate.
fn redirect(memory: &mut Memory, depth: u32, fault: Option<Fault>) -> (u8, String) {
    let count = memory.push_servers.len();
    // 192.0.2.0/24 is for documentation: opened by mistake it leads nowhere.
    let reference = format!("192.0.2.{}:{}", count % 250 + 1, 29_001 + count / 250);
    memory.push_servers.push(Server { reference: reference.clone(), depth, fault });
    (MOVED[count % 2], reference)
}

/// A key that needs no exchange. Nothing comes with it that would renew it once it has expired.
fn pushed_key(state: &mut SharedState, owner: &Account) -> String {
    let key = new_musickey(state, owner);
    let (issued, expires) = lifetime(state);
    let secrets = [("musickey".to_owned(), key.clone())].into();
    state.ledger.sign_in(owner, IssuedVia::AppScan, secrets, issued, expires);
    key
}

/// The event for a confirmed code, once.
fn confirmed(
    state: &mut SharedState,
    memory: &mut Memory,
    id: &str,
    fault: Option<&Fault>,
) -> Option<(&'static str, String)> {
    let code = state.code_by_key_mut(Service::QqMusic, METHOD, id)?;
    code.state = CodeState::Delivered;
    let account = code.account.clone()?;
    let kind = fault.map(|fault| fault.kind);
    if kind == Some(FaultKind::RenewalRejected) {
        return Some(("loginFailed", json!({"errMsg": "登录失败，请重试"}).to_string()));
    }
    if kind == Some(FaultKind::RenewalSkeleton) {
        return Some(("cookies", json!({"cookies": {}}).to_string()));
    }
    let owner = state.account_in_reply(&account, fault).ok()?;
    let token =
        if state.settings.pushed_key { pushed_key(state, &owner) } else { state.tokens.alphanumeric(64) };
    let named = owner.uid;
    let payload = json!({"cookies": {
        "qqmusic_uin": {"value": named}, "qqmusic_key": {"value": token}, "qrcode_id": {"value": id},
    }});
    let qrcode_id = id.to_owned();
    memory.app_tokens.push(AppToken { token, qrcode_id, uin: named, account, used: false });
    Some(("cookies", payload.to_string()))
}
