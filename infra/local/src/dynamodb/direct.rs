//! The requests that make up nearly all of the load, answered straight from the engine's file.
//!
//! The engine compiles its SQL anew at each call, reads an expression several times, and takes items apart to put them together
//! again. What stands here serves three requests, each in one plain form, on tables whose keys are texts and which have no index: a
//! `GetItem`, a `Query` of a range, and a `PutItem` where nothing stands. Everything else, each refusal among it, is
//! left to the engine, and a test holds both to the same answers.

mod answer;
mod request;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dynoxide::AttributeValue;
use dynoxide::storage::compute_hash_prefix;
use dynoxide::types::{MAX_ITEM_SIZE, read_capacity_units_with_consistency, write_capacity_units};
use rusqlite::{Connection, OptionalExtension as _, ToSql};
use serde::Deserialize;
use serde_json::Value;

use self::answer::Answer;
use self::request::{Attributes, GetItem, PutItem, Query, Range};
use super::engine::own_place;

/// The most bytes of items on one page of a query.
const PAGE_BYTES: usize = 1_048_576;
/// How many compiled statements a connection keeps.
const STATEMENTS: usize = 64;
/// How long one connection waits for another's write.
const PATIENCE: Duration = Duration::from_secs(5);

/// An answer, and what it consumed.
pub(super) struct Served {
    /// The body.
    pub(super) body: Vec<u8>,
    /// The table.
    pub(super) table: String,
    /// Read units, of a write write units.
    pub(super) units: f64,
}

/// Connections of its own to the engine's file.
pub(super) struct Direct {
    writer: Mutex<Connection>,
    readers: Vec<Mutex<Connection>>,
    tables: RwLock<HashMap<String, Option<Arc<Table>>>>,
}

/// A table that is plain enough.
struct Table {
    name: String,
    partition: String,
    sort: String,
    /// Whether changes are recorded, and whether with the new item.
    stream: Option<bool>,
    get: String,
    put: String,
    query: String,
}

