//! The two ciphers of CookieCloud (easychen/CookieCloud, `api/app.js` and `ext/utils/functions.js`). Neither
//! authenticates what it holds, and both have half of an MD5 of the password as their key.

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockDecryptMut as _, BlockEncryptMut as _, KeyIvInit as _};
use aes::{Aes128, Aes256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use rand::Rng as _;
use zeroize::Zeroizing;

use crate::delivery::target::CloudCipher;

/// What CryptoJS puts before the salt.
const SALTED: &[u8] = b"Salted__";
/// How many bytes of salt there are.
const SALT: usize = 8;
/// How many characters of the MD5 are the passphrase.
const PASSPHRASE: usize = 16;

/// Encrypts a text.
pub(super) fn encrypt(cipher: CloudCipher, uuid: &str, password: &str, text: &str) -> String {
    let passphrase = passphrase(uuid, password);
    match cipher {
        CloudCipher::Legacy => {
            let mut salt = [0; SALT];
            rand::rng().fill(&mut salt);
            let (key, iv) = derived(passphrase.as_bytes(), salt);
            let made = cbc::Encryptor::<Aes256>::new(&(*key).into(), &iv.into());
            let data = made.encrypt_padded_vec_mut::<Pkcs7>(text.as_bytes());
            STANDARD.encode([SALTED, &salt, &data].concat())
        }
        CloudCipher::Fixed => {
            let key = fixed_key(&passphrase);
            let made = cbc::Encryptor::<Aes128>::new(&key.into(), &[0; 16].into());
            STANDARD.encode(made.encrypt_padded_vec_mut::<Pkcs7>(text.as_bytes()))
        }
    }
}

/// Decrypts a text; `None` when it is damaged, or the password is another.
pub(super) fn decrypt(
    cipher: CloudCipher,
    uuid: &str,
    password: &str,
    data: &str,
) -> Option<Zeroizing<String>> {
    let (passphrase, data) = (passphrase(uuid, password), STANDARD.decode(data.trim()).ok()?);
    let text = match cipher {
        CloudCipher::Legacy => {
            let (salt, data) = data.strip_prefix(SALTED)?.split_at_checked(SALT)?;
            let (key, iv) = derived(passphrase.as_bytes(), salt.try_into().ok()?);
            let made = cbc::Decryptor::<Aes256>::new(&(*key).into(), &iv.into());
            made.decrypt_padded_vec_mut::<Pkcs7>(data).ok()?
        }
        CloudCipher::Fixed => {
            let key = fixed_key(&passphrase);
            let made = cbc::Decryptor::<Aes128>::new(&key.into(), &[0; 16].into());
            made.decrypt_padded_vec_mut::<Pkcs7>(&data).ok()?
        }
    };
    String::from_utf8(text).ok().map(Zeroizing::new)
}

/// The first 16 hexadecimal digits of the MD5 of uuid and password, with a hyphen between them.
fn passphrase(uuid: &str, password: &str) -> Zeroizing<String> {
    let mut digest = format!("{:x}", Md5::digest(Zeroizing::new(format!("{uuid}-{password}")).as_bytes()));
    digest.truncate(PASSPHRASE);
    Zeroizing::new(digest)
}

fn fixed_key(passphrase: &str) -> [u8; PASSPHRASE] {
    let mut key = [0; PASSPHRASE];
    key.copy_from_slice(passphrase.as_bytes());
    key
}

/// OpenSSL's `EVP_BytesToKey` with MD5 and one round.
fn derived(passphrase: &[u8], salt: [u8; SALT]) -> (Zeroizing<[u8; 32]>, [u8; 16]) {
    let mut material = Zeroizing::new(Vec::with_capacity(48));
    let mut block = Zeroizing::new(Vec::new());
    while material.len() < 48 {
        let digest = Md5::new().chain_update(&*block).chain_update(passphrase).chain_update(salt).finalize();
        *block = digest.to_vec();
        material.extend_from_slice(&block);
    }
    let (mut key, mut iv) = (Zeroizing::new([0; 32]), [0; 16]);
    key.copy_from_slice(&material[..32]);
    iv.copy_from_slice(&material[32..]);
    (key, iv)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with `openssl enc -aes-256-cbc -md md5 -k <passphrase> -S 0102030405060708` and
    /// `openssl enc -aes-128-cbc -K <hex of the passphrase> -iv 0`, of which CryptoJS's form is the same.
    const VECTORS: [(CloudCipher, &str); 2] = [
        (CloudCipher::Legacy, "U2FsdGVkX18BAgMEBQYHCMyL3t+MtrhlntItGEJWFzI8TRUG+P5zU17/pdCQyi+L"),
        (CloudCipher::Fixed, "WJHo+2xqOIGOhPORLG4fD9Herj2C6+aKfzl2aVQr9E0="),
    ];

    #[test]
    fn what_others_have_encrypted_is_read() {
        for (cipher, data) in VECTORS {
            let text = decrypt(cipher, "uuid", "password", data).expect("it can be read");
            assert_eq!(*text, r#"{"cookie_data":{}}"#, "{cipher:?}");
        }
    }

    #[test]
    fn what_is_encrypted_is_read_with_its_password_only() {
        for cipher in [CloudCipher::Legacy, CloudCipher::Fixed] {
            let data = encrypt(cipher, "u", "p", "{\"text\":\"一\"}");
            let text = decrypt(cipher, "u", "p", &data).expect("it can be read");
            assert_eq!(*text, "{\"text\":\"一\"}");
            assert_ne!(decrypt(cipher, "u", "q", &data), Some(text), "{cipher:?}");
            assert_eq!(decrypt(cipher, "u", "p", "no base64"), None);
            assert_eq!(decrypt(cipher, "u", "p", "AAAA"), None);
        }
    }
}
