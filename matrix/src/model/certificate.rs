//! Verifying a peer's certificate: what is asked, what is found.

use shakedown::connection::Role;
use shakedown::iana::AlertDescription;
use shakedown::profile::{Credential, KeyType, NameCheck, Revocation, ServerName, Staple, Trust};
use shakedown::scenario::StackId;

use super::Cause;
use super::chain::{Certificate, Names};
use super::{openssl_verify, webpki};

/// What a verifier is asked.
pub(super) struct Check<'a> {
    pub(super) verifier: StackId,
    pub(super) level: u8,
    /// The role of the side that is verified.
    pub(super) peer: Role,
    pub(super) credential: Credential,
    pub(super) trust: Trust,
    pub(super) revocation: Revocation,
    /// Whether a chain may end in a trusted certificate that has not signed itself.
    pub(super) partial_chain: bool,
    /// The stapled response that is held against the certificate; `None`: none is.
    pub(super) staple: Option<Staple>,
    /// `None`: names do not matter, as for a client's certificate.
    pub(super) name: Option<(&'a ServerName, NameCheck)>,
}

impl Check<'_> {
    /// Whether the verifier can verify signatures by keys of this type.
    pub(super) fn verifies(&self, key: KeyType) -> bool {
        match key {
            KeyType::EcdsaP521 => self.verifier != StackId::RustlsRing,
            KeyType::RsaPss2048 | KeyType::Ed448 => !self.verifier.is_rustls(),
            _ => true,
        }
    }
}

/// What a verifier finds wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) cause: Cause,
    pub(super) native: String,
    /// `None`: the stack sends nothing.
    pub(super) alert: Option<AlertDescription>,
}

/// What the verifier finds wrong with what its peer presents; `None`: nothing.
pub(super) fn verify(check: &Check<'_>) -> Option<Finding> {
    if check.verifier.is_rustls() {
        webpki::verify(check)
    } else {
        openssl_verify::verify(check)
    }
}

/// Why no name of the certificate is the reference; `None`: one is.
///
/// `lenient` is OpenSSL's matching: the common name counts where no DNS name stands among the
/// alternative names, and a wildcard may be part of a label (crypto/x509/v3_utl.c, `do_x509_check`).
pub(super) fn name_finding(check: &Check<'_>, leaf: &Certificate, lenient: bool) -> Option<Cause> {
    let (reference, NameCheck::On) = check.name? else {
        return None;
    };
    match reference {
        ServerName::Dns(name) => dns_finding(leaf.names, name, lenient),
        ServerName::Ip(address) => {
            let carries = match leaf.names {
                Names::DnsAndIp | Names::IpAndCommonName => *address == ServerName::RIGHT_IP,
                Names::Another => *address == ServerName::ANOTHER_IP,
                _ => false,
            };
            (!carries).then_some(Cause::CertIpMismatch)
        }
    }
}

fn dns_finding(names: Names, reference: &str, lenient: bool) -> Option<Cause> {
    // webpki takes a final dot for the root's (subject_name/dns_name.rs); to OpenSSL it is a letter
    // like others (crypto/x509/v3_utl.c, `equal_nocase`).
    let reference = match reference.strip_suffix('.') {
        Some(relative) if !lenient => relative,
        _ => reference,
    };
    let right = reference.eq_ignore_ascii_case(ServerName::RIGHT);
    let (first, parent) = reference.split_once('.').unwrap_or((reference, ""));
    // OpenSSL's wildcards stand for letters, digits and hyphens, wherever these are
    // (crypto/x509/v3_utl.c, `wildcard_match`); webpki's stand for a label.
    let covered = !(first.is_empty() || lenient && first.contains('_'));
    let in_domain = parent.eq_ignore_ascii_case(DOMAIN) && covered;
    match names {
        Names::DnsAndIp if right => None,
        Names::Another if reference.eq_ignore_ascii_case(ServerName::ANOTHER) => None,
        Names::Wildcard if in_domain => None,
        Names::PartialWildcard if in_domain && lenient && starts_with_s(first) => None,
        Names::PartialWildcard if in_domain && starts_with_s(first) => Some(Cause::CertWildcard),
        Names::CommonNameOnly | Names::IpAndCommonName if right && lenient => None,
        Names::CommonNameOnly | Names::IpAndCommonName if right => Some(Cause::CertCnOnly),
        _ => Some(Cause::CertHostMismatch),
    }
}

