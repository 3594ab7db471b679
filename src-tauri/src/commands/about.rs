//! The commands about the app itself: what it is, whether it starts with the computer, where new versions are. As all
//! commands: what each can do if the page lies stands beside it.

use std::collections::BTreeMap;

use serde::Serialize;
use tauri::State;
use tunekey_core::{Language, ProblemCode, Profile, StoreKind, TuneKey, Words};

use super::{CommandResult, limited};
use crate::rate_limit::RateLimits;
use crate::{browser, start_at_login, text};

/// What the window says of the app, and needs to know of the computer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub(super) struct About {
    /// TuneKey's version.
    version: String,
    /// Its licence, as an SPDX expression.
    licence: String,
    /// Which system this is: it decides the names of the keychain and of the modifier keys.
    os: Os,
    /// The computer's locale, such as `zh-CN`.
    locale: String,
    /// What a person reads of the store of the credentials within a sentence; `null` for the keychain, which each system
    /// calls otherwise.
    store: Option<Words>,
    /// What the core says of each kind of problem: what the page says, too.
    sentences: BTreeMap<ProblemCode, Words>,
}

/// An operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "lowercase")]
enum Os {
    /// Linux and the BSDs.
    Linux,
    /// macOS.
    Mac,
    /// Windows.
    Win,
}

/// If the page lies: it learns the version, the system and its language.
#[tauri::command(async)]
pub(super) fn about(core: State<'_, TuneKey>) -> About {
    let os = if cfg!(target_os = "macos") {
        Os::Mac
    } else if cfg!(windows) {
        Os::Win
    } else {
        Os::Linux
    };
    let store = core.store_kind();
    About {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        licence: env!("CARGO_PKG_LICENSE").to_owned(),
        os,
        locale: text::system_locale(),
        store: (store != StoreKind::Keychain).then(|| Words {
            english: Language::English.store_name(store).to_owned(),
            chinese: Language::Chinese.store_name(store).to_owned(),
        }),
        sentences: ProblemCode::sentences(store),
    }
}

/// If the page lies: it learns whether TuneKey starts with the computer.
#[tauri::command(async)]
pub(super) fn starts_at_login(profile: State<'_, Profile>) -> CommandResult<bool> {
    start_at_login::is_on(&profile)
}

/// If the page lies: TuneKey starts with the computer, hidden, or does not; never another program.
#[tauri::command(async)]
pub(super) fn set_start_at_login(
    profile: State<'_, Profile>,
    limits: State<'_, RateLimits>,
    on: bool,
) -> CommandResult<()> {
    limited(&limits.writes)?;
    start_at_login::set(&profile, on)
}

/// Shows where new versions are offered: nothing looks for them by itself.
///
/// If the page lies: the system's browser opens the project's own page, now and a few times more. The page can name no
/// other.
#[tauri::command(async)]
pub(super) fn open_releases(limits: State<'_, RateLimits>) -> CommandResult<()> {
    limited(&limits.outside)?;
    browser::open(browser::RELEASES)
}
