//! Installs programs that others wrote from their registries, and runs them. For `real_clients.rs` and
//! `export_readers.rs`.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tokio::process::Command;

/// How long a program may run: the first time, installing takes most of it.
const LIMIT: Duration = Duration::from_secs(300);

/// The path of a driver: a script in `tests/real_clients/` that calls a program.
pub fn driver(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("real_clients").join(name)
}

/// Runs a program to its end.
///
/// # Errors
/// When it does not start, does not end in time, or fails. The error shows its output.
pub async fn run(command: &mut Command) -> Result<Output> {
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(LIMIT, output);
    let output = output.await.with_context(|| format!("{command:?} takes too long"))?;
    let output = output.with_context(|| format!("{command:?} does not start"))?;
    let both =
        || format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "{command:?} failed:\n{}", both());
    Ok(output)
}

/// The last line that a driver printed, which is its result.
///
/// # Errors
/// When it is not JSON.
pub fn result(output: &Output) -> Result<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(text.lines().last().unwrap_or_default())
        .with_context(|| format!("no result in {text}"))
}

/// Waits until nobody else installs into that folder: several suites run at a time.
async fn exclusively(folder: &Path) -> Result<File> {
    let path = folder.with_extension("lock");
    let locked = tokio::task::spawn_blocking(move || {
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let file = File::create(path)?;
        file.lock().map(|()| file)
    });
    locked.await?.context("the lock of an installation")
}

/// Installs Python packages, each as `name==version`, in a virtual environment, unless they are there. Returns its
/// Python.
///
/// # Errors
/// When they cannot be installed.
pub async fn install_python(folder: &Path, packages: &[&str]) -> Result<PathBuf> {
    let _installing = exclusively(folder).await?;
    let python = folder.join("bin/python");
    let pip = |arguments: &[&str]| {
        let mut command = Command::new(&python);
        command.args(["-m", "pip", "--disable-pip-version-check", "--quiet"]).args(arguments);
        command
    };
    let listed = run(pip(&["freeze"]).stderr(Stdio::null())).await;
    let is_installed = listed.is_ok_and(|output| {
        let listed = String::from_utf8_lossy(&output.stdout).to_lowercase();
        packages.iter().all(|package| listed.contains(&package.to_lowercase()))
    });
    if !is_installed {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder))
            .await
            .context("python3 with its venv module is needed (Debian: python3-venv)")?;
        run(pip(&["install", "--only-binary", ":all:"]).args(packages)).await?;
    }
    Ok(python)
}

/// Installs packages for Node, each by its name and version, in a folder, unless they are there.
///
/// # Errors
/// When they cannot be installed.
pub async fn install_node(folder: &Path, packages: &[(&str, &str)]) -> Result<()> {
    let _installing = exclusively(folder).await?;
    let is_installed = packages.iter().all(|(name, version)| {
        let manifest = std::fs::read(folder.join("node_modules").join(name).join("package.json"));
        let manifest: Option<Value> = manifest.ok().and_then(|text| serde_json::from_slice(&text).ok());
        manifest.is_some_and(|manifest| manifest["version"] == *version)
    });
    if !is_installed {
        std::fs::create_dir_all(folder)?;
        let flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--silent"];
        let packages = packages.iter().map(|(name, version)| format!("{name}@{version}"));
        run(Command::new("npm").arg("install").arg("--prefix").arg(folder).args(flags).args(packages))
            .await?;
    }
    Ok(())
}
