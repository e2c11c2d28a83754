//! A house in which files are uploaded, scanned and sent.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;

use parlance_application::{
    attachments::{
        arrive::ReceiveAttachment,
        inspect::InspectFile,
        judge::{Finding, JudgeAttachment, JudgePorts, ScanResult},
        look_after::LookAfterAttachment,
        remove::RemoveObjects,
        show::ShowAttachment,
        warn::WarnUploader,
    },
    limits::admission::Admission,
    messages::send::{Draft, SendMessageError, Sent},
    ports::{
        PortError,
        attachments::{AttachmentRepository, ObjectStore, Presentation},
        connections::ConnectionDirectory,
        environment::{Clock, Random},
        inspection::{Inspected, Inspector, UninspectedFile},
        log::MessageLog,
    },
};
use parlance_domain::{
    attachment::{
        Attachment, ContentType, FileDescription, FileName, FileSize, ObjectArea, Stage as FileStage, Upload,
        UploadMethod,
    },
    connection::{Connection, SocketScope},
    conversation::History,
    event::EventEncoder,
    ids::{AttachmentId, ClientMessageId, ConnectionId, ConversationId, MessageId},
    log::EntryBody,
    message::{Message, MessageBody, MessageContent, MessageKind},
};
use parlance_protocol::json_events::JsonEvents;
use parlance_testkit::{
    contracts::inspection::PICTURE,
    memory::{
        attachments::MemoryErrands, environment::SeededRandom, gate::Gate, inspection::MemoryExaminer,
        objects::MemoryObjects,
    },
    scene::{Scene, user},
    simulation::stage::Stage,
};

/// Everything that a file meets.
pub struct House {
    pub stage: Stage,
    pub clock: parlance_testkit::memory::environment::ManualClock,
    pub objects: MemoryObjects,
    pub errands: MemoryErrands,
    pub receive: ReceiveAttachment,
    pub judge: JudgeAttachment,
    pub look_after: LookAfterAttachment,
    pub remove: RemoveObjects,
    /// Whether whoever looks into files dies of it.
    pub is_deadly: Arc<AtomicBool>,
    pub group: ConversationId,
    random: SeededRandom,
}

impl House {
    /// A group of alice, who uploads, and bob, with a socket each.
    pub async fn build() -> Self {
        Self::behind(Arc::new(parlance_testkit::memory::gate::OpenGate)).await
    }

    pub async fn behind(gate: Arc<dyn Gate>) -> Self {
        let scene = Scene::default();
        let clock = scene.clock.clone();
        let random = SeededRandom::new(7);
        let encoder: Arc<dyn EventEncoder> = Arc::new(JsonEvents);
        let (time, luck): (Arc<dyn Clock>, Arc<dyn Random>) =
            (Arc::new(clock.clone()), Arc::new(random.clone()));
        let stage = Stage::new(
            gate,
            &time,
            &luck,
            parlance_application::safeguards::Safeguards::ALL,
            parlance_application::log::append::VERIFIED_WINDOW,
        )
        .spelling(&encoder, &time, &luck);
        let scene = Scene { cloud: stage.cloud.clone(), redis: stage.redis.clone(), clock: clock.clone() };
        let group = scene.conversation(1, History::All, &["alice", "bob"]).await;
        for name in ["alice", "bob"] {
            let socket = Connection {
                id: ConnectionId::parse(name).unwrap(),
                user: user(name),
                scope: SocketScope::Messaging,
                expires_at: clock.now().plus(Duration::from_hours(100)),
                opened_at: clock.now(),
            };
            stage.connections.register(&socket, clock.now()).await.unwrap();
        }
        let rows: Arc<dyn AttachmentRepository> = Arc::new(stage.cloud.clone());
        let (objects, errands) = (MemoryObjects::default(), MemoryErrands::default());
        let bucket: Arc<dyn ObjectStore> = Arc::new(objects.clone());
        let timer = Arc::new(errands.clone());
        let log = Arc::new(stage.cloud.clone());
        let show = ShowAttachment::new(stage.change.clone(), log, rows.clone(), encoder.clone());
        let receive =
            ReceiveAttachment::new(rows.clone(), bucket.clone(), timer.clone(), show.clone(), time.clone());
        let warn = WarnUploader::new(
            Arc::new(stage.connections.clone()),
            stage.broadcaster.clone(),
            encoder,
            time.clone(),
        );
        let is_deadly = Arc::new(AtomicBool::new(false));
        let inspect = InspectFile::new(bucket.clone(), Arc::new(MemoryExaminer));
        let inspector = MortalInspector { inspect, is_deadly: is_deadly.clone() };
        Self {
            judge: JudgeAttachment::new(JudgePorts {
                attachments: rows.clone(),
                objects: bucket.clone(),
                receive: receive.clone(),
                inspector: Arc::new(inspector),
                show: show.clone(),
                warn,
                clock: time.clone(),
            }),
            look_after: LookAfterAttachment::new(rows, bucket.clone(), receive.clone(), timer, show, time),
            remove: RemoveObjects::new(bucket),
            is_deadly,
            receive,
            stage,
            clock,
            objects,
            errands,
            group,
            random,
        }
    }

    /// Somebody begins an upload of the picture.
    pub async fn begin(&self, who: &str) -> AttachmentId {
        self.begin_as(who, "image/png").await
    }

    pub async fn begin_as(&self, who: &str, content_type: &str) -> AttachmentId {
        self.announce(who, content_type, PICTURE.len()).await
    }

