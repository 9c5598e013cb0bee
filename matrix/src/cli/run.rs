//! `run`: every scenario of a plan tried and reported.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use shakedown::outcome::Outcome;
use shakedown::scenario::Scenario;

use super::args::{Format, RunArgs, form_of};
use super::{Fault, exit, plan, show};
use crate::axes::Axes;
use crate::known::Known;
use crate::lab::Lab;
use crate::output::{Pending, wants_color};
use crate::recording::Recorder;
use crate::report::{Report, RequestReport, human, markdown};
use crate::run::{self, RunError, Setting};
use crate::verdict::Verdict;
use crate::wrap::WIDTH;

pub(super) fn run(args: &RunArgs) -> Result<u8, Fault> {
    let pending = args
        .output
        .as_deref()
        .map(|path| {
            let form = form_of(path, args.format);
            let pending =
                Pending::new(path).map_err(|error| unwritable("--output", path, &error))?;
            Ok::<_, Fault>((pending, form, path))
        })
        .transpose()?;
    let mut tape = args.record.as_deref().map(Tape::new).transpose()?;
    if let Some(threads) = args.threads {
        rayon::ThreadPoolBuilder::new()
            .num_threads(usize::from(threads))
            .build_global()
            .map_err(|error| Fault::Usage(format!("cannot start {threads} threads: {error}")))?;
    }
    let request = args.select.plan.request();
    let stop = Arc::new(AtomicBool::new(false));
    let running = Arc::new(AtomicBool::new(false));
    on_interrupt(&stop, &running)?;
    let lab = Lab::new();
    let known = known(args.known.as_deref(), &Axes::new(), &lab)?;
    let planning = ProgressBar::new_spinner().with_message("planning");
    planning.enable_steady_tick(Duration::from_millis(100));
    let plan = plan(&request)?;
    planning.finish_and_clear();
    let progress = progress(plan.len(), args.select.filter.is_some());
    running.store(true, Ordering::Relaxed);
    let begin = Instant::now();
    let record: run::Record<'_> =
        &mut |scenario: &Scenario, outcome: &Outcome, verdict: &Verdict| {
            if let Some(tape) = &mut tape {
                tape.add(scenario, outcome, verdict);
            }
        };
    let report = run::run_recorded(
        &Setting {
            lab: &lab,
            plan: &plan,
            filter: args.select.filter.as_ref(),
            known: &known,
            list_uncovered: args.uncovered,
            stop: &stop,
            tick: &|count| progress.inc(count),
        },
        RequestReport {
            strength: request.strength,
            random: request.random,
            seed: request.seed,
            filter: args
                .select
                .filter
                .as_ref()
                .map(|glob| glob.glob().glob().to_owned()),
            interrupted: false,
        },
        args.record.is_some().then_some(record),
    )
    .map_err(|error| match error {
        RunError::NothingSelected(_) => Fault::NothingSelected(error.to_string()),
        RunError::KnownUnmet { .. } => Fault::Divergence(error.to_string()),
        RunError::Cover(_) => Fault::Usage(error.to_string()),
    })?;
    progress.finish_and_clear();
    if let Some(tape) = tape {
        tape.finish()?;
    }
    let seconds = begin.elapsed().as_secs_f64();
    show(&render(&report, args.format)?)?;
    if let Some((pending, form, path)) = pending {
        pending
            .write(&render(&report, form)?)
            .map_err(|error| unwritable("--output", path, &error))?;
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

fn render(report: &Report, format: Format) -> Result<String, Fault> {
    Ok(match format {
        Format::Human => human::render(report, WIDTH, wants_color()),
        Format::Json => report
            .to_json()
            .map_err(|error| Fault::Usage(error.to_string()))?,
        Format::Markdown => markdown::render(report),
    })
}

fn unwritable(option: &str, path: &Path, error: &io::Error) -> Fault {
    Fault::Usage(format!(
        "{option} {}: {error}; choose a place that can be written",
        path.display()
    ))
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
