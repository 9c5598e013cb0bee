//! A small report with a bit of everything, for tests.

use std::collections::BTreeMap;

use shakedown::connection::{Role, StackInfo};
use shakedown::scenario::{ScenarioId, StackId};

use crate::axes::Axes;
use crate::conformance::Library;
use crate::model::Cause;
use crate::report::{
    Cell, CoverageReport, DeviationReport, DivergenceReport, Report, RequestReport, Row, SCHEMA,
    Summary, Symptom, Table,
};
use crate::verdict::{Difference, Field};

pub(crate) fn report() -> Report {
    let axes = Axes::new();
    let mut shrunk = axes.scenario(&axes.plain());
    shrunk.client.profile.alpn = vec!["it's, {odd} \"and\" \u{1f600}".into(), "h2".into()];
    shrunk.server.profile.alpn = vec!["http/1.1".into(), "imap".into(), "a|b\n".into()];
    Report {
        results: None,
        schema: SCHEMA,
        shakedown: "0.1.0".into(),
        request: RequestReport {
            strength: 2,
            random: 100,
            seed: 1,
            filter: Some("cover/*".into()),
            interrupted: false,
            shard: None,
        },
        stacks: vec![StackInfo {
            id: StackId::Openssl,
            name: "OpenSSL".into(),
            version: "3.6.3".into(),
            crypto: "its own".into(),
        }],
        summary: Summary {
            scenarios: 100,
            agree: 90,
            known: 2,
            diverge: 2,
            unsupported: 5,
            unmodelled: 0,
            stall: 0,
            crash: 1,
            sharpness: 0.99999,
        },
        causes: BTreeMap::from([
            (
                "cert-expired".into(),
                BTreeMap::from([("openssl->openssl".into(), 3)]),
            ),
            ("alpn-mismatch".into(), BTreeMap::new()),
        ]),
        deviations: vec![
            DeviationReport {
                library: Library::Openssl,
                rule: "dates".into(),
                citation: "RFC 8446 §6.2".into(),
                demand: "an expired certificate is certificate_expired".into(),
                deed: "sends bad_certificate".into(),
                declared: false,
                count: 2,
                example: Some("cause/cert-expired/openssl->openssl/TLS1.3".into()),
                id: Some(ScenarioId("0123456789ae".into())),
            },
            DeviationReport {
                library: Library::Rustls,
                rule: "dates".into(),
                citation: "RFC 8446 §6.2".into(),
                demand: "an expired certificate is certificate_expired".into(),
                deed: "sends no alert".into(),
                declared: true,
                count: 0,
                example: None,
                id: None,
            },
        ],
        coverage: vec![CoverageReport {
            strength: 2,
            covered: 19_999,
            coverable: 20_000,
            uncovered: vec!["client.alpn=imap server.alpn=none".into()],
        }],
        unsupported: BTreeMap::from([("rustls has no security levels".into(), 5)]),
        divergences: vec![
            DivergenceReport {
                verdict: "diverge".into(),
                count: 2,
                cause: Some(Cause::CertExpired),
                differences: vec![Difference {
                    side: Some(Role::Client),
                    field: Field::End,
                    expected: "failed: InvalidCertificate(Expired) | or `so`".into(),
                    actual: "failed: CERTIFICATE_VERIFY_FAILED(10) ".repeat(3),
                }],
                message: None,
                example: "cover/2/all/rustls-aws-lc-rs->rustls-aws-lc-rs/17".into(),
                id: ScenarioId("0123456789ab".into()),
                shrunk_id: shrunk.id(),
                shrunk: shrunk.clone(),
                axes: vec!["client.versions=1.2".into(); 12],
            },
            DivergenceReport {
                verdict: "crash".into(),
                count: 1,
                cause: None,
                differences: Vec::new(),
                message: Some("index out of bounds\n  at \u{1b}[31mline 1".into()),
                example: "random/1/openssl->openssl/0".into(),
                id: ScenarioId("0123456789ac".into()),
                shrunk_id: shrunk.id(),
                shrunk,
                axes: Vec::new(),
            },
        ],
        known: BTreeMap::from([("openssl-something".into(), 2)]),
        tables: vec![Table {
            id: "groups".into(),
            title: "Groups | pairings".into(),
            columns: vec!["group".into(), "A>A".into(), "A>O".into()],
            rows: vec![Row {
                label: "x25519".into(),
                cells: vec![
                    Cell {
                        text: "ok".into(),
                        works: Some(true),
                    },
                    Cell {
                        text: "a|b".into(),
                        works: Some(false),
                    },
                ],
            }],
            notes: vec!["A note that is long enough to be wrapped. ".repeat(4)],
        }],
        symptoms: vec![Symptom {
            cause: Cause::CertExpired,
            example: "rustls -> openssl, TLS1.3".into(),
            id: ScenarioId("0123456789ad".into()),
            detector: Role::Client,
            client: "invalid peer certificate: Expired".into(),
            server: "error:0A000415:SSL routines::ssl/tls alert certificate expired:SSL alert \
                     number 45"
                .into(),
            alert: Some("certificate_expired".into()),
        }],
    }
}
