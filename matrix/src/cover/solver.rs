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
    domains: Domains,
    /// Part of the domains, within which all rows satisfy all rules.
    proof: Domains,
}

/// The values left for each axis, one bit each.
#[derive(Clone)]
struct Domains(Vec<u128>);

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
