//! Inputs to begin with.

use super::SET_UPS;
use super::script::{EXTENSIONS, FOREIGN, Step};

/// Flights as they are, of every other set-up; and every step at every kind of flight. Those with an odd place for
/// both rustls too.
pub(super) fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds: Vec<_> = (0..SET_UPS as u8)
        .step_by(2)
        .map(|number| (format!("as-it-is-{number}"), vec![number]))
        .collect();
    for (place, step) in Step::ALL.iter().enumerate() {
        for kind in 0..3 {
            for which in 0..5 {
                let server = (place as u8 + which) % 3;
                let number = server + 3 * kind + 9 * 3 + 36 * (which % 2);
                // A field further on, from either end.
                let [field, at] = [which * 2 + place as u8 % 2, 0x7f * (which % 2)];
                let steps = vec![number, place as u8, which, field, at, which + 1];
                seeds.push((format!("{step:?}-{number}-{which}").to_lowercase(), steps));
            }
        }
    }
    for (number, _) in FOREIGN.iter().enumerate() {
        let set_up = (number % 9) as u8 + 27;
        let script = vec![set_up, Step::Insert as u8, 1, 0, 0, number as u8];
        seeds.push((format!("foreign-{number}"), script));
    }
    for (number, _) in EXTENSIONS.iter().enumerate() {
        let set_up = (number % 9) as u8 + 27;
        let script = vec![set_up, Step::Extend as u8, 0, 0, 0, number as u8];
        seeds.push((format!("extension-{number}"), script));
    }
    for (name, seed) in DIFFERENT {
        seeds.push((format!("different-{name}"), seed.to_vec()));
    }
    let rustls: Vec<_> = seeds
        .iter()
        .skip(1)
        .step_by(2)
        .filter(|(_, seed)| usize::from(seed[0]) < SET_UPS)
        .map(|(name, seed)| {
            let mut seed = seed.clone();
            seed[0] += SET_UPS as u8;
            (format!("{name}-rustls"), seed)
        })
        .collect();
    seeds.extend(rustls);
    seeds
}

/// What no step above comes upon alone.
const DIFFERENT: [(&str, &[u8]); 28] = [
    (
        "length-behind-the-end",
        &[
            0x0a, 0x4b, 0x27, 0x00, 0x00, 0xbe, 0x45, 0x45, 0x00, 0x00, 0x00, 0x45, 0x45, 0x00,
            0x00, 0x45, 0x45, 0x45, 0x00, 0x00, 0x00, 0x45, 0x45, 0x00, 0x00, 0x00,
        ],
    ),
    (
        "warnings",
        &[
            0x00, 0x07, 0x00, 0x00, 0x67, 0x00, 0x67, 0x00, 0x00, 0x00, 0x67, 0x67, 0x00, 0x00,
            0x00, 0x67, 0x67, 0x67, 0x00, 0x00, 0x67, 0x67, 0x00, 0x00, 0x00, 0x67, 0x67, 0x00,
            0x00, 0x00, 0x67,
        ],
    ),
    (
        "no-certificate-types",
        &[
            0x41, 0xac, 0xac, 0xac, 0x00, 0x00, 0xac, 0x40, 0x40, 0x00, 0x00, 0xac, 0xac, 0xac,
            0x00, 0x00,
        ],
    ),
    (
        "alert-of-no-version",
        &[48, 17, 0, 0, 0, 20, 11, 0, 9, 0, 0],
    ),
    (
        "extended-master-secret-with-more",
        &[54, 9, 0, 27, 0, 7, 9, 0, 12, 0, 7],
    ),
    (
        "retry-of-another-version",
        &[57, 57, 0, 0, 0, 57, 57, 0, 31, 0, 0],
    ),
    ("no-renegotiation-info", &[27, 12, 0, 1, 1, 1]),
    ("alert-behind-retry", &[35, 3, 1, 0, 0, 19, 9, 1, 0, 0, 2]),
    (
        "needless-certificate-in-the-way",
        &[2, 13, 1, 1, 1, 0, 8, 1, 1, 0x85, 1],
    ),
    (
        "needless-certificate",
        &[46, 13, 1, 3, 0, 0, 9, 1, 1, 0, 34],
    ),
    ("hello-request-behind", &[27, 3, 6, 0, 0, 0]),
    ("empty-record", &[6, 3, 0, 0, 0, 12]),
    ("status-without-response", &[54, 12, 2, 0, 1, 0]),
    ("legacy-version", &[32, 8, 0, 0, 0, 1]),
    (
        "third-change-cipher-spec",
        &[15, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0],
    ),
    (
        "behind-server-hello-done",
        &[27, 19, 0, 0, 0, 0, 2, 4, 0, 0, 0],
    ),
    ("name-not-to-be-read", &[28, 7, 4, 15, 5, 23]),
    ("name-and-more", &[9, 9, 3, 27, 111, 229]),
    ("retry-legacy-version", &[35, 7, 0, 0, 0, 5]),
    ("session-id-not-echoed", &[23, 17, 0, 2, 0, 1]),
    ("sealed-as-alert", &[57, 4, 2, 0, 0, 21]),
    ("user-canceled", &[31, 3, 1, 0, 0, 15]),
    ("no-renegotiation", &[33, 3, 0, 0, 0, 16]),
    ("close-notify", &[27, 3, 3, 0, 0, 17]),
    ("renegotiation-info", &[27, 9, 0, 8, 0, 1]),
    ("retry-of-ssl3", &[6, 3, 85, 91, 1, 0, 37, 45, 0, 30, 0]),
    ("retry-suite", &[34, 17, 0, 3, 0, 9]),
    (
        "certificate-in-a-record-of-tls13",
        &[0, 19, 0, 0, 0, 0, 6, 0, 0, 0, 0x64],
    ),
];
