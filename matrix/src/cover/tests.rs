//! The generator against the measurement, and both against the full product.

use std::collections::BTreeSet;

use super::dice::Dice;
use super::*;

fn space(sizes: &[usize], constraints: &[&[(usize, &[usize])]]) -> Space {
    Space::new(
        sizes.to_vec(),
        constraints.iter().map(|terms| constraint(terms)).collect(),
    )
    .unwrap()
}

fn constraint(terms: &[(usize, &[usize])]) -> Constraint {
    Constraint {
        forbid: terms
            .iter()
            .map(|(axis, set)| (*axis, set.to_vec()))
            .collect(),
    }
}

/// Sizes from pairs of a size and how many axes have it.
fn model(parts: &[(usize, usize)]) -> Vec<usize> {
    parts
        .iter()
        .flat_map(|&(size, axes)| vec![size; axes])
        .collect()
}

/// A space with random constraints of one to three axes; none if these are contradictory.
fn random_space(seed: u64) -> Result<Space, SpaceError> {
    let mut dice = Dice::new(seed);
    let sizes: Vec<usize> = (0..4 + dice.below(3)).map(|_| 1 + dice.below(4)).collect();
    let constraints = (0..dice.below(14))
        .map(|_| random_constraint(&sizes, &mut dice))
        .collect();
    Space::new(sizes, constraints)
}

fn random_constraint(sizes: &[usize], dice: &mut Dice) -> Constraint {
    let terms = 1 + usize::from(dice.below(8) > 0) + dice.below(2);
    let mut forbid = Vec::new();
    for axis in dice.order(sizes.len()).into_iter().take(terms) {
        let set = dice
            .order(sizes[axis])
            .into_iter()
            .take(1 + dice.below(2))
            .collect();
        forbid.push((axis, set));
    }
    Constraint { forbid }
}

/// All rows of the full product that satisfy the constraints, by nothing but their definition.
fn all_rows(sizes: &[usize], constraints: &[Constraint]) -> Vec<Vec<usize>> {
    let mut rows = vec![Vec::new()];
    for &size in sizes {
        rows = rows
            .iter()
            .flat_map(|row| (0..size).map(move |value| [row.as_slice(), &[value]].concat()))
            .collect();
    }
    let broken = |row: &[usize], rule: &Constraint| {
        rule.forbid
            .iter()
            .all(|(axis, set)| set.contains(&row[*axis]))
    };
    rows.retain(|row| !constraints.iter().any(|rule| broken(row, rule)));
    rows
}

fn tuples_of(row: &[usize], strength: usize) -> BTreeSet<Tuple> {
    let cells: Vec<(usize, usize)> = row.iter().copied().enumerate().collect();
    (0_u32..1 << row.len())
        .filter(|chosen| chosen.count_ones() as usize == strength)
        .map(|chosen| {
            Tuple(
                cells
                    .iter()
                    .copied()
                    .filter(|(axis, _)| chosen >> axis & 1 == 1)
                    .collect(),
            )
        })
        .collect()
}

fn tuples_of_all(rows: &[Vec<usize>], strength: usize) -> BTreeSet<Tuple> {
    rows.iter()
        .flat_map(|row| tuples_of(row, strength))
        .collect()
}

#[track_caller]
fn assert_covers(space: &Space, strength: usize, rows: &[Vec<usize>]) {
    assert!(rows.iter().all(|row| space.allows(row)));
    let found = coverage(space, strength, rows).unwrap();
    assert_eq!(found.uncovered, []);
    assert_eq!(found.forbidden_rows, [0; 0]);
    assert_eq!(found.covered, found.coverable);
}

/// Covers the model at strength 2 and returns the number of rows.
#[track_caller]
fn pairwise_rows(parts: &[(usize, usize)]) -> usize {
    let space = space(&model(parts), &[]);
    let rows = cover(&space, 2, 1).unwrap();
    assert_covers(&space, 2, &rows);
    rows.len()
}

#[test]
fn covers_without_constraints_at_every_strength() {
    let space = space(&[5, 2, 3, 1, 4], &[]);
    for (strength, coverable) in [(1, 15), (2, 85), (3, 225)] {
        let rows = cover(&space, strength, 7).unwrap();
        assert_covers(&space, strength, &rows);
        assert_eq!(
            coverage(&space, strength, &rows).unwrap().covered,
            coverable
        );
    }
}

