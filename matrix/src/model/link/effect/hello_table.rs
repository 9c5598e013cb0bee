//! Hellos with one thing wrong, or unusual, and what the linked stacks make of them (`hellos.txt`, which
//! `fuzz::bytes` records).

use shakedown::connection::Role;
use shakedown::iana::AlertDescription as A;
use shakedown::scenario::Scenario;

use super::certificate::common_name;
use super::refusal::{self, Fate};
use super::written::RETRY;

/// A hello's parts, of which each may be wrong.
#[derive(Clone)]
struct Parts {
    version: u16,
    random: [u8; 32],
    /// Each with its length.
    session_id: Vec<u8>,
    suites: Vec<u8>,
    compressions: Vec<u8>,
    extensions: Vec<(u16, Vec<u8>)>,
}

impl Parts {
    fn client(tls13: bool) -> Self {
        let mut extensions = vec![(10, vec![0, 4, 0, 0x1d, 0, 0x17]), (13, vec![0, 2, 4, 3])];
        if tls13 {
            extensions.push((43, vec![2, 3, 4]));
            extensions.push((51, vector(2, &share())));
        }
        let suites: &[u8] = if tls13 {
            &[0x13, 1]
        } else {
            &[0xc0, 0x2b, 0, 0xff]
        };
        Self {
            version: 0x0303,
            random: [7; 32],
            session_id: vec![0],
            suites: vector(2, suites),
            compressions: vec![1, 0],
            extensions,
        }
    }

    fn server(tls13: bool) -> Self {
        Self {
            version: 0x0303,
            random: [0; 32],
            // In TLS 1.3 the client's own; one of 32 bytes is made that (`fuzz::bytes`).
            session_id: vector(1, if tls13 { &[0; 32] } else { &[7; 16] }),
            suites: if tls13 {
                vec![0x13, 1]
            } else {
                vec![0xc0, 0x2b]
            },
            compressions: vec![0],
            extensions: if tls13 {
                vec![(43, vec![3, 4]), (51, share())]
            } else {
                vec![(0xff01, vec![0]), (23, Vec::new())]
            },
        }
    }

    fn retry() -> Self {
        Self {
            random: RETRY,
            extensions: vec![(43, vec![3, 4]), (51, vec![0, 0x17])],
            ..Self::server(true)
        }
    }

    fn with(&self, kind: u16, body: &[u8]) -> Self {
        let mut parts = self.clone();
        match parts
            .extensions
            .iter_mut()
            .find(|(found, _)| *found == kind)
        {
            Some(found) => found.1 = body.to_vec(),
            None => parts.extensions.push((kind, body.to_vec())),
        }
        parts
    }

    fn body(&self) -> Vec<u8> {
        let mut list = Vec::new();
        for (kind, body) in &self.extensions {
            list.extend(kind.to_be_bytes());
            list.extend(vector(2, body));
        }
        [self.head(), vector(2, &list)].concat()
    }

    /// All but the extensions.
    fn head(&self) -> Vec<u8> {
        let mut bytes = self.version.to_be_bytes().to_vec();
        bytes.extend(self.random);
        for part in [&self.session_id, &self.suites, &self.compressions] {
            bytes.extend(part);
        }
        bytes
    }
}

/// Each without a header, to whom it is said: the set-up (`fuzz::bytes::scenario`), a name and the hello. Who
/// speaks TLS 1.2 alone, or TLS 1.3 alone, is told less.
pub(crate) fn hellos(reader: Role) -> Vec<(u8, String, Vec<u8>)> {
    let mut all = Vec::new();
    for set_up in 0..3 {
        let told = hellos_of(reader, if set_up == 0 { MOST } else { 0 });
        all.extend(told.into_iter().map(|(name, body)| {
            let name = match set_up {
                0 => name,
                1 => format!("(TLS 1.2 alone) {name}"),
                _ => format!("(TLS 1.3 alone) {name}"),
            };
            (set_up, name, body)
        }));
    }
    all
}

