//! Profiles that the axes do not say: any subset of any list in any order, any trust, odd names.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use proptest::test_runner::FileFailurePersistence;
use shakedown::iana::{CipherSuite, NamedGroup, SignatureScheme};
use shakedown::link::Link;
use shakedown::profile::{
    CertificateType, ClientAuth, ClientProfile, Compression, Credential, Ems, Flaw, KeyType,
    Loading, Miss, NameCheck, Ocsp, Preference, Protocol, Revocation, ServerName, ServerProfile,
    SessionIdContext, Sni, SniPolicy, Staple, Trust,
};
use shakedown::scenario::{Earlier, Endpoint, Means, Scenario, StackId};
use shakedown_matrix::arbitrary::check;
use shakedown_matrix::lab::Lab;
use shakedown_matrix::model::traits;

static LAB: LazyLock<Lab> = LazyLock::new(Lab::new);

proptest! {
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases.max(400),
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "tests/beyond.regressions",
        ))),
        max_shrink_iters: 2000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_can_be_written_goes_as_the_model_says(scenario in scenarios()) {
        prop_assert_eq!(check(&LAB, &scenario), Ok(()));
    }

    #[test]
    fn what_is_remembered_goes_as_the_model_says(scenario in scenarios_with_a_past()) {
        prop_assert_eq!(check(&LAB, &scenario), Ok(()));
    }
}

fn scenarios() -> impl Strategy<Value = Scenario> {
    (clients(), servers()).prop_flat_map(|(client, server)| {
        let earlier = mostly(None, pasts(&client, &server).prop_map(Some));
        earlier.prop_map(move |earlier| Scenario {
            client: client.clone(),
            server: server.clone(),
            link: Link::default(),
            earlier,
        })
    })
}

/// Mostly such that the earlier connection succeeds.
fn scenarios_with_a_past() -> impl Strategy<Value = Scenario> {
    let plain = stacks().prop_map(|stack| Endpoint {
        stack,
        profile: ClientProfile::default(),
    });
    let clients = prop_oneof![2 => plain, 1 => clients()];
    let plain = stacks().prop_map(|stack| Endpoint {
        stack,
        profile: ServerProfile::default(),
    });
    let servers = prop_oneof![2 => plain, 1 => servers()];
    (clients, servers).prop_flat_map(|(client, server)| {
        pasts(&client, &server).prop_map(move |earlier| Scenario {
            client: client.clone(),
            server: server.clone(),
            link: Link::default(),
            earlier: Some(earlier),
        })
    })
}

/// An earlier connection of the same two stacks: with the same profiles, with one thing changed
/// on either side, or with any others.
fn pasts(
    client: &Endpoint<ClientProfile>,
    server: &Endpoint<ServerProfile>,
) -> impl Strategy<Value = Earlier> + use<> {
    (
        select(vec![Means::Ticket, Means::SessionId]),
        mostly(None, client_changes(client).prop_map(Some)),
        mostly(None, server_changes(server).prop_map(Some)),
    )
        .prop_map(|(means, client, server)| Earlier {
            means,
            client,
            server,
        })
}

fn client_changes(
    now: &Endpoint<ClientProfile>,
) -> impl Strategy<Value = ClientProfile> + 'static + use<> {
    let now = now.clone();
    (client_of(now.stack), 0..10).prop_map(move |(other, part)| {
        let mut then = now.profile.clone();
        match part {
            0 => then = other,
            1 => then.protocol = other.protocol,
            2 => then.protocol.suites = other.protocol.suites,
            3 => then.protocol.tls13_suites = other.protocol.tls13_suites,
            4 => then.protocol.groups = other.protocol.groups,
            5 => then.server_name = other.server_name,
            6 => then.trust = other.trust,
            7 => then.identity = other.identity,
            8 => then.protocol.versions = other.protocol.versions,
            _ => then.protocol.ems = other.protocol.ems,
        }
        then
    })
}

