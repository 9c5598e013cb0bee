//! The documented causes of handshake failure.
//!
//! Ids are stable: reports, filters and known divergences name them.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

macro_rules! causes {
    ($( $(#[$meta:meta])* $variant:ident = $id:literal {
        rule: $rule:literal, remedy: $remedy:literal, document: $document:expr $(,)?
    } ),* $(,)?) => {
        /// A documented cause of handshake failure.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Cause {
            $( $(#[$meta])* $variant, )*
        }

        impl Cause {
            /// Every cause, in handshake order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The stable id.
            pub fn id(self) -> &'static str {
                match self { $( Self::$variant => $id, )* }
            }

            /// The clause that says what ought to happen, or `local` where no RFC speaks.
            pub fn rule(self) -> &'static str {
                match self { $( Self::$variant => $rule, )* }
            }

            /// What to do about it.
            pub fn remedy(self) -> &'static str {
                match self { $( Self::$variant => $remedy, )* }
            }

            /// The founding document that names it, if one does.
            pub fn document(self) -> Option<&'static str> {
                match self { $( Self::$variant => $document, )* }
            }
        }
    };
}

causes! {
    /// The effective set of versions is empty.
    CfgNoProtocols = "cfg-no-protocols" {
        rule: "local", remedy: "enable a version that the library and its security level allow",
        document: None,
    },
    /// No suite is left for any enabled version.
    CfgNoCiphers = "cfg-no-ciphers" {
        rule: "local", remedy: "configure a suite for each enabled version",
        document: None,
    },
    /// The suites need a key exchange and no group is left for it.
    CfgNoGroups = "cfg-no-groups" {
        rule: "local", remedy: "configure a group that the enabled versions can use",
        document: None,
    },
    /// No signature scheme is left to offer.
    CfgNoSchemes = "cfg-no-schemes" {
        rule: "local", remedy: "configure a signature scheme that the versions and the security level allow",
        document: None,
    },
    /// No trust anchors are configured, and the stack insists on some.
    CfgNoTrustAnchors = "cfg-no-trust-anchors" {
        rule: "local", remedy: "configure the roots that peers are to be verified against",
        document: Some(TROUBLESHOOTING),
    },
    /// The private key is not the certificate's.
    CfgKeyCertMismatch = "cfg-key-cert-mismatch" {
        rule: "local", remedy: "load the key that belongs to the certificate, certificate first",
        document: Some(TROUBLESHOOTING),
    },
    /// A chain without certificates is configured.
    CfgEmptyChain = "cfg-empty-chain" {
        rule: "local", remedy: "configure the chain with its end entity first", document: None,
    },
    /// The stack cannot parse its own end-entity certificate.
    CfgUnparseableLeaf = "cfg-unparseable-leaf" {
        rule: "local", remedy: "reissue the certificate as X.509 version 3 without unknown critical extensions",
        document: None,
    },
    /// The stack refuses its own key or certificate as too weak, or of a type that it lacks.
    CfgWeakOwnCredential = "cfg-weak-own-credential" {
        rule: "local", remedy: "reissue with a key and a signature that the stack supports",
        document: None,
    },
    /// The server has no usable certificate.
    ServerNoCertificate = "server-no-certificate" {
        rule: "RFC 8446 §4.4.2", remedy: "configure a certificate and its key",
        document: Some(JSSE_TUTORIAL),
    },
    /// The sides share no protocol version.
    VersionMismatch = "version-mismatch" {
        rule: "RFC 8446 §4.2.1, §6.2; RFC 5246 §E.1",
        remedy: "enable TLS 1.2 or 1.3 on the side that lacks it, rather than lowering the other's floor",
        document: Some(JSSE_TUTORIAL),
    },
    /// A client without TLS 1.2 sends no signature_algorithms, which rustls asks for before it looks
    /// at the version.
    VersionLegacyClient = "version-legacy-client" {
        rule: "RFC 8446 §4.2.1, §6.2; RFC 5246 §E.1", remedy: "enable TLS 1.2 or 1.3 on the client",
        document: Some(CLIENT_POST),
    },
    /// The server marks an older version than it could use, and the client could use a newer one than
    /// that too.
    VersionDowngradeSentinel = "version-downgrade-sentinel" {
        rule: "RFC 8446 §4.1.3", remedy: "close the hole in the server's versions, or enable TLS 1.2 on the client",
        document: None,
    },
    /// The client says that it falls back, and the server could use a newer version than it has to
    /// choose.
    VersionFallbackScsv = "version-fallback-scsv" {
        rule: "RFC 7507 §3", remedy: "do not fall back: offer the newest version again, and find out why that failed",
        document: None,
    },
    /// The sides share no suite for the version that was chosen.
    SuiteMismatch = "suite-mismatch" {
        rule: "RFC 8446 §4.1.1; RFC 5246 §7.4.1.3", remedy: "widen the list of suites on either side",
        document: Some(JSSE_TUTORIAL),
    },
    /// TLS 1.2: no shared suite authenticates with the server's key.
    SuiteKeyType = "suite-key-type" {
        rule: "RFC 5246 §7.4.2", remedy: "allow suites for the key's type, or use a key of the other type",
        document: Some(JSSE_TUTORIAL),
    },
    /// The sides share no group that the version can use.
    GroupMismatch = "group-mismatch" {
        rule: "RFC 8446 §4.1.1, §4.2.8", remedy: "widen the list of groups on either side",
        document: None,
    },
    /// The client sends an empty list of groups, for none of its groups can be used with its versions.
    GroupListEmpty = "group-list-empty" {
        rule: "RFC 8446 §4.2.7; RFC 8422 §5.1.1", remedy: "give the client a group that its versions can use",
        document: None,
    },
    /// TLS 1.2: the curve of a side's key is not among its peer's groups.
    CertCurveNotOffered = "cert-curve-not-offered" {
        rule: "RFC 8422 §5.1, §5.3", remedy: "add the curve to the groups of the side that refuses it, or use another key",
        document: None,
    },
    /// A TLS 1.3 client sends no key_share.
    KeyShareMissing = "key-share-missing" {
        rule: "RFC 8446 §9.2", remedy: "report it to the client's library", document: None,
    },
    /// The client's second hello has no share for the group that the server asked for.
    HrrRefused = "hrr-refused" {
        rule: "RFC 8446 §4.1.4, §4.2.8", remedy: "report it to the client's library", document: None,
    },
    /// The server asks again for what the client has sent, or for a group that it has not.
    HrrIllegal = "hrr-illegal" {
        rule: "RFC 8446 §4.1.4, §4.2.8", remedy: "report it to the server's library", document: None,
    },
    /// A TLS 1.3 client sends no signature_algorithms.
    SigalgMissing = "sigalg-missing" {
        rule: "RFC 8446 §4.2.3, §9.2", remedy: "report it to the client's library", document: None,
    },
    /// TLS 1.2: one side insists on the extended master secret, and the other leaves it out.
    EmsRequired = "ems-required" {
        rule: "RFC 7627 §5.2, §5.3", remedy: "enable the extended master secret on the side that lacks it",
        document: None,
    },
    /// A server that asks for client certificates is offered a session, and has not said where its
    /// sessions belong.
    SessionIdContextMissing = "session-id-context-missing" {
        rule: "local", remedy: "set a session id context on the server (SSL_CTX_set_session_id_context)",
        document: None,
    },
    /// The session that is offered has an extended master secret, and this handshake none.
    ResumeEmsDropped = "resume-ems-dropped" {
        rule: "RFC 7627 §5.3", remedy: "enable the extended master secret on both sides, or forget the session",
        document: None,
    },
    /// TLS 1.2: the client offers a session without offering its suite.
    ResumeSuiteMissing = "resume-suite-missing" {
        rule: "RFC 5246 §7.4.1.2", remedy: "let the client forget its sessions when its suites change",
        document: None,
    },
    /// The client takes back, after a HelloRetryRequest, a session that the suite does not fit.
    ResumePskWithdrawn = "resume-psk-withdrawn" {
        rule: "RFC 8446 §4.1.2", remedy: "report it to the server's library: a client may do so; until then let it forget its sessions when suites change",
        document: None,
    },
    /// The proof that the client knows the session's secret is wrong.
    ResumeBinderBad = "resume-binder-bad" {
        rule: "RFC 8446 §4.2.11.2", remedy: "report it to the client's library", document: None,
    },
    /// A side sends an empty list of signature schemes.
    SigalgListEmpty = "sigalg-list-empty" {
        rule: "RFC 8446 §4.2.3; RFC 5246 §7.4.1.4.1", remedy: "configure a signature scheme on that side",
        document: None,
    },
    /// The server's key has no scheme that the client accepts.
    SigalgMismatch = "sigalg-mismatch" {
        rule: "RFC 8446 §4.2.3, §4.4.2.2; RFC 5246 §7.4.1.4.1",
        remedy: "let the client accept a scheme of the server's key",
        document: None,
    },
    /// A TLS 1.2 server does not confirm that it renegotiates safely.
    RenegInfoMissing = "reneg-info-missing" {
        rule: "RFC 5746 §3.4, §4.1", remedy: "have the server updated to RFC 5746", document: None,
    },
    /// The sides share no application protocol.
    AlpnMismatch = "alpn-mismatch" {
        rule: "RFC 7301 §3.2", remedy: "add the protocol on the side that lacks it",
        document: None,
    },
    /// What the client sends as the server's name is no host name.
    SniMalformed = "sni-malformed" {
        rule: "RFC 6066 §3", remedy: "have the client send the host's name, or no name", document: None,
    },
    /// The server knows no certificate for the server name, or for none.
    SniUnknown = "sni-unknown" {
        rule: "RFC 6066 §3", remedy: "send the server's name, and have the server know it",
        document: None,
    },
    /// One side wants a certificate and the other a raw public key.
    CertTypeMismatch = "cert-type-mismatch" {
        rule: "RFC 7250 §4.2", remedy: "configure raw public keys on both sides or on none, with TLS 1.3",
        document: None,
    },
    /// The certificate was compressed so that it cannot be decompressed.
    CertCompressionBad = "cert-compression-bad" {
        rule: "RFC 8879 §4", remedy: "turn certificate compression off on the side that sends it",
        document: None,
    },
    /// A side presents no certificate at all, and behaves as if it had.
    CertEmpty = "cert-empty" {
        rule: "RFC 8446 §4.4.2, §4.4.2.4", remedy: "configure the chain of the side that presents none", document: None,
    },
    /// The certificate is no DER.
    CertMalformed = "cert-malformed" {
        rule: "RFC 8446 §6.2", remedy: "reissue the certificate", document: None,
    },
    /// X.509 version 1.
    CertV1 = "cert-v1" {
        rule: "RFC 8446 §4.4.2.2; RFC 5246 §7.4.2", remedy: "reissue as X.509 version 3", document: None,
    },
    /// No path leads to an anchor.
    CertUnknownCa = "cert-unknown-ca" {
        rule: "RFC 8446 §6.2", remedy: "trust the root that the chain ends in", document: Some(JSSE_TUTORIAL),
    },
    /// The server leaves an intermediate out.
    CertMissingIntermediate = "cert-missing-intermediate" {
        rule: "RFC 8446 §4.4.2", remedy: "send the full chain without the root", document: Some(TROUBLESHOOTING),
    },
    /// The certificate is signed with its own key and not trusted.
    CertSelfSignedLeaf = "cert-self-signed-leaf" {
        rule: "RFC 8446 §6.2", remedy: "issue it from a CA, or trust it with cA=FALSE", document: Some(JSSE_TUTORIAL),
    },
    /// The end entity's certificate says that it is a CA.
    CertCaAsLeaf = "cert-ca-as-leaf" {
        rule: "local", remedy: "issue an end-entity certificate from that CA", document: None,
    },
    /// An anchor has the right name and another key.
    CertSameDnOtherKey = "cert-same-dn-other-key" {
        rule: "RFC 8446 §6.2", remedy: "trust the CA's present certificate", document: None,
    },
    /// Only an intermediate is trusted.
    CertPartialChain = "cert-partial-chain" {
        rule: "RFC 5280 §6.1", remedy: "trust the root, or allow partial chains", document: None,
    },
    /// notAfter has passed.
    CertExpired = "cert-expired" {
        rule: "RFC 8446 §6.2 certificate_expired", remedy: "renew the certificate; check the clock",
        document: Some(TROUBLESHOOTING),
    },
    /// The anchor's notAfter has passed.
    CertRootExpired = "cert-root-expired" {
        rule: "RFC 5280 §6.1.1", remedy: "trust the CA's new root", document: Some(TROUBLESHOOTING),
    },
    /// notBefore is to come.
    CertNotYetValid = "cert-not-yet-valid" {
        rule: "RFC 8446 §6.2 certificate_expired", remedy: "check the clock", document: None,
    },
    /// No name in the certificate is the host's.
    CertHostMismatch = "cert-host-mismatch" {
        rule: "RFC 9525 §6", remedy: "add the name as subject alternative name", document: Some(JSSE_TUTORIAL),
    },
    /// The host's name stands in the common name alone.
    CertCnOnly = "cert-cn-only" {
        rule: "RFC 9525 §2", remedy: "add the name as subject alternative name; the common name is not enough",
        document: Some(JSSE_TUTORIAL),
    },
    /// The reference is an address and no subject alternative name is that address.
    CertIpMismatch = "cert-ip-mismatch" {
        rule: "RFC 9525 §6.2", remedy: "add the address as subject alternative name", document: None,
    },
    /// A wildcard that is not a whole label.
    CertWildcard = "cert-wildcard" {
        rule: "RFC 9525 §6.3", remedy: "use a wildcard for the whole left-most label", document: None,
    },
    /// extKeyUsage leaves the role out.
    CertWrongEku = "cert-wrong-eku" {
        rule: "RFC 5280 §4.2.1.12", remedy: "reissue with the extended key usage for the role", document: None,
    },
    /// keyUsage leaves out what the handshake does with the key.
    CertBadKeyUsage = "cert-bad-key-usage" {
        rule: "RFC 8446 §4.4.2.2; RFC 5280 §4.2.1.3", remedy: "reissue with digitalSignature", document: None,
    },
    /// An intermediate is no CA.
    CertIssuerNotCa = "cert-issuer-not-ca" {
        rule: "RFC 5280 §4.2.1.9", remedy: "issue from a CA certificate", document: None,
    },
    /// A CA may not sign certificates.
    CertCaNoCertSign = "cert-ca-no-certsign" {
        rule: "RFC 5280 §4.2.1.3", remedy: "reissue the CA certificate with keyCertSign", document: None,
    },
    /// More CAs in a row than a pathLenConstraint allows.
    CertPathLen = "cert-path-len" {
        rule: "RFC 5280 §4.2.1.9", remedy: "issue from a CA that may have subordinates", document: None,
    },
    /// A name outside what a CA may vouch for.
    CertNameConstraint = "cert-name-constraint" {
        rule: "RFC 5280 §4.2.1.10", remedy: "issue from a CA that is allowed the name", document: None,
    },
    /// A critical extension that the verifier does not know.
    CertUnknownCritical = "cert-unknown-critical" {
        rule: "RFC 5280 §4.2", remedy: "reissue without the extension, or not critical", document: None,
    },
    /// A chain signature with SHA-1.
    CertWeakDigest = "cert-weak-digest" {
        rule: "RFC 8446 §4.4.2.4", remedy: "reissue with SHA-256 or better", document: None,
    },
    /// A key in the chain that is too weak for the verifier.
    CertWeakKey = "cert-weak-key" {
        rule: "RFC 8446 §6.2 bad_certificate", remedy: "reissue with a stronger key", document: None,
    },
    /// A key type that the verifier lacks.
    CertUnsupportedKey = "cert-unsupported-key" {
        rule: "RFC 8446 §4.4.2.2", remedy: "use a key type that both sides have", document: None,
    },
    /// A signature of the chain does not verify.
    CertChainSignature = "cert-chain-signature" {
        rule: "RFC 8446 §6.2 bad_certificate", remedy: "reissue the certificate", document: None,
    },
    /// More intermediates than the verifier follows.
    CertChainTooLong = "cert-chain-too-long" {
        rule: "local", remedy: "issue from a CA nearer to the root", document: None,
    },
    /// On its issuer's revocation list.
    CertRevokedCrl = "cert-revoked-crl" {
        rule: "RFC 8446 §6.2 certificate_revoked", remedy: "renew the certificate", document: Some(TROUBLESHOOTING),
    },
    /// No usable revocation list for a certificate that is to be checked.
    CertCrlMissing = "cert-crl-missing" {
        rule: "RFC 5280 §6.3", remedy: "provide the list of every issuer in the chain", document: None,
    },
    /// The revocation list of the issuer is out of date.
    CertCrlExpired = "cert-crl-expired" {
        rule: "RFC 5280 §6.3.3", remedy: "fetch the issuer's present list; check the clock",
        document: None,
    },
    /// The stapled response says so.
    CertRevokedOcsp = "cert-revoked-ocsp" {
        rule: "RFC 6960 §2.2; RFC 8446 §6.2 certificate_revoked", remedy: "renew the certificate",
        document: Some(TROUBLESHOOTING),
    },
    /// The client insists on a stapled response, and gets none that it can use.
    OcspStapleMissing = "ocsp-staple-missing" {
        rule: "RFC 6066 §8; RFC 6960 §3.2", remedy: "let the server staple the response of its certificate's issuer",
        document: None,
    },
    /// The stapled response is out of date.
    OcspStapleExpired = "ocsp-staple-expired" {
        rule: "RFC 6960 §3.2", remedy: "let the server fetch its responses in time; check the clock",
        document: None,
    },
    /// What is stapled is no response.
    OcspStapleMalformed = "ocsp-staple-malformed" {
        rule: "RFC 6066 §8; RFC 8446 §6.2 bad_certificate_status_response",
        remedy: "let the server staple the response as its issuer sent it", document: None,
    },
    /// The handshake's signature is not by the certificate's key.
    KeyPossessionFailure = "key-possession-failure" {
        rule: "RFC 8446 §4.4.3", remedy: "load the key that belongs to the certificate", document: None,
    },
    /// The handshake's signature uses a scheme that was not offered.
    WrongSignatureScheme = "wrong-signature-scheme" {
        rule: "RFC 8446 §4.4.3", remedy: "report it to the signing side's library", document: None,
    },
    /// The server insists on a client certificate and gets none.
    ClientCertMissing = "client-cert-missing" {
        rule: "RFC 8446 §4.4.2.4; RFC 5246 §7.4.6", remedy: "configure the client's certificate and key",
        document: Some(JSSE_TUTORIAL),
    },
    /// The server asks for a certificate and accepts no scheme that may sign in TLS 1.3.
    ClientSigalgEmpty = "client-sigalg-empty" {
        rule: "RFC 8446 §4.3.2", remedy: "let the server accept a scheme that the client has", document: None,
    },
    /// What answers the client is no TLS.
    NetPlaintextReply = "net-plaintext-reply" {
        rule: "RFC 8446 §5.1", remedy: "you have reached another service: check host and port; it may want STARTTLS",
        document: Some(TROUBLESHOOTING),
    },
    /// What speaks to the server is no TLS.
    NetPlaintextClient = "net-plaintext-client" {
        rule: "RFC 8446 §5.1", remedy: "have the client use https, or its own TLS port; a proxy wants CONNECT to itself, not to the server",
        document: Some(TROUBLESHOOTING),
    },
    /// The client's hello reaches something that does not speak TLS.
    NetTlsToPlaintextPort = "net-tls-to-plaintext-port" {
        rule: "RFC 8446 §5.1", remedy: "check the port, and whether a proxy on the way wants CONNECT first",
        document: Some(TROUBLESHOOTING),
    },
    /// The stream ends within the connection.
    NetTruncate = "net-truncate" {
        rule: "RFC 8446 §6.1", remedy: "find out who closes: a firewall, a proxy or a load balancer on the way, or a crash of the peer",
        document: Some(TROUBLESHOOTING),
    },
    /// Bytes stay away, and nobody is told.
    NetStall = "net-stall" {
        rule: "local", remedy: "look for a firewall that drops packets, or a path MTU that a large hello does not fit",
        document: Some(TROUBLESHOOTING),
    },
    /// A record's header is not as it was sent.
    NetCorruptHeader = "net-corrupt-header" {
        rule: "RFC 8446 §5.1; RFC 5246 §6.2.1", remedy: "not a configuration fault: look for a middlebox that rewrites TLS",
        document: Some(TROUBLESHOOTING),
    },
    /// A record says that it is longer than any may be.
    NetOversize = "net-oversize" {
        rule: "RFC 8446 §5.1, §5.2 record_overflow", remedy: "not a configuration fault: look for a middlebox that rewrites TLS",
        document: None,
    },
    /// A record of handshake messages has none.
    NetEmptyHandshakeRecord = "net-empty-handshake-record" {
        rule: "RFC 8446 §5.1", remedy: "not a configuration fault: look for a middlebox that rewrites TLS",
        document: None,
    },
    /// What a hello says is not what was said.
    NetCorruptHello = "net-corrupt-hello" {
        rule: "RFC 8446 §4.1.2, §4.4.4", remedy: "not a configuration fault: look for a middlebox that rewrites hellos",
        document: Some(TROUBLESHOOTING),
    },
    /// A message in the clear is not as it was sent.
    NetCorruptPlain = "net-corrupt-plain" {
        rule: "RFC 5246 §7.4.3, §7.4.9", remedy: "not a configuration fault: look for a middlebox that rewrites TLS",
        document: Some(TROUBLESHOOTING),
    },
    /// A protected record is not as it was sent.
    NetCorruptProtected = "net-corrupt-protected" {
        rule: "RFC 8446 §5.2 bad_record_mac; RFC 5246 §7.2.2", remedy: "not a configuration fault: look for a middlebox or a faulty network card",
        document: None,
    },
    /// A record does not arrive.
    NetDrop = "net-drop" {
        rule: "RFC 8446 §5.3", remedy: "not a configuration fault: look for a middlebox that filters TLS records",
        document: Some(TROUBLESHOOTING),
    },
    /// A record arrives twice.
    NetDuplicate = "net-duplicate" {
        rule: "RFC 8446 §5.3", remedy: "not a configuration fault: look for a middlebox that replays",
        document: None,
    },
    /// A record arrives behind the one that was sent after it.
    NetReorder = "net-reorder" {
        rule: "RFC 8446 §5.3", remedy: "not a configuration fault: look for a middlebox that splits streams",
        document: None,
    },
    /// An alert arrives that the peer has not sent.
    NetInjectAlert = "net-inject-alert" {
        rule: "RFC 8446 §6", remedy: "somebody on the way refuses the connection: look for a firewall, a filter or a load balancer",
        document: Some(TROUBLESHOOTING),
    },
    /// Application data arrives that the peer has not sent.
    NetInjectData = "net-inject-data" {
        rule: "RFC 8446 §5.1", remedy: "not a configuration fault: look for a middlebox that injects",
        document: None,
    },
    /// A ChangeCipherSpec arrives that the peer has not sent.
    NetInjectCcs = "net-inject-ccs" {
        rule: "RFC 8446 §5; RFC 5246 §7.1", remedy: "not a configuration fault: look for a middlebox that injects",
        document: None,
    },
    /// Messages arrive spread over other records than they were sent in.
    NetFragment = "net-fragment" {
        rule: "RFC 8446 §5.1", remedy: "report it to the receiver's library: any split is allowed",
        document: None,
    },
}

