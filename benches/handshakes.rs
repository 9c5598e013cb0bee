//! Handshakes, for each client and server in TLS 1.2 and TLS 1.3: one thing at a time is otherwise.
//!
//! The groups `handshake-NAME` are named as in s2n-tls's benchmarks where the work is the same, and
//! have their defaults ([`Shape::S2N`]): an RSA key of 2048 bits, x25519, AES-128-GCM with SHA-256, only the
//! server authenticated. The groups `handshake-ecdsa256-NAME` are the same with ECDSA over P-256.
//!
//! The timing includes the handshake over memory, from the client's first step until nothing moves (in
//! TLS 1.3 with the server's tickets), and the engine that carries the bytes. It does not include preparing
//! configurations, making and dropping connections, the full handshake that leaves a ticket for a
//! resumption, or reading what was negotiated, which is held against what was pinned after each handshake.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use shakedown::connection::{HandshakeKind, Stack};
use shakedown::iana::NamedGroup;
use shakedown::profile::KeyType;
use shakedown_benches::pairing::{Pairing, announced_stacks};
use shakedown_benches::prepared::Prepared;
use shakedown_benches::shape::{Auth, Shape, VERSIONS};
use shakedown_benches::{MEASUREMENT, WARM_UP};

fn handshakes(criterion: &mut Criterion) {
    let stacks = announced_stacks();
    for (name, shape) in s2n().into_iter().chain(ecdsa()) {
        measure(criterion, &stacks, name, shape);
    }
}

/// s2n's groups, and those beside them.
fn s2n() -> [(&'static str, Shape); 14] {
    let plain = Shape::S2N;
    let with_key = |key| Shape { key, ..plain };
    let over = |group| Shape { group, ..plain };
    [
        ("handshake-server-auth", plain),
        ("handshake-mTLS", mutual(plain)),
        (
            "handshake-resumption",
            of_kind(HandshakeKind::Resumed, plain),
        ),
        (
            "handshake-hello-retry-request",
            of_kind(HandshakeKind::HelloRetryRequest, plain),
        ),
        ("handshake-x25519", over(NamedGroup::x25519)),
        ("handshake-secp256r1", over(NamedGroup::secp256r1)),
        ("handshake-secp384r1", over(NamedGroup::secp384r1)),
        ("handshake-X25519MLKEM768", over(NamedGroup::X25519MLKEM768)),
        ("handshake-rsa2048", with_key(KeyType::Rsa2048)),
        ("handshake-rsa3072", with_key(KeyType::Rsa3072)),
        ("handshake-rsa4096", with_key(KeyType::Rsa4096)),
        ("handshake-ecdsa256", with_key(KeyType::EcdsaP256)),
        ("handshake-ecdsa384", with_key(KeyType::EcdsaP384)),
        ("handshake-ed25519", with_key(KeyType::Ed25519)),
    ]
}

/// The same with a key that takes less of the time; `handshake-ecdsa256` is the plain one.
fn ecdsa() -> [(&'static str, Shape); 8] {
    let plain = Shape::ECDSA;
    let over = |group| Shape { group, ..plain };
    let resumed = of_kind(HandshakeKind::Resumed, plain);
    let retried = of_kind(HandshakeKind::HelloRetryRequest, plain);
    [
        ("handshake-ecdsa256-mTLS", mutual(plain)),
        ("handshake-ecdsa256-resumption", resumed),
        ("handshake-ecdsa256-resumption-mTLS", mutual(resumed)),
        ("handshake-ecdsa256-hello-retry-request", retried),
        (
            "handshake-ecdsa256-hello-retry-request-mTLS",
            mutual(retried),
        ),
        ("handshake-ecdsa256-secp256r1", over(NamedGroup::secp256r1)),
        ("handshake-ecdsa256-secp384r1", over(NamedGroup::secp384r1)),
        (
            "handshake-ecdsa256-X25519MLKEM768",
            over(NamedGroup::X25519MLKEM768),
        ),
    ]
}

fn mutual(shape: Shape) -> Shape {
    Shape {
        auth: Auth::Mutual,
        ..shape
    }
}

fn of_kind(kind: HandshakeKind, shape: Shape) -> Shape {
    Shape { kind, ..shape }
}

fn measure(criterion: &mut Criterion, stacks: &[Box<dyn Stack>], name: &str, shape: Shape) {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(1));
    for version in VERSIONS {
        let shape = shape.in_version(version);
        eprintln!("{name}: {shape}");
        for pairing in Pairing::all(stacks) {
            let (client, server) = pairing.ids();
            if !shape.is_possible(client, server) {
                continue;
            }
            let id = BenchmarkId::new(version.to_string(), pairing.name());
            // Only what is selected is prepared.
            group.bench_with_input(id, &pairing, |bencher, pairing| {
                let prepared = Prepared::new(shape, *pairing);
                bencher.iter_custom(|handshakes| {
                    let ends = prepared.prime();
                    (0..handshakes).map(|_| ends.time_handshake()).sum()
                });
            });
        }
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(WARM_UP).measurement_time(MEASUREMENT);
    targets = handshakes
}
criterion_main!(benches);
