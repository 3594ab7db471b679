//! `tunekey serve`: the daemon, with the local API beside it. For `lib.rs`.

use serde_json::json;
use tunekey_api::{BindError, Options, Server};
use tunekey_core::{Language, Problem, ProblemCode, TuneKey};

use crate::api_args::ServeOptions;
use crate::daemon;
use crate::failure::Failure;
use crate::output::Output;

/// Serves until it is stopped. Gives whether all that was under way has ended.
///
/// # Errors
/// When the address cannot be listened at, or as the daemon.
pub(crate) async fn run(tunekey: &TuneKey, options: ServeOptions, output: Output) -> Result<bool, Failure> {
    let ServeOptions { listen, host, allow_origin } = options;
    let options = Options {
        listen,
        hosts: host.into_iter().map(|name| name.0).collect(),
        origins: allow_origin.into_iter().map(|origin| origin.0).collect(),
    };
    let server = Server::bind(tunekey.clone(), options).await.map_err(problem)?;
    let address = format!("http://{}", server.address());
    output.result(&json!({ "event": "serving", "address": address }), || match output.language {
        Language::English => format!("Serving at {address}"),
        Language::Chinese => format!("服务地址：{address}"),
    });
    if !server.address().ip().is_loopback() {
        output.note(output.language.pick(
            "Others in your network can reach this address, and what is sent is not encrypted: a token that is overheard is \
             a token that is lost. Put a reverse proxy with HTTPS in front of it, or listen at 127.0.0.1.",
            "网络中的其他人可以访问该地址，且传输未加密：令牌一旦被窃听即告泄露。请在前面使用带 HTTPS 的反向代理，或只监听 127.0.0.1。",
        ));
    }
    if tunekey.list_api_tokens().await?.is_empty() {
        output.note(output.language.pick(
            "Nobody may ask yet: make a token with `tunekey token add NAME --scope status`.",
            "还没有令牌，无人可以访问：用 `tunekey token add 名称 --scope status` 新建。",
        ));
    }
    daemon::run(tunekey, Some(server), output).await
}

/// Why it does not serve, in the words of the command line.
fn problem(error: BindError) -> Problem {
    match error {
        BindError::Address { address, error } => Problem::new(ProblemCode::InvalidInput)
            .with_detail(format!("listening at {address}: {error}"))
            .with_words(
                format!("{address} can’t be listened at: {error}. Choose another with --listen."),
                format!("无法监听 {address}：{error}。请用 --listen 指定其他地址。"),
            ),
        BindError::Tokens(problem) => problem,
    }
}