    async fn announce(&self, who: &str, content_type: &str, bytes: usize) -> AttachmentId {
        let file = FileDescription {
            name: FileName::parse("cat.png").unwrap(),
            content_type: ContentType::parse(content_type).unwrap(),
            size: FileSize::new(bytes as u64).unwrap(),
            sha256: None,
        };
        let now = self.clock.now();
        let upload = Upload { method: UploadMethod::Form, until: now.plus(Upload::WHOLE_WITHIN) };
        let id = AttachmentId::from_bytes(self.random.bytes());
        let begun = Attachment::begun(id, user(who), file, upload, now);
        AttachmentRepository::create(&self.stage.cloud, &begun).await.unwrap();
        id
    }

    /// The bytes come to lie in the store.
    pub async fn put(&self, id: AttachmentId, bytes: &[u8]) {
        let key = parlance_domain::attachment::ObjectKey { area: ObjectArea::Quarantine, id };
        let content_type = self.row(id).await.map_or_else(ContentType::neutral, |row| row.file.content_type);
        let presented = Presentation { content_type, disposition: None };
        self.objects.put(&key, bytes.to_vec(), &presented).await.unwrap();
    }

    /// The upload is whole, and its event has come.
    pub async fn uploaded(&self, who: &str) -> AttachmentId {
        let id = self.begin(who).await;
        self.put(id, PICTURE).await;
        self.receive.execute(id).await.unwrap();
        id
    }

    /// These bytes are uploaded, and no scanner finds anything in them.
    pub async fn passes_scan(&self, who: &str, content_type: &str, bytes: &[u8]) -> AttachmentId {
        let id = self.announce(who, content_type, bytes.len()).await;
        self.put(id, bytes).await;
        self.receive.execute(id).await.unwrap();
        self.scanned(id, Finding::NoThreats).await;
        id
    }

    /// A scan of what lies there ends.
    pub async fn scanned(&self, id: AttachmentId, finding: Finding) {
        let result = self.result(id, finding).await;
        self.judge.execute(&result).await.unwrap();
    }

    /// What a scan of what lies there says.
    pub async fn result(&self, id: AttachmentId, finding: Finding) -> ScanResult {
        let key = parlance_domain::attachment::ObjectKey { area: ObjectArea::Quarantine, id };
        let object = self.objects.head(&key).await.unwrap().unwrap();
        ScanResult { id, tag: object.tag, finding }
    }

    pub async fn row(&self, id: AttachmentId) -> Option<Attachment> {
        AttachmentRepository::find(&self.stage.cloud, id).await.unwrap()
    }

    /// The name of its state.
    pub async fn state(&self, id: AttachmentId) -> &'static str {
        self.row(id).await.unwrap().state.as_str()
    }

    /// In which areas something lies.
    pub fn lies_in(&self, id: AttachmentId) -> Vec<ObjectArea> {
        let lies = |area: &ObjectArea| {
            self.objects.object(&parlance_domain::attachment::ObjectKey { area: *area, id }).is_some()
        };
        ObjectArea::ALL.into_iter().filter(lies).collect()
    }

    /// A message with these files.
    pub fn draft(&self, who: &str, client_id: &str, files: &[AttachmentId]) -> Draft {
        Draft {
            conversation: self.group,
            sender: user(who),
            client_id: Some(ClientMessageId::parse(client_id).unwrap()),
            after: Some(1),
            body: MessageBody {
                kind: MessageKind::Text,
                content: MessageContent::parse("", !files.is_empty()).unwrap_or_default(),
                attachments: files.to_vec(),
                ..MessageBody::default()
            },
            from: None,
            admission: Admission::free(),
        }
    }

    pub async fn send(
        &self,
        who: &str,
        client_id: &str,
        files: &[AttachmentId],
    ) -> Result<Sent, SendMessageError> {
        self.stage.send.execute(self.draft(who, client_id, files)).await
    }

    /// A message as it stands.
    pub async fn message(&self, id: MessageId) -> Message {
        let entries = self.stage.cloud.entries_at(id.conversation, &[id.seq]).await.unwrap();
        let EntryBody::MessageSent(message) = &entries[0].body else { panic!("it is a message") };
        message.clone()
    }

    /// How the files of a message are shown.
    pub async fn shown(&self, id: MessageId) -> Vec<FileStage> {
        self.message(id).await.files.iter().map(|file| file.stage).collect()
    }

    /// How many entries the log has.
    pub async fn entries(&self) -> u64 {
        self.stage.cloud.tail(self.group).await.unwrap().unwrap().seq.get()
    }

    /// What a socket was told, as text.
    pub fn told(&self, who: &str) -> Vec<String> {
        let id = ConnectionId::parse(who).unwrap();
        let deliveries = self.stage.gateway.deliveries();
        let of_him = deliveries.iter().filter(|(to, _)| *to == id);
        of_him.map(|(_, frame)| String::from_utf8(frame.clone()).unwrap()).collect()
    }
}

/// Looks into files, and may not survive it.
struct MortalInspector {
    inspect: InspectFile,
    is_deadly: Arc<AtomicBool>,
}

#[async_trait]
impl Inspector for MortalInspector {
    async fn inspect(&self, file: &UninspectedFile) -> Result<Inspected, PortError> {
        if self.is_deadly.load(Ordering::Relaxed) {
            return Ok(Inspected::Unfinished);
        }
        self.inspect.inspect(file).await
    }
}

/// What a scanner says of a file that is no good.
pub fn threats() -> Finding {
    Finding::Threats(vec!["Eicar-Test-Signature".to_owned()])
}
