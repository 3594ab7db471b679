//! Wine, for the tests: what starts it, and a Windows that each test takes a copy of.

use anyhow::Result;

use super::sid::Sid;
use crate::build::workspace;
use crate::packages::TOOLS;
use crate::steps::{Steps, command, succeed};

/// Wine's programs. The loader is the process that a Windows program becomes, so that signals reach that.
const LOADER: &str = "/usr/lib/x86_64-linux-gnu/wine/wine";
const SERVER: &str = "/usr/lib/x86_64-linux-gnu/wine/wineserver";

/// Where the libraries are that Debian builds Wine without; and what ends it at once with "invalid pointer".
const ENVIRONMENT: &str = "export WINESYSTEMDLLPATH=/usr/x86_64-w64-mingw32/lib\nunset TMPDIR\n";

/// Where the Windows is that the tests copy, as their `machine.rs` has it.
const TEMPLATE: &str = "target/cross/windows";

/// Writes what starts Wine, and sets a Windows up unless there is one.
///
/// # Errors
/// When it does not start.
pub(super) fn set_up(steps: &mut Steps, sid: &Sid) -> Result<()> {
    sid.write_launcher("wine", ENVIRONMENT, LOADER)?;
    steps.step("Wine: set up", || {
        let folder = workspace().join(TEMPLATE);
        if folder.join("system.reg").is_file() {
            return Ok(());
        }
        let new = folder.with_extension("new");
        if new.exists() {
            std::fs::remove_dir_all(&new)?;
        }
        let mut wine = command(workspace().join(TOOLS).join("bin/wine"));
        wine.env("WINEPREFIX", &new).env("LANG", "C.UTF-8").env("WINEDEBUG", "-all");
        // Neither .NET nor the old browser is used, and both would be asked for.
        wine.env("WINEDLLOVERRIDES", "mscoree,mshtml=").env_remove("DISPLAY");
        succeed(wine.args(["wineboot.exe", "--init"]))?;
        // The registry is written when the last program has ended.
        let mut server = sid.command(SERVER);
        succeed(server.env("WINEPREFIX", &new).arg("--wait"))?;
        Ok(std::fs::rename(new, folder)?)
    })
}
