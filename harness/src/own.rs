//! Configurations of the caller's own, and what is known of them.
//!
//! `Rustls::own_client`, `Rustls::own_server`, `OpenSsl::own_client` and `OpenSsl::own_server` read back
//! what a configuration tells of itself. What it does not tell is a setting that stays open, with the
//! reason, until the caller answers for it ([`Own::told`]).

use std::sync::Arc;

use crate::connection::Config;
use crate::profile::{ClientProfile, ServerProfile};
use crate::scenario::StackId;

/// A client of the caller's own.
pub type OwnClient = Own<ClientProfile>;
/// A server of the caller's own.
pub type OwnServer = Own<ServerProfile>;

/// A configuration of the caller's own as one end of handshakes, with what is known of it.
pub struct Own<P> {
    stack: StackId,
    config: Arc<dyn Config>,
    profile: P,
    open: Vec<Open>,
}

impl<P> Own<P> {
    /// With nothing open yet.
    pub(crate) fn new(stack: StackId, config: Arc<dyn Config>, profile: P) -> Self {
        Self {
            stack,
            config,
            profile,
            open: Vec::new(),
        }
    }

    /// Has the caller answer for a setting: it is as the profile says, once `tell` has said how.
    ///
    /// What cannot be said in a profile at all ([`Open::why`]) stays open all the same.
    ///
    /// # Panics
    ///
    /// If the setting is not open: what the configuration itself says is not to be contradicted.
    #[must_use]
    pub fn told(mut self, setting: Setting, tell: impl FnOnce(&mut P)) -> Self {
        assert!(
            self.open.iter().any(|open| open.setting == setting),
            "{setting:?} has been read from the configuration"
        );
        self.open
            .retain(|open| open.setting != setting || !open.can_be_told);
        tell(&mut self.profile);
        self
    }

    /// The stack that it is for.
    pub fn stack(&self) -> StackId {
        self.stack
    }

    /// What makes its connections.
    pub fn config(&self) -> &dyn Config {
        &*self.config
    }

    /// What has been read and told; where a setting is open, the plainest value.
    pub fn profile(&self) -> &P {
        &self.profile
    }

    /// What is not known.
    pub fn open(&self) -> &[Open] {
        &self.open
    }

    pub(crate) fn profile_mut(&mut self) -> &mut P {
        &mut self.profile
    }

    /// Leaves a setting to the caller.
    pub(crate) fn leave(&mut self, setting: Setting, why: &str) {
        self.keep_open(setting, why.to_owned(), true);
    }

    /// Notes what no profile can say.
    pub(crate) fn exclude(&mut self, setting: Setting, why: String) {
        self.keep_open(setting, why, false);
    }

    fn keep_open(&mut self, setting: Setting, why: String, can_be_told: bool) {
        self.open.push(Open {
            setting,
            why,
            can_be_told,
        });
    }
}

/// A setting that is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// Which.
    pub setting: Setting,
    /// Why, and what would help.
    pub why: String,
    /// Whether the caller can answer for it; else no profile can say what it is set to.
    pub can_be_told: bool,
}

/// A part of a configuration, as far as it is read back or told as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Setting {
    /// Whose cryptography it uses.
    Provider,
    /// The versions that are enabled.
    Versions,
    /// Its cipher suites.
    Suites,
    /// Its groups, and how they are divided into tuples.
    Groups,
    /// The signature schemes that it accepts, and for OpenSSL signs with.
    Schemes,
    /// Whether a server makes up or has parameters for DHE.
    Dhe,
    /// Whose order of suites a server follows.
    Preference,
    /// Its own certificate and key, and for which names a server has them.
    Identity,
    /// How it verifies the peer: whether at all, against which anchors, names and lists, and when.
    Verification,
    /// Its application protocols.
    Alpn,
    /// How certificates are compressed.
    Compression,
    /// What has no place of its own in a profile.
    Other,
}
