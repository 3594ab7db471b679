//! The core of TuneKey: everything that is true without a screen.

pub mod account;
mod accounts;
pub mod avatar;
pub mod clock;
pub mod credential;
mod disk;
pub mod display_text;
pub mod evidence;
pub mod export;
mod extra_ca;
#[cfg(test)]
mod fuzz;
pub mod hardening;
pub mod http;
pub mod import;
mod ladder;
pub mod ledger;
pub mod picture;
pub mod problem;
pub mod profile;
pub mod qr;
pub mod renewal;
pub mod secret;
pub mod service;
pub mod settings;
pub mod sign_in;
pub mod tunekey;
pub mod vault;
