//! `tunekey token`: who may use the local API. For `lib.rs`.

use serde_json::json;
use tunekey_core::{ApiToken, ApiUse, Language, Secret, TuneKey};

use crate::api_args::TokenCommand;
use crate::failure::Failure;
use crate::output::Output;
use crate::{table, text};

/// Does what a command says.
pub(crate) async fn run(tunekey: &TuneKey, command: TokenCommand, output: Output) -> Result<(), Failure> {
    match command {
        TokenCommand::Add { name, scope } => {
            let scopes = scope.into_iter().map(|scope| scope.0).collect();
            let token = tunekey.add_api_token(&name, scopes).await?;
            let object = json!({ "name": name, "token": shown(&token) });
            output.result(&object, || shown(&token).to_owned());
            output.note(output.language.pick(
                "This is the only time that it is shown. It is sent as `Authorization: Bearer …`.",
                "令牌只显示这一次，以 `Authorization: Bearer …` 发送。",
            ));
        }
        TokenCommand::List => {
            let tokens = tunekey.list_api_tokens().await?;
            output.result(&json!({ "tokens": tokens }), || listed(&tokens, output.language));
        }
        TokenCommand::Revoke { name } => {
            tunekey.revoke_api_token(&name).await?;
            output.result(&json!({ "revoked": name }), || match output.language {
                Language::English => format!("Revoked: {name}"),
                Language::Chinese => format!("已撤销：{name}"),
            });
        }
        TokenCommand::Log => {
            let uses = tunekey.api_uses().await?;
            output.result(&json!({ "uses": uses }), || logged(&uses));
        }
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "it is shown once, to whoever has asked for it")]
fn shown(token: &Secret) -> &str {
    token.expose()
}

/// The tokens, a line each.
fn listed(tokens: &[ApiToken], language: Language) -> String {
    let row = |token: &ApiToken| {
        let scopes: Vec<_> = token.scopes.iter().map(|scope| scope.as_str()).collect();
        let used = match token.last_used_at {
            Some(at) => format!("{} {}", language.pick("last used", "最近使用"), text::time(at)),
            None => language.pick("never used", "从未使用").to_owned(),
        };
        vec![token.name.clone(), scopes.join(","), used]
    };
    match tokens {
        [] => language.pick("There is no token.", "没有令牌。").to_owned(),
        tokens => table::aligned(&tokens.iter().map(row).collect::<Vec<_>>()),
    }
}

/// Who asked for what, a line each.
fn logged(uses: &[ApiUse]) -> String {
    let row = |one: &ApiUse| {
        let times = if one.times > 1 { format!(" ×{}", one.times) } else { String::new() };
        vec![text::time(one.at), one.name.clone(), one.status.to_string(), format!("{}{times}", one.what)]
    };
    table::aligned(&uses.iter().map(row).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use tunekey_core::{Clock as _, SystemClock};

    use super::*;

    #[test]
    fn no_line_of_the_log_ends_in_a_blank() {
        let once = ApiUse::once(SystemClock.now(), "id", "nas", "GET /v1/accounts", 200);
        let often = ApiUse { times: 3, what: "GET /v1/events".to_owned(), ..once.clone() };
        let text = logged(&[once, often]);
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].ends_with("GET /v1/accounts"), "{text:?}");
        assert!(lines[1].ends_with("GET /v1/events ×3"), "{text:?}");
    }
}
