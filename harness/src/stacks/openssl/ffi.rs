//! What the `openssl` crate has no binding for: the only file of this crate with `unsafe` in it.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_long, c_uchar, c_void};
use std::ptr;
use std::slice;
use std::sync::Once;

use foreign_types::{ForeignType, ForeignTypeRef};
use openssl::error::ErrorStack;
use openssl::ssl::{
    SslCipher, SslContextBuilder, SslContextRef, SslRef, SslSession, SslSessionRef, SslStream,
};
use openssl::stack::StackRef;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::{X509, X509Crl};
use openssl_sys as ffi;

use super::trace;
use crate::connection::PostHandshake;
use crate::stacks::randomness;

/// Initialises OpenSSL deaf to the host: neither `OPENSSL_CONF` nor an `openssl.cnf` is read.
///
/// OpenSSL decides once in a process whether it loads a configuration (`RUN_ONCE(&config, …)` in
/// `crypto/init.c`); what asks for it later, such as the `openssl` crate, finds that decided. So
/// this must come before anything else of OpenSSL's; a program that has already used OpenSSL on its
/// own keeps what it loaded.
///
/// # Panics
///
/// If OpenSSL cannot initialise, in which case nothing of it works.
pub(super) fn init() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: callable from any thread at any time; null stands for no settings.
        let done = unsafe { ffi::OPENSSL_init_ssl(INIT_OPTIONS, ptr::null()) };
        assert_eq!(done, 1, "OpenSSL cannot initialise");
    });
}

/// Has every draw of randomness ask [`randomness::fill`] first, once for the process. Where that has none,
/// OpenSSL's own generator is asked as before.
///
/// # Panics
///
/// If OpenSSL lets no other be set. One that was built without what is deprecated since 3.0 cannot be linked.
pub(super) fn divert_randomness() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        init();
        // SAFETY: the table and what it points to live for ever; OpenSSL only reads it.
        let done = unsafe { RAND_set_rand_method(&raw const DIVERTED) };
        assert_eq!(done, 1, "OpenSSL lets no other randomness be set");
    });
}

/// Nothing in here panics: a panic in a function that C calls ends the process.
///
/// # Safety
///
/// `out` has room for `length` bytes.
unsafe extern "C" fn draw(out: *mut c_uchar, length: c_int) -> c_int {
    let Ok(count) = usize::try_from(length) else {
        return 0;
    };
    if count == 0 {
        return 1;
    }
    // SAFETY: OpenSSL lends `length` bytes for the time of the call. They may not have been written yet,
    // so that zeros are put there before they are called bytes.
    let bytes = unsafe {
        ptr::write_bytes(out, 0, count);
        slice::from_raw_parts_mut(out, count)
    };
    if randomness::fill(bytes) {
        return 1;
    }
    // SAFETY: the table of the default generator lives for ever, and its function fills `length` bytes.
    unsafe {
        match RAND_OpenSSL().as_ref().and_then(|default| default.bytes) {
            Some(default) => default(out, length),
            None => 0,
        }
    }
}

extern "C" fn ready() -> c_int {
    1
}

/// As `struct rand_meth_st` in openssl/rand.h.
#[repr(C)]
struct RandMethod {
    seed: Option<unsafe extern "C" fn(*const c_void, c_int) -> c_int>,
    bytes: Option<unsafe extern "C" fn(*mut c_uchar, c_int) -> c_int>,
    cleanup: Option<extern "C" fn()>,
    add: Option<unsafe extern "C" fn(*const c_void, c_int, f64) -> c_int>,
    pseudorand: Option<unsafe extern "C" fn(*mut c_uchar, c_int) -> c_int>,
    status: Option<extern "C" fn() -> c_int>,
}

static DIVERTED: RandMethod = RandMethod {
    seed: None,
    bytes: Some(draw),
    cleanup: None,
    add: None,
    pseudorand: Some(draw),
    status: Some(ready),
};

/// Has a connection tell its [`trace::Trace`] of every message.
pub(super) fn trace_messages(ssl: &mut SslRef) {
    // SAFETY: the connection is live, and the callback is a function that lives for ever.
    unsafe { SSL_set_msg_callback(ssl.as_ptr(), Some(on_message)) }
}

