//! The settings: how the services behave where real ones differ or nobody knows. For tests, the control side, handlers.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What happens to the old key when a new one is issued (protocol: QQ §7.4, NetEase §5.3). Nobody has documented it
/// (QQ §13.10), so that a client has to live with all of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "mode")]
pub enum Rotation {
    /// It stays valid until its own end.
    StaysValid,
    /// It is dead as soon as the new one is made, whether or not the reply arrives.
    DiesAtOnce,
    /// It is dead as soon as the new one is used for anything.
    DiesOnceTheNewIsUsed,
    /// It stays valid for a while.
    Grace {
        /// How long.
        seconds: i64,
    },
}

/// Delays after which every code is scanned and confirmed without anybody touching the phone page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutoConfirm {
    /// From the code being shown to the scan, in milliseconds.
    pub scan_ms: u64,
    /// From the scan to the confirmation, in milliseconds.
    pub confirm_ms: u64,
}

impl std::str::FromStr for AutoConfirm {
    type Err = String;

    /// Reads `scan=1s,confirm=500ms`; a delay that is not named is 0.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut auto = Self { scan_ms: 0, confirm_ms: 0 };
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let (name, delay) = part.split_once('=').ok_or_else(|| format!("{part:?} is not NAME=DELAY"))?;
            let delay = u64::try_from(parse_delay(delay)?.as_millis()).unwrap_or(u64::MAX);
            match name {
                "scan" => auto.scan_ms = delay,
                "confirm" => auto.confirm_ms = delay,
                _ => return Err(format!("{name:?} is neither scan nor confirm")),
            }
        }
        Ok(auto)
    }
}

fn parse_delay(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is not a delay such as 1s or 500ms");
    let (digits, per_second) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(digits), _) => (digits, 1000.0),
        (None, Some(digits)) => (digits, 1.0),
        (None, None) => return Err(wrong()),
    };
    let number: f64 = digits.parse().map_err(|_| wrong())?;
    Duration::try_from_secs_f64(number / per_second).map_err(|_| wrong())
}

/// Where the deletion of a cookie stands beside its real value in one reply (protocol: QQ §1.4, NetEase §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeletedCookie {
    /// Before the real one in one reply, after it in the next.
    Alternate,
    /// Before the real one.
    Before,
    /// After the real one.
    After,
    /// There is none.
    None,
}

impl DeletedCookie {
    /// Whether the deletion comes before the real value in the `count`th reply; `None` when there is none.
    pub(crate) fn comes_before(self, count: usize) -> Option<bool> {
        match self {
            Self::Alternate => Some(count.is_multiple_of(2)),
            Self::Before => Some(true),
            Self::After => Some(false),
            Self::None => None,
        }
    }
}

/// How NetEase says that a session is a guest's, if it does (protocol: NetEase §12.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuestFlag {
    /// It does not: sessions are their accounts'.
    No,
    /// With the flag as the service spells it, `anonimousUser`.
    Anonimous,
    /// With the flag as one would spell it, `anonymousUser`, and a profile beside it.
    Anonymous,
}

