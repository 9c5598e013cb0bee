//! An `openssl::ssl::SslContext` of one's own for each side meets generated peers of every stack.
//!
//! `cargo run --package shakedown-matrix --example own_ssl_context`

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use openssl::pkey::PKey;
use openssl::ssl::{SslAcceptor, SslConnector, SslContext, SslMethod};
use openssl::x509::X509;
use openssl::x509::store::X509StoreBuilder;
use shakedown::clock;
use shakedown::connection::Role;
use shakedown::identity::Identities;
use shakedown::own::Setting;
use shakedown::profile::{Credential, Preference, ServerName, Trust};
use shakedown::stacks::openssl::OpenSsl;
use shakedown_matrix::adopted::{self, Crossed};
use shakedown_matrix::lab::Lab;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let [client, server] = run()?;
    print!("{client}\n{server}");
    let otherwise = client.otherwise().count() + server.otherwise().count();
    Ok(ExitCode::from(u8::from(otherwise > 0)))
}

/// Crosses the contexts with a peer for each value of each axis.
pub fn run() -> Result<[Crossed; 2], Box<dyn Error>> {
    let identities = Arc::new(Identities::new());
    // Before anything else of OpenSSL's: it keeps the host's configuration out.
    let openssl = OpenSsl::new(identities.clone());
    let lab = Lab::with_identities(&identities);
    let client = openssl
        .own_client(client(&identities)?, ServerName::default())
        // Of the verification the anchors are read. That it is at the harness's time, of the right name and
        // without callbacks is not.
        .told(Setting::Verification, |_| ())
        .told(Setting::Other, |_| ());
    let server = openssl
        .own_server(server(&identities)?)
        .told(Setting::Preference, |profile| {
            profile.preference = Preference::Client;
        })
        .told(Setting::Dhe, |_| ())
        .told(Setting::Alpn, |_| ())
        .told(Setting::Other, |_| ());
    Ok([
        adopted::cross(&lab, &client, &adopted::alone()),
        adopted::cross(&lab, &server, &adopted::alone()),
    ])
}

/// What `SslConnector` makes, but for the roots and the clock. It would set the name to check on each
/// connection; here the context has it.
fn client(identities: &Identities) -> Result<SslContext, Box<dyn Error>> {
    let mut roots = X509StoreBuilder::new()?;
    for root in identities.anchors(Role::Server, Trust::Roots)?.iter() {
        roots.add_cert(X509::from_der(root)?)?;
    }
    let mut context = SslConnector::builder(SslMethod::tls_client())?;
    context.set_cert_store(roots.build());
    context.verify_param_mut().set_host(ServerName::RIGHT)?;
    context.verify_param_mut().set_time(clock::NOW.try_into()?);
    Ok(context.build().into_context())
}

/// What `SslAcceptor` makes, but for the certificate.
fn server(identities: &Identities) -> Result<SslContext, Box<dyn Error>> {
    let chain = identities.chain(Role::Server, Credential::default())?;
    let mut context = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls())?;
    for (place, der) in chain.certificates.iter().enumerate() {
        let certificate = X509::from_der(der)?;
        if place == 0 {
            context.set_certificate(&certificate)?;
        } else {
            context.add_extra_chain_cert(certificate)?;
        }
    }
    context.set_private_key(&*PKey::private_key_from_pkcs8(&chain.key)?)?;
    Ok(context.build().into_context())
}
