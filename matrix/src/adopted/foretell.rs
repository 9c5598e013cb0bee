//! What the model says of a configuration that is not known whole.
//!
//! What is open may be anything. So the model is asked about several things that it may be, and its
//! word holds where it is the same for all of them; else nothing is foretold.

use shakedown::connection::Role;
use shakedown::iana::CipherSuite;
use shakedown::own::{Open, Setting};
use shakedown::profile::{
    CertificateType, ClientAuth, Compression, Credential, KeyType, Preference, Protocol, Trust,
};
use shakedown::scenario::Scenario;

use crate::model::{Cause, Expectation, ExpectedEnd, Prediction, predict};

/// The prediction for a scenario of which one side is a configuration of one's own.
pub(super) fn foretell(open: &[Open], own: Role, scenario: &Scenario) -> Prediction {
    let mut candidates = vec![scenario.clone()];
    for open in open {
        if !matters(open.setting, own, scenario) {
            continue;
        }
        let others = others(open.setting, own, &candidates);
        if others.is_empty() {
            return unknown(open);
        }
        candidates.extend(others);
    }
    let predictions: Vec<_> = candidates.iter().map(predict).collect();
    let Some((first, rest)) = predictions.split_first() else {
        return Prediction::Unmodelled {
            reason: "nothing is known".to_owned(),
        };
    };
    if let Some(reason) = refuses(first, own) {
        return Prediction::Unmodelled {
            reason: format!("the model has it that there is no such configuration: {reason}"),
        };
    }
    // What a stack would not even be set to is nothing that the configuration can be.
    let possible = rest.iter().filter(|other| refuses(other, own).is_none());
    let mut all = possible.chain([first]);
    let decided = all.all(|other| same(first, other) && !hangs_on_open(open, own, other));
    match open
        .iter()
        .find(|open| matters(open.setting, own, scenario))
    {
        Some(open) if !decided => unknown(open),
        Some(_) => without_masked(first),
        None => first.clone(),
    }
}

/// What hides behind the cause may be something else where something is open.
fn without_masked(prediction: &Prediction) -> Prediction {
    let mut prediction = prediction.clone();
    if let Prediction::Expect(expectation) = &mut prediction {
        expectation.masked.clear();
    }
    prediction
}

/// Whether the setting can make a difference with this peer.
fn matters(setting: Setting, own: Role, scenario: &Scenario) -> bool {
    let (client, server) = (&scenario.client.profile, &scenario.server.profile);
    match (setting, own) {
        // Without a list of the client's, or of the server's, there is nothing to choose (RFC 7301 §3.2).
        (Setting::Alpn, Role::Client) => !server.alpn.is_empty(),
        (Setting::Alpn, Role::Server) => !client.alpn.is_empty(),
        // RFC 8879 §3: none is compressed that the other side has not offered to decompress.
        (Setting::Compression, Role::Client) => server.compression != Compression::None,
        (Setting::Compression, Role::Server) => client.compression != Compression::None,
        (Setting::Identity, Role::Client) => server.client_auth != ClientAuth::None,
        _ => true,
    }
}

