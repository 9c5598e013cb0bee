//! Several causes at once: which one decides, and that it does.
//!
//! The order is each stack's own: rustls server/hs.rs (`process_client_hello`,
//! `handle_client_hello`), server/tls12.rs, server/tls13.rs; OpenSSL ssl/statem/statem_srvr.c
//! (`tls_early_post_process_client_hello`, `tls_post_process_client_hello`) and the order of `ext_defs`
//! in ssl/statem/extensions.c; rustls-webpki verify_cert.rs; OpenSSL crypto/x509/x509_vfy.c
//! (`verify_chain`).

#![cfg(feature = "stacks")]

use shakedown::connection::Role;
use shakedown::scenario::{Scenario, StackId};
use shakedown_matrix::arbitrary::check;
use shakedown_matrix::axes::{Axes, CLIENT_STACK, SERVER_STACK};
use shakedown_matrix::lab::Lab;
use shakedown_matrix::model::{Cause, Prediction, predict};

#[test]
fn of_several_causes_in_a_hello_the_first_in_the_servers_order_decides() {
    try_all(Role::Server, HELLOS);
}

#[test]
fn of_several_causes_in_a_chain_the_first_in_the_verifiers_order_decides() {
    try_all(Role::Client, CHAINS);
}

#[test]
fn of_several_causes_in_a_clients_chain_the_first_in_the_servers_order_decides() {
    try_all(Role::Server, CLIENT_CHAINS);
}

/// Tries every row on every pairing that can say it.
fn try_all(detector: Role, rows: &[Row]) {
    let (lab, axes) = (Lab::new(), Axes::new());
    let space = axes.space(&[]).expect("scenarios");
    for row in rows {
        let mut tried = [false; 2];
        for client in StackId::ALL {
            for server in StackId::ALL {
                let finder = match detector {
                    Role::Client => client,
                    Role::Server => server,
                };
                let Some(cause) = row.winner(finder) else {
                    continue;
                };
                let whole = point(&axes, client, server, row.version, row.faults);
                if !space.allows(&whole) || row.means_something_else(client, server) {
                    continue;
                }
                tried[usize::from(finder.is_rustls())] = true;
                let scenario = axes.scenario(&whole);
                assert_eq!(decides(&scenario), Some((detector, cause)), "{scenario:?}");
                assert_eq!(check(&lab, &scenario), Ok(()));
                for fault in row.faults {
                    let alone = axes.scenario(&point(&axes, client, server, row.version, &[fault]));
                    let harmless = !finder.is_rustls() && TO_OPENSSL_NONE.contains(fault);
                    assert_eq!(decides(&alone).is_none(), harmless, "{fault:?}");
                }
            }
        }
        let asked = [row.openssl, row.rustls].map(|winner| winner.is_some());
        assert_eq!(tried, asked, "OpenSSL and rustls: {:?}", row.faults);
    }
}

fn decides(scenario: &Scenario) -> Option<(Role, Cause)> {
    match predict(scenario) {
        Prediction::Expect(expectation) => expectation.detector.zip(expectation.cause),
        _ => None,
    }
}

fn point(
    axes: &Axes,
    client: StackId,
    server: StackId,
    version: &str,
    faults: &[Fault],
) -> Vec<usize> {
    let mut point = axes.plain();
    let stacks = [
        (CLIENT_STACK, client.name()),
        (SERVER_STACK, server.name()),
        ("client.versions", version),
    ];
    for (axis, label) in stacks.iter().chain(faults.iter().copied().flatten()) {
        let number = axes.index(axis).expect(axis);
        let value = axes.value(number, label).expect(label);
        let earlier = std::mem::replace(&mut point[number], value);
        if axis.ends_with(".flaw") && earlier != 0 {
            // Two flaws of one chain stand in order; the axis of the second is the next.
            let second = axes.list()[number].values[earlier.max(value)].label;
            point[number] = earlier.min(value);
            point[number + 1] = axes.value(number + 1, second).expect(second);
        }
    }
    point
}

/// What is set for something to go wrong.
type Fault = &'static [(&'static str, &'static str)];

/// Faults at once, and which cause wins with the stack that finds fault; `None`: not asked.
struct Row {
    version: &'static str,
    faults: &'static [Fault],
    rustls: Option<Cause>,
    openssl: Option<Cause>,
}

