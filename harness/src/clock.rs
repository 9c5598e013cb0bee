//! The virtual clock: certificates are verified at a moment that never moves.

/// The moment of verification, in seconds since the Unix epoch: 2030-01-01T00:00:00Z.
///
/// It lies in no relation to the real date: certificates are made around it and verified at it. A
/// configuration of one's own that is to meet them has to live then too: rustls with
/// `stacks::rustls::VirtualClock` as its `TimeProvider`, an `SslContext` with
/// `verify_param_mut().set_time(clock::NOW)`.
pub const NOW: u64 = 1_893_456_000;

/// A day, in seconds.
pub const DAY: u64 = 86_400;
