//! The packages on bare systems: installed with nothing there but the system, signed in with against played services,
//! and removed.
//!
//! Each system is a folder that becomes the root of what runs in it. The window is driven by the program of
//! `cargo xtask demo`, on a virtual display, with the programs that the packages have put into `/usr/bin`. There is no
//! mirror of an RPM distribution among the sources of this system: the RPM packages are installed by rpm on the newest
//! Debian, where every library that they ask for must be.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::inspection::with_extension;
use crate::build::{self, Profile, cargo, workspace};
use crate::packages::{self, as_root, mirror};
use crate::steps::{Steps, output, say, succeed};

/// Debian's releases that the packages are for, from the oldest on.
const RELEASES: [(&str, &str); 2] = [("Debian 12", "bookworm"), ("Debian 13", "trixie")];

/// Where their roots are.
const ROOTS: &str = "target/dist-roots";

/// What drives the window. The first is what a desktop has anyway.
const DRIVERS: [&str; 9] = [
    "dbus",
    "gnome-keyring",
    "xvfb",
    "xauth",
    "webkit2gtk-driver",
    "openbox",
    "xclip",
    "procps",
    "fonts-noto-cjk",
];

/// Enters a root, with the workspace where it is outside, so that its programs find their files. After the root and the
/// workspace comes what is run.
const ENTER: &str = r#"set -e
root=$1 workspace=$2
shift 2
mount --bind "$root" "$root" # what rpm runs wants the root to be a mount
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mkdir -p "$root$workspace"
mount --bind "$workspace" "$root$workspace"
cp /etc/resolv.conf "$root/etc/resolv.conf"
exec chroot "$root" env -i --chdir=/ HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@""#;

/// The programs that the packages install.
const PROGRAMS: [&str; 2] = ["/usr/bin/tunekey", "/usr/bin/tunekey-desktop"];

/// The library that is opened while the app runs.
const OPENED_LATER: &str = "libayatana-appindicator3.so.1";

/// Tries the packages in the folder of artefacts.
///
/// # Errors
/// When something is missing on a system, does not work there, or is left behind.
pub(super) fn run(steps: &mut Steps, out: &Path) -> Result<()> {
    packages::tauri_driver(steps)?;
    steps.run("build what drives the window", cargo(&["build", "--workspace", "--bin", "demo"]))?;
    for (name, release) in RELEASES {
        let system = System::make(steps, name, release)?;
        system.try_deb(steps, out)?;
        if release == "trixie" {
            system.try_rpm(steps, out)?;
        }
        steps.step(&format!("{name}: throw it away"), || system.remove())?;
    }
    Ok(())
}

/// A bare system.
#[derive(Debug)]
struct System {
    name: &'static str,
    root: PathBuf,
}

impl System {
    fn make(steps: &mut Steps, name: &'static str, release: &str) -> Result<Self> {
        let system = Self { name, root: std::path::absolute(ROOTS)?.join(release) };
        steps.step(&format!("{name}: set up"), || {
            system.remove()?;
            std::fs::create_dir_all(ROOTS)?;
            let mut make = as_root("mmdebstrap")?;
            make.args(["--quiet", "--variant=minbase", "--include=ca-certificates"]);
            make.arg("--skip=cleanup/apt/lists");
            // A mirror may be behind.
            make.arg("--aptopt=Acquire::Check-Valid-Until \"false\"");
            succeed(make.arg(release).arg(&system.root).arg(mirror()))
        })?;
        Ok(system)
    }

    fn try_deb(&self, steps: &mut Steps, out: &Path) -> Result<()> {
        let debs = self.copy(&with_extension(out, "deb")?)?;
        steps.step(&format!("{}: install the .deb packages", self.name), || {
            // Without what they recommend, so that what they need must be said by themselves.
            self.apt(&["install", "--no-install-recommends"], debs.iter().map(String::as_str))?;
            self.ensure_complete()
        })?;
        self.sign_in(steps)?;
        steps.step(&format!("{}: what the desktop reads", self.name), || self.validate())?;
        steps.step(&format!("{}: remove the .deb packages", self.name), || {
            self.apt(&["purge"], ["tunekey", "tunekey-desktop"])?;
            self.ensure_only_profile_left()
        })
    }

    fn try_rpm(&self, steps: &mut Steps, out: &Path) -> Result<()> {
        let rpms = self.copy(&with_extension(out, "rpm")?)?;
        steps.step(&format!("{}: install the .rpm packages", self.name), || {
            self.apt(&["install", "--no-install-recommends"], ["rpm"])?;
            self.ensure_required_libraries(&rpms)?;
            // Its own list of packages knows none of Debian's.
            succeed(self.inside("rpm")?.args(["--install", "--nodeps"]).args(&rpms))?;
            self.ensure_complete()
        })?;
        self.sign_in(steps)?;
        steps.step(&format!("{}: remove the .rpm packages", self.name), || {
            succeed(self.inside("rpm")?.args(["--erase", "tunekey", "tunekey-desktop"]))?;
            self.ensure_only_profile_left()
        })
    }

