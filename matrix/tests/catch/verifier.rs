//! Faults of verification: a side that forgives one thing in what its peer presents.
//!
//! rustls's verifiers are wrapped by one that forgives an error of theirs; OpenSSL's are told so by
//! the callback that it has for the purpose.

use std::sync::Arc;

use openssl::ssl::SslVerifyMode;
use openssl::x509::{X509StoreContextRef, X509VerifyResult};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName as RustlsName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use shakedown::connection::{Config, Refusal, Role};
use shakedown::profile::{ClientAuth, ClientProfile, ServerProfile};
use shakedown::scenario::StackId;
use shakedown_matrix::model::Cause;

use crate::hunt::{Fault, Inner, Plant, Shows};

/// What is forgiven.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lenience {
    /// Words in rustls's error.
    rustls: &'static [&'static str],
    /// OpenSSL's X509_V_ERR_… (include/openssl/x509_vfy.h).
    openssl: &'static [i32],
    /// Whether the signature of the handshake is not looked at (rustls alone: OpenSSL's public
    /// interface has no way to skip it).
    signature: bool,
}

/// Nothing is forgiven.
pub(crate) const STRICT: Lenience = Lenience {
    rustls: &[],
    openssl: &[],
    signature: false,
};

pub(crate) fn faults() -> Vec<Fault> {
    let mut faults = Vec::new();
    for (name, cause, rustls, openssl, roles) in FORGIVEN {
        faults.extend(Fault::everywhere(&StackId::ALL, roles, |stack, role| {
            Fault {
                name,
                does: "forgives this one error of the verification",
                stack,
                role,
                plant: Plant::Verify(Lenience {
                    rustls,
                    openssl,
                    signature: false,
                }),
                shows: Shows::Cause(*cause),
                near: "cause/",
            }
        }));
    }
    faults.extend(Fault::everywhere(
        &[StackId::RustlsAwsLcRs, StackId::RustlsRing],
        &Role::BOTH,
        |stack, role| Fault {
            name: "skips the key-possession check",
            does: "takes the signature of the handshake without looking",
            stack,
            role,
            plant: Plant::Verify(Lenience {
                signature: true,
                ..STRICT
            }),
            shows: Shows::Cause(Cause::KeyPossessionFailure),
            near: "cause/",
        },
    ));
    faults
}

type Forgiven = (
    &'static str,
    Cause,
    &'static [&'static str],
    &'static [i32],
    &'static [Role],
);

const FORGIVEN: &[Forgiven] = &[
    (
        "skips the name check",
        Cause::CertHostMismatch,
        &["NotValidForName"],
        &[62],
        &[Role::Client],
    ),
    (
        "skips the check of addresses",
        Cause::CertIpMismatch,
        &["NotValidForName"],
        &[64],
        &[Role::Client],
    ),
    (
        "skips expiry",
        Cause::CertExpired,
        &["Expired"],
        &[10],
        &Role::BOTH,
    ),
    (
        "skips not-yet-valid",
        Cause::CertNotYetValid,
        &["NotValidYet"],
        &[9],
        &Role::BOTH,
    ),
    (
        "skips the extended key usage",
        Cause::CertWrongEku,
        &["InvalidPurpose"],
        &[26],
        &Role::BOTH,
    ),
    (
        "skips the issuer's CA flag",
        Cause::CertIssuerNotCa,
        &["EndEntityUsedAsCa"],
        &[24, 79],
        &Role::BOTH,
    ),
    (
        "skips the path length",
        Cause::CertPathLen,
        &["PathLenConstraintViolated"],
        &[25],
        &Role::BOTH,
    ),
    (
        "skips name constraints",
        Cause::CertNameConstraint,
        &["NameConstraintViolation"],
        &[47, 48],
        &Role::BOTH,
    ),
    (
        "skips unknown critical extensions",
        Cause::CertUnknownCritical,
        &["UnsupportedCriticalExtension", "UnhandledCriticalExtension"],
        &[34],
        &Role::BOTH,
    ),
    (
        "forgives revocation",
        Cause::CertRevokedCrl,
        &["Revoked"],
        &[23],
        &Role::BOTH,
    ),
    (
        "skips the chain's signatures",
        Cause::CertChainSignature,
        &["BadSignature"],
        &[7],
        &Role::BOTH,
    ),
    (
        "accepts an untrusted root",
        Cause::CertUnknownCa,
        &["UnknownIssuer"],
        &[19, 20, 21],
        &Role::BOTH,
    ),
    (
        "accepts a self-signed leaf",
        Cause::CertSelfSignedLeaf,
        &["UnknownIssuer", "CaUsedAsEndEntity"],
        &[18],
        &Role::BOTH,
    ),
];

