//! `causes`: what is documented, where it shows, and how often a run met it.

use std::collections::BTreeMap;

use shakedown::scenario::StackId;

use super::args::CausesArgs;
use super::files::read_report;
use super::{Fault, exit, show};
use crate::absence::absent;
use crate::catalogue;
use crate::model::Cause;
use crate::report::Report;
use crate::wrap::{WIDTH, paragraph, side_by_side};

pub(super) fn causes(args: &CausesArgs) -> Result<u8, Fault> {
    let report = args.report.as_deref().map(read_report).transpose()?;
    let mut text = String::new();
    for cause in Cause::ALL {
        text += &described(*cause);
        text += &absences(*cause);
        if let Some(report) = &report {
            text += &exercised(report, *cause);
        }
    }
    show(&text)?;
    Ok(exit::AGREE)
}

fn described(cause: Cause) -> String {
    let mut text = format!("{cause}\n");
    text += &line(&format!("rule: {}", cause.rule()));
    text += &line(&format!("remedy: {}", cause.remedy()));
    if let Some(document) = cause.document() {
        text += &line(&format!("named by: {document}"));
    }
    if let Some(reason) = catalogue::inexpressible(cause) {
        text += &line(&format!("not exercised: {reason}"));
    }
    text
}

fn line(text: &str) -> String {
    paragraph(text, 1, WIDTH)
}

/// Which pairings cannot show the cause, and why.
fn absences(cause: Cause) -> String {
    if catalogue::inexpressible(cause).is_some() {
        return String::new();
    }
    let mut absences: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for client in StackId::ALL {
        for server in StackId::ALL {
            if let Some(reason) = absent(cause, client, server) {
                let pairings = absences.entry(reason).or_default();
                pairings.push(format!("{client}->{server}"));
            }
        }
    }
    let mut text = String::new();
    for (reason, pairings) in absences {
        text += &line(&format!("not on {} pairings: {reason}", pairings.len()));
        text += &side_by_side(pairings.iter().map(String::as_str), 2, WIDTH);
    }
    text
}

/// How often a run met the cause, by pairing.
fn exercised(report: &Report, cause: Cause) -> String {
    let none = BTreeMap::new();
    let counts = report.causes.get(cause.id()).unwrap_or(&none);
    if counts.is_empty() {
        return "  scenarios: none\n".into();
    }
    let words: Vec<_> = counts
        .iter()
        .map(|(pairing, count)| format!("{pairing} {count}"))
        .collect();
    let total = counts.values().sum::<u64>();
    line(&format!("scenarios: {total}")) + &side_by_side(words.iter().map(String::as_str), 2, WIDTH)
}
