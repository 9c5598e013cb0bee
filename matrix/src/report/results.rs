//! What each scenario came to, small enough to be committed and to be compared by the million.
//!
//! Scenarios are their ids (48 bits), together where they came to the same. What is the same in many outcomes is
//! written once and named by its place.

use std::collections::{BTreeMap, HashMap};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shakedown::connection::Session;
use shakedown::iana::AlertDescription;
use shakedown::outcome::{End, Outcome, SentAlert, SideOutcome};
use shakedown::scenario::{ScenarioId, StackId};

use super::packed::{pack, unpack};
use crate::verdict::Verdict;

/// What every scenario of a run came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Results {
    /// What stands in sessions.
    pub words: Vec<serde_json::Value>,
    /// What sides held for negotiated: for each field of a [`Session`], in order, the place in `words`.
    pub sessions: Vec<[usize; 9]>,
    /// How sides ended, apart from that.
    pub sides: Vec<Side>,
    /// Which stacks met, how it went, and why it was to fail.
    pub groups: Vec<Group>,
    /// The scenarios.
    pub outcomes: Vec<Class>,
}

/// The fields of a session by name, each with its value.
fn fields(session: &Session) -> Vec<serde_json::Value> {
    let value = serde_json::to_value(session).expect("plain data with string keys");
    FIELDS.map(|field| value[field].clone()).into()
}

/// How a side ended: a [`SideOutcome`] without its session and without the text of its error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Side {
    /// Whether it held the handshake for done.
    pub established: bool,
    /// How it ended.
    pub end: End,
    /// The first fatal alert that it sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert_sent: Option<SentAlert>,
    /// The first fatal alert that it took in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert_received: Option<AlertDescription>,
    /// Whether the peer's data arrived whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_intact: Option<bool>,
}

impl Side {
    fn new(outcome: &SideOutcome) -> Self {
        let mut end = outcome.end.clone();
        if let End::Failed(failure) | End::Refused(failure) = &mut end {
            failure.text.clear();
        }
        Self {
            established: outcome.established,
            end,
            alert_sent: outcome.alert_sent,
            alert_received: outcome.alert_received,
            data_intact: outcome.data_intact,
        }
    }
}

/// What scenarios have in common: the pairing, the verdict, and the cause that the model has for them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The client's stack.
    pub client: StackId,
    /// The server's stack.
    pub server: StackId,
    /// How they went.
    pub verdict: VerdictKind,
    /// The cause of failure that the model expects; `null`: success, or none known.
    pub cause: Option<String>,
}

/// Scenarios that came to the same: the place in `groups`; those of the client and of the server in `sides`, and in
/// `sessions`; and the ids.
///
/// No sides: random bytes decide, or the model does not know what to expect, and another run may come to
/// something else. The ids are packed, as `report/packed.rs` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Class(
    pub usize,
    pub Option<usize>,
    pub Option<usize>,
    pub Option<usize>,
    pub Option<usize>,
    pub String,
);

impl Class {
    /// Client's and server's places in `sides`.
    pub fn sides(&self) -> Option<[usize; 2]> {
        Some([self.1?, self.2?])
    }

    /// Client's and server's places in `sessions`.
    pub fn sessions(&self) -> [Option<usize>; 2] {
        [self.3, self.4]
    }

    /// The ids, in order.
    ///
    /// # Errors
    ///
    /// A message, for what [`Collector::finish`] does not write.
    pub fn ids(&self) -> Result<Vec<u64>, String> {
        unpack(&self.5)
    }
}

/// The kind of a verdict.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum VerdictKind {
    /// As the model says.
    Agree,
    /// Otherwise, as declared.
    Known,
    /// A stack cannot express it, as the model says.
    Unsupported,
    /// The model does not know it.
    Unmodelled,
    /// Otherwise.
    Diverge,
    /// Both sides waited, and the model does not say so.
    Stall,
    /// A stack panicked.
    Crash,
}