fn server_changes(
    now: &Endpoint<ServerProfile>,
) -> impl Strategy<Value = ServerProfile> + 'static + use<> {
    let now = now.clone();
    (server_of(now.stack), 0..10).prop_map(move |(other, part)| {
        let mut then = now.profile.clone();
        match part {
            0 => then = other,
            1 => then.protocol = other.protocol,
            2 => then.protocol.suites = other.protocol.suites,
            3 => then.protocol.tls13_suites = other.protocol.tls13_suites,
            4 => then.protocol.groups = other.protocol.groups,
            5 => then.sni = other.sni,
            6 => then.client_auth = other.client_auth,
            7 => then.identity = other.identity,
            8 => then.protocol.versions = other.protocol.versions,
            _ => then.session_id_context = other.session_id_context,
        }
        then
    })
}

fn clients() -> impl Strategy<Value = Endpoint<ClientProfile>> {
    stacks().prop_flat_map(|stack| {
        client_of(stack).prop_map(move |profile| Endpoint { stack, profile })
    })
}

fn client_of(stack: StackId) -> impl Strategy<Value = ClientProfile> {
    (
        protocols(stack),
        mostly(ServerName::default(), names()),
        mostly(NameCheck::On, Just(NameCheck::Off)),
        mostly(Sni::Send, Just(Sni::Omit)),
        mostly(Trust::Roots, trusts()),
        mostly(None, credentials().prop_map(Some)),
        mostly(Vec::new(), alpn()),
        mostly(false, Just(!stack.is_rustls())),
        checks(),
    )
        .prop_map(
            move |(
                protocol,
                server_name,
                name_check,
                sni,
                trust,
                identity,
                alpn,
                fallback_scsv,
                checks,
            )| {
                let mut profile = ClientProfile {
                    protocol,
                    server_name,
                    name_check,
                    sni,
                    trust,
                    identity,
                    alpn,
                    fallback_scsv,
                    ..ClientProfile::default()
                };
                checks.of_client(stack, &mut profile);
                profile
            },
        )
}

fn servers() -> impl Strategy<Value = Endpoint<ServerProfile>> {
    stacks().prop_flat_map(|stack| {
        server_of(stack).prop_map(move |profile| Endpoint { stack, profile })
    })
}

fn server_of(stack: StackId) -> impl Strategy<Value = ServerProfile> {
    let contexts = if stack.is_rustls() {
        Just(SessionIdContext::Set).boxed()
    } else {
        mostly(SessionIdContext::Set, Just(SessionIdContext::Unset)).boxed()
    };
    (
        protocols(stack),
        mostly(Preference::Client, Just(Preference::Server)),
        mostly(Some(Credential::default()), prop::option::of(credentials())),
        select(vec![
            ClientAuth::None,
            ClientAuth::Optional,
            ClientAuth::Required,
        ]),
        mostly(Trust::Roots, trusts()),
        mostly(Vec::new(), alpn()),
        mostly(Miss::Fatal, Just(Miss::Ignore)),
        mostly(SniPolicy::Any, Just(SniPolicy::Strict)),
        contexts,
        checks(),
        staples(),
    )
        .prop_map(
            move |(
                protocol,
                preference,
                identity,
                client_auth,
                trust,
                alpn,
                alpn_miss,
                sni,
                session_id_context,
                checks,
                staple,
            )| {
                let mut profile = ServerProfile {
                    protocol,
                    preference,
                    identity,
                    client_auth,
                    trust,
                    alpn,
                    alpn_miss,
                    sni,
                    session_id_context,
                    staple,
                    ..ServerProfile::default()
                };
                checks.of_server(stack, &mut profile);
                profile
            },
        )
}

/// What a side has to say of its peer's certificate, and of the form of its own.
#[derive(Clone, Debug)]
struct Checks {
    revocation: Revocation,
    partial_chain: bool,
    ocsp: Ocsp,
    own: CertificateType,
    peers: CertificateType,
    compression: Compression,
}

