//! A real clamd as the scanner, with a signature file made by hand; where none is installed the tests say that they were skipped.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::{Cursor, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use parlance_local::guardduty::{Clamd, Scanner as _, Subject, Verdict};
use tempfile::TempDir;
use tokio::net::TcpStream;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A running clamd, ended with the test.
struct Daemon {
    child: Child,
    address: String,
    folder: TempDir,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

fn installed() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    places.push("/usr/sbin".into());
    places.into_iter().map(|place| place.join("clamd")).find(|program| program.is_file())
}

async fn daemon() -> Option<Daemon> {
    let Some(program) = installed() else {
        let _told = writeln!(std::io::stdout(), "skipped: no clamd is installed");
        return None;
    };
    let folder = tempfile::tempdir().unwrap();
    let signatures = folder.path().join("signatures");
    std::fs::create_dir(&signatures).unwrap();
    // The digest and the size of the test file EICAR.
    let known = "44d88612fea8a8f36de82e1278abb02f:68:Eicar-Test-Signature\n";
    std::fs::write(signatures.join("own.hdb"), known).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let configuration = folder.path().join("clamd.conf");
    let lines = format!(
        "Foreground yes\nDatabaseDirectory {}\nTCPAddr 127.0.0.1\nTCPSocket {port}\nTemporaryDirectory {}\nStreamMaxLength 1M\n",
        signatures.display(),
        folder.path().display()
    );
    std::fs::write(&configuration, lines).unwrap();
    let mut command = Command::new(program);
    command.arg("--config-file").arg(&configuration).stdin(Stdio::null()).stdout(Stdio::null());
    let child = command.spawn().unwrap();
    let daemon = Daemon { child, address: format!("127.0.0.1:{port}"), folder };
    for _ in 0..500 {
        if TcpStream::connect(&daemon.address).await.is_ok() {
            return Some(daemon);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("clamd does not listen");
}

async fn verdict(daemon: &Daemon, body: &[u8]) -> Verdict {
    let path = daemon.folder.path().join("subject");
    std::fs::write(&path, body).unwrap();
    scan(&daemon.address, &path, body.len()).await.unwrap()
}

async fn scan(address: &str, path: &Path, size: usize) -> Result<Verdict, String> {
    let content_type = "application/octet-stream".to_owned();
    let subject = Subject { path: path.to_owned(), size: size as u64, content_type };
    Clamd::new(address.to_owned()).scan(&subject).await.map_err(|error| error.to_string())
}

/// Split, so that no scanner takes this file away.
fn eicar() -> Vec<u8> {
    [&b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-"[..], b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].concat()
}

#[tokio::test]
async fn clamd_finds_the_test_file_plain_and_in_an_archive() {
    let Some(daemon) = daemon().await else { return };
    let found = Verdict::Threats(vec!["Eicar-Test-Signature.UNOFFICIAL".to_owned()]);
    assert_eq!(verdict(&daemon, &eicar()).await, found);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("inner", SimpleFileOptions::default()).unwrap();
    archive.write_all(&eicar()).unwrap();
    let archive = archive.finish().unwrap().into_inner();
    assert_eq!(verdict(&daemon, &archive).await, found);
    assert_eq!(verdict(&daemon, b"hello").await, Verdict::Clean);
}

#[tokio::test]
async fn what_clamd_does_not_take_is_unsupported_and_a_clamd_that_is_gone_a_failure() {
    let Some(daemon) = daemon().await else { return };
    let large = vec![0; 30 * 1024 * 1024];
    for _ in 0..5 {
        assert!(matches!(verdict(&daemon, &large).await, Verdict::Unsupported(_)));
    }
    assert_eq!(verdict(&daemon, b"hello").await, Verdict::Clean);
    let address = daemon.address.clone();
    drop(daemon);
    let path = std::env::current_exe().unwrap();
    assert!(scan(&address, &path, 1).await.is_err());
}
