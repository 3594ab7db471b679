//! The few packets of MQTT 5 that the app's push is made of (protocol: QQ §3.2, §3.5).
//!
//! The library writes and reads the packets; it has no loop, no clock and no socket. Its connection state is
//! not used: it follows no redirect and has no bound of its own on what a server may announce.

use mqtt_protocol_core::mqtt::Arc;
use mqtt_protocol_core::mqtt::common::Cursor;
use mqtt_protocol_core::mqtt::connection::{PacketBuildResult, PacketBuilder, RawPacket};
use mqtt_protocol_core::mqtt::packet::v5_0::{Connack, Connect, Pingreq, Puback, Publish, Suback, Subscribe};
use mqtt_protocol_core::mqtt::packet::{
    AuthenticationMethod, PacketType, Properties, Property, SubEntry, SubOpts, UserProperty,
};
use mqtt_protocol_core::mqtt::result_code::MqttError;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// How long the connection may be silent, as we announce it, in seconds.
pub(super) const KEEP_ALIVE: u16 = 45;

/// The largest packet that is read, in bytes. What a packet announces beyond it is not waited for.
const LARGEST_PACKET: u32 = 256 * 1024;

/// The number of our one request that wants an answer by number.
const SUBSCRIPTION: u16 = 1;

/// What came is no MQTT, or too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

impl From<MqttError> for Malformed {
    fn from(_: MqttError) -> Self {
        Self
    }
}

/// A packet of the server. It has no `Debug`: it may carry a token.
pub(super) enum Packet {
    /// The answer to the connection.
    Connack {
        /// 0, or why not.
        reason: u8,
        /// Where to go instead.
        reference: Option<String>,
        /// The silence that the server allows, in seconds, when it is not what we announced.
        keep_alive: Option<u16>,
    },
    /// The answer to the subscription.
    Suback {
        /// Whether it stands.
        granted: bool,
    },
    /// Something happened.
    Publish {
        /// What, as its property `type` says.
        kind: Option<String>,
        /// What goes along.
        payload: Zeroizing<Vec<u8>>,
        /// The number to acknowledge it with, if it wants that.
        acknowledge: Option<u16>,
    },
    /// The answer to a ping.
    Pingresp,
    /// The server ends the connection.
    Disconnect,
    /// Anything else, which is none of our business.
    Other,
}

/// `CONNECT`, as the code's owner.
#[expect(
    clippy::disallowed_methods,
    reason = "the packet carries the code's number to the service that issued it"
)]
pub(super) fn connect(client: &str, qrcode_id: &Secret) -> Result<Vec<u8>, Malformed> {
    let id = qrcode_id.expose();
    let mut properties: Properties = vec![Property::AuthenticationMethod(AuthenticationMethod::new("pass")?)];
    for (name, value) in [
        ("tmeAppID", "qqmusic"),
        ("business", "management"),
        ("hashTag", id),
        ("clientTag", "management.user"),
        ("userID", id),
    ] {
        properties.push(Property::UserProperty(UserProperty::new(name, value)?));
    }
    let packet = Connect::builder()
        .client_id(client)?
        .clean_start(true)
        .keep_alive(KEEP_ALIVE)
        .props(properties)
        .build()?;
    Ok(packet.to_continuous_buffer())
}

/// `SUBSCRIBE`, to what happens to the code.
#[expect(
    clippy::disallowed_methods,
    reason = "the packet carries the code's number to the service that issued it"
)]
pub(super) fn subscribe(qrcode_id: &Secret) -> Result<Vec<u8>, Malformed> {
    let topic = format!("management.qrcode_login/{}", qrcode_id.expose());
    let mut properties = Properties::new();
    for (name, value) in [("authorization", "tmelogin"), ("pubsub", "unicast")] {
        properties.push(Property::UserProperty(UserProperty::new(name, value)?));
    }
    let packet = Subscribe::builder()
        .packet_id(SUBSCRIPTION)
        .entries(vec![SubEntry::new(topic, SubOpts::new())?])
        .props(properties)
        .build()?;
    Ok(packet.to_continuous_buffer())
}

/// `PUBACK`.
pub(super) fn acknowledge(number: u16) -> Result<Vec<u8>, Malformed> {
    Ok(Puback::builder().packet_id(number).build()?.to_continuous_buffer())
}

/// `PINGREQ`.
pub(super) fn ping() -> Vec<u8> {
    Pingreq::new().to_continuous_buffer()
}

/// Puts packets together: a frame may hold several of them, or a part of one.
pub(super) struct Reader(PacketBuilder);

impl Reader {
    pub(super) fn new() -> Self {
        Self(PacketBuilder::with_maximum_packet_size(LARGEST_PACKET))
    }

