//! The window's own preferences, and the hints that the person has been told of. Nothing in it matters when
//! it is lost. Any file above `text.rs` may read it.

use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tauri::{AppHandle, Wry};
use tauri_plugin_store::{Store, StoreExt as _};
use tunekey_core::Language;

use crate::text;

/// The window's own preferences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Preferences {
    /// Light, dark, or as the system.
    pub(crate) theme: Theme,
    /// Which language to speak.
    pub(crate) language: LanguageChoice,
    /// Whether closing the window leaves the tray icon and the renewals running.
    pub(crate) close_to_tray: bool,
    /// Whether the tray menu offers to copy cookies: any program of this user can read that menu, and click in it.
    pub(crate) tray_copies: bool,
    /// Where the window was last, in the words of the web UI.
    pub(crate) last_view: Option<String>,
    /// Whether the local API is to answer while the app runs. The page hears of it with how it stands.
    #[cfg_attr(feature = "typescript", ts(skip))]
    pub(crate) local_api: bool,
    /// At which port of this computer.
    #[cfg_attr(feature = "typescript", ts(skip))]
    pub(crate) local_api_port: u16,
}

/// Some of the preferences, to be changed; those that are not named stay as they are. Whoever changes one need not
/// know the others, and cannot take back what was changed meanwhile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export, optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PreferenceChange {
    theme: Option<Theme>,
    language: Option<LanguageChoice>,
    close_to_tray: Option<bool>,
    tray_copies: Option<bool>,
    last_view: Option<String>,
}

/// Light, dark, or as the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "lowercase")]
pub(crate) enum Theme {
    /// As the system.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// A language, or the system's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub(crate) enum LanguageChoice {
    /// The system's, or English if we do not speak that.
    #[serde(rename = "system")]
    System,
    /// English.
    #[serde(rename = "en")]
    English,
    /// 简体中文.
    #[serde(rename = "zh-CN")]
    Chinese,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            theme: Theme::System,
            language: LanguageChoice::System,
            close_to_tray: true,
            tray_copies: true,
            last_view: None,
            local_api: false,
            local_api_port: tunekey_api::DEFAULT_PORT,
        }
    }
}

impl Preferences {
    /// These with a change made.
    fn with(&self, change: PreferenceChange) -> Self {
        Self {
            theme: change.theme.unwrap_or(self.theme),
            language: change.language.unwrap_or(self.language),
            close_to_tray: change.close_to_tray.unwrap_or(self.close_to_tray),
            tray_copies: change.tray_copies.unwrap_or(self.tray_copies),
            last_view: change.last_view.filter(is_short).or_else(|| self.last_view.clone()),
            local_api: self.local_api,
            local_api_port: self.local_api_port,
        }
    }

    /// The language that was chosen, or the system's.
    pub(crate) fn language(&self) -> Language {
        match self.language {
            LanguageChoice::System => Language::from_locale(&text::system_locale()),
            LanguageChoice::English => Language::English,
            LanguageChoice::Chinese => Language::Chinese,
        }
    }

    /// The theme that was chosen; `None` is the system's.
    pub(crate) fn theme(&self) -> Option<tauri::Theme> {
        match self.theme {
            Theme::System => None,
            Theme::Light => Some(tauri::Theme::Light),
            Theme::Dark => Some(tauri::Theme::Dark),
        }
    }

    /// Reads each preference by itself: one that is missing or makes no sense is the default, and the others stay.
    fn read(stored: impl Fn(&str) -> Option<Value>) -> Self {
        fn one<T: for<'a> Deserialize<'a>>(value: Option<Value>, default: T) -> T {
            value.and_then(|value| serde_json::from_value(value).ok()).unwrap_or(default)
        }
        let default = Self::default();
        Self {
            theme: one(stored(THEME), default.theme),
            language: one(stored(LANGUAGE), default.language),
            close_to_tray: one(stored(CLOSE_TO_TRAY), default.close_to_tray),
            tray_copies: one(stored(TRAY_COPIES), default.tray_copies),
            last_view: one(stored(LAST_VIEW), default.last_view).filter(is_short),
            local_api: one(stored(LOCAL_API), default.local_api),
            local_api_port: Some(one(stored(LOCAL_API_PORT), default.local_api_port))
                .filter(|port| LOCAL_API_PORTS.contains(port))
                .unwrap_or(default.local_api_port),
        }
    }
}

