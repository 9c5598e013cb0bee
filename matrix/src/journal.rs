//! Journals: what each scenario of a sweep came to, one JSON object a line, written as it goes.
//!
//! The first line says which sweep it is: `{"sweep":{…}}`. `{"seen":OUTCOME}` is an outcome, and the first has the
//! number 0. `{"tried":{…,"outcome":NUMBER}}` is a scenario, by its place in the plan, its name and its id, that
//! came to an outcome further up. `{"finished":{"scenarios":N}}` is the last line. A run that is killed leaves the
//! lines that were written: they can be read, and the run goes on from there. Many machines can each write a
//! part, which together make the report that one would have written.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, LineWriter, Seek, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use shakedown::connection::StackInfo;
use shakedown::outcome::Outcome;
use shakedown::scenario::{ScenarioId, StackId, one_line};

use crate::plan::Request;
use crate::report::results::VerdictKind;
use crate::report::{RequestReport, Shard};
use crate::run::{At, Journal, RunError, Told};

/// The version of the journal's form.
pub const FORM: u32 = 1;

/// Which sweep a journal is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sweep {
    /// The version of this form.
    pub form: u32,
    /// The version of shakedown.
    pub shakedown: String,
    /// What the run was asked for.
    pub request: RequestReport,
    /// The stacks that take part, with exact versions.
    pub stacks: Vec<StackInfo>,
}

impl Sweep {
    /// The sweep of this version of shakedown.
    pub fn new(request: &RequestReport, wanted: &[StackId], linked: Vec<StackInfo>) -> Self {
        let mut stacks = linked;
        stacks.retain(|info| wanted.contains(&info.id));
        Self {
            form: FORM,
            shakedown: env!("CARGO_PKG_VERSION").into(),
            request: request.clone(),
            stacks,
        }
    }

    /// What the plan is made from.
    pub fn request(&self) -> Request {
        Request {
            strength: self.request.strength,
            random: self.request.random,
            seed: self.request.seed,
            stacks: self.stacks.iter().map(|info| info.id).collect(),
        }
    }

    /// What `other` has otherwise, with both values; `None`: nothing.
    pub fn difference(&self, other: &Self) -> Option<String> {
        let Self {
            form: _,
            shakedown,
            request,
            stacks,
        } = self;
        let told = |what: &str, ours: &dyn fmt::Display, theirs: &dyn fmt::Display| {
            Some(format!("{what} {ours} against {theirs}"))
        };
        if *shakedown != other.shakedown {
            return told("shakedown", shakedown, &other.shakedown);
        }
        for (ours, theirs) in stacks.iter().zip(&other.stacks) {
            if ours != theirs {
                return told("", &version(ours), &version(theirs));
            }
        }
        if stacks.len() != other.stacks.len() {
            return told("stacks", &stacks.len(), &other.stacks.len());
        }
        let (ours, theirs) = (request, &other.request);
        let filter = |request: &RequestReport| {
            let filter = request.filter.as_deref();
            filter.map_or_else(|| "none".into(), |filter| format!("{filter:?}"))
        };
        if ours.strength != theirs.strength {
            told("strength", &ours.strength, &theirs.strength)
        } else if ours.random != theirs.random {
            told("random", &ours.random, &theirs.random)
        } else if ours.seed != theirs.seed {
            told("seed", &ours.seed, &theirs.seed)
        } else if ours.filter != theirs.filter {
            told("filter", &filter(ours), &filter(theirs))
        } else if ours.shard != theirs.shard {
            told("shard", &shard(ours.shard), &shard(theirs.shard))
        } else {
            None
        }
    }
}

fn version(info: &StackInfo) -> String {
    format!("{} {} ({})", info.name, info.version, info.crypto)
}

