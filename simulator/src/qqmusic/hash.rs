//! The two checksums that QQ clients compute (protocol: QQ §1.3, §5.3).

use sha1::{Digest as _, Sha1};

use crate::http::encoding::base64_encode;

/// `hash33`: seed 0 gives `ptqrtoken`, seed 5381 gives `g_tk`.
pub(super) fn hash33(text: &str, seed: u32) -> u32 {
    text.bytes().fold(seed, |hash, byte| hash.wrapping_mul(33).wrapping_add(u32::from(byte))) & 0x7fff_ffff
}

/// The signature that `musics.fcg` asks for.
pub(super) fn zzc_sign(body: &[u8]) -> String {
    const HEAD: [usize; 7] = [23, 14, 6, 36, 16, 7, 19];
    const TAIL: [usize; 8] = [16, 1, 32, 12, 19, 27, 8, 5];
    const MASK: [u8; 20] =
        [89, 39, 179, 150, 218, 82, 58, 252, 177, 52, 186, 123, 120, 64, 242, 133, 143, 161, 121, 179];
    let digest = Sha1::digest(body);
    let hex: Vec<char> =
        digest.iter().flat_map(|byte| format!("{byte:02X}").chars().collect::<Vec<_>>()).collect();
    let masked: Vec<u8> = digest.iter().zip(MASK).map(|(byte, mask)| byte ^ mask).collect();
    let pick = |places: &[usize]| places.iter().map(|place| hex[*place]).collect::<String>();
    let middle = base64_encode(&masked).replace(['\\', '/', '+', '='], "");
    format!("zzc{}{middle}{}", pick(&HEAD), pick(&TAIL)).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash33_gives_the_documented_values() {
        for (text, token, g_tk) in [("", 0, 5381), ("0", 48, 177_621)] {
            assert_eq!((hash33(text, 0), hash33(text, 5381)), (token, g_tk));
        }
        assert_eq!(hash33("abc", 0), 108_966);
        assert_eq!(hash33("qrsig", 0), 138_234_694);
        assert_eq!(hash33(&"a1b2c3d4e5f60718293a4b5c6d7e8f90".repeat(4), 0), 669_477_904);
    }

    #[test]
    fn zzc_sign_gives_the_documented_values() {
        assert_eq!(zzc_sign(b""), "zzcf0e03e5gx4qeiq5cfgdyqwu7sdqfsb5fro3aa45053");
        assert_eq!(zzc_sign(b"{}"), "zzcf8e26805gyafigxmxjehoe02mvsjjgtwzw6f1a05f9");
        assert_eq!(zzc_sign(br#"{"comm":{"ct":24,"cv":0}}"#), "zzc5a67115r2cz91larvwiiwlhpk6ohsuamc16f7528a");
    }
}
