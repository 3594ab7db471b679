//! Searches the memory of a process, and reads its limits. For the suite `memory.rs`.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use anyhow::{Context, Result, bail, ensure};

use crate::canary::Canaries;

/// The size of a page, in bytes.
const PAGE: u64 = 4096;
/// How many pages are read at once.
const PAGES: u64 = 4096;
/// The bits of a page's entry that say that it holds something: in memory, or swapped out.
const HOLDS_SOMETHING: u64 = 0b11 << 62;

/// Where the memory of a process contains canaries: a description of each place. Every page that the process can write
/// to and that holds something is read: heaps, stacks, buffers that others share with it.
///
/// # Errors
/// When the process is gone, or its memory may not be read.
pub fn canaries_in(process: u32, canaries: &Canaries) -> Result<Vec<String>> {
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps")).context("it is gone")?;
    let memory = File::open(format!("/proc/{process}/mem")).context("its memory may not be read")?;
    let pages = File::open(format!("/proc/{process}/pagemap")).context("its memory may not be read")?;
    let (mut found, mut seen) = (Vec::new(), 0);
    for line in maps.lines() {
        let (range, rest) = line.split_once(' ').context("no range")?;
        if rest.as_bytes().get(1) != Some(&b'w') {
            continue;
        }
        let (start, end) = range.split_once('-').context("no range")?;
        let (start, end) = (u64::from_str_radix(start, 16)?, u64::from_str_radix(end, 16)?);
        let name = rest.split_whitespace().nth(4).unwrap_or("anonymous");
        let runs = Runs { memory: &memory, pages: &pages, at: start, end };
        for bytes in runs {
            seen += bytes.len();
            found.extend(canaries.find_all(&bytes).into_iter().map(|canary| format!("{name}: {canary}")));
        }
    }
    ensure!(seen > 0, "nothing of its memory could be read");
    Ok(found)
}

/// The bytes of a region, one run of neighbouring pages at a time. A web view sets aside gigabytes that hold nothing,
/// and reading them would fill them.
struct Runs<'a> {
    memory: &'a File,
    pages: &'a File,
    at: u64,
    end: u64,
}

impl Iterator for Runs<'_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let mut run = Vec::new();
        while self.at < self.end {
            let count = ((self.end - self.at) / PAGE).min(PAGES);
            let mut entries = vec![0; usize::try_from(count * 8).ok()?];
            // What cannot be looked at has gone away, as regions do while we look.
            self.pages.read_exact_at(&mut entries, self.at / PAGE * 8).ok()?;
            for entry in entries.chunks_exact(8) {
                let mut page = [0; PAGE as usize];
                let holds = u64::from_ne_bytes(entry.try_into().ok()?) & HOLDS_SOMETHING != 0;
                let at = self.at;
                self.at += PAGE;
                if holds && self.memory.read_exact_at(&mut page, at).is_ok() {
                    run.extend_from_slice(&page);
                } else if !run.is_empty() {
                    return Some(run);
                }
            }
        }
        (!run.is_empty()).then_some(run)
    }
}

/// A limit of a process, as the system states it: the soft one and the hard one.
///
/// # Errors
/// When the process is gone, or has no such limit.
pub fn limit(process: u32, name: &str) -> Result<(String, String)> {
    let limits = std::fs::read_to_string(format!("/proc/{process}/limits")).context("it is gone")?;
    let Some(rest) = limits.lines().find_map(|line| line.strip_prefix(name)) else {
        bail!("no limit {name}")
    };
    let mut values = rest.split_whitespace().map(str::to_owned);
    Ok((values.next().context("no soft limit")?, values.next().context("no hard limit")?))
}
