//! `tunekey`: the program of the command line.

use std::alloc::System;
use std::process::ExitCode;

use zeroizing_alloc::ZeroAlloc;

/// Memory is wiped when it is freed or moved: a credential passes through buffers of HTTP, TLS, D-Bus and JSON that are
/// not ours to wipe one by one.
#[global_allocator]
static WIPING: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    tunekey_cli::main()
}
