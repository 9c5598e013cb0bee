//! What each change of a library's changes in what is predicted.

use shakedown::connection::HandshakeKind;
use shakedown::iana::{AlertDescription as A, NamedGroup};
use shakedown::scenario::Scenario;

use super::traits::versions::pretended;
use super::{Cause, Expectation, Expected, ExpectedEnd, Prediction, predict};

fn under(version: &str, json: &str) -> Prediction {
    let scenario = Scenario::from_json(json).expect("well-formed");
    pretended::openssl(version, || predict(&scenario))
}

fn under_rustls(version: &str, json: &str) -> Expectation {
    let scenario = Scenario::from_json(json).expect("well-formed");
    match pretended::rustls(version, || predict(&scenario)) {
        Prediction::Expect(expectation) => expectation,
        other => panic!("{other:?}"),
    }
}

fn cause(version: &str, json: &str) -> Option<Cause> {
    under(version, json).cause()
}

/// HTTP in the place of a TLS 1.3 record of the server's.
fn plaintext_at(record: u32) -> String {
    format!(
        r#"{{"client":{{"stack":"openssl"}},"server":{{"stack":"rustls-ring"}},
            "link":{{"ops":[{{"from":"server","at":{{"record":{record}}},"act":{{"inject":"http-response"}}}}]}}}}"#
    )
}

fn expected(version: &str, json: &str) -> Expected {
    match under(version, json) {
        Prediction::Expect(expectation) => expectation.allowed[0].clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_client_can_insist_on_a_staple_since_3_6() {
    let json = r#"{"client":{"stack":"openssl","profile":{"ocsp":"check"}},
        "server":{"stack":"rustls-ring"}}"#;
    assert!(matches!(
        under("3.5.4", json),
        Prediction::Unsupported { .. }
    ));
    assert_eq!(cause("3.6.0", json), Some(Cause::OcspStapleMissing));
}

#[test]
fn a_client_reads_a_staple_since_3_6() {
    let json = r#"{"client":{"stack":"openssl","profile":{"ocsp":"request"}},
        "server":{"stack":"rustls-ring","profile":{"staple":"malformed"}}}"#;
    assert_eq!(cause("3.5.4", json), None);
    assert_eq!(cause("3.6.0", json), Some(Cause::OcspStapleMalformed));
}

#[test]
fn what_has_signed_itself_needs_no_list_since_3_6() {
    let json = r#"{"client":{"stack":"openssl","profile":{"trust":{"leaf":{"flaw":"self-signed"}},
            "revocation":"crl"}},
        "server":{"stack":"rustls-ring","profile":{"identity":{"flaw":"self-signed"}}}}"#;
    assert_eq!(cause("3.5.4", json), Some(Cause::CertCrlMissing));
    assert_eq!(cause("3.6.0", json), None);
    // A root has a list of its own.
    let chain = r#"{"client":{"stack":"openssl","profile":{"revocation":"crl-chain"}},
        "server":{"stack":"rustls-ring"}}"#;
    assert_eq!(cause("3.5.4", chain), None);
}

#[test]
fn a_dropped_extended_master_secret_has_another_alert_since_january_2026() {
    let json = r#"{"client":{"stack":"openssl","profile":
            {"protocol":{"versions":["TLS1.2"],"ems":"off"}}},
        "server":{"stack":"openssl"},
        "earlier":{"means":"ticket","client":{"protocol":{"versions":["TLS1.2"]}}}}"#;
    for (version, alert) in [
        ("3.5.4", A::illegal_parameter),
        ("3.5.5", A::handshake_failure),
        ("3.6.0", A::illegal_parameter),
        ("3.6.1", A::handshake_failure),
    ] {
        let heard = expected(version, json).client.alert_received;
        assert_eq!(heard, Some(alert), "{version}");
    }
}

