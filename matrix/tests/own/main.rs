//! Configurations of one's own: what is read back is right, what is open is not guessed, and what is
//! wrong comes to light.

use std::sync::Arc;

use openssl::ssl::{SslContext, SslMethod, SslOptions};
use rustls::pki_types::ServerName as RustlsName;
use rustls::{ClientConfig, RootCertStore};
use shakedown::connection::Role;
use shakedown::iana::ProtocolVersion;
use shakedown::identity::Identities;
use shakedown::own::{Own, OwnClient, OwnServer, Setting};
use shakedown::profile::{ClientProfile, Compression, ServerName, ServerProfile, Sni, Trust};
use shakedown::scenario::StackId;
use shakedown::stacks::openssl::OpenSsl;
use shakedown::stacks::rustls::{Rustls, VirtualClock};
use shakedown_matrix::adopted::{Crossed, Met, Peer, Side, alone, cross, of_cases};
use shakedown_matrix::lab::Lab;
use shakedown_matrix::model::{Cause, Prediction};
use shakedown_matrix::plan::{Plan, Request};
use shakedown_matrix::verdict::Verdict;

mod faults;

/// Each client profile that differs in one value is prepared, read back, told what cannot be read, and
/// crossed with servers that show versions, suites, groups, schemes and certificates.
#[test]
fn what_is_read_of_clients_is_what_they_were_made_of() {
    let house = House::new();
    let servers = some(&alone::<ServerProfile>());
    let mut crossed = Vec::new();
    for client in alone::<ClientProfile>() {
        let Some(own) = house.client(&client) else {
            continue;
        };
        crossed.push((client.name, cross(&house.lab, &own, &servers)));
    }
    assert!(crossed.len() > 400, "{}", crossed.len());
    right_and_mostly_foretold(&crossed);
}

/// The same with servers.
#[test]
fn what_is_read_of_servers_is_what_they_were_made_of() {
    let house = House::new();
    let clients = some(&alone::<ClientProfile>());
    let mut crossed = Vec::new();
    for server in alone::<ServerProfile>() {
        let own = house.server(&server);
        crossed.push((server.name, cross(&house.lab, &own, &clients)));
    }
    assert!(crossed.len() > 400, "{}", crossed.len());
    // A compressor that says zlib and compresses nothing is read as zlib: that is a fault of its own.
    let (broken, right): (Vec<_>, Vec<_>) = crossed
        .into_iter()
        .partition(|(name, _)| name.contains("compression=broken"));
    right_and_mostly_foretold(&right);
    let otherwise = broken.iter().flat_map(|(_, crossed)| crossed.otherwise());
    let peers: Vec<_> = otherwise
        .map(|met| (met.peer.as_str(), met.stack))
        .collect();
    assert_eq!(peers, [("compression=zlib", StackId::RustlsRing); 2]);
}

/// The same with profiles in which much is not plain.
#[test]
fn what_is_read_of_random_configurations_is_what_they_were_made_of() {
    let house = House::new();
    let request = Request {
        strength: 1,
        random: 1500,
        seed: 29,
        stacks: StackId::ALL.to_vec(),
    };
    let plan = Plan::new(&request).expect("strength 1");
    let mut clients = Vec::new();
    let mut servers = Vec::new();
    for number in (0..plan.batches()).rev().take(3) {
        let cases = plan.batch(number);
        assert!(cases[0].name.starts_with("random/"), "{}", cases[0].name);
        let peers = of_cases::<ServerProfile>(plan.axes(), cases.clone());
        for client in of_cases::<ClientProfile>(plan.axes(), cases.clone()) {
            if let Some(own) = house.client(&client) {
                clients.push((client.name, cross(&house.lab, &own, &peers)));
            }
        }
        let peers = of_cases::<ClientProfile>(plan.axes(), cases.clone());
        for server in of_cases::<ServerProfile>(plan.axes(), cases) {
            if server.endpoint.profile.compression != Compression::Broken {
                let own = house.server(&server);
                servers.push((server.name, cross(&house.lab, &own, &peers)));
            }
        }
    }
    right_and_mostly_foretold(&clients);
    right_and_mostly_foretold(&servers);
}

#[test]
fn tls12_alone_is_foretold_to_fail_with_tls13_alone_whatever_the_verifier() {
    let house = House::new();
    let own = house.own_client(house.client_config(&[&rustls::version::TLS12]));
    assert_eq!(own.profile().protocol.versions, [ProtocolVersion::TLS1_2]);
    let servers: Vec<_> = alone::<ServerProfile>()
        .into_iter()
        .filter(|server| server.name == "versions=1.3" || server.name == "plain")
        .collect();
    let crossed = cross(&house.lab, &own, &servers);
    assert_eq!(crossed.met.len(), 6);
    for stack in StackId::ALL {
        let met = find(&crossed, "versions=1.3", stack);
        assert_eq!(met.prediction.cause(), Some(Cause::VersionMismatch));
        assert_eq!(met.verdict, Verdict::Agree);
        let met = find(&crossed, "plain", stack);
        assert!(matches!(met.prediction, Prediction::Unmodelled { .. }));
        assert!(met.outcome.is_success());
    }
}

