//! Who may do what: every operation and every frame, asked by everybody. A route without its row fails here.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use parlance_protocol::spec::{
    frames::{ClientFrameSpec, FrameAnswer, client_frames},
    http::operations,
    operation::Operation,
};
use parlance_tests::cloud::Cloud;

use super::calls::{Call, data};
use super::scene::{Caller, Scene};

/// What each operation answers to each caller, by the names of the specification.
const OPERATIONS: &[(&str, &str)] = &[
    //                                    no  bad str rem blo dea gue mem adm own ser Adm
    ("health", /*                     */ "200 200 200 200 200 200 200 200 200 200 200 200"),
    ("readLimits", /*                 */ "200 200 200 200 200 200 200 200 200 200 200 200"),
    ("readOpenApi", /*                */ "200 200 200 200 200 200 200 200 200 200 200 200"),
    ("readAsyncApi", /*               */ "200 200 200 200 200 200 200 200 200 200 200 200"),
    ("issueTicket", /*                */ "401 401 201 201 201 403 201 201 201 201 201 201"),
    ("listConversations", /*          */ "401 401 200 200 200 403 200 200 200 200 200 200"),
    ("createConversation", /*         */ "401 401 201 201 201 403 201 201 201 201 201 201"),
    ("openDirectConversation", /*     */ "401 401 201 201 403 403 201 201 201 201 201 201"),
    ("openTaskConversation", /*       */ "401 401 201 201 201 403 201 201 201 201 201 201"),
    ("findConversationOfReference", /**/ "401 401 404 404 200 403 200 200 200 200 200 200"),
    ("readConversation", /*           */ "401 401 404 404 200 403 200 200 200 200 200 200"),
    ("listMessages", /*               */ "401 401 404 404 200 403 200 200 200 200 200 200"),
    ("readLog", /*                    */ "401 401 404 404 200 403 200 200 200 200 200 200"),
    ("changeConversation", /*         */ "401 401 404 404 200 403 403 200 200 200 200 403"),
    ("retitleConversation", /*        */ "401 401 404 404 200 403 403 200 200 200 200 403"),
    ("deleteConversation", /*         */ "401 401 404 404 403 403 403 403 403 204 403 204"),
    ("muteConversation", /*           */ "401 401 404 404 200 403 200 200 200 200 404 404"),
    ("unmuteConversation", /*         */ "401 401 404 404 200 403 200 200 200 200 404 404"),
    ("archiveConversation", /*        */ "401 401 404 404 200 403 200 200 200 200 404 404"),
    ("unarchiveConversation", /*      */ "401 401 404 404 200 403 200 200 200 200 404 404"),
    ("addParticipant", /*             */ "401 401 404 404 200 403 403 200 200 200 200 403"),
    ("removeParticipant", /*          */ "401 401 404 404 403 403 403 403 200 200 200 403"),
    ("leaveConversation", /*          */ "401 401 404 404 204 403 204 204 204 204 404 404"),
    ("listParticipants", /*           */ "401 401 404 404 200 403 200 200 200 200 200 200"),
    ("changeParticipant", /*          */ "401 401 404 404 403 403 403 403 403 200 200 403"),
    ("listReceipts", /*               */ "401 401 404 404 200 403 200 200 200 200 200 200"),
    ("sendMessage", /*                */ "401 401 404 404 201 403 201 201 201 201 404 404"),
    ("readMessage", /*                */ "401 401 404 404 200 403 200 200 200 200 200 200"),
    ("editMessage", /*                */ "401 401 404 404 200 403 200 200 200 200 403 403"),
    ("deleteMessage", /*              */ "401 401 404 404 403 403 403 403 204 204 204 204"),
    ("markAsRead", /*                 */ "401 401 404 404 200 403 200 200 200 200 404 404"),
    ("countUnread", /*                */ "401 401 200 200 200 403 200 200 200 200 200 200"),
    ("readMe", /*                     */ "401 401 200 200 200 403 200 200 200 200 200 200"),
    ("changeMe", /*                   */ "401 401 200 200 200 403 200 200 200 200 200 200"),
    ("readUser", /*                   */ "401 401 403 403 403 403 403 403 403 403 200 403"),
    ("changeUser", /*                 */ "401 401 403 403 403 403 403 403 403 403 200 403"),
    ("listBlocks", /*                 */ "401 401 200 200 200 403 200 200 200 200 200 200"),
    ("blockUser", /*                  */ "401 401 201 201 201 403 201 201 201 201 201 201"),
    ("unblockUser", /*                */ "401 401 204 204 204 403 204 204 204 204 204 204"),
    ("readPresence", /*               */ "401 401 200 200 200 403 200 200 200 200 200 200"),
    ("sync", /*                       */ "401 401 200 200 200 403 200 200 200 200 200 200"),
    ("beginUpload", /*                */ "401 401 201 201 201 403 201 201 201 201 201 201"),
    ("readAttachment", /*             */ "401 401 200 200 200 403 200 200 200 200 200 200"),
    ("listParts", /*                  */ "401 401 200 200 200 403 200 200 200 200 200 200"),
    ("signParts", /*                  */ "401 401 200 200 200 403 200 200 200 200 200 200"),
    ("completeUpload", /*             */ "401 401 200 200 200 403 200 200 200 200 200 200"),
    ("deleteAttachment", /*           */ "401 401 204 204 204 403 204 204 204 204 204 204"),
    ("listWebhooks", /*               */ "401 401 403 403 403 403 403 403 403 403 200 403"),
    ("createWebhook", /*              */ "401 401 403 403 403 403 403 403 403 403 201 403"),
    ("readWebhook", /*                */ "401 401 403 403 403 403 403 403 403 403 200 403"),
    ("changeWebhook", /*              */ "401 401 403 403 403 403 403 403 403 403 200 403"),
    ("deleteWebhook", /*              */ "401 401 403 403 403 403 403 403 403 403 204 403"),
];

