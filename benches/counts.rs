//! Instructions of one scenario, under callgrind, by way of gungraun: `ci/instructions` runs this and holds the
//! counts against the gate.
//!
//! `engine` is [`pair::meet`](shakedown::pair::meet), `by_hand` the loop that does the same on the
//! libraries' own types, and `planted` the engine with needless work, which the gate must notice. What is
//! counted is making both connections, all that they do, and dropping them; the configurations are prepared
//! and met twice before, so that a resumption has its ticket and nothing is done for the first time.

#![expect(
    missing_docs,
    unused_qualifications,
    reason = "the macros make public items and write out paths"
)]

use std::hint::black_box;

use gungraun::{
    Callgrind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main,
};
use shakedown_benches::instructions::{Contest, Work};

#[library_benchmark]
#[bench::null_tls12_full(args = (Work::NullTls12Full), setup = Contest::new)]
#[bench::null_tls12_resumed(args = (Work::NullTls12Resumed), setup = Contest::new)]
#[bench::null_tls13_full(args = (Work::NullTls13Full), setup = Contest::new)]
#[bench::null_tls13_resumed(args = (Work::NullTls13Resumed), setup = Contest::new)]
#[bench::tls12_resumed(args = (Work::Tls12Resumed), setup = Contest::new)]
#[bench::openssl_tls13_full(args = (Work::OpenSslTls13Full), setup = Contest::new)]
fn engine(contest: Contest) -> Contest {
    black_box(contest.by_engine());
    contest
}

#[library_benchmark]
#[bench::null_tls12_full(args = (Work::NullTls12Full), setup = Contest::new)]
#[bench::null_tls12_resumed(args = (Work::NullTls12Resumed), setup = Contest::new)]
#[bench::null_tls13_full(args = (Work::NullTls13Full), setup = Contest::new)]
#[bench::null_tls13_resumed(args = (Work::NullTls13Resumed), setup = Contest::new)]
#[bench::tls12_resumed(args = (Work::Tls12Resumed), setup = Contest::new)]
#[bench::openssl_tls13_full(args = (Work::OpenSslTls13Full), setup = Contest::new)]
fn by_hand(contest: Contest) -> Contest {
    contest.by_hand();
    contest
}

#[library_benchmark]
#[bench::null_tls12_resumed(args = (Work::NullTls12Resumed), setup = Contest::new)]
fn planted(contest: Contest) -> Contest {
    // As if the engine told each outcome to a log.
    black_box(format!("{:?}", contest.by_engine()));
    contest
}

library_benchmark_group!(name = scenario, benchmarks = [engine, by_hand, planted]);
main!(
    // Instructions alone: no model of a cache, which is another machine's in any case.
    config = LibraryBenchmarkConfig::default().tool(Callgrind::with_args(["--cache-sim=no"])),
    library_benchmark_groups = scenario
);
