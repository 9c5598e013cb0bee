//! One connection's life on the libraries' own types, as one would write it by hand: what the
//! engine is measured against.
//!
//! It does what [`shakedown::pair::meet`] does on the wire, and nothing to explain a failure.

use std::io::{self, Read, Write};
use std::sync::Arc;

use openssl::error::ErrorStack;
use openssl::ssl::{ErrorCode, ShutdownState, Ssl, SslContext, SslStream};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, ServerConfig, ServerConnection};

/// What a client is made of.
pub enum Client {
    /// A configuration of rustls and the server's name.
    Rustls(Arc<ClientConfig>, ServerName<'static>),
    /// A context of OpenSSL's and the name for SNI.
    OpenSsl(SslContext, Option<String>),
}

/// What a server is made of.
pub enum Server {
    /// A configuration of rustls.
    Rustls(Arc<ServerConfig>),
    /// A context of OpenSSL's.
    OpenSsl(SslContext),
}

/// Makes both connections and drives them: the handshake, data both ways and back, keying material
/// on both sides, close_notify both ways.
///
/// # Errors
///
/// [`Broken`], if any of it goes wrong.
pub fn meet(client: &Client, server: &Server) -> Result<(), Broken> {
    match (client, server) {
        (Client::Rustls(config, name), Server::Rustls(server)) => {
            life(rustls_client(config, name)?, rustls_server(server)?)
        }
        (Client::Rustls(config, name), Server::OpenSsl(server)) => {
            life(rustls_client(config, name)?, openssl_server(server)?)
        }
        (Client::OpenSsl(context, sni), Server::Rustls(server)) => life(
            openssl_client(context, sni.as_deref())?,
            rustls_server(server)?,
        ),
        (Client::OpenSsl(context, sni), Server::OpenSsl(server)) => life(
            openssl_client(context, sni.as_deref())?,
            openssl_server(server)?,
        ),
    }
}

/// What went wrong; the engine tells it better.
#[derive(Debug)]
pub struct Broken(pub String);

impl From<rustls::Error> for Broken {
    fn from(error: rustls::Error) -> Self {
        Self(format!("{error:?}"))
    }
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self(format!("{error:?}"))
    }
}

impl From<openssl::ssl::Error> for Broken {
    fn from(error: openssl::ssl::Error) -> Self {
        Self(format!("{error:?}"))
    }
}

impl From<ErrorStack> for Broken {
    fn from(error: ErrorStack) -> Self {
        Self(format!("{error:?}"))
    }
}

fn life<C: Side, S: Side>(mut client: C, mut server: S) -> Result<(), Broken> {
    let mut wire = Vec::with_capacity(4096);
    let mut data = Vec::new();
    client.begin()?;
    while carry(&mut client, &mut server, &mut wire)? | carry(&mut server, &mut client, &mut wire)?
    {
    }
    require(client.is_done() && server.is_done(), "both are done")?;

    client.send(PING)?;
    carry(&mut client, &mut server, &mut wire)?;
    server.take(&mut data)?;
    require(data == PING, "the ping arrives")?;
    server.send(PING)?;
    server.send(PONG)?;
    carry(&mut server, &mut client, &mut wire)?;
    data.clear();
    client.take(&mut data)?;
    require(data == PING_PONG, "it comes back")?;
    client.send(PONG)?;
    carry(&mut client, &mut server, &mut wire)?;
    data.clear();
    server.take(&mut data)?;
    require(data == PONG, "the answer comes back")?;

    let mut material = [[0; 32]; 2];
    client.export(&mut material[0])?;
    server.export(&mut material[1])?;
    require(material[0] == material[1], "the same keying material")?;

    client.close()?;
    carry(&mut client, &mut server, &mut wire)?;
    server.close()?;
    carry(&mut server, &mut client, &mut wire)?;
    require(client.is_closed() && server.is_closed(), "both are closed")
}

fn carry(from: &mut impl Side, to: &mut impl Side, wire: &mut Vec<u8>) -> Result<bool, Broken> {
    wire.clear();
    from.transmit(wire)?;
    if wire.is_empty() {
        return Ok(false);
    }
    to.receive(wire)?;
    Ok(true)
}

fn require(held: bool, what: &str) -> Result<(), Broken> {
    if held {
        Ok(())
    } else {
        Err(Broken(format!("not so: {what}")))
    }
}

/// The few calls, so that the sequence above stands once; the compiler makes each pairing its own
/// copy.
trait Side {
    fn begin(&mut self) -> Result<(), Broken>;
    fn transmit(&mut self, wire: &mut Vec<u8>) -> Result<(), Broken>;
    fn receive(&mut self, wire: &[u8]) -> Result<(), Broken>;
    fn is_done(&self) -> bool;
    fn send(&mut self, data: &[u8]) -> Result<(), Broken>;
    fn take(&mut self, data: &mut Vec<u8>) -> Result<(), Broken>;
    fn export(&mut self, material: &mut [u8]) -> Result<(), Broken>;
    fn close(&mut self) -> Result<(), Broken>;
    fn is_closed(&mut self) -> bool;
}

impl Side for rustls::Connection {
    fn begin(&mut self) -> Result<(), Broken> {
        Ok(())
    }

    fn transmit(&mut self, wire: &mut Vec<u8>) -> Result<(), Broken> {
        while self.wants_write() {
            self.write_tls(wire)?;
        }
        Ok(())
    }