#[test]
fn a_record_is_too_long_before_it_is_anything_else_until_march_2026() {
    let end = |version, act: &str| {
        let json = format!(
            r#"{{"client":{{"stack":"openssl"}},"server":{{"stack":"rustls-ring"}},
                "link":{{"ops":[{{"from":"server","at":{{"record":0}},"act":{act}}}]}}}}"#
        );
        match expected(version, &json).client.end {
            ExpectedEnd::Failed { native } => native,
            other => panic!("{other:?}"),
        }
    };
    let plaintext = r#"{"replace":"http-response"}"#;
    assert_eq!(end("3.5.5", plaintext), "PACKET_LENGTH_TOO_LONG");
    assert_eq!(end("3.5.6", plaintext), "WRONG_VERSION_NUMBER");
    let oversize = r#"{"length":20000}"#;
    assert_eq!(end("3.6.1", oversize), "PACKET_LENGTH_TOO_LONG");
    assert_eq!(end("3.6.2", oversize), "DATA_LENGTH_TOO_LONG");
}

#[test]
fn a_header_that_begins_a_byte_late_is_too_long_until_march_2026() {
    let only = |version, record: u32| {
        let json = format!(
            r#"{{"client":{{"stack":"openssl","profile":{{"protocol":{{"versions":["TLS1.2"]}}}}}},
                "server":{{"stack":"openssl"}},
                "link":{{"ops":[{{"from":"server","at":{{"record":{record}}},"act":{{"length":1}}}}]}}}}"#
        );
        match under(version, &json).allowed() {
            [expected] => expected.client.end.clone(),
            other => panic!("{other:?}"),
        }
    };
    let failed = |native: &str| ExpectedEnd::Failed {
        native: native.into(),
    };
    // The low byte of the Certificate's length becomes the high one.
    assert_eq!(only("3.5.5", 0), failed("PACKET_LENGTH_TOO_LONG"));
    assert_eq!(only("3.5.6", 0), failed("DATA_LENGTH_TOO_LONG"));
    // So does that of ServerHelloDone's, which is 4.
    assert_eq!(only("3.5.5", 2), failed("WRONG_VERSION_NUMBER"));
    assert_eq!(only("3.5.6", 2), failed("WRONG_VERSION_NUMBER"));
}

#[test]
fn groups_come_in_tuples_and_with_a_choice_of_shares_since_3_5() {
    let json = |groups: &str| {
        format!(
            r#"{{"client":{{"stack":"openssl","profile":{{"protocol":{groups}}}}},
                "server":{{"stack":"openssl"}}}}"#
        )
    };
    for groups in [
        r#"{"groups":["secp256r1","x25519"],"group_tuples":[1,1]}"#,
        r#"{"groups":["secp256r1","x25519"],"key_shares":["x25519"]}"#,
        r#"{"groups":["X25519MLKEM768"]}"#,
    ] {
        let unsupported = |version| {
            let prediction = under(version, &json(groups));
            matches!(prediction, Prediction::Unsupported { .. })
        };
        assert!(unsupported("3.4.9"), "{groups}");
        assert!(!unsupported("3.5.0"), "{groups}");
    }
    let none = r#"{"groups":[]}"#;
    let refuses = |version| {
        let end = expected(version, &json(none)).client.end;
        matches!(end, ExpectedEnd::Refused { .. })
    };
    assert!(refuses("3.4.9"));
    assert!(!refuses("3.5.0"));
    // At level 5 both groups that have a share by default are too weak; before tuples the first group that the
    // level allows has it.
    let strict = r#"{"security_level":5,"versions":["TLS1.3"]}"#;
    assert_ne!(cause("3.4.9", &json(strict)), Some(Cause::CfgNoGroups));
    assert_eq!(cause("3.5.0", &json(strict)), Some(Cause::CfgNoGroups));
    let group = |version, groups| {
        let session = expected(version, &json(groups)).client.session;
        session.and_then(|session| session.group)
    };
    assert_eq!(group("3.4.9", "{}"), Some(NamedGroup::x25519));
    assert_eq!(group("3.5.0", "{}"), Some(NamedGroup::X25519MLKEM768));
}

#[test]
fn a_server_asks_for_its_own_first_group_before_3_5() {
    // The client prefers P-384 and sends a share for a group that the server has not.
    let json = r#"{"client":{"stack":"openssl","profile":{"protocol":
            {"versions":["TLS1.3"],"groups":["x448","secp384r1","x25519"]}}},
        "server":{"stack":"openssl","profile":{"protocol":{"groups":["x25519","secp384r1"]}}}}"#;
    let group = |version| {
        let session = expected(version, json).client.session.expect("a session");
        session.group
    };
    assert_eq!(group("3.4.9"), Some(NamedGroup::x25519));
    assert_eq!(group("3.5.0"), Some(NamedGroup::secp384r1));
}

