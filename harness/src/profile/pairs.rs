//! Which two flaws can be in one chain.

use super::{Credential, Flaw, KeyType};

impl Flaw {
    /// Whether it lies in the certificates of issuers, not in the end entity's nor in what is sent.
    pub fn concerns_issuers(self) -> bool {
        self.parts().iter().any(|part| part.is_of_issuers())
            && !matches!(
                self,
                Self::SelfSigned | Self::SelfSignedCa | Self::EmptyChain
            )
    }

    /// What a flaw says something about. Two that say something about the same cannot go together.
    fn parts(self) -> &'static [Part] {
        use Part as P;
        match self {
            Self::None => &[],
            // There is no issuer, and none that could have revoked it.
            Self::SelfSigned | Self::SelfSignedCa => &[
                P::Authority,
                P::Serial,
                P::Sending,
                P::IssuerDates,
                P::IssuerUsage,
                P::IssuerAuthority,
                P::IssuerKeyUsage,
                P::IssuerSerial,
                P::IssuerPermits,
                P::IssuerExcludes,
                P::Issuers,
                P::RootDates,
                P::RootLength,
            ],
            Self::CaLeaf => &[P::Authority],
            Self::MissingIntermediate => &[P::Sending],
            Self::Expired | Self::NotYetValid => &[P::Dates],
            Self::OtherName
            | Self::CnOnly
            | Self::IpOnly
            | Self::Wildcard
            | Self::PartialWildcard => &[P::Names],
            Self::WrongEku | Self::AnyEku => &[P::Usage],
            Self::BadKeyUsage => &[P::KeyUsage],
            Self::UnknownCritical => &[P::Critical],
            // What has no extensions cannot have another one.
            Self::Version1 => &[P::Authority, P::Names, P::Usage, P::KeyUsage, P::Critical],
            Self::Sha1 => &[P::Digest],
            Self::BadSignature => &[P::Signature],
            Self::Revoked => &[P::Serial],
            Self::KeyMismatch => &[P::Key],
            Self::ExpiredIntermediate => &[P::IssuerDates],
            Self::WrongEkuIntermediate => &[P::IssuerUsage],
            Self::IntermediateNotCa => &[P::IssuerAuthority],
            Self::IntermediateNoCertSign => &[P::IssuerKeyUsage],
            Self::RevokedIntermediate => &[P::IssuerSerial],
            Self::NameNotPermitted => &[P::IssuerPermits],
            Self::NameExcluded => &[P::IssuerExcludes],
            Self::PathLength | Self::LongChain => &[P::Issuers],
            Self::ExpiredRoot => &[P::RootDates],
            Self::RootPathLength => &[P::RootLength],
            // What cannot be read says nothing.
            Self::Malformed => &[
                P::Authority,
                P::Dates,
                P::Names,
                P::Usage,
                P::KeyUsage,
                P::Critical,
                P::Digest,
                P::Signature,
                P::Serial,
            ],
            Self::EmptyChain => &Part::ALL,
        }
    }
}

impl Credential {
    /// Every credential with a key of this type, loaded through the paved road: without a flaw, with
    /// each alone, and with any two that can go together.
    pub fn all(key: KeyType) -> impl Iterator<Item = Self> {
        Flaw::ALL.into_iter().flat_map(move |flaw| {
            Flaw::ALL
                .into_iter()
                .map(move |also| Self {
                    key,
                    flaw,
                    also,
                    ..Self::default()
                })
                .filter(|credential| credential.contradiction().is_none())
        })
    }

    /// What is wrong with the chain, in order.
    pub fn flaws(self) -> impl Iterator<Item = Flaw> {
        [self.flaw, self.also]
            .into_iter()
            .filter(|flaw| *flaw != Flaw::None)
    }

    /// Whether this is among what is wrong.
    pub fn has(self, flaw: Flaw) -> bool {
        self.flaws().any(|own| own == flaw)
    }

    /// Whether the end entity has signed itself.
    pub fn signs_itself(self) -> bool {
        self.has(Flaw::SelfSigned) || self.has(Flaw::SelfSignedCa)
    }

