//! The generator's bookkeeping: what rows cover and what is missing.

use super::request::MAX_STRENGTH;
use super::solver::{Region, Solver};

/// Counts for every tuple of the strength how many rows cover it.
///
/// A tuple no row can cover is counted once from the start, so that zero means missing.
pub(super) struct Table {
    pub(super) sizes: Vec<usize>,
    pub(super) strength: usize,
    pub(super) combos: Vec<Combo>,
    /// For each axis the combos it is in.
    pub(super) links: Vec<Vec<Link>>,
    pub(super) counts: Vec<u32>,
    /// Which counts are zero.
    open: Bits,
    /// The number of missing tuples of each combo.
    missing_in: Vec<usize>,
    pub(super) missing: usize,
}

/// One bit for each count: the look-ups of a draft are many, and so these stay in the cache.
struct Bits(Vec<u64>);

impl Bits {
    fn ones(len: usize) -> Self {
        Self(vec![u64::MAX; len.div_ceil(64)])
    }

    /// 1 or 0.
    fn get(&self, index: usize) -> u32 {
        (self.0[index / 64] >> (index % 64) & 1) as u32
    }

    fn flip(&mut self, index: usize) {
        self.0[index / 64] ^= 1 << (index % 64);
    }
}

/// A set of axes and where the counts of its tuples are.
pub(super) struct Combo {
    /// Axes and the distance between counts of neighbouring values; the first `strength` matter.
    axes: [(usize, usize); MAX_STRENGTH],
    base: usize,
    pub(super) len: usize,
}

/// A combo seen from one of its axes.
pub(super) struct Link {
    combo: usize,
    stride: usize,
    /// The other axes and their strides; the first `strength - 1` matter.
    others: [(usize, usize); MAX_STRENGTH - 1],
    base: usize,
}

impl Table {
    pub(super) fn new(sizes: &[usize], strength: usize) -> Self {
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
        Self {
            sizes: sizes.to_vec(),
            strength,
            combos,
            links,
            counts: vec![0; total],
            open: Bits::ones(total),
            missing_in,
            missing: total,
        }
    }

    /// Takes out the tuples that no row allowed by the constraints contains.
    pub(super) fn strike_out(&mut self, solver: &Solver) {
        for combo in 0..self.combos.len() {
            let axes = &self.combos[combo].axes[..self.strength];
            if axes.iter().any(|&(axis, _)| solver.constrains(axis)) {
                self.strike_out_below(
                    solver,
                    combo,
                    0,
                    self.combos[combo].base,
                    Some(&solver.root),
                );
            }
        }
    }

    /// Takes out what is uncoverable among the tuples that start like the one at `index`.
    fn strike_out_below(
        &mut self,
        solver: &Solver,
        combo: usize,
        depth: usize,
        index: usize,
        left: Option<&Region>,
    ) {
        if depth == self.strength {
            if left.is_none() {
                self.increment(combo, index);
            }
            return;
        }
        let (axis, stride) = self.combos[combo].axes[depth];
        for value in 0..self.sizes[axis] {
            let next = left.and_then(|region| solver.narrow(region, axis, value));
            self.strike_out_below(
                solver,
                combo,
                depth + 1,
                index + value * stride,
                next.as_ref(),
            );
        }
    }

    /// Counts a row.
    pub(super) fn add(&mut self, row: &[usize]) {
        for combo in 0..self.combos.len() {
            self.increment(combo, self.combos[combo].index(row, self.strength));
        }
    }

    /// Counts a row no more.
    pub(super) fn remove(&mut self, row: &[usize]) {
        for combo in 0..self.combos.len() {
            self.decrement(combo, self.combos[combo].index(row, self.strength));
        }
    }

