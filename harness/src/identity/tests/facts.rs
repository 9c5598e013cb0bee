//! Each flaw is there, and nothing else is wrong: what can be said of a flawed chain is held against
//! what can be said of the plain chain of the same role and key type.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ::openssl::pkey::PKey;
use ::openssl::x509::X509;
use x509_parser::extensions::{GeneralName, GeneralSubtree};
use x509_parser::signature_algorithm::SignatureAlgorithm;
use x509_parser::x509::AlgorithmIdentifier;

use super::*;
use crate::clock::{DAY, NOW};

#[test]
fn a_plain_chain_is_in_order() {
    let identities = Identities::new();
    for key in KeyType::ALL {
        let usage = if key.is_rsa() && key != KeyType::RsaPss2048 {
            "Digital Signature, Key Encipherment"
        } else {
            "Digital Signature"
        };
        let algorithm = algorithm(key);
        for (role, names, eku) in [
            (Role::Server, "server.shakedown.test 192.0.2.1", "server"),
            (Role::Client, "client.shakedown.test", "client"),
        ] {
            let expected = format!(
                "\
chain: leaf issuer root
issuer algorithm: {algorithm}
issuer ca: yes
issuer cn: intermediate
issuer constraints: none
issuer critical: none
issuer eku: none
issuer ku: Key Cert Sign, CRL Sign
issuer link: good
issuer names: none
issuer signature: good
issuer validity: -365 to 365
issuer version: V3
key: its own
leaf algorithm: {algorithm}
leaf ca: no
leaf cn: {role} leaf
leaf constraints: none
leaf critical: none
leaf eku: {eku}
leaf ku: {usage}
leaf link: good
leaf names: {names}
leaf signature: good
leaf validity: -365 to 365
leaf version: V3
root algorithm: {algorithm}
root ca: yes
root cn: root
root constraints: none
root critical: none
root eku: none
root ku: Key Cert Sign, CRL Sign
root link: good
root names: none
root signature: good
root validity: -3650 to 3650
root version: V3
"
            );
            let facts = facts(&identities, role, plain(key));
            let lines = facts
                .iter()
                .fold(String::new(), |mut lines, (fact, value)| {
                    writeln!(lines, "{fact}: {value}").expect("a string takes all");
                    lines
                });
            assert_eq!(lines, expected, "{role} {}", key.name());
        }
    }
}

#[test]
fn a_flawed_chain_differs_from_a_plain_one_in_its_flaw_alone() {
    let identities = Identities::new();
    let two = [KeyType::EcdsaP256, KeyType::Rsa2048]
        .into_iter()
        .flat_map(pairs);
    let one = chains(&identities)
        .into_iter()
        .map(|(role, credential, _)| (role, credential));
    for (role, credential) in one.chain(two) {
        if credential.has(Flaw::Malformed) || credential.has(Flaw::EmptyChain) {
            continue;
        }
        let plain = facts(&identities, role, plain(credential.key));
        let flawed = facts(&identities, role, credential);
        let found: Vec<String> = flawed
            .iter()
            .filter(|(fact, value)| plain.get(&counterpart(fact)) != Some(*value))
            .filter(|(fact, _)| !is_name_of_authority(fact))
            .map(|(fact, value)| format!("{fact}: {value}"))
            .collect();
        assert_eq!(found, expected(role, credential), "{role} {credential:?}");
    }
}

#[test]
fn a_malformed_chain_has_a_leaf_whose_length_lies() {
    let identities = Identities::new();
    for (role, credential, chain) in chains(&identities) {
        if credential.flaw != Flaw::Malformed {
            continue;
        }
        let [leaf, issuer] = chain.certificates.as_slice() else {
            panic!("leaf and intermediate");
        };
        assert_eq!(leaf[..2], [0x30, 0x82], "{role} {credential:?}");
        let length = usize::from(u16::from_be_bytes([leaf[2], leaf[3]]));
        assert!(length > leaf.len());
        assert!(X509::from_der(leaf).is_err());
        parse(issuer);
    }
}

#[test]
fn an_empty_chain_still_has_the_key_of_a_plain_one() {
    let identities = Identities::new();
    for (role, credential, chain) in chains(&identities) {
        if credential.flaw != Flaw::EmptyChain {
            continue;
        }
        let flaw = Flaw::None;
        let plain = identities.chain(role, Credential { flaw, ..credential });
        assert!(chain.certificates.is_empty());
        assert_eq!(chain.key, plain.expect("plain").key);
    }
}

