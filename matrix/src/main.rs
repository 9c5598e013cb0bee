//! The command-line tool `shakedown`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(shakedown_matrix::cli::main())
}
