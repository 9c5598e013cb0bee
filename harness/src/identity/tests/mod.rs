//! Every certificate, seen with other eyes: x509-parser reads it, OpenSSL and webpki judge it.

#[cfg(feature = "openssl")]
mod facts;
#[cfg(feature = "openssl")]
mod openssl;
#[cfg(feature = "rustls-aws-lc-rs")]
mod webpki;

use std::collections::{HashMap, HashSet};

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ParsedExtension;
use x509_parser::parse_x509_certificate;

use super::authorities::Ca;
use super::*;

#[test]
fn every_chain_can_be_made_but_for_sha1_with_eddsa() {
    let identities = Identities::new();
    for (role, credential) in credentials() {
        let reason = identities
            .chain(role, credential)
            .err()
            .map(|unmakeable| unmakeable.to_string());
        let made = keys::makeable().any(|key| key == credential.key);
        let expected = match (credential.key, credential.flaw) {
            (_, flaw) if !made && flaw != Flaw::EmptyChain => {
                Some("this type of key signs with OpenSSL, which this build lacks")
            }
            (KeyType::Ed25519, Flaw::Sha1) => {
                Some("Ed25519 leaves no choice of digest (RFC 8032 §5.1)")
            }
            (KeyType::Ed448, Flaw::Sha1) => {
                Some("Ed448 leaves no choice of digest (RFC 8032 §5.2)")
            }
            (_, Flaw::Sha1) if !cfg!(feature = "openssl") => {
                Some("SHA-1 is signed with OpenSSL, which this build lacks")
            }
            _ => None,
        };
        assert_eq!(reason.as_deref(), expected, "{role} {credential:?}");
    }
}

#[test]
fn a_chain_is_made_once_however_it_is_loaded() {
    let identities = Identities::new();
    let checked = Credential::default();
    let loading = Loading::Resolver;
    let resolver = Credential { loading, ..checked };
    let make = |credential| identities.chain(Role::Server, credential).expect("plain");
    assert!(Arc::ptr_eq(&make(checked), &make(resolver)));
}

#[test]
fn every_leaf_is_known_by_its_der_once_it_is_made() {
    let identities = Identities::new();
    for (role, credential, chain) in chains(&identities) {
        let Some(leaf) = chain.certificates.first() else {
            continue;
        };
        assert_eq!(
            identities.peer_of(leaf),
            Peer::Known { role, credential },
            "two leaves are the same"
        );
    }
}

#[test]
fn a_stranger_is_known_by_its_digest() {
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let identities = Identities::new();
    assert_eq!(identities.peer_of(b"abc"), Peer::Other(digest.into()));
}

#[test]
fn every_chain_with_two_flaws_can_be_made() {
    let identities = Identities::new();
    let kinds = [KeyType::EcdsaP256, KeyType::Ed448, KeyType::RsaPss2048];
    for key in keys::makeable().filter(|key| kinds.contains(key)) {
        for (role, credential) in pairs(key) {
            let sha1 =
                credential.has(Flaw::Sha1) && (key.is_eddsa() || cfg!(not(feature = "openssl")));
            let made = identities.chain(role, credential);
            assert_eq!(made.is_err(), sha1, "{role} {credential:?}");
        }
    }
    let refused = Credential {
        flaw: Flaw::Expired,
        also: Flaw::NotYetValid,
        ..Credential::default()
    };
    assert_eq!(
        identities.chain(Role::Server, refused).err(),
        refused.contradiction().map(Unmakeable)
    );
}

#[test]
fn names_and_serial_numbers_are_never_used_twice() {
    let identities = Identities::new();
    let mut certificates: HashSet<Vec<u8>> = HashSet::new();
    for trust in [Trust::Roots, Trust::OtherRoot, Trust::Intermediates] {
        let anchors = identities.anchors(Role::Server, trust).expect("kept keys");
        certificates.extend(anchors.iter().cloned());
    }
    for (_, credential, chain) in chains(&identities) {
        if credential.flaw != Flaw::Malformed {
            certificates.extend(chain.certificates.iter().cloned());
        }
    }
    for (role, credential) in pairs(KeyType::EcdsaP256) {
        if !credential.has(Flaw::Malformed) {
            let chain = identities.chain(role, credential).expect("makeable");
            certificates.extend(chain.certificates.iter().cloned());
        }
    }
    let mut subjects = HashSet::new();
    let mut serials = HashSet::new();
    for der in &certificates {
        let certificate = parse(der);
        let subject = certificate.subject().to_string();
        let issuer = certificate.issuer().to_string();
        let serial = certificate.raw_serial().to_vec();
        assert!(serials.insert((issuer, serial)), "serial of {subject}");
        assert!(subjects.insert(subject.clone()), "{subject}");
    }
}

