//! Sessions that outlive their connection.
//!
//! OpenSSL's own cache belongs to a context, which many scenarios share; so a server that keeps
//! sessions itself has an external cache, as servers of many processes have, and it is the
//! scenario's.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use openssl::error::ErrorStack;
use openssl::ex_data::Index;
use openssl::ssl::{
    Ssl, SslContextBuilder, SslRef, SslSession, SslSessionCacheMode, SslSessionRef,
};

use super::ffi;
use crate::connection::Memory;
use crate::scenario::Means;

/// Has a client offer the session that it keeps, if there is one.
pub(super) fn offer(ssl: &mut Ssl, memory: &Memory) -> Result<(), ErrorStack> {
    match memory.kept(KeptByClient::default) {
        Some(kept) => match &*lock(&kept.0) {
            Some(session) => ffi::set_session(ssl, session),
            None => Ok(()),
        },
        None => Ok(()),
    }
}

/// Keeps the session of a client.
pub(super) fn keep(ssl: &SslRef, memory: &Memory) {
    if let Some(kept) = memory.kept(KeptByClient::default) {
        *lock(&kept.0) = ssl.session().map(SslSessionRef::to_owned);
    }
}

/// Gives a server's connection the cache of its scenario, where tickets do not hold the sessions.
pub(super) fn remember(ssl: &mut Ssl, memory: &Arc<Memory>) {
    if memory.means() == Means::SessionId {
        ffi::forbid_tickets(ssl);
        ssl.set_ex_data(*MEMORY, memory.clone());
    }
}

/// Prepares a server's context: the keys of its tickets, and an external cache for those connections
/// that have one.
pub(super) fn keep_sessions(context: &mut SslContextBuilder) -> Result<(), ErrorStack> {
    context.set_session_cache_mode(SslSessionCacheMode::SERVER | SslSessionCacheMode::NO_INTERNAL);
    ffi::set_ticket_keys(context, &TICKET_KEYS)?;
    context.set_new_session_callback(|ssl, session| {
        if let Some(kept) = of(ssl)
            && let Ok(encoded) = session.to_der()
        {
            lock(&kept.0).insert(session.id().to_vec(), encoded);
        }
    });
    ffi::set_session_lookup(context, |ssl, id| {
        let encoded = lock(&of(ssl)?.0).get(id)?.clone();
        SslSession::from_der(&encoded).ok()
    });
    Ok(())
}

fn of(ssl: &SslRef) -> Option<&KeptByServer> {
    ssl.ex_data(*MEMORY)?.kept(KeptByServer::default)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Default)]
struct KeptByClient(Mutex<Option<SslSession>>);

/// Encoded, as an external cache has them: a session is never in two contexts.
#[derive(Default)]
struct KeptByServer(Mutex<HashMap<Vec<u8>, Vec<u8>>>);

static MEMORY: LazyLock<Index<Ssl, Arc<Memory>>> =
    LazyLock::new(|| Ssl::new_ex_index().expect("an index needs next to no memory"));

/// The name of the keys, the key of the HMAC and the key of the cipher.
const TICKET_KEYS: [u8; 80] = *b"shakedown ticketthese tickets hold nothing worth\
hiding, and last for a scenario.";
