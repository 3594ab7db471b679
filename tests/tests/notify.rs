//! Messages to the person's phone by the programs themselves: set up, tried out and sent, once for each incident, with
//! no credential in any of them.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tunekey_simulator::PUSH_KEY;
use tunekey_tests::canary::CANARY;
use tunekey_tests::desktop::Desktop;
use tunekey_tests::eventually::until;
use tunekey_tests::fixtures::{NETEASE, QQ};
use tunekey_tests::process::Process;
use tunekey_tests::push_server::PushServer;
use tunekey_tests::screen::WindowState;
use tunekey_tests::terminal::Terminal;
use tunekey_tests::window::QUIT_LIMIT;

const CHECK: &str = "/ping/d1665499-e827-441f-bf13-8f15e8f4c0b9";

fn one(values: Vec<Value>) -> Result<Value> {
    values.into_iter().next().context("it says nothing")
}

async fn json_of(desktop: &Desktop, arguments: &[&str]) -> Result<Value> {
    one(desktop.cli(&[&["--json", "notify"], arguments].concat()).await?.succeeded()?.json()?)
}

/// A file outside of what is searched for secrets, with a secret in it.
fn secret_file(folder: &Path, name: &str, secret: &str) -> Result<PathBuf> {
    let path = folder.join(name);
    std::fs::File::create(&path)?.write_all(format!("{secret}\n").as_bytes())?;
    Ok(path)
}

/// Adds a topic at a server of the person's own, whose name is a secret that is searched for.
async fn add_topic(desktop: &Desktop, server: &PushServer, folder: &Path) -> Result<String> {
    let topic = secret_file(folder, "topic", &format!("topic-{CANARY}"))?;
    let (server, topic) = (format!("server={}", server.url()), format!("topic={}", topic.display()));
    let arguments = ["add", "ntfy", &server, "--secret", &topic, "--plain-http", "--label", "phone"];
    let added = json_of(desktop, &arguments).await?;
    ensure!(added["enabled"] == true && added["secrets"] == json!(["topic"]), "it says {added}");
    Ok(added["id"].as_str().context("it has no id")?.to_owned())
}

fn run_schedule(desktop: &Desktop) -> Result<Process> {
    let mut command = desktop.sandbox.command(env!("CARGO_BIN_EXE_runs-the-schedule"));
    Process::start(command.arg(desktop.sandbox.profile()), &desktop.sandbox.log("schedule"))
}

