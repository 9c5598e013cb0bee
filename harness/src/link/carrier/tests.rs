use super::*;
use crate::link::{Bytes, Field, FieldFlip, Message};

/// Two records in the clear, a ChangeCipherSpec, a sealed record.
fn flight() -> Vec<Vec<u8>> {
    let record = |kind, body: &[u8]| record::seal(kind, ProtocolVersion::TLS1_2, body);
    vec![
        record(
            ContentType::handshake,
            &[11, 0, 0, 3, 0, 0, 0, 12, 0, 0, 1, 9],
        ),
        record(ContentType::handshake, &[14, 0, 0, 0]),
        record(ContentType::change_cipher_spec, &[1]),
        record(ContentType::handshake, &[5; 40]),
    ]
}

fn carried(at: At, act: Act) -> (Parcel, Vec<Vec<u8>>) {
    let link = Link {
        ops: vec![Op {
            from: Role::Server,
            at,
            act,
        }],
        ..Link::default()
    };
    let mut parcel = Parcel::default();
    Carrier::new(&link).carry(Role::Server, &flight().concat(), &mut parcel);
    let mut records = Vec::new();
    let mut rest = &parcel.forth[..];
    while let Some((one, after)) = record::split(rest) {
        records.push(one.to_vec());
        rest = after;
    }
    if !rest.is_empty() {
        records.push(rest.to_vec());
    }
    (parcel, records)
}

fn message(kind: HandshakeType) -> At {
    At::Message(Message { kind, nth: 0 })
}

#[test]
fn records_are_dropped_doubled_and_swapped() {
    let was = flight();
    let (_, now) = carried(At::Record(1), Act::Drop);
    assert_eq!(now, [&was[0], &was[2], &was[3]].map(Clone::clone));
    let (_, now) = carried(At::Record(2), Act::Duplicate);
    assert_eq!(now.len(), 5);
    assert_eq!(now[2], now[3]);
    let (_, now) = carried(At::Record(1), Act::Swap);
    assert_eq!(now, [&was[0], &was[2], &was[1], &was[3]].map(Clone::clone));
    let (_, now) = carried(At::Record(3), Act::Swap);
    assert_eq!(now, was[..3], "nothing comes to overtake it");
}

#[test]
fn a_message_is_taken_out_of_its_record() {
    let was = flight();
    let (parcel, now) = carried(message(HandshakeType::server_key_exchange), Act::Drop);
    assert_eq!(
        now[0],
        record::seal(
            ContentType::handshake,
            ProtocolVersion::TLS1_2,
            &[11, 0, 0, 3, 0, 0, 0]
        )
    );
    assert_eq!(now[1..], was[1..]);
    assert_eq!(
        parcel.deeds,
        [Deed {
            op: 0,
            record: 0,
            content_type: ContentType::handshake,
            applied: true,
            may_stall: true,
            breaks_seal: false,
            back_ends: false,
        }]
    );
}

#[test]
fn only_what_is_open_is_fragmented_or_edited() {
    let body = |records: &[Vec<u8>]| -> Vec<u8> {
        records
            .iter()
            .filter(|record| record[0] == ContentType::handshake.0)
            .flat_map(|record| record[HEADER..].to_vec())
            .collect()
    };
    for (act, count) in [
        (Act::Fragment(1), 12 + 3),
        (Act::Split(5), 5),
        (Act::Merge, 3),
    ] {
        let (parcel, now) = carried(At::Record(0), act.clone());
        assert_eq!(now.len(), count, "{act:?}");
        assert_eq!(body(&now), body(&flight()), "{act:?}");
        assert!(parcel.deeds[0].applied);
        let (parcel, now) = carried(At::Record(3), act);
        assert_eq!(now, flight());
        assert!(!parcel.deeds[0].applied);
    }
    let flip = FieldFlip {
        field: Field::Body,
        at: 0,
        bits: 1,
    };
    let (parcel, _) = carried(At::Record(3), Act::Field(flip));
    assert!(!parcel.deeds[0].applied);
}

#[test]
fn a_stream_ends_where_it_is_told_to() {
    let whole = flight().concat();
    for (act, ends, ends_back) in [
        (Act::Stall(7), false, false),
        (Act::Cut(7), true, false),
        (Act::Close(7), true, true),
    ] {
        let (parcel, _) = carried(At::Record(1), act);
        assert_eq!(parcel.forth, whole[..flight()[0].len() + 7]);
        assert_eq!((parcel.forth_ends, parcel.back_ends), (ends, ends_back));
    }
    let (parcel, _) = carried(At::Record(1), Act::Cut(10));
    assert!(!parcel.deeds[0].applied, "the record has nine bytes");
    assert_eq!(parcel.forth, whole);
}