impl Direct {
    pub(super) fn open(path: &str, readers: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            writer: Mutex::new(connect(path)?),
            readers: (0..readers).map(|_| connect(path).map(Mutex::new)).collect::<Result<_, _>>()?,
            tables: RwLock::default(),
        })
    }

    /// Forgets how tables are made.
    pub(super) fn tables_changed(&self) {
        self.tables.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Runs something while nothing is written from here: `SQLite` lets a writer that meets another wait in long steps.
    pub(super) fn alone<T>(&self, run: impl FnOnce() -> T) -> T {
        let _turn = locked(&self.writer);
        run()
    }

    /// Answers a request of a plain form; none if the engine has to. It blocks.
    pub(super) fn answer(&self, operation: &str, body: &[u8]) -> Option<Served> {
        match operation {
            "GetItem" => self.get_item(&serde_json::from_slice(body).ok()?),
            "Query" => self.query(&serde_json::from_slice(body).ok()?),
            "PutItem" => self.put_item(&serde_json::from_slice(body).ok()?),
            _ => None,
        }
    }

    fn get_item(&self, request: &GetItem<'_>) -> Option<Served> {
        let reader = self.reader()?;
        let table = self.table(&reader, &request.table_name)?;
        let (pk, sk) = table.key(&request.key).filter(|_| request.key.len() == 2)?;
        let found: Option<(String, usize)> = reader
            .prepare_cached(&table.get)
            .and_then(|mut get| get.query_row((pk, sk), |row| Ok((row.get(0)?, row.get(1)?))).optional())
            .ok()?;
        let size = found.as_ref().map_or(0, |(_, size)| *size);
        let units = read_capacity_units_with_consistency(size, request.consistent_read);
        let mut answer = Answer::new();
        if let Some((item, _)) = &found {
            answer.member("Item", plain(item)?);
        }
        Some(answer.served(&table, units, request.return_consumed_capacity))
    }

    fn query(&self, request: &Query<'_>) -> Option<Served> {
        let reader = self.reader()?;
        let table = self.table(&reader, &request.table_name)?;
        let (partition, range) = request.condition(&table.partition, &table.sort)?;
        let (mut from, mut to) = match range {
            Range::All => (stored(""), after_all("S:")?),
            Range::Prefix(prefix) => (stored(prefix), after_all(&stored(prefix))?),
            Range::Between(from, to) => (stored(from), format!("{}\0", stored(to))),
        };
        if let Some(start) = &request.exclusive_start_key {
            let (pk, sk) = table.key(start).filter(|_| start.len() == 2)?;
            if pk != stored(partition) || sk < from || sk >= to {
                return None;
            }
            // From the one behind it on, or up to it.
            if request.scan_index_forward {
                from = format!("{sk}\0");
            } else {
                to = sk;
            }
        }
        let limit = match request.limit {
            Some(0) => return None,
            Some(limit) => i64::from(limit),
            None => -1,
        };
        let order = if request.scan_index_forward { "ASC" } else { "DESC" };
        let mut statement = reader.prepare_cached(&format!("{} {order} LIMIT ?4", table.query)).ok()?;
        let parameters: [&dyn ToSql; 4] = [&stored(partition), &from, &to, &limit];
        let mut rows = statement.query(parameters).ok()?;
        let mut items = String::from("[");
        let (mut count, mut bytes, mut last, mut is_cut) = (0_i64, 0, String::new(), false);
        while let Some(row) = rows.next().ok()? {
            let size: usize = row.get(2).ok()?;
            if count > 0 && bytes + size > PAGE_BYTES {
                is_cut = true;
                break;
            }
            if count > 0 {
                items.push(',');
            }
            items.push_str(plain(row.get_ref(1).ok()?.as_str().ok()?)?);
            row.get_ref(0).ok()?.as_str().ok()?.clone_into(&mut last);
            bytes += size;
            count += 1;
        }
        items.push(']');
        let mut answer = Answer::new();
        answer.member("Items", &items);
        answer.member("Count", &count.to_string());
        answer.member("ScannedCount", &count.to_string());
        if count > 0 && (is_cut || count == limit) {
            answer.member("LastEvaluatedKey", &table.key_json(partition, last.strip_prefix("S:")?)?);
        }
        let units = read_capacity_units_with_consistency(bytes, request.consistent_read);
        Some(answer.served(&table, units, request.return_consumed_capacity))
    }

    /// Puts an item where none stands; where one does, the engine says so.
    fn put_item(&self, request: &PutItem<'_>) -> Option<Served> {
        let attributes = Attributes::of(request.item)?;
        let size = attributes.size().filter(|size| *size <= MAX_ITEM_SIZE)?;
        let writer = locked(&self.writer);
        let table = self.table(&writer, &request.table_name)?;
        let is_absent = request.condition_expression.strip_prefix("attribute_not_exists(");
        if is_absent.and_then(|rest| rest.strip_suffix(')')) != Some(&*table.partition) {
            return None;
        }
        let (partition, sort) =
            (attributes.partition_key(&table.partition)?, attributes.sort_key(&table.sort)?);
        let put = || -> rusqlite::Result<bool> {
            writer.prepare_cached("BEGIN IMMEDIATE")?.execute(())?;
            let hash = compute_hash_prefix(&AttributeValue::S(partition.to_owned()));
            let item = request.item.get();
            let put = writer.prepare_cached(&table.put)?.execute((
                stored(partition),
                stored(sort),
                item,
                size,
                hash,
            ))?;
            if put == 0 {
                writer.prepare_cached("ROLLBACK")?.execute(())?;
                return Ok(false);
            }
            if let Some(shows_new) = table.stream {
                let keys = table.key_json(partition, sort).unwrap_or_default();
                record_insert(&writer, &table.name, &keys, shows_new.then_some(item))?;
            }
            writer.prepare_cached("COMMIT")?.execute(())?;
            Ok(true)
        };
        let outcome = put();
        if !writer.is_autocommit() {
            // It failed half way: undone here, and then tried by the engine.
            writer.execute_batch("ROLLBACK").ok()?;
        }
        if !outcome.ok()? {
            return None;
        }
        Some(Answer::new().served(&table, write_capacity_units(size), request.return_consumed_capacity))
    }

    fn reader(&self) -> Option<MutexGuard<'_, Connection>> {
        self.readers.get(own_place(self.readers.len())).map(locked)
    }

    /// How a table is made, if it is plain.
    fn table(&self, file: &Connection, name: &str) -> Option<Arc<Table>> {
        if let Some(known) = self.tables.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return known.clone();
        }
        let table = Table::read(file, name).ok()?.map(Arc::new);
        let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        tables.insert(name.to_owned(), table.clone());
        table
    }
}

