//! EventBridge on the wire: `PutEvents` of AWS JSON 1.1, entry by entry.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Request, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::bus::Core;
use super::rule::bus_name;
use crate::faults::{FaultName, Faults};
use crate::loopback::http::{Answer, Handler, json as answer};
use crate::loopback::{ACCOUNT, rfc3339, uuid};

const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// How many entries a request has.
const MOST_ENTRIES: usize = 10;

/// How many bytes the entries of a request have together, as EventBridge counts them.
const MOST_BYTES: usize = 256 * 1024;

/// What is counted for an entry's time.
const TIME_BYTES: usize = 14;

/// Answers requests.
pub(super) struct Server {
    core: Arc<Core>,
    faults: Faults,
}

/// Why a whole request is refused.
struct Refusal {
    name: &'static str,
    message: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvents {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    source: Option<String>,
    detail_type: Option<String>,
    detail: Option<String>,
    event_bus_name: Option<String>,
    time: Option<f64>,
    #[serde(default)]
    resources: Vec<String>,
}

impl Entry {
    fn size(&self) -> usize {
        let texts = [&self.source, &self.detail_type, &self.detail].into_iter().flatten();
        let time = if self.time.is_some() { TIME_BYTES } else { 0 };
        time + texts.chain(&self.resources).map(String::len).sum::<usize>()
    }
}

impl Server {
    /// Answers for these buses.
    pub(super) fn new(core: Arc<Core>, faults: Faults) -> Self {
        Self { core, faults }
    }

    fn put_events(&self, body: &[u8]) -> Result<Value, Refusal> {
        let refuse = |message: String| Refusal { name: "ValidationException", message };
        let request: PutEvents = serde_json::from_slice(body)
            .map_err(|error| Refusal { name: "SerializationException", message: error.to_string() })?;
        let count = request.entries.len();
        if count == 0 || count > MOST_ENTRIES {
            return Err(refuse(format!("entries: {count} is not between 1 and {MOST_ENTRIES}")));
        }
        if request.entries.iter().map(Entry::size).sum::<usize>() > MOST_BYTES {
            return Err(refuse("Total size of the entries in the request is over the limit.".to_owned()));
        }
        let results: Vec<Value> = request
            .entries
            .into_iter()
            .map(|entry| match self.put(entry) {
                Ok(id) => json!({ "EventId": id }),
                Err((code, message)) => json!({ "ErrorCode": code, "ErrorMessage": message }),
            })
            .collect();
        let failed = results.iter().filter(|result| result.get("EventId").is_none()).count();
        Ok(json!({ "FailedEntryCount": failed, "Entries": results }))
    }

    /// Puts one entry; answers its id, or code and message. What AWS answers for a bus that is not there is not checked.
    fn put(&self, entry: Entry) -> Result<String, (&'static str, &'static str)> {
        if self.faults.hit(FaultName::EventsThrottle).is_some() {
            return Err(("ThrottlingException", "Rate exceeded"));
        }
        let missing = |what: &'static str| ("InvalidArgument", what);
        let source = entry
            .source
            .ok_or(missing("Parameter Source is not valid. Reason: Source is a required argument."))?;
        let detail_type = entry.detail_type.ok_or(missing(
            "Parameter DetailType is not valid. Reason: DetailType is a required argument.",
        ))?;
        let detail = entry
            .detail
            .ok_or(missing("Parameter Detail is not valid. Reason: Detail is a required argument."))?;
        let detail = serde_json::from_str::<Value>(&detail).ok().filter(Value::is_object);
        let detail = detail.ok_or(("MalformedDetail", "Detail is malformed."))?;
        if source.starts_with("aws.") {
            return Err(("NotAuthorizedForSourceException", "Not authorized for the source."));
        }
        let bus = bus_name(entry.event_bus_name.as_deref().unwrap_or("default")).to_owned();
        if !self.core.has(&bus) {
            return Err(("ResourceNotFoundException", "The event bus does not exist."));
        }
        let at = entry.time.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let at = at.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
        let id = uuid();
        let event = json!({
            "version": "0",
            "id": id,
            "detail-type": detail_type,
            "source": source,
            "account": ACCOUNT,
            "time": rfc3339(Duration::from_secs(at.as_secs())),
            "region": self.core.region,
            "resources": entry.resources,
            "detail": detail,
        });
        self.core.put(&bus, event);
        Ok(id)
    }
}

impl Handler for Server {
    const MAXIMUM_BODY: usize = 4 * 1024 * 1024;

    async fn answer(&self, request: Request<Bytes>) -> Answer {
        let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
        let answered = match target.and_then(|target| target.strip_prefix("AWSEvents.")) {
            Some("PutEvents") => self.put_events(request.body()),
            other => Err(Refusal {
                name: "UnknownOperationException",
                message: format!("{} is not supported here", other.unwrap_or_default()),
            }),
        };
        Ok(match answered {
            Ok(body) => answer(StatusCode::OK, CONTENT_TYPE, body.to_string()),
            Err(Refusal { name, message }) => {
                let body = json!({ "__type": name, "message": message });
                answer(StatusCode::BAD_REQUEST, CONTENT_TYPE, body.to_string())
            }
        })
    }
}
