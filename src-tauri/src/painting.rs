//! How WebKitGTK paints the window.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// WebKit reads this when its first process starts, so it has to be there before ours does anything.
const CPU_RENDERING: &str = "WEBKIT_SKIA_ENABLE_CPU_RENDERING";

/// Has WebKit paint on the CPU, as it did before version 2.46. Painting on the GPU costs a window of text
/// nothing but memory: about 28 MB where the "GPU" is a software renderer, and a GPU context elsewhere.
///
/// The process replaces itself, because a process that is running cannot change its environment safely. What
/// the person has set stays as it is. When it does not work, the window is painted the other way.
pub(crate) fn on_the_cpu() {
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
    tracing::info!(%error, "painting stays on the GPU");
}
