//! `list`, `stacks`, `axes` and `schema`: what there is.

use shakedown::scenario::Scenario;

use super::args::{SchemaOf, SelectArgs};
use super::{Fault, exit, json, plan, show};
use crate::axes::Axes;
use crate::diff::Diff;
use crate::lab::Lab;
use crate::report::Report;
use crate::schema;
use crate::wrap::{WIDTH, side_by_side};

pub(super) fn list(args: &SelectArgs) -> Result<u8, Fault> {
    let plan = plan(&args.plan.request(), args.filter.as_ref())?;
    let mut text = String::new();
    let may_match = |number: &usize| {
        let pattern = args.filter.as_ref().map(|glob| glob.glob().glob());
        pattern.is_none_or(|pattern| plan.may_match(*number, pattern))
    };
    for number in (0..plan.batches()).filter(may_match) {
        for case in plan.batch(number) {
            let id = case.scenario.id();
            let wanted = args
                .filter
                .as_ref()
                .is_none_or(|glob| glob.is_match(&case.name) || glob.is_match(&id.0));
            if wanted {
                text += &format!("{id}\t{}\n", case.name);
            }
        }
    }
    if text.is_empty() {
        return Err(Fault::NothingSelected(format!(
            "nothing selected: no scenario's name or id matches {:?}; try --filter '*'",
            args.filter.as_ref().map_or("*", |glob| glob.glob().glob())
        )));
    }
    show(&text)?;
    Ok(exit::AGREE)
}

pub(super) fn stacks() -> Result<u8, Fault> {
    let mut text = String::new();
    for info in Lab::new().stacks() {
        text += &format!(
            "{:<18} {} {} ({})\n",
            info.id, info.name, info.version, info.crypto
        );
    }
    show(&text)?;
    Ok(exit::AGREE)
}

pub(super) fn axes() -> Result<u8, Fault> {
    let mut text = String::new();
    for axis in Axes::new().list() {
        text += &format!("{} ({})\n", axis.name, axis.values.len());
        text += &side_by_side(axis.values.iter().map(|value| value.label), 1, WIDTH);
    }
    show(&text)?;
    Ok(exit::AGREE)
}

pub(super) fn schema(of: SchemaOf) -> Result<u8, Fault> {
    let schema = match of {
        SchemaOf::Diff => Diff::json_schema(),
        SchemaOf::Report => Report::json_schema(),
        SchemaOf::Scenario => schema::of::<Scenario>(),
    };
    show(&json(&schema)?)?;
    Ok(exit::AGREE)
}
