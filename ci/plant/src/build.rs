//! Builds the tests, and says where that failed.

use std::path::Path;
use std::process::{Command, Stdio};

use serde::Deserialize;

pub(crate) enum Built {
    /// The path of the test program.
    Program(String),
    /// At least one.
    Errors(Vec<Fault>),
}

/// A part of what an error points at, in bytes of the file.
pub(crate) struct Fault {
    pub(crate) file: String,
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) message: String,
}

/// A line of Cargo's `--message-format=json`, as far as it matters here.
#[derive(Deserialize)]
struct Line {
    executable: Option<String>,
    message: Option<Message>,
}

#[derive(Deserialize)]
struct Message {
    level: String,
    spans: Vec<Part>,
    rendered: Option<String>,
}

#[derive(Deserialize)]
struct Part {
    file_name: String,
    byte_start: usize,
    byte_end: usize,
    is_primary: bool,
    expansion: Option<Expansion>,
}

/// What is in a macro's text came from somewhere.
#[derive(Deserialize)]
struct Expansion {
    span: Box<Part>,
}

pub(crate) fn build(tree: &Path, cargo: &[String]) -> Result<Built, String> {
    let (name, arguments) = cargo.split_first().ok_or("no command to build with")?;
    let output = Command::new(name)
        .args(arguments)
        .arg("--message-format=json")
        .current_dir(tree)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("{name}: {error}"))?;
    let mut program = None;
    let mut errors = Vec::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(line) = serde_json::from_str::<Line>(line) else {
            continue;
        };
        program = line.executable.or(program);
        let Some(message) = line.message.filter(|message| message.level == "error") else {
            continue;
        };
        for part in message.spans.iter().filter(|part| part.is_primary) {
            let mut next = Some(part);
            while let Some(part) = next {
                errors.push(Fault {
                    file: part.file_name.clone(),
                    from: part.byte_start,
                    to: part.byte_end,
                    message: message.rendered.clone().unwrap_or_default(),
                });
                next = part.expansion.as_ref().map(|expansion| &*expansion.span);
            }
        }
    }
    match program {
        Some(program) if output.status.success() => Ok(Built::Program(program)),
        _ if !errors.is_empty() => Ok(Built::Errors(errors)),
        _ => Err(format!("{name} failed: {}", output.status)),
    }
}
