//! Finds the exact versions of the linked libraries that do not tell them at run time.

use std::env;
use std::fs;
use std::path::PathBuf;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let lock = lock_file();
    if let Some(path) = &lock {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    let lock = lock.and_then(|path| fs::read_to_string(path).ok());
    for (package, variable) in PACKAGES {
        let version = lock
            .as_deref()
            .and_then(|lock| version_in(lock, package))
            .unwrap_or("unknown");
        println!("cargo::rustc-env={variable}={version}");
    }
}

/// The lock file of the build: the nearest one above the output folder, or above this package when
/// the output lies elsewhere.
fn lock_file() -> Option<PathBuf> {
    ["OUT_DIR", "CARGO_MANIFEST_DIR"]
        .into_iter()
        .filter_map(env::var_os)
        .map(PathBuf::from)
        .find_map(|start| {
            start
                .ancestors()
                .map(|folder| folder.join("Cargo.lock"))
                .find(|path| path.is_file())
        })
}

/// The last version locked under a name: with several, the newest stands last.
fn version_in<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines();
    let mut found = None;
    while let Some(line) = lines.next() {
        if line == name {
            found = lines
                .next()
                .and_then(|line| line.strip_prefix("version = \""))
                .and_then(|rest| rest.strip_suffix('"'));
        }
    }
    found
}

const PACKAGES: [(&str, &str); 4] = [
    ("rustls", "SHAKEDOWN_RUSTLS_VERSION"),
    ("rustls-webpki", "SHAKEDOWN_WEBPKI_VERSION"),
    ("aws-lc-rs", "SHAKEDOWN_AWS_LC_RS_VERSION"),
    ("ring", "SHAKEDOWN_RING_VERSION"),
];
