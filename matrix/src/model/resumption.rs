//! Resumption: what an earlier connection leaves behind, whether the client offers it, and what the
//! server makes of the offer.
//!
//! Mostly an offer that does not fit comes to a full handshake; the rest are faults of their own.

use shakedown::connection::Role;
use shakedown::iana::{AlertDescription as A, CipherSuite, NamedGroup, ProtocolVersion};
use shakedown::profile::{
    ClientAuth, ClientProfile, Credential, Ems, ServerName, ServerProfile, SessionIdContext,
    SniPolicy,
};
use shakedown::scenario::{Endpoint, Means, Scenario, StackId};

use super::ending::{self, Agreed, Fault, Phase};
use super::hello::{Abilities, Hello};
use super::name::{NameText, name_text};
use super::negotiation::{self, server_fault};
use super::traits::openssl::{REFUSES_DROPPED_EMS_BY_HANDSHAKE_FAILURE, default_level};
use super::traits::rustls::{HOLDS_SECOND_HELLO_TO_FIRST, NOTES_GROUP_WHEN_DONE};
use super::{Cause, Prediction, gate};

/// What both sides keep of the earlier connection.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// The client's profile then.
    client: Option<ClientProfile>,
    /// The group of a TLS 1.3 handshake that the client has completed.
    group: Option<NamedGroup>,
    session: Option<Remembered>,
}

/// A session, as both sides keep it.
#[derive(Clone, Debug)]
pub(super) struct Remembered {
    pub(super) version: ProtocolVersion,
    pub(super) suite: CipherSuite,
    /// Whether it has an extended master secret, which TLS 1.3 has no need of.
    ems: bool,
    /// What the client was presented with.
    pub(super) server_identity: Option<Credential>,
    /// What the server was presented with.
    pub(super) client_identity: Option<Credential>,
    /// The name that the client sent.
    sent_name: Option<String>,
    /// The name that an OpenSSL server keeps: only one that a callback of its own has accepted
    /// (ssl/statem/extensions.c, `final_server_name`).
    pub(super) accepted_name: Option<String>,
    /// Whether the server acknowledged the name, so that an OpenSSL client keeps it
    /// (`tls_parse_stoc_server_name`).
    acknowledged: bool,
    context: SessionIdContext,
}

/// What comes of the earlier connection; `Err`: it cannot be said, or not be told.
pub(super) fn past(scenario: &Scenario) -> Result<Past, Prediction> {
    let (Some(before), Some(earlier)) = (scenario.before(), &scenario.earlier) else {
        return Ok(Past::default());
    };
    let gates = (gate::client(&before.client), gate::server(&before.server));
    match ending::of_gates(gates) {
        // A configuration that is refused connects to nobody.
        Some(Prediction::Expect(_)) => return Ok(Past::default()),
        Some(prediction) => return Err(prediction),
        None => {}
    }
    let mut chosen = None;
    let result = negotiation::handshake_telling(&before, &Past::default(), &mut chosen);
    let (group, session) = match result {
        Ok(agreed) => (
            hint(&agreed),
            (is_kept(earlier.means, &before.server)
                && !is_withheld(earlier.means, agreed.version, [&before, scenario]))
            .then(|| Remembered::of(&before, &agreed)),
        ),
        // The client was done before the server found fault; tickets come only after that.
        Err(fault) => match &fault.phase {
            Phase::ClientFlight(agreed) => (hint(agreed), None),
            Phase::AfterServerHello | Phase::ServerFlight(ProtocolVersion::TLS1_3)
                if !NOTES_GROUP_WHEN_DONE.is_in() =>
            {
                (chosen.and_then(|chosen| chosen.group), None)
            }
            _ => (None, None),
        },
    };
    Ok(Past {
        client: Some(before.client.profile),
        group,
        session,
    })
}

/// rustls client/tls13.rs: once done, the client notes the group that the server liked.
fn hint(agreed: &Agreed) -> Option<NamedGroup> {
    agreed
        .group
        .filter(|_| agreed.version == ProtocolVersion::TLS1_3)
}

/// ssl/ssl_lib.c, `ssl_update_cache`: a server that asks for certificates keeps no session that does
/// not say where it belongs, while its tickets do hold such sessions.
fn is_kept(means: Means, server: &Endpoint<ServerProfile>) -> bool {
    server.stack.is_rustls()
        || means == Means::Ticket
        || server.profile.client_auth == ClientAuth::None
        || server.profile.session_id_context == SessionIdContext::Set
}

