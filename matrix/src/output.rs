//! Where results go: standard output, or a file that is replaced as a whole.

use std::fs::OpenOptions;
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
    place: PathBuf,
    /// Pipes and devices are written to as they are: a rename would put a file in their place.
    through: bool,
}

impl Pending {
    /// Makes sure, before any work is done, that the file can be written. Nothing is left behind.
    ///
    /// # Errors
    ///
    /// The I/O error, where it cannot.
    pub fn new(place: &Path) -> io::Result<Self> {
        // A link stays a link: what it leads to is replaced.
        let place = place.canonicalize().unwrap_or_else(|_| place.to_owned());
        let pending = match place.metadata() {
            Ok(metadata) if metadata.is_dir() => {
                return Err(io::Error::new(
                    io::ErrorKind::IsADirectory,
                    "it is a folder",
                ));
            }
            Ok(metadata) => Self {
                place,
                through: !metadata.is_file(),
            },
            Err(_) => Self {
                place,
                through: false,
            },
        };
        if !pending.through {
            pending.beside().map_err(without_path)?;
        }
        Ok(pending)
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    ///
    /// The I/O error; what was there before is there still.
    pub fn write(self, text: &str) -> io::Result<()> {
        if self.through {
            let mut file = OpenOptions::new().write(true).open(&self.place)?;
            return file.write_all(text.as_bytes());
        }
        let mut file = self.beside().map_err(without_path)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(&self.place)
            .map(drop)
            .map_err(|error| error.error)
    }

    fn beside(&self) -> io::Result<NamedTempFile> {
        let folder = match self.place.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        tempfile::Builder::new()
            .prefix(".shakedown-")
            .permissions(permissions())
            .tempfile_in(folder)
    }
}

/// The temporary file's name says nothing to anybody.
fn without_path(error: io::Error) -> io::Error {
    io::Error::new(error.kind(), error.kind().to_string())
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

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_a_pipe_a_pipe() {
        use std::io::Read;
        use std::os::unix::fs::FileTypeExt;

        let folder = tempfile::tempdir().expect("a folder");
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        std::fs::write(&target, "old").expect("written");
        std::os::unix::fs::symlink(&target, &link).expect("linked");
        Pending::new(&link)
            .and_then(|pending| pending.write("new"))
            .expect("written");
        assert!(link.is_symlink());
        assert_eq!(std::fs::read_to_string(&target).expect("there"), "new");

        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.expect("mkfifo is everywhere").success());
        let pending = Pending::new(&pipe).expect("writable");
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || {
                let mut text = String::new();
                std::fs::File::open(pipe).and_then(|mut file| file.read_to_string(&mut text))?;
                Ok::<_, io::Error>(text)
            }
        });
        pending.write("through").expect("written");
        let text = reader.join().expect("no panic").expect("read");
        assert_eq!(text, "through");
        let kind = std::fs::symlink_metadata(&pipe).expect("there").file_type();
        assert!(kind.is_fifo());
    }
}