    /// The packets that are complete with these bytes, up to the first that cannot be read: after that one
    /// there is no way to tell where the next begins.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> (Vec<Packet>, Result<(), Malformed>) {
        let mut cursor = Cursor::new(bytes);
        let mut packets = Vec::new();
        loop {
            let packet = match self.0.feed(&mut cursor) {
                PacketBuildResult::Complete(raw) => read(&raw),
                PacketBuildResult::Incomplete => return (packets, Ok(())),
                PacketBuildResult::Error(error) => Err(error.into()),
            };
            match packet {
                Ok(packet) => packets.push(packet),
                Err(malformed) => return (packets, Err(malformed)),
            }
        }
    }
}

fn read(raw: &RawPacket) -> Result<Packet, Malformed> {
    let is = |kind: PacketType| raw.packet_type() == kind as u8;
    if is(PacketType::Connack) {
        connack(&raw.parse_exact(Connack::parse)?)
    } else if is(PacketType::Suback) {
        let suback = raw.parse_exact(Suback::parse)?;
        let granted =
            suback.packet_id() == SUBSCRIPTION && suback.reason_codes().iter().all(|code| code.is_success());
        Ok(Packet::Suback { granted })
    } else if is(PacketType::Publish) {
        let (publish, _) = Publish::parse(raw.flags(), Arc::from(raw.data_as_slice()))?;
        let kind = publish.props().iter().find_map(|property| match property {
            Property::UserProperty(pair) if pair.key() == "type" => Some(pair.val().to_owned()),
            _ => None,
        });
        let payload = Zeroizing::new(publish.payload().as_slice().to_vec());
        Ok(Packet::Publish { kind, payload, acknowledge: publish.packet_id() })
    } else if is(PacketType::Pingresp) {
        Ok(Packet::Pingresp)
    } else if is(PacketType::Disconnect) {
        Ok(Packet::Disconnect)
    } else {
        Ok(Packet::Other)
    }
}

