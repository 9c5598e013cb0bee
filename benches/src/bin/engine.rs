//! What the harness's engine costs over a loop written by hand, and whether threads add up.
//!
//! Usage: `engine [--quick]`. Exits with 1 if a pairing's ratio, or that of two threads to one, is
//! too low; with 2 for an unknown argument.
//!
//! Both do the same on the wire and use the same prepared configurations: make two connections,
//! handshake, data both ways and back, keying material on both sides, close_notify both ways, drop.
//! The engine also watches for panics, alerts and stalls, reads what both sides hold for negotiated,
//! and tells an outcome; that is what the ratio shows.

use std::fs;
use std::process::ExitCode;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use shakedown::connection::{Config, Refusal};
use shakedown::iana::ProtocolVersion;
use shakedown::identity::Identities;
use shakedown::link::Link;
use shakedown::pair;
use shakedown::scenario::StackId;
use shakedown::stacks::openssl::OpenSsl;
use shakedown::stacks::rustls::Rustls;
use shakedown_benches::by_hand;
use shakedown_benches::library::Library;
use shakedown_benches::shape::{Shape, VERSIONS};
use shakedown_benches::whole;

/// What the harness's engine costs over a loop written by hand, and whether threads add up
#[derive(Parser)]
struct Arguments {
    /// Take fewer rounds
    #[arg(long)]
    quick: bool,
}

