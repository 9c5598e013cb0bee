//! The generator's bookkeeping: what rows cover and what is missing.

use std::ops::Range;

use super::request::MAX_STRENGTH;
use super::solver::{Domains, Proofs, Solver};

/// Knows for every tuple of the strength whether it is missing, and counts how many rows cover it.
///
/// A tuple no row can cover is counted once from the start. While rows are added one at a time they may be noted
/// only, with [`Table::cover`]; what asks for counts, or for all links, wants [`Table::count_all`] before.
pub(super) struct Table {
    pub(super) sizes: Vec<usize>,
    pub(super) strength: usize,
    pub(super) combos: Vec<Combo>,
    /// For each axis the combos it is in, but for those that were forgotten.
    pub(super) links: Vec<Vec<Link>>,
    /// By how many rows each tuple is covered, of those that were counted.
    pub(super) counts: Vec<u32>,
    /// Which tuples are missing: no row was counted or noted for them.
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
        let missing_in = combos.iter().map(|combo| combo.len).collect();
        Self {
            sizes: sizes.to_vec(),
            strength,
            links: links(sizes.len(), strength, &combos),
            combos,
            counts: vec![0; total],
            open: Bits::ones(total),
            missing_in,
            missing: total,
        }
    }

    /// Takes out the tuples that no row allowed by the constraints contains.
    pub(super) fn strike_out(&mut self, solver: &Solver) {
        let mut proofs = Proofs::new(solver);
        let inner = self.strength - 1;
        // Those that differ in their last axis are next to each other.
        let alike = |one: &Combo, next: &Combo| one.axes[..inner] == next.axes[..inner];
        let lengths: Vec<_> = self.combos.chunk_by(alike).map(<[_]>::len).collect();
        let mut from = 0;
        for length in lengths {
            let combos = from..from + length;
            from = combos.end;
            let left = Some(solver.root.domains.clone());
            self.strike_out_below(&mut proofs, combos, &mut Vec::new(), 0, left);
        }
    }

    /// Takes out what is uncoverable among the tuples of some combos that differ in their last axis, and
    /// that start with `tuple`, so far into each combo; `left` is what that leaves, if anything.
    fn strike_out_below(
        &mut self,
        proofs: &mut Proofs<'_>,
        combos: Range<usize>,
        tuple: &mut Vec<(usize, usize)>,
        offset: usize,
        left: Option<Domains>,
    ) {
        let depth = tuple.len();
        let (axis, stride) = self.combos[combos.start].axes[depth];
        if depth + 1 < self.strength {
            for value in 0..self.sizes[axis] {
                let next = left
                    .as_ref()
                    .and_then(|left| proofs.after(left, axis, value));
                tuple.push((axis, value));
                let offset = offset + value * stride;
                self.strike_out_below(proofs, combos.clone(), tuple, offset, next);
                tuple.pop();
            }
            return;
        }
        let with = left.map(|left| proofs.with(tuple, &left, axis));
        for combo in combos {
            let (axis, stride) = self.combos[combo].axes[depth];
            for value in 0..self.sizes[axis] {
                if !with.as_ref().is_some_and(|with| with.has(axis, value)) {
                    let base = self.combos[combo].base;
                    self.increment(combo, base + offset + value * stride);
                }
            }
        }
    }

    /// Notes what a row covers, without counting it: for a row of many, [`Self::count_all`] does that.
    pub(super) fn cover(&mut self, row: &[usize]) {
        for (combo, missing) in self.combos.iter().zip(&mut self.missing_in) {
            if *missing > 0 {
                let index = combo.index(row, self.strength);
                if self.open.get(index) == 1 {
                    self.open.flip(index);
                    *missing -= 1;
                    self.missing -= 1;
                }
            }
        }
    }

    /// Forgets of complete combos that axes are in them: whoever adds rows one at a time looks at the others
    /// only, and these become few.
    pub(super) fn forget_complete(&mut self) {
        for links in &mut self.links {
            links.retain(|link| self.missing_in[link.combo] > 0);
        }
    }

    /// Counts rows that were noted, all at once, so that the counts of each combo stay in the cache; and
    /// knows all combos again.
    pub(super) fn count_all(&mut self, rows: &[Vec<usize>]) {
        let byte = |value: usize| u8::try_from(value).expect("a value is below MAX_VALUES");
        let columns: Vec<Vec<u8>> = (0..self.sizes.len())
            .map(|axis| rows.iter().map(|row| byte(row[axis])).collect())
            .collect();
        let mut indices = [0; BLOCK];
        for combo in &self.combos {
            for from in (0..rows.len()).step_by(BLOCK) {
                let to = rows.len().min(from + BLOCK);
                let indices = &mut indices[..to - from];
                indices.fill(combo.base);
                for &(axis, stride) in &combo.axes[..self.strength] {
                    for (index, value) in indices.iter_mut().zip(&columns[axis][from..to]) {
                        *index += usize::from(*value) * stride;
                    }
                }
                for index in indices {
                    self.counts[*index] += 1;
                }
            }
        }
        self.links = links(self.sizes.len(), self.strength, &self.combos);
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
        self.indices(row)
            .filter(|&index| self.open.get(index) == 1)
            .count()
    }

    /// How many tuples only this row of those counted covers.
    pub(super) fn sole(&self, row: &[usize]) -> usize {
        self.indices(row)
            .filter(|&index| self.counts[index] == 1)
            .count()
    }

    /// Where the tuples of a row are counted.
    fn indices(&self, row: &[usize]) -> impl Iterator<Item = usize> {
        self.combos
            .iter()
            .map(|combo| combo.index(row, self.strength))
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
            .find(|offset| self.open.get(base + offset) == 1)
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

/// For each axis the combos it is in.
fn links(axes: usize, strength: usize, combos: &[Combo]) -> Vec<Vec<Link>> {
    let mut links: Vec<Vec<Link>> = (0..axes).map(|_| Vec::new()).collect();
    for (position, combo) in combos.iter().enumerate() {
        for own in 0..strength {
            links[combo.axes[own].0].push(combo.link(position, own));
        }
    }
    links
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

/// How many rows are counted together.
const BLOCK: usize = 1024;
/// A cell that has no value yet.
pub(super) const BLANK: usize = usize::MAX;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_counted_all_at_once_count_like_one_after_the_other() {
        let sizes = [3, 2, 4, 1, 2];
        let row = |number: usize| -> Vec<usize> {
            let turned = |(axis, size): (usize, &usize)| (number >> axis) % size;
            sizes.iter().enumerate().map(turned).collect()
        };
        // More than one block, and a part of one.
        let rows: Vec<_> = (0..BLOCK + 3).map(row).collect();
        for strength in 1..=MAX_STRENGTH {
            let mut one_by_one = Table::new(&sizes, strength);
            let mut all_at_once = Table::new(&sizes, strength);
            for row in &rows {
                one_by_one.add(row);
                all_at_once.cover(row);
                all_at_once.forget_complete();
            }
            all_at_once.count_all(&rows);
            assert_eq!(all_at_once.counts, one_by_one.counts);
            assert_eq!(all_at_once.open.0, one_by_one.open.0);
            assert_eq!(all_at_once.missing_in, one_by_one.missing_in);
            assert_eq!(all_at_once.missing, one_by_one.missing);
            let known = |table: &Table| table.links.iter().map(Vec::len).collect::<Vec<_>>();
            assert_eq!(known(&all_at_once), known(&one_by_one));
        }
    }
}
