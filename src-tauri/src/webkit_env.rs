//! The environment that WebKitGTK is started in. Only `main.rs` uses this.

use gtk::glib;

/// Makes WebKit draw into ordinary memory, without a GPU.
const NO_GPU: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

/// Has WebKit draw without the GPU. A window of text gains nothing by it; what it costs is a context of the GPU in two
/// processes (45 MB and a tenth of a second of the start where it is a software renderer), and with some drivers the
/// window stays blank. A value that the person has set stays.
///
/// Only while the process has no other thread, which could be reading the environment.
pub(crate) fn draw_without_gpu() {
    if let Err(error) = glib::setenv(NO_GPU, "1", false) {
        tracing::info!(%error, "the GPU is used");
    }
}
