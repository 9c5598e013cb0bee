//! The versions of the libraries of this build: what the model is told of them.

use semver::Version;
use shakedown::scenario::StackId;

use crate::model::traits::Versions;

/// What is linked, and the newest that the model knows for what is not, or does not tell.
pub(crate) fn versions() -> Versions {
    let of = |id, newest| {
        told(id)
            .and_then(|version| Version::parse(version).ok())
            .unwrap_or(newest)
    };
    let newest = Versions::newest();
    Versions {
        openssl: of(StackId::Openssl, newest.openssl),
        openssl_level: level().unwrap_or(newest.openssl_level),
        rustls: of(StackId::RustlsAwsLcRs, newest.rustls),
    }
}

#[cfg(feature = "stacks")]
fn told(id: StackId) -> Option<&'static str> {
    shakedown::stacks::version(id)
}

#[cfg(feature = "stacks")]
fn level() -> Option<u8> {
    Some(shakedown::stacks::openssl::built_in_level())
}

#[cfg(not(feature = "stacks"))]
fn told(_: StackId) -> Option<&'static str> {
    None
}

#[cfg(not(feature = "stacks"))]
fn level() -> Option<u8> {
    None
}
