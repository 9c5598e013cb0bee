//! Faults that come of another configuration than was asked for.

use std::sync::Arc;

use shakedown::connection::{Config, Connection, Failure, Reason, Refusal, Role};
use shakedown::iana::{CipherSuite, NamedGroup, ProtocolVersion};
use shakedown::profile::{
    CertificateType, ClientAuth, ClientProfile, Credential, Ems, Flaw, KeyType, Loading, Miss,
    NameCheck, Ocsp, Preference, Protocol, Revocation, ServerProfile, SessionIdContext, Sni,
    SniPolicy, Trust,
};
use shakedown::scenario::StackId;
use shakedown_matrix::model::Cause;

use crate::hunt::{Fault, Plant, Prepared, Shows};

pub(crate) fn faults() -> Vec<Fault> {
    let mut faults: Vec<_> = PROFILES
        .iter()
        .flat_map(|(name, does, stacks, roles, change, shows, near)| {
            Fault::everywhere(stacks, roles, |stack, role| Fault {
                name,
                does,
                stack,
                role,
                plant: Plant::Profile(change.0, change.1),
                shows: *shows,
                near,
            })
        })
        .collect();
    let answers: [(_, _, fn(_) -> _, _, _); 3] = [
        (
            "claims that it lacks a capability",
            "calls every profile unsupported",
            |_| Err(Refusal::Unsupported("planted".into())),
            Shows::Own("support"),
            "alone/",
        ),
        (
            "refuses what it can do",
            "calls every profile impossible",
            |_| Err(Refusal::Config(planted(Reason::Configuration))),
            Shows::Own("end"),
            "alone/",
        ),
        (
            "panics in connect",
            "panics when a connection is made",
            panicking,
            Shows::Crash,
            "alone/",
        ),
    ];
    for (name, does, answer, shows, near) in answers {
        faults.extend(Fault::everywhere(
            &StackId::ALL,
            &Role::BOTH,
            |stack, role| Fault {
                name,
                does,
                stack,
                role,
                plant: Plant::Answer(answer),
                shows,
                near,
            },
        ));
    }
    // An OpenSSL server keeps its sessions in tickets, whose keys its context has.
    for (stacks, roles) in [(ALL, CLIENT), (RUSTLS, SERVER)] {
        faults.extend(Fault::everywhere(stacks, roles, |stack, role| Fault {
            name: "forgets its sessions",
            does: "begins every connection as if there had been none before",
            stack,
            role,
            plant: Plant::Answer(forgetful),
            shows: Shows::Own("kind"),
            near: "alone/earlier=",
        }));
    }
    faults.push(Fault {
        name: "chooses a protocol that was not offered",
        does: "answers every list of application protocols with one of its own",
        stack: StackId::Openssl,
        role: Role::Server,
        plant: Plant::Alpn(b"pop3"),
        shows: Shows::Own("end"),
        near: "alone/client.alpn",
    });
    faults
}

fn planted(reason: Reason) -> Failure {
    Failure {
        reason,
        native: "planted".into(),
        text: "planted".into(),
    }
}

fn panicking(prepared: Prepared) -> Prepared {
    struct Panicking;

    impl Config for Panicking {
        fn connect(&self) -> Result<Box<dyn Connection>, Failure> {
            panic!("planted");
        }
    }

    prepared.map(|_| -> Arc<dyn Config> { Arc::new(Panicking) })
}

fn forgetful(prepared: Prepared) -> Prepared {
    struct Forgetful(Arc<dyn Config>);

    impl Config for Forgetful {
        fn connect(&self) -> Result<Box<dyn Connection>, Failure> {
            self.0.connect()
        }
    }

    prepared.map(|config| -> Arc<dyn Config> { Arc::new(Forgetful(config)) })
}

type Change = (fn(&mut ClientProfile), fn(&mut ServerProfile));
type Entry = (
    &'static str,
    &'static str,
    &'static [StackId],
    &'static [Role],
    Change,
    Shows,
    &'static str,
);

const ALL: &[StackId] = &StackId::ALL;
const OPENSSL: &[StackId] = &[StackId::Openssl];
const RUSTLS: &[StackId] = &[StackId::RustlsAwsLcRs, StackId::RustlsRing];
const BOTH: &[Role] = &Role::BOTH;
const CLIENT: &[Role] = &[Role::Client];
const SERVER: &[Role] = &[Role::Server];

