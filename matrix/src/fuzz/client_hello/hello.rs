//! A ClientHello in parts (RFC 8446 §4.1.2; RFC 5246 §7.4.1.2), and how it is written.

use std::collections::BTreeSet;

use shakedown::iana::{
    CipherSuite, ExtensionType, HandshakeType, NamedGroup, ProtocolVersion, SignatureScheme,
};
use shakedown::profile::{Ems, Protocol, ServerName};

/// A hello that can be written whether it makes sense or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::fuzz) struct Hello {
    pub(super) record_version: u16,
    pub(super) legacy_version: u16,
    pub(super) session_id: Vec<u8>,
    pub(super) suites: Vec<u8>,
    pub(super) compressions: Vec<u8>,
    pub(super) extensions: Vec<Extension>,
    /// What is added to the lengths that the hello tells, against the truth.
    pub(super) lies: Lies,
    /// The message is cut into records after so many bytes each; 0: it is one record.
    pub(super) cut: usize,
}

/// An extension (RFC 8446 §4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::fuzz) struct Extension {
    pub(super) kind: u16,
    pub(super) body: Vec<u8>,
    /// What is added to its length.
    pub(super) lie: i8,
}

/// A part of a hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::fuzz) enum Part {
    RecordVersion,
    /// How the message is cut into records.
    Records,
    LegacyVersion,
    SessionId,
    Suites,
    Compressions,
    /// Lengths that lie, but for those of extensions.
    Lengths,
    Extension(u16),
}

/// What is added to lengths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::fuzz) struct Lies {
    pub(super) message: i8,
    pub(super) session_id: i8,
    pub(super) suites: i8,
    pub(super) compressions: i8,
    pub(super) extensions: i8,
}

impl Hello {
    /// What OpenSSL would say with these settings, but for the order of what has no meaning. `protocol` has all
    /// its lists.
    pub(in crate::fuzz) fn of(protocol: &Protocol) -> Self {
        let has = |version| protocol.versions.contains(&version);
        let mut suites: Vec<CipherSuite> = Vec::new();
        if has(ProtocolVersion::TLS1_3) {
            suites.extend(protocol.tls13_suites.iter().flatten());
        }
        let groups = protocol.groups.as_deref().unwrap_or_default();
        let schemes = protocol.signature_schemes.as_deref().unwrap_or_default();
        if has(ProtocolVersion::TLS1_2) {
            // A suite for which no signature would be accepted is not offered (`ssl_set_sig_mask` in
            // ssl/t1_lib.c).
            let rsa = schemes.iter().any(|scheme| RSA.contains(scheme));
            let ecdsa = schemes.iter().any(|scheme| !RSA.contains(scheme));
            let offered = protocol.suites.iter().flatten();
            suites.extend(offered.filter(|suite| {
                if **suite == CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 {
                    rsa
                } else {
                    ecdsa
                }
            }));
        }
        suites.push(CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV);
        let mut hello = Self {
            record_version: 0x0301,
            legacy_version: 0x0303,
            session_id: vec![7; if has(ProtocolVersion::TLS1_3) { 32 } else { 0 }],
            suites: words(suites.iter().map(|suite| suite.0)),
            compressions: vec![0],
            extensions: Vec::new(),
            lies: Lies::default(),
            cut: 0,
        };
        hello.add(ExtensionType::server_name, &name(ServerName::RIGHT));
        hello.add(
            ExtensionType::supported_groups,
            &vector2(&words(groups.iter().map(|group| group.0))),
        );
        hello.add(
            ExtensionType::signature_algorithms,
            &vector2(&words(schemes.iter().map(|scheme| scheme.0))),
        );
        if has(ProtocolVersion::TLS1_2) {
            hello.add(ExtensionType::ec_point_formats, &[1, 0]);
            if protocol.ems == Ems::default() {
                hello.add(ExtensionType::extended_master_secret, &[]);
            }
        }
        if has(ProtocolVersion::TLS1_3) {
            let versions = words(protocol.versions.iter().rev().map(|version| version.0));
            hello.add(ExtensionType::supported_versions, &vector1(&versions));
            hello.add(ExtensionType::psk_key_exchange_modes, &[1, 1]);
            let shares: Vec<u8> = protocol.key_shares.iter().flat_map(share).collect();
            hello.add(ExtensionType::key_share, &vector2(&shares));
        }
        hello
    }

