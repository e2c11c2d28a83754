//! What the processes under test cost: CPU time and resident memory, from /proc.

use std::{collections::BTreeMap, fs};

use serde::Deserialize;

use crate::{Failure, cloud::Cloud, report::Figures};

/// Clock ticks per second in /proc: fixed in the kernel's interface.
const TICKS_PER_SECOND: f64 = 100.0;

#[derive(Deserialize)]
struct Listing {
    processes: Vec<Process>,
}

#[derive(Deserialize)]
struct Process {
    name: String,
    pid: u32,
}

/// The cost of every process so far, those that have ended included as they were last seen.
#[derive(Debug, Default, Clone)]
pub struct Meter {
    cpu: BTreeMap<u32, (String, f64, f64)>,
}

impl Meter {
    /// Reads every process's CPU time; the first reading of each is where it begins, or nothing for one that appears later.
    pub async fn read(&mut self, cloud: &Cloud) -> Result<(), Failure> {
        let is_first = self.cpu.is_empty();
        for Process { name, pid } in list(cloud).await? {
            if let Some(seconds) = cpu_seconds(&pid.to_string()) {
                let begin = if is_first { seconds } else { 0.0 };
                let entry = self.cpu.entry(pid).or_insert((name, begin, seconds));
                entry.2 = seconds;
            }
        }
        Ok(())
    }

    /// Adds the CPU seconds since the first reading, divided by `count`: of all processes, and of those of each name.
    pub fn report(&self, figures: &mut Figures, name: &str, count: f64) {
        figures.insert(name.to_owned(), self.total() / count);
        for (process, begin, end) in self.cpu.values().filter(|(_, begin, end)| end > begin) {
            *figures.entry(format!("{name}.{process}")).or_default() += (end - begin) / count;
        }
    }

    /// CPU seconds since the first reading.
    pub fn total(&self) -> f64 {
        self.cpu.values().map(|(_, begin, end)| end - begin).sum()
    }
}

/// The CPU seconds of this process.
pub fn own_cpu_seconds() -> f64 {
    cpu_seconds("self").unwrap_or_default()
}

/// Resident megabytes by name; of several processes with one name the sum.
pub async fn resident_megabytes(cloud: &Cloud) -> Result<BTreeMap<String, f64>, Failure> {
    megabytes(cloud, "VmRSS:").await
}

/// The most megabytes that were ever resident, by name; of several processes with one name the sum.
pub async fn peak_megabytes(cloud: &Cloud) -> Result<BTreeMap<String, f64>, Failure> {
    megabytes(cloud, "VmHWM:").await
}

async fn megabytes(cloud: &Cloud, field: &str) -> Result<BTreeMap<String, f64>, Failure> {
    let mut sums = BTreeMap::new();
    for Process { name, pid } in list(cloud).await? {
        *sums.entry(name).or_default() += status_megabytes(pid, field).unwrap_or_default();
    }
    Ok(sums)
}

async fn list(cloud: &Cloud) -> Result<Vec<Process>, Failure> {
    let listing: Listing =
        reqwest::get(format!("{}/_local/processes", cloud.origin)).await?.error_for_status()?.json().await?;
    Ok(listing.processes)
}

fn cpu_seconds(pid: &str) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may hold anything, also spaces and parentheses: the fields begin after its last parenthesis.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some((f64::from(user) + f64::from(system)) / TICKS_PER_SECOND)
}

fn status_megabytes(pid: u32, field: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(field))?;
    let kilobytes: u32 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(f64::from(kilobytes) / 1024.0)
}
