//! What the model knows nothing of. To say so is better than to guess.

use std::collections::HashSet;
use std::fmt::Display;
use std::hash::Hash;

use shakedown::iana::ProtocolVersion;
use shakedown::profile::{Protocol, ServerName};
use shakedown::scenario::{Scenario, StackId};

use super::hello::{Abilities, usable_below_tls13};
use super::{link, traits};

/// What in the scenario lies outside the model; `None`: nothing.
pub(super) fn outside(scenario: &Scenario) -> Option<String> {
    if let Some(reason) = scenario.before().and_then(|before| outside(&before)) {
        return Some(reason);
    }
    let (client, server) = (&scenario.client, &scenario.server);
    protocol(client.stack, &client.profile.protocol)
        .or_else(|| protocol(server.stack, &server.profile.protocol))
        .or_else(|| long_lists(scenario))
        .or_else(|| both_lists_empty(scenario))
        .or_else(|| link::domain::outside(scenario))
        .or_else(|| match &client.profile.server_name {
            ServerName::Dns(name) if !is_known_text(name) => Some(format!(
                "the server name {name:?}: it has more than letters, digits, '-', '_' and '.'"
            )),
            _ => None,
        })
}

fn protocol(stack: StackId, protocol: &Protocol) -> Option<String> {
    repeated("suites", protocol.suites.as_deref())
        .or_else(|| repeated("TLS 1.3 suites", protocol.tls13_suites.as_deref()))
        .or_else(|| repeated("groups", protocol.groups.as_deref()))
        .or_else(|| repeated("signature schemes", protocol.signature_schemes.as_deref()))
        .or_else(|| {
            if stack.is_rustls() {
                None
            } else {
                openssl(protocol)
            }
        })
}

/// OpenSSL can be asked for more than the traits list. What a version has not is no matter here.
fn openssl(protocol: &Protocol) -> Option<String> {
    let traits = &traits::openssl::OPENSSL;
    unlisted(&protocol.versions, traits.versions)
        .or_else(|| unlisted(protocol.suites.as_deref()?, traits.suites))
        .or_else(|| unlisted(protocol.tls13_suites.as_deref()?, traits.tls13_suites))
        .or_else(|| unlisted(protocol.groups.as_deref()?, traits.groups))
        .or_else(|| unlisted(protocol.signature_schemes.as_deref()?, traits.schemes))
}

fn unlisted<T: PartialEq + Display>(wanted: &[T], listed: &[T]) -> Option<String> {
    wanted
        .iter()
        .find(|value| !listed.contains(value))
        .map(|value| format!("{value} with OpenSSL"))
}

fn repeated<T: Eq + Hash>(what: &str, list: Option<&[T]>) -> Option<String> {
    let mut seen = HashSet::new();
    let twice = list?.iter().any(|value| !seen.insert(value));
    twice.then(|| format!("{what} that are listed twice"))
}

/// Lists so long that hellos do not fit.
fn long_lists(scenario: &Scenario) -> Option<String> {
    let (client, server) = (&scenario.client.profile.alpn, &scenario.server.profile.alpn);
    [client, server]
        .into_iter()
        .any(|list| list.iter().map(String::len).sum::<usize>() > 8192)
        .then(|| "application protocols of more than 8192 bytes".to_owned())
}

/// Two faults in one hello, of which a rustls server meets either first: a rustls client shuffles its
/// extensions.
fn both_lists_empty(scenario: &Scenario) -> Option<String> {
    let client = &scenario.client;
    let no_schemes = client
        .profile
        .protocol
        .signature_schemes
        .as_deref()
        .is_some_and(<[_]>::is_empty);
    let abilities = Abilities::of(client.stack, &client.profile.protocol);
    // Without any group the configuration is refused, and no hello is sent.
    let groups = abilities.flat_groups();
    let no_groups = !abilities.has(ProtocolVersion::TLS1_3)
        && !groups.is_empty()
        && groups.iter().all(|group| !usable_below_tls13(*group));
    (client.stack.is_rustls() && no_schemes && no_groups)
        .then(|| "a hello with two empty lists".to_owned())
}

