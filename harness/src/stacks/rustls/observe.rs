//! What rustls does not tell of itself: the signature schemes that it used.
//!
//! Verifiers and signing keys belong to a configuration that many connections share, on many threads;
//! a handshake is processed within one call on one thread. So the wrappers leave a note on the
//! thread, and the connection takes it after each call.

use std::cell::Cell;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::sign::{Signer, SigningKey};
use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, SignatureAlgorithm, SignatureScheme,
};

/// The schemes of the signatures that a side has made and verified.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Observed {
    pub(super) signed: Option<u16>,
    pub(super) verified: Option<u16>,
}

impl Observed {
    pub(super) fn merge(&mut self, later: Self) {
        self.signed = later.signed.or(self.signed);
        self.verified = later.verified.or(self.verified);
    }
}

/// Forgets what the thread noted.
pub(super) fn begin() {
    NOTE.set(Observed::default());
}

/// Takes what the thread noted.
pub(super) fn end() -> Observed {
    NOTE.take()
}

/// Notes the scheme of every signature that verifies.
#[derive(Debug)]
pub(super) struct ObservedServerVerifier(pub(super) Arc<dyn ServerCertVerifier>);

impl ServerCertVerifier for ObservedServerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.0
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        note_verified(dss, self.0.verify_tls12_signature(message, cert, dss))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        note_verified(dss, self.0.verify_tls13_signature(message, cert, dss))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }

    fn requires_raw_public_keys(&self) -> bool {
        self.0.requires_raw_public_keys()
    }

    fn root_hint_subjects(&self) -> Option<&[DistinguishedName]> {
        self.0.root_hint_subjects()
    }
}

/// Notes the scheme of every signature that verifies.
#[derive(Debug)]
pub(super) struct ObservedClientVerifier(pub(super) Arc<dyn ClientCertVerifier>);

impl ClientCertVerifier for ObservedClientVerifier {
    fn offer_client_auth(&self) -> bool {
        self.0.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.0.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.0.verify_client_cert(end_entity, intermediates, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        note_verified(dss, self.0.verify_tls12_signature(message, cert, dss))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        note_verified(dss, self.0.verify_tls13_signature(message, cert, dss))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }

    fn requires_raw_public_keys(&self) -> bool {
        self.0.requires_raw_public_keys()
    }
}

/// Notes the scheme of every signature that is made.
#[derive(Debug)]
pub(super) struct ObservedKey(pub(super) Arc<dyn SigningKey>);

impl SigningKey for ObservedKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        self.0
            .choose_scheme(offered)
            .map(|signer| -> Box<dyn Signer> { Box::new(ObservedSigner(signer)) })
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        self.0.public_key()
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm()
    }
}

#[derive(Debug)]
struct ObservedSigner(Box<dyn Signer>);

impl Signer for ObservedSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let signature = self.0.sign(message)?;
        NOTE.set(Observed {
            signed: Some(u16::from(self.0.scheme())),
            ..NOTE.get()
        });
        Ok(signature)
    }

    fn scheme(&self) -> SignatureScheme {
        self.0.scheme()
    }
}

fn note_verified<T>(dss: &DigitallySignedStruct, result: Result<T, Error>) -> Result<T, Error> {
    if result.is_ok() {
        NOTE.set(Observed {
            verified: Some(u16::from(dss.scheme)),
            ..NOTE.get()
        });
    }
    result
}

thread_local! {
    static NOTE: Cell<Observed> = const {
        Cell::new(Observed {
            signed: None,
            verified: None,
        })
    };
}
