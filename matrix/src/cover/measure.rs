//! The measurement. It must not use anything of the generator.

use super::completion::Completer;
use super::request::{CoverError, check_request};
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
    let (allowed, forbidden): (Vec<usize>, Vec<usize>) =
        (0..rows.len()).partition(|&row| space.allows(&rows[row]));
    let mut census = Census {
        sizes: space.sizes(),
        rows: allowed
            .into_iter()
            .map(|row| rows[row].as_slice())
            .collect(),
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
    rows: Vec<&'a [usize]>,
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
        let number = |row: &&[usize]| {
            axes.iter()
                .fold(0, |number, &axis| number * sizes[axis] + row[axis])
        };
        let mut seen = vec![false; axes.iter().map(|&axis| sizes[axis]).product()];
        for row in &self.rows {
            seen[number(row)] = true;
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
