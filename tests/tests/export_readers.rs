//! Exports are read by the programs that they are for, unmodified: those of the system, and clients that others wrote,
//! installed from their registries. Each makes a request to the simulator, whose response names the account.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use tunekey_tests::desktop::key_of;
use tunekey_tests::fixtures::{NETEASE, QQ};
use tunekey_tests::readers::{Readers, node_packages, python_with_packages, pythons};
use tunekey_tests::third_party::{driver, result, run};

/// What `tunekey cookie … > FILE` leaves.
async fn export(readers: &Readers, account: &str, format: &str, more: &[&str]) -> Result<PathBuf> {
    let words = [&["cookie", account, "--format", format][..], more].concat();
    let output = readers.desktop.cli(&words).await?.succeeded()?;
    let name = format!("{}-{format}{}", account.replace(':', "-"), more.join(""));
    let file = readers.folder().join(name);
    std::fs::write(&file, output.stdout)?;
    Ok(file)
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_wget_and_every_python_get_the_session_out_of_the_netscape_file() -> Result<()> {
    let readers = Readers::start().await?;
    let certificate = readers.desktop.sandbox.root().join("ca.pem");
    for account in [QQ, NETEASE] {
        let url = readers.whose(account)?;
        let mut nobody = readers.reader("curl");
        nobody.arg("--silent").arg("--cacert").arg(&certificate).arg(&url);
        let answer = run(&mut nobody).await?;
        ensure!(readers.names(account, &answer).is_err(), "it is told to nobody, too: that proves nothing");
        for more in [&[][..], &["--minimal"]] {
            let file = export(&readers, account, "netscape", more).await?;
            let mut curl = readers.reader("curl");
            curl.arg("--silent").arg("--cacert").arg(&certificate).arg("--cookie").arg(&file).arg(&url);
            readers.names(account, &run(&mut curl).await?).context("curl")?;
            let mut wget = readers.reader("wget");
            wget.args(["--quiet", "--output-document=-", "--load-cookies"]).arg(&file);
            wget.arg("--ca-certificate").arg(&certificate).arg(&url);
            readers.names(account, &run(&mut wget).await?).context("wget")?;
            for python in pythons().await? {
                let mut jar = readers.reader(python);
                jar.arg(driver("read_cookies.py")).arg("jar").arg(&file).arg(&url);
                readers
                    .names(account, &run(&mut jar).await?)
                    .with_context(|| python.display().to_string())?;
            }
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_http_clients_of_python_and_node_send_the_header_file_as_it_is() -> Result<()> {
    let readers = Readers::start().await?;
    for account in [QQ, NETEASE] {
        let url = readers.whose(account)?;
        for more in [&[][..], &["--minimal"]] {
            let file = export(&readers, account, "header", more).await?;
            for python in pythons().await? {
                let mut client = readers.reader(python);
                client.arg(driver("read_cookies.py")).arg("header").arg(&file).arg(&url);
                readers
                    .names(account, &run(&mut client).await?)
                    .with_context(|| python.display().to_string())?;
            }
            let mut node = readers.reader("node");
            node.arg(driver("read_cookies.mjs")).arg("http").arg(&file).arg(&url);
            readers.names(account, &run(&mut node).await?).context("Node")?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn yt_dlp_gets_the_session_out_of_the_netscape_file() -> Result<()> {
    let readers = Readers::start().await?;
    for account in [QQ, NETEASE] {
        let file = export(&readers, account, "netscape", &[]).await?;
        let mut client = readers.reader(python_with_packages().await?);
        client.arg(driver("read_cookies_with_yt_dlp.py")).arg(&file).arg(readers.whose(account)?);
        readers.names(account, &run(&mut client).await?)?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn both_dotenvs_read_the_env_line_as_the_header() -> Result<()> {
    let readers = Readers::start().await?;
    for (account, name) in [(QQ, "QQMUSIC_COOKIE"), (NETEASE, "NETEASE_COOKIE")] {
        let header = std::fs::read_to_string(export(&readers, account, "header", &[]).await?)?;
        let file = export(&readers, account, "env", &[]).await?;
        let mut python = readers.reader(python_with_packages().await?);
        python.arg(driver("read_dotenv.py")).arg(&file);
        let mut node = readers.reader("node");
        node.arg(driver("read_cookies.mjs")).arg("dotenv").arg(&file).env("PACKAGES", node_packages().await?);
        for mut reader in [python, node] {
            let read = result(&run(&mut reader).await?)?;
            ensure!(read[name] == header.as_str(), "{account}: {reader:?} reads another cookie");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn qqmusic_api_python_works_with_the_credential_and_renews_with_the_full_one() -> Result<()> {
    let readers = Readers::start().await?;
    for (more, renew) in [(&["--minimal"][..], None), (&[], Some("renew"))] {
        let file = export(&readers, QQ, "qqmusicapi", more).await?;
        let mut client = readers.reader(python_with_packages().await?);
        client.arg(driver("use_credential.py")).arg(&file).args(renew);
        let told = result(&run(&mut client).await?)?;
        ensure!(told["musicid"] == 10_001 && told["is_valid"] == true, "{more:?}: it says {told}");
        ensure!(told["ended"] == false && told["expired"] == false, "{more:?}: it says {told}");
        if renew.is_some() {
            ensure!(
                told["key"] == key_of(&readers.desktop.newest_credential(QQ)?),
                "it did not get the new key"
            );
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn netease_cloud_music_api_and_meting_take_the_header_file() -> Result<()> {
    let readers = Readers::start().await?;
    let packages = node_packages().await?;
    for more in [&[][..], &["--minimal"]] {
        let file = export(&readers, NETEASE, "header", more).await?;
        let mut client = readers.reader("node");
        client.arg(driver("read_cookies.mjs")).arg("netease").arg(&file).env("PACKAGES", packages);
        readers.names(NETEASE, &run(&mut client).await?)?;

        let file = export(&readers, QQ, "header", more).await?;
        let mut client = readers.reader("node");
        client.arg(driver("read_cookies.mjs")).arg("meting").arg(&file).env("PACKAGES", packages);
        let told = result(&run(&mut client).await?)?;
        ensure!(told["uin"] == "10001", "Meting finds another number: {}", told["uin"]);
        let header = std::fs::read_to_string(&file)?;
        let sent = told["cookies"].as_array().context("it asked nothing")?;
        ensure!(
            sent.len() == 2 && sent.iter().all(|cookie| *cookie == header.as_str()),
            "Meting sends another"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_exported_can_be_imported_again() -> Result<()> {
    let readers = Readers::start().await?;
    for account in [QQ, NETEASE] {
        for format in ["header", "json", "env", "netscape", "qqmusicapi"] {
            if format == "qqmusicapi" && account == NETEASE {
                continue;
            }
            for more in [&[][..], &["--minimal"]] {
                let file = export(&readers, account, format, more).await?;
                let file = file.display().to_string();
                let output = readers.desktop.cli(&["--json", "import", &file]).await?.succeeded();
                let output = output.with_context(|| format!("{account} {format} {more:?}"))?;
                let done = output.json()?.pop().context("it says nothing")?;
                ensure!(
                    done["account"]["id"] == account && done["known"] == true,
                    "{format}: it says {done}"
                );
            }
        }
        // What plays was merged into what renews, not written over it.
        let output = readers.desktop.cli(&["--json", "cookie", account]).await?.succeeded()?;
        let full = output.json()?.pop().context("it says nothing")?;
        ensure!(full["renews"] == (account == QQ), "what renews {account} is lost");
        readers.desktop.cli(&["--json", "renew", account]).await?.succeeded()?;
    }
    Ok(())
}