fn connack(packet: &Connack) -> Result<Packet, Malformed> {
    let (mut reference, mut keep_alive) = (None, None);
    for property in packet.props() {
        match property {
            Property::ServerReference(there) => reference = Some(there.val().to_owned()),
            Property::ServerKeepAlive(seconds) => keep_alive = Some(seconds.val()),
            _ => {}
        }
    }
    Ok(Packet::Connack { reason: packet.reason_code() as u8, reference, keep_alive })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CONNECT: &str = "108c0100044d5154540502002d6e15000470617373260008746d654170704944000771716d75736963260008627573696e657373000a6d616e6167656d656e742600076861736854616700045152494426\
                           0009636c69656e74546167000f6d616e6167656d656e742e7573657226000675736572494400045152494400113137303030303030303030303031323334";
    const SUBSCRIBE: &str = "824e00012c26000d617574686f72697a6174696f6e0008746d656c6f67696e2600067075627375620007756e6963617374001c6d616e6167656d656e742e7172636f64655f6c6f67696e2f5152494400";
    const REDIRECT: &str = "2022009d1f2600067365727665720001781c00103139322e302e322e31303a3239303031";
    const COOKIES: &str = "307e001c6d616e6167656d656e742e7172636f64655f6c6f67696e2f5152494410260004747970650007636f6f6b6965737b22636f6f6b696573223a7b2271716d757369635f75696e223a7b2276616c7565223a223130303031227d2c2271716d757369635f6b6579223a7b2276616c7565223a2254454d504b4559227d7d7d";

    fn bytes(hexadecimal: &str) -> Vec<u8> {
        let pairs = hexadecimal.as_bytes().chunks(2);
        pairs
            .map(|pair| {
                u8::from_str_radix(std::str::from_utf8(pair).expect("text"), 16).expect("hexadecimal")
            })
            .collect()
    }

    /// What a packet says, to compare.
    fn described(packet: &Packet) -> String {
        match packet {
            Packet::Connack { reason, reference, keep_alive } => {
                format!("connack {reason:#x} {reference:?} {keep_alive:?}")
            }
            Packet::Suback { granted } => format!("suback {granted}"),
            Packet::Publish { kind, payload, acknowledge } => {
                format!("publish {kind:?} {} {acknowledge:?}", String::from_utf8_lossy(payload))
            }
            Packet::Pingresp => "pingresp".to_owned(),
            Packet::Disconnect => "disconnect".to_owned(),
            Packet::Other => "other".to_owned(),
        }
    }

    fn read_all(pieces: &[&[u8]]) -> Vec<String> {
        let mut reader = Reader::new();
        let read = |piece: &&[u8]| {
            let (packets, sound) = reader.feed(piece);
            assert_eq!(sound, Ok(()), "{piece:02x?} is MQTT");
            packets
        };
        pieces.iter().flat_map(read).map(|packet| described(&packet)).collect()
    }

    fn redirect() -> String {
        "connack 0x9d Some(\"192.0.2.10:29001\") None".to_owned()
    }

    fn cookies() -> String {
        r#"publish Some("cookies") {"cookies":{"qqmusic_uin":{"value":"10001"},"qqmusic_key":{"value":"TEMPKEY"}}} None"#.to_owned()
    }

    #[test]
    fn our_packets_are_those_of_the_protocol_notes_to_the_byte() {
        let id = Secret::new("QRID");
        assert_eq!(connect("17000000000001234", &id).expect("it fits"), bytes(CONNECT));
        assert_eq!(subscribe(&id).expect("it fits"), bytes(SUBSCRIBE));
        assert_eq!(ping(), bytes("c000"));
        assert_eq!(acknowledge(0x1234).expect("it fits"), bytes("40021234"));
    }

    #[test]
    fn the_servers_packets_of_the_protocol_notes_are_read() {
        for (packet, wanted) in [
            (REDIRECT, redirect()),
            (COOKIES, cookies()),
            ("d000", "pingresp".to_owned()),
            ("e000", "disconnect".to_owned()),
            ("e0028e00", "disconnect".to_owned()),
            ("2003000000", "connack 0x0 None None".to_owned()),
            ("2006000003130014", "connack 0x0 None Some(20)".to_owned()),
            ("20030087 00".replace(' ', "").as_str(), "connack 0x87 None None".to_owned()),
            ("900400010000", "suback true".to_owned()),
            ("900400010087", "suback false".to_owned()),
            ("900400020000", "suback false".to_owned()),
            ("3206000161123400", "publish None  Some(4660)".to_owned()),
        ] {
            assert_eq!(read_all(&[&bytes(packet)]), [wanted], "{packet}");
        }
    }

    #[test]
    fn a_packet_may_come_in_two_pieces_split_anywhere() {
        for (packet, wanted) in [(REDIRECT, redirect()), (COOKIES, cookies())] {
            let packet = bytes(packet);
            for at in 0..=packet.len() {
                let (first, second) = packet.split_at(at);
                assert_eq!(read_all(&[first, second]), [wanted.as_str()], "split at {at}");
            }
            let single: Vec<&[u8]> = packet.chunks(1).collect();
            assert_eq!(read_all(&single), [wanted.as_str()], "byte by byte");
        }
    }

    #[test]
    fn several_packets_may_come_in_one_piece() {
        let together = [bytes("900400010000"), bytes(COOKIES), bytes("d000")].concat();
        assert_eq!(read_all(&[&together]), ["suback true", cookies().as_str(), "pingresp"]);
        let (first, second) = together.split_at(10);
        assert_eq!(read_all(&[first, second]), ["suback true", cookies().as_str(), "pingresp"]);
    }

    #[test]
    fn a_packet_that_announces_too_much_is_refused_at_once() {
        for announced in ["30ffffff7f", "30818010", "30ffffffff01"] {
            assert_eq!(Reader::new().feed(&bytes(announced)).1, Err(Malformed), "{announced}");
        }
    }

    #[test]
    fn what_does_not_hold_together_is_refused() {
        // No body, an unknown reason, properties longer than the packet, QoS 3, no reason code at all.
        for hostile in ["2000", "2003004200", "200300007f", "3605000161000000", "9003000100"] {
            assert_eq!(Reader::new().feed(&bytes(hostile)).1, Err(Malformed), "{hostile}");
        }
    }

    #[test]
    fn what_came_whole_is_kept_when_something_broken_comes_behind_it() {
        let together = [bytes(COOKIES), bytes("2000")].concat();
        let (packets, sound) = Reader::new().feed(&together);
        assert_eq!(packets.iter().map(described).collect::<Vec<_>>(), [cookies()]);
        assert_eq!(sound, Err(Malformed));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn no_bytes_make_it_panic(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..64), 0..6)) {
            let mut reader = Reader::new();
            for piece in &pieces {
                if reader.feed(piece).1.is_err() {
                    break;
                }
            }
        }

        #[test]
        fn no_body_makes_it_panic(first in any::<u8>(), body in prop::collection::vec(any::<u8>(), 0..120)) {
            let length = u8::try_from(body.len()).expect("it is short");
            let _ = Reader::new().feed(&[&[first, length], body.as_slice()].concat());
        }

        #[test]
        fn no_damage_to_a_real_packet_makes_it_panic(
            which in 0..4_usize, at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>(),
        ) {
            let mut packet = bytes([CONNECT, SUBSCRIBE, REDIRECT, COOKIES][which]);
            let (at, cut) = (at.index(packet.len()), cut.index(packet.len()) + 1);
            packet[at] = byte;
            let _ = Reader::new().feed(&packet[..cut]);
        }
    }
}
