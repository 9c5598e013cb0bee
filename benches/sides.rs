//! What a handshake costs the client and what it costs the server, apart.
//!
//! The groups `client-cost-NAME` and `server-cost-NAME` have the shapes of `handshake-NAME`. The handshakes are
//! the same, driven by the same [`Pair`](shakedown::pair::Pair), with one side's connection in a wrapper that
//! adds up the time inside the calls to it.
//!
//! The timing includes that side's library with its adapter, and reading the clock twice a call, of which a
//! handshake has some ten. It does not include the other side, the engine between both, preparing
//! configurations, making and dropping connections, or reading what was negotiated, which is held against
//! what was pinned after each handshake. With OpenSSL, whose every call reads until there is nothing, and in
//! TLS 1.3 it includes what follows the handshake proper: a server's tickets, and a client's reading of them.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use shakedown::connection::{HandshakeKind, Role};
use shakedown_benches::pairing::{Pairing, announced_stacks};
use shakedown_benches::prepared::Prepared;
use shakedown_benches::shape::{Auth, Shape, VERSIONS};
use shakedown_benches::{MEASUREMENT, WARM_UP};

fn sides(criterion: &mut Criterion) {
    let stacks = announced_stacks();
    let mutual = Shape {
        auth: Auth::Mutual,
        ..Shape::ECDSA
    };
    let resumed = Shape {
        kind: HandshakeKind::Resumed,
        ..Shape::ECDSA
    };
    for (name, shape) in [
        ("rsa2048", Shape::S2N),
        ("ecdsa256", Shape::ECDSA),
        ("ecdsa256-mTLS", mutual),
        ("ecdsa256-resumption", resumed),
    ] {
        for role in Role::BOTH {
            let mut group = criterion.benchmark_group(format!("{role}-cost-{name}"));
            for version in VERSIONS {
                eprintln!("{role}-cost-{name}: {}", shape.in_version(version));
                for pairing in Pairing::all(&stacks) {
                    let id = BenchmarkId::new(version.to_string(), pairing.name());
                    group.bench_with_input(id, &pairing, |bencher, pairing| {
                        let prepared = Prepared::new(shape.in_version(version), *pairing);
                        bencher.iter_custom(|handshakes| {
                            let ends = prepared.prime();
                            (0..handshakes).map(|_| ends.time_side(role)).sum()
                        });
                    });
                }
            }
            group.finish();
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(WARM_UP).measurement_time(MEASUREMENT);
    targets = sides
}
criterion_main!(benches);
