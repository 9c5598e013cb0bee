//! The command line.

/// Tells standard error; that nobody listens there is no fault.
macro_rules! complain {
    ($($message:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), $($message)*);
    }};
}

mod args;
mod causes;
mod corpus;
mod diff;
mod files;
mod lists;
mod one;
mod pages;
mod reproduce;
mod run;

use std::panic;
use std::sync::{Mutex, PoisonError};

use clap::Parser;
use globset::GlobMatcher;

use self::args::{Cli, Command, RunArgs, usage};
use crate::output::print;
use crate::plan::{Plan, Request};

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
            Command::Run(args) => run::run(&args),
            Command::Diff(args) => diff::diff(&args),
            Command::Merge(args) => run::merge(&args),
            Command::Predict(args) => one::predict(&args),
            Command::Replay(args) => one::replay(&args),
            Command::List(args) => lists::list(&args),
            Command::Stacks => lists::stacks(),
            Command::Causes(args) => causes::causes(&args),
            Command::Axes => lists::axes(),
            Command::Corpus { output } => corpus::corpus(&output),
            Command::Reproduce { target, input } => reproduce::reproduce(&target, &input),
            Command::Completions { shell } => pages::completions(shell),
            Command::Man { output } => pages::man(output.as_deref()),
            Command::Schema { of } => lists::schema(of),
        }
    }
}

fn plan(request: &Request, filter: Option<&GlobMatcher>) -> Result<Plan, Fault> {
    let pattern = filter.map(|filter| filter.glob().glob());
    Plan::selected(request, pattern).map_err(|error| Fault::Usage(error.to_string()))
}

fn json(value: &impl serde::Serialize) -> Result<String, Fault> {
    serde_json::to_string_pretty(value)
        .map(|text| text + "\n")
        .map_err(|error| Fault::Usage(error.to_string()))
}

fn show(text: &str) -> Result<(), Fault> {
    print(text).map_err(|error| Fault::Usage(format!("standard output: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
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
}