#[test]
fn headers_and_bodies_are_changed_in_one_place() {
    let was = flight();
    for (act, place) in [
        (Act::Type(ContentType::alert), 0),
        (Act::Version(ProtocolVersion(0x0305)), 2),
        (Act::Length(-1), 4),
        (Act::Body(Flip { at: 0, bits: 1 }), 5),
        (Act::Body(Flip { at: -1, bits: 1 }), 8),
    ] {
        let (parcel, _) = carried(At::Record(1), act.clone());
        let start = was[0].len();
        let mut expected = was.concat();
        assert_ne!(
            parcel.forth[start + place],
            expected[start + place],
            "{act:?}"
        );
        expected[start + place] = parcel.forth[start + place];
        assert_eq!(parcel.forth, expected, "{act:?}");
    }
    for act in [
        Act::Body(Flip { at: 4, bits: 1 }),
        Act::Body(Flip { at: 0, bits: 0 }),
        Act::Length(-5),
        Act::Type(ContentType::handshake),
    ] {
        let (parcel, _) = carried(At::Record(1), act.clone());
        assert!(!parcel.deeds[0].applied, "{act:?}");
        assert_eq!(parcel.forth, was.concat());
    }
}

#[test]
fn what_is_not_the_peers_comes_before_instead_or_back() {
    let was = flight();
    let text = Bytes::HttpResponse;
    let (parcel, _) = carried(At::Record(0), Act::Inject(text));
    assert_eq!(parcel.forth, [text.to_wire(), was.concat()].concat());
    let (parcel, _) = carried(At::Record(0), Act::Replace(text));
    assert_eq!(parcel.forth, [text.to_wire(), was[1..].concat()].concat());
    let (parcel, _) = carried(At::Record(0), Act::Answer(text));
    assert!(parcel.forth.is_empty());
    assert_eq!(parcel.back, text.to_wire());
    assert!(parcel.back_ends && !parcel.forth_ends);
}

#[test]
fn what_is_delayed_comes_next_time_and_in_order() {
    let link = Link {
        ops: vec![Op {
            from: Role::Client,
            at: At::Record(1),
            act: Act::Delay,
        }],
        ..Link::default()
    };
    let was = flight();
    let mut carrier = Carrier::new(&link);
    let mut parcel = Parcel::default();
    carrier.carry(Role::Client, &was.concat(), &mut parcel);
    assert_eq!(parcel.forth, was[0]);
    parcel.clear();
    carrier.carry(Role::Client, &was[2], &mut parcel);
    assert_eq!(parcel.forth, [&was[1..].concat()[..], &was[2]].concat());
    parcel.clear();
    carrier.carry(Role::Client, &[], &mut parcel);
    assert_eq!(parcel, Parcel::default());
}

#[test]
fn the_other_side_is_left_alone() {
    let link = Link {
        ops: vec![Op {
            from: Role::Client,
            at: At::Record(0),
            act: Act::Drop,
        }],
        ..Link::default()
    };
    let mut parcel = Parcel::default();
    Carrier::new(&link).carry(Role::Server, &flight().concat(), &mut parcel);
    assert_eq!(parcel.forth, flight().concat());
    assert!(parcel.deeds.is_empty());
}

#[test]
fn any_bytes_are_carried() {
    let link = Link {
        ops: (0..4)
            .map(|number| Op {
                from: Role::Client,
                at: At::Record(number),
                act: Act::Body(Flip { at: 0, bits: 1 }),
            })
            .collect(),
        ..Link::default()
    };
    for length in 0..20 {
        let mut parcel = Parcel::default();
        let bytes: Vec<u8> = (0..length).collect();
        Carrier::new(&link).carry(Role::Client, &bytes, &mut parcel);
        assert_eq!(parcel.forth.len(), bytes.len());
    }
}

#[test]
fn what_takes_the_place_of_its_like_changes_nothing() {
    let (parcel, now) = carried(At::Record(2), Act::Replace(Bytes::ChangeCipherSpec));
    assert_eq!(now, flight());
    assert!(!parcel.deeds[0].applied);
    let (parcel, _) = carried(At::Record(1), Act::Replace(Bytes::ChangeCipherSpec));
    assert!(parcel.deeds[0].applied);
}

#[test]
fn a_deed_says_what_it_excuses() {
    let (parcel, _) = carried(At::Record(3), Act::Body(Flip { at: 0, bits: 1 }));
    let [deed] = parcel.deeds[..] else {
        panic!("one op, one deed")
    };
    assert!(
        deed.breaks_seal,
        "behind the ChangeCipherSpec all is sealed"
    );
    assert!(!deed.may_stall, "what is sealed does not open");
    let (parcel, _) = carried(At::Record(0), Act::Body(Flip { at: 0, bits: 1 }));
    let [deed] = parcel.deeds[..] else {
        panic!("one op, one deed")
    };
    assert!(deed.may_stall && !deed.breaks_seal);
    let (parcel, _) = carried(At::Record(3), Act::Fragment(1));
    let [deed] = parcel.deeds[..] else {
        panic!("one op, one deed")
    };
    assert!(!deed.applied && !deed.may_stall && !deed.breaks_seal);
}