/// The fact of the plain chain to compare with: a further intermediate is held against the only one.
fn counterpart(fact: &str) -> String {
    match fact.split_once(' ') {
        Some((place, fact)) if place.starts_with("issuer") => format!("issuer {fact}"),
        _ => fact.to_owned(),
    }
}

/// Authorities with a flaw have names of their own.
fn is_name_of_authority(fact: &str) -> bool {
    fact.ends_with(" cn") && fact != "leaf cn"
}

fn plain(key: KeyType) -> Credential {
    Credential {
        key,
        ..Credential::default()
    }
}

/// What is to be different from the plain chain: what each flaw makes different. What is not sent cannot
/// be read.
fn expected(role: Role, credential: Credential) -> Vec<String> {
    let unsent = credential.has(Flaw::MissingIntermediate);
    let mut all: Vec<String> = credential
        .flaws()
        .flat_map(|flaw| expected_of(role, credential.key, flaw))
        .filter(|fact| !unsent || fact.starts_with("leaf") || fact == "chain: leaf ...")
        .collect();
    if unsent && credential.has(Flaw::KeyMismatch) {
        all.push("key: another's of its type".into());
    }
    if credential.has(Flaw::NameNotPermitted) && credential.has(Flaw::NameExcluded) && !unsent {
        let both = "issuer constraints: permits elsewhere.test, excludes shakedown.test";
        all = vec![both.into()];
    }
    all.sort();
    all
}

fn expected_of(role: Role, key: KeyType, flaw: Flaw) -> Vec<String> {
    let (host, other_role) = match role {
        Role::Client => ("client.shakedown.test", "server"),
        Role::Server => ("server.shakedown.test", "client"),
    };
    let first = &host[..1];
    let own: &[String] = &match flaw {
        Flaw::None | Flaw::Revoked | Flaw::RevokedIntermediate => vec![],
        Flaw::SelfSigned => vec!["chain: leaf".into()],
        Flaw::SelfSignedCa => vec!["chain: leaf".into(), "leaf ca: yes".into()],
        Flaw::CaLeaf => vec!["leaf ca: yes".into()],
        Flaw::MissingIntermediate => vec!["chain: leaf ...".into()],
        Flaw::Expired => vec!["leaf validity: -365 to -1".into()],
        Flaw::ExpiredIntermediate => vec!["issuer validity: -365 to -1".into()],
        Flaw::ExpiredRoot => vec!["root validity: -3650 to -1".into()],
        Flaw::NotYetValid => vec!["leaf validity: 1 to 365".into()],
        Flaw::OtherName => vec![match role {
            Role::Client => "leaf names: another.shakedown.example".into(),
            Role::Server => "leaf names: another.shakedown.example 192.0.2.2".into(),
        }],
        Flaw::CnOnly => vec![format!("leaf cn: {host}"), "leaf names: none".into()],
        Flaw::IpOnly => vec![format!("leaf cn: {host}"), "leaf names: 192.0.2.1".into()],
        Flaw::Wildcard => vec!["leaf names: *.shakedown.test".into()],
        Flaw::PartialWildcard => vec![format!("leaf names: {first}*.shakedown.test")],
        Flaw::WrongEku => vec![format!("leaf eku: {other_role}")],
        Flaw::WrongEkuIntermediate => vec![format!("issuer eku: {other_role}")],
        Flaw::AnyEku => vec!["leaf eku: any".into()],
        Flaw::BadKeyUsage => vec!["leaf ku: CRL Sign".into()],
        Flaw::IntermediateNotCa => vec!["issuer ca: no".into()],
        Flaw::IntermediateNoCertSign => vec!["issuer ku: CRL Sign".into()],
        Flaw::PathLength => vec![
            "chain: leaf issuer issuer2 root".into(),
            "issuer2 ca: yes, 0".into(),
        ],
        Flaw::RootPathLength => vec!["root ca: yes, 0".into()],
        Flaw::NameNotPermitted => vec!["issuer constraints: permits elsewhere.test".into()],
        Flaw::NameExcluded => vec!["issuer constraints: excludes shakedown.test".into()],
        Flaw::UnknownCritical => vec!["leaf critical: 1.3.6.1.4.1.55555.1".into()],
        Flaw::Version1 => vec![
            "leaf ca: unsaid".into(),
            "leaf eku: none".into(),
            "leaf ku: none".into(),
            "leaf names: none".into(),
            "leaf version: V1".into(),
        ],
        Flaw::Sha1 if key == KeyType::RsaPss2048 => {
            vec!["leaf algorithm: 1.2.840.113549.1.1.10 with 1.3.14.3.2.26".into()]
        }
        Flaw::Sha1 if key.is_rsa() => vec!["leaf algorithm: 1.2.840.113549.1.1.5".into()],
        Flaw::Sha1 => vec!["leaf algorithm: 1.2.840.10045.4.1".into()],
        Flaw::BadSignature => vec!["leaf signature: bad".into()],
        Flaw::LongChain => {
            vec!["chain: leaf issuer issuer2 issuer3 issuer4 issuer5 issuer6 issuer7 root".into()]
        }
        Flaw::KeyMismatch => vec!["key: another's of its type".into()],
        Flaw::Malformed | Flaw::EmptyChain => unreachable!("no certificate to read"),
    };
    own.to_vec()
}

