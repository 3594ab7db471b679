use proptest::collection::btree_map;
use proptest::prelude::*;
use tunekey_services::qqmusic;

use super::*;

fn account() -> AccountId {
    AccountId::new(qqmusic::ID, "10001")
}

fn credential(fields: BTreeMap<String, String>, issued: i64, life: Option<i64>) -> Credential {
    let at = |second| Timestamp::from_second(second).expect("it is a time");
    Credential {
        account: account(),
        issued_at: at(issued),
        expires_at: life.map(|life| at(issued + life)),
        fields: fields.into_iter().collect(),
    }
}

/// Credentials with any text in them, most of them of a usual size.
fn credentials() -> impl Strategy<Value = Credential> {
    let name = "\\PC{0,20}|[a-z_]{1,20}";
    let value = prop_oneof![
        8 => any::<String>(),
        2 => "[ -~]{0,400}",
        1 => "[a-z]{1500,6000}",
    ];
    (btree_map(name, value, 0..12), 0..4_000_000_000_i64, proptest::option::of(0..100_000_000_i64))
        .prop_map(|(fields, issued, life)| credential(fields, issued, life))
}

fn decode(encoded: &Encoded) -> Result<StoredCredential, Unreadable> {
    match decode_head(&account(), &encoded.head)? {
        Head::Whole(kept) => Ok(kept),
        Head::Pieces(pieces) => pieces.join(&account(), &encoded.pieces),
    }
}

/// A credential that takes several pieces.
fn large(mark: &str) -> Credential {
    credential(BTreeMap::from([("musickey".to_owned(), mark.repeat(6_000))]), 1_790_000_000, None)
}

