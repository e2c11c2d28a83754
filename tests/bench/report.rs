//! The figures of a benchmark: in a file, so that two commits can be compared, and in lines for a person.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    io::{Write as _, stdout},
    path::Path,
    process::Command,
};

use serde::{Deserialize, Serialize};

use crate::Failure;

/// Figures by name.
pub type Figures = BTreeMap<String, f64>;

/// What was measured, where, and of which commit.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// The processor and how many of its cores.
    pub machine: String,
    /// The commit of the working folder.
    pub commit: String,
    /// The figures by load.
    pub loads: BTreeMap<String, Figures>,
}

impl Report {
    /// A report without figures.
    pub fn of_this_machine() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
        let model = model.map_or("an unknown processor", |(_, model)| model.trim());
        let commit = Command::new("git").args(["describe", "--always", "--dirty"]).output();
        let commit = commit.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        Self {
            machine: format!("{model}, {cores} cores"),
            commit: commit.unwrap_or_default(),
            loads: BTreeMap::new(),
        }
    }

    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(serde_json::from_slice(&text)?)
    }

    pub fn write(&self, path: &Path) -> Result<(), Failure> {
        Ok(fs::write(path, serde_json::to_string_pretty(self)? + "\n")?)
    }
}

/// Adds p50, p90, p99 and the maximum in milliseconds.
pub fn percentiles(figures: &mut Figures, name: &str, micros: &mut [u32]) {
    micros.sort_unstable();
    let Some(last) = micros.len().checked_sub(1) else { return };
    for (label, share) in [("p50", 50), ("p90", 90), ("p99", 99), ("max", 100)] {
        let value = micros.get(last * share / 100).copied().unwrap_or_default();
        figures.insert(format!("{name}_ms.{label}"), f64::from(value) / 1000.0);
    }
}

/// The figures, one a line.
pub fn lines(figures: &Figures) -> String {
    let mut lines = String::new();
    for (name, value) in figures {
        // Writing to a string cannot fail.
        let _ = writeln!(lines, "  {name:<52} {value:>12.3}");
    }
    lines
}

/// Tells how it goes.
pub fn note(text: &str) {
    // Where nobody reads there is nobody to tell.
    let _ = writeln!(stdout(), "  … {text}");
}
