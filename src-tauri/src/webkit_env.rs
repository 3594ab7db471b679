//! The environment that WebKitGTK is started in. Only `main.rs` uses this.

use gtk::glib;

/// Makes WebKit render on the CPU.
const CPU_RENDERING: &str = "WEBKIT_SKIA_ENABLE_CPU_RENDERING";

/// Has WebKit render on the CPU, as it did before version 2.46. A window of text gains nothing by the GPU, which costs
/// about 28 MB where it is a software renderer, and a GPU context elsewhere. A value that the person has set stays.
///
/// To switch the DMA buffers off as well (`WEBKIT_DISABLE_DMABUF_RENDERER`) would save another 45 MB and a tenth of a
/// second of the start, but WebDriver's picture of a blurred code then never comes (WebKitGTK 2.50).
///
/// Only while the process has no other thread, which could be reading the environment.
pub(crate) fn render_on_cpu() {
    if let Err(error) = glib::setenv(CPU_RENDERING, "1", false) {
        tracing::info!(%error, "rendering stays on the GPU");
    }
}
