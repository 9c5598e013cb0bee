//! Covering arrays: few rows in which every combination of values on any `t` axes occurs.
//!
//! [`cover`] builds rows one at a time, each the best of several greedy drafts, after AETG
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

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand::rand_core::Rng;
use rand_chacha::ChaCha8Rng;

/// The highest supported strength.
pub const MAX_STRENGTH: usize = 3;
/// The most axes a [`Space`] may have.
pub const MAX_AXES: usize = 1024;
/// The most values an axis may have.
pub const MAX_VALUES: usize = 128;
/// The most tuples, over all sets of `strength` axes, that are worked on in one call.
pub const MAX_TUPLES: usize = 1 << 26;

/// Forbids every row whose value on each named axis lies in the named set.
///
/// Sets named for the same axis are intersected. An empty set forbids nothing; a constraint that
/// names no axis forbids everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    /// Pairs of an axis and the set of its values.
    pub forbid: Vec<(usize, Vec<usize>)>,
}

/// Axes with numbered values, and constraints on which values go together.
///
/// At least one row satisfies the constraints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
    sizes: Vec<usize>,
    constraints: Vec<Constraint>,
}

/// Why a [`Space`] cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpaceError {
    /// There are more than [`MAX_AXES`] axes.
    #[error("{axes} axes are more than the {MAX_AXES} supported")]
    TooManyAxes {
        /// How many there are.
        axes: usize,
    },
    /// An axis has no value, so no row exists.
    #[error("axis {axis} has no value")]
    EmptyAxis {
        /// The axis.
        axis: usize,
    },
    /// An axis has more than [`MAX_VALUES`] values.
    #[error("axis {axis} has {size} values, more than the {MAX_VALUES} supported")]
    TooManyValues {
        /// The axis.
        axis: usize,
        /// How many values it has.
        size: usize,
    },
    /// A constraint names an axis that does not exist.
    #[error("constraint {constraint} names axis {axis}, which does not exist")]
    NoSuchAxis {
        /// The constraint's position.
        constraint: usize,
        /// The axis it names.
        axis: usize,
    },
    /// A constraint names a value its axis does not have.
    #[error("constraint {constraint} names value {value}, which axis {axis} does not have")]
    NoSuchValue {
        /// The constraint's position.
        constraint: usize,
        /// The axis it names.
        axis: usize,
        /// The value it names.
        value: usize,
    },
    /// No row satisfies all constraints.
    #[error("the constraints contradict each other: no row satisfies them all")]
    Contradictory,
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

/// Values for some axes: pairs of axis and value, by ascending axis.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tuple(pub Vec<(usize, usize)>);

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

impl Space {
    /// A space whose axis `i` has the values `0..sizes[i]`.
    ///
    /// Decides by complete search whether the constraints leave any row. The search takes time
    /// exponential in the number of axes at worst.
    ///
    /// # Errors
    ///
    /// Fails if an axis is empty, a limit is exceeded, a constraint names what does not exist, or
    /// the constraints leave no row.
    pub fn new(sizes: Vec<usize>, constraints: Vec<Constraint>) -> Result<Self, SpaceError> {
        check_sizes(&sizes)?;
        for (position, constraint) in constraints.iter().enumerate() {
            check_constraint(&sizes, position, constraint)?;
        }
        let constraints = constraints.iter().map(Constraint::normalised).collect();
        let space = Self { sizes, constraints };
        if Completer::new(&space).any_row() { Ok(space) } else { Err(SpaceError::Contradictory) }
    }

    /// The number of values of each axis.
    pub fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    /// The constraints, each naming every axis once, axes and values ascending.
    pub fn constraints(&self) -> &[Constraint] {
        &self.constraints
    }

    /// Whether the row has one existing value for each axis.
    pub fn fits(&self, row: &[usize]) -> bool {
        row.len() == self.sizes.len() && row.iter().zip(&self.sizes).all(|(value, size)| value < size)
    }

    /// Whether the row fits and satisfies all constraints.
    pub fn allows(&self, row: &[usize]) -> bool {
        self.fits(row) && !self.constraints.iter().any(|constraint| constraint.forbids(row))
    }
}

impl Constraint {
    fn forbids(&self, row: &[usize]) -> bool {
        self.forbid.iter().all(|(axis, set)| set.contains(&row[*axis]))
    }

