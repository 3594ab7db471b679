//! The command line on a server, without a screen: for scripts, services and containers, with each place for
//! credentials.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{self, Signal};
use serde_json::Value;
use tokio::net::UnixDatagram;
use tunekey_simulator::{Fault, FaultKind};
use tunekey_tests::desktop::key_of;
use tunekey_tests::eventually::until;
use tunekey_tests::fixtures::{NETEASE, QQ};
use tunekey_tests::ledger_file;
use tunekey_tests::process::pid;
use tunekey_tests::programs::{program, workspace};
use tunekey_tests::server::{Server, Store, mode_of};

/// How many programs report the same refusal at once.
const CALLERS: usize = 8;

/// Within which a daemon that is asked to stop is gone.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// A test for each place for credentials.
macro_rules! with_each_store {
    ($($name:ident)*) => {
        $(mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread")]
            async fn with_a_keychain() -> Result<()> {
                super::$name(Store::Keychain).await
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn with_encrypted_files() -> Result<()> {
                super::$name(Store::Files).await
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn with_a_database() -> Result<()> {
                super::$name(Store::Database).await
            }
        })*
    };
}

with_each_store! {
    signs_in_renews_and_hands_out
    a_key_that_was_refused_is_asked_about_once_and_renewed_once_at_most
    a_program_runs_with_the_cookie_in_its_environment_alone_and_ends_as_it_likes
    a_program_is_started_again_or_told_when_there_is_a_new_key
    a_watcher_sees_each_new_key_of_other_processes
    a_daemon_tells_systemd_how_it_is_and_stops_in_time
    the_doctor_finds_nothing_wrong_and_names_nobody
}

async fn signs_in_renews_and_hands_out(store: Store) -> Result<()> {
    let server = Server::start_with(store).await?;
    for account in [QQ, NETEASE] {
        server.sign_in(account).await?;
        let header = server.cli(&["get", account]).await?.succeeded()?.stdout;
        ensure!(!header.contains(['\n', '\r']), "a header in a file ends in a line break");
        ensure!(
            header.contains(key_of(&server.newest_credential(account)?)),
            "it is not the key that was issued"
        );
        let before = server.object(&["--json", "get", account, "--format", "json", "--minimal"]).await?;
        for (field, is_right) in [
            ("account", before["account"] == account),
            ("format", before["format"] == "json"),
            ("scope", before["scope"] == "minimal"),
            ("generation", before["generation"] == 1),
            ("renewable", before["renewable"] == true),
            ("proven_at", before["proven_at"].is_string()),
            ("health", before["health"]["state"] == "healthy"),
            ("value", before["value"].as_str().is_some_and(|value| value.starts_with('{'))),
        ] {
            ensure!(is_right, "{field} is {}", before[field]);
        }
        server.cli(&["renew", account]).await?.succeeded()?;
        let after = server.object(&["--json", "get", account]).await?;
        ensure!(after["generation"] == 2, "it says {}", after["generation"]);
        let newest = server.newest_credential(account)?;
        ensure!(after["value"].as_str().is_some_and(|value| value.contains(key_of(&newest))), "an old key");
    }
    let shown = server.object(&["--json", "store", "show"]).await?;
    ensure!(shown["store"] == store.name() && shown["problem"].is_null(), "it shows {shown}");
    if store != Store::Keychain {
        ensure!(shown["identity"] == server.identity().display().to_string(), "it shows {shown}");
    }
    server.ensure_no_secret_leaked()
}

async fn a_key_that_was_refused_is_asked_about_once_and_renewed_once_at_most(store: Store) -> Result<()> {
    let server = Server::start_with(store).await?;
    server.sign_in(QQ).await?;
    let report = async |words: &[&str]| server.object(&[&["--json", "rejected", QQ], words].concat()).await;
    // The sign-in has just proven it.
    ensure!(report(&[]).await?["outcome"] == "accepted", "it works");
    server.cli(&["renew", QQ]).await?.succeeded()?;
    server.simulator.clear_journal();
    let older = report(&["--generation", "1"]).await?;
    ensure!(older["outcome"] == "newer" && older["generation"] == 2, "it says {older}");
    ensure!(server.simulator.journal().is_empty(), "there was nothing to ask");
    // Nothing is known of it for a while: the service is asked once.
    server.forget_proofs(QQ)?;
    let asked = report(&["--generation", "2"]).await?;
    ensure!(asked["outcome"] == "accepted", "it says {asked}");
    let count =
        |name: &str| server.simulator.journal().iter().filter(|entry| entry.name.contains(name)).count();
    ensure!(count("userinfo") == 1 && count("renew") == 0, "{:?}", server.simulator.journal());
    // Of many that ask at once, one asks the service.
    server.forget_proofs(QQ)?;
    server.simulator.clear_journal();
    let reports = (0..CALLERS).map(|_| server.start_cli(&["--json", "rejected", QQ]));
    for report in reports.collect::<Result<Vec<_>>>()? {
        let said = server.finish(report).await?.succeeded()?.json()?;
        ensure!(said[0]["outcome"] == "accepted", "it says {said:?}");
    }
    ensure!(count("userinfo") == 1, "{:?}", server.simulator.journal());
    // The service has ended the session.
    server.forget_proofs(QQ)?;
    server.simulator.revoke(QQ)?;
    let refused = server.cli(&["--json", "rejected", QQ, "--generation", "2"]).await?.exited_with(9)?;
    ensure!(refused.problem()? == "refused_once", "it says {}", refused.stdout);
    let renewals = count("renew");
    ensure!(renewals <= 1, "it renewed {renewals} times");
    server.ensure_no_secret_leaked()
}

async fn a_program_runs_with_the_cookie_in_its_environment_alone_and_ends_as_it_likes(
    store: Store,
) -> Result<()> {
    let server = Server::start_with(store).await?;
    server.sign_in(QQ).await?;
    let script = "test -n \"$COOKIE\" && test \"${JSON#\\{}\" != \"$JSON\" && test -z \"$OTHER\" && exit 42";
    let run = ["run", QQ, "--env", "COOKIE", "--env", "JSON=json", "--", "/bin/sh", "-c", script];
    server.cli(&run).await?.exited_with(42)?;
    server.cli(&["run", QQ, "--env", "C", "--", "/bin/sh", "-c", "kill -KILL $$"]).await?.exited_with(137)?;
    server.cli(&["run", QQ, "--env", "C", "--", "/no/such/program"]).await?.exited_with(127)?;
    server.cli(&["--json", "run", "nobody", "--env", "C", "--", "true"]).await?.exited_with(3)?;
    // A signal to TuneKey is one to the program, and its arguments hold nothing.
    let ready = server.sandbox.home().join("ready");
    let script = format!("trap 'exit 9' USR1; : > {}; while :; do sleep 0.05; done", ready.display());
    let running = server.start_cli(&["run", QQ, "--env", "C", "--", "/bin/sh", "-c", &script])?;
    wait_for(&ready).await?;
    for id in server.sandbox.processes() {
        let arguments = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        ensure!(!String::from_utf8_lossy(&arguments).contains("c0ffee5eca11"), "an argument holds a secret");
    }
    running.signal(Signal::SIGUSR1)?;
    server.finish(running).await?.exited_with(9)?;
    server.ensure_no_secret_leaked()
}

async fn a_program_is_started_again_or_told_when_there_is_a_new_key(store: Store) -> Result<()> {
    let server = Server::start_with(store).await?;
    server.sign_in(QQ).await?;
    let digests = server.sandbox.home().join("digests");
    // Digests only: the test's files are searched for secrets.
    let script = format!("printf %s \"$COOKIE\" | sha256sum >> {}; exec sleep 600", digests.display());
    let run = ["run", QQ, "--env", "COOKIE", "--on-renewal", "restart", "--", "/bin/sh", "-c", &script];
    let running = server.start_cli(&run)?;
    let lines = |path: PathBuf, count: usize| async move {
        until(format!("{count} lines"), || async {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            ensure!(text.lines().count() >= count && text.ends_with('\n'), "there is {text:?}");
            Ok(text)
        })
        .await
    };
    lines(digests.clone(), 1).await?;
    server.cli(&["renew", QQ]).await?.succeeded()?;
    let text = lines(digests.clone(), 2).await?;
    let (first, second) = text.split_once('\n').context("two lines")?;
    ensure!(first != second.trim_end(), "it was started again with the same key");
    running.signal(Signal::SIGTERM)?;
    server.finish(running).await?.exited_with(143)?;

    let told = server.sandbox.home().join("told");
    let script = format!(
        "trap 'echo told >> {0}' HUP; echo ready >> {0}; while :; do sleep 0.05; done",
        told.display()
    );
    let run = ["run", QQ, "--env", "COOKIE", "--on-renewal", "signal=HUP", "--", "/bin/sh", "-c", &script];
    let running = server.start_cli(&run)?;
    lines(told.clone(), 1).await?;
    server.cli(&["renew", QQ]).await?.succeeded()?;
    ensure!(lines(told, 2).await? == "ready\ntold\n", "it was told once");
    running.signal(Signal::SIGTERM)?;
    server.finish(running).await?.exited_with(143)?;
    server.ensure_no_secret_leaked()
}

async fn a_watcher_sees_each_new_key_of_other_processes(store: Store) -> Result<()> {
    let server = Server::start_with(store).await?;
    server.sign_in(QQ).await?;
    let mut watch = server.start_cli(&["--json", "watch"])?;
    let first = watch.next_line().await?;
    ensure!(first["event"] == "account" && first["account"] == QQ && first["generation"] == 1, "{first}");
    server.cli(&["renew", QQ]).await?.succeeded()?;
    loop {
        let next = watch.next_line().await?;
        ensure!(next["event"] == "account" && next["account"] == QQ, "it says {next}");
        if next["generation"] == 2 {
            break;
        }
    }
    server.cli(&["forget", QQ]).await?.succeeded()?;
    while watch.next_line().await?["event"] != "gone" {}
    watch.interrupt()?;
    server.finish(watch).await?.exited_with(130)?;
    server.ensure_no_secret_leaked()
}

async fn a_daemon_tells_systemd_how_it_is_and_stops_in_time(store: Store) -> Result<()> {
    let mut server = Server::start_with(store).await?;
    server.sign_in(QQ).await?;
    let address = server.sandbox.root().join("run/notify");
    let socket = UnixDatagram::bind(&address)?;
    server.sandbox.set("NOTIFY_SOCKET", address.display().to_string());
    server.sandbox.set("WATCHDOG_USEC", "200000");
    let mut daemon = server.start_cli(&["--json", "daemon"])?;
    wait_for_state(&socket, "READY=1").await?;
    let first = daemon.next_line().await?;
    ensure!(first["event"] == "account" && first["account"] == QQ, "it says {first}");
    for _ in 0..3 {
        wait_for_state(&socket, "WATCHDOG=1").await?;
    }
    daemon.signal(Signal::SIGHUP)?;
    wait_for_state(&socket, "RELOADING=1").await?;
    wait_for_state(&socket, "READY=1").await?;
    // It is the one that renews: nobody else takes the schedule meanwhile.
    let findings = server.cli(&["--json", "doctor"]).await?.json()?;
    let schedule = findings.iter().find(|one| one["check"] == "schedule").context("it was not looked at")?;
    ensure!(schedule["level"] == "good", "it says {schedule}");
    // A request that hangs does not keep it.
    server.simulator.arm(Fault::new("qq.renew", FaultKind::Stall))?;
    let asked = Instant::now();
    daemon.signal(Signal::SIGTERM)?;
    wait_for_state(&socket, "STOPPING=1").await?;
    server.finish(daemon).await?.succeeded()?;
    ensure!(asked.elapsed() < STOP_LIMIT, "it took {:?}", asked.elapsed());
    server.ensure_no_secret_leaked()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_whose_output_nobody_reads_renews_all_the_same_and_stops_in_time() -> Result<()> {
    let server = Server::start().await?;
    server.sign_in(QQ).await?;
    let (_reader, writer) = std::io::pipe()?;
    fill(&writer)?;
    let mut command = server.sandbox.command(program("tunekey")?);
    command.arg("--profile").arg(server.sandbox.profile()).args(["--json", "daemon"]).stdout(writer);
    let mut daemon = command.spawn()?;
    until("the daemon to answer", || async { server.cli(&["health"]).await?.succeeded().map(drop) }).await?;
    ledger_file::make_due(&server.sandbox.profile(), QQ)?;
    until("the key to be renewed", || async {
        let status = server.object(&["--json", "get", QQ]).await?;
        ensure!(status["generation"] == 2, "it is of generation {}", status["generation"]);
        Ok(())
    })
    .await?;
    let asked = Instant::now();
    signal::kill(pid(daemon.id()), Signal::SIGTERM)?;
    let status = tokio::task::spawn_blocking(move || daemon.wait()).await??;
    ensure!(status.success() && asked.elapsed() < STOP_LIMIT, "{status} after {:?}", asked.elapsed());
    server.ensure_no_secret_leaked()
}

/// Writes into a pipe until it takes no more.
fn fill(pipe: &std::io::PipeWriter) -> Result<()> {
    let flags = OFlag::from_bits_truncate(fcntl(pipe, FcntlArg::F_GETFL)?);
    fcntl(pipe, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    let written = loop {
        // To the last byte: what is larger than what is left is refused as a whole.
        if let Err(full) = (&*pipe).write(b"x") {
            break full;
        }
    };
    ensure!(written.kind() == std::io::ErrorKind::WouldBlock, "{written}");
    fcntl(pipe, FcntlArg::F_SETFL(flags))?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_ask_the_daemon_and_do_the_work_themselves_without_one() -> Result<()> {
    let mut server = Server::start().await?;
    server.sign_in(QQ).await?;
    // Only the daemon is told where the identity is.
    let credentials = server.sandbox.root().join("run/credentials");
    std::fs::create_dir(&credentials)?;
    std::fs::rename(server.identity(), credentials.join("tunekey-identity"))?;
    server.sandbox.set("CREDENTIALS_DIRECTORY", credentials.display().to_string());
    let mut daemon = server.start_cli(&["--json", "daemon"])?;
    server.sandbox.set("CREDENTIALS_DIRECTORY", "");
    daemon.next_line().await?;
    let socket = until("the daemon to listen", || async {
        let found = std::fs::read_dir(server.sandbox.root().join("run"))?.flatten().map(|entry| entry.path());
        let mut sockets = found.filter(|path| path.extension().is_some_and(|end| end == "sock"));
        sockets.next().context("there is no socket in the runtime folder")
    })
    .await?;
    ensure!(mode_of(&socket)? & 0o077 == 0, "others can connect");

    let got = server.object(&["--json", "get", QQ]).await?;
    ensure!(got["generation"] == 1 && got["value"].is_string(), "it is no value");
    let header = server.cli(&["get", QQ, "--format", "header"]).await?.succeeded()?.stdout;
    ensure!(header.contains(key_of(&server.newest_credential(QQ)?)), "it is another value");
    ensure!(server.object(&["--json", "rejected", QQ]).await?["outcome"] == "accepted", "it works");
    let nobody = server.cli(&["--json", "get", "nobody"]).await?.exited_with(3)?;
    ensure!(nobody.problem()? == "not_found", "it says {}", nobody.stdout);

    daemon.signal(Signal::SIGTERM)?;
    server.finish(daemon).await?.succeeded()?;
    ensure!(!socket.exists(), "the socket stays behind");
    let alone = server.cli(&["--json", "get", QQ]).await?.exited_with(7)?;
    ensure!(alone.problem()? == "identity_missing", "it says {}", alone.stdout);
    std::fs::rename(credentials.join("tunekey-identity"), server.identity())?;
    server.cli(&["get", QQ]).await?.succeeded()?;
    server.ensure_no_secret_leaked()
}

async fn the_doctor_finds_nothing_wrong_and_names_nobody(store: Store) -> Result<()> {
    let server = Server::start_with(store).await?;
    server.sign_in(QQ).await?;
    let nickname = server.object(&["--json", "show", QQ]).await?["nickname"].clone();
    let nickname = nickname.as_str().context("it has a name")?;
    let well = server.cli(&["--json", "doctor"]).await?.succeeded()?;
    for finding in well.json()? {
        let is_alone = finding["check"] == "schedule";
        ensure!(finding["level"] == if is_alone { "warning" } else { "good" }, "it says {finding}");
    }
    for redacted in [nickname, "10001", &server.sandbox.home().display().to_string()] {
        ensure!(!well.stdout.contains(redacted), "{redacted} is in the report");
    }
    let named = server.cli(&["doctor", "--names"]).await?.succeeded()?.stdout;
    ensure!(named.contains(nickname) && named.contains(QQ), "the names were wanted: {named}");
    server.ensure_no_secret_leaked()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_says_what_is_wrong_and_what_helps() -> Result<()> {
    let server = Server::start().await?;
    server.sign_in(QQ).await?;
    std::fs::set_permissions(server.identity(), std::fs::Permissions::from_mode(0o644))?;
    server.cli(&["settings", "proxy", "http://127.0.0.1:1"]).await?.succeeded()?;
    let ill = server.cli(&["--json", "doctor"]).await?.exited_with(7)?;
    let bad = |check: &str| -> Result<Value> {
        let found = ill.json()?.into_iter().find(|one| one["check"] == check && one["level"] == "bad");
        found.with_context(|| format!("{check} is not bad: {}", ill.stdout))
    };
    for (check, problem) in [("store", "identity_exposed"), ("service", "proxy_unreachable")] {
        let finding = bad(check)?;
        ensure!(finding["problem"] == problem && finding["remedy"].is_string(), "it says {finding}");
    }
    server.ensure_no_secret_leaked()
}

/// The units, who they are for, and how exposed to the rest of the system systemd may call each, in tenths. What a user
/// runs for themselves has their rights.
const UNITS: [(&str, &str, &str); 2] =
    [("tunekey.service", "--system", "13"), ("tunekey-user.service", "--user", "89")];

#[test]
fn the_units_are_what_systemd_understands_and_expose_no_more_than_they_say() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for (unit, mode, exposure) in UNITS {
        let text = std::fs::read_to_string(workspace().join("packaging/linux/systemd").join(unit))?;
        let program = program("tunekey")?.display().to_string();
        let path = folder.path().join(unit);
        std::fs::write(&path, text.replace("/usr/bin/tunekey", &program))?;
        let analyze = |words: &[&str]| -> Result<std::process::Output> {
            let mut analyze = Command::new("systemd-analyze");
            analyze.args(words).arg(&path).env("XDG_RUNTIME_DIR", folder.path());
            analyze.output().context("systemd is installed")
        };
        let verified = analyze(&["verify", "--man=no", mode])?;
        let said = String::from_utf8_lossy(&verified.stderr).into_owned();
        ensure!(verified.status.success() && said.is_empty(), "{unit}: {said}");
        let threshold = format!("--threshold={exposure}");
        let exposed = analyze(&["security", "--offline=true", "--no-pager", &threshold])?;
        let said = String::from_utf8_lossy(&exposed.stdout).into_owned();
        ensure!(exposed.status.success(), "{unit}: {}", said.lines().last().unwrap_or_default());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_health_check_tells_a_daemon_that_answers_from_one_that_hangs_and_from_none() -> Result<()> {
    let server = Server::start().await?;
    server.sign_in(QQ).await?;
    let absent = server.cli(&["--json", "health"]).await?.exited_with(3)?;
    ensure!(absent.problem()? == "not_found", "it says {}", absent.stdout);
    for words in [&["--json", "daemon"][..], &["--json", "serve", "--listen", "127.0.0.1:0"]] {
        let daemon = server.start_cli(words)?;
        let well = until("the daemon to answer", || async {
            server.cli(&["--json", "health"]).await?.succeeded()?.json()
        })
        .await?;
        ensure!(well[0]["accounts"] == 1 && well[0]["need_sign_in"] == 0, "it says {well:?}");
        ensure!(well[0]["store"] == "ready" && well[0]["version"].is_string(), "it says {well:?}");
        daemon.signal(Signal::SIGSTOP)?;
        let silent = server.cli(&["--json", "health"]).await?.exited_with(6)?;
        ensure!(silent.problem()? == "timeout", "it says {}", silent.stdout);
        daemon.signal(Signal::SIGCONT)?;
        let text = server.cli(&["health"]).await?.succeeded()?.stdout;
        ensure!(text.contains("1 account"), "it says {text}");
        daemon.signal(Signal::SIGKILL)?;
        server.finish(daemon).await?.exited_with(-1)?;
        server.cli(&["health"]).await?.exited_with(3)?;
    }
    server.ensure_no_secret_leaked()
}

async fn wait_for(path: &Path) -> Result<()> {
    until(format!("{}", path.display()), || async {
        ensure!(path.exists(), "it is not there");
        Ok(())
    })
    .await
}

/// Reads what a service manager is told until it is this.
async fn wait_for_state(socket: &UnixDatagram, state: &str) -> Result<()> {
    let mut buffer = [0; 4096];
    loop {
        let told = tokio::time::timeout(Duration::from_secs(60), socket.recv(&mut buffer));
        let length = told.await.with_context(|| format!("waiting for {state}"))??;
        if String::from_utf8_lossy(&buffer[..length]).lines().any(|line| line == state) {
            return Ok(());
        }
    }
}
