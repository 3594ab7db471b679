//! The command line with the C library in it, as NAS and single-board computers run it.

use anyhow::{Result, ensure};
use tunekey_core::{Method, SignInOption};
use tunekey_services::{netease, qqmusic};
use tunekey_tests::fixtures::{NETEASE, QQ};
use tunekey_tests::keyring::{Bus, Keyring};
use tunekey_tests::machine::{Machine, System};
use tunekey_tests::sandbox::Sandbox;

const SYSTEMS: [System; 2] = [System::StaticIntel, System::StaticArm];

const QQ_SCAN: SignInOption = SignInOption { service: qqmusic::ID, method: Method::QqScan };
const NETEASE_PHONE: SignInOption = SignInOption { service: netease::ID, method: Method::Phone };

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_signed_in_renewed_and_signed_out_with_a_keyring() -> Result<()> {
    for system in SYSTEMS {
        let mut sandbox = Sandbox::new()?;
        let bus = Bus::start(&mut sandbox)?;
        let keyring = Keyring::start(&sandbox, &bus).await?;
        let profile = sandbox.profile().display().to_string();
        let machine = Machine::start(system, sandbox, &profile).await?;
        for (option, account) in [(QQ_SCAN, QQ), (NETEASE_PHONE, NETEASE)] {
            machine.sign_in(option).await?;
            ensure!(!keyring.items().await?.is_empty(), "{system:?}: the keyring holds nothing");
            let cookie = machine.cli(&["cookie", account, "--format", "header"]).await?.succeeded()?.stdout;
            machine.cli(&["renew", account]).await?.succeeded()?;
            let renewed = machine.cli(&["cookie", account, "--format", "header"]).await?.succeeded()?.stdout;
            ensure!(
                cookie.contains('=') && cookie != renewed,
                "{system:?}: the key of {account} is the old one"
            );
            machine.cli(&["check", account]).await?.succeeded()?;
            machine.cli(&["sign-out", account]).await?.succeeded()?;
            ensure!(keyring.items().await?.is_empty(), "{system:?}: something of {account} is left");
        }
        ensure!(machine.simulator.broken_rules().is_empty(), "{:?}", machine.simulator.broken_rules());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_keyring_nothing_is_begun_that_could_not_be_kept() -> Result<()> {
    for system in SYSTEMS {
        let sandbox = Sandbox::new()?;
        let profile = sandbox.profile().display().to_string();
        let machine = Machine::start(system, sandbox, &profile).await?;
        let output = machine.cli(&["--json", "sign-in", "qqmusic"]).await?.exited_with(7)?;
        ensure!(output.problem()? == "keychain_unavailable", "{system:?}: it says {}", output.stdout);
        ensure!(machine.simulator.codes().is_empty(), "{system:?}: a code was asked for");
    }
    Ok(())
}
