//! Fewer rows: a tabu search covers by changes of the others what dropped rows covered.

use super::generator::Generator;
use super::request::MAX_STRENGTH;
use super::table::BLANK;

impl Generator {
    /// Drops rows while the others can be changed to cover all without them, down to `fewest`.
    pub(super) fn shrink(&mut self, rows: &mut Vec<Vec<usize>>, fewest: usize) {
        let per_tuple = self
            .table
            .counts
            .len()
            .saturating_mul(SHRINK_WORK_PER_TUPLE);
        let mut work = SHRINK_WORK[self.table.strength - 1].min(per_tuple);
        while rows.len() > fewest {
            let Some(spare) = self.most_dispensable(rows, &mut work) else {
                return;
            };
            let complete = rows.clone();
            self.table.remove(&rows.swap_remove(spare));
            if !self.repair(rows, &mut work) {
                *rows = complete;
                return;
            }
        }
    }

    /// Among some rows the one that alone covers the fewest tuples; `None` when no work is left.
    fn most_dispensable(&mut self, rows: &[Vec<usize>], work: &mut usize) -> Option<usize> {
        let mut sample = self.dice.order(rows.len());
        sample.truncate(SAMPLE);
        *work = work.checked_sub(sample.len() * self.table.combos.len())?;
        sample
            .into_iter()
            .min_by_key(|&row| self.table.sole(&rows[row]))
    }

    /// Changes rows until nothing is missing; tells whether that was reached before the work ran out.
    fn repair(&mut self, rows: &mut [Vec<usize>], work: &mut usize) -> bool {
        let mut until = vec![vec![0; self.table.sizes.len()]; rows.len()];
        let mut now = 0;
        while self.table.missing > 0 {
            if rows.is_empty() || *work == 0 {
                return false;
            }
            now += 1;
            let tuple = self.any_missing_tuple();
            match self.best_move(rows, &tuple, work, |row, axis| until[row][axis] > now) {
                Some(step) => {
                    self.table.change(&rows[step.row], step.axis, step.value);
                    rows[step.row][step.axis] = step.value;
                    until[step.row][step.axis] = now + 1 + self.dice.below(TENURE);
                }
                None => {
                    let row = self.dice.below(rows.len());
                    self.rewrite(&mut rows[row], &tuple);
                }
            }
        }
        true
    }

    fn any_missing_tuple(&mut self) -> Vec<(usize, usize)> {
        let start = self.dice.below(self.table.combos.len());
        let combo = self.table.next_combo(start, |missing| missing > 0);
        self.missing_tuple(combo)
    }

    /// The change of a single cell that covers the tuple and leaves the fewest tuples missing.
    fn best_move(
        &mut self,
        rows: &mut [Vec<usize>],
        tuple: &[(usize, usize)],
        work: &mut usize,
        tabu: impl Fn(usize, usize) -> bool,
    ) -> Option<Move> {
        let mut best = None;
        let mut ties = 0;
        *work = work.saturating_sub(rows.len() + self.table.combos.len());
        for (position, row) in rows.iter_mut().enumerate() {
            let Some((axis, value)) = only_difference(row, tuple) else {
                continue;
            };
            if tabu(position, axis) || !self.solver.accepts_change(row, axis, value) {
                continue;
            }
            *work = work.saturating_sub(2 * self.table.links[axis].len());
            let balance = self.table.balance(row, axis, value);
            let step = Move {
                row: position,
                axis,
                value,
            };
            match best {
                Some((known, _)) if balance < known => {}
                Some((known, _)) if balance == known => {
                    ties += 1;
                    if self.dice.below(ties) == 0 {
                        best = Some((balance, step));
                    }
                }
                _ => {
                    ties = 1;
                    best = Some((balance, step));
                }
            }
        }
        best.map(|(_, step)| step)
    }

    /// Writes a coverable tuple into a row and keeps what it can of the rest.
    fn rewrite(&mut self, row: &mut Vec<usize>, tuple: &[(usize, usize)]) {
        self.table.remove(row);
        let mut draft = self.start(tuple);
        for axis in self.dice.order(row.len()) {
            if draft.cells[axis] == BLANK && !draft.place(&self.solver, axis, row[axis]) {
                self.fill(&mut draft, axis);
            }
        }
        *row = draft.cells;
        self.table.add(row);
    }
}

/// A change of one cell of one row.
#[derive(Clone, Copy)]
struct Move {
    row: usize,
    axis: usize,
    value: usize,
}

/// The one cell of the tuple that the row has not, if it is one.
fn only_difference(row: &[usize], tuple: &[(usize, usize)]) -> Option<(usize, usize)> {
    let mut differences = tuple.iter().filter(|&&(axis, value)| row[axis] != value);
    let first = differences.next().copied();
    if differences.next().is_none() {
        first
    } else {
        None
    }
}

/// Table look-ups to spend on dropping rows, for each strength, and at most for each tuple.
const SHRINK_WORK: [usize; MAX_STRENGTH] = [1_000_000, 30_000_000, 50_000_000];
const SHRINK_WORK_PER_TUPLE: usize = 4_000;
/// The number of rows among which to choose the next one to drop.
const SAMPLE: usize = 100;
/// For how many moves at most a cell that was changed stays as it is.
const TENURE: usize = 10;
