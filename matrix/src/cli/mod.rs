//! The command line.

/// Tells standard error; that nobody listens there is no fault.
macro_rules! complain {
    ($($message:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), $($message)*);
    }};
}

mod args;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Read};
use std::panic;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use shakedown::outcome::Outcome;
use shakedown::scenario::{Scenario, StackId};

use self::args::{
    CausesArgs, Cli, Command, Format, OneArgs, OneFormat, RunArgs, SchemaOf, SelectArgs, form_of,
    usage,
};
use crate::absence::absent;
use crate::axes::Axes;
use crate::known::Known;
use crate::lab::Lab;
use crate::model::{Cause, predict};
use crate::output::{Pending, print, wants_color};
use crate::plan::{Plan, Request};
use crate::recording::Recorder;
use crate::report::{Report, RequestReport, human, markdown};
use crate::run::{self, RunError, Setting};
use crate::verdict::{Verdict, judge};
use crate::{catalogue, explain};

/// What the process says when it ends.
pub mod exit {
    /// Everything went as the model says.
    pub const AGREE: u8 = 0;
    /// Something went otherwise.
    pub const DIVERGENCE: u8 = 1;
    /// The command line, a file or the harness itself is at fault.
    pub const USAGE: u8 = 2;
    /// A filter left nothing to try.
    pub const NOTHING_SELECTED: u8 = 4;
    /// Stopped with Ctrl-C before the end; what was finished has been reported.
    pub const INTERRUPTED: u8 = 130;
}

/// Runs the command line, and says with which status to exit.
pub fn main() -> u8 {
    // A panic inside a stack is a verdict, and one of ours is a fault on one line.
    panic::set_hook(Box::new(|info| {
        *LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner) = info.to_string();
    }));
    panic::catch_unwind(dispatch).unwrap_or_else(|_| {
        let message = LAST_PANIC
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .replace('\n', " ");
        complain!("error: a fault of shakedown's own, please report it: {message}");
        exit::USAGE
    })
}

static LAST_PANIC: Mutex<String> = Mutex::new(String::new());

fn dispatch() -> u8 {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    match cli.execute() {
        Ok(status) => status,
        Err(Fault::Divergence(message)) => {
            complain!("error: {message}");
            exit::DIVERGENCE
        }
        Err(Fault::NothingSelected(message)) => {
            complain!("error: {message}");
            exit::NOTHING_SELECTED
        }
        Err(Fault::Usage(message)) => {
            complain!("error: {message}");
            exit::USAGE
        }
    }
}

/// Why a command cannot be carried out: one line with the remedy.
#[derive(Debug)]
enum Fault {
    Usage(String),
    Divergence(String),
    NothingSelected(String),
}

impl Cli {
    fn execute(self) -> Result<u8, Fault> {
        match self.command.unwrap_or(Command::Run(RunArgs::default())) {
            Command::Run(args) => run(&args),
            Command::Predict(args) => predict_one(&args),
            Command::Replay(args) => replay(&args),
            Command::List(args) => list(&args),
            Command::Stacks => stacks(),
            Command::Causes(args) => causes(&args),
            Command::Axes => axes(),
            Command::Schema { of } => schema(of),
        }
    }
}