    fn normalised(&self) -> Self {
        let mut sets = BTreeMap::<usize, Vec<usize>>::new();
        for (axis, set) in &self.forbid {
            sets.entry(*axis)
                .and_modify(|known| known.retain(|value| set.contains(value)))
                .or_insert_with(|| set.clone());
        }
        for set in sets.values_mut() {
            set.sort_unstable();
            set.dedup();
        }
        Self { forbid: sets.into_iter().collect() }
    }
}

fn check_sizes(sizes: &[usize]) -> Result<(), SpaceError> {
    if sizes.len() > MAX_AXES {
        return Err(SpaceError::TooManyAxes { axes: sizes.len() });
    }
    for (axis, &size) in sizes.iter().enumerate() {
        if size == 0 {
            return Err(SpaceError::EmptyAxis { axis });
        }
        if size > MAX_VALUES {
            return Err(SpaceError::TooManyValues { axis, size });
        }
    }
    Ok(())
}

fn check_constraint(sizes: &[usize], position: usize, constraint: &Constraint) -> Result<(), SpaceError> {
    for (axis, set) in &constraint.forbid {
        let Some(&size) = sizes.get(*axis) else {
            return Err(SpaceError::NoSuchAxis { constraint: position, axis: *axis });
        };
        if let Some(&value) = set.iter().find(|&&value| value >= size) {
            return Err(SpaceError::NoSuchValue { constraint: position, axis: *axis, value });
        }
    }
    Ok(())
}

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
    let mut generator = Generator::new(space, strength, seed);
    for row in existing {
        generator.table.add(row);
    }
    // A row covers one tuple of each set of axes.
    let fewest = generator.table.most_missing();
    let mut rows = generator.grow();
    generator.shrink(&mut rows, fewest);
    Ok(rows)
}

/// Measures what the rows cover, independently of how they came about.
///
/// # Errors
///
/// Fails if the strength is out of range, the space has too many tuples, or a row does not fit
/// the space. A row that breaks a constraint is no error; it is reported and covers nothing.
pub fn coverage(space: &Space, strength: usize, rows: &[Vec<usize>]) -> Result<Coverage, CoverError> {
    check_request(space, strength, rows)?;
    let (allowed, forbidden): (Vec<usize>, Vec<usize>) =
        (0..rows.len()).partition(|&row| space.allows(&rows[row]));
    let mut census = Census {
        rows: allowed.into_iter().map(|row| rows[row].as_slice()).collect(),
        completer: Completer::new(space),
        found: Coverage { covered: 0, coverable: 0, uncovered: Vec::new(), forbidden_rows: forbidden },
    };
    census.visit(&mut Vec::new(), strength);
    Ok(census.found)
}

fn check_request(space: &Space, strength: usize, rows: &[Vec<usize>]) -> Result<(), CoverError> {
    let axes = space.sizes.len();
    if strength == 0 || strength > MAX_STRENGTH.min(axes) {
        return Err(CoverError::Strength { strength, axes });
    }
    if tuple_count(&space.sizes, strength).is_none_or(|count| count > MAX_TUPLES) {
        return Err(CoverError::TooManyTuples);
    }
    match rows.iter().position(|row| !space.fits(row)) {
        Some(row) => Err(CoverError::Misfit { row }),
        None => Ok(()),
    }
}

/// The sum over all sets of `strength` axes of the product of their sizes; `None` on overflow.
fn tuple_count(sizes: &[usize], strength: usize) -> Option<usize> {
    let mut sums = [1, 0, 0, 0];
    for &size in sizes {
        for order in (1..=strength).rev() {
            sums[order] = size.checked_mul(sums[order - 1])?.checked_add(sums[order])?;
        }
    }
    Some(sums[strength])
}

// The generator.

/// A cell of a draft that has no value yet.
const BLANK: usize = usize::MAX;
/// Table look-ups to spend on drafts; divided among the rows it gives the drafts per row.
const DRAFT_WORK: usize = 400_000_000;
/// Table look-ups to spend on dropping rows.
const SHRINK_WORK: usize = 100_000_000;
/// The least and the most drafts per row.
const DRAFTS: (usize, usize) = (3, 100);
/// A draft is polished until a pass over its axes gains nothing, at most this often.
const POLISH_PASSES: usize = 4;
/// For how many moves at most a cell that was changed stays as it is.
const TENURE: usize = 10;

struct Generator {
    solver: Solver,
    table: Table,
    dice: Dice,
}

