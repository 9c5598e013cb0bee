//! shakedown's whole command line, with the TLS libraries that this project locks.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(shakedown_matrix::cli::main())
}
