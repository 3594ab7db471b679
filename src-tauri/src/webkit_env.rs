//! The environment that WebKitGTK is started in. Only `main.rs` uses this.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// Makes WebKit render on the CPU. It is read when WebKit's first process starts, so it is set before ours does anything.
const CPU_RENDERING: &str = "WEBKIT_SKIA_ENABLE_CPU_RENDERING";

/// Has WebKit render on the CPU, as it did before version 2.46. A window of text gains nothing by the GPU, which costs
/// about 28 MB where it is a software renderer, and a GPU context elsewhere.
///
/// The process replaces itself, because a running process cannot change its environment safely. A value that the person
/// has set stays. On failure the window is rendered on the GPU.
pub(crate) fn render_on_cpu() {
    if std::env::var_os(CPU_RENDERING).is_some() {
        return;
    }
    let Ok(program) = std::env::current_exe() else { return };
    let mut arguments = std::env::args_os();
    let mut again = Command::new(program);
    if let Some(name) = arguments.next() {
        again.arg0(name);
    }
    let error = again.args(arguments).env(CPU_RENDERING, "1").exec();
    tracing::info!(%error, "rendering stays on the GPU");
}
