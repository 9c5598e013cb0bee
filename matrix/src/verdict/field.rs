//! What a difference can be about.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use shakedown::connection::Role;

macro_rules! fields {
    ($( $(#[$meta:meta])* $variant:ident = $name:literal ),* $(,)?) => {
        /// What goes otherwise in a difference.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Field {
            $( $(#[$meta])* $variant, )*
        }

        impl Field {
            /// Every field.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name in JSON and in print.
            pub const fn name(self) -> &'static str {
                match self { $( Self::$variant => $name, )* }
            }
        }
    };
}

fields! {
    /// Whether a side held the handshake for done.
    Established = "established",
    /// How a side ended.
    End = "end",
    /// The first fatal alert that a side sent.
    AlertSent = "alert sent",
    /// The first fatal alert that a side took in.
    AlertReceived = "alert received",
    /// Whether the peer's data arrived whole.
    DataIntact = "data intact",
    /// Whether a side has a session; of neither side: whether both have the same.
    Session = "session",
    /// The protocol version.
    Version = "version",
    /// The cipher suite.
    Suite = "suite",
    /// The group of the key exchange.
    Group = "group",
    /// The scheme that the server signs with.
    ServerSignature = "server signature",
    /// The scheme that the client signs with.
    ClientSignature = "client signature",
    /// The application protocol.
    Alpn = "alpn",
    /// The name that the client asks for.
    ServerName = "server name",
    /// Full, with a HelloRetryRequest, or resumed.
    Kind = "kind",
    /// Whom a side has verified.
    Peer = "peer",
    /// Whether both sides derived the same keying material.
    ExportersAgree = "exporters agree",
    /// That nothing follows a fatal alert.
    EndAfterAlert = "end after a fatal alert",
    /// That a sealed record which does not arrive as it was sent is noticed.
    SealedRecords = "sealed records",
    /// What the link did.
    Link = "link",
    /// Whether a stack can express the scenario.
    Support = "support",
    /// That the model allows no outcome: a fault of its own.
    Expectation = "expectation",
    /// That a known divergence no longer applies.
    KnownDivergence = "known divergence",
}

impl Field {
    /// Whether stacks can differ in it, so that a known divergence may be about it.
    pub fn is_of_stacks(self) -> bool {
        !matches!(
            self,
            Self::EndAfterAlert
                | Self::SealedRecords
                | Self::Link
                | Self::Expectation
                | Self::KnownDivergence
        )
    }

    /// Whether it is found on that side; `None`: between the two.
    pub fn is_found_on(self, side: Option<Role>) -> bool {
        match self {
            Self::Session => true,
            Self::ExportersAgree
            | Self::SealedRecords
            | Self::Link
            | Self::Expectation
            | Self::KnownDivergence => side.is_none(),
            _ => side.is_some(),
        }
    }

    /// The names that a known divergence may use, as they are told to whoever used another.
    pub fn names() -> String {
        let names: Vec<_> = Self::ALL
            .iter()
            .filter(|field| field.is_of_stacks())
            .map(|field| field.name())
            .collect();
        names.join(", ")
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Cow::<'de, str>::deserialize(deserializer)?;
        Self::ALL
            .iter()
            .copied()
            .find(|field| field.name() == name)
            .ok_or_else(|| {
                let names = Self::names();
                de::Error::custom(format!("no such field {name:?}; there are {names}"))
            })
    }
}

impl JsonSchema for Field {
    fn schema_name() -> Cow<'static, str> {
        "Field".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<_> = Self::ALL.iter().map(|field| field.name()).collect();
        json_schema!({ "type": "string", "enum": names })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_field_is_its_name_in_json() {
        let names: BTreeSet<_> = Field::ALL.iter().map(|field| field.name()).collect();
        assert_eq!(names.len(), Field::ALL.len());
        for field in Field::ALL {
            let json = serde_json::to_string(field).expect("plain data");
            assert_eq!(json, format!("{:?}", field.name()));
            assert_eq!(serde_json::from_str::<Field>(&json).ok(), Some(*field));
            assert_eq!(field.to_string(), field.name());
        }
        let error = serde_json::from_str::<Field>("\"ende\"").expect_err("unknown");
        let told = error.to_string();
        assert!(
            told.starts_with("no such field \"ende\"; there are established, end, alert sent, "),
            "{told}"
        );
        assert!(told.ends_with("exporters agree, support"), "{told}");
    }

    #[test]
    fn the_schema_names_every_field() {
        let schema = schemars::schema_for!(Field).to_value();
        assert_eq!(schema["title"], "Field");
        let names: Vec<_> = Field::ALL.iter().map(|field| field.name()).collect();
        assert_eq!(schema["enum"], serde_json::json!(names));
    }

    #[test]
    fn a_field_is_found_on_its_sides() {
        let sides = |field: Field| {
            [Some(Role::Client), Some(Role::Server), None].map(|side| field.is_found_on(side))
        };
        assert_eq!(sides(Field::End), [true, true, false]);
        assert_eq!(sides(Field::ExportersAgree), [false, false, true]);
        assert_eq!(sides(Field::Session), [true, true, true]);
    }
}
