//! The tables without their answers: which scenario stands in which cell.

use shakedown::profile::{Flaw, KeyType};
use shakedown::scenario::{Scenario, StackId};

use super::cell::Style;
use super::values::{
    GROUPS, IDENTITIES, RUSTLS_SETS, TLS12_SUITES, TLS13_SUITES, VERSION_SETS, VersionSet,
};
use crate::axes::Axes;
use crate::cover::Space;
use crate::plan::{Case, based};

/// A table without its answers.
pub(super) struct Sheet {
    pub(super) id: &'static str,
    pub(super) title: String,
    pub(super) style: Style,
    /// The head of the first column.
    pub(super) corner: &'static str,
    /// The heads of the others.
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<SheetRow>,
    pub(super) notes: Vec<String>,
    /// Whether one place stands for rustls, whatever its cryptography.
    pub(super) merges_rustls: bool,
}

/// A row of it.
pub(super) struct SheetRow {
    pub(super) label: String,
    /// For each column the stacks that may stand in it, the first of which is shown; for each stack
    /// the cases that serve equally, of which the first that can be had is tried.
    pub(super) cells: Vec<Vec<Vec<Case>>>,
}

/// Every table, in the order in which they are shown.
pub(super) fn sheets() -> Vec<Sheet> {
    let maker = Maker::new();
    let mut sheets = versions(&maker);
    sheets.push(tls12_suites(&maker));
    sheets.push(tls13_suites(&maker));
    sheets.push(groups(&maker));
    sheets.push(key_types(&maker, "key-types-tls12", "1.2"));
    sheets.push(key_types(&maker, "key-types-tls13", "1.3"));
    sheets.push(certificate_flaws(&maker));
    sheets.push(client_auth(&maker, "client-auth-tls12", "1.2"));
    sheets.push(client_auth(&maker, "client-auth-tls13", "1.3"));
    sheets
}

/// Makes cases from the axes.
struct Maker {
    axes: Axes,
    space: Space,
}

impl Maker {
    fn new() -> Self {
        let axes = Axes::new();
        let space = axes
            .space(&[])
            .expect("the constraints leave the plainest scenario");
        Self { axes, space }
    }

    fn case(
        &self,
        place: &str,
        (client, server): (StackId, StackId),
        values: &[(&str, &str)],
    ) -> Case {
        let point = based(&self.axes, client, server, values);
        Case {
            name: format!("table/{place}/{client}->{server}"),
            scenario: self.axes.scenario(&point),
            // A stack that lacks something is tried all the same, off the space of points.
            point: self.space.allows(&point).then_some(point),
        }
    }

    /// A case with something that no axis says.
    fn edited(
        &self,
        place: &str,
        pairing: (StackId, StackId),
        values: &[(&str, &str)],
        edit: impl Fn(&mut Scenario),
    ) -> Case {
        let mut case = self.case(place, pairing, values);
        edit(&mut case.scenario);
        case.point = None;
        case
    }
}

fn versions(maker: &Maker) -> Vec<Sheet> {
    let kinds = [
        ("versions-rustls-rustls", RUSTLS, RUSTLS),
        ("versions-rustls-openssl", RUSTLS, OPENSSL),
        ("versions-openssl-rustls", OPENSSL, RUSTLS),
        ("versions-openssl-openssl", OPENSSL, OPENSSL),
    ];
    kinds
        .into_iter()
        .map(|(id, client, server)| {
            let rows = version_sets(client)
                .iter()
                .map(|row| SheetRow {
                    label: row.label(),
                    cells: version_sets(server)
                        .iter()
                        .map(|column| version_cell(maker, id, (client, row), (server, column)))
                        .collect(),
                })
                .collect();
            let has_levels = client == OPENSSL || server == OPENSSL;
            let notes = [
                "Rows: what the client enables; columns: what the server enables.",
                "L0 at OpenSSL's security level 0; without it at the default level, which leaves \
                 nothing below TLS 1.2.",
            ];
            Sheet {
                id,
                title: format!(
                    "Protocol versions: {} client, {} server",
                    kind_name(client),
                    kind_name(server)
                ),
                style: Style::Version,
                corner: "client",
                columns: version_sets(server).iter().map(VersionSet::label).collect(),
                rows,
                notes: notes[..if has_levels { 2 } else { 1 }]
                    .iter()
                    .map(|note| (*note).to_owned())
                    .collect(),
                merges_rustls: true,
            }
        })
        .collect()
}

