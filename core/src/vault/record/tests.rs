use proptest::collection::btree_map;
use proptest::prelude::*;
use tunekey_services::qqmusic;

use super::*;
use crate::store::SecretKind;

fn account() -> AccountId {
    AccountId::new(qqmusic::ID, "10001")
}

fn token() -> NamedSlot {
    NamedSlot::new(SecretKind::Token, "home").expect("a name")
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

proptest! {
    #[test]
    fn every_record_is_one_line_of_printable_ascii(credential in credentials(), number: u64) {
        if let Ok(line) = encode(&credential, Generation(number)) {
            prop_assert!(!exposed(&line).is_empty() && exposed(&line).len() <= LONGEST);
            prop_assert!(exposed(&line).bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        }
    }

    #[test]
    fn whatever_is_written_is_read_back(credential in credentials(), number: u64) {
        if let Ok(line) = encode(&credential, Generation(number)) {
            let kept = decode(&account(), &line).expect("it has just been written");
            prop_assert_eq!(kept, StoredCredential { credential, generation: Generation(number) });
        }
    }

    #[test]
    fn no_text_makes_the_decoder_panic(line in any::<String>()) {
        let line = Secret::from(line);
        let _ = (decode(&account(), &line), decode_named(&token(), &line));
    }

    #[test]
    fn an_item_with_any_one_character_altered_is_damaged(
        credential in credentials(),
        at: prop::sample::Index,
        other in b' '..=b'~',
    ) {
        if let Ok(line) = encode(&credential, Generation(7)) {
            let mut altered = exposed(&line).as_bytes().to_vec();
            let at = at.index(altered.len());
            prop_assume!(altered[at] != other);
            altered[at] = other;
            let altered = Secret::new(String::from_utf8(altered).expect("it is ASCII"));
            // An altered version number may make it look like a newer version's; a credential it is not.
            prop_assert!(decode(&account(), &altered).is_err());
        }
    }

    #[test]
    fn an_item_that_was_cut_short_is_damaged(credential in credentials(), at: prop::sample::Index) {
        if let Ok(line) = encode(&credential, Generation(7)) {
            let line = exposed(&line);
            let cut = Secret::new(&line[..at.index(line.len())]);
            prop_assert!(decode(&account(), &cut).is_err());
        }
    }
}

#[test]
fn an_item_reads_as_the_notes_say() {
    let fields = [("musickey", "Q_H_L_é"), ("refresh_key", "")].map(|(n, v)| (n.to_owned(), v.to_owned()));
    let encoded = encode(&credential(fields.into(), 1_790_000_000, Some(259_200)), Generation(7));
    let encoded = encoded.expect("it is small");
    let (body, sum) = exposed(&encoded).rsplit_once(",\"sum\":").expect("the checksum is last");
    assert_eq!(
        body,
        concat!(
            r#"{"v":1,"gen":7,"acct":"qqmusic:10001","iat":"2026-09-21T14:13:20Z","exp":"2026-09-24T14:13:20Z","#,
            r#""cred":{"musickey":"Q_H_L_\u00e9"}"#
        ),
    );
    assert_eq!(sum.len(), line::SUM_LENGTH + 3, "{sum} is sixteen digits, two quotes and a brace");
}

#[test]
fn the_head_of_what_is_in_pieces_is_no_credential() {
    let body = r#"{"v":1,"gen":7,"acct":"qqmusic:10001","pieces":2,"digest":"00""#;
    let line = format!("{body},\"sum\":\"{}\"}}", line::sum(body.as_bytes()));
    assert_eq!(decode(&account(), &line.into()), Err(Unreadable::Damaged));
}

#[test]
fn a_secret_of_no_account_is_read_back_from_its_own_slot_only() {
    let line = encode_named(&token(), &Secret::new("tk_é\n\"")).expect("it is small");
    assert!(exposed(&line).bytes().all(|byte| (b' '..=b'~').contains(&byte)));
    assert_eq!(decode_named(&token(), &line), Ok(Secret::new("tk_é\n\"")));
    let other = NamedSlot::new(SecretKind::WebhookSecret, "home").expect("a name");
    assert_eq!(decode_named(&other, &line), Err(Unreadable::Damaged), "it was written for another");
    assert_eq!(decode(&account(), &line), Err(Unreadable::Damaged), "nor is it a credential");
}

#[test]
fn a_secret_of_no_account_fits_into_one_item_or_is_refused() {
    let fits = encode_named(&token(), &Secret::new("x".repeat(2_300))).expect("it fits");
    assert!(exposed(&fits).len() <= LONGEST_NAMED);
    assert_eq!(encode_named(&token(), &Secret::new("x".repeat(2_400))), Err(TooLarge));
}

#[test]
fn a_newer_version_is_told_from_damage() {
    let newer = Secret::new(r#"{"v":2,"anything":["it","likes"]}"#);
    assert_eq!(decode(&account(), &newer), Err(Unreadable::Newer));
    assert_eq!(decode_named(&token(), &newer), Err(Unreadable::Newer));
}

#[test]
fn the_largest_real_credential_fits_into_one_item_of_windows_with_half_as_much_to_spare() {
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
    assert!(exposed(&encoded.expect("it is small")).len() <= 2_400);
}

mod fuzz {
    use tunekey_fuzz::{fuzz, text};

    use super::*;

    #[test]
    fn a_record() {
        let small = credential([("musickey".to_owned(), "k".to_owned())].into(), 1_790_000_000, Some(60));
        let named = encode_named(&token(), &Secret::new("k")).expect("it fits");
        let seeds = [encode(&small, Generation(3)).expect("it fits"), named];
        fuzz!(seeds.each_ref().map(|line| exposed(line).as_bytes()), |input: &[u8]| {
            let line = Secret::new(&*text(input));
            let _ = (decode(&account(), &line), decode_named(&token(), &line));
        });
    }

    #[test]
    fn a_record_longer_than_any_is_damaged() {
        let line = Secret::new(" ".repeat(LONGEST + 1));
        assert_eq!(decode(&account(), &line), Err(Unreadable::Damaged));
    }
}
