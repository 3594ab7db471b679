//! The settings and signals of WebKitGTK that Tauri does not offer for a page's window. Only for [`super`].

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
    WebContextExt as _, WebProcessTerminationReason, WebResourceExt as _, WebView, WebViewExt as _,
    WebsiteDataManagerExt as _,
};

use super::error_page::LoadError;

/// What a certificate has to be good for: TLS servers (RFC 5280 §4.2.1.12, `id-kp-serverAuth`).
const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";

/// The message handler by which pages call Tauri.
const IPC_HANDLER: &str = "ipc";

/// Makes the settings hold, takes away the scripts and the message handler that Tauri gives to all pages, and loads
/// the address.
pub(super) fn load(view: &WebView, start: &Url, proxy: &Proxy, authorities: Option<&Path>) {
    if let Some(content) = view.user_content_manager() {
        content.remove_all_scripts();
        content.unregister_script_message_handler(IPC_HANDLER);
    }
    set_proxy(view, proxy);
    if let Some(authorities) = authorities {
        trust_authorities(view, authorities);
    }
    view.load_uri(start.as_str());
}

/// Calls `may_load` with each address that the page itself begins to load, redirects included, before anything of it
/// has come, and stops loading where that says no. Frames do not count: the signal is the main frame's alone.
pub(super) fn filter_main_frame(view: &WebView, may_load: impl Fn(Option<&str>) -> bool + 'static) {
    view.connect_load_changed(move |view, event| {
        let begins = matches!(event, LoadEvent::Started | LoadEvent::Redirected);
        if begins && !may_load(view.uri().as_deref()) {
            view.stop_loading();
        }
    });
}

/// Calls `crashed` when what shows the page has ended, be it by itself or for want of memory.
pub(super) fn follow_crash(view: &WebView, crashed: impl Fn() + 'static) {
    view.connect_web_process_terminated(move |_, reason| {
        tracing::error!(?reason, "the page’s web process has ended");
        // Our own closing of it is none.
        if reason != WebProcessTerminationReason::TerminatedByApi {
            crashed();
        }
    });
}

/// Shows what `page` makes of every failure instead of the engine's error page. To be called after [`load`], whose
/// check of the extra authorities comes first.
pub(super) fn replace_error_page(view: &WebView, page: impl Fn(LoadError, &Url) -> String + 'static) {
    let page = Rc::new(page);
    let show = move |view: &WebView, error, address: &str| {
        let Ok(failed) = Url::parse(address) else { return false };
        tracing::info!(host = failed.host_str(), ?error, "the page could not be loaded");
        view.load_alternate_html(&page(error, &failed), address, None);
        true
    };
    view.connect_load_failed({
        let show = show.clone();
        move |view, _, address, error| {
            // Not failures: another address was asked for meanwhile, or we have turned one down.
            let is_intended = error.matches(NetworkError::Cancelled)
                || error.matches(PolicyError::FrameLoadInterruptedByPolicyChange);
            !is_intended && show(view, LoadError::Unreachable, address)
        }
    });
    // After the one that checks the extra authorities: connected last, it is asked last.
    view.connect_load_failed_with_tls_errors(move |view, address, _, _| {
        show(view, LoadError::Untrusted, address)
    });
}

fn set_proxy(view: &WebView, proxy: &Proxy) {
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

/// Trusts the extra authorities besides the system's. WebKit knows only the system's: a certificate that it refuses is
/// verified again here, and a host whose certificate is good after all is loaded anew.
fn trust_authorities(view: &WebView, authorities: &Path) {
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
            let is_accepted = verifier.accepts(view, address, certificate, errors);
            if is_accepted {
                view.load_uri(address);
            }
            is_accepted
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

/// Verifies certificates against the extra authorities.
struct Verifier {
    database: gio::TlsFileDatabase,
    /// Hosts that have been accepted. One that fails again has another certificate, and is not tried for ever.
    trusted: RefCell<BTreeSet<String>>,
}

impl Verifier {
    /// Accepts a host's certificate if nothing but its unknown issuer was wrong, and an extra authority has issued it.
    /// False for a host that has been accepted before.
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
        if errors != TlsCertificateFlags::UNKNOWN_CA || !self.verifies(&host, certificate) {
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

    fn verifies(&self, host: &str, certificate: &TlsCertificate) -> bool {
        let identity = gio::NetworkAddress::new(host, 443);
        let verified = self.database.verify_chain(
            certificate,
            SERVER_AUTH,
            Some(&identity),
            None::<&gio::TlsInteraction>,
            TlsDatabaseVerifyFlags::NONE,
            gio::Cancellable::NONE,
        );
        verified.is_ok_and(|errors| errors.is_empty())
    }
}