#[test]
fn old_versions_are_for_level_0_since_3_1() {
    for (level, oldest) in [(1, "TLS1.0"), (2, "TLS1.0"), (3, "TLS1.1")] {
        let json = format!(
            r#"{{"client":{{"stack":"openssl","profile":{{"protocol":{{"versions":["{oldest}"],
                "security_level":{level}}}}}}},"server":{{"stack":"openssl"}}}}"#
        );
        assert_ne!(cause("3.0.8", &json), Some(Cause::CfgNoProtocols));
        assert_eq!(cause("3.1.0", &json), Some(Cause::CfgNoProtocols));
    }
}

#[test]
fn the_length_of_a_record_is_told_by_its_keys_since_3_2() {
    let end = |version| {
        let json = r#"{"client":{"stack":"openssl"},"server":{"stack":"rustls-ring"},
            "link":{"ops":[{"from":"server","at":{"record":0},"act":{"length":20000}}]}}"#;
        expected(version, json).client.end
    };
    let failed = |native: &str| ExpectedEnd::Failed {
        native: native.into(),
    };
    assert_eq!(end("3.1.8"), failed("PACKET_LENGTH_TOO_LONG"));
    assert_eq!(end("3.6.3"), failed("DATA_LENGTH_TOO_LONG"));
    // The version comes first again, and before the type.
    let sealed = plaintext_at(1);
    assert_eq!(
        expected("3.1.8", &sealed).client.end,
        failed("WRONG_VERSION_NUMBER")
    );
    assert_eq!(
        expected("3.6.3", &sealed).client.end,
        failed("BAD_RECORD_TYPE")
    );
    assert_eq!(
        expected("3.1.8", &plaintext_at(0)).client.end,
        failed("WRONG_VERSION_NUMBER")
    );
}

#[test]
fn rustls_tells_of_a_wrong_signer_since_0_23_44() {
    let json = r#"{"client":{"stack":"rustls-ring","profile":{"protocol":{"versions":["TLS1.2"]}}},
        "server":{"stack":"openssl"},
        "link":{"ops":[{"from":"server","at":{"message":{"type":"server_key_exchange"}},
            "act":{"set":{"field":"signature-scheme","value":"ffff"}}}]}}"#;
    let heard = |version| under_rustls(version, json).allowed[0].server.alert_received;
    assert_eq!(heard("0.23.43"), None);
    assert_eq!(heard("0.23.44"), Some(A::illegal_parameter));
}

#[test]
fn a_rustls_server_holds_the_second_hello_to_the_first_since_0_23_45() {
    let withdrawn = r#"{"client":{"stack":"openssl","profile":{"protocol":
            {"groups":["secp384r1","x25519"]}}},
        "server":{"stack":"rustls-ring","profile":{"protocol":{"groups":["x25519"]}}},
        "earlier":{"means":"ticket","client":{"protocol":
            {"tls13_suites":["TLS_CHACHA20_POLY1305_SHA256"],"groups":["secp384r1","x25519"]}}}}"#;
    assert_eq!(under_rustls("0.23.44", withdrawn).cause, None);
    assert_eq!(
        under_rustls("0.23.45", withdrawn).cause,
        Some(Cause::ResumePskWithdrawn)
    );
    let other_suite = r#"{"client":{"stack":"rustls-ring","profile":{"protocol":
            {"versions":["TLS1.3"],"groups":["x25519","secp256r1"]}}},
        "server":{"stack":"rustls-ring","profile":{"protocol":{"groups":["secp256r1"]}}},
        "link":{"ops":[{"from":"client","at":{"message":{"type":"client_hello"}},
            "act":{"edit":{"without-suite":"TLS_AES_256_GCM_SHA384"}}}]}}"#;
    let end = |version| {
        under_rustls(version, other_suite).allowed[0]
            .server
            .end
            .clone()
    };
    let failed = |native: &str| ExpectedEnd::Failed {
        native: native.into(),
    };
    assert_eq!(
        end("0.23.44"),
        failed("PeerMisbehaved(HandshakeHashVariedAfterRetry)")
    );
    assert_eq!(
        end("0.23.45"),
        failed("PeerMisbehaved(CipherSuiteDifferedOnRetry)")
    );
}