#[test]
fn strength_1_takes_as_many_rows_as_the_largest_axis_has_values() {
    assert_eq!(cover(&space(&[2, 7, 3], &[]), 1, 0).unwrap().len(), 7);
}

#[test]
fn strength_equal_to_the_number_of_axes_takes_the_full_product() {
    let space = space(&[3, 2, 4], &[&[(0, &[1]), (2, &[0, 3])]]);
    let mut rows = cover(&space, 3, 0).unwrap();
    rows.sort();
    assert_eq!(rows, all_rows(&[3, 2, 4], space.constraints()));
}

#[test]
fn covers_with_constraints_and_obeys_them() {
    let rules: &[&[(usize, &[usize])]] = &[
        &[(0, &[0, 1]), (1, &[2])],
        &[(1, &[0]), (2, &[1]), (4, &[0, 2])],
        &[(3, &[3])],
        &[(5, &[0]), (0, &[4])],
    ];
    let space = space(&[5, 3, 3, 4, 3, 2, 6], rules);
    for strength in 1..=3 {
        let rows = cover(&space, strength, 3).unwrap();
        assert_covers(&space, strength, &rows);
    }
}

#[test]
fn recognises_a_tuple_that_is_uncoverable_by_implication() {
    // 0=0 implies 1=1, which implies 2=1: so 0=0 with 2=0 is not forbidden, yet impossible.
    let space = space(
        &[2, 2, 2],
        &[&[(0, &[0]), (1, &[0])], &[(1, &[1]), (2, &[0])]],
    );
    let found = coverage(&space, 2, &[]).unwrap();
    assert!(!found.uncovered.contains(&Tuple(vec![(0, 0), (2, 0)])));
    assert_eq!(found.coverable, 12 - 3);
    assert_covers(&space, 2, &cover(&space, 2, 0).unwrap());
}

#[test]
fn recognises_a_tuple_only_search_finds_uncoverable() {
    // With 0=0 the axes 1, 2 and 3 would need three different values of two.
    let mut rules = Vec::new();
    for (one, other) in [(1, 2), (1, 3), (2, 3)] {
        for value in 0..2 {
            rules.push(Constraint {
                forbid: vec![(0, vec![0]), (one, vec![value]), (other, vec![value])],
            });
        }
    }
    let space = Space::new(vec![2, 2, 2, 2, 3], rules).unwrap();
    let found = coverage(&space, 1, &[]).unwrap();
    assert_eq!(found.coverable, 10);
    assert!(!found.uncovered.contains(&Tuple(vec![(0, 0)])));
    for strength in 1..=3 {
        let rows = cover(&space, strength, 0).unwrap();
        assert_covers(&space, strength, &rows);
    }
}

#[test]
fn recognises_a_pair_only_search_finds_uncoverable() {
    let space = two_switches();
    let found = coverage(&space, 2, &[]).unwrap();
    assert!(!found.uncovered.contains(&Tuple(vec![(0, 0), (1, 0)])));
    assert!(found.uncovered.contains(&Tuple(vec![(0, 0), (1, 1)])));
    for strength in 2..=3 {
        let rows = cover(&space, strength, 0).unwrap();
        assert_covers(&space, strength, &rows);
    }
}

/// With 0=0 and 1=0 the axes 2, 3 and 4 would need three different values of two.
pub(super) fn two_switches() -> Space {
    let mut rules = Vec::new();
    for (one, other) in [(2, 3), (2, 4), (3, 4)] {
        for value in 0..2 {
            let switched = vec![(0, vec![0]), (1, vec![0])];
            let same = vec![(one, vec![value]), (other, vec![value])];
            rules.push(Constraint {
                forbid: [switched, same].concat(),
            });
        }
    }
    Space::new(vec![2, 2, 2, 2, 2, 3], rules).unwrap()
}

