//! `tunekey import`: a credential that the person already has, from a file or standard input.

use std::ffi::OsString;
use std::path::PathBuf;

use tunekey_core::account::{AccountId, ServiceId};
use tunekey_core::import::{self, Pasted};
use tunekey_core::problem::{Language, Problem, ProblemCode};
use tunekey_core::secret::Secret;
use tunekey_core::service::{self, UnusableReason};

use crate::typed::Source;
use crate::words;

/// The service and the file that two optional arguments name: `[SERVICE] [FILE|-]`.
///
/// # Errors
/// `InvalidInput` when there are two and the first is no service.
pub(crate) fn named(
    first: Option<OsString>,
    second: Option<PathBuf>,
) -> Result<(Option<ServiceId>, Source), Problem> {
    let service = first.as_ref().and_then(|first| first.to_str()?.parse().ok());
    let file = match (&service, first, second) {
        (Some(_), _, file) => file,
        (None, first, None) => first.map(PathBuf::from),
        (None, _, Some(_)) => {
            let detail = "the service is qqmusic or netease: `tunekey import [SERVICE] [FILE|-]`";
            return Err(Problem::new(ProblemCode::InvalidInput).with_detail(detail));
        }
    };
    Ok((service, file.filter(|file| file.as_os_str() != "-").map_or(Source::StandardInput, Source::File)))
}

/// Which service a text is for: the account's, or the one that is named in the text.
///
/// # Errors
/// `InvalidInput` when nothing in it says so, or when it could be several.
pub(crate) fn service_of(
    text: &Secret,
    wanted: Option<&AccountId>,
    language: Language,
) -> Result<ServiceId, Problem> {
    if let Some(account) = wanted {
        return Ok(account.service);
    }
    let unusable = |detail: String| Problem::new(ProblemCode::InvalidInput).with_detail(detail);
    let all = import::read_all(text).map_err(|error| {
        unusable(words::unusable_reason(UnusableReason::from(error), language).to_owned())
    })?;
    match &whole(&all)[..] {
        [service] => Ok(*service),
        // The core says what is missing.
        [] => all.iter().find_map(import::service_of).ok_or_else(|| {
            unusable(words::unusable_reason(UnusableReason::NothingFound, language).to_owned())
        }),
        [first, ..] => Err(unusable(match language {
            Language::English => {
                format!("it holds credentials of several services; say which: `tunekey import {first} FILE`")
            }
            Language::Chinese => {
                format!("其中有多个平台的凭据，请指明要导入哪一个：`tunekey import {first} FILE`")
            }
        })),
    }
}

/// The services that could be asked about something in it.
fn whole(all: &[Pasted]) -> Vec<ServiceId> {
    let is_whole =
        |service: &&&dyn service::Service| all.iter().any(|pasted| service.recognise(&pasted.fields).enough);
    service::all().iter().filter(is_whole).map(|service| service.id()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(text: &str) -> String {
        service_of(&text.into(), None, Language::English)
            .expect_err("it is for no service")
            .detail
            .expect("it says why")
    }

    #[test]
    fn the_service_and_the_file_can_each_be_left_out() {
        let file = || Source::File("cookies.txt".into());
        for (first, second, wanted) in [
            (None, None, (None, Source::StandardInput)),
            (Some("-"), None, (None, Source::StandardInput)),
            (Some("cookies.txt"), None, (None, file())),
            (Some("qqmusic"), None, (Some(ServiceId::QqMusic), Source::StandardInput)),
            (Some("netease"), Some("-"), (Some(ServiceId::Netease), Source::StandardInput)),
            (Some("netease"), Some("cookies.txt"), (Some(ServiceId::Netease), file())),
        ] {
            let named = named(first.map(OsString::from), second.map(PathBuf::from));
            assert_eq!(named, Ok(wanted), "{first:?} {second:?}");
        }
        let problem = named(Some("spotify".into()), Some("cookies.txt".into())).expect_err("no such service");
        assert_eq!(problem.code, ProblemCode::InvalidInput);
    }

    #[test]
    fn a_text_says_which_service_it_is_for() {
        assert_eq!(
            service_of(&"MUSIC_U=00A1; __csrf=c".into(), None, Language::English),
            Ok(ServiceId::Netease)
        );
        assert_eq!(
            service_of(&"uin=10001; qm_keyst=Q_H_L_x".into(), None, Language::English),
            Ok(ServiceId::QqMusic)
        );
        let wanted = AccountId::new(ServiceId::Netease, "1");
        assert_eq!(service_of(&"anything".into(), Some(&wanted), Language::English), Ok(ServiceId::Netease));
    }

    #[test]
    fn what_could_be_for_several_services_or_for_none_is_not_guessed() {
        let both = detail("uin=10001; qm_keyst=canary; MUSIC_U=canary");
        assert!(both.contains("tunekey import qqmusic FILE") && !both.contains("canary"), "{both}");
        assert_eq!(
            detail("theme=dark; lang=canary"),
            "There is no credential of QQ Music or NetEase Cloud Music in it. Copy the whole Cookie request header."
        );
        assert_eq!(detail(""), "There is nothing in it.");
        let chinese = service_of(&"".into(), None, Language::Chinese).expect_err("it is for no service");
        assert_eq!(chinese.detail.as_deref(), Some("内容是空的。"), "in the person's language");
    }

    #[test]
    fn several_accounts_of_one_service_are_for_that_service() {
        let text = "uin=10001; qm_keyst=Q_H_L_a\nuin=10002; qm_keyst=Q_H_L_b";
        assert_eq!(service_of(&text.into(), None, Language::English), Ok(ServiceId::QqMusic));
        let both = "A='MUSIC_U=00A1'\nB='uin=10001; qm_keyst=Q_H_L_canary'";
        assert!(detail(both).contains("tunekey import qqmusic FILE"), "{}", detail(both));
    }
}