    /// Opens the window, signs in to both services, copies, renews.
    fn sign_in(&self, steps: &mut Steps) -> Result<()> {
        steps.step(&format!("{}: sign in", self.name), || {
            self.apt(&["install", "--no-install-recommends"], DRIVERS)?;
            // Something of the user's, which must stay when the packages go.
            succeed(self.inside("tunekey")?.args(["settings", "clipboard-seconds", "30"]))?;
            let demo = build::folder(Profile::Debug)?.join("demo");
            let mut drive = self.inside("env")?;
            drive.arg("TUNEKEY_TEST_PROGRAMS=/usr/bin").arg(demo);
            succeed(&mut drive)
        })
    }

    /// Checks the desktop entry and the metainfo with this system's own tools.
    fn validate(&self) -> Result<()> {
        self.apt(&["install", "--no-install-recommends"], ["appstream", "desktop-file-utils"])?;
        succeed(
            self.inside("desktop-file-validate")?.arg("/usr/share/applications/tunekey-desktop.desktop"),
        )?;
        let mut validate = self.inside("appstreamcli")?;
        validate.args(["validate-tree", "--no-net", "/usr"]);
        succeed(&mut validate)
    }

    /// Sees to it that every library that the programs use is there.
    fn ensure_complete(&self) -> Result<()> {
        for program in PROGRAMS {
            let linked = output(self.inside("ldd")?.arg(program)).context("the program is not installed")?;
            ensure!(!linked.contains("not found"), "{program} misses libraries:\n{linked}");
            succeed(self.inside(program)?.arg("--version"))?;
        }
        let libraries = output(self.inside("ldconfig")?.arg("--print-cache")).unwrap_or_default();
        ensure!(libraries.contains(OPENED_LATER), "{OPENED_LATER} was not installed");
        Ok(())
    }

    /// Sees to it that an RPM package asks for nothing but libraries and the shell, which are there.
    fn ensure_required_libraries(&self, rpms: &[String]) -> Result<()> {
        let libraries = output(self.inside("ldconfig")?.arg("--print-cache")).unwrap_or_default();
        for rpm in rpms {
            let requires = output(self.inside("rpm")?.args(["--query", "--requires", "--package", rpm]));
            for requirement in requires.context("rpm does not read the package")?.lines() {
                // rpmlib(…) is what rpm itself must know, rtld(…) what the loader must.
                if ["rpmlib(", "rtld(", "/bin/sh"].iter().any(|known| requirement.starts_with(known)) {
                    continue;
                }
                let library = requirement.split('(').next().unwrap_or_default();
                let is_there = library.contains(".so") && libraries.contains(library);
                ensure!(is_there, "{rpm} asks for {requirement}, which is not there");
                say(&format!("    {requirement}"));
            }
        }
        Ok(())
    }

    /// Sees to it that nothing of TuneKey's is left but the user's profile.
    fn ensure_only_profile_left(&self) -> Result<()> {
        let mut find = self.inside("find")?;
        find.args(["/", "(", "-path", "/proc", "-o", "-path", "/dev", "-o", "-path", "/tmp", "-o", "-path"]);
        find.arg(workspace()).args([")", "-prune", "-o", "-iname", "*tunekey*", "-print"]);
        let left = output(&mut find).context("the system cannot be searched")?;
        ensure!(left.trim() == "/root/.local/share/tunekey", "left behind:\n{left}");
        Ok(())
    }

    fn apt<'a>(&self, what: &[&str], packages: impl IntoIterator<Item = &'a str>) -> Result<()> {
        let mut apt = self.inside("apt-get")?;
        apt.args(["-y", "-q", "-o", "Dpkg::Use-Pty=0"]);
        // What the installer says of each package is of interest to nobody but when it fails.
        let log = self.root.join("tmp/apt.log");
        apt.stdout(std::fs::File::create(&log)?);
        succeed(apt.args(what).args(packages)).with_context(|| format!("see {}", log.display()))
    }

    /// Copies packages to where the system sees them, and says where that is.
    fn copy(&self, packages: &[PathBuf]) -> Result<Vec<String>> {
        let mut copies = Vec::new();
        for package in packages {
            let name = package.file_name().unwrap_or_default();
            std::fs::copy(package, self.root.join("tmp").join(name))?;
            copies.push(format!("/tmp/{}", name.display()));
        }
        Ok(copies)
    }

    /// A command in the system, with its own list of processes: what it starts ends with it.
    fn inside(&self, program: &str) -> Result<Command> {
        let mut enter = as_root("unshare")?;
        enter.args(["--mount", "--pid", "--fork", "--kill-child", "sh", "-c", ENTER, "sh"]);
        enter.arg(&self.root).arg(workspace()).arg(program);
        Ok(enter)
    }

    fn remove(&self) -> Result<()> {
        succeed(as_root("rm")?.args(["-rf", "--one-file-system"]).arg(&self.root))
    }
}
