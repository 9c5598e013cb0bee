//! `diff`: what changed from one report to another.

use std::path::Path;

use super::args::{DiffArgs, FailOn, Format};
use super::files::{Output, apart, read_report_or_revision};
use super::{Fault, exit, show};
use crate::diff::{self, Diff, human, junit, markdown};
use crate::output::wants_color;
use crate::wrap::WIDTH;

pub(super) fn diff(args: &DiffArgs) -> Result<u8, Fault> {
    for (name, path) in [("OLD", &args.old), ("NEW", &args.new)] {
        let mut files = vec![(name, Path::new(path))];
        files.extend(args.output.as_deref().map(|path| ("--output", path)));
        apart(&files)?;
    }
    let output = args.output.as_deref();
    let output = output
        .map(|path| Output::new(path, args.format))
        .transpose()?;
    let old = read_report_or_revision(&args.old)?;
    let new = read_report_or_revision(&args.new)?;
    let diff = diff::diff(&old, &new).map_err(|error| Fault::Usage(error.to_string()))?;
    let on = args.fail_on.map(|on| match on {
        FailOn::Regressed => diff::FailOn::Regressed,
        FailOn::Changed => diff::FailOn::Changed,
        FailOn::Any => diff::FailOn::Any,
    });
    if let Some(output) = output {
        output.write(|form| render(&diff, form, on))?;
    }
    show(&render(&diff, args.format, on)?)?;
    Ok(if on.is_some_and(|on| diff.fails(on)) {
        exit::DIVERGENCE
    } else {
        exit::AGREE
    })
}

fn render(diff: &Diff, format: Format, on: Option<diff::FailOn>) -> Result<String, Fault> {
    Ok(match format {
        Format::Human => human::render(diff, WIDTH, wants_color()),
        Format::Json => diff
            .to_json()
            .map_err(|error| Fault::Usage(error.to_string()))?,
        Format::Markdown => markdown::render(diff),
        Format::Junit => junit::render(diff, on),
    })
}
