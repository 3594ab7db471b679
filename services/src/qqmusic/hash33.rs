//! The check number that QQ's pages compute from a cookie (protocol: QQ §1.3).

/// The seed for `ptqrtoken`.
pub(super) const TOKEN: u32 = 0;

/// The seed for `g_tk`; also `g_tk` itself when nobody is signed in.
pub(super) const G_TK: u32 = 5381;

/// `h = h·33 + byte`, in 31 bits. It proves to the service that the page could read the cookie.
pub(super) fn hash33(text: &str, seed: u32) -> u32 {
    text.bytes().fold(seed, |hash, byte| hash.wrapping_mul(33).wrapping_add(u32::from(byte))) & 0x7fff_ffff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_protocol_notes_holds() {
        let long = "a1b2c3d4e5f60718293a4b5c6d7e8f90".repeat(4);
        for (text, token) in [
            ("", 0),
            ("0", 48),
            ("abc", 108_966),
            ("qrsig", 138_234_694),
            ("abcdefghijklmnopqrstuvwxyz0123456789", 276_467_340),
            (long.as_str(), 669_477_904),
            ("Q_H_L_testkey", 1_612_647_339),
            ("W_X_testkey", 1_593_920_950),
        ] {
            assert_eq!(hash33(text, TOKEN), token, "{text}");
        }
        assert_eq!(hash33("", G_TK), 5381);
        assert_eq!(hash33("0", G_TK), 177_621);
    }
}
