//! What criterion has measured, as it keeps it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The median time of each benchmark, in nanoseconds.
#[derive(Debug, Default, PartialEq)]
pub struct Medians(BTreeMap<Id, f64>);

impl Medians {
    /// Reads the newest estimates under criterion's folder, which is `criterion` in the target folder
    /// unless `CRITERION_HOME` says otherwise.
    ///
    /// # Errors
    ///
    /// A message, if there are none, or if they are not criterion's.
    pub fn read(folder: &Path) -> Result<Self, String> {
        let mut medians = BTreeMap::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).map_err(|error| told(&folder, error))? {
                let path = entry.map_err(|error| told(&folder, error))?.path();
                if path.is_dir() {
                    folders.push(path);
                }
            }
            // `new` is the last run; saved baselines have names of their own.
            if folder.ends_with("new") && folder.join("estimates.json").exists() {
                let benchmark: Benchmark = parsed(folder.join("benchmark.json"))?;
                let estimates: Estimates = parsed(folder.join("estimates.json"))?;
                medians.insert(benchmark.into(), estimates.median.point_estimate);
            }
        }
        if medians.is_empty() {
            return Err(format!("{}: no estimates of criterion's", folder.display()));
        }
        Ok(Self(medians))
    }

    /// The median of one benchmark; `None`: it was not run.
    pub fn of(&self, group: &str, function: &str, value: &str) -> Option<f64> {
        let id = Id {
            group: group.to_owned(),
            function: function.to_owned(),
            value: value.to_owned(),
        };
        self.0.get(&id).copied()
    }

    /// The values that the groups of this kind have: for most, the pairings.
    pub fn values(&self, group: &str) -> Vec<&str> {
        let mut values: Vec<_> = self
            .0
            .keys()
            .filter(|id| id.group == group)
            .map(|id| id.value.as_str())
            .collect();
        values.sort_unstable();
        values.dedup();
        values
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Id {
    group: String,
    function: String,
    value: String,
}

impl From<Benchmark> for Id {
    fn from(benchmark: Benchmark) -> Self {
        Self {
            group: benchmark.group_id,
            function: benchmark.function_id.unwrap_or_default(),
            value: benchmark.value_str.unwrap_or_default(),
        }
    }
}

#[derive(Deserialize)]
struct Benchmark {
    group_id: String,
    function_id: Option<String>,
    value_str: Option<String>,
}

#[derive(Deserialize)]
struct Estimates {
    median: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    point_estimate: f64,
}

fn parsed<T: DeserializeOwned>(path: PathBuf) -> Result<T, String> {
    let text = fs::read_to_string(&path).map_err(|error| told(&path, error))?;
    serde_json::from_str(&text).map_err(|error| told(&path, error))
}

fn told(path: &Path, error: impl std::fmt::Display) -> String {
    format!("{}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_medians_are_found_by_id() {
        let folder = tempfile::tempdir().expect("a folder");
        keep(folder.path(), "new", 250.0);
        // A baseline that was saved.
        keep(folder.path(), "old", 300.0);
        let medians = Medians::read(folder.path()).expect("one benchmark");
        assert_eq!(
            medians.of("handshake-mTLS", "TLS1.3", "a to b"),
            Some(250.0)
        );
        assert_eq!(medians.of("handshake-mTLS", "TLS1.2", "a to b"), None);
        assert_eq!(medians.values("handshake-mTLS"), ["a to b"]);
    }

    #[test]
    fn nothing_measured_is_an_error_and_so_is_what_is_not_criterions() {
        let folder = tempfile::tempdir().expect("a folder");
        let told = Medians::read(folder.path()).expect_err("it is empty");
        assert!(told.ends_with("no estimates of criterion's"), "{told}");
        assert!(Medians::read(&folder.path().join("absent")).is_err());
        keep(folder.path(), "new", 1.0);
        let file = folder.path().join("group/new/estimates.json");
        fs::write(file, "{").expect("written");
        assert!(Medians::read(folder.path()).is_err());
    }

    fn keep(folder: &Path, baseline: &str, median: f64) {
        let folder = folder.join("group").join(baseline);
        fs::create_dir_all(&folder).expect("made");
        let id = r#"{"group_id":"handshake-mTLS","function_id":"TLS1.3","value_str":"a to b"}"#;
        fs::write(folder.join("benchmark.json"), id).expect("written");
        let estimates = format!(r#"{{"median":{{"point_estimate":{median},"other":0}}}}"#);
        fs::write(folder.join("estimates.json"), estimates).expect("written");
    }
}
