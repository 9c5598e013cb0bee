//! Certificate compression (RFC 8879).

use rustls::CertificateCompressionAlgorithm;
use rustls::compress::{
    CertCompressor, CertDecompressor, CompressionFailed, CompressionLevel, ZLIB_COMPRESSOR,
    ZLIB_DECOMPRESSOR,
};

use crate::profile::Compression;

/// What a side compresses its own certificate with, where its peer allows it.
pub(super) fn compressors(compression: Compression) -> Vec<&'static dyn CertCompressor> {
    match compression {
        Compression::None => Vec::new(),
        Compression::Zlib => vec![ZLIB_COMPRESSOR],
        Compression::Broken => vec![&Broken],
    }
}

/// What a side lets its peer compress with.
pub(super) fn decompressors(compression: Compression) -> Vec<&'static dyn CertDecompressor> {
    match compression {
        Compression::None => Vec::new(),
        Compression::Zlib | Compression::Broken => vec![ZLIB_DECOMPRESSOR],
    }
}

/// Says zlib and compresses nothing.
#[derive(Debug)]
struct Broken;

impl CertCompressor for Broken {
    fn compress(
        &self,
        input: Vec<u8>,
        _level: CompressionLevel,
    ) -> Result<Vec<u8>, CompressionFailed> {
        Ok(input)
    }

    fn algorithm(&self) -> CertificateCompressionAlgorithm {
        CertificateCompressionAlgorithm::Zlib
    }
}
