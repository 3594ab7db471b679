//! How NetEase's clients wrap their requests (protocol: NetEase §4). The keys are the same in every client
//! and protect nothing; TLS does.

use aes::Aes128;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockDecryptMut, BlockEncryptMut, KeyInit, KeyIvInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypto_bigint::modular::{MontyForm, MontyParams};
use crypto_bigint::{Odd, U64, U1024};
use md5::{Digest, Md5};
use rand::Rng;
use rand::distr::Alphanumeric;

const WEAPI_KEY: &[u8; 16] = b"0CoJUm6Qyw8W8jud";
const WEAPI_IV: &[u8; 16] = b"0102030405060708";
const EAPI_KEY: &[u8; 16] = b"e82ckenh8dichen8";

/// The public RSA key that the web site wraps its secrets with.
const MODULUS: &str = "e0b509f6259df8642dbc35662901477df22677ec152b5ff68ace615bb7b72515\
                       2b3ab17a876aea8a5aa76d2e417629ec4ee341f56135fccf695280104e0312ec\
                       bda92557c93870114af6c9d05c4f7f0c3685b7a46bee255932575cce10b424d8\
                       13cfe4875d3e82047b97ddef52741d546b8e289dc6935b3ece0462db0a22b8e7";
const EXPONENT: u32 = 0x1_0001;

/// A request to `/weapi`: its two form fields.
pub(super) struct Weapi {
    /// The payload, encrypted twice.
    pub(super) params: String,
    /// The secret of the second time, encrypted for the service.
    pub(super) enc_sec_key: String,
}

/// Wraps a payload for `/weapi` with a secret of its own.
pub(super) fn weapi(json: &str) -> Weapi {
    let secret: Vec<u8> = rand::rng().sample_iter(Alphanumeric).take(16).collect();
    let secret = <[u8; 16]>::try_from(secret).expect("sixteen were taken");
    weapi_with(json, &secret)
}

fn weapi_with(json: &str, secret: &[u8; 16]) -> Weapi {
    let inner = STANDARD.encode(cbc(json.as_bytes(), WEAPI_KEY));
    let params = STANDARD.encode(cbc(inner.as_bytes(), secret));
    Weapi { params, enc_sec_key: rsa(secret) }
}

fn cbc(plain: &[u8], key: &[u8; 16]) -> Vec<u8> {
    cbc::Encryptor::<Aes128>::new(key.into(), WEAPI_IV.into()).encrypt_padded_vec_mut::<Pkcs7>(plain)
}

/// RSA without padding of the reversed secret. Always 256 digits: leading zeros count.
fn rsa(secret: &[u8; 16]) -> String {
    let mut message = [0; 128];
    for (place, byte) in message[112..].iter_mut().zip(secret.iter().rev()) {
        *place = *byte;
    }
    let modulus = Odd::<U1024>::new(U1024::from_be_hex(MODULUS)).expect("the modulus is odd");
    let base = MontyForm::new(&U1024::from_be_slice(&message), MontyParams::new_vartime(modulus));
    // Only the bits that it has: each other one would be a multiplication, too.
    let power = base.pow_bounded_exp(&U64::from_u32(EXPONENT), u32::BITS - EXPONENT.leading_zeros());
    lower_hex(&power.retrieve().to_be_bytes())
}

/// Wraps a payload for `/eapi`: the one form field. `path` is the signed path, which begins with `/api`.
pub(super) fn eapi(path: &str, json: &str) -> String {
    const SEPARATOR: &str = "-36cd479b6b5-";
    let digest = lower_hex(&Md5::digest(format!("nobody{path}use{json}md5forencrypt")));
    let plain = format!("{path}{SEPARATOR}{json}{SEPARATOR}{digest}");
    // Encrypting block by block (ECB) is what the block cipher does by itself.
    let cipher = Aes128::new(EAPI_KEY.into()).encrypt_padded_vec_mut::<Pkcs7>(plain.as_bytes());
    lower_hex(&cipher).to_ascii_uppercase()
}

/// Opens an answer of `/eapi`, if it is encrypted; the service decides that for itself.
pub(super) fn open_eapi(body: &[u8]) -> Option<Vec<u8>> {
    Aes128::new(EAPI_KEY.into()).decrypt_padded_vec_mut::<Pkcs7>(body).ok()
}

fn lower_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Made with a widely used client and checked with a second one.
    fn vectors(kind: &str) -> Vec<Value> {
        let all: Value = serde_json::from_str(include_str!("vectors.json")).expect("the vectors are JSON");
        all[kind].as_array().expect("a list").clone()
    }

    fn text<'a>(vector: &'a Value, name: &str) -> &'a str {
        vector[name].as_str().expect("a text")
    }

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u32> = hex.chars().map(|digit| digit.to_digit(16).expect("a digit")).collect();
        digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
    }

    #[test]
    fn weapi_agrees_with_every_vector_leading_zeros_included() {
        for vector in vectors("weapi") {
            let secret = text(&vector, "secretKey").as_bytes().try_into().expect("sixteen bytes");
            let wrapped = weapi_with(text(&vector, "json"), secret);
            assert_eq!(wrapped.params, text(&vector, "params"), "{vector}");
            assert_eq!(wrapped.enc_sec_key, text(&vector, "encSecKey"), "{vector}");
        }
    }

    #[test]
    fn eapi_agrees_with_every_vector() {
        for vector in vectors("eapi") {
            assert_eq!(
                eapi(text(&vector, "url"), text(&vector, "json")),
                text(&vector, "params"),
                "{vector}"
            );
        }
    }

    #[test]
    fn answers_of_eapi_open_as_every_vector_says() {
        for vector in vectors("eapi_response") {
            let opened = open_eapi(&bytes(text(&vector, "cipherHex"))).expect("it is encrypted");
            assert_eq!(opened, text(&vector, "json").as_bytes(), "{vector}");
        }
    }

    #[test]
    fn two_requests_do_not_share_a_secret() {
        assert_ne!(weapi("{}").enc_sec_key, weapi("{}").enc_sec_key);
    }

    proptest::proptest! {
        #[test]
        fn no_body_makes_opening_panic(body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..100)) {
            let _ = open_eapi(&body);
        }
    }
}
