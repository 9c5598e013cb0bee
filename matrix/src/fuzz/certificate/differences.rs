//! Where rustls-webpki and OpenSSL judge otherwise, and why that is no news.
//!
//! Each was read in the sources of webpki 0.103.16 and OpenSSL 3.6.3.

use super::Judged;
use super::der::{BIT_STRING, Node};
use super::menu::{
    ADDRESS_BLOCKS, ANY_POLICY, AUTHORITY_KEY, BASIC, DISTRIBUTION, EXTENDED_USAGE, KEY_USAGE,
    NAME_CONSTRAINTS, NETSCAPE_TYPE, NO_CHECK, POLICIES, POLICY_CONSTRAINTS, POLICY_MAPPINGS,
    PROXY, SERIAL, SUBJECT_KEY, SUBJECT_NAME, SYSTEM_NUMBERS, VALIDITY,
};
use super::reading::{KEY, RSA_ENCRYPTION, Reading, is_no_der};
use Refuses::{OpenSsl, Rustls};

/// A declared difference.
pub(super) struct Known {
    /// Who refuses, and with what.
    pub(super) refuses: Refuses,
    /// What the certificate must be like.
    pub(super) when: fn(&Reading<'_>) -> bool,
    pub(super) reason: &'static str,
    pub(super) link: &'static str,
}

/// Who refuses what the other accepts, and its native error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refuses {
    Rustls(&'static str),
    OpenSsl(&'static str),
}

impl Known {
    pub(super) fn is(&self, read: &Reading<'_>, rustls: &Judged, openssl: &Judged) -> bool {
        self.is_of(rustls, openssl) && (self.when)(read)
    }

    /// Whether it is about who refuses here, and how, whatever the certificate.
    pub(super) fn is_of(&self, rustls: &Judged, openssl: &Judged) -> bool {
        match self.refuses {
            Rustls(error) => rustls.native() == error && openssl.accepts(),
            OpenSsl(error) => openssl.native() == error && rustls.accepts(),
        }
    }
}

const BAD_ENCODING: Refuses = Rustls("InvalidCertificate(BadEncoding)");
/// OpenSSL's d2i functions fail.
const UNREADABLE: Refuses = OpenSsl("ASN1_LIB");
/// `X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY`.
const NO_ISSUER: Refuses = OpenSsl("CERTIFICATE_VERIFY_FAILED(20)");

/// Every difference.
pub(super) static KNOWN: &[Known] = &[
    Known {
        refuses: BAD_ENCODING,
        when: |read| {
            let bits = read.field(KEY).and_then(|key| key.children().last());
            bits.is_some_and(|bits| {
                bits.tag == BIT_STRING && matches!(*bits.contents(), [1..=7, ..])
            })
        },
        reason: "webpki wants a key of whole bytes, and OpenSSL does not look at how many bits are unused",
        link: "https://github.com/rustls/webpki/blob/v/0.103.16/src/der.rs",
    },
    Known {
        refuses: BAD_ENCODING,
        when: |read| is_no_der(read.whole),
        reason: "webpki reads DER alone, and OpenSSL most of BER too",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/asn1/tasn_dec.c",
    },
    Known {
        refuses: BAD_ENCODING,
        when: |read| {
            read.field(UNIQUE)
                .is_some_and(|field| [0x81, 0x82].contains(&field.tag))
        },
        reason: "webpki knows no issuerUniqueID and no subjectUniqueID",
        link: "https://github.com/rustls/webpki/blob/v/0.103.16/src/cert.rs",
    },
    Known {
        refuses: BAD_ENCODING,
        when: |read| {
            let length = read.value(BASIC).and_then(|value| value.children().last());
            length.is_some_and(|length| length.tag == 2 && length.contents().len() > 1)
        },
        reason: "webpki reads a pathLenConstraint of one byte, which is enough for any chain",
        link: "https://github.com/rustls/webpki/blob/v/0.103.16/src/verify_cert.rs",
    },
    Known {
        refuses: BAD_ENCODING,
        when: |read| {
            let version = read.field(0).and_then(|field| field.children().first());
            version.is_some_and(|it| it.tag == 2 && !matches!(*it.contents(), [0..0x80]))
        },
        reason: "webpki reads a version of one byte, and OpenSSL any number",
        link: "https://github.com/rustls/webpki/blob/v/0.103.16/src/cert.rs",
    },
    Known {
        refuses: BAD_ENCODING,
        when: |read| read.has_more(READ_BY_WEBPKI),
        reason: "OpenSSL does not mind what stands behind an extension's value",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/x509/v3_lib.c",
    },
    Known {
        refuses: Rustls("InvalidCertificate(Other(SignatureAlgorithmMismatch))"),
        when: |read| {
            let outer = read.whole.children().get(1);
            read.field(ALGORITHM).is_some_and(is_no_der) || outer.is_some_and(is_no_der)
        },
        reason: "webpki compares the two names of the algorithm byte by byte, and OpenSSL what they say",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/x509/x_all.c",
    },
    Known {
        refuses: Rustls("InvalidCertificate(Other(MalformedNameConstraint))"),
        when: |read| {
            let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._".contains(byte);
            let is_no_host =
                |node: &Node| node.tag == 0x82 && !node.contents().iter().all(is_letter);
            read.value(NAME_CONSTRAINTS)
                .is_some_and(|value| value.any(&is_no_host))
        },
        reason: "OpenSSL compares a constraint that is no DNS name as it is",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/x509/v3_ncons.c",
    },
    Known {
        refuses: Rustls("InvalidCertificate(Other(NameConstraintViolation))"),
        when: |read| {
            let constraints = read.value(NAME_CONSTRAINTS);
            constraints.is_some_and(|value| value.any(&|node| node.tag == 0xa4))
        },
        reason: "webpki has no constraints of directory names, and refuses where there are any",
        link: "https://github.com/rustls/webpki/blob/v/0.103.16/src/subject_name/mod.rs",
    },
    Known {
        refuses: Rustls("InvalidCertificate(Other(UnsupportedCertVersion))"),
        when: |read| {
            read.field(0)
                .is_none_or(|field| field.encoded() != [0xa0, 3, 2, 1, 2])
        },
        reason: "webpki takes version 3 alone, and OpenSSL looks at the version only for roots and in \
            strict mode",
        link: "https://github.com/rustls/webpki/blob/v/0.103.16/src/cert.rs",
    },
    Known {
        refuses: Rustls("InvalidCertificate(Other(UnsupportedCriticalExtension))"),
        when: |read| {
            let known = KNOWN_TO_OPENSSL;
            // No other, or it is OpenSSL that overlooks one.
            let mut critical = read.extensions.iter().filter(|one| one.critical);
            let known_to_either = |id: &[u8]| known.contains(&id) || KNOWN_TO_WEBPKI.contains(&id);
            known.iter().any(|id| read.is_critical(id))
                && critical.all(|one| known_to_either(&one.id))
        },
        reason: "OpenSSL's verifier knows extensions that webpki does not",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/x509/v3_purp.c",
    },
    Known {
        refuses: Rustls("InvalidCertificate(Other(CaUsedAsEndEntity))"),
        when: |read| read.is_leaf && read.is_ca(),
        reason: "OpenSSL lets a CA's certificate be a server's",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/x509/x509_vfy.c",
    },
    Known {
        refuses: Rustls("InvalidCertificate(UnknownIssuer)"),
        when: |read| {
            let renamed = |field| read.is_changed(field) && read.is_same_name(field);
            renamed(ISSUER) || !read.is_leaf && renamed(SUBJECT)
        },
        reason: "webpki compares names byte by byte, and OpenSSL as RFC 5280 section 7.1 says",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/x509/x_name.c",
    },
    Known {
        refuses: Rustls("InvalidCertificate(UnsupportedSignatureAlgorithmForPublicKey)"),
        when: |read| {
            let algorithm = read.field(KEY).and_then(|key| key.children().first());
            algorithm.is_some_and(|it| {
                it.contents().starts_with(RSA_ENCRYPTION) && it.contents() != RSA_AND_NULL
            })
        },
        reason: "rustls wants the parameters of an RSA key to be NULL, as RFC 3279 section 2.3.1 does, \
            and OpenSSL does not look at them",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/rsa/rsa_ameth.c",
    },
    Known {
        refuses: Rustls("InvalidCertificate(UnsupportedSignatureAlgorithmForPublicKey)"),
        when: |read| read.field(KEY).is_some_and(is_no_der),
        reason: "webpki compares the algorithm of a key byte by byte, and OpenSSL what it says",
        link: "https://github.com/rustls/webpki/blob/v/0.103.16/src/signed_data.rs",
    },
    Known {
        refuses: Rustls("InvalidCertificate(UnsupportedSignatureAlgorithm)"),
        when: |read| read.field(ALGORITHM).is_some_and(is_no_der),
        reason: "webpki compares the algorithm of a signature byte by byte, and OpenSSL what it says",
        link: "https://github.com/rustls/webpki/blob/v/0.103.16/src/signed_data.rs",
    },
    Known {
        refuses: Rustls("InvalidCertificate(UnsupportedSignatureAlgorithm)"),
        when: |read| read.has_other_parameters(ALGORITHM),
        reason: "OpenSSL looks at the parameters of a signature for RSASSA-PSS alone, though RFC 8410 section 3 \
            forbids any for Ed25519, and RFC 5758 section 3.2 for ECDSA",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/asn1/a_verify.c",
    },
    Known {
        refuses: Rustls("InvalidCertificate(BadSignature)"),
        when: |read| read.same_rsa_key().is_some_and(|(_, has_more)| has_more),
        reason: "OpenSSL does not mind what stands behind an RSAPublicKey",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/rsa/rsa_ameth.c",
    },
    Known {
        refuses: Rustls("InvalidCertificate(BadSignature)"),
        when: |read| read.same_rsa_key().is_some_and(|(key, _)| is_no_der(&key)),
        reason: "an RSAPublicKey is DER to the cryptography of rustls, and may be BER to OpenSSL",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/asn1/tasn_dec.c",
    },
    Known {
        refuses: Rustls("InvalidCertificate(BadSignature)"),
        when: |read| read.is_hybrid_point(),
        reason: "OpenSSL reads a point in the hybrid form too, which RFC 5480 section 2.2 wants rejected",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/ec/ecp_oct.c",
    },
    Known {
        refuses: UNREADABLE,
        when: |read| {
            let serial = read.field(SERIAL);
            serial.is_some_and(|serial| serial.tag == 2 && is_no_der(serial))
        },
        reason: "webpki takes a serial number as it is",
        link: "https://github.com/rustls/webpki/blob/v/0.103.16/src/cert.rs",
    },
    Known {
        refuses: UNREADABLE,
        when: |read| read.is_changed(SUBJECT) || read.is_changed(ISSUER),
        reason: "webpki does not look into names",
        link: "https://github.com/rustls/webpki/blob/v/0.103.16/src/cert.rs",
    },
    Known {
        refuses: UNREADABLE,
        when: |read| read.has_no_id(),
        reason: "webpki compares identifiers byte by byte, and does not read them",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/asn1/a_object.c",
    },
    Known {
        refuses: NO_ISSUER,
        when: |read| read.says_otherwise(KEY_USAGE) && read.has_no_usage(),
        reason: "webpki ignores keyUsage; to OpenSSL a certificate is not valid whose keyUsage is not \
            readable or empty",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/x509/v3_purp.c",
    },
    Known {
        refuses: NO_ISSUER,
        when: |read| read.says_otherwise(SUBJECT_KEY),
        reason: "webpki ignores subjectKeyIdentifier; OpenSSL finds issuers with it",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/x509/v3_purp.c",
    },
    Known {
        refuses: NO_ISSUER,
        when: |read| read.says_otherwise(AUTHORITY_KEY),
        reason: "webpki ignores authorityKeyIdentifier; OpenSSL finds issuers with it",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/x509/v3_purp.c",
    },
    Known {
        refuses: NO_ISSUER,
        when: |read| read.says_otherwise(EXTENDED_USAGE) && read.lists_no_ids(EXTENDED_USAGE),
        reason: "webpki stops at the usage that it looks for; OpenSSL takes no certificate whose extendedKeyUsage \
            it cannot read",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/x509/v3_purp.c",
    },
    Known {
        refuses: NO_ISSUER,
        when: |read| read.says_otherwise(DISTRIBUTION),
        reason: "webpki reads cRLDistributionPoints where it looks for revocation; OpenSSL takes no certificate \
            whose it cannot read",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/x509/v3_purp.c",
    },
    Known {
        refuses: NO_ISSUER,
        when: |read| read.says_otherwise(ADDRESS_BLOCKS),
        reason: "webpki knows no address blocks (RFC 3779); OpenSSL takes no certificate whose it cannot read",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/x509/v3_purp.c",
    },
    Known {
        refuses: NO_ISSUER,
        when: |read| read.says_otherwise(SYSTEM_NUMBERS),
        reason: "webpki knows no numbers of autonomous systems (RFC 3779); OpenSSL takes no certificate whose it cannot \
            read",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/x509/v3_purp.c",
    },
    Known {
        refuses: OpenSsl("CERTIFICATE_VERIFY_FAILED(1)"),
        when: |read| {
            let families = read.value(ADDRESS_BLOCKS).map_or(&[][..], Node::children);
            let is_none = |family: &Node| {
                let number = family.children().first();
                number.is_some_and(|number| !(2..=3).contains(&number.contents().len()))
            };
            read.is_leaf && families.iter().any(is_none)
        },
        reason: "webpki knows no address blocks; OpenSSL gives up, and says no reason, where a family that is inherited \
            has no number of two or three bytes",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/x509/v3_addr.c",
    },
    Known {
        refuses: OpenSsl("CERTIFICATE_VERIFY_FAILED(41)"),
        when: |read| read.is_leaf && read.says_otherwise(ADDRESS_BLOCKS),
        reason: "webpki knows no address blocks; OpenSSL wants them in the canonical form of RFC 3779 section 2.2.3",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/x509/v3_addr.c",
    },
    Known {
        refuses: OpenSsl("CERTIFICATE_VERIFY_FAILED(41)"),
        when: |read| read.is_leaf && read.says_otherwise(SYSTEM_NUMBERS),
        reason: "webpki knows no numbers of autonomous systems; OpenSSL wants them in the canonical form of RFC 3779 \
            section 3.2.3",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/x509/v3_asid.c",
    },
    Known {
        refuses: OpenSsl("CERTIFICATE_VERIFY_FAILED(46)"),
        when: |read| read.is_leaf && read.says_otherwise(ADDRESS_BLOCKS),
        reason: "webpki knows no address blocks; to OpenSSL an issuer must have those that it passes on",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/x509/v3_addr.c",
    },
    Known {
        refuses: OpenSsl("CERTIFICATE_VERIFY_FAILED(46)"),
        when: |read| read.is_leaf && read.says_otherwise(SYSTEM_NUMBERS),
        reason: "webpki knows no numbers of autonomous systems; to OpenSSL an issuer must have those that it passes on",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/x509/v3_asid.c",
    },
    Known {
        refuses: NO_ISSUER,
        when: |read| read.says_otherwise(NETSCAPE_TYPE),
        reason: "webpki knows no Netscape certificate type; OpenSSL takes no certificate whose it cannot read",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/x509/v3_purp.c",
    },
    Known {
        refuses: NO_ISSUER,
        when: |read| read.says_otherwise(PROXY),
        reason: "webpki knows no proxies; OpenSSL takes no proxy's certificate with alternative names (RFC 3820 §3.5)",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/x509/v3_purp.c",
    },
    Known {
        refuses: NO_ISSUER,
        when: |read| read.says_otherwise(SUBJECT_NAME),
        reason: "webpki stops at the name that it looks for, and looks for none in a CA's certificate; OpenSSL takes \
            no certificate whose subjectAltName it cannot read",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/x509/v3_purp.c",
    },
    Known {
        refuses: NO_ISSUER,
        when: |read| read.says_otherwise(NAME_CONSTRAINTS),
        reason: "webpki ignores nameConstraints of a leaf, and reads those of a CA where it has names to compare; OpenSSL \
            takes no certificate whose it cannot read",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/x509/v3_purp.c",
    },
    Known {
        refuses: OpenSsl("CERTIFICATE_VERIFY_FAILED(10)"),
        when: |read| {
            let validity = read.field(VALIDITY);
            let until = validity.and_then(|validity| validity.children().last());
            until.is_some_and(|until| NOW_WRITTEN.contains(&&*until.contents()))
        },
        reason: "to OpenSSL a certificate has expired at the second of its notAfter, which RFC 5280 section 4.1.2.5 \
            counts in",
        link: "https://github.com/openssl/openssl/issues/32890",
    },
    Known {
        refuses: OpenSsl("CERTIFICATE_VERIFY_FAILED(26)"),
        when: |read| read.is_leaf && read.usages().is_some_and(|bits| bits & FOR_TLS == 0),
        reason: "webpki ignores keyUsage; OpenSSL wants digitalSignature, keyEncipherment or \
            keyAgreement of a server",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/x509/v3_purp.c",
    },
    Known {
        refuses: OpenSsl("ECC_CERT_NOT_FOR_SIGNING"),
        when: |read| read.is_leaf && read.usages().is_some_and(|bits| bits & SIGN == 0),
        reason: "webpki ignores keyUsage; OpenSSL wants digitalSignature where a suite of TLS 1.2 is named for ECDSA",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/ssl/ssl_lib.c",
    },
    Known {
        refuses: OpenSsl("CERTIFICATE_VERIFY_FAILED(26)"),
        when: |read| read.says_otherwise(NETSCAPE_TYPE),
        reason: "OpenSSL keeps to Netscape's certificate type where there is one",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/x509/v3_purp.c",
    },
    Known {
        refuses: OpenSsl("CERTIFICATE_VERIFY_FAILED(79)"),
        when: |read| !read.is_leaf && read.usages().is_some_and(|bits| bits & CERT_SIGN == 0),
        reason: "webpki ignores keyUsage; OpenSSL wants keyCertSign of an issuer",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/x509/v3_purp.c",
    },
];

/// As `X509_supported_extension` in crypto/x509/v3_purp.c has them, without those that webpki knows too; and
/// without that of proxies, who are not let in.
const KNOWN_TO_OPENSSL: &[&[u8]] = &[
    NETSCAPE_TYPE,
    POLICIES,
    ADDRESS_BLOCKS,
    SYSTEM_NUMBERS,
    NO_CHECK,
    POLICY_CONSTRAINTS,
    POLICY_MAPPINGS,
    ANY_POLICY,
];
/// As `remember_cert_extension` in src/cert.rs has them.
const KNOWN_TO_WEBPKI: &[&[u8]] = &[
    KEY_USAGE,
    SUBJECT_NAME,
    BASIC,
    NAME_CONSTRAINTS,
    DISTRIBUTION,
    EXTENDED_USAGE,
];
/// Those of them of which it reads one SEQUENCE, and refuses what stands behind.
pub(super) const READ_BY_WEBPKI: &[&[u8]] = &[
    SUBJECT_NAME,
    BASIC,
    NAME_CONSTRAINTS,
    DISTRIBUTION,
    EXTENDED_USAGE,
];
/// Where fields stand in tbsCertificate.
const ALGORITHM: usize = 2;
const ISSUER: usize = 3;
const SUBJECT: usize = 5;
const UNIQUE: usize = 7;
/// The moment of the virtual clock (`shakedown::clock::NOW`), in the two forms of RFC 5280 §4.1.2.5.
const NOW_WRITTEN: [&[u8]; 2] = [b"300101000000Z", b"20300101000000Z"];
/// Bits of keyUsage: digitalSignature, keyEncipherment and keyAgreement; the first alone; keyCertSign.
const FOR_TLS: u16 = 0xa800;
const SIGN: u16 = 0x8000;
const CERT_SIGN: u16 = 0x0400;
/// The identifier rsaEncryption with NULL behind it.
const RSA_AND_NULL: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
