//! Rows one at a time, each the best of several greedy drafts, or the only one where a draft costs much.

use super::dice::Dice;
use super::request::MAX_STRENGTH;
use super::solver::{Region, Solver};
use super::space::Space;
use super::table::{BLANK, Table};

/// Rows in the making: what the constraints allow, what is missing, and chance.
pub(super) struct Generator {
    pub(super) solver: Solver,
    pub(super) table: Table,
    pub(super) dice: Dice,
}

impl Generator {
    /// A generator that has no row yet.
    pub(super) fn new(space: &Space, strength: usize, seed: u64) -> Self {
        let solver = Solver::new(space);
        let mut table = Table::new(space.sizes(), strength);
        table.strike_out(&solver);
        Self {
            solver,
            table,
            dice: Dice::new(seed),
        }
    }

    /// Adds rows until nothing is missing.
    pub(super) fn grow(&mut self) -> Vec<Vec<usize>> {
        let drafts = self.drafts_per_row();
        let mut rows = Vec::new();
        while self.table.missing > 0 {
            if rows.len() % FORGET_EVERY == 0 {
                self.table.forget_complete();
            }
            let row = self.best_draft(drafts);
            self.table.cover(&row);
            rows.push(row);
        }
        self.table.count_all(&rows);
        rows
    }

    fn drafts_per_row(&self) -> usize {
        let mut sizes = self.table.sizes.clone();
        sizes.sort_unstable_by_key(|&size| std::cmp::Reverse(size));
        let rows: usize = sizes.iter().take(self.table.strength).product();
        let work: usize = (0..sizes.len()).map(|axis| self.table.work(axis)).sum();
        (DRAFT_WORK[self.table.strength - 1] / rows.saturating_mul(work).max(1))
            .clamp(LEAST_DRAFTS[self.table.strength - 1], MOST_DRAFTS)
    }

    fn best_draft(&mut self, drafts: usize) -> Vec<usize> {
        if drafts == 1 {
            return self.draft();
        }
        let most = self.table.open_combos();
        let mut best = (0, Vec::new());
        for _ in 0..drafts {
            let row = self.draft();
            let gain = self.table.gain(&row);
            if gain > best.0 {
                best = (gain, row);
            }
            if best.0 == most {
                break;
            }
        }
        best.1
    }

    /// A row that covers at least one missing tuple, of which there must be one.
    fn draft(&mut self) -> Vec<usize> {
        let tuple = self.seed_tuple();
        let mut draft = self.start(&tuple);
        for axis in self.dice.order(self.table.sizes.len()) {
            if draft.cells[axis] == BLANK {
                self.fill(&mut draft, axis);
            }
        }
        self.polish(&mut draft.cells);
        draft.cells
    }

    /// A missing tuple of axes that miss the most tuples.
    fn seed_tuple(&mut self) -> Vec<(usize, usize)> {
        let most = self.table.most_missing();
        let start = self.dice.below(self.table.combos.len());
        let combo = self.table.next_combo(start, |missing| missing == most);
        self.missing_tuple(combo)
    }

    pub(super) fn missing_tuple(&mut self, combo: usize) -> Vec<(usize, usize)> {
        let start = self.dice.below(self.table.combos[combo].len);
        self.table.next_missing(combo, start)
    }

    /// A draft that holds only the tuple, which must be coverable.
    pub(super) fn start(&self, tuple: &[(usize, usize)]) -> Draft {
        let mut draft = Draft {
            cells: vec![BLANK; self.table.sizes.len()],
            region: self.solver.root.clone(),
        };
        for &(axis, value) in tuple {
            let placed = draft.place(&self.solver, axis, value);
            debug_assert!(placed, "uncoverable tuples are struck out");
        }
        draft
    }

    /// Gives a blank cell the value that covers most of what is missing.
    pub(super) fn fill(&mut self, draft: &mut Draft, axis: usize) {
        let gains = self.table.gains(&draft.cells, axis);
        let mut values = self.dice.order(gains.len());
        values.sort_by_key(|&value| std::cmp::Reverse(gains[value]));
        let placed = values
            .into_iter()
            .any(|value| draft.place(&self.solver, axis, value));
        debug_assert!(placed, "a draft can always be completed");
    }

    /// Changes single cells of a complete row while that covers more of what is missing.
    fn polish(&mut self, row: &mut [usize]) {
        for _ in 0..POLISH_PASSES[self.table.strength - 1] {
            let mut better = false;
            for axis in self.dice.order(row.len()) {
                better |= self.polish_cell(row, axis);
            }
            if !better {
                break;
            }
        }
    }

    /// Moves to the best value of one cell, also to an equal one; tells whether it gained.
    fn polish_cell(&mut self, row: &mut [usize], axis: usize) -> bool {
        let gains = self.table.gains(row, axis);
        let kept = row[axis];
        let mut best = kept;
        for value in self.dice.order(gains.len()) {
            if gains[value] < gains[best] || (gains[value] == gains[best] && best != kept) {
                continue;
            }
            row[axis] = value;
            if self.solver.accepts(row, axis) {
                best = value;
            }
        }
        row[axis] = best;
        gains[best] > gains[kept]
    }
}

/// A row under construction and what the constraints leave for its blank cells.
pub(super) struct Draft {
    pub(super) cells: Vec<usize>,
    region: Region,
}

impl Draft {
    /// Sets a blank cell if the draft can be completed with it; tells whether it can.
    pub(super) fn place(&mut self, solver: &Solver, axis: usize, value: usize) -> bool {
        if solver.constrains(axis) {
            let Some(region) = solver.narrow(&self.region, axis, value) else {
                return false;
            };
            self.region = region;
        }
        self.cells[axis] = value;
        true
    }
}

/// After so many rows the table forgets what is complete.
const FORGET_EVERY: usize = 64;
/// Table look-ups to spend on drafts, for each strength; shared among the rows.
const DRAFT_WORK: [usize; MAX_STRENGTH] = [10_000_000, 200_000_000, 1_000_000_000];
/// The fewest drafts per row: where triples are covered a row costs more than the scenario it saves.
const LEAST_DRAFTS: [usize; MAX_STRENGTH] = [3, 3, 1];
/// The most, however little they cost.
const MOST_DRAFTS: usize = 100;
/// A draft is polished until a pass over its axes gains nothing, at most this often. Of triples two
/// plain drafts cover more than one that is polished, and for less work.
const POLISH_PASSES: [usize; MAX_STRENGTH] = [4, 4, 0];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_a_row_costs_the_fewer_drafts_it_gets() {
        let drafts = |sizes: &[usize]| {
            let space = Space::new(sizes.to_vec(), Vec::new()).expect("without constraints");
            Generator::new(&space, 2, 1).drafts_per_row()
        };
        assert_eq!(drafts(&[4; 10]), 100);
        // 200,000,000 for 100 rows and 80 axes of 10 values with 79 others.
        assert_eq!(drafts(&[10; 80]), 31);
    }
}
