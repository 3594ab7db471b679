//! Sizes, times, memory and throughput of the released programs, beside the limits that they must keep. `bench PART…`
//! measures only those parts.

// A benchmark talks to a terminal.
#![allow(clippy::print_stdout)]

mod background;
mod load;
mod processes;
mod servers;
mod side_by_side;
mod table;
mod window;

use anyhow::{Result, ensure};

use crate::table::Table;

/// What there is to measure, by the names that it is asked for with.
const PARTS: [&str; 4] = ["window", "servers", "side-by-side", "background"];

#[tokio::main]
async fn main() -> Result<()> {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    for name in &wanted {
        ensure!(PARTS.contains(&name.as_str()), "there is no part {name}: {}", PARTS.join(", "));
    }
    let mut table = Table::default();
    for part in PARTS.into_iter().filter(|part| wanted.is_empty() || wanted.iter().any(|name| name == part)) {
        println!("measuring: {part}");
        match part {
            "window" => window::measure(&mut table).await?,
            "servers" => servers::measure(&mut table).await?,
            "side-by-side" => side_by_side::measure(&mut table).await?,
            _ => background::measure(&mut table).await?,
        }
    }
    table.close()
}