/// Of each extension's body so many bytes are cut and changed.
fn hellos_of(reader: Role, most: usize) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    let samples = samples(reader);
    let sound = match reader {
        Role::Server => vec![("1.2", Parts::client(false)), ("1.3", Parts::client(true))],
        Role::Client => vec![
            ("1.2", Parts::server(false)),
            ("1.3", Parts::server(true)),
            ("retry", Parts::retry()),
        ],
    };
    for (version, sound) in sound {
        let mut put = |what: String, body: Vec<u8>| all.push((format!("{version} {what}"), body));
        put("sound".into(), sound.body());
        put("without extensions".into(), sound.head());
        put("one byte behind".into(), [sound.body(), vec![0]].concat());
        let whole = sound.body();
        let head = sound.head().len();
        for end in (0..3)
            .chain(32..head + 3)
            .chain(whole.len() - 2..whole.len())
        {
            put(format!("{end} bytes"), whole[..end].to_vec());
        }
        let mut say = |what: String, change: &dyn Fn(&mut Parts)| {
            let mut parts = sound.clone();
            change(&mut parts);
            put(what, parts.body());
        };
        for named in [0x0002, 0x0300, 0x0301, 0x0302, 0x0304, 0x0403] {
            say(format!("version {named:04x}"), &|parts| {
                parts.version = named
            });
        }
        for id in [
            vec![0],
            vec![1, 7],
            vector(1, &[7; 31]),
            vector(1, &[7; 33]),
        ] {
            say(format!("session id {}", id[0]), &|parts| {
                parts.session_id = id.clone()
            });
        }
        let suites: &[&[u8]] = match reader {
            Role::Server => &[
                &[],
                &[0x13],
                &[0x13, 1, 0x13],
                &[0, 1],
                &[0xc0, 0x2b],
                &[0xc0, 0x2f, 0, 0xff],
            ],
            Role::Client => &[
                &[0x13, 2],
                &[0x13, 3],
                &[0, 0],
                &[0xc0, 0x2c],
                &[0xc0, 0x2f],
                &[0xff, 0xff],
            ],
        };
        for suites in suites {
            let suites = if reader == Role::Server {
                vector(2, suites)
            } else {
                suites.to_vec()
            };
            say(format!("suites {suites:02x?}"), &|parts| {
                parts.suites = suites.clone()
            });
        }
        let methods: &[&[u8]] = match reader {
            Role::Server => &[&[0], &[1, 1], &[2, 0, 1], &[2, 1, 0]],
            Role::Client => &[&[1]],
        };
        for methods in methods {
            say(format!("compressions {methods:?}"), &|parts| {
                parts.compressions = methods.to_vec()
            });
        }
        for (kind, _) in &sound.extensions {
            say(format!("without {kind}"), &|parts| {
                parts.extensions.retain(|(found, _)| found != kind);
            });
        }
        if reader == Role::Server {
            two_at_once(&mut say);
            schemes(&mut say);
            for length in [31, 33] {
                say(format!("share of {length} bytes"), &|parts| {
                    *parts = parts.with(51, &vector(2, &share_of(0x1d, length)));
                });
            }
        }
        if reader == Role::Client {
            say("session id of the client".into(), &|parts| {
                parts.session_id = vector(1, &[0; 32]);
            });
            for (group, length) in [(0x1d, 0), (0x1d, 31), (0x1d, 33), (0x17, 65), (0x17, 64)] {
                say(format!("share of {length} bytes of {group}"), &|parts| {
                    *parts = parts.with(51, &share_of(group, length));
                });
            }
        }
        for (kind, body) in &samples {
            let kind = *kind;
            let mut own = |what: String, body: &[u8]| {
                say(format!("{kind} {what}"), &|parts| {
                    *parts = parts.with(kind, body)
                });
            };
            own("as it is".into(), body);
            for end in 0..body.len().min(most) {
                own(format!("{end} bytes"), &body[..end]);
            }
            own("one byte more".into(), &[&body[..], &[0]].concat());
            for at in 0..body.len().min(most) {
                for value in [0, body[at] ^ 1, body[at].wrapping_add(3), 0xff] {
                    let mut changed = body.clone();
                    changed[at] = value;
                    own(format!("byte {at} {value:02x}"), &changed);
                }
            }
            say(format!("{kind} twice"), &|parts| {
                *parts = parts.with(kind, body);
                parts.extensions.push((kind, body.clone()));
            });
            say(format!("{kind} first"), &|parts| {
                *parts = parts.with(kind, body);
                parts.extensions.rotate_right(1);
            });
        }
    }
    all
}

