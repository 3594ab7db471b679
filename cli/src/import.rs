//! The arguments of `tunekey import`, and the service that an imported text is for. For `lib.rs` and `sign_in.rs`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use tunekey_core::{
    AccountId, CookieCloud, Language, Method, Problem, ProblemCode, Secret, ServiceId, TuneKey,
    UnusableReason, import,
};

use crate::args::{CloudArguments, ServiceName};
use crate::failure::Failure;
use crate::named_values::read_secret;
use crate::output::Output;
use crate::stdin::{self, Source};
use crate::text;

/// Where what is imported comes from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A text that somebody has copied.
    Text(Source),
    /// A browser's CookieCloud, and the file with its password if that is named.
    Cloud(CookieCloud, Option<PathBuf>),
}

impl Origin {
    /// The way to sign in with it.
    pub(crate) fn method(&self) -> Method {
        match self {
            Self::Text(_) => Method::Paste,
            Self::Cloud(..) => Method::CookieCloud,
        }
    }
}

/// The CookieCloud that is named, or the text otherwise.
///
/// # Errors
/// `InvalidInput` when a file is named besides a CookieCloud.
pub(crate) fn origin(cloud: CloudArguments, source: Source) -> Result<Origin, Failure> {
    let CloudArguments { url: Some(url), uuid: Some(uuid), password, plain_http } = cloud else {
        return Ok(Origin::Text(source));
    };
    match source {
        Source::StandardInput => {
            Ok(Origin::Cloud(CookieCloud { url, uuid, allows_plain_http: plain_http }, password))
        }
        Source::File(_) => Err(Failure::new(
            ProblemCode::InvalidInput,
            "The cookies come from a CookieCloud or from a file. Name one of them.",
            "Cookie 只能来自 CookieCloud 或文件之一，请只指定一个。",
        )),
    }
}

/// What a CookieCloud holds of our services. Its password comes from the file, from the terminal, or else from standard
/// input.
///
/// # Errors
/// When the password cannot be read, or as [`TuneKey::read_cookie_cloud`].
pub(crate) async fn read_cloud(
    tunekey: &TuneKey,
    cloud: &CookieCloud,
    password: Option<&Path>,
    output: Output,
) -> Result<Secret, Failure> {
    let password = match password {
        None if !output.json && stdin::is_terminal() => {
            let question = output.language.pick("Password of the CookieCloud:", "CookieCloud 密码：");
            let line = stdin::read_hidden_line(|| output.prompt(question)).await?;
            // What was typed did not show, nor did the line's end.
            output.note("");
            line.ok_or_else(|| Problem::new(ProblemCode::Cancelled))?
        }
        file => read_secret(file.unwrap_or(Path::new("-"))).await?,
    };
    Ok(tunekey.read_cookie_cloud(cloud, &password).await?)
}

/// The service and the source that the two optional arguments `[SERVICE] [FILE|-]` name.
///
/// # Errors
/// `InvalidInput` when there are two and the first is no service.
pub(crate) fn parse_arguments(
    first: Option<OsString>,
    second: Option<PathBuf>,
) -> Result<(Option<ServiceId>, Source), Failure> {
    let service =
        first.as_ref().and_then(|first| first.to_str()?.parse::<ServiceName>().ok()).map(|name| name.0);
    let file = match (&service, first, second) {
        (Some(_), _, file) => file,
        (None, first, None) => first.map(PathBuf::from),
        (None, _, Some(_)) => {
            let (english, chinese) =
                (text::service_ids(Language::English), text::service_ids(Language::Chinese));
            return Err(Failure::new(
                ProblemCode::InvalidInput,
                format!("The service is {english}: `tunekey import [SERVICE] [FILE|-]`."),
                format!("服务名称应为 {chinese}：`tunekey import [SERVICE] [FILE|-]`。"),
            ));
        }
    };
    Ok((service, file.filter(|file| file.as_os_str() != "-").map_or(Source::StandardInput, Source::File)))
}

