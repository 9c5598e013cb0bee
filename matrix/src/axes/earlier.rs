//! What came before the handshake that is tried.
//!
//! A change makes the earlier profile differ from the one that all other axes have set for now.

use shakedown::iana::{CipherSuite as Suite, NamedGroup as G, ProtocolVersion as V};
use shakedown::profile::{
    CertificateType, ClientAuth, ClientProfile, Credential, Ems, KeyType, Protocol, Revocation,
    ServerName, ServerProfile, SessionIdContext, Sni, SniPolicy, Trust,
};
use shakedown::scenario::{Earlier, Means, Scenario, StackId};

use super::{Axis, EARLIER, EARLIER_CHANGED, Value, axis, names};

pub(super) fn axes() -> Vec<Axis> {
    vec![
        axis! { EARLIER;
            "none" => |_| (),
            "ticket" => |s| s.earlier = Some(kept_in(Means::Ticket)),
            "session-id" => |s| s.earlier = Some(kept_in(Means::SessionId)),
        },
        axis! { EARLIER_CHANGED;
            "nothing" => |_| (),
            "client-versions" => |s| client(s, |was, _| versions(&mut was.protocol)),
            "server-versions" => |s| server(s, |had, _| versions(&mut had.protocol)),
            "client-suites" => |s| client(s, |was, _| suites(&mut was.protocol)),
            "server-suites" => |s| server(s, |had, _| suites(&mut had.protocol)),
            "client-tls13-suites" => |s| client(s, |was, _| tls13_suites(&mut was.protocol)),
            "server-tls13-suites" => |s| server(s, |had, _| tls13_suites(&mut had.protocol)),
            "client-groups" => |s| client(s, |was, _| groups(&mut was.protocol)),
            "server-groups" => |s| server(s, |had, _| groups(&mut had.protocol)),
            "client-ems" => |s| client(s, |was, stack| ems(&mut was.protocol, stack)),
            "server-ems" => |s| server(s, |had, stack| ems(&mut had.protocol, stack)),
            // Everything that is negotiated, on both sides.
            "protocols" => |s| {
                client(s, |was, _| was.protocol = Protocol::default());
                server(s, |had, _| had.protocol = Protocol::default());
            },
            "client-name" => |s| client(s, |was, _| {
                let right = ServerName::Dns(ServerName::RIGHT.to_owned());
                was.server_name = if was.server_name == right {
                    ServerName::Ip(ServerName::RIGHT_IP)
                } else {
                    right
                };
            }),
            "client-sni" => |s| client(s, |was, _| was.sni = match was.sni {
                Sni::Send => Sni::Omit,
                Sni::Omit => Sni::Send,
            }),
            "client-identity" => |s| client(s, |was, _| {
                was.identity = match was.identity {
                    None => Some(Credential::default()),
                    Some(_) => None,
                };
                // There is no raw key without a key.
                was.certificate_type = CertificateType::X509;
            }),
            "client-trust" => |s| client(s, |was, _| was.trust = match was.trust {
                Trust::Roots => Trust::OtherRoot,
                _ => Trust::Roots,
            }),
            "client-revocation" => |s| client(s, |was, _| was.revocation = match was.revocation {
                Revocation::Off => Revocation::Crl,
                _ => Revocation::Off,
            }),
            "client-alpn" => |s| client(s, |was, _| alpn(&mut was.alpn)),
            "server-alpn" => |s| server(s, |had, _| alpn(&mut had.alpn)),
            "server-key" => |s| server(s, |had, _| {
                let plain = Credential::default();
                had.identity = Some(if had.identity == Some(plain) {
                    Credential { key: KeyType::Rsa2048, ..plain }
                } else {
                    plain
                });
            }),
            "client-auth" => |s| server(s, |had, _| had.client_auth = match had.client_auth {
                ClientAuth::None => ClientAuth::Optional,
                ClientAuth::Optional | ClientAuth::Required => ClientAuth::None,
            }),
            "server-sni" => |s| server(s, |had, _| had.sni = match had.sni {
                SniPolicy::Any => SniPolicy::Strict,
                SniPolicy::Strict => SniPolicy::Any,
            }),
            "session-id-context" => |s| server(s, |had, _| {
                had.session_id_context = match had.session_id_context {
                    SessionIdContext::Set => SessionIdContext::Unset,
                    SessionIdContext::Unset => SessionIdContext::Set,
                };
            }),
        },
    ]
}

fn kept_in(means: Means) -> Earlier {
    Earlier {
        means,
        client: None,
        server: None,
    }
}

fn client(s: &mut Scenario, change: fn(&mut ClientProfile, StackId)) {
    let mut then = s.client.profile.clone();
    change(&mut then, s.client.stack);
    if let Some(earlier) = &mut s.earlier
        && then != s.client.profile
    {
        earlier.client = Some(then);
    }
}

fn server(s: &mut Scenario, change: fn(&mut ServerProfile, StackId)) {
    let mut then = s.server.profile.clone();
    change(&mut then, s.server.stack);
    if let Some(earlier) = &mut s.earlier
        && then != s.server.profile
    {
        earlier.server = Some(then);
    }
}

fn versions(protocol: &mut Protocol) {
    let both = vec![V::TLS1_2, V::TLS1_3];
    protocol.versions = if protocol.versions == both {
        vec![V::TLS1_2]
    } else {
        both
    };
}

fn suites(protocol: &mut Protocol) {
    protocol.suites = match protocol.suites {
        None => Some(vec![
            Suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
            Suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        ]),
        Some(_) => None,
    };
}

fn tls13_suites(protocol: &mut Protocol) {
    protocol.tls13_suites = match protocol.tls13_suites {
        None => Some(vec![Suite::TLS_CHACHA20_POLY1305_SHA256]),
        Some(_) => None,
    };
}

fn groups(protocol: &mut Protocol) {
    protocol.groups = match protocol.groups {
        None => Some(vec![G::secp384r1, G::secp256r1]),
        Some(_) => None,
    };
    // They are of the groups that are now.
    protocol.group_tuples.clear();
    protocol.key_shares.clear();
}

fn ems(protocol: &mut Protocol, stack: StackId) {
    protocol.ems = match (protocol.ems, stack.is_rustls()) {
        (Ems::Default, true) => Ems::Required,
        (Ems::Default, false) => Ems::Off,
        (Ems::Off | Ems::Required, _) => Ems::Default,
    };
}

fn alpn(list: &mut Vec<String>) {
    *list = if list.is_empty() {
        names(&["http/1.1"])
    } else {
        Vec::new()
    };
}