/// Whatever letters, digits, hyphens, underscores and dots make, right or wrong. A dot in front asks
/// OpenSSL for any subdomain (crypto/x509/v3_utl.c, `do_x509_check`).
fn is_known_text(name: &str) -> bool {
    (1..=253).contains(&name.len())
        && !name.starts_with('.')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_model_does_not_know_it_says() {
        let with = |client: &str| {
            Scenario::from_json(&format!(
                r#"{{"client":{{"stack":"openssl","profile":{client}}},"server":{{"stack":"openssl"}}}}"#
            ))
            .expect("well-formed")
        };
        assert_eq!(outside(&with("{}")), None);
        assert_eq!(outside(&with(r#"{"protocol":{"security_level":5}}"#)), None);
        for unknown in [
            r#"{"protocol":{"suites":["0xc0ac"]}}"#,
            r#"{"protocol":{"groups":["x25519","x25519"]}}"#,
            r#"{"server_name":{"dns":"a b.example"}}"#,
            r#"{"server_name":{"dns":"*.example"}}"#,
            r#"{"server_name":{"dns":".example"}}"#,
            r#"{"server_name":{"dns":""}}"#,
        ] {
            assert!(outside(&with(unknown)).is_some(), "{unknown}");
        }
    }

    #[test]
    fn each_list_may_name_a_value_once_and_only_what_the_traits_list() {
        let with = |protocol: &str| {
            let json = format!(
                r#"{{"client":{{"stack":"openssl","profile":{{"protocol":{protocol}}}}},"server":{{"stack":"openssl"}}}}"#
            );
            outside(&Scenario::from_json(&json).expect("well-formed"))
        };
        for (field, value, unlisted) in [
            ("suites", "0xc02b", "0xc0ac"),
            ("tls13_suites", "0x1301", "0x1305"),
            ("groups", "x25519", "0x0020"),
            ("signature_schemes", "0x0403", "0x081a"),
        ] {
            let list = |values: &str| with(&format!(r#"{{"{field}":[{values}]}}"#));
            assert_eq!(list(&format!("{value:?}")), None, "{field}");
            assert!(list(&format!("{value:?},{value:?}")).is_some(), "{field}");
            assert!(list(&format!("{unlisted:?}")).is_some(), "{field}");
        }
        assert!(with(r#"{"versions":["0x0300"]}"#).is_some());
    }

    #[test]
    fn lists_that_do_not_fit_a_hello_are_left_alone() {
        let with = |bytes: usize, side: &str| {
            let names: Vec<_> = [255; 64]
                .into_iter()
                .scan(bytes, |left, most| {
                    let size = most.min(*left);
                    *left -= size;
                    (size > 0).then(|| "a".repeat(size))
                })
                .collect();
            let plain = r#"{"client":{"stack":"openssl"},"server":{"stack":"openssl"}}"#;
            let mut scenario = Scenario::from_json(plain).expect("plain");
            match side {
                "client" => scenario.client.profile.alpn = names,
                _ => scenario.server.profile.alpn = names,
            }
            outside(&scenario)
        };
        for side in ["client", "server"] {
            assert_eq!(with(8192, side), None);
            assert!(with(8193, side).is_some());
        }
    }

    #[test]
    fn a_known_text_has_letters_digits_hyphens_underscores_and_inner_dots() {
        let longest = "a".repeat(253);
        for name in ["a.b", "a-b.c9", "a.", "a..b", "-a_", "1.2", &longest] {
            assert!(is_known_text(name), "{name}");
        }
        for name in ["", ".a", "a b", "*.a", "\u{e4}", &format!("{longest}a")] {
            assert!(!is_known_text(name), "{name}");
        }
    }

    #[test]
    fn a_rustls_hello_with_two_empty_lists_is_outside() {
        let json = |stack: &str, groups: &str, schemes: &str| {
            format!(
                r#"{{"client":{{"stack":"{stack}","profile":{{"protocol":{{"versions":["TLS1.2"],
                "groups":[{groups}],"signature_schemes":[{schemes}]}}}}}},
                "server":{{"stack":"openssl"}}}}"#
            )
        };
        let is_outside = |stack, groups, schemes| {
            let json = json(stack, groups, schemes);
            both_lists_empty(&Scenario::from_json(&json).expect("well-formed")).is_some()
        };
        let (late, early) = (r#""X25519MLKEM768""#, r#""x25519""#);
        assert!(is_outside("rustls-aws-lc-rs", late, ""));
        assert!(!is_outside("openssl", late, ""));
        assert!(!is_outside("rustls-aws-lc-rs", early, ""));
        assert!(!is_outside("rustls-aws-lc-rs", "", ""));
        assert!(!is_outside("rustls-aws-lc-rs", late, r#""ed25519""#));
    }
}