#[test]
fn coverable_tuples_are_those_of_the_full_product() {
    let mut constrained = 0;
    for seed in 0..60 {
        let Ok(space) = random_space(seed) else {
            continue;
        };
        constrained += usize::from(!space.constraints().is_empty());
        let full = all_rows(space.sizes(), space.constraints());
        for strength in 1..=3 {
            let expected = tuples_of_all(&full, strength);
            let found = coverage(&space, strength, &[]).unwrap();
            assert_eq!(
                found.uncovered.into_iter().collect::<BTreeSet<_>>(),
                expected,
                "seed {seed}"
            );
            let rows = cover(&space, strength, seed).unwrap();
            assert!(rows.iter().all(|row| full.contains(row)), "seed {seed}");
            assert_eq!(tuples_of_all(&rows, strength), expected, "seed {seed}");
        }
    }
    assert!(constrained > 20, "{constrained}");
}

#[test]
fn contradiction_is_found_exactly_when_the_full_product_is_empty() {
    let mut contradictory = 0;
    for seed in 0..300 {
        let mut dice = Dice::new(seed);
        let sizes = vec![2, 2, 3, 2];
        let rules: Vec<Constraint> = (0..8)
            .map(|_| random_constraint(&sizes, &mut dice))
            .collect();
        let empty = all_rows(&sizes, &rules).is_empty();
        contradictory += usize::from(empty);
        assert_eq!(
            Space::new(sizes, rules).err(),
            empty.then_some(SpaceError::Contradictory),
            "seed {seed}"
        );
    }
    assert!((30..270).contains(&contradictory), "{contradictory}");
}

#[test]
fn rows_depend_on_the_arguments_alone() {
    let space = space(&model(&[(4, 3), (3, 4)]), &[&[(0, &[1]), (3, &[2])]]);
    assert_eq!(cover(&space, 2, 5).unwrap(), cover(&space, 2, 5).unwrap());
    assert_ne!(cover(&space, 2, 5).unwrap(), cover(&space, 2, 6).unwrap());
}

#[test]
fn rows_stay_the_same_on_every_platform() {
    let rows = cover(&space(&[2, 2, 2], &[]), 2, 0).unwrap();
    assert_eq!(rows, [[1, 0, 1], [1, 1, 0], [0, 1, 1], [0, 0, 0]]);
}

/// The same for spaces in which every part of the search has something to do.
#[test]
fn rows_of_larger_spaces_stay_the_same() {
    let sizes = model(&[(4, 3), (3, 4), (2, 3)]);
    let free = space(&sizes, &[]);
    let constrained = space(
        &sizes,
        &[
            &[(0, &[1, 2]), (3, &[2])],
            &[(1, &[0]), (4, &[1]), (7, &[0])],
            &[(2, &[3]), (9, &[1])],
            &[(5, &[0]), (6, &[0, 2])],
        ],
    );
    let print = |rows: Vec<Vec<usize>>| (rows.len(), fingerprint(&rows));
    let existing = cover(&constrained, 1, 3).unwrap();
    assert_eq!(
        [
            print(cover(&free, 2, 1).unwrap()),
            print(cover(&constrained, 2, 1).unwrap()),
            print(cover(&constrained, 3, 2).unwrap()),
            print(extend(&constrained, 2, 4, &existing).unwrap()),
        ],
        [
            (16, 0x4120_6575_0711_16b4),
            (16, 0x02f3_dc25_4cd5_2067),
            (70, 0x0e49_0427_48b7_65b1),
            (13, 0x2e4e_403b_e08b_cad3)
        ]
    );
}

/// Dead ends and ties come up seldom: the same for many small spaces, with few rows to change.
#[test]
fn rows_of_many_spaces_stay_the_same() {
    let shapes = [
        (model(&[(6, 2), (2, 6)]), 2),
        (model(&[(5, 1), (4, 2), (2, 4)]), 2),
        (model(&[(3, 4), (2, 2)]), 3),
        (model(&[(3, 9)]), 2),
    ];
    let rules: [&[(usize, &[usize])]; 3] = [
        &[(0, &[0, 2]), (2, &[1])],
        &[(1, &[2]), (3, &[0]), (5, &[1])],
        &[(0, &[1]), (4, &[0]), (5, &[0])],
    ];
    let mut rows = Vec::new();
    for (sizes, strength) in &shapes {
        for rules in [&[][..], &rules] {
            let space = space(sizes, rules);
            for seed in 0..4 {
                rows.extend(cover(&space, *strength, seed).unwrap());
            }
        }
    }
    assert_eq!(
        (rows.len(), fingerprint(&rows)),
        (808, 0x427f_5f65_46bc_2af9)
    );
}

