//! A ClientHello as its reader has it.

use shakedown::iana::{CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme};
use shakedown::profile::Ems;

use crate::model::hello::{Hello, KeyKinds, Odd, Unreadable};

/// What a server has read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::model::link) struct Heard {
    pub(super) legacy_version: u16,
    /// Whether legacy_session_id is not what it was.
    pub(super) other_id: bool,
    pub(super) suites: Vec<u16>,
    /// supported_versions; `None`: no extension.
    pub(super) versions: Option<Vec<u16>>,
    pub(super) groups: Option<Vec<u16>>,
    pub(super) shares: Option<Vec<(u16, Vec<u8>)>>,
    pub(super) schemes: Option<Vec<u16>>,
    /// signature_algorithms_cert, which rustls does not read.
    pub(super) certificate_schemes: Option<Vec<u16>>,
    pub(super) alpn: Vec<String>,
    pub(super) server_name: Option<String>,
    pub(super) ems: bool,
    /// Whether the server is asked for a staple.
    pub(super) status: bool,
    /// Whether the server is asked for a ticket.
    pub(super) ticket: bool,
    pub(super) formats: Option<Vec<u8>>,
    pub(super) compressions: Vec<u8>,
    /// Whether a renegotiation would be safe.
    pub(super) renegotiation: bool,
    /// client_certificate_type and server_certificate_type, which OpenSSL does not read.
    pub(super) client_types: Vec<u8>,
    pub(super) server_types: Vec<u8>,
    /// Whether there is pre_shared_key, and psk_key_exchange_modes.
    pub(super) psk: bool,
    pub(super) psk_modes: bool,
    /// Whether those have psk_dhe_ke, to OpenSSL.
    pub(super) psk_dhe: bool,
}

impl Heard {
    /// Whether it names the same server as this, or none either.
    pub(in crate::model::link) fn has_name(&self, name: Option<&str>) -> bool {
        self.server_name.as_deref().map(str::to_ascii_lowercase)
            == name.map(str::to_ascii_lowercase)
    }

    pub(in crate::model::link) fn version(&self) -> ProtocolVersion {
        ProtocolVersion(self.legacy_version)
    }

    pub(in crate::model::link) fn has_ems(&self) -> bool {
        self.ems
    }

    /// In the place of what the client has said.
    pub(in crate::model::link) fn put<'a>(&'a self, unreadable: Unreadable, hello: &mut Hello<'a>) {
        let versions = match &self.versions {
            Some(versions) => versions.clone(),
            // Without the extension the newest one is named, TLS 1.2 at most.
            None => vec![self.legacy_version.min(ProtocolVersion::TLS1_2.0)],
        };
        hello.names_versions = self.versions.is_some();
        hello.abilities.versions = versions.into_iter().map(ProtocolVersion).collect();
        hello.abilities.versions.sort_unstable();
        hello.abilities.ems = if self.ems { Ems::Default } else { Ems::Off };
        hello.suites = self.suites.iter().copied().map(CipherSuite).collect();
        hello.groups = self
            .groups
            .as_ref()
            .map(|list| list.iter().copied().map(NamedGroup).collect());
        hello.shares = self
            .shares
            .iter()
            .flatten()
            .map(|(group, _)| NamedGroup(*group))
            .collect();
        hello.schemes = self
            .schemes
            .as_ref()
            .map(|list| list.iter().copied().map(SignatureScheme).collect());
        hello.alpn = &self.alpn;
        hello.server_name = self.server_name.as_deref();
        hello.presents = KeyKinds::named(&self.client_types);
        hello.demands = KeyKinds::named(&self.server_types);
        let groups: Vec<_> = self
            .shares
            .iter()
            .flatten()
            .map(|(group, _)| group)
            .collect();
        hello.odd = Odd {
            shareless: self.shares.is_none(),
            shares_twice: (1..groups.len()).any(|at| groups[..at].contains(&groups[at])),
            compressions: self.compressions.len() != 1,
            no_points: self.formats.as_ref().is_some_and(|list| !list.contains(&0)),
            other_id: self.other_id,
            renegotiation_unsafe: !self.renegotiation,
            certificate_schemes_alone: self.certificate_schemes.is_some() && self.schemes.is_none(),
            certificate_unfit: self
                .certificate_schemes
                .as_ref()
                .is_some_and(|list| !list.contains(&SignatureScheme::ecdsa_secp256r1_sha256.0)),
            modeless: self.psk && !self.psk_modes,
            asks_ticket: self.ticket,
            unreadable,
        };
        hello.fallback = self.suites.contains(&CipherSuite::TLS_FALLBACK_SCSV.0);
    }
}

/// What comes of reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::model::link) enum Reading {
    /// It reads.
    Heard(Box<Heard>),
    /// Fault is found with it.
    Fault(super::Found),
    /// The reader waits for more.
    Waits,
}
