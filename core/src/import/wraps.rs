//! Line breaks that a narrow window, or a mail, has put into a value.

use zeroize::Zeroizing;

use super::names;

/// Lines shorter than this were not broken by what showed them.
const NARROWEST: usize = 40;
/// So many digits in a line are a whole session: no window is as wide as that by chance twice.
const WIDEST: usize = 128;

/// The text without the line breaks that a narrow window or a mail has put into a value; `None` when there are none.
pub(super) fn unwrapped(text: &str) -> Option<Zeroizing<String>> {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    if lines.len() < 2 || lines.iter().any(|line| line.contains('\t')) {
        return None;
    }
    let mut breaks: Vec<bool> = lines.windows(2).map(|pair| is_broken(pair[0], pair[1])).collect();
    // Where several lines are as wide as each other, so wide was the window.
    let widths: Vec<usize> = breaks
        .iter()
        .zip(&lines)
        .filter(|(broken, _)| **broken)
        .map(|(_, line)| line.chars().count())
        .collect();
    let width = widths.first().copied()?;
    if widths.iter().all(|other| *other == width) {
        for (at, broken) in breaks.iter_mut().enumerate() {
            *broken |= lines[at].chars().count() == width && is_middle(lines[at + 1]);
        }
    }
    let mut whole = Zeroizing::new(String::with_capacity(text.len()));
    for (at, line) in lines.iter().enumerate() {
        whole.push_str(if at > 0 && breaks[at - 1] { line.trim_start() } else { line });
        if breaks.get(at) != Some(&true) {
            whole.push('\n');
        }
    }
    Some(whole)
}

/// Whether a value goes from the end of a line into the next.
fn is_broken(line: &str, next: &str) -> bool {
    let next = next.trim_start();
    let is_of_value = |c: char| c.is_ascii() && names::is_value_byte(c as u8);
    let tail = &line[line.trim_end_matches(is_of_value).len()..];
    let after = next.trim_start_matches(is_of_value);
    let head = &next[..next.len() - after.len()];
    let is_wide = line.len() >= NARROWEST;
    if is_wide && (is_name_broken(line, next) || tail.len() > 4 && next.starts_with(['=', ';'])) {
        return true;
    }
    // Two whole sessions, one a line.
    if line.len() >= WIDEST && line.len() == next.len() && is_hexadecimal(line) {
        return false;
    }
    // The rest of a value ends its line, or the cookie; otherwise it is a text of its own.
    let ends = after.is_empty() || after.starts_with([';', '"', '\'', '`']);
    if !ends || head.is_empty() || head.trim_end_matches('=').contains('=') {
        return false;
    }
    let (name, value) = tail.split_once('=').unwrap_or(("", tail));
    if value.len() >= 8 && is_hexadecimal(value) && is_hexadecimal(head) {
        return is_wide || value.len().min(head.len()) >= 16;
    }
    let field = names::field(name);
    let is_of_key = names::key_beginnings().any(|beginning| tail.contains(beginning));
    let is_of_header = line.contains(';') && !name.is_empty() && !value.is_empty();
    let is_number = head.bytes().all(|byte| byte.is_ascii_digit());
    let is_account = field.is_some_and(|field| field.kind == names::Kind::Account);
    is_wide
        && (is_of_key || is_of_header)
        && (!is_number || is_account || after.starts_with(';'))
        && !is_word(head)
        && !head.starts_with(['.', '/'])
        && names::field(head).is_none()
}

/// A word that somebody has written below a value, the name of a header, or a line that they have drawn.
fn is_word(text: &str) -> bool {
    let words = text.split(|c: char| c.is_ascii_punctuation()).filter(|word| !word.is_empty());
    (2..=24).contains(&text.len())
        && words.into_iter().all(|word| {
            word.starts_with(|c: char| c.is_ascii_alphabetic())
                && word.bytes().skip(1).all(|byte| byte.is_ascii_lowercase())
        })
}

fn is_hexadecimal(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether the name of a field goes from the end of a line into the next.
fn is_name_broken(line: &str, next: &str) -> bool {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let first = &line[line.trim_end_matches(is_of_name).len()..];
    let rest = next.trim_start_matches(is_of_name);
    let last = &next[..next.len() - rest.len()];
    let before = line[..line.len() - first.len()].chars().next_back();
    line.len() >= NARROWEST
        && !first.is_empty()
        && matches!(before, Some(' ' | ';'))
        && rest.starts_with('=')
        && names::field(&format!("{first}{last}")).is_some_and(|field| !field.is_weak())
}

/// Whether a line can only be the middle of something.
fn is_middle(line: &str) -> bool {
    line.starts_with(|c: char| c.is_ascii() && names::is_value_byte(c as u8))
}
