//! Asks the person for the identity that opens encrypted files. For `lib.rs`.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;

use async_trait::async_trait;
use tunekey_core::{AskPassphrase, PassphraseQuestion, Secret};

use crate::output::Output;
use crate::stdin;

/// Asks at the terminal, which does not show what is typed.
#[derive(Debug)]
struct IdentityPrompt(Output);

/// The way to ask; `None` where nobody is at a terminal.
pub(crate) fn at_terminal(output: Output) -> Option<Arc<dyn AskPassphrase>> {
    let is_terminal = !output.json && stdin::is_terminal() && io::stderr().is_terminal();
    is_terminal.then(|| Arc::new(IdentityPrompt(output)) as Arc<dyn AskPassphrase>)
}

#[async_trait]
impl AskPassphrase for IdentityPrompt {
    async fn ask(&self, why: PassphraseQuestion) -> Option<Secret> {
        let Self(output) = self;
        if why == PassphraseQuestion::OpenAgain {
            output.note(output.language.pick(
                "That identity doesn’t open this profile’s encrypted files.",
                "该身份密钥打不开本数据目录的加密文件。",
            ));
        }
        let question = output.language.pick(
            "Identity that opens the encrypted files (AGE-SECRET-KEY-1…, not shown):",
            "打开加密文件的身份密钥（AGE-SECRET-KEY-1…，不会显示）：",
        );
        let typed = stdin::read_hidden_line(|| output.prompt(question)).await;
        output.note("");
        typed.ok().flatten().filter(|line| !line.is_empty())
    }
}
