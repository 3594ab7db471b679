//! A text of this program in the languages that it speaks.

use serde::Serialize;

/// A text in both languages. What is a constant is written here; what is made up of several is the core's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct Bilingual {
    /// In English.
    pub english: &'static str,
    /// 简体中文。
    pub chinese: &'static str,
}

impl Bilingual {
    /// A text in English and in Chinese.
    pub const fn new(english: &'static str, chinese: &'static str) -> Self {
        Self { english, chinese }
    }
}
