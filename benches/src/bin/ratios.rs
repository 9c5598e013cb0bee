//! Tells what criterion has measured as ratios, in Markdown, ready for a README.
//!
//! Usage: `ratios FOLDER`, which is criterion's: `target/criterion`. Ratios are of medians of time; what
//! was not measured is a dash. Exits with 2 for arguments or a folder that it cannot make sense of.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use shakedown_benches::estimates::Medians;

/// What criterion has measured as ratios, in Markdown
#[derive(Parser)]
struct Arguments {
    /// Criterion's folder, as a rule target/criterion
    folder: PathBuf,
}

fn main() -> ExitCode {
    match Medians::read(&Arguments::parse().folder) {
        Ok(medians) => {
            tell(&medians);
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

fn tell(medians: &Medians) {
    println!(
        "Handshakes per second (ECDSA P-256, x25519, AES-128-GCM, the server authenticated)\n"
    );
    println!("| client to server | TLS 1.2 | resumed | TLS 1.3 | resumed |");
    println!("|---|---:|---:|---:|---:|");
    for pairing in medians.values(PLAIN) {
        let rate = |group, version| {
            medians
                .of(group, version, pairing)
                .map_or_else(|| DASH.to_owned(), |time| format!("{:.0}", 1e9 / time))
        };
        println!(
            "| {pairing} | {} | {} | {} | {} |",
            rate(PLAIN, "TLS1.2"),
            rate(RESUMED, "TLS1.2"),
            rate(PLAIN, "TLS1.3"),
            rate(RESUMED, "TLS1.3"),
        );
    }
    for version in ["TLS1.2", "TLS1.3"] {
        table(medians, version);
    }
}

fn table(medians: &Medians, version: &str) {
    let columns: Vec<_> = RATIOS
        .iter()
        .filter(|ratio| {
            medians
                .values(PLAIN)
                .iter()
                .any(|pairing| ratio.of(medians, version, pairing).is_some())
        })
        .collect();
    if columns.is_empty() {
        return;
    }
    println!("\nTime of the one to the other, {version}\n");
    print!("| client to server |");
    for ratio in &columns {
        print!(" {} |", ratio.title);
    }
    print!("\n|---|");
    for _ in &columns {
        print!("---:|");
    }
    println!();
    for pairing in medians.values(PLAIN) {
        print!("| {pairing} |");
        for ratio in &columns {
            match ratio.of(medians, version, pairing) {
                Some(value) => print!(" {value:.2} |"),
                None => print!(" {DASH} |"),
            }
        }
        println!();
    }
}

struct Ratio {
    title: &'static str,
    group: &'static str,
    to: &'static str,
    /// The version that it is to, if not the same.
    to_version: Option<&'static str>,
}

impl Ratio {
    const fn new(title: &'static str, group: &'static str, to: &'static str) -> Self {
        Self {
            title,
            group,
            to,
            to_version: None,
        }
    }

    fn of(&self, medians: &Medians, version: &str, pairing: &str) -> Option<f64> {
        let to_version = self.to_version.unwrap_or(version);
        // A version is not told in relation to itself.
        if self.to_version == Some(version) {
            return None;
        }
        let time = medians.of(self.group, version, pairing)?;
        Some(time / medians.of(self.to, to_version, pairing)?)
    }
}

const PLAIN: &str = "handshake-ecdsa256";
const RESUMED: &str = "handshake-ecdsa256-resumption";
const DASH: &str = "–";
const RATIOS: [Ratio; 9] = [
    Ratio {
        title: "TLS 1.3 ÷ 1.2",
        group: PLAIN,
        to: PLAIN,
        to_version: Some("TLS1.2"),
    },
    Ratio::new("resumed ÷ full", RESUMED, PLAIN),
    Ratio::new("mutual ÷ server", "handshake-ecdsa256-mTLS", PLAIN),
    Ratio::new(
        "HelloRetryRequest ÷ full",
        "handshake-ecdsa256-hello-retry-request",
        PLAIN,
    ),
    Ratio::new("P-256 ÷ X25519", "handshake-ecdsa256-secp256r1", PLAIN),
    Ratio::new("P-384 ÷ X25519", "handshake-ecdsa256-secp384r1", PLAIN),
    Ratio::new(
        "X25519MLKEM768 ÷ X25519",
        "handshake-ecdsa256-X25519MLKEM768",
        PLAIN,
    ),
    Ratio::new("RSA-2048 ÷ P-256", "handshake-rsa2048", PLAIN),
    Ratio::new(
        "server: unknown CA ÷ accepted",
        "refusal-unknown-ca",
        "refusal-none",
    ),
];
