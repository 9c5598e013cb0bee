//! What may be asked of a space: strengths and rows that suit it.

use super::space::Space;

/// Fails if the strength is out of range, the space too large, or a row does not fit it.
pub(super) fn check_request(
    space: &Space,
    strength: usize,
    rows: &[Vec<usize>],
) -> Result<(), CoverError> {
    let axes = space.sizes().len();
    if strength == 0 || strength > MAX_STRENGTH.min(axes) {
        return Err(CoverError::Strength { strength, axes });
    }
    if tuple_count(space.sizes(), strength).is_none_or(|count| count > MAX_TUPLES) {
        return Err(CoverError::TooManyTuples);
    }
    match rows.iter().position(|row| !space.fits(row)) {
        Some(row) => Err(CoverError::Misfit { row }),
        None => Ok(()),
    }
}

/// The sum over all sets of `strength` axes of the product of their sizes; `None` on overflow.
///
/// Axes with one value count double, as a set of axes takes memory even if it has but one tuple.
fn tuple_count(sizes: &[usize], strength: usize) -> Option<usize> {
    let mut sums = [1, 0, 0, 0];
    for &size in sizes {
        for order in (1..=strength).rev() {
            sums[order] = size
                .max(2)
                .checked_mul(sums[order - 1])?
                .checked_add(sums[order])?;
        }
    }
    Some(sums[strength])
}

/// Why rows cannot be generated or measured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CoverError {
    /// The strength is not in `1..=MAX_STRENGTH` or exceeds the number of axes.
    #[error("strength {strength} is not between 1 and {MAX_STRENGTH} and at most the {axes} axes")]
    Strength {
        /// The strength asked for.
        strength: usize,
        /// The number of axes.
        axes: usize,
    },
    /// The space has more than [`MAX_TUPLES`] tuples of this strength.
    #[error("the space has more than {MAX_TUPLES} tuples of this strength")]
    TooManyTuples,
    /// A given row has the wrong length or a value its axis does not have.
    #[error("row {row} does not fit the axes")]
    Misfit {
        /// The row's position.
        row: usize,
    },
    /// A given row breaks a constraint.
    #[error("row {row} breaks a constraint")]
    Forbidden {
        /// The row's position.
        row: usize,
    },
}

/// The highest supported strength.
pub const MAX_STRENGTH: usize = 3;
/// The most tuples, over all sets of `strength` axes, that are worked on in one call. An axis with
/// one value counts like one with two.
pub const MAX_TUPLES: usize = 1 << 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_tuples_as_there_may_be_are_worked_on() {
        let request = |sizes| {
            let space = Space::new(sizes, Vec::new()).expect("without constraints");
            check_request(&space, 3, &[])
        };
        assert_eq!(request(vec![128, 128, 128, 128, 64, 16]), Ok(()));
        assert_eq!(
            request(vec![128, 128, 128, 128, 64, 17]),
            Err(CoverError::TooManyTuples)
        );
    }
}
