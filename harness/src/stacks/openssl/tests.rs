use super::*;
use crate::connection::{Connection, Failure, HandshakeKind, Peer, Reason, Role, Session};
use crate::iana::{AlertDescription, CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme};
use crate::profile::{
    ClientAuth, Credential, Flaw, KeyType, Loading, Miss, NameCheck, Preference, Protocol,
    Revocation, ServerName, Sni, SniPolicy, Trust,
};

const TLS1_2: ProtocolVersion = ProtocolVersion::TLS1_2;
const TLS1_3: ProtocolVersion = ProtocolVersion::TLS1_3;

#[test]
fn the_version_is_the_linked_ones() {
    let version = stack().info.version;
    assert!(version.starts_with("3."), "{version}");
    assert!(!version.contains(' '), "{version}");
}

#[test]
fn every_version_carries_data_both_ways_and_closes() {
    for version in ProtocolVersion::ALL {
        let mut ends = meet(
            &client_with(protocol(version)),
            &server_with(protocol(version)),
        );
        assert_eq!(ends.exchange(), Ok(()), "{version}");
        let (client, server) = (ends.client.session(), ends.server.session());
        assert_eq!(client.version, version);
        assert_eq!(server.version, version);
        assert_eq!(client.kind, HandshakeKind::Full);
        assert_eq!(client.suite, server.suite);
        assert_eq!(client.group, server.group);
        assert_eq!(client.server_signature, server.server_signature);
        assert_eq!(
            client.server_signature,
            (version >= TLS1_2).then_some(SignatureScheme::ecdsa_secp256r1_sha256)
        );
        assert_eq!(
            client.server_name.as_deref(),
            Some("server.shakedown.test"),
            "{version}"
        );
        assert_eq!(server.server_name, client.server_name, "{version}");
        assert_eq!(
            client.peer,
            Some(known(Role::Server, Credential::default()))
        );
        assert_eq!(server.peer, None);
        for end in [&ends.client, &ends.server] {
            assert_eq!(end.alerts_sent(), [AlertDescription::close_notify]);
            assert_eq!(end.alerts_received(), [AlertDescription::close_notify]);
        }
    }
}

#[test]
fn groups_are_told_on_both_sides() {
    for (version, group) in [
        (TLS1_2, NamedGroup::secp256r1),
        (TLS1_2, NamedGroup::secp521r1),
        (TLS1_2, NamedGroup::x25519),
        (TLS1_2, NamedGroup::x448),
        (TLS1_3, NamedGroup::secp384r1),
        (TLS1_3, NamedGroup::x448),
        (TLS1_3, NamedGroup::ffdhe2048),
        (TLS1_3, NamedGroup::ffdhe3072),
        (TLS1_3, NamedGroup::X25519MLKEM768),
    ] {
        let profile = || Protocol {
            groups: Some(vec![group]),
            ..protocol(version)
        };
        // An ECDSA key's curve would have to be among the client's groups in TLS 1.2.
        let mut server = server_with(profile());
        server.identity = Some(of(KeyType::Ed25519));
        let ends = meet(&client_with(profile()), &server);
        assert_eq!(
            ends.sessions().map(|s| s.group),
            [Some(group); 2],
            "{version}"
        );
    }
}

#[test]
fn key_exchanges_without_a_group_have_none() {
    for (suite, signature) in [
        (CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256, None),
        (
            CipherSuite::TLS_DHE_RSA_WITH_AES_128_GCM_SHA256,
            Some(SignatureScheme::rsa_pss_rsae_sha256),
        ),
    ] {
        let profile = || Protocol {
            suites: Some(vec![suite]),
            ..protocol(TLS1_2)
        };
        let mut server = server_with(profile());
        server.identity = Some(of(KeyType::Rsa2048));
        let ends = meet(&client_with(profile()), &server);
        for session in ends.sessions() {
            assert_eq!(session.suite, suite);
            assert_eq!(session.group, None);
            assert_eq!(session.server_signature, signature);
        }
    }
}

