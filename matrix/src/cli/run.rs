//! `run` and `merge`: every scenario of a plan tried, here or on other machines, and reported.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use globset::GlobMatcher;
use indicatif::{ProgressBar, ProgressStyle};
use shakedown::outcome::Outcome;
use shakedown::scenario::Scenario;

use super::args::{Format, MergeArgs, OutArgs, RunArgs, glob};
use super::files::{Output, apart, unwritable};
use super::{Fault, exit, plan, show};
use crate::axes::Axes;
use crate::journal::{self, Found, Parts, Sweep, Writer};
use crate::known::Known;
use crate::lab::Lab;
use crate::output::wants_color;
use crate::plan::Request;
use crate::recording::Recorder;
use crate::report::{Report, RequestReport, Shard, human, junit, markdown};
use crate::run::{self, Journal, RunError, Setting, Told};
use crate::verdict::Verdict;
use crate::wrap::WIDTH;

pub(super) fn run(args: &RunArgs) -> Result<u8, Fault> {
    let request = args.select.plan.request();
    let lab = Lab::new();
    let sweep = Sweep::new(
        &RequestReport {
            shard: args.shard,
            ..run::told(&request, args.select.filter.as_ref())
        },
        &request.stacks,
        lab.stacks(),
    );
    let found = match &args.journal {
        Some(path) if args.resume && path.metadata().is_ok_and(|metadata| metadata.len() > 0) => {
            Some(found(path, &sweep)?)
        }
        _ => None,
    };
    // Whatever may be wrong is told before any file is begun.
    let files = [
        ("--journal", args.journal.as_deref()),
        ("--output", args.out.output.as_deref()),
        ("--record", args.record.as_deref()),
        ("--known", args.out.known.as_deref()),
    ];
    let files: Vec<_> = files
        .into_iter()
        .filter_map(|(name, path)| Some((name, path?)))
        .collect();
    apart(&files)?;
    let known = known(args.out.known.as_deref(), &Axes::new(), &lab)?;
    let pending = args.out.pending()?;
    let writer = match (&args.journal, &found) {
        (Some(path), Some(found)) if !found.finished => Some(
            Writer::resume(path, found).map_err(|error| unwritable("--journal", path, &error))?,
        ),
        (Some(path), None) => Some(created(path, &sweep)?),
        _ => None,
    };
    let tape = args.record.as_deref().map(Tape::new).transpose()?;
    if let Some(threads) = args.threads {
        rayon::ThreadPoolBuilder::new()
            .num_threads(usize::from(threads))
            .build_global()
            .map_err(|error| Fault::Usage(format!("cannot start {threads} threads: {error}")))?;
    }
    Job {
        lab: &lab,
        known,
        request,
        filter: args.select.filter.as_ref(),
        shard: args.shard,
        journal: journal(found.as_ref()),
        out: &args.out,
    }
    .carry_out(pending, tape, writer)
}

/// The report that the journals of all parts of a sweep make.
pub(super) fn merge(args: &MergeArgs) -> Result<u8, Fault> {
    let found: Result<Vec<_>, _> = args
        .journals
        .iter()
        .map(|path| journal::read(path))
        .collect();
    let parts = found
        .map_err(|error| error.to_string())
        .and_then(Parts::new)
        .map_err(Fault::Usage)?;
    let sweep = parts.sweep();
    let request = sweep.request();
    let filter = sweep.request.filter.as_deref().map(glob).transpose();
    let filter = filter.map_err(|error| Fault::Usage(format!("the journals' filter: {error}")))?;
    let lab = Lab::new();
    let here = Sweep::new(&sweep.request, &request.stacks, lab.stacks());
    if let Some(difference) = sweep.difference(&here) {
        return Err(Fault::Usage(format!(
            "the journals were written by another shakedown: {}; merge with the same",
            difference.trim()
        )));
    }
    for journal in &args.journals {
        let mut files = vec![("a journal", journal.as_path())];
        files.extend(args.out.output.as_deref().map(|path| ("--output", path)));
        apart(&files)?;
    }
    let known = known(args.out.known.as_deref(), &Axes::new(), &lab)?;
    let pending = args.out.pending()?;
    Job {
        lab: &lab,
        known,
        request,
        filter: filter.as_ref(),
        shard: None,
        journal: Some(&parts),
        out: &args.out,
    }
    .carry_out(pending, None, None)
}

