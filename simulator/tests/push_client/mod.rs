//! A client of pushed events: MQTT 5 over a WebSocket, through the proxy. Written apart from what the simulator reads
//! with.
#![allow(dead_code, unreachable_pub, reason = "every test file uses a part")]

use std::sync::Arc;

use futures_util::{SinkExt as _, StreamExt as _};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::http::Request;
use tokio_tungstenite::tungstenite::{Error, Message};
use tunekey_simulator::Running;

use crate::harness::BROWSER;

pub const PATH: &str = "/ws/handshake";
pub const CLIENT_ID: &str = "17900000000001234";
const HOST: &str = "mu.y.qq.com";

/// What a client says of itself when it connects.
pub struct Connect {
    pub flags: u8,
    pub keep_alive: u16,
    pub method: &'static str,
    pub client_id: String,
    pub user: Vec<(String, String)>,
}

impl Connect {
    /// As the real clients do (protocol: QQ §3.2).
    pub fn correct(qrcode_id: &str) -> Self {
        let user = [
            ("tmeAppID", "qqmusic"),
            ("business", "management"),
            ("hashTag", qrcode_id),
            ("clientTag", "management.user"),
            ("userID", qrcode_id),
        ];
        Self {
            flags: 2,
            keep_alive: 45,
            method: "pass",
            client_id: CLIENT_ID.to_owned(),
            user: user.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut properties = vec![0x15];
        properties.extend(text(self.method));
        properties.extend(user_properties(&self.user));
        let mut body = text("MQTT");
        body.extend([5, self.flags]);
        body.extend(self.keep_alive.to_be_bytes());
        body.extend(with_length(properties));
        body.extend(text(&self.client_id));
        packet(0x10, body)
    }
}

/// A packet from the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet {
    /// The reason, and the server that it names.
    ConnAck(u8, Option<String>),
    SubAck(u16, u8),
    /// The type of the event, its payload, and the id by which it wants to be acknowledged.
    Publish(String, String, Option<u16>),
    PingResp,
    Disconnect(u8),
}

pub struct PushClient {
    socket: WebSocketStream<TlsStream<TcpStream>>,
    buffer: Vec<u8>,
}

/// The handshake as the real clients make it.
pub fn handshake(path: &str) -> Request<()> {
    Request::get(format!("wss://{HOST}{path}"))
        .header("host", HOST)
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", generate_key())
        .header("sec-websocket-protocol", "mqtt")
        .header("origin", "https://y.qq.com")
        .header("referer", "https://y.qq.com/")
        .header("user-agent", BROWSER)
        .body(())
        .expect("the request is one")
}

impl PushClient {
    /// Shakes hands.
    ///
    /// # Errors
    /// What the service answers instead.
    pub async fn open(simulator: &Running, request: Request<()>) -> Result<Self, Box<Error>> {
        let (socket, _) =
            tokio_tungstenite::client_async(request, tunnel(simulator).await).await.map_err(Box::new)?;
        Ok(Self { socket, buffer: Vec::new() })
    }

    /// Connects, goes where it is sent, and returns how often it was sent on.
    pub async fn connected(simulator: &Running, connect: &Connect) -> (Self, usize) {
        let mut path = PATH.to_owned();
        for redirects in 0..4 {
            let mut push_client = Self::open(simulator, handshake(&path)).await.expect("it shakes hands");
            match push_client.connect(connect).await {
                Packet::ConnAck(0, None) => return (push_client, redirects),
                Packet::ConnAck(0x9c | 0x9d, Some(server)) => path = format!("{PATH}/{server}"),
                other => panic!("it is neither accepted nor sent on: {other:?}"),
            }
        }
        panic!("it is sent on for ever");
    }

    /// Connects and subscribes to what happens to the code.
    pub async fn subscribed(simulator: &Running, qrcode_id: &str) -> Self {
        let (mut push_client, _) = Self::connected(simulator, &Connect::correct(qrcode_id)).await;
        assert_eq!(push_client.subscribe(qrcode_id).await, Packet::SubAck(1, 0), "it may subscribe");
        push_client
    }

    pub async fn connect(&mut self, connect: &Connect) -> Packet {
        self.send(connect.bytes()).await;
        self.next().await.expect("it is answered")
    }

    pub async fn subscribe(&mut self, qrcode_id: &str) -> Packet {
        let user = [("authorization", "tmelogin"), ("pubsub", "unicast")];
        self.send(subscribe(&format!("management.qrcode_login/{qrcode_id}"), 0, &user)).await;
        self.next().await.expect("it is answered")
    }

    pub async fn send(&mut self, bytes: Vec<u8>) {
        self.say(Message::binary(bytes)).await;
    }

    pub async fn say(&mut self, message: Message) {
        self.socket.send(message).await.expect("it is sent");
    }

    /// The next packet; `None` when the service has gone, with or without a word.
    pub async fn next(&mut self) -> Option<Packet> {
        loop {
            if let Some(packet) = take(&mut self.buffer) {
                return Some(packet);
            }
            match self.socket.next().await {
                Some(Ok(Message::Binary(bytes))) => self.buffer.extend(bytes),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(other)) => panic!("the service sends no such frame: {other:?}"),
            }
        }
    }

    /// The next event: its type and payload.
    pub async fn event(&mut self) -> (String, String) {
        match self.next().await {
            Some(Packet::Publish(kind, payload, _)) => (kind, payload),
            other => panic!("it is no event: {other:?}"),
        }
    }
}

