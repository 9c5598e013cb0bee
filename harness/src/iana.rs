//! Code points of the IANA TLS registries.
//!
//! Each registry is a newtype over the wire value with associated constants, so that a value that
//! nobody has registered is representable, and prints in hexadecimal. Names are those of the
//! [TLS Parameters](https://www.iana.org/assignments/tls-parameters) registries.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

code_points! {
    /// A protocol version as it stands on the wire (RFC 8446 §4.2.1).
    pub struct ProtocolVersion(u16) {
        /// RFC 2246.
        TLS1_0 = 0x0301 => "TLS1.0",
        /// RFC 4346.
        TLS1_1 = 0x0302 => "TLS1.1",
        /// RFC 5246.
        TLS1_2 = 0x0303 => "TLS1.2",
        /// RFC 8446.
        TLS1_3 = 0x0304 => "TLS1.3",
    }
}

code_points! {
    /// A cipher suite.
    pub struct CipherSuite(u16) {
        /// RFC 5246 §A.5; no forward secrecy.
        TLS_RSA_WITH_AES_128_CBC_SHA = 0x002f => "TLS_RSA_WITH_AES_128_CBC_SHA",
        /// RFC 5246 §A.5.
        TLS_DHE_RSA_WITH_AES_128_CBC_SHA = 0x0033 => "TLS_DHE_RSA_WITH_AES_128_CBC_SHA",
        /// RFC 5246 §A.5; no forward secrecy.
        TLS_RSA_WITH_AES_256_CBC_SHA = 0x0035 => "TLS_RSA_WITH_AES_256_CBC_SHA",
        /// RFC 5246 §A.5.
        TLS_DHE_RSA_WITH_AES_256_CBC_SHA = 0x0039 => "TLS_DHE_RSA_WITH_AES_256_CBC_SHA",
        /// RFC 5246 §A.5; no forward secrecy.
        TLS_RSA_WITH_AES_128_CBC_SHA256 = 0x003c => "TLS_RSA_WITH_AES_128_CBC_SHA256",
        /// RFC 5246 §A.5; no forward secrecy.
        TLS_RSA_WITH_AES_256_CBC_SHA256 = 0x003d => "TLS_RSA_WITH_AES_256_CBC_SHA256",
        /// RFC 5246 §A.5.
        TLS_DHE_RSA_WITH_AES_128_CBC_SHA256 = 0x0067 => "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256",
        /// RFC 5246 §A.5.
        TLS_DHE_RSA_WITH_AES_256_CBC_SHA256 = 0x006b => "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256",
        /// RFC 5288; no forward secrecy.
        TLS_RSA_WITH_AES_128_GCM_SHA256 = 0x009c => "TLS_RSA_WITH_AES_128_GCM_SHA256",
        /// RFC 5288; no forward secrecy.
        TLS_RSA_WITH_AES_256_GCM_SHA384 = 0x009d => "TLS_RSA_WITH_AES_256_GCM_SHA384",
        /// RFC 5288.
        TLS_DHE_RSA_WITH_AES_128_GCM_SHA256 = 0x009e => "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
        /// RFC 5288.
        TLS_DHE_RSA_WITH_AES_256_GCM_SHA384 = 0x009f => "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
        /// RFC 5746 §3.3.
        TLS_EMPTY_RENEGOTIATION_INFO_SCSV = 0x00ff => "TLS_EMPTY_RENEGOTIATION_INFO_SCSV",
        /// RFC 8446 §B.4.
        TLS_AES_128_GCM_SHA256 = 0x1301 => "TLS_AES_128_GCM_SHA256",
        /// RFC 8446 §B.4.
        TLS_AES_256_GCM_SHA384 = 0x1302 => "TLS_AES_256_GCM_SHA384",
        /// RFC 8446 §B.4.
        TLS_CHACHA20_POLY1305_SHA256 = 0x1303 => "TLS_CHACHA20_POLY1305_SHA256",
        /// RFC 7507.
        TLS_FALLBACK_SCSV = 0x5600 => "TLS_FALLBACK_SCSV",
        /// RFC 8422.
        TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA = 0xc009 => "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
        /// RFC 8422.
        TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA = 0xc00a => "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
        /// RFC 8422.
        TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA = 0xc013 => "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
        /// RFC 8422.
        TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA = 0xc014 => "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
        /// RFC 5289.
        TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256 = 0xc023 => "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
        /// RFC 5289.
        TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384 = 0xc024 => "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
        /// RFC 5289.
        TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256 = 0xc027 => "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
        /// RFC 5289.
        TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384 = 0xc028 => "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
        /// RFC 5289.
        TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 = 0xc02b => "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        /// RFC 5289.
        TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 = 0xc02c => "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        /// RFC 5289.
        TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 = 0xc02f => "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        /// RFC 5289.
        TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 = 0xc030 => "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        /// RFC 7905.
        TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 = 0xcca8 => "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        /// RFC 7905.
        TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 = 0xcca9 => "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        /// RFC 7905.
        TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256 = 0xccaa => "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    }
}

code_points! {
    /// A group for key exchange ("supported groups", RFC 8446 §4.2.7).
    pub struct NamedGroup(u16) {
        /// RFC 8422.
        secp256r1 = 0x0017 => "secp256r1",
        /// RFC 8422.
        secp384r1 = 0x0018 => "secp384r1",
        /// RFC 8422.
        secp521r1 = 0x0019 => "secp521r1",
        /// RFC 8446 §4.2.7.
        x25519 = 0x001d => "x25519",
        /// RFC 8446 §4.2.7.
        x448 = 0x001e => "x448",
        /// RFC 7919.
        ffdhe2048 = 0x0100 => "ffdhe2048",
        /// RFC 7919.
        ffdhe3072 = 0x0101 => "ffdhe3072",
        /// draft-ietf-tls-ecdhe-mlkem; X25519 with ML-KEM-768.
        X25519MLKEM768 = 0x11ec => "X25519MLKEM768",
    }
}

code_points! {
    /// A signature scheme (RFC 8446 §4.2.3).
    pub struct SignatureScheme(u16) {
        /// RFC 8446 §4.2.3, for certificates and TLS 1.2 only.
        rsa_pkcs1_sha1 = 0x0201 => "rsa_pkcs1_sha1",
        /// RFC 8446 §4.2.3, for TLS 1.2 only.
        ecdsa_sha1 = 0x0203 => "ecdsa_sha1",
        /// RFC 8446 §4.2.3; in TLS 1.3 for certificates only.
        rsa_pkcs1_sha256 = 0x0401 => "rsa_pkcs1_sha256",
        /// In TLS 1.2 any curve with SHA-256 (RFC 8422 §5.4); in TLS 1.3 P-256.
        ecdsa_secp256r1_sha256 = 0x0403 => "ecdsa_secp256r1_sha256",
        /// RFC 8446 §4.2.3; in TLS 1.3 for certificates only.
        rsa_pkcs1_sha384 = 0x0501 => "rsa_pkcs1_sha384",
        /// In TLS 1.2 any curve with SHA-384; in TLS 1.3 P-384.
        ecdsa_secp384r1_sha384 = 0x0503 => "ecdsa_secp384r1_sha384",
        /// RFC 8446 §4.2.3; in TLS 1.3 for certificates only.
        rsa_pkcs1_sha512 = 0x0601 => "rsa_pkcs1_sha512",
        /// In TLS 1.2 any curve with SHA-512; in TLS 1.3 P-521.
        ecdsa_secp521r1_sha512 = 0x0603 => "ecdsa_secp521r1_sha512",
        /// RFC 8446 §4.2.3.
        rsa_pss_rsae_sha256 = 0x0804 => "rsa_pss_rsae_sha256",
        /// RFC 8446 §4.2.3.
        rsa_pss_rsae_sha384 = 0x0805 => "rsa_pss_rsae_sha384",
        /// RFC 8446 §4.2.3.
        rsa_pss_rsae_sha512 = 0x0806 => "rsa_pss_rsae_sha512",
        /// RFC 8446 §4.2.3.
        ed25519 = 0x0807 => "ed25519",
        /// RFC 8446 §4.2.3.
        ed448 = 0x0808 => "ed448",
        /// RFC 8446 §4.2.3, for keys of type id-RSASSA-PSS.
        rsa_pss_pss_sha256 = 0x0809 => "rsa_pss_pss_sha256",
        /// RFC 8446 §4.2.3, for keys of type id-RSASSA-PSS.
        rsa_pss_pss_sha384 = 0x080a => "rsa_pss_pss_sha384",
        /// RFC 8446 §4.2.3, for keys of type id-RSASSA-PSS.
        rsa_pss_pss_sha512 = 0x080b => "rsa_pss_pss_sha512",
    }
}

code_points! {
    /// An alert description (RFC 8446 §6).
    pub struct AlertDescription(u8) {
        /// RFC 8446 §6.1.
        close_notify = 0 => "close_notify",
        /// RFC 8446 §6.2.
        unexpected_message = 10 => "unexpected_message",
        /// RFC 8446 §6.2.
        bad_record_mac = 20 => "bad_record_mac",
        /// RFC 8446 §6.2.
        record_overflow = 22 => "record_overflow",
        /// RFC 8446 §6.2.
        handshake_failure = 40 => "handshake_failure",
        /// RFC 8446 §6.2.
        bad_certificate = 42 => "bad_certificate",
        /// RFC 8446 §6.2.
        unsupported_certificate = 43 => "unsupported_certificate",
        /// RFC 8446 §6.2.
        certificate_revoked = 44 => "certificate_revoked",
        /// RFC 8446 §6.2.
        certificate_expired = 45 => "certificate_expired",
        /// RFC 8446 §6.2.
        certificate_unknown = 46 => "certificate_unknown",
        /// RFC 8446 §6.2.
        illegal_parameter = 47 => "illegal_parameter",
        /// RFC 8446 §6.2.
        unknown_ca = 48 => "unknown_ca",
        /// RFC 8446 §6.2.
        access_denied = 49 => "access_denied",
        /// RFC 8446 §6.2.
        decode_error = 50 => "decode_error",
        /// RFC 8446 §6.2.
        decrypt_error = 51 => "decrypt_error",
        /// RFC 8446 §6.2.
        protocol_version = 70 => "protocol_version",
        /// RFC 8446 §6.2.
        insufficient_security = 71 => "insufficient_security",
        /// RFC 8446 §6.2.
        internal_error = 80 => "internal_error",
        /// RFC 7507.
        inappropriate_fallback = 86 => "inappropriate_fallback",
        /// RFC 8446 §6.1.
        user_canceled = 90 => "user_canceled",
        /// RFC 5246 §7.2.2.
        no_renegotiation = 100 => "no_renegotiation",
        /// RFC 8446 §6.2.
        missing_extension = 109 => "missing_extension",
        /// RFC 8446 §6.2.
        unsupported_extension = 110 => "unsupported_extension",
        /// RFC 6066 §3.
        unrecognized_name = 112 => "unrecognized_name",
        /// RFC 6066 §8.
        bad_certificate_status_response = 113 => "bad_certificate_status_response",
        /// RFC 8446 §6.2.
        unknown_psk_identity = 115 => "unknown_psk_identity",
        /// RFC 8446 §6.2.
        certificate_required = 116 => "certificate_required",
        /// RFC 7301 §3.2.
        no_application_protocol = 120 => "no_application_protocol",
    }
}

code_points! {
    /// A record's content type (RFC 8446 §5.1).
    pub struct ContentType(u8) {
        /// RFC 8446 §5.1.
        change_cipher_spec = 20 => "change_cipher_spec",
        /// RFC 8446 §5.1.
        alert = 21 => "alert",
        /// RFC 8446 §5.1.
        handshake = 22 => "handshake",
        /// RFC 8446 §5.1.
        application_data = 23 => "application_data",
    }
}

code_points! {
    /// A handshake message's type (RFC 8446 §4).
    pub struct HandshakeType(u8) {
        /// RFC 5246 §7.4.
        hello_request = 0 => "hello_request",
        /// RFC 8446 §4.
        client_hello = 1 => "client_hello",
        /// RFC 8446 §4.
        server_hello = 2 => "server_hello",
        /// RFC 8446 §4.
        new_session_ticket = 4 => "new_session_ticket",
        /// RFC 8446 §4.
        encrypted_extensions = 8 => "encrypted_extensions",
        /// RFC 8446 §4.
        certificate = 11 => "certificate",
        /// RFC 5246 §7.4.
        server_key_exchange = 12 => "server_key_exchange",
        /// RFC 8446 §4.
        certificate_request = 13 => "certificate_request",
        /// RFC 5246 §7.4.
        server_hello_done = 14 => "server_hello_done",
        /// RFC 8446 §4.
        certificate_verify = 15 => "certificate_verify",
        /// RFC 5246 §7.4.
        client_key_exchange = 16 => "client_key_exchange",
        /// RFC 8446 §4.
        finished = 20 => "finished",
        /// RFC 6066 §8.
        certificate_status = 22 => "certificate_status",
        /// RFC 8446 §4.
        key_update = 24 => "key_update",
    }
}

code_points! {
    /// A hello extension's type (RFC 8446 §4.2).
    pub struct ExtensionType(u16) {
        /// RFC 6066 §3.
        server_name = 0 => "server_name",
        /// RFC 6066 §8.
        status_request = 5 => "status_request",
        /// RFC 8446 §4.2.7.
        supported_groups = 10 => "supported_groups",
        /// RFC 8422 §5.1.2.
        ec_point_formats = 11 => "ec_point_formats",
        /// RFC 8446 §4.2.3.
        signature_algorithms = 13 => "signature_algorithms",
        /// RFC 7301.
        application_layer_protocol_negotiation = 16 => "application_layer_protocol_negotiation",
        /// RFC 7250 §3.
        client_certificate_type = 19 => "client_certificate_type",
        /// RFC 7250 §3.
        server_certificate_type = 20 => "server_certificate_type",
        /// RFC 7366.
        encrypt_then_mac = 22 => "encrypt_then_mac",
        /// RFC 7627.
        extended_master_secret = 23 => "extended_master_secret",
        /// RFC 8879.
        compress_certificate = 27 => "compress_certificate",
        /// RFC 5077.
        session_ticket = 35 => "session_ticket",
        /// RFC 8446 §4.2.11.
        pre_shared_key = 41 => "pre_shared_key",
        /// RFC 8446 §4.2.1.
        supported_versions = 43 => "supported_versions",
        /// RFC 8446 §4.2.9.
        psk_key_exchange_modes = 45 => "psk_key_exchange_modes",
        /// RFC 8446 §4.2.6.
        post_handshake_auth = 49 => "post_handshake_auth",
        /// RFC 8446 §4.2.8.
        key_share = 51 => "key_share",
        /// RFC 5746.
        renegotiation_info = 0xff01 => "renegotiation_info",
    }
}

impl ProtocolVersion {
    /// The versions that any linked stack can be asked for, lowest first.
    pub const ALL: [Self; 4] = [Self::TLS1_0, Self::TLS1_1, Self::TLS1_2, Self::TLS1_3];
}

impl CipherSuite {
    /// Whether the suite belongs to TLS 1.3, whose suites name neither key exchange nor
    /// authentication (RFC 8446 §B.4).
    pub fn is_tls13(self) -> bool {
        self.0 >> 8 == 0x13
    }
}

/// A name that is neither registered here nor a hexadecimal code point.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown {registry} {name:?}; use its IANA name or a hexadecimal code point such as {example}"
)]
pub struct UnknownName {
    registry: &'static str,
    name: String,
    example: &'static str,
}