/// What can be said of a chain, root included.
fn facts(identities: &Identities, role: Role, credential: Credential) -> BTreeMap<String, String> {
    let key = credential.key;
    let chain = identities.chain(role, credential).expect("makeable");
    let roots = anchors(identities, Trust::Roots);
    let mut certificates: Vec<&[u8]> = chain.certificates.iter().map(Vec::as_slice).collect();
    let last = parse(certificates[certificates.len() - 1]);
    let root = roots
        .iter()
        .find(|root| parse(root).subject() == last.issuer());
    let rooted = root.is_some();
    certificates.extend(root.map(Vec::as_slice));
    let place = |at: usize| match at {
        _ if rooted && at + 1 == certificates.len() => "root".to_owned(),
        0 => "leaf".to_owned(),
        1 => "issuer".to_owned(),
        _ => format!("issuer{at}"),
    };
    let mut facts = BTreeMap::new();
    let mut places = Vec::new();
    for (at, der) in certificates.iter().enumerate() {
        let issuer = certificates.get(at + 1).unwrap_or(der);
        let known = *issuer != *der || parse(der).subject() == parse(der).issuer();
        places.push(place(at));
        if known {
            describe(&mut facts, &place(at), key, der, issuer);
        } else {
            // The intermediate that is not sent can still be asked.
            let mut flaws = credential
                .flaws()
                .filter(|flaw| *flaw != Flaw::MissingIntermediate);
            let flaw = flaws.next().unwrap_or_default();
            let sent = identities.chain(role, Credential { flaw, ..plain(key) });
            let issuer = &sent.expect("makeable").certificates[1];
            describe(&mut facts, &place(at), key, der, issuer);
            places.push("...".into());
        }
    }
    facts.insert("chain".into(), places.join(" "));
    facts.insert("key".into(), ownership(key, certificates[0], &chain.key));
    facts
}