/// The scenarios with something else in the place of what is open; none: it may be what no profile says.
fn others(setting: Setting, own: Role, scenarios: &[Scenario]) -> Vec<Scenario> {
    let change = |changes: &[&dyn Fn(&mut Scenario)]| -> Vec<Scenario> {
        scenarios
            .iter()
            .flat_map(|scenario| {
                changes.iter().map(|change| {
                    let mut other = scenario.clone();
                    change(&mut other);
                    other
                })
            })
            .collect()
    };
    match (setting, own) {
        (Setting::Verification, Role::Client) => {
            change(&[&|s| s.client.profile.trust = Trust::Roots, &|s| {
                s.client.profile.trust = Trust::OtherRoot
            }])
        }
        (Setting::Verification, Role::Server) => change(&[
            &|s| verify_clients(s, ClientAuth::None, Trust::Roots),
            &|s| verify_clients(s, ClientAuth::Optional, Trust::Roots),
            &|s| verify_clients(s, ClientAuth::Required, Trust::Roots),
            &|s| verify_clients(s, ClientAuth::Required, Trust::OtherRoot),
            &|s| {
                verify_clients(s, ClientAuth::Required, Trust::Roots);
                s.server.profile.client_certificate_type = CertificateType::RawPublicKey;
            },
            &|s| {
                verify_clients(s, ClientAuth::Required, Trust::Roots);
                // rustls asks the verifier, OpenSSL the context.
                if s.server.stack.is_rustls() {
                    s.server.profile.protocol.signature_schemes = Some(Vec::new());
                }
            },
        ]),
        (Setting::Identity, Role::Client) => {
            let mut others = change(&[&|s| s.client.profile.identity = None]);
            for key in KeyType::ALL {
                others.extend(change(&[&|s| s.client.profile.identity = Some(with(key))]));
            }
            others
        }
        (Setting::Identity, Role::Server) => {
            let mut others = change(&[&|s| s.server.profile.identity = None]);
            for key in KeyType::ALL {
                others.extend(change(&[&|s| s.server.profile.identity = Some(with(key))]));
            }
            others
        }
        (Setting::Preference, Role::Server) => change(&[
            &|s| s.server.profile.preference = Preference::Client,
            &|s| s.server.profile.preference = Preference::Server,
        ]),
        (Setting::Dhe, Role::Server) => change(&[&|s| without_dhe(&mut s.server.profile.protocol)]),
        _ => Vec::new(),
    }
}

fn verify_clients(scenario: &mut Scenario, client_auth: ClientAuth, trust: Trust) {
    scenario.server.profile.client_auth = client_auth;
    scenario.server.profile.trust = trust;
}

fn with(key: KeyType) -> Credential {
    Credential {
        key,
        ..Credential::default()
    }
}

/// A server without parameters passes over these suites (OpenSSL ssl/ssl_lib.c, `ssl_set_masks`).
fn without_dhe(protocol: &mut Protocol) {
    let suites = protocol.suites.take().unwrap_or_else(|| {
        crate::model::traits::openssl::OPENSSL
            .default_suites
            .to_vec()
    });
    let is_dhe = |suite: &CipherSuite| {
        suite
            .name()
            .is_some_and(|name| name.starts_with("TLS_DHE_"))
    };
    protocol.suites = Some(suites.into_iter().filter(|suite| !is_dhe(suite)).collect());
}

/// Whether the two say the same must come of it.
fn same(one: &Prediction, other: &Prediction) -> bool {
    match (one, other) {
        (Prediction::Expect(one), Prediction::Expect(other)) => {
            (one.cause, one.detector, &one.allowed) == (other.cause, other.detector, &other.allowed)
        }
        _ => one == other,
    }
}

/// Whether a certificate is found at fault by a side that looks at it in ways that are not known, or that
/// is not known itself: then other ways may find other faults, or none.
fn hangs_on_open(open: &[Open], own: Role, prediction: &Prediction) -> bool {
    let Prediction::Expect(Expectation {
        cause: Some(cause),
        detector: Some(detector),
        ..
    }) = prediction
    else {
        return false;
    };
    let setting = if *detector == own {
        Setting::Verification
    } else {
        Setting::Identity
    };
    is_of_certificates(*cause) && open.iter().any(|open| open.setting == setting)
}

fn is_of_certificates(cause: Cause) -> bool {
    [
        "cert-",
        "ocsp-",
        "client-cert-",
        "key-possession",
        "wrong-signature",
    ]
    .iter()
    .any(|prefix| cause.id().starts_with(prefix))
}

/// Why this side would have no configuration.
fn refuses(prediction: &Prediction, own: Role) -> Option<String> {
    match prediction {
        Prediction::Unsupported { role, reason } if *role == own => Some(reason.clone()),
        Prediction::Expect(expectation) => {
            expectation
                .allowed
                .iter()
                .find_map(|allowed| match &allowed.side(own).end {
                    ExpectedEnd::Refused { native } => Some(native.clone()),
                    _ => None,
                })
        }
        _ => None,
    }
}