/// Has a connection that is done want to say more; the next call of its handshake says it.
pub(super) fn post_handshake<S>(
    stream: &mut SslStream<S>,
    what: PostHandshake,
) -> Result<(), ErrorStack> {
    let ssl = stream.ssl();
    // SAFETY: the connection is live, and the caller's alone as long as its stream is borrowed. These calls set
    // what the next one does, and free nothing that was lent.
    let done = unsafe {
        match what {
            PostHandshake::KeyUpdate => SSL_key_update(ssl.as_ptr(), SSL_KEY_UPDATE_REQUESTED),
            PostHandshake::Renegotiation => SSL_renegotiate(ssl.as_ptr()),
            PostHandshake::NewSessionTicket => SSL_new_session_ticket(ssl.as_ptr()),
        }
    };
    check(done.into())
}

/// Lets a server make up parameters for DHE that fit the strength of its key.
pub(super) fn set_dh_auto(context: &mut SslContextBuilder) -> Result<(), ErrorStack> {
    // SAFETY: the context is live.
    check(unsafe { ffi::SSL_CTX_set_dh_auto(context.as_ptr(), 1) })
}

/// Has a client ask for a stapled response (RFC 6066 §8).
pub(super) fn request_status(context: &mut SslContextBuilder) -> Result<(), ErrorStack> {
    // SAFETY: the context is live; the command takes a number and no pointer.
    check(unsafe {
        ffi::SSL_CTX_ctrl(
            context.as_ptr(),
            ffi::SSL_CTRL_SET_TLSEXT_STATUS_REQ_TYPE,
            ffi::TLSEXT_STATUSTYPE_ocsp.into(),
            ptr::null_mut(),
        )
    })
}

/// Adds a revocation list to a store.
pub(super) fn add_crl(store: &mut X509StoreBuilder, crl: &X509Crl) -> Result<(), ErrorStack> {
    // SAFETY: both are live; the store takes a reference of its own to the list.
    check(unsafe { X509_STORE_add_crl(store.as_ptr(), crl.as_ptr()) }.into())
}

/// Leaves the extended master secret out.
pub(super) fn forbid_ems(context: &mut SslContextBuilder) {
    // SAFETY: the context is live.
    unsafe { SSL_CTX_set_options(context.as_ptr(), SSL_OP_NO_EXTENDED_MASTER_SECRET) };
}

/// Has a connection make no tickets that hold a session.
pub(super) fn forbid_tickets(ssl: &mut SslRef) {
    // SAFETY: the connection is live.
    unsafe { SSL_set_options(ssl.as_ptr(), SSL_OP_NO_TICKET) };
}

/// Sets the keys that a server makes and reads tickets with.
pub(super) fn set_ticket_keys(
    context: &mut SslContextBuilder,
    keys: &[u8; 80],
) -> Result<(), ErrorStack> {
    // SAFETY: the context is live; the command reads 80 bytes and writes none.
    check(unsafe {
        ffi::SSL_CTX_ctrl(
            context.as_ptr(),
            SSL_CTRL_SET_TLSEXT_TICKET_KEYS,
            80,
            keys.as_ptr().cast_mut().cast(),
        )
    })
}

/// Has a server look up by its id a session that its own cache does not have.
pub(super) fn set_session_lookup<F>(context: &mut SslContextBuilder, lookup: F)
where
    F: Fn(&mut SslRef, &[u8]) -> Option<SslSession> + 'static + Sync + Send,
{
    // SAFETY: the only lookup there is makes a session anew each time, so it is in no context.
    unsafe { context.set_get_session_callback(lookup) }
}

/// Has a client offer a session.
pub(super) fn set_session(ssl: &mut SslRef, session: &SslSessionRef) -> Result<(), ErrorStack> {
    // SAFETY: both are live, and OpenSSL counts the reference that it takes. The session may come from
    // another context; it is in the cache of neither, for clients have none, and OpenSSL holds no
    // other ties between the two.
    unsafe { ssl.set_session(session) }
}

