//! Tables: `cookies.txt` (Netscape), rows that browsers copy from their lists of cookies, CSV and Markdown.

use tunekey_services::PasteFormat;

use super::findings::{Group, is_host, unquoted};
use super::{ImportError, Scope, names};

/// What curl and browsers put before the domain of a cookie that scripts cannot read.
const HTTP_ONLY: &str = "#HttpOnly_";

/// What the columns are called.
const NAMES: [&str; 5] = ["name", "名称", "名字", "键", "key"];
const VALUES: [&str; 4] = ["value", "值", "内容", "cookie value"];
const DOMAINS: [&str; 6] = ["domain", "host", "host_key", "域", "网域", "域名"];

/// Whether any line is one of a Netscape file.
pub(super) fn is_netscape(text: &str) -> bool {
    text.lines().any(|line| fields(line).is_some())
}

/// Reads a Netscape file.
pub(super) fn netscape(text: &str, scope: &mut Scope<'_>) -> Result<(), ImportError> {
    let mut group = Group::new(PasteFormat::Netscape);
    for (domain, name, value) in text.lines().filter_map(fields) {
        group.add(Some(domain), name, value)?;
    }
    scope.push(group);
    Ok(())
}

/// Domain, name and value of a line. Some editors and chats make spaces of the tabs, or align the columns.
fn fields(line: &str) -> Option<(&str, &str, &str)> {
    let line = line.trim();
    let line = match line.strip_prefix(HTTP_ONLY) {
        Some(line) => line,
        None if line.starts_with('#') => return None,
        None => line,
    };
    let cells = |tabs: bool| -> Vec<&str> {
        if tabs {
            line.split('\t').map(str::trim).filter(|cell| !cell.is_empty()).collect()
        } else {
            line.split_whitespace().collect()
        }
    };
    let by_tabs = cells(true);
    let cells = if by_tabs.len() >= 7 { by_tabs } else { cells(false) };
    let [domain, below, _path, secure, _end, name, value, ..] = cells[..] else { return None };
    let flag = |text: &str| {
        text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") || matches!(text, "0" | "1")
    };
    (flag(below) && flag(secure)).then_some((domain, name, value))
}

/// Reads any other table, and says whether it is one.
pub(super) fn read(text: &str, scope: &mut Scope<'_>) -> Result<bool, ImportError> {
    for delimiter in *b"\t,;|" {
        let rows = rows(text, delimiter);
        if let Some(groups) = columns(&rows)? {
            groups.into_iter().for_each(|group| scope.push(group));
            return Ok(true);
        }
        let mut group = Group::new(PasteFormat::Table);
        let heading = Heading::of(&rows);
        for row in &rows {
            if let Some((domain, name, value)) = cookie(row, heading.as_ref()) {
                group.add(domain, name, value)?;
            }
        }
        for pair in rows.windows(2) {
            if let ([label, name], [other, value]) = (&pair[0][..], &pair[1][..])
                && NAMES.iter().any(|known| label.eq_ignore_ascii_case(known))
                && VALUES.iter().any(|known| other.eq_ignore_ascii_case(known))
                && is_name(name)
            {
                group.add(None, name, value)?;
            }
        }
        let is_table = !group.is_empty();
        scope.push(group);
        if is_table {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The rows with more than one cell.
fn rows(text: &str, delimiter: u8) -> Vec<Vec<String>> {
    // To build a reader takes longer than to read the usual line.
    if !text.as_bytes().contains(&delimiter) {
        return Vec::new();
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let cell = |cell: &str| {
        let cell = cell.trim_matches(['`', ' ', '"', '\'']);
        cell.strip_prefix("**").and_then(|cell| cell.strip_suffix("**")).unwrap_or(cell).to_owned()
    };
    // The line below a heading.
    let is_rule =
        |row: &[String]| row.iter().all(|cell| cell.chars().all(|c| matches!(c, '-' | ':' | '=' | '+')));
    let row = |row: csv::StringRecord| {
        let cells: Vec<String> = row.iter().map(cell).collect();
        // Markdown has a bar at both ends of a row.
        if delimiter == b'|' { cells.into_iter().filter(|cell| !cell.is_empty()).collect() } else { cells }
    };
    reader
        .records()
        .filter_map(Result::ok)
        .map(row)
        .filter(|row: &Vec<String>| row.len() > 1 && !is_rule(row))
        .collect()
}

/// Which column holds what.
struct Heading {
    name: usize,
    value: usize,
    domain: Option<usize>,
}

impl Heading {
    fn of(rows: &[Vec<String>]) -> Option<Self> {
        rows.iter().take(3).find_map(|row| {
            let column = |names: &[&str]| {
                row.iter().position(|cell| names.iter().any(|name| cell.eq_ignore_ascii_case(name)))
            };
            Some(Self { name: column(&NAMES)?, value: column(&VALUES)?, domain: column(&DOMAINS) })
        })
    }
}

/// Domain, name and value in a row: where the heading says, or else the value behind the name.
fn cookie<'a>(row: &'a [String], heading: Option<&Heading>) -> Option<(Option<&'a str>, &'a str, &'a str)> {
    let cell = |at: usize| row.get(at).map(String::as_str);
    let by_heading = heading.and_then(|heading| {
        let (name, value) = (cell(heading.name)?, cell(heading.value)?);
        names::field(name)?;
        Some((heading.domain.and_then(cell).filter(|domain| is_host(domain)), name, value))
    });
    by_heading.or_else(|| {
        let at = row.iter().position(|cell| is_name(cell))?;
        let field = names::field(&row[at])?;
        let rest = || row.iter().skip(at + 1);
        let is_value =
            |cell: &&String| !cell.is_empty() && !is_name(cell) && !is_host(cell) && !cell.starts_with('/');
        // The value stands beside the name, or after the domain and the path.
        let value = rest().take(1).find(is_value).or_else(|| rest().find(|cell| field.is_sure(cell)))?;
        let domain = row.iter().enumerate().find(|(other, cell)| *other != at && is_host(cell));
        Some((domain.map(|(_, domain)| domain.as_str()), row[at].as_str(), value.as_str()))
    })
}

fn is_name(cell: &str) -> bool {
    names::field(cell).is_some_and(|field| !field.is_weak())
}

/// A table whose columns are the fields, with an account a row.
fn columns(rows: &[Vec<String>]) -> Result<Option<Vec<Group>>, ImportError> {
    let Some((heading, rest)) = rows.split_first() else { return Ok(None) };
    if rest.is_empty() || heading.iter().filter(|cell| names::field(cell).is_some()).count() < 2 {
        return Ok(None);
    }
    let mut groups = Vec::new();
    for row in rest {
        let mut group = Group::new(PasteFormat::Table);
        for (name, value) in heading.iter().zip(row) {
            if names::field(name).is_some() {
                group.add(None, name, unquoted(value))?;
            }
        }
        if group.is_dirty {
            return Ok(None);
        }
        groups.push(group);
    }
    Ok(groups.iter().any(|group| !group.is_empty()).then_some(groups))
}
