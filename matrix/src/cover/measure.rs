//! The measurement. It must not use anything of the generator.

use super::completion::Completer;
use super::request::{CoverError, check_request};
use super::rows::Rows;
use super::space::Space;

/// Measures what the rows cover, independently of how they came about.
///
/// # Errors
///
/// Fails if the strength is out of range, the space has too many tuples, or a row does not fit
/// the space. A row that breaks a constraint is no error; it is reported and covers nothing.
pub fn coverage(
    space: &Space,
    strength: usize,
    rows: &[Vec<usize>],
) -> Result<Coverage, CoverError> {
    check_request(space, strength, rows)?;
    coverage_of(space, strength, &rows.iter().collect())
}

/// The same for rows that are too many for a list each.
///
/// # Errors
///
/// As [`coverage`].
pub fn coverage_of(space: &Space, strength: usize, rows: &Rows) -> Result<Coverage, CoverError> {
    check_request(space, strength, &[])?;
    let mut columns = vec![Vec::new(); space.sizes().len()];
    let mut forbidden = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        if !space.fits(&row) {
            return Err(CoverError::Misfit { row: number });
        }
        if space.allows(&row) {
            for (column, value) in columns.iter_mut().zip(row) {
                column.push(u8::try_from(value).expect("a value is below MAX_VALUES"));
            }
        } else {
            forbidden.push(number);
        }
    }
    let mut census = Census {
        sizes: space.sizes(),
        columns,
        completer: Completer::new(space.sizes(), space.constraints()),
        found: Coverage {
            covered: 0,
            coverable: 0,
            uncovered: Vec::new(),
            forbidden_rows: forbidden,
        },
    };
    census.visit(&mut Vec::new(), strength);
    Ok(census.found)
}

/// What a set of rows covers of a space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// How many tuples occur in a row that satisfies the constraints.
    pub covered: usize,
    /// How many tuples occur in any row that satisfies the constraints.
    pub coverable: usize,
    /// The coverable tuples that are not covered, in ascending order of their axes, then values.
    pub uncovered: Vec<Tuple>,
    /// The positions of rows that break a constraint; they cover nothing.
    pub forbidden_rows: Vec<usize>,
}

/// Values for some axes: pairs of axis and value, by ascending axis.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tuple(pub Vec<(usize, usize)>);

/// Goes through all sets of axes and adds up what the rows cover.
struct Census<'a> {
    sizes: &'a [usize],
    /// The values of all rows, axis by axis, since a few axes are looked at together.
    columns: Vec<Vec<u8>>,
    completer: Completer<'a>,
    found: Coverage,
}

impl Census<'_> {
    /// Measures every set of axes that consists of the given ones and `more` later ones.
    fn visit(&mut self, axes: &mut Vec<usize>, more: usize) {
        if more == 0 {
            return self.measure(axes);
        }
        let from = axes.last().map_or(0, |last| last + 1);
        for axis in from..self.sizes.len() {
            axes.push(axis);
            self.visit(axes, more - 1);
            axes.pop();
        }
    }

    fn measure(&mut self, axes: &[usize]) {
        let sizes = self.sizes;
        let mut numbers = vec![0; self.columns[axes[0]].len()];
        for &axis in axes {
            for (number, value) in numbers.iter_mut().zip(&self.columns[axis]) {
                *number = *number * sizes[axis] + usize::from(*value);
            }
        }
        let mut seen = vec![false; axes.iter().map(|&axis| sizes[axis]).product()];
        for number in numbers {
            seen[number] = true;
        }
        let mut values = vec![0; axes.len()];
        for seen in seen {
            self.judge(
                Tuple(axes.iter().copied().zip(values.iter().copied()).collect()),
                seen,
            );
            advance(&mut values, axes, sizes);
        }
    }

    fn judge(&mut self, tuple: Tuple, seen: bool) {
        if seen {
            self.found.covered += 1;
            self.found.coverable += 1;
        } else if self.completer.completes(&tuple.0) {
            self.found.coverable += 1;
            self.found.uncovered.push(tuple);
        }
    }
}

/// Counts up, the last axis fastest.
fn advance(values: &mut [usize], axes: &[usize], sizes: &[usize]) {
    for (value, &axis) in values.iter_mut().zip(axes).rev() {
        *value += 1;
        if *value < sizes[axis] {
            return;
        }
        *value = 0;
    }
}
