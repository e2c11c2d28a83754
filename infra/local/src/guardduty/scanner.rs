//! What scans: the scanner built in, or clamd.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use async_trait::async_trait;

pub use super::builtin::BuiltIn;
pub use super::clamd::Clamd;

/// An object that is to be scanned.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Its file.
    pub path: PathBuf,
    /// In bytes.
    pub size: u64,
    /// As it was declared.
    pub content_type: String,
}

/// What a scan has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    Clean,
    /// Threats, by name.
    Threats(Vec<String>),
    /// It cannot be looked into, and why.
    Unsupported(String),
}

/// A scan that came to no verdict, and why.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ScanFailed(pub String);

/// Scans objects.
#[async_trait]
pub trait Scanner: Send + Sync {
    /// Looks into one object. Repeating it after a failure does no harm.
    async fn scan(&self, subject: &Subject) -> Result<Verdict, ScanFailed>;
}

/// Which scanner is used, as `--scanner` spells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ScannerSpec {
    /// `builtin`.
    #[default]
    BuiltIn,
    /// `clamd=<address>`.
    Clamd(String),
    /// `none`: nothing is ever scanned, as while GuardDuty is down.
    None,
}

impl ScannerSpec {
    /// The scanner.
    pub fn scanner(&self) -> Option<Arc<dyn Scanner>> {
        match self {
            Self::BuiltIn => Some(Arc::new(BuiltIn)),
            Self::Clamd(address) => Some(Arc::new(Clamd::new(address.clone()))),
            Self::None => None,
        }
    }
}

impl FromStr for ScannerSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            None if text == "builtin" => Ok(Self::BuiltIn),
            None if text == "none" => Ok(Self::None),
            Some(("clamd", address)) if !address.is_empty() => Ok(Self::Clamd(address.to_owned())),
            _ => Err(format!("{text} is none of builtin, clamd=HOST:PORT, none")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scanners_are_named_on_the_command_line() {
        assert_eq!("builtin".parse(), Ok(ScannerSpec::BuiltIn));
        assert_eq!("none".parse(), Ok(ScannerSpec::None));
        assert_eq!("clamd=127.0.0.1:3310".parse(), Ok(ScannerSpec::Clamd("127.0.0.1:3310".into())));
        for wrong in ["clamd", "clamd=", "norton", ""] {
            assert!(wrong.parse::<ScannerSpec>().is_err(), "{wrong}");
        }
    }
}