impl Row {
    fn winner(&self, finder: StackId) -> Option<Cause> {
        if finder.is_rustls() {
            self.rustls
        } else {
            self.openssl
        }
    }

    /// Whether with these stacks the faults are others than their names say.
    fn means_something_else(&self, client: StackId, server: StackId) -> bool {
        // A client that accepts no scheme for ECDSA has no suite for it either (OpenSSL ssl/t1_lib.c,
        // `ssl_set_sig_mask`).
        let no_suite =
            client == StackId::Openssl && self.version == "1.2" && self.faults.contains(&SIGALG);
        // Only a server that knows no fallback gets as far as to mark its hello.
        let no_mark = server == StackId::Openssl
            && self.openssl == Some(Cause::VersionDowngradeSentinel)
            && self.faults.contains(&FALLBACK);
        no_suite || no_mark
    }
}

macro_rules! rows {
    ($( $version:literal $( $fault:ident )+ => $rustls:tt, $openssl:tt; )*) => {
        &[ $( Row {
            version: $version,
            faults: &[ $( $fault ),+ ],
            rustls: rows!(@ $rustls),
            openssl: rows!(@ $openssl),
        } ),* ]
    };
    (@ _) => { None };
    (@ $cause:ident) => { Some(Cause::$cause) };
}

/// The version, the faults; who wins on a rustls server, and on an OpenSSL server.
const HELLOS: &[Row] = rows! {
    // rustls: the text of SNI, then whether there are schemes, then the version.
    "1.2" BAD_SNI VERSION => SniMalformed, VersionMismatch;
    "1.0+1.1" LEGACY BAD_SNI => SniMalformed, _;
    "1.0+1.1" LEGACY => VersionLegacyClient, VersionMismatch;
    "1.2" BAD_SNI STRICT => SniMalformed, SniUnknown;
    "1.3" BAD_SNI GROUP ALPN => SniMalformed, AlpnMismatch;
    // The version comes before what depends on it.
    "1.2" VERSION SUITE => VersionMismatch, VersionMismatch;
    "1.2" VERSION NO_SNI => VersionMismatch, VersionMismatch;
    "1.2" VERSION NO_CERTIFICATE => VersionMismatch, VersionMismatch;
    "1.2" VERSION GROUP ALPN => VersionMismatch, VersionMismatch;
    // OpenSSL: the fallback comes after the version and before all else.
    "1.2" VERSION FALLBACK => VersionMismatch, VersionMismatch;
    "1.2" FALLBACK SUITE => SuiteMismatch, VersionFallbackScsv;
    "1.2" FALLBACK NO_SNI => SniUnknown, VersionFallbackScsv;
    "1.2" FALLBACK NO_CERTIFICATE => ServerNoCertificate, VersionFallbackScsv;
    "1.2" FALLBACK ALPN => AlpnMismatch, VersionFallbackScsv;
    // rustls: the certificate, then groups, then suites. OpenSSL: in TLS 1.3 the suite is first, then
    // the extensions in the order of their table, groups before schemes; in TLS 1.2 the suite is last
    // but for ALPN, and depends on group and schemes.
    "1.3" NO_SNI SUITE => SniUnknown, SuiteMismatch;
    "1.2" NO_SNI SUITE => SniUnknown, SniUnknown;
    "1.3" NO_SNI GROUP => SniUnknown, SniUnknown;
    "1.2" NO_SNI GROUP => SniUnknown, SniUnknown;
    "1.3" NO_SNI ALPN => SniUnknown, SniUnknown;
    "1.3" NO_SNI ALPN GROUP => SniUnknown, SniUnknown;
    "1.3" NO_SNI SIGALG => SniUnknown, SniUnknown;
    "1.2" NO_SNI SIGALG => SniUnknown, SniUnknown;
    "1.3" GROUP SUITE => GroupMismatch, SuiteMismatch;
    "1.2" GROUP SUITE => GroupMismatch, SuiteMismatch;
    "1.3" GROUP SIGALG => GroupMismatch, GroupMismatch;
    "1.2" GROUP SIGALG => GroupMismatch, SigalgMismatch;
    "1.3" SUITE ALPN => SuiteMismatch, SuiteMismatch;
    "1.2" SUITE ALPN => SuiteMismatch, SuiteMismatch;
    "1.3" SUITE SIGALG => SuiteMismatch, SuiteMismatch;
    // ALPN: in TLS 1.3 before the schemes, but in TLS 1.2 after them.
    "1.3" ALPN SIGALG => AlpnMismatch, AlpnMismatch;
    "1.2" ALPN SIGALG => SigalgMismatch, SigalgMismatch;
    "1.3" ALPN GROUP => GroupMismatch, AlpnMismatch;
    "1.2" ALPN GROUP => GroupMismatch, GroupMismatch;
    "1.3" GROUP SUITE ALPN SIGALG => GroupMismatch, SuiteMismatch;
    // A key that cannot sign is noticed by rustls only when it signs (server/tls12.rs,
    // `emit_server_kx`); OpenSSL lets it sign.
    "1.2" ALPN OTHER_CURVE => AlpnMismatch, _;
    // What the owner's stack finds when it loads the chain: rustls parses, then compares keys; OpenSSL
    // takes the extension.
    "1.3" UNPARSEABLE OTHER_KEY => CfgUnparseableLeaf, CfgKeyCertMismatch;
    // A server's refusal of the hello comes before the client's of the certificate.
    "1.3" SIGALG EXPIRED => SigalgMismatch, SigalgMismatch;
};

