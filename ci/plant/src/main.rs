//! Plants all mutants of a list in one copy of the sources, each behind a switch, so that one build serves for
//! all of them: what a mutant costs is then its tests.
//!
//! Usage: `plant LIST TREE PLANTED CARGO...`, where LIST is of `cargo mutants --list --json`, TREE a copy of the
//! sources that may be written to, and CARGO a command that builds its tests. Writes to PLANTED which mutants are
//! in that build, as "NUMBER<TAB>FILE<TAB>NAME" where the first of LIST has the number 1, and prints the test
//! program's path. What could not be planted, because it does not compile or has no form with a switch, is missing
//! there, and left to cargo-mutants.

mod build;
mod source;
mod splice;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::{env, fs, process};

use serde::Deserialize;

use self::splice::Written;

/// A line of LIST.
#[derive(Deserialize)]
struct Mutant {
    name: String,
    file: String,
    genre: Genre,
    replacement: String,
    span: Span,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
enum Genre {
    FnValue,
    BinaryOperator,
    UnaryOperator,
    MatchArm,
    MatchArmGuard,
    StructField,
}

#[derive(Deserialize)]
struct Span {
    start: Place,
    end: Place,
}

/// Both from 1; columns count characters.
#[derive(Deserialize)]
struct Place {
    line: usize,
    column: usize,
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [list, tree, planted, cargo @ ..] = &arguments[..] else {
        eprintln!("plant wants LIST TREE PLANTED CARGO...");
        process::exit(2);
    };
    match plant(Path::new(list), Path::new(tree), cargo) {
        Ok((lines, program)) => {
            if let Err(error) = fs::write(planted, lines) {
                eprintln!("{planted}: {error}");
                process::exit(1);
            }
            println!("{program}");
        }
        Err(message) => {
            eprintln!("{message}");
            process::exit(1);
        }
    }
}

/// Plants, and takes out again what does not compile, until the rest does.
fn plant(list: &Path, tree: &Path, cargo: &[String]) -> Result<(String, String), String> {
    let text = fs::read_to_string(list).map_err(|error| format!("{}: {error}", list.display()))?;
    let mutants: Vec<Mutant> =
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", list.display()))?;
    let mut files: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (number, mutant) in (1..).zip(&mutants) {
        files.entry(&mutant.file).or_default().push(number);
    }
    let mut sources = BTreeMap::new();
    for (file, numbers) in files {
        let path = tree.join(file);
        let text =
            fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let own = numbers.iter().map(|number| (*number, &mutants[number - 1]));
        let nodes = source::nodes(&text, own).map_err(|error| format!("{file}: {error}"))?;
        sources.insert(file, (path, text, nodes));
    }
    let mut without: HashSet<usize> = HashSet::new();
    loop {
        let mut written: BTreeMap<&str, Written> = BTreeMap::new();
        for (file, (path, text, nodes)) in &sources {
            let planted = splice::write(text, nodes, &without);
            if fs::read_to_string(path).ok().as_deref() != Some(&planted.text) {
                fs::write(path, &planted.text)
                    .map_err(|error| format!("{}: {error}", path.display()))?;
            }
            written.insert(file, planted);
        }
        match build::build(tree, cargo)? {
            build::Built::Program(program) => {
                let mut lines = String::new();
                let mut inside: Vec<usize> = written
                    .values()
                    .flat_map(|written| written.numbers())
                    .collect();
                inside.sort_unstable();
                inside.dedup();
                for number in inside {
                    let mutant = &mutants[number - 1];
                    lines += &format!("{number}\t{}\t{}\n", mutant.file, mutant.name);
                }
                return Ok((lines, program));
            }
            build::Built::Errors(errors) => {
                let before = without.len();
                for error in &errors {
                    if let Some(written) = written.get(error.file.as_str()) {
                        without.extend(written.at(error.from, error.to));
                    }
                }
                eprintln!(
                    "{} errors: {} more cannot be planted",
                    errors.len(),
                    without.len() - before
                );
                if without.len() == before {
                    let messages: Vec<&str> =
                        errors.iter().map(|error| error.message.as_str()).collect();
                    return Err(format!("no mutant's fault: {}", messages.join("\n")));
                }
            }
        }
    }
}