#[test]
fn every_intermediate_of_a_chain_is_among_the_intermediates() {
    let identities = Identities::new();
    let anchors = anchors(&identities, Trust::Intermediates);
    let anchors: HashSet<&Vec<u8>> = anchors.iter().collect();
    let mut used = HashSet::new();
    for (_, _, chain) in chains(&identities) {
        used.extend(chain.certificates.into_iter().skip(1));
    }
    for (role, credential) in pairs(KeyType::EcdsaP256) {
        let chain = identities.chain(role, credential).expect("makeable");
        used.extend(chain.certificates.iter().skip(1).cloned());
    }
    assert_eq!(used.iter().collect::<HashSet<_>>(), anchors);
    let all = keys::makeable().map(|key| Ca::intermediates(key).len());
    assert_eq!(anchors.len(), all.sum::<usize>());
}

#[test]
fn impostors_have_the_names_of_roots_and_other_keys() {
    let identities = Identities::new();
    let roots = anchors(&identities, Trust::Roots);
    let impostors = anchors(&identities, Trust::ImpostorRoots);
    // For the plain key type one is both expired and narrow.
    let count = 3 * keys::makeable().count() + 1;
    assert_eq!((roots.len(), impostors.len()), (count, count));
    for (root, impostor) in roots.iter().zip(impostors.iter()) {
        let (root, impostor) = (parse(root), parse(impostor));
        assert_eq!(root.subject().as_raw(), impostor.subject().as_raw());
        assert_ne!(root.public_key(), impostor.public_key());
        assert_eq!(
            root.public_key().algorithm,
            impostor.public_key().algorithm,
            "an impostor's key is of the right type"
        );
        assert_ne!(subject_key_id(&root), subject_key_id(&impostor));
    }
}

#[test]
fn the_small_sets_of_anchors_are_what_they_say() {
    let identities = Identities::new();
    assert!(anchors(&identities, Trust::Empty).is_empty());
    let other = anchors(&identities, Trust::OtherRoot);
    let [other] = other.as_slice() else {
        panic!("one root");
    };
    let subject = parse(other).subject().to_string();
    assert_eq!(subject, "CN=shakedown ecdsa-p256 other root");
    for (role, credential, chain) in chains(&identities) {
        let anchors = identities.anchors(role, Trust::Leaf(credential));
        match credential.flaw {
            Flaw::EmptyChain => assert_eq!(
                anchors,
                Err(Unmakeable(
                    "a chain without certificates has no leaf to trust".into()
                ))
            ),
            Flaw::Malformed => assert_eq!(
                anchors,
                Err(Unmakeable(
                    "a certificate that is no DER cannot be an anchor".into()
                ))
            ),
            _ => assert_eq!(*anchors.expect("a leaf"), chain.certificates[..1]),
        }
    }
}

#[test]
fn every_issuer_has_one_current_list_of_what_it_revokes() {
    let identities = Identities::new();
    let now = crate::clock::NOW.cast_signed();
    let mut expected = revoked(&identities);
    // With EdDSA there is no end entity that is signed with SHA-1.
    let sha1 = Credential {
        flaw: Flaw::Sha1,
        also: Flaw::Revoked,
        ..Credential::default()
    };
    let unmade = Role::BOTH.map(|role| chains::serial(role, sha1));
    let mut lists = HashMap::new();
    for der in identities.crls(Lists::Current).iter() {
        let (rest, list) = x509_parser::parse_x509_crl(der).expect("a list");
        assert!(rest.is_empty());
        let next = list.next_update().expect("there is a next list");
        assert!(list.last_update().timestamp() < now && now < next.timestamp());
        let revoked: Vec<u64> = list
            .iter_revoked_certificates()
            .map(|entry| entry.serial().try_into().expect("small"))
            .collect();
        let name = list.issuer().to_string();
        let expected = expected.remove(&name).unwrap_or_default();
        let revoked: HashSet<u64> = revoked
            .into_iter()
            .filter(|serial| !name.contains(" ed") || !unmade.contains(serial))
            .collect();
        assert_eq!(revoked, expected, "{name}");
        let earlier = lists.insert(name, list.issuer().as_raw().to_vec());
        assert_eq!(earlier, None, "two lists of one issuer");
    }
    for trust in [Trust::Roots, Trust::Intermediates] {
        for der in anchors(&identities, trust).iter() {
            let name = parse(der).subject().to_string();
            assert!(lists.remove(&name).is_some(), "{name} has no list");
        }
    }
    assert!(lists.is_empty(), "{lists:?}");
    assert!(expected.is_empty(), "{expected:?}");
}

