//! Wraps lines between words, in English and in Chinese. For `output.rs`, `table.rs` and `help.rs`.

use textwrap::core::Word;
use textwrap::{Options, WordSeparator, WordSplitter};

/// Wraps text to so many columns. A wrapped line goes on in the column that its first gap of two spaces begins.
pub(crate) fn wrapped(text: &str, width: usize) -> String {
    let lines = text.lines().map(|line| {
        let options = Options::new(width)
            .word_separator(WordSeparator::Custom(words))
            .word_splitter(WordSplitter::NoHyphenation);
        let behind = " ".repeat(continuation_column(line));
        textwrap::fill(line, options.subsequent_indent(&behind))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The units that are not broken: what stands between spaces, and each Chinese character with the punctuation after it.
fn words(line: &str) -> Box<dyn Iterator<Item = Word<'_>> + '_> {
    let is_chinese = |c: char| c >= '\u{2e80}';
    let stays = |c: char| "，。、；：）！？”".contains(c);
    let mut ends: Vec<usize> = Vec::new();
    let mut before = None;
    for (at, c) in line.char_indices() {
        let after_space = before == Some(' ') && c != ' ';
        let in_chinese = before.is_some_and(|before| {
            (is_chinese(before) || is_chinese(c)) && c != ' ' && !stays(c) && before != '（'
        });
        if after_space || in_chinese {
            ends.push(at);
        }
        before = Some(c);
    }
    ends.push(line.len());
    let starts = std::iter::once(0).chain(ends.clone());
    let words: Vec<_> = starts.zip(ends).map(|(start, end)| Word::from(&line[start..end])).collect();
    Box::new(words.into_iter())
}

/// The column in which a line goes on when it is wrapped.
fn continuation_column(line: &str) -> usize {
    let indent = line.len() - line.trim_start().len();
    let Some(gap) = line.trim_start().find("  ").filter(|_| indent > 0) else { return indent };
    let behind = &line[indent + gap..];
    indent + gap + behind.len() - behind.trim_start().len()
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr as _;

    use super::*;

    #[test]
    fn a_line_goes_on_in_its_own_column() {
        let text = "Ways:\n  one   a first line that is long\n  a command that goes on";
        assert_eq!(
            wrapped(text, 20),
            "Ways:\n  one   a first line\n        that is long\n  a command that\n  goes on"
        );
    }

    #[test]
    fn chinese_is_broken_between_characters_and_never_before_a_full_stop() {
        let text = "登录已确认，凭据已暂存。".repeat(5);
        for width in 6..40 {
            let lines = wrapped(&text, width);
            assert!(lines.lines().all(|line| line.width() <= width), "{width}: {lines}");
            assert!(!lines.lines().any(|line| line.starts_with(['，', '。'])), "{width}: {lines}");
            assert_eq!(lines.replace('\n', ""), text, "nothing is lost");
        }
    }
}