    /// Recounts for a row that is about to change in one cell.
    pub(super) fn change(&mut self, row: &[usize], axis: usize, value: usize) {
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
            self.open.flip(index);
        }
        self.counts[index] += 1;
    }

    fn decrement(&mut self, combo: usize, index: usize) {
        self.counts[index] -= 1;
        if self.counts[index] == 0 {
            self.missing_in[combo] += 1;
            self.missing += 1;
            self.open.flip(index);
        }
    }

    /// How many missing tuples a row would cover.
    pub(super) fn gain(&self, row: &[usize]) -> usize {
        self.count(row, 0)
    }

    /// How many tuples only this row of those counted covers.
    pub(super) fn sole(&self, row: &[usize]) -> usize {
        self.count(row, 1)
    }

    fn count(&self, row: &[usize], wanted: u32) -> usize {
        self.combos
            .iter()
            .filter(|combo| self.counts[combo.index(row, self.strength)] == wanted)
            .count()
    }

    /// For each value of the axis how many missing tuples it would cover with the cells that are
    /// not blank.
    pub(super) fn gains(&self, cells: &[usize], axis: usize) -> Vec<u32> {
        let mut gains = vec![0; self.sizes[axis]];
        for link in &self.links[axis] {
            if self.missing_in[link.combo] == 0 {
                continue;
            }
            let Some(start) = link.start(cells, self.strength) else {
                continue;
            };
            for (value, gain) in gains.iter_mut().enumerate() {
                *gain += self.open.get(start + value * link.stride);
            }
        }
        gains
    }

    /// How many more tuples the rows would cover if this one of them changed in one cell.
    pub(super) fn balance(&self, row: &[usize], axis: usize, value: usize) -> isize {
        let mut balance = 0;
        for link in &self.links[axis] {
            let start = link.start_in(row, self.strength);
            balance += isize::from(self.counts[start + value * link.stride] == 0);
            balance -= isize::from(self.counts[start + row[axis] * link.stride] == 1);
        }
        balance
    }

    /// The look-ups of one call of `gains`.
    pub(super) fn work(&self, axis: usize) -> usize {
        self.sizes[axis] * self.links[axis].len()
    }

    /// The number of combos with a missing tuple: no row gains more.
    pub(super) fn open_combos(&self) -> usize {
        self.missing_in
            .iter()
            .filter(|&&missing| missing > 0)
            .count()
    }

    /// The number of missing tuples of the combo that misses most.
    pub(super) fn most_missing(&self) -> usize {
        self.missing_in.iter().copied().max().unwrap_or(0)
    }

    /// The first combo, cyclically from `start`, whose number of missing tuples is wanted.
    pub(super) fn next_combo(&self, start: usize, wanted: impl Fn(usize) -> bool) -> usize {
        let count = self.combos.len();
        let combos = (start..count).chain(0..start);
        combos
            .into_iter()
            .find(|&combo| wanted(self.missing_in[combo]))
            .unwrap_or(start)
    }

    /// The first missing tuple of a combo, cyclically from its tuple `start`.
    pub(super) fn next_missing(&self, combo: usize, start: usize) -> Vec<(usize, usize)> {
        let Combo { axes, base, len } = self.combos[combo];
        let mut offsets = (start..len).chain(0..start);
        let offset = offsets
            .find(|offset| self.counts[base + offset] == 0)
            .unwrap_or(start);
        axes[..self.strength]
            .iter()
            .map(|&(axis, stride)| (axis, offset / stride % self.sizes[axis]))
            .collect()
    }
}

impl Combo {
    fn new(sizes: &[usize], axes: &[usize], base: usize) -> Self {
        let mut combo = Self {
            axes: [(0, 0); MAX_STRENGTH],
            base,
            len: 1,
        };
        for (slot, &axis) in combo.axes.iter_mut().zip(axes) {
            *slot = (axis, combo.len);
            combo.len *= sizes[axis];
        }
        combo
    }

    fn link(&self, combo: usize, own: usize) -> Link {
        let mut others = self.axes.to_vec();
        let (_, stride) = others.remove(own);
        Link {
            combo,
            stride,
            others: [others[0], others[1]],
            base: self.base,
        }
    }

    /// Where the tuple this row contains is counted.
    fn index(&self, row: &[usize], strength: usize) -> usize {
        self.axes[..strength]
            .iter()
            .fold(self.base, |index, &(axis, stride)| {
                index + row[axis] * stride
            })
    }
}

impl Link {
    /// Where the tuples of the other cells are counted, unless one of these is blank.
    fn start(&self, cells: &[usize], strength: usize) -> Option<usize> {
        let others = &self.others[..strength - 1];
        if others.iter().any(|&(axis, _)| cells[axis] == BLANK) {
            None
        } else {
            Some(self.start_in(cells, strength))
        }
    }

    fn start_in(&self, row: &[usize], strength: usize) -> usize {
        self.others[..strength - 1]
            .iter()
            .fold(self.base, |index, &(axis, stride)| {
                index + row[axis] * stride
            })
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

/// A cell that has no value yet.
pub(super) const BLANK: usize = usize::MAX;