/// A row under construction and what the constraints leave for its blank cells.
struct Draft {
    cells: Vec<usize>,
    region: Region,
}

/// A change of one cell of one row.
#[derive(Clone, Copy)]
struct Move {
    row: usize,
    axis: usize,
    value: usize,
}

impl Generator {
    fn new(space: &Space, strength: usize, seed: u64) -> Self {
        let solver = Solver::new(space);
        let mut table = Table::new(&space.sizes, strength);
        table.strike_out(&solver);
        Self { solver, table, dice: Dice::new(seed) }
    }

    /// Adds rows until nothing is missing.
    fn grow(&mut self) -> Vec<Vec<usize>> {
        let drafts = self.drafts_per_row();
        let mut rows = Vec::new();
        while self.table.missing > 0 {
            let row = self.best_draft(drafts);
            self.table.add(&row);
            rows.push(row);
        }
        rows
    }

    fn drafts_per_row(&self) -> usize {
        let mut sizes = self.table.sizes.clone();
        sizes.sort_unstable_by_key(|&size| std::cmp::Reverse(size));
        let rows: usize = sizes.iter().take(self.table.strength).product();
        let work: usize = (0..sizes.len()).map(|axis| self.table.work(axis)).sum();
        (DRAFT_WORK / rows.saturating_mul(work).max(1)).clamp(DRAFTS.0, DRAFTS.1)
    }

