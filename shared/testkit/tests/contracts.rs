//! The memory twins under the contract suites that the real adapters are held to.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use parlance_testkit::{
    contracts::{
        attachments, blocks, connections, conversation_cache, conversations, fixtures::NOW, idempotency,
        inspection, message_log, objects, people, presence, rate_counters, reads, relay_bus, rows,
        typing_board,
    },
    memory::{
        attachments::MemoryAttachments, cloud::MemoryCloud, connections::MemoryConnections,
        idempotency::MemoryIdempotency, inspection::MemoryExaminer, objects::MemoryObjects,
        people::MemoryPeople, presence::MemoryPresence, redis::MemoryRedis,
    },
};

#[tokio::test]
async fn the_table_in_memory_keeps_logs() {
    let cloud = MemoryCloud::default();
    let tables = || message_log::Tables { log: &cloud, conversations: &cloud };
    message_log::holds(tables()).await;
    message_log::takes_files(tables(), &cloud).await;
}

#[tokio::test]
async fn the_table_in_memory_keeps_conversations() {
    let cloud = MemoryCloud::default();
    conversations::holds(&cloud, &cloud).await;
    rows::hold(&cloud, &cloud, &cloud).await;
    conversations::names_peers(&cloud, &cloud).await;
    conversations::pages_and_settings_hold(&cloud, &cloud, &cloud).await;
}

#[tokio::test]
async fn the_registry_in_memory_keeps_connections() {
    connections::holds(&MemoryConnections::default()).await;
}

#[tokio::test]
async fn the_shelf_in_memory_keeps_answers() {
    idempotency::holds(&MemoryIdempotency::default()).await;
}

#[tokio::test]
async fn the_table_in_memory_keeps_blocks() {
    let cloud = MemoryCloud::default();
    blocks::holds(blocks::Tables { blocks: &cloud, conversations: &cloud, log: &cloud }).await;
}

#[tokio::test]
async fn the_table_in_memory_keeps_attachments() {
    attachments::holds(&MemoryAttachments::default()).await;
}

#[tokio::test]
async fn the_bucket_in_memory_keeps_objects() {
    let bucket = MemoryObjects::default();
    objects::hold(&bucket).await;
    objects::come_in_parts(&bucket, &bucket, &bucket, NOW, async |address, bytes| {
        bucket.put_part(address, bytes)
    })
    .await;
    objects::come_by_form(&bucket, &bucket, NOW, async |form, kind, bytes| bucket.post(form, kind, bytes))
        .await;
}

#[tokio::test]
async fn people_in_memory_are_known() {
    people::holds(&MemoryPeople::default()).await;
}

#[tokio::test]
async fn redis_in_memory_remembers_and_publishes() {
    let redis = MemoryRedis::default();
    conversation_cache::holds(&redis).await;
    relay_bus::holds(&redis).await;
    rate_counters::holds(&redis).await;
    reads::hold(&redis, &redis, &redis).await;
    typing_board::holds(&redis).await;
    presence::is_shown(&redis).await;
    presence::is_looked_after(&redis).await;
}

#[tokio::test]
async fn presence_in_memory_is_kept() {
    presence::is_kept(&MemoryPresence::default()).await;
}

#[tokio::test]
async fn the_examiner_in_memory_knows_pictures() {
    inspection::holds(&MemoryExaminer).await;
}