fn shard(shard: Option<Shard>) -> String {
    shard.map_or_else(|| "none".into(), |shard| shard.to_string())
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Line {
    Sweep(Sweep),
    Seen(Box<Outcome>),
    Tried(Tried),
    Finished(Finished),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tried {
    batch: usize,
    place: usize,
    name: String,
    id: ScenarioId,
    verdict: VerdictKind,
    outcome: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Finished {
    scenarios: usize,
}

/// Writes a journal.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    out: LineWriter<File>,
    numbers: HashMap<String, usize>,
    /// How many outcomes there are.
    outcomes: usize,
    scenarios: usize,
}

impl Writer {
    /// Begins a journal in a file that is not there yet, or is empty.
    ///
    /// # Errors
    ///
    /// The I/O error; `AlreadyExists` where there is such a file.
    pub fn create(path: &Path, sweep: &Sweep) -> io::Result<Self> {
        let is_empty = path
            .metadata()
            .is_ok_and(|metadata| metadata.is_file() && metadata.len() == 0);
        let file = File::options()
            .write(true)
            .create_new(!is_empty)
            .open(path)?;
        let mut writer = Self {
            path: path.to_owned(),
            out: LineWriter::new(file),
            numbers: HashMap::new(),
            outcomes: 0,
            scenarios: 0,
        };
        writer.line(&Line::Sweep(sweep.clone()))?;
        writer.out.flush()?;
        Ok(writer)
    }

    /// Goes on with a journal where it was cut off: a last line without an end is written anew.
    ///
    /// # Errors
    ///
    /// The I/O error.
    pub fn resume(path: &Path, found: &Found) -> io::Result<Self> {
        let mut file = File::options().write(true).open(path)?;
        file.set_len(found.whole)?;
        file.seek(io::SeekFrom::End(0))?;
        let numbers = found.outcomes.iter().map(form).zip(0..);
        Ok(Self {
            path: path.to_owned(),
            out: LineWriter::new(file),
            numbers: numbers.collect(),
            outcomes: found.outcomes.len(),
            scenarios: found.tried.len(),
        })
    }

    /// Writes down what a scenario came to.
    ///
    /// # Errors
    ///
    /// [`RunError::Journal`], where the file cannot be written.
    pub fn add(&mut self, told: Told<'_>) -> Result<(), RunError> {
        self.tried(told).map_err(|error| self.unwritten(&error))
    }

    fn tried(&mut self, told: Told<'_>) -> io::Result<()> {
        let seen = form(told.outcome);
        let outcome = match self.numbers.get(&seen) {
            Some(number) => *number,
            None => {
                writeln!(self.out, "{{\"seen\":{seen}}}")?;
                let next = self.outcomes;
                self.outcomes += 1;
                self.numbers.insert(seen, next);
                next
            }
        };
        self.scenarios += 1;
        self.line(&Line::Tried(Tried {
            batch: told.at.batch,
            place: told.at.place,
            name: told.case.name.clone(),
            id: told.case.scenario.id(),
            verdict: VerdictKind::of(told.verdict),
            outcome,
        }))
    }

    /// Says that nothing is missing.
    ///
    /// # Errors
    ///
    /// As [`Self::add`].
    pub fn finish(mut self) -> Result<(), RunError> {
        let scenarios = self.scenarios;
        self.line(&Line::Finished(Finished { scenarios }))
            .and_then(|()| self.out.flush())
            .map_err(|error| self.unwritten(&error))
    }

    /// Writes out what there is of a run that was stopped.
    ///
    /// # Errors
    ///
    /// As [`Self::add`].
    pub fn stop(mut self) -> Result<(), RunError> {
        self.out.flush().map_err(|error| self.unwritten(&error))
    }

    fn line(&mut self, line: &Line) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, line)?;
        self.out.write_all(b"\n")
    }

    fn unwritten(&self, error: &io::Error) -> RunError {
        let path = self.path.display();
        RunError::Journal(format!(
            "--journal {path}: {error}; what was written stays, `--resume` goes on from there"
        ))
    }
}

