//! What was used so far, counted where it happens: what AWS would bill, and what a load costs per message.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Method;
use serde::Serialize;

/// A message on a socket is billed once for each part of this size.
const SOCKET_STEP_BYTES: u64 = 32 * 1_024;
/// A request to an HTTP API is billed once for each part of this size, question and answer together.
const HTTP_STEP_BYTES: u64 = 512 * 1_024;

/// The counters of one local cloud; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Usage {
    counters: Arc<Counters>,
}

#[derive(Debug, Default)]
struct Counters {
    http: Requests,
    connections: AtomicU64,
    frames_in: Frames,
    frames_out: Frames,
    functions: Mutex<BTreeMap<String, FunctionUsage>>,
    tables: Mutex<BTreeMap<String, BTreeMap<String, Consumption>>>,
    redis_round_trips: AtomicU64,
    redis_commands: Mutex<BTreeMap<String, u64>>,
    queue_requests: AtomicU64,
    objects: Objects,
    media_requests: AtomicU64,
    media_bytes: AtomicU64,
    scans: AtomicU64,
    scanned_bytes: AtomicU64,
}

#[derive(Debug, Default)]
struct Objects {
    writes: AtomicU64,
    reads: AtomicU64,
    deletes: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
}

#[derive(Debug, Default)]
struct Requests {
    count: AtomicU64,
    units: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
}

#[derive(Debug, Default)]
struct Frames {
    count: AtomicU64,
    units: AtomicU64,
    bytes: AtomicU64,
}

/// What one function was asked to do.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct FunctionUsage {
    invocations: u64,
    errors: u64,
    milliseconds: u64,
    memory_megabytes: u32,
}

/// What one operation consumed of one table.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Consumption {
    requests: u64,
    read_units: f64,
    write_units: f64,
}

/// All counters at one moment, as `GET /_local/usage` shows them.
#[derive(Debug, Serialize)]
pub struct Snapshot {
    http: HttpSnapshot,
    sockets: SocketSnapshot,
    functions: BTreeMap<String, FunctionUsage>,
    dynamodb: BTreeMap<String, BTreeMap<String, Consumption>>,
    redis: RedisSnapshot,
    sqs: QueueSnapshot,
    s3: ObjectSnapshot,
    guardduty: ScanSnapshot,
    media: MediaSnapshot,
}

#[derive(Debug, Serialize)]
struct HttpSnapshot {
    requests: u64,
    units: u64,
    bytes_in: u64,
    bytes_out: u64,
}

#[derive(Debug, Serialize)]
struct SocketSnapshot {
    connections: u64,
    frames_in: u64,
    units_in: u64,
    bytes_in: u64,
    frames_out: u64,
    units_out: u64,
    bytes_out: u64,
}

#[derive(Debug, Serialize)]
struct RedisSnapshot {
    round_trips: u64,
    commands: BTreeMap<String, u64>,
}

#[derive(Debug, Serialize)]
struct ObjectSnapshot {
    writes: u64,
    reads: u64,
    deletes: u64,
    bytes_in: u64,
    bytes_out: u64,
}

#[derive(Debug, Serialize)]
struct MediaSnapshot {
    requests: u64,
    bytes_out: u64,
}

#[derive(Debug, Serialize)]
struct ScanSnapshot {
    scans: u64,
    bytes: u64,
}

#[derive(Debug, Serialize)]
struct QueueSnapshot {
    requests: u64,
}

impl Usage {
    /// A request to the HTTP API that a function answered, or the API itself.
    pub fn http_request(&self, bytes_in: u64, bytes_out: u64) {
        let http = &self.counters.http;
        add(&http.count, 1);
        add(&http.units, units(bytes_in + bytes_out, HTTP_STEP_BYTES));
        add(&http.bytes_in, bytes_in);
        add(&http.bytes_out, bytes_out);
    }

    /// A socket that was opened.
    pub fn connection(&self) {
        add(&self.counters.connections, 1);
    }

    /// A frame from a client.
    pub fn frame_in(&self, bytes: usize) {
        self.counters.frames_in.count(bytes);
    }

    /// A frame to a client: an answer, or a post to `@connections`.
    pub fn frame_out(&self, bytes: usize) {
        self.counters.frames_out.count(bytes);
    }

    /// An invocation that has ended; AWS bills whole milliseconds.
    pub fn invocation(&self, function: &str, duration: Duration, memory_megabytes: u32, failed: bool) {
        let mut functions = locked(&self.counters.functions);
        let invocations = entry(&mut functions, function);
        invocations.invocations += 1;
        invocations.errors += u64::from(failed);
        invocations.milliseconds += u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(0);
        invocations.memory_megabytes = memory_megabytes;
    }

    /// A request to a table, with the units that it consumed.
    pub fn table(&self, table: &str, operation: &str, read_units: f64, write_units: f64) {
        let mut tables = locked(&self.counters.tables);
        let consumption = entry(entry(&mut tables, table), operation);
        consumption.requests += 1;
        consumption.read_units += read_units;
        consumption.write_units += write_units;
    }

    /// Commands that Redis was sent together.
    pub fn redis_round_trip(&self) {
        add(&self.counters.redis_round_trips, 1);
    }