/// Everything that can be set while the simulator runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How long a code can be scanned and confirmed, in seconds.
    pub code_life_seconds: i64,
    /// How long a QQ Music key lives (`keyExpiresIn`), in seconds; 259,200 in every known reply.
    pub key_life_seconds: i64,
    /// How long a NetEase `MUSIC_U` lives, in seconds; 15,552,000 (180 days) since 2022.
    pub music_u_life_seconds: i64,
    /// How much older than now new keys say that they are, in seconds: for keys that are due for renewal at once.
    pub issue_age_seconds: i64,
    /// What happens to the old key at a renewal.
    pub rotation: Rotation,
    /// How long every reply is delayed, in milliseconds.
    pub answer_delay_ms: u64,
    /// Whether codes are scanned and confirmed without anybody touching the phone page.
    pub auto: Option<AutoConfirm>,
    /// Where `check_sig` deletes another `p_skey` beside the one it sets.
    pub deleted_p_skey: DeletedCookie,
    /// Where a NetEase sign-in or renewal deletes another `MUSIC_U` beside the one it sets.
    pub deleted_music_u: DeletedCookie,
    /// Whether QQ renewals leave `refresh_token` and `access_token` empty, as many real ones do (protocol: QQ §7.4).
    pub sparse_renewals: bool,
    /// Whether NetEase compresses with brotli where the client says that it can (protocol: NetEase §1.3).
    pub brotli: bool,
    /// Whether NetEase gives a `MUSIC_R_U` at sign-in (protocol: NetEase §5.3).
    pub issue_music_r_u: bool,
    /// Length of `MUSIC_U` in characters.
    pub music_u_length: usize,
    /// Whether a NetEase renewal needs the cookies `os=pc` and `__remember_me=true` (protocol: NetEase §5.3).
    pub strict_refresh_cookies: bool,
    /// Whether web polls must carry `X-loginMethod` and `x-login-chain-id` (protocol: NetEase §1.3): the newest
    /// clients send them, older real ones do not.
    pub require_chain_id: bool,
    /// Whether the first text message that a device asks for is answered by a captcha (protocol: QQ §4.1).
    pub phone_captcha: bool,
    /// How long after a text message the next one to the same number is refused, in seconds.
    pub phone_resend_seconds: i64,
    /// How many text messages NetEase sends to one number within a day (protocol: NetEase §5.5).
    pub phone_daily_limit: usize,
    /// The number that NetEase takes the one in a `weapi` request for, which cannot be read; that of the first account
    /// when `None`.
    pub weapi_phone: Option<String>,
    /// Whether QQ Music answers every sign-in with the device limit, 20279 (protocol: QQ §4.2).
    pub device_limit: bool,
    /// The account whose owner has put a hidden frame on QQ's official page. It leads to where that page ends, with a
    /// code of that account and the state of whoever looks at the page.
    pub hidden_frame: Option<String>,
    /// How long a WeChat poll waits for something to happen, in seconds (protocol: QQ §2.2).
    pub long_poll_seconds: u64,
    /// Whether a credential from WeChat has `refresh_key`, `refresh_token` and `access_token` (protocol: QQ §2.3).
    pub wechat_refresh_fields: bool,
    /// Whether QQ Music names the way of signing in as `loginType` (0 phone, 6 app) instead of the account's kind:
    /// clients disagree (protocol: QQ §13.2).
    pub raw_login_type: bool,
    /// Whether a QQ Music renewal has to repeat the `loginType` of the last reply, with the parameters that go with it
    /// (protocol: QQ §13.2); otherwise the account's kind does as well.
    pub repeats_login_type: bool,
    /// Whether `musicid` is a placeholder in credentials of WeChat accounts, and only `str_musicid` the account's
    /// number (protocol: QQ §13.1).
    pub placeholder_musicid: bool,
    /// The code with which QQ's poll says that the person has declined: 68, or 22005 (protocol: QQ §13.4).
    pub refusal_code: i64,
    /// Whether QQ Music wants its own check done before it exchanges anything (2001 with `feedbackURL`, protocol:
    /// QQ §13.6).
    pub exchange_check: bool,
    /// Whether codes of the QQ Music app are exchanged only for the web site (`ct` 24), which no public client was seen
    /// to call itself there, and for nobody else (protocol: QQ §13.8).
    pub app_exchange_as_web_site: bool,
    /// Whether what is pushed after a scan with the QQ Music app is itself the key, and nothing is exchanged for it
    /// (protocol: QQ §13.7).
    pub pushed_key: bool,
    /// How NetEase says that a session is a guest's.
    pub guests: GuestFlag,
    /// Whether NetEase confirms a scan without the cookie `MUSIC_U`, and says the session in the header
    /// `x-refresh-token` (protocol: NetEase §12.3).
    pub session_in_header: bool,
    /// Whether NetEase no longer accepts any `MUSIC_R_U`: `bizCode` 504 (protocol: NetEase §12.2).
    pub dead_refresh_tokens: bool,
    /// How often a connection for pushed events is sent to another server (protocol: QQ §3.2).
    pub push_redirects: u32,
    /// The quality of service of pushed events: 0, or 1, which has to be acknowledged.
    pub push_qos: u8,
    /// How pushed packets lie in frames.
    pub push_split: PushSplit,
    /// Whether the first event comes before the subscription is acknowledged.
    pub push_before_suback: bool,
    /// How long a subscription takes to be acknowledged, in milliseconds: some clients only begin to listen for the
    /// acknowledgement once they have sent what it is for.
    pub push_latency_ms: u64,
    /// The Server Keep Alive that replaces what the client asked for, in seconds.
    pub push_keep_alive_seconds: Option<u16>,
}

