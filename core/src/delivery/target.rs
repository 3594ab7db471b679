//! Where a delivery goes and how it gets there. Plain data, as the ledger keeps it: nothing here is secret. What is
//! secret of a target has a name here and its value in the store.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::template;

/// A place that takes a credential.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export, rename = "DeliveryTarget"))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Target {
    /// A file, or some values in one.
    File(FileTarget),
    /// A program that reads it from its standard input.
    Command(CommandTarget),
    /// A request to an address of the person's own.
    Http(HttpTarget),
    /// A CookieCloud server.
    CookieCloud(CookieCloudTarget),
    /// The admin interface of a fork of Meting-API.
    Meting(MetingTarget),
    /// A storage of OpenList or AList.
    OpenList(OpenListTarget),
    /// A variable of qinglong.
    Qinglong(QinglongTarget),
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct FileTarget {
    /// Its absolute path.
    #[cfg_attr(feature = "typescript", ts(type = "string"))]
    pub path: PathBuf,
    /// What of it is written.
    pub content: FileContent,
    /// How it is replaced.
    #[serde(default)]
    pub replace: Replace,
    /// Who may read it, as Unix modes are written in octal; what it has, or `600` when it is new.
    #[serde(default)]
    pub mode: Option<u32>,
    /// Whose it becomes: a name or a number; as it is when left out.
    #[serde(default)]
    pub owner: Option<String>,
    /// Of which group it becomes: a name or a number; as it is when left out.
    #[serde(default)]
    pub group: Option<String>,
    /// What is run once it is written, such as what restarts its reader. It gets nothing secret.
    #[serde(default)]
    pub then: Option<CommandTarget>,
}

/// What of a file is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum FileContent {
    /// All of it: the credential in the delivery's format.
    Whole,
    /// Variables of a `.env` file, by their names.
    Variables {
        /// Each with what becomes its value.
        values: Vec<PlacedValue>,
    },
    /// The same for a reader that takes quotes for a part of the value, such as `docker run --env-file`.
    RawVariables {
        /// Each with what becomes its value.
        values: Vec<PlacedValue>,
    },
    /// Values of a TOML file, by JSON Pointers.
    Toml {
        /// Each with what becomes of it.
        values: Vec<PlacedValue>,
    },
    /// Values of a JSON file, by JSON Pointers.
    Json {
        /// Each with what becomes of it.
        values: Vec<PlacedValue>,
    },
}

impl FileContent {
    /// The values that are written into what is there.
    pub fn values(&self) -> &[PlacedValue] {
        match self {
            Self::Whole => &[],
            Self::Variables { values }
            | Self::RawVariables { values }
            | Self::Toml { values }
            | Self::Json { values } => values,
        }
    }
}

/// A value in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct PlacedValue {
    /// Where it stands.
    pub at: String,
    /// What it becomes, with placeholders.
    pub value: String,
}

/// How a file is replaced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export, rename = "FileReplace"))]
#[serde(rename_all = "snake_case")]
pub enum Replace {
    /// By a new file that takes its name: a reader sees the old one or the new one, never a half.
    #[default]
    Atomic,
    /// Byte by byte: for a single file that is mounted into a container, where a new one would not be seen.
    InPlace,
}

/// A program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct CommandTarget {
    /// The program and its arguments, which other users of the computer can see. No shell is between.
    pub arguments: Vec<String>,
    /// The variable that the credential stands in, besides standard input: other programs of the same user can read it.
    #[serde(default)]
    pub variable: Option<String>,
    /// After how many seconds it is ended, with all that it has started.
    #[serde(default = "default_seconds")]
    pub seconds: u32,
}

fn default_seconds() -> u32 {
    30
}

/// A request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct HttpTarget {
    /// `POST`, `PUT` or `PATCH`.
    pub method: HttpMethod,
    /// The address. Secrets of the target may stand in it, the credential may not.
    pub url: String,
    /// Headers besides those of the body and the signature. Secrets of the target may stand in them.
    #[serde(default)]
    pub headers: Vec<HttpHeader>,
    /// The body, with placeholders.
    pub body: String,
    /// What the body is, which decides how values are escaped in it.
    #[serde(default)]
    pub body_kind: BodyKind,
    /// How the receiver can see that it is from here.
    #[serde(default)]
    pub signature: Signature,
    /// The person has agreed to send it without encryption to an address of a private network.
    #[serde(default)]
    pub allows_plain_http: bool,
    /// What in the answer says that it has worked.
    #[serde(default)]
    pub success: Success,
}

/// What is done with a body at an address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "UPPERCASE")]
pub enum HttpMethod {
    /// `POST`
    #[default]
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
}

/// A header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct HttpHeader {
    /// Its name.
    pub name: String,
    /// Its value, with placeholders.
    pub value: String,
}

/// What a body is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum BodyKind {
    /// `application/json`; placeholders stand in strings.
    #[default]
    Json,
    /// `application/x-www-form-urlencoded`; placeholders stand in names and values.
    Form,
    /// `text/plain`.
    Text,
}

/// How a request is signed, with the target's secret `signing`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export, rename = "WebhookSignature"))]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    /// Not at all.
    None,
    /// As Standard Webhooks 1.0.0 says.
    #[default]
    StandardWebhooks,
    /// As GitHub signs: `X-Hub-Signature-256`.
    GitHub,
}

