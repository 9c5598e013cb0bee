//! Which versions of the libraries a prediction is about, and what changed between them.
//!
//! The model is told numbers, once for the process, and never an answer of a stack's: a process links one
//! OpenSSL and one rustls, and an argument that never differs would go through every stage.

use std::sync::LazyLock;

use semver::Version;

use crate::linked;

/// The version of each library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions {
    /// Of OpenSSL.
    pub openssl: Version,
    /// The security level that OpenSSL was built with.
    pub openssl_level: u8,
    /// Of rustls, with whatever cryptography.
    pub rustls: Version,
}

impl Versions {
    /// The newest that the traits were read in.
    pub const fn newest() -> Self {
        Self {
            openssl: Version::new(3, 6, 3),
            openssl_level: 2,
            rustls: Version::new(0, 23, 46),
        }
    }
}

/// Something that a library does only since some release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    library: Library,
    /// Ascending: where a later one is, the change came to an older branch too.
    since: &'static [Release],
}

impl Change {
    /// OpenSSL has it since a release of each of these branches, and in every branch after the last.
    pub(super) const fn of_openssl(since: &'static [Release]) -> Self {
        Self {
            library: Library::Openssl,
            since,
        }
    }

    /// rustls has it since this patch release of 0.23.
    pub(super) const fn of_rustls(since: &'static [Release]) -> Self {
        Self {
            library: Library::Rustls,
            since,
        }
    }

    /// Whether the version that predictions are about has it.
    pub fn is_in(self) -> bool {
        current(|versions| {
            self.came_by(match self.library {
                Library::Openssl => &versions.openssl,
                Library::Rustls => &versions.rustls,
            })
        })
    }

    fn came_by(self, version: &Version) -> bool {
        let version = (version.major, version.minor, version.patch);
        self.since
            .iter()
            .rev()
            .find(|(major, minor, _)| (*major, *minor) <= (version.0, version.1))
            .is_some_and(|since| *since <= version)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Library {
    Openssl,
    Rustls,
}

/// Major, minor, patch.
type Release = (u64, u64, u64);

pub(super) fn current<T>(ask: impl FnOnce(&Versions) -> T) -> T {
    static LINKED: LazyLock<Versions> = LazyLock::new(linked::versions);
    #[cfg(test)]
    if let Some(versions) = pretended::versions() {
        return ask(&versions);
    }
    ask(&LINKED)
}

/// Other versions than the linked ones, for the tests of what changed.
#[cfg(test)]
pub(in crate::model) mod pretended {
    use std::cell::RefCell;

    use super::Versions;

    thread_local! {
        static VERSIONS: RefCell<Option<Versions>> = const { RefCell::new(None) };
    }

    pub(super) fn versions() -> Option<Versions> {
        VERSIONS.with_borrow(Clone::clone)
    }

    /// Does something as if this OpenSSL were linked.
    pub(in crate::model) fn openssl<T>(version: &str, act: impl FnOnce() -> T) -> T {
        let openssl = version.parse().expect("a version");
        instead(
            Versions {
                openssl,
                ..Versions::newest()
            },
            act,
        )
    }

    /// Does something as if this rustls were linked.
    pub(in crate::model) fn rustls<T>(version: &str, act: impl FnOnce() -> T) -> T {
        let rustls = version.parse().expect("a version");
        instead(
            Versions {
                rustls,
                ..Versions::newest()
            },
            act,
        )
    }

    fn instead<T>(versions: Versions, act: impl FnOnce() -> T) -> T {
        let before = VERSIONS.replace(Some(versions));
        let done = act();
        VERSIONS.set(before);
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_in_every_branch_from_its_release_on() {
        let backported = Change::of_openssl(&[(3, 5, 5), (3, 6, 1)]);
        let has = |version: &str| pretended::openssl(version, || backported.is_in());
        for (version, expected) in [
            ("1.1.1", false),
            ("3.0.99", false),
            ("3.5.4", false),
            ("3.5.5", true),
            ("3.6.0", false),
            ("3.6.1", true),
            ("3.7.0", true),
            ("4.0.0", true),
        ] {
            assert_eq!(has(version), expected, "{version}");
        }
    }

    #[test]
    fn versions_are_pretended_no_longer_than_asked() {
        pretended::openssl("3.0.0", || ());
        assert_eq!(pretended::versions(), None);
    }
}
