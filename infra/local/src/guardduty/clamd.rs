//! The scanner clamd, over its INSTREAM command.

use async_trait::async_trait;
use clamav_client::tokio::{Tcp, scan_file};

use super::scanner::{ScanFailed, Scanner, Subject, Verdict};

/// How much of a file is sent at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// A clamd that listens on TCP.
pub struct Clamd {
    address: String,
}

impl Clamd {
    /// The clamd at `host:port`.
    pub fn new(address: String) -> Self {
        Self { address }
    }
}

#[async_trait]
impl Scanner for Clamd {
    async fn scan(&self, subject: &Subject) -> Result<Verdict, ScanFailed> {
        let connection = Tcp { host_address: &self.address };
        let answered = scan_file(&subject.path, connection, Some(CHUNK_BYTES)).await;
        let answer = answered.map_err(|error| ScanFailed(format!("clamd: {error}")))?;
        verdict(&String::from_utf8_lossy(&answer))
    }
}

/// Reads `stream: OK`, `stream: NAME FOUND`, or what went wrong.
fn verdict(answer: &str) -> Result<Verdict, ScanFailed> {
    let answer = answer.trim_end_matches(['\0', '\n']);
    if answer == "stream: OK" {
        return Ok(Verdict::Clean);
    }
    let found = answer.strip_prefix("stream: ").and_then(|rest| rest.strip_suffix(" FOUND"));
    if let Some(name) = found {
        return Ok(Verdict::Threats(vec![name.to_owned()]));
    }
    if answer.contains("size limit exceeded") {
        return Ok(Verdict::Unsupported(answer.to_owned()));
    }
    Err(ScanFailed(format!("clamd: {answer}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clamds_answers_are_read() {
        assert_eq!(verdict("stream: OK\0").unwrap(), Verdict::Clean);
        let found = verdict("stream: Eicar-Test-Signature FOUND\0").unwrap();
        assert_eq!(found, Verdict::Threats(vec!["Eicar-Test-Signature".into()]));
        assert!(matches!(verdict("INSTREAM size limit exceeded. ERROR\0").unwrap(), Verdict::Unsupported(_)));
        assert!(verdict("").is_err() && verdict("stream: OK FOUND ERROR").is_err());
    }
}
