//! Time as the harness has it.

use std::time::Duration;

use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;

use crate::clock;

/// The virtual clock, for a configuration of the caller's own that is to meet certificates of the
/// harness: they are valid around [`clock::NOW`], and not today.
///
/// ```
/// # #[cfg(feature = "rustls-ring")] {
/// use std::sync::Arc;
/// use rustls::ClientConfig;
/// use shakedown::stacks::rustls::VirtualClock;
///
/// let provider = Arc::new(rustls::crypto::ring::default_provider());
/// let builder = ClientConfig::builder_with_details(provider, Arc::new(VirtualClock));
/// assert!(builder.with_safe_default_protocol_versions().is_ok());
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct VirtualClock;

impl TimeProvider for VirtualClock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(clock::NOW)))
    }
}
