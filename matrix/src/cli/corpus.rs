//! `shakedown corpus`: inputs for the fuzz targets to begin with.

use std::fs;
use std::path::Path;

use super::{Fault, exit, show};
use crate::fuzz::{TARGETS, dictionary};
use crate::wrap::{WIDTH, paragraph};

/// Writes each target's seeds to a folder of its name, and a dictionary beside them, and says how many.
pub(super) fn corpus(output: &Path) -> Result<u8, Fault> {
    let mut told = String::new();
    for target in &TARGETS {
        let folder = output.join(target.name);
        fs::create_dir_all(&folder)
            .map_err(|error| Fault::Usage(format!("{}: {error}", folder.display())))?;
        let seeds = target.seeds();
        for (name, seed) in &seeds {
            write(&folder.join(file_name(name)), seed)?;
        }
        let line = format!(
            "{}: {} seeds, inputs of at most {} bytes; {}",
            target.name,
            seeds.len(),
            target.max_len,
            target.about
        );
        told += &paragraph(&line, 0, WIDTH);
    }
    let words = dictionary();
    write(&output.join("tokens.dict"), words.as_bytes())?;
    told += &format!("tokens.dict: {} words\n", words.matches("=\"").count());
    show(&told)?;
    Ok(exit::AGREE)
}

/// Never over something else: it may be somebody's finding.
fn write(path: &Path, seed: &[u8]) -> Result<(), Fault> {
    let fault =
        |error: &dyn std::fmt::Display| Fault::Usage(format!("{}: {error}", path.display()));
    match fs::read(path) {
        Ok(there) if there == seed => Ok(()),
        Ok(_) => Err(fault(
            &"there is another file of this name; write to an empty folder",
        )),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            fs::write(path, seed).map_err(|error| fault(&error))
        }
        Err(error) => Err(fault(&error)),
    }
}

/// A seed's name without what file systems mind.
fn file_name(name: &str) -> String {
    name.chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() || "-_.=+".contains(letter) {
                letter
            } else {
                '-'
            }
        })
        .collect()
}