#[test]
fn a_clock_of_todays_is_told_and_cannot_be_talked_away() {
    let house = House::new();
    let mut config = house.client_config(&[&rustls::version::TLS13]);
    config.time_provider = Arc::new(rustls::time_provider::DefaultTimeProvider);
    let own = house
        .own_client(config)
        .told(Setting::Verification, |profile| {
            profile.trust = Trust::Roots
        });
    let [open] = own.open() else {
        panic!("{:?}", own.open());
    };
    assert_eq!(
        (open.setting, open.can_be_told),
        (Setting::Verification, false)
    );
    assert!(open.why.contains("VirtualClock"), "{}", open.why);
}

#[test]
fn what_no_profile_says_is_told() {
    let house = House::new();
    let mut config = house.client_config(&[&rustls::version::TLS13]);
    config.max_fragment_size = Some(512);
    config.alpn_protocols = vec![vec![0xff]];
    assert_eq!(
        settings(&house.own_client(config)),
        [Setting::Other, Setting::Verification, Setting::Alpn]
    );
    // The suites of another provider under the same names.
    let config = house.client_config(&[&rustls::version::TLS13]);
    let name = RustlsName::try_from(ServerName::RIGHT).expect("a name");
    let own = Rustls::aws_lc_rs(house.identities.clone()).own_client(Arc::new(config), name);
    assert_eq!(settings(&own)[0], Setting::Provider);
    // A context that takes anything, without a profile's clock.
    let context = SslContext::builder(SslMethod::tls_client()).expect("a context");
    let own = house
        .openssl
        .own_client(context.build(), ServerName::default());
    let own = own
        .told(Setting::Other, |_| ())
        .told(Setting::Verification, |_| ());
    assert_eq!(settings(&own), [Setting::Verification; 2]);
    // An option that shows in the ClientHello and is in no profile.
    let mut context = SslContext::builder(SslMethod::tls_client()).expect("a context");
    context.set_options(SslOptions::from_bits_retain(SSL_OP_NO_ENCRYPT_THEN_MAC));
    let own = house
        .openssl
        .own_client(context.build(), ServerName::default());
    let other = own.told(Setting::Other, |_| ());
    assert!(
        other.open().iter().any(|open| open.why.contains("0x0016")),
        "{:?}",
        other.open()
    );
}

#[test]
#[should_panic(expected = "Versions has been read from the configuration")]
fn what_has_been_read_is_not_to_be_contradicted() {
    let house = House::new();
    let own = house.own_client(house.client_config(&[&rustls::version::TLS12]));
    drop(own.told(Setting::Versions, |_| ()));
}

/// The stacks, on the same certificates as the lab.
struct House {
    identities: Arc<Identities>,
    rustls: [Rustls; 2],
    openssl: OpenSsl,
    lab: Lab,
}

impl House {
    fn new() -> Self {
        let identities = Arc::new(Identities::new());
        Self {
            rustls: [
                Rustls::aws_lc_rs(identities.clone()),
                Rustls::ring(identities.clone()),
            ],
            openssl: OpenSsl::new(identities.clone()),
            lab: Lab::with_identities(&identities),
            identities,
        }
    }

    /// A client made of a profile and read back, with the profile's word for what stays open. `None`: it
    /// has what an adopted context has on each connection instead.
    fn client(&self, peer: &Peer<ClientProfile>) -> Option<OwnClient> {
        let profile = &peer.endpoint.profile;
        let own = match peer.endpoint.stack {
            StackId::Openssl => {
                if profile.sni == Sni::Omit {
                    return None;
                }
                let (context, _) = self.openssl.client_context(profile).expect("prepared");
                self.openssl
                    .own_client(context, profile.server_name.clone())
            }
            stack => {
                let rustls = &self.rustls[stack as usize];
                let (config, name) = rustls.client_config(profile).expect("prepared");
                rustls.own_client(Arc::new(config), name)
            }
        };
        Some(tell(own, |own, setting| {
            let Setting::Verification = setting else {
                return match setting {
                    Setting::Identity => own.identity = profile.identity,
                    Setting::Versions => {
                        own.protocol.versions.clone_from(&profile.protocol.versions)
                    }
                    _ => {}
                };
            };
            own.trust = profile.trust;
            own.revocation = profile.revocation;
            own.name_check = profile.name_check;
        }))
    }