/// The version, the faults; who wins with a rustls client, and with an OpenSSL client.
const CHAINS: &[Row] = rows! {
    "1.3" EXPIRED UNTRUSTED WRONG_HOST => CertExpired, CertUnknownCa;
    "1.2" EXPIRED UNTRUSTED WRONG_HOST => CertExpired, CertUnknownCa;
    "1.3" EXPIRED WRONG_HOST => CertExpired, CertHostMismatch;
    "1.3" EXPIRED UNTRUSTED => CertExpired, CertUnknownCa;
    "1.3" EXPIRED_CA UNTRUSTED => CertExpired, CertUnknownCa;
    "1.3" UNTRUSTED WRONG_HOST => CertUnknownCa, CertUnknownCa;
    "1.3" WRONG_EKU WRONG_HOST => CertWrongEku, CertWrongEku;
    "1.3" WRONG_EKU UNTRUSTED => CertWrongEku, CertUnknownCa;
    "1.3" REVOKED WRONG_HOST => CertRevokedCrl, CertHostMismatch;
    "1.3" REVOKED UNTRUSTED => CertUnknownCa, CertUnknownCa;
    "1.3" CONSTRAINT WRONG_HOST => CertNameConstraint, CertHostMismatch;
    "1.3" SIGNATURE WRONG_HOST => CertChainSignature, CertHostMismatch;
    // To OpenSSL this is no fault.
    "1.3" CA_LEAF UNTRUSTED => CertCaAsLeaf, _;
    // Two flaws of one certificate. rustls: what cannot be parsed, dates, authority, usage; signature,
    // revocation, name constraints; the name. OpenSSL: extensions, the name, revocation, signature, dates,
    // name constraints.
    "1.3" EXPIRED OTHER_NAME => CertExpired, CertHostMismatch;
    "1.2" EXPIRED OTHER_NAME => CertExpired, CertHostMismatch;
    "1.3" EXPIRED OTHER_NAME UNTRUSTED => CertExpired, CertUnknownCa;
    "1.3" EXPIRED WRONG_EKU => CertExpired, CertWrongEku;
    "1.2" EXPIRED WRONG_EKU => CertExpired, CertWrongEku;
    "1.3" EXPIRED CRITICAL => CertUnknownCritical, CertUnknownCritical;
    "1.2" EXPIRED CRITICAL => CertUnknownCritical, CertUnknownCritical;
    "1.3" EXPIRED REVOKED => CertExpired, CertRevokedCrl;
    "1.3" FUTURE REVOKED => CertNotYetValid, CertRevokedCrl;
    "1.3" OTHER_NAME REVOKED => CertRevokedCrl, CertHostMismatch;
    "1.3" CA_LEAF WRONG_EKU => CertCaAsLeaf, CertWrongEku;
    "1.3" CA_LEAF EXPIRED => CertExpired, CertExpired;
    "1.3" EXPIRED SIGNATURE => CertExpired, CertChainSignature;
    "1.3" REVOKED SIGNATURE => CertChainSignature, CertRevokedCrl;
    "1.3" SELF_SIGNED EXPIRED => CertExpired, CertSelfSignedLeaf;
    "1.3" WRONG_EKU OTHER_NAME => CertWrongEku, CertWrongEku;
    // Of the end entity and its issuer: webpki goes upward; OpenSSL verifies downward, once the
    // extensions, the name and revocation are done with.
    "1.3" NOT_PERMITTED OTHER_NAME => CertNameConstraint, CertHostMismatch;
    "1.3" CONSTRAINT EXPIRED => CertExpired, CertExpired;
    "1.3" CONSTRAINT CN_ONLY => CertCnOnly, CertNameConstraint;
    "1.3" CONSTRAINT PARTIAL_WILDCARD => CertWildcard, CertNameConstraint;
    "1.3" EXPIRED_CA MISSING => CertMissingIntermediate, CertMissingIntermediate;
    "1.3" EXPIRED MISSING => CertExpired, CertMissingIntermediate;
    "1.3" EXPIRED_CA WRONG_EKU => CertWrongEku, CertWrongEku;
    "1.3" EXPIRED_CA OTHER_NAME => CertExpired, CertHostMismatch;
    "1.3" EXPIRED_CA SIGNATURE => CertExpired, CertExpired;
    "1.3" EXPIRED_CA FUTURE => CertNotYetValid, CertExpired;
    "1.3" PATH_LENGTH EXPIRED => CertExpired, CertPathLen;
    // Of issuers alone.
    "1.3" EXPIRED_CA NOT_CA => CertExpired, CertIssuerNotCa;
    "1.3" EXPIRED_CA PATH_LENGTH => CertExpired, CertPathLen;
    "1.3" EXPIRED_CA CONSTRAINT => CertExpired, CertExpired;
    "1.3" EXPIRED_CA REVOKED_CA => CertExpired, CertRevokedCrl;
    "1.3" NOT_CA PATH_LENGTH => CertIssuerNotCa, CertIssuerNotCa;
    "1.3" EXPIRED_CA PATH_LENGTH UNTRUSTED => CertExpired, CertUnknownCa;
    // The key is proven last.
    "1.3" EXPIRED KEY => CertExpired, CertExpired;
    "1.3" OTHER_NAME KEY => CertHostMismatch, CertHostMismatch;
    // The client is the first to verify.
    "1.3" EXPIRED NO_CLIENT_CERTIFICATE => CertExpired, CertExpired;
    "1.2" WRONG_HOST NO_CLIENT_CERTIFICATE => CertHostMismatch, CertHostMismatch;
    // rustls servers know no fallback, but mark that they could use TLS 1.3; OpenSSL clients mind the
    // mark, though they have TLS 1.3 disabled, and before they look at the certificate
    // (ssl/statem/statem_lib.c, `ssl_choose_client_version`).
    "1.2" FALLBACK EXPIRED => _, VersionDowngradeSentinel;
};

