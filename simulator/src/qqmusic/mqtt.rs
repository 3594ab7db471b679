//! MQTT 5, as much of it as a sign-in needs, read strictly (OASIS MQTT 5.0; protocol: QQ §3.2).
//!
//! Written by hand on purpose: what a client's library writes is to be read by something that is not that library, and
//! anything that the real clients do not send is to be named, not tolerated.

/// A packet from a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Packet {
    Connect(Connect),
    Subscribe(Subscribe),
    /// The packet id that is acknowledged.
    PubAck(u16),
    PingReq,
    Disconnect,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Connect {
    pub(super) client_id: String,
    pub(super) keep_alive: u16,
    pub(super) flags: u8,
    pub(super) auth_method: Option<String>,
    pub(super) user_properties: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subscribe {
    pub(super) packet_id: u16,
    pub(super) topic: String,
    pub(super) options: u8,
    pub(super) user_properties: Vec<(String, String)>,
}

const USER_PROPERTY: u8 = 0x26;
const AUTHENTICATION_METHOD: u8 = 0x15;
const SERVER_KEEP_ALIVE: u8 = 0x13;
const SERVER_REFERENCE: u8 = 0x1c;
const REASON_STRING: u8 = 0x1f;
/// The maximum length of a packet, in bytes.
const MAX_PACKET_LENGTH: usize = 4096;

/// Takes the first whole packet out of `buffer`; `None` when there is none yet.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn take_packet(buffer: &mut Vec<u8>) -> Result<Option<Packet>, String> {
    let Some(&first) = buffer.first() else { return Ok(None) };
    let mut reader = Reader { rest: &buffer[1..] };
    let Some(length) = reader.variable()? else { return Ok(None) };
    if length > MAX_PACKET_LENGTH {
        return Err(format!("a packet of {length} bytes"));
    }
    let Some(body) = reader.rest.get(..length) else { return Ok(None) };
    let packet = read(first, &mut Reader { rest: body })?;
    let whole = buffer.len() - reader.rest.len() + length;
    buffer.drain(..whole);
    Ok(Some(packet))
}

fn read(first: u8, reader: &mut Reader<'_>) -> Result<Packet, String> {
    let packet = match first {
        0x10 => Packet::Connect(connect(reader)?),
        0x82 => Packet::Subscribe(subscribe(reader)?),
        0x40 => {
            let packet_id = reader.u16()?;
            // Success may be left out, with the properties.
            if !reader.rest.is_empty() && reader.u8()? != 0 {
                return Err("PUBACK says that it failed".to_owned());
            }
            if !reader.rest.is_empty() && reader.properties()? != Properties::default() {
                return Err("PUBACK has properties".to_owned());
            }
            Packet::PubAck(packet_id)
        }
        0xc0 => Packet::PingReq,
        0xe0 => {
            // A reason and no properties may follow.
            reader.rest = &[];
            Packet::Disconnect
        }
        other => return Err(format!("no client sends a packet that starts with {other:#04x}")),
    };
    if reader.rest.is_empty() { Ok(packet) } else { Err(format!("{} bytes too many", reader.rest.len())) }
}

fn connect(reader: &mut Reader<'_>) -> Result<Connect, String> {
    let name = reader.text()?;
    if name != "MQTT" {
        return Err(format!("the protocol is called {name:?}"));
    }
    let level = reader.u8()?;
    if level != 5 {
        return Err(format!("the protocol level is {level}, not 5"));
    }
    let (flags, keep_alive) = (reader.u8()?, reader.u16()?);
    let Properties { auth_method, user } = reader.properties()?;
    let client_id = reader.text()?;
    Ok(Connect { client_id, keep_alive, flags, auth_method, user_properties: user })
}

