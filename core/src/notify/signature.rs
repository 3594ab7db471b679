//! The signatures of robots in group chats.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// DingTalk's signature: of the time in milliseconds, a line break and the secret, by the secret. Not yet escaped for
/// an address.
pub(super) fn ding_talk(milliseconds: i64, secret: &str) -> String {
    STANDARD.encode(hmac(secret.as_bytes(), format!("{milliseconds}\n{secret}").as_bytes()))
}

/// Feishu's signature: of nothing, by the time in seconds, a line break and the secret.
pub(super) fn feishu(seconds: i64, secret: &str) -> String {
    STANDARD.encode(hmac(format!("{seconds}\n{secret}").as_bytes(), b""))
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length will do");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made with Python's hmac, hashlib and base64.
    #[test]
    fn they_are_what_another_implementation_makes() {
        assert_eq!(ding_talk(1_790_000_000_000, "SECabc"), "E5/BtFtq3tCwIyq3uAxUusymmFVT8XBlzT+nRRJaKeo=");
        assert_eq!(feishu(1_790_000_000, "abc"), "OjX09FR/z4JqMve0jm2OnJaYAkBfndTaz50kDUfabmw=");
    }
}
