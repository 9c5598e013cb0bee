//! Tells the engine's own instructions per scenario, and holds their share against the gate.
//!
//! Usage: `instructions FILE [--planted]`. The file is what the bench `counts` has printed as JSON; see
//! `ci/instructions`, which runs both. With `--planted` needless work counts as the engine's. Exits with 1
//! above the gate, with 2 for arguments or a file that it cannot make sense of.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use shakedown_benches::instructions::{ALL_REAL, Counts, GATED, MOST, NULL, REAL};

/// The engine's own instructions per scenario, and their share against the gate
#[derive(Parser)]
struct Arguments {
    /// What the bench `counts` has printed as JSON
    file: PathBuf,
    /// Count needless work as the engine's
    #[arg(long)]
    planted: bool,
}

fn main() -> ExitCode {
    let Arguments { file, planted } = Arguments::parse();
    let engine = if planted { "planted" } else { "engine" };
    let told = fs::read_to_string(&file)
        .map_err(|error| error.to_string())
        .and_then(|text| tell(&Counts::read(&text)?, engine));
    match told {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("{}: {message}", file.display());
            ExitCode::from(2)
        }
    }
}

/// Whether the engine's share is small enough.
fn tell(counts: &Counts, engine: &str) -> Result<bool, String> {
    println!("| scenario | engine | by hand | the engine's own |");
    println!("|---|---:|---:|---:|");
    for work in NULL {
        // Needless work is planted in one of them.
        let by_engine = match counts.of(engine, work) {
            Err(_) if engine != "engine" => continue,
            count => count?,
        };
        row(work, by_engine, counts.of("by_hand", work)?);
    }
    for work in ALL_REAL {
        row(
            work,
            counts.of("engine", work)?,
            counts.of("by_hand", work)?,
        );
    }
    let share = counts.share(engine)?;
    let well = share <= MOST;
    println!(
        "\nThe engine's own of {GATED}, of all of {REAL}: {:.2} % ({} at most {:.0} %)",
        share / 10.0,
        if well { "well:" } else { "TOO MUCH:" },
        MOST / 10.0
    );
    Ok(well)
}

fn row(work: &str, engine: u64, by_hand: u64) {
    let own = i128::from(engine) - i128::from(by_hand);
    println!("| {work} | {engine} | {by_hand} | {own} |");
}
