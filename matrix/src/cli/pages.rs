//! `completions` and `man`: what a shell and a manual say of the command line.

use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use super::args::Cli;
use super::{Fault, exit, show};

pub(super) fn completions(shell: Shell) -> Result<u8, Fault> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), NAME, &mut script);
    show(&String::from_utf8_lossy(&script))?;
    Ok(exit::AGREE)
}

pub(super) fn man(folder: Option<&Path>) -> Result<u8, Fault> {
    let Some(folder) = folder else {
        let mut page = Vec::new();
        Man::new(Cli::command())
            .render(&mut page)
            .map_err(|error| Fault::Usage(error.to_string()))?;
        show(&String::from_utf8_lossy(&page))?;
        return Ok(exit::AGREE);
    };
    let unwritable = |error: std::io::Error| {
        Fault::Usage(format!(
            "--output {}: {error}; choose a place that can be written",
            folder.display()
        ))
    };
    std::fs::create_dir_all(folder).map_err(unwritable)?;
    clap_mangen::generate_to(Cli::command(), folder).map_err(unwritable)?;
    Ok(exit::AGREE)
}

const NAME: &str = "shakedown";
