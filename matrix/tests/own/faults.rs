//! Faults in configurations of one's own come to light.

use std::sync::Arc;

use openssl::ssl::{SslContextBuilder, SslVerifyMode};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName as RustlsName, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};
use shakedown::connection::Role;
use shakedown::own::Setting;
use shakedown::profile::{
    ClientAuth, ClientProfile, NameCheck, Preference, ServerName, ServerProfile, Trust,
};
use shakedown::scenario::StackId;
use shakedown_matrix::adopted::{Crossed, Met, alone, cross};
use shakedown_matrix::model::Cause;
use shakedown_matrix::verdict::{Field, Verdict};

use crate::{House, find};

#[test]
fn a_verifier_that_takes_anything_is_found_out() {
    let house = House::new();
    let mut config = house.client_config(&[&rustls::version::TLS13, &rustls::version::TLS12]);
    let provider = config.crypto_provider().clone();
    let schemes = provider
        .signature_verification_algorithms
        .supported_schemes();
    config
        .dangerous()
        .set_certificate_verifier(Arc::new(TakesAnything(schemes)));

    let own = house.own_client(config);
    // Nobody has said how it verifies: nothing is foretold where that decides, and nothing is wrong.
    let untold = cross(&house.lab, &own, &alone());
    assert_eq!(untold.otherwise().count(), 0, "{untold}");
    assert!(
        untold.foretold().all(|met| !met.outcome.is_success()),
        "{untold}"
    );
    let expired = find(&untold, "flaw=expired", StackId::Openssl);
    assert!(expired.outcome.is_success());
    assert!(matches!(expired.verdict, Verdict::Unmodelled(_)));

    let own = own.told(Setting::Verification, |profile| {
        profile.trust = Trust::Roots
    });
    let told = cross(&house.lab, &own, &alone());
    let expired = find(&told, "flaw=expired", StackId::Openssl);
    assert_eq!(expired.prediction.cause(), Some(Cause::CertExpired));
    let Verdict::Diverge(differences) = &expired.verdict else {
        panic!("{:?}", expired.verdict);
    };
    let end = differences
        .iter()
        .find(|difference| (difference.side, difference.field) == (Some(Role::Client), Field::End))
        .expect("the client ends otherwise");
    assert_eq!(
        (end.expected.as_str(), end.actual.as_str()),
        ("failed: InvalidCertificate(Expired)", "closed")
    );
    for flaw in ["flaw=other-name", "flaw=self-signed", "flaw=bad-signature"] {
        assert!(
            find(&told, flaw, StackId::RustlsRing).is_otherwise(),
            "{flaw}"
        );
    }
    assert!(told.to_string().contains("OTHERWISE: "), "{told}");
}

/// `SslConnector` sets the name on each connection: a context alone checks none.
#[test]
fn a_context_that_checks_no_name_is_found_out() {
    let house = House::new();
    let profile = ClientProfile {
        name_check: NameCheck::Off,
        ..ClientProfile::default()
    };
    let (context, _) = house.openssl.client_context(&profile).expect("prepared");
    let own = |name_check| {
        house
            .openssl
            .own_client(context.clone(), ServerName::default())
            .told(Setting::Other, |_| ())
            .told(Setting::Verification, |own| own.name_check = name_check)
    };
    let said_so = cross(&house.lab, &own(NameCheck::Off), &alone());
    assert_eq!(said_so.otherwise().count(), 0, "{said_so}");
    let crossed = cross(&house.lab, &own(NameCheck::On), &alone());
    accepted(
        find(&crossed, "flaw=other-name", StackId::RustlsRing),
        Cause::CertHostMismatch,
    );
    let names = [
        "flaw=other-name",
        "flaw=cn-only",
        "flaw=ip-only",
        "flaw=wildcard",
        "flaw=name-",
        // Without a name but the common one.
        "flaw=version1",
    ];
    all_about(&crossed, &names);
}

#[test]
fn a_callback_that_takes_any_client_is_found_out() {
    let house = House::new();
    let profile = ServerProfile {
        client_auth: ClientAuth::Required,
        ..ServerProfile::default()
    };
    let mut context: SslContextBuilder = house.openssl.server_builder(&profile).expect("prepared");
    let mode = SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT;
    context.set_verify_callback(mode, |_, _| true);
    let own = house.openssl.own_server(context.build());
    let own = house.tell_server(own, &profile);
    let crossed = cross(&house.lab, &own, &alone());
    let expired = "key=ecdsa-p256 flaw=expired";
    accepted(
        find(&crossed, expired, StackId::Openssl),
        Cause::CertExpired,
    );
    all_about(&crossed, &["flaw="]);
}

#[test]
fn a_wrong_answer_about_the_order_of_suites_is_found_out() {
    let house = House::new();
    let peer = alone::<ServerProfile>().remove(0);
    let context = house.openssl.server_context(&peer.endpoint.profile);
    let own = house.openssl.own_server(context.expect("prepared"));
    let profile = ServerProfile {
        preference: Preference::Server,
        ..ServerProfile::default()
    };
    let own = house.tell_server(own, &profile);
    let crossed = cross(&house.lab, &own, &alone());
    let met = find(&crossed, "tls13-suites=chacha20-first", StackId::RustlsRing);
    let Verdict::Diverge(differences) = &met.verdict else {
        panic!("{:?}", met.verdict);
    };
    let fields: Vec<_> = differences
        .iter()
        .map(|found| (found.side, found.field))
        .collect();
    assert_eq!(fields, Role::BOTH.map(|role| (Some(role), Field::Suite)));
}

/// The model says that the handshake fails for this cause, and both sides succeeded.
fn accepted(met: &Met, cause: Cause) {
    assert_eq!(met.prediction.cause(), Some(cause));
    assert!(met.is_otherwise() && met.outcome.is_success(), "{met:?}");
}

fn all_about(crossed: &Crossed, words: &[&str]) {
    let others: Vec<_> = crossed
        .otherwise()
        .filter(|met| !words.iter().any(|word| met.peer.contains(word)))
        .map(|met| (&met.peer, met.stack))
        .collect();
    assert_eq!(others, []);
}

#[derive(Debug)]
struct TakesAnything(Vec<SignatureScheme>);

impl ServerCertVerifier for TakesAnything {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &RustlsName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.clone()
    }
}
