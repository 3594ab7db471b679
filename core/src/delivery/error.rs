//! Why a delivery did not work, and what to tell the person. No error carries anything that goes to a target or came
//! from it, but for the end of what a program has printed, without what could be secret in it.

use std::io;
use std::time::Duration;

use tunekey_services::http::HttpError;

use super::edit::EditError;
use super::template::TemplateError;
use crate::outbound::{BadAddress, OutboundError};
use crate::problem::{Problem, ProblemCode};

/// Why a delivery did not work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeliveryError {
    /// The text of the file could not be changed.
    #[error("changing the file: {0}")]
    Edit(#[from] EditError),
    /// A template could not be filled in.
    #[error("filling in a template: {0}")]
    Template(#[from] TemplateError),
    /// The file could not be read or written.
    #[error("{0}: {1}")]
    File(&'static str, io::ErrorKind),
    /// The file is something that is not written to.
    #[error("the file {0}")]
    NotAFile(NotAFile),
    /// There is no user or group of that name.
    #[cfg_attr(not(unix), expect(dead_code, reason = "owners are not looked at"))]
    #[error("there is no user or group {0}")]
    NoOwner(String),
    /// The program could not be started, or its end not be waited for.
    #[error("running the program: {0}")]
    Program(io::ErrorKind),
    /// The program ended with this code; what it said, scrubbed.
    #[error("the program ended with {code}")]
    Exit {
        /// The code.
        code: i32,
        /// The end of what it printed.
        said: String,
    },
    /// The program did not end in time, or was ended by another.
    #[error("the program was ended")]
    Ended,
    /// There was no answer.
    #[error("{0}")]
    Http(#[from] HttpError),
    /// The address is none, or none that may be used.
    #[error("the address {0}")]
    Address(#[from] BadAddress),
    /// A part of the credential would go into an address.
    #[error("the address has a part of the credential in it")]
    CredentialInAddress,
    /// The target answered with this status.
    #[error("the target answered with HTTP {0}")]
    Status(u16),
    /// The target refuses what opens it.
    #[error("the target refuses the token or password")]
    Unauthorised,
    /// What is there was encrypted with another password.
    #[error("what is there has another password")]
    WrongPassword,
    /// The target says that it has not worked, in the body of its answer.
    #[error("the target says no: {0}")]
    SaidNo(&'static str),
    /// The target says that the credential does not work there.
    #[error("the target has tried the credential and it does not work there")]
    NotValid,
    /// There is no such entry, storage or variable at the target.
    #[error("the target has no {0}")]
    Nowhere(&'static str),
    /// What the target answers is not what it should be.
    #[error("the answer is not understood")]
    NotUnderstood,
    /// The target wants it later, at the earliest after this time if it has said one.
    #[error("the target wants it later")]
    Later(Option<Duration>),
    /// The target says that it is gone for good (HTTP 410).
    #[error("the target is gone for good")]
    Gone,
    /// A secret of the target is not in the store.
    #[error("the secret {0} of the target is missing")]
    NoSecret(String),
    /// What signs cannot.
    #[error("the signing secret is no secret of Standard Webhooks")]
    BadSigningSecret,
    /// What is to be handed over would not renew anything.
    #[error("the credential in this format holds nothing that renews it")]
    NothingToHandOver,
    /// Another part of TuneKey had a problem.
    #[error("{}", .0.detail.as_deref().unwrap_or("a problem"))]
    Problem(Box<Problem>),
}

/// Why a path is not written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAFile {
    #[error("is a link")]
    Link,
    #[error("is a folder, or something else that is no file")]
    Other,
    #[error("is not named by an absolute path")]
    Relative,
    #[error("is larger than any that is edited, or no text")]
    NoText,
    #[cfg_attr(not(unix), expect(dead_code, reason = "owners are not looked at"))]
    #[error("belongs to somebody else, whose it would not be any more")]
    Foreign,
    #[error("was changed while it was written")]
    Changed,
}

impl From<OutboundError> for DeliveryError {
    fn from(error: OutboundError) -> Self {
        match error {
            OutboundError::Address(why) => Self::Address(why),
            OutboundError::Http(error) => Self::Http(error),
        }
    }
}

impl From<Problem> for DeliveryError {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl DeliveryError {
    /// Whether something may have come to the target all the same.
    pub(crate) fn may_have_arrived(&self) -> bool {
        match self {
            Self::Http(error) => error.may_follow_a_request(),
            Self::Exit { .. } | Self::Ended | Self::Status(_) | Self::SaidNo(_) | Self::NotValid => true,
            Self::NotUnderstood | Self::Later(_) | Self::NotAFile(NotAFile::Changed) => true,
            Self::Edit(_)
            | Self::Template(_)
            | Self::File(..)
            | Self::NotAFile(_)
            | Self::NoOwner(_)
            | Self::Program(_)
            | Self::Address(_)
            | Self::CredentialInAddress
            | Self::Unauthorised
            | Self::WrongPassword
            | Self::Nowhere(_)
            | Self::Gone
            | Self::NoSecret(_)
            | Self::BadSigningSecret
            | Self::NothingToHandOver
            | Self::Problem(_) => false,
        }
    }

    /// As fronts show it.
    pub(crate) fn problem(self) -> Problem {
        let detail = self.to_string();
        let (code, english, chinese) = match self {
            Self::Problem(problem) => return *problem,
            Self::Http(error) => {
                let problem = Problem::from(error);
                return match unreachable_words(problem.code) {
                    Some((english, chinese)) => problem.with_words(english, chinese),
                    None => problem,
                };
            }
            Self::Exit { code, said } => {
                let said = if said.is_empty() { String::new() } else { format!(" “{said}”") };
                return Problem::new(ProblemCode::Unexpected).with_detail(detail).with_words(
                    format!("The program ended with {code}.{said} Correct it, then send again."),
                    format!("程序以退出码 {code} 结束。{said}请更正后重新发送。"),
                );
            }
            Self::Status(status) => {
                return Problem::new(ProblemCode::Unexpected).with_detail(detail).with_words(
                    format!("The target answered with HTTP {status}. Check its address and its log."),
                    format!("目标返回 HTTP {status}，请检查其地址和日志。"),
                );
            }
            other => other.words(),
        };
        Problem::new(code).with_detail(detail).with_words(english, chinese)
    }

    /// The words of those that name nothing.
    fn words(&self) -> (ProblemCode, &'static str, &'static str) {
        use ProblemCode::{CredentialMissing, DiskFull, InvalidInput, NotFound, Timeout, Unexpected};

        match self {
            Self::Edit(error) => edit_words(*error),
            Self::Template(TemplateError::Missing(_)) => (
                InvalidInput,
                "A placeholder stands for something that this credential does not have. Choose another.",
                "有占位符对应的内容在该凭据中不存在，请换用其他占位符。",
            ),
            Self::Template(TemplateError::OpenSecret) => (
                InvalidInput,
                "That header opens something. Put {{secret.NAME}} into it, and give what it stands for as a secret.",
                "该请求头含有机密。请在其中写 {{secret.名称}}，并把内容作为机密提供。",
            ),
            Self::Template(_) => (
                InvalidInput,
                "A placeholder or the body cannot be used: placeholders are {{cookie}}, {{field.NAME}}, {{secret.NAME}} and the like.",
                "占位符或正文无法使用：占位符形如 {{cookie}}、{{field.名称}}、{{secret.名称}}。",
            ),
            Self::File(_, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => (
                DiskFull,
                "There is no space left where the file is. Nothing was changed; free some space.",
                "文件所在的磁盘已满，没有改动任何内容，请清理空间。",
            ),
            Self::File(_, io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) => (
                InvalidInput,
                "TuneKey may not write that file. Give it the right to, or choose another file.",
                "TuneKey 没有写入该文件的权限，请授予权限或另选文件。",
            ),
            Self::File(_, io::ErrorKind::NotFound) => (
                InvalidInput,
                "There is no such file yet, and a value can only be put into one that is there. Create it first.",
                "该文件尚不存在，而值只能写入已有的文件，请先创建它。",
            ),
            Self::File(..) => (Unexpected, "The file could not be read or written.", "文件无法读取或写入。"),
            Self::NotAFile(why) => file_words(*why),
            Self::NoOwner(_) => (
                InvalidInput,
                "There is no such user or group on this computer. Give a name or number that there is.",
                "本机没有这个用户或组，请填写存在的名称或编号。",
            ),
            Self::Program(_) => (
                InvalidInput,
                "The program could not be started. Give its whole path, and check that it can be run.",
                "程序无法启动，请填写完整路径并确认可以执行。",
            ),
            Self::Ended => (
                Timeout,
                "The program did not end in time and was stopped, with all that it had started.",
                "程序没有及时结束，已连同其启动的程序一起终止。",
            ),
            Self::Address(why) => address_words(*why),
            Self::CredentialInAddress => (
                InvalidInput,
                "The credential does not belong into an address, which ends up in logs. Put it into the body.",
                "凭据不应放在地址里，地址会被写进日志，请放到正文中。",
            ),
            Self::Unauthorised => (
                InvalidInput,
                "The target refuses the token or password. Enter it again.",
                "目标拒绝了令牌或密码，请重新填写。",
            ),
            Self::WrongPassword => (
                InvalidInput,
                "What is there was encrypted with another password. Enter the one that the browser’s extension has.",
                "那里的内容是用另一个密码加密的，请填写浏览器扩展中的密码。",
            ),
            Self::SaidNo(_) => (
                Unexpected,
                "The target answered that it has not taken the value. Its log says why.",
                "目标回应未接受该值，原因见其日志。",
            ),
            Self::NotValid => (
                Unexpected,
                "The target has tried the credential and says that it does not work there. Verify the account here.",
                "目标试用后表示该凭据不可用，请先在此验证账号。",
            ),
            Self::Nowhere(_) => (
                NotFound,
                "The target has no such entry. Create it there first, or correct its name.",
                "目标中没有该条目，请先在其中创建，或更正名称。",
            ),
            Self::NotUnderstood => (
                Unexpected,
                "What answers is not the program that was expected. Check the address.",
                "回应的不是预期的程序，请检查地址。",
            ),
            Self::Later(_) => (
                Unexpected,
                "The target wants the value later; TuneKey tries again by itself.",
                "目标要求稍后再发送，TuneKey 会自动重试。",
            ),
            Self::Gone => (
                Unexpected,
                "The target says that it is gone for good, so this delivery was switched off.",
                "目标表示已永久停用，因此已关闭此投递。",
            ),
            Self::NoSecret(_) => (
                CredentialMissing,
                "A password or token of this delivery is no longer stored. Set the delivery up again.",
                "此投递的密码或令牌已不在存储中，请重新设置。",
            ),
            Self::NothingToHandOver => (
                InvalidInput,
                "In this format the credential holds nothing that renews it, so there is nothing to hand over. Deliver what \
                 plays, or choose another format.",
                "该凭据在此格式中不含续期所需的内容，没有可移交的。请只投递播放所需的部分，或改用其他格式。",
            ),
            Self::BadSigningSecret => (
                InvalidInput,
                "The signing secret is whsec_ and the base64 of 24 to 64 bytes.",
                "签名密钥应为 whsec_ 加上 24 至 64 字节的 base64。",
            ),
            Self::Problem(_) | Self::Http(_) | Self::Exit { .. } | Self::Status(_) => {
                (Unexpected, "It was not delivered.", "未送达。")
            }
        }
    }
}

fn edit_words(error: EditError) -> (ProblemCode, &'static str, &'static str) {
    let (english, chinese) = match error {
        EditError::NotParsed(_) => (
            "The file is not valid in its format, so nothing was changed. Correct it first.",
            "文件格式有误，没有改动任何内容，请先更正。",
        ),
        EditError::NotThere => (
            "The file has no such place. Write the key with an empty string there once; TuneKey then keeps it up to date.",
            "文件中没有这个位置。请先手动写入该键和空字符串，之后由 TuneKey 更新。",
        ),
        EditError::NotAValue => (
            "At that place stands a table or a list. Name one value in it.",
            "该位置是表或列表，请指明其中的一个值。",
        ),
        EditError::Twice => (
            "That place is in the file twice, and programs differ in which they take. Remove one.",
            "该位置在文件中出现两次，不同程序取值不同，请删除其一。",
        ),
        EditError::BadPlace => (
            "That names no place: a variable is letters, digits and underscores; a pointer begins with a slash.",
            "位置写法有误：变量名由字母、数字和下划线组成，指针以斜杠开头。",
        ),
        EditError::Unfit => (
            "The value cannot be written there so that every program reads the same. Choose another format.",
            "该值写入后不同程序会读出不同内容，请改用其他格式。",
        ),
    };
    (ProblemCode::InvalidInput, english, chinese)
}

fn file_words(why: NotAFile) -> (ProblemCode, &'static str, &'static str) {
    let (english, chinese) = match why {
        NotAFile::Link => (
            "That is a link. Name the file that it leads to, so that no one can lead the credential elsewhere.",
            "这是一个链接。请填写它指向的文件，以免凭据被引到别处。",
        ),
        NotAFile::Other => ("That is a folder or no file. Name a file.", "这不是文件，请指定一个文件。"),
        NotAFile::Relative => ("Give the whole path of the file.", "请填写文件的完整路径。"),
        NotAFile::NoText => (
            "That file is too large, or no text, so it is left as it is.",
            "该文件过大或不是文本，已保持原样。",
        ),
        NotAFile::Foreign => (
            "The file belongs to somebody else, who could not read a new one. Choose to write in place.",
            "该文件属于其他用户，替换后对方将无法读取，请选择原位写入。",
        ),
        NotAFile::Changed => (
            "The file was changed by another program while it was written. TuneKey tries again by itself.",
            "写入时文件被其他程序改动，TuneKey 会自动重试。",
        ),
    };
    (ProblemCode::InvalidInput, english, chinese)
}

fn address_words(why: BadAddress) -> (ProblemCode, &'static str, &'static str) {
    let (english, chinese) = match why {
        BadAddress::None => (
            "That is no address that begins with https:// or http://.",
            "地址应以 https:// 或 http:// 开头。",
        ),
        BadAddress::HasPassword => (
            "There is a user name or password in the address, which ends up in logs. Use a secret instead.",
            "地址中带有用户名或密码，会被写进日志，请改用机密字段。",
        ),
        BadAddress::Plain => (
            "That address is not encrypted: whoever is on the way can read the credential. Use https, or agree to it (plain-http).",
            "该地址未加密，途经者可以读到凭据。请使用 https，或明确同意（plain-http）。",
        ),
        BadAddress::PlainAbroad => (
            "That address is not encrypted and leads out of your network. Use https.",
            "该地址未加密且不在你的内网中，请使用 https。",
        ),
    };
    (ProblemCode::InvalidInput, english, chinese)
}

/// What to tell of a target that was not reached; `None` where something else stands in the way, such as a proxy.
fn unreachable_words(code: ProblemCode) -> Option<(&'static str, &'static str)> {
    Some(match code {
        ProblemCode::UntrustedCertificate => (
            "The certificate of the target isn’t trusted, so nothing was sent. Add its authority (extra-ca) in the settings.",
            "目标的证书不受信任，未发送任何内容。请在设置里添加其 CA 证书（extra-ca）。",
        ),
        ProblemCode::NameNotResolved => {
            ("The name of the target leads to no address. Check it.", "无法解析目标的域名，请检查地址。")
        }
        ProblemCode::Timeout => (
            "The target did not answer in time. TuneKey tries again by itself.",
            "目标没有及时响应，TuneKey 会自动重试。",
        ),
        ProblemCode::Offline | ProblemCode::NotTheService | ProblemCode::Unexpected => (
            "The target can’t be reached. TuneKey tries again by itself.",
            "连接不上目标，TuneKey 会自动重试。",
        ),
        _ => return None,
    })
}
