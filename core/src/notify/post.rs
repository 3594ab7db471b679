//! What each channel is sent: one request, built of what the person has told of the channel.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde_json::{Value, json};
use tunekey_services::Secret;
use url::Url;

use super::channel::ChannelKind;
use super::signature;

/// What the person has told of a channel, by the fields' keys. All of it counts as secret.
pub type Fields = BTreeMap<String, Secret>;

/// How much a message matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// To be read some time: that something is over.
    Low,
    /// The person has something to do.
    Normal,
}

/// A message to the person, in their language. Text alone, never with a credential in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// One line.
    pub title: String,
    /// A sentence or two.
    pub text: String,
    /// How much it matters.
    pub urgency: Urgency,
}

/// A request: JSON to post. Address, headers and body hold what nobody else may know.
#[derive(Clone, PartialEq)]
pub(crate) struct Post {
    /// Where to.
    pub(crate) url: Url,
    /// Headers besides `Content-Type: application/json`.
    pub(crate) headers: Vec<(&'static str, Secret)>,
    /// The body.
    pub(crate) body: Value,
}

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Post({})", self.url.host_str().unwrap_or_default())
    }
}

/// The field that keeps a message from being sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FieldProblem {
    /// Nothing stands there, and something has to.
    #[error("the field {0} is missing")]
    Missing(&'static str),
    /// It is no address.
    #[error("the field {0} is no address")]
    NotAnAddress(&'static str),
    /// It is not what the channel hands out.
    #[error("the field {0} is not what the channel hands out")]
    NotAKey(&'static str),
}

/// Characters of a title that ServerChan shows at most.
const SERVER_CHAN_TITLE: usize = 32;

/// Bytes of a text that robots in group chats of WeCom take at most, as UTF-8.
const WE_COM_TEXT: usize = 2_048;

impl ChannelKind {
    /// The request that brings a message.
    ///
    /// # Errors
    /// The first field that is missing or cannot be used.
    pub(crate) fn post(
        self,
        fields: &Fields,
        message: &Message,
        now: Timestamp,
    ) -> Result<Post, FieldProblem> {
        let told = Told { kind: self, fields };
        match self {
            Self::Ntfy => ntfy(told, message),
            Self::Bark => bark(told, message),
            Self::Gotify => gotify(told, message),
            Self::ServerChan => server_chan(told, message),
            Self::WeCom => we_com(told, message),
            Self::DingTalk => ding_talk(told, message, now),
            Self::Feishu => feishu(told, message, now),
            Self::Telegram => telegram(told, message),
            Self::PushPlus => push_plus(told, message),
            Self::Webhook => webhook(told, message, now),
        }
    }
}

/// To the server's root: to the topic's own address JSON would be sent as it is.
fn ntfy(told: Told<'_>, message: &Message) -> Result<Post, FieldProblem> {
    let priority = match message.urgency {
        Urgency::Low => 2,
        Urgency::Normal => 3,
    };
    let body = json!({
        "topic": told.text("topic")?,
        "title": message.title,
        "message": message.text,
        "priority": priority,
    });
    let headers = match told.optional("token") {
        Some(token) => vec![("authorization", Secret::new(format!("Bearer {token}")))],
        None => Vec::new(),
    };
    Ok(Post { headers, ..told.to_server("", body)? })
}

fn bark(told: Told<'_>, message: &Message) -> Result<Post, FieldProblem> {
    let level = match message.urgency {
        Urgency::Low => "passive",
        Urgency::Normal => "active",
    };
    let body = json!({
        "device_key": told.text("device_key")?,
        "title": message.title,
        "body": message.text,
        "group": "TuneKey",
        "level": level,
    });
    told.to_server("push", body)
}

fn gotify(told: Told<'_>, message: &Message) -> Result<Post, FieldProblem> {
    let priority = match message.urgency {
        Urgency::Low => 2,
        Urgency::Normal => 5,
    };
    let body = json!({ "title": message.title, "message": message.text, "priority": priority });
    let headers = vec![("x-gotify-key", Secret::new(told.text("token")?))];
    Ok(Post { headers, ..told.to_server("message", body)? })
}

/// The third generation has a host for each person, whose number stands in the key.
fn server_chan(told: Told<'_>, message: &Message) -> Result<Post, FieldProblem> {
    let key = told.text("key")?;
    let third = key.strip_prefix("sctp").and_then(|rest| rest.split_once('t')).map(|(number, _)| number);
    let host = match third {
        Some(number) if is_number(number) => format!("{number}.push.ft07.com/send"),
        Some(_) => return Err(FieldProblem::NotAKey("key")),
        None => "sctapi.ftqq.com".to_owned(),
    };
    let title: String = message.title.chars().take(SERVER_CHAN_TITLE).collect();
    let body = json!({ "title": title, "desp": message.text });
    Ok(Post {
        url: address("key", &format!("https://{host}/"), &[&format!("{key}.send")])?,
        headers: Vec::new(),
        body,
    })
}

fn we_com(told: Told<'_>, message: &Message) -> Result<Post, FieldProblem> {
    let mut url = address("key", "https://qyapi.weixin.qq.com/", &["cgi-bin", "webhook", "send"])?;
    url.query_pairs_mut().append_pair("key", told.text("key")?);
    let content = within(&one_text(message), WE_COM_TEXT).to_owned();
    Ok(Post { url, headers: Vec::new(), body: json!({ "msgtype": "text", "text": { "content": content } }) })
}

fn ding_talk(told: Told<'_>, message: &Message, now: Timestamp) -> Result<Post, FieldProblem> {
    let mut url = address("access_token", "https://oapi.dingtalk.com/", &["robot", "send"])?;
    url.query_pairs_mut().append_pair("access_token", told.text("access_token")?);
    if let Some(secret) = told.optional("secret") {
        let time = now.as_millisecond();
        url.query_pairs_mut()
            .append_pair("timestamp", &time.to_string())
            .append_pair("sign", &signature::ding_talk(time, secret));
    }
    let body = json!({ "msgtype": "text", "text": { "content": one_text(message) } });
    Ok(Post { url, headers: Vec::new(), body })
}

fn feishu(told: Told<'_>, message: &Message, now: Timestamp) -> Result<Post, FieldProblem> {
    let mut body = json!({ "msg_type": "text", "content": { "text": one_text(message) } });
    if let Some(secret) = told.optional("secret") {
        let time = now.as_second();
        body["timestamp"] = time.to_string().into();
        body["sign"] = signature::feishu(time, secret).into();
    }
    told.to_server(&format!("open-apis/bot/v2/hook/{}", told.text("hook")?), body)
}

/// Without a way to parse it, so that nothing in the text needs an escape.
fn telegram(told: Told<'_>, message: &Message) -> Result<Post, FieldProblem> {
    let body = json!({ "chat_id": told.text("chat")?, "text": one_text(message) });
    told.to_server(&format!("bot{}/sendMessage", told.text("token")?), body)
}

fn push_plus(told: Told<'_>, message: &Message) -> Result<Post, FieldProblem> {
    let body = json!({
        "token": told.text("token")?,
        "title": message.title,
        "content": message.text,
        "template": "txt",
    });
    Ok(Post { url: address("token", "https://www.pushplus.plus/", &["send"])?, headers: Vec::new(), body })
}

fn webhook(told: Told<'_>, message: &Message, now: Timestamp) -> Result<Post, FieldProblem> {
    let url = Url::parse(told.text("url")?).map_err(|_| FieldProblem::NotAnAddress("url"))?;
    let urgency = match message.urgency {
        Urgency::Low => "low",
        Urgency::Normal => "normal",
    };
    let body =
        json!({ "title": message.title, "text": message.text, "urgency": urgency, "at": now.to_string() });
    Ok(Post { url, headers: Vec::new(), body })
}

/// What the person has told, with what the channel's facts say of what they have not.
#[derive(Clone, Copy)]
struct Told<'a> {
    kind: ChannelKind,
    fields: &'a Fields,
}

impl<'a> Told<'a> {
    #[expect(clippy::disallowed_methods, reason = "the request carries it to the channel that it is for")]
    fn optional(self, key: &str) -> Option<&'a str> {
        self.fields.get(key).map(|value| value.expose().trim()).filter(|value| !value.is_empty())
    }

    fn text(self, key: &'static str) -> Result<&'a str, FieldProblem> {
        let fields = self.kind.facts().fields;
        let default = fields.iter().find(|field| field.key == key).and_then(|field| field.default);
        self.optional(key).or(default).ok_or(FieldProblem::Missing(key))
    }

    /// A request to a path below the server's address.
    fn to_server(self, path: &str, body: Value) -> Result<Post, FieldProblem> {
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        Ok(Post { url: address("server", self.text("server")?, &segments)?, headers: Vec::new(), body })
    }
}

/// An address with these segments behind its path. What stands in a segment cannot leave it.
fn address(field: &'static str, base: &str, segments: &[&str]) -> Result<Url, FieldProblem> {
    let no_address = FieldProblem::NotAnAddress(field);
    let mut url = Url::parse(base).map_err(|_| no_address)?;
    url.path_segments_mut().map_err(|()| no_address)?.pop_if_empty().extend(segments);
    Ok(url)
}

/// Title and text as one.
fn one_text(message: &Message) -> String {
    format!("{}\n{}", message.title, message.text)
}

/// As much of a text as fits into so many bytes.
fn within(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use strum::VariantArray as _;

    use super::*;

    fn at() -> Timestamp {
        Timestamp::from_second(1_790_000_000).expect("a time")
    }

    fn message() -> Message {
        Message {
            title: "小满需要重新登录".into(), text: "网易云音乐".into(), urgency: Urgency::Normal
        }
    }

    fn fields(told: &[(&str, &str)]) -> Fields {
        told.iter().map(|(key, value)| ((*key).to_owned(), Secret::new(*value))).collect()
    }

    fn posted(kind: ChannelKind, told: &[(&str, &str)]) -> Post {
        kind.post(&fields(told), &message(), at()).expect("all of it is there")
    }

    #[test]
    fn ntfy_takes_the_topic_in_the_body_at_the_servers_root() {
        let post = posted(ChannelKind::Ntfy, &[("topic", "t"), ("token", "tk_1")]);
        assert_eq!(post.url.as_str(), "https://ntfy.sh/");
        assert_eq!(post.body["topic"], "t");
        assert_eq!(post.headers, [("authorization", Secret::new("Bearer tk_1"))]);
        assert!(posted(ChannelKind::Ntfy, &[("topic", "t")]).headers.is_empty(), "most topics need no token");
    }

    #[test]
    fn a_server_of_ones_own_may_stand_below_a_path() {
        let told = [("server", "https://home.example/gotify/"), ("token", "A1")];
        let post = posted(ChannelKind::Gotify, &told);
        assert_eq!(post.url.as_str(), "https://home.example/gotify/message");
        assert_eq!(post.headers, [("x-gotify-key", Secret::new("A1"))]);
    }

    #[test]
    fn server_chan_knows_both_generations_by_the_key() {
        let address = |key| posted(ChannelKind::ServerChan, &[("key", key)]).url.to_string();
        assert_eq!(address("SCT1abc"), "https://sctapi.ftqq.com/SCT1abc.send");
        assert_eq!(address("sctp123tabc"), "https://123.push.ft07.com/send/sctp123tabc.send");
        let evil = fields(&[("key", "sctpevil.example/tabc")]);
        let refused = ChannelKind::ServerChan.post(&evil, &message(), at());
        assert_eq!(refused, Err(FieldProblem::NotAKey("key")), "a key cannot name another host");
    }

    #[test]
    fn ding_talk_signs_milliseconds_in_the_address_and_feishu_seconds_in_the_body() {
        let post = posted(ChannelKind::DingTalk, &[("access_token", "a"), ("secret", "SECabc")]);
        let query: BTreeMap<_, _> = post.url.query_pairs().into_owned().collect();
        assert_eq!(query["timestamp"], "1790000000000");
        assert_eq!(query["sign"], signature::ding_talk(1_790_000_000_000, "SECabc"), "escaped once");
        let post = posted(ChannelKind::Feishu, &[("hook", "h"), ("secret", "abc")]);
        assert_eq!(post.url.as_str(), "https://open.feishu.cn/open-apis/bot/v2/hook/h");
        assert_eq!(post.body["timestamp"], "1790000000");
        assert_eq!(post.body["sign"], signature::feishu(1_790_000_000, "abc").as_str());
    }

    #[test]
    fn telegram_is_sent_text_that_it_does_not_parse() {
        let post = posted(ChannelKind::Telegram, &[("token", "1:A"), ("chat", "-1001")]);
        assert_eq!(post.url.as_str(), "https://api.telegram.org/bot1:A/sendMessage");
        assert_eq!(post.body.get("parse_mode"), None);
    }

    #[test]
    fn a_text_is_cut_at_a_character_where_a_channel_counts_bytes() {
        let long = Message { text: "满".repeat(2_000), ..message() };
        let post = ChannelKind::WeCom.post(&fields(&[("key", "k")]), &long, at()).expect("it is there");
        let content = post.body["text"]["content"].as_str().expect("a text");
        assert!(content.len() <= WE_COM_TEXT && content.len() > WE_COM_TEXT - 4, "{} bytes", content.len());
    }

    #[test]
    fn what_is_missing_is_named_and_nothing_that_is_told_is_printed() {
        for kind in ChannelKind::VARIANTS {
            let needed = kind.facts().fields.iter().find(|field| field.default.is_none());
            let needed = needed.expect("each needs something").key;
            let refused = kind.post(&Fields::new(), &message(), at()).expect_err("nothing is told");
            let named = match refused {
                FieldProblem::Missing(key) => key,
                other => panic!("{kind:?}: {other:?}"),
            };
            assert!(kind.facts().fields.iter().any(|field| field.key == named), "{kind:?} has no {named}");
            assert!(!needed.is_empty());
            let all = kind.facts().fields.iter().map(|field| {
                let value = if field.key == "server" || field.key == "url" {
                    "https://canary.example/canary"
                } else {
                    "canary"
                };
                (field.key.to_owned(), Secret::new(value))
            });
            let post = kind.post(&all.collect(), &message(), at()).expect("all is told");
            assert!(!format!("{post:?}").replace("canary.example", "").contains("canary"), "{post:?}");
        }
    }

    #[test]
    fn what_is_told_cannot_leave_its_place_in_an_address() {
        let post = posted(ChannelKind::Telegram, &[("token", "1:A/../../evil?x#"), ("chat", "1")]);
        assert_eq!(post.url.host_str(), Some("api.telegram.org"));
        assert!(post.url.path().ends_with("/sendMessage"), "{}", post.url.path());
        assert_eq!((post.url.query(), post.url.fragment()), (None, None));
    }
}