    /// The same with its flaws in the order of [`Flaw::ALL`], for which of them is named first makes no
    /// difference.
    #[must_use]
    pub fn in_order(self) -> Self {
        if self.also == Flaw::None || self.flaw != Flaw::None && self.flaw <= self.also {
            return self;
        }
        Self {
            flaw: self.also,
            also: self.flaw,
            ..self
        }
    }

    /// Why there is no chain with both flaws; `None`: there is, or there is one flaw at most.
    pub fn contradiction(self) -> Option<String> {
        let Self {
            key, flaw, also, ..
        } = self;
        if also == Flaw::None {
            return None;
        }
        let (first, second) = (flaw.name(), also.name());
        if flaw == Flaw::None || flaw > also {
            return Some(format!("{second} stands before {first}"));
        }
        if let Some(part) = flaw.parts().iter().find(|part| also.parts().contains(part)) {
            return Some(format!(
                "{first} and {second} cannot go together: {}",
                part.name()
            ));
        }
        // Each such pair takes authorities of its own, whose anchors and lists every verifier loads.
        let apart = flaw.concerns_issuers() && also.concerns_issuers();
        (apart && key != KeyType::default()).then(|| {
            format!(
                "{first} and {second}, both flaws of issuers, go together with ecdsa-p256 alone"
            )
        })
    }
}

/// What there is to say about a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Authority,
    Dates,
    Names,
    Usage,
    KeyUsage,
    Critical,
    Digest,
    Signature,
    Serial,
    Key,
    Sending,
    IssuerDates,
    IssuerUsage,
    IssuerAuthority,
    IssuerKeyUsage,
    IssuerSerial,
    IssuerPermits,
    IssuerExcludes,
    Issuers,
    RootDates,
    RootLength,
}

impl Part {
    const ALL: [Self; 21] = [
        Self::Authority,
        Self::Dates,
        Self::Names,
        Self::Usage,
        Self::KeyUsage,
        Self::Critical,
        Self::Digest,
        Self::Signature,
        Self::Serial,
        Self::Key,
        Self::Sending,
        Self::IssuerDates,
        Self::IssuerUsage,
        Self::IssuerAuthority,
        Self::IssuerKeyUsage,
        Self::IssuerSerial,
        Self::IssuerPermits,
        Self::IssuerExcludes,
        Self::Issuers,
        Self::RootDates,
        Self::RootLength,
    ];

    fn is_of_issuers(self) -> bool {
        self as u8 > Self::Sending as u8
    }