fn subscribe(reader: &mut Reader<'_>) -> Result<Subscribe, String> {
    let packet_id = reader.u16()?;
    let Properties { auth_method, user } = reader.properties()?;
    if auth_method.is_some() {
        return Err("SUBSCRIBE has an authentication method".to_owned());
    }
    let (topic, options) = (reader.text()?, reader.u8()?);
    Ok(Subscribe { packet_id, topic, options, user_properties: user })
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Properties {
    auth_method: Option<String>,
    user: Vec<(String, String)>,
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or("the packet ends too early")?;
        self.rest = rest;
        Ok(taken)
    }

    fn u8(&mut self) -> Result<u8, String> {
        Ok(self.bytes(1)?[0])
    }

    fn u16(&mut self) -> Result<u16, String> {
        let bytes = self.bytes(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    fn text(&mut self) -> Result<String, String> {
        let length = usize::from(self.u16()?);
        String::from_utf8(self.bytes(length)?.to_vec()).map_err(|_| "text is not UTF-8".to_owned())
    }

    /// A variable byte integer; `None` when the bytes end inside it.
    fn variable(&mut self) -> Result<Option<usize>, String> {
        let mut value = 0;
        for place in 0..4 {
            let Some((&byte, rest)) = self.rest.split_first() else { return Ok(None) };
            self.rest = rest;
            value |= usize::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                return if byte == 0 && place > 0 {
                    Err("a length is padded".to_owned())
                } else {
                    Ok(Some(value))
                };
            }
        }
        Err("a length has more than four bytes".to_owned())
    }

    fn properties(&mut self) -> Result<Properties, String> {
        let length = self.variable()?.ok_or("the packet ends too early")?;
        let mut reply = Reader { rest: self.bytes(length)? };
        let mut properties = Properties::default();
        while !reply.rest.is_empty() {
            match reply.u8()? {
                USER_PROPERTY => properties.user.push((reply.text()?, reply.text()?)),
                AUTHENTICATION_METHOD if properties.auth_method.is_none() => {
                    properties.auth_method = Some(reply.text()?);
                }
                other => return Err(format!("property {other:#04x} is unexpected")),
            }
        }
        Ok(properties)
    }
}

/// CONNACK; `reference` names another server, `keep_alive` replaces the client's.
pub(super) fn connack(reason: u8, reference: Option<&str>, keep_alive: Option<u16>) -> Vec<u8> {
    let mut properties = Vec::new();
    if let Some(reference) = reference {
        user_property(&mut properties, "server", "x");
        properties.push(SERVER_REFERENCE);
        text(&mut properties, reference);
    }
    if let Some(seconds) = keep_alive {
        properties.push(SERVER_KEEP_ALIVE);
        properties.extend(seconds.to_be_bytes());
    }
    if reason >= 0x80 && reference.is_none() {
        properties.push(REASON_STRING);
        text(&mut properties, "refused");
    }
    let mut body = vec![0, reason];
    with_length(&mut body, &properties);
    packet(0x20, &body)
}

/// SUBACK for one topic.
pub(super) fn suback(packet_id: u16, reason: u8) -> Vec<u8> {
    let [high, low] = packet_id.to_be_bytes();
    packet(0x90, &[high, low, 0, reason])
}

/// PUBLISH of an event; with a packet id it wants an acknowledgement.
pub(super) fn publish(topic: &str, kind: &str, payload: &str, packet_id: Option<u16>) -> Vec<u8> {
    let mut body = Vec::new();
    text(&mut body, topic);
    if let Some(packet_id) = packet_id {
        body.extend(packet_id.to_be_bytes());
    }
    let mut properties = Vec::new();
    user_property(&mut properties, "type", kind);
    with_length(&mut body, &properties);
    body.extend(payload.as_bytes());
    packet(if packet_id.is_some() { 0x32 } else { 0x30 }, &body)
}

pub(super) fn pingresp() -> Vec<u8> {
    packet(0xd0, &[])
}

/// DISCONNECT; 0 is said by leaving it out.
pub(super) fn disconnect(reason: u8) -> Vec<u8> {
    packet(0xe0, if reason == 0 { &[] } else { std::slice::from_ref(&reason) })
}

fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![first];
    with_length(&mut packet, body);
    packet
}

fn with_length(to: &mut Vec<u8>, bytes: &[u8]) {
    let mut length = bytes.len();
    loop {
        // Seven bits at a time.
        let low = (length & 0x7f) as u8;
        length >>= 7;
        to.push(if length > 0 { low | 0x80 } else { low });
        if length == 0 {
            break;
        }
    }
    to.extend(bytes);
}

fn text(to: &mut Vec<u8>, value: &str) {
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    to.extend(length.to_be_bytes());
    to.extend(&value.as_bytes()[..usize::from(length)]);
}