async fn tunnel(simulator: &Running) -> TlsStream<TcpStream> {
    let proxy = simulator.proxy_url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(proxy).await.expect("the proxy listens");
    let asked = format!("CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}:443\r\n\r\n");
    stream.write_all(asked.as_bytes()).await.expect("it is sent");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("the proxy answers"));
    }
    assert!(head.starts_with(b"HTTP/1.1 200"), "the proxy lets it through");
    let mut roots = rustls::RootCertStore::empty();
    let ca = CertificateDer::from_pem_slice(simulator.ca_pem.as_bytes()).expect("it is PEM");
    roots.add(ca).expect("it is a certificate");
    let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from(HOST).expect("it is a name");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("it is trusted")
}

// ---- packets -----------------------------------------------------------------------------------------------------

pub fn subscribe(topic: &str, options: u8, user: &[(&str, &str)]) -> Vec<u8> {
    let user: Vec<_> = user.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut body = vec![0, 1];
    body.extend(with_length(user_properties(&user)));
    body.extend(text(topic));
    body.push(options);
    packet(0x82, body)
}

pub fn puback(packet_id: u16) -> Vec<u8> {
    packet(0x40, packet_id.to_be_bytes().to_vec())
}

fn packet(first: u8, body: Vec<u8>) -> Vec<u8> {
    let mut packet = vec![first];
    packet.extend(with_length(body));
    packet
}

fn text(value: &str) -> Vec<u8> {
    let mut bytes = u16::try_from(value.len()).expect("it is short").to_be_bytes().to_vec();
    bytes.extend(value.as_bytes());
    bytes
}

fn user_properties(user: &[(String, String)]) -> Vec<u8> {
    user.iter().flat_map(|(name, value)| [vec![0x26], text(name), text(value)].concat()).collect()
}

fn with_length(bytes: Vec<u8>) -> Vec<u8> {
    let (low, high) = (bytes.len() % 128, bytes.len() / 128);
    let mut whole = match u8::try_from(high).expect("it is short") {
        0 => vec![low as u8],
        high => vec![low as u8 | 0x80, high],
    };
    whole.extend(bytes);
    whole
}

/// Takes a number of variable length off the front.
fn variable(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let last = bytes.iter().position(|byte| byte & 0x80 == 0)?;
    let value = bytes[..=last].iter().rev().fold(0, |value, byte| value << 7 | usize::from(byte & 0x7f));
    Some((value, &bytes[last + 1..]))
}

fn u16_of(bytes: &[u8]) -> u16 {
    u16::from_be_bytes([bytes[0], bytes[1]])
}

fn text_of(bytes: &[u8]) -> (String, &[u8]) {
    let (value, rest) = bytes[2..].split_at(usize::from(u16_of(bytes)));
    (String::from_utf8(value.to_vec()).expect("it is UTF-8"), rest)
}

fn take(buffer: &mut Vec<u8>) -> Option<Packet> {
    let (length, rest) = variable(buffer.get(1..)?)?;
    let body = rest.get(..length)?.to_vec();
    let whole = buffer.len() - rest.len() + length;
    let first = buffer[0];
    buffer.drain(..whole);
    Some(match first {
        0x20 => Packet::ConnAck(body[1], server_reference(&body[2..])),
        0x90 => Packet::SubAck(u16_of(&body), body[body.len() - 1]),
        0x30 | 0x32 => publish(first == 0x32, &body),
        0xd0 => Packet::PingResp,
        0xe0 => Packet::Disconnect(body.first().copied().unwrap_or_default()),
        other => panic!("the service sends no packet {other:#04x}"),
    })
}

fn server_reference(properties: &[u8]) -> Option<String> {
    let (_, mut rest) = variable(properties)?;
    let mut reference = None;
    while let Some((&name, after)) = rest.split_first() {
        rest = match name {
            0x26 => text_of(text_of(after).1).1,
            0x13 => &after[2..],
            0x1f => text_of(after).1,
            0x1c => {
                let (value, after) = text_of(after);
                reference = Some(value);
                after
            }
            other => panic!("CONNACK has the property {other:#04x}"),
        };
    }
    reference
}

fn publish(wants_acknowledgement: bool, body: &[u8]) -> Packet {
    let (topic, mut rest) = text_of(body);
    assert!(topic.starts_with("management.qrcode_login/"), "the topic is the code's: {topic}");
    let packet_id = wants_acknowledgement.then(|| u16_of(rest));
    if wants_acknowledgement {
        rest = &rest[2..];
    }
    let (length, rest) = variable(rest).expect("there are properties");
    let (properties, payload) = rest.split_at(length);
    let (name, value) = text_of(&properties[1..]);
    assert_eq!((properties[0], name.as_str()), (0x26, "type"), "the only property is the type");
    let payload = String::from_utf8(payload.to_vec()).expect("it is UTF-8");
    Packet::Publish(text_of(value).0, payload, packet_id)
}
