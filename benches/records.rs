//! Application data through an established pair, one record at a time.
//!
//! The groups are `records-AEAD-SIZE`: a record with 16 KiB, the most there can be (RFC 8446 §5.1), and with
//! 1 KiB; the ids tell the version, the pairing and who sends.
//!
//! The timing includes giving the data to the sender, protecting it, carrying it over memory, the receiver's
//! deprotecting it, and taking it out. It does not include the handshake. What a pair does between two steps is
//! done here by hand: [`Pair`](shakedown::pair::Pair) sends only its own few words. That each record arrives
//! as one record and with all its bytes is asserted inside the timing, which costs two comparisons of numbers;
//! that the bytes are the right ones, after it.

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use shakedown::connection::{Connection, Role};
use shakedown_benches::pairing::{Pairing, announced_stacks};
use shakedown_benches::prepared::Prepared;
use shakedown_benches::shape::{Aead, Shape, VERSIONS};
use shakedown_benches::{MEASUREMENT, WARM_UP};

fn records(criterion: &mut Criterion) {
    let stacks = announced_stacks();
    for aead in Aead::ALL {
        for (name, size) in SIZES {
            let mut group = criterion.benchmark_group(format!("records-{}-{name}", aead.name()));
            group.throughput(Throughput::Bytes(size as u64));
            for version in VERSIONS {
                let shape = Shape {
                    aead,
                    ..Shape::ECDSA.in_version(version)
                };
                eprintln!("records-{}-{name}: {shape}", aead.name());
                for pairing in Pairing::all(&stacks) {
                    for sender in Role::BOTH {
                        let name = format!("{}, {sender} sends", pairing.name());
                        let id = BenchmarkId::new(version.to_string(), name);
                        group.bench_with_input(id, &pairing, |bencher, pairing| {
                            let prepared = Prepared::new(shape, *pairing);
                            bencher.iter_custom(|records| {
                                Stream::new(&prepared, shape, sender).time(records, size)
                            });
                        });
                    }
                }
            }
            group.finish();
        }
    }
}

/// An established pair in one direction.
struct Stream {
    from: Box<dyn Connection>,
    to: Box<dyn Connection>,
}

impl Stream {
    fn new(prepared: &Prepared, shape: Shape, sender: Role) -> Self {
        let [mut client, mut server] = prepared.prime().connect();
        let mut wire = Vec::new();
        client.advance();
        while carry(&mut *client, &mut *server, &mut wire)
            | carry(&mut *server, &mut *client, &mut wire)
        {}
        assert!(client.is_established() && server.is_established());
        shape.assert_negotiated(Role::Client, &client.session());
        shape.assert_negotiated(Role::Server, &server.session());
        let (from, to) = match sender {
            Role::Client => (client, server),
            Role::Server => (server, client),
        };
        Self { from, to }
    }

    fn time(&mut self, records: u64, size: usize) -> Duration {
        let data: Vec<u8> = (0..=u8::MAX).cycle().take(size).collect();
        let mut wire = Vec::with_capacity(2 * size);
        let mut received = Vec::with_capacity(2 * size);
        let start = Instant::now();
        for _ in 0..records {
            received.clear();
            self.from.send(&data);
            carry(&mut *self.from, &mut *self.to, &mut wire);
            self.to.take_received(&mut received);
            assert_eq!(received.len(), size);
            assert_eq!(Some(wire.len()), length_of_first(&wire));
        }
        let took = start.elapsed();
        assert_eq!(received, data);
        assert_eq!((self.from.failure(), self.to.failure()), (None, None));
        took
    }
}

/// As `Pair` does over a clean link; whether anything moved.
fn carry(from: &mut dyn Connection, to: &mut dyn Connection, wire: &mut Vec<u8>) -> bool {
    wire.clear();
    from.transmit(wire);
    if wire.is_empty() {
        return false;
    }
    to.receive(wire);
    true
}

/// With its header (RFC 8446 §5.1).
fn length_of_first(wire: &[u8]) -> Option<usize> {
    let &[_, _, _, high, low] = wire.first_chunk()?;
    Some(5 + usize::from(u16::from_be_bytes([high, low])))
}

const SIZES: [(&str, usize); 2] = [("16KiB", 16 << 10), ("1KiB", 1 << 10)];

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(WARM_UP).measurement_time(MEASUREMENT);
    targets = records
}
criterion_main!(benches);
