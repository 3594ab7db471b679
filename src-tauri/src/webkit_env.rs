//! The environment that WebKitGTK is started in. Only `main.rs` uses this.

use gtk::glib;

/// Makes WebKit paint the whole page into one picture, on the CPU.
const ONE_LAYER: &str = "WEBKIT_DISABLE_COMPOSITING_MODE";

/// Has WebKit paint on the CPU, into one layer. A window of text gains nothing by layers that the GPU puts together:
/// where that is a software renderer, its shaders are compiled at every first start, and a code was painted 200 ms
/// after the click rather than 70 ms (WebKitGTK 2.50); the page takes 46 MB less memory; and drivers that draw a blank
/// or black window are left alone. What a page turns in three dimensions is drawn flat; WebGL works as before. A value
/// that the person has set stays.
///
/// By the environment, because it is for ever decided when WebKit makes its first page: to change the policy of a view
/// that has a process crashes that process (2.50.6).
///
/// Only while the process has no other thread, which could be reading the environment.
pub(crate) fn paint_on_cpu() {
    if let Err(error) = glib::setenv(ONE_LAYER, "1", false) {
        tracing::info!(%error, "pages are painted in layers");
    }
}