fn unknown(open: &Open) -> Prediction {
    Prediction::Unmodelled {
        reason: format!("{:?} is open: {}", open.setting, open.why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_is_not_guessed() {
        let version = r#"{"client":{"stack":"rustls-ring","profile":{"protocol":{"versions":["TLS1.2"]}}},
            "server":{"stack":"openssl","profile":{"protocol":{"versions":["TLS1.3"]}}}}"#;
        let plain = r#"{"client":{"stack":"rustls-ring"},"server":{"stack":"openssl"}}"#;
        let expired = r#"{"client":{"stack":"rustls-ring"},
            "server":{"stack":"openssl","profile":{"identity":{"flaw":"expired"}}}}"#;
        let asks = r#"{"client":{"stack":"rustls-ring"},
            "server":{"stack":"openssl","profile":{"client_auth":"optional"}}}"#;
        let unknown_ca = r#"{"client":{"stack":"rustls-ring","profile":{"trust":"other-root"}},
            "server":{"stack":"rustls-ring"}}"#;
        let alpn = r#"{"client":{"stack":"rustls-ring"},
            "server":{"stack":"openssl","profile":{"alpn":["h2"]}}}"#;
        let two = r#"{"client":{"stack":"rustls-ring","profile":{"protocol":{"tls13_suites":
            ["TLS_CHACHA20_POLY1305_SHA256","TLS_AES_256_GCM_SHA384"]}}},"server":{"stack":"openssl"}}"#;
        let (client, server) = (Role::Client, Role::Server);
        for (json, setting, own, foretold) in [
            (version, Setting::Verification, client, true),
            (version, Setting::Identity, server, true),
            (version, Setting::Other, client, false),
            (plain, Setting::Verification, client, false),
            (expired, Setting::Verification, client, false),
            (plain, Setting::Identity, client, true),
            (asks, Setting::Identity, client, false),
            (plain, Setting::Identity, server, false),
            (plain, Setting::Verification, server, false),
            // A verifier that wants no scheme of signatures would have the client fail before that.
            (unknown_ca, Setting::Verification, server, false),
            (plain, Setting::Alpn, client, true),
            (alpn, Setting::Alpn, client, false),
            (plain, Setting::Compression, client, true),
            (plain, Setting::Versions, client, false),
            (plain, Setting::Preference, server, true),
            (two, Setting::Preference, server, false),
            (two, Setting::Dhe, server, true),
        ] {
            let open = [open(setting)];
            let scenario = Scenario::from_json(json).expect("a scenario");
            let prediction = foretell(&open, own, &scenario);
            let told = matches!(prediction, Prediction::Expect(_));
            assert_eq!(told, foretold, "{setting:?} of the {own}'s in {json}");
            let closed = foretell(&[], own, &scenario);
            assert_eq!(closed, predict(&scenario));
            assert!(!told || same(&prediction, &closed), "{setting:?} {json}");
        }
    }

    #[test]
    fn a_configuration_that_there_is_is_not_said_to_be_refused() {
        let json = r#"{"client":{"stack":"rustls-ring","profile":{"protocol":{"suites":[],
            "tls13_suites":[]}}},"server":{"stack":"openssl"}}"#;
        let scenario = Scenario::from_json(json).expect("a scenario");
        assert!(matches!(predict(&scenario), Prediction::Expect(_)));
        let told = foretell(&[], Role::Client, &scenario);
        assert!(matches!(told, Prediction::Unmodelled { .. }), "{told:?}");
        // On the other side it is.
        assert_eq!(foretell(&[], Role::Server, &scenario), predict(&scenario));
    }

    fn open(setting: Setting) -> Open {
        Open {
            setting,
            why: "planted".to_owned(),
            can_be_told: true,
        }
    }
}
