//! Handshakes that fail, by cause, and what each side must say of it.

use std::sync::Arc;
use std::time::Duration;

use shakedown::connection::{Config, Reason, Role};
use shakedown::iana::{AlertDescription, ProtocolVersion};
use shakedown::link::Link;
use shakedown::pair::Pair;
use shakedown::profile::{ClientProfile, Credential, Flaw, ServerName, ServerProfile, Trust};
use shakedown::scenario::StackId;

use crate::cost::{Meter, Metered};
use crate::pairing::Pairing;
use crate::shape::{Aead, Auth, Shape};

/// Why a handshake fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Each side enables one version, and not the same.
    NoSharedVersion,
    /// Each side enables one suite, and not the same.
    NoSharedSuite,
    /// Each side enables one group, and not the same.
    NoSharedGroup,
    /// No application protocol is on both lists.
    NoSharedAlpn,
    /// The client trusts another root than the server's.
    UnknownCa,
    /// The server's certificate has expired.
    Expired,
    /// The server's certificate is for another name.
    WrongName,
    /// The server insists on a client certificate, and there is none.
    NoClientCertificate,
    /// The server trusts another root than the client's.
    UnknownClientCa,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 9] = [
        Self::NoSharedVersion,
        Self::NoSharedSuite,
        Self::NoSharedGroup,
        Self::NoSharedAlpn,
        Self::UnknownCa,
        Self::Expired,
        Self::WrongName,
        Self::NoClientCertificate,
        Self::UnknownClientCa,
    ];

    /// The name in ids.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoSharedVersion => "no-shared-version",
            Self::NoSharedSuite => "no-shared-suite",
            Self::NoSharedGroup => "no-shared-group",
            Self::NoSharedAlpn => "no-shared-alpn",
            Self::UnknownCa => "unknown-ca",
            Self::Expired => "certificate-expired",
            Self::WrongName => "wrong-name",
            Self::NoClientCertificate => "no-client-certificate",
            Self::UnknownClientCa => "unknown-client-ca",
        }
    }

    /// Has the handshake fail for this cause and no other. The version, where that matters, is the
    /// client's.
    fn plant(self, client: &mut ClientProfile, server: &mut ServerProfile, shape: Shape) {
        match self {
            Self::NoSharedVersion => {
                let other = if shape.version == ProtocolVersion::TLS1_3 {
                    ProtocolVersion::TLS1_2
                } else {
                    ProtocolVersion::TLS1_3
                };
                server.protocol = shape.in_version(other).server_profile().protocol;
            }
            Self::NoSharedSuite => {
                let other = Shape {
                    aead: Aead::ChaCha20Poly1305,
                    ..shape
                };
                server.protocol = other.server_profile().protocol;
            }
            Self::NoSharedGroup => server.protocol.groups = Some(vec![shape.other_group()]),
            Self::NoSharedAlpn => {
                client.alpn = vec!["h2".to_owned()];
                server.alpn = vec!["http/1.1".to_owned()];
            }
            Self::UnknownCa => client.trust = Trust::OtherRoot,
            Self::Expired => {
                server.identity = server.identity.map(|credential| Credential {
                    flaw: Flaw::Expired,
                    ..credential
                });
            }
            Self::WrongName => client.server_name = ServerName::Dns(ServerName::WRONG.to_owned()),
            Self::NoClientCertificate => client.identity = None,
            Self::UnknownClientCa => server.trust = Trust::OtherRoot,
        }
    }

    fn shape(self, version: ProtocolVersion) -> Shape {
        let auth = match self {
            Self::NoClientCertificate | Self::UnknownClientCa => Auth::Mutual,
            _ => Auth::Server,
        };
        // A curve of the key's own would be shared in TLS 1.2 (`Shape`).
        let plain = match self {
            Self::NoSharedGroup => Shape::S2N,
            _ => Shape::ECDSA,
        };
        Shape {
            auth,
            ..plain.in_version(version)
        }
    }

    /// What the client and the server must say: one finds the fault, the other hears its alert.
    fn reasons(self, version: ProtocolVersion, server: StackId) -> [Reason; 2] {
        use AlertDescription as A;
        let by_server = |reason, alert| [Reason::AlertReceived(alert), reason];
        let by_client = |alert| [Reason::Certificate, Reason::AlertReceived(alert)];
        let old_openssl = server == StackId::Openssl && version < ProtocolVersion::TLS1_3;
        match self {
            Self::NoSharedVersion => by_server(Reason::Version, A::protocol_version),
            Self::NoSharedSuite => by_server(Reason::Suite, A::handshake_failure),
            // It strikes out the suites that have no group, and is left with none.
            Self::NoSharedGroup if old_openssl => by_server(Reason::Suite, A::handshake_failure),
            Self::NoSharedGroup => by_server(Reason::Group, A::handshake_failure),
            Self::NoSharedAlpn => by_server(Reason::Alpn, A::no_application_protocol),
            Self::UnknownCa => by_client(A::unknown_ca),
            Self::Expired => by_client(A::certificate_expired),
            Self::WrongName => by_client(A::bad_certificate),
            Self::NoClientCertificate if old_openssl => {
                by_server(Reason::NoCertificate, A::handshake_failure)
            }
            // TLS 1.3's alert (RFC 8446 §4.4.2.4), which rustls sends in TLS 1.2 too.
            Self::NoClientCertificate => by_server(Reason::NoCertificate, A::certificate_required),
            Self::UnknownClientCa => by_server(Reason::Certificate, A::unknown_ca),
        }
    }
}

