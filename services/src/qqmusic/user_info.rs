//! Whether a credential works and whose it is (protocol: QQ §8.1, §8.2).

use serde_json::{Value, json};
use url::Url;

use super::gateway::{Call, Caller, GATEWAY};
use super::membership;
use crate::contract::{Context, Inspection};
use crate::credential::Credential;
use crate::error::ServiceError;
use crate::response::{account_number, name, text};

const CHECKING: &str = "checking the credential";

/// Asks whether the credential works, then for what there is to show, which proves nothing.
pub(super) async fn inspect(context: &Context, credential: &Credential) -> Result<Inspection, ServiceError> {
    let person = validate(context, credential).await?;
    let look_up = async {
        match person {
            Person { nickname: Some(_), avatar: Some(_) } => person,
            person => person.or(look_up(context, credential).await.unwrap_or_default()),
        }
    };
    let (person, membership) = tokio::join!(look_up, membership::ask(context, credential));
    Ok(Inspection { membership, ..person.into() })
}

/// The one question whose answer proves the key (protocol: QQ §13.7): 0 is valid, the listed codes are not, anything
/// else says nothing. Gives back who the answer says it is, which it need not.
pub(super) async fn validate(context: &Context, credential: &Credential) -> Result<Person, ServiceError> {
    let call = Call {
        gateway: GATEWAY,
        caller: Caller::app(credential),
        module: "music.UserInfo.userInfoServer",
        method: "GetLoginUserInfo",
        param: json!({}),
        doing: CHECKING,
    };
    let info = ours(call.send(context).await?.ok()?, &credential.account.uid)?;
    Ok(Person::read(&info["info"], &["nick", "nickname", "name"], "logo"))
}

/// The answer, unless it names another account. It need not name any.
fn ours(data: Value, uid: &str) -> Result<Value, ServiceError> {
    match account_number(&data["info"]["uin"]) {
        Some(number) if number.to_string() != uid => Err(ServiceError::OtherAccount { doing: CHECKING }),
        Some(_) | None => Ok(data),
    }
}

async fn look_up(context: &Context, credential: &Credential) -> Result<Person, ServiceError> {
    let uid = credential.account.uid.as_str();
    let call = Call {
        gateway: GATEWAY,
        caller: Caller::web(credential),
        module: "userInfo.BaseUserInfoServer",
        method: "get_user_baseinfo_v2",
        param: json!({ "vec_uin": [uid] }),
        doing: "asking for the name and the picture",
    };
    let data = call.send(context).await?.ok()?;
    Ok(Person::read(&data["map_userinfo"][uid], &["nick"], "headurl"))
}

/// A name and a picture.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Person {
    nickname: Option<String>,
    avatar: Option<Url>,
}

impl Person {
    pub(super) fn read(object: &Value, names: &[&str], picture: &str) -> Self {
        Self {
            nickname: name(object, names),
            avatar: text(object, picture).and_then(|address| Url::parse(address).ok()),
        }
    }

    fn or(self, other: Self) -> Self {
        Self { nickname: self.nickname.or(other.nickname), avatar: self.avatar.or(other.avatar) }
    }
}

impl From<Person> for Inspection {
    fn from(Person { nickname, avatar }: Person) -> Self {
        Self { nickname, avatar, membership: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_put_together_from_both_answers() {
        let first = json!({ "nick": " ", "name": "小明", "logo": "not a URL" });
        let second = json!({ "nick": "other", "headurl": "http://thirdqq.qlogo.cn/g?b=x" });
        let person = Person::read(&first, &["nick", "nickname", "name"], "logo");
        assert_eq!(person.nickname.as_deref(), Some("小明"), "an empty name is none");
        let person = person.or(Person::read(&second, &["nick"], "headurl"));
        assert_eq!(person.nickname.as_deref(), Some("小明"), "the first answer wins");
        assert_eq!(person.avatar.as_ref().and_then(Url::host_str), Some("thirdqq.qlogo.cn"));
        assert_eq!(Person::read(&Value::Null, &["nick"], "logo"), Person::default(), "nothing is nothing");
    }

    #[test]
    fn an_answer_that_names_another_account_is_not_ours() {
        for info in [json!({}), json!({ "info": { "uin": "" } }), json!({ "info": { "uin": "10001" } })] {
            assert!(ours(info.clone(), "10001").is_ok(), "{info}");
        }
        let other = ours(json!({ "info": { "uin": 10002 } }), "10001");
        assert!(matches!(other, Err(ServiceError::OtherAccount { .. })), "{other:?}");
    }
}
