use std::sync::Arc;

use proptest::prelude::*;
use tunekey_services::{AccountId, qqmusic};

use super::*;
use crate::store::Side;
use crate::store::keychain::sim::SimKeychain;

const NOBODY: Interaction<'_> = Interaction::Forbidden;

/// The limit of the store for Windows.
const LARGEST: usize = 2_400;

fn slot() -> SlotName {
    SlotName::credential(&AccountId::new(qqmusic::ID, "10001"), Side::A)
}

fn store(largest: Option<usize>) -> (Arc<SimKeychain>, InPieces<Arc<SimKeychain>>) {
    let keychain = Arc::new(SimKeychain::default());
    (keychain.clone(), InPieces::new(keychain, largest))
}

/// A record of the vault of that generation that takes several pieces.
fn record(generation: u64, mark: &str) -> Secret {
    Secret::new(format!(
        r#"{{"v":1,"gen":{generation},"acct":"qqmusic:10001","x":"{}"}}"#,
        mark.repeat(6_000)
    ))
}

fn head(item: &Secret) -> Head {
    Head::read(item).expect("it is a head").expect("it is whole")
}

/// What versions of before have written: a credential of 2,500 bytes and more in two pieces.
fn put_old_items(keychain: &SimKeychain) -> String {
    let whole = format!(
        r#"{{"v":1,"gen":7,"acct":"qqmusic:10001","iat":"2026-09-21T14:13:20Z","exp":"2026-09-24T14:13:20Z","cred":{{"musickey":"Q_H_L_\u00e9","refresh_token":"{}"}},"sum":"ed987553cf8626e0"}}"#,
        "k".repeat(2_500)
    );
    let (first, second) = whole.split_at(1_976);
    keychain.put("v1:qqmusic:10001:a:c0", &format!("7.0.{first}"));
    keychain.put("v1:qqmusic:10001:a:c1", &format!("7.1.{second}"));
    keychain.put("v1:qqmusic:10001:a", OLD_HEAD);
    whole
}

const OLD_HEAD: &str = r#"{"v":1,"gen":7,"acct":"qqmusic:10001","pieces":2,"digest":"9f8cf3bce30be661dbff6a752f2627730973d3da0e7877fb215cc239f1809110","sum":"90842388ed3de12f"}"#;

#[tokio::test]
async fn items_in_the_layout_of_before_are_read_by_the_stores_of_all_systems() {
    for largest in [None, Some(LARGEST)] {
        let (keychain, store) = store(largest);
        let whole = put_old_items(&keychain);
        assert_eq!(store.get(&slot(), NOBODY).await, Ok(Some(Secret::new(whole))), "{largest:?}");
    }
}

#[tokio::test]
async fn what_is_split_is_written_in_the_layout_of_before() {
    let (before, _) = store(None);
    let whole = put_old_items(&before);
    let (keychain, store) = store(Some(LARGEST));
    store.set(&slot(), &Secret::new(whole), NOBODY).await.expect("it takes it");
    assert_eq!(keychain.names(), before.names());
    for name in keychain.names() {
        assert_eq!(keychain.item(&name), before.item(&name), "{name}");
    }
}

#[tokio::test]
async fn only_what_is_larger_than_an_item_may_be_is_split() {
    for (largest, length, items) in
        [(None, 30_000, 1), (Some(LARGEST), LARGEST, 1), (Some(LARGEST), LARGEST + 1, 3)]
    {
        let (keychain, store) = store(largest);
        // The simulated one takes no more than Windows does.
        keychain.take_any_length(largest.is_none());
        let line = Secret::new("x".repeat(length));
        store.set(&slot(), &line, NOBODY).await.expect("it takes it");
        assert_eq!(keychain.names().len(), items, "{length} bytes with {largest:?}");
        assert_eq!(store.get(&slot(), NOBODY).await, Ok(Some(line)));
    }
}

#[tokio::test]
async fn a_line_of_too_many_pieces_is_refused_and_changes_nothing() {
    let (keychain, store) = store(Some(LARGEST));
    let line = Secret::new("x".repeat(MOST_PIECES * (LARGEST_PIECE - LONGEST_TAG) + 1));
    store.set(&slot(), &line, NOBODY).await.expect_err("it has no place for it");
    assert_eq!(keychain.changes(), 0);
}

