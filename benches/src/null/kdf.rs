//! Key derivation that derives the same from everything: HKDF (RFC 5869) for TLS 1.3, the PRF
//! (RFC 5246 §5) for TLS 1.2.

use rustls::Error;
use rustls::crypto::ActiveKeyExchange;
use rustls::crypto::hmac::Tag;
use rustls::crypto::tls12::Prf;
use rustls::crypto::tls13::{Hkdf, HkdfExpander, OkmBlock, OutputLengthError};
use rustls::version::TLS12;

pub(super) struct NullHkdf;

impl Hkdf for NullHkdf {
    fn extract_from_zero_ikm(&self, _: Option<&[u8]>) -> Box<dyn HkdfExpander> {
        Box::new(NullExpander)
    }

    fn extract_from_secret(&self, _: Option<&[u8]>, _: &[u8]) -> Box<dyn HkdfExpander> {
        Box::new(NullExpander)
    }

    fn expander_for_okm(&self, _: &OkmBlock) -> Box<dyn HkdfExpander> {
        Box::new(NullExpander)
    }

    fn hmac_sign(&self, _: &OkmBlock, _: &[u8]) -> Tag {
        Tag::new(&DERIVED)
    }
}

struct NullExpander;

impl HkdfExpander for NullExpander {
    fn expand_slice(&self, _: &[&[u8]], output: &mut [u8]) -> Result<(), OutputLengthError> {
        output.fill(DERIVED[0]);
        Ok(())
    }

    fn expand_block(&self, _: &[&[u8]]) -> OkmBlock {
        OkmBlock::new(&DERIVED)
    }

    fn hash_len(&self) -> usize {
        DERIVED.len()
    }
}

pub(super) struct NullPrf;

impl Prf for NullPrf {
    fn for_key_exchange(
        &self,
        output: &mut [u8; 48],
        kx: Box<dyn ActiveKeyExchange>,
        peer_pub_key: &[u8],
        _: &[u8],
        _: &[u8],
    ) -> Result<(), Error> {
        kx.complete_for_tls_version(peer_pub_key, &TLS12)?;
        output.fill(DERIVED[0]);
        Ok(())
    }

    fn for_secret(&self, output: &mut [u8], _: &[u8], _: &[u8], _: &[u8]) {
        output.fill(DERIVED[0]);
    }
}

const DERIVED: [u8; 32] = [0x22; 32];
