//! One WebSocket: bytes in through tungstenite's protocol machine, frames out straight from whoever has one to send.
//!
//! A sender writes to the TCP stream itself and only what does not fit waits in a buffer, so that a delivery costs one
//! system call and no switch of tasks, and an idle socket owns no write buffer and a small read buffer.

use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocket, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

/// The read buffer of an idle socket; a larger frame gets a larger one for as long as it is being read.
const READ_BUFFER: usize = 512;
/// How long a peer has to answer a close frame.
const CLOSING: Duration = Duration::from_secs(2);

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It is with the kernel, or waits for it.
    Accepted,
    /// The client reads too slowly: too much waits already.
    Full,
    /// The socket has closed.
    Closed,
}

/// The kind of a data frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8.
    Text,
    /// Anything.
    Binary,
}

/// What a socket's owner reads.
#[derive(Debug)]
pub enum Incoming {
    /// A whole message.
    Text(Utf8Bytes),
    /// A whole message.
    Binary(bytes::Bytes),
    /// A ping or pong; answered already.
    Sign,
    /// Somebody called `wake`.
    Woken,
    /// The end.
    Closed(Ending),
}

/// How a socket ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The close code, 1006 where no close frame was seen.
    pub code: u16,
    /// The close frame's reason.
    pub reason: String,
}

/// The sending half of a socket, which exists before its stream does: what is sent until then waits.
#[derive(Debug)]
pub struct Socket {
    stream: OnceLock<TcpStream>,
    outbox: Mutex<Outbox>,
    wake: Notify,
    backlog_bytes: usize,
}

#[derive(Debug, Default)]
struct Outbox {
    waiting: Vec<u8>,
    is_closed: bool,
}

