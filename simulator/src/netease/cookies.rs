//! The cookies that NetEase sets (protocol: NetEase §6).

use jiff::Timestamp;

use crate::clock;
use crate::state::ledger::Credential;
use crate::state::shared_state::SharedState;

const DOMAIN: &str = ".music.163.com";
/// The ten paths of the two telemetry cookies, besides `/openapi/clientlog`.
const TELEMETRY: [&str; 5] = ["api", "eapi", "weapi", "wapi", "neapi"];
const FOR_EVER: i64 = 2_147_483_647;
const HALF_A_YEAR: i64 = 15_552_000;

fn line(name: &str, value: &str, max_age: i64, path: &str) -> String {
    let ends = clock::now().as_second().saturating_add(max_age);
    let expires = Timestamp::from_second(ends)
        .map(|at| at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
        .unwrap_or_default();
    format!("{name}={value}; Max-Age={max_age}; Expires={expires}; Path={path}; Domain={DOMAIN}")
}

fn deleted(name: &str) -> String {
    format!("{name}=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:10 GMT; Path=/; Domain={DOMAIN}")
}

/// The tracking id.
pub(super) fn tracking(id: &str) -> String {
    line("NMTID", id, 315_360_000, "/")
}

/// The guest token.
pub(super) fn guest(token: &str) -> String {
    line("MUSIC_A", token, 315_360_000, "/")
}

/// The device id of the web page.
pub(super) fn device(id: &str) -> String {
    line("sDeviceId", id, 315_360_000, "/")
}

/// The `Set-Cookie` lines of a sign-in and a renewal: about thirty lines, most of them telemetry.
pub(super) fn signed_in(state: &SharedState, credential: &Credential, with_tracking: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let mut telemetry = |name: &str, value: &str| {
        for root in TELEMETRY {
            for leaf in ["clientlog", "feedback"] {
                lines.push(line(name, value, FOR_EVER, &format!("/{root}/{leaf}")));
            }
        }
        lines.push(line(name, value, FOR_EVER, "/openapi/clientlog"));
    };
    telemetry("MUSIC_R_T", credential.secret("MUSIC_R_T"));
    telemetry("MUSIC_A_T", credential.secret("MUSIC_A_T"));
    if !credential.secret("MUSIC_R_U").is_empty() {
        for root in ["api", "eapi"] {
            let path = format!("/{root}/login/token/refresh");
            lines.push(line("MUSIC_R_U", credential.secret("MUSIC_R_U"), HALF_A_YEAR, &path));
        }
    }
    lines.push(deleted("MUSIC_SNS"));
    let before = state.settings.deleted_music_u.comes_before(state.ledger.credentials().len());
    if before == Some(true) {
        lines.push(deleted("MUSIC_U"));
    }
    let life = state.settings.music_u_life_seconds;
    lines.push(format!("{}; HTTPOnly", line("MUSIC_U", credential.secret("MUSIC_U"), life, "/")));
    if before == Some(false) {
        lines.push(deleted("MUSIC_U"));
    }
    // Ends long before MUSIC_U, which is no reason to sign in again.
    lines.push(line("__csrf", credential.secret("__csrf"), 1_296_010, "/"));
    lines.push(line("__remember_me", "true", 1_296_000, "/"));
    if with_tracking {
        lines.push(tracking(credential.secret("NMTID")));
    }
    lines
}

/// The same for the official page. What renews and what signs in is out of reach of the page's scripts there, and a
/// browser keeps what is set last, so that every deletion comes first.
pub(super) fn signed_in_on_page(
    state: &SharedState,
    credential: &Credential,
    with_tracking: bool,
) -> Vec<String> {
    let mut lines = signed_in(state, credential, with_tracking);
    lines.sort_by_key(|line| !line.contains("; Max-Age=0;"));
    for line in &mut lines {
        if line.starts_with("MUSIC_R_U=") {
            line.push_str("; HTTPOnly; Secure");
        } else if line.starts_with("MUSIC_U=") {
            // It says already that it is for HTTP only.
            line.push_str("; Secure");
        }
    }
    lines
}

/// The `Set-Cookie` lines of a sign-out.
pub(super) fn signed_out() -> Vec<String> {
    ["MUSIC_U", "__csrf", "__remember_me", "MUSIC_SNS"].map(deleted).into()
}