/// FNV-1a over all values.
fn fingerprint(rows: &[Vec<usize>]) -> u64 {
    rows.iter()
        .flatten()
        .fold(0xcbf2_9ce4_8422_2325, |hash, value| {
            (hash ^ *value as u64).wrapping_mul(0x0000_0100_0000_01b3)
        })
}

#[test]
fn a_dropped_row_leaves_exactly_its_own_tuples_uncovered() {
    let space = space(
        &model(&[(3, 5), (2, 3)]),
        &[&[(0, &[0]), (5, &[1])], &[(1, &[2]), (2, &[0, 1])]],
    );
    for strength in 1..=3 {
        let rows = cover(&space, strength, 11).unwrap();
        for dropped in 0..rows.len() {
            let mut rest = rows.clone();
            let row = rest.remove(dropped);
            let elsewhere = tuples_of_all(&rest, strength);
            let lost: Vec<Tuple> = tuples_of(&row, strength)
                .difference(&elsewhere)
                .cloned()
                .collect();
            let mut uncovered = coverage(&space, strength, &rest).unwrap().uncovered;
            uncovered.sort();
            assert_eq!(uncovered, lost);
        }
    }
}

#[test]
fn a_forbidden_row_covers_nothing_and_is_reported() {
    let space = space(&[2, 2], &[&[(0, &[1]), (1, &[1])]]);
    let found = coverage(&space, 1, &[vec![0, 0], vec![1, 1]]).unwrap();
    assert_eq!(found.forbidden_rows, [1]);
    assert_eq!((found.covered, found.coverable), (2, 4));
    assert_eq!(found.uncovered, [Tuple(vec![(0, 1)]), Tuple(vec![(1, 1)])]);
}

#[test]
fn uncovered_tuples_ascend_by_axes_then_values() {
    let found = coverage(&space(&[2, 1, 2], &[]), 2, &[]).unwrap();
    let cells = |tuple: &Tuple| -> Vec<usize> {
        tuple
            .0
            .iter()
            .flat_map(|&(axis, value)| [axis, value])
            .collect()
    };
    let expected = [
        [0, 0, 1, 0],
        [0, 1, 1, 0],
        [0, 0, 2, 0],
        [0, 0, 2, 1],
        [0, 1, 2, 0],
        [0, 1, 2, 1],
    ];
    let found: Vec<Vec<usize>> = found.uncovered.iter().map(cells).collect();
    assert_eq!(found[..6], expected.map(Vec::from));
}

#[test]
fn extension_adds_only_what_existing_rows_leave_uncovered() {
    let space = space(&model(&[(3, 6)]), &[&[(0, &[0]), (1, &[0])]]);
    let full = cover(&space, 2, 2).unwrap();
    assert_eq!(
        extend(&space, 2, 9, &full).unwrap(),
        Vec::<Vec<usize>>::new()
    );
    let mut rows = full[..full.len() / 2].to_vec();
    let added = extend(&space, 2, 9, &rows).unwrap();
    assert!(added.len() <= full.len());
    rows.extend(added);
    assert_covers(&space, 2, &rows);
}

#[test]
fn extension_raises_the_strength_of_existing_rows() {
    let space = space(&model(&[(2, 3), (3, 3)]), &[]);
    let mut rows = cover(&space, 2, 0).unwrap();
    rows.extend(extend(&space, 3, 0, &rows).unwrap());
    assert_covers(&space, 3, &rows);
}

#[test]
fn extension_rejects_rows_outside_the_space() {
    let space = space(&[2, 2], &[&[(0, &[1]), (1, &[1])]]);
    let with = |row: &[usize]| extend(&space, 1, 0, &[vec![0, 0], row.to_vec()]);
    assert_eq!(with(&[0]), Err(CoverError::Misfit { row: 1 }));
    assert_eq!(with(&[0, 2]), Err(CoverError::Misfit { row: 1 }));
    assert_eq!(with(&[1, 1]), Err(CoverError::Forbidden { row: 1 }));
    assert_eq!(
        coverage(&space, 1, &[vec![0, 0, 0]]),
        Err(CoverError::Misfit { row: 0 })
    );
}