fn starts_with_s(label: &str) -> bool {
    label.starts_with(['s', 'S'])
}

const DOMAIN: &str = "shakedown.test";

#[cfg(test)]
mod tests {
    use super::*;

    /// A wildcard that is part of a label (`s*`): RFC 9525 §6.3 forbids it, OpenSSL takes it
    /// (crypto/x509/v3_utl.c, `wildcard_match`).
    #[test]
    fn a_partial_wildcard_is_to_blame_only_where_it_would_fit() {
        let finding = |name, lenient| dns_finding(Names::PartialWildcard, name, lenient);
        assert_eq!(finding("server.shakedown.test", true), None);
        assert_eq!(finding("Server.shakedown.test", true), None);
        assert_eq!(
            finding("server.shakedown.test", false),
            Some(Cause::CertWildcard)
        );
        for lenient in [true, false] {
            for name in [
                "other.shakedown.test",
                "server.shakedown.example",
                "shakedown.test",
                "server",
            ] {
                assert_eq!(
                    finding(name, lenient),
                    Some(Cause::CertHostMismatch),
                    "{name}"
                );
            }
        }
    }

    /// RFC 9525 §6.3 leaves the common name out; OpenSSL takes it where no DNS name stands beside it.
    #[test]
    fn a_common_name_is_to_blame_only_where_it_would_fit() {
        for names in [Names::CommonNameOnly, Names::IpAndCommonName] {
            let finding = |name, lenient| dns_finding(names, name, lenient);
            assert_eq!(finding(ServerName::RIGHT, true), None);
            assert_eq!(finding(ServerName::RIGHT, false), Some(Cause::CertCnOnly));
            for lenient in [true, false] {
                assert_eq!(
                    finding(ServerName::WRONG, lenient),
                    Some(Cause::CertHostMismatch)
                );
            }
        }
    }

    #[test]
    fn a_wildcard_stands_for_one_label() {
        let finding = |name| dns_finding(Names::Wildcard, name, false);
        assert_eq!(finding("any.shakedown.test"), None);
        for name in ["a.b.shakedown.test", ".shakedown.test", "shakedown.test"] {
            assert_eq!(finding(name), Some(Cause::CertHostMismatch), "{name}");
        }
    }

    #[test]
    fn the_other_name_is_right_for_who_means_it() {
        for lenient in [true, false] {
            let finding = |name| dns_finding(Names::Another, name, lenient);
            assert_eq!(finding(ServerName::ANOTHER), None);
            assert_eq!(finding("Another.Shakedown.Example"), None);
            assert_eq!(finding(ServerName::RIGHT), Some(Cause::CertHostMismatch));
        }
    }

    /// rustls offers no scheme for the keys that it cannot verify, so no handshake gets there.
    #[test]
    fn each_verifier_has_its_keys() {
        let lacks = |verifier| {
            let check = Check {
                verifier,
                level: 0,
                peer: Role::Server,
                credential: Credential::default(),
                trust: Trust::Roots,
                revocation: Revocation::Off,
                partial_chain: false,
                staple: None,
                name: None,
            };
            KeyType::ALL
                .into_iter()
                .filter(|key| !check.verifies(*key))
                .collect::<Vec<_>>()
        };
        assert_eq!(lacks(StackId::Openssl), []);
        let mut without = vec![KeyType::RsaPss2048, KeyType::Ed448];
        without.sort_by_key(|key| KeyType::ALL.iter().position(|other| other == key));
        assert_eq!(lacks(StackId::RustlsAwsLcRs), without);
        without.push(KeyType::EcdsaP521);
        without.sort_by_key(|key| KeyType::ALL.iter().position(|other| other == key));
        assert_eq!(lacks(StackId::RustlsRing), without);
    }
}
