//! Server names as text: what may stand in SNI, and what rustls takes for a name.

use std::net::IpAddr;

/// What a text is as the name of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameText {
    /// A host name, perhaps with a final dot.
    Host,
    /// An address, which must not stand in SNI (RFC 6066 §3).
    Address,
    /// Neither.
    Malformed,
}

/// What rustls takes a text for (rustls-pki-types 1.15, src/server_name.rs, `validate` and
/// `TryFrom<&str> for ServerName`): letters, digits, hyphens and underscores in labels of 1 to 63
/// bytes; no hyphen at either end of a label, and a last label that is not all digits.
pub(super) fn name_text(name: &str) -> NameText {
    let mut labels = name.strip_suffix('.').unwrap_or(name).split('.');
    let numeric = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    if name.len() <= 253 && labels.clone().all(is_label) && !labels.next_back().is_some_and(numeric)
    {
        NameText::Host
    } else if name.parse::<IpAddr>().is_ok() {
        NameText::Address
    } else {
        NameText::Malformed
    }
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_names_addresses_or_neither() {
        let long = "a".repeat(64);
        for (text, expected) in [
            ("server.shakedown.test", NameText::Host),
            ("server.shakedown.test.", NameText::Host),
            ("localhost", NameText::Host),
            ("_a.b_", NameText::Host),
            ("1.a1", NameText::Host),
            ("a--b.1-2", NameText::Host),
            ("192.0.2.1", NameText::Address),
            ("192.0.2.1.", NameText::Malformed),
            ("server.123", NameText::Malformed),
            ("-a.b", NameText::Malformed),
            ("a-.b", NameText::Malformed),
            ("a..b", NameText::Malformed),
            ("a.b..", NameText::Malformed),
            (".", NameText::Malformed),
            (&long, NameText::Malformed),
        ] {
            assert_eq!(name_text(text), expected, "{text}");
        }
    }
}
