//! NetEase Cloud Music in that shape. The public API has no such routes: these are ours.

use serde_json::{Map, Value};
use tunekey_core::{AccountId, CookieMap, Credential, Method, Secret, ServiceId, registry};

use super::dialect::{Dialect, Given};
use super::envelope::add_time;
use super::parameters::Parameters;
use super::wrong::Wrong;

/// NetEase Cloud Music.
pub(super) const DIALECT: Dialect =
    Dialect { service, methods: &[Method::AppScan], read, refused: &[], cookie };

/// The fields of a session: as the service calls them, and as they may be given.
const FIELDS: [(&str, [&str; 2]); 3] = [
    ("MUSIC_U", ["MUSIC_U", "music_u"]),
    ("__csrf", ["__csrf", "csrf"]),
    ("MUSIC_R_U", ["MUSIC_R_U", "music_r_u"]),
];

fn service() -> ServiceId {
    ServiceId::new("netease")
}

fn read(parameters: &Parameters) -> Result<Given, Wrong> {
    let uid = parameters.get(&["uid"]);
    let is_number = |uid: &str| uid.bytes().all(|byte| byte.is_ascii_digit()) && uid.parse::<u64>().is_ok();
    if uid.is_some_and(|uid| !is_number(uid)) {
        return Err(Wrong::value("参数 uid 应为数字"));
    }
    let account = uid.map(|uid| AccountId::new(service(), uid));
    let mut fields = CookieMap::default();
    for (name, names) in FIELDS {
        if let Some(value) = parameters.secret(&names)? {
            fields.set(name, value);
        }
    }
    match (account, fields.get(FIELDS[0].0).is_some()) {
        (None, false) => Err(Wrong::nothing("缺少参数 uid 或 MUSIC_U")),
        (account, true) => Ok(Given { account, fields: Some(fields) }),
        (account, false) => Ok(Given { account, fields: None }),
    }
}

fn cookie(credential: &Credential) -> Value {
    let uid = credential.account.uid.as_str();
    let (issued_at, expires_at) = (credential.issued_at, credential.expires_at);
    let life = expires_at.map_or(0, |end| end.as_second() - issued_at.as_second());
    let mut object = Map::new();
    object.insert("uid".to_owned(), uid.parse::<u64>().unwrap_or_default().into());
    object.insert("str_uid".to_owned(), uid.into());
    object.insert("cookie".to_owned(), header(credential).into());
    for (name, _) in FIELDS {
        object.insert(name.to_owned(), credential.field(name).map_or("", exposed).into());
    }
    add_time(&mut object, ["createTimestamp", "createTime"], Some(issued_at));
    object.insert("expiresIn".to_owned(), life.into());
    add_time(&mut object, ["endTimestamp", "endTime"], expires_at);
    Value::Object(object)
}

/// The whole cookie as a header has it.
fn header(credential: &Credential) -> String {
    let pairs = registry::by_id(service()).map(|service| service.cookie(credential)).unwrap_or_default();
    let pairs = pairs.iter().map(|(name, value)| format!("{name}={}", exposed(value)));
    pairs.collect::<Vec<_>>().join("; ")
}

#[expect(clippy::disallowed_methods, reason = "the credential is what was asked for")]
fn exposed(secret: &Secret) -> &str {
    secret.expose()
}
