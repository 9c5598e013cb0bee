//! Scenarios that the axes say seldom or never, each for a rule that nothing else reaches; with the
//! cause that decides, if there is one.

pub(crate) const RARE: &[(Option<&str>, &str)] = &[
    // A client's certificate below TLS 1.2, where no scheme is negotiated, and Ed25519 has none of old.
    (
        None,
        r#"{"client":{"stack":"openssl","profile":{"protocol":{"versions":["TLS1.1"],"security_level":0},
        "identity":{"key":"ecdsa-p256"}}},"server":{"stack":"openssl","profile":{
        "protocol":{"versions":["TLS1.1"],"security_level":0},"client_auth":"required"}}}"#,
    ),
    (
        Some("client-cert-missing"),
        r#"{"client":{"stack":"openssl","profile":{"protocol":{"versions":["TLS1.1"],"security_level":0},
        "identity":{"key":"ed25519"}}},"server":{"stack":"openssl","profile":{
        "protocol":{"versions":["TLS1.1"],"security_level":0},"client_auth":"required"}}}"#,
    ),
    // Clients that are too old for rustls, whatever it enables.
    (
        Some("version-legacy-client"),
        r#"{"client":{"stack":"openssl","profile":{"protocol":{"versions":["TLS1.1"],
        "security_level":0}}},"server":{"stack":"rustls-ring"}}"#,
    ),
    (
        Some("version-legacy-client"),
        r#"{"client":{"stack":"openssl","profile":{"protocol":{"versions":["TLS1.0","TLS1.1"],
        "security_level":0}}},
        "server":{"stack":"rustls-aws-lc-rs","profile":{"protocol":{"versions":["TLS1.3"]}}}}"#,
    ),
    // A wildcard that is part of a label, which does not fit; and one that does, with a capital.
    (
        Some("cert-host-mismatch"),
        r#"{"client":{"stack":"openssl","profile":{"server_name":{"dns":"other.shakedown.test"}}},
        "server":{"stack":"openssl","profile":{"identity":{"flaw":"partial-wildcard"}}}}"#,
    ),
    (
        None,
        r#"{"client":{"stack":"openssl","profile":{"server_name":{"dns":"Sibling.shakedown.test"}}},
        "server":{"stack":"rustls-ring","profile":{"identity":{"flaw":"partial-wildcard"}}}}"#,
    ),
    // The address of the certificate that has another name.
    (
        None,
        r#"{"client":{"stack":"openssl","profile":{"server_name":{"ip":"192.0.2.2"}}},
        "server":{"stack":"openssl","profile":{"identity":{"flaw":"other-name"}}}}"#,
    ),
    (
        None,
        r#"{"client":{"stack":"rustls-ring","profile":{"server_name":{"ip":"192.0.2.2"}}},
        "server":{"stack":"openssl","profile":{"identity":{"flaw":"other-name"}}}}"#,
    ),
    // What a stack cannot say, beside the values that the group `absent/` asks for.
    (
        None,
        r#"{"client":{"stack":"openssl","profile":{"alpn":["h2"]}},
        "server":{"stack":"rustls-ring","profile":{"alpn":["h2"],"alpn_miss":"ignore"}}}"#,
    ),
    (
        None,
        r#"{"client":{"stack":"openssl","profile":{"trust":{"leaf":{"flaw":"malformed"}}}},
        "server":{"stack":"openssl"}}"#,
    ),
    (
        None,
        r#"{"client":{"stack":"rustls-ring","profile":{"trust":{"leaf":{"flaw":"empty-chain"}}}},
        "server":{"stack":"openssl"}}"#,
    ),
    (
        None,
        r#"{"client":{"stack":"openssl","profile":{"trust":{"leaf":{"key":"ed25519","flaw":"sha1"}}}},
        "server":{"stack":"openssl"}}"#,
    ),
    (
        None,
        r#"{"client":{"stack":"openssl"},
        "server":{"stack":"rustls-ring","profile":{"identity":{"key":"ed25519","flaw":"sha1"}}}}"#,
    ),
    (
        None,
        r#"{"client":{"stack":"openssl"},"server":{"stack":"rustls-ring","profile":{
        "trust":{"leaf":{"key":"ed25519","flaw":"sha1"}},"client_auth":"optional"}}}"#,
    ),
    // A refusal and an absence at once: the model leaves open which comes first.
    (
        None,
        r#"{"client":{"stack":"rustls-ring","profile":{"protocol":{"security_level":1},"trust":"empty"}},
        "server":{"stack":"openssl"}}"#,
    ),
    // No version at all.
    (
        Some("cfg-no-protocols"),
        r#"{"client":{"stack":"rustls-ring","profile":{"protocol":{"versions":[]}}},
        "server":{"stack":"openssl"}}"#,
    ),
    (
        Some("cfg-no-protocols"),
        r#"{"client":{"stack":"openssl"},
        "server":{"stack":"rustls-ring","profile":{"protocol":{"versions":[]}}}}"#,
    ),
    // Outside the model.
    (
        None,
        r#"{"client":{"stack":"openssl","profile":{"protocol":{"security_level":3}}},
        "server":{"stack":"openssl"}}"#,
    ),
    // An OpenSSL server without any scheme for TLS 1.3 fails over its own signature, before it could
    // ask for a certificate.
    (
        Some("sigalg-mismatch"),
        r#"{"client":{"stack":"openssl"},"server":{"stack":"openssl","profile":{
        "protocol":{"signature_schemes":["rsa_pkcs1_sha256"]},"identity":{"key":"rsa2048"},
        "client_auth":"optional"}}}"#,
    ),
    // One outcome, several causes: the cause is the one that the profiles show.
    (
        Some("version-mismatch"),
        r#"{"client":{"stack":"openssl","profile":{"protocol":{"versions":["TLS1.3"]}}},
        "server":{"stack":"openssl","profile":{"protocol":{"versions":["TLS1.2"]}}}}"#,
    ),
    (
        Some("suite-mismatch"),
        r#"{"client":{"stack":"openssl","profile":{"protocol":{"versions":["TLS1.2"],
        "suites":["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"]}}},
        "server":{"stack":"openssl","profile":{"protocol":{"suites":["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"]}}}}"#,
    ),
    (
        Some("cert-curve-not-offered"),
        r#"{"client":{"stack":"openssl","profile":{"protocol":{"versions":["TLS1.2"],
        "groups":["x25519","secp256r1"]}}},
        "server":{"stack":"openssl","profile":{"identity":{"key":"ecdsa-p384"}}}}"#,
    ),
    (
        Some("cert-missing-intermediate"),
        r#"{"client":{"stack":"openssl","profile":{"trust":"impostor-roots"}},
        "server":{"stack":"openssl","profile":{"identity":{"flaw":"missing-intermediate"}}}}"#,
    ),
    (
        Some("cert-same-dn-other-key"),
        r#"{"client":{"stack":"openssl","profile":{"trust":"impostor-roots"}},
        "server":{"stack":"openssl","profile":{}}}"#,
    ),
    (
        Some("cert-missing-intermediate"),
        r#"{"client":{"stack":"openssl","profile":{"trust":"empty"}},
        "server":{"stack":"openssl","profile":{"identity":{"flaw":"missing-intermediate"}}}}"#,
    ),
    (
        Some("cert-unknown-ca"),
        r#"{"client":{"stack":"openssl","profile":{"trust":"empty"}},
        "server":{"stack":"openssl","profile":{}}}"#,
    ),
];
