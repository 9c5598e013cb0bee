//! The command line.

use std::io::{self, Read};
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand, ValueEnum};
use globset::{GlobBuilder, GlobMatcher};
use indicatif::{ProgressBar, ProgressStyle};
use shakedown::scenario::{Scenario, StackId};

use crate::axes::Axes;
use crate::known::Known;
use crate::lab::Lab;
use crate::model::{Cause, predict};
use crate::output::{Pending, print, wants_color};
use crate::plan::{Plan, Request};
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
        let message = LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner);
        eprintln!(
            "error: a fault of shakedown's own, please report it: {}",
            message.replace('\n', " ")
        );
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
        Err(Fault::NothingSelected(message)) => {
            eprintln!("error: {message}");
            exit::NOTHING_SELECTED
        }
        Err(Fault::Usage(message)) => {
            eprintln!("error: {message}");
            exit::USAGE
        }
    }
}

/// Cross TLS stacks in one process, predict every handshake, report what goes otherwise.
#[derive(Debug, Parser)]
#[command(name = "shakedown", version, max_term_width = 80)]
#[command(
    after_help = "Exit status: 0 as the model says, 1 a divergence, 2 a fault of usage or of \
    the harness, 4 nothing selected, 130 interrupted."
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Try scenarios and print compatibility tables and divergences (the default)
    Run(RunArgs),
    /// Print what the model says of a scenario
    Predict(OneArgs),
    /// Try one scenario and print what both sides saw
    Replay(OneArgs),
    /// List the names and ids of scenarios
    List(SelectArgs),
    /// List the stacks with exact versions
    Stacks,
    /// List the documented causes of failure
    Causes,
    /// List the axes and their values
    Axes,
    /// Print the JSON schema of reports or of scenarios
    Schema {
        /// Of what
        #[arg(value_enum, default_value_t = SchemaOf::Report)]
        of: SchemaOf,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SchemaOf {
    Report,
    Scenario,
}

#[derive(Args, Clone, Debug)]
struct SelectArgs {
    /// How many axes at a time are covered with all their combinations
    #[arg(long, value_name = "1|2|3", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=3))]
    strength: u8,
    /// How many random scenarios come on top
    #[arg(long, value_name = "N", default_value_t = Request::default().random)]
    random: usize,
    /// The seed of covering arrays and random scenarios
    #[arg(long, value_name = "S", default_value_t = Request::default().seed)]
    seed: u64,
    /// Only scenarios whose name or id matches (`*` and `?` match `/` too)
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    filter: Option<GlobMatcher>,
    /// Only these stacks, with commas between [default: all]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = stack)]
    stacks: Vec<StackId>,
}

impl Default for SelectArgs {
    fn default() -> Self {
        let request = Request::default();
        Self {
            strength: 2,
            random: request.random,
            seed: request.seed,
            filter: None,
            stacks: Vec::new(),
        }
    }
}

impl SelectArgs {
    fn request(&self) -> Request {
        let mut stacks = self.stacks.clone();
        stacks.sort_unstable();
        stacks.dedup();
        Request {
            strength: usize::from(self.strength),
            random: self.random,
            seed: self.seed,
            stacks: if stacks.is_empty() {
                StackId::ALL.to_vec()
            } else {
                stacks
            },
        }
    }
}

#[derive(Args, Clone, Debug, Default)]
struct RunArgs {
    #[command(flatten)]
    select: SelectArgs,
    /// How many threads [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// The form of standard output
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Write the report to a file too, in the form of its ending (.json, .md, .txt; else --format)
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Name the combinations that did not occur
    #[arg(long)]
    uncovered: bool,
}

#[derive(Args, Clone, Debug)]
struct OneArgs {
    /// A scenario's file, `-` for standard input, its JSON, or its id
    #[arg(value_name = "FILE|-|JSON|ID")]
    scenario: String,
    /// The form of standard output
    #[arg(long, value_enum, default_value_t)]
    format: OneFormat,
    #[command(flatten)]
    select: SelectArgs,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a terminal of 80 columns
    #[default]
    Human,
    /// The report itself
    Json,
    /// For a pull request
    Markdown,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum OneFormat {
    /// For people
    #[default]
    Human,
    /// For programs
    Json,
}

/// Why a command cannot be carried out: one line with the remedy.
#[derive(Debug)]
enum Fault {
    Usage(String),
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
            Command::Causes => causes(),
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
            let pending = Pending::new(path).map_err(|error| unwritable(path, &error))?;
            Ok::<_, Fault>((pending, form, path))
        })
        .transpose()?;
    if let Some(threads) = args.threads {
        rayon::ThreadPoolBuilder::new()
            .num_threads(usize::from(threads))
            .build_global()
            .map_err(|error| Fault::Usage(format!("cannot start {threads} threads: {error}")))?;
    }
    let request = args.select.request();
    let stop = Arc::new(AtomicBool::new(false));
    let running = Arc::new(AtomicBool::new(false));
    on_interrupt(&stop, &running)?;
    let plan = plan(&request)?;
    let lab = Lab::new();
    let known = Known::built_in(plan.axes()).map_err(|error| Fault::Usage(error.to_string()))?;
    let progress = progress(plan.len(), args.select.filter.is_some());
    running.store(true, Ordering::Relaxed);
    let begin = Instant::now();
    let report = run::run(
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
    )
    .map_err(|error| match error {
        RunError::NothingSelected(_) => Fault::NothingSelected(error.to_string()),
        RunError::Cover(_) => Fault::Usage(error.to_string()),
    })?;
    progress.finish_and_clear();
    let seconds = begin.elapsed().as_secs_f64();
    show(&render(&report, args.format)?)?;
    if let Some((pending, form, path)) = pending {
        pending
            .write(&render(&report, form)?)
            .map_err(|error| unwritable(path, &error))?;
    }
    eprintln!(
        "{} scenarios in {seconds:.1} s: {:.0} scenarios/s",
        report.summary.scenarios,
        report.summary.scenarios as f64 / seconds.max(f64::EPSILON)
    );
    Ok(if !report.agrees() {
        exit::DIVERGENCE
    } else if report.request.interrupted {
        exit::INTERRUPTED
    } else {
        exit::AGREE
    })
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
        Verdict::Agree | Verdict::Unsupported(_) => exit::AGREE,
        _ => exit::DIVERGENCE,
    })
}