#[test]
fn the_end_of_the_link_is_told_and_answered_since_4_0() {
    let cut = r#"{"client":{"stack":"openssl"},"server":{"stack":"rustls-ring"},
        "link":{"ops":[{"from":"client","at":{"record":1},"act":{"cut":0}}]}}"#;
    let client = |version| {
        let client = expected(version, cut).client;
        (client.end, client.alert_sent.map(|alert| alert.description))
    };
    let failed = |native: &str| ExpectedEnd::Failed {
        native: native.into(),
    };
    assert_eq!(client("3.6.3"), (failed("SYSCALL_EOF"), None));
    assert_eq!(
        client("4.0.0"),
        (
            failed("UNEXPECTED_EOF_WHILE_READING"),
            Some(Some(A::decode_error))
        )
    );
}

/// What each side says where the second hello of two lacks something.
fn ends_without(
    version: &str,
    versions: &str,
    tls13_suites: &str,
    edit: &str,
) -> (ExpectedEnd, ExpectedEnd) {
    let json = format!(
        r#"{{"client":{{"stack":"rustls-ring","profile":{{"protocol":
            {{"versions":{versions},"tls13_suites":{tls13_suites},"groups":["x25519","secp256r1"]}}}}}},
        "server":{{"stack":"rustls-ring","profile":{{"protocol":{{"groups":["secp256r1"]}}}}}},
        "link":{{"ops":[{{"from":"client","at":{{"message":{{"type":"client_hello","nth":1}}}},
            "act":{{"edit":{edit}}}}}]}}}}"#
    );
    let expectation = under_rustls(version, &json);
    let allowed = &expectation.allowed[0];
    (allowed.client.end.clone(), allowed.server.end.clone())
}

#[test]
fn a_rustls_server_broke_what_its_retry_promised_until_0_23_45() {
    let failed = |native: &str| ExpectedEnd::Failed {
        native: native.into(),
    };
    let suites = r#"["TLS_AES_128_GCM_SHA256","TLS_CHACHA20_POLY1305_SHA256"]"#;
    let alerted = failed("AlertReceived(illegal_parameter)");
    let other = failed("PeerMisbehaved(SelectedDifferentCipherSuiteAfterRetry)");
    let edit = r#"{"without-suite":"TLS_AES_128_GCM_SHA256"}"#;
    assert_eq!(
        ends_without("0.23.44", r#"["TLS1.3"]"#, suites, edit),
        (other.clone(), alerted.clone())
    );
    assert_eq!(
        ends_without("0.23.45", r#"["TLS1.3"]"#, suites, edit),
        (
            alerted.clone(),
            failed("PeerMisbehaved(CipherSuiteDifferedOnRetry)")
        )
    );

    let all = r#"["TLS_AES_256_GCM_SHA384"]"#;
    let edit = r#"{"without-extension":"supported_versions"}"#;
    assert_eq!(
        ends_without("0.23.44", r#"["TLS1.3"]"#, all, edit),
        (
            failed("PeerIncompatible(ServerTlsVersionIsDisabledByOurConfig)"),
            failed("AlertReceived(protocol_version)")
        )
    );
    assert_eq!(
        ends_without("0.23.44", r#"["TLS1.2","TLS1.3"]"#, all, edit),
        (other, alerted)
    );
    assert_eq!(
        ends_without("0.23.45", r#"["TLS1.3"]"#, all, edit),
        (
            failed("AlertReceived(protocol_version)"),
            failed("PeerIncompatible(SupportedVersionsExtensionRequired)")
        )
    );
}

#[test]
fn a_rustls_client_notes_the_group_of_a_failed_handshake_until_0_23_46() {
    let json = r#"{"client":{"stack":"rustls-ring","profile":{"protocol":{"groups":["secp384r1","x25519"]}}},
        "server":{"stack":"rustls-ring","profile":{"protocol":{"groups":["x25519"]}}},
        "earlier":{"means":"ticket","client":
            {"protocol":{"groups":["secp384r1","x25519"]},"trust":"other-root"}}}"#;
    let kind = |version| {
        let session = under_rustls(version, json).allowed[0]
            .client
            .session
            .clone();
        session.expect("a session").kind
    };
    assert_eq!(kind("0.23.45"), HandshakeKind::Full);
    assert_eq!(kind("0.23.46"), HandshakeKind::HelloRetryRequest);
}