impl Cause {
    /// Whether it lies between the two sides.
    pub fn is_of_the_link(self) -> bool {
        self >= Self::NetPlaintextReply
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

impl Serialize for Cause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

impl<'de> Deserialize<'de> for Cause {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = Cow::<'de, str>::deserialize(deserializer)?;
        Self::ALL
            .iter()
            .copied()
            .find(|cause| cause.id() == id)
            .ok_or_else(|| {
                de::Error::custom(format!("unknown cause {id:?}; see `shakedown causes`"))
            })
    }
}

impl JsonSchema for Cause {
    fn schema_name() -> Cow<'static, str> {
        "Cause".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let ids: Vec<_> = Self::ALL.iter().map(|cause| cause.id()).collect();
        json_schema!({ "type": "string", "enum": ids })
    }
}

const JSSE_TUTORIAL: &str = "a tutorial on JSSE (000_a4ddbebb6849a3bd.txt)";
const CLIENT_POST: &str = "a post on a WebClient behind WebSphere (002_a834eab5e7b2ead4.txt)";
const TROUBLESHOOTING: &str = "a page on troubleshooting (003_a624bc5dc3772029.txt)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_its_id_in_json() {
        for cause in Cause::ALL {
            let json = serde_json::to_string(cause).expect("plain data");
            assert_eq!(json, format!("{:?}", cause.id()));
            assert_eq!(serde_json::from_str::<Cause>(&json).ok(), Some(*cause));
            assert_eq!(cause.to_string(), cause.id());
        }
        let error = serde_json::from_str::<Cause>("\"no-such-cause\"").expect_err("unknown");
        assert!(error.to_string().contains("shakedown causes"));
    }

    #[test]
    fn the_schema_names_every_cause() {
        let schema = schemars::schema_for!(Cause).to_value();
        assert_eq!(schema["title"], "Cause");
        assert_eq!(
            schema["enum"].as_array().map(Vec::len),
            Some(Cause::ALL.len())
        );
    }

    #[test]
    fn the_founding_documents_name_some_causes() {
        assert_eq!(Cause::VersionMismatch.document(), Some(JSSE_TUTORIAL));
        assert_eq!(Cause::CertMalformed.document(), None);
    }
}
