//! The window and the command line at a terminal: sizes, how soon a code is there, and memory beside a bare window.

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tunekey_core::Method;
use tunekey_simulator::Service;
use tunekey_tests::desktop::Desktop;
use tunekey_tests::eventually::until;
use tunekey_tests::process::Process;
use tunekey_tests::programs::{released, workspace};
use tunekey_tests::window::Window;

use crate::processes::{family, proportional};
use crate::table::{Table, middle, thousands};

/// How often the window is started by each service, and a bare one beside it: with 5 the same programs came to anything
/// from 1.10 to 1.29 times.
const STARTS: usize = 20;
/// How often each memory figure is taken.
const RUNS: usize = 5;

/// Kilobytes of JavaScript that the window starts with, gzipped.
const UI_START_LIMIT: f64 = 70.0;
/// The same of all that it may load.
const UI_LIMIT: f64 = 96.0;
/// Megabytes of the app.
const APP_LIMIT: f64 = 12.5;
/// Megabytes of the command line.
const CLI_LIMIT: f64 = 10.0;
/// Times the memory of a bare Tauri window.
const MEMORY_LIMIT: f64 = 1.15;
/// Times the time that a bare Tauri window takes for its first picture.
const PAINTED_LIMIT: f64 = 1.25;

/// How often the time from the phone's confirmation to the saved credential is taken.
const CONFIRMATIONS: usize = 30;

/// The sign-in options that a phone confirms, with the pause between two polls of those that poll.
const CONFIRMED: [(Service, Method, Duration); 4] = [
    (Service::QqMusic, Method::QqScan, Duration::from_millis(1000)),
    (Service::QqMusic, Method::WechatScan, Duration::ZERO),
    (Service::QqMusic, Method::AppScan, Duration::ZERO),
    (Service::NetEase, Method::AppScan, Duration::from_millis(1000)),
];

/// Milliseconds from the confirmation to the saved credential, besides half of that pause.
const CONFIRMATION_LIMIT: f64 = 150.0;

/// How long the owner of the phone reads before they confirm.
const READS: Duration = Duration::from_secs(1);

/// Two samples of memory that differ less than this are the same.
const STEADY: f64 = 0.005;

/// Measures all of it.
///
/// # Errors
/// When something cannot be measured.
pub(crate) async fn measure(table: &mut Table) -> Result<()> {
    let (start, all) = javascript()?;
    table.limited("UI, JavaScript that the window starts with, gzipped", start, UI_START_LIMIT, "kB");
    table.limited("UI, JavaScript in all, gzipped", all, UI_LIMIT, "kB");
    table.limited("app", megabytes(&released("tunekey-desktop")?)?, APP_LIMIT, "MB");
    table.limited("command line", megabytes(&released("tunekey")?)?, CLI_LIMIT, "MB");

    let (mut window_times, mut bare_times, mut cli_times) = (Vec::new(), Vec::new(), Vec::new());
    for service in [Service::QqMusic, Service::NetEase] {
        for _ in 0..STARTS {
            bare_times.push(first_picture_of_a_bare_window().await?);
            window_times.push(code_in_the_window(service).await?);
            cli_times.push(code_in_the_terminal(service).await?);
        }
    }
    let beside = middle(&mut window_times) / middle(&mut bare_times);
    table.spread("process start to the first picture of a bare window", bare_times, "ms");
    table.spread("process start to the code painted in the window", window_times, "ms");
    table.limited("code painted beside a bare window's first picture", beside, PAINTED_LIMIT, "times");
    table.spread("process start to the code drawn by the command line", cli_times, "ms");

    for (service, method, pause) in CONFIRMED {
        let mut times = Vec::new();
        let desktop = Desktop::start().await?;
        for run in 0..CONFIRMATIONS {
            times.push(confirmed_to_saved(&desktop, run, service, method, pause).await?);
        }
        let name = format!("{} {method}: confirmed on the phone to saved", service.name());
        let limit = CONFIRMATION_LIMIT + pause.as_secs_f64() * 1000.0 / 2.0;
        table.limited(&format!("{name}, median"), middle(&mut times), limit, "ms");
        table.spread(&name, times, "ms");
    }

    // Turn by turn, so that whatever else the machine does falls on both.
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        bare.push(memory("examples/bare_window", &[]).await?);
        ours.push(memory("tunekey-desktop", &["--profile"]).await?);
    }
    let (ours_middle, bare_middle) = (middle(&mut ours), middle(&mut bare));
    table.spread("memory of a bare Tauri window (PSS)", bare, "MB");
    table.spread("memory of the app (PSS of all its processes)", ours, "MB");
    table.limited("app beside a bare window", ours_middle / bare_middle, MEMORY_LIMIT, "times");
    Ok(())
}

