//! What TuneKey is called and described as wherever it is offered. The version, the licence and the address stand in the
//! workspace's `Cargo.toml`.

/// The version, such as `0.1.0`.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The licence, as an SPDX expression.
pub(crate) const LICENCE: &str = env!("CARGO_PKG_LICENSE");

/// Where the project is at home.
pub(crate) const HOMEPAGE: &str = env!("CARGO_PKG_REPOSITORY");

/// Who publishes it.
pub(crate) const PUBLISHER: &str = "The TuneKey contributors";

/// What it does, in one line.
pub(crate) const DESCRIPTION: &str = "Keeps your QQ Music and NetEase Cloud Music sign-ins fresh";

/// The same in Chinese.
pub(crate) const DESCRIPTION_CHINESE: &str = "扫一次码，自动为你的 QQ 音乐和网易云音乐登录续期";

/// What it does, in some more words.
pub(crate) const SUMMARY: &str = "Signs in to your own QQ Music and NetEase Cloud Music accounts by scanning a code, keeps \
    the credential in the system's keychain, renews it, and copies it in the form your tools want.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_installers_of_the_window_describe_it_in_the_same_words() {
        let bundle = include_str!("../../src-tauri/tauri.conf.json");
        for (key, text) in [
            ("shortDescription", DESCRIPTION),
            ("longDescription", SUMMARY),
            ("copyright", PUBLISHER),
            ("license", LICENCE),
        ] {
            assert!(bundle.contains(&format!("\"{key}\": \"{text}\"")), "{key} says something else");
        }
    }
}
