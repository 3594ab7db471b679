//! A sign-in by a program that reads the command line's JSON and answers it. For `sign_in_cli.rs` and `machine.rs`.

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use tunekey_core::{Method, SignInOption};
use tunekey_simulator::{CodeState, Running};

use crate::cli::Cli;
use crate::eventually::TIMEOUT;
use crate::fixtures::{account_for, simulator_service};

/// Answers `--json sign-in SERVICE --method METHOD` until it says that it is done. `cookie` is what is pasted.
///
/// # Errors
/// When it asks for something else, or does not get there.
pub async fn complete(
    cli: &mut Cli,
    simulator: &Running,
    option: SignInOption,
    cookie: Option<&str>,
) -> Result<Value> {
    match option.method {
        Method::QqScan | Method::WechatScan | Method::AppScan => {
            cli.wait_for_step("show_code").await?;
            let code = shown_code(simulator, option).await?;
            simulator.scan(code, Some(account_for(option)))?;
            simulator.confirm(code)?;
        }
        Method::Phone => {
            cli.wait_for_step("ask_phone_number").await?;
            let accounts = simulator.accounts();
            let owner = accounts.iter().find(|account| account.id == account_for(option));
            let phone = &owner.context("no such account")?.phone;
            cli.type_line(&format!("+86 {phone}")).await?;
            let asked = cli.wait_for_step("ask_text_code").await?;
            ensure!(asked["problem"] == Value::Null, "it says {asked}");
            let messages = simulator.text_messages();
            let message = messages.iter().rfind(|message| message.phone == *phone);
            cli.type_line(&message.context("no message came")?.code).await?;
        }
        Method::Paste => {
            cli.wait_for_step("ask_paste").await?;
            cli.pipe_text(cookie.context("there is nothing to paste")?).await?;
            cli.wait_for_step("ask_to_go_on").await?;
        }
        Method::CookieCloud => bail!("a browser’s cookies are imported"),
        Method::OfficialPage => bail!("a page needs a window"),
    }
    cli.wait_for_step("done").await
}

async fn shown_code(simulator: &Running, option: SignInOption) -> Result<u64> {
    let service = simulator_service(option.service);
    let shown = simulator.until(|state| {
        let codes = state.codes();
        let shown = codes.iter().rfind(|code| code.service == service && code.state == CodeState::Shown);
        shown.map(|code| code.id)
    });
    tokio::time::timeout(TIMEOUT, shown).await.context("no code was asked for")
}
