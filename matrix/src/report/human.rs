//! The report for a terminal.

use super::Report;

/// Renders the report in lines of at most `width` columns.
pub fn render(report: &Report, _width: usize, _color: bool) -> String {
    format!("shakedown {}\n", report.shakedown)
}
