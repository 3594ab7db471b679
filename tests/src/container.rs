//! The container image without a container engine: its root is put together as the Containerfile says, and its program
//! runs in it by bubblewrap under the limits that an engine would set. For `container_root.rs`.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::cli::{Cli, CommandOutput};
use crate::executable;
use crate::programs::workspace;

/// The folder that the image's folders for volumes are made of.
const EMPTY: &str = "/empty";

/// What an engine adds to a root: places for what it mounts.
const MOUNTED: [&str; 4] = ["proc", "dev", "tmp", "run/secrets"];

/// The image, as the last stage of its Containerfile describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Image {
    copies: Vec<FileCopy>,
    /// The user's number and the group's.
    pub user: (u32, u32),
    /// What is run, before its arguments.
    pub entrypoint: Vec<String>,
    /// The arguments when there are no others.
    pub command: Vec<String>,
    /// What says whether the program is well.
    pub health: Vec<String>,
}

/// One line that copies.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FileCopy {
    /// Whether it comes from the Debian that is the other stage, and not from the folder that is built in.
    is_of_system: bool,
    source: String,
    target: String,
}

impl Image {
    /// The one in `packaging/container`.
    ///
    /// # Errors
    /// When it says something that nobody here understands.
    pub fn read() -> Result<Self> {
        let text = std::fs::read_to_string(workspace().join("packaging/container/Containerfile"))?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self> {
        let (system, last) = text.split_once("\nFROM scratch\n").context("it is not made from scratch")?;
        ensure!(system.contains("AS system") && system.contains(&format!("mkdir {EMPTY}")), "no other stage");
        let mut image = Self::default();
        for line in last.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (instruction, rest) =
                line.split_once(' ').context("an instruction has something behind it")?;
            match instruction {
                "COPY" => image.copies.push(FileCopy::parse(rest)?),
                "USER" => {
                    let (user, group) = rest.split_once(':').context("a user and a group")?;
                    image.user = (user.parse()?, group.parse()?);
                }
                "HEALTHCHECK" => image.health = list(rest.split_once("CMD ").context("a command")?.1)?,
                "ENTRYPOINT" => image.entrypoint = list(rest)?,
                "CMD" => image.command = list(rest)?,
                "VOLUME" => {}
                other => bail!("{other} is not understood"),
            }
        }
        ensure!(image.user.0 > 0 && image.user.1 > 0, "it runs as root");
        ensure!(!image.entrypoint.is_empty() && !image.health.is_empty(), "it lacks what is run");
        Ok(image)
    }

    /// Puts the image's root together in a folder. `context` is the folder that it is built in, where the program is;
    /// what comes from Debian is this system's.
    ///
    /// # Errors
    /// When something cannot be copied.
    pub fn assemble(&self, context: &Path, root: &Path) -> Result<()> {
        for folder in MOUNTED {
            std::fs::create_dir_all(root.join(folder))?;
        }
        for copy in &self.copies {
            let target = root.join(copy.target.trim_start_matches('/'));
            std::fs::create_dir_all(target.parent().context("it is in a folder")?)?;
            if copy.is_of_system && copy.source == EMPTY {
                std::fs::create_dir_all(&target)?;
                continue;
            }
            let base = if copy.is_of_system { Path::new("/") } else { context };
            let source = base.join(copy.source.trim_start_matches('/'));
            let source = source.canonicalize().with_context(|| source.display().to_string())?;
            executable::copy(&source, &target)?;
        }
        Ok(())
    }
}

impl FileCopy {
    fn parse(words: &str) -> Result<Self> {
        let (options, paths): (Vec<&str>, Vec<&str>) =
            words.split_whitespace().partition(|word| word.starts_with("--"));
        let [source, target] = paths[..] else { bail!("not one source and one target: {words}") };
        let is_of_system = options.contains(&"--from=system");
        Ok(Self { is_of_system, source: source.to_owned(), target: target.to_owned() })
    }
}

/// A list of words as the exec form has them, which is JSON.
fn list(words: &str) -> Result<Vec<String>> {
    serde_json::from_str(words).with_context(|| format!("not in the exec form: {words}"))
}

/// A container: the image's root, and the volumes that stay between its runs.
#[derive(Debug)]
pub struct Container {
    image: Image,
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
    is_volume_read_only: bool,
}

impl Container {
    /// One with this program, new volumes and no secret.
    ///
    /// # Errors
    /// When its root cannot be put together.
    pub fn create(program: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("tunekey-container-").tempdir()?;
        let image = Image::read()?;
        for name in ["root", "profile", "deliveries", "secrets"] {
            std::fs::create_dir(folder.path().join(name))?;
        }
        image.assemble(program.parent().context("a program is in a folder")?, &folder.path().join("root"))?;
        Ok(Self { image, folder, variables: Vec::new(), is_volume_read_only: false })
    }

    /// All of it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The root of the image.
    pub fn root(&self) -> PathBuf {
        self.folder().join("root")
    }

