//! The harnesses of the tests of the whole product, the demo and the benchmarks. Each has a home folder, a session bus,
//! a keyring and a screen of its own, and leaves nothing behind.
//!
//! ```text
//! Sandbox    a new home and what belongs to it; ends whatever was started in it
//!  ├─ Bus        a private D-Bus session bus on which nothing starts by itself
//!  ├─ Keyring    gnome-keyring on that bus: unlocked, locked, stopped, hung
//!  └─ Screen     Xvfb with a window manager
//! Desktop    all of these, the simulator, and a canary in every secret that it issues
//!  ├─ Window     the app's real window, driven over WebDriver
//!  ├─ Tray       its tray menu, read and clicked over D-Bus
//!  ├─ TrayHost   a panel that shows tray icons, on a desktop that is to have one
//!  ├─ Notifications  the server that shows notifications, read and clicked over D-Bus
//!  ├─ PushServer a server of the user's own that takes messages for a phone
//!  ├─ Clipboard  what other programs would paste
//!  ├─ Cli        the command line on the same profile
//!  └─ Terminal   the command line in a terminal of a given size
//! Server     the command line without a desktop: encrypted files, and the simulator
//!  └─ LocalApi   `tunekey serve` on its profile, and the clients of its API
//! Computers  servers that share a database, each with a home of its own
//! Postgres   a database that several servers share, with a pooler before it
//! TcpProxy   a wire to it that can be cut
//! Container  the command line in the root of the container image, under its limits
//! Machine    the command line as built for another system, with what runs it here and the simulator
//! Harness    the core with the simulator and a keychain in memory, without a desktop
//!  └─ User       the user at a sign-in: scans, types, pastes
//! ```

pub mod browser;
pub mod canary;
pub mod cli;
pub mod clipboard;
pub mod computers;
pub mod container;
pub mod crowd;
pub mod desktop;
pub mod eventually;
pub mod executable;
pub mod fixtures;
pub mod harness;
pub mod keyring;
pub mod ledger_file;
pub mod local_api;
pub mod machine;
pub mod matrix;
pub mod melody;
pub mod memory;
pub mod module_graph;
pub mod mortal;
pub mod notifications;
pub mod peers;
pub mod phone;
pub mod postgres;
pub mod process;
pub mod programs;
pub mod push_server;
pub mod readers;
pub mod renewer;
pub mod sandbox;
pub mod screen;
pub mod script;
pub mod server;
pub mod tcp_proxy;
pub mod terminal;
pub mod third_party;
pub mod tray;
pub mod tray_host;
pub mod user;
pub mod web_page;
pub mod window;
