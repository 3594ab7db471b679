//! `tunekey doctor`: what keeps TuneKey from working, and what to do about it. For `lib.rs`.

use serde_json::json;
use tunekey_core::{Finding, Language, Level, Problem, ProblemCode, TuneKey, Words};

use crate::failure::Failure;
use crate::output::Output;

/// Prints what was found, a line each, with what to do about it below.
///
/// # Errors
/// The first problem of all that does not work; it has been printed.
pub(crate) async fn run(tunekey: &TuneKey, names: bool, output: Output) -> Result<(), Failure> {
    let findings = tunekey.examine(names).await;
    for finding in &findings {
        output.result(
            &json!({
                "check": finding.check,
                "level": finding.level,
                "found": said(&finding.found, output.language),
                "remedy": finding.remedy.as_ref().map(|remedy| said(remedy, output.language)),
                "problem": finding.problem,
            }),
            || described(finding, output.language),
        );
    }
    match findings.iter().find(|finding| finding.level == Level::Bad) {
        Some(bad) => {
            let code = bad.problem.unwrap_or(ProblemCode::Unexpected);
            let (english, chinese) = (bad.found.english.clone(), bad.found.chinese.clone());
            Err(Failure::from(Problem::new(code)).with_message(english, chinese).reported())
        }
        None => Ok(()),
    }
}

fn described(finding: &Finding, language: Language) -> String {
    let mark = match finding.level {
        Level::Good => language.pick("ok     ", "正常"),
        Level::Warning => language.pick("warning", "注意"),
        Level::Bad => language.pick("bad    ", "异常"),
    };
    let mut text = format!("{mark}  {}", said(&finding.found, language));
    if let Some(remedy) = &finding.remedy {
        text.push_str(&format!("\n         {}", said(remedy, language)));
    }
    text
}

fn said(words: &Words, language: Language) -> &str {
    language.pick(&words.english, &words.chinese)
}