impl Checks {
    fn of_client(self, stack: StackId, profile: &mut ClientProfile) {
        profile.revocation = self.revocation;
        profile.partial_chain = self.partial_chain;
        if stack.is_rustls() {
            profile.certificate_type = self.own;
            profile.server_certificate_type = self.peers;
            profile.compression = self.compression;
        } else {
            profile.ocsp = self.ocsp;
        }
    }

    fn of_server(self, stack: StackId, profile: &mut ServerProfile) {
        profile.revocation = self.revocation;
        profile.partial_chain = self.partial_chain;
        if stack.is_rustls() {
            profile.certificate_type = self.own;
            profile.client_certificate_type = self.peers;
            profile.compression = self.compression;
        }
    }
}

fn checks() -> impl Strategy<Value = Checks> {
    let kind = || {
        prop_oneof![
            9 => Just(CertificateType::X509),
            1 => Just(CertificateType::RawPublicKey),
        ]
    };
    (
        mostly(Revocation::Off, revocations()),
        mostly(false, Just(true)),
        mostly(Ocsp::Ignore, select(vec![Ocsp::Request, Ocsp::Check])),
        kind(),
        kind(),
        mostly(
            Compression::None,
            select(vec![Compression::Zlib, Compression::Broken]),
        ),
    )
        .prop_map(
            |(revocation, partial_chain, ocsp, own, peers, compression)| Checks {
                revocation,
                partial_chain,
                ocsp,
                own,
                peers,
                compression,
            },
        )
}

fn revocations() -> impl Strategy<Value = Revocation> {
    select(vec![
        Revocation::Crl,
        Revocation::CrlEndEntity,
        Revocation::CrlChain,
        Revocation::CrlMissing,
        Revocation::CrlMissingAllowed,
        Revocation::CrlExpired,
        Revocation::CrlExpiredEnforced,
    ])
}

fn staples() -> impl Strategy<Value = Staple> {
    mostly(
        Staple::None,
        select(vec![
            Staple::Good,
            Staple::Revoked,
            Staple::Expired,
            Staple::Other,
            Staple::Malformed,
        ]),
    )
}

fn protocols(stack: StackId) -> impl Strategy<Value = Protocol> {
    let traits = traits::of(stack);
    let level = if stack.is_rustls() {
        Just(None).boxed()
    } else {
        prop::option::of(0_u8..=5).boxed()
    };
    let ems = mostly(
        Ems::Default,
        Just(if stack.is_rustls() {
            Ems::Required
        } else {
            Ems::Off
        }),
    );
    (
        mostly(
            Protocol::default().versions,
            subsequence(traits.versions.to_vec(), 0..=traits.versions.len()),
        ),
        mostly(None, list::<CipherSuite>(traits.suites)),
        mostly(None, list::<CipherSuite>(traits.tls13_suites)),
        mostly(None, list::<NamedGroup>(traits.groups)),
        mostly(None, list::<SignatureScheme>(traits.schemes)),
        level,
        ems,
        prop::collection::vec(any::<(Index, Index)>(), 1..4),
    )
        .prop_map(
            move |(
                versions,
                suites,
                tls13_suites,
                groups,
                signature_schemes,
                security_level,
                ems,
                knobs,
            )| {
                let (group_tuples, key_shares) = match &groups {
                    Some(groups) if !stack.is_rustls() => knobs_of(groups, &knobs),
                    _ => Default::default(),
                };
                Protocol {
                    versions,
                    suites,
                    tls13_suites,
                    groups,
                    signature_schemes,
                    security_level,
                    group_tuples,
                    key_shares,
                    ems,
                }
            },
        )
}