    fn best_draft(&mut self, drafts: usize) -> Vec<usize> {
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

    fn missing_tuple(&mut self, combo: usize) -> Vec<(usize, usize)> {
        let start = self.dice.below(self.table.combos[combo].len);
        self.table.next_missing(combo, start)
    }

    /// A draft that holds only the tuple, which must be coverable.
    fn start(&self, tuple: &[(usize, usize)]) -> Draft {
        let cells = vec![BLANK; self.table.sizes.len()];
        let mut draft = Draft { cells, region: self.solver.root.clone() };
        for &(axis, value) in tuple {
            let placed = self.solver.place(&mut draft, axis, value);
            debug_assert!(placed, "uncoverable tuples are struck out");
        }
        draft
    }

    /// Gives a blank cell the value that covers most of what is missing.
    fn fill(&mut self, draft: &mut Draft, axis: usize) {
        let gains = self.table.gains(&draft.cells, axis);
        let mut values = self.dice.order(gains.len());
        values.sort_by_key(|&value| std::cmp::Reverse(gains[value]));
        let placed = values.into_iter().any(|value| self.solver.place(draft, axis, value));
        debug_assert!(placed, "a draft can always be completed");
    }

    /// Changes single cells of a complete row while that covers more of what is missing.
    fn polish(&mut self, row: &mut [usize]) {
        for _ in 0..POLISH_PASSES {
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

    /// Drops rows while the others can be changed to cover all without them, down to `fewest`.
    fn shrink(&mut self, rows: &mut Vec<Vec<usize>>, fewest: usize) {
        let mut work = SHRINK_WORK;
        while rows.len() > fewest {
            let Some(spare) = self.most_dispensable(rows, &mut work) else { return };
            let complete = rows.clone();
            self.table.remove(&rows.swap_remove(spare));
            if !self.repair(rows, &mut work) {
                *rows = complete;
                return;
            }
        }
    }

    /// The row that alone covers the fewest tuples; `None` when there is no row or work left.
    fn most_dispensable(&self, rows: &[Vec<usize>], work: &mut usize) -> Option<usize> {
        *work = work.checked_sub(rows.len() * self.table.combos.len())?;
        (0..rows.len()).min_by_key(|&row| self.table.sole(&rows[row]))
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
            let Some((axis, value)) = only_difference(row, tuple) else { continue };
            if tabu(position, axis) || !self.solver.accepts_change(row, axis, value) {
                continue;
            }
            *work = work.saturating_sub(2 * self.table.links[axis].len());
            let balance = self.table.balance(row, axis, value);
            let step = Move { row: position, axis, value };
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
            if draft.cells[axis] == BLANK && !self.solver.place(&mut draft, axis, row[axis]) {
                self.fill(&mut draft, axis);
            }
        }
        *row = draft.cells;
        self.table.add(row);
    }
}

/// The one cell of the tuple that the row has not, if it is one.
fn only_difference(row: &[usize], tuple: &[(usize, usize)]) -> Option<(usize, usize)> {
    let mut differences = tuple.iter().filter(|&&(axis, value)| row[axis] != value);
    let first = differences.next().copied();
    if differences.next().is_none() { first } else { None }
}

/// Counts for every tuple of the strength how many rows cover it.
///
/// A tuple no row can cover is counted once from the start, so that zero means missing.
struct Table {
    sizes: Vec<usize>,
    strength: usize,
    combos: Vec<Combo>,
    /// For each axis the combos it is in.
    links: Vec<Vec<Link>>,
    counts: Vec<u32>,
    /// The number of missing tuples of each combo.
    missing_in: Vec<usize>,
    missing: usize,
}

/// A set of axes and where the counts of its tuples are.
struct Combo {
    /// Axes and the distance between counts of neighbouring values; the first `strength` matter.
    axes: [(usize, usize); MAX_STRENGTH],
    base: usize,
    len: usize,
}

/// A combo seen from one of its axes.
struct Link {
    combo: usize,
    stride: usize,
    /// The other axes and their strides; the first `strength - 1` matter.
    others: [(usize, usize); MAX_STRENGTH - 1],
    base: usize,
}

impl Table {
    fn new(sizes: &[usize], strength: usize) -> Self {
        let mut combos = Vec::new();
        let mut total = 0;
        for axes in axis_sets(sizes.len(), strength) {
            let combo = Combo::new(sizes, &axes, total);
            total += combo.len;
            combos.push(combo);
        }
        let mut links: Vec<Vec<Link>> = sizes.iter().map(|_| Vec::new()).collect();
        for (position, combo) in combos.iter().enumerate() {
            for own in 0..strength {
                links[combo.axes[own].0].push(combo.link(position, own));
            }
        }
        let missing_in = combos.iter().map(|combo| combo.len).collect();
        Self { sizes: sizes.to_vec(), strength, combos, links, counts: vec![0; total], missing_in, missing: total }
    }

    /// Takes out the tuples that no row allowed by the constraints contains.
    fn strike_out(&mut self, solver: &Solver) {
        for combo in 0..self.combos.len() {
            let axes = &self.combos[combo].axes[..self.strength];
            if axes.iter().any(|&(axis, _)| solver.constrains(axis)) {
                self.strike_out_below(solver, combo, 0, self.combos[combo].base, Some(&solver.root));
            }
        }
    }

    /// Takes out what is uncoverable among the tuples that start like the one at `index`.
    fn strike_out_below(&mut self, solver: &Solver, combo: usize, depth: usize, index: usize, left: Option<&Region>) {
        if depth == self.strength {
            if left.is_none() {
                self.increment(combo, index);
            }
            return;
        }
        let (axis, stride) = self.combos[combo].axes[depth];
        for value in 0..self.sizes[axis] {
            let next = left.and_then(|region| solver.narrow(region, axis, value));
            self.strike_out_below(solver, combo, depth + 1, index + value * stride, next.as_ref());
        }
    }

    fn add(&mut self, row: &[usize]) {
        for combo in 0..self.combos.len() {
            self.increment(combo, self.combos[combo].index(row, self.strength));
        }
    }

    fn remove(&mut self, row: &[usize]) {
        for combo in 0..self.combos.len() {
            self.decrement(combo, self.combos[combo].index(row, self.strength));
        }
    }

    /// Recounts for a row that is about to change in one cell.
    fn change(&mut self, row: &[usize], axis: usize, value: usize) {
        for link in 0..self.links[axis].len() {
            let Link { combo, stride, .. } = self.links[axis][link];
            let start = self.links[axis][link].start_in(row, self.strength);
            self.decrement(combo, start + stride * row[axis]);
            self.increment(combo, start + stride * value);
        }
    }

    fn increment(&mut self, combo: usize, index: usize) {
        if self.counts[index] == 0 {
            self.missing_in[combo] -= 1;
            self.missing -= 1;
        }
        self.counts[index] += 1;
    }

    fn decrement(&mut self, combo: usize, index: usize) {
        self.counts[index] -= 1;
        if self.counts[index] == 0 {
            self.missing_in[combo] += 1;
            self.missing += 1;
        }
    }

    /// How many missing tuples a row would cover.
    fn gain(&self, row: &[usize]) -> usize {
        self.count(row, 0)
    }

    /// How many tuples only this row of those counted covers.
    fn sole(&self, row: &[usize]) -> usize {
        self.count(row, 1)
    }

    fn count(&self, row: &[usize], wanted: u32) -> usize {
        self.combos.iter().filter(|combo| self.counts[combo.index(row, self.strength)] == wanted).count()
    }

    /// For each value of the axis how many missing tuples it would cover with the cells that are
    /// not blank.
    fn gains(&self, cells: &[usize], axis: usize) -> Vec<u32> {
        let mut gains = vec![0; self.sizes[axis]];
        for link in &self.links[axis] {
            if self.missing_in[link.combo] == 0 {
                continue;
            }
            let Some(start) = link.start(cells, self.strength) else { continue };
            for (value, gain) in gains.iter_mut().enumerate() {
                *gain += u32::from(self.counts[start + value * link.stride] == 0);
            }
        }
        gains
    }

    /// How many more tuples the rows would cover if this one of them changed in one cell.
    fn balance(&self, row: &[usize], axis: usize, value: usize) -> isize {
        let mut balance = 0;
        for link in &self.links[axis] {
            let start = link.start_in(row, self.strength);
            balance += isize::from(self.counts[start + value * link.stride] == 0);
            balance -= isize::from(self.counts[start + row[axis] * link.stride] == 1);
        }
        balance
    }

    /// The look-ups of one call of `gains`.
    fn work(&self, axis: usize) -> usize {
        self.sizes[axis] * self.links[axis].len()
    }

    /// The number of combos with a missing tuple: no row gains more.
    fn open_combos(&self) -> usize {
        self.missing_in.iter().filter(|&&missing| missing > 0).count()
    }

    /// The number of missing tuples of the combo that misses most.
    fn most_missing(&self) -> usize {
        self.missing_in.iter().copied().max().unwrap_or(0)
    }

    /// The first combo, cyclically from `start`, whose number of missing tuples is wanted.
    fn next_combo(&self, start: usize, wanted: impl Fn(usize) -> bool) -> usize {
        let count = self.combos.len();
        let combos = (start..count).chain(0..start);
        combos.into_iter().find(|&combo| wanted(self.missing_in[combo])).unwrap_or(start)
    }

    /// The first missing tuple of a combo, cyclically from its tuple `start`.
    fn next_missing(&self, combo: usize, start: usize) -> Vec<(usize, usize)> {
        let Combo { axes, base, len } = self.combos[combo];
        let mut offsets = (start..len).chain(0..start);
        let offset = offsets.find(|offset| self.counts[base + offset] == 0).unwrap_or(start);
        axes[..self.strength].iter().map(|&(axis, stride)| (axis, offset / stride % self.sizes[axis])).collect()
    }
}

impl Combo {
    fn new(sizes: &[usize], axes: &[usize], base: usize) -> Self {
        let mut combo = Self { axes: [(0, 0); MAX_STRENGTH], base, len: 1 };
        for (slot, &axis) in combo.axes.iter_mut().zip(axes) {
            *slot = (axis, combo.len);
            combo.len *= sizes[axis];
        }
        combo
    }

    fn link(&self, combo: usize, own: usize) -> Link {
        let mut others = self.axes.to_vec();
        let (_, stride) = others.remove(own);
        Link { combo, stride, others: [others[0], others[1]], base: self.base }
    }

    /// Where the tuple this row contains is counted.
    fn index(&self, row: &[usize], strength: usize) -> usize {
        self.axes[..strength].iter().fold(self.base, |index, &(axis, stride)| index + row[axis] * stride)
    }
}

impl Link {
    /// Where the tuples of the other cells are counted, unless one of these is blank.
    fn start(&self, cells: &[usize], strength: usize) -> Option<usize> {
        let others = &self.others[..strength - 1];
        if others.iter().any(|&(axis, _)| cells[axis] == BLANK) { None } else { Some(self.start_in(cells, strength)) }
    }

    fn start_in(&self, row: &[usize], strength: usize) -> usize {
        self.others[..strength - 1].iter().fold(self.base, |index, &(axis, stride)| index + row[axis] * stride)
    }
}

/// All ascending selections of `strength` of the axes `0..axes`.
fn axis_sets(axes: usize, strength: usize) -> Vec<Vec<usize>> {
    let mut sets = vec![Vec::new()];
    for _ in 0..strength {
        let longer = |set: &Vec<usize>| {
            let from = set.last().map_or(0, |last| last + 1);
            let set = set.clone();
            (from..axes).map(move |axis| [set.as_slice(), &[axis]].concat())
        };
        sets = sets.iter().flat_map(longer).collect();
    }
    sets
}

/// The values left for each axis, one bit each.
#[derive(Clone)]
struct Domains(Vec<u128>);

/// Domains and the proof that a row lies within them.
#[derive(Clone)]
struct Region {
    domains: Domains,
    /// Part of the domains, within which all rows satisfy all rules.
    proof: Domains,
}

/// Decides whether partial rows can be completed: unit propagation and splitting of domains.
struct Solver {
    rules: Vec<Vec<Term>>,
    /// For each axis the rules that name it.
    rules_of: Vec<Vec<usize>>,
    /// What the rules leave before any choice.
    root: Region,
}

/// An axis and a set of its values, one bit each. A row must not meet all terms of a rule.
struct Term {
    axis: usize,
    set: u128,
}

/// What domains say about a rule.
enum Verdict<'a> {
    Satisfied,
    Broken,
    /// All terms but this one are met for certain.
    Forces(&'a Term),
    /// This term and at least one other can go either way.
    Open(&'a Term),
}

impl Solver {
    fn new(space: &Space) -> Self {
        let rules: Vec<Vec<Term>> = space.constraints.iter().map(terms).collect();
        let mut rules_of = vec![Vec::new(); space.sizes.len()];
        for (position, rule) in rules.iter().enumerate() {
            for term in rule {
                rules_of[term.axis].push(position);
            }
        }
        let full = Domains(space.sizes.iter().map(|&size| u128::MAX >> (MAX_VALUES - size)).collect());
        let mut solver = Self { rules, rules_of, root: Region { domains: full.clone(), proof: full } };
        solver.settle_root();
        solver
    }

    /// Draws what follows from the rules alone.
    fn settle_root(&mut self) {
        let mut domains = self.root.domains.clone();
        let consistent = self.propagate(&mut domains, (0..self.rules_of.len()).collect());
        debug_assert!(consistent, "a space has a row");
        if let Some(proof) = self.solve(domains.clone()) {
            self.root = Region { domains, proof };
        }
    }

    fn constrains(&self, axis: usize) -> bool {
        !self.rules_of[axis].is_empty()
    }

    /// Whether a complete row satisfies the rules that name the axis.
    fn accepts(&self, row: &[usize], axis: usize) -> bool {
        let met = |term: &Term| term.set >> row[term.axis] & 1 == 1;
        !self.rules_of[axis].iter().any(|&rule| self.rules[rule].iter().all(met))
    }

    /// Whether a row that satisfies all rules does so after a change of one cell.
    fn accepts_change(&self, row: &mut [usize], axis: usize, value: usize) -> bool {
        let kept = std::mem::replace(&mut row[axis], value);
        let accepted = self.accepts(row, axis);
        row[axis] = kept;
        accepted
    }

    /// Sets a blank cell if the draft can be completed with it; tells whether it can.
    fn place(&self, draft: &mut Draft, axis: usize, value: usize) -> bool {
        if self.constrains(axis) {
            let Some(region) = self.narrow(&draft.region, axis, value) else { return false };
            draft.region = region;
        }
        draft.cells[axis] = value;
        true
    }

    /// What a choice for an axis leaves; `None` if no row.
    fn narrow(&self, region: &Region, axis: usize, value: usize) -> Option<Region> {
        let choice = 1 << value;
        let domains = self.restrict(&region.domains, axis, choice)?;
        let mut proof = region.proof.clone();
        proof.0[axis] &= choice;
        if proof.0[axis] == 0 {
            proof = self.solve(domains.clone())?;
        }
        Some(Region { domains, proof })
    }

    /// The domains with one of them cut to a set, and what follows; `None` on contradiction.
    fn restrict(&self, domains: &Domains, axis: usize, set: u128) -> Option<Domains> {
        if domains.0[axis] & set == 0 {
            return None;
        }
        let mut domains = domains.clone();
        domains.0[axis] &= set;
        self.propagate(&mut domains, vec![axis]).then_some(domains)
    }

    /// Draws what follows from changes of the given axes; tells whether no contradiction came up.
    fn propagate(&self, domains: &mut Domains, mut changed: Vec<usize>) -> bool {
        while let Some(axis) = changed.pop() {
            for &rule in &self.rules_of[axis] {
                match verdict(&self.rules[rule], domains) {
                    Verdict::Broken => return false,
                    Verdict::Forces(term) => {
                        domains.0[term.axis] &= !term.set;
                        changed.push(term.axis);
                    }
                    Verdict::Satisfied | Verdict::Open(_) => {}
                }
            }
        }
        true
    }

    /// A part of the domains within which all rows satisfy all rules, by depth-first search.
    fn solve(&self, domains: Domains) -> Option<Domains> {
        let mut pending = vec![domains];
        while let Some(domains) = pending.pop() {
            let Some(term) = self.open_term(&domains) else { return Some(domains) };
            pending.extend(self.restrict(&domains, term.axis, term.set));
            // Satisfies the rule, hence tried first.
            pending.extend(self.restrict(&domains, term.axis, !term.set));
        }
        None
    }

    fn open_term(&self, domains: &Domains) -> Option<&Term> {
        self.rules.iter().find_map(|rule| match verdict(rule, domains) {
            Verdict::Open(term) => Some(term),
            _ => None,
        })
    }
}

fn terms(constraint: &Constraint) -> Vec<Term> {
    let bits = |set: &[usize]| set.iter().fold(0, |bits, value| bits | 1 << value);
    constraint.forbid.iter().map(|(axis, set)| Term { axis: *axis, set: bits(set) }).collect()
}

fn verdict<'a>(rule: &'a [Term], domains: &Domains) -> Verdict<'a> {
    let mut undecided = None;
    let mut several = false;
    for term in rule {
        let domain = domains.0[term.axis];
        if domain & term.set == 0 {
            return Verdict::Satisfied;
        }
        if domain & !term.set != 0 {
            several = undecided.replace(term).is_some();
        }
    }
    match undecided {
        None => Verdict::Broken,
        Some(term) if several => Verdict::Open(term),
        Some(term) => Verdict::Forces(term),
    }
}

/// Random choices that depend on the seed alone, whatever the platform.
struct Dice(ChaCha8Rng);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number below the bound, or 0 for 0. The bias of at most 2^-32 per value does not matter.
    fn below(&mut self, bound: usize) -> usize {
        let wide = u128::from(self.0.next_u64()) * bound as u128;
        (wide >> 64) as usize
    }

