//! The command line, for people and for scripts, while the window is open on the same profile.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tunekey_simulator::{Fault, FaultKind, Service};
use tunekey_tests::desktop::{Desktop, key_of};
use tunekey_tests::eventually::{until, within};
use tunekey_tests::fixtures::{NETEASE, QQ, service_of};
use tunekey_tests::{phone, terminal};

/// How long an open window may take to notice what other processes have changed.
const NOTICE_LIMIT: Duration = Duration::from_secs(45);

#[tokio::test(flavor = "multi_thread")]
async fn a_script_signs_in_uses_renews_and_signs_out_while_the_window_is_open() -> Result<()> {
    let desktop = Desktop::start().await?;
    let window = desktop.window().await?;
    window.wait_for_text("h1", "Scan once").await?;
    for account in [QQ, NETEASE] {
        let service = service_of(account);
        let mut sign_in = desktop.start_cli(&["--json", "sign-in", service.name()])?;
        let shown = sign_in.wait_for_step("show_code").await?;
        ensure!(shown["valid_until"].is_string(), "a script is not told until when: {shown}");
        let code = desktop.next_code(service, 0).await?;
        desktop.simulator.scan(code.id, Some(account))?;
        sign_in.wait_for_step("scanned").await?;
        desktop.simulator.confirm(code.id)?;
        let done = sign_in.wait_for_step("done").await?;
        ensure!(done["account"]["id"] == account && done["known"] == false, "it says {done}");
        desktop.finish(sign_in).await?.succeeded()?;
    }
    within(NOTICE_LIMIT, "the window to show both accounts", || async {
        let shown = window.run_script("return document.querySelectorAll('.nav-acct').length").await?;
        ensure!(shown == 2, "it shows {shown}");
        Ok(())
    })
    .await?;

    let services = desktop.cli(&["--json", "services"]).await?.succeeded()?.json()?;
    ensure!(
        services.iter().map(|one| &one["id"]).eq(["qqmusic", "netease"]),
        "the services are {services:?}"
    );
    let accounts = desktop.cli(&["--json", "accounts"]).await?.succeeded()?.json()?;
    ensure!(accounts.iter().map(|one| &one["id"]).eq([QQ, NETEASE]), "the accounts are {accounts:?}");

    for account in [QQ, NETEASE] {
        let shown = one(desktop.cli(&["--json", "show", account]).await?.succeeded()?.json()?)?;
        ensure!(shown["health"]["state"] == "healthy", "it shows {shown}");
        let tiers = shown["membership"]["tiers"].as_array().context("no membership")?;
        ensure!(tiers.iter().any(|tier| tier["active"] == true), "a member is shown as none: {shown}");

        let cookie = one(desktop.cli(&["--json", "cookie", account]).await?.succeeded()?.json()?)?;
        let text = cookie["cookie"].as_str().context("no cookie")?;
        ensure!(
            text.contains(key_of(&desktop.newest_credential(account)?)),
            "it is not the key that was issued"
        );

        let renewal = one(desktop.cli(&["--json", "renew", account]).await?.succeeded()?.json()?)?;
        ensure!(renewal["renewal"]["outcome"] == "renewed", "it says {renewal}");
        ensure!(desktop.stores_newest_credential(account).await?, "the keychain does not hold the new key");
        let checked = one(desktop.cli(&["--json", "check", account]).await?.succeeded()?.json()?)?;
        ensure!(checked["health"]["state"] == "healthy", "it says {checked}");
    }
    let all = desktop.cli(&["--json", "renew", "--all"]).await?.succeeded()?.json()?;
    let summary = &all.last().context("it says nothing")?["summary"];
    ensure!(all.len() == 3 && summary["renewed"] == 2 && summary["failed"] == 0, "it says {all:?}");
    ensure!(
        desktop.simulator.renewals().values().all(|count| *count == 2),
        "{:?}",
        desktop.simulator.renewals()
    );

    let out = one(desktop.cli(&["--json", "sign-out", QQ]).await?.succeeded()?.json()?)?;
    ensure!(
        out["confirmed"] == true && desktop.newest_credential(QQ)?.is_signed_out(),
        "the service was not told: {out}"
    );
    desktop.cli(&["--json", "forget", NETEASE]).await?.succeeded()?;
    ensure!(desktop.newest_credential(NETEASE)?.is_valid(), "forgetting must not sign out");
    ensure!(desktop.keyring().items().await?.is_empty(), "the keychain still holds something");
    within(NOTICE_LIMIT, "the window to be empty", || async {
        window.wait_for_text("h1", "Scan once").await
    })
    .await?;
    ensure!(desktop.simulator.broken_rules().is_empty(), "{:?}", desktop.simulator.broken_rules());
    desktop.ensure_no_secret_leaked(&[&window]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_at_a_terminal_gets_a_code_to_scan_and_words_to_read() -> Result<()> {
    let desktop = Desktop::start().await?;
    for account in [QQ, NETEASE] {
        let service = service_of(account);
        let sign_in = desktop.start_cli(&["sign-in", service.name()])?;
        let code = desktop.next_code(service, 0).await?;
        desktop.simulator.scan(code.id, Some(account))?;
        desktop.simulator.confirm(code.id)?;
        let output = desktop.finish(sign_in).await?.succeeded()?;
        ensure!(
            output.stderr.contains("Confirmed") && output.stderr.contains("Signed in."),
            "it says {}",
            output.stderr
        );
        ensure!(!output.stdout.contains('\u{1b}'), "escape sequences went into a pipe");
        let text = phone::read(&terminal::picture(&output.stdout))?;
        ensure!(desktop.simulator.scan_text(&text, None).is_err(), "the code was not used up");
        ensure!(text.contains(&code.key) || text == code.text, "the terminal drew another code: {text}");
    }
    let accounts = desktop.cli(&["accounts"]).await?.succeeded()?.stdout;
    ensure!(accounts.lines().count() == 3 && accounts.contains(QQ), "it lists {accounts}");
    let header = desktop.cli(&["cookie", "netease"]).await?.succeeded()?.stdout;
    ensure!(!header.contains(['\n', '\r']), "a header that goes into a file ends in a line break");
    ensure!(header.contains("MUSIC_U="), "it is no cookie");
    let renewed = desktop.cli(&["renew", "10001"]).await?.succeeded()?.stdout;
    ensure!(renewed.contains(QQ), "it says {renewed}");
    for words in [
        &["services"][..],
        &["show", QQ],
        &["check", QQ],
        &["settings"],
        &["sign-out", QQ],
        &["forget", NETEASE],
    ] {
        let output = desktop.cli(words).await?.succeeded()?;
        ensure!(!output.stdout.trim().is_empty(), "{words:?} says nothing");
    }
    desktop.ensure_no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_can_be_written_to_a_file() -> Result<()> {
    let desktop = Desktop::start().await?;
    let file = desktop.sandbox.home().join("code.png");
    let target = format!("png={}", file.display());
    let mut sign_in =
        desktop.start_cli(&["--json", "sign-in", "netease", "--method", "app-scan", "--qr", &target])?;
    let shown = sign_in.wait_for_step("show_code").await?;
    ensure!(shown["png"] == file.display().to_string() && shown.get("code").is_none(), "it says {shown}");
    let mode = std::fs::metadata(&file)?.permissions().mode() & 0o777;
    ensure!(mode == 0o600, "whoever can read the code can scan it: {mode:o}");
    let text = phone::read(&image::open(&file)?)?;
    let inline = shown["code_png"].as_str().and_then(|url| url.strip_prefix("data:image/png;base64,"));
    let inline = STANDARD.decode(inline.context("the step carries no PNG")?)?;
    ensure!(phone::read(&image::load_from_memory(&inline)?)? == text, "the step carries another code");
    let code = desktop.simulator.scan_text(&text, Some(NETEASE))?;
    desktop.simulator.confirm(code.id)?;
    desktop.finish(sign_in).await?.succeeded()?;
    desktop.ensure_no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_failure_has_its_exit_code() -> Result<()> {
    let mut desktop = Desktop::start().await?;
    // 2: usage.
    for wrong in [
        &["sign-in"][..],
        &["sign-in", "spotify"],
        &["renew"],
        &["cookie", QQ, "--format", "yaml"],
        &["--nonsense"],
    ] {
        desktop.cli(wrong).await?.exited_with(2)?;
    }
    let output = desktop.cli(&["--json", "settings", "proxy", "ftp://x"]).await?.exited_with(2)?;
    ensure!(output.problem()? == "invalid_input", "it says {}", output.stdout);
    // 3: not found.
    for missing in
        [&["--json", "show", QQ][..], &["--json", "cookie", "nobody"], &["--json", "settings", "colour"]]
    {
        let output = desktop.cli(missing).await?.exited_with(3)?;
        ensure!(output.problem()? == "not_found", "it says {}", output.stdout);
    }
    // 4: declined, and expired twice.
    let sign_in = desktop.start_cli(&["--json", "sign-in", "qqmusic"])?;
    let code = desktop.next_code(Service::QqMusic, 0).await?;
    desktop.simulator.refuse(code.id)?;
    ensure!(desktop.finish(sign_in).await?.exited_with(4)?.problem()? == "refused", "not refused");
    let sign_in = desktop.start_cli(&["--json", "sign-in", "qqmusic"])?;
    let code = desktop.next_code(Service::QqMusic, code.id).await?;
    desktop.simulator.expire(code.id)?;
    desktop.simulator.expire(desktop.next_code(Service::QqMusic, code.id).await?.id)?;
    ensure!(desktop.finish(sign_in).await?.exited_with(4)?.problem()? == "expired", "not expired");
    // 8: risk control, rate limit.
    for kind in [FaultKind::Risk, FaultKind::RateLimited] {
        desktop.simulator.arm(Fault::new("netease.poll", kind))?;
        desktop.cli(&["--json", "sign-in", "netease"]).await?.exited_with(8)?;
        desktop.simulator.clear_faults();
    }
    // 6: network, in a sign-in and in a renewal.
    desktop.sign_in(QQ).await?;
    desktop.simulator.arm(Fault::new("*", FaultKind::Reset))?;
    for offline in [&["--json", "sign-in", "qqmusic"][..], &["--json", "renew", QQ], &["--json", "check", QQ]]
    {
        let output = desktop.cli(offline).await?.exited_with(6)?;
        ensure!(output.problem()? == "offline", "it says {}", output.stdout);
    }
    desktop.simulator.clear_faults();
    // 7: keychain locked, hung, absent.
    desktop.keyring().lock().await?;
    let output = desktop.cli(&["--json", "cookie", QQ]).await?.exited_with(7)?;
    ensure!(output.problem()? == "keychain_locked", "it says {}", output.stdout);
    desktop.keyring().unlock().await?;
    // 5: the session is over.
    desktop.simulator.revoke(QQ)?;
    let commands = [&["--json", "check", QQ][..], &["--json", "renew", QQ]];
    for dead in commands {
        // 9: the first answer, however often it is heard within a minute.
        let output = desktop.cli(dead).await?.exited_with(9)?;
        ensure!(output.problem()? == "refused_once", "it says {}", output.stdout);
    }
    desktop.backdate_refusal(QQ, 61)?;
    for dead in commands {
        let output = desktop.cli(dead).await?.exited_with(5)?;
        ensure!(output.problem()? == "rejected", "it says {}", output.stdout);
    }
    let shown = one(desktop.cli(&["--json", "show", QQ]).await?.succeeded()?.json()?)?;
    ensure!(shown["health"]["state"] == "needs_sign_in", "it shows {shown}");
    desktop.ensure_no_secret_leaked(&[]).await?;
    desktop.stop_keyring();
    let output = desktop.cli(&["--json", "cookie", QQ]).await?.exited_with(7)?;
    ensure!(output.problem()? == "keychain_unavailable", "it says {}", output.stdout);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_leaves_nothing_half_done() -> Result<()> {
    let desktop = Desktop::start().await?;
    // While a code is shown.
    let mut sign_in = desktop.start_cli(&["--json", "sign-in", "qqmusic"])?;
    sign_in.wait_for_step("show_code").await?;
    sign_in.interrupt()?;
    desktop.finish(sign_in).await?.exited_with(130)?;
    ensure!(desktop.keyring().items().await?.is_empty(), "something was stored");
    ensure!(
        desktop.cli(&["--json", "accounts"]).await?.succeeded()?.stdout.is_empty(),
        "an account was left behind"
    );

    // While what was confirmed is fetched: the account comes all the same.
    desktop.simulator.arm(Fault::new("qq.authorize", FaultKind::Reset).once())?;
    let after = desktop.simulator.codes().last().map_or(0, |code| code.id);
    let mut sign_in = desktop.start_cli(&["--json", "sign-in", "qqmusic"])?;
    let code = desktop.next_code(service_of(QQ), after).await?;
    desktop.simulator.scan(code.id, Some(QQ))?;
    desktop.simulator.confirm(code.id)?;
    sign_in.wait_for_step("exchanging").await?;
    sign_in.interrupt()?;
    desktop.finish(sign_in).await?.succeeded()?;
    ensure!(desktop.stores_newest_credential(QQ).await?, "the keychain does not hold what was issued");
    desktop.simulator.clear_faults();

    // While a renewal waits for its answer: the key that comes is kept.
    desktop.simulator.arm(Fault::new("qq.renew", FaultKind::Stall).once())?;
    let renewal = desktop.start_cli(&["--json", "renew", QQ])?;
    until("the renewal to be asked for", || async {
        ensure!(desktop.simulator.faults().iter().any(|fault| fault.struck > 0), "it was not");
        Ok(())
    })
    .await?;
    renewal.interrupt()?;
    let output = desktop.finish(renewal).await?;
    ensure!(output.code == 130 || output.code == 6, "it ended with {}", output.code);
    desktop.simulator.clear_faults();
    desktop.cli(&["--json", "renew", QQ]).await?.succeeded()?;
    ensure!(desktop.stores_newest_credential(QQ).await?, "the keychain does not hold the newest key");
    desktop.ensure_no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_that_no_longer_works_is_not_printed_without_being_asked_for() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.sign_in(QQ).await?;
    let works = one(desktop.cli(&["--json", "cookie", QQ]).await?.succeeded()?.json()?)?;
    ensure!(works["health"]["state"] == "healthy", "it says {}", works["health"]);
    desktop.simulator.revoke(QQ)?;
    let health = || async {
        let shown = one(desktop.cli(&["--json", "show", QQ]).await?.succeeded()?.json()?)?;
        anyhow::Ok(shown["health"].clone())
    };
    // One answer is not believed, and neither is the same one a moment later.
    for command in ["renew", "check"] {
        desktop.cli(&[command, QQ]).await?.exited_with(9)?;
        let health = health().await?;
        ensure!(
            (&health["state"], &health["reason"]) == (&"warning".into(), &"refused_once".into()),
            "{health}"
        );
    }
    desktop.cli(&["cookie", QQ]).await?.succeeded()?;
    desktop.backdate_refusal(QQ, 61)?;
    desktop.cli(&["renew", QQ]).await?.exited_with(5)?;
    ensure!(health().await?["state"] == "needs_sign_in", "two answers a minute apart are believed");
    // The result of all of them names the one that failed, and its exit code.
    desktop.sign_in(NETEASE).await?;
    let all = desktop.cli(&["--json", "renew", "--all"]).await?.exited_with(5)?.json()?;
    let failed = all.iter().find(|line| line["account"] == QQ).context("it is not named")?;
    ensure!(failed["problem"]["code"] == "rejected", "it says {failed}");
    let summary = &all.iter().find(|line| line["summary"].is_object()).context("no result")?["summary"];
    ensure!(summary["renewed"] == 1 && summary["failed"] == 1, "it says {summary}");
    let output = desktop.cli(&["renew", "--all"]).await?.exited_with(5)?;
    ensure!(output.stdout.contains("1 of 2 accounts are up to date; 1 failed."), "it says {}", output.stdout);

    let output = desktop.cli(&["cookie", QQ]).await?.exited_with(5)?;
    ensure!(output.stdout.is_empty(), "it printed a cookie all the same");
    let next = format!("tunekey sign-in qqmusic --account {QQ}");
    ensure!(
        output.stderr.contains("no longer works") && output.stderr.contains(&next),
        "it says {}",
        output.stderr
    );
    let output = desktop.cli(&["--json", "cookie", QQ]).await?.exited_with(5)?;
    ensure!(
        output.problem()? == "rejected" && !output.stdout.contains("qm_keyst"),
        "it says the cookie or another code"
    );

    let output = desktop.cli(&["cookie", QQ, "--even-if-dead"]).await?.succeeded()?;
    ensure!(
        output.stdout.contains("qm_keyst=") && output.stderr.contains("no longer works"),
        "it says {}",
        output.stderr
    );
    let output = one(desktop.cli(&["--json", "cookie", QQ, "--even-if-dead"]).await?.succeeded()?.json()?)?;
    ensure!(
        output["health"]["state"] == "needs_sign_in" && output["cookie"].is_string(),
        "a script is not told"
    );
    desktop.ensure_no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_in_another_format_or_with_less_in_it_changes_nothing_of_the_account() -> Result<()> {
    let desktop = Desktop::start().await?;
    for account in [QQ, NETEASE] {
        desktop.sign_in(account).await?;
        let before = one(desktop.cli(&["--json", "show", account]).await?.succeeded()?.json()?)?;
        let full = one(desktop.cli(&["--json", "cookie", account]).await?.succeeded()?.json()?)?;
        let words = ["--json", "cookie", account, "--format", "json", "--minimal"];
        let minimal = one(desktop.cli(&words).await?.succeeded()?.json()?)?;
        ensure!(
            (&minimal["format"], &minimal["scope"]) == (&"json".into(), &"minimal".into()),
            "it is another"
        );
        ensure!(minimal["renews"] == false, "what only plays renews nothing");
        ensure!(full["renews"] == (account == QQ), "it says that {account} renews: {}", full["renews"]);
        let (minimal, full) = (minimal["cookie"].to_string(), full["cookie"].to_string());
        ensure!(minimal.contains(key_of(&desktop.newest_credential(account)?)), "it cannot play");
        let renewing = ["refresh_token", "access_token", "openid", "NMTID"];
        ensure!(!renewing.iter().any(|name| minimal.contains(name)), "it holds more than what plays");
        ensure!(renewing.iter().any(|name| full.contains(name)), "the full one holds no more");
        let after = one(desktop.cli(&["--json", "show", account]).await?.succeeded()?.json()?)?;
        ensure!(after["format"] == before["format"], "the account’s own format is another now");
    }
    desktop.ensure_no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_said_in_chinese_where_that_is_the_language() -> Result<()> {
    let mut desktop = Desktop::start().await?;
    desktop.sign_in(QQ).await?;
    desktop.sign_in("qqmusic:10002").await?;
    desktop.sandbox.set("LANG", "zh_CN.UTF-8");
    for (words, code, wanted) in [
        (&["show", "nobody"][..], 3, "没有账号「nobody」。已有账号：qqmusic:10001"),
        (&["cookie", "qqmusic"], 2, "有 2 个账号与「qqmusic」匹配"),
        (&["settings", "colour"], 3, "没有「colour」这个设置"),
        (&["settings", "proxy", "ftp://x"], 2, "代理地址以"),
        (&["settings", "clipboard-seconds", "x"], 2, "5 到 600"),
        (&["sign-in", "qqmusic", "--method", "official-page", "--browser", "/no"], 3, "请用 --browser 指定"),
        (&["sign-in", "netease", "--account", QQ], 2, "不是 netease 的账号"),
        (&["import", "no-such-file"], 3, "没有这个文件"),
        (&["sign-in", "spotify"], 2, "可选 qqmusic 或 netease"),
        (&["sign-in", "qqmusic", "--method", "phone"], 2, "没有收到手机号"),
    ] {
        let mut cli = desktop.start_cli(words)?;
        cli.close_input();
        let output = desktop.finish(cli).await?.exited_with(code)?;
        let said: Vec<_> =
            output.stderr.lines().filter(|line| !line.contains("TRACE") && !line.contains("DEBUG")).collect();
        let said = said.join("\n");
        ensure!(said.contains(wanted), "{words:?}: {said}");
        ensure!(
            !said.contains("can’t") && !said.contains(" is ") && !said.contains(" the "),
            "{words:?}: {said}"
        );
    }
    let listed = desktop.cli(&["accounts"]).await?.succeeded()?.stdout;
    ensure!(listed.contains("密钥到期") && listed.contains("会员") && !listed.contains("works"), "{listed}");
    desktop.ensure_no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_command_lines_and_a_window_renew_once_for_each_time_they_are_asked() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.sign_in(NETEASE).await?;
    let window = desktop.window().await?;
    window.element("#a-ref").await?;
    let (one, other) = (
        desktop.start_cli(&["--json", "renew", NETEASE])?,
        desktop.start_cli(&["--json", "renew", NETEASE])?,
    );
    window.click("#a-ref").await?;
    desktop.finish(one).await?.succeeded()?;
    desktop.finish(other).await?.succeeded()?;
    window.wait_for_text("#hist li", "Renewed, new key").await?;
    let issued = desktop.simulator.renewals().get(NETEASE).copied().unwrap_or_default();
    ensure!((1..=3).contains(&issued), "{issued} keys were issued");
    until("the newest key to be kept", || async {
        ensure!(desktop.stores_newest_credential(NETEASE).await?, "the newest key was overwritten");
        Ok(())
    })
    .await?;
    desktop.ensure_no_secret_leaked(&[&window]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keychain_that_hangs_does_not_keep_the_command_line() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.sign_in(QQ).await?;
    desktop.keyring().hang()?;
    // What needs no secret is told as ever.
    let began = Instant::now();
    desktop.cli(&["--json", "show", QQ]).await?.succeeded()?;
    ensure!(began.elapsed() < Duration::from_secs(5), "it took {:?}", began.elapsed());
    // What needs one waits, but not longer than the person at the terminal.
    let cli = desktop.start_cli(&["--json", "cookie", QQ])?;
    until("the command to run", || async { desktop.sandbox.process("tunekey").map(drop) }).await?;
    cli.interrupt()?;
    let ended = tokio::time::timeout(Duration::from_secs(5), desktop.finish(cli)).await;
    ensure!(ended.context("Ctrl-C does not end it")??.code != 0, "it printed a cookie that it cannot have");
    desktop.keyring().resume()?;
    desktop.ensure_no_secret_leaked(&[]).await
}

/// The only line.
fn one(lines: Vec<Value>) -> Result<Value> {
    ensure!(lines.len() == 1, "{} lines", lines.len());
    lines.into_iter().next().context("no line")
}
