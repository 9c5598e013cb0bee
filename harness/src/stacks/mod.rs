//! The stacks that are linked into this build.

use std::sync::Arc;

use crate::connection::Stack;
use crate::identity::Identities;
use crate::scenario::StackId;

#[cfg(feature = "openssl")]
pub mod openssl;
pub mod randomness;
#[cfg(feature = "rustls")]
pub mod rustls;

/// Every stack of this build, in the order of [`StackId::ALL`].
pub fn linked(identities: &Arc<Identities>) -> Vec<Box<dyn Stack>> {
    StackId::ALL
        .into_iter()
        .filter_map(|id| build(id, identities))
        .collect()
}

/// The version of a stack's library as [`StackInfo::version`](crate::connection::StackInfo) has it, without
/// the stack; `None`: it is not linked.
pub fn version(id: StackId) -> Option<&'static str> {
    match id {
        #[cfg(feature = "rustls-aws-lc-rs")]
        StackId::RustlsAwsLcRs => Some(rustls::VERSION),
        #[cfg(feature = "rustls-ring")]
        StackId::RustlsRing => Some(rustls::VERSION),
        #[cfg(feature = "openssl")]
        StackId::Openssl => Some(openssl::version()),
        #[allow(unreachable_patterns, reason = "every stack is linked by default")]
        _ => None,
    }
}

fn build(id: StackId, identities: &Arc<Identities>) -> Option<Box<dyn Stack>> {
    match id {
        #[cfg(feature = "rustls-aws-lc-rs")]
        StackId::RustlsAwsLcRs => Some(Box::new(rustls::Rustls::aws_lc_rs(identities.clone()))),
        #[cfg(feature = "rustls-ring")]
        StackId::RustlsRing => Some(Box::new(rustls::Rustls::ring(identities.clone()))),
        #[cfg(feature = "openssl")]
        StackId::Openssl => Some(Box::new(openssl::OpenSsl::new(identities.clone()))),
        #[allow(unreachable_patterns, reason = "every stack is linked by default")]
        _ => None,
    }
}
