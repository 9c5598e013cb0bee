//! What a test has tried, on file: `ci/mutants` holds the model to it where no stack is linked.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::PathBuf;

use shakedown::outcome::Outcome;
use shakedown::scenario::Scenario;
use shakedown_matrix::recording::Recorder;
use shakedown_matrix::verdict::Verdict;

/// Writes a recording of this name into the folder that `SHAKEDOWN_KEEP` names, if it names one.
pub(crate) fn keep<'a>(
    name: &str,
    tried: impl IntoIterator<Item = (&'a Scenario, &'a Outcome, &'a Verdict)>,
) {
    let Some(folder) = std::env::var_os("SHAKEDOWN_KEEP").map(PathBuf::from) else {
        return;
    };
    fs::create_dir_all(&folder).expect("a folder");
    let file = File::create(folder.join(name).with_extension("jsonl")).expect("a file");
    let mut recorder = Recorder::new(BufWriter::new(file));
    for (scenario, outcome, verdict) in tried {
        recorder.add(scenario, outcome, verdict).expect("written");
    }
    recorder.finish().expect("written");
}
