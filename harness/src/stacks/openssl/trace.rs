//! What a connection's messages tell: alerts, and whether there was a HelloRetryRequest.

use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use openssl::ex_data::Index;
use openssl::ssl::{Ssl, SslRef};

use super::ffi;
use crate::iana::{AlertDescription, ContentType, HandshakeType, ProtocolVersion};
use crate::wire::HELLO_RETRY_REQUEST_RANDOM;

/// What has been seen so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) alerts_sent: Vec<AlertDescription>,
    pub(super) alerts_received: Vec<AlertDescription>,
    pub(super) hello_retry_request: bool,
    /// Whether a ServerHello has gone by: OpenSSL has a version from its highest on, but goes by the
    /// rules of one only then (ssl/ssl_local.h, `SSL_CONNECTION_IS_TLS13`).
    settled: bool,
}

/// A connection's note of its messages, kept with it.
#[derive(Debug, Default)]
pub(super) struct Trace(Mutex<Seen>);

/// Gives a connection its trace, and has it told of every message.
pub(super) fn attach(ssl: &mut Ssl) {
    ssl.set_ex_data(*TRACE, Trace::default());
    ffi::trace_messages(ssl);
}

/// What a connection has seen; `None` where it has no trace.
pub(super) fn seen(ssl: &SslRef) -> Option<MutexGuard<'_, Seen>> {
    let trace = ssl.ex_data(*TRACE)?;
    Some(trace.0.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Takes note of a message, if it is one of interest.
pub(super) fn note(ssl: &SslRef, sent: bool, version: i32, content_type: i32, bytes: &[u8]) {
    const ALERT: i32 = ContentType::alert.0 as i32;
    const HANDSHAKE: i32 = ContentType::handshake.0 as i32;
    match (content_type, bytes) {
        (ALERT, &[level, description]) => {
            let description = AlertDescription(description);
            let Some(mut seen) = seen(ssl) else { return };
            let tls13 = seen.settled && version == i32::from(ProtocolVersion::TLS1_3.0);
            if !is_final(tls13, level, description) {
                return;
            }
            if sent {
                seen.alerts_sent.push(description);
            } else {
                seen.alerts_received.push(description);
            }
        }
        (HANDSHAKE, message) if message.first() == Some(&HandshakeType::server_hello.0) => {
            let Some(mut seen) = seen(ssl) else { return };
            let retry = is_hello_retry_request(message);
            // A client does not take its version from a HelloRetryRequest (statem/statem_clnt.c,
            // `tls_process_server_hello`).
            seen.settled |= sent || !retry;
            seen.hello_retry_request |= retry;
        }
        _ => {}
    }
}

/// Whether nothing can follow the alert: in TLS 1.3 the level says nothing (RFC 8446 §6).
fn is_final(tls13: bool, level: u8, description: AlertDescription) -> bool {
    level == FATAL
        || description == AlertDescription::close_notify
        || (tls13 && description != AlertDescription::user_canceled)
}

/// RFC 8446 §4.1.3: whether a ServerHello has that random of its own. Four bytes of type and length and
/// two of version come first.
fn is_hello_retry_request(hello: &[u8]) -> bool {
    hello.get(6..38) == Some(&HELLO_RETRY_REQUEST_RANDOM)
}

static TRACE: LazyLock<Index<Ssl, Trace>> =
    LazyLock::new(|| Ssl::new_ex_index().expect("an index needs next to no memory"));

const FATAL: u8 = 2;