/// The serial numbers that each issuer has to revoke.
fn revoked(identities: &Identities) -> HashMap<String, HashSet<u64>> {
    let mut found: HashMap<String, HashSet<u64>> = HashMap::new();
    let two = keys::makeable().flat_map(pairs);
    for (role, credential) in credentials().chain(two) {
        for (flaw, place) in [(Flaw::Revoked, 0), (Flaw::RevokedIntermediate, 1)] {
            let unsent = place > 0 && credential.has(Flaw::MissingIntermediate);
            if unsent || !credential.has(flaw) {
                continue;
            }
            let Ok(chain) = identities.chain(role, credential) else {
                continue;
            };
            let certificate = parse(&chain.certificates[place]);
            let serial = u64::try_from(&certificate.serial).expect("small");
            let issuer = certificate.issuer().to_string();
            found.entry(issuer).or_default().insert(serial);
        }
    }
    found
}

#[test]
fn two_runs_differ_in_signatures_of_ecdsa_and_pss_alone() {
    let make = || {
        let identities = Identities::new();
        let chains = chains(&identities)
            .into_iter()
            .map(|(_, credential, chain)| {
                let certificates: Vec<Vec<u8>> = chain
                    .certificates
                    .iter()
                    .map(|der| match (credential.key, credential.flaw) {
                        (_, Flaw::Malformed) => Vec::new(),
                        (KeyType::RsaPss2048, _) => parse(der).tbs_certificate.as_ref().to_vec(),
                        (key, _) if key.is_rsa() || key.is_eddsa() => der.clone(),
                        _ => parse(der).tbs_certificate.as_ref().to_vec(),
                    })
                    .collect();
                (certificates, chain.key)
            });
        chains.collect::<Vec<_>>()
    };
    assert!(make() == make(), "something else is random");
}

/// All roles, and credentials with one flaw at most.
fn credentials() -> impl Iterator<Item = (Role, Credential)> {
    let (also, loading) = (Flaw::None, Loading::Checked);
    Role::BOTH.into_iter().flat_map(move |role| {
        KeyType::ALL.into_iter().flat_map(move |key| {
            Flaw::ALL.into_iter().map(move |flaw| {
                (
                    role,
                    Credential {
                        key,
                        flaw,
                        also,
                        loading,
                    },
                )
            })
        })
    })
}

/// All chains that can be made, and that this build can sign.
fn chains(identities: &Identities) -> Vec<(Role, Credential, Chain)> {
    credentials()
        .filter_map(|(role, credential)| {
            let chain = identities.chain(role, credential).ok()?;
            let Chain { certificates, key } = &*chain;
            let (certificates, key) = (certificates.clone(), key.clone());
            Some((role, credential, Chain { certificates, key }))
        })
        .collect()
}

/// All roles, and credentials of a key type with two flaws.
fn pairs(key: KeyType) -> impl Iterator<Item = (Role, Credential)> {
    Credential::all(key)
        .filter(|credential| credential.also != Flaw::None)
        .flat_map(|credential| Role::BOTH.map(|role| (role, credential)))
}

fn anchors(identities: &Identities, trust: Trust) -> Arc<Vec<Vec<u8>>> {
    identities.anchors(Role::Server, trust).expect("kept keys")
}

fn parse(der: &[u8]) -> X509Certificate<'_> {
    let (rest, certificate) = parse_x509_certificate(der).expect("DER");
    assert!(rest.is_empty());
    certificate
}

fn subject_key_id(certificate: &X509Certificate<'_>) -> Option<Vec<u8>> {
    certificate
        .extensions()
        .iter()
        .find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
            _ => None,
        })
}

#[test]
fn expired_lists_are_those_of_today_grown_old() {
    let identities = Identities::new();
    let now = crate::clock::NOW.cast_signed();
    let issuers = |lists| {
        let all = identities.crls(lists);
        let parsed = all.iter().map(|der| {
            let (_, list) = x509_parser::parse_x509_crl(der).expect("a list");
            let next = list.next_update().expect("there is a next list");
            assert_eq!(next.timestamp() < now, lists == Lists::Expired);
            list.issuer().to_string()
        });
        parsed.collect::<Vec<_>>()
    };
    assert_eq!(issuers(Lists::Expired), issuers(Lists::Current));
    assert_eq!(
        issuers(Lists::Bystanders),
        ["CN=shakedown ecdsa-p256 other root"]
    );
}
