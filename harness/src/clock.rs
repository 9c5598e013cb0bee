//! The virtual clock: certificates are verified at a moment that never moves.

/// The moment of verification, in seconds since the Unix epoch: 2030-01-01T00:00:00Z.
///
/// It lies in no relation to the real date: certificates are made around it and verified at it.
pub const NOW: u64 = 1_893_456_000;

/// A day, in seconds.
pub const DAY: u64 = 86_400;