const PROFILES: &[Entry] = &[
    (
        "resumes what belongs nowhere",
        "marks its sessions without being told to",
        OPENSSL,
        SERVER,
        (
            |_| (),
            |server| server.session_id_context = SessionIdContext::Set,
        ),
        Shows::Cause(Cause::SessionIdContextMissing),
        "cause/session-id-context-missing",
    ),
    (
        "does without the extended master secret that it is to insist on",
        "never insists",
        RUSTLS,
        BOTH,
        (
            |client| client.protocol.ems = Ems::Default,
            |server| server.protocol.ems = Ems::Default,
        ),
        Shows::Cause(Cause::EmsRequired),
        "cause/ems-required",
    ),
    (
        "resumes a session whose suite it no longer offers",
        "offers all suites",
        OPENSSL,
        CLIENT,
        (|client| client.protocol.suites = None, |_| ()),
        Shows::Cause(Cause::ResumeSuiteMissing),
        "cause/resume-suite-missing",
    ),
    (
        "does not hold a stapled response against the certificate",
        "asks for it and goes on",
        OPENSSL,
        CLIENT,
        (|client| client.ocsp = Ocsp::Request, |_| ()),
        Shows::Cause(Cause::CertRevokedOcsp),
        "cause/cert-revoked-ocsp",
    ),
    (
        "takes certificates where a raw key is wanted",
        "wants certificates",
        RUSTLS,
        BOTH,
        (
            |client| client.server_certificate_type = CertificateType::X509,
            |server| server.client_certificate_type = CertificateType::X509,
        ),
        Shows::Cause(Cause::CertTypeMismatch),
        "cause/cert-type-mismatch",
    ),
    (
        "takes weak keys",
        "is content with security level 0",
        OPENSSL,
        BOTH,
        (
            |client| client.protocol.security_level = Some(0),
            |server| server.protocol.security_level = Some(0),
        ),
        Shows::Cause(Cause::CertWeakKey),
        "cause/cert-weak-key",
    ),
    (
        "lets a fallback pass",
        "never says that it falls back",
        OPENSSL,
        CLIENT,
        (|client| client.fallback_scsv = false, |_| ()),
        Shows::Cause(Cause::VersionFallbackScsv),
        "cause/version-fallback-scsv",
    ),
    (
        "skips revocation",
        "asks no revocation list",
        ALL,
        BOTH,
        (
            |client| client.revocation = Revocation::Off,
            |server| server.revocation = Revocation::Off,
        ),
        Shows::Cause(Cause::CertRevokedCrl),
        "cause/cert-revoked",
    ),
    (
        "trusts every root",
        "verifies against other anchors than it is given",
        ALL,
        BOTH,
        (
            |client| client.trust = Trust::Roots,
            |server| server.trust = Trust::Roots,
        ),
        Shows::Cause(Cause::CertSameDnOtherKey),
        "cause/",
    ),
    (
        "ignores its anchor",
        "trusts roots although it is given a leaf alone",
        OPENSSL,
        BOTH,
        (
            |client| client.trust = Trust::Roots,
            |server| server.trust = Trust::Roots,
        ),
        Shows::Cause(Cause::CertPartialChain),
        "cause/",
    ),
    (
        "ignores the name to check",
        "leaves the name unchecked",
        OPENSSL,
        CLIENT,
        (|client| client.name_check = NameCheck::Off, |_| ()),
        Shows::Cause(Cause::CertHostMismatch),
        "cause/",
    ),
    (
        "accepts a missing client certificate",
        "goes on without a certificate that it must have",
        ALL,
        SERVER,
        (
            |_| (),
            |server| {
                if server.client_auth == ClientAuth::Required {
                    server.client_auth = ClientAuth::Optional;
                }
            },
        ),
        Shows::Cause(Cause::ClientCertMissing),
        "cause/client-cert-missing",
    ),
    (
        "never asks for a client certificate",
        "sends no CertificateRequest",
        ALL,
        SERVER,
        (|_| (), |server| server.client_auth = ClientAuth::None),
        Shows::Own("peer"),
        "alone/client.flaw",
    ),
    (
        "asks for a client certificate unbidden",
        "sends a CertificateRequest",
        ALL,
        SERVER,
        (
            |_| (),
            |server| {
                if server.client_auth == ClientAuth::None {
                    server.client_auth = ClientAuth::Optional;
                }
            },
        ),
        Shows::Own("peer"),
        "alone/client.key",
    ),
    (
        "insists on an optional client certificate",
        "fails without a certificate that it may do without",
        ALL,
        SERVER,
        (
            |_| (),
            |server| {
                if server.client_auth == ClientAuth::Optional {
                    server.client_auth = ClientAuth::Required;
                }
            },
        ),
        Shows::Own("end"),
        "alone/server.client-auth=optional",
    ),
    (
        "withholds its certificate",
        "answers a CertificateRequest with an empty list",
        ALL,
        CLIENT,
        (|client| client.identity = None, |_| ()),
        Shows::Peers("end"),
        "alone/client.flaw",
    ),
    (
        "presents a certificate unbidden",
        "has a certificate of its own where it was given none",
        ALL,
        CLIENT,
        (
            |client| {
                client.identity.get_or_insert_default();
            },
            |_| (),
        ),
        Shows::Peers("peer"),
        "alone/server.client-auth",
    ),
    (
        "presents another certificate",
        "presents a good certificate that is not the one it was given",
        ALL,
        BOTH,
        (
            |client| other(client.identity.as_mut()),
            |server| other(server.identity.as_mut()),
        ),
        Shows::Peers("peer"),
        "alone/server.revocation",
    ),
    (
        "leaves out the intermediate",
        "sends its end-entity certificate alone",
        ALL,
        BOTH,
        (
            |client| bare(client.identity.as_mut()),
            |server| bare(server.identity.as_mut()),
        ),
        Shows::Peers("end"),
        "alone/server.revocation",
    ),
    (
        "caps itself at TLS 1.2",
        "leaves out TLS 1.3",
        ALL,
        BOTH,
        (|c| cap(&mut c.protocol), |s| cap(&mut s.protocol)),
        Shows::Own("version"),
        "table/",
    ),
    (
        "speaks a version that is switched off",
        "enables TLS 1.2 and TLS 1.3 whatever it is told",
        ALL,
        BOTH,
        (|c| uncap(&mut c.protocol), |s| uncap(&mut s.protocol)),
        Shows::Cause(Cause::VersionMismatch),
        "cause/version-mismatch",
    ),
    (
        "likes its suites the other way round",
        "reverses its suites",
        ALL,
        CLIENT,
        (|c| reverse_suites(&mut c.protocol), |_| ()),
        Shows::Own("suite"),
        "alone/",
    ),
    (
        "likes its suites the other way round",
        "reverses its suites",
        ALL,
        SERVER,
        (|_| (), |s| reverse_suites(&mut s.protocol)),
        Shows::Own("suite"),
        "alone/server.preference",
    ),
    (
        "follows its own order of suites unbidden",
        "sets the server's preference",
        ALL,
        SERVER,
        (|_| (), |server| server.preference = Preference::Server),
        Shows::Own("suite"),
        "alone/client.tls13-suites",
    ),
    (
        "follows its client's order of suites unbidden",
        "sets the client's preference",
        ALL,
        SERVER,
        (|_| (), |server| server.preference = Preference::Client),
        Shows::Own("suite"),
        "cover/2/negotiation",
    ),
    (
        "offers suites that are switched off",
        "has its default suites whatever it is told",
        ALL,
        BOTH,
        (
            |c| (c.protocol.suites, c.protocol.tls13_suites) = (None, None),
            |s| (s.protocol.suites, s.protocol.tls13_suites) = (None, None),
        ),
        Shows::Cause(Cause::SuiteMismatch),
        "cause/suite-mismatch",
    ),
    (
        "likes its groups the other way round",
        "reverses its groups",
        ALL,
        CLIENT,
        (|c| reverse_groups(&mut c.protocol), |_| ()),
        Shows::Own("group"),
        "alone/client.groups",
    ),
    (
        "leaves out its first group",
        "does without the group that it likes best",
        ALL,
        BOTH,
        (
            |c| drop_first(&mut c.protocol.groups),
            |s| drop_first(&mut s.protocol.groups),
        ),
        Shows::Own("group"),
        "alone/{role}.groups",
    ),
    (
        "takes groups that are switched off",
        "has every group whatever it is told",
        ALL,
        BOTH,
        (
            |c| all_groups(&mut c.protocol),
            |s| all_groups(&mut s.protocol),
        ),
        Shows::Cause(Cause::GroupMismatch),
        "cause/group-mismatch",
    ),
    (
        "likes its schemes the other way round",
        "reverses its signature schemes",
        ALL,
        CLIENT,
        (|c| reverse(&mut c.protocol.signature_schemes), |_| ()),
        Shows::Own("server signature"),
        "cover/2/negotiation",
    ),
    (
        "likes its schemes the other way round",
        "reverses its signature schemes",
        ALL,
        SERVER,
        (|_| (), |s| reverse(&mut s.protocol.signature_schemes)),
        Shows::Own("client signature"),
        "cover/3/client-signature",
    ),
    (
        "takes schemes that are switched off",
        "has its default signature schemes whatever it is told",
        ALL,
        CLIENT,
        (|c| c.protocol.signature_schemes = None, |_| ()),
        Shows::Cause(Cause::SigalgMismatch),
        "cause/sigalg-mismatch",
    ),
    (
        "likes its application protocols the other way round",
        "reverses its application protocols",
        ALL,
        SERVER,
        (|_| (), |server| server.alpn.reverse()),
        Shows::Own("alpn"),
        "cover/2/negotiation",
    ),
    (
        "leaves out its first application protocol",
        "does without the application protocol that it likes best",
        ALL,
        BOTH,
        (
            |client| drop(client.alpn.drain(..1.min(client.alpn.len()))),
            |server| drop(server.alpn.drain(..1.min(server.alpn.len()))),
        ),
        Shows::Own("alpn"),
        "cover/2/negotiation",
    ),
    (
        "ignores a miss of application protocols",
        "goes on without a common application protocol",
        OPENSSL,
        SERVER,
        (|_| (), |server| server.alpn_miss = Miss::Ignore),
        Shows::Cause(Cause::AlpnMismatch),
        "cause/alpn-mismatch",
    ),
    (
        "knows no application protocols",
        "leaves the extension out, or ignores it",
        ALL,
        BOTH,
        (|client| client.alpn.clear(), |server| server.alpn.clear()),
        Shows::Cause(Cause::AlpnMismatch),
        "cause/alpn-mismatch",
    ),
    (
        "takes any server name",
        "serves names that are not in its table",
        ALL,
        SERVER,
        (|_| (), |server| server.sni = SniPolicy::Any),
        Shows::Cause(Cause::SniUnknown),
        "cause/sni-unknown",
    ),
    (
        "is strict about server names unbidden",
        "refuses names that are not the right one",
        ALL,
        SERVER,
        (|_| (), |server| server.sni = SniPolicy::Strict),
        Shows::Own("end"),
        "alone/client.sni",
    ),
    (
        "keeps the server name to itself",
        "sends no SNI",
        ALL,
        CLIENT,
        (|client| client.sni = Sni::Omit, |_| ()),
        Shows::Peers("server name"),
        "alone/",
    ),
    (
        "tells the server name unbidden",
        "sends SNI though it is told not to",
        ALL,
        CLIENT,
        (|client| client.sni = Sni::Send, |_| ()),
        Shows::Peers("server name"),
        "alone/client.sni",
    ),
    (
        "ignores its security level",
        "has level 0 whatever it is told",
        OPENSSL,
        BOTH,
        (
            |client| client.protocol.security_level = Some(0),
            |server| server.protocol.security_level = Some(0),
        ),
        Shows::Own("end"),
        "alone/{role}.versions",
    ),
    (
        "claims a capability that it lacks",
        "takes a profile that it cannot express",
        RUSTLS,
        CLIENT,
        (|client| client.name_check = NameCheck::On, |_| ()),
        Shows::Own("support"),
        "absent/client.name-check",
    ),
    (
        "claims a capability that it lacks",
        "takes a profile that it cannot express",
        OPENSSL,
        BOTH,
        (
            |client| checked(client.identity.as_mut()),
            |server| checked(server.identity.as_mut()),
        ),
        Shows::Own("support"),
        "absent/{role}.loading",
    ),
    (
        "claims a capability that it lacks",
        "takes a profile that it cannot express",
        RUSTLS,
        SERVER,
        (|_| (), |server| server.protocol.security_level = None),
        Shows::Own("support"),
        "absent/server.security-level",
    ),
];

