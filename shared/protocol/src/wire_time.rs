//! Points in time as clients read them: RFC 3339 in UTC with milliseconds.

use std::{borrow::Cow, fmt};

use parlance_domain::time::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A point in time that is written as `2026-11-22T21:00:00.123Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WireTime(pub Timestamp);

impl WireTime {
    /// The last millisecond of the year 9999: RFC 3339 has no later one.
    const LAST: u64 = 253_402_300_799_999;

    /// Reads any RFC 3339 time that does not lie before 1970.
    pub fn parse(text: &str) -> Option<Self> {
        let nanos = OffsetDateTime::parse(text, &Rfc3339).ok()?.unix_timestamp_nanos();
        u64::try_from(nanos / 1_000_000).ok().map(|millis| Self(Timestamp::from_millis(millis)))
    }
}

impl From<Timestamp> for WireTime {
    fn from(at: Timestamp) -> Self {
        Self(at)
    }
}

impl fmt::Display for WireTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis().min(Self::LAST);
        let nanos = i128::from(millis) * 1_000_000;
        let at = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            at.year(),
            u8::from(at.month()),
            at.day(),
            at.hour(),
            at.minute(),
            at.second(),
            at.millisecond()
        )
    }
}

impl Serialize for WireTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for WireTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("an RFC 3339 time"))
    }
}

impl JsonSchema for WireTime {
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A point in time: RFC 3339 in UTC with milliseconds.",
            "type": "string",
            "format": "date-time",
            "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_time_round_trips(millis in 0..=WireTime::LAST) {
            let time = WireTime(Timestamp::from_millis(millis));
            prop_assert_eq!(WireTime::parse(&time.to_string()), Some(time));
        }
    }

    #[test]
    fn a_time_is_written_in_utc_with_milliseconds() {
        let time = WireTime::parse("2026-11-22T22:00:00.1239+01:00").unwrap();
        assert_eq!(time.to_string(), "2026-11-22T21:00:00.123Z");
        assert_eq!(WireTime(Timestamp::from_millis(u64::MAX)).to_string(), "9999-12-31T23:59:59.999Z");
    }
}
