//! The scanner built in: the test signature EICAR, plain and within archives, archives that are bombs, and files that are something
//! else than they say. It is for tests and demonstrations: it knows no real malware.

use std::fs::File;
use std::io::Read as _;

use async_trait::async_trait;

use super::archive::Search;
use super::scanner::{ScanFailed, Scanner, Subject, Verdict};
use super::types;

/// How much of a file says what it is.
const HEAD_BYTES: u64 = 8 * 1024;

/// The built-in scanner.
#[derive(Clone, Copy, Debug, Default)]
pub struct BuiltIn;

#[async_trait]
impl Scanner for BuiltIn {
    async fn scan(&self, subject: &Subject) -> Result<Verdict, ScanFailed> {
        let subject = subject.clone();
        let looked = tokio::task::spawn_blocking(move || look(&subject)).await;
        let looked = looked.map_err(|error| ScanFailed(error.to_string()))?;
        looked.map_err(|error| ScanFailed(error.to_string()))
    }
}

fn look(subject: &Subject) -> std::io::Result<Verdict> {
    let file = File::open(&subject.path)?;
    let mut head = Vec::new();
    file.try_clone()?.take(HEAD_BYTES).read_to_end(&mut head)?;
    let mut threats: Vec<String> = types::mismatch(&subject.content_type, &head).into_iter().collect();
    let search = Search::of_file(file, subject.size)?;
    threats.extend(search.threats);
    Ok(match search.unsupported {
        _ if !threats.is_empty() => Verdict::Threats(threats),
        Some(reason) => Verdict::Unsupported(reason),
        None => Verdict::Clean,
    })
}