#[test]
fn signatures_of_both_sides_are_told_on_both_sides() {
    for (version, key, scheme) in [
        (
            TLS1_2,
            KeyType::EcdsaP256,
            SignatureScheme::ecdsa_secp256r1_sha256,
        ),
        (
            TLS1_2,
            KeyType::EcdsaP384,
            SignatureScheme::ecdsa_secp256r1_sha256,
        ),
        (TLS1_2, KeyType::Ed25519, SignatureScheme::ed25519),
        (
            TLS1_2,
            KeyType::Rsa2048,
            SignatureScheme::rsa_pss_rsae_sha256,
        ),
        (
            TLS1_3,
            KeyType::EcdsaP256,
            SignatureScheme::ecdsa_secp256r1_sha256,
        ),
        (
            TLS1_3,
            KeyType::EcdsaP384,
            SignatureScheme::ecdsa_secp384r1_sha384,
        ),
        (
            TLS1_3,
            KeyType::EcdsaP521,
            SignatureScheme::ecdsa_secp521r1_sha512,
        ),
        (TLS1_3, KeyType::Ed25519, SignatureScheme::ed25519),
        (
            TLS1_3,
            KeyType::Rsa3072,
            SignatureScheme::rsa_pss_rsae_sha256,
        ),
    ] {
        let mut client = client_with(protocol(version));
        client.identity = Some(of(key));
        let mut server = server_with(protocol(version));
        server.client_auth = ClientAuth::Required;
        server.identity = Some(of(key));
        for session in meet(&client, &server).sessions() {
            assert_eq!(session.server_signature, Some(scheme), "{version} {key:?}");
            assert_eq!(session.client_signature, Some(scheme), "{version} {key:?}");
        }
    }
    let mut server = server_with(protocol(TLS1_2));
    server.client_auth = ClientAuth::Optional;
    for version in [TLS1_2, TLS1_3] {
        let ends = meet(
            &client_with(protocol(version)),
            &ServerProfile {
                protocol: protocol(version),
                ..server.clone()
            },
        );
        assert_eq!(ends.sessions().map(|s| s.client_signature), [None, None]);
    }
}

#[test]
fn pkcs1_and_pss_are_told_apart() {
    let profile = Protocol {
        signature_schemes: Some(vec![
            SignatureScheme::rsa_pkcs1_sha384,
            SignatureScheme::rsa_pkcs1_sha256,
        ]),
        ..protocol(TLS1_2)
    };
    let mut server = server_with(protocol(TLS1_2));
    server.identity = Some(of(KeyType::Rsa2048));
    let ends = meet(&client_with(profile), &server);
    assert_eq!(
        ends.sessions().map(|s| s.server_signature),
        [Some(SignatureScheme::rsa_pkcs1_sha384); 2]
    );
}

#[test]
fn a_wrong_name_is_refused_with_bad_certificate() {
    for version in [TLS1_2, TLS1_3] {
        let mut client = client_with(protocol(version));
        client.server_name = ServerName::Dns(ServerName::WRONG.to_owned());
        let ends = meet(&client, &server_with(protocol(version)));
        let failure = ends.client.failure().expect("refused");
        assert_eq!(failure.reason, Reason::Certificate);
        assert_eq!(failure.native, "CERTIFICATE_VERIFY_FAILED(62)");
        assert_eq!(
            failure.text,
            "error:0A000086:SSL routines::certificate verify failed:hostname mismatch"
        );
        ends.alert(Role::Client, AlertDescription::bad_certificate);
        client.name_check = NameCheck::Off;
        assert_eq!(
            meet(&client, &server_with(protocol(version))).exchange(),
            Ok(())
        );
    }
}

#[test]
fn an_address_is_compared_and_never_sent() {
    let mut client = ClientProfile {
        server_name: ServerName::Ip(ServerName::RIGHT_IP),
        ..ClientProfile::default()
    };
    let mut ends = meet(&client, &ServerProfile::default());
    assert_eq!(ends.exchange(), Ok(()));
    assert_eq!(ends.server.session().server_name, None);
    client.server_name = ServerName::Ip(ServerName::WRONG_IP);
    let ends = meet(&client, &ServerProfile::default());
    assert_eq!(ends.native(Role::Client), "CERTIFICATE_VERIFY_FAILED(64)");
}

#[test]
fn versions_without_one_in_common_fail_with_protocol_version() {
    let ends = meet(
        &client_with(protocol(TLS1_2)),
        &server_with(protocol(TLS1_3)),
    );
    let failure = ends.server.failure().expect("refused");
    assert_eq!(failure.reason, Reason::Version);
    assert_eq!(failure.native, "UNSUPPORTED_PROTOCOL");
    ends.alert(Role::Server, AlertDescription::protocol_version);
}