    /// The volume with the profile, from outside.
    pub fn profile(&self) -> PathBuf {
        self.folder().join("profile")
    }

    /// The volume that deliveries go to, from outside.
    pub fn deliveries(&self) -> PathBuf {
        self.folder().join("deliveries")
    }

    /// Mounts a file as a secret, readable by its user alone.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add_secret(&self, name: &str, content: &[u8]) -> Result<()> {
        let path = self.folder().join("secrets").join(name);
        std::fs::write(&path, content)?;
        Ok(std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o400))?)
    }

    /// Sets a variable for what is run from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Mounts the volume with the profile so that nothing in it can be changed, or as usual.
    pub fn set_volume_read_only(&mut self, is_read_only: bool) {
        self.is_volume_read_only = is_read_only;
    }

    /// Starts the program with these arguments, in the place of the image's own.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Cli> {
        let [program, option, profile] = &self.image.entrypoint[..] else { bail!("another entry point") };
        ensure!(option == "--profile", "it names no profile");
        let mut command = self.sandbox();
        command.arg(program);
        Cli::start_command(command, profile, arguments)
    }

    /// Starts what the image runs by itself.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_service(&self) -> Result<Cli> {
        let arguments: Vec<&str> =
            ["--json"].into_iter().chain(self.image.command.iter().map(String::as_str)).collect();
        self.start(&arguments)
    }

    /// Runs the program to its end.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<CommandOutput> {
        self.start(arguments)?.wait_for_exit().await
    }

    /// What an engine's health check gives: its exit code, and what was said.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn health(&self) -> Result<(Option<i32>, String)> {
        let mut command = tokio::process::Command::from(self.sandbox());
        command.args(&self.image.health).stdin(std::process::Stdio::null()).kill_on_drop(true);
        let output = command.output().await?;
        let said = [output.stdout, output.stderr].concat();
        Ok((output.status.code(), String::from_utf8_lossy(&said).into_owned()))
    }

    /// bubblewrap with the limits of an engine that was given `--read-only --cap-drop ALL --security-opt
    /// no-new-privileges
    /// --tmpfs /tmp`, as far as the program. The network is this computer's, where the simulator is.
    fn sandbox(&self) -> Command {
        let mut bwrap = Command::new("bwrap");
        bwrap.args([
            "--unshare-user",
            "--unshare-pid",
            "--unshare-ipc",
            "--unshare-uts",
            "--unshare-cgroup-try",
        ]);
        // Nobody else hands signals on or takes orphans in, as without an engine's --init.
        bwrap.args(["--as-pid-1", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"]);
        bwrap.args(["--uid", &self.image.user.0.to_string(), "--gid", &self.image.user.1.to_string()]);
        bwrap.arg("--ro-bind").arg(self.root()).arg("/");
        bwrap.args(["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]);
        bwrap.arg(if self.is_volume_read_only { "--ro-bind" } else { "--bind" });
        bwrap.arg(self.profile()).arg("/data");
        bwrap.arg("--bind").arg(self.deliveries()).arg("/deliveries");
        bwrap.arg("--ro-bind").arg(self.folder().join("secrets")).arg("/run/secrets");
        for (name, value) in &self.variables {
            bwrap.args(["--setenv", name, value]);
        }
        bwrap.args(["--chdir", "/", "--"]);
        bwrap
    }
}

/// The program inside a container whose outside is this process.
///
/// # Errors
/// When it has ended.
pub fn inside(outside: u32) -> Result<u32> {
    let children = std::fs::read_to_string(format!("/proc/{outside}/task/{outside}/children"))?;
    let first = children.split_whitespace().next().context("nothing runs inside")?;
    Ok(first.parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_what_the_last_stage_says() -> Result<()> {
        let text = "FROM x AS system\nRUN mkdir /empty\n\nFROM scratch\n# words\n\
            COPY --from=system --chown=7:8 /empty /data\nCOPY --chmod=0755 a /b\nUSER 7:8\n\
            HEALTHCHECK --timeout=1s CMD [\"/b\", \"health\"]\nENTRYPOINT [\"/b\"]\nCMD [\"go\"]\n";
        let image = Image::parse(text)?;
        let copy = |is_of_system, source: &str, target: &str| FileCopy {
            is_of_system,
            source: source.to_owned(),
            target: target.to_owned(),
        };
        assert_eq!(image.copies, [copy(true, "/empty", "/data"), copy(false, "a", "/b")]);
        assert_eq!((image.user, image.health), ((7, 8), vec!["/b".to_owned(), "health".to_owned()]));
        for (from, to) in [
            ("USER 7:8", "USER 0:0"),
            ("USER 7:8", "SHELL sh"),
            ("[\"/b\", \"health\"]", "/b health"),
            ("FROM scratch", "FROM busybox"),
        ] {
            Image::parse(&text.replace(from, to)).expect_err(to);
        }
        Ok(())
    }
}