    /// The numbers below `count` in random order.
    fn order(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            order.swap(last, self.below(last + 1));
        }
        order
    }
}

// The measurement. It must not use anything of the generator.

/// Goes through all sets of axes and adds up what the rows cover.
struct Census<'a> {
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
        for axis in from..self.completer.space.sizes.len() {
            axes.push(axis);
            self.visit(axes, more - 1);
            axes.pop();
        }
    }

    fn measure(&mut self, axes: &[usize]) {
        let sizes = &self.completer.space.sizes;
        let number = |row: &&[usize]| axes.iter().fold(0, |number, &axis| number * sizes[axis] + row[axis]);
        let mut seen = vec![false; axes.iter().map(|&axis| sizes[axis]).product()];
        for row in &self.rows {
            seen[number(row)] = true;
        }
        let mut values = vec![0; axes.len()];
        for seen in seen {
            self.judge(Tuple(axes.iter().copied().zip(values.iter().copied()).collect()), seen);
            advance(&mut values, axes, &self.completer.space.sizes);
        }
    }

    fn judge(&mut self, tuple: Tuple, seen: bool) {
        if seen {
            self.found.covered += 1;
            self.found.coverable += 1;
        } else if self.completer.completes(&tuple) {
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

/// Decides whether tuples can be completed into a row, and remembers it.
struct Completer<'a> {
    space: &'a Space,
    /// For each axis the constraints that name it.
    naming: Vec<Vec<usize>>,
    /// For each axis those that constraints tie it to, directly or not; empty if none names it.
    tied: Vec<Vec<usize>>,
    known: BTreeMap<Vec<(usize, usize)>, bool>,
}

impl<'a> Completer<'a> {
    fn new(space: &'a Space) -> Self {
        let mut naming = vec![Vec::new(); space.sizes.len()];
        for (position, constraint) in space.constraints.iter().enumerate() {
            for (axis, _) in &constraint.forbid {
                naming[*axis].push(position);
            }
        }
        let tied = (0..space.sizes.len()).map(|axis| tied_to(space, &naming, axis)).collect();
        Self { space, naming, tied, known: BTreeMap::new() }
    }

    fn any_row(&self) -> bool {
        let axes: Vec<usize> = (0..self.space.sizes.len()).filter(|&axis| !self.naming[axis].is_empty()).collect();
        Search::new(self).succeeds(&[], &axes)
    }

    /// Whether a row that satisfies all constraints contains the tuple.
    fn completes(&mut self, tuple: &Tuple) -> bool {
        let bound: Vec<(usize, usize)> =
            tuple.0.iter().copied().filter(|&(axis, _)| !self.naming[axis].is_empty()).collect();
        if bound.is_empty() {
            return true;
        }
        if let Some(&known) = self.known.get(&bound) {
            return known;
        }
        // The rest of the axes can be completed on their own: the space is not contradictory.
        let mut axes: Vec<usize> = bound.iter().flat_map(|&(axis, _)| self.tied[axis].iter().copied()).collect();
        axes.sort_unstable();
        axes.dedup();
        let answer = Search::new(self).succeeds(&bound, &axes);
        self.known.insert(bound, answer);
        answer
    }
}

fn tied_to(space: &Space, naming: &[Vec<usize>], axis: usize) -> Vec<usize> {
    let mut reached = vec![false; space.sizes.len()];
    let mut tied = Vec::new();
    let mut pending = vec![axis];
    while let Some(axis) = pending.pop() {
        if naming[axis].is_empty() || std::mem::replace(&mut reached[axis], true) {
            continue;
        }
        tied.push(axis);
        for &constraint in &naming[axis] {
            pending.extend(space.constraints[constraint].forbid.iter().map(|(axis, _)| *axis));
        }
    }
    tied
}

/// A backtracking search with forward checking for values that break no constraint.
struct Search<'a> {
    constraints: &'a [Constraint],
    naming: &'a [Vec<usize>],
    chosen: Vec<Option<usize>>,
    /// The values not ruled out yet, and how many these are.
    alive: Vec<Vec<bool>>,
    left: Vec<usize>,
    /// What was ruled out, in order, to take it back.
    trail: Vec<(usize, usize)>,
}

