//! The symmetric scheme of the desktop client, `eapi` (protocol: NetEase §3.3, §4).
//!
//! The other one, `weapi`, hides its key with RSA: only the real service can read it, so only its form is checked.

use aes::Aes128;
use aes::cipher::{BlockDecrypt as _, BlockEncrypt as _, KeyInit as _};
use md5::{Digest as _, Md5};

const KEY: &[u8; 16] = b"e82ckenh8dichen8";
const SEPARATOR: &str = "-36cd479b6b5-";
const BLOCK: usize = 16;

/// Decrypts AES-128-ECB with PKCS#7 padding.
pub(super) fn decrypt(cipher: &[u8]) -> Option<Vec<u8>> {
    if cipher.is_empty() || !cipher.len().is_multiple_of(BLOCK) {
        return None;
    }
    let aes = Aes128::new(KEY.into());
    let mut plain = cipher.to_vec();
    for block in plain.chunks_exact_mut(BLOCK) {
        aes.decrypt_block(block.into());
    }
    let padding = usize::from(*plain.last()?);
    let body = plain.len().checked_sub(padding)?;
    let padded =
        (1..=BLOCK).contains(&padding) && plain[body..].iter().all(|byte| usize::from(*byte) == padding);
    padded.then(|| plain[..body].to_vec())
}

/// Encrypts a reply, for clients that ask for it (`e_r`).
pub(super) fn encrypt(plain: &[u8]) -> Vec<u8> {
    let padding = BLOCK - plain.len() % BLOCK;
    let mut cipher = plain.to_vec();
    cipher.resize(plain.len() + padding, u8::try_from(padding).unwrap_or_default());
    let aes = Aes128::new(KEY.into());
    for block in cipher.chunks_exact_mut(BLOCK) {
        aes.encrypt_block(block.into());
    }
    cipher
}

/// Decrypts the `params` of a request, checks its signature, and returns the JSON in it.
///
/// # Errors
/// The rule that it broke: hexadecimal, padding, form, path, digest.
pub(super) fn decrypt_params(params: &str, signed_path: &str) -> Result<String, String> {
    let cipher = from_hex(params).ok_or("params is not hexadecimal")?;
    let plain = decrypt(&cipher).ok_or("params does not decrypt")?;
    let plain = String::from_utf8(plain).map_err(|_| "params is not UTF-8 inside")?;
    let mut parts = plain.split(SEPARATOR);
    let (Some(path), Some(json), Some(digest), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err("params does not have three parts".to_owned());
    };
    if path != signed_path {
        return Err(format!("the signed path is {path}, not {signed_path}"));
    }
    let wanted = hex(&Md5::digest(format!("nobody{path}use{json}md5forencrypt")));
    if digest != wanted {
        return Err("the digest is wrong".to_owned());
    }
    Ok(json.to_owned())
}

/// The name a guest registers under: proves that the client knows its device id (protocol: NetEase §2).
pub(super) fn guest_name(device_id: &str) -> String {
    const MASK: &[u8] = b"3go8&$8*3*3h0k(2)2";
    let masked: Vec<u8> =
        device_id.bytes().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
    let digest = crate::http::encoding::base64_encode(&Md5::digest(masked));
    crate::http::encoding::base64_encode(format!("{device_id} {digest}").as_bytes())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits?;
    digits
        .len()
        .is_multiple_of(2)
        .then(|| digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIKEY: &str = "1CA81A97B7BAEB099F29A9B99A25CD6E58E7BA5B35F25231033065C776830C0A38A128CF8B3EAF44635E50E0B9800A4A037CBDA1E04BD460C02768E3ECD5E66E905A5BCAE52009FB0933EFB373A62E834048DEBDABCCC627F25820A8D94E0A8C";

    #[test]
    fn a_documented_request_opens() {
        assert_eq!(decrypt_params(UNIKEY, "/api/login/qrcode/unikey"), Ok(r#"{"type":3}"#.to_owned()));
    }

    #[test]
    fn a_request_signed_for_another_path_is_refused() {
        let rule = decrypt_params(UNIKEY, "/api/login/token/refresh").expect_err("the path differs");
        assert!(rule.contains("signed path"), "{rule}");
    }

    #[test]
    fn a_request_with_a_wrong_digest_is_refused() {
        let plain = "/api/x-36cd479b6b5-{}-36cd479b6b5-00000000000000000000000000000000";
        let rule =
            decrypt_params(&hex(&encrypt(plain.as_bytes())), "/api/x").expect_err("the digest is wrong");
        assert_eq!(rule, "the digest is wrong");
    }

    #[test]
    fn an_answer_is_encrypted_as_documented() {
        let cipher = encrypt(r#"{"code":801,"message":"等待扫码"}"#.as_bytes());
        let wanted = "3ebb80efdf5e683f4d20ce4606b22c7ca19344f79d7c8cc05cd6469d47407ca789cfbafb854b15ec626a484e1b4ff048";
        assert_eq!(hex(&cipher), wanted);
    }

    #[test]
    fn a_guest_name_is_made_as_documented() {
        assert_eq!(guest_name("pyncm!"), "cHluY20hIFJUOFVaTlMzWTczenJxWW5oUlBjV1E9PQ==");
    }
}
