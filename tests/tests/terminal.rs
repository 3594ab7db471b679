//! The command line in terminals of every kind and size.

use anyhow::{Result, ensure};
use tunekey_tests::desktop::Desktop;
use tunekey_tests::fixtures::{NETEASE, QQ};
use tunekey_tests::terminal::{self, Terminal};
use tunekey_tests::{eventually, phone};

const ESCAPE: char = '\u{1b}';

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_fits_80_by_24_stands_there_whole_in_black_and_white() -> Result<()> {
    let desktop = Desktop::start().await?;
    let terminal = Terminal::start(&desktop.sandbox, (80, 24), &["sign-in", "qqmusic"])?;
    terminal.wait_for_text("Scan with QQ").await?;
    let shown = terminal.shown();
    ensure!(shown.contains("\u{1b}[38;5;231;48;5;231m"), "the colours are left to the terminal");
    let rows = shown.lines().skip_while(|line| !line.contains('▀')).count();
    ensure!(rows < 24, "the code and its words take {rows} rows");
    let text = phone::read(&terminal::picture(&shown))?;
    let code = desktop.simulator.scan_text(&text, Some(QQ))?;
    desktop.simulator.confirm(code.id)?;
    ensure!(terminal.wait_for_exit().await? == 0, "the sign-in failed");
    desktop.ensure_no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_does_not_fit_says_so_and_is_drawn_again_when_there_is_room() -> Result<()> {
    let desktop = Desktop::start().await?;
    let words = ["sign-in", "netease", "--method", "app-scan"];
    let terminal = Terminal::start(&desktop.sandbox, (80, 24), &words)?;
    terminal.wait_for_text("rows; the terminal has 80 and 24").await?;
    terminal.wait_for_text("--method app-scan --qr png=code.png").await?;
    let before = terminal.shown().len();
    terminal.resize((120, 60))?;
    let text = eventually::until("the code to be drawn again", || async {
        phone::read(&terminal::picture(&terminal.shown()[before..]))
    })
    .await?;
    let code = desktop.simulator.scan_text(&text, Some(NETEASE))?;
    desktop.simulator.confirm(code.id)?;
    ensure!(terminal.wait_for_exit().await? == 0, "the sign-in failed");

    // A terminal that would break the lines shows none of them.
    let terminal = Terminal::start(&desktop.sandbox, (40, 60), &words)?;
    terminal.wait_for_text("columns and").await?;
    ensure!(!terminal.shown().contains(['▀', '▄', '█']), "half a code is no code");
    desktop.ensure_no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_without_colours_gets_no_escape_sequence_and_a_code_that_can_be_scanned() -> Result<()> {
    let desktop = Desktop::start().await?;
    for variables in [&[("TERM", "dumb")][..], &[("TERM", "xterm-256color"), ("NO_COLOR", "1")]] {
        let words = ["sign-in", "qqmusic"];
        let terminal = Terminal::start_with(&desktop.sandbox, (80, 30), variables, &words)?;
        terminal.wait_for_text("Scan with QQ").await?;
        let text = phone::read(&terminal::picture(&terminal.shown()))?;
        let code = desktop.simulator.scan_text(&text, Some(QQ))?;
        desktop.simulator.confirm(code.id)?;
        terminal.wait_for_text("Signed in").await?;
        ensure!(!terminal.shown().contains(ESCAPE), "{variables:?}: {}", terminal.shown());
        ensure!(terminal.wait_for_exit().await? == 0, "the sign-in failed");
        for words in [&["--help"][..], &["sign-in", "--help"], &["accounts"], &["nonsense"], &["show", QQ]] {
            let terminal = Terminal::start_with(&desktop.sandbox, (80, 30), variables, words)?;
            eventually::until("it to end", || async {
                ensure!(terminal.shown().ends_with('\n'), "it has not ended");
                Ok(())
            })
            .await?;
            ensure!(!terminal.shown().contains(ESCAPE), "{words:?}: {}", terminal.shown());
        }
    }
    for words in [&["--help"][..], &["nonsense"], &["accounts"]] {
        let output = desktop.cli(words).await?;
        ensure!(
            !output.stdout.contains(ESCAPE) && !output.stderr.contains(ESCAPE),
            "{words:?}: {}",
            output.stderr
        );
    }
    desktop.ensure_no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_line_of_a_help_or_a_list_is_wider_than_the_terminal() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.sign_in(QQ).await?;
    for (words, last) in [
        (&["--help"][..], "130  interrupted"),
        (&["sign-in", "--help"], "`code_png`."),
        (&["cookie", "--help"], "--even-if-dead is given."),
        (&["import", "--help"], "./qqmusic"),
        (&["accounts"], "Green Diamond"),
    ] {
        let terminal = Terminal::start(&desktop.sandbox, (80, 24), words)?;
        terminal.wait_for_text(last).await?;
        let plain = without_escapes(&terminal.shown());
        for line in plain.lines() {
            ensure!(line.trim_end().chars().count() <= 80, "{words:?}: {line}");
        }
    }
    desktop.ensure_no_secret_leaked(&[]).await
}

/// The text without its colours.
fn without_escapes(text: &str) -> String {
    let mut parts = text.split(ESCAPE);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').map_or("", |(_, rest)| rest))
}
