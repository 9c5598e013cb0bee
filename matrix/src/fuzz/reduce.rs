//! From a finding to an input that is as short as it can be made, and to a test of it.

use std::fmt::Write;

use super::{Finding, Target};
use crate::lab::Lab;

/// The shortest input that was found at which the same oracle fails in the same way, and what it comes to. Pieces are left
/// out, the large ones first, then bytes are made zero, until nothing more helps.
pub fn reduce(
    target: &Target,
    lab: &Lab,
    input: &[u8],
    finding: Box<Finding>,
) -> (Vec<u8>, Box<Finding>) {
    let mut best = (input[..input.len().min(target.max_len)].to_vec(), finding);
    let mut tries = 0;
    let mut fails = |candidate: &[u8], like: &Finding| {
        tries += 1;
        if tries > MOST_TRIES {
            return None;
        }
        let finding = target.check(lab, candidate).err()?;
        ((finding.oracle, &finding.kind) == (like.oracle, &like.kind)).then_some(finding)
    };
    loop {
        let before = best.0.clone();
        let mut piece = best.0.len();
        while piece > 0 {
            let mut at = 0;
            while at < best.0.len() {
                let mut candidate = best.0.clone();
                candidate.drain(at..(at + piece).min(best.0.len()));
                match fails(&candidate, &best.1) {
                    Some(finding) => best = (candidate, finding),
                    None => at += piece,
                }
            }
            piece /= 2;
        }
        for at in 0..best.0.len() {
            let mut candidate = best.0.clone();
            if std::mem::take(&mut candidate[at]) != 0
                && let Some(finding) = fails(&candidate, &best.1)
            {
                best = (candidate, finding);
            }
        }
        if best.0 == before {
            return best;
        }
    }
}

/// A Rust test that fails as long as the input comes to a finding.
pub fn test_of(target: &Target, input: &[u8]) -> String {
    let mut bytes = String::new();
    for line in input.chunks(16) {
        bytes += "       ";
        for byte in line {
            let _ = write!(bytes, " {byte:#04x},");
        }
        bytes += "\n";
    }
    let name = target.name;
    format!(
        "#[test]\n\
         fn {name}_has_no_finding() {{\n    \
             let lab = shakedown_matrix::lab::Lab::new();\n    \
             let target = shakedown_matrix::fuzz::Target::named({name:?}).expect(\"a target\");\n    \
             let input = [\n{bytes}    ];\n    \
             if let Err(finding) = target.check(&lab, &input) {{\n        \
                 panic!(\"{{finding}}\");\n    \
             }}\n\
         }}\n"
    )
}

/// So that a finding that takes long to see does not take for ever to make shorter.
const MOST_TRIES: u32 = 20_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::Kept;

    /// Anything with a 7 before a 9 is a finding; a 255 alone is another one.
    const TARGET: Target = Target {
        name: "planted",
        about: "",
        max_len: 64,
        check: |_, input| {
            let seven = input.iter().position(|byte| *byte == 7);
            match seven.map(|at| input[at..].contains(&9)) {
                Some(true) => Err(Finding::new("seven before nine", format!("{input:?}"))),
                _ if input.contains(&255) => Err(Finding::new("two hundred and fifty-five", "")),
                _ => Ok(Kept::Yes),
            }
        },
        seeds: Vec::new,
    };

    #[test]
    fn what_the_oracle_does_not_need_goes() {
        let lab = Lab::new();
        let input: Vec<_> = (0..60).chain([255, 3, 255]).collect();
        let finding = TARGET.check(&lab, &input).expect_err("a finding");
        let (reduced, finding) = reduce(&TARGET, &lab, &input, finding);
        assert_eq!(reduced, [7, 9]);
        assert_eq!(finding.story, "[7, 9]");
        let input = [255, 1, 2, 3];
        let finding = TARGET.check(&lab, &input).expect_err("a finding");
        assert_eq!(reduce(&TARGET, &lab, &input, finding).0, [255]);
    }

    #[test]
    fn what_lies_behind_the_longest_input_is_not_looked_at() {
        let lab = Lab::new();
        let mut input = vec![7, 9];
        input.resize(200, 7);
        let finding = TARGET.check(&lab, &input).expect_err("a finding");
        assert_eq!(reduce(&TARGET, &lab, &input, finding).0, [7, 9]);
    }

    #[test]
    fn a_test_says_every_byte() {
        let test = test_of(&TARGET, &[0, 1, 255]);
        assert!(test.contains("        0x00, 0x01, 0xff,\n"), "{test}");
        assert!(test.contains("fn planted_has_no_finding()"), "{test}");
        assert!(test.contains(r#"Target::named("planted")"#), "{test}");
    }
}