const THEME: &str = "theme";
const LANGUAGE: &str = "language";
const CLOSE_TO_TRAY: &str = "closeToTray";
const TRAY_COPIES: &str = "trayCopies";
const LAST_VIEW: &str = "lastView";
const LOCAL_API: &str = "localApi";
const LOCAL_API_PORT: &str = "localApiPort";

/// The ports that the local API may have: those below belong to the system.
pub(crate) const LOCAL_API_PORTS: RangeInclusive<u16> = 1024..=u16::MAX;

/// Where an older version has kept the incidents that the person has been told of, beside the preferences in the file.
const TOLD: &str = "told";

/// The longest view name that is kept, in bytes.
const VIEW_LIMIT: usize = 200;

#[expect(clippy::ptr_arg, reason = "the shape that Option::filter calls")]
fn is_short(view: &String) -> bool {
    view.len() <= VIEW_LIMIT
}

/// The preferences and the file that they are kept in. The app manages one.
pub(crate) struct PreferenceFile {
    current: Mutex<Preferences>,
    /// `None` when the file cannot be used: then the preferences last until the app ends.
    store: Option<Arc<Store<Wry>>>,
}

impl PreferenceFile {
    /// Reads the file. One that is missing or damaged counts as empty, and is replaced at the next change.
    pub(crate) fn open(app: &AppHandle, path: &Path) -> Self {
        let store = app.store_builder(path).disable_auto_save().build();
        let store = store.inspect_err(|error| tracing::warn!(%error, "the preferences cannot be kept")).ok();
        let current = Preferences::read(|key| store.as_ref().and_then(|store| store.get(key)));
        Self { current: Mutex::new(current), store }
    }

    /// The preferences of now.
    pub(crate) fn current(&self) -> Preferences {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes some of the preferences and saves them. Calls `changed` with all of them, if any is different, before
    /// another change can be made: so of two changes the later one is reported later.
    pub(crate) fn change(&self, change: PreferenceChange, changed: impl FnOnce(&Preferences)) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = current.with(change);
        if *current == wanted {
            return;
        }
        current.clone_from(&wanted);
        self.save_all(&wanted);
        changed(&wanted);
    }

    /// Remembers whether the local API is on, and at which port. Only its switch says so.
    pub(crate) fn set_local_api(&self, on: bool, port: u16) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if (current.local_api, current.local_api_port) != (on, port) {
            (current.local_api, current.local_api_port) = (on, port);
            self.save_all(&current);
        }
    }

    fn save_all(&self, preferences: &Preferences) {
        if let (Some(store), Ok(Value::Object(fields))) = (&self.store, serde_json::to_value(preferences)) {
            for (key, value) in fields {
                store.set(key, value);
            }
            if let Err(error) = store.save() {
                tracing::warn!(%error, "the preferences were not saved");
            }
        }
    }
}

/// A hint that is shown once in the life of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hint {
    /// Where the window goes when it is closed, where there is a tray.
    ClosedToTray,
    /// The same where there is none.
    ClosedWithoutTray,
}

impl Hint {
    fn key(self) -> &'static str {
        match self {
            Self::ClosedToTray => "toldOfTray",
            Self::ClosedWithoutTray => "toldOfNoTray",
        }
    }
}

