//! One live end of a handshake.

use std::io::{self, Read, Write};
use std::sync::Arc;

use openssl::error::ErrorStack;
use openssl::ssl::{Error, ErrorCode, Ssl, SslStream};

use super::{error, ffi, resume, session, trace};
use crate::connection::{Connection, Failure, Memory, PostHandshake, Role, Session};
use crate::iana::AlertDescription;
use crate::identity::Identities;

pub(super) struct OpenSslConnection {
    stream: SslStream<Pipe>,
    role: Role,
    identities: Arc<Identities>,
    /// Where a client leaves its session.
    memory: Option<Arc<Memory>>,
    received: Vec<u8>,
    heard: bool,
    established: bool,
    peer_closed: bool,
    failure: Option<Failure>,
}

impl OpenSslConnection {
    pub(super) fn new(
        ssl: Ssl,
        role: Role,
        identities: Arc<Identities>,
        memory: Option<Arc<Memory>>,
    ) -> Result<Self, ErrorStack> {
        Ok(Self {
            stream: SslStream::new(ssl, Pipe::default())?,
            role,
            identities,
            memory,
            received: Vec::new(),
            heard: false,
            established: false,
            peer_closed: false,
            failure: None,
        })
    }

    /// Goes on until OpenSSL wants more input, has failed, or has heard close_notify.
    ///
    /// Once the handshake is done it reads on, so that alerts and tickets are heard too: a server
    /// refuses a client's certificate in TLS 1.3 only after the client is done.
    fn drive(&mut self) {
        if self.is_over() {
            return;
        }
        if !self.established {
            forget_errors();
            match self.stream.do_handshake() {
                Ok(()) => self.established = true,
                Err(error) => return self.stop(&error),
            }
        }
        let mut buffer = [0; 4096];
        loop {
            forget_errors();
            match self.stream.ssl_read(&mut buffer) {
                Ok(0) => return,
                Ok(length) => self.received.extend_from_slice(&buffer[..length]),
                Err(error) => return self.stop(&error),
            }
        }
    }

    /// Whether nothing that comes in matters any more.
    fn is_over(&self) -> bool {
        self.failure.is_some() || self.peer_closed
    }

    fn stop(&mut self, error: &Error) {
        match error.code() {
            ErrorCode::WANT_READ | ErrorCode::WANT_WRITE => {}
            ErrorCode::ZERO_RETURN if self.established => self.peer_closed = true,
            _ => self.failure = Some(error::connection(error, self.stream.ssl(), self.heard)),
        }
    }
}

impl Connection for OpenSslConnection {
    fn receive(&mut self, bytes: &[u8]) {
        if self.is_over() {
            return;
        }
        self.heard |= !bytes.is_empty();
        self.stream.get_mut().feed(bytes);
        self.drive();
    }

    fn receive_end(&mut self) {
        self.stream.get_mut().ended = true;
        self.drive();
    }

    fn advance(&mut self) {
        self.drive();
    }

    fn transmit(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.stream.get_mut().outgoing);
    }

    fn is_established(&self) -> bool {
        self.established
    }

    fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    fn send(&mut self, data: &[u8]) {
        // OpenSSL has no word for an empty write, and writes nothing before the handshake is done.
        if self.failure.is_some() || !self.established || data.is_empty() {
            return;
        }
        forget_errors();
        if let Err(error) = self.stream.ssl_write(data) {
            self.stop(&error);
        }
    }

    fn take_received(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.received);
    }

    fn close(&mut self) {
        if self.failure.is_some() || !self.established {
            return;
        }
        // The pair has moved until nothing moved: the server's tickets have been read.
        if let Some(memory) = &self.memory {
            resume::keep(self.stream.ssl(), memory);
        }
        forget_errors();
        if let Err(error) = self.stream.shutdown() {
            self.stop(&error);
        }
    }

    fn is_peer_closed(&self) -> bool {
        self.peer_closed
    }

    fn export(&mut self, label: &[u8], context: &[u8], out: &mut [u8]) -> Result<(), Failure> {
        let label = std::str::from_utf8(label).map_err(|_| error::label_is_not_text())?;
        forget_errors();
        self.stream
            .ssl()
            .export_keying_material(out, label, Some(context))
            .map_err(|errors| error::library(&errors))
    }

    fn post_handshake(&mut self, what: PostHandshake) -> Result<(), Failure> {
        if self.is_over() || !self.established {
            return Err(what.refused());
        }
        forget_errors();
        ffi::post_handshake(&mut self.stream, what).map_err(|errors| {
            if errors.errors().is_empty() {
                what.refused()
            } else {
                error::library(&errors)
            }
        })?;
        if let Err(error) = self.stream.do_handshake() {
            self.stop(&error);
        }
        Ok(())
    }

    fn session(&self) -> Session {
        session::read(self.stream.ssl(), self.role, &self.identities)
    }

    fn alerts_sent(&self) -> Vec<AlertDescription> {
        trace::seen(self.stream.ssl())
            .map(|seen| seen.alerts_sent.clone())
            .unwrap_or_default()
    }

    fn alerts_received(&self) -> Vec<AlertDescription> {
        trace::seen(self.stream.ssl())
            .map(|seen| seen.alerts_received.clone())
            .unwrap_or_default()
    }
}

/// What an earlier call left behind on this thread would be taken for this one's.
fn forget_errors() {
    drop(ErrorStack::get());
}

/// A link in memory: what came in and is not read yet, and what is to go out.
#[derive(Debug, Default)]
struct Pipe {
    incoming: Vec<u8>,
    read: usize,
    ended: bool,
    outgoing: Vec<u8>,
}

impl Pipe {
    fn feed(&mut self, bytes: &[u8]) {
        if self.read == self.incoming.len() {
            self.incoming.clear();
            self.read = 0;
        }
        self.incoming.extend_from_slice(bytes);
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = &self.incoming[self.read..];
        if rest.is_empty() && !self.ended {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.read += length;
        Ok(length)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.outgoing.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
