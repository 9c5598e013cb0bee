//! The programs in `examples/` go as they say.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "their `main` is not called, and they are crates of their own elsewhere"
)]

use shakedown::iana::AlertDescription;
use shakedown::outcome::End;
use shakedown::scenario::StackId;
use shakedown_matrix::adopted::{Crossed, Met};
use shakedown_matrix::model::Cause;

#[path = "../examples/own_client_config.rs"]
mod own_client_config;
#[path = "../examples/own_server_config.rs"]
mod own_server_config;
#[path = "../examples/own_ssl_context.rs"]
mod own_ssl_context;

#[test]
fn a_client_config_goes_as_foretold_with_every_server() {
    let crossed = own_client_config::run().expect("the example runs");
    all_foretold(&crossed, 500);
    let met = find(&crossed, "plain", StackId::Openssl);
    let session = met.outcome.client.session.as_ref().expect("established");
    // Its own protocols are read back: a server without any chooses none.
    assert_eq!((met.prediction.cause(), &session.alpn), (None, &None));
    let met = find(&crossed, "alpn=http/1.1", StackId::RustlsRing);
    let session = met.outcome.client.session.as_ref().expect("established");
    assert_eq!(session.alpn.as_deref(), Some("http/1.1"));
    let met = find(&crossed, "flaw=expired", StackId::Openssl);
    assert_eq!(met.prediction.cause(), Some(Cause::CertExpired));
    assert_eq!(
        native(&met.outcome.client.end),
        "InvalidCertificate(Expired)"
    );
    assert_eq!(
        met.outcome.server.alert_received,
        Some(AlertDescription::certificate_expired)
    );
    let text = crossed.to_string();
    assert!(text.starts_with("rustls-aws-lc-rs as client\n"), "{text}");
    assert!(text.contains("\nfails: cert-expired\n"), "{text}");
}

#[test]
fn a_server_config_goes_as_foretold_with_every_client() {
    let crossed = own_server_config::run().expect("the example runs");
    all_foretold(&crossed, 500);
    let met = find(&crossed, "trust=other-root", StackId::RustlsRing);
    assert_eq!(met.prediction.cause(), Some(Cause::CertUnknownCa));
    let met = find(&crossed, "key=ecdsa-p384", StackId::Openssl);
    assert!(met.outcome.is_success(), "{:?}", met.outcome);
    let session = met.outcome.server.session.as_ref().expect("established");
    assert!(session.peer.is_some());
}

#[test]
fn contexts_go_as_foretold_with_every_peer() {
    let [client, server] = own_ssl_context::run().expect("the example runs");
    all_foretold(&client, 500);
    all_foretold(&server, 500);
    let met = find(&client, "flaw=other-name", StackId::RustlsRing);
    assert_eq!(met.prediction.cause(), Some(Cause::CertHostMismatch));
    // Mozilla's intermediate list has no CBC.
    let met = find(&server, "versions=1.2 suites=cbc", StackId::Openssl);
    assert_eq!(met.prediction.cause(), Some(Cause::SuiteMismatch));
}

fn all_foretold(crossed: &Crossed, least: usize) {
    assert!(crossed.met.len() >= least, "{}", crossed.met.len());
    assert_eq!(crossed.open, []);
    assert_eq!(crossed.otherwise().count(), 0, "{crossed}");
    assert_eq!(crossed.foretold().count(), crossed.met.len(), "{crossed}");
    let works = crossed.works().count();
    assert!(works > least / 3 && works < crossed.met.len(), "{works}");
}

fn find<'a>(crossed: &'a Crossed, peer: &str, stack: StackId) -> &'a Met {
    let mut met = crossed.met.iter();
    met.find(|met| met.peer == peer && met.stack == stack)
        .unwrap_or_else(|| panic!("no {peer} on {stack}"))
}

fn native(end: &End) -> &str {
    match end {
        End::Failed(failure) => &failure.native,
        end => panic!("{end:?}"),
    }
}
