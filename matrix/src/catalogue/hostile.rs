//! Causes that neither stack brings about by itself: the link changes what is said, as a hostile peer or a
//! middlebox would.

use shakedown::connection::Role;
use shakedown::iana::{ExtensionType as E, HandshakeType as M, ProtocolVersion as V};
use shakedown::link::{Act, At, Edit, Field, FieldFlip, FieldValue, Message, Op};
use shakedown::scenario::StackId;

use super::VERSIONS;
use crate::axes::Axes;
use crate::model::Cause;
use crate::plan::{Case, based, set};

/// How a cause is brought about.
pub(super) struct Hostile {
    cause: Cause,
    /// What is not plain, by axis, beside the versions.
    settings: &'static [(&'static str, &'static str)],
    /// The client's versions: as the axis has them.
    versions: &'static [&'static str],
    from: Role,
    kind: M,
    nth: u32,
    act: fn() -> Act,
}

impl Hostile {
    /// On each pairing, with each of the versions.
    pub(super) fn cases(&self, axes: &Axes, pairings: &[(StackId, StackId)]) -> Vec<Case> {
        let mut cases = Vec::new();
        for &(client, server) in pairings {
            for version in self.versions {
                let mut point = based(axes, client, server, &[(VERSIONS, version)]);
                for (axis, label) in self.settings {
                    set(axes, &mut point, axis, label);
                }
                let mut scenario = axes.scenario(&point);
                scenario.link.ops = vec![Op {
                    from: self.from,
                    at: At::Message(Message {
                        kind: self.kind,
                        nth: self.nth,
                    }),
                    act: (self.act)(),
                }];
                cases.push(Case {
                    name: format!(
                        "cause/{}.hostile/{client}->{server}/TLS{version}",
                        self.cause
                    ),
                    scenario,
                    point: None,
                });
            }
        }
        cases
    }
}

/// The server has one group, of which the client sends no share.
const RETRIED: &[(&str, &str)] = &[("server.groups", "p256")];

pub(super) const HOSTILE: &[Hostile] = &[
    Hostile {
        cause: Cause::VersionDowngradeSentinel,
        settings: &[],
        versions: &["1.2+1.3"],
        from: Role::Client,
        kind: M::client_hello,
        nth: 0,
        act: || Act::Edit(Edit::WithoutVersion(V::TLS1_3)),
    },
    Hostile {
        cause: Cause::KeyShareMissing,
        settings: &[],
        versions: &["1.3"],
        from: Role::Client,
        kind: M::client_hello,
        nth: 0,
        act: || Act::Edit(Edit::WithoutExtension(E::key_share)),
    },
    Hostile {
        cause: Cause::SigalgMissing,
        settings: &[],
        versions: &["1.3"],
        from: Role::Client,
        kind: M::client_hello,
        nth: 0,
        act: || Act::Edit(Edit::WithoutExtension(E::signature_algorithms)),
    },
    Hostile {
        cause: Cause::RenegInfoMissing,
        settings: &[],
        versions: &["1.2"],
        from: Role::Server,
        kind: M::server_hello,
        nth: 0,
        act: || Act::Edit(Edit::WithoutExtension(E::renegotiation_info)),
    },
    Hostile {
        cause: Cause::WrongSignatureScheme,
        settings: &[],
        versions: &["1.2"],
        from: Role::Server,
        kind: M::server_key_exchange,
        nth: 0,
        act: || value(Field::SignatureScheme, "ffff"),
    },
    Hostile {
        cause: Cause::HrrIllegal,
        settings: RETRIED,
        versions: &["1.3"],
        from: Role::Server,
        kind: M::server_hello,
        nth: 0,
        act: || value(Field::Extension(E::key_share), "001d"),
    },
    Hostile {
        cause: Cause::HrrRefused,
        settings: RETRIED,
        versions: &["1.3"],
        from: Role::Client,
        kind: M::client_hello,
        nth: 1,
        act: || Act::Edit(Edit::WithoutExtension(E::key_share)),
    },
    Hostile {
        cause: Cause::ResumeBinderBad,
        settings: &[("earlier", "ticket")],
        versions: &["1.3"],
        from: Role::Client,
        kind: M::client_hello,
        nth: 0,
        act: || flip(Field::Extension(E::pre_shared_key), -1),
    },
    Hostile {
        cause: Cause::NetCorruptHello,
        settings: &[],
        versions: &["1.2", "1.3"],
        from: Role::Client,
        kind: M::client_hello,
        nth: 0,
        act: || flip(Field::Random, 0),
    },
];

fn value(field: Field, value: &str) -> Act {
    Act::Set(FieldValue {
        field,
        value: value.to_owned(),
    })
}

fn flip(field: Field, at: i32) -> Act {
    Act::Field(FieldFlip { field, at, bits: 1 })
}