/// Kilobytes of JavaScript in the built UI, each file gzipped by itself as a server would: what its page names, and all.
fn javascript() -> Result<(f64, f64)> {
    let dist = workspace().join("ui/dist");
    let page = std::fs::read_to_string(dist.join("index.html")).context("the web UI is not built")?;
    let (mut start, mut all) = (0, 0);
    for entry in std::fs::read_dir(dist.join("assets"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.extension().is_some_and(|extension| extension == "js") {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
            gzip.write_all(&std::fs::read(&path)?)?;
            let size = gzip.finish()?.len();
            all += size;
            start += if page.contains(&name) { size } else { 0 };
        }
    }
    ensure!(start > 0, "the web UI has no JavaScript");
    Ok((thousands(start), thousands(all)))
}

fn megabytes(path: &Path) -> Result<f64> {
    Ok(thousands(usize::try_from(std::fs::metadata(path)?.len())?) / 1000.0)
}

/// Milliseconds from the start of the app's process to the code being on the screen. The page itself clicks as soon as
/// there is something to click, and notes the moment: what WebDriver takes for its own work is not the app's.
async fn code_in_the_window(service: Service) -> Result<f64> {
    let desktop = Desktop::start().await?;
    let profile = desktop.sandbox.profile();
    let window = Window::open_program(
        &desktop.sandbox,
        &released("tunekey-desktop")?,
        &["--profile", &profile.to_string_lossy()],
    )
    .await?;
    let began = started_at(window.app())?;
    let note = "const look = () => { \
          const picture = document.querySelector('[data-state=waiting] img.qr'); \
          if (picture?.complete && picture.naturalWidth > 0) { \
            requestAnimationFrame(() => { window.__painted = Date.now(); }); \
            return; \
          } \
          if (document.querySelector('.stage') === null) document.querySelector('#c-SERVICE')?.click(); \
          requestAnimationFrame(look); \
        }; look();"
        .replace("SERVICE", service.name());
    window.run_script(&note).await?;
    let painted = until("the code to be painted", || async {
        let painted = window.run_script("return window.__painted ?? 0").await?.as_f64().unwrap_or_default();
        ensure!(painted > 0.0, "it is not");
        Ok(painted)
    })
    .await?;
    Ok(painted - began)
}

/// Milliseconds from the start of a process that only opens a Tauri window to its first picture being on the screen: as
/// with the code, to the frame after the one that draws it. WebDriver looks at it as it looks at ours, and clicks
/// nothing.
async fn first_picture_of_a_bare_window() -> Result<f64> {
    let desktop = Desktop::start().await?;
    let window = Window::open_program(&desktop.sandbox, &released("examples/bare_window")?, &[]).await?;
    let began = started_at(window.app())?;
    let note = "requestAnimationFrame(() => { \
          requestAnimationFrame(() => { window.__painted = Date.now(); }); \
        });";
    window.run_script(note).await?;
    let painted = until("the window to be painted", || async {
        let painted = window.run_script("return window.__painted ?? 0").await?.as_f64().unwrap_or_default();
        ensure!(painted > 0.0, "it is not");
        Ok(painted)
    })
    .await?;
    Ok(painted - began)
}

/// When a process was started, in milliseconds since 1970. The kernel counts it in hundredths of a second since its own
/// start (`/proc/PID/stat`, field 22).
fn started_at(process: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let fields = stat.rsplit_once(") ").context("no process name")?.1;
    let started: f64 = fields.split(' ').nth(19).context("no start")?.parse()?;
    let uptime = std::fs::read_to_string("/proc/uptime")?;
    let uptime: f64 = uptime.split(' ').next().context("no uptime")?.parse()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64();
    Ok((now - uptime) * 1000.0 + started * 10.0)
}

/// Milliseconds from the start of the command line to the last line of the code.
async fn code_in_the_terminal(service: Service) -> Result<f64> {
    let desktop = Desktop::start().await?;
    let mut command = tokio::process::Command::from(desktop.sandbox.command(released("tunekey")?));
    command.arg("--profile").arg(desktop.sandbox.profile()).args(["sign-in", service.name()]);
    command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::piped());
    command.stderr(std::process::Stdio::null()).kill_on_drop(true);
    let began = Instant::now();
    let mut child = command.spawn()?;
    let mut lines = BufReader::new(child.stdout.take().context("it prints nowhere")?).lines();
    let mut drawn = 0_usize;
    // Two modules a line: the smallest code has 21 modules and a border.
    while drawn < 14 {
        match tokio::time::timeout(Duration::from_secs(30), lines.next_line()).await?? {
            Some(line) if line.contains('▀') => drawn += 1,
            Some(_) => {}
            None => bail!("it ended without a code"),
        }
    }
    Ok(began.elapsed().as_secs_f64() * 1000.0)
}