fn form(outcome: &Outcome) -> String {
    serde_json::to_string(outcome).expect("plain data with string keys always serialises")
}

/// What a journal has.
#[derive(Debug)]
pub struct Found {
    /// Where it was found.
    pub path: PathBuf,
    /// Which sweep it is of.
    pub sweep: Sweep,
    /// Whether nothing is missing.
    pub finished: bool,
    outcomes: Vec<Outcome>,
    tried: HashMap<At, (u64, usize)>,
    /// How many bytes the whole lines take.
    whole: u64,
}

impl Found {
    /// How many scenarios it has.
    pub fn len(&self) -> usize {
        self.tried.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.tried.is_empty()
    }

    fn at(&self, at: At, id: &ScenarioId) -> Result<Option<&Outcome>, RunError> {
        let Some((known, outcome)) = self.tried.get(&at) else {
            return Ok(None);
        };
        if crate::report::results::number(id) != Some(*known) {
            return Err(RunError::Journal(format!(
                "{}: scenario {} of batch {} is {} there and {id} here; it was written by another build of \
                 shakedown: run it anew",
                self.path.display(),
                at.place,
                at.batch,
                crate::report::results::id(*known),
            )));
        }
        Ok(Some(&self.outcomes[*outcome]))
    }
}

impl Journal for Found {
    fn outcome(&self, at: At, id: &ScenarioId) -> Result<Option<&Outcome>, RunError> {
        self.at(at, id)
    }
}

/// Reads a journal. A last line that is cut off is as good as none.
///
/// # Errors
///
/// [`JournalError`], where the file cannot be read or a line is not one of a journal.
pub fn read(path: &Path) -> Result<Found, JournalError> {
    let at = |line: usize, message: &str| JournalError {
        path: path.to_owned(),
        line,
        message: one_line(message),
    };
    let file = File::open(path).map_err(|error| at(0, &error.to_string()))?;
    let mut lines = BufReader::new(file);
    let mut found: Option<Found> = None;
    let mut text = Vec::new();
    for number in 1.. {
        text.clear();
        lines
            .read_until(b'\n', &mut text)
            .map_err(|error| at(number, &error.to_string()))?;
        if text.last() != Some(&b'\n') {
            break;
        }
        let line = serde_json::from_slice(&text).map_err(|error| {
            // The line's own number is the file's.
            let told = error.to_string();
            at(number, told.split(" at line 1 ").next().unwrap_or(&told))
        })?;
        let Some(found) = &mut found else {
            let Line::Sweep(sweep) = line else {
                return Err(at(
                    number,
                    "the first line of a journal says which sweep it is of",
                ));
            };
            if sweep.form != FORM {
                let told = format!("a journal of form {}; this reads {FORM}", sweep.form);
                return Err(at(number, &told));
            }
            if let Some(shard) = sweep.request.shard
                && !(1..=shard.of).contains(&shard.number)
            {
                return Err(at(number, &format!("there is no shard {shard}")));
            }
            found = Some(Found {
                path: path.to_owned(),
                sweep,
                finished: false,
                outcomes: Vec::new(),
                tried: HashMap::new(),
                whole: text.len() as u64,
            });
            continue;
        };
        found.take(line).map_err(|message| at(number, &message))?;
        found.whole += text.len() as u64;
    }
    found.ok_or_else(|| at(1, "no whole line"))
}

impl Found {
    fn take(&mut self, line: Line) -> Result<(), String> {
        if self.finished {
            return Err("a line after the last".into());
        }
        match line {
            Line::Sweep(_) => return Err("a second sweep".into()),
            Line::Seen(outcome) => self.outcomes.push(*outcome),
            Line::Tried(tried) => {
                if tried.outcome >= self.outcomes.len() {
                    return Err(format!("outcome {} is not further up", tried.outcome));
                }
                let id = crate::report::results::number(&tried.id)
                    .ok_or_else(|| format!("{:?} is no scenario's id", tried.id.0))?;
                let at = At {
                    batch: tried.batch,
                    place: tried.place,
                };
                if self.tried.insert(at, (id, tried.outcome)).is_some() {
                    return Err(format!("{} a second time", tried.name));
                }
            }
            Line::Finished(finished) if finished.scenarios != self.tried.len() => {
                return Err(format!(
                    "{} scenarios are said to be there, and {} are",
                    finished.scenarios,
                    self.tried.len()
                ));
            }
            Line::Finished(_) => self.finished = true,
        }
        Ok(())
    }
}