fn user_property(to: &mut Vec<u8>, name: &str, value: &str) {
    to.push(USER_PROPERTY);
    text(to, name);
    text(to, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The byte vectors of protocol: QQ §3.5.
    const CONNECT: &str = "108c0100044d5154540502002d6e15000470617373260008746d654170704944000771716d75736963260008627573696e657373000a6d616e6167656d656e742600076861736854616700045152494426\
        0009636c69656e74546167000f6d616e6167656d656e742e75736572260006757365724944000451524944001131373030303030303030303030\
        31323334";
    const SUBSCRIBE: &str = "824e00012c26000d617574686f72697a6174696f6e0008746d656c6f67696e2600067075627375620007756e6963617374001c6d616e6167656d656e742e7172636f64655f6c6f67696e2f5152494400";
    const MOVED: &str = "2022009d1f2600067365727665720001781c00103139322e302e322e31303a3239303031";
    const COOKIES: &str = "307e001c6d616e6167656d656e742e7172636f64655f6c6f67696e2f5152494410260004747970650007636f6f6b6965737b22636f6f6b696573223a7b2271716d757369635f75696e223a7b2276616c7565223a223130303031227d2c2271716d757369635f6b6579223a7b2276616c7565223a2254454d504b4559227d7d7d";

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(|byte| byte.is_ascii_hexdigit()).collect();
        let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16);
        digits.chunks(2).map(|two| pair(two).expect("hexadecimal")).collect()
    }

    #[test]
    fn a_connect_is_read_as_the_clients_write_it() {
        let mut buffer = bytes(CONNECT);
        assert_eq!(buffer.len(), 143, "the vector is whole");
        let Ok(Some(Packet::Connect(connect))) = take_packet(&mut buffer) else { panic!("it is a CONNECT") };
        assert_eq!((connect.flags, connect.keep_alive), (2, 45), "clean start, 45 seconds");
        assert_eq!(connect.client_id, "17000000000001234", "the client id is the last thing in it");
        assert_eq!(connect.auth_method.as_deref(), Some("pass"), "the method of authentication");
        let names: Vec<_> = connect.user_properties.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["tmeAppID", "business", "hashTag", "clientTag", "userID"], "in this order");
        assert!(buffer.is_empty(), "nothing is left over");
    }

    #[test]
    fn a_subscribe_is_read_as_the_clients_write_it() {
        let mut buffer = bytes(SUBSCRIBE);
        let expected = Subscribe {
            packet_id: 1,
            topic: "management.qrcode_login/QRID".to_owned(),
            options: 0,
            user_properties: [("authorization", "tmelogin"), ("pubsub", "unicast")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        };
        assert_eq!(take_packet(&mut buffer), Ok(Some(Packet::Subscribe(expected))), "every field of it");
    }

    #[test]
    fn packets_are_written_as_the_service_writes_them() {
        assert_eq!(connack(0x9d, Some("192.0.2.10:29001"), None), bytes(MOVED), "the server moved");
        let payload = r#"{"cookies":{"qqmusic_uin":{"value":"10001"},"qqmusic_key":{"value":"TEMPKEY"}}}"#;
        let event = publish("management.qrcode_login/QRID", "cookies", payload, None);
        assert_eq!(event, bytes(COOKIES), "the event that ends a sign-in");
        assert_eq!((pingresp(), disconnect(0)), (bytes("d000"), bytes("e000")), "the short ones");
    }

    #[test]
    fn a_packet_that_comes_byte_by_byte_is_read_once_it_is_whole() {
        let mut buffer = Vec::new();
        let whole = bytes(CONNECT);
        for byte in &whole[..whole.len() - 1] {
            buffer.push(*byte);
            assert_eq!(take_packet(&mut buffer), Ok(None), "it is not whole yet");
        }
        buffer.extend([whole[whole.len() - 1], 0xc0, 0x00]);
        assert!(matches!(take_packet(&mut buffer), Ok(Some(Packet::Connect(_)))), "now it is");
        assert_eq!(
            take_packet(&mut buffer),
            Ok(Some(Packet::PingReq)),
            "what follows in the same bytes is kept"
        );
    }

    #[test]
    fn what_no_client_sends_is_refused() {
        for (hex, why) in [
            ("100d000454514d5405020000000000", "another protocol"),
            ("100c00044d515454040200000000", "level 4"),
            ("3000", "a PUBLISH from a client"),
            ("c00100", "a ping with a body"),
            ("1080808080", "a length of five bytes"),
            ("820700010003000100", "an option byte is missing"),
        ] {
            assert!(take_packet(&mut bytes(hex)).is_err(), "{why}");
        }
    }
}