/// Milliseconds from the confirmation on the phone to the credential being in the keychain.
async fn confirmed_to_saved(
    desktop: &Desktop,
    run: usize,
    service: Service,
    method: Method,
    pause: Duration,
) -> Result<f64> {
    // A profile of its own for each run: a day has only so many sign-ins.
    let profile = desktop.sandbox.home().join(format!("run-{run}"));
    let program = released("tunekey")?;
    let command = |arguments: &[&str]| {
        let mut command = tokio::process::Command::from(desktop.sandbox.command(&program));
        command.arg("--profile").arg(&profile).args(arguments).stdin(std::process::Stdio::null());
        command.kill_on_drop(true);
        command
    };
    let authority = desktop.sandbox.root().join("ca.pem").display().to_string();
    for (key, value) in [("proxy", desktop.simulator.proxy_url.as_str()), ("extra-ca", &authority)] {
        ensure!(command(&["settings", key, value]).output().await?.status.success(), "{key} is not set");
    }
    let after = desktop.simulator.codes().last().map_or(0, |code| code.id);
    let mut sign_in = command(&["--json", "sign-in", service.name(), "--method", method.as_str()]);
    let mut child = sign_in.stdout(std::process::Stdio::piped()).spawn()?;
    let mut lines = BufReader::new(child.stdout.take().context("it prints nowhere")?).lines();
    let mut step = async |name: &str| {
        let wanted = format!("\"step\":\"{name}\"");
        loop {
            let line = tokio::time::timeout(Duration::from_secs(30), lines.next_line()).await??;
            if line.with_context(|| format!("it ended before “{name}”"))?.contains(&wanted) {
                return anyhow::Ok(());
            }
        }
    };
    step("show_code").await?;
    let code = desktop.next_code(service, after).await?;
    desktop.simulator.scan(code.id, None)?;
    step("scanned").await?;
    // At any moment between two questions, as a person would; the runs share the pause out evenly, because the median
    // of thirty moments left to chance is off by more than is measured here.
    let share = (run as f64 + rand::random::<f64>()) / CONFIRMATIONS as f64;
    let moment = pause.mul_f64(share);
    tokio::time::sleep(READS + moment).await;
    let confirmed = Instant::now();
    desktop.simulator.confirm(code.id)?;
    step("done").await?;
    Ok(confirmed.elapsed().as_secs_f64() * 1000.0)
}

/// Megabytes of a program and all its children, once they no longer change.
async fn memory(name: &str, arguments: &[&str]) -> Result<f64> {
    let desktop = Desktop::start().await?;
    let mut command = desktop.sandbox.command(released(name)?);
    if !arguments.is_empty() {
        command.args(arguments).arg(desktop.sandbox.profile());
    }
    let process = Process::start(&mut command, &desktop.sandbox.log("app"))?;
    until("the web view to run", || async { desktop.sandbox.process("WebKitWebProcess").map(drop) }).await?;
    let mut last = 0.0_f64;
    let mut steady = 0;
    until("the memory to settle", || {
        let now = proportional(&family(process.id()));
        steady = if now > 0.0 && (now - last).abs() / now < STEADY { steady + 1 } else { 0 };
        last = now;
        let drain = steady >= 50;
        async move {
            ensure!(drain, "{now:.1} MB and changing");
            Ok(now)
        }
    })
    .await
}