/// Tuples with these ends, and shares for these groups; about half the time none.
fn knobs_of(groups: &[NamedGroup], knobs: &[(Index, Index)]) -> (Vec<u8>, Vec<NamedGroup>) {
    let count = groups.len();
    let ends: BTreeSet<_> = knobs
        .iter()
        .map(|(end, _)| end.index(2 * count + 1))
        .filter(|end| (1..count).contains(end))
        .chain([count])
        .collect();
    let mut start = 0;
    let sizes: Vec<_> = ends
        .into_iter()
        .map(|end| (end - std::mem::replace(&mut start, end)) as u8)
        .filter(|size| *size > 0)
        .collect();
    let shares: BTreeSet<_> = knobs
        .iter()
        .map(|(_, share)| share.index(2 * count + 1))
        .collect();
    let shares = groups
        .iter()
        .enumerate()
        .filter(|(place, _)| shares.contains(place))
        .map(|(_, group)| *group)
        .collect();
    (if sizes.len() > 1 { sizes } else { Vec::new() }, shares)
}

/// Any of them in any order.
fn list<T: Clone + std::fmt::Debug + 'static>(all: &[T]) -> impl Strategy<Value = Option<Vec<T>>> {
    subsequence(all.to_vec(), 0..=all.len())
        .prop_shuffle()
        .prop_map(Some)
}

fn credentials() -> impl Strategy<Value = Credential> {
    (
        select(KeyType::ALL.to_vec()),
        mostly(Flaw::None, select(Flaw::ALL.to_vec())),
        mostly(Flaw::None, select(Flaw::ALL.to_vec())),
        mostly(Loading::Checked, Just(Loading::Resolver)),
    )
        .prop_map(|(key, flaw, also, loading)| {
            let one = Credential {
                key,
                flaw,
                also: Flaw::None,
                loading,
            };
            let two = Credential { also, ..one }.in_order();
            // What cannot go together is one flaw after all.
            two.contradiction().map_or(two, |_| one)
        })
}

fn trusts() -> impl Strategy<Value = Trust> {
    prop_oneof![
        select(vec![
            Trust::OtherRoot,
            Trust::ImpostorRoots,
            Trust::Intermediates,
            Trust::Empty,
        ]),
        credentials().prop_map(Trust::Leaf),
    ]
}

fn names() -> impl Strategy<Value = ServerName> {
    prop_oneof![
        select(vec![
            ServerName::WRONG,
            ServerName::ANOTHER,
            "Server.Shakedown.TEST",
            "sibling.shakedown.test",
            "a.b.shakedown.test",
            "shakedown.test",
            "server.shakedown.test.example",
            "s.shakedown.test",
            "server.shakedown.test.",
            "sibling.shakedown.test.",
            "s_b.shakedown.test",
            "_.shakedown.test",
            "-server.shakedown.test",
            "server-.shakedown.test",
            "server..shakedown.test",
            "server.shakedown.test..",
            "192.0.2.1",
            "192.0.2.1.",
            "server.123",
            "localhost",
            "shakedown",
            "sixty-four-bytes-in-one-label-are-too-many-but-openssl-sends-them.shakedown.test",
        ])
        .prop_map(|name| ServerName::Dns(name.to_owned())),
        select(vec![
            ServerName::RIGHT_IP,
            ServerName::WRONG_IP,
            ServerName::ANOTHER_IP,
            "2001:db8::1".parse().expect("an address"),
        ])
        .prop_map(ServerName::Ip),
    ]
}

fn alpn() -> impl Strategy<Value = Vec<String>> {
    let names = ["h2", "http/1.1", "imap", "H2"].map(str::to_owned).to_vec();
    prop::collection::vec(any::<Index>(), 1..4)
        .prop_map(move |picks| picks.iter().map(|pick| pick.get(&names).clone()).collect())
}

fn stacks() -> impl Strategy<Value = StackId> {
    select(StackId::ALL.to_vec())
}

/// The plain value three times out of four.
fn mostly<T: Clone + std::fmt::Debug + 'static>(
    plain: T,
    other: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = T> {
    prop_oneof![3 => Just(plain), 1 => other]
}
