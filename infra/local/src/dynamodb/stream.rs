//! A table's stream as the engine keeps it, read without taking items apart.

use rusqlite::types::Type;
use rusqlite::{Connection, Row};
use serde::Serialize;
use serde_json::value::RawValue;

/// Added to a place in a stream to make its public sequence number, which has 21 digits.
const PUBLIC_SEQUENCE_BASE: u128 = 100_000_000_000_000_000_000;

/// One change of one item; the items in it are DynamoDB's JSON.
#[derive(Debug)]
pub(crate) struct StreamRecord {
    /// Its place in the stream.
    pub(crate) place: i64,
    /// `INSERT`, `MODIFY` or `REMOVE`.
    pub(crate) event_name: String,
    /// The item's key.
    pub(crate) keys: Box<RawValue>,
    /// The item after the change, if the stream carries it.
    pub(crate) new_image: Option<Box<RawValue>>,
    /// The item before the change, if the stream carries it.
    pub(crate) old_image: Option<Box<RawValue>>,
    /// When it was written, in seconds since 1970.
    pub(crate) created_at: i64,
    event_id: String,
    /// Who wrote it, when that was DynamoDB itself.
    user_identity: Option<Box<RawValue>>,
}

/// A record as Lambda hands it to a function.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation<'a> {
    #[serde(rename = "eventID")]
    event_id: &'a str,
    event_name: &'a str,
    event_version: &'static str,
    event_source: &'static str,
    aws_region: &'a str,
    dynamodb: Change<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_identity: Option<&'a RawValue>,
    #[serde(rename = "eventSourceARN")]
    event_source_arn: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Change<'a> {
    approximate_creation_date_time: i64,
    keys: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_image: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    old_image: Option<&'a RawValue>,
    sequence_number: String,
    size_bytes: usize,
    stream_view_type: &'static str,
}

impl StreamRecord {
    /// Its sequence number as functions see it.
    pub(crate) fn sequence_number(&self) -> String {
        (PUBLIC_SEQUENCE_BASE + u128::try_from(self.place).unwrap_or(0)).to_string()
    }

    /// The event that Lambda makes of it.
    pub(crate) fn event(&self, stream_arn: &str, region: &str) -> serde_json::Result<Box<RawValue>> {
        let (new_image, old_image) = (self.new_image.as_deref(), self.old_image.as_deref());
        let length = |image: Option<&RawValue>| image.map_or(0, |image| image.get().len());
        serde_json::value::to_raw_value(&Invocation {
            event_id: &self.event_id,
            event_name: &self.event_name,
            event_version: "1.1",
            event_source: "aws:dynamodb",
            aws_region: region,
            dynamodb: Change {
                approximate_creation_date_time: self.created_at,
                keys: &self.keys,
                new_image,
                old_image,
                sequence_number: self.sequence_number(),
                size_bytes: self.keys.get().len() + length(new_image) + length(old_image),
                stream_view_type: self.view_type(),
            },
            user_identity: self.user_identity.as_deref(),
            event_source_arn: stream_arn,
        })
    }

    /// What the stream carries, as far as this record shows.
    fn view_type(&self) -> &'static str {
        match (&self.new_image, &self.old_image, self.event_name.as_str()) {
            (Some(_), Some(_), _) => "NEW_AND_OLD_IMAGES",
            // The removal of an item has no new image to carry.
            (Some(_), None, _) | (None, None, "REMOVE") => "NEW_IMAGE",
            (None, Some(_), _) => "OLD_IMAGE",
            (None, None, _) => "KEYS_ONLY",
        }
    }
}

/// The records after a place, oldest first.
pub(super) fn records(
    file: &Connection,
    table: &str,
    after: i64,
    limit: usize,
) -> rusqlite::Result<Vec<StreamRecord>> {
    file.prepare_cached(
        "SELECT CAST(sequence_number AS INTEGER), event_name, keys_json, new_image, old_image, created_at,
                COALESCE(event_id, sequence_number), user_identity
         FROM _stream_records
         WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) > ?2
         ORDER BY CAST(sequence_number AS INTEGER) LIMIT ?3",
    )?
    .query_map((table, after, limit), record)?
    .collect()
}

fn record(row: &Row<'_>) -> rusqlite::Result<StreamRecord> {
    let json = |column: usize| -> rusqlite::Result<Option<Box<RawValue>>> {
        let text: Option<String> = row.get(column)?;
        let json = text.map(RawValue::from_string).transpose();
        json.map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into()))
    };
    Ok(StreamRecord {
        place: row.get(0)?,
        event_name: row.get(1)?,
        keys: json(2)?.unwrap_or_else(|| RawValue::NULL.to_owned()),
        new_image: json(3)?,
        old_image: json(4)?,
        created_at: row.get(5)?,
        event_id: row.get(6)?,
        user_identity: json(7)?,
    })
}

/// The place of the newest record.
pub(super) fn last_place(file: &Connection, table: &str) -> rusqlite::Result<Option<i64>> {
    file.query_row(
        "SELECT MAX(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = ?1",
        [table],
        |row| row.get(0),
    )
}
