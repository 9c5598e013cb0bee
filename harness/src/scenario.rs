//! Scenarios: two profiles on two stacks and a link, as one JSON object with a stable id.

use std::fmt;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::link::{Act, Link};
use crate::profile::{ClientProfile, Credential, Protocol, ServerProfile, Trust};

/// One handshake to be tried.
///
/// ```
/// use shakedown::scenario::{Scenario, StackId};
///
/// let json = r#"{"client":{"stack":"openssl"},"server":{"stack":"rustls-ring"}}"#;
/// let scenario = Scenario::from_json(json)?;
/// assert_eq!(scenario, Scenario::plain(StackId::Openssl, StackId::RustlsRing));
/// assert_eq!((scenario.to_json().as_str(), scenario.id().to_string().len()), (json, 12));
/// # Ok::<(), shakedown::scenario::ScenarioError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The side that speaks first.
    pub client: Endpoint<ClientProfile>,
    /// The side that answers.
    pub server: Endpoint<ServerProfile>,
    /// What lies between.
    #[serde(default, skip_serializing_if = "Link::is_clean")]
    pub link: Link,
    /// The connection that came before; `null`: none, and nothing is remembered. The handshake that
    /// is tried is the later one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<Earlier>,
}

impl Scenario {
    /// The plainest between two stacks.
    pub fn plain(client: StackId, server: StackId) -> Self {
        Self {
            client: Endpoint {
                stack: client,
                profile: ClientProfile::default(),
            },
            server: Endpoint {
                stack: server,
                profile: ServerProfile::default(),
            },
            link: Link::default(),
            earlier: None,
        }
    }

    /// Reads a scenario from its JSON form.
    ///
    /// # Errors
    ///
    /// [`ScenarioError`], which names the place, for what is not JSON or has an unknown field, and
    /// for values that no stack can be asked for.
    pub fn from_json(json: &str) -> Result<Self, ScenarioError> {
        let mut scenario: Self = read_json(json)?;
        let (client, server) = (&mut scenario.client.profile, &mut scenario.server.profile);
        check_profile("client.profile", &mut client.protocol, &client.alpn)?;
        check_profile("server.profile", &mut server.protocol, &server.alpn)?;
        check_credentials("client.profile", &mut client.identity, &mut client.trust)?;
        check_credentials("server.profile", &mut server.identity, &mut server.trust)?;
        if let Some(earlier) = &mut scenario.earlier {
            if let Some(client) = &mut earlier.client {
                check_profile("earlier.client", &mut client.protocol, &client.alpn)?;
                check_credentials("earlier.client", &mut client.identity, &mut client.trust)?;
            }
            if let Some(server) = &mut earlier.server {
                check_profile("earlier.server", &mut server.protocol, &server.alpn)?;
                check_credentials("earlier.server", &mut server.identity, &mut server.trust)?;
            }
        }
        if scenario.link.deliver == Some(0) {
            return Err(ScenarioError::new(
                "link.deliver",
                "0 bytes at a time never arrive; 1 is the least",
            ));
        }
        for (place, op) in scenario.link.ops.iter().enumerate() {
            check_act(&format!("link.ops[{place}].act"), &op.act)?;
        }
        Ok(scenario)
    }

    /// The JSON form: fields in order, those with their plainest value left out.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("plain data with string keys always serialises")
    }

    /// The first 12 hexadecimal digits of the SHA-256 of the JSON form.
    pub fn id(&self) -> ScenarioId {
        ScenarioId(hex::encode(&Sha256::digest(self.to_json())[..6]))
    }

    /// The earlier connection as a scenario of its own, over a clean link.
    pub fn before(&self) -> Option<Self> {
        let earlier = self.earlier.as_ref()?;
        let mut before = Self {
            link: Link::default(),
            earlier: None,
            ..self.clone()
        };
        if let Some(client) = &earlier.client {
            before.client.profile.clone_from(client);
        }
        if let Some(server) = &earlier.server {
            before.server.profile.clone_from(server);
        }
        Some(before)
    }
}

/// The connection that came before between the same two ends, and what the server has kept of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Earlier {
    /// What the server keeps sessions with, then and now.
    pub means: Means,
    /// The client's profile then; `null`: the same as now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientProfile>,
    /// The server's profile then; `null`: the same as now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<ServerProfile>,
}

/// What a server keeps sessions with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Means {
    /// Tickets that hold the session, which the client keeps (RFC 5077; RFC 8446 §4.6.1).
    Ticket,
    /// Its own memory, under a session id (RFC 5246 §7.4.1.2), which in TLS 1.3 is the ticket.
    SessionId,
}

fn check_act(place: &str, act: &Act) -> Result<(), ScenarioError> {
    match act {
        Act::Set(set)
            if set.value.is_empty()
                || !set.value.len().is_multiple_of(2)
                || !set.value.bytes().all(|digit| digit.is_ascii_hexdigit()) =>
        {
            Err(ScenarioError::new(
                &format!("{place}.set.value"),
                "takes bytes as pairs of hexadecimal digits, for instance \"0401\"",
            ))
        }
        _ => Ok(()),
    }
}