    fn server(&self, peer: &Peer<ServerProfile>) -> OwnServer {
        let profile = &peer.endpoint.profile;
        let own = match peer.endpoint.stack {
            StackId::Openssl => {
                let context = self.openssl.server_context(profile).expect("prepared");
                self.openssl.own_server(context)
            }
            stack => {
                let rustls = &self.rustls[stack as usize];
                rustls.own_server(Arc::new(rustls.server_config(profile).expect("prepared")))
            }
        };
        self.tell_server(own, profile)
    }

    /// Has the profile's word for what stays open.
    fn tell_server(&self, own: OwnServer, profile: &ServerProfile) -> OwnServer {
        tell(own, |own, setting| match setting {
            Setting::Versions => own.protocol.versions.clone_from(&profile.protocol.versions),
            Setting::Groups => {
                own.protocol.groups.clone_from(&profile.protocol.groups);
                own.protocol
                    .group_tuples
                    .clone_from(&profile.protocol.group_tuples);
                own.protocol
                    .key_shares
                    .clone_from(&profile.protocol.key_shares);
            }
            Setting::Schemes => {
                let schemes = &profile.protocol.signature_schemes;
                own.protocol.signature_schemes.clone_from(schemes);
            }
            Setting::Preference => own.preference = profile.preference,
            Setting::Identity => {
                own.identity = profile.identity;
                own.sni = profile.sni;
                own.staple = profile.staple;
            }
            Setting::Verification => {
                own.client_auth = profile.client_auth;
                own.trust = profile.trust;
                own.revocation = profile.revocation;
                own.client_certificate_type = profile.client_certificate_type;
            }
            Setting::Alpn => {
                own.alpn.clone_from(&profile.alpn);
                own.alpn_miss = profile.alpn_miss;
            }
            Setting::Other => {
                own.sni = profile.sni;
                own.staple = profile.staple;
                own.session_id_context = profile.session_id_context;
                own.protocol.ems = profile.protocol.ems;
            }
            _ => {}
        })
    }

    fn client_config(
        &self,
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        let anchors = self.identities.anchors(Role::Server, Trust::Roots);
        for root in anchors.expect("roots").iter() {
            roots.add(root.as_slice().into()).expect("a root");
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        ClientConfig::builder_with_details(provider, Arc::new(VirtualClock))
            .with_protocol_versions(versions)
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth()
    }

    fn own_client(&self, config: ClientConfig) -> OwnClient {
        let name = RustlsName::try_from(ServerName::RIGHT).expect("a name");
        self.rustls[1].own_client(Arc::new(config), name)
    }
}

/// Answers for all that can be told.
fn tell<P>(mut own: Own<P>, say: impl Fn(&mut P, Setting)) -> Own<P> {
    let open: Vec<_> = own
        .open()
        .iter()
        .filter(|open| open.can_be_told)
        .map(|open| open.setting)
        .collect();
    for (place, setting) in open.iter().enumerate() {
        if !open[..place].contains(setting) {
            own = own.told(*setting, |profile| say(profile, *setting));
        }
    }
    own
}

/// A peer for each thing that may be read wrongly.
fn some<P: Side>(peers: &[Peer<P>]) -> Vec<Peer<P>> {
    let wanted = [
        "plain",
        "versions=1.2",
        "versions=1.2 suites=chacha20-first",
        "tls13-suites=chacha20-first",
        "groups=p384+x25519",
        "signature-schemes=rsa-pss",
        "key=rsa2048",
        "client-auth=required",
        "alpn=h2+http/1.1",
        "compression=zlib",
    ];
    peers
        .iter()
        .filter(|peer| wanted.contains(&peer.name.as_str()))
        .filter(|peer| peer.endpoint.stack != StackId::RustlsAwsLcRs)
        .cloned()
        .collect()
}

fn right_and_mostly_foretold(crossed: &[(String, Crossed)]) {
    let mut all = 0;
    let mut foretold = 0;
    for (name, crossed) in crossed {
        assert_eq!(crossed.otherwise().count(), 0, "{name}: {crossed}");
        all += crossed.met.len();
        foretold += crossed.foretold().count();
    }
    println!("{foretold} of {all} foretold");
    assert!(foretold * 100 > all * 95, "{foretold} of {all}");
}

fn settings<P>(own: &Own<P>) -> Vec<Setting> {
    own.open().iter().map(|open| open.setting).collect()
}

fn find<'a>(crossed: &'a Crossed, peer: &str, stack: StackId) -> &'a Met {
    let mut met = crossed.met.iter();
    met.find(|met| met.peer == peer && met.stack == stack)
        .unwrap_or_else(|| panic!("no {peer} on {stack}"))
}

/// openssl/ssl.h.
const SSL_OP_NO_ENCRYPT_THEN_MAC: u64 = 1 << 19;