/// The suites that a context is set to, in order.
pub(super) fn suites(context: &SslContextRef) -> Option<&StackRef<SslCipher>> {
    // SAFETY: the context is live, and the stack it lends is its own, as long as it is not changed,
    // which the shared borrow rules out; a null pointer is not made a reference.
    unsafe {
        let suites = SSL_CTX_get_ciphers(context.as_ptr());
        (!suites.is_null()).then(|| StackRef::from_ptr(suites))
    }
}

/// The certificates that a context sends behind its own; `None`: there are none, of which the `openssl`
/// crate's own binding panics.
pub(super) fn extra_chain(context: &SslContextRef) -> Option<&StackRef<X509>> {
    let mut chain = ptr::null_mut();
    // SAFETY: the context is live, and the command writes one pointer, null or to a stack that is the
    // context's own as long as it is not changed, which the shared borrow rules out.
    unsafe {
        ffi::SSL_CTX_get_extra_chain_certs(context.as_ptr(), &raw mut chain);
        (!chain.is_null()).then(|| StackRef::from_ptr(chain))
    }
}

/// The name of the group of the key exchange; `None` where there was none, or not yet.
pub(super) fn group_name(ssl: &SslRef) -> Option<&str> {
    // OpenSSL looks into the session without asking whether there is one.
    ssl.session()?;
    // `SSL_get0_group_name` has both in one, but only since 3.2.
    // SAFETY: the connection is live and has a session; the command takes no pointer; the name belongs to
    // the table of groups of the context, which the connection holds a reference to.
    unsafe {
        let group = ffi::SSL_ctrl(
            ssl.as_ptr(),
            SSL_CTRL_GET_NEGOTIATED_GROUP,
            0,
            ptr::null_mut(),
        );
        let group = c_int::try_from(group).ok().filter(|group| *group != 0)?;
        text(SSL_group_to_name(ssl.as_ptr(), group))
    }
}

/// The name of the signature scheme that this side signed with; `None` too before 3.5.
pub(super) fn own_signature_name(ssl: &SslRef) -> Option<&str> {
    signature_name(ssl, SSL_CTRL_GET_SIGNATURE_NAME)
}

/// The name of the signature scheme that the peer signed with; `None` too before 3.5.
pub(super) fn peer_signature_name(ssl: &SslRef) -> Option<&str> {
    signature_name(ssl, SSL_CTRL_GET_PEER_SIGNATURE_NAME)
}

/// The algorithm and the digest that this side signed with, as NIDs; 0 for a digest: none.
pub(super) fn own_signature(ssl: &SslRef) -> Option<(c_int, c_int)> {
    signature(ssl, SSL_get_signature_type_nid, SSL_CTRL_GET_SIGNATURE_NID)
}

/// The algorithm and the digest that the peer signed with.
pub(super) fn peer_signature(ssl: &SslRef) -> Option<(c_int, c_int)> {
    signature(
        ssl,
        SSL_get_peer_signature_type_nid,
        SSL_CTRL_GET_PEER_SIGNATURE_NID,
    )
}

fn signature(
    ssl: &SslRef,
    algorithm: unsafe extern "C" fn(*const ffi::SSL, *mut c_int) -> c_int,
    digest_command: c_int,
) -> Option<(c_int, c_int)> {
    let (mut kind, mut digest) = (0, 0);
    // SAFETY: the connection is live; the function and both commands write one number, and only where they
    // return 1.
    unsafe {
        let ssl = ssl.as_ptr();
        (algorithm(ssl, &raw mut kind) == 1
            && ffi::SSL_ctrl(ssl, digest_command, 0, (&raw mut digest).cast()) == 1)
            .then_some((kind, digest))
    }
}

fn signature_name(ssl: &SslRef, command: c_int) -> Option<&str> {
    let mut name: *const c_char = ptr::null();
    // SAFETY: the connection is live; both commands write one pointer to a name, and only where they
    // return 1; the name belongs to the table of schemes of the context, which the connection holds a
    // reference to.
    unsafe {
        let told = ffi::SSL_ctrl(ssl.as_ptr(), command, 0, (&raw mut name).cast());
        (told == 1).then(|| text(name)).flatten()
    }
}