fn journal(found: Option<&Found>) -> Option<&dyn Journal> {
    Some(found?)
}

/// What is in a journal of the same sweep.
fn found(path: &Path, sweep: &Sweep) -> Result<Found, Fault> {
    let found = journal::read(path).map_err(|error| Fault::Usage(error.to_string()))?;
    match found.sweep.difference(sweep) {
        None => Ok(found),
        Some(difference) => Err(Fault::Usage(format!(
            "--resume: {} is of another sweep: {}; ask for the same, or choose another file",
            path.display(),
            difference.trim()
        ))),
    }
}

fn created(path: &Path, sweep: &Sweep) -> Result<Writer, Fault> {
    Writer::create(path, sweep).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Fault::Usage(format!(
            "--journal {}: it is there already; go on with it by --resume, or choose another file",
            path.display()
        )),
        _ => unwritable("--journal", path, &error),
    })
}

/// What is to be tried, and how it is told.
struct Job<'a> {
    lab: &'a Lab,
    known: Known,
    request: Request,
    filter: Option<&'a GlobMatcher>,
    shard: Option<Shard>,
    journal: Option<&'a dyn Journal>,
    out: &'a OutArgs,
}

impl Job<'_> {
    fn carry_out(
        self,
        pending: Option<Output<'_>>,
        mut tape: Option<Tape<'_>>,
        mut writer: Option<Writer>,
    ) -> Result<u8, Fault> {
        let stop = Arc::new(AtomicBool::new(false));
        let running = Arc::new(AtomicBool::new(false));
        on_interrupt(&stop, &running)?;
        let planning = ProgressBar::new_spinner().with_message("planning");
        planning.enable_steady_tick(Duration::from_millis(100));
        let plan = plan(&self.request, self.filter)?;
        planning.finish_and_clear();
        let of = self.shard.map_or(1, |shard| shard.of);
        let progress = progress(plan.len() / of, self.filter.is_some());
        running.store(true, Ordering::Relaxed);
        let begin = Instant::now();
        let recording = tape.is_some() || writer.is_some();
        let forms = [Some(self.out.format), pending.as_ref().map(Output::form)];
        let keep_results = forms.into_iter().flatten().any(tells_results);
        let record: run::Record<'_> = &mut |told: Told<'_>| {
            if let Some(tape) = &mut tape {
                tape.add(&told.case.scenario, told.outcome, told.verdict);
            }
            match &mut writer {
                Some(writer) if !told.remembered => writer.add(told),
                _ => Ok(()),
            }
        };
        let report = run::run_recorded(
            &Setting {
                lab: self.lab,
                plan: &plan,
                filter: self.filter,
                shard: self.shard,
                journal: self.journal,
                known: &self.known,
                keep_results,
                list_uncovered: self.out.uncovered,
                stop: &stop,
                tick: &|count| progress.inc(count),
            },
            run::told(&self.request, self.filter),
            recording.then_some(record),
        )
        .map_err(|error| match error {
            RunError::NothingSelected(_) => Fault::NothingSelected(error.to_string()),
            RunError::KnownUnmet { .. } => Fault::Divergence(error.to_string()),
            RunError::Cover(_)
            | RunError::Plan(_)
            | RunError::Filter(_)
            | RunError::Known(_)
            | RunError::Journal(_) => Fault::Usage(error.to_string()),
        })?;
        progress.finish_and_clear();
        let seconds = begin.elapsed().as_secs_f64();
        // The report first: it is what the time has gone into.
        if let Some(output) = pending {
            output.write(|form| render(&report, form))?;
        }
        let written = writer.map_or(Ok(()), |writer| {
            if report.request.interrupted {
                writer.stop()
            } else {
                writer.finish()
            }
        });
        show(&render(&report, self.out.format)?)?;
        written.map_err(|error| Fault::Usage(error.to_string()))?;
        if let Some(tape) = tape {
            tape.finish()?;
        }
        complain!(
            "{} scenarios in {seconds:.1} s: {:.0} scenarios/s{}",
            report.summary.scenarios,
            report.summary.scenarios as f64 / seconds.max(f64::EPSILON),
            peak_memory()
                .map(|mebibytes| format!(", peak memory {mebibytes} MiB"))
                .unwrap_or_default()
        );
        Ok(if !report.agrees() {
            exit::DIVERGENCE
        } else if report.request.interrupted {
            exit::INTERRUPTED
        } else {
            exit::AGREE
        })
    }
}