fn describe(
    facts: &mut BTreeMap<String, String>,
    place: &str,
    key: KeyType,
    der: &[u8],
    issuer: &[u8],
) {
    let certificate = parse(der);
    let mut say = |fact: &str, value: String| {
        facts.insert(format!("{place} {fact}"), value);
    };
    say("version", certificate.version().to_string());
    let days = |seconds: i64| (seconds - NOW.cast_signed()) / DAY.cast_signed();
    let validity = certificate.validity();
    let (from, to) = (
        validity.not_before.timestamp(),
        validity.not_after.timestamp(),
    );
    say("validity", format!("{} to {}", days(from), days(to)));
    let common = certificate.subject().iter_common_name().next();
    let common = common
        .and_then(|name| name.as_str().ok())
        .expect("a common name");
    let ours = format!("shakedown {} ", key.name());
    say(
        "cn",
        common.strip_prefix(&ours).unwrap_or(common).to_owned(),
    );
    let inner = signature_algorithm(&certificate.tbs_certificate.signature);
    let outer = signature_algorithm(&certificate.signature_algorithm);
    assert_eq!(inner, outer, "RFC 5280 §4.1.1.2");
    say("algorithm", outer);

    let issuer_key = X509::from_der(issuer).and_then(|issuer| issuer.public_key());
    let verifies = X509::from_der(der)
        .and_then(|certificate| certificate.verify(&*issuer_key?))
        .expect("OpenSSL knows the algorithm");
    say("signature", if verifies { "good" } else { "bad" }.into());
    let issuer = parse(issuer);
    let named = certificate.issuer().as_raw() == issuer.subject().as_raw();
    let identified =
        authority_key_id(&certificate).is_none_or(|id| Some(id) == subject_key_id(&issuer));
    say(
        "link",
        if named && identified { "good" } else { "bad" }.into(),
    );

    let mut extensions = BTreeMap::from([
        ("ca", "unsaid".to_owned()),
        ("constraints", "none".into()),
        ("critical", "none".into()),
        ("eku", "none".into()),
        ("ku", "none".into()),
        ("names", "none".into()),
    ]);
    for extension in certificate.extensions() {
        let (fact, value, critical) = match extension.parsed_extension() {
            ParsedExtension::BasicConstraints(constraints) => {
                let length = constraints.path_len_constraint;
                let length = length.map_or(String::new(), |length| format!(", {length}"));
                let ca = if constraints.ca { "yes" } else { "no" };
                ("ca", format!("{ca}{length}"), true)
            }
            ParsedExtension::KeyUsage(usage) => ("ku", usage.to_string(), true),
            ParsedExtension::ExtendedKeyUsage(usage) => {
                let usages = [
                    (usage.any, "any"),
                    (usage.server_auth, "server"),
                    (usage.client_auth, "client"),
                ];
                let usages = usages.into_iter().filter(|usage| usage.0);
                (
                    "eku",
                    usages.map(|usage| usage.1).collect::<Vec<_>>().join(" "),
                    false,
                )
            }
            ParsedExtension::SubjectAlternativeName(names) => {
                let names: Vec<String> = names.general_names.iter().map(name).collect();
                ("names", names.join(" "), false)
            }
            ParsedExtension::NameConstraints(constraints) => {
                let list = |verb: &str, subtrees: &Option<Vec<GeneralSubtree<'_>>>| {
                    let subtrees = subtrees.iter().flatten();
                    subtrees
                        .map(|subtree| format!("{verb} {}", name(&subtree.base)))
                        .collect()
                };
                let mut all: Vec<String> = list("permits", &constraints.permitted_subtrees);
                all.extend::<Vec<String>>(list("excludes", &constraints.excluded_subtrees));
                ("constraints", all.join(", "), true)
            }
            ParsedExtension::UnsupportedExtension { oid } => ("critical", oid.to_id_string(), true),
            ParsedExtension::SubjectKeyIdentifier(_)
            | ParsedExtension::AuthorityKeyIdentifier(_) => {
                assert!(!extension.critical, "{place}");
                continue;
            }
            other => panic!("{place}: {other:?}"),
        };
        assert_eq!(extension.critical, critical, "{place} {fact}");
        extensions.insert(fact, value);
    }
    for (fact, value) in extensions {
        say(fact, value);
    }
}

/// The algorithm's identifier; PSS names its digest besides.
fn signature_algorithm(algorithm: &AlgorithmIdentifier<'_>) -> String {
    let id = algorithm.oid().to_id_string();
    match SignatureAlgorithm::try_from(algorithm) {
        Ok(SignatureAlgorithm::RSASSA_PSS(params)) => {
            format!("{id} with {}", params.hash_algorithm_oid().to_id_string())
        }
        _ => id,
    }
}

fn authority_key_id(certificate: &X509Certificate<'_>) -> Option<Vec<u8>> {
    certificate
        .extensions()
        .iter()
        .find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                id.key_identifier.as_ref().map(|id| id.0.to_vec())
            }
            _ => None,
        })
}

fn name(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(name) => (*name).to_owned(),
        GeneralName::IPAddress(bytes) => {
            let bytes: [u8; 4] = (*bytes).try_into().expect("IPv4");
            std::net::Ipv4Addr::from(bytes).to_string()
        }
        other => other.to_string(),
    }
}

fn ownership(key: KeyType, leaf: &[u8], pkcs8: &[u8]) -> String {
    let public = X509::from_der(leaf)
        .and_then(|leaf| leaf.public_key())
        .expect("a key");
    let private = PKey::private_key_from_pkcs8(pkcs8).expect("a key");
    if private.public_eq(&public) {
        return "its own".into();
    }
    let same_type = private.id() == public.id() && private.bits() == public.bits();
    assert!(same_type, "{}", key.name());
    "another's of its type".into()
}

fn algorithm(key: KeyType) -> &'static str {
    match key {
        KeyType::EcdsaP256 => "1.2.840.10045.4.3.2",
        KeyType::EcdsaP384 => "1.2.840.10045.4.3.3",
        KeyType::EcdsaP521 => "1.2.840.10045.4.3.4",
        KeyType::Ed25519 => "1.3.101.112",
        KeyType::Rsa1024 | KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096 => {
            "1.2.840.113549.1.1.11"
        }
        KeyType::RsaPss2048 => "1.2.840.113549.1.1.10 with 2.16.840.1.101.3.4.2.1",
        KeyType::Ed448 => "1.3.101.113",
    }
}
