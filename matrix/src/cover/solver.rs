//! The generator's knowledge of the constraints: unit propagation and splitting of domains.

use super::constraint::Constraint;
use super::space::{MAX_VALUES, Space};

/// Decides whether partial rows can be completed.
pub(super) struct Solver {
    rules: Vec<Vec<Term>>,
    /// For each axis the rules that name it.
    rules_of: Vec<Vec<usize>>,
    /// What the rules leave before any choice.
    pub(super) root: Region,
}

/// Domains and the proof that a row lies within them.
#[derive(Clone)]
pub(super) struct Region {
    pub(super) domains: Domains,
    /// Part of the domains, within which all rows satisfy all rules.
    proof: Domains,
}

/// The values left for each axis, one bit each.
#[derive(Clone)]
pub(super) struct Domains(Vec<u128>);

impl Domains {
    /// Whether an axis has a value left.
    pub(super) fn has(&self, axis: usize, value: usize) -> bool {
        self.0[axis] >> value & 1 == 1
    }

    /// Takes in the values that others have, and tells whether it then has all of the `wanted`.
    fn join(&mut self, others: &Self, wanted: &Self) -> bool {
        let mut missing = 0;
        for ((own, others), wanted) in self.0.iter_mut().zip(&others.0).zip(&wanted.0) {
            *own |= others;
            missing |= wanted & !*own;
        }
        missing == 0
    }
}

/// Parts of a space within which all rows satisfy all rules: what was found once is not searched for again.
pub(super) struct Proofs<'a> {
    solver: &'a Solver,
    found: Vec<Domains>,
}

impl<'a> Proofs<'a> {
    pub(super) fn new(solver: &'a Solver) -> Self {
        let mut proofs = Self {
            solver,
            found: Vec::new(),
        };
        let mut root = solver.root.proof.clone();
        proofs.widen(&mut root);
        proofs.found.push(root);
        proofs
    }

    /// What a choice for an axis leaves at most; `None` if no row.
    pub(super) fn after(&self, left: &Domains, axis: usize, value: usize) -> Option<Domains> {
        self.solver.restrict(left, axis, 1 << value)
    }

    /// The values with each of which some row has those of the tuple, for every axis from `first` on, where
    /// `left` is what the tuple leaves at most.
    pub(super) fn with(
        &mut self,
        tuple: &[(usize, usize)],
        left: &Domains,
        first: usize,
    ) -> Domains {
        let mut with = Domains(vec![0; left.0.len()]);
        for proof in &self.found {
            if tuple.iter().all(|&(axis, value)| proof.has(axis, value)) && with.join(proof, left) {
                return with;
            }
        }
        // No proof has the tuple: maybe there is none, which is then not found out for each value anew.
        if with.0.iter().all(|values| *values == 0)
            && !self.search(Some(left.clone()), left, &mut with)
        {
            return with;
        }
        for axis in first..left.0.len() {
            for value in 0..MAX_VALUES {
                if left.has(axis, value) && !with.has(axis, value) {
                    let after = self.after(left, axis, value);
                    self.search(after, left, &mut with);
                }
            }
        }
        with
    }

    /// Looks for a proof within some domains, and joins and keeps it; tells whether there is one.
    fn search(&mut self, within: Option<Domains>, left: &Domains, with: &mut Domains) -> bool {
        let Some(mut proof) = within.and_then(|domains| self.solver.solve(domains)) else {
            return false;
        };
        self.widen(&mut proof);
        with.join(&proof, left);
        self.found.push(proof);
        true
    }