    /// A command that Redis ran; `name` in lower case.
    pub fn redis_command(&self, name: &str) {
        *entry(&mut locked(&self.counters.redis_commands), name) += 1;
    }

    /// A request to SQS.
    pub fn queue_request(&self) {
        add(&self.counters.queue_requests, 1);
    }

    /// A request to S3: writes and listings have one price, reads of objects another, deletions none.
    pub fn object_request(&self, method: &Method, is_object: bool, bytes_in: u64, bytes_out: u64) {
        let objects = &self.counters.objects;
        let counter = match *method {
            Method::DELETE => &objects.deletes,
            Method::GET | Method::HEAD if is_object => &objects.reads,
            _ => &objects.writes,
        };
        add(counter, 1);
        add(&objects.bytes_in, bytes_in);
        add(&objects.bytes_out, bytes_out);
    }

    /// An object of that size that was scanned.
    pub fn scan(&self, bytes: u64) {
        add(&self.counters.scans, 1);
        add(&self.counters.scanned_bytes, bytes);
    }

    /// A request to the CDN for a file.
    pub fn media_request(&self, bytes_out: u64) {
        add(&self.counters.media_requests, 1);
        add(&self.counters.media_bytes, bytes_out);
    }

    /// What was counted so far.
    pub fn snapshot(&self) -> Snapshot {
        let Counters { http, connections, frames_in, frames_out, objects, .. } = &*self.counters;
        Snapshot {
            http: HttpSnapshot {
                requests: read(&http.count),
                units: read(&http.units),
                bytes_in: read(&http.bytes_in),
                bytes_out: read(&http.bytes_out),
            },
            sockets: SocketSnapshot {
                connections: read(connections),
                frames_in: read(&frames_in.count),
                units_in: read(&frames_in.units),
                bytes_in: read(&frames_in.bytes),
                frames_out: read(&frames_out.count),
                units_out: read(&frames_out.units),
                bytes_out: read(&frames_out.bytes),
            },
            functions: locked(&self.counters.functions).clone(),
            dynamodb: locked(&self.counters.tables).clone(),
            redis: RedisSnapshot {
                round_trips: read(&self.counters.redis_round_trips),
                commands: locked(&self.counters.redis_commands).clone(),
            },
            sqs: QueueSnapshot { requests: read(&self.counters.queue_requests) },
            s3: ObjectSnapshot {
                writes: read(&objects.writes),
                reads: read(&objects.reads),
                deletes: read(&objects.deletes),
                bytes_in: read(&objects.bytes_in),
                bytes_out: read(&objects.bytes_out),
            },
            guardduty: ScanSnapshot {
                scans: read(&self.counters.scans),
                bytes: read(&self.counters.scanned_bytes),
            },
            media: MediaSnapshot {
                requests: read(&self.counters.media_requests),
                bytes_out: read(&self.counters.media_bytes),
            },
        }
    }
}

impl Frames {
    fn count(&self, bytes: usize) {
        let bytes = bytes as u64;
        add(&self.count, 1);
        add(&self.units, units(bytes, SOCKET_STEP_BYTES));
        add(&self.bytes, bytes);
    }
}

/// How often something of this size is billed: once even when it is empty.
fn units(bytes: u64, step: u64) -> u64 {
    bytes.div_ceil(step).max(1)
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The value under a name.
fn entry<'a, T: Default>(map: &'a mut BTreeMap<String, T>, name: &str) -> &'a mut T {
    map.entry(name.to_owned()).or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn shown(usage: &Usage) -> Value {
        serde_json::to_value(usage.snapshot()).unwrap()
    }

    #[test]
    fn what_is_large_is_billed_more_than_once() {
        let usage = Usage::default();
        usage.frame_out(0);
        usage.frame_out(32_768);
        usage.frame_out(32_769);
        usage.frame_in(3);
        usage.http_request(HTTP_STEP_BYTES, 1);
        let shown = shown(&usage);
        assert_eq!(shown["sockets"]["frames_out"], 3);
        assert_eq!(shown["sockets"]["units_out"], 4);
        assert_eq!(shown["sockets"]["bytes_in"], 3);
        assert_eq!(shown["http"], json!({"requests": 1, "units": 2, "bytes_in": 524_288, "bytes_out": 1}));
    }

    #[test]
    fn functions_and_tables_are_counted_apart() {
        let usage = Usage::default();
        usage.invocation("Send", Duration::from_micros(1_200), 256, false);
        usage.invocation("Send", Duration::from_micros(900), 256, true);
        usage.table("chat", "PutItem", 0.0, 1.0);
        usage.table("chat", "PutItem", 0.0, 2.0);
        usage.table("chat", "Query", 0.5, 0.0);
        let shown = shown(&usage);
        assert_eq!(
            shown["functions"]["Send"],
            json!({"invocations": 2, "errors": 1, "milliseconds": 3, "memory_megabytes": 256})
        );
        assert_eq!(
            shown["dynamodb"]["chat"]["PutItem"],
            json!({"requests": 2, "read_units": 0.0, "write_units": 3.0})
        );
        assert_eq!(shown["dynamodb"]["chat"]["Query"]["read_units"], 0.5);
    }
}