    /// What both say something about.
    fn name(self) -> &'static str {
        match self {
            Self::Authority => "both say whether the end entity is an authority",
            Self::Dates => "both are about the end entity's dates",
            Self::Names => "both are about the end entity's names",
            Self::Usage => "both are about the end entity's extKeyUsage",
            Self::KeyUsage => "both are about the end entity's keyUsage",
            Self::Critical => "both are about the end entity's critical extensions",
            Self::Digest => "both are about the digest of the end entity's signature",
            Self::Signature => "both are about the end entity's signature",
            Self::Serial => "both say whether an issuer can have revoked the end entity",
            Self::Key => "both are about the key",
            Self::Sending => "both say whether an intermediate is sent",
            Self::IssuerDates => "both are about an intermediate's dates",
            Self::IssuerUsage => "both are about an intermediate's extKeyUsage",
            Self::IssuerAuthority => "both say whether an intermediate is an authority",
            Self::IssuerKeyUsage => "both are about an intermediate's keyUsage",
            Self::IssuerSerial => "both say whether the root can have revoked an intermediate",
            Self::IssuerPermits | Self::IssuerExcludes => {
                "both are about an intermediate's name constraints"
            }
            Self::Issuers => "both say how many intermediates there are",
            Self::RootDates => "both are about the root's dates",
            Self::RootLength => "both are about the root's pathLenConstraint",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn both(key: KeyType, flaw: Flaw, also: Flaw) -> Credential {
        Credential {
            key,
            flaw,
            also,
            ..Credential::default()
        }
    }

    #[test]
    fn what_is_about_different_things_goes_together() {
        for (flaw, also) in [
            (Flaw::Expired, Flaw::WrongEku),
            (Flaw::Expired, Flaw::UnknownCritical),
            (Flaw::Expired, Flaw::Revoked),
            (Flaw::Expired, Flaw::OtherName),
            (Flaw::CaLeaf, Flaw::WrongEku),
            (Flaw::MissingIntermediate, Flaw::ExpiredIntermediate),
            (Flaw::SelfSigned, Flaw::Expired),
            (Flaw::NameNotPermitted, Flaw::NameExcluded),
            (Flaw::KeyMismatch, Flaw::Malformed),
        ] {
            let credential = both(KeyType::EcdsaP256, flaw, also);
            assert_eq!(credential.contradiction(), None, "{flaw:?} {also:?}");
            assert_eq!(both(credential.key, also, flaw).in_order(), credential);
        }
    }

    #[test]
    fn what_is_about_the_same_does_not() {
        let reason = |key, flaw, also| both(key, flaw, also).contradiction();
        for (flaw, also, expected) in [
            (
                Flaw::Expired,
                Flaw::NotYetValid,
                "expired and not-yet-valid cannot go together: both are about the end entity's dates",
            ),
            (
                Flaw::SelfSigned,
                Flaw::MissingIntermediate,
                "self-signed and missing-intermediate cannot go together: both say whether an \
                 intermediate is sent",
            ),
            (
                Flaw::WrongEku,
                Flaw::Version1,
                "wrong-eku and version1 cannot go together: both are about the end entity's \
                 extKeyUsage",
            ),
            (
                Flaw::WrongEku,
                Flaw::Expired,
                "expired stands before wrong-eku",
            ),
            (Flaw::None, Flaw::Expired, "expired stands before none"),
        ] {
            let found = reason(KeyType::EcdsaP256, flaw, also);
            assert_eq!(found.as_deref(), Some(expected));
        }
        for flaw in Flaw::ALL.into_iter().skip(1) {
            assert!(reason(KeyType::EcdsaP256, flaw, flaw).is_some(), "{flaw:?}");
            if flaw < Flaw::EmptyChain {
                let empty = reason(KeyType::EcdsaP256, flaw, Flaw::EmptyChain);
                assert!(empty.is_some(), "{flaw:?}");
            }
        }
    }

    #[test]
    fn two_flaws_of_issuers_take_one_key_type() {
        let (flaw, also) = (Flaw::ExpiredIntermediate, Flaw::ExpiredRoot);
        assert_eq!(both(KeyType::EcdsaP256, flaw, also).contradiction(), None);
        assert_eq!(
            both(KeyType::Rsa2048, flaw, also)
                .contradiction()
                .as_deref(),
            Some(
                "expired-intermediate and expired-root, both flaws of issuers, go together with \
                 ecdsa-p256 alone"
            )
        );
        assert!(!Flaw::MissingIntermediate.concerns_issuers());
        assert!(!Flaw::SelfSigned.concerns_issuers());
    }

    #[test]
    fn flaws_are_put_in_order() {
        let key = KeyType::Ed25519;
        let expired = both(key, Flaw::Expired, Flaw::None);
        assert_eq!(both(key, Flaw::None, Flaw::Expired).in_order(), expired);
        assert_eq!(expired.in_order(), expired);
        let plain = both(key, Flaw::None, Flaw::None);
        assert_eq!(plain.in_order(), plain);
        assert_eq!(plain.flaws().count(), 0);
        assert!(!plain.has(Flaw::None));
    }

    #[test]
    fn every_credential_is_said_once() {
        let all: Vec<_> = Credential::all(KeyType::EcdsaP256).collect();
        let two = all
            .iter()
            .filter(|credential| credential.also != Flaw::None);
        assert_eq!((all.len(), two.count()), (Flaw::ALL.len() + 424, 424));
        let rsa = Credential::all(KeyType::Rsa2048).count();
        assert_eq!(rsa, Flaw::ALL.len() + 424 - 54);
        let others: HashSet<_> = all.iter().map(|one| (one.flaw, one.also)).collect();
        assert_eq!(others.len(), all.len());
    }
}