/// The same for frames on `/ws/messaging/`: 200 is done; 401 and 403 are the handshake's where no socket opens.
const FRAMES: &[(&str, &str)] = &[
    //                                    no  bad str rem blo dea gue mem adm own ser Adm
    ("session.start", /*              */ "401 401 200 200 200 403 200 200 200 200 200 200"),
    ("ping", /*                       */ "401 401 200 200 200 403 200 200 200 200 200 200"),
    ("sync", /*                       */ "401 401 200 200 200 403 200 200 200 200 200 200"),
    ("message.send", /*               */ "401 401 404 404 200 403 200 200 200 200 404 404"),
    ("message.edit", /*               */ "401 401 404 404 200 403 200 200 200 200 403 403"),
    ("message.delete", /*             */ "401 401 404 404 403 403 403 403 200 200 200 200"),
    ("message.read", /*               */ "401 401 404 404 200 403 200 200 200 200 404 404"),
    ("typing.start", /*               */ "401 401 404 404 200 403 200 200 200 200 404 404"),
    ("typing.stop", /*                */ "401 401 404 404 200 403 200 200 200 200 404 404"),
    ("presence.set", /*               */ "401 401 200 200 200 403 200 200 200 200 200 200"),
    ("presence.watch", /*             */ "401 401 200 200 200 403 200 200 200 200 200 200"),
];

fn expected(table: &'static [(&str, &str)]) -> BTreeMap<&'static str, Vec<(Caller, u16)>> {
    let row = |outcomes: &str| -> Vec<(Caller, u16)> {
        let outcomes: Vec<u16> = outcomes.split(' ').map(|status| status.parse().unwrap()).collect();
        assert_eq!(outcomes.len(), Caller::ALL.len(), "one outcome for each caller");
        Caller::ALL.into_iter().zip(outcomes).collect()
    };
    let rows: BTreeMap<_, _> = table.iter().map(|(name, outcomes)| (*name, row(outcomes))).collect();
    assert_eq!(rows.len(), table.len(), "a row stands twice");
    rows
}

/// What an operation answers to a caller.
async fn asked(operation: &Operation, caller: Caller) -> u16 {
    let scene = Scene::of(Cloud::shared().await, caller).await;
    Call::of(operation, &scene).by(&scene.caller).await.status
}

/// What a frame comes to. One that is served without an answer is waited for only a while, unless it is `expected` to be refused.
async fn sent(frame: &ClientFrameSpec, caller: Caller, expected: u16) -> u16 {
    let scene = Scene::of(Cloud::shared().await, caller).await;
    let path = format!("/ws/messaging/?token={}", scene.caller.token);
    let mut socket = match scene.caller.handshake(&path).open().await {
        Ok(socket) => socket,
        Err(status) => return status,
    };
    let data = data(frame, &scene);
    let answer = if matches!(frame.answer, FrameAnswer::Nothing) {
        let a_while = Duration::from_millis(if expected < 400 { 300 } else { 10_000 });
        let id = socket.ask(frame.kind, &data).await;
        socket.answer_within(&id, a_while).await
    } else {
        Some(socket.request(frame.kind, &data).await)
    };
    match answer.and_then(|answer| answer["error"]["status"].as_u64()) {
        Some(status) => u16::try_from(status).unwrap(),
        None => 200,
    }
}

#[tokio::test]
async fn every_operation_serves_whom_it_should_and_nobody_else() {
    let rows = expected(OPERATIONS);
    let operations = operations();
    let named: BTreeSet<&str> = operations.iter().map(|operation| operation.name).collect();
    assert_eq!(named, rows.keys().copied().collect(), "each operation has its row");
    let mut wrong = Vec::new();
    for operation in &operations {
        for (caller, status) in &rows[operation.name] {
            let answered = asked(operation, *caller).await;
            if answered != *status {
                wrong.push(format!("{} by {caller:?}: {answered}, not {status}", operation.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn every_frame_serves_whom_it_should_and_nobody_else() {
    let rows = expected(FRAMES);
    let frames = client_frames();
    let named: BTreeSet<&str> = frames.iter().map(|frame| frame.kind).collect();
    assert_eq!(named, rows.keys().copied().collect(), "each frame has its row");
    let mut wrong = Vec::new();
    for frame in &frames {
        for (caller, status) in &rows[frame.kind] {
            let answered = sent(frame, *caller, *status).await;
            if answered != *status {
                wrong.push(format!("{} by {caller:?}: {answered}, not {status}", frame.kind));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
