//! Texts as people really paste them, each in a file beside what it holds, and what would be sent of them.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::Value;
use tunekey_services::{Credential, ServiceId, qqmusic, registry};

use crate::import::{self, ImportError, Pasted};

/// Where the texts are.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/import/tests/cases")
}

/// Every text, by the name of its file, with what it holds.
pub(super) fn all() -> Vec<(String, Vec<u8>, Value)> {
    let mut cases: Vec<_> = std::fs::read_dir(folder())
        .expect("the folder of the cases")
        .map(|file| file.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|end| end == "txt"))
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let expected = std::fs::read(path.with_extension("expected.json")).expect("what it holds");
            let expected: Value = serde_json::from_slice(&expected).expect("JSON");
            (name, std::fs::read(&path).expect("a text"), expected["expected"].clone())
        })
        .collect();
    cases.sort_by(|(one, ..), (other, ..)| one.cmp(other));
    cases
}

/// What is wrong with what was made of a text; `None` when all is as it should be.
pub(super) fn slip(bytes: &[u8], expected: &Value) -> Option<String> {
    let read = import::decode(bytes.to_vec()).and_then(|text| import::read(&text));
    if expected.get("refused_with_reason").is_some() {
        return match read {
            Err(ImportError::Shortened | ImportError::WithoutCookies | ImportError::SeveralAccounts(_)) => {
                None
            }
            other => Some(format!("{other:?} instead of a reason")),
        };
    }
    let pasted = match read {
        Ok(pasted) => pasted,
        Err(error) => return Some(format!("{error:?}")),
    };
    let wanted: ServiceId = expected["service"].as_str().expect("a service").parse().expect("a service");
    if import::service_of(&pasted) != Some(wanted) {
        return Some(format!("{:?} for {:?}", pasted, import::service_of(&pasted)));
    }
    if !registry::by_id(wanted).expect("it is known").detect(&pasted.fields).enough {
        return Some(format!("{pasted:?} is not enough"));
    }
    let credential = sent(&pasted, wanted);
    let number = |name: &str| expected.get(name).and_then(Value::as_i64);
    if let (Some(credential), Some(at)) = (&credential, number("issued_at"))
        && credential.issued_at.as_second() != at
    {
        return Some(format!("issued at {}", credential.issued_at));
    }
    if let (Some(credential), Some(at)) = (&credential, number("expires_at"))
        && credential.expires_at.map(Timestamp::as_second) != Some(at)
    {
        return Some(format!("expires at {:?}", credential.expires_at));
    }
    let mut fields: Vec<(&str, &str)> = expected["fields"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value.as_str().expect("a text")))
        .collect();
    fields.extend(expected.get("account").map(|account| ("account", account.as_str().expect("a text"))));
    assert!(!fields.is_empty(), "every text holds something");
    fields.into_iter().find_map(|(name, value)| {
        let got = match &credential {
            Some(credential) if name == "account" => Some(credential.account.uid.clone().into()),
            Some(credential) => credential.field(name).cloned(),
            None => pasted.fields.get(name).cloned(),
        };
        (got.as_ref() != Some(&value.into())).then(|| {
            let how = if got.is_some() { "another" } else { "no" };
            format!("{how} {name} in {pasted:?}")
        })
    })
}

/// What QQ Music would be asked about.
fn sent(pasted: &Pasted, service: ServiceId) -> Option<Credential> {
    (service == qqmusic::ID).then(|| {
        let now = Timestamp::from_second(1_795_600_000).expect("a time");
        qqmusic::credential_of(&pasted.fields, now).expect("it is enough")
    })
}

#[test]
fn every_text_that_somebody_would_paste_is_read_as_the_file_beside_it_says() {
    let cases = all();
    assert!(cases.len() >= 122, "the cases have shrunk to {}", cases.len());
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(name, bytes, expected)| Some(format!("{name}: {}", slip(bytes, expected)?)))
        .collect();
    assert!(wrong.is_empty(), "{} are not as they should be:\n{}", wrong.len(), wrong.join("\n"));
}