#[test]
fn versions_may_have_holes() {
    let with = |versions: &[ProtocolVersion]| Protocol {
        versions: versions.to_vec(),
        security_level: Some(0),
        ..Protocol::default()
    };
    let ends = meet(
        &client_with(with(&ProtocolVersion::ALL)),
        &server_with(with(&[ProtocolVersion::TLS1_0, TLS1_2])),
    );
    assert_eq!(ends.client.session().version, TLS1_2);
    let ends = meet(
        &client_with(with(&ProtocolVersion::ALL)),
        &server_with(with(&[ProtocolVersion::TLS1_0, TLS1_3])),
    );
    assert_eq!(ends.client.session().version, TLS1_3);
    // A client offers the lowest run without a hole.
    let ends = meet(
        &client_with(with(&[ProtocolVersion::TLS1_1, TLS1_3])),
        &server_with(with(&ProtocolVersion::ALL)),
    );
    assert_eq!(ends.client.session().version, ProtocolVersion::TLS1_1);
    let ends = meet(&client_with(with(&[])), &server_with(with(&[TLS1_2])));
    assert_eq!(ends.native(Role::Client), "NO_PROTOCOLS_AVAILABLE");
    assert_eq!(
        ends.client.failure().map(|failure| failure.reason),
        Some(Reason::Configuration)
    );
}

#[test]
fn a_hello_retry_request_is_seen_by_both_sides() {
    let groups = |groups: &[NamedGroup]| Protocol {
        groups: Some(groups.to_vec()),
        ..Protocol::default()
    };
    let mut ends = meet(
        &client_with(groups(&[NamedGroup::x25519, NamedGroup::secp384r1])),
        &server_with(groups(&[NamedGroup::secp384r1])),
    );
    assert_eq!(ends.exchange(), Ok(()));
    for session in ends.sessions() {
        assert_eq!(session.kind, HandshakeKind::HelloRetryRequest);
        assert_eq!(session.group, Some(NamedGroup::secp384r1));
    }
}

#[test]
fn the_servers_order_of_protocols_decides() {
    let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
    let client = ClientProfile {
        alpn: names(&["http/1.1", "h2"]),
        ..ClientProfile::default()
    };
    let server = |alpn, alpn_miss| ServerProfile {
        alpn,
        alpn_miss,
        ..ServerProfile::default()
    };
    let ends = meet(
        &client,
        &server(names(&["h3", "h2", "http/1.1"]), Miss::Fatal),
    );
    assert_eq!(
        ends.sessions().map(|s| s.alpn),
        [const { Some("h2") }; 2].map(|n| n.map(str::to_owned))
    );
    let ends = meet(&client, &server(names(&["h3"]), Miss::Ignore));
    assert_eq!(ends.sessions().map(|s| s.alpn), [None, None]);
    let ends = meet(&client, &server(Vec::new(), Miss::Fatal));
    assert_eq!(ends.sessions().map(|s| s.alpn), [None, None]);
    let ends = meet(&client, &server(names(&["h3"]), Miss::Fatal));
    assert_eq!(ends.native(Role::Server), "NO_APPLICATION_PROTOCOL");
    ends.alert(Role::Server, AlertDescription::no_application_protocol);
}

#[test]
fn a_missing_client_certificate_is_refused() {
    for (version, alert, client_is_done) in [
        (TLS1_2, AlertDescription::handshake_failure, false),
        (TLS1_3, AlertDescription::certificate_required, true),
    ] {
        let mut server = server_with(protocol(version));
        server.client_auth = ClientAuth::Required;
        let ends = meet(&client_with(protocol(version)), &server);
        assert_eq!(
            ends.native(Role::Server),
            "PEER_DID_NOT_RETURN_A_CERTIFICATE"
        );
        assert_eq!(
            ends.server.failure().map(|failure| failure.reason),
            Some(Reason::NoCertificate)
        );
        assert_eq!(ends.client.is_established(), client_is_done);
        assert!(!ends.server.is_established());
        ends.alert(Role::Server, alert);
    }
}

