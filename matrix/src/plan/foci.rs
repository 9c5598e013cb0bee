//! Which axes are covered together.

use rayon::prelude::*;
use shakedown::scenario::StackId;

use super::{Batch, Request, stack_value};
use crate::axes::{Axes, CLIENT_STACK, EARLIER, EARLIER_CHANGED, LINK_OP, SERVER_STACK};
use crate::cover::{CoverError, cover};

/// A covering array for each pairing: over all axes, and over those that matter together while the
/// rest stays plain, since most combinations of everything end at the first mismatch.
pub(super) fn covers(
    axes: &Axes,
    pairings: &[(StackId, StackId)],
    request: &Request,
) -> Result<Vec<Batch>, CoverError> {
    let jobs: Vec<_> = pairings
        .iter()
        .enumerate()
        .flat_map(|(place, pairing)| FOCI.iter().map(move |focus| (place, *pairing, focus)))
        .collect();
    let batches: Result<Vec<Vec<Batch>>, CoverError> = jobs
        .into_par_iter()
        .map(|(place, (client, server), focus)| {
            let held = focus.held(axes, client, server);
            let space = axes
                .space(&held)
                .expect("each focus leaves the plainest scenario");
            let seed = request.seed.wrapping_add(place as u64);
            let strength = request.strength.max(focus.together);
            let rows = cover(&space, strength, seed)?;
            let batch = |(number, some): (usize, &[Vec<usize>])| Batch::Cover {
                focus: focus.name,
                strength,
                first: number * ROWS,
                rows: some.iter().collect(),
            };
            Ok(rows.chunks(ROWS).enumerate().map(batch).collect())
        })
        .collect();
    Ok(batches?.into_iter().flatten().collect())
}

/// Axes that matter together.
struct Focus {
    name: &'static str,
    /// Which axes vary; an empty list: all.
    vary: &'static [&'static str],
    /// What is not plain and does not vary.
    set: &'static [(&'static str, &'static str)],
    /// How many of them matter together, if that is more than the run asks for.
    together: usize,
}

impl Focus {
    fn held(&self, axes: &Axes, client: StackId, server: StackId) -> Vec<(usize, Vec<usize>)> {
        let mut held = Vec::new();
        for (number, axis) in axes.list().iter().enumerate() {
            let fixed = match axis.name {
                CLIENT_STACK => Some(stack_value(client)),
                SERVER_STACK => Some(stack_value(server)),
                name => self
                    .set
                    .iter()
                    .find(|(axis, _)| *axis == name)
                    .and_then(|(_, label)| axes.value(number, label))
                    .or_else(|| {
                        let varies = self.vary.is_empty()
                            || self.vary.iter().any(|part| name.ends_with(part));
                        (!varies).then_some(0)
                    }),
            };
            if let Some(value) = fixed {
                held.push((number, vec![value]));
            }
        }
        held
    }
}

const FOCI: [Focus; 9] = [
    Focus {
        name: "all",
        vary: &[],
        set: &[],
        together: 1,
    },
    Focus {
        name: "negotiation",
        vary: &[
            ".versions",
            ".suites",
            ".tls13-suites",
            ".groups",
            ".signature-schemes",
            "server.key",
            ".preference",
            ".alpn",
            ".alpn-miss",
            "server.sni",
            "client.sni",
            "client.fallback-scsv",
        ],
        set: &[],
        together: 1,
    },
    // A preference shows where a handshake succeeds and the two lists differ, which takes three axes.
    Focus {
        name: "preference",
        vary: &["client.versions", ".suites", ".tls13-suites"],
        set: &[("server.preference", "server")],
        together: 1,
    },
    // Likewise the scheme of a client's signature, which takes a client that is asked and can sign: all of
    // the three axes, since pairs of them show the server's order only where the version happens to fit.
    Focus {
        name: "client-signature",
        vary: &["client.versions", "client.key", "server.signature-schemes"],
        set: &[("server.client-auth", "required")],
        together: 3,
    },
    Focus {
        name: "server-certificate",
        vary: &[
            "client.versions",
            "server.key",
            "server.flaw",
            "server.also",
            "server.loading",
            "client.trust",
            "client.server-name",
            "client.name-check",
            "client.revocation",
            "client.partial-chain",
            "server.staple",
            "client.ocsp",
            "server.certificate-type",
            "client.server-certificate-type",
            ".compression",
            "client.security-level",
        ],
        set: &[],
        together: 1,
    },
    Focus {
        name: "client-certificate",
        vary: &[
            "client.versions",
            "client.key",
            "client.flaw",
            "client.also",
            "client.loading",
            "server.trust",
            "server.revocation",
            "server.partial-chain",
            "client.certificate-type",
            "server.client-certificate-type",
            ".compression",
            "server.client-auth",
            "server.signature-schemes",
            "server.security-level",
        ],
        set: &[],
        together: 1,
    },
    Focus {
        name: "resumption",
        vary: RESUMPTION,
        set: &[(EARLIER, "ticket")],
        together: 1,
    },
    // An op shows where the handshake would have come that far.
    Focus {
        name: "link",
        vary: &[
            LINK_OP,
            "link.deliver",
            "client.versions",
            ".groups",
            ".ems",
            "client.key",
            "server.key",
            "server.flaw",
            "client.flaw",
            "client.trust",
            "server.client-auth",
            "server.staple",
            "client.ocsp",
            "server.alpn",
            "client.alpn",
            EARLIER,
        ],
        set: &[],
        together: 1,
    },
    Focus {
        name: "resumption-by-id",
        vary: RESUMPTION,
        set: &[(EARLIER, "session-id")],
        together: 1,
    },
];

/// What decides over a session that was kept.
const RESUMPTION: &[&str] = &[
    EARLIER_CHANGED,
    ".versions",
    ".suites",
    ".tls13-suites",
    ".groups",
    ".security-level",
    ".ems",
    ".alpn",
    "client.key",
    "server.key",
    "server.client-auth",
    "server.session-id-context",
    "server.sni",
    "client.sni",
    "client.server-name",
];

/// So many rows of a covering array are made into scenarios at a time.
const ROWS: usize = 1000;