/// What a server minds first.
fn two_at_once(say: &mut impl FnMut(String, &dyn Fn(&mut Parts))) {
    let tickets = tickets_of(&[0, 1, 7, 0, 0, 0, 0]);
    say("no modes, and compressions".into(), &|parts| {
        *parts = parts.with(45, &[0]);
        parts.compressions = vec![1, 1];
    });
    for modes in [1, 7] {
        say(format!("no identities, and modes {modes}"), &|parts| {
            *parts = parts.with(45, &[1, modes]).with(41, &[0, 3, 0, 0, 0]);
            parts.compressions = vec![1, 1];
        });
    }
    say("schemes for certificates alone".into(), &|parts| {
        parts.extensions.retain(|(kind, _)| *kind != 13);
        *parts = parts.with(50, &[0, 2, 4, 3]);
    });
    for lacks in [13, 51] {
        say(format!("tickets without modes or {lacks}"), &|parts| {
            parts
                .extensions
                .retain(|(kind, _)| *kind != 45 && *kind != lacks);
            *parts = parts.with(41, &tickets);
        });
    }
    for (what, identity) in [("of nothing", &[0; 6][..]), ("without an age", &[0, 1, 7])] {
        say(format!("a ticket {what}"), &|parts| {
            *parts = parts.with(45, &[1, 1]).with(41, &tickets_of(identity));
        });
    }
    say("tickets without modes, and compressions".into(), &|parts| {
        parts.extensions.retain(|(kind, _)| *kind != 45);
        *parts = parts.with(41, &tickets);
        parts.compressions = vec![2, 0, 1];
    });
    say("another scheme, and compressions".into(), &|parts| {
        *parts = parts.with(13, &[0, 2, 8, 4]);
        parts.compressions = vec![2, 0, 1];
    });
    say("another scheme, and no share".into(), &|parts| {
        *parts = parts.with(13, &[0, 2, 8, 4]).with(51, &[0, 0]);
    });
    say("another scheme, and a short share".into(), &|parts| {
        let shares = vector(2, &share_of(0x1d, 31));
        *parts = parts.with(13, &[0, 2, 8, 4]).with(51, &shares);
    });
    for kinds in [vec![2, 3, 4], vec![1, 2], vec![3, 0, 2, 4]] {
        say(format!("raw keys {kinds:?}"), &|parts| {
            *parts = parts.with(19, &kinds).with(20, &kinds);
        });
    }
}

/// Those that no profile names: OpenSSL shares them where it has them for the version.
fn schemes(say: &mut impl FnMut(String, &dyn Fn(&mut Parts))) {
    for scheme in [
        0x0202_u16, 0x0301, 0x0302, 0x0303, 0x0402, 0x0502, 0x0602, 0x081a, 0x0903, 0x0904, 0x0905,
        0x0906,
    ] {
        let [high, low] = scheme.to_be_bytes();
        say(format!("scheme {scheme:04x}"), &|parts| {
            *parts = parts.with(13, &[0, 2, high, low]);
        });
        say(format!("scheme {scheme:04x} and the key's"), &|parts| {
            *parts = parts.with(13, &[0, 4, high, low, 4, 3]);
        });
    }
}

/// Sound bodies of the extensions that a stack knows, and of one that none does.
fn samples(reader: Role) -> Vec<(u16, Vec<u8>)> {
    let name = vector(2, &vector(2, &common_name("a")));
    let mut samples = vec![
        (1, vec![1]),
        (10, vec![0, 4, 0, 0x17, 0, 0x1d]),
        (11, vec![1, 0]),
        (12, vec![1, b'a']),
        (13, vec![0, 4, 4, 3, 8, 4]),
        (14, vec![0, 2, 0, 1, 0]),
        (18, vec![]),
        (21, vec![0, 0]),
        (22, vec![]),
        (23, vec![]),
        (27, vec![2, 0, 1]),
        (35, vec![]),
        (42, vec![]),
        (44, vec![0, 1, 7]),
        (45, vec![1, 1]),
        (47, name),
        (49, vec![]),
        (50, vec![0, 2, 4, 3]),
        (0x1234, vec![1, 2]),
        (13172, vec![]),
        (0xff01, vec![0]),
    ];
    samples.extend(match reader {
        Role::Server => vec![
            (0, vec![0, 9, 0, 0, 6, b'a', b'.', b't', b'e', b's', b't']),
            (5, vec![1, 0, 0, 0, 0]),
            (16, vec![0, 5, 2, b'h', b'2', 1, b'h']),
            (19, vec![2, 2, 0]),
            (20, vec![2, 2, 0]),
            (41, tickets_of(&[0, 1, 7, 0, 0, 0, 0])),
            (43, vec![4, 3, 4, 3, 3]),
            (51, vector(2, &share())),
            (58, vec![1, 1]),
            (0xfd00, vec![2, 0, 10]),
            (0xfe0d, vec![0, 0, 1, 0, 1, 7, 0, 1, 9, 0, 1, 9]),
        ],
        Role::Client => vec![
            (0, vec![]),
            (5, vec![]),
            (16, vec![0, 3, 2, b'h', b'2']),
            (19, vec![0]),
            (20, vec![0]),
            (41, vec![0, 0]),
            (43, vec![3, 4]),
            (51, share()),
            (58, vec![1]),
            (0xfe0d, vec![0, 6, 1, 2, 0, 2, 9, 9]),
        ],
    });
    samples
}

