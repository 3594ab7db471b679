//! Base64 as the services write it: the standard alphabet with padding (RFC 4648 §4).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Decodes; `None` when the text is not base64.
pub(crate) fn base64_decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Encodes.
pub(crate) fn base64_encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