/// A row of the engine's list of tables.
struct Described {
    key_schema: String,
    attributes: String,
    indexes: [Option<String>; 3],
    has_stream: bool,
    view: Option<String>,
    status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeyElement {
    attribute_name: String,
    key_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AttributeDefinition {
    attribute_name: String,
    attribute_type: String,
}

impl Table {
    fn read(file: &Connection, name: &str) -> rusqlite::Result<Option<Self>> {
        let described = file
            .query_row(
                "SELECT key_schema, attribute_definitions, gsi_definitions, lsi_definitions,
                        vector_index_definitions, COALESCE(stream_enabled, 0), stream_view_type, table_status
                 FROM _tables WHERE table_name = ?1",
                [name],
                |row| {
                    Ok(Described {
                        key_schema: row.get(0)?,
                        attributes: row.get(1)?,
                        indexes: [row.get(2)?, row.get(3)?, row.get(4)?],
                        has_stream: row.get(5)?,
                        view: row.get(6)?,
                        status: row.get(7)?,
                    })
                },
            )
            .optional()?;
        Ok(described.and_then(|described| Self::of(name, &described)))
    }

    fn of(name: &str, described: &Described) -> Option<Self> {
        let has_index = described.indexes.iter().flatten().any(|indexes| {
            serde_json::from_str::<Vec<Value>>(indexes).map_or(indexes != "null", |list| !list.is_empty())
        });
        let elements: Vec<KeyElement> = serde_json::from_str(&described.key_schema).ok()?;
        let definitions: Vec<AttributeDefinition> = serde_json::from_str(&described.attributes).ok()?;
        let key = |kind: &str| {
            let element = elements.iter().find(|element| element.key_type == kind)?;
            let definition = definitions.iter().find(|it| it.attribute_name == element.attribute_name)?;
            (definition.attribute_type == "S").then(|| element.attribute_name.clone())
        };
        let (partition, sort) = (key("HASH")?, key("RANGE")?);
        if has_index || described.status != "ACTIVE" {
            return None;
        }
        let stream = described.has_stream.then(|| {
            let view = described.view.as_deref();
            matches!(view, None | Some("NEW_IMAGE" | "NEW_AND_OLD_IMAGES"))
        });
        let quoted = format!("\"{}\"", name.replace('"', "\"\""));
        Some(Self {
            name: name.to_owned(),
            partition,
            sort,
            stream,
            get: format!("SELECT item_json, item_size FROM {quoted} WHERE pk = ?1 AND sk = ?2"),
            put: format!(
                "INSERT INTO {quoted} (pk, sk, item_json, item_size, hash_prefix) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO NOTHING"
            ),
            query: format!(
                "SELECT sk, item_json, item_size FROM {quoted} WHERE pk = ?1 AND sk >= ?2 AND sk < ?3 ORDER BY sk"
            ),
        })
    }

    /// An item's key as the file holds it.
    fn key(&self, attributes: &Attributes<'_>) -> Option<(String, String)> {
        let partition = attributes.partition_key(&self.partition)?;
        Some((stored(partition), stored(attributes.sort_key(&self.sort)?)))
    }

    fn key_json(&self, partition: &str, sort: &str) -> Option<String> {
        let texts = [&self.partition, partition, &self.sort, sort];
        let [partition_name, partition, sort_name, sort] = texts.map(|text| serde_json::to_string(text).ok());
        Some(format!("{{{}:{{\"S\":{}}},{}:{{\"S\":{}}}}}", partition_name?, partition?, sort_name?, sort?))
    }
}

/// Notes an insertion in the table's stream, as the engine does.
fn record_insert(
    file: &Connection,
    table: &str,
    keys: &str,
    new_image: Option<&str>,
) -> rusqlite::Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let floor = i64::try_from(now.as_micros()).unwrap_or(i64::MAX);
    let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    file.prepare_cached(
        "INSERT INTO _stream_records
             (table_name, event_name, keys_json, new_image, sequence_number, shard_id, created_at, event_id)
         VALUES (?1, 'INSERT', ?2, ?3,
                 CAST(MAX(?4, (SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1
                               FROM _stream_records WHERE table_name = ?1)) AS TEXT),
                 ?5, ?6, ?7)",
    )?
    .execute((
        table,
        keys,
        new_image,
        floor,
        format!("shardId-00000001-{table}"),
        seconds,
        format!("{:032x}", rand::random::<u128>()),
    ))?;
    Ok(())
}

fn connect(path: &str) -> rusqlite::Result<Connection> {
    let file = Connection::open(path)?;
    file.busy_timeout(PATIENCE)?;
    file.pragma_update(None, "synchronous", "NORMAL")?;
    file.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(file)
}

fn locked(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A key's text as the file holds it.
fn stored(text: &str) -> String {
    format!("S:{text}")
}

/// The least text that stands behind all that begin with this one; none where its last character has no successor of one byte.
fn after_all(prefix: &str) -> Option<String> {
    let last = prefix.bytes().next_back().filter(|byte| *byte < 0x7f)?;
    let mut end = prefix.get(..prefix.len() - 1)?.to_owned();
    end.push(char::from(last + 1));
    Some(end)
}

/// An item's JSON, unless it holds a set: those are told in an order of their own.
fn plain(item: &str) -> Option<&str> {
    ["\"SS\":", "\"NS\":", "\"BS\":"].iter().all(|set| !item.contains(set)).then_some(item)
}

#[cfg(test)]
mod tests;