/// The same of a client's certificate; who wins on a rustls server, and on an OpenSSL server. A client
/// has no name to be compared.
const CLIENT_CHAINS: &[Row] = rows! {
    "1.3" EXPIRED_CLIENT EKU_OF_CLIENT => CertExpired, CertWrongEku;
    "1.2" EXPIRED_CLIENT EKU_OF_CLIENT => CertExpired, CertWrongEku;
    "1.3" EXPIRED_CLIENT CRITICAL_OF_CLIENT => CertUnknownCritical, CertUnknownCritical;
    "1.3" EXPIRED_CLIENT REVOKED_CLIENT => CertExpired, CertRevokedCrl;
    "1.2" EXPIRED_CLIENT REVOKED_CLIENT => CertExpired, CertRevokedCrl;
    "1.3" CA_CLIENT EKU_OF_CLIENT => CertCaAsLeaf, CertWrongEku;
    "1.3" EXPIRED_CLIENT UNTRUSTED_CLIENT => CertExpired, CertUnknownCa;
    "1.2" EXPIRED_CLIENT KEY_OF_CLIENT => CertExpired, CertExpired;
};

/// What OpenSSL accepts; and what is no fault of its own.
const TO_OPENSSL_NONE: &[Fault] = &[CA_LEAF, CA_CLIENT, PARTIAL_WILDCARD, CN_ONLY];

