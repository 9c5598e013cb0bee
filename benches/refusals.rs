//! What a handshake that fails costs the server, by cause; `refusal-none` is one that does not fail.
//!
//! Both sides are held to the error that the cause must bring each of them, after every attempt. The
//! handshakes have the shape of `handshake-ecdsa256`, or of `handshake-ecdsa256-mTLS` where it is about the
//! client's certificate; in `refusal-no-shared-group` keys are RSA's. In `refusal-no-shared-version` the version in the id is the client's.
//!
//! The timing includes making the server's connection, the time inside the calls to it until nothing moves, its
//! alert or the client's with it, and dropping it. It does not include the client, the engine between both, or
//! preparing configurations.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use shakedown_benches::pairing::{Pairing, announced_stacks};
use shakedown_benches::refusal::{Cause, Dispute};
use shakedown_benches::shape::VERSIONS;
use shakedown_benches::{MEASUREMENT, WARM_UP};

fn refusals(criterion: &mut Criterion) {
    let stacks = announced_stacks();
    for cause in [None].into_iter().chain(Cause::ALL.map(Some)) {
        let name = cause.map_or("none", Cause::name);
        let mut group = criterion.benchmark_group(format!("refusal-{name}"));
        for version in VERSIONS {
            for pairing in Pairing::all(&stacks) {
                let id = BenchmarkId::new(version.to_string(), pairing.name());
                group.bench_with_input(id, &pairing, |bencher, pairing| {
                    let dispute = Dispute::new(cause, version, *pairing);
                    bencher
                        .iter_custom(|attempts| (0..attempts).map(|_| dispute.time_server()).sum());
                });
            }
        }
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(WARM_UP).measurement_time(MEASUREMENT);
    targets = refusals
}
criterion_main!(benches);