/// No message has anything in it that was issued to the accounts. The topic stands in the body alone.
fn ensure_no_credential(desktop: &Desktop, server: &PushServer) -> Result<()> {
    let issued = desktop.simulator.ledger().into_iter().flat_map(|one| one.secrets.into_values());
    let issued: Vec<String> = issued.filter(|secret| secret.len() > 5).collect();
    ensure!(!issued.is_empty(), "nothing was issued, so that not finding it proves nothing");
    for received in server.received() {
        ensure!(!issued.iter().any(|secret| received.text.contains(secret)), "a credential was sent");
        let without_topic = received.text.replace(&format!("topic-{CANARY}"), "");
        ensure!(!without_topic.contains(CANARY), "a secret was sent");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sets_up_a_channel_tries_it_out_and_hears_of_an_incident_once() -> Result<()> {
    let desktop = Desktop::start().await?;
    let (server, folder) = (PushServer::start().await?, tempfile::tempdir()?);
    desktop.sign_in(QQ).await?;
    desktop.sign_in(NETEASE).await?;
    desktop.cli(&["settings", "auto-renew", "off"]).await?.succeeded()?;
    let before = desktop.keyring().items().await?.len();
    let address = format!("server={}", server.url());
    let topic = secret_file(folder.path(), "t", "t")?;
    let topic = format!("topic={}", topic.display());
    for (words, code) in [
        (&["notify", "add", "pigeon"][..], 2),
        (&["notify", "add", "ntfy", "topic=t"], 2),
        (&["notify", "add", "ntfy"], 2),
        (&["notify", "add", "ntfy", &address, "--secret", &topic], 2),
        (&["notify", "test", "nothing"], 3),
        (&["notify", "quiet", "late"], 2),
        (&["notify", "after", "--renewal", "0"], 2),
        (&["notify", "ping", "test"], 3),
    ] {
        let output = desktop.cli(words).await?;
        ensure!(output.code == code && !output.stderr.is_empty(), "{words:?} ends with {}", output.code);
    }
    ensure!(server.received().is_empty() && desktop.keyring().items().await?.len() == before);
    let id = add_topic(&desktop, &server, folder.path()).await?;
    ensure!(desktop.keyring().items().await?.len() == before + 1, "it is elsewhere");

    let tested = json_of(&desktop, &["test", "phone"]).await?;
    server.wait_for("test message").await?;
    ensure!(server.received()[0].json["topic"] == format!("topic-{CANARY}"), "it goes elsewhere");

    let running = run_schedule(&desktop)?;
    desktop.record_rejection(QQ, "小满")?;
    server.wait_for("小满 needs a new sign-in").await?;
    until("what was told to be noted", || async {
        let last = json_of(&desktop, &["list"]).await?["last"].clone();
        ensure!(last["at"] != tested["at"] && last["problem"].is_null(), "it says {last}");
        Ok(())
    })
    .await?;
    drop(running);
    // Another process tells what is new, and nothing twice.
    let _running = run_schedule(&desktop)?;
    desktop.record_rejection(NETEASE, "Mori")?;
    server.wait_for("Mori needs a new sign-in").await?;
    let titles = server.titles();
    ensure!(titles.len() == 3, "it has told {titles:?}");
    ensure_no_credential(&desktop, &server)?;

    let listed = json_of(&desktop, &["list"]).await?;
    ensure!(listed["last"]["problem"].is_null() && listed["host"] == server.host(), "it says {listed}");
    json_of(&desktop, &["remove", &id]).await?;
    ensure!(desktop.keyring().items().await?.len() == before, "a secret is left behind");
    let channels = desktop.cli(&["--json", "notify", "channels"]).await?.succeeded()?.json()?;
    ensure!(channels.len() == 10, "it lists {} channels", channels.len());
    desktop.ensure_no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn at_a_terminal_a_secret_is_asked_for_and_does_not_show_while_it_is_typed() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.sign_in(QQ).await?;
    let mut terminal = Terminal::start(&desktop.sandbox, (100, 30), &["notify", "add", "ntfy"])?;
    terminal.wait_for_text("Topic:").await?;
    terminal.type_keys(&format!("topic-{CANARY}\r"))?;
    terminal.wait_for_text("nothing sent yet").await?;
    let shown = terminal.shown();
    ensure!(!shown.contains(CANARY) && shown.contains("ntfy.sh"), "it shows {shown}");
    ensure!(terminal.wait_for_exit().await? == 0, "it does not end well");
    let listed = json_of(&desktop, &["list"]).await?;
    ensure!(listed["secrets"] == json!(["topic"]) && listed["language"] == "english", "it says {listed}");
    desktop.ensure_no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn that_all_is_well_is_said_by_the_process_that_runs_the_schedule_and_so_is_that_it_is_not()
-> Result<()> {
    let desktop = Desktop::start().await?;
    let (server, folder) = (PushServer::start().await?, tempfile::tempdir()?);
    desktop.sign_in(QQ).await?;
    desktop.cli(&["settings", "auto-renew", "off"]).await?.succeeded()?;
    let address = secret_file(folder.path(), "address", &format!("{}{CHECK}?{CANARY}", server.url()))?;
    let address = address.display().to_string();
    let set = json_of(&desktop, &["ping", "set", "--address", &address, "--plain-http"]).await?;
    ensure!(set["ping"]["reports_failures"] == true && set["ping"]["minutes"] == 60, "it says {set}");
    let _running = run_schedule(&desktop)?;
    let paths = || server.received().into_iter().map(|one| one.path).collect::<Vec<_>>();
    let (well, ill) = (format!("{CHECK}?{CANARY}"), format!("{CHECK}/fail?{CANARY}"));
    until("a ping", || async {
        ensure!(paths() == [well.clone()], "there are {:?}", paths());
        Ok(())
    })
    .await?;
    desktop.record_rejection(QQ, "小满")?;
    until("a ping that says that something is wrong", || async {
        ensure!(paths() == [well.clone(), ill.clone()], "there are {:?}", paths());
        Ok(())
    })
    .await?;
    ensure!(server.received().iter().all(|one| one.json.is_null()), "something was sent with it");
    json_of(&desktop, &["ping", "off"]).await?;
    desktop.ensure_no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_window_a_channel_is_set_up_when_the_person_says_yes_outside_of_it() -> Result<()> {
    let desktop = Desktop::start().await?;
    let server = PushServer::start().await?;
    desktop.sign_in(QQ).await?;
    desktop.cli(&["settings", "auto-renew", "off"]).await?.succeeded()?;
    let window = desktop.window().await?;
    window.click("#s-set").await?;
    window.click("#s-st-notifications").await?;
    window.click("#nt-add").await?;
    window.select("#nt-f-kind", "gotify").await?;
    window.fill("#nt-f-server", &server.url()).await?;
    window.fill("#nt-f-token", &format!("A{CANARY}")).await?;
    window.click("#nt-f-plain").await?;
    for yes in [false, true] {
        window.click("#nt-f-save").await?;
        desktop.answer_dialog("Send messages to", yes).await?;
        if !yes {
            window.element("#nt-f-save").await.context("what was typed is still there")?;
            ensure!(desktop.cli(&["--json", "notify", "list"]).await?.succeeded()?.json()?.is_empty());
        }
    }
    window.wait_for_text(".group", &server.host()).await?;
    let listed = json_of(&desktop, &["list"]).await?;
    let id = listed["id"].as_str().context("it has no id")?;
    window.click(&format!("#nt-t-{id}")).await?;
    server.wait_for("test message").await?;
    window.wait_for_text(&format!("#nt-d-{id}"), "Last message").await?;

    // The app itself runs the schedule.
    desktop.screen.wait_for_window("TuneKey", WindowState::Shown).await?;
    desktop.record_rejection(QQ, "小满")?;
    server.wait_for("小满 needs a new sign-in").await?;
    ensure!(server.received().iter().all(|one| one.path == "/message"), "it goes elsewhere");

    window.click(&format!("#nt-x-{id}")).await?;
    desktop.answer_dialog("Remove", true).await?;
    window.wait_for_text(".group", "No messages to a phone yet").await?;
    desktop.ensure_no_secret_leaked(&[&window]).await
}

/// What is typed for a channel in the window: its field for the key, and the others.
fn typed(kind: &str, server: &PushServer) -> (&'static str, Vec<(&'static str, String)>) {
    match kind {
        "ntfy" => ("topic", Vec::new()),
        "bark" => ("device_key", Vec::new()),
        "gotify" => ("token", vec![("server", server.url())]),
        "serverchan" => ("key", Vec::new()),
        "wecom" => ("key", Vec::new()),
        "dingtalk" => ("access_token", Vec::new()),
        "feishu" => ("hook", Vec::new()),
        "telegram" => ("token", vec![("chat", "-1001".to_owned())]),
        "pushplus" => ("token", Vec::new()),
        _ => ("url", Vec::new()),
    }
}

/// A server of the person's own that knows the key as well.
async fn own_server() -> Result<PushServer> {
    PushServer::start_with(|received| match received.text.contains(PUSH_KEY) {
        true => (200, json!({ "id": 25 }).to_string()),
        false => (401, json!({ "errorCode": 401 }).to_string()),
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_window_every_channel_says_that_a_key_is_wrong_and_works_once_it_is_changed() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.sign_in(QQ).await?;
    desktop.cli(&["settings", "auto-renew", "off"]).await?.succeeded()?;
    let server = own_server().await?;
    let kinds = desktop.cli(&["--json", "notify", "channels"]).await?.succeeded()?.json()?;
    let window = desktop.window().await?;
    window.click("#s-set").await?;
    window.click("#s-st-notifications").await?;
    for kind in kinds.iter().filter_map(|kind| kind["kind"].as_str()) {
        let (field, others) = typed(kind, &server);
        let is_own = others.iter().any(|(name, _)| *name == "server") || field == "url";
        let value =
            |key: &str| if field == "url" { format!("{}/{key}", server.url()) } else { key.to_owned() };
        window.click("#nt-add").await?;
        window.select("#nt-f-kind", kind).await?;
        for (name, text) in &others {
            window.fill(&format!("#nt-f-{name}"), text).await?;
        }
        window.fill(&format!("#nt-f-{field}"), &value("SCTwrong0123456789abcdef")).await?;
        if is_own {
            window.click("#nt-f-plain").await?;
        }
        window.click("#nt-f-save").await?;
        desktop.answer_dialog("Send messages to", true).await?;
        window.element("[id^=nt-t-]").await.context(kind.to_owned())?;
        let listed = one(desktop.cli(&["--json", "notify", "list"]).await?.succeeded()?.json()?)?;
        let id = listed["id"].as_str().context("it has no id")?;
        window.click(&format!("#nt-t-{id}")).await?;
        window.wait_for_text(&format!("#nt-d-{id}"), "Failed").await.context(kind.to_owned())?;

        window.click(&format!("#nt-c-{id}")).await?;
        window.fill(&format!("#nt-f-{field}"), &value(PUSH_KEY)).await?;
        window.click("#nt-f-save").await?;
        desktop.answer_dialog("Send messages to", true).await?;
        window.wait_for_text(".toast", "changed").await.context(kind.to_owned())?;
        window.click(&format!("#nt-t-{id}")).await?;
        window.wait_for_text(&format!("#nt-d-{id}"), "Last message").await.context(kind.to_owned())?;
        window.click(&format!("#nt-x-{id}")).await?;
        desktop.answer_dialog("Remove", true).await?;
        window.wait_for_text(".group", "No messages to a phone yet").await?;
    }
    ensure!(desktop.simulator.broken_rules().is_empty(), "{:?}", desktop.simulator.broken_rules());
    ensure_no_credential(&desktop, &server)?;
    window.quit(QUIT_LIMIT).await
}