const ALPN: Fault = &[("client.alpn", "imap"), ("server.alpn", "http/1.1")];
const BAD_SNI: Fault = &[("client.server-name", "bad-label")];
const CA_LEAF: Fault = &[("server.flaw", "ca-leaf")];
const CONSTRAINT: Fault = &[("server.flaw", "name-excluded")];
const EXPIRED: Fault = &[("server.flaw", "expired")];
const EXPIRED_CA: Fault = &[("server.flaw", "expired-intermediate")];
const FALLBACK: Fault = &[("client.fallback-scsv", "on")];
const GROUP: Fault = &[("client.groups", "p256"), ("server.groups", "x25519")];
const LEGACY: Fault = &[("client.security-level", "0")];
const NO_CERTIFICATE: Fault = &[("server.key", "none")];
const NO_CLIENT_CERTIFICATE: Fault = &[("server.client-auth", "required")];
const NO_SNI: Fault = &[("client.sni", "omit"), ("server.sni", "strict")];
const OTHER_CURVE: Fault = &[
    ("client.signature-schemes", "ecdsa-p256"),
    ("server.key", "ecdsa-p384"),
];
const REVOKED: Fault = &[("server.flaw", "revoked"), ("client.revocation", "crl")];
const SIGALG: Fault = &[("client.signature-schemes", "rsa-pss")];
const SIGNATURE: Fault = &[("server.flaw", "bad-signature")];
const STRICT: Fault = &[
    ("server.sni", "strict"),
    ("client.server-name", "bad-label"),
];
const SUITE: Fault = &[
    ("client.suites", "aes128-gcm"),
    ("client.tls13-suites", "aes128"),
    ("server.suites", "aes256-gcm"),
    ("server.tls13-suites", "chacha20-first"),
];
const UNTRUSTED: Fault = &[("client.trust", "other-root")];
const VERSION: Fault = &[("server.versions", "1.3")];
const WRONG_EKU: Fault = &[("server.flaw", "wrong-eku")];
const WRONG_HOST: Fault = &[("client.server-name", "wrong")];
const CA_CLIENT: Fault = &[
    ("server.client-auth", "required"),
    ("client.key", "ecdsa-p256"),
    ("client.flaw", "ca-leaf"),
];
const CN_ONLY: Fault = &[("server.flaw", "cn-only")];
const CRITICAL: Fault = &[
    ("server.flaw", "unknown-critical"),
    ("server.loading", "resolver"),
];
const CRITICAL_OF_CLIENT: Fault = &[
    ("server.client-auth", "required"),
    ("client.key", "ecdsa-p256"),
    ("client.flaw", "unknown-critical"),
    ("client.loading", "resolver"),
];
const EKU_OF_CLIENT: Fault = &[
    ("server.client-auth", "required"),
    ("client.key", "ecdsa-p256"),
    ("client.flaw", "wrong-eku"),
];
const EXPIRED_CLIENT: Fault = &[
    ("server.client-auth", "required"),
    ("client.key", "ecdsa-p256"),
    ("client.flaw", "expired"),
];
const FUTURE: Fault = &[("server.flaw", "not-yet-valid")];
const KEY: Fault = &[
    ("server.flaw", "key-mismatch"),
    ("server.loading", "resolver"),
];
const KEY_OF_CLIENT: Fault = &[
    ("server.client-auth", "required"),
    ("client.key", "ecdsa-p256"),
    ("client.flaw", "key-mismatch"),
    ("client.loading", "resolver"),
];
const MISSING: Fault = &[("server.flaw", "missing-intermediate")];
const NOT_CA: Fault = &[("server.flaw", "intermediate-not-ca")];
const NOT_PERMITTED: Fault = &[("server.flaw", "name-not-permitted")];
const OTHER_NAME: Fault = &[("server.flaw", "other-name")];
const PARTIAL_WILDCARD: Fault = &[("server.flaw", "partial-wildcard")];
const PATH_LENGTH: Fault = &[("server.flaw", "path-length")];
const REVOKED_CA: Fault = &[
    ("server.flaw", "revoked-intermediate"),
    ("client.revocation", "crl-chain"),
];
const REVOKED_CLIENT: Fault = &[
    ("server.client-auth", "required"),
    ("client.key", "ecdsa-p256"),
    ("client.flaw", "revoked"),
    ("server.revocation", "crl"),
];
const SELF_SIGNED: Fault = &[("server.flaw", "self-signed")];
const UNTRUSTED_CLIENT: Fault = &[
    ("server.client-auth", "required"),
    ("client.key", "ecdsa-p256"),
    ("server.trust", "other-root"),
];
const OTHER_KEY: Fault = &[("server.flaw", "key-mismatch")];
const UNPARSEABLE: Fault = &[("server.flaw", "unknown-critical")];
