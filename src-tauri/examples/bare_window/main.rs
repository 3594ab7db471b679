//! The smallest Tauri window there is: what `cargo xtask bench` holds TuneKey's memory against.

fn main() -> tauri::Result<()> {
    tauri::Builder::default().run(tauri::generate_context!("examples/bare_window/tauri.conf.json"))
}
