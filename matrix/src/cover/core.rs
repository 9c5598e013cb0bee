//! The part of a space where there is a choice.
//!
//! An axis with one value left, and a value that no row has, make tables large and cover nothing.

use super::constraint::Constraint;
use super::solver::Solver;
use super::space::Space;

/// A space whose every value is in some row, and how it lies in the one that it was made from.
pub(super) struct Core {
    pub(super) space: Space,
    /// For each axis outside: where it is inside, if it is.
    places: Vec<Option<usize>>,
    /// For each axis outside the values that some row has.
    values: Vec<Vec<usize>>,
}

impl Core {
    /// Keeps at least `fewest` axes, of those that the space has.
    pub(super) fn of(space: &Space, fewest: usize) -> Self {
        let solver = Solver::new(space);
        let values: Vec<Vec<usize>> = space
            .sizes()
            .iter()
            .enumerate()
            .map(|(axis, &size)| {
                (0..size)
                    .filter(|&value| solver.narrow(&solver.root, axis, value).is_some())
                    .collect()
            })
            .collect();
        let mut spare = fewest.saturating_sub(values.iter().filter(|left| left.len() > 1).count());
        let mut inside = 0;
        let places: Vec<Option<usize>> = values
            .iter()
            .map(|left| {
                if left.len() < 2 {
                    spare = spare.checked_sub(1)?;
                }
                inside += 1;
                Some(inside - 1)
            })
            .collect();
        let sizes = kept(&places, &values).map(|left| left.len()).collect();
        let constraints = space
            .constraints()
            .iter()
            .filter_map(|constraint| inner_constraint(constraint, &places, &values))
            .collect();
        Self {
            space: Space::new(sizes, constraints).expect("the rows of a space are in its core"),
            places,
            values,
        }
    }

    /// A row of the space as one of the core.
    pub(super) fn inner(&self, row: &[usize]) -> Vec<usize> {
        self.places
            .iter()
            .zip(&self.values)
            .zip(row)
            .filter_map(|((place, values), value)| {
                place.map(|_| values.iter().position(|left| left == value))
            })
            .map(|position| position.expect("a row's values are in some row"))
            .collect()
    }

    /// A row of the core as one of the space.
    pub(super) fn outer(&self, row: &[usize]) -> Vec<usize> {
        self.places
            .iter()
            .zip(&self.values)
            .map(|(place, values)| values[place.map_or(0, |inside| row[inside])])
            .collect()
    }
}

fn kept<'a>(
    places: &'a [Option<usize>],
    values: &'a [Vec<usize>],
) -> impl Iterator<Item = &'a Vec<usize>> {
    places
        .iter()
        .zip(values)
        .filter_map(|(place, left)| place.map(|_| left))
}

/// What is left of a constraint; `None`: every row of the core satisfies it.
fn inner_constraint(
    constraint: &Constraint,
    places: &[Option<usize>],
    values: &[Vec<usize>],
) -> Option<Constraint> {
    let mut forbid = Vec::new();
    for (axis, set) in &constraint.forbid {
        let inner: Vec<usize> = (0..values[*axis].len())
            .filter(|&value| set.contains(&values[*axis][value]))
            .collect();
        if inner.is_empty() {
            return None;
        }
        // All of an axis that is left out: there the constraint always bites.
        if let Some(place) = places[*axis] {
            forbid.push((place, inner));
        }
    }
    Some(Constraint { forbid })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Axis 0 has one value; of axis 1 only 1 and 2 are left, and 3 of axis 3 has nothing to go with.
    fn space() -> Space {
        let forbid = |forbid: &[(usize, &[usize])]| Constraint {
            forbid: forbid
                .iter()
                .map(|(axis, set)| (*axis, set.to_vec()))
                .collect(),
        };
        Space::new(
            vec![3, 4, 2, 4],
            vec![
                forbid(&[(0, &[0, 2])]),
                forbid(&[(0, &[1]), (1, &[0, 3])]),
                forbid(&[(1, &[1]), (2, &[1]), (3, &[0])]),
                forbid(&[(2, &[0, 1]), (3, &[3])]),
            ],
        )
        .expect("[1, 1, 0, 0] is a row")
    }

    #[test]
    fn a_core_has_the_rows_of_its_space_and_no_more() {
        let space = space();
        for (fewest, sizes) in [
            (2, vec![2, 2, 3]),
            (3, vec![2, 2, 3]),
            (4, vec![1, 2, 2, 3]),
        ] {
            let core = Core::of(&space, fewest);
            assert_eq!(core.space.sizes(), sizes);
            let mut rows = 0;
            for number in 0..3 * 4 * 2 * 4 {
                let row = [number / 32, number / 8 % 4, number / 4 % 2, number % 4];
                if space.allows(&row) {
                    let inner = core.inner(&row);
                    assert!(core.space.allows(&inner), "{row:?} is {inner:?}");
                    assert_eq!(core.outer(&inner), row);
                    rows += 1;
                }
            }
            assert_eq!(rows, 11);
            let all = sizes.iter().product::<usize>();
            let allowed = (0..all).filter(|&number| {
                let mut left = number;
                let row: Vec<_> = sizes
                    .iter()
                    .map(|size| {
                        let value = left % size;
                        left /= size;
                        value
                    })
                    .collect();
                core.space.allows(&row)
            });
            assert_eq!(allowed.count(), rows);
        }
    }
}
