//! Words for a fuzzer's dictionary: code points of TLS and pieces of DER, as they stand on the wire.

use std::fmt::Write;

use shakedown::iana::{
    AlertDescription, CipherSuite, ExtensionType, HandshakeType, NamedGroup, ProtocolVersion,
    SignatureScheme,
};

/// A dictionary as libFuzzer reads it with `-dict=FILE`: `name="bytes"` a line.
pub fn dictionary() -> String {
    let mut text = String::from("# Made by `shakedown corpus`.\n");
    let mut word = |name: &str, bytes: &[u8]| {
        let name = name.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        let _ = write!(text, "{name}=\"");
        for byte in bytes {
            let _ = write!(text, "\\x{byte:02x}");
        }
        text += "\"\n";
    };
    let mut words = |registry: &str, values: &mut dyn Iterator<Item = (String, Vec<u8>)>| {
        for (name, bytes) in values {
            word(&format!("{registry}_{name}"), &bytes);
        }
    };
    macro_rules! registry {
        ($name:literal, $of:ident) => {
            words(
                $name,
                &mut $of::NAMED
                    .iter()
                    .map(|value| (value.to_string(), value.0.to_be_bytes().to_vec())),
            )
        };
    }
    registry!("version", ProtocolVersion);
    registry!("suite", CipherSuite);
    registry!("group", NamedGroup);
    registry!("scheme", SignatureScheme);
    registry!("extension", ExtensionType);
    // A type and the length of a short message; a fatal alert whole.
    words(
        "message",
        &mut HandshakeType::NAMED
            .iter()
            .map(|kind| (kind.to_string(), vec![kind.0, 0, 0])),
    );
    words(
        "alert",
        &mut AlertDescription::NAMED
            .iter()
            .map(|alert| (alert.to_string(), vec![21, 3, 3, 0, 2, 2, alert.0])),
    );
    words(
        "der",
        &mut DER
            .iter()
            .map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())),
    );
    text
}

/// Tags (X.690 §8), object identifiers (RFC 5280 §4.2, RFC 5480, RFC 8410, RFC 8017) and times.
const DER: &[(&str, &[u8])] = &[
    ("false", &[1, 1, 0]),
    ("true", &[1, 1, 0xff]),
    ("null", &[5, 0]),
    ("sequence_of_none", &[0x30, 0]),
    ("indefinite_length", &[0x30, 0x80]),
    ("end_of_contents", &[0, 0]),
    ("version_3", &[0xa0, 3, 2, 1, 2]),
    ("bit_string", &[3, 2, 0, 0]),
    ("basic_constraints", &[6, 3, 0x55, 0x1d, 0x13]),
    ("key_usage", &[6, 3, 0x55, 0x1d, 0x0f]),
    ("extended_key_usage", &[6, 3, 0x55, 0x1d, 0x25]),
    ("subject_alternative_name", &[6, 3, 0x55, 0x1d, 0x11]),
    ("name_constraints", &[6, 3, 0x55, 0x1d, 0x1e]),
    ("certificate_policies", &[6, 3, 0x55, 0x1d, 0x20]),
    ("policy_constraints", &[6, 3, 0x55, 0x1d, 0x24]),
    ("inhibit_any_policy", &[6, 3, 0x55, 0x1d, 0x36]),
    ("authority_key_identifier", &[6, 3, 0x55, 0x1d, 0x23]),
    ("subject_key_identifier", &[6, 3, 0x55, 0x1d, 0x0e]),
    ("crl_distribution_points", &[6, 3, 0x55, 0x1d, 0x1f]),
    ("server_auth", &[6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1]),
    ("client_auth", &[6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 2]),
    ("any_extended_key_usage", &[6, 4, 0x55, 0x1d, 0x25, 0]),
    ("common_name", &[6, 3, 0x55, 4, 3]),
    ("ec_public_key", &[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1]),
    ("prime256v1", &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7]),
    (
        "ecdsa_with_sha256",
        &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2],
    ),
    ("ed25519", &[6, 3, 0x2b, 0x65, 0x70]),
    (
        "rsa_encryption",
        &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1],
    ),
    (
        "sha256_with_rsa",
        &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0b],
    ),
    (
        "rsassa_pss",
        &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0a],
    ),
    ("utc_time", b"\x17\x0d300101000000Z"),
    ("generalized_time", b"\x18\x0f20300101000000Z"),
    ("never", b"\x18\x0f99991231235959Z"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_word_a_line_each_with_a_name_of_its_own() {
        let text = dictionary();
        let mut names = BTreeSet::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (name, bytes) = line.split_once('=').expect(line);
            assert!(names.insert(name), "{name} twice");
            let digits = bytes.trim_matches('"').split("\\x").skip(1);
            let bytes: Vec<_> = digits.map(|it| u8::from_str_radix(it, 16)).collect();
            assert!(
                !bytes.is_empty() && bytes.iter().all(Result::is_ok),
                "{line}"
            );
        }
        assert!(
            text.contains("\nsuite_TLS_AES_128_GCM_SHA256=\"\\x13\\x01\"\n"),
            "{text}"
        );
        assert!(names.len() > 150, "{}", names.len());
    }
}