#[tokio::test]
async fn pieces_are_swept_away_with_what_they_belonged_to() {
    let (keychain, store) = store(Some(LARGEST));
    let long = Secret::new("x".repeat(9_000));
    store.set(&slot(), &long, NOBODY).await.expect("it takes it");
    store.set(&slot(), &Secret::new("short"), NOBODY).await.expect("it takes it");
    assert_eq!(keychain.names(), [slot().as_str()], "by a shorter one");
    store.set(&slot(), &long, NOBODY).await.expect("it takes it");
    store.delete(&slot(), NOBODY).await.expect("it deletes it");
    assert_eq!(keychain.names(), [""; 0], "by a deletion");
}

#[tokio::test]
async fn a_deletion_that_deletes_nothing_leaves_the_pieces() {
    let (keychain, store) = store(Some(LARGEST));
    let long = Secret::new("x".repeat(9_000));
    store.set(&slot(), &long, NOBODY).await.expect("it takes it");
    keychain.keep_what_is_deleted();
    store.delete(&slot(), NOBODY).await.expect("it says that it did");
    keychain.heal();
    assert_eq!(store.get(&slot(), NOBODY).await, Ok(Some(long)));
}

#[tokio::test]
async fn a_line_of_which_a_piece_is_missing_is_unreadable() {
    let (keychain, store) = store(Some(LARGEST));
    put_old_items(&keychain);
    keychain.take("v1:qqmusic:10001:a:c1");
    assert_eq!(store.get(&slot(), NOBODY).await, Err(StoreError::Unreadable("it is damaged")));
}

#[test]
fn pieces_in_another_order_or_number_are_damaged() {
    let (item, pieces) = split(&record(7, "a")).expect("it fits");
    let mut swapped = pieces.clone();
    swapped.swap(0, 1);
    let mut longer = pieces.clone();
    longer.push(Secret::new("7.4.x"));
    for wrong in [&swapped, &longer, &pieces[1..].to_vec(), &Vec::new()] {
        assert_eq!(head(&item).join(wrong), Err(Damaged));
    }
    assert_eq!(head(&item).join(&pieces), Ok(record(7, "a")), "in order they are the line");
}

#[test]
fn a_head_that_names_impossible_pieces_is_damaged() {
    for count in ["0", "17", "18446744073709551615", "-1", "1.5"] {
        let body = format!(r#"{{"v":1,"gen":7,"acct":"qqmusic:10001","pieces":{count},"digest":"00""#);
        let item = format!("{body},\"sum\":\"{}\"}}", line::sum(body.as_bytes()));
        assert!(matches!(Head::read(&item.into()), Some(Err(Damaged))), "{count} pieces");
    }
}

proptest! {
    #[test]
    fn pieces_of_two_saves_never_make_a_line(mask in 1_u32..0b1111, same_content: bool) {
        let (old_head, old) = split(&record(7, "a")).expect("it fits");
        // Even when both saves hold the same text, a mixture is not accepted.
        let (new_head, new) = split(&record(8, if same_content { "a" } else { "b" })).expect("it fits");
        prop_assert_eq!(old.len(), 4);
        let mixed: Vec<Secret> = (0..4)
            .map(|index| if mask & (1 << index) == 0 { &old[index] } else { &new[index] })
            .cloned()
            .collect();
        for item in [&old_head, &new_head] {
            prop_assert_eq!(head(item).join(&mixed), Err(Damaged));
        }
    }

    #[test]
    fn every_item_is_short_and_printable(length in LARGEST + 1..30_000) {
        let (item, pieces) = split(&Secret::new("x".repeat(length))).expect("it fits");
        for line in pieces.iter().chain([&item]) {
            prop_assert!((1..=LARGEST_PIECE).contains(&exposed(line).len()));
            prop_assert!(exposed(line).bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        }
    }
}

mod fuzz {
    use tunekey_fuzz::{fuzz, text};

    use super::*;

    #[test]
    fn a_keychain_item() {
        let (item, pieces) = split(&record(3, "k")).expect("it fits");
        fuzz!([&item, &pieces[0]].map(|item| exposed(item).as_bytes()), |input: &[u8]| {
            if let Some(Ok(found)) = Head::read(&Secret::new(&*text(input))) {
                assert!(found.pieces <= MOST_PIECES);
                let _ = found.join(&pieces);
            }
        });
    }
}