    /// The hello that these bytes are, if they are nothing else: records of one version, all lengths true. What it
    /// has for random is not kept.
    pub(in crate::fuzz) fn read(bytes: &[u8]) -> Option<Self> {
        let record_version = u16::from_be_bytes([*bytes.get(1)?, *bytes.get(2)?]);
        let mut message = Vec::new();
        let mut cut = 0;
        let mut rest = bytes;
        while !rest.is_empty() {
            let mut reader = Reader(rest);
            if reader.take(1)? != [HANDSHAKE] || reader.number(2)? != usize::from(record_version) {
                return None;
            }
            let body = reader.vector(2)?;
            if body.is_empty() || body.len() > MOST {
                return None;
            }
            message.extend(body);
            rest = reader.0;
            if cut == 0 && !rest.is_empty() {
                cut = body.len();
            }
        }
        let mut reader = Reader(&message);
        if reader.take(1)? != [HandshakeType::client_hello.0] {
            return None;
        }
        let mut body = Reader(reader.vector(3)?);
        let legacy_version = body.number(2)? as u16;
        body.take(RANDOM)?;
        let session_id = body.vector(1)?.to_vec();
        let suites = body.vector(2)?.to_vec();
        let compressions = body.vector(1)?.to_vec();
        let mut extensions = Vec::new();
        if !body.0.is_empty() {
            let mut list = Reader(body.vector(2)?);
            while !list.0.is_empty() {
                extensions.push(Extension {
                    kind: list.number(2)? as u16,
                    body: list.vector(2)?.to_vec(),
                    lie: 0,
                });
            }
        }
        (reader.0.is_empty() && body.0.is_empty()).then_some(Self {
            record_version,
            legacy_version,
            session_id,
            suites,
            compressions,
            extensions,
            lies: Lies::default(),
            cut,
        })
    }

    fn add(&mut self, kind: ExtensionType, body: &[u8]) {
        self.extensions.push(Extension {
            kind: kind.0,
            body: body.to_vec(),
            lie: 0,
        });
    }

    /// Whether a suite is among those that it says, as far as the length of the list is true.
    pub(super) fn offers(&self, suite: CipherSuite) -> bool {
        let mut offered = self.suites.chunks_exact(2);
        self.lies.suites != 0 || offered.any(|pair| pair == suite.0.to_be_bytes())
    }

    /// The parts in which this one and another differ.
    pub(in crate::fuzz) fn parts_unlike(&self, other: &Self) -> BTreeSet<Part> {
        let mut parts = BTreeSet::new();
        let mut unlike = |part, differ: bool| {
            if differ {
                parts.insert(part);
            }
        };
        unlike(
            Part::RecordVersion,
            self.record_version != other.record_version,
        );
        unlike(Part::Records, self.cut != other.cut);
        unlike(
            Part::LegacyVersion,
            self.legacy_version != other.legacy_version,
        );
        unlike(Part::SessionId, self.session_id != other.session_id);
        unlike(Part::Suites, self.suites != other.suites);
        unlike(Part::Compressions, self.compressions != other.compressions);
        unlike(Part::Lengths, self.lies != other.lies);
        for extension in self.extensions.iter().chain(&other.extensions) {
            let of = |hello: &Self| -> Vec<Extension> {
                let alike = hello
                    .extensions
                    .iter()
                    .filter(|it| it.kind == extension.kind);
                alike.cloned().collect()
            };
            unlike(Part::Extension(extension.kind), of(self) != of(other));
        }
        parts
    }

    /// The records that it is sent in.
    pub(in crate::fuzz) fn write(&self) -> Vec<u8> {
        let lies = self.lies;
        let mut body = self.legacy_version.to_be_bytes().to_vec();
        body.extend([5; RANDOM]);
        body.push(told(self.session_id.len(), lies.session_id) as u8);
        body.extend(&self.session_id);
        body.extend(told(self.suites.len(), lies.suites).to_be_bytes());
        body.extend(&self.suites);
        body.push(told(self.compressions.len(), lies.compressions) as u8);
        body.extend(&self.compressions);
        if !self.extensions.is_empty() {
            let mut extensions = Vec::new();
            for Extension { kind, body, lie } in &self.extensions {
                extensions.extend(kind.to_be_bytes());
                extensions.extend(told(body.len(), *lie).to_be_bytes());
                extensions.extend(body);
            }
            body.extend(told(extensions.len(), lies.extensions).to_be_bytes());
            body.extend(extensions);
        }
        let mut message = vec![HandshakeType::client_hello.0, 0];
        message.extend(told(body.len(), lies.message).to_be_bytes());
        message.extend(body);
        let mut records = Vec::new();
        let most = if self.cut == 0 { MOST } else { self.cut };
        for piece in message.chunks(most) {
            records.push(HANDSHAKE);
            records.extend(self.record_version.to_be_bytes());
            records.extend(told(piece.len(), 0).to_be_bytes());
            records.extend(piece);
        }
        records
    }
}