/// The service that a text is for: that of the account that is to be signed in again, or the one that the text names.
///
/// # Errors
/// `InvalidInput` when the text names no service, or several.
pub(crate) fn service_of(text: &Secret, wanted: Option<&AccountId>) -> Result<ServiceId, Failure> {
    if let Some(account) = wanted {
        return Ok(account.service);
    }
    let all = import::read_all(text).map_err(|error| text::unusable_failure(UnusableReason::from(error)))?;
    match &import::services_of(&all)[..] {
        [service] => Ok(*service),
        // The core says what is missing.
        [] => all
            .iter()
            .find_map(import::service_of)
            .ok_or_else(|| text::unusable_failure(UnusableReason::NothingFound)),
        [first, ..] => Err(Failure::new(
            ProblemCode::InvalidInput,
            format!("It holds credentials of several services. Say which: `tunekey import {first} FILE`."),
            format!("其中有多个服务的凭据，请指明是哪一个：`tunekey import {first} FILE`。"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message_of(text: &str) -> String {
        service_of(&text.into(), None).expect_err("it is for no service").message(Language::English)
    }

    #[test]
    fn the_service_and_the_file_can_each_be_left_out() {
        let file = || Source::File("cookies.txt".into());
        for (first, second, wanted) in [
            (None, None, (None, Source::StandardInput)),
            (Some("-"), None, (None, Source::StandardInput)),
            (Some("cookies.txt"), None, (None, file())),
            (Some("qqmusic"), None, (Some(ServiceId::new("qqmusic")), Source::StandardInput)),
            (Some("netease"), Some("-"), (Some(ServiceId::new("netease")), Source::StandardInput)),
            (Some("netease"), Some("cookies.txt"), (Some(ServiceId::new("netease")), file())),
        ] {
            let parsed = parse_arguments(first.map(OsString::from), second.map(PathBuf::from));
            assert_eq!(parsed, Ok(wanted), "{first:?} {second:?}");
        }
        let failure =
            parse_arguments(Some("spotify".into()), Some("cookies.txt".into())).expect_err("no such service");
        assert_eq!(failure.problem.code, ProblemCode::InvalidInput);
    }

    #[test]
    fn cookies_come_from_a_cookiecloud_or_from_a_file_and_not_from_both() {
        let named = || CloudArguments {
            url: Some("https://host.test".to_owned()),
            uuid: Some("u".to_owned()),
            password: None,
            plain_http: false,
        };
        let none = || CloudArguments { url: None, uuid: None, password: None, plain_http: false };
        let file = || Source::File("cookies.txt".into());
        assert_eq!(origin(none(), file()).map(|origin| origin.method()), Ok(Method::Paste));
        let cloud = origin(named(), Source::StandardInput).map(|origin| origin.method());
        assert_eq!(cloud, Ok(Method::CookieCloud));
        assert_eq!(
            origin(named(), file()).map_err(|failure| failure.problem.code),
            Err(ProblemCode::InvalidInput)
        );
    }

    #[test]
    fn a_text_says_which_service_it_is_for() {
        assert_eq!(service_of(&"MUSIC_U=00A1; __csrf=c".into(), None), Ok(ServiceId::new("netease")));
        assert_eq!(service_of(&"uin=10001; qm_keyst=Q_H_L_x".into(), None), Ok(ServiceId::new("qqmusic")));
        let wanted = AccountId::new(ServiceId::new("netease"), "1");
        assert_eq!(service_of(&"anything".into(), Some(&wanted)), Ok(ServiceId::new("netease")));
    }

    #[test]
    fn what_could_be_for_several_services_or_for_none_is_not_guessed() {
        let both = message_of("uin=10001; qm_keyst=canary; MUSIC_U=canary");
        assert!(both.contains("tunekey import qqmusic FILE") && !both.contains("canary"), "{both}");
        assert_eq!(
            message_of("theme=dark; lang=canary"),
            "There is no credential of QQ Music or NetEase Cloud Music in it. Copy the whole Cookie request header."
        );
        assert_eq!(message_of(""), "There is nothing in it.");
        let chinese = service_of(&"".into(), None).expect_err("it is for no service");
        assert_eq!(chinese.message(Language::Chinese), "内容是空的。", "in the person's language");
    }

    #[test]
    fn several_accounts_of_one_service_are_for_that_service() {
        let text = "uin=10001; qm_keyst=Q_H_L_a\nuin=10002; qm_keyst=Q_H_L_b";
        assert_eq!(service_of(&text.into(), None), Ok(ServiceId::new("qqmusic")));
        let both = "A='MUSIC_U=00A1'\nB='uin=10001; qm_keyst=Q_H_L_canary'";
        assert!(message_of(both).contains("tunekey import qqmusic FILE"), "{}", message_of(both));
    }
}
