//! What the codes of a way in say, so that a person is never asked to scan anything else: a payment, somebody's
//! Wi-Fi, another site. A phone does what a code says, and the window has just said that it signs them in.

use crate::error::ServiceError;
use crate::qr::QrCode;

/// The longest address of a code, in bytes; theirs have a hundred or two.
const LONGEST: usize = 512;

/// Where the codes of a way in lead.
#[derive(Debug)]
pub(crate) struct CodeForm {
    /// `https`, and what else a service writes in its place.
    pub(crate) schemes: &'static [&'static str],
    /// The host.
    pub(crate) host: &'static str,
    /// Whether what is below the host counts, too.
    pub(crate) subdomains: bool,
    /// The paths; any when there are none.
    pub(crate) paths: &'static [&'static str],
    /// The parameter that names the sign-in, if it is known.
    pub(crate) key: Option<&'static str>,
}

impl CodeForm {
    /// Draws a code that says what the codes of this way in say.
    ///
    /// # Errors
    /// [`ServiceError::ForeignCode`] for any other.
    pub(crate) fn drawn(&self, text: &str, doing: &'static str) -> Result<QrCode, ServiceError> {
        let code = self.accepts(text).then(|| QrCode::from_text(text));
        code.and_then(Result::ok).ok_or(ServiceError::ForeignCode { doing })
    }

    /// Looks at the text itself rather than at what a parser makes of it: parsers mend what phones may read otherwise.
    fn accepts(&self, text: &str) -> bool {
        if text.len() > LONGEST || !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
            return false;
        }
        let Some((scheme, rest)) = text.split_once("://") else { return false };
        let host = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
        let path = &rest[host.len()..];
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        self.schemes.iter().any(|known| scheme.eq_ignore_ascii_case(known))
            && self.is_host(&host.to_ascii_lowercase())
            && (self.paths.is_empty() || self.paths.contains(&path))
            && self.key.is_none_or(|key| names(query, key))
    }

    /// Without a user, a password or a port: those hold `@` and `:`.
    fn is_host(&self, host: &str) -> bool {
        host == self.host
            || self.subdomains
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
                && host.strip_suffix(self.host).is_some_and(|below| below.ends_with('.'))
    }
}

/// Whether a query has a value of that name.
fn names(query: &str, key: &str) -> bool {
    query
        .split('&')
        .any(|pair| pair.split_once('=').is_some_and(|(name, value)| name == key && !value.is_empty()))
}

/// Texts of codes that no service shows for a sign-in, for the tests of every way in.
#[cfg(test)]
pub(crate) const FOREIGN: [&str; 24] = [
    "",
    " ",
    "weixin://wxpay/bizpayurl?pr=AbCdEf",
    "wxp://f2f0AbCdEf",
    "https://qr.alipay.com/fkx01234",
    "https://i.qianbao.qq.com/wallet/sqrcode.htm?m=tenpay&k=1",
    "WIFI:T:WPA;S=net;P:password;;",
    "tel:10086",
    "javascript:alert(1)",
    "https://example.com/",
    "https://txz.qq.com.evil.example/p?k=1",
    "https://music.163.com.evil.example/login?codekey=1",
    "https://open.weixin.qq.com.evil.example/connect/confirm?uuid=1",
    "https://y.qq.com.evil.example/?qrcodeID=1",
    "https://evil.example/https://txz.qq.com/p?k=1",
    "https://txz.qq.com@evil.example/p?k=1",
    "https://user:pass@txz.qq.com/p?k=1",
    "https://txz.qq.com:8443/p?k=1",
    "https://evil.example\\@txz.qq.com/p?k=1",
    "https://eviltxz.qq.com/p?k=1",
    "https://evily.qq.com/?qrcodeID=1",
    "https://txz.qq.com/p?k=1\nhttps://evil.example",
    "https://txz.qq.com/pay?k=1",
    "https://txz.qq.com/p?k=",
];

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: CodeForm = CodeForm {
        schemes: &["https"],
        host: "txz.qq.com",
        subdomains: false,
        paths: &["/p"],
        key: Some("k"),
    };

    #[test]
    fn scheme_and_host_count_in_any_case_and_the_rest_as_it_is_written() {
        for own in
            ["https://txz.qq.com/p?k=1", "HTTPS://TXZ.QQ.COM/p?k=1&f=2", "https://txz.qq.com/p?f=2&k=*_-"]
        {
            assert!(FORM.accepts(own), "{own}");
        }
        let more = ["https://txz.qq.com/P?k=1", "https://txz.qq.com/p?K=1", "http://txz.qq.com/p?k=1"];
        for foreign in FOREIGN.into_iter().chain(more) {
            assert!(!FORM.accepts(foreign), "{foreign:?}");
            assert!(FORM.drawn(foreign, "testing").is_err(), "{foreign:?} is not shown");
        }
        assert!(!FORM.accepts(&format!("https://txz.qq.com/p?k={}", "x".repeat(LONGEST))), "none is as long");
    }

    #[test]
    fn below_a_host_means_behind_a_dot() {
        let form = CodeForm { host: "y.qq.com", subdomains: true, paths: &[], key: None, ..FORM };
        for own in ["https://y.qq.com/m?x", "https://c.y.qq.com/", "https://y.qq.com"] {
            assert!(form.accepts(own), "{own}");
        }
        for foreign in FOREIGN.into_iter().chain(["https://a@c.y.qq.com/", "https://c%2ey.qq.com/"]) {
            assert!(!form.accepts(foreign), "{foreign:?}");
        }
    }
}