/// What is still to be read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self, bytes: usize) -> Option<usize> {
        let digits = self.take(bytes)?.iter();
        Some(digits.fold(0, |number, digit| number << 8 | usize::from(*digit)))
    }

    /// A vector whose length has so many bytes (RFC 8446 §3.4).
    fn vector(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let length = self.number(bytes)?;
        self.take(length)
    }
}

/// A length, and what is added to it; what does not go is left out.
fn told(length: usize, lie: i8) -> u16 {
    u16::try_from(length)
        .unwrap_or(u16::MAX)
        .saturating_add_signed(lie.into())
}

/// A share that any server takes for one (RFC 8446 §4.2.8): of the curves of NIST, the generator; of the
/// others, a number.
fn share(group: &NamedGroup) -> Vec<u8> {
    let key = match *group {
        NamedGroup::secp256r1 => hex::decode(P256_GENERATOR).unwrap_or_default(),
        NamedGroup::secp384r1 => hex::decode(P384_GENERATOR).unwrap_or_default(),
        _ => vec![9; 32],
    };
    [&group.0.to_be_bytes()[..], &vector2(&key)].concat()
}

/// A list of one name (RFC 6066 §3).
fn name(host: &str) -> Vec<u8> {
    vector2(&[&[0], &vector2(host.as_bytes())[..]].concat())
}

fn words(values: impl Iterator<Item = u16>) -> Vec<u8> {
    values.flat_map(u16::to_be_bytes).collect()
}

fn vector1(bytes: &[u8]) -> Vec<u8> {
    [&[bytes.len() as u8], bytes].concat()
}

fn vector2(bytes: &[u8]) -> Vec<u8> {
    [&told(bytes.len(), 0).to_be_bytes(), bytes].concat()
}

/// The settings that a hello of an offer has, out of six bytes; every list has something in it.
pub(in crate::fuzz) fn offer(bytes: [u8; 6]) -> Protocol {
    let [versions, suites, groups, shares, schemes, order] = bytes;
    let turn = usize::from(order);
    let groups = some_of(&GROUPS, groups, turn);
    let key_shares = match shares {
        0 => vec![groups[0]],
        mask => some_of(&groups, mask, 0),
    };
    Protocol {
        versions: match versions % 3 {
            0 => vec![ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3],
            1 => vec![ProtocolVersion::TLS1_2],
            _ => vec![ProtocolVersion::TLS1_3],
        },
        suites: Some(some_of(&SUITES, suites & 15, turn)),
        tls13_suites: Some(some_of(&TLS13_SUITES, suites >> 4, turn)),
        groups: Some(groups),
        signature_schemes: Some(some_of(&SCHEMES, schemes, turn)),
        ems: if versions & 128 == 0 {
            Ems::default()
        } else {
            Ems::Off
        },
        key_shares,
        ..Protocol::default()
    }
}

/// Those whose bits are set, beginning at another one; all, where none is.
fn some_of<T: Copy>(all: &[T], mask: u8, turn: usize) -> Vec<T> {
    let chosen: Vec<T> = (0..all.len())
        .filter(|at| mask >> at & 1 == 1)
        .map(|at| all[at])
        .collect();
    let mut chosen = if chosen.is_empty() {
        all.to_vec()
    } else {
        chosen
    };
    let turn = turn % chosen.len();
    chosen.rotate_left(turn);
    chosen
}

const HANDSHAKE: u8 = 22;
/// How many bytes of a hello are random.
const RANDOM: usize = 32;
/// What a record holds (RFC 8446 §5.1).
const MOST: usize = 1 << 14;
const SUITES: [CipherSuite; 4] = [
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
];
const TLS13_SUITES: [CipherSuite; 3] = [
    CipherSuite::TLS_AES_128_GCM_SHA256,
    CipherSuite::TLS_AES_256_GCM_SHA384,
    CipherSuite::TLS_CHACHA20_POLY1305_SHA256,
];
const GROUPS: [NamedGroup; 3] = [
    NamedGroup::x25519,
    NamedGroup::secp256r1,
    NamedGroup::secp384r1,
];
const SCHEMES: [SignatureScheme; 5] = [
    SignatureScheme::ecdsa_secp256r1_sha256,
    SignatureScheme::ecdsa_secp384r1_sha384,
    SignatureScheme::ed25519,
    SignatureScheme::rsa_pss_rsae_sha256,
    SignatureScheme::rsa_pkcs1_sha256,
];
const RSA: [SignatureScheme; 2] = [
    SignatureScheme::rsa_pss_rsae_sha256,
    SignatureScheme::rsa_pkcs1_sha256,
];
/// SEC 2 §2.4.2 and §2.5.1, uncompressed.
const P256_GENERATOR: &str = "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296\
    4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
const P384_GENERATOR: &str = "04aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a38\
    5502f25dbf55296c3a545e3872760ab73617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c0\
    0a60b1ce1d7e819d7a431d7c90ea0e5f";
