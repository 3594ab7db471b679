//! Calls the system's keychain as standard input says, one call a line, and prints each result. A process of its own,
//! so that it can have another session bus than the test that starts it. For `keychain.rs`.

#![allow(clippy::disallowed_methods, clippy::print_stdout)]

use std::io::{BufRead as _, stdin};

use anyhow::{Context as _, Result, bail};
use tunekey_core::{Interaction, NamedSlot, Secret, SecretKind, SecretStore as _, SlotName, SystemKeychain};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let keychain = SystemKeychain::new("TuneKey");
    // Ends when its input does, whatever the keychain does.
    for line in stdin().lock().lines() {
        let line = line?;
        let parts: Vec<_> = line.split(' ').collect();
        let (interaction, call) = parts.split_first().context("an empty line")?;
        let interaction = match *interaction {
            "background" => Interaction::Forbidden,
            "user" => Interaction::Allowed,
            other => bail!("no such interaction: {other}"),
        };
        let result = match *call {
            ["probe"] => keychain.probe(interaction).await.map(|()| "ok".to_owned()),
            ["get", name] => keychain.get(&slot(name)?, interaction).await.map(|found| match found {
                Some(line) => format!("some {}", line.expose()),
                None => "none".to_owned(),
            }),
            ["set", name, text] => {
                keychain.set(&slot(name)?, &Secret::new(text), interaction).await.map(|()| "ok".to_owned())
            }
            ["delete", name] => keychain.delete(&slot(name)?, interaction).await.map(|()| "ok".to_owned()),
            _ => bail!("no such call: {line}"),
        };
        match result {
            Ok(answer) => println!("{answer}"),
            Err(error) => println!("{error:?}"),
        }
    }
    Ok(())
}

/// The place that a call names.
fn slot(name: &str) -> Result<SlotName> {
    Ok(NamedSlot::new(SecretKind::Token, name).context("no name of a place")?.slot())
}
