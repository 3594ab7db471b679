//! What every reader of foreign bytes is fed with, and how long it may take.
//!
//! For tests alone. A target is an ordinary test in a module named `fuzz`. `cargo test` runs each for a moment;
//! `cargo xtask fuzz` as often as wanted. What is fed is real input with random changes. Every target holds two
//! things: nothing panics (a release ends with a panic, wherever it is), and no input takes longer than two seconds
//! of processor time.

use std::alloc::System;
use std::time::Duration;

pub use bolero;
use cap::Cap;
use cpu_time::ThreadTime;
/// How long a test runs a target.
pub const MOMENT: Duration = Duration::from_millis(150);

/// How much processor time one input may take: many times what the slowest real one takes. Other programs do not count.
const LONGEST: Duration = Duration::from_secs(2);

/// How long an input is at most. What takes more than its length in time shows well below it.
const LARGEST: usize = 64 * 1024;

/// How much the tests of a crate may hold at once: whoever takes more is ended, and the computer is not.
const MOST_MEMORY: usize = 1 << 30;

/// Names the file that each input is written to before it is read, for a run that ends with no words of its own.
const INPUT: &str = "TUNEKEY_FUZZ_INPUT";

/// What the tests of a crate with targets allocate with: `#[global_allocator]`.
pub type Allocator = Cap<System>;

/// One that gives no more than any reader needs.
pub const fn allocator() -> Allocator {
    Cap::new(System, MOST_MEMORY)
}

/// Runs a target: `fuzz!([seeds…], |input| …)`. The seeds are real inputs, of which others are made.
#[macro_export]
macro_rules! fuzz {
    ($seeds:expr, $read:expr) => {{
        let seeds = $seeds.map(|seed| <[u8]>::to_vec(seed.as_ref()));
        $crate::bolero::check!()
            .with_test_time($crate::MOMENT)
            .with_max_len(256)
            .for_each(|bytes: &[u8]| $crate::feed(&seeds, bytes, $read));
    }};
}
/// Feeds a reader with the input that the engine's bytes stand for.
pub fn feed(seeds: &[Vec<u8>], bytes: &[u8], read: impl Fn(&[u8])) {
    let input = input(seeds, bytes);
    keep(&input);
    let began = ThreadTime::now();
    read(&input);
    let took = began.elapsed();
    assert!(took < LONGEST, "{} bytes took {took:?}: {:?}", input.len(), String::from_utf8_lossy(&input));
}

#[expect(clippy::disallowed_methods, reason = "nothing of it has to outlive the run")]
fn keep(input: &[u8]) {
    if let Some(file) = std::env::var_os(INPUT) {
        std::fs::write(file, input).expect("the input can be kept");
    }
}

/// An input as text.
pub fn text(input: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(input)
}

/// An input: the bytes themselves, or a seed with a few changes that they describe.
fn input(seeds: &[Vec<u8>], bytes: &[u8]) -> Vec<u8> {
    let Some((first, rest)) = bytes.split_first() else { return Vec::new() };
    let Some(seed) =
        (first % 8 != 0).then(|| seeds.get(usize::from(*first) / 8 % seeds.len().max(1))).flatten()
    else {
        return rest.to_vec();
    };
    let mut input = seed.clone();
    for change in rest.chunks_exact(5).take(8) {
        let [what, high, low, length, byte] = [0, 1, 2, 3, 4].map(|at| change[at]);
        let at = usize::from(u16::from_be_bytes([high, low])) % (input.len() + 1);
        let end = (at + 1 + usize::from(length)).min(input.len());
        match what % 7 {
            0 if at < input.len() => input[at] = byte,
            0 | 1 => input.insert(at, byte),
            2 => drop(input.drain(at..end)),
            3 => input.truncate(at),
            // What is quadratic shows in what is repeated.
            4 | 5 => {
                let part = input[at..end].to_vec();
                // Most inputs are small, so that many are read; one in eight such changes makes a large one.
                let doublings = if byte >= 224 { byte % 15 } else { byte % 6 };
                let times =
                    (1_usize << doublings).min(LARGEST.saturating_sub(input.len()) / part.len().max(1));
                input.splice(at..at, part.repeat(times));
            }
            _ => {
                let other = &seeds[usize::from(byte) % seeds.len()];
                let from = usize::from(length) % (other.len() + 1);
                input.splice(at..at, other[from..].iter().copied());
            }
        }
        input.truncate(LARGEST);
    }
    input
}