#[test]
fn a_client_certificate_is_verified_and_told() {
    for version in [TLS1_2, TLS1_3] {
        let mut server = server_with(protocol(version));
        server.client_auth = ClientAuth::Optional;
        let mut client = client_with(protocol(version));
        let good = of(KeyType::EcdsaP384);
        client.identity = Some(good);
        let ends = meet(&client, &server);
        assert_eq!(ends.server.session().peer, Some(known(Role::Client, good)));
        let expired = Credential {
            flaw: Flaw::Expired,
            ..good
        };
        client.identity = Some(expired);
        let ends = meet(&client, &server);
        assert_eq!(ends.native(Role::Server), "CERTIFICATE_VERIFY_FAILED(10)");
        ends.alert(Role::Server, AlertDescription::certificate_expired);
    }
}

#[test]
fn trust_and_revocation_are_obeyed() {
    let revoked = Some(Credential {
        flaw: Flaw::Revoked,
        ..Credential::default()
    });
    for (trust, revocation, identity, expected) in [
        (
            Trust::Roots,
            Revocation::Crl,
            Some(Credential::default()),
            None,
        ),
        (Trust::Roots, Revocation::Off, revoked, None),
        (
            Trust::Roots,
            Revocation::Crl,
            revoked,
            Some((23, AlertDescription::certificate_revoked)),
        ),
        (
            Trust::OtherRoot,
            Revocation::Off,
            Some(Credential::default()),
            Some((20, AlertDescription::unknown_ca)),
        ),
        (
            Trust::Empty,
            Revocation::Off,
            Some(Credential::default()),
            Some((20, AlertDescription::unknown_ca)),
        ),
        (
            Trust::Intermediates,
            Revocation::Off,
            Some(Credential::default()),
            Some((2, AlertDescription::unknown_ca)),
        ),
    ] {
        let client = ClientProfile {
            trust,
            revocation,
            ..ClientProfile::default()
        };
        let server = ServerProfile {
            identity,
            ..ServerProfile::default()
        };
        let mut ends = meet(&client, &server);
        let Some((code, alert)) = expected else {
            assert_eq!(ends.exchange(), Ok(()), "{trust:?} {revocation:?}");
            continue;
        };
        assert_eq!(
            ends.native(Role::Client),
            format!("CERTIFICATE_VERIFY_FAILED({code})")
        );
        ends.alert(Role::Client, alert);
    }
}

#[test]
fn a_strict_server_wants_its_name() {
    let server = ServerProfile {
        sni: SniPolicy::Strict,
        ..ServerProfile::default()
    };
    let mut client = ClientProfile::default();
    let mut ends = meet(&client, &server);
    assert_eq!(ends.exchange(), Ok(()));
    assert_eq!(
        ends.server.session().server_name.as_deref(),
        Some(ServerName::RIGHT)
    );
    for (name, sni) in [
        (ServerName::RIGHT, Sni::Omit),
        (ServerName::WRONG, Sni::Send),
    ] {
        client.server_name = ServerName::Dns(name.to_owned());
        client.sni = sni;
        let ends = meet(&client, &server);
        assert_eq!(ends.native(Role::Server), "CALLBACK_FAILED");
        assert_eq!(
            ends.server.failure().map(|failure| failure.reason),
            Some(Reason::ServerName)
        );
        ends.alert(Role::Server, AlertDescription::unrecognized_name);
    }
}

#[test]
fn the_server_can_decide_over_the_suite() {
    let [a, b] = [
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    ];
    let with = |suites: [CipherSuite; 2]| Protocol {
        suites: Some(suites.to_vec()),
        ..protocol(TLS1_2)
    };
    for (preference, expected) in [(Preference::Client, a), (Preference::Server, b)] {
        let server = ServerProfile {
            preference,
            ..server_with(with([b, a]))
        };
        let ends = meet(&client_with(with([a, b])), &server);
        assert_eq!(ends.sessions().map(|s| s.suite), [expected; 2]);
    }
}