#[test]
fn spaces_that_cannot_be_are_rejected() {
    let rejected = |sizes: &[usize], terms: &[(usize, &[usize])]| {
        Space::new(
            sizes.to_vec(),
            vec![constraint(&[(0, &[0]), (1, &[0])]), constraint(terms)],
        )
        .unwrap_err()
    };
    assert_eq!(rejected(&[2, 0], &[]), SpaceError::EmptyAxis { axis: 1 });
    assert_eq!(
        rejected(&[2, 129], &[]),
        SpaceError::TooManyValues { axis: 1, size: 129 }
    );
    assert_eq!(
        rejected(&[1; 1025], &[]),
        SpaceError::TooManyAxes { axes: 1025 }
    );
    assert_eq!(
        rejected(&[2, 2], &[(2, &[0])]),
        SpaceError::NoSuchAxis {
            constraint: 1,
            axis: 2
        }
    );
    let value = SpaceError::NoSuchValue {
        constraint: 1,
        axis: 0,
        value: 2,
    };
    assert_eq!(rejected(&[2, 2], &[(0, &[1, 2])]), value);
    assert_eq!(rejected(&[2, 2], &[]), SpaceError::Contradictory);
    assert_eq!(rejected(&[1, 2], &[(1, &[1])]), SpaceError::Contradictory);
}

#[test]
fn strengths_and_sizes_out_of_range_are_rejected() {
    let small = space(&[2, 2], &[]);
    for strength in [0, 3, 4, usize::MAX] {
        assert_eq!(
            cover(&small, strength, 0),
            Err(CoverError::Strength { strength, axes: 2 })
        );
        assert_eq!(
            coverage(&small, strength, &[]),
            Err(CoverError::Strength { strength, axes: 2 })
        );
    }
    let none = space(&[], &[]);
    assert_eq!(
        cover(&none, 1, 0),
        Err(CoverError::Strength {
            strength: 1,
            axes: 0
        })
    );
    let large = space(&[MAX_VALUES; 100], &[]);
    assert_eq!(cover(&large, 3, 0), Err(CoverError::TooManyTuples));
    assert_eq!(
        cover(&space(&[1; MAX_AXES], &[]), 3, 0),
        Err(CoverError::TooManyTuples)
    );
}

#[test]
fn constraints_are_kept_in_normal_form() {
    let space = space(
        &[3, 3],
        &[&[(1, &[2, 0, 0]), (0, &[1, 2]), (0, &[2, 0])], &[(0, &[])]],
    );
    assert_eq!(
        space.constraints()[0],
        constraint(&[(0, &[2]), (1, &[0, 2])])
    );
    assert_eq!(space.constraints()[1], constraint(&[(0, &[])]));
    assert!(space.allows(&[0, 0]) && !space.allows(&[2, 0]) && !space.allows(&[0]));
    assert_covers(&space, 2, &cover(&space, 2, 0).unwrap());
}

#[test]
fn an_axis_may_have_all_values_supported() {
    let rows = cover(
        &space(&[MAX_VALUES, 2], &[&[(0, &[MAX_VALUES - 1]), (1, &[1])]]),
        2,
        0,
    )
    .unwrap();
    assert_eq!(rows.len(), 2 * MAX_VALUES - 1);
}

// Ceilings: what PICT needs for the models of its literature (PICT's documentation and
// pairwise.org), or less. The regression they guard against is one of a few rows.

#[test]
fn model_3_13_takes_at_most_16_rows() {
    assert!(pairwise_rows(&[(3, 13)]) <= 16);
}

#[test]
fn model_4_15_3_17_2_29_takes_at_most_32_rows() {
    assert!(pairwise_rows(&[(4, 15), (3, 17), (2, 29)]) <= 32);
}

#[test]
#[ignore = "takes seconds; .ci/run runs it"]
fn model_4_1_3_39_2_35_takes_at_most_23_rows() {
    assert!(pairwise_rows(&[(4, 1), (3, 39), (2, 35)]) <= 23);
}

#[test]
#[ignore = "takes seconds; .ci/run runs it"]
fn model_2_100_takes_at_most_11_rows() {
    assert!(pairwise_rows(&[(2, 100)]) <= 11);
}

#[test]
#[ignore = "takes seconds; .ci/run runs it"]
fn model_10_20_takes_at_most_190_rows() {
    assert!(pairwise_rows(&[(10, 20)]) <= 190);
}

#[test]
fn orthogonal_array_of_3_4_is_found() {
    assert_eq!(pairwise_rows(&[(3, 4)]), 9);
}