    /// Puts in all values of an axis within which all rows still satisfy all rules, axis by axis. Another one
    /// comes first each time, so that not all proofs are wide in the same direction.
    fn widen(&self, proof: &mut Domains) {
        let axes = proof.0.len();
        for axis in (0..axes).map(|place| (place + self.found.len()) % axes) {
            let mut wide = self.solver.root.domains.0[axis];
            for &rule in &self.solver.rules_of[axis] {
                let terms = &self.solver.rules[rule];
                let apart = |term: &Term| proof.0[term.axis] & term.set == 0;
                if !terms.iter().any(|term| term.axis != axis && apart(term)) {
                    let own = terms.iter().filter(|term| term.axis == axis);
                    wide &= !own.fold(0, |set, term| set | term.set);
                }
            }
            proof.0[axis] = wide;
        }
    }
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
    pub(super) fn new(space: &Space) -> Self {
        let rules: Vec<Vec<Term>> = space.constraints().iter().map(terms).collect();
        let mut rules_of = vec![Vec::new(); space.sizes().len()];
        for (position, rule) in rules.iter().enumerate() {
            for term in rule {
                rules_of[term.axis].push(position);
            }
        }
        let full = Domains(
            space
                .sizes()
                .iter()
                .map(|&size| u128::MAX >> (MAX_VALUES - size))
                .collect(),
        );
        let mut solver = Self {
            rules,
            rules_of,
            root: Region {
                domains: full.clone(),
                proof: full,
            },
        };
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

    /// Whether any rule names the axis.
    pub(super) fn constrains(&self, axis: usize) -> bool {
        !self.rules_of[axis].is_empty()
    }

    /// Whether a complete row satisfies the rules that name the axis.
    pub(super) fn accepts(&self, row: &[usize], axis: usize) -> bool {
        let met = |term: &Term| term.set >> row[term.axis] & 1 == 1;
        !self.rules_of[axis]
            .iter()
            .any(|&rule| self.rules[rule].iter().all(met))
    }

    /// Whether a row that satisfies all rules does so after a change of one cell.
    pub(super) fn accepts_change(&self, row: &mut [usize], axis: usize, value: usize) -> bool {
        let kept = std::mem::replace(&mut row[axis], value);
        let accepted = self.accepts(row, axis);
        row[axis] = kept;
        accepted
    }

    /// What a choice for an axis leaves; `None` if no row.
    pub(super) fn narrow(&self, region: &Region, axis: usize, value: usize) -> Option<Region> {
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
            let Some(term) = self.open_term(&domains) else {
                return Some(domains);
            };
            pending.extend(self.restrict(&domains, term.axis, term.set));
            // Satisfies the rule, hence tried first.
            pending.extend(self.restrict(&domains, term.axis, !term.set));
        }
        None
    }

    fn open_term(&self, domains: &Domains) -> Option<&Term> {
        self.rules
            .iter()
            .find_map(|rule| match verdict(rule, domains) {
                Verdict::Open(term) => Some(term),
                _ => None,
            })
    }
}

fn terms(constraint: &Constraint) -> Vec<Term> {
    let bits = |set: &[usize]| set.iter().fold(0, |bits, value| bits | 1 << value);
    constraint
        .forbid
        .iter()
        .map(|(axis, set)| Term {
            axis: *axis,
            set: bits(set),
        })
        .collect()
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

#[cfg(test)]
mod tests {
    use super::super::tests::two_switches;
    use super::*;

    #[test]
    fn proofs_are_wide_and_hold_for_all_of_their_rows() {
        let space = two_switches();
        let solver = Solver::new(&space);
        let mut proofs = Proofs::new(&solver);
        let root = &solver.root.domains;
        for value in 0..2 {
            for other in 0..2 {
                let left = proofs.after(root, 0, value);
                let left = left.and_then(|left| proofs.after(&left, 1, other)).unwrap();
                let with = proofs.with(&[(0, value), (1, other)], &left, 2);
                let is_covered = (2..6).all(|axis| with.has(axis, 0) && with.has(axis, 1));
                assert_eq!(is_covered, (value, other) != (0, 0));
                assert_eq!(with.0[5] != 0, is_covered);
            }
        }
        for proof in &proofs.found {
            assert!(proof.0.iter().all(|values| *values != 0));
            // No row of the proof has a value for each term of a rule.
            let broken = |rule: &Vec<Term>| rule.iter().all(|it| proof.0[it.axis] & it.set != 0);
            assert!(!solver.rules.iter().any(broken));
            let mut again = proof.clone();
            proofs.widen(&mut again);
            assert_eq!(again.0, proof.0, "it was as wide as it can be");
        }
        assert!(proofs.found.len() < 5);
    }
}
