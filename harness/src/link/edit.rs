//! Edits of hellos that leave them well-formed.

use super::field::{Field, fields};
use super::record::MESSAGE_HEADER;
use super::{Act, Edit, FieldValue};
use crate::iana::ExtensionType;

/// What an act makes of a handshake message in the clear, with its header; `None`: nothing, as where the
/// message has no such field, or the act is not about what a message says.
pub fn alter(message: &[u8], act: &Act) -> Option<Vec<u8>> {
    match act {
        Act::Field(flip) => {
            let (_, range) = fields(message)
                .into_iter()
                .find(|(field, _)| *field == flip.field)?;
            let length = i64::try_from(range.len()).ok()?;
            let at = i64::from(flip.at) + if flip.at < 0 { length } else { 0 };
            let at = usize::try_from(at).ok().filter(|at| *at < range.len())?;
            let mut edited = message.to_vec();
            edited[range.start + at] ^= flip.bits;
            (flip.bits != 0).then_some(edited)
        }
        Act::Set(value) => set(message, value).filter(|edited| edited != message),
        Act::Edit(how) => edit(message, *how),
        _ => None,
    }
}

/// The message, edited; `None`: it has nothing of the kind.
pub(super) fn edit(message: &[u8], edit: Edit) -> Option<Vec<u8>> {
    let place = |wanted: Field| {
        fields(message)
            .into_iter()
            .find_map(|(field, range)| (field == wanted).then_some(range))
    };
    let mut edited = message.to_vec();
    match edit {
        Edit::WithoutExtension(kind) => {
            let head = place(Field::ExtensionType(kind))?;
            let length = place(Field::ExtensionLength(kind))?;
            let end = place(Field::Extension(kind)).map_or(length.end, |range| range.end);
            edited.drain(head.start..end);
            change(
                &mut edited,
                place(Field::ExtensionsLength)?,
                -width(&(head.start..end)),
            );
        }
        Edit::WithoutVersion(version) => {
            let kind = ExtensionType::supported_versions;
            let list = place(Field::Extension(kind))?;
            let at = pair_in(&message[list.start + 1..list.end], version.0)? + list.start + 1;
            edited.drain(at..at + 2);
            change(&mut edited, list.start..list.start + 1, -2);
            change(&mut edited, place(Field::ExtensionLength(kind))?, -2);
            change(&mut edited, place(Field::ExtensionsLength)?, -2);
        }
        Edit::WithoutSuite(suite) => {
            let list = place(Field::Suites)?;
            let at = pair_in(&message[list.clone()], suite.0)? + list.start;
            edited.drain(at..at + 2);
            change(&mut edited, place(Field::SuitesLength)?, -2);
        }
        Edit::WithSuite(suite) => {
            let end = place(Field::Suites)?.end;
            edited.splice(end..end, suite.0.to_be_bytes());
            change(&mut edited, place(Field::SuitesLength)?, 2);
        }
    }
    let length = u32::try_from(edited.len() - MESSAGE_HEADER).ok()?;
    edited[1..MESSAGE_HEADER].copy_from_slice(&length.to_be_bytes()[1..]);
    Some(edited)
}

/// The message with another value in a field of it; `None`: it has no such field of that length.
pub(super) fn set(message: &[u8], value: &FieldValue) -> Option<Vec<u8>> {
    let bytes = hex::decode(&value.value).ok()?;
    let (_, range) = fields(message)
        .into_iter()
        .find(|(field, _)| *field == value.field)?;
    if range.len() != bytes.len() {
        return None;
    }
    let mut edited = message.to_vec();
    edited[range].copy_from_slice(&bytes);
    Some(edited)
}

/// Changes a big-endian number. Places before what was taken out have not moved.
fn change(bytes: &mut [u8], place: std::ops::Range<usize>, by: isize) {
    let digits = &mut bytes[place];
    let number = digits
        .iter()
        .fold(0_isize, |sum, digit| (sum << 8) | isize::from(*digit))
        + by;
    for (digit, shift) in digits.iter_mut().rev().zip((0..).step_by(8)) {
        *digit = (number >> shift) as u8;
    }
}

fn width(range: &std::ops::Range<usize>) -> isize {
    range.len() as isize
}

fn pair_in(list: &[u8], wanted: u16) -> Option<usize> {
    let place = list
        .chunks_exact(2)
        .position(|pair| pair == wanted.to_be_bytes())?;
    Some(2 * place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iana::{CipherSuite, ProtocolVersion};

    fn hello() -> Vec<u8> {
        let body = [
            &[3, 3][..],
            &[7; 32],
            &[0],
            &[0, 4, 0x13, 1, 0xc0, 0x2b],
            &[1, 0],
            &[0, 13, 0, 43, 0, 5, 4, 3, 4, 3, 3, 0, 5, 0, 0],
        ]
        .concat();
        let mut message = vec![1, 0, 0, body.len() as u8];
        message.extend(body);
        message
    }

    #[test]
    fn what_is_edited_reads_as_a_whole() {
        for (how, shorter) in [
            (Edit::WithoutExtension(ExtensionType::supported_versions), 9),
            (Edit::WithoutExtension(ExtensionType(5)), 4),
            (Edit::WithoutVersion(ProtocolVersion::TLS1_3), 2),
            (Edit::WithoutSuite(CipherSuite(0xc02b)), 2),
            (Edit::WithSuite(CipherSuite::TLS_FALLBACK_SCSV), -2),
        ] {
            let edited = edit(&hello(), how).expect("there is such");
            assert_eq!(edited.len() as isize, hello().len() as isize - shorter);
            let end = fields(&edited).last().expect("fields").1.end;
            assert_eq!(end, edited.len(), "{how:?}");
            assert_eq!(usize::from(edited[3]), edited.len() - MESSAGE_HEADER);
        }
        assert_eq!(
            edit(&hello(), Edit::WithoutExtension(ExtensionType(9))),
            None
        );
        let missing = CipherSuite::TLS_FALLBACK_SCSV;
        assert_eq!(edit(&hello(), Edit::WithoutSuite(missing)), None);
    }

    #[test]
    fn a_field_is_set_to_what_fits() {
        let to = |value: &str| FieldValue {
            field: Field::LegacyVersion,
            value: value.into(),
        };
        let edited = set(&hello(), &to("0301")).expect("fits");
        assert_eq!(edited[4..6], [3, 1]);
        assert_eq!(set(&hello(), &to("03")), None);
        assert_eq!(set(&hello(), &to("xy")), None);
    }
}