/// How pushed packets lie in WebSocket frames (protocol: QQ §3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PushSplit {
    /// One packet in one frame.
    Whole,
    /// One byte in one frame.
    Bytes,
    /// Packets that are sent at the same time in one frame.
    Joined,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            code_life_seconds: 180,
            key_life_seconds: 259_200,
            music_u_life_seconds: 15_552_000,
            issue_age_seconds: 0,
            rotation: Rotation::StaysValid,
            answer_delay_ms: 0,
            auto: None,
            deleted_p_skey: DeletedCookie::Alternate,
            deleted_music_u: DeletedCookie::Before,
            sparse_renewals: true,
            brotli: true,
            issue_music_r_u: true,
            music_u_length: 1500,
            strict_refresh_cookies: true,
            require_chain_id: false,
            phone_captcha: false,
            phone_resend_seconds: 60,
            phone_daily_limit: 5,
            weapi_phone: None,
            device_limit: false,
            hidden_frame: None,
            long_poll_seconds: 25,
            wechat_refresh_fields: false,
            raw_login_type: true,
            repeats_login_type: true,
            placeholder_musicid: false,
            refusal_code: 68,
            exchange_check: false,
            app_exchange_as_web_site: false,
            pushed_key: false,
            guests: GuestFlag::No,
            session_in_header: false,
            dead_refresh_tokens: false,
            push_redirects: 1,
            push_qos: 0,
            push_split: PushSplit::Whole,
            push_before_suback: false,
            push_latency_ms: 0,
            push_keep_alive_seconds: None,
        }
    }
}

impl Settings {
    /// These settings with the keys of a JSON object replaced.
    pub(crate) fn patched(&self, patch: &serde_json::Value) -> Result<Self, String> {
        let mut whole = serde_json::to_value(self).map_err(|error| error.to_string())?;
        let (Some(whole_map), Some(patch)) = (whole.as_object_mut(), patch.as_object()) else {
            return Err("not a JSON object".to_owned());
        };
        for (key, value) in patch {
            whole_map.insert(key.clone(), value.clone());
        }
        serde_json::from_value(whole).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_read_in_seconds_and_milliseconds() {
        assert_eq!("scan=1s,confirm=250ms".parse(), Ok(AutoConfirm { scan_ms: 1000, confirm_ms: 250 }));
        assert!("scan=soon".parse::<AutoConfirm>().is_err());
        assert!("blink=1s".parse::<AutoConfirm>().is_err());
    }

    #[test]
    fn a_patch_changes_what_it_names_and_refuses_what_it_does_not_know() {
        let settings = Settings::default();
        let patched = settings.patched(&serde_json::json!({"rotation": {"mode": "grace", "seconds": 5}}));
        assert_eq!(patched.map(|settings| settings.rotation), Ok(Rotation::Grace { seconds: 5 }));
        assert!(settings.patched(&serde_json::json!({"colour": "red"})).is_err());
    }
}
