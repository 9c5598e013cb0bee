//! The report as GitHub-flavoured Markdown.

use super::Report;

/// Renders the report.
pub fn render(report: &Report) -> String {
    format!("# shakedown {}\n", report.shakedown)
}
