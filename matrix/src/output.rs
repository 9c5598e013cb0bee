//! Where results go: standard output, or a file that is replaced as a whole.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Writes to standard output. A reader that has gone away ends it quietly.
///
/// # Errors
///
/// Any other I/O error.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Whether to colour what goes to standard output (<https://no-color.org>).
pub fn wants_color() -> bool {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !unwanted && io::stdout().is_terminal()
}

/// A file that will be written beside its place and renamed into it.
#[derive(Debug)]
pub struct Pending {
    file: NamedTempFile,
    place: PathBuf,
}

impl Pending {
    /// Makes sure, before any work is done, that the file can be written.
    ///
    /// # Errors
    ///
    /// The I/O error, where it cannot.
    pub fn new(place: &Path) -> io::Result<Self> {
        if place.is_dir() {
            return Err(io::Error::new(
                io::ErrorKind::IsADirectory,
                "it is a folder",
            ));
        }
        let folder = match place.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        Ok(Self {
            file: tempfile::Builder::new()
                .prefix(".shakedown-")
                .permissions(permissions())
                .tempfile_in(folder)?,
            place: place.to_owned(),
        })
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    ///
    /// The I/O error; what was there before is there still.
    pub fn write(mut self, text: &str) -> io::Result<()> {
        self.file.write_all(text.as_bytes())?;
        self.file.as_file().sync_all()?;
        self.file
            .persist(&self.place)
            .map(drop)
            .map_err(|error| error.error)
    }
}

/// As for any new file, less the umask; temporary files are private otherwise.
#[cfg(unix)]
fn permissions() -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    std::fs::Permissions::from_mode(0o666)
}

#[cfg(not(unix))]
fn permissions() -> std::fs::Permissions {
    // Nothing to widen: files inherit the folder's rights.
    std::fs::metadata(".")
        .map(|metadata| metadata.permissions())
        .expect("the current folder has permissions")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_stays_until_the_new_is_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("report.json");
        std::fs::write(&place, "old").expect("written");
        let pending = Pending::new(&place).expect("writable");
        assert_eq!(std::fs::read_to_string(&place).expect("there"), "old");
        pending.write("new").expect("renamed");
        assert_eq!(std::fs::read_to_string(&place).expect("there"), "new");
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 1);
    }

    #[test]
    fn an_unwritable_place_is_told_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(Pending::new(&folder.path().join("no/such/folder/report.json")).is_err());
        assert!(Pending::new(folder.path()).is_err());
    }
}
