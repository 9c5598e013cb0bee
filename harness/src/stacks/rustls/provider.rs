//! A provider with the algorithms that a profile asks for.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use rustls::SupportedCipherSuite;
use rustls::crypto::{CryptoProvider, GetRandomFailed, SecureRandom, WebPkiSupportedAlgorithms};

use super::Rustls;
use crate::connection::Refusal;
use crate::iana::{CipherSuite, SignatureScheme};
use crate::profile::{Ems, Protocol};
use crate::stacks::randomness;

/// A provider's randomness, but for where [`randomness`] has a sequence.
#[derive(Debug)]
pub(super) struct Settable(LazyLock<&'static dyn SecureRandom>);

#[cfg(feature = "rustls-aws-lc-rs")]
pub(super) static AWS_LC_RS: Settable = Settable(LazyLock::new(|| {
    rustls::crypto::aws_lc_rs::default_provider().secure_random
}));
#[cfg(feature = "rustls-ring")]
pub(super) static RING: Settable = Settable(LazyLock::new(|| {
    rustls::crypto::ring::default_provider().secure_random
}));

impl SecureRandom for Settable {
    fn fill(&self, out: &mut [u8]) -> Result<(), GetRandomFailed> {
        if randomness::fill(out) {
            return Ok(());
        }
        self.0.fill(out)
    }

    fn fips(&self) -> bool {
        self.0.fips()
    }
}

/// Lists of verification algorithms that have been asked for.
///
/// rustls wants them `'static`; each list is made once and stays, and there are only as many as
/// profiles name.
#[derive(Default)]
pub(super) struct AlgorithmLists(Mutex<HashMap<Vec<SignatureScheme>, WebPkiSupportedAlgorithms>>);

impl Rustls {
    pub(super) fn provider(&self, protocol: &Protocol) -> Result<Arc<CryptoProvider>, Refusal> {
        if protocol.security_level.is_some() {
            return Err(Refusal::Unsupported("rustls has no security levels".into()));
        }
        if !protocol.group_tuples.is_empty() || !protocol.key_shares.is_empty() {
            return Err(Refusal::Unsupported(
                "rustls has no tuples of groups, and chooses its key shares itself".into(),
            ));
        }
        if protocol.ems == Ems::Off {
            return Err(Refusal::Unsupported(
                "rustls always offers the extended master secret".into(),
            ));
        }
        let mut provider = self.provider.clone();
        let (tls13, tls12): (Vec<_>, Vec<_>) = provider
            .cipher_suites
            .into_iter()
            .partition(|suite| suite.tls13().is_some());
        provider.cipher_suites = chosen_suites(tls13, protocol.tls13_suites.as_deref())?;
        provider
            .cipher_suites
            .extend(chosen_suites(tls12, protocol.suites.as_deref())?);
        if let Some(groups) = &protocol.groups {
            provider.kx_groups = groups
                .iter()
                .map(|wanted| {
                    self.groups
                        .iter()
                        .copied()
                        .find(|group| u16::from(group.name()) == wanted.0)
                        .ok_or_else(|| unsupported("key exchange over", wanted))
                })
                .collect::<Result<_, _>>()?;
        }
        if let Some(schemes) = &protocol.signature_schemes {
            provider.signature_verification_algorithms = self.algorithms(schemes)?;
        }
        Ok(Arc::new(provider))
    }

    fn algorithms(
        &self,
        schemes: &[SignatureScheme],
    ) -> Result<WebPkiSupportedAlgorithms, Refusal> {
        // The map is whole even if a thread panicked while it held the lock.
        let mut lists = self
            .algorithms
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(list) = lists.get(schemes) {
            return Ok(*list);
        }
        let all = self.provider.signature_verification_algorithms;
        let mapping = schemes
            .iter()
            .map(|wanted| {
                all.mapping
                    .iter()
                    .copied()
                    .find(|(scheme, _)| u16::from(*scheme) == wanted.0)
                    .ok_or_else(|| unsupported("signatures with", wanted))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let list = WebPkiSupportedAlgorithms {
            // Chains are verified with everything, as rustls does by default.
            all: all.all,
            mapping: Box::leak(mapping.into_boxed_slice()),
        };
        lists.insert(schemes.to_vec(), list);
        Ok(list)
    }
}

fn chosen_suites(
    available: Vec<SupportedCipherSuite>,
    wanted: Option<&[CipherSuite]>,
) -> Result<Vec<SupportedCipherSuite>, Refusal> {
    let Some(wanted) = wanted else {
        return Ok(available);
    };
    wanted
        .iter()
        .map(|wanted| {
            available
                .iter()
                .copied()
                .find(|suite| u16::from(suite.suite()) == wanted.0)
                .ok_or_else(|| unsupported("the suite", wanted))
        })
        .collect()
}

fn unsupported(what: &str, name: impl std::fmt::Display) -> Refusal {
    Refusal::Unsupported(format!("rustls has not {what} {name} with this provider"))
}