#[test]
fn what_the_stack_cannot_say_is_unsupported() {
    let unsupported = |protocol| match stack().client(&client_with(protocol)) {
        Err(Refusal::Unsupported(reason)) => reason,
        other => panic!("{:?}", other.err()),
    };
    assert_eq!(
        unsupported(Protocol {
            versions: vec![ProtocolVersion(0x0300)],
            ..Protocol::default()
        }),
        "OpenSSL has no 0x0300"
    );
    assert_eq!(
        unsupported(Protocol {
            suites: Some(vec![CipherSuite(0x000a)]),
            ..Protocol::default()
        }),
        "OpenSSL has no suite 0x000a of TLS 1.2 or earlier"
    );
    assert_eq!(
        unsupported(Protocol {
            suites: Some(vec![CipherSuite::TLS_AES_128_GCM_SHA256]),
            ..Protocol::default()
        }),
        "OpenSSL has no suite TLS_AES_128_GCM_SHA256 of TLS 1.2 or earlier"
    );
    assert_eq!(
        unsupported(Protocol {
            groups: Some(vec![NamedGroup(0x6399)]),
            ..Protocol::default()
        }),
        "OpenSSL's name for group 0x6399 is not known"
    );
    let resolver = Some(Credential {
        loading: Loading::Resolver,
        ..Credential::default()
    });
    let server = ServerProfile {
        identity: resolver,
        ..ServerProfile::default()
    };
    assert!(matches!(
        stack().server(&server),
        Err(Refusal::Unsupported(_))
    ));
}

#[test]
fn every_named_group_scheme_and_suite_can_be_set() {
    let profile = Protocol {
        versions: ProtocolVersion::ALL.to_vec(),
        suites: Some(
            CipherSuite::NAMED
                .iter()
                .copied()
                .filter(|s| !s.is_tls13() && *s != CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV)
                .collect(),
        ),
        tls13_suites: Some(
            CipherSuite::NAMED
                .iter()
                .copied()
                .filter(|s| s.is_tls13())
                .collect(),
        ),
        groups: Some(NamedGroup::NAMED.to_vec()),
        signature_schemes: Some(SignatureScheme::NAMED.to_vec()),
        security_level: Some(0),
        ..Protocol::default()
    };
    assert!(stack().client(&client_with(profile)).is_ok());
}

#[test]
fn empty_lists_fail_when_openssl_notices() {
    let none = || Protocol {
        suites: Some(Vec::new()),
        ..protocol(TLS1_2)
    };
    let Err(Refusal::Config(failure)) = stack().client(&client_with(none())) else {
        panic!("taken");
    };
    assert_eq!(failure.reason, Reason::Configuration);
    assert_eq!(failure.native, "NO_CIPHER_MATCH");
    let without_older = Protocol {
        suites: Some(Vec::new()),
        ..protocol(TLS1_3)
    };
    let mut ends = meet(&client_with(without_older), &ServerProfile::default());
    assert_eq!(ends.exchange(), Ok(()));
    let no_suites = Protocol {
        tls13_suites: Some(Vec::new()),
        ..protocol(TLS1_3)
    };
    let ends = meet(&client_with(no_suites.clone()), &ServerProfile::default());
    assert_eq!(ends.native(Role::Client), "NO_CIPHERS_AVAILABLE");
    let ends = meet(&ClientProfile::default(), &server_with(no_suites));
    assert_eq!(ends.native(Role::Server), "NO_CIPHERS_AVAILABLE");
    let no_schemes = Protocol {
        signature_schemes: Some(Vec::new()),
        ..Protocol::default()
    };
    let Err(Refusal::Config(failure)) = stack().client(&client_with(no_schemes)) else {
        panic!("taken");
    };
    assert_eq!(failure.reason, Reason::Configuration);
    assert_eq!(failure.native, "REFUSED_WITHOUT_ERROR");
    let no_groups = Protocol {
        groups: Some(Vec::new()),
        ..protocol(TLS1_3)
    };
    let ends = meet(&client_with(no_groups), &ServerProfile::default());
    assert_eq!(ends.native(Role::Client), "NO_SUITABLE_GROUPS");
    assert_eq!(
        ends.client.failure().map(|failure| failure.reason),
        Some(Reason::Configuration)
    );
}

