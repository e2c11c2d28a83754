//! That the engine would have answered the same, and kept the same.

use serde_json::{Value, json};

use super::super::TableSpec;
use super::super::engine::Engine;
use super::super::stream::StreamRecord;

fn engine() -> Engine {
    let engine = Engine::open(None, 1).unwrap();
    for table in ["chat", "twin"] {
        let spec = TableSpec::parse(
            table,
            &json!({
                "AttributeDefinitions": [
                    {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"}
                ],
                "KeySchema": [
                    {"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}
                ],
                "BillingMode": "PAY_PER_REQUEST",
                "StreamSpecification": {"StreamViewType": "NEW_IMAGE"}
            }),
        );
        engine.create_table(&spec.unwrap()).unwrap();
    }
    engine
}

fn with_table(request: &Value, table: &str) -> Value {
    let mut request = request.clone();
    request["TableName"] = table.into();
    request["ReturnConsumedCapacity"] = "TOTAL".into();
    request
}

/// What is answered without the engine, of the table `chat`.
fn direct(engine: &Engine, operation: &str, request: &Value) -> Option<Value> {
    let served = engine.direct().answer(operation, with_table(request, "chat").to_string().as_bytes())?;
    Some(serde_json::from_slice(&served.body).unwrap())
}

/// What the engine answers of a table.
fn engines(engine: &Engine, operation: &str, request: &Value, table: &str) -> Value {
    let request = with_table(request, table);
    let answer = match operation {
        "GetItem" => {
            serde_json::to_value(engine.reader().get_item(serde_json::from_value(request).unwrap()).unwrap())
        }
        "Query" => {
            serde_json::to_value(engine.reader().query(serde_json::from_value(request).unwrap()).unwrap())
        }
        _ => serde_json::to_value(
            engine.write(|writer| writer.put_item(serde_json::from_value(request).unwrap())).unwrap(),
        ),
    };
    answer.unwrap()
}

fn item(partition: &str, sort: &str, body: &str) -> Value {
    json!({
        "pk": {"S": partition}, "sk": {"S": sort}, "body": {"B": "aGkh"}, "text": {"S": body},
        "n": {"N": "1200"}, "yes": {"BOOL": true},
    })
}

fn put(item: &Value) -> Value {
    json!({"Item": item, "ConditionExpression": "attribute_not_exists(pk)",
           "ReturnValuesOnConditionCheckFailure": "ALL_OLD"})
}

/// A stream record, less what is drawn or read from the clock.
fn shown(record: &StreamRecord) -> (String, Value, Value) {
    let json = |raw: &str| serde_json::from_str(raw).unwrap();
    let image = record.new_image.as_ref().map(|image| json(image.get())).unwrap_or_default();
    (record.event_name.clone(), json(record.keys.get()), image)
}

#[test]
fn what_is_put_is_kept_and_streamed_as_the_engine_does() {
    let engine = engine();
    for item in [
        item("C#1", "M#1", "hi"),
        item("C#1", "M#2", "a \"quoted\" é\u{1f600}\\"),
        item("C#1", "M#3", &"x".repeat(3_000)),
    ] {
        let answer = direct(&engine, "PutItem", &put(&item)).unwrap();
        let mut twin = engines(&engine, "PutItem", &put(&item), "twin");
        twin["ConsumedCapacity"]["TableName"] = "chat".into();
        assert_eq!(answer, twin);
    }
    let all = json!({"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "C#1"}}});
    let chat = engines(&engine, "Query", &all, "chat");
    assert_eq!(chat["Items"], engines(&engine, "Query", &all, "twin")["Items"]);
    assert_eq!(chat["Count"], 3);
    let (chat, twin) =
        (engine.stream_records("chat", 0, 10).unwrap(), engine.stream_records("twin", 0, 10).unwrap());
    assert_eq!(chat.iter().map(shown).collect::<Vec<_>>(), twin.iter().map(shown).collect::<Vec<_>>());
    assert!(chat.windows(2).all(|pair| pair[0].place < pair[1].place));
}

#[test]
fn a_put_where_something_stands_is_left_to_the_engine_and_changes_nothing() {
    let engine = engine();
    direct(&engine, "PutItem", &put(&item("C#1", "M#1", "first"))).unwrap();
    assert_eq!(direct(&engine, "PutItem", &put(&item("C#1", "M#1", "second"))), None);
    let request = with_table(&put(&item("C#1", "M#1", "second")), "chat");
    let refused = engine.write(|writer| writer.put_item(serde_json::from_value(request).unwrap()));
    assert!(refused.unwrap_err().to_json().contains("first"));
    assert_eq!(engine.stream_records("chat", 0, 10).unwrap().len(), 1);
    let get = json!({"Key": {"pk": {"S": "C#1"}, "sk": {"S": "M#1"}}});
    assert_eq!(direct(&engine, "GetItem", &get).unwrap()["Item"]["text"]["S"], "first");
}

#[test]
fn what_is_read_is_what_the_engine_reads() {
    let engine = engine();
    for number in 1..=9 {
        let item = item("C#1", &format!("M#{number}"), &"x".repeat(number * 700));
        engines(&engine, "PutItem", &put(&item), "chat");
    }
    engines(&engine, "PutItem", &json!({"Item": item("C#1", "#META", "meta")}), "chat");
    engines(
        &engine,
        "PutItem",
        &json!({"Item": {"pk": {"S": "C#1"}, "sk": {"S": "N"}, "odd": {"N": "1.50e2"}, "m": {"M": {"l": {"L": []}}}}}),
        "chat",
    );
    engines(
        &engine,
        "PutItem",
        &json!({"Item": {"pk": {"S": "C#2"}, "sk": {"S": "set"}, "s": {"NS": ["10", "9"]}}}),
        "chat",
    );
    let key = |sort: &str| json!({"pk": {"S": "C#1"}, "sk": {"S": sort}});
    for (sort, consistent) in [("M#1", true), ("M#9", false), ("N", true), ("nowhere", false)] {
        let request = json!({"Key": key(sort), "ConsistentRead": consistent});
        let answer = direct(&engine, "GetItem", &request).unwrap();
        assert_eq!(answer, engines(&engine, "GetItem", &request, "chat"), "{sort}");
    }
    let set = json!({"Key": {"pk": {"S": "C#2"}, "sk": {"S": "set"}}});
    assert_eq!(direct(&engine, "GetItem", &set), None, "sets are told in an order of their own");

    let conditions = [
        ("pk = :p", json!({":p": {"S": "C#1"}})),
        ("pk = :p", json!({":p": {"S": "C#none"}})),
        ("pk = :p AND begins_with(sk, :s)", json!({":p": {"S": "C#1"}, ":s": {"S": "M#"}})),
        (
            "pk = :p AND sk BETWEEN :f AND :t",
            json!({":p": {"S": "C#1"}, ":f": {"S": "M#2"}, ":t": {"S": "M#8"}}),
        ),
    ];
    for (condition, values) in conditions {
        for forward in [true, false] {
            for limit in [None, Some(1), Some(3), Some(7), Some(50)] {
                for start in [None, Some("M#3"), Some("M#6")] {
                    let mut request = json!({
                        "KeyConditionExpression": condition, "ExpressionAttributeValues": values,
                        "ScanIndexForward": forward, "ConsistentRead": forward,
                    });
                    if let Some(limit) = limit {
                        request["Limit"] = limit.into();
                    }
                    if let Some(start) = start.filter(|_| values[":p"]["S"] == "C#1") {
                        request["ExclusiveStartKey"] = key(start);
                    }
                    let answer = direct(&engine, "Query", &request).unwrap();
                    assert_eq!(answer, engines(&engine, "Query", &request, "chat"), "{request}");
                }
            }
        }
    }
}

#[test]
fn a_page_ends_at_a_megabyte() {
    let engine = engine();
    for number in 1..=4 {
        let item = item("C#1", &format!("M#{number}"), &"x".repeat(300_000));
        direct(&engine, "PutItem", &put(&item)).unwrap();
    }
    let request =
        json!({"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "C#1"}}});
    let page = direct(&engine, "Query", &request).unwrap();
    assert_eq!(page["Count"], 3);
    assert_eq!(page["LastEvaluatedKey"]["sk"]["S"], "M#3");
}
