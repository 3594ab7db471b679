//! Many accounts on a server's profile, signed in one by one as people do, and the days that this would take. For the
//! benchmarks.

use anyhow::{Context as _, Result};
use serde_json::json;
use tunekey_simulator::Service;

use crate::cli::Cli;
use crate::ledger_file;
use crate::programs::program;
use crate::server::{Server, sign_in_words};

/// How many sign in at once: a day has a few more.
pub const A_DAY: usize = 25;

/// Signs new accounts of QQ Music in, and gives their ids.
///
/// # Errors
/// When one cannot be signed in.
pub async fn sign_in(server: &Server, count: usize) -> Result<Vec<String>> {
    let accounts = server.simulator.add_accounts(Service::QqMusic, count);
    for today in accounts.chunks(A_DAY) {
        begin_another_day(server)?;
        let mut after = server.simulator.codes().last().map_or(0, |code| code.id);
        let mut waiting = Vec::new();
        for account in today {
            let command = server.sandbox.command(program("tunekey")?);
            waiting.push(Cli::start_quiet(command, &server.sandbox, &sign_in_words(account))?);
        }
        for account in today {
            let code = server.simulator.next_code(Service::QqMusic, after).await;
            after = code.id;
            server.simulator.scan(after, Some(account))?;
            server.simulator.confirm(after)?;
        }
        for cli in waiting {
            cli.wait_for_exit().await?.succeeded()?;
        }
    }
    Ok(accounts)
}

/// Has the profile forget how many sign-ins were started within the last day.
///
/// # Errors
/// When its ledger cannot be changed.
pub fn begin_another_day(server: &Server) -> Result<()> {
    ledger_file::change(&server.sandbox.profile(), |ledger| {
        ledger["started"] = json!([]);
        Ok(())
    })
}

/// Has the profile find every account's key due at its next look.
///
/// # Errors
/// When the ledger cannot be changed.
pub fn make_all_due(server: &Server) -> Result<()> {
    ledger_file::change(&server.sandbox.profile(), |ledger| {
        let records = ledger["accounts"].as_array_mut().context("the ledger lists no accounts")?;
        for record in records {
            record["life"] = ledger_file::nearly_over();
            record["attempts"] = json!([]);
        }
        Ok(())
    })
}
