//! Our own error page, in place of a service's page that cannot be loaded: what is wrong, what helps, and a link to try
//! again. The engine's speaks the system's language, names no way out and cannot be retried. Only for [`super`].

use tauri::Url;
use tunekey_core::{Language, ServiceId};

/// Why a page cannot be loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LoadError {
    /// The host was not reached, or its response broke off.
    Unreachable,
    /// The host has shown a certificate that is not trusted.
    Untrusted,
}

/// The HTML of the error page for `address`. It loads and runs nothing; its one link leads to `retry`.
pub(super) fn html(
    error: LoadError,
    service: ServiceId,
    address: &Url,
    retry: &Url,
    language: Language,
) -> String {
    let host = escaped(address.host_str().unwrap_or_default());
    let name = language.service_name(service);
    let (title, cause, help, again) = match language {
        Language::English => {
            let title = format!("Can’t open {name}’s sign-in page");
            let cause = match error {
                LoadError::Unreachable => format!("{host} could not be reached."),
                LoadError::Untrusted => format!("The certificate of {host} is not trusted."),
            };
            let help = match error {
                LoadError::Unreachable => {
                    "Check your network, or the proxy in TuneKey’s settings. You can also close this window and choose another way to sign in."
                }
                LoadError::Untrusted => {
                    "Check this computer’s date and time. If your network inspects connections, add its certificate authority in TuneKey’s settings under Network."
                }
            };
            (title, cause, help, "Try again")
        }
        Language::Chinese => {
            let title = format!("无法打开{name}的登录页");
            let cause = match error {
                LoadError::Unreachable => format!("无法连接到 {host}。"),
                LoadError::Untrusted => format!("{host} 的证书不受信任。"),
            };
            let help = match error {
                LoadError::Unreachable => {
                    "请检查网络，或 TuneKey 设置中的代理。也可以关闭此窗口，换一种方式登录。"
                }
                LoadError::Untrusted => {
                    "请检查这台电脑的日期和时间。如果你的网络会检查加密连接，请在 TuneKey 设置的“网络”中添加它的证书颁发机构。"
                }
            };
            (title, cause, help, "重试")
        }
    };
    let language = if language == Language::English { "en" } else { "zh-CN" };
    let retry = escaped(retry.as_str());
    format!(
        "<!doctype html><html lang=\"{language}\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title}</title><style>{STYLE}</style></head>\
         <body><main><h1>{title}</h1><p>{cause}</p><p>{help}</p>\
         <a id=\"retry\" href=\"{retry}\" autofocus>{again}</a></main></body></html>"
    )
}

const STYLE: &str = "body{margin:0;min-height:100vh;display:grid;place-items:center;font:15px/1.5 system-ui,sans-serif;\
    background:#fafafb;color:#1b1c20}main{max-width:22rem;padding:2rem}h1{font-size:1.2rem;line-height:1.3;margin:0 0 .75rem}\
    p{margin:0 0 .75rem}a{display:inline-block;margin-top:.5rem;padding:.5rem 1.1rem;border-radius:.5rem;\
    background:#1f5fd0;color:#fff;text-decoration:none;font-weight:600}a:focus-visible{outline:2px solid #1f5fd0;outline-offset:2px}\
    @media(prefers-color-scheme:dark){body{background:#1c1d21;color:#ececf0}a{background:#7fb0ff;color:#0d1830}\
    a:focus-visible{outline-color:#7fb0ff}}";

/// A text with what is special in HTML escaped, between tags or in quotes.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().expect("a URL")
    }

    #[test]
    fn it_says_in_both_languages_what_is_wrong_what_helps_and_offers_to_try_again() {
        let address = url("https://graph.qq.com/oauth2.0/show?client_id=1&state=a");
        for (language, error, words) in [
            (
                Language::English,
                LoadError::Unreachable,
                ["graph.qq.com could not be reached", "proxy", "Try again"],
            ),
            (Language::English, LoadError::Untrusted, ["is not trusted", "date and time", "Try again"]),
            (Language::Chinese, LoadError::Unreachable, ["无法连接到 graph.qq.com", "代理", "重试"]),
            (Language::Chinese, LoadError::Untrusted, ["不受信任", "日期和时间", "重试"]),
        ] {
            let page = html(error, ServiceId::new("qqmusic"), &address, &address, language);
            for word in words {
                assert!(page.contains(word), "{word}: {page}");
            }
            assert!(
                page.contains("href=\"https://graph.qq.com/oauth2.0/show?client_id=1&amp;state=a\""),
                "{page}"
            );
            assert!(!page.contains("<script"), "nothing runs in it");
        }
    }

    #[test]
    fn an_address_is_no_markup() {
        let address = url("https://y.qq.com/?a=\"><script>alert(1)</script>&b='");
        let page =
            html(LoadError::Unreachable, ServiceId::new("qqmusic"), &address, &address, Language::English);
        assert!(!page.contains("<script"), "{page}");
    }
}
