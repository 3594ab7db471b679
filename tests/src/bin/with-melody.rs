//! The command line with one service more than there are. For `new_service.rs`.

use std::process::ExitCode;

use tunekey_services::netease::Netease;
use tunekey_services::qqmusic::QqMusic;
use tunekey_services::registry;
use tunekey_tests::melody::Melody;

fn main() -> ExitCode {
    // The line that the registry would have.
    if registry::replace(&[&QqMusic, &Netease, &Melody]).is_err() {
        return ExitCode::FAILURE;
    }
    tunekey_cli::main()
}