/// A file that is no journal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}: {message}; `shakedown run --journal FILE` writes one", path.display())]
pub struct JournalError {
    path: PathBuf,
    line: usize,
    message: String,
}

/// The journals of all parts of a sweep, or the one of a whole.
#[derive(Debug)]
pub struct Parts(Vec<Found>);

impl Parts {
    /// Puts parts together.
    ///
    /// # Errors
    ///
    /// A message that names what is missing, twice there, or of another sweep.
    pub fn new(mut parts: Vec<Found>) -> Result<Self, String> {
        let first = parts.first().ok_or("no journal to merge")?;
        let first_path = first.path.clone();
        let mut like = first.sweep.clone();
        let of = like.request.shard.map_or(1, |shard| shard.of);
        let number = |found: &Found| found.sweep.request.shard.map_or(1, |shard| shard.number);
        for found in &parts {
            like.request.shard = found.sweep.request.shard;
            if let Some(difference) = like.difference(&found.sweep) {
                return Err(format!(
                    "{} is of another sweep than {}: {}",
                    found.path.display(),
                    first_path.display(),
                    difference.trim()
                ));
            }
            let theirs = found.sweep.request.shard.map_or(1, |shard| shard.of);
            if theirs != of {
                return Err(format!(
                    "{} is one of {theirs} shards and {} one of {of}",
                    found.path.display(),
                    first_path.display()
                ));
            }
        }
        parts.sort_by_key(number);
        for pair in parts.windows(2) {
            if number(&pair[0]) == number(&pair[1]) {
                return Err(format!(
                    "{} and {} are both shard {}/{of}; give each once",
                    pair[0].path.display(),
                    pair[1].path.display(),
                    number(&pair[0])
                ));
            }
        }
        let missing: Vec<_> = (1..=of)
            .filter(|wanted| !parts.iter().any(|found| number(found) == *wanted))
            .take(MOST_NAMED)
            .map(|number| format!("{number}/{of}"))
            .collect();
        if !missing.is_empty() {
            let more = match of - parts.len() - missing.len() {
                0 => String::new(),
                left => format!(" and {left} more"),
            };
            return Err(format!(
                "shard {}{more} is missing; give the journals of all {of}",
                missing.join(", ")
            ));
        }
        if let Some(cut) = parts.iter().find(|found| !found.finished) {
            return Err(format!(
                "{} was cut off after {} scenarios; `shakedown run … --journal {} --resume` goes on from there",
                cut.path.display(),
                cut.len(),
                cut.path.display()
            ));
        }
        Ok(Self(parts))
    }

    /// Which sweep they are of, as one machine would have been asked for it.
    pub fn sweep(&self) -> Sweep {
        let mut sweep = self.0[0].sweep.clone();
        sweep.request.shard = None;
        sweep
    }
}

impl Journal for Parts {
    fn outcome(&self, at: At, id: &ScenarioId) -> Result<Option<&Outcome>, RunError> {
        let found = &self.0[at.place % self.0.len()];
        match found.at(at, id)? {
            Some(outcome) => Ok(Some(outcome)),
            None => Err(RunError::Journal(format!(
                "{}: scenario {id} is not in it; it was written by another build of shakedown: run it anew",
                found.path.display()
            ))),
        }
    }
}

/// So many that are missing are named.
const MOST_NAMED: usize = 10;
