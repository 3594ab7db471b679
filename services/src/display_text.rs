//! Text that others wrote, made fit to be shown: names and messages of services, paths, values of settings.
//!
//! Whoever names their account chooses what stands in a terminal, a window, a tray and a notification: escape
//! sequences, line breaks that forge rows, marks that turn the line round, ten thousand accents on one letter.
//! None of that gets past here. A front escapes on top what is special to *it* (markup, say).

use std::borrow::Cow;

use icu_properties::props::{
    BinaryProperty as _, DefaultIgnorableCodePoint, EnumeratedProperty as _, GeneralCategory, WhiteSpace,
};
use serde::{Deserialize as _, Deserializer};
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// How much of a name is shown, in user-visible characters.
pub const NAME_LENGTH: usize = 64;
/// How much of a service's message is shown, in user-visible characters.
pub const MESSAGE_LENGTH: usize = 200;
/// How much of a technical detail is shown, in user-visible characters.
pub const DETAIL_LENGTH: usize = 400;

/// How many marks may stand on one letter. No living script needs more.
const MOST_MARKS: usize = 4;
/// How many code points are looked at for each user-visible character. A letter with its marks has fewer.
const MOST_CODE_POINTS: usize = 8;

/// A name as it may be shown; `None` when there is nothing to see in it.
pub fn name(text: &str) -> Option<String> {
    shown(text, NAME_LENGTH)
}

/// A service's message as it may be shown; `None` when there is nothing to see in it.
pub fn message(text: &str) -> Option<String> {
    shown(text, MESSAGE_LENGTH)
}

/// A technical detail as it may be shown.
pub fn detail(text: &str) -> String {
    shown(text, DETAIL_LENGTH).unwrap_or_default()
}

/// A text whose exact characters matter, such as a path: what cannot be seen is written as `\u{…}`.
pub fn escaped(text: &str) -> Cow<'_, str> {
    let unfit = |c: char| is_invisible(c) || (is_white(c) && c != ' ') || is_mark(c);
    if !text.contains(unfit) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len());
    let mut marks = MOST_MARKS;
    for c in text.chars() {
        marks = if is_mark(c) { marks + 1 } else { 0 };
        if is_invisible(c) || (is_white(c) && c != ' ') || marks > MOST_MARKS {
            escaped.extend(c.escape_default());
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

/// A text that follows a Han character: between that and a Latin letter or digit stands a gap.
pub fn after_han(text: &str) -> String {
    let gap = if text.starts_with(|first: char| first.is_ascii_alphanumeric()) { " " } else { "" };
    format!("{gap}{text}")
}

/// How many columns of a terminal a text takes: Han characters take two.
pub fn columns(text: &str) -> usize {
    text.width()
}

/// Reads a name that was written before names were cleaned.
pub fn deserialize_name<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(name(&Cow::<str>::deserialize(from)?).unwrap_or_default())
}

/// Reads a message that was written before messages were cleaned.
pub fn deserialize_message<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<Cow<'_, str>>::deserialize(from)?.and_then(|text| message(&text)))
}

/// Reads a detail that was written before details were cleaned.
pub fn deserialize_detail<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<Cow<'_, str>>::deserialize(from)?.and_then(|text| shown(&text, DETAIL_LENGTH)))
}

/// One line of at most `longest` user-visible characters, which take no more than twice as many columns. What
/// is cut off is replaced by `…`.
fn shown(text: &str, longest: usize) -> Option<String> {
    let clean: String = Clean::of(text).take(longest * MOST_CODE_POINTS + 1).collect();
    let clean = clean.trim_end();
    if clean.is_empty() {
        return None;
    }
    let (mut count, mut columns, mut end) = (0, 0, 0);
    // Where the `…` goes if the rest does not fit.
    let mut room = 0;
    for (at, cluster) in clean.grapheme_indices(true) {
        // Letters that join without end count one by one.
        let points = cluster.chars().count();
        count += points.div_ceil(MOST_CODE_POINTS);
        columns += cluster.width();
        if count > longest || columns > 2 * longest {
            return Some(format!("{}…", clean[..room].trim_end()));
        }
        end = at + cluster.len();
        if count < longest && columns < 2 * longest {
            room = end;
        }
    }
    // The take above ended it, rather than the text.
    if clean.chars().count() > longest * MOST_CODE_POINTS {
        return Some(format!("{}…", clean[..room].trim_end()));
    }
    Some(clean[..end].to_owned())
}

/// The code points of a text that may be shown: one space for any white space, nothing that cannot be seen, no
/// more marks on a letter than a letter has, and none on nothing.
struct Clean<'a> {
    rest: std::str::Chars<'a>,
    /// What comes after a space that has just been given.
    waiting: Option<char>,
    marks: usize,
    begun: bool,
}

impl<'a> Clean<'a> {
    fn of(text: &'a str) -> Self {
        Self { rest: text.chars(), waiting: None, marks: MOST_MARKS, begun: false }
    }
}

impl Iterator for Clean<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        if let Some(c) = self.waiting.take() {
            return Some(c);
        }
        let mut space = false;
        loop {
            let c = self.rest.next()?;
            if is_white(c) {
                space = self.begun;
                self.marks = MOST_MARKS;
            } else if is_invisible(c) {
                // Left out; what it stood between comes together.
            } else if is_mark(c) {
                if self.marks < MOST_MARKS {
                    self.marks += 1;
                    return Some(c);
                }
            } else {
                self.begun = true;
                self.marks = 0;
                if space {
                    self.waiting = Some(c);
                    return Some(' ');
                }
                return Some(c);
            }
        }
    }
}

