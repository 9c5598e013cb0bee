//! Files that commands read and write.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Fault;
use super::args::{Format, OutArgs, form_of};
use crate::output::Pending;
use crate::report::Report;

/// A file that will be written, and in which form.
pub(super) struct Output<'a> {
    pending: Pending,
    form: Format,
    path: &'a Path,
}

impl<'a> Output<'a> {
    /// Makes sure beforehand that the file can be written.
    pub(super) fn new(path: &'a Path, format: Format) -> Result<Self, Fault> {
        Ok(Self {
            pending: Pending::new(path).map_err(|error| unwritable("--output", path, &error))?,
            form: form_of(path, format),
            path,
        })
    }

    pub(super) fn form(&self) -> Format {
        self.form
    }

    pub(super) fn write(
        self,
        render: impl FnOnce(Format) -> Result<String, Fault>,
    ) -> Result<(), Fault> {
        self.pending
            .write(&render(self.form)?)
            .map_err(|error| unwritable("--output", self.path, &error))
    }
}

impl OutArgs {
    pub(super) fn pending(&self) -> Result<Option<Output<'_>>, Fault> {
        let path = self.output.as_deref();
        path.map(|path| Output::new(path, self.format)).transpose()
    }
}

/// Refuses one file in two places, of which one would be written over the other.
pub(super) fn apart(files: &[(&str, &Path)]) -> Result<(), Fault> {
    let place = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    for (number, (name, path)) in files.iter().enumerate() {
        for (other, there) in &files[..number] {
            if place(path) == place(there) && !is_through(path) {
                return Err(Fault::Usage(format!(
                    "{name} {}: the same file as {other}; choose another",
                    path.display()
                )));
            }
        }
    }
    Ok(())
}

/// Whether it is a pipe or a device, which keeps nothing.
fn is_through(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

pub(super) fn unwritable(option: &str, path: &Path, error: &io::Error) -> Fault {
    Fault::Usage(format!(
        "{option} {}: {error}; choose a place that can be written",
        path.display()
    ))
}

/// Reads a report from a file.
pub(super) fn read_report(path: &Path) -> Result<Report, Fault> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| no_report(&name, &error))?;
    Report::from_json(&text).map_err(|error| no_report(&name, &error))
}

/// Reads a report from a file, or from one in a revision of git's.
pub(super) fn read_report_or_revision(name: &str) -> Result<Report, Fault> {
    let path = PathBuf::from(name);
    if path.exists() || !name.contains(':') {
        return read_report(&path);
    }
    let shown = Command::new("git")
        .args(["show", "--end-of-options", name])
        .output()
        .map_err(|error| no_report(name, &format!("git: {error}")))?;
    if !shown.status.success() {
        let told = String::from_utf8_lossy(&shown.stderr);
        let line = told.lines().next().unwrap_or("git says nothing");
        return Err(no_report(name, &format!("git: {line}")));
    }
    let text =
        String::from_utf8(shown.stdout).map_err(|_| no_report(name, &"this is not UTF-8"))?;
    Report::from_json(&text).map_err(|error| no_report(name, &error))
}

fn no_report(name: &str, error: &dyn std::fmt::Display) -> Fault {
    Fault::Usage(format!(
        "{name}: {error}; `shakedown run --output FILE.json` writes one"
    ))
}