/// A client and a server that do not get on; or that do, for comparison.
pub struct Dispute {
    client: Arc<dyn Config>,
    server: Arc<dyn Config>,
    shape: Shape,
    /// `None`: they get on.
    reasons: Option<[Reason; 2]>,
}

impl Dispute {
    /// Prepares both; without a cause they get on.
    ///
    /// # Panics
    ///
    /// If a stack refuses its side.
    pub fn new(cause: Option<Cause>, version: ProtocolVersion, pairing: Pairing<'_>) -> Self {
        let shape = match cause {
            Some(cause) => cause.shape(version),
            None => Shape::ECDSA.in_version(version),
        };
        let (mut client, mut server) = (shape.client_profile(), shape.server_profile());
        if let Some(cause) = cause {
            cause.plant(&mut client, &mut server, shape);
        }
        let client = pairing.client.client(&client);
        let server = pairing.server.server(&server);
        Self {
            client: client.unwrap_or_else(|refusal| panic!("{}: {refusal:?}", pairing.name())),
            server: server.unwrap_or_else(|refusal| panic!("{}: {refusal:?}", pairing.name())),
            shape,
            reasons: cause.map(|cause| cause.reasons(version, pairing.ids().1)),
        }
    }

    /// The time that one attempt takes the server: making its connection, what passes inside the calls
    /// to it until nothing moves, and dropping it.
    ///
    /// # Panics
    ///
    /// If it comes to anything else than what was meant, on either side.
    pub fn time_server(&self) -> Duration {
        let meter = Meter::default();
        let client = self.client.connect().expect("a plain client begins");
        let server = meter.time(|| self.server.connect());
        let server = Metered::new(server.expect("a plain server begins"), &meter);
        let link = Link::default();
        let mut pair = Pair::new(client, Box::new(server), &link);
        let established = pair.handshake();
        match self.reasons {
            None => {
                assert!(established);
                for role in Role::BOTH {
                    let session = pair.connection(role).session();
                    self.shape.assert_negotiated(role, &session);
                }
            }
            Some(reasons) => {
                let failures = Role::BOTH.map(|role| pair.connection(role).failure());
                let seen = failures.map(|failure| failure.map(|failure| failure.reason));
                assert_eq!(seen, reasons.map(Some), "{failures:?}");
            }
        }
        drop(pair);
        meter.read()
    }
}
