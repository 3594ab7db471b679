//! Wine, for the tests: what starts it, and a Windows that each test takes a copy of.

use anyhow::Result;

use super::sid::Sid;
use crate::build::workspace;
use crate::packages::TOOLS;
use crate::steps::{Steps, command, succeed};
use crate::suites::Suite;

/// Wine's programs. The loader is the process that a Windows program becomes, so that signals reach that.
const LOADER: &str = "/usr/lib/x86_64-linux-gnu/wine/wine";
const SERVER: &str = "/usr/lib/x86_64-linux-gnu/wine/wineserver";

/// Where the libraries are that Debian builds Wine without; and what ends it at once with "invalid pointer".
const ENVIRONMENT: &str = "export WINESYSTEMDLLPATH=/usr/x86_64-w64-mingw32/lib\nunset TMPDIR\n";

/// What starts the tests of a crate.
const TESTS: &str = "wine-of-tests";

/// Where the Windows is that the tests copy, as their `machine.rs` has it.
const TEMPLATE: &str = "target/cross/windows";

/// The crates whose tests are run. The others draw, or are of the tests themselves.
const TESTED: [&str; 4] = ["tunekey-services", "tunekey-core", "tunekey-api", "tunekey"];

/// What cannot be seen here: Wine lets more than one program be the first that makes a pipe.
const NOT_SEEN: [&str; 1] = ["a_name_that_somebody_has_is_not_shared"];

/// Those of the tests that are run, as Wine runs them: on a Windows of their own, which is made anew.
///
/// # Errors
/// When the Windows cannot be copied.
pub(super) fn suites(sid: &Sid, built: Vec<Suite>) -> Result<Vec<Suite>> {
    let template = workspace().join(TEMPLATE);
    let windows = template.with_extension("of-tests");
    if windows.exists() {
        std::fs::remove_dir_all(&windows)?;
    }
    succeed(command("cp").arg("-a").arg(&template).arg(&windows))?;
    let environment = format!(
        "{ENVIRONMENT}export WINEPREFIX='{}' LANG=C.UTF-8 WINEDEBUG=-all WINEDLLOVERRIDES=mscoree,mshtml=\nunset DISPLAY\n",
        windows.display()
    );
    sid.write_launcher(TESTS, &environment, LOADER)?;
    let launcher = workspace().join(TOOLS).join("bin").join(TESTS);
    let tested = built.into_iter().filter(|suite| TESTED.contains(&suite.package.as_str()));
    Ok(tested.map(|suite| suite.started_by(&launcher).without(&NOT_SEEN)).collect())
}

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
