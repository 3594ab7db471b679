//! What a page's window needs of WebKitGTK itself.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;

use gtk::gio::prelude::*;
use gtk::gio::{self, TlsCertificate, TlsCertificateFlags, TlsDatabaseVerifyFlags};
use gtk::glib;
use tauri::Url;
use tunekey_core::Proxy;
use webkit2gtk::{
    LoadEvent, NetworkError, NetworkProxyMode, NetworkProxySettings, PolicyError, UserContentManagerExt as _,
    WebContextExt as _, WebResourceExt as _, WebView, WebViewExt as _, WebsiteDataManagerExt as _,
};

use super::unreachable::Why;

/// What a certificate has to be good for.
const SERVER: &str = "1.3.6.1.5.5.7.3.1";

/// The name under which the shell listens for its pages.
const CALLS: &str = "ipc";

/// Makes the settings hold, takes away what the shell gives to all its pages, and loads the address.
pub(super) fn load(view: &WebView, start: &Url, proxy: &Proxy, authorities: Option<&Path>) {
    if let Some(content) = view.user_content_manager() {
        content.remove_all_scripts();
        content.unregister_script_message_handler(CALLS);
    }
    go_through(view, proxy);
    if let Some(authorities) = authorities {
        trust(view, authorities);
    }
    view.load_uri(start.as_str());
}

/// Calls `goes_on` with each address that the page itself begins to load, redirects included, before anything of it has
/// come. Frames in it do not count: that signal is the main frame's alone.
pub(super) fn follow(view: &WebView, goes_on: impl Fn(Option<&str>) -> bool + 'static) {
    view.connect_load_changed(move |view, event| {
        let begins = matches!(event, LoadEvent::Started | LoadEvent::Redirected);
        if begins && !goes_on(view.uri().as_deref()) {
            view.stop_loading();
        }
    });
}

/// Shows what `page` makes of a failure, now and later, instead of the engine's error page. To be called after
/// [`load`], whose look at the extra authorities comes first.
pub(super) fn replace_failures(view: &WebView, page: impl Fn(Why, &Url) -> String + 'static) {
    let page = Rc::new(page);
    let show = move |view: &WebView, why, address: &str| {
        let Ok(failed) = Url::parse(address) else { return false };
        tracing::info!(host = failed.host_str(), ?why, "the page could not be loaded");
        view.load_alternate_html(&page(why, &failed), address, None);
        true
    };
    view.connect_load_failed({
        let show = show.clone();
        move |view, _, address, error| {
            // Not failures: another address was asked for meanwhile, or we have turned one down.
            let is_meant = error.matches(NetworkError::Cancelled)
                || error.matches(PolicyError::FrameLoadInterruptedByPolicyChange);
            !is_meant && show(view, Why::NotReached, address)
        }
    });
    // After the one that looks at extra authorities: connected last, it is asked last.
    view.connect_load_failed_with_tls_errors(move |view, address, _, _| show(view, Why::NotTrusted, address));
}

fn go_through(view: &WebView, proxy: &Proxy) {
    let Some(network) = view.website_data_manager() else { return };
    match proxy {
        Proxy::System => network.set_network_proxy_settings(NetworkProxyMode::Default, None),
        Proxy::None => network.set_network_proxy_settings(NetworkProxyMode::NoProxy, None),
        Proxy::Manual(address) => {
            // There, `socks5` leaves names to the proxy, as `socks5h` says.
            let address = address.replacen("socks5h:", "socks5:", 1);
            let mut settings = NetworkProxySettings::new(Some(&address), &[]);
            network.set_network_proxy_settings(NetworkProxyMode::Custom, Some(&mut settings));
        }
    }
}

/// Trusts the extra authorities besides the system's. WebKit knows of none but the system's: what it refuses is
/// looked at again here, and a host whose certificate is good after all is loaded anew.
fn trust(view: &WebView, authorities: &Path) {
    let verifier = match gio::TlsFileDatabase::new(authorities) {
        Ok(database) => Rc::new(Verifier { database, trusted: RefCell::default() }),
        Err(error) => {
            tracing::warn!(%error, "the extra certificate authorities cannot be read");
            return;
        }
    };
    view.connect_load_failed_with_tls_errors({
        let verifier = verifier.clone();
        move |view, address, certificate, errors| {
            let known_good = verifier.accepts(view, address, certificate, errors);
            if known_good {
                view.load_uri(address);
            }
            known_good
        }
    });
    view.connect_resource_load_started(move |view, resource, _| {
        let (view, verifier) = (view.downgrade(), verifier.clone());
        resource.connect_failed_with_tls_errors(move |resource, certificate, errors| {
            let (Some(view), Some(address)) = (view.upgrade(), resource.uri()) else { return };
            // The page itself has a signal of its own.
            if view.uri().as_ref() != Some(&address) && verifier.accepts(&view, &address, certificate, errors)
            {
                glib::idle_add_local_once(move || view.reload());
            }
        });
    });
}

struct Verifier {
    database: gio::TlsFileDatabase,
    /// Hosts that have been accepted. One that fails again has another certificate, and is not tried for ever.
    trusted: RefCell<BTreeSet<String>>,
}

impl Verifier {
    /// Accepts a host's certificate if nothing but its unknown issuer was wrong, and the issuer is one of ours.
    fn accepts(
        &self,
        view: &WebView,
        address: &str,
        certificate: &TlsCertificate,
        errors: TlsCertificateFlags,
    ) -> bool {
        let Some(host) = Url::parse(address).ok().and_then(|url| url.host_str().map(str::to_owned)) else {
            return false;
        };
        if errors != TlsCertificateFlags::UNKNOWN_CA || !self.is_good(&host, certificate) {
            tracing::warn!(host, ?errors, "a certificate is not trusted");
            return false;
        }
        let (Some(context), true) = (view.context(), self.trusted.borrow_mut().insert(host.clone())) else {
            return false;
        };
        tracing::debug!(host, "trusted because of the extra certificate authorities");
        context.allow_tls_certificate_for_host(certificate, &host);
        true
    }

    fn is_good(&self, host: &str, certificate: &TlsCertificate) -> bool {
        let identity = gio::NetworkAddress::new(host, 443);
        let verified = self.database.verify_chain(
            certificate,
            SERVER,
            Some(&identity),
            None::<&gio::TlsInteraction>,
            TlsDatabaseVerifyFlags::NONE,
            gio::Cancellable::NONE,
        );
        verified.is_ok_and(|errors| errors.is_empty())
    }
}
