//! How many rows covering arrays take, how long they take to make, and how both grow.
//!
//! Usage: `arrays [--quick]`. Exits with 1 if a model of the literature takes more rows than PICT needs for it
//! on more than one of the five, or the real axes at strength 3 take longer than a minute; with 2 for an
//! unknown argument.
//!
//! Every array is checked by [`coverage`], which shares nothing with the generator but the space, before its
//! rows are counted; checking is not timed.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use shakedown_matrix::axes::Axes;
use shakedown_matrix::cover::{Space, cover, coverage};

/// How many rows covering arrays take, how long they take to make, and how both grow
#[derive(Parser)]
struct Arguments {
    /// Leave out what takes longest
    #[arg(long)]
    quick: bool,
}

fn main() -> ExitCode {
    let Arguments { quick } = Arguments::parse();
    let few = models();
    growth_with_axes(quick);
    growth_with_strength(quick);
    let soon = real_axes(quick);
    if few && soon {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Rows at strength 2 beside those of public tools.
fn models() -> bool {
    println!("Strength 2, rows; public tools as pairwise.org and PICT's documentation have them\n");
    println!(
        "| model | pairs | shakedown | time | PICT | AETG | IPO-s | Jenny | AllPairs | ecFeed |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let mut no_more = 0;
    for model in &MODELS {
        let made = Made::over(&model.sizes(), 2);
        let tools: Vec<_> = model.tools.iter().map(usize::to_string).collect();
        println!(
            "| {} | {} | {} | {} | {} |",
            model.name,
            made.tuples,
            made.rows,
            seconds(made.time),
            tools.join(" | ")
        );
        no_more += usize::from(made.rows <= model.tools[0]);
    }
    println!(
        "\nno more rows than PICT on {no_more} of {}; at least {LEAST_MODELS} are wanted\n",
        MODELS.len()
    );
    no_more >= LEAST_MODELS
}

fn growth_with_axes(quick: bool) {
    println!("Growth with axes of three values\n");
    println!("| axes | strength | tuples | rows | time |");
    println!("|---|---|---|---|---|");
    for (strength, numbers) in AXES {
        let numbers = &numbers[..numbers.len() - usize::from(quick)];
        for axes in numbers {
            let made = Made::over(&vec![3; *axes], strength);
            println!("| {axes} | {strength} | {}", made.rest_of_row());
        }
    }
    println!();
}

fn growth_with_strength(quick: bool) {
    println!("Growth with strength, ten axes of four values\n");
    println!("| strength | tuples | rows | time |");
    println!("|---|---|---|---|");
    for strength in 1..=if quick { 2 } else { 3 } {
        println!(
            "| {strength} | {}",
            Made::over(&[4; 10], strength).rest_of_row()
        );
    }
    println!();
}

/// One array over everything that a scenario is made of, with its constraints.
fn real_axes(quick: bool) -> bool {
    let axes = Axes::new();
    let space = axes
        .space(&[])
        .expect("every pairing has its plainest scenario");
    println!(
        "The real axes: {} of them, {} values\n",
        space.sizes().len(),
        space.sizes().iter().sum::<usize>()
    );
    println!("| strength | tuples | rows | time |");
    println!("|---|---|---|---|");
    let mut soon = true;
    for strength in 1..=if quick { 2 } else { 3 } {
        let made = Made::of(&space, strength);
        println!("| {strength} | {}", made.rest_of_row());
        soon &= made.time <= LONGEST;
    }
    println!("\nat most {} s are wanted\n", LONGEST.as_secs());
    soon
}

/// A model of the literature: how many axes have how many values.
struct Model {
    name: &'static str,
    axes: &'static [(usize, usize)],
    /// PICT, AETG, IPO-s, Jenny, AllPairs (McDowell), ecFeed.
    tools: [usize; 6],
}

impl Model {
    fn sizes(&self) -> Vec<usize> {
        self.axes
            .iter()
            .flat_map(|(values, axes)| vec![*values; *axes])
            .collect()
    }
}

/// An array that covers what it ought to.
struct Made {
    tuples: usize,
    rows: usize,
    time: Duration,
}

impl Made {
    fn over(sizes: &[usize], strength: usize) -> Self {
        let space = Space::new(sizes.to_vec(), Vec::new()).expect("no constraint to contradict");
        Self::of(&space, strength)
    }

    fn of(space: &Space, strength: usize) -> Self {
        let start = Instant::now();
        let rows = cover(space, strength, SEED).expect("a strength and a space in range");
        let time = start.elapsed();
        let coverage = coverage(space, strength, &rows).expect("rows of this space");
        assert_eq!(coverage.covered, coverage.coverable, "every tuple occurs");
        Self {
            tuples: coverage.coverable,
            rows: rows.len(),
            time,
        }
    }

    fn rest_of_row(&self) -> String {
        format!("{} | {} | {} |", self.tuples, self.rows, seconds(self.time))
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

/// pairwise.org, "Efficiency"; PICT's docs/efficiency.md.
const MODELS: [Model; 5] = [
    Model {
        name: "3^13",
        axes: &[(3, 13)],
        tools: [18, 15, 17, 18, 17, 19],
    },
    Model {
        name: "4^15 3^17 2^29",
        axes: &[(4, 15), (3, 17), (2, 29)],
        tools: [37, 41, 32, 38, 34, 37],
    },
    Model {
        name: "4^1 3^39 2^35",
        axes: &[(4, 1), (3, 39), (2, 35)],
        tools: [27, 28, 23, 28, 26, 28],
    },
    Model {
        name: "2^100",
        axes: &[(2, 100)],
        tools: [15, 10, 10, 16, 14, 16],
    },
    Model {
        name: "10^20",
        axes: &[(10, 20)],
        tools: [210, 180, 220, 193, 197, 203],
    },
];
const LEAST_MODELS: usize = 4;
/// Strength, and numbers of axes; the last is for a long run.
const AXES: [(usize, &[usize]); 2] = [(2, &[10, 20, 40, 80, 160]), (3, &[10, 20, 40])];
/// For one array over the real axes.
const LONGEST: Duration = Duration::from_secs(60);
const SEED: u64 = 1;
