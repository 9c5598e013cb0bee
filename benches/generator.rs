//! Making covering arrays.
//!
//! `arrays-STRENGTH` makes one array over the axes and values that its id names, and drops it: finding out what
//! no row can contain, growing rows, dropping some. `real-axes` are those that scenarios are made of, with their
//! constraints, which are read before; that takes no time beside the array.
//!
//! That an array covers all that it can is asserted once, before the timing, by a measurement that shares nothing
//! with the generator but the space. How many rows there are is told by the program `arrays`, which makes the
//! large ones too.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use shakedown_benches::{MEASUREMENT, WARM_UP};
use shakedown_matrix::axes::Axes;
use shakedown_matrix::cover::{Space, cover, coverage};

fn benchmarks(criterion: &mut Criterion) {
    for (strength, sizes) in UNIFORM {
        let mut group = criterion.benchmark_group(format!("arrays-{strength}"));
        for (axes, values) in sizes {
            let space = Space::new(vec![*values; *axes], Vec::new()).expect("nothing contradicts");
            let id = BenchmarkId::from_parameter(format!("{values}^{axes}"));
            group.bench_with_input(id, &space, |bencher, space| {
                assert_covers(space, strength);
                bencher.iter(|| cover(space, strength, SEED).expect("a space in range"));
            });
        }
        group.finish();
    }
    let space = Axes::new().space(&[]).expect("there is a plain scenario");
    for strength in [1, 2] {
        let mut group = criterion.benchmark_group(format!("arrays-{strength}"));
        group.bench_function("real-axes", |bencher| {
            assert_covers(&space, strength);
            bencher.iter(|| cover(&space, strength, SEED).expect("a space in range"));
        });
        group.finish();
    }
}

fn assert_covers(space: &Space, strength: usize) {
    let rows = cover(space, strength, SEED).expect("a space in range");
    let coverage = coverage(space, strength, &rows).expect("rows of this space");
    assert_eq!(coverage.uncovered, [], "strength {strength}");
    assert!(coverage.forbidden_rows.is_empty());
}

/// For each strength how many axes have how many values.
const UNIFORM: [(usize, &[(usize, usize)]); 2] =
    [(2, &[(13, 3), (40, 3), (10, 10)]), (3, &[(10, 3), (10, 4)])];
const SEED: u64 = 1;

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(WARM_UP)
        .measurement_time(MEASUREMENT)
        .sample_size(10);
    targets = benchmarks
}
criterion_main!(benches);
