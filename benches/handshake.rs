//! Handshakes per second for each client and server, in TLS 1.2 and TLS 1.3.
//!
//! ECDSA over P-256, the server authenticated and its chain and name verified, x25519, AES-128-GCM,
//! no resumption. Configurations are prepared once, before anything is timed.
//!
//! The timing includes making both connections, the handshake over memory until nothing moves (in
//! TLS 1.3 with the server's tickets), and dropping both. It does not include reading what was
//! negotiated, which is held against what was pinned after every handshake.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use shakedown::connection::{Config, Role};
use shakedown::iana::ProtocolVersion;
use shakedown::identity::Identities;
use shakedown::link::Link;
use shakedown::pair::Pair;
use shakedown::stacks;
use shakedown_benches::{VERSIONS, assert_pinned, client_profile, server_profile};

fn handshake(criterion: &mut Criterion) {
    let stacks = stacks::linked(&Arc::new(Identities::new()));
    let mut group = criterion.benchmark_group("handshake");
    group.throughput(Throughput::Elements(1));
    for version in VERSIONS {
        for client in &stacks {
            for server in &stacks {
                let pairing = format!("{} to {}", client.info().id, server.info().id);
                let client = client
                    .client(&client_profile(version))
                    .expect("every stack can be this client");
                let server = server
                    .server(&server_profile(version))
                    .expect("every stack can be this server");
                group.bench_function(BenchmarkId::new(version.to_string(), pairing), |bencher| {
                    bencher.iter_custom(|handshakes| {
                        (0..handshakes)
                            .map(|_| time_one(&*client, &*server, version))
                            .sum()
                    });
                });
            }
        }
    }
    group.finish();
}

fn time_one(client: &dyn Config, server: &dyn Config, version: ProtocolVersion) -> Duration {
    let link = Link::default();
    let start = Instant::now();
    let mut pair = Pair::new(
        client.connect().expect("a plain client begins"),
        server.connect().expect("a plain server begins"),
        &link,
    );
    let established = black_box(pair.handshake());
    let driven = start.elapsed();

    assert!(established, "both sides hold the handshake for done");
    for role in Role::BOTH {
        assert_pinned(version, &pair.connection(role).session());
    }

    let start = Instant::now();
    drop(pair);
    driven + start.elapsed()
}

criterion_group!(benches, handshake);
criterion_main!(benches);
