//! The limits of API Gateway, with AWS's values, each of which a flag can change.

use std::time::Duration;

/// What the gateway refuses or ends, and when.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The largest frame from a client.
    pub frame_bytes: usize,
    /// The largest message from a client, or to one.
    pub message_bytes: usize,
    /// How long a socket may be silent.
    pub idle: Duration,
    /// How long a socket may live.
    pub lifetime: Duration,
    /// How long a function may take to answer.
    pub integration: Duration,
    /// How long an authorizer may take to answer.
    pub authorizer: Duration,
    /// The largest context of an authorizer's answer.
    pub authorizer_bytes: usize,
    /// The longest URL of a handshake.
    pub url_bytes: usize,
    /// The largest request line and headers together, over HTTP.
    pub header_bytes: usize,
    /// The largest body of an HTTP request.
    pub body_bytes: usize,
    /// How much may wait for a client that reads slowly (AWS does not document its own bound).
    pub backlog_bytes: usize,
    /// How many frames of one client are handled at a time (AWS does not document its own bound).
    pub frames_at_once: usize,
    /// How many handshakes are let in a second; 0 lets in all. AWS lets in 500 per account and region until that is raised.
    pub handshakes_per_second: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_bytes: 32 * 1_024,
            message_bytes: 128 * 1_024,
            idle: Duration::from_mins(10),
            lifetime: Duration::from_hours(2),
            integration: Duration::from_secs(29),
            authorizer: Duration::from_secs(10),
            authorizer_bytes: 8 * 1_024,
            url_bytes: 4_096,
            header_bytes: 10_240,
            body_bytes: 10 * 1_024 * 1_024,
            backlog_bytes: 256 * 1_024,
            frames_at_once: 16,
            handshakes_per_second: 0,
        }
    }
}

/// Why a `name=value` does not set a limit.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// No limit has that name.
    #[error("no limit is called {0}")]
    Unknown(String),
    /// The value is neither a count nor a duration.
    #[error("{name}: {value} is not {expected}")]
    Value {
        /// The limit.
        name: String,
        /// What was given.
        value: String,
        /// What would do.
        expected: &'static str,
    },
}

impl Limits {
    /// Changes one limit: `idle=2s`, `lifetime=500ms`, `frame_bytes=1024`.
    pub fn set(&mut self, assignment: &str) -> Result<(), LimitError> {
        let (name, value) = assignment.split_once('=').unwrap_or((assignment, ""));
        if let Some(duration) = self.duration(name) {
            *duration = parse_duration(value).ok_or_else(|| invalid(name, value, "a duration such as 2s"))?;
        } else if let Some(count) = self.count(name) {
            *count = value.parse().map_err(|_| invalid(name, value, "a number"))?;
        } else {
            return Err(LimitError::Unknown(name.to_owned()));
        }
        Ok(())
    }

    fn duration(&mut self, name: &str) -> Option<&mut Duration> {
        Some(match name {
            "idle" => &mut self.idle,
            "lifetime" => &mut self.lifetime,
            "integration" => &mut self.integration,
            "authorizer" => &mut self.authorizer,
            _ => return None,
        })
    }

    fn count(&mut self, name: &str) -> Option<&mut usize> {
        Some(match name {
            "frame_bytes" => &mut self.frame_bytes,
            "message_bytes" => &mut self.message_bytes,
            "authorizer_bytes" => &mut self.authorizer_bytes,
            "url_bytes" => &mut self.url_bytes,
            "header_bytes" => &mut self.header_bytes,
            "body_bytes" => &mut self.body_bytes,
            "backlog_bytes" => &mut self.backlog_bytes,
            "frames_at_once" => &mut self.frames_at_once,
            "handshakes_per_second" => &mut self.handshakes_per_second,
            _ => return None,
        })
    }
}

fn invalid(name: &str, value: &str, expected: &'static str) -> LimitError {
    LimitError::Value { name: name.to_owned(), value: value.to_owned(), expected }
}

/// Reads `250ms`, `30s`, `10m`, `24h`, or seconds without a unit.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let milliseconds = match unit {
        "ms" => 1,
        "s" | "" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(milliseconds).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_limit_can_be_set() {
        let mut limits = Limits::default();
        limits.set("idle=250ms").unwrap();
        limits.set("frame_bytes=10").unwrap();
        assert_eq!((limits.idle, limits.frame_bytes), (Duration::from_millis(250), 10));
    }

    #[test]
    fn what_is_no_limit_or_no_value_is_refused_by_name() {
        let mut limits = Limits::default();
        assert_eq!(limits.set("sockets=1"), Err(LimitError::Unknown("sockets".into())));
        assert!(matches!(limits.set("idle=soon"), Err(LimitError::Value { .. })));
        assert!(matches!(limits.set("frame_bytes=1s"), Err(LimitError::Value { .. })));
    }

    #[test]
    fn durations_are_read_with_their_unit() {
        assert_eq!(parse_duration("90"), Some(Duration::from_secs(90)));
        assert_eq!(parse_duration("24h"), Some(Duration::from_hours(24)));
        assert_eq!(parse_duration("1 h"), None);
    }
}
