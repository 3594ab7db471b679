//! What was measured, beside the limits that it must keep.

use anyhow::{Result, ensure};

/// What was measured: printed at once, because all of it takes long.
#[derive(Default)]
pub(crate) struct Table {
    /// The limits that are broken.
    broken: Vec<String>,
}

impl Table {
    /// Adds a figure that may not be larger than its limit.
    pub(crate) fn limited(&mut self, name: &str, value: f64, limit: f64, unit: &str) {
        if value > limit {
            self.broken.push(format!("{name}: {value:.2} {unit}, at most {limit} {unit}"));
        }
        println!("{name:<52} {value:>9.2} {unit:<6} at most {limit}");
    }

    /// Adds a figure that may not be smaller than its limit.
    pub(crate) fn at_least(&mut self, name: &str, value: f64, limit: f64, unit: &str) {
        if value < limit {
            self.broken.push(format!("{name}: {value:.2} {unit}, at least {limit} {unit}"));
        }
        println!("{name:<52} {value:>9.2} {unit:<6} at least {limit}");
    }

    /// Adds a figure without a limit, for who reads it.
    pub(crate) fn figure(&mut self, name: &str, value: f64, unit: &str) {
        println!("{name:<52} {value:>9.2} {unit}");
    }

    /// Adds a figure that was taken several times, for who reads it.
    pub(crate) fn spread(&mut self, name: &str, mut values: Vec<f64>, unit: &str) {
        let middle = middle(&mut values);
        let (least, most) = (values.first().copied().unwrap_or(0.0), values.last().copied().unwrap_or(0.0));
        let count = values.len();
        println!("{name:<52} {middle:>9.1} {unit:<6} {least:.1} to {most:.1} in {count} runs");
    }

    /// Says whether every limit is kept. The figures were printed as they came.
    ///
    /// # Errors
    /// When a limit is broken.
    pub(crate) fn close(&self) -> Result<()> {
        ensure!(self.broken.is_empty(), "limits are broken:\n  {}", self.broken.join("\n  "));
        Ok(())
    }
}

/// The value in the middle; sorts them.
pub(crate) fn middle(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// A count in thousands.
#[expect(clippy::cast_precision_loss, reason = "sizes far below 2^52")]
pub(crate) fn thousands(count: usize) -> f64 {
    count as f64 / 1000.0
}