fn main() -> ExitCode {
    let effort = if Arguments::parse().quick {
        QUICK
    } else {
        FULL
    };
    let contests = contests().expect("every stack can play both of its sides");
    let costs_little = compare_all(&contests, effort);
    let threads_add_up = compare_threads(&contests, effort);
    if costs_little && threads_add_up {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn compare_all(contests: &[Contest], effort: Effort) -> bool {
    println!("engine: pair::meet; by hand: the same on the libraries' own types");
    println!("one thread; scenarios/s; ratio: median of interleaved rounds");
    println!("the time that a thread waits for a core which others have is not counted\n");
    println!(
        "{:17} {:17} {:7} {:>8} {:>8} {:>6} {:>6}",
        "client", "server", "version", "engine", "by hand", "ratio", "rounds"
    );
    let mut all_well = true;
    for contest in contests {
        let mut attempt = effort;
        let well = loop {
            let result = contest.compare(attempt);
            let well = result.ratio >= LEAST_RATIO;
            let again = !well && attempt.rounds < effort.rounds << RETRIES;
            println!(
                "{:17} {:17} {:7} {:>8.0} {:>8.0} {:>6.3} {:>6}{}",
                contest.client_id.name(),
                contest.server_id.name(),
                contest.version.to_string(),
                result.engine,
                result.by_hand,
                result.ratio,
                attempt.rounds,
                match (well, again) {
                    (true, _) => "",
                    (false, true) => " again",
                    (false, false) => " LOW",
                }
            );
            if !again {
                break well;
            }
            attempt.rounds *= 2;
        };
        all_well &= well;
    }
    println!(
        "\nleast allowed: {LEAST_RATIO:.2}; a lower row is tried again with twice the rounds,"
    );
    println!("at most {RETRIES} times, to tell noise from cost");
    all_well
}

fn compare_threads(contests: &[Contest], effort: Effort) -> bool {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    if cores < 2 {
        println!("\ntwo threads: not measured, for there is one core");
        return true;
    }
    println!("\nall of the above by turns; scenarios/s\n");
    println!(
        "{:>10} {:>11} {:>6} {:>6}",
        "one thread", "two threads", "ratio", "rounds"
    );
    let mut attempt = effort;
    loop {
        let rounds: Vec<_> = (0..attempt.rounds)
            .map(|_| {
                let one = rate_on_threads(contests, 1, attempt.block * MIX);
                let two = rate_on_threads(contests, 2, attempt.block * MIX);
                [one, two, two / one]
            })
            .collect();
        let of = |number: usize| median(rounds.iter().map(|round| round[number]).collect());
        let well = of(2) >= LEAST_THREAD_RATIO;
        let again = !well && attempt.rounds < effort.rounds << RETRIES;
        println!(
            "{:>10.0} {:>11.0} {:>6.2} {:>6}{}",
            of(0),
            of(1),
            of(2),
            attempt.rounds,
            match (well, again) {
                (true, _) => "",
                (false, true) => " again",
                (false, false) => " LOW",
            }
        );
        if !again {
            println!("\nleast allowed: {LEAST_THREAD_RATIO:.1}; retried as above");
            return well;
        }
        attempt.rounds *= 2;
    }
}

/// Scenarios per second over all threads, for as long as `time`.
fn rate_on_threads(contests: &[Contest], threads: usize, time: Duration) -> f64 {
    let start = Barrier::new(threads);
    let work = || {
        start.wait();
        let watch = Stopwatch::start();
        let mut done = 0_u32;
        // A whole turn at a time, so that every rate is of the same mix.
        while watch.begin.elapsed() < time {
            for contest in contests {
                contest.by_engine();
                done += 1;
            }
        }
        f64::from(done) / watch.seconds()
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let own = work();
        others
            .into_iter()
            .map(|other| other.join().expect("no scenario panics"))
            .sum::<f64>()
            + own
    })
}

/// How long to measure.
#[derive(Clone, Copy)]
struct Effort {
    rounds: u32,
    /// The time for each of the two in a round.
    block: Duration,
}

/// A client, a server and a version, prepared for both.
struct Contest {
    client_id: StackId,
    server_id: StackId,
    version: ProtocolVersion,
    client: (Arc<dyn Config>, by_hand::Client),
    server: (Arc<dyn Config>, by_hand::Server),
}

impl Contest {
    fn compare(&self, effort: Effort) -> Comparison {
        let batch = self.batch(effort.block);
        let engine = || seconds(batch, || self.by_engine());
        let by_hand = || seconds(batch, || self.by_hand());
        let rounds: Vec<_> = (0..effort.rounds)
            .map(|round| {
                // Each goes first as often as the other.
                let (engine, by_hand) = if round % 2 == 0 {
                    let engine = engine();
                    (engine, by_hand())
                } else {
                    let by_hand = by_hand();
                    (engine(), by_hand)
                };
                [
                    f64::from(batch) / engine,
                    f64::from(batch) / by_hand,
                    by_hand / engine,
                ]
            })
            .collect();
        let of = |number: usize| median(rounds.iter().map(|round| round[number]).collect());
        Comparison {
            engine: of(0),
            by_hand: of(1),
            ratio: of(2),
        }
    }

    /// How many scenarios fill the time, after as many have warmed up.
    fn batch(&self, time: Duration) -> u32 {
        let begin = Instant::now();
        let mut batch = 0;
        while begin.elapsed() < time {
            self.by_hand();
            self.by_engine();
            batch += 1;
        }
        (2 * batch).max(1)
    }

    fn by_engine(&self) {
        let outcome = pair::meet(Ok(&*self.client.0), Ok(&*self.server.0), &Link::default());
        for (role, session) in whole(&outcome) {
            Shape::ECDSA
                .in_version(self.version)
                .assert_parameters(role, session);
        }
    }

    fn by_hand(&self) {
        by_hand::meet(&self.client.1, &self.server.1).expect("the engine succeeds too");
    }
}

/// Scenarios per second, and of these the one to the other.
struct Comparison {
    engine: f64,
    by_hand: f64,
    ratio: f64,
}

fn contests() -> Result<Vec<Contest>, Refusal> {
    let identities = Arc::new(Identities::new());
    let libraries = [
        Library::Rustls(Rustls::aws_lc_rs(identities.clone())),
        Library::Rustls(Rustls::ring(identities.clone())),
        Library::OpenSsl(OpenSsl::new(identities)),
    ];
    let mut contests = Vec::new();
    for version in VERSIONS {
        let shape = Shape::ECDSA.in_version(version);
        for client in &libraries {
            for server in &libraries {
                contests.push(Contest {
                    client_id: client.id(),
                    server_id: server.id(),
                    version,
                    client: client.client(&shape)?,
                    server: server.server(&shape)?,
                });
            }
        }
    }
    Ok(contests)
}

fn seconds(times: u32, mut work: impl FnMut()) -> f64 {
    let watch = Stopwatch::start();
    for _ in 0..times {
        work();
    }
    watch.seconds()
}

/// Measures one thread's time without what it was ready to run while others had the cores: so a busy
/// machine is told from threads that wait for each other.
struct Stopwatch {
    begin: Instant,
    waited: Duration,
}

impl Stopwatch {
    fn start() -> Self {
        Self {
            begin: Instant::now(),
            waited: waited_for_a_core(),
        }
    }

    fn seconds(&self) -> f64 {
        let waited = waited_for_a_core().saturating_sub(self.waited);
        self.begin.elapsed().saturating_sub(waited).as_secs_f64()
    }
}

/// Since the thread began; zero where the system does not tell.
fn waited_for_a_core() -> Duration {
    // Nanoseconds run, nanoseconds waited, slices (Documentation/scheduler/sched-stats.rst).
    let told = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let waited = told.split_whitespace().nth(1);
    Duration::from_nanos(waited.and_then(|text| text.parse().ok()).unwrap_or(0))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        values[middle]
    } else {
        f64::midpoint(values[middle - 1], values[middle])
    }
}

/// The engine's rate to that of the loop by hand.
const LEAST_RATIO: f64 = 0.97;
/// The rate of two threads to that of one. Nothing is shared but locks that are hardly ever
/// contended; what is missing to 2 is the machine's.
const LEAST_THREAD_RATIO: f64 = 1.9;
/// How often a low ratio is measured again, each time with twice the rounds.
const RETRIES: u32 = 2;
/// How many blocks of time each number of threads has in a round: a turn takes about half of one.
const MIX: u32 = 8;
const FULL: Effort = Effort {
    rounds: 31,
    block: Duration::from_millis(40),
};
const QUICK: Effort = Effort {
    rounds: 11,
    block: Duration::from_millis(25),
};