#[test]
fn a_flawed_identity_is_refused_when_it_is_loaded() {
    for (flaw, native) in [
        (Flaw::KeyMismatch, "KEY_VALUES_MISMATCH"),
        (Flaw::Malformed, "TOO_LONG"),
    ] {
        let server = ServerProfile {
            identity: Some(Credential {
                flaw,
                ..Credential::default()
            }),
            ..ServerProfile::default()
        };
        let Err(Refusal::Config(failure)) = stack().server(&server) else {
            panic!("{flaw:?} taken");
        };
        assert_eq!(failure.reason, Reason::Configuration);
        assert_eq!(failure.native, native, "{}", failure.text);
    }
}

#[test]
fn a_server_without_a_certificate_fails_in_the_handshake() {
    let server = |protocol| ServerProfile {
        identity: None,
        ..server_with(protocol)
    };
    let ends = meet(&ClientProfile::default(), &server(Protocol::default()));
    assert_eq!(ends.native(Role::Server), "NO_SHARED_CIPHER");
    ends.alert(Role::Server, AlertDescription::handshake_failure);
    let ends = meet(&ClientProfile::default(), &server(protocol(TLS1_3)));
    assert_eq!(ends.native(Role::Server), "UNSUPPORTED_PROTOCOL");
    ends.alert(Role::Server, AlertDescription::protocol_version);
}

#[test]
fn the_end_of_the_link_is_truncation() {
    let mut ends = Ends::new(&ClientProfile::default(), &ServerProfile::default());
    ends.client.advance();
    ends.client.receive_end();
    let failure = ends.client.failure().expect("truncated");
    assert_eq!(failure.reason, Reason::Truncated);
    assert_eq!(failure.native, "SYSCALL_EOF");
    assert_eq!(ends.client.alerts_sent(), []);
    let mut ends = meet(&ClientProfile::default(), &ServerProfile::default());
    assert!(ends.client.is_established());
    ends.client.receive_end();
    assert_eq!(ends.native(Role::Client), "SYSCALL_EOF");
    assert!(ends.client.is_established());
}