fn other(credential: Option<&mut Credential>) {
    if let Some(credential) = credential
        && *credential == Credential::default()
    {
        credential.key = KeyType::EcdsaP384;
    }
}

fn bare(credential: Option<&mut Credential>) {
    if let Some(credential) = credential
        && credential.flaw == Flaw::None
    {
        credential.flaw = Flaw::MissingIntermediate;
    }
}

fn checked(credential: Option<&mut Credential>) {
    if let Some(credential) = credential {
        credential.loading = Loading::Checked;
    }
}

fn cap(protocol: &mut Protocol) {
    if protocol.versions.contains(&ProtocolVersion::TLS1_2) {
        protocol
            .versions
            .retain(|version| *version != ProtocolVersion::TLS1_3);
    }
}

fn uncap(protocol: &mut Protocol) {
    protocol.versions = Protocol::default().versions;
}

fn reverse<T>(list: &mut Option<Vec<T>>) {
    if let Some(list) = list {
        list.reverse();
    }
}

fn drop_first<T>(list: &mut Option<Vec<T>>) {
    if let Some(list) = list
        && list.len() > 1
    {
        list.remove(0);
    }
}

fn reverse_suites(protocol: &mut Protocol) {
    reverse(&mut protocol.suites);
    protocol
        .tls13_suites
        .get_or_insert_with(|| {
            vec![
                CipherSuite::TLS_AES_256_GCM_SHA384,
                CipherSuite::TLS_AES_128_GCM_SHA256,
                CipherSuite::TLS_CHACHA20_POLY1305_SHA256,
            ]
        })
        .reverse();
}

fn reverse_groups(protocol: &mut Protocol) {
    reverse(&mut protocol.groups);
}

fn all_groups(protocol: &mut Protocol) {
    protocol.groups = Some(vec![
        NamedGroup::x25519,
        NamedGroup::secp256r1,
        NamedGroup::secp384r1,
    ]);
}