/// # Safety
///
/// `text` is null, or a string that lives as long as what is returned is used.
unsafe fn text<'a>(text: *const c_char) -> Option<&'a str> {
    if text.is_null() {
        return None;
    }
    // SAFETY: as the caller promises.
    unsafe { CStr::from_ptr(text) }.to_str().ok()
}

fn check(result: c_long) -> Result<(), ErrorStack> {
    if result > 0 {
        Ok(())
    } else {
        Err(ErrorStack::get())
    }
}

/// Nothing in here panics: a panic in a function that C calls ends the process.
extern "C" fn on_message(
    write: c_int,
    version: c_int,
    content_type: c_int,
    bytes: *const c_void,
    length: usize,
    ssl: *mut ffi::SSL,
    _: *mut c_void,
) {
    if bytes.is_null() || ssl.is_null() {
        return;
    }
    // SAFETY: OpenSSL lends a live connection and `length` bytes for the time of the call.
    let (ssl, bytes) = unsafe {
        (
            SslRef::from_ptr(ssl),
            slice::from_raw_parts(bytes.cast::<u8>(), length),
        )
    };
    trace::note(ssl, write != 0, version, content_type, bytes);
}

type MessageCallback =
    extern "C" fn(c_int, c_int, c_int, *const c_void, usize, *mut ffi::SSL, *mut c_void);

// SAFETY: as declared in openssl/rand.h, openssl/ssl.h and openssl/x509_vfy.h.
unsafe extern "C" {
    fn RAND_OpenSSL() -> *mut RandMethod;
    fn RAND_set_rand_method(method: *const RandMethod) -> c_int;
    fn SSL_set_msg_callback(ssl: *mut ffi::SSL, callback: Option<MessageCallback>);
    fn SSL_CTX_set_options(context: *mut ffi::SSL_CTX, options: u64) -> u64;
    fn SSL_set_options(ssl: *mut ffi::SSL, options: u64) -> u64;
    fn SSL_CTX_get_ciphers(context: *const ffi::SSL_CTX) -> *mut ffi::stack_st_SSL_CIPHER;
    fn SSL_key_update(ssl: *mut ffi::SSL, kind: c_int) -> c_int;
    fn SSL_renegotiate(ssl: *mut ffi::SSL) -> c_int;
    fn SSL_new_session_ticket(ssl: *mut ffi::SSL) -> c_int;
    fn SSL_group_to_name(ssl: *mut ffi::SSL, id: c_int) -> *const c_char;
    fn SSL_get_signature_type_nid(ssl: *const ffi::SSL, nid: *mut c_int) -> c_int;
    fn SSL_get_peer_signature_type_nid(ssl: *const ffi::SSL, nid: *mut c_int) -> c_int;
    fn X509_STORE_add_crl(store: *mut ffi::X509_STORE, crl: *mut ffi::X509_CRL) -> c_int;
}

/// No exit handler, as the `openssl` crate has it: threads may still be at work.
const INIT_OPTIONS: u64 =
    OPENSSL_INIT_NO_LOAD_CONFIG | ffi::OPENSSL_INIT_LOAD_SSL_STRINGS | ffi::OPENSSL_INIT_NO_ATEXIT;
const OPENSSL_INIT_NO_LOAD_CONFIG: u64 = 0x80;
const SSL_OP_NO_EXTENDED_MASTER_SECRET: u64 = 1;
const SSL_OP_NO_TICKET: u64 = 1 << 14;
const SSL_KEY_UPDATE_REQUESTED: c_int = 1;
const SSL_CTRL_SET_TLSEXT_TICKET_KEYS: c_int = 59;
const SSL_CTRL_GET_PEER_SIGNATURE_NID: c_int = 108;
const SSL_CTRL_GET_SIGNATURE_NID: c_int = 132;
const SSL_CTRL_GET_NEGOTIATED_GROUP: c_int = 134;
const SSL_CTRL_GET_SIGNATURE_NAME: c_int = 140;
const SSL_CTRL_GET_PEER_SIGNATURE_NAME: c_int = 141;