/// The declared exceptions that the linked versions come under.
fn known(path: Option<&Path>, axes: &Axes, lab: &Lab) -> Result<Known, Fault> {
    let known = match path {
        None => Known::built_in(axes),
        Some(path) => {
            let bytes = std::fs::read(path).map_err(|error| {
                Fault::Usage(format!(
                    "--known {}: {error}; give a file in the form of matrix/known.json",
                    path.display()
                ))
            })?;
            let text = String::from_utf8(bytes).map_err(|error| {
                let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
                let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
                Fault::Usage(format!(
                    "{}:{line}: this is not UTF-8; save the file as UTF-8",
                    path.display()
                ))
            })?;
            Known::from_json(&path.display().to_string(), &text, axes)
        }
    };
    known
        .and_then(|known| known.for_stacks(&lab.stacks()))
        .map_err(|error| Fault::Usage(error.to_string()))
}

/// A recording and where it goes.
struct Tape<'a> {
    path: &'a Path,
    recorder: Recorder<BufWriter<File>>,
    result: io::Result<()>,
}

impl<'a> Tape<'a> {
    fn new(path: &'a Path) -> Result<Self, Fault> {
        let file = File::create(path).map_err(|error| unwritable("--record", path, &error))?;
        Ok(Self {
            path,
            recorder: Recorder::new(BufWriter::new(file)),
            result: Ok(()),
        })
    }

    /// After an error nothing more is written; [`Self::finish`] tells it.
    fn add(&mut self, scenario: &Scenario, outcome: &Outcome, verdict: &Verdict) {
        if self.result.is_ok() {
            self.result = self.recorder.add(scenario, outcome, verdict);
        }
    }

    fn finish(self) -> Result<(), Fault> {
        self.result
            .and_then(|()| self.recorder.finish())
            .map(drop)
            .map_err(|error| unwritable("--record", self.path, &error))
    }
}

/// Whether a rendering says what each scenario, or each kind of them, came to.
fn tells_results(format: Format) -> bool {
    match format {
        Format::Json | Format::Junit => true,
        Format::Human | Format::Markdown => false,
    }
}

fn render(report: &Report, format: Format) -> Result<String, Fault> {
    Ok(match format {
        Format::Human => human::render(report, WIDTH, wants_color()),
        Format::Json => report
            .to_json()
            .map_err(|error| Fault::Usage(error.to_string()))?,
        Format::Markdown => markdown::render(report),
        Format::Junit => junit::render(report),
    })
}

fn progress(length: usize, filtered: bool) -> ProgressBar {
    // With a filter the end is not known beforehand.
    let bar = if filtered {
        ProgressBar::new_spinner()
    } else {
        ProgressBar::new(length as u64)
    };
    let template = if filtered {
        "{spinner} {pos} scenarios, {per_sec}"
    } else {
        "{bar:30} {pos}/{len} scenarios, {per_sec}, {eta} left"
    };
    let style = ProgressStyle::with_template(template).expect("a template that a test has tried");
    bar.with_style(style)
}

/// The most memory that the process has held, where the system tells (Linux, proc(5)).
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes / 1024)
}

/// The first Ctrl-C ends the run with what there is; before the run, and the second time, it ends
/// the process.
fn on_interrupt(stop: &Arc<AtomicBool>, running: &Arc<AtomicBool>) -> Result<(), Fault> {
    let (stop, running) = (stop.clone(), running.clone());
    ctrlc::set_handler(move || {
        if !running.load(Ordering::Relaxed) {
            complain!("interrupted before the first scenario");
            std::process::exit(i32::from(exit::INTERRUPTED));
        }
        if stop.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(exit::INTERRUPTED));
        }
    })
    .map_err(|error| Fault::Usage(format!("cannot listen for Ctrl-C: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_shown_with_and_without_an_end() {
        progress(1, true).finish_and_clear();
        progress(1, false).finish_and_clear();
    }
}