/// What in an answer says that it has worked, besides a status of 200 to 299.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export, rename = "HttpSuccess"))]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Success {
    /// Nothing: the status is enough.
    #[default]
    Status,
    /// A value in the JSON of the answer.
    Field {
        /// Where, as a JSON Pointer.
        pointer: String,
        /// What it has to be.
        #[cfg_attr(feature = "typescript", ts(type = "unknown"))]
        equals: Value,
    },
    /// Nothing can: the receiver answers the same whether it has used it or not.
    Unknown,
}

/// A CookieCloud server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct CookieCloudTarget {
    /// Its address, with its `API_ROOT` if it has one.
    pub url: String,
    /// The uuid: a name that whoever reads it has to know.
    pub uuid: String,
    /// The cipher.
    #[serde(default)]
    pub cipher: CloudCipher,
    /// As [`HttpTarget::allows_plain_http`].
    #[serde(default)]
    pub allows_plain_http: bool,
}

/// How CookieCloud encrypts. Neither authenticates what it holds, and the key has 64 bits at most: whoever runs the
/// server can search for the password.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub enum CloudCipher {
    /// CryptoJS's passphrase form, which every reader knows.
    #[default]
    #[serde(rename = "legacy")]
    Legacy,
    /// AES-128-CBC with an initialisation vector of zeros.
    #[serde(rename = "aes-128-cbc-fixed")]
    Fixed,
}

/// The admin interface of a fork of Meting-API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct MetingTarget {
    /// Its address.
    pub url: String,
    /// What the entry is called there, which is overwritten each time.
    pub note: String,
    /// As [`HttpTarget::allows_plain_http`].
    #[serde(default)]
    pub allows_plain_http: bool,
}

/// A storage of OpenList or AList.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct OpenListTarget {
    /// Its address.
    pub url: String,
    /// Where the storage is mounted, such as `/music`.
    pub mount: String,
    /// As [`HttpTarget::allows_plain_http`].
    #[serde(default)]
    pub allows_plain_http: bool,
}

/// A variable of qinglong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct QinglongTarget {
    /// Its address.
    pub url: String,
    /// The application's client id.
    pub client_id: String,
    /// The variable.
    pub variable: String,
    /// As [`HttpTarget::allows_plain_http`].
    #[serde(default)]
    pub allows_plain_http: bool,
}

impl Target {
    /// The names of its secrets.
    pub fn secrets(&self) -> BTreeSet<String> {
        let own: &[&str] = match self {
            Self::File(_) | Self::Command(_) => &[],
            Self::Http(http) if http.signature == Signature::None => &[],
            Self::Http(_) => &[SIGNING],
            Self::CookieCloud(_) => &[PASSWORD],
            Self::Meting(_) | Self::OpenList(_) => &[TOKEN],
            Self::Qinglong(_) => &[CLIENT_SECRET],
        };
        let own = own.iter().map(|name| (*name).to_owned());
        let named = self.templates().into_iter().flat_map(|text| template::names(text).unwrap_or_default());
        own.chain(named.filter_map(|name| name.strip_prefix("secret.").map(str::to_owned))).collect()
    }

    /// Every text in which placeholders stand.
    pub(crate) fn templates(&self) -> Vec<&str> {
        match self {
            Self::File(file) => file.content.values().iter().map(|one| one.value.as_str()).collect(),
            Self::Http(http) => {
                let headers = http.headers.iter().map(|header| header.value.as_str());
                [http.url.as_str(), &http.body].into_iter().chain(headers).collect()
            }
            Self::Command(_)
            | Self::CookieCloud(_)
            | Self::Meting(_)
            | Self::OpenList(_)
            | Self::Qinglong(_) => Vec::new(),
        }
    }

    /// What it is in a line: a path, an address without what may be secret in it, a program.
    pub fn summary(&self) -> String {
        match self {
            Self::File(file) => file.path.display().to_string(),
            Self::Command(command) => command.arguments.first().cloned().unwrap_or_default(),
            Self::Http(http) => origin(&http.url),
            Self::CookieCloud(cloud) => origin(&cloud.url),
            Self::Meting(meting) => origin(&meting.url),
            Self::OpenList(list) => format!("{}{}", origin(&list.url), list.mount),
            Self::Qinglong(ql) => format!("{} {}", origin(&ql.url), ql.variable),
        }
    }

    /// What two deliveries may not write at the same time.
    pub(crate) fn lock_name(&self) -> String {
        match self {
            Self::Command(command) => format!("command {}", command.arguments.join("\0")),
            Self::CookieCloud(cloud) => format!("{} {}", origin(&cloud.url), cloud.uuid),
            other => other.summary(),
        }
    }
}

/// The secret that requests are signed with.
pub(crate) const SIGNING: &str = "signing";
/// The secret that a CookieCloud is encrypted with.
pub(crate) const PASSWORD: &str = "password";
/// The secret that opens an admin interface.
pub(crate) const TOKEN: &str = "token";
/// The secret of an application of qinglong.
pub(crate) const CLIENT_SECRET: &str = "client-secret";

/// Scheme, host and port of an address; of none that is one, nothing.
fn origin(address: &str) -> String {
    let origin = url::Url::parse(address).ok().map(|url| url.origin().ascii_serialization());
    origin.unwrap_or_default()
}