impl PreferenceFile {
    /// Whether a hint is to be shown now: true for the first call in the life of the profile.
    pub(crate) fn is_first_time(&self, hint: Hint) -> bool {
        let _lock = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(store) = &self.store else { return true };
        if store.get(hint.key()) == Some(Value::Bool(true)) {
            return false;
        }
        self.save(hint.key(), Value::Bool(true));
        true
    }

    /// Takes what an older version has kept of the notifications that it has shown: the keys of their incidents.
    pub(crate) fn take_told(&self) -> Vec<String> {
        let Some(store) = &self.store else { return Vec::new() };
        let told = store.get(TOLD).and_then(|told| serde_json::from_value(told).ok()).unwrap_or_default();
        if store.delete(TOLD)
            && let Err(error) = store.save()
        {
            tracing::warn!(%error, "what was told before was not forgotten");
        }
        told
    }

    fn save(&self, key: &str, value: Value) {
        let Some(store) = &self.store else { return };
        store.set(key, value);
        if let Err(error) = store.save() {
            tracing::warn!(%error, "what was told was not saved");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(stored: &Value) -> Preferences {
        Preferences::read(|key| stored.get(key).cloned())
    }

    #[test]
    fn preferences_read_back_what_was_written() {
        let chosen = Preferences {
            theme: Theme::Dark,
            language: LanguageChoice::Chinese,
            close_to_tray: false,
            tray_copies: false,
            last_view: Some("settings/about".to_owned()),
            local_api: true,
            local_api_port: 8000,
        };
        let written = serde_json::to_value(&chosen).expect("preferences are plain data");
        assert_eq!(
            written,
            json!({
                "theme": "dark",
                "language": "zh-CN",
                "closeToTray": false,
                "trayCopies": false,
                "lastView": "settings/about",
                "localApi": true,
                "localApiPort": 8000
            }),
            "the web UI and the file use these words"
        );
        assert_eq!(read(&written), chosen);
    }

    #[test]
    fn an_empty_file_gives_the_defaults() {
        assert_eq!(read(&json!({})), Preferences::default());
    }

    #[test]
    fn one_preference_that_makes_no_sense_does_not_take_the_others_with_it() {
        let preferences =
            read(&json!({"theme": "plaid", "language": "en", "closeToTray": "yes", "lastView": 7}));
        let expected = Preferences { language: LanguageChoice::English, ..Preferences::default() };
        assert_eq!(preferences, expected, "only the language can be read");
    }

    #[test]
    fn a_port_of_the_systems_own_is_not_taken_from_the_file() {
        for port in [json!(80), json!(70_000), json!("7733")] {
            let preferences = read(&json!({"localApi": true, "localApiPort": port}));
            assert!(preferences.local_api, "that it is on is another matter");
            assert_eq!(preferences.local_api_port, tunekey_api::DEFAULT_PORT, "{port}");
        }
    }

    #[test]
    fn the_page_cannot_switch_the_local_api_as_a_preference() {
        serde_json::from_value::<PreferenceChange>(json!({"localApi": true}))
            .expect_err("its switch alone does, which says when it does not work");
    }

    #[test]
    fn a_change_leaves_alone_what_it_does_not_name() {
        let change =
            |change| serde_json::from_value::<PreferenceChange>(change).expect("the page says it so");
        let dark = Preferences::default().with(change(json!({"theme": "dark"})));
        let both = dark.with(change(json!({"language": "zh-CN", "lastView": null})));
        assert_eq!(both.theme, Theme::Dark, "the second change does not take back the first");
        assert_eq!(both.language, LanguageChoice::Chinese);
        assert_eq!(both.with(change(json!({}))), both);
        let odd = serde_json::from_value::<PreferenceChange>(json!({"preferences": {}}));
        odd.expect_err("a preference that is not known is not dropped without a word");
    }

    #[test]
    fn a_view_name_of_absurd_length_is_not_kept() {
        let preferences = read(&json!({"lastView": "x".repeat(VIEW_LIMIT + 1)}));
        assert_eq!(preferences.last_view, None);
    }
}
