//! What stands in for Apple's tools where there are none. A check needs no object code: each of them writes the file
//! that it was asked for, with nothing in it.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::sid::write_script;
use super::target::Target;
use crate::build::workspace;

/// The stand-ins.
#[derive(Debug)]
pub(super) struct StubTools {
    folder: PathBuf,
}

/// Writes them.
///
/// # Errors
/// When they cannot be written.
pub(super) fn stub_tools() -> Result<StubTools> {
    let folder = workspace().join("target/cross/apple-stubs");
    std::fs::create_dir_all(folder.join("sdk"))?;
    write_script(
        &folder.join("compiler"),
        "while [ $# -gt 0 ]; do [ \"$1\" != -o ] || : >\"$2\"; shift; done",
    )?;
    write_script(
        &folder.join("archiver"),
        "for file; do case $file in *.a) printf '!<arch>\\n' >\"$file\" ;; esac; done",
    )?;
    Ok(StubTools { folder })
}

impl StubTools {
    /// Lets a check of cargo's use them.
    pub(super) fn add_to(&self, check: &mut Command, target: Target) {
        check.env("SDKROOT", self.folder.join("sdk"));
        check.env(target.variable("CC"), self.folder.join("compiler"));
        check.env(target.variable("CXX"), self.folder.join("compiler"));
        check.env(target.variable("AR"), self.folder.join("archiver"));
        check.env(target.variable("RANLIB"), "true");
    }
}
