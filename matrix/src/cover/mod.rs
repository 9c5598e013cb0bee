//! Covering arrays: few rows in which every combination of values on any `t` axes occurs.
//!
//! [`cover`] leaves out what has no choice (`core`), and builds rows one at a time, each the best of one
//! or more greedy drafts, after AETG
//! (Cohen, Dalal, Fredman, Patton: "The AETG System", IEEE TSE 23(7), 1997) with the seeding of
//! PICT (Czerwonka: "Pairwise Testing in Real World", PNSQC 2006): a draft starts from a tuple of
//! the axes that still miss most. It then drops rows while a tabu search manages to cover what
//! the dropped row alone covered (Nurmela: "Upper bounds for covering arrays by tabu search",
//! Discrete Applied Mathematics 138, 2004). For the alternative that grows the array axis by axis
//! see IPOG (Lei, Kacker, Kuhn, Okun, Lawrence, ECBS 2007).
//!
//! [`coverage`] is the check on the generator and shares only [`Space`] with it: it has its own
//! enumeration of tuples and its own constraint search.
//!
//! All of it is a pure function of its arguments: the same arguments give the same rows on every
//! platform. Effort is bounded by counted work, never by time.

mod completion;
mod constraint;
mod core;
mod dice;
mod generator;
mod measure;
mod request;
mod rows;
mod shrink;
mod solver;
mod space;
mod table;

pub use constraint::Constraint;
pub use measure::{Coverage, Tuple, coverage, coverage_of};
pub use request::{CoverError, MAX_STRENGTH, MAX_TUPLES};
pub use rows::Rows;
pub use space::{MAX_AXES, MAX_VALUES, Space, SpaceError};

use self::core::Core;
use generator::Generator;
use request::check_request;

/// Rows that satisfy the constraints and cover every coverable tuple of `strength` values.
///
/// A tuple is coverable if some row that satisfies the constraints contains it; this is decided
/// by complete search, exponential at worst. The number of rows is small, not minimal, and may
/// differ with the seed.
///
/// # Errors
///
/// Fails if the strength is out of range or the space has too many tuples.
pub fn cover(space: &Space, strength: usize, seed: u64) -> Result<Vec<Vec<usize>>, CoverError> {
    extend(space, strength, seed, &[])
}

/// Rows that together with the `existing` ones cover what [`cover`] covers.
///
/// Returns only the rows to add, none if the existing ones suffice.
///
/// # Errors
///
/// Fails like [`cover`], and if an existing row does not fit the space or breaks a constraint.
pub fn extend(
    space: &Space,
    strength: usize,
    seed: u64,
    existing: &[Vec<usize>],
) -> Result<Vec<Vec<usize>>, CoverError> {
    check_request(space, strength, existing)?;
    if let Some(row) = existing.iter().position(|row| !space.allows(row)) {
        return Err(CoverError::Forbidden { row });
    }
    let core = Core::of(space, strength);
    let mut generator = Generator::new(&core.space, strength, seed);
    for row in existing {
        generator.table.add(&core.inner(row));
    }
    // A row covers one tuple of each set of axes.
    let fewest = generator.table.most_missing();
    let mut rows = generator.grow();
    generator.shrink(&mut rows, fewest);
    Ok(rows.iter().map(|row| core.outer(row)).collect())
}

#[cfg(test)]
mod tests;
