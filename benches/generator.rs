//! Making covering arrays.
//!
//! `arrays-STRENGTH` makes one array over the axes and values that its id names, and drops it: finding out what
//! no row can contain, growing rows, dropping some. `real-axes` are those that scenarios are made of, with their
//! constraints, which are read before the timing.
//!
//! That an array covers all that it can is asserted once, before the timing, by a measurement that shares nothing
//! with the generator but the space. How many rows there are is told by the program `arrays`, which makes the
//! large ones too.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use shakedown_benches::{MEASUREMENT, WARM_UP};
use shakedown_matrix::axes::Axes;
use shakedown_matrix::cover::{Space, cover, coverage};

fn benchmarks(criterion: &mut Criterion) {
    let real = Axes::new().space(&[]).expect("there is a plain scenario");
    for (strength, uniform) in (1..).zip(UNIFORM) {
        let mut group = criterion.benchmark_group(format!("arrays-{strength}"));
        for (axes, values) in uniform {
            let space = Space::new(vec![*values; *axes], Vec::new()).expect("nothing contradicts");
            measure(&mut group, &format!("{values}^{axes}"), &space, strength);
        }
        if strength <= REAL {
            measure(&mut group, "real-axes", &real, strength);
        }
        group.finish();
    }
}

fn measure(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, space: &Space, strength: usize) {
    let make = || cover(space, strength, SEED).expect("a space in range");
    let mut held = false;
    group.bench_function(name, |bencher| {
        // Criterion comes here for each sample.
        if !std::mem::replace(&mut held, true) {
            let coverage = coverage(space, strength, &make()).expect("rows of this space");
            assert_eq!(coverage.uncovered, [], "{name} at strength {strength}");
            assert_eq!(coverage.forbidden_rows, [0; 0]);
        }
        bencher.iter(make);
    });
}

/// For each strength from 1 on how many axes have how many values.
const UNIFORM: [&[(usize, usize)]; 3] = [&[], &[(13, 3), (40, 3), (10, 10)], &[(10, 3), (10, 4)]];
/// The highest strength at which the real axes take seconds.
const REAL: usize = 2;
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
