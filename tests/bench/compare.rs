//! Two reports side by side.

use std::fmt::Write as _;

use crate::report::Report;

/// A table of every figure that both have, with the change in percent.
pub fn table(old: &Report, new: &Report) -> String {
    let mut table = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(table, "old  {}  {}\nnew  {}  {}", old.commit, old.machine, new.commit, new.machine);
    for (load, before) in &old.loads {
        let Some(after) = new.loads.get(load) else { continue };
        let _ = writeln!(table, "\n{load}");
        for (name, before) in before {
            let Some(after) = after.get(name) else { continue };
            let change = if *before == 0.0 { 0.0 } else { (after - before) / before * 100.0 };
            let _ = writeln!(table, "  {name:<52} {before:>12.3} {after:>12.3} {change:>+8.1} %");
        }
    }
    table
}
