//! Preparing configurations, and making connections from them.
//!
//! `preparation-client` and `preparation-server` make a configuration out of a profile and drop it:
//! anchors, for a server also its chain and key, algorithms, and a library's own checks of all that. What the
//! harness keeps for all configurations alike is made before: certificates, and for OpenSSL its parsed
//! forms of them.
//!
//! `connection-client` and `connection-server` make a connection out of a prepared configuration and drop it,
//! with no byte sent: what `handshake-…` leaves out.
//!
//! That each configuration makes a connection that begins as it must is asserted once, before the timing.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use shakedown::connection::{Config, Role, Stack};
use shakedown_benches::pairing::announced_stacks;
use shakedown_benches::shape::{Shape, VERSIONS};
use shakedown_benches::{MEASUREMENT, WARM_UP};

fn benchmarks(criterion: &mut Criterion) {
    let stacks = announced_stacks();
    preparation(criterion, &stacks);
    connection(criterion, &stacks);
}

fn preparation(criterion: &mut Criterion, stacks: &[Box<dyn Stack>]) {
    for role in Role::BOTH {
        let mut group = criterion.benchmark_group(format!("preparation-{role}"));
        for (key, shape) in SHAPES {
            for version in VERSIONS {
                let shape = shape.in_version(version);
                let (client, server) = (shape.client_profile(), shape.server_profile());
                for stack in stacks {
                    let prepare = || match role {
                        Role::Client => stack.client(&client),
                        Role::Server => stack.server(&server),
                    };
                    let id = BenchmarkId::new(format!("{version} {key}"), stack.info().id);
                    group.bench_function(id, |bencher| {
                        assert_begins(&*prepare().expect("every stack can"), role);
                        bencher.iter(|| prepare().expect("every stack can"));
                    });
                }
            }
        }
        group.finish();
    }
}

fn connection(criterion: &mut Criterion, stacks: &[Box<dyn Stack>]) {
    for role in Role::BOTH {
        let mut group = criterion.benchmark_group(format!("connection-{role}"));
        for version in VERSIONS {
            let shape = Shape::ECDSA.in_version(version);
            for stack in stacks {
                let config = match role {
                    Role::Client => stack.client(&shape.client_profile()),
                    Role::Server => stack.server(&shape.server_profile()),
                }
                .expect("every stack can");
                let id = BenchmarkId::new(version.to_string(), stack.info().id);
                group.bench_function(id, |bencher| {
                    assert_begins(&*config, role);
                    bencher.iter(|| config.connect().expect("a plain connection begins"));
                });
            }
        }
        group.finish();
    }
}

/// A client speaks first, with one record that is a handshake's; a server waits.
fn assert_begins(config: &dyn Config, role: Role) {
    let mut connection = config.connect().expect("a plain connection begins");
    let mut sent = Vec::new();
    connection.advance();
    connection.transmit(&mut sent);
    assert_eq!(connection.failure(), None);
    match role {
        Role::Client => assert_eq!(sent.first(), Some(&0x16)),
        Role::Server => assert!(sent.is_empty()),
    }
}

const SHAPES: [(&str, Shape); 2] = [("rsa2048", Shape::S2N), ("ecdsa256", Shape::ECDSA)];

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(WARM_UP).measurement_time(MEASUREMENT);
    targets = benchmarks
}
criterion_main!(benches);