impl VerdictKind {
    /// The kind of a verdict for which no exception is declared.
    pub fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Agree => Self::Agree,
            Verdict::Unsupported(_) => Self::Unsupported,
            Verdict::Unmodelled(_) => Self::Unmodelled,
            Verdict::Diverge(_) => Self::Diverge,
            Verdict::Stall => Self::Stall,
            Verdict::Crash(_) => Self::Crash,
        }
    }

    /// Whether it fails a run.
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Diverge | Self::Stall | Self::Crash)
    }

    /// The name in JSON and in print.
    pub fn name(self) -> &'static str {
        match self {
            Self::Agree => "agree",
            Self::Known => "known",
            Self::Unsupported => "unsupported",
            Self::Unmodelled => "unmodelled",
            Self::Diverge => "diverge",
            Self::Stall => "stall",
            Self::Crash => "crash",
        }
    }
}

/// What a scenario came to.
#[derive(Clone, Copy, Debug)]
pub struct Came<'a> {
    /// The client's stack and the server's.
    pub pairing: (StackId, StackId),
    /// How it went.
    pub verdict: VerdictKind,
    /// The cause that the model expects.
    pub cause: Option<&'a str>,
    /// The outcome; `None`: another run may come to another.
    pub outcome: Option<&'a Outcome>,
}

/// Collects results. Each scenario takes six bytes.
#[derive(Debug, Default)]
pub struct Collector {
    sessions: Interned<Session>,
    sides: Interned<Side>,
    groups: BTreeMap<GroupKey, BTreeMap<ClassKey, Vec<[u8; 6]>>>,
}

type GroupKey = (StackId, StackId, VerdictKind, Option<String>);
type ClassKey = (Option<[usize; 2]>, [Option<usize>; 2]);

impl Collector {
    /// Adds what a scenario came to.
    pub fn add(&mut self, id: u64, came: Came<'_>) {
        let class = match came.outcome {
            None => (None, [None, None]),
            Some(outcome) => {
                let sides = [&outcome.client, &outcome.server];
                let places = sides.map(|side| self.sides.place(Side::new(side)));
                let sessions = sides.map(|side| {
                    let session = side.session.as_ref()?;
                    Some(self.sessions.place(session.clone()))
                });
                (Some(places), sessions)
            }
        };
        let (client, server) = came.pairing;
        let group = (client, server, came.verdict, came.cause.map(str::to_owned));
        let [_, _, short @ ..] = id.to_be_bytes();
        self.groups
            .entry(group)
            .or_default()
            .entry(class)
            .or_default()
            .push(short);
    }

    /// The results, in an order that does not depend on that in which scenarios were tried.
    pub fn finish(self) -> Results {
        let (sessions, new_sessions) = self.sessions.in_order();
        let (sides, new_sides) = self.sides.in_order();
        let mut words = Interned::default();
        for session in &sessions {
            for value in fields(session) {
                words.place(value);
            }
        }
        let (words, new_words) = words.in_order_with_places();
        let sessions = sessions
            .iter()
            .map(|session| {
                let places: Vec<_> = fields(session)
                    .iter()
                    .map(|value| new_words[&form(value)])
                    .collect();
                places.try_into().expect("as many as there are fields")
            })
            .collect();
        let mut groups = Vec::new();
        let mut outcomes = Vec::new();
        for ((client, server, verdict, cause), classes) in self.groups {
            let some: BTreeMap<_, _> = classes
                .into_iter()
                .map(|((places, rows), ids)| {
                    let places = places.map(|places| places.map(|old| new_sides[old]));
                    let rows = rows.map(|row| row.map(|old| new_sessions[old]));
                    ((places, rows), ids)
                })
                .collect();
            outcomes.extend(some.into_iter().map(|((places, rows), ids)| {
                Class(
                    groups.len(),
                    places.map(|[client, _]| client),
                    places.map(|[_, server]| server),
                    rows[0],
                    rows[1],
                    pack(ids),
                )
            }));
            groups.push(Group {
                client,
                server,
                verdict,
                cause,
            });
        }
        Results {
            words,
            sessions,
            sides,
            groups,
            outcomes,
        }
    }
}

