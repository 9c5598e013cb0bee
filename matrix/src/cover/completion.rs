//! Whether some row satisfies the constraints: the complete search of spaces and of the
//! measurement. The generator must not use it: it has its own, in `solver`.

use std::collections::BTreeMap;

use super::constraint::Constraint;

/// Decides whether tuples can be completed into a row, and remembers it.
pub(super) struct Completer<'a> {
    sizes: &'a [usize],
    constraints: &'a [Constraint],
    /// For each axis the constraints that name it.
    naming: Vec<Vec<usize>>,
    /// For each axis those that constraints tie it to, directly or not; empty if none names it.
    tied: Vec<Vec<usize>>,
    known: BTreeMap<Vec<(usize, usize)>, bool>,
}

impl<'a> Completer<'a> {
    pub(super) fn new(sizes: &'a [usize], constraints: &'a [Constraint]) -> Self {
        let mut naming = vec![Vec::new(); sizes.len()];
        for (position, constraint) in constraints.iter().enumerate() {
            for (axis, _) in &constraint.forbid {
                naming[*axis].push(position);
            }
        }
        let tied = (0..sizes.len())
            .map(|axis| tied_to(constraints, &naming, axis))
            .collect();
        Self {
            sizes,
            constraints,
            naming,
            tied,
            known: BTreeMap::new(),
        }
    }

    /// Whether any row satisfies all constraints.
    pub(super) fn any_row(&self) -> bool {
        let axes: Vec<usize> = (0..self.sizes.len())
            .filter(|&axis| !self.naming[axis].is_empty())
            .collect();
        Search::new(self).succeeds(&[], &axes)
    }

    /// Whether a row that satisfies all constraints contains the tuple. Some row must satisfy them.
    pub(super) fn completes(&mut self, tuple: &[(usize, usize)]) -> bool {
        let bound: Vec<(usize, usize)> = tuple
            .iter()
            .copied()
            .filter(|&(axis, _)| !self.naming[axis].is_empty())
            .collect();
        if bound.is_empty() {
            return true;
        }
        if let Some(&known) = self.known.get(&bound) {
            return known;
        }
        // Most that cannot be has a part that cannot be, and is not worth remembering.
        if bound.len() > 2 {
            let mut part = bound.clone();
            for (place, left_out) in bound.iter().enumerate() {
                part.remove(place);
                if !self.completes(&part) {
                    return false;
                }
                part.insert(place, *left_out);
            }
        }
        // The rest of the axes can be completed on their own: some row satisfies all constraints.
        let mut axes: Vec<usize> = bound
            .iter()
            .flat_map(|&(axis, _)| self.tied[axis].iter().copied())
            .collect();
        axes.sort_unstable();
        axes.dedup();
        let answer = Search::new(self).succeeds(&bound, &axes);
        self.known.insert(bound, answer);
        answer
    }
}

fn tied_to(constraints: &[Constraint], naming: &[Vec<usize>], axis: usize) -> Vec<usize> {
    let mut reached = vec![false; naming.len()];
    let mut tied = Vec::new();
    let mut pending = vec![axis];
    while let Some(axis) = pending.pop() {
        if naming[axis].is_empty() || std::mem::replace(&mut reached[axis], true) {
            continue;
        }
        tied.push(axis);
        for &constraint in &naming[axis] {
            pending.extend(constraints[constraint].forbid.iter().map(|(axis, _)| *axis));
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
        let sizes = completer.sizes;
        Self {
            constraints: completer.constraints,
            naming: &completer.naming,
            chosen: vec![None; sizes.len()],
            alive: sizes.iter().map(|&size| vec![true; size]).collect(),
            left: sizes.to_vec(),
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
        let open = axes
            .iter()
            .copied()
            .filter(|&axis| self.chosen[axis].is_none());
        let Some(axis) = open.min_by_key(|&axis| self.left[axis]) else {
            return true;
        };
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
        naming[axis]
            .iter()
            .all(|&constraint| self.check(constraint))
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
        let Some((axis, set)) = open else {
            return false;
        };
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
