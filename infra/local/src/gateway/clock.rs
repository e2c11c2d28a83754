//! The times that API Gateway's events carry.

use std::time::{SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

const REQUEST_TIME: &[BorrowedFormatItem<'static>] = format_description!(
    "[day]/[month repr:short]/[year]:[hour]:[minute]:[second] [offset_hour sign:mandatory][offset_minute]"
);

/// Milliseconds since 1970.
pub fn epoch_ms() -> u64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

fn date_time(epoch_ms: u64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(epoch_ms) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// `22/Nov/2026:21:00:00 +0000`, as in `requestTime`.
pub fn request_time(epoch_ms: u64) -> String {
    date_time(epoch_ms).format(REQUEST_TIME).unwrap_or_default()
}

/// RFC 3339, as GET `@connections` answers it.
pub fn rfc3339(epoch_ms: u64) -> String {
    date_time(epoch_ms).format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_look_like_aws_writes_them() {
        assert_eq!(request_time(1_795_381_200_123), "22/Nov/2026:21:00:00 +0000");
        assert_eq!(rfc3339(1_795_381_200_123), "2026-11-22T21:00:00.123Z");
    }
}
