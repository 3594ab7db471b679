//! What a web view may show, decided once more when a response has come. The main window and the official pages use
//! this.
//!
//! Tauri asks before a view loads an address, but only about addresses that it can parse; others it lets through. This
//! refuses what WebKit can parse and we cannot.

use tauri::Url;
use webkit2gtk::glib::prelude::Cast as _;
use webkit2gtk::{
    PolicyDecisionExt as _, PolicyDecisionType, ResponsePolicyDecision, ResponsePolicyDecisionExt as _,
    URIRequestExt as _, WebView, WebViewExt as _,
};

/// Refuses every document, that of a frame included, whose address cannot be parsed or may not be shown.
pub(crate) fn show_only(view: &WebView, may_be_shown: impl Fn(&Url) -> bool + 'static) {
    view.connect_decide_policy(move |_, decision, kind| {
        if kind != PolicyDecisionType::Response {
            return false;
        }
        let response = decision.downcast_ref::<ResponsePolicyDecision>();
        let address = response.and_then(|response| response.request()).and_then(|request| request.uri());
        if is_shown(address.as_deref(), &may_be_shown) {
            return false;
        }
        tracing::warn!("a response is not shown, because of its address");
        decision.ignore();
        true
    });
}

fn is_shown(address: Option<&str>, may_be_shown: impl Fn(&Url) -> bool) -> bool {
    address.and_then(|address| Url::parse(address).ok()).is_some_and(|address| may_be_shown(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_cannot_be_read_is_not_shown() {
        for address in [
            None,
            Some(""),
            Some("y.qq.com"),
            Some("https://"),
            Some("https://y.qq.com:99999/"),
            Some("https://[y]/"),
        ] {
            assert!(!is_shown(address, |_| true), "{address:?}");
        }
        assert!(is_shown(Some("https://y.qq.com/"), |_| true));
        assert!(!is_shown(Some("https://y.qq.com/"), |_| false), "nor is one that may not be");
    }
}