macro_rules! code_points {
    (
        $(#[$meta:meta])*
        pub struct $name:ident($int:ty) {
            $( $(#[$item_meta:meta])* $item:ident = $value:expr => $text:expr ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $int);

        #[allow(non_upper_case_globals, reason = "the registries' own spelling")]
        impl $name {
            $( $(#[$item_meta])* pub const $item: Self = Self($value); )*

            /// The code points that this crate has a name for, in registry order.
            pub const NAMED: &'static [Self] = &[$(Self::$item),*];

            /// The registry's name, where this crate has it.
            pub fn name(self) -> Option<&'static str> {
                match self {
                    $( Self::$item => Some($text), )*
                    _ => None,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.name() {
                    Some(name) => f.pad(name),
                    None => f.pad(&format!(
                        "{:#0width$x}",
                        self.0,
                        width = 2 + 2 * size_of::<$int>()
                    )),
                }
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = UnknownName;

            fn from_str(s: &str) -> Result<Self, Self::Err> {
                if let Some(known) = Self::NAMED.iter().find(|v| v.name() == Some(s)) {
                    return Ok(*known);
                }
                s.strip_prefix("0x")
                    .and_then(|digits| <$int>::from_str_radix(digits, 16).ok())
                    .map(Self)
                    .ok_or_else(|| UnknownName {
                        registry: stringify!($name),
                        name: s.to_owned(),
                        example: if size_of::<$int>() == 1 { "0x2a" } else { "0x1301" },
                    })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "string",
                    "description": concat!(
                        "An IANA name, or 0x and the code point in hexadecimal (", stringify!($name), ")"
                    ),
                })
            }
        }
    };
}
use code_points;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_named_code_point_reads_back() {
        fn check<T: Copy + PartialEq + fmt::Debug + fmt::Display + FromStr<Err = UnknownName>>(
            named: &[T],
        ) {
            for value in named {
                assert_eq!(value.to_string().parse::<T>(), Ok(*value));
            }
        }
        check(ProtocolVersion::NAMED);
        check(CipherSuite::NAMED);
        check(NamedGroup::NAMED);
        check(SignatureScheme::NAMED);
        check(AlertDescription::NAMED);
        check(ContentType::NAMED);
        check(HandshakeType::NAMED);
        check(ExtensionType::NAMED);
    }

    #[test]
    fn unregistered_values_print_in_hexadecimal() {
        assert_eq!(CipherSuite(0xfafa).to_string(), "0xfafa");
        assert_eq!("0xfafa".parse(), Ok(CipherSuite(0xfafa)));
        assert_eq!(AlertDescription(7).to_string(), "0x07");
    }

    #[test]
    fn a_wrong_name_says_what_to_write() {
        let error = "TLS_AES_127"
            .parse::<CipherSuite>()
            .expect_err("no such suite");
        assert_eq!(
            error.to_string(),
            "unknown CipherSuite \"TLS_AES_127\"; use its IANA name or a hexadecimal code point such as 0x1301"
        );
    }
}
