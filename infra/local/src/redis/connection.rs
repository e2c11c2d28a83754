//! One connection: requests in, replies and messages out, and the seam at which faults strike.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::Shared;
use super::channels::{self, Inbox};
use super::reply::{Protocol, Reply};
use super::request;
use super::session::{self, Session};
use crate::faults::FaultName;

/// Replies gathered before they are sent, so that a long pipeline is answered in pieces.
const FLUSH_BYTES: usize = 64 * 1024;

/// Serves a client until it goes, is cut, or the life of the server ends.
pub(super) async fn serve(stream: TcpStream, id: u64, shared: Arc<Shared>, cut: CancellationToken) {
    let (listener, inbox) = channels::listener(id, cut.clone());
    let session = Session::new(shared.clone(), id, listener);
    tokio::select! {
        () = cut.cancelled() => {}
        ended = converse(stream, shared, session, inbox) => if let Err(error) = ended {
            tracing::debug!(%error, connection = id, "a connection of Redis ended early");
        },
    }
}

async fn converse(
    mut stream: TcpStream,
    shared: Arc<Shared>,
    mut session: Session,
    mut inbox: Inbox,
) -> std::io::Result<()> {
    let mut input = BytesMut::with_capacity(4 * 1024);
    let mut output = BytesMut::with_capacity(4 * 1024);
    loop {
        tokio::select! {
            read = stream.read_buf(&mut input) => {
                if read? == 0 {
                    return Ok(());
                }
                shared.usage.redis_round_trip();
                loop {
                    match request::take(&mut input) {
                        Ok(None) => break,
                        Ok(Some(words)) if words.is_empty() => {}
                        Ok(Some(words)) => {
                            if before(&shared, &words, session.protocol(), &mut output).await? {
                                let protocol = session.protocol();
                                let replies = session.run(&words);
                                // A client that asks for another protocol is answered in it.
                                let protocol = if words.first().is_some_and(is_hello) { session.protocol() } else { protocol };
                                for reply in replies {
                                    reply.encode(protocol, &mut output);
                                }
                            }
                            if session.ended() {
                                return stream.write_all(&output).await;
                            }
                        }
                        Err(unreadable) => {
                            let reply = Reply::Error(format!("ERR Protocol error: {}", unreadable.0));
                            reply.encode(session.protocol(), &mut output);
                            return stream.write_all(&output).await;
                        }
                    }
                    if output.len() >= FLUSH_BYTES {
                        stream.write_all_buf(&mut output).await?;
                    }
                }
            }
            message = inbox.next() => {
                let mut message = message;
                while let Some(told) = message {
                    if let Some(reply) = session.tell(told) {
                        reply.encode(session.protocol(), &mut output);
                    }
                    message = if output.len() < FLUSH_BYTES { inbox.try_next() } else { None };
                }
            }
        }
        stream.write_all_buf(&mut output).await?;
    }
}

fn is_hello(name: &Bytes) -> bool {
    name.eq_ignore_ascii_case(b"hello")
}

/// What stands in the way of a request; says whether it is to run.
async fn before(
    shared: &Shared,
    words: &[Bytes],
    protocol: Protocol,
    output: &mut BytesMut,
) -> std::io::Result<bool> {
    let faults = &shared.faults;
    if faults.hit(FaultName::RedisHang).is_some() {
        std::future::pending::<()>().await;
    }
    if faults.hit(FaultName::RedisReset).is_some() {
        return Err(std::io::ErrorKind::ConnectionReset.into());
    }
    if faults.hit(FaultName::RedisEmpty).is_some() {
        shared.keyspace().clear();
    }
    if session::writes(words) && faults.hit(FaultName::RedisReadonly).is_some() {
        let reply = Reply::Error("READONLY You can't write against a read only replica.".into());
        reply.encode(protocol, output);
        return Ok(false);
    }
    Ok(true)
}