#[test]
fn what_is_not_tls_does_not_decode() {
    let mut ends = Ends::new(&ClientProfile::default(), &ServerProfile::default());
    ends.client.advance();
    ends.client.receive(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    let failure = ends.client.failure().expect("not TLS");
    assert_eq!(failure.reason, Reason::Decode);
    assert_eq!(failure.native, "WRONG_VERSION_NUMBER");
    ends.server.receive(b"GET / HTTP/1.1\r\n\r\n");
    assert_eq!(ends.native(Role::Server), "HTTP_REQUEST");
}

#[test]
fn close_notify_inside_the_handshake_ends_it() {
    let mut ends = Ends::new(&ClientProfile::default(), &ServerProfile::default());
    ends.client.advance();
    ends.client.receive(&[21, 3, 3, 0, 2, 1, 0]);
    let failure = ends.client.failure().expect("ended");
    assert_eq!(failure.reason, Reason::UnexpectedMessage);
    assert_eq!(failure.native, "ZERO_RETURN");
    assert_eq!(
        ends.client.alerts_received(),
        [AlertDescription::close_notify]
    );
    assert!(!ends.client.is_peer_closed());
}

#[test]
fn after_a_failure_nothing_changes() {
    let mut ends = meet(
        &client_with(protocol(TLS1_2)),
        &server_with(protocol(TLS1_3)),
    );
    let before = ends.server.failure().cloned();
    ends.server.receive(b"anything");
    ends.server.send(b"anything");
    ends.server.close();
    ends.server.receive_end();
    ends.server.advance();
    assert_eq!(ends.server.failure().cloned(), before);
    let mut out = Vec::new();
    ends.server.transmit(&mut out);
    assert_eq!(out, b"");
}

#[test]
fn preference_turns_the_order_of_suites_schemes_and_groups() {
    let with = |schemes: [SignatureScheme; 2], groups: [NamedGroup; 2]| Protocol {
        signature_schemes: Some(schemes.to_vec()),
        groups: Some(groups.to_vec()),
        ..protocol(TLS1_2)
    };
    let [sha256, sha384] = [
        SignatureScheme::rsa_pss_rsae_sha256,
        SignatureScheme::rsa_pss_rsae_sha384,
    ];
    let [x25519, secp256r1] = [NamedGroup::x25519, NamedGroup::secp256r1];
    let client = client_with(with([sha384, sha256], [x25519, secp256r1]));
    for (preference, scheme, group) in [
        (Preference::Client, sha384, x25519),
        (Preference::Server, sha256, secp256r1),
    ] {
        let server = ServerProfile {
            preference,
            identity: Some(of(KeyType::Rsa2048)),
            ..server_with(with([sha256, sha384], [secp256r1, x25519]))
        };
        for session in meet(&client, &server).sessions() {
            assert_eq!(session.server_signature, Some(scheme));
            assert_eq!(session.group, Some(group));
        }
    }
}

#[test]
fn the_security_level_decides_over_what_is_loaded() {
    let server = |level, identity| ServerProfile {
        identity: Some(identity),
        ..server_with(Protocol {
            security_level: Some(level),
            ..Protocol::default()
        })
    };
    let sha1 = Credential {
        flaw: Flaw::Sha1,
        ..Credential::default()
    };
    for (level, identity, native) in [
        (3, of(KeyType::Rsa2048), "EE_KEY_TOO_SMALL"),
        (1, sha1, "CA_MD_TOO_WEAK"),
    ] {
        let Err(Refusal::Config(failure)) = stack().server(&server(level, identity)) else {
            panic!("{native} expected");
        };
        assert_eq!(failure.native, native);
        assert!(stack().server(&server(level - 1, identity)).is_ok());
    }
}

#[test]
fn a_suite_of_a_fallback_is_noticed() {
    let fallback = Protocol {
        suites: Some(vec![
            CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            CipherSuite::TLS_FALLBACK_SCSV,
        ]),
        ..protocol(TLS1_2)
    };
    let ends = meet(&client_with(fallback.clone()), &ServerProfile::default());
    assert_eq!(ends.native(Role::Server), "INAPPROPRIATE_FALLBACK");
    ends.alert(Role::Server, AlertDescription::inappropriate_fallback);
    let mut ends = meet(&client_with(fallback), &server_with(protocol(TLS1_2)));
    assert_eq!(ends.exchange(), Ok(()));
}

/// Every error that a damaged byte leads to has a word.
#[test]
fn no_damaged_handshake_is_without_a_reason() {
    for version in [TLS1_2, TLS1_3] {
        let client = ClientProfile {
            identity: Some(Credential::default()),
            ..client_with(protocol(version))
        };
        let server = ServerProfile {
            client_auth: ClientAuth::Required,
            ..server_with(protocol(version))
        };
        let client = stack().client(&client).expect("client");
        let server = stack().server(&server).expect("server");
        for direction in Role::BOTH {
            let failures = (0..)
                .step_by(7)
                .map_while(|at| damaged(&*client, &*server, direction, at))
                .flatten()
                .inspect(|failure| assert_ne!(failure.reason, Reason::Unmapped, "{failure:?}"))
                .count();
            assert!(failures > 100, "{version} {direction}: {failures}");
        }
    }
}

/// The failures of a handshake in which one byte that a side sends is damaged; `None` where it sends
/// no such byte.
fn damaged(
    client: &dyn Config,
    server: &dyn Config,
    sender: Role,
    at: usize,
) -> Option<Vec<Failure>> {
    let mut client = client.connect().expect("client");
    let mut server = server.connect().expect("server");
    let (mut bytes, mut sent, mut hit) = (Vec::new(), 0, false);
    client.advance();
    for from in [Role::Client, Role::Server].into_iter().cycle().take(20) {
        let (from_end, to_end) = match from {
            Role::Client => (&mut client, &mut server),
            Role::Server => (&mut server, &mut client),
        };
        from_end.transmit(&mut bytes);
        if from == sender {
            if let Some(byte) = at.checked_sub(sent).and_then(|at| bytes.get_mut(at)) {
                *byte ^= 0x81;
                hit = true;
            }
            sent += bytes.len();
        }
        if !bytes.is_empty() {
            to_end.receive(&bytes);
            bytes.clear();
        }
    }
    let failures = [&client, &server].map(|end| end.failure().cloned());
    hit.then(|| failures.into_iter().flatten().collect())
}

/// Both ends and what passes between them.
struct Ends {
    client: Box<dyn Connection>,
    server: Box<dyn Connection>,
}

impl Ends {
    fn new(client: &ClientProfile, server: &ServerProfile) -> Self {
        let stack = stack();
        let client = stack.client(client).map_err(|e| format!("{e:?}"));
        let server = stack.server(server).map_err(|e| format!("{e:?}"));
        Self {
            client: client.expect("client").connect().expect("client"),
            server: server.expect("server").connect().expect("server"),
        }
    }

    /// Carries bytes to and fro until there are none.
    fn settle(&mut self) {
        let mut bytes = Vec::new();
        for _ in 0..100 {
            let mut quiet = true;
            self.client.transmit(&mut bytes);
            for (index, to) in [&mut self.server, &mut self.client].into_iter().enumerate() {
                if !bytes.is_empty() {
                    to.receive(&bytes);
                    bytes.clear();
                    quiet = false;
                }
                if index == 0 {
                    to.transmit(&mut bytes);
                }
            }
            if quiet {
                return;
            }
        }
        panic!("no end");
    }

    /// Data both ways, exporters, and close_notify both ways.
    fn exchange(&mut self) -> Result<(), String> {
        let mut received = Vec::new();
        self.client.send(b"ping");
        self.settle();
        self.server.take_received(&mut received);
        self.server.send(&[7; 40_000]);
        self.settle();
        self.client.take_received(&mut received);
        if received != [&b"ping"[..], &[7; 40_000]].concat() {
            return Err(format!(
                "data: {:?} {:?}",
                self.client.failure(),
                self.server.failure()
            ));
        }
        let [mut one, mut other] = [[0; 32]; 2];
        self.client
            .export(b"EXPORTER-shakedown", b"context", &mut one)
            .map_err(|failure| failure.text)?;
        self.server
            .export(b"EXPORTER-shakedown", b"context", &mut other)
            .map_err(|failure| failure.text)?;
        if one != other || one == [0; 32] {
            return Err("exporters".to_owned());
        }
        self.client.close();
        self.settle();
        self.server.close();
        self.settle();
        match (self.client.failure(), self.server.failure()) {
            (None, None) if self.client.is_peer_closed() && self.server.is_peer_closed() => Ok(()),
            failures => Err(format!("close: {failures:?}")),
        }
    }

    fn sessions(&self) -> [Session; 2] {
        assert!(self.client.is_established(), "{:?}", self.client.failure());
        assert!(self.server.is_established(), "{:?}", self.server.failure());
        [self.client.session(), self.server.session()]
    }

    fn side(&self, role: Role) -> &dyn Connection {
        match role {
            Role::Client => &*self.client,
            Role::Server => &*self.server,
        }
    }

    fn native(&self, role: Role) -> &str {
        &self.side(role).failure().expect("a failure").native
    }

    /// The one side sent the alert, and the other took it in.
    fn alert(&self, sender: Role, alert: AlertDescription) {
        let (sent, received) = (self.side(sender), self.side(sender.peer()));
        assert_eq!(sent.alerts_sent(), [alert]);
        assert_eq!(received.alerts_received(), [alert]);
        assert_eq!(
            received
                .failure()
                .map(|Failure { reason, native, .. }| (*reason, &**native)),
            Some((
                Reason::AlertReceived(alert),
                &*format!("ALERT_RECEIVED({alert})")
            ))
        );
    }
}

fn meet(client: &ClientProfile, server: &ServerProfile) -> Ends {
    let mut ends = Ends::new(client, server);
    ends.client.advance();
    ends.settle();
    ends
}

fn stack() -> OpenSsl {
    static IDENTITIES: std::sync::LazyLock<Arc<Identities>> =
        std::sync::LazyLock::new(|| Arc::new(Identities::new()));
    OpenSsl::new(IDENTITIES.clone())
}

/// One version, at a security level that allows it.
fn protocol(version: ProtocolVersion) -> Protocol {
    Protocol {
        versions: vec![version],
        security_level: (version < TLS1_2).then_some(0),
        ..Protocol::default()
    }
}

fn client_with(protocol: Protocol) -> ClientProfile {
    ClientProfile {
        protocol,
        ..ClientProfile::default()
    }
}

fn server_with(protocol: Protocol) -> ServerProfile {
    ServerProfile {
        protocol,
        ..ServerProfile::default()
    }
}

fn of(key: KeyType) -> Credential {
    Credential {
        key,
        ..Credential::default()
    }
}

fn known(role: Role, credential: Credential) -> Peer {
    Peer::Known { role, credential }
}
