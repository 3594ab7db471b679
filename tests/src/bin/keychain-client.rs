//! A process that does with the system's keychain what it is told on its standard input, one call a line, and
//! says what came of it: it can be given another session bus than the test that starts it.

#![allow(clippy::disallowed_methods, clippy::print_stdout)]

use std::io::{BufRead as _, stdin};

use anyhow::{Context as _, Result, bail};
use tunekey_core::{Keychain as _, Patience, Secret, SystemKeychain};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let keychain = SystemKeychain::new("TuneKey");
    // Ends when its input does, whatever the keychain does.
    for line in stdin().lock().lines() {
        let line = line?;
        let words: Vec<_> = line.split(' ').collect();
        let (patience, call) = words.split_first().context("an empty line")?;
        let patience = match *patience {
            "background" => Patience::Background,
            "user" => Patience::User,
            other => bail!("no such patience: {other}"),
        };
        let came = match *call {
            ["look"] => keychain.look(patience).await.map(|()| "ok".to_owned()),
            ["get", name] => keychain.get(name, patience).await.map(|found| match found {
                Some(line) => format!("some {}", line.expose()),
                None => "none".to_owned(),
            }),
            ["set", name, text] => {
                keychain.set(name, &Secret::new(text), patience).await.map(|()| "ok".to_owned())
            }
            ["delete", name] => keychain.delete(name, patience).await.map(|()| "ok".to_owned()),
            _ => bail!("no such call: {line}"),
        };
        match came {
            Ok(answer) => println!("{answer}"),
            Err(error) => println!("{error:?}"),
        }
    }
    Ok(())
}
