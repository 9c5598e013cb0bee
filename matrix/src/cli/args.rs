//! What the command line takes, and how a mistake in it is told.

use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand, ValueEnum};
use globset::{GlobBuilder, GlobMatcher};
use shakedown::scenario::StackId;

use super::exit;
use crate::output::print;
use crate::plan::Request;
use crate::report::Shard;

/// Cross TLS stacks in one process, predict every handshake, report what goes otherwise.
#[derive(Debug, Parser)]
#[command(name = "shakedown", version, max_term_width = 80)]
#[command(
    after_help = "Exit status: 0 as the model says, 1 a divergence, a new deviation from an RFC, or what --fail-on is about, 2 a fault of usage or of \
    the harness, 4 nothing selected, 130 interrupted."
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Try scenarios and print compatibility tables and divergences (the default)
    Run(RunArgs),
    /// Say what changed from one report to another
    Diff(DiffArgs),
    /// Make one report of the journals of all parts of a sweep
    Merge(MergeArgs),
    /// Print what the model says of a scenario
    Predict(OneArgs),
    /// Try one scenario and print what both sides saw
    Replay(OneArgs),
    /// List the names and ids of scenarios
    List(SelectArgs),
    /// List the stacks with exact versions
    Stacks,
    /// List the documented causes of failure
    Causes(CausesArgs),
    /// List the axes and their values
    Axes,
    /// Write inputs for the fuzz targets to begin with
    Corpus {
        /// The folder; each target's go to one of its name
        #[arg(long, value_name = "DIR")]
        output: PathBuf,
    },
    /// Tell a fuzzer's finding: the oracle that fails, what was tried, and a shorter input as a test
    Reproduce {
        /// The fuzz target, as in `cargo fuzz list`
        #[arg(value_name = "TARGET")]
        target: String,
        /// The file that the fuzzer wrote
        #[arg(value_name = "INPUT")]
        input: PathBuf,
    },
    /// Print a script that completes this command line in a shell
    Completions {
        /// Which
        #[arg(value_enum, value_name = "SHELL")]
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write those of all commands
    Man {
        /// The folder to write them to
        #[arg(long, value_name = "DIR")]
        output: Option<PathBuf>,
    },
    /// Print the JSON schema of reports, of diffs or of scenarios
    Schema {
        /// Of what
        #[arg(value_enum, default_value_t = SchemaOf::Report)]
        of: SchemaOf,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum SchemaOf {
    Report,
    Diff,
    Scenario,
}

#[derive(Args, Clone, Debug)]
pub(super) struct PlanArgs {
    /// How many axes at a time are covered with all their combinations
    #[arg(long, value_name = "1|2|3", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=3))]
    pub(super) strength: u8,
    /// How many random scenarios come on top
    #[arg(long, value_name = "N", default_value_t = Request::default().random)]
    pub(super) random: usize,
    /// The seed of covering arrays and random scenarios
    #[arg(long, value_name = "S", default_value_t = Request::default().seed)]
    pub(super) seed: u64,
    /// Only these stacks, with commas between [default: all]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = stack)]
    pub(super) stacks: Vec<StackId>,
}

impl Default for PlanArgs {
    fn default() -> Self {
        let request = Request::default();
        Self {
            strength: 2,
            random: request.random,
            seed: request.seed,
            stacks: Vec::new(),
        }
    }
}

impl PlanArgs {
    pub(super) fn request(&self) -> Request {
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
pub(super) struct SelectArgs {
    #[command(flatten)]
    pub(super) plan: PlanArgs,
    /// Only scenarios whose name or id matches (`*` and `?` match `/` too)
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    pub(super) filter: Option<GlobMatcher>,
}

#[derive(Args, Clone, Debug, Default)]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) select: SelectArgs,
    /// How many threads [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) threads: Option<u16>,
    #[command(flatten)]
    pub(super) out: OutArgs,
    /// Only every Nth scenario, from the Kth on; `merge` makes one report of all parts' journals
    #[arg(long, value_name = "K/N")]
    pub(super) shard: Option<Shard>,
    /// Write what each scenario came to, as it goes, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub(super) journal: Option<PathBuf>,
    /// Go on with the journal of a run that was stopped
    #[arg(long, requires = "journal")]
    pub(super) resume: bool,
    /// Write every scenario and its real outcome to a file, one JSON object a line (for ci/mutants)
    #[arg(long, value_name = "FILE")]
    pub(super) record: Option<PathBuf>,
}

/// How a report is told.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct OutArgs {
    /// The form of standard output
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// Write the report to a file too, in the form of its ending (.json, .md, .xml, .txt; else --format)
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Declared exceptions from this file instead of the built-in ones
    #[arg(long, value_name = "FILE")]
    pub(super) known: Option<PathBuf>,
    /// Name the combinations that did not occur
    #[arg(long)]
    pub(super) uncovered: bool,
}

#[derive(Args, Clone, Debug)]
pub(super) struct MergeArgs {
    /// The journals of all parts
    #[arg(value_name = "FILE", required = true)]
    pub(super) journals: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) out: OutArgs,
}

#[derive(Args, Clone, Debug)]
pub(super) struct DiffArgs {
    /// The report before, as JSON: a file, or `REVISION:PATH` out of git
    #[arg(value_name = "OLD")]
    pub(super) old: String,
    /// The report after
    #[arg(value_name = "NEW")]
    pub(super) new: String,
    /// End with status 1 if anything regressed, or also if anything changed, or if there is any difference
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(super) fail_on: Option<FailOn>,
    /// The form of standard output
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// Write it to a file too, in the form of its ending (.json, .md, .xml, .txt; else --format)
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum FailOn {
    Regressed,
    Changed,
    Any,
}

#[derive(Args, Clone, Debug)]
pub(super) struct OneArgs {
    /// A scenario's file, `-` for standard input, its JSON, or its id
    #[arg(value_name = "FILE|-|JSON|ID")]
    pub(super) scenario: String,
    /// The form of standard output
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: OneFormat,
    #[command(flatten, next_help_heading = "To find an id")]
    pub(super) plan: PlanArgs,
}

#[derive(Args, Clone, Debug)]
pub(super) struct CausesArgs {
    /// Say how often the run that wrote this report (JSON) met each cause, by pairing
    #[arg(long, value_name = "FILE")]
    pub(super) report: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For a terminal of 80 columns
    #[default]
    Human,
    /// Everything, for programs
    Json,
    /// For a pull request or a step's summary: the most important first, at most 60,000 bytes
    Markdown,
    /// JUnit XML, with the line that replays a failure
    Junit,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum OneFormat {
    /// For people
    #[default]
    Human,
    /// For programs
    Json,
}

/// By the file's ending; where that says nothing, as standard output.
pub(super) fn form_of(path: &Path, format: Format) -> Format {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("json") => Format::Json,
        Some("md") => Format::Markdown,
        Some("xml") => Format::Junit,
        Some("txt") => Format::Human,
        _ => format,
    }
}

/// clap's message on one line; help and version as they are.
pub(super) fn usage(error: &clap::Error) -> u8 {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        return match print(&error.render().to_string()) {
            Ok(()) => exit::AGREE,
            Err(error) => {
                complain!("error: standard output: {error}");
                exit::USAGE
            }
        };
    }
    let text = error.render().to_string();
    let parts: Vec<_> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("Usage:"))
        .map(|line| line.trim_start_matches("tip: ").trim_end_matches(':'))
        .collect();
    complain!("{}", parts.join("; "));
    exit::USAGE
}

pub(super) fn glob(text: &str) -> Result<GlobMatcher, String> {
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

pub(super) fn stack(text: &str) -> Result<StackId, String> {
    StackId::ALL
        .into_iter()
        .find(|stack| stack.name() == text)
        .ok_or_else(|| {
            let names = StackId::ALL.map(StackId::name).join(", ");
            format!("no such stack; there are {names}")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_by_its_ending_how_it_is_written() {
        let form = |path| form_of(Path::new(path), Format::Human);
        assert_eq!(form("a/b.json"), Format::Json);
        assert_eq!(form("b.md"), Format::Markdown);
        assert_eq!(form("b"), Format::Human);
    }
}