impl Socket {
    /// A socket that holds back at most `backlog_bytes` for a slow reader.
    pub fn new(backlog_bytes: usize) -> Arc<Self> {
        Arc::new(Self {
            stream: OnceLock::new(),
            outbox: Mutex::default(),
            wake: Notify::new(),
            backlog_bytes,
        })
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the owner's `next` return `Woken`.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Sends one message as one frame.
    pub fn send(&self, kind: Kind, payload: &[u8]) -> Sent {
        let (header, length) = frame_header(kind, payload.len());
        let header = header.get(..length).unwrap_or_default();
        let mut outbox = self.outbox();
        if outbox.is_closed {
            return Sent::Closed;
        }
        if !outbox.waiting.is_empty() && outbox.waiting.len() + payload.len() > self.backlog_bytes {
            return Sent::Full;
        }
        self.write(&mut outbox, header, payload);
        Sent::Accepted
    }

    /// Writes what the kernel takes and keeps the rest, so that frames are never torn.
    fn write(&self, outbox: &mut Outbox, header: &[u8], payload: &[u8]) {
        let mut written = 0;
        if let Some(stream) = self.stream.get()
            && outbox.waiting.is_empty()
        {
            let parts = [IoSlice::new(header), IoSlice::new(payload)];
            // What goes wrong here the reading side sees as well, and ends the socket.
            written = stream.try_write_vectored(&parts).unwrap_or(0);
        }
        if written < header.len() + payload.len() {
            outbox.waiting.extend_from_slice(header.get(written..).unwrap_or_default());
            let rest = written.saturating_sub(header.len());
            outbox.waiting.extend_from_slice(payload.get(rest..).unwrap_or_default());
            self.wake.notify_one();
        }
    }

    fn flush(&self) -> io::Result<()> {
        let mut outbox = self.outbox();
        let Some(stream) = self.stream.get() else { return Ok(()) };
        let mut written = 0;
        while let Some(rest) = outbox.waiting.get(written..).filter(|rest| !rest.is_empty()) {
            match stream.try_write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        outbox.waiting.drain(..written);
        if outbox.waiting.is_empty() {
            outbox.waiting = Vec::new();
        }
        Ok(())
    }

    fn has_waiting(&self) -> bool {
        !self.outbox().waiting.is_empty()
    }

    /// Accepts no more frames.
    pub fn close_outbox(&self) {
        let mut outbox = self.outbox();
        outbox.is_closed = true;
    }
}

/// A server's frame is never masked and here never fragmented.
fn frame_header(kind: Kind, length: usize) -> ([u8; 10], usize) {
    let mut header = [0; 10];
    let (first, rest) = header.split_at_mut(2);
    let opcode = if kind == Kind::Text { 0x81 } else { 0x82 };
    let (short, size) = match length {
        0..=125 => (u8::try_from(length).unwrap_or_default(), 2),
        126..=0xffff => {
            let bytes = u16::try_from(length).unwrap_or_default().to_be_bytes();
            rest.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
            (126, 4)
        }
        _ => {
            let bytes = (length as u64).to_be_bytes();
            rest.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
            (127, 10)
        }
    };
    first.copy_from_slice(&[opcode, short]);
    (header, size)
}

/// The receiving half of a socket, which one task owns.
pub struct Reader {
    protocol: WebSocket<Wire>,
    socket: Arc<Socket>,
}

/// What tungstenite reads from and answers pings and closes to.
struct Wire {
    socket: Arc<Socket>,
    /// What came behind the handshake in the same packet.
    early: bytes::Bytes,
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.early.is_empty() {
            let count = self.early.len().min(buffer.len());
            let early = self.early.split_to(count);
            buffer.iter_mut().zip(early).for_each(|(to, from)| *to = from);
            return Ok(count);
        }
        match self.socket.stream.get() {
            Some(stream) => stream.try_read(buffer),
            None => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut outbox = self.socket.outbox();
        self.socket.write(&mut outbox, bytes, &[]);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Reader {
    /// Joins a socket with its stream; `early` is what was read of it already.
    pub fn attach(
        socket: Arc<Socket>,
        stream: TcpStream,
        early: bytes::Bytes,
        frame_bytes: usize,
        message_bytes: usize,
    ) -> io::Result<Self> {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_frame_size(Some(frame_bytes))
            .max_message_size(Some(message_bytes));
        let outbox = socket.outbox();
        let fresh = socket.stream.set(stream).is_ok();
        drop(outbox);
        if !fresh {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        socket.flush()?;
        let wire = Wire { socket: Arc::clone(&socket), early };
        Ok(Self { protocol: WebSocket::from_raw_socket(wire, Role::Server, Some(config)), socket })
    }

    /// Waits for the next message, a call of `wake`, or the end; meanwhile writes what waits. Without `may_read` no
    /// message is taken from the client.
    pub async fn next(&mut self, may_read: bool) -> Incoming {
        loop {
            if !may_read {
                match self.wait(false).await {
                    Some(event) => return event,
                    None => continue,
                }
            }
            match self.protocol.read() {
                Ok(Message::Text(text)) => return Incoming::Text(text),
                Ok(Message::Binary(bytes)) => return Incoming::Binary(bytes),
                Ok(Message::Ping(_) | Message::Pong(_)) => return Incoming::Sign,
                Ok(Message::Close(frame)) => {
                    let ending = frame.map_or_else(
                        || Ending { code: 1005, reason: String::new() },
                        |frame| Ending { code: frame.code.into(), reason: frame.reason.to_string() },
                    );
                    self.socket.close_outbox();
                    // Lets tungstenite put its reply on the wire.
                    let _ended = self.protocol.flush();
                    Box::pin(self.finish()).await;
                    return Incoming::Closed(ending);
                }
                Ok(Message::Frame(_)) => {}
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    if let Some(event) = self.wait(true).await {
                        return event;
                    }
                }
                Err(error) => return Incoming::Closed(Box::pin(self.fail(&error)).await),
            }
        }
    }

    async fn wait(&self, may_read: bool) -> Option<Incoming> {
        let Some(stream) = self.socket.stream.get() else { return Some(lost()) };
        let interest = match (may_read, self.socket.has_waiting()) {
            (true, true) => Interest::READABLE | Interest::WRITABLE,
            (true, false) => Interest::READABLE,
            (false, true) => Interest::WRITABLE,
            (false, false) => Interest::ERROR,
        };
        tokio::select! {
            ready = stream.ready(interest) => match ready {
                Ok(ready) if ready.is_writable() && self.socket.flush().is_err() => Some(lost()),
                Ok(_) => None,
                Err(_) => Some(lost()),
            },
            () = self.socket.wake.notified() => {
                // A sender that could not write all wakes as well.
                if self.socket.flush().is_err() { Some(lost()) } else { Some(Incoming::Woken) }
            }
        }
    }

    async fn fail(&mut self, error: &Error) -> Ending {
        let (code, reason) = match error {
            Error::Capacity(_) => (CloseCode::Size, "Message too big"),
            Error::Utf8(_) => (CloseCode::Invalid, "Invalid UTF-8"),
            Error::Protocol(
                tokio_tungstenite::tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
            )
            | Error::Io(_)
            | Error::ConnectionClosed
            | Error::AlreadyClosed => {
                self.socket.close_outbox();
                return Ending { code: 1006, reason: String::new() };
            }
            _ => (CloseCode::Protocol, "Protocol error"),
        };
        self.close(code.into(), reason).await
    }

    /// Closes from this side: the close frame stands behind everything that was sent before it.
    pub async fn close(&mut self, code: u16, reason: &'static str) -> Ending {
        self.socket.close_outbox();
        let frame = CloseFrame { code: code.into(), reason: Utf8Bytes::from_static(reason) };
        // An error means that the stream has ended, which is what is wanted.
        let _ended = self.protocol.close(Some(frame));
        self.finish().await;
        Ending { code, reason: reason.to_owned() }
    }

    /// Writes the rest, ends our direction and waits a moment for the peer's, so that a reset does not overtake the close frame.
    async fn finish(&mut self) {
        self.socket.close_outbox();
        let Some(stream) = self.socket.stream.get() else { return };
        let farewell = async {
            while self.socket.has_waiting() {
                stream.writable().await?;
                self.socket.flush()?;
            }
            SockRef::from(stream).shutdown(Shutdown::Write)?;
            let mut rest = [0; 1_024];
            loop {
                stream.readable().await?;
                match stream.try_read(&mut rest) {
                    Ok(0) => return Ok::<_, io::Error>(()),
                    Ok(_) => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
            }
        };
        // A peer that does not end its side is left.
        let _left = tokio::time::timeout(CLOSING, farewell).await;
    }
}

fn lost() -> Incoming {
    Incoming::Closed(Ending { code: 1006, reason: String::new() })
}