/// ssl/t1_lib.c, `tls_use_ticket`: from level 3 on OpenSSL neither asks for tickets before TLS 1.3, nor
/// makes or reads them (ssl/ssl_cert.c, SSL_SECOP_TICKET); TLS 1.3 does not ask
/// (ssl/statem/statem_srvr.c, `tls_construct_new_session_ticket`).
fn is_withheld(means: Means, version: ProtocolVersion, connections: [&Scenario; 2]) -> bool {
    let strict = |stack: StackId, level: Option<u8>| {
        !stack.is_rustls() && level.unwrap_or_else(default_level) >= 3
    };
    means == Means::Ticket
        && version < ProtocolVersion::TLS1_3
        && connections
            .into_iter()
            .any(|Scenario { client, server, .. }| {
                strict(client.stack, client.profile.protocol.security_level)
                    || strict(server.stack, server.profile.protocol.security_level)
            })
}

impl Past {
    /// What the client's memory changes about its hello.
    pub(super) fn tell<'a>(&'a self, client: &Endpoint<ClientProfile>, hello: &mut Hello<'a>) {
        let Some(then) = &self.client else {
            return;
        };
        let now = &client.profile;
        let same_server = same_name(&then.server_name, &now.server_name);
        if client.stack.is_rustls()
            && same_server
            && hello.abilities.has(ProtocolVersion::TLS1_3)
            && let Some(group) = self.group
            && hello.abilities.flat_groups().contains(&group)
        {
            // client/tls13.rs, `initial_key_share`.
            hello.shares = hello.abilities.rustls_shares(group);
        }
        // client/hs.rs, `ClientSessionValue::retrieve`: sessions are kept by name, and belong to a
        // verifier and a resolver (msgs/persist.rs, `compatible_config`). To OpenSSL it is whatever
        // session the application set, if its version is enabled (ssl/statem/statem_clnt.c,
        // `tls_construct_client_hello`).
        let found = !client.stack.is_rustls()
            || (same_server
                && then.trust == now.trust
                && then.revocation == now.revocation
                && then.protocol.signature_schemes == now.protocol.signature_schemes
                && then.server_certificate_type == now.server_certificate_type
                && then.identity == now.identity
                && then.certificate_type == now.certificate_type);
        let held = self.session.as_ref().filter(|_| found);
        hello.offer = held.filter(|session| hello.abilities.has(session.version));
        hello.holds_useless = client.stack.is_rustls()
            && hello.offer.is_none()
            && held.is_some_and(|session| session.version == ProtocolVersion::TLS1_3);
    }
}

impl Remembered {
    fn of(before: &Scenario, agreed: &Agreed) -> Self {
        let (client, server) = (&before.client, &before.server);
        let strict = server.profile.sni == SniPolicy::Strict;
        let old = agreed.version < ProtocolVersion::TLS1_3;
        Self {
            version: agreed.version,
            suite: agreed.suite,
            ems: old
                && client.profile.protocol.ems != Ems::Off
                && server.profile.protocol.ems != Ems::Off,
            server_identity: server.profile.identity,
            client_identity: client.profile.identity.filter(|_| agreed.client_presented),
            sent_name: agreed.server_name.clone(),
            accepted_name: agreed.server_name.clone().filter(|_| strict),
            // server/hs.rs, `process_common`.
            acknowledged: strict || server.stack.is_rustls(),
            context: server.profile.session_id_context,
        }
    }

    /// The name that a side of a resumed handshake tells, where it is not the one that was sent now:
    /// before TLS 1.3 OpenSSL tells the session's (ssl/ssl_lib.c, `SSL_get_servername`).
    pub(super) fn told_name(
        &self,
        stack: StackId,
        role: Role,
        now: Option<String>,
    ) -> Option<Option<String>> {
        if stack.is_rustls() || self.version >= ProtocolVersion::TLS1_3 {
            return None;
        }
        Some(match role {
            Role::Server => self.accepted_name.clone(),
            Role::Client => self.sent_name.clone().filter(|_| self.acknowledged).or(now),
        })
    }

    /// server/hs.rs, `can_resume`, but for the extended master secret.
    fn fits_rustls(&self, hello: &Hello<'_>, suite: CipherSuite) -> bool {
        // An address in SNI counts as none (server/hs.rs, `process_client_hello`).
        let heard = |name: Option<&str>| {
            name.filter(|name| name_text(name) != NameText::Address)
                .map(str::to_ascii_lowercase)
        };
        self.suite == suite && heard(self.sent_name.as_deref()) == heard(hello.server_name)
    }
}