impl<'a> Search<'a> {
    fn new(completer: &'a Completer<'_>) -> Self {
        let sizes = &completer.space.sizes;
        Self {
            constraints: &completer.space.constraints,
            naming: &completer.naming,
            chosen: vec![None; sizes.len()],
            alive: sizes.iter().map(|&size| vec![true; size]).collect(),
            left: sizes.clone(),
            trail: Vec::new(),
        }
    }

    /// Whether the axes, closed under ties, can have values that include the fixed ones.
    fn succeeds(&mut self, fixed: &[(usize, usize)], axes: &[usize]) -> bool {
        (0..self.constraints.len()).all(|constraint| self.check(constraint))
            && fixed.iter().all(|&(axis, value)| self.choose(axis, value))
            && self.complete(axes)
    }

    fn complete(&mut self, axes: &[usize]) -> bool {
        let open = axes.iter().copied().filter(|&axis| self.chosen[axis].is_none());
        let Some(axis) = open.min_by_key(|&axis| self.left[axis]) else { return true };
        for value in 0..self.alive[axis].len() {
            let mark = self.trail.len();
            if self.choose(axis, value) && self.complete(axes) {
                return true;
            }
            self.take_back(axis, mark);
        }
        false
    }

    /// Gives an axis a value; tells whether no constraint is broken and every axis has a value left.
    fn choose(&mut self, axis: usize, value: usize) -> bool {
        if !self.alive[axis][value] {
            return false;
        }
        self.chosen[axis] = Some(value);
        let naming = self.naming;
        naming[axis].iter().all(|&constraint| self.check(constraint))
    }

    /// Rules out the values of the only open axis of a constraint that would break it.
    fn check(&mut self, constraint: usize) -> bool {
        let constraints = self.constraints;
        let mut open = None;
        for (axis, set) in &constraints[constraint].forbid {
            match self.chosen[*axis] {
                Some(value) if set.contains(&value) => {}
                None if open.is_none() => open = Some((*axis, set)),
                _ => return true,
            }
        }
        let Some((axis, set)) = open else { return false };
        for &value in set {
            self.rule_out(axis, value);
        }
        self.left[axis] > 0
    }

    fn rule_out(&mut self, axis: usize, value: usize) {
        if std::mem::replace(&mut self.alive[axis][value], false) {
            self.left[axis] -= 1;
            self.trail.push((axis, value));
        }
    }

    fn take_back(&mut self, axis: usize, mark: usize) {
        self.chosen[axis] = None;
        for (axis, value) in self.trail.drain(mark..) {
            self.alive[axis][value] = true;
            self.left[axis] += 1;
        }
    }
}