/// Distinct values, each with a place.
#[derive(Debug)]
struct Interned<T> {
    places: HashMap<String, usize>,
    values: Vec<T>,
}

impl<T> Default for Interned<T> {
    fn default() -> Self {
        Self {
            places: HashMap::new(),
            values: Vec::new(),
        }
    }
}

impl<T: Serialize> Interned<T> {
    fn place(&mut self, value: T) -> usize {
        let next = self.values.len();
        let place = *self.places.entry(form(&value)).or_insert(next);
        if place == next {
            self.values.push(value);
        }
        place
    }

    /// The values in the order of their JSON form, and for each old place the new one.
    fn in_order(self) -> (Vec<T>, Vec<usize>) {
        let mut values: Vec<_> = self.values.into_iter().enumerate().collect();
        values.sort_by_cached_key(|(_, value)| form(value));
        let mut new = vec![0; values.len()];
        for (place, (old, _)) in values.iter().enumerate() {
            new[*old] = place;
        }
        (values.into_iter().map(|(_, value)| value).collect(), new)
    }
}

impl<T: Serialize> Interned<T> {
    /// The values in the order of their JSON form, and the place of each by that form.
    fn in_order_with_places(self) -> (Vec<T>, HashMap<String, usize>) {
        let (values, _) = self.in_order();
        let places = values.iter().map(form).zip(0..).collect();
        (values, places)
    }
}

fn form(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain data with string keys always serialises")
}

/// A scenario's id as a number; `None` where it is none of ours.
pub fn number(id: &ScenarioId) -> Option<u64> {
    let digits = &id.0;
    let fits = digits.len() == 12 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    fits.then(|| u64::from_str_radix(digits, 16).ok()).flatten()
}

/// The id that is this number.
pub fn id(number: u64) -> ScenarioId {
    ScenarioId(format!("{number:012x}"))
}

impl Results {
    /// Holds every place against what there is, so that a reader need not.
    ///
    /// # Errors
    ///
    /// A message that names the first group that does not fit, for a file that was edited by hand.
    pub fn check(&self) -> Result<(), String> {
        for (number, class) in self.outcomes.iter().enumerate() {
            let at = |message: String| format!("results.outcomes[{number}]: {message}");
            let within = |name: &str, place: usize, there: usize| {
                if place < there {
                    return Ok(());
                }
                Err(at(format!(
                    "place {place} in {name}, of which there are {there}"
                )))
            };
            within("groups", class.0, self.groups.len())?;
            for side in [class.1, class.2].into_iter().flatten() {
                within("sides", side, self.sides.len())?;
            }
            for row in class.sessions().into_iter().flatten() {
                within("sessions", row, self.sessions.len())?;
            }
            class.ids().map_err(at)?;
        }
        self.sessions().map(drop)
    }

    /// The sessions, in the order of their places.
    ///
    /// # Errors
    ///
    /// A message that names the first that is none.
    pub fn sessions(&self) -> Result<Vec<Session>, String> {
        let rows = self.sessions.iter().enumerate();
        rows.map(|(number, places)| {
            let at = |message: String| format!("results.sessions[{number}]: {message}");
            let mut object = serde_json::Map::new();
            for (field, place) in FIELDS.iter().zip(places) {
                let there = self.words.len();
                let word = self.words.get(*place).ok_or_else(|| {
                    at(format!(
                        "place {place} in words, of which there are {there}"
                    ))
                })?;
                object.insert((*field).to_owned(), word.clone());
            }
            serde_json::from_value(object.into()).map_err(|error| at(error.to_string()))
        })
        .collect()
    }
}