fn version_cell(
    maker: &Maker,
    id: &str,
    (clients, row): (&[StackId], &VersionSet),
    (servers, column): (&[StackId], &VersionSet),
) -> Vec<Vec<Case>> {
    let place = format!("{id}/{}/{}", row.word(), column.word());
    let values = [
        ("client.versions", row.versions),
        ("client.security-level", row.level),
        ("server.versions", column.versions),
        ("server.security-level", column.level),
    ];
    clients
        .iter()
        .flat_map(|client| servers.iter().map(move |server| (*client, *server)))
        .map(|pairing| vec![maker.case(&place, pairing, &values)])
        .collect()
}

fn version_sets(stacks: &[StackId]) -> &'static [VersionSet] {
    if stacks == OPENSSL {
        &VERSION_SETS
    } else {
        &VERSION_SETS[..RUSTLS_SETS]
    }
}

fn kind_name(stacks: &[StackId]) -> &'static str {
    if stacks == OPENSSL {
        "OpenSSL"
    } else {
        "rustls"
    }
}

fn tls12_suites(maker: &Maker) -> Sheet {
    pairs(
        "tls12-suites",
        "TLS 1.2 cipher suites, client>server",
        "suite",
        vec!["Suites stand without TLS_, WITH_ and digest; CBC is CBC_SHA.".into()],
        TLS12_SUITES.iter().map(|suite| {
            let name = suite.to_string();
            let key = if name.contains("_ECDSA_") {
                "ecdsa-p256"
            } else {
                "rsa2048"
            };
            let values = [("client.versions", "1.2"), ("server.key", key)];
            let place = format!("tls12-suites/{name}");
            (short_suite(&name), move |pairing| {
                maker.edited(&place, pairing, &values, |scenario| {
                    let list = Some(vec![*suite]);
                    scenario.client.profile.protocol.suites.clone_from(&list);
                    scenario.server.profile.protocol.suites = list;
                })
            })
        }),
    )
}

fn tls13_suites(maker: &Maker) -> Sheet {
    pairs(
        "tls13-suites",
        "TLS 1.3 cipher suites, client>server",
        "suite",
        Vec::new(),
        TLS13_SUITES.iter().map(|suite| {
            let place = format!("tls13-suites/{suite}");
            (short_suite(&suite.to_string()), move |pairing| {
                maker.edited(&place, pairing, &TLS13, |scenario| {
                    let list = Some(vec![*suite]);
                    scenario
                        .client
                        .profile
                        .protocol
                        .tls13_suites
                        .clone_from(&list);
                    scenario.server.profile.protocol.tls13_suites = list;
                })
            })
        }),
    )
}

/// `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` as `ECDHE_RSA AES128_GCM`.
fn short_suite(name: &str) -> String {
    let name = name.strip_prefix("TLS_").unwrap_or(name);
    let name = ["_SHA256", "_SHA384", "_SHA"]
        .iter()
        .find_map(|digest| name.strip_suffix(digest))
        .unwrap_or(name);
    name.replace("_WITH_", " ")
        .replace("AES_", "AES")
        .replace("_POLY1305", "")
}

fn groups(maker: &Maker) -> Sheet {
    pairs(
        "groups",
        "Key exchange groups in TLS 1.3, client>server",
        "group",
        Vec::new(),
        GROUPS.iter().map(|group| {
            let place = format!("groups/{group}");
            (group.to_string(), move |pairing| {
                maker.edited(&place, pairing, &TLS13, |scenario| {
                    let list = Some(vec![*group]);
                    scenario.client.profile.protocol.groups.clone_from(&list);
                    scenario.server.profile.protocol.groups = list;
                })
            })
        }),
    )
}

fn key_types(maker: &Maker, id: &'static str, version: &'static str) -> Sheet {
    pairs(
        id,
        &format!("Server key types in TLS {version}, client>server"),
        "key",
        Vec::new(),
        KeyType::ALL.into_iter().map(|key| {
            let place = format!("{id}/{}", key.name());
            (key.name().to_owned(), move |pairing| {
                let values = [("client.versions", version), ("server.key", key.name())];
                maker.case(&place, pairing, &values)
            })
        }),
    )
}

/// A table with a column for each pairing.
fn pairs<F: Fn((StackId, StackId)) -> Case>(
    id: &'static str,
    title: &str,
    corner: &'static str,
    mut notes: Vec<String>,
    rows: impl Iterator<Item = (String, F)>,
) -> Sheet {
    let pairings: Vec<_> = StackId::ALL
        .into_iter()
        .flat_map(|client| StackId::ALL.map(|server| (client, server)))
        .collect();
    notes.insert(
        0,
        "A rustls with aws-lc-rs, R rustls with ring, O OpenSSL.".into(),
    );
    Sheet {
        id,
        title: title.to_owned(),
        style: Style::Short,
        corner,
        columns: pairings
            .iter()
            .map(|(client, server)| format!("{}>{}", letter(*client), letter(*server)))
            .collect(),
        rows: rows
            .map(|(label, case)| SheetRow {
                label,
                cells: pairings
                    .iter()
                    .map(|pairing| vec![vec![case(*pairing)]])
                    .collect(),
            })
            .collect(),
        notes,
        merges_rustls: false,
    }
}

