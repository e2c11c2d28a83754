//! The scanner clamd, over its INSTREAM command.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_trait::async_trait;
use clamav_client::tokio::{TransportProtocol, scan_file};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

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
        let answered = scan_file(&subject.path, self, Some(CHUNK_BYTES)).await;
        let answer = answered.map_err(|error| ScanFailed(format!("clamd: {error}")))?;
        verdict(&String::from_utf8_lossy(&answer))
    }
}

impl TransportProtocol for Clamd {
    type Stream = Patient;

    async fn connect(&self) -> io::Result<Patient> {
        Ok(Patient(TcpStream::connect(&self.address).await?))
    }
}

/// A connection to a clamd that may answer and hang up while a file that is too large for it is still being sent: what it does not
/// take is dropped, so that its answer is read.
pub struct Patient(TcpStream);

fn has_hung_up(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset)
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer).map(|read| match read {
            Err(error) if has_hung_up(&error) => Ok(()),
            other => other,
        })
    }
}

impl AsyncWrite for Patient {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes).map(|written| match written {
            Err(error) if has_hung_up(&error) => Ok(bytes.len()),
            other => other,
        })
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
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
