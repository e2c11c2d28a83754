//! Large files in parts, straight into the store: interrupted, resumed, ended by two at once, called off.

use super::*;

const PART: usize = 8 * 1024 * 1024;
/// Thirteen parts, the last of which is one byte.
const SIZE: usize = 100 * 1024 * 1024 + 1;

/// Puts bytes where they are to go.
async fn put(address: &Value, bytes: Vec<u8>) -> u16 {
    let client = Client::builder().no_proxy().build().unwrap();
    let mut request = client.put(address["url"].as_str().unwrap()).body(bytes);
    for (name, value) in address["headers"].as_object().unwrap() {
        request = request.header(name, value.as_str().unwrap());
    }
    request.send().await.unwrap().status().as_u16()
}

/// The bytes of a part.
fn part(number: usize) -> Vec<u8> {
    let bytes = PART.min(SIZE - (number - 1) * PART);
    vec![u8::try_from(number).unwrap(); bytes]
}

async fn begun(person: &Person, sha256: Option<&str>) -> String {
    let body = json!({"filename": "a.mp4", "content_type": "video/mp4", "size": SIZE, "sha256": sha256});
    let begun = person.post("attachments/", &body).await.with(201);
    assert_eq!((&begun["upload"]["method"], &begun["upload"]["part_size"]), (&json!("parts"), &json!(PART)));
    assert_eq!(begun["upload"]["part_count"], 13);
    id_of(&begun).to_owned()
}

async fn addresses(person: &Person, id: &str, numbers: impl IntoIterator<Item = usize>) -> Vec<Value> {
    let parts: Vec<Value> = numbers.into_iter().map(|number| json!({"part_number": number})).collect();
    let signed = person.post(&format!("attachments/{id}/parts/"), &json!({"parts": parts})).await.with(200);
    signed["items"].as_array().unwrap().clone()
}

async fn bring(person: &Person, id: &str, numbers: std::ops::RangeInclusive<usize>) {
    for (number, address) in numbers.clone().zip(addresses(person, id, numbers).await) {
        assert_eq!(address["size"], part(number).len());
        assert_eq!(put(&address, part(number)).await, 200);
    }
}

#[tokio::test]
async fn a_large_file_comes_in_parts_goes_on_where_it_broke_off_and_is_ended_once() {
    let cloud = Cloud::shared().await;
    let alice = cloud.person("alice");
    let id = begun(&alice, None).await;
    bring(&alice, &id, 1..=5).await;
    let page = alice.get(&format!("attachments/{id}/parts/?limit=3")).await.with(200);
    assert_eq!(page["next_after"], 3);
    let rest = alice.get(&format!("attachments/{id}/parts/?after=3")).await.with(200);
    assert_eq!(rest["next_after"], Value::Null);
    let there: Vec<Value> =
        [&page, &rest].iter().flat_map(|page| page["items"].as_array().unwrap().clone()).collect();
    let numbers: Vec<u64> = there.iter().map(|part| part["part_number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    assert!(there.iter().all(|part| part["size"] == PART));

    let problem = ended(&alice, &id).await.refused(409, "conflict");
    assert!(problem["detail"].as_str().unwrap().contains("6, 7, 8, 9, 10, 11, 12, 13"), "{problem}");
    let last = &addresses(&alice, &id, [13]).await[0];
    assert_eq!(put(last, vec![0; 2]).await, 403, "another size than was signed");
    bring(&alice, &id, 6..=13).await;

    let ends = join_all((0..3).map(|_| ended(&alice, &id))).await;
    assert!(ends.iter().all(|end| end.status == 200), "who comes later waits for the first: {ends:?}");
    let end = ended(&alice, &id).await;
    assert_ne!(end.with(200)["state"], "uploading", "{}", end.text);
    let path = format!("attachments/{id}/parts/");
    alice.post(&path, &json!({"parts": [{"part_number": 1}]})).await.refused(409, "conflict");
    alice.get(&path).await.refused(409, "conflict");
    assert!(put(last, part(13)).await >= 400, "the upload has ended");
}

#[tokio::test]
async fn each_part_of_a_file_with_a_digest_is_held_to_its_own() {
    let cloud = Cloud::shared().await;
    let alice = cloud.person("alice");
    let id = begun(&alice, Some(&digest_of(b"of the whole"))).await;
    let path = format!("attachments/{id}/parts/");
    let problem = alice.post(&path, &json!({"parts": [{"part_number": 13}]})).await;
    assert_eq!(problem.refused(422, "validation_failed")["errors"][0]["pointer"], "/parts/0/sha256");
    let wanted = json!({"parts": [{"part_number": 13, "sha256": digest_of(&part(13))}]});
    let signed = alice.post(&path, &wanted).await.with(200);
    assert!(put(&signed["items"][0], vec![9; 1]).await >= 400, "other bytes");
    let mut without = signed["items"][0].clone();
    without["headers"] = json!({});
    assert!(put(&without, part(13)).await >= 400, "without what was signed");
    assert_eq!(put(&signed["items"][0], part(13)).await, 200);
    let listed = alice.get(&path).await.with(200);
    assert_eq!(listed["items"][0]["part_number"], 13);
}

#[tokio::test]
async fn an_upload_that_is_called_off_takes_nothing_more() {
    let cloud = Cloud::shared().await;
    let alice = cloud.person("alice");
    let id = begun(&alice, None).await;
    let last = addresses(&alice, &id, [13]).await.remove(0);
    for number in [0, 14] {
        let wanted = json!({"parts": [{"part_number": number}]});
        alice.post(&format!("attachments/{id}/parts/"), &wanted).await.refused(422, "validation_failed");
    }
    assert_eq!(put(&last, part(13)).await, 200);
    let request = alice.request(Method::DELETE, &format!("attachments/{id}/delete/"));
    assert_eq!(Answer::to(request).await.status, 204);
    assert_eq!(put(&last, part(13)).await, 404);
    alice.get(&format!("attachments/{id}/parts/")).await.refused(404, "not_found");
    ended(&alice, &id).await.refused(404, "not_found");

    let small = alice.post("attachments/", &announcement("a.txt", "text/plain", b"x")).await.with(201);
    alice.get(&format!("attachments/{}/parts/", id_of(&small))).await.refused(409, "conflict");
}
