//! `parlance chat NAME --with OTHER`: a small terminal chat over the real socket; with piped input it sends each line and ends.

mod screen;

use std::io::{BufRead as _, stdin};

use clap::Args;
use futures::FutureExt as _;
use parlance_client::{
    Client, ClientEvent, ConnectError, Draft, EventData, Events, Options, TokenError, ids::ConversationId,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::signal::ctrl_c;
use tokio::sync::mpsc;

use self::screen::Screen;
use super::{Outcome, Storage, token};
use crate::tokens;

/// How much of the past is shown at the start.
const HISTORY: u64 = 20;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Who is writing.
    name: String,
    /// Who is written to.
    #[arg(long = "with", value_name = "OTHER")]
    other: String,
    /// Where the system is.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    /// Uses this token; without it one is made with the data directory's secret, or `JWT_SECRET`.
    #[arg(long, value_name = "JWT")]
    token: Option<String>,
    #[command(flatten)]
    storage: Storage,
}

pub(super) async fn run(arguments: Arguments) -> Outcome {
    let (client, events) = connect(&arguments)?;
    let conversation = client.create_direct(&arguments.other).await?.id;
    let mut chat = Chat { name: arguments.name, screen: Screen::open(), conversation, shown: 0 };
    let page = client.history(conversation, None, HISTORY).await?;
    for message in page.items.iter().rev() {
        chat.show(message.seq, EventData::MessageCreated(Box::new(message.clone())));
    }
    chat.screen.note(&format!("{} and {}; /quit ends", chat.name, arguments.other));
    chat.run(client, events).await;
    Ok(())
}

/// Connects with an outbox that outlives the terminal, unless another terminal of the same name has it.
fn connect(arguments: &Arguments) -> Result<(Client, Events), Box<dyn std::error::Error + Send + Sync>> {
    let folder = &arguments.storage.data_dir;
    // A data directory that cannot be made is told by the outbox.
    let _ = std::fs::create_dir_all(folder);
    let whose = format!("{}@{}", arguments.name, arguments.url);
    let file = folder.join(format!("outbox-{}.jsonl", utf8_percent_encode(&whose, NON_ALPHANUMERIC)));
    match Client::connect(options(arguments)?.with_outbox(file)) {
        Err(ConnectError::Outbox { .. }) => Ok(Client::connect(options(arguments)?)?),
        outcome => Ok(outcome?),
    }
}

fn options(arguments: &Arguments) -> Result<Options, Box<dyn std::error::Error + Send + Sync>> {
    if let Some(token) = &arguments.token {
        return Ok(Options::new(&arguments.url, token));
    }
    let secret = token::secret(&arguments.storage)?;
    let name = arguments.name.clone();
    Ok(Options::with_tokens(&arguments.url, move || {
        let token = tokens::issue(&secret, &name, "1h", &[]);
        async move { token.map_err(|error| TokenError(error.to_string())) }
    }))
}

struct Chat {
    name: String,
    screen: Screen,
    conversation: ConversationId,
    /// The last entry that is on the screen.
    shown: u64,
}

impl Chat {
    async fn run(&mut self, client: Client, mut events: Events) {
        let mut lines = lines();
        let (outgoing, mut sending) = send_in_order(client, self.conversation);
        loop {
            tokio::select! {
                line = lines.recv() => match line {
                    Some(line) if line.trim() == "/quit" => break,
                    Some(line) => {
                        self.screen.entered();
                        if !line.trim().is_empty() {
                            // The other end lives as long as this one.
                            let _ = outgoing.send(line);
                        }
                    }
                    None => break,
                },
                Some(problem) = sending.recv() => self.screen.note(&format!("not sent: {problem}")),
                event = events.next() => match event {
                    Some(event) => self.take(event),
                    None => break,
                },
                _ = ctrl_c() => return,
            }
        }
        drop(outgoing);
        loop {
            tokio::select! {
                biased;
                Some(event) = events.next() => self.take(event),
                problem = sending.recv() => match problem {
                    Some(problem) => self.screen.note(&format!("not sent: {problem}")),
                    None => break,
                },
                _ = ctrl_c() => return,
            }
        }
        while let Some(Some(event)) = events.next().now_or_never() {
            self.take(event);
        }
        self.screen.close();
    }

    fn take(&mut self, event: ClientEvent) {
        match event {
            ClientEvent::Event(event) if event.conversation_id == Some(self.conversation) => {
                self.show(event.seq.unwrap_or_default(), event.data());
            }
            ClientEvent::Connected => self.screen.note("connected"),
            ClientEvent::Disconnected { reason } => self.screen.note(&format!("not connected: {reason}")),
            ClientEvent::Unsent { message, error } => {
                self.screen.note(&format!("not sent: {:?}: {error}", message.draft.content));
            }
            ClientEvent::Closed { reason } => self.screen.note(&format!("closed: {reason}")),
            _ => {}
        }
    }

    /// Shows an entry, unless it stood in the history already.
    fn show(&mut self, seq: u64, data: EventData) {
        if seq <= self.shown {
            return;
        }
        self.shown = seq;
        match data {
            EventData::MessageCreated(message) if message.deleted => self.screen.note("a deleted message"),
            EventData::MessageCreated(message) => {
                self.screen.message(message.created_at, message.sender_id.as_str(), &message.content);
            }
            EventData::MessageUpdated(message) => {
                let text = format!("{} (edited)", message.content);
                self.screen.message(message.created_at, message.sender_id.as_str(), &text);
            }
            EventData::MessageDeleted(message) => {
                self.screen.note(&format!("{} deleted a message", message.sender_id));
            }
            _ => {}
        }
    }
}

/// Sends what is written, one after the other; the second channel tells what could not be sent, and ends when everything is done.
fn send_in_order(
    client: Client,
    conversation: ConversationId,
) -> (mpsc::UnboundedSender<String>, mpsc::UnboundedReceiver<String>) {
    let (outgoing, mut written) = mpsc::unbounded_channel::<String>();
    let (problems, sending) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(line) = written.recv().await {
            if let Err(error) = client.send(conversation, Draft::text(line)).await {
                let _ = problems.send(error.to_string());
            }
        }
    });
    (outgoing, sending)
}

/// The lines of the standard input. They are read by a thread of their own, because such a read cannot be given up.
fn lines() -> mpsc::UnboundedReceiver<String> {
    let (sender, lines) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in stdin().lock().lines() {
            let Ok(line) = line else { break };
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    lines
}