fn letter(stack: StackId) -> char {
    match stack {
        StackId::RustlsAwsLcRs => 'A',
        StackId::RustlsRing => 'R',
        StackId::Openssl => 'O',
    }
}

fn certificate_flaws(maker: &Maker) -> Sheet {
    let rows = Flaw::ALL
        .into_iter()
        .map(|flaw| {
            let place = format!("certificate-flaws/{}", flaw.name());
            let case = |verifier: StackId, presenter: StackId| {
                let mut values = vec![("client.versions", "1.3"), ("server.flaw", flaw.name())];
                if flaw == Flaw::Revoked {
                    values.push(("client.revocation", "crl"));
                }
                if presenter.is_rustls() && refused_by_its_owner(flaw) {
                    values.push(("server.loading", "resolver"));
                }
                let place = format!("{place}/{}", column_of(verifier));
                maker.case(&place, (verifier, presenter), &values)
            };
            SheetRow {
                label: if flaw == Flaw::Revoked {
                    "revoked, with CRL".into()
                } else {
                    flaw.name().into()
                },
                cells: verifiers(case),
            }
        })
        .collect();
    Sheet {
        id: "certificate-flaws",
        title: "Server certificate flaws in TLS 1.3, by verifying client".into(),
        style: Style::Certificate,
        corner: "flaw",
        columns: vec!["rustls".into(), "OpenSSL".into()],
        rows,
        notes: vec![
            "The alert, then the stack's own error: rustls's CertificateError, OpenSSL's \
             X509_V_ERR number and text, or the reason of its first error."
                .into(),
            "A rustls server presents the chain, past the checks on its own certificate where \
             these refuse it."
                .into(),
        ],
        merges_rustls: true,
    }
}

/// Whether rustls looks at its own certificate and finds this.
fn refused_by_its_owner(flaw: Flaw) -> bool {
    matches!(
        flaw,
        Flaw::Malformed
            | Flaw::Version1
            | Flaw::UnknownCritical
            | Flaw::KeyMismatch
            | Flaw::EmptyChain
    )
}

fn client_auth(maker: &Maker, id: &'static str, version: &'static str) -> Sheet {
    let mut rows = Vec::new();
    for (mode, identities) in [
        ("none", &IDENTITIES[..2]),
        ("optional", &IDENTITIES[..]),
        ("required", &IDENTITIES[..]),
    ] {
        for identity in identities {
            let place = format!("{id}/{mode}/{}", identity.word);
            let case = |verifier: StackId, presenter: StackId| {
                let mut values = vec![("client.versions", version), ("server.client-auth", mode)];
                values.extend(identity.settings);
                let place = format!("{place}/{}", column_of(verifier));
                maker.case(&place, (presenter, verifier), &values)
            };
            rows.push(SheetRow {
                label: format!("{mode}, {}", identity.label),
                cells: verifiers(case),
            });
        }
    }
    let mut notes = vec![
        "Rows: whether the server asks for a client certificate, and what the client has.".into(),
    ];
    if version == "1.3" {
        notes.push(
            "after done: the client held the handshake for done before it heard of the alert; it \
             learns of it when it reads (RFC 8446 section 4.4.2.4)."
                .into(),
        );
    }
    Sheet {
        id,
        title: format!("Client authentication in TLS {version}, by verifying server"),
        style: Style::ClientAuth,
        corner: "mode, identity",
        columns: vec!["rustls".into(), "OpenSSL".into()],
        rows,
        notes,
        merges_rustls: true,
    }
}

/// The cells for rustls and for OpenSSL as the side that verifies. Who presents does not matter, and
/// rustls can present more.
fn verifiers(case: impl Fn(StackId, StackId) -> Case) -> Vec<Vec<Vec<Case>>> {
    [RUSTLS, OPENSSL]
        .into_iter()
        .map(|stacks| {
            stacks
                .iter()
                .map(|verifier| {
                    StackId::ALL
                        .into_iter()
                        .map(|presenter| case(*verifier, presenter))
                        .collect()
                })
                .collect()
        })
        .collect()
}

fn column_of(stack: StackId) -> &'static str {
    if stack.is_rustls() {
        "rustls"
    } else {
        "openssl"
    }
}

const RUSTLS: &[StackId] = &[StackId::RustlsAwsLcRs, StackId::RustlsRing];
const OPENSSL: &[StackId] = &[StackId::Openssl];

const TLS13: [(&str, &str); 1] = [("client.versions", "1.3")];