    fn receive(&mut self, mut wire: &[u8]) -> Result<(), Broken> {
        while !wire.is_empty() {
            self.read_tls(&mut wire)?;
            self.process_new_packets()?;
        }
        Ok(())
    }

    fn is_done(&self) -> bool {
        !self.is_handshaking()
    }

    fn send(&mut self, data: &[u8]) -> Result<(), Broken> {
        Ok(self.writer().write_all(data)?)
    }

    fn take(&mut self, data: &mut Vec<u8>) -> Result<(), Broken> {
        match self.reader().read_to_end(data) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            result => Ok(result.map(drop)?),
        }
    }

    fn export(&mut self, material: &mut [u8]) -> Result<(), Broken> {
        match self {
            Self::Client(client) => {
                client.export_keying_material(material, LABEL, Some(CONTEXT))?;
            }
            Self::Server(server) => {
                server.export_keying_material(material, LABEL, Some(CONTEXT))?;
            }
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), Broken> {
        self.send_close_notify();
        Ok(())
    }

    fn is_closed(&mut self) -> bool {
        self.process_new_packets()
            .is_ok_and(|state| state.peer_has_closed())
    }
}

/// OpenSSL reads and writes by itself, wherever it is called, so that what it has read is kept.
struct OpenSsl {
    stream: SslStream<Buffers>,
    received: Vec<u8>,
    done: bool,
}

impl OpenSsl {
    fn new(ssl: Ssl) -> Result<Self, Broken> {
        Ok(Self {
            stream: SslStream::new(ssl, Buffers::default())?,
            received: Vec::new(),
            done: false,
        })
    }

    fn go_on(&mut self) -> Result<(), Broken> {
        if !self.done {
            match self.stream.do_handshake() {
                Ok(()) => self.done = true,
                Err(error) if error.code() == ErrorCode::WANT_READ => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        let mut buffer = [0; 4096];
        loop {
            match self.stream.ssl_read(&mut buffer) {
                Ok(length) => self.received.extend_from_slice(&buffer[..length]),
                Err(error) => match error.code() {
                    ErrorCode::WANT_READ | ErrorCode::ZERO_RETURN => return Ok(()),
                    _ => return Err(error.into()),
                },
            }
        }
    }
}

impl Side for OpenSsl {
    fn begin(&mut self) -> Result<(), Broken> {
        self.go_on()
    }

    fn transmit(&mut self, wire: &mut Vec<u8>) -> Result<(), Broken> {
        wire.append(&mut self.stream.get_mut().outgoing);
        Ok(())
    }

    fn receive(&mut self, wire: &[u8]) -> Result<(), Broken> {
        let buffers = self.stream.get_mut();
        buffers.incoming.clear();
        buffers.read = 0;
        buffers.incoming.extend_from_slice(wire);
        self.go_on()
    }

    fn is_done(&self) -> bool {
        self.done
    }

    fn send(&mut self, data: &[u8]) -> Result<(), Broken> {
        self.stream.ssl_write(data)?;
        Ok(())
    }

    fn take(&mut self, data: &mut Vec<u8>) -> Result<(), Broken> {
        data.append(&mut self.received);
        Ok(())
    }

    fn export(&mut self, material: &mut [u8]) -> Result<(), Broken> {
        self.stream
            .ssl()
            .export_keying_material(material, LABEL_TEXT, Some(CONTEXT))?;
        Ok(())
    }

    fn close(&mut self) -> Result<(), Broken> {
        self.stream.shutdown()?;
        Ok(())
    }

    fn is_closed(&mut self) -> bool {
        self.stream.get_shutdown().contains(ShutdownState::RECEIVED)
    }
}

fn rustls_client(
    config: &Arc<ClientConfig>,
    name: &ServerName<'static>,
) -> Result<rustls::Connection, Broken> {
    Ok(ClientConnection::new(config.clone(), name.clone())?.into())
}

fn rustls_server(config: &Arc<ServerConfig>) -> Result<rustls::Connection, Broken> {
    Ok(ServerConnection::new(config.clone())?.into())
}

fn openssl_client(context: &SslContext, sni: Option<&str>) -> Result<OpenSsl, Broken> {
    let mut ssl = Ssl::new(context)?;
    ssl.set_connect_state();
    if let Some(name) = sni {
        ssl.set_hostname(name)?;
    }
    OpenSsl::new(ssl)
}

fn openssl_server(context: &SslContext) -> Result<OpenSsl, Broken> {
    let mut ssl = Ssl::new(context)?;
    ssl.set_accept_state();
    OpenSsl::new(ssl)
}

#[derive(Debug, Default)]
struct Buffers {
    incoming: Vec<u8>,
    read: usize,
    outgoing: Vec<u8>,
}

impl Read for Buffers {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = &self.incoming[self.read..];
        if rest.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.read += length;
        Ok(length)
    }
}

impl Write for Buffers {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.outgoing.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

// What the pair sends and derives, in length and number; the words do not matter.
const PING: &[u8] = b"by hand: the client says this";
const PONG: &[u8] = b"by hand: the server answers it";
const PING_PONG: &[u8] = b"by hand: the client says thisby hand: the server answers it";
const LABEL_TEXT: &str = "EXPERIMENTAL shakedown";
const LABEL: &[u8] = LABEL_TEXT.as_bytes();
const CONTEXT: &[u8] = b"pair";