fn list(args: &SelectArgs) -> Result<u8, Fault> {
    let plan = plan(&args.request())?;
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
        return Err(Fault::NothingSelected(
            "nothing selected: no scenario's name or id matches; try --filter '*'".into(),
        ));
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

fn causes() -> Result<u8, Fault> {
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
    }
    show(&text)?;
    Ok(exit::AGREE)
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
    let (name, text) = if source == "-" {
        let mut text = String::new();
        io::stdin()
            .read_to_string(&mut text)
            .map_err(|error| Fault::Usage(format!("standard input: {error}")))?;
        ("standard input".to_owned(), text)
    } else if source.starts_with('{') {
        ("the scenario".to_owned(), source.to_owned())
    } else if is_id(source) && !Path::new(source).exists() {
        return run::find(&plan(&args.select.request())?, source).ok_or_else(|| {
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

/// By the file's ending; where that says nothing, as standard output.
fn form_of(path: &Path, format: Format) -> Format {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("json") => Format::Json,
        Some("md") => Format::Markdown,
        Some("txt") => Format::Human,
        _ => format,
    }
}

fn json(value: &impl serde::Serialize) -> Result<String, Fault> {
    serde_json::to_string_pretty(value)
        .map(|text| text + "\n")
        .map_err(|error| Fault::Usage(error.to_string()))
}

fn show(text: &str) -> Result<(), Fault> {
    print(text).map_err(|error| Fault::Usage(format!("standard output: {error}")))
}

fn unwritable(path: &Path, error: &io::Error) -> Fault {
    Fault::Usage(format!(
        "--output {}: {error}; choose a place that can be written",
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

/// The first Ctrl-C ends the run with what there is; before the run, and the second time, it ends
/// the process.
fn on_interrupt(stop: &Arc<AtomicBool>, running: &Arc<AtomicBool>) -> Result<(), Fault> {
    let (stop, running) = (stop.clone(), running.clone());
    ctrlc::set_handler(move || {
        if !running.load(Ordering::Relaxed) || stop.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(exit::INTERRUPTED));
        }
    })
    .map_err(|error| Fault::Usage(format!("cannot listen for Ctrl-C: {error}")))
}

fn glob(text: &str) -> Result<GlobMatcher, String> {
    if text.is_empty() {
        return Err(
            "an empty pattern selects nothing; leave --filter out to run everything".into(),
        );
    }
    GlobBuilder::new(text)
        .literal_separator(false)
        .build()
        .map(|glob| glob.compile_matcher())
        .map_err(|error| error.to_string())
}

fn stack(text: &str) -> Result<StackId, String> {
    StackId::ALL
        .into_iter()
        .find(|stack| stack.name() == text)
        .ok_or_else(|| {
            let names = StackId::ALL.map(StackId::name).join(", ");
            format!("no such stack; there are {names}")
        })
}

/// clap's message on one line; help and version as they are.
fn usage(error: &clap::Error) -> u8 {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        let _ = print(&error.render().to_string());
        return exit::AGREE;
    }
    let text = error.render().to_string();
    let parts: Vec<_> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("Usage:"))
        .map(|line| line.trim_start_matches("tip: "))
        .collect();
    eprintln!("{}", parts.join("; "));
    exit::USAGE
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
        assert_eq!(args.select.request(), RunArgs::default().select.request());
        assert_eq!(args.select.request(), Request::default());
    }

    #[test]
    fn a_file_says_by_its_ending_how_it_is_written() {
        let form = |path| form_of(Path::new(path), Format::Human);
        assert_eq!(form("a/b.json"), Format::Json);
        assert_eq!(form("b.md"), Format::Markdown);
        assert_eq!(form("b"), Format::Human);
    }
}