fn run(args: &RunArgs) -> Result<u8, Fault> {
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
            let text = std::fs::read_to_string(path).map_err(|error| {
                Fault::Usage(format!(
                    "--known {}: {error}; give a file in the form of matrix/known.json",
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

fn predict_one(args: &OneArgs) -> Result<u8, Fault> {
    let scenario = read_scenario(args)?;
    let prediction = predict(&scenario);
    show(&match args.format {
        OneFormat::Human => explain::scenario(&scenario) + &explain::prediction(&prediction),
        OneFormat::Json => json(&prediction)?,
    })?;
    Ok(exit::AGREE)
}

fn replay(args: &OneArgs) -> Result<u8, Fault> {
    let scenario = read_scenario(args)?;
    let prediction = predict(&scenario);
    let (outcome, transcript) = Lab::new().run_recorded(&scenario);
    let verdict = judge(&prediction, &outcome);
    show(&match args.format {
        OneFormat::Human => [
            explain::scenario(&scenario),
            explain::prediction(&prediction),
            explain::outcome(&outcome),
            explain::transcript(&transcript),
            explain::verdict(&verdict),
        ]
        .concat(),
        OneFormat::Json => json(&serde_json::json!({
            "scenario": scenario,
            "id": scenario.id(),
            "prediction": prediction,
            "outcome": outcome,
            "verdict": verdict,
        }))?,
    })?;
    Ok(match verdict {
        Verdict::Agree | Verdict::Unsupported(_) | Verdict::Unmodelled(_) => exit::AGREE,
        _ => exit::DIVERGENCE,
    })
}

fn list(args: &SelectArgs) -> Result<u8, Fault> {
    let plan = plan(&args.plan.request())?;
    let mut text = String::new();
    for number in 0..plan.batches() {
        for case in plan.batch(number) {
            let id = case.scenario.id();
            let wanted = args
                .filter
                .as_ref()
                .is_none_or(|glob| glob.is_match(&case.name) || glob.is_match(&id.0));
            if wanted {
                text += &format!("{id}\t{}\n", case.name);
            }
        }
    }
    if text.is_empty() {
        return Err(Fault::NothingSelected(format!(
            "nothing selected: no scenario's name or id matches {:?}; try --filter '*'",
            args.filter.as_ref().map_or("*", |glob| glob.glob().glob())
        )));
    }
    show(&text)?;
    Ok(exit::AGREE)
}

fn stacks() -> Result<u8, Fault> {
    let mut text = String::new();
    for info in Lab::new().stacks() {
        text += &format!(
            "{:<18} {} {} ({})\n",
            info.id, info.name, info.version, info.crypto
        );
    }
    show(&text)?;
    Ok(exit::AGREE)
}

fn causes(args: &CausesArgs) -> Result<u8, Fault> {
    let report = args.report.as_deref().map(read_report).transpose()?;
    let mut text = String::new();
    for cause in Cause::ALL {
        text += &format!(
            "{cause}\n  rule: {}\n  remedy: {}\n",
            cause.rule(),
            cause.remedy()
        );
        if let Some(document) = cause.document() {
            text += &format!("  named by: {document}\n");
        }
        if let Some(reason) = catalogue::inexpressible(*cause) {
            text += &format!("  not exercised: {reason}\n");
        }
        text += &absences(*cause);
        if let Some(report) = &report {
            text += &exercised(report, *cause);
        }
    }
    show(&text)?;
    Ok(exit::AGREE)
}

/// Which pairings cannot show the cause, and why.
fn absences(cause: Cause) -> String {
    if catalogue::inexpressible(cause).is_some() {
        return String::new();
    }
    let mut absences: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for client in StackId::ALL {
        for server in StackId::ALL {
            if let Some(reason) = absent(cause, client, server) {
                let pairings = absences.entry(reason).or_default();
                pairings.push(format!("{client}->{server}"));
            }
        }
    }
    let mut text = String::new();
    for (reason, pairings) in absences {
        let pairings: Vec<_> = pairings.iter().map(String::as_str).collect();
        text += &format!("  not on {} pairings: {reason}\n", pairings.len());
        text += &indented(&pairings);
    }
    text
}

/// Words, as deep as the lists of a cause.
fn indented(words: &[&str]) -> String {
    wrapped(words, 74)
        .lines()
        .map(|line| format!("  {line}\n"))
        .collect()
}

/// How often a run met the cause, by pairing.
fn exercised(report: &Report, cause: Cause) -> String {
    let none = BTreeMap::new();
    let counts = report.causes.get(cause.id()).unwrap_or(&none);
    if counts.is_empty() {
        return "  scenarios: none\n".into();
    }
    let words: Vec<_> = counts
        .iter()
        .map(|(pairing, count)| format!("{pairing} {count}"))
        .collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    format!(
        "  scenarios: {}\n{}",
        counts.values().sum::<u64>(),
        wrapped(&words, 74)
            .replace("\n  ", "\n    ")
            .replacen("  ", "    ", 1)
    )
}

fn axes() -> Result<u8, Fault> {
    let mut text = String::new();
    for axis in Axes::new().list() {
        let labels: Vec<_> = axis.values.iter().map(|value| value.label).collect();
        text += &format!("{} ({})\n", axis.name, labels.len());
        text += &wrapped(&labels, 76);
    }
    show(&text)?;
    Ok(exit::AGREE)
}

fn schema(of: SchemaOf) -> Result<u8, Fault> {
    let schema = match of {
        SchemaOf::Report => Report::json_schema(),
        SchemaOf::Scenario => schemars::schema_for!(Scenario).to_value(),
    };
    show(&json(&schema)?)?;
    Ok(exit::AGREE)
}

fn plan(request: &Request) -> Result<Plan, Fault> {
    Plan::new(request).map_err(|error| Fault::Usage(error.to_string()))
}

/// A scenario from a file, from standard input, from the argument itself, or from the plan.
fn read_scenario(args: &OneArgs) -> Result<Scenario, Fault> {
    let source = args.scenario.trim();
    if source.is_empty() {
        return Err(Fault::Usage(
            "no scenario: give its file, `-` for standard input, its JSON or its id".into(),
        ));
    }
    let (name, text) = if source == "-" {
        let mut text = String::new();
        io::stdin()
            .read_to_string(&mut text)
            .map_err(|error| Fault::Usage(format!("standard input: {error}")))?;
        ("standard input".to_owned(), text)
    } else if source.starts_with('{') {
        ("the scenario".to_owned(), source.to_owned())
    } else if is_id(source) && !Path::new(source).exists() {
        return run::find(&plan(&args.plan.request())?, source).ok_or_else(|| {
            Fault::Usage(format!(
                "no scenario of this plan has the id {source}; `shakedown list` shows them, and \
                 --strength, --random and --seed choose the plan"
            ))
        });
    } else {
        let text = std::fs::read_to_string(source).map_err(|error| {
            Fault::Usage(format!(
                "{source}: {error}; give a scenario's file, `-`, its JSON or its id"
            ))
        })?;
        (source.to_owned(), text)
    };
    Scenario::from_json(&text).map_err(|error| {
        Fault::Usage(format!(
            "{name}: {error}; `shakedown schema scenario` has the form"
        ))
    })
}

fn read_report(path: &Path) -> Result<Report, Fault> {
    let fault = |message: String| {
        Fault::Usage(format!(
            "{}: {message}; `shakedown run --output FILE.json` writes one",
            path.display()
        ))
    };
    let text = std::fs::read_to_string(path).map_err(|error| fault(error.to_string()))?;
    Report::from_json(&text).map_err(|error| fault(error.to_string()))
}

fn is_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
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

fn json(value: &impl serde::Serialize) -> Result<String, Fault> {
    serde_json::to_string_pretty(value)
        .map(|text| text + "\n")
        .map_err(|error| Fault::Usage(error.to_string()))
}

fn show(text: &str) -> Result<(), Fault> {
    print(text).map_err(|error| Fault::Usage(format!("standard output: {error}")))
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

fn wrapped(words: &[&str], width: usize) -> String {
    let mut text = String::new();
    let mut line = String::new();
    for word in words {
        if !line.is_empty() && line.len() + word.len() + 2 > width {
            text += &format!("  {line}\n");
            line.clear();
        }
        if !line.is_empty() {
            line.push_str("  ");
        }
        line.push_str(word);
    }
    text + &format!("  {line}\n")
}

const WIDTH: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
        progress(1, true).finish_and_clear();
        progress(1, false).finish_and_clear();
    }

    #[test]
    fn defaults_without_a_command_are_those_of_run() {
        let Some(Command::Run(args)) = Cli::try_parse_from(["shakedown", "run"])
            .expect("no arguments are needed")
            .command
        else {
            panic!("run is a command");
        };
        let request = args.select.plan.request();
        assert_eq!(request, RunArgs::default().select.plan.request());
        assert_eq!(request, Request::default());
    }

    #[test]
    fn a_file_says_by_its_ending_how_it_is_written() {
        let form = |path| form_of(Path::new(path), Format::Human);
        assert_eq!(form("a/b.json"), Format::Json);
        assert_eq!(form("b.md"), Format::Markdown);
        assert_eq!(form("b"), Format::Human);
    }
}