/// A client that forgives.
pub(crate) fn client(
    stack: &Inner,
    profile: &ClientProfile,
    lenience: Lenience,
) -> Result<Arc<dyn Config>, Refusal> {
    match stack {
        Inner::Rustls(rustls) => {
            rustls.client_verifying(profile, |inner| Arc::new(Forgiving { lenience, inner }))
        }
        Inner::OpenSsl(openssl) => {
            let (mut context, sni) = openssl.client_builder(profile)?;
            context.set_verify_callback(SslVerifyMode::PEER, forgive(lenience));
            Ok(openssl.adopt_client(context.build(), sni))
        }
    }
}

/// A server that forgives.
pub(crate) fn server(
    stack: &Inner,
    profile: &ServerProfile,
    lenience: Lenience,
) -> Result<Arc<dyn Config>, Refusal> {
    match stack {
        Inner::Rustls(rustls) => {
            rustls.server_verifying(profile, |inner| Arc::new(Forgiving { lenience, inner }))
        }
        Inner::OpenSsl(openssl) => {
            let mut context = openssl.server_builder(profile)?;
            let mode = match profile.client_auth {
                ClientAuth::None => SslVerifyMode::NONE,
                ClientAuth::Optional => SslVerifyMode::PEER,
                ClientAuth::Required => SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT,
            };
            context.set_verify_callback(mode, forgive(lenience));
            Ok(openssl.adopt_server(context.build()))
        }
    }
}

fn forgive(
    lenience: Lenience,
) -> impl Fn(bool, &mut X509StoreContextRef) -> bool + Send + Sync + 'static {
    move |passed, store| {
        if !passed && lenience.openssl.contains(&store.error().as_raw()) {
            store.set_error(X509VerifyResult::OK);
            return true;
        }
        passed
    }
}

/// A verifier that lets one kind of error pass.
#[derive(Debug)]
struct Forgiving<V: ?Sized> {
    lenience: Lenience,
    inner: Arc<V>,
}

impl<V: ?Sized> Forgiving<V> {
    fn forgive<T>(&self, result: Result<T, Error>, fine: T) -> Result<T, Error> {
        match result {
            // webpki's own errors stand behind a trait object, and only their names can be read.
            Err(Error::InvalidCertificate(error))
                if self
                    .lenience
                    .rustls
                    .iter()
                    .any(|word| format!("{error:?}").contains(word)) =>
            {
                Ok(fine)
            }
            other => other,
        }
    }

    fn signature(
        &self,
        verify: impl FnOnce() -> Result<HandshakeSignatureValid, Error>,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.lenience.signature {
            return Ok(HandshakeSignatureValid::assertion());
        }
        match verify() {
            // An error of the signature itself is not one of the chain.
            Err(error) if error == Error::InvalidCertificate(CertificateError::BadSignature) => {
                Err(error)
            }
            result => self.forgive(result, HandshakeSignatureValid::assertion()),
        }
    }
}

impl ServerCertVerifier for Forgiving<dyn ServerCertVerifier> {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &RustlsName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.forgive(
            self.inner.verify_server_cert(
                end_entity,
                intermediates,
                server_name,
                ocsp_response,
                now,
            ),
            ServerCertVerified::assertion(),
        )
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signature(|| self.inner.verify_tls12_signature(message, cert, dss))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signature(|| self.inner.verify_tls13_signature(message, cert, dss))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }

    fn requires_raw_public_keys(&self) -> bool {
        self.inner.requires_raw_public_keys()
    }
}

impl ClientCertVerifier for Forgiving<dyn ClientCertVerifier> {
    fn offer_client_auth(&self) -> bool {
        self.inner.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.inner.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.forgive(
            self.inner
                .verify_client_cert(end_entity, intermediates, now),
            ClientCertVerified::assertion(),
        )
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signature(|| self.inner.verify_tls12_signature(message, cert, dss))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signature(|| self.inner.verify_tls13_signature(message, cert, dss))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }

    fn requires_raw_public_keys(&self) -> bool {
        self.inner.requires_raw_public_keys()
    }
}
