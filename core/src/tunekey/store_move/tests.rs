//! Whatever a profile puts into its store is moved with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tunekey_services::{
    AccountId, Clock as _, Credential, Grant, Inspection, Limits, Method, SystemClock, qqmusic,
};

use super::*;
use crate::delivery::{DeliveryScope, Preset};
use crate::notify::{ChannelDraft, ChannelKind};
use crate::problem::Language;
use crate::sign_in::{Scanner, SignInHost as _};
use crate::store::keychain::sim::SimKeychain;
use crate::tunekey::Setup;

fn texts<T: From<&'static str>>(pairs: &[(&str, &'static str)]) -> BTreeMap<String, T> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), T::from(value))).collect()
}

/// A profile with a secret of every kind: two keys of an account, a delivery's token, a sign-in of a delivery's own,
/// what opens each kind of channel, and the address that is told that all is well.
async fn with_every_kind(dir: &tempfile::TempDir, keychain: &Arc<SimKeychain>) -> TuneKey {
    let setup = Setup {
        profile: Profile::at(dir.path().join("profile")).expect("a profile"),
        store: keychain.store(),
        passphrase: None,
        clock: Arc::new(SystemClock),
        limits: Limits::default(),
        shows_pages: false,
    };
    let tunekey = TuneKey::open(setup).expect("it opens");
    let account = AccountId::new(qqmusic::ID, "10001");
    let credential = |key: &str| Credential {
        account: account.clone(),
        issued_at: SystemClock.now(),
        expires_at: None,
        fields: [("musickey", key), ("openid", "o"), ("refresh_token", "r")].into_iter().collect(),
    };
    for key in ["Q_H_L_one", "Q_H_L_two"] {
        let grant = Grant { credential: credential(key), inspection: Inspection::default() };
        tunekey.save(&grant, Method::QqScan, &Scanner::default()).await.expect("it is saved");
    }
    let answers = texts(&[("url", "https://127.0.0.1:9")]);
    let draft =
        Preset::by_name("meting-admin").expect("there is one").draft(&answers, DeliveryScope::OwnSignIn);
    let secrets = texts(&[("token", "a token")]);
    let delivery =
        tunekey.add_delivery(&account, draft.expect("it is complete"), secrets).await.expect("it is added");
    tunekey.keep_own_sign_in(&delivery.id, &credential("Q_H_L_tool")).await.expect("it is kept");
    for kind in TuneKey::channel_kinds().into_iter().map(|facts| facts.kind) {
        let value = |key: &str| match key {
            "server" | "url" => "https://127.0.0.1:9/hook",
            _ if kind == ChannelKind::ServerChan => "SCT1TabcdefghijklmnopqrstuvwxyzABCDEF",
            _ => "0123456789abcdef0123456789abcdef",
        };
        let fields = kind.facts().fields.iter();
        let values = fields.map(|field| (field.key.to_owned(), value(field.key).into())).collect();
        let draft =
            ChannelDraft { kind, label: None, language: Language::English, values, allows_plain_http: false };
        tunekey.add_channel(draft).await.unwrap_or_else(|problem| panic!("{kind:?}: {problem}"));
    }
    let address = "https://127.0.0.1:9/ping/d1665499-e827-441f-bf13-8f15e8f4c0b9".into();
    tunekey.set_ping(&address, 60, false).await.expect("it is set");
    tunekey
}

#[tokio::test]
async fn every_secret_of_a_profile_is_among_those_that_a_move_takes_along() {
    let (dir, keychain) = (tempfile::tempdir().expect("a folder"), Arc::new(SimKeychain::default()));
    let tunekey = with_every_kind(&dir, &keychain).await;
    let there: BTreeSet<String> = keychain.names().into_iter().collect();
    for kind in [":a", ":b", "v1:delivery:", "v1:own-sign-in:", "v1:notification:", "v1:notification:ping"] {
        assert!(there.iter().any(|name| name.contains(kind)), "there is none of {kind}: {there:?}");
    }
    let taken: BTreeSet<String> = tunekey.slots().iter().map(SlotName::to_string).collect();
    let left: Vec<_> = there.difference(&taken).collect();
    assert_eq!(left, [""; 0], "they would be left behind");
}