/// Puts versions in order and refuses what no stack can be asked for.
fn check_profile(
    path: &str,
    protocol: &mut Protocol,
    alpn: &[String],
) -> Result<(), ScenarioError> {
    protocol.versions.sort_unstable();
    protocol.versions.dedup();
    if protocol.security_level.is_some_and(|level| level > 5) {
        return Err(ScenarioError::new(
            &format!("{path}.protocol.security_level"),
            "levels go from 0 to 5",
        ));
    }
    if let Some((field, message)) = protocol.contradiction() {
        return Err(ScenarioError::new(
            &format!("{path}.protocol.{field}"),
            message,
        ));
    }
    if alpn.iter().any(|name| name.is_empty() || name.len() > 255) {
        return Err(ScenarioError::new(
            &format!("{path}.alpn"),
            "a protocol name has 1 to 255 bytes (RFC 7301 §3.1)",
        ));
    }
    Ok(())
}

/// Puts flaws in order and refuses those that cannot be in one chain.
fn check_credentials(
    path: &str,
    identity: &mut Option<Credential>,
    trust: &mut Trust,
) -> Result<(), ScenarioError> {
    let anchor = match trust {
        Trust::Leaf(credential) => Some(credential),
        _ => None,
    };
    for (field, credential) in [("identity", identity.as_mut()), ("trust.leaf", anchor)] {
        let Some(credential) = credential else {
            continue;
        };
        *credential = credential.in_order();
        if let Some(reason) = credential.contradiction() {
            return Err(ScenarioError::new(&format!("{path}.{field}.also"), &reason));
        }
    }
    Ok(())
}

/// A profile on a stack.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    bound(deserialize = "P: Deserialize<'de> + Default")
)]
pub struct Endpoint<P: Default + PartialEq> {
    /// The stack that plays this side.
    pub stack: StackId,
    /// Its configuration.
    #[serde(default, skip_serializing_if = "is_plain")]
    pub profile: P,
}

/// Which TLS library, with which cryptography.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum StackId {
    /// rustls with aws-lc-rs.
    RustlsAwsLcRs,
    /// rustls with ring.
    RustlsRing,
    /// OpenSSL.
    Openssl,
}

impl StackId {
    /// Every stack.
    pub const ALL: [Self; 3] = [Self::RustlsAwsLcRs, Self::RustlsRing, Self::Openssl];

    /// The name in JSON and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::RustlsAwsLcRs => "rustls-aws-lc-rs",
            Self::RustlsRing => "rustls-ring",
            Self::Openssl => "openssl",
        }
    }

    /// Whether this is rustls, with whatever cryptography.
    pub fn is_rustls(self) -> bool {
        matches!(self, Self::RustlsAwsLcRs | Self::RustlsRing)
    }
}

impl fmt::Display for StackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A scenario's short stable name.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct ScenarioId(pub String);

impl fmt::Display for ScenarioId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A scenario that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct ScenarioError {
    path: String,
    message: String,
}

impl ScenarioError {
    fn new(path: &str, message: &str) -> Self {
        Self {
            path: one_line(path),
            message: one_line(message),
        }
    }
}

/// The text in one line: what a document is quoted for may have other lines and control characters, which
/// are escaped.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}

/// Reads JSON, naming the path of whatever is wrong.
///
/// # Errors
///
/// [`ScenarioError`], with the path inside the document, or line and column where there is none.
pub fn read_json<T: DeserializeOwned>(json: &str) -> Result<T, ScenarioError> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let place = match path.as_str() {
            "." | "?" => "at the top",
            path => path,
        };
        ScenarioError::new(place, &error.inner().to_string())
    })?;
    deserializer
        .end()
        .map_err(|error| ScenarioError::new("after the object", &error.to_string()))?;
    Ok(value)
}