/// White space of any kind, line breaks included, and the one pattern that looks like it.
fn is_white(c: char) -> bool {
    WhiteSpace::for_char(c) || c == '\u{2800}'
}

/// What cannot be seen, or only changes how its neighbours look: controls, marks of direction, what has no width.
pub fn is_invisible(c: char) -> bool {
    matches!(
        GeneralCategory::for_char(c),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::Surrogate
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
    ) || DefaultIgnorableCodePoint::for_char(c)
}

/// What is drawn on or joined to the letter before it.
fn is_mark(c: char) -> bool {
    !c.is_ascii()
        && (matches!(
            GeneralCategory::for_char(c),
            GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark | GeneralCategory::SpacingMark
        ) || c.width() == Some(0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_names_stay_as_they_are() {
        for text in ["小满", "名字 🎵", "Zoë O’Brien", "นักร้อง", "हिन्दी", "مرحبا", "Ünï_çødé-42", "e\u{301}"]
        {
            assert_eq!(name(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn nothing_that_steers_a_terminal_or_turns_the_line_is_left() {
        for (text, wanted) in [
            ("\u{1b}]52;c;ZXZpbA==\u{7}A", "]52;c;ZXZpbA==A"),
            ("\u{1b}[2J\u{9b}31mA", "[2J31mA"),
            ("A\r\nqqmusic:1  B  healthy", "A qqmusic:1 B healthy"),
            ("A\u{2028}B\u{2029}C\u{85}D\u{b}E", "A B C D E"),
            ("A\u{202e}B\u{2066}C\u{2069}\u{200f}\u{61c}D", "ABCD"),
            ("A\u{200b}\u{200d}\u{feff}\u{2060}\u{ad}\u{34f}\u{fe0f}\u{3164}\u{115f}\u{e0041}B", "AB"),
            ("  A \t\u{3000}\u{a0}\u{2800} B  ", "A B"),
        ] {
            assert_eq!(name(text).as_deref(), Some(wanted), "{text:?}");
        }
        for nothing in ["", " \n\t", "\u{200b}\u{202e}", "\u{301}\u{301}", "\u{3164}"] {
            assert_eq!(name(nothing), None, "{nothing:?} shows nothing");
        }
    }

    #[test]
    fn a_letter_carries_few_marks_and_nothing_carries_none() {
        let zalgo = format!("A{}B", "\u{301}".repeat(10_000));
        assert_eq!(name(&zalgo), Some(format!("A{}B", "\u{301}".repeat(MOST_MARKS))));
        assert_eq!(
            name("\u{20dd}A \u{301}B").as_deref(),
            Some("A B"),
            "no mark gets onto what is not its own"
        );
    }

    #[test]
    fn a_name_has_at_most_64_visible_characters_and_says_that_it_was_cut() {
        assert_eq!(name(&"x".repeat(64)), Some("x".repeat(64)), "just enough");
        assert_eq!(name(&"x".repeat(65)), Some(format!("{}…", "x".repeat(63))));
        assert_eq!(name(&"界".repeat(3000)), Some(format!("{}…", "界".repeat(63))));
        let cut = name(&"e\u{301}".repeat(3000)).expect("a name");
        assert_eq!(cut, format!("{}…", "e\u{301}".repeat(63)), "a letter keeps its mark");
    }

    #[test]
    fn letters_that_join_without_end_take_no_more_room_than_others() {
        // Leading consonants of Hangul, conjuncts of Devanagari, flags: each one endless cluster.
        for endless in ["\u{1100}", "क\u{94d}", "\u{1f1e8}", "\u{1161}", "\u{d4e}"] {
            let shown = name(&format!("A{}", endless.repeat(100_000))).unwrap_or_default();
            assert!(columns(&shown) <= 2 * NAME_LENGTH, "{} columns of {endless:?}", columns(&shown));
            assert!(shown.chars().count() <= NAME_LENGTH * MOST_CODE_POINTS + 1);
        }
    }

    #[test]
    fn a_megabyte_becomes_a_short_line() {
        for piece in ["x", "\u{301}", "\u{200b}", "\n", "\u{1100}", "\u{202e}", "👩\u{200d}"] {
            let text = piece.repeat(1024 * 1024 / piece.len());
            let shown = message(&text).unwrap_or_default();
            assert!(shown.len() <= 8 * 1024, "it is bounded");
        }
    }

    #[test]
    fn paths_keep_every_character_and_show_those_that_cannot_be_seen() {
        assert_eq!(escaped("/home/小满/e\u{301}.pem"), "/home/小满/e\u{301}.pem");
        assert_eq!(escaped("/a\u{1b}[31m\nb\u{202e}"), "/a\\u{1b}[31m\\nb\\u{202e}");
    }

    proptest! {
        #[test]
        fn whatever_comes_is_one_bounded_line_that_stays_as_it_is(text in any::<String>()) {
            if let Some(once) = name(&text) {
                prop_assert!(once.graphemes(true).count() <= NAME_LENGTH);
                prop_assert!(!once.contains(|c: char| c.is_control() || is_invisible(c) || (is_white(c) && c != ' ')));
                prop_assert_eq!(name(&once), Some(once.clone()), "cleaning twice changes nothing");
            }
            prop_assert!(!escaped(&text).contains(|c: char| c.is_control() || is_invisible(c)));
        }
    }
}
