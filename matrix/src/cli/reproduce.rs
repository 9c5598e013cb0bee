//! `shakedown reproduce`: from a fuzzer's input to a report that somebody can act on.

use std::fs;
use std::path::Path;

use super::{Fault, exit, one, show};
use crate::fuzz::{Kept, TARGETS, Target, reduce, test_of};
use crate::lab::Lab;

/// Says what an input of a fuzz target comes to: the oracle that fails, what was tried and what came of it,
/// and the input made shorter, as a test to paste.
pub(super) fn reproduce(name: &str, path: &Path) -> Result<u8, Fault> {
    let target = Target::named(name).ok_or_else(|| {
        let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        Fault::Usage(format!(
            "there is no fuzz target {name}; there are {}",
            names.join(", ")
        ))
    })?;
    let input =
        fs::read(path).map_err(|error| Fault::Usage(format!("{}: {error}", path.display())))?;
    let (text, status) = story(target, &Lab::new(), &input)?;
    show(&text)?;
    Ok(status)
}

fn story(target: &Target, lab: &Lab, input: &[u8]) -> Result<(String, u8), Fault> {
    let looked_at = input.len().min(target.max_len);
    let finding = match target.check(lab, input) {
        Ok(kept) => {
            let what = match kept {
                Kept::Yes => "nothing wrong comes of",
                Kept::No => "nothing that can be tried is said by",
            };
            let text = format!("{}: {what} these {looked_at} bytes\n", target.name);
            return Ok((text, exit::AGREE));
        }
        Err(finding) => finding,
    };
    let (reduced, finding) = reduce(target, lab, input, finding);
    let played = match &finding.scenario {
        Some(scenario) => one::played(lab, scenario)?,
        None => String::new(),
    };
    let text = format!(
        "{finding}\n{played}\n{} of {looked_at} bytes are enough:\n\n{}",
        reduced.len(),
        test_of(target, &reduced)
    );
    Ok((text, exit::DIVERGENCE))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use shakedown::connection::{Config, Refusal, Stack, StackInfo};
    use shakedown::identity::Identities;
    use shakedown::profile::{ClientProfile, NameCheck, ServerProfile};
    use shakedown::scenario::StackId;
    use shakedown::stacks;

    use super::*;

    /// It says that it checks the name, and does not.
    struct Nameless(Box<dyn Stack>);

    impl Stack for Nameless {
        fn info(&self) -> &StackInfo {
            self.0.info()
        }

        fn client(&self, profile: &ClientProfile) -> Result<Arc<dyn Config>, Refusal> {
            let mut profile = profile.clone();
            profile.name_check = NameCheck::Off;
            self.0.client(&profile)
        }

        fn server(&self, profile: &ServerProfile) -> Result<Arc<dyn Config>, Refusal> {
            self.0.server(profile)
        }
    }

    #[test]
    fn a_finding_is_told_with_its_scenario_its_outcome_and_a_test() {
        let input = include_bytes!("../../../fuzz/seeds/scenario/wrong-name");
        let stacks = stacks::linked(&Arc::new(Identities::new()))
            .into_iter()
            .map(|stack| -> Box<dyn Stack> {
                match stack.info().id {
                    StackId::Openssl => Box::new(Nameless(stack)),
                    _ => stack,
                }
            })
            .collect();
        let target = Target::named("scenario").expect("a target");
        let (text, status) = story(target, &Lab::with_stacks(stacks), input).expect("a story");
        assert_eq!(status, exit::DIVERGENCE, "{text}");
        for part in [
            "scenario: the model\n",
            "expected: failure, cert-host-mismatch",
            "outcome:\n  client: closes cleanly",
            "bytes are enough:",
            "fn scenario_has_no_finding()",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        let (text, status) = story(target, &Lab::new(), input).expect("a story");
        assert_eq!(status, exit::AGREE, "{text}");
    }
}
