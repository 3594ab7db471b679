//! Lets Tauri generate one permission for each command, so that `capabilities/main.json` has to allow every one by name.

const COMMANDS: &[&str] = &[
    "snapshot",
    "picture",
    "services",
    "start_sign_in",
    "new_code",
    "cancel_sign_in",
    "answer_sign_in",
    "open_captcha",
    "show_page",
    "paste_from_clipboard",
    "paste_from_file",
    "paste_elsewhere",
    "copy_cookie",
    "clear_clipboard",
    "renew",
    "renew_all",
    "check",
    "sign_out",
    "forget",
    "set_label",
    "set_note",
    "set_setting",
    "choose_extra_ca",
    "test_connection",
    "preferences",
    "set_preferences",
    "channel_kinds",
    "add_channel",
    "switch_channel",
    "test_channel",
    "remove_channel",
    "set_quiet_hours",
    "set_alert_hours",
    "set_ping",
    "set_ping_minutes",
    "remove_ping",
    "test_ping",
    "keychain_retry",
    "about",
    "starts_at_login",
    "set_start_at_login",
    "open_releases",
    "quit",
];

fn main() {
    let manifest = tauri_build::AppManifest::new().commands(COMMANDS);
    if let Err(error) = tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest)) {
        panic!("{error:#}");
    }
}