fn is_plain<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iana::ProtocolVersion;

    #[test]
    fn a_field_is_set_to_whole_bytes() {
        let read = |value: &str| {
            let json = r#"{"client":{"stack":"openssl"},"server":{"stack":"openssl"},"link":{"ops":[
                {"from":"server","at":{"message":{"type":"server_hello"}},
                 "act":{"set":{"field":"suite","value":"VALUE"}}}]}}"#;
            Scenario::from_json(&json.replace("VALUE", value))
        };
        assert!(read("c02b").is_ok());
        for wrong in ["", "c02", "zz"] {
            let error = read(wrong).expect_err("no bytes").to_string();
            assert!(error.contains("link.ops[0].act.set.value"), "{error}");
        }
    }

    const PLAIN: &str = r#"{"client":{"stack":"openssl"},"server":{"stack":"rustls-ring"}}"#;

    #[test]
    fn the_plainest_scenario_is_its_stacks() {
        let scenario = Scenario::from_json(PLAIN).expect("plain");
        assert_eq!(scenario.to_json(), PLAIN);
        assert_eq!(scenario.id(), ScenarioId("5275d081efde".into()));
    }

    #[test]
    fn json_form_reads_back() {
        let mut scenario = Scenario::from_json(PLAIN).expect("plain");
        scenario.client.profile.protocol.versions = vec![ProtocolVersion::TLS1_2];
        scenario.server.profile.identity = None;
        assert_eq!(Scenario::from_json(&scenario.to_json()), Ok(scenario));
    }

    #[test]
    fn an_unknown_field_is_named_with_its_path() {
        let json = PLAIN.replace(
            r#""stack":"openssl""#,
            r#""stack":"openssl","profile":{"protocol":{"suits":[]}}"#,
        );
        let error = Scenario::from_json(&json).expect_err("typo");
        assert!(
            error.to_string().starts_with(
                "client.profile.protocol.suits: unknown field `suits`, expected one of"
            ),
            "{error}"
        );
    }

    #[test]
    fn what_contradicts_the_groups_is_refused() {
        let read = |fields: &str| {
            Scenario::from_json(&PLAIN.replace(
                r#""stack":"openssl""#,
                &format!(r#""stack":"openssl","profile":{{"protocol":{{{fields}}}}}"#),
            ))
        };
        let groups = r#""groups":["x25519","secp256r1","secp384r1"]"#;
        for good in [
            r#""group_tuples":[1,2]"#,
            r#""group_tuples":[1,1,1],"key_shares":["secp256r1","secp384r1"]"#,
        ] {
            assert!(read(&format!("{groups},{good}")).is_ok(), "{good}");
            assert!(read(good).is_err(), "{good} without groups");
        }
        for (bad, field) in [
            (r#""group_tuples":[1,1]"#, "group_tuples"),
            (r#""group_tuples":[0,3]"#, "group_tuples"),
            (r#""key_shares":["x448"]"#, "key_shares"),
            (r#""key_shares":["secp384r1","secp256r1"]"#, "key_shares"),
            (r#""key_shares":["x25519","x25519"]"#, "key_shares"),
        ] {
            let error = read(&format!("{groups},{bad}")).expect_err(bad).to_string();
            let path = format!("client.profile.protocol.{field}: ");
            assert!(error.starts_with(&path), "{error}");
        }
    }

    #[test]
    fn flaws_that_cannot_go_together_are_refused_and_the_rest_put_in_order() {
        let read = |profile: &str| {
            let profile = format!(r#""stack":"openssl","profile":{{{profile}}}"#);
            Scenario::from_json(&PLAIN.replace(r#""stack":"openssl""#, &profile))
        };
        let ordered = r#""identity":{"flaw":"expired","also":"wrong-eku"}"#;
        let turned = r#""identity":{"flaw":"wrong-eku","also":"expired"}"#;
        assert_eq!(read(turned), read(ordered));
        assert!(read(ordered).expect("fine").to_json().contains(ordered));
        let alone = read(r#""identity":{"also":"expired"}"#).expect("fine");
        assert_eq!(Ok(alone), read(r#""identity":{"flaw":"expired"}"#));
        for (field, path) in [
            ("identity", "client.profile.identity.also"),
            ("trust", "client.profile.trust.leaf.also"),
        ] {
            let flaws = r#"{"flaw":"expired","also":"not-yet-valid"}"#;
            let value = match field {
                "trust" => format!(r#"{{"leaf":{flaws}}}"#),
                _ => flaws.to_owned(),
            };
            let error = read(&format!(r#""{field}":{value}"#)).expect_err(field);
            assert_eq!(
                error.to_string(),
                format!(
                    "{path}: expired and not-yet-valid cannot go together: both are about the end \
                     entity's dates"
                )
            );
        }
    }

    #[test]
    fn what_is_not_json_is_refused() {
        assert!(Scenario::from_json("hello").is_err());
        assert!(Scenario::from_json(&format!("{PLAIN} x")).is_err());
    }

    #[test]
    fn what_came_before_is_a_scenario_of_its_own() {
        let json = PLAIN.replace(
            r#""server":{"stack":"rustls-ring"}"#,
            r#""server":{"stack":"rustls-ring"},"earlier":{"means":"ticket","client":{"sni":"omit"}}"#,
        );
        let scenario = Scenario::from_json(&json).expect("valid");
        assert_eq!(scenario.to_json(), json);
        let before = scenario.before().expect("there was one");
        assert_eq!(
            before.to_json(),
            r#"{"client":{"stack":"openssl","profile":{"sni":"omit"}},"server":{"stack":"rustls-ring"}}"#
        );
        assert_eq!(before.before(), None);
    }

    #[test]
    fn the_order_of_versions_does_not_change_the_id() {
        let with = |versions: &str| {
            let json = PLAIN.replace(
                r#""stack":"openssl""#,
                &format!(r#""stack":"openssl","profile":{{"protocol":{{"versions":{versions}}}}}"#),
            );
            Scenario::from_json(&json).expect("valid").id()
        };
        assert_eq!(
            with(r#"["TLS1.3","TLS1.2","TLS1.2"]"#),
            Scenario::from_json(PLAIN).expect("plain").id()
        );
    }
}