/// server/tls13.rs, `handle_client_hello`.
pub(super) fn by_rustls_tls13<'a>(
    hello: &Hello<'a>,
    suite: CipherSuite,
    retried: bool,
) -> Result<Option<&'a Remembered>, Box<Fault>> {
    let Some(session) = hello
        .offer
        .filter(|session| session.version == ProtocolVersion::TLS1_3)
    else {
        return Ok(None);
    };
    // The second hello of either client leaves out a session that the suite does not fit, as RFC 8446
    // §4.1.2 lets it (rustls client/hs.rs, `prepare_resumption`; ssl/statem/extensions_clnt.c,
    // `tls_construct_ctos_psk`); a rustls server minds.
    if retried && !same_hash(session.suite, suite) {
        if !HOLDS_SECOND_HELLO_TO_FIRST.is_in() {
            return Ok(None);
        }
        return Err(server_fault(
            Cause::ResumePskWithdrawn,
            "PeerMisbehaved(MissingPskExtensionInSecondClientHello)",
            Some(A::missing_extension),
            Phase::ClientHello,
        ));
    }
    Ok(Some(session).filter(|session| session.fits_rustls(hello, suite)))
}

/// server/tls12.rs, `handle_client_hello` and `start_resumption`.
pub(super) fn by_rustls_tls12<'a>(
    hello: &Hello<'a>,
    server: &Abilities,
    suite: CipherSuite,
) -> Result<Option<&'a Remembered>, Box<Fault>> {
    let ems = hello.abilities.uses_ems();
    if !ems && server.ems == Ems::Required {
        return Err(server_fault(
            Cause::EmsRequired,
            "PeerIncompatible(ExtendedMasterSecretExtensionRequired)",
            Some(A::handshake_failure),
            Phase::ClientHello,
        ));
    }
    let session = hello.offer.filter(|session| {
        session.version == ProtocolVersion::TLS1_2
            && session.fits_rustls(hello, suite)
            && (session.ems || !ems)
    });
    if session.is_some_and(|session| session.ems && !ems) {
        return Err(server_fault(
            Cause::ResumeEmsDropped,
            "PeerMisbehaved(ResumptionAttemptedWithVariedEms)",
            Some(A::illegal_parameter),
            Phase::ClientHello,
        ));
    }
    Ok(session)
}

/// ssl/ssl_sess.c, `ssl_get_prev_session`. Neither the name nor the certificates of either side are
/// looked at, contrary to RFC 6066 §3.
pub(super) fn by_openssl<'a>(
    hello: &Hello<'a>,
    server: &Abilities,
    profile: &ServerProfile,
    version: ProtocolVersion,
    tls13_suite: Option<CipherSuite>,
) -> Result<Option<&'a Remembered>, Box<Fault>> {
    let Some(session) = hello.offer.filter(|session| {
        session.version == version
            // Before all else (ssl/statem/extensions_srvr.c, `tls_parse_ctos_psk`).
            && tls13_suite.is_none_or(|suite| same_hash(session.suite, suite))
            && session.context == profile.session_id_context
    }) else {
        return Ok(None);
    };
    if profile.client_auth != ClientAuth::None && session.context == SessionIdContext::Unset {
        return Err(server_fault(
            Cause::SessionIdContextMissing,
            "SESSION_ID_CONTEXT_UNINITIALIZED",
            Some(A::internal_error),
            Phase::ClientHello,
        ));
    }
    let ems = version < ProtocolVersion::TLS1_3 && hello.abilities.uses_ems() && server.uses_ems();
    if session.ems && !ems {
        return Err(server_fault(
            Cause::ResumeEmsDropped,
            "INCONSISTENT_EXTMS",
            Some(if REFUSES_DROPPED_EMS_BY_HANDSHAKE_FAILURE.is_in() {
                A::handshake_failure
            } else {
                A::illegal_parameter
            }),
            Phase::ClientHello,
        ));
    }
    Ok(Some(session).filter(|session| session.ems == ems))
}

/// Whether an OpenSSL server holds the offer's binder against what was said, which comes before it asks
/// where the session belongs (ssl/statem/extensions_srvr.c, `tls_parse_ctos_psk`).
pub(super) fn openssl_checks_binder(hello: &Hello<'_>, suite: CipherSuite) -> bool {
    hello.offer.is_some_and(|session| {
        session.version == ProtocolVersion::TLS1_3 && same_hash(session.suite, suite)
    })
}

/// Whether two suites have the same hash: in TLS 1.3 one then resumes the other's sessions
/// (RFC 8446 §4.6.1).
pub(super) fn same_hash(one: CipherSuite, other: CipherSuite) -> bool {
    let long = |suite: CipherSuite| suite.name().is_some_and(|name| name.ends_with("_SHA384"));
    long(one) == long(other)
}

/// Names compare without regard to case (rustls-pki-types, src/server_name.rs).
fn same_name(one: &ServerName, other: &ServerName) -> bool {
    match (one, other) {
        (ServerName::Dns(one), ServerName::Dns(other)) => one.eq_ignore_ascii_case(other),
        (one, other) => one == other,
    }
}
