//! A `rustls::ClientConfig` of one's own meets generated servers of every stack.
//!
//! `cargo run --package shakedown-matrix --example own_client_config`

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use shakedown::connection::Role;
use shakedown::identity::Identities;
use shakedown::own::Setting;
use shakedown::profile::{ServerName, Trust};
use shakedown::stacks::rustls::{Rustls, VirtualClock};
use shakedown_matrix::adopted::{self, Crossed};
use shakedown_matrix::lab::Lab;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let crossed = run()?;
    print!("{crossed}");
    Ok(ExitCode::from(u8::from(crossed.otherwise().count() > 0)))
}

/// Crosses the configuration with a server for each value of each axis.
pub fn run() -> Result<Crossed, Box<dyn Error>> {
    let identities = Arc::new(Identities::new());
    let config = Arc::new(config(&identities)?);
    let own = Rustls::aws_lc_rs(identities.clone())
        .own_client(config, ServerName::RIGHT.try_into()?)
        // rustls shows no verifier: it is rustls's own, with these roots and without revocation lists.
        .told(Setting::Verification, |profile| {
            profile.trust = Trust::Roots;
        });
    let lab = Lab::with_identities(&identities);
    Ok(adopted::cross(&lab, &own, &adopted::alone()))
}

/// What an application would have, but for the roots and the clock, which are the harness's.
fn config(identities: &Identities) -> Result<ClientConfig, Box<dyn Error>> {
    let mut roots = RootCertStore::empty();
    for root in identities.anchors(Role::Server, Trust::Roots)?.iter() {
        roots.add(root.as_slice().into())?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_details(provider, Arc::new(VirtualClock))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
