//! Anchors and revocation lists, parsed once: there are hundreds, and every verifier has them.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use ::openssl::error::ErrorStack;
use ::openssl::x509::{X509, X509Crl};

use crate::connection::Role;
use crate::identity::{Identities, Lists, Unmakeable};
use crate::profile::Trust;

/// What OpenSSL has parsed.
#[derive(Default)]
pub(super) struct Parsed {
    anchors: Kept<Trust, X509>,
    lists: Kept<Lists, X509Crl>,
}

impl Parsed {
    /// The certificates of [`Identities::anchors`].
    pub(super) fn anchors(
        &self,
        identities: &Identities,
        peer: Role,
        trust: Trust,
    ) -> Result<Result<Arc<Vec<X509>>, ErrorStack>, Unmakeable> {
        let ders = identities.anchors(peer, trust)?;
        let parse = || {
            ders.iter()
                .map(|der| X509::from_der(der))
                .collect::<Result<_, _>>()
        };
        Ok(match trust {
            // There are as many of these as credentials.
            Trust::Leaf(_) => parse().map(Arc::new),
            _ => self.anchors.get(trust, parse),
        })
    }

    /// The lists of [`Identities::crls`].
    pub(super) fn crls(
        &self,
        identities: &Identities,
        lists: Lists,
    ) -> Result<Arc<Vec<X509Crl>>, ErrorStack> {
        self.lists.get(lists, || {
            let ders = identities.crls(lists);
            ders.iter().map(|der| X509Crl::from_der(der)).collect()
        })
    }
}

/// What has been parsed, by what it was asked for.
struct Kept<K, V>(Mutex<HashMap<K, Arc<Vec<V>>>>);

impl<K: Eq + Hash, V> Kept<K, V> {
    fn get(
        &self,
        key: K,
        parse: impl FnOnce() -> Result<Vec<V>, ErrorStack>,
    ) -> Result<Arc<Vec<V>>, ErrorStack> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = lock().get(&key) {
            return Ok(found.clone());
        }
        // Not under the lock; two threads may parse the same.
        let parsed = Arc::new(parse()?);
        Ok(lock().entry(key).or_insert(parsed).clone())
    }
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}