/// As `fuzz::bytes::scenario` has it, with one stack that reads the hello.
fn scenario(set_up: u8, client: &str, server: &str) -> Scenario {
    let versions = [r#""TLS1.2","TLS1.3""#, r#""TLS1.2""#, r#""TLS1.3""#][usize::from(set_up)];
    let protocol = format!(
        r#"{{"versions":[{versions}],"suites":["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"],"tls13_suites":["TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384"],"groups":["x25519","secp256r1"]}}"#
    );
    let json = format!(
        r#"{{"client":{{"stack":"{client}","profile":{{"protocol":{protocol},"ocsp":"request"}}}},
        "server":{{"stack":"{server}","profile":{{"protocol":{protocol}}}}}}}"#
    );
    Scenario::from_json(&json).expect("well-formed")
}

fn share() -> Vec<u8> {
    share_of(0x1d, 32)
}

fn share_of(group: u8, length: usize) -> Vec<u8> {
    [&[0, group][..], &vector(2, &vec![9; length])].concat()
}

/// With one binder.
fn tickets_of(identities: &[u8]) -> Vec<u8> {
    let binders = vector(2, &vector(1, &[7; 32]));
    [vector(2, identities), binders].concat()
}

fn vector(width: usize, content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    super::client_hello::vector(&mut bytes, width, content);
    bytes
}

#[test]
fn a_hello_is_refused_as_the_stacks_do() {
    let recorded: Vec<_> = include_str!("hellos.txt").lines().collect();
    let (mut told, mut unsaid, mut wrong) = (0, 0, Vec::new());
    // Two schemes of ECDSA, to servers of OpenSSL.
    let may_be_unsaid = |name: &str| {
        ["scheme 0303", "scheme 081a"]
            .iter()
            .any(|it| name.ends_with(it))
    };
    let mut lines = recorded.iter();
    for reader in Role::BOTH {
        let scenarios = [0, 1, 2].map(|set_up| {
            ["rustls-ring", "openssl"].map(|stack| match reader {
                Role::Client => scenario(set_up, stack, "openssl"),
                Role::Server => scenario(set_up, "openssl", stack),
            })
        });
        for (set_up, name, body) in hellos(reader) {
            let line = lines.next().expect("as many");
            let parts: Vec<_> = line.split('\t').collect();
            assert_eq!(parts[0], format!("{reader} {name}"));
            for (scenario, recorded) in scenarios[usize::from(set_up)].iter().zip(&parts[1..]) {
                let heard = match reader {
                    Role::Client => refusal::server_hello(scenario, &body).into_iter().collect(),
                    Role::Server => refusal::client_hello(scenario, &body),
                };
                told += 1;
                if heard.is_empty() && may_be_unsaid(&name) {
                    unsaid += 1;
                    continue;
                }
                let now = match &heard[..] {
                    [heard] => heard.to_string(),
                    heard => format!("{heard:?}"),
                };
                if now != *recorded {
                    let stack = match reader {
                        Role::Client => scenario.client.stack,
                        Role::Server => scenario.server.stack,
                    };
                    wrong.push(format!("{reader} {name}: {stack}: {now}, but {recorded}"));
                }
            }
        }
    }
    assert_eq!(lines.next(), None);
    assert_eq!(unsaid, 2 * 6);
    assert!(
        wrong.is_empty(),
        "{} of {told}\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// DSA with SHA-1 has 64 bits (`sigalg_security_bits`), and is for TLS 1.2 alone. Stacks say the same (`fuzz::bytes`).
#[test]
fn a_weak_scheme_is_shared_where_level_and_version_let_it() {
    let told = hellos(Role::Server);
    for (set_up, level, name, native) in WEAK_SCHEME {
        let mut scenario = scenario(set_up, "openssl", "openssl");
        scenario.server.profile.protocol.security_level = Some(level);
        let (_, _, body) = told.iter().find(|(_, it, _)| it == name).expect(name);
        let fate = Fate::Refused(native.into(), Some(A::handshake_failure));
        assert_eq!(refusal::client_hello(&scenario, body), [fate], "{level}");
    }
}

/// A set-up, a server's level, a hello and the error.
pub(crate) const WEAK_SCHEME: [(u8, u8, &str, &str); 3] = [
    (1, 0, "(TLS 1.2 alone) 1.2 scheme 0202", "NO_SHARED_CIPHER"),
    (
        1,
        1,
        "(TLS 1.2 alone) 1.2 scheme 0202",
        "NO_SHARED_SIGNATURE_ALGORITHMS",
    ),
    (
        2,
        0,
        "(TLS 1.3 alone) 1.3 scheme 0202",
        "NO_SHARED_SIGNATURE_ALGORITHMS",
    ),
];
const MOST: usize = 12;