proptest! {
    #[test]
    fn every_item_is_one_short_line_of_printable_ascii(credential in credentials(), number: u64) {
        if let Ok(Encoded { head, pieces }) = encode(&credential, Generation(number)) {
            prop_assert!(exposed(&head).len() <= MAX_ITEM);
            prop_assert!(pieces.len() <= MAX_PIECES);
            for piece in &pieces {
                prop_assert!(exposed(piece).len() <= MAX_PIECE);
            }
            for line in pieces.iter().chain([&head]) {
                prop_assert!(!line.is_empty());
                prop_assert!(exposed(line).bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            }
        }
    }

    #[test]
    fn whatever_is_written_is_read_back(credential in credentials(), number: u64) {
        if let Ok(encoded) = encode(&credential, Generation(number)) {
            let kept = decode(&encoded).expect("it has just been written");
            prop_assert_eq!(kept, StoredCredential { credential, generation: Generation(number) });
        }
    }

    #[test]
    fn no_text_makes_the_decoder_panic(line in any::<String>(), pieces in proptest::collection::vec(any::<String>(), 0..4)) {
        if let Ok(Head::Pieces(found)) = decode_head(&account(), &line.into()) {
            let pieces: Vec<Secret> = pieces.into_iter().map(Secret::from).collect();
            let _ = found.join(&account(), &pieces);
        }
    }

    #[test]
    fn an_item_with_any_one_character_altered_is_damaged(
        credential in credentials(),
        at: prop::sample::Index,
        other in b' '..=b'~',
    ) {
        if let Ok(encoded) = encode(&credential, Generation(7)) {
            let mut altered = exposed(&encoded.head).as_bytes().to_vec();
            let at = at.index(altered.len());
            prop_assume!(altered[at] != other);
            altered[at] = other;
            let altered = Secret::new(String::from_utf8(altered).expect("it is ASCII"));
            // An altered version number may make it look like a newer version's; a credential it is not.
            prop_assert!(decode_head(&account(), &altered).is_err());
        }
    }

    #[test]
    fn an_item_that_was_cut_short_is_damaged(credential in credentials(), at: prop::sample::Index) {
        if let Ok(encoded) = encode(&credential, Generation(7)) {
            let line = exposed(&encoded.head);
            let cut = Secret::new(&line[..at.index(line.len())]);
            prop_assert!(decode_head(&account(), &cut).is_err());
        }
    }

    #[test]
    fn pieces_of_two_saves_never_make_a_credential(mask in 1_u32..0b1111, same_content: bool) {
        let old = encode(&large("a"), Generation(7)).expect("it fits");
        // Even when both saves hold the same text, a mixture is not accepted.
        let new = encode(&large(if same_content { "a" } else { "b" }), Generation(8)).expect("it fits");
        prop_assert_eq!(old.pieces.len(), 4);
        let mixed: Vec<Secret> = (0..4)
            .map(|index| if mask & (1 << index) == 0 { &old.pieces[index] } else { &new.pieces[index] })
            .cloned()
            .collect();
        for head in [&old.head, &new.head] {
            let Ok(Head::Pieces(pieces)) = decode_head(&account(), head) else {
                return Err(TestCaseError::fail("the head is in pieces"));
            };
            prop_assert_eq!(pieces.join(&account(), &mixed), Err(Unreadable::Damaged));
        }
    }
}

#[test]
fn an_item_reads_as_the_notes_say() {
    let fields = [("musickey", "Q_H_L_é"), ("refresh_key", "")].map(|(n, v)| (n.to_owned(), v.to_owned()));
    let encoded = encode(&credential(fields.into(), 1_790_000_000, Some(259_200)), Generation(7));
    let encoded = encoded.expect("it is small");
    let (body, sum) = exposed(&encoded.head).rsplit_once(",\"sum\":").expect("the checksum is last");
    assert_eq!(
        body,
        concat!(
            r#"{"v":1,"gen":7,"acct":"qqmusic:10001","iat":"2026-09-21T14:13:20Z","exp":"2026-09-24T14:13:20Z","#,
            r#""cred":{"musickey":"Q_H_L_\u00e9"}"#
        ),
    );
    assert_eq!(sum.len(), SUM_LENGTH + 3, "{sum} is sixteen digits, two quotes and a brace");
    assert!(encoded.pieces.is_empty());
}

#[test]
fn pieces_in_another_order_or_number_are_damaged() {
    let encoded = encode(&large("a"), Generation(7)).expect("it fits");
    let Ok(Head::Pieces(pieces)) = decode_head(&account(), &encoded.head) else {
        panic!("it does not fit into one item");
    };
    let mut swapped = encoded.pieces.clone();
    swapped.swap(0, 1);
    let mut longer = encoded.pieces.clone();
    longer.push(Secret::new("7.4.x"));
    for wrong in [&swapped, &longer, &encoded.pieces[1..].to_vec(), &Vec::new()] {
        assert_eq!(pieces.join(&account(), wrong), Err(Unreadable::Damaged));
    }
    pieces.join(&account(), &encoded.pieces).expect("in order they are a credential");
}

#[test]
fn a_head_that_names_impossible_pieces_is_damaged() {
    for count in ["0", "17", "18446744073709551615", "-1", "1.5"] {
        let body = format!(r#"{{"v":1,"gen":7,"acct":"qqmusic:10001","pieces":{count},"digest":"00""#);
        let line = format!("{body},\"sum\":\"{}\"}}", sum(body.as_bytes()));
        assert!(matches!(decode_head(&account(), &line.into()), Err(Unreadable::Damaged)), "{count} pieces");
    }
}

#[test]
fn a_newer_version_is_told_from_damage() {
    let newer = Secret::new(r#"{"v":2,"anything":["it","likes"]}"#);
    assert!(matches!(decode_head(&account(), &newer), Err(Unreadable::Newer)));
}

#[test]
fn the_largest_real_credential_fits_into_one_item_with_half_as_much_to_spare() {
    // The lengths of the longest fields seen in the services' answers.
    let lengths = [
        ("access_token", 32),
        ("encryptUin", 20),
        ("expired_at", 10),
        ("keyExpiresIn", 6),
        ("loginType", 1),
        ("musicid", 19),
        ("musickey", 200),
        ("musickeyCreateTime", 10),
        ("openid", 32),
        ("refresh_key", 120),
        ("refresh_token", 160),
        ("str_musicid", 19),
        ("unionid", 40),
    ];
    let fields = lengths.map(|(name, length)| (name.to_owned(), "x".repeat(length * 3 / 2)));
    let encoded = encode(&credential(fields.into(), 1_790_000_000, Some(259_200)), Generation(u64::MAX));
    assert!(encoded.expect("it is small").pieces.is_empty());
}

mod fuzz {
    use tunekey_fuzz::{fuzz, text};

    use super::*;

    #[test]
    fn a_keychain_item() {
        let small = credential([("musickey".to_owned(), "k".to_owned())].into(), 1_790_000_000, Some(60));
        let large = credential([("musickey".to_owned(), "k".repeat(5000))].into(), 1_790_000_000, None);
        let [small, large] = [small, large].map(|one| encode(&one, Generation(3)).expect("it fits"));
        let seeds = [&small.head, &large.head, &large.pieces[0]].map(|item| exposed(item).as_bytes());
        fuzz!(seeds, |input: &[u8]| {
            if let Ok(Head::Pieces(pieces)) = decode_head(&account(), &Secret::new(&*text(input))) {
                assert!(pieces.count() <= MAX_PIECES);
                let _ = pieces.join(&account(), &large.pieces);
            }
        });
    }

    #[test]
    fn an_item_longer_than_any_is_damaged() {
        let line = Secret::new(" ".repeat(MAX_PIECES * MAX_PIECE + 1));
        assert!(matches!(decode_head(&account(), &line), Err(Unreadable::Damaged)));
    }
}