/// The fields of a session, in order.
const FIELDS: [&str; 9] = [
    "version",
    "suite",
    "group",
    "server_signature",
    "client_signature",
    "alpn",
    "server_name",
    "kind",
    "peer",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_number_of_twelve_digits() {
        let given = ScenarioId("00ab5275d081".into());
        assert_eq!(number(&given), Some(0x00ab_5275_d081));
        assert_eq!(id(0x00ab_5275_d081), given);
        for wrong in ["", "00ab5275d08", "00ab5275d08g", "+0ab5275d081"] {
            assert_eq!(number(&ScenarioId(wrong.into())), None, "{wrong}");
        }
    }

    #[test]
    fn the_order_of_scenarios_does_not_show() {
        let came = |verdict| Came {
            pairing: (StackId::Openssl, StackId::RustlsRing),
            verdict,
            cause: None,
            outcome: None,
        };
        let results = |ids: [(u64, VerdictKind); 3]| {
            let mut collector = Collector::default();
            for (id, verdict) in ids {
                collector.add(id, came(verdict));
            }
            collector.finish()
        };
        use VerdictKind::{Agree, Stall};
        let one = results([(1, Agree), (2, Agree), (3, Stall)]);
        assert_eq!(one, results([(3, Stall), (2, Agree), (1, Agree)]));
        assert_eq!(one.groups.len(), 2);
        assert_eq!(one.check(), Ok(()));
    }

    #[test]
    fn a_place_that_is_not_there_is_named() {
        let mut results = Results {
            groups: vec![Group {
                client: StackId::Openssl,
                server: StackId::Openssl,
                verdict: VerdictKind::Agree,
                cause: None,
            }],
            outcomes: vec![Class(0, Some(0), Some(0), None, None, pack(vec![[0; 6]]))],
            ..Results::default()
        };
        let told = results.check().expect_err("no side");
        assert_eq!(
            told,
            "results.outcomes[0]: place 0 in sides, of which there are 0"
        );
        results.outcomes[0] = Class(0, None, None, None, Some(3), pack(vec![[0; 6]]));
        let told = results.check().expect_err("no session");
        assert!(
            told.ends_with("place 3 in sessions, of which there are 0"),
            "{told}"
        );
        results.outcomes.clear();
        results.sessions.push([0; 9]);
        let told = results.check().expect_err("no word");
        assert_eq!(
            told,
            "results.sessions[0]: place 0 in words, of which there are 0"
        );
        results.words.push(serde_json::Value::Null);
        let told = results.check().expect_err("no session");
        assert!(told.starts_with("results.sessions[0]: "), "{told}");
    }

    #[test]
    fn a_session_has_no_field_without_a_place() {
        let session = Session {
            version: shakedown::iana::ProtocolVersion::TLS1_3,
            suite: shakedown::iana::CipherSuite::TLS_AES_128_GCM_SHA256,
            group: None,
            server_signature: None,
            client_signature: None,
            alpn: Some("h2".into()),
            server_name: None,
            kind: shakedown::connection::HandshakeKind::Full,
            peer: None,
        };
        let value = serde_json::to_value(&session).expect("plain data");
        let object = value.as_object().expect("an object");
        assert_eq!(object.len(), FIELDS.len());
        assert!(FIELDS.iter().all(|field| object.contains_key(*field)));
        let mut collector = Collector::default();
        let side = SideOutcome {
            established: true,
            end: End::Closed,
            alert_sent: None,
            alert_received: None,
            session: Some(session.clone()),
            data_intact: None,
        };
        let outcome = Outcome {
            client: side.clone(),
            server: side,
            exporters_agree: None,
            deeds: Vec::new(),
        };
        collector.add(
            1,
            Came {
                pairing: (StackId::Openssl, StackId::Openssl),
                verdict: VerdictKind::Agree,
                cause: None,
                outcome: Some(&outcome),
            },
        );
        let results = collector.finish();
        assert_eq!(results.sessions(), Ok(vec![session]));
        assert_eq!(results.check(), Ok(()));
    }
}
