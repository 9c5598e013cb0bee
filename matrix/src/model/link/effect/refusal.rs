//! What a hello of any bytes comes to with who hears it first: for fuzz targets, and for the record of hellos
//! (`hello_table`).

use std::fmt;

use shakedown::iana::{
    AlertDescription as A, CipherSuite, NamedGroup, ProtocolVersion as V, SignatureScheme,
};
use shakedown::scenario::Scenario;

use super::client_hello::{fits_group, hear};
use super::server_hello::Client;
use super::{Found, openssl_server_hello, rustls_server_hello};
use crate::model::ending::Phase;
use crate::model::hello::{Abilities, Hello, KeyKinds};
use crate::model::link::Setting;
use crate::model::negotiation::{Choice, answer};
use crate::model::openssl_schemes::UNNAMED_ECDSA;
use crate::model::walked;

/// What becomes of a hello that comes first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is refused with this error, and this alert if that is sent in the clear.
    Refused(String, Option<A>),
    /// A server answers so, with a ServerHello or a HelloRetryRequest. In TLS 1.2 ServerKeyExchange alone says
    /// the group.
    Answered {
        version: V,
        suite: CipherSuite,
        group: Option<NamedGroup>,
        retry: bool,
    },
    /// A client goes on.
    Taken,
}

impl fmt::Display for Fate {
    /// As in the record of hellos.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(native, Some(alert)) => write!(f, "{native} {}", alert.0),
            Self::Refused(native, None) => write!(f, "{native} -"),
            Self::Answered {
                version,
                suite,
                group,
                retry,
            } => {
                write!(f, "{version} {:04x}", suite.0)?;
                if let Some(group) = group {
                    write!(f, " {:04x}", group.0)?;
                }
                f.write_str(if *retry { " again" } else { "" })
            }
            Self::Taken => f.write_str("-"),
        }
    }
}

impl From<Found> for Fate {
    fn from(found: Found) -> Self {
        Self::Refused(found.native, found.alert)
    }
}

/// All that the scenario's server may make of a first ClientHello, without its header; nothing: the model does not say.
pub(crate) fn client_hello(scenario: &Scenario, body: &[u8]) -> Vec<Fate> {
    let rustls = scenario.server.stack.is_rustls();
    let (heard, unreadable) = match hear(rustls, body) {
        Ok(read) => read,
        Err(found) => return vec![found.into()],
    };
    // No profile names these, with which a server of OpenSSL's might sign.
    let schemes = heard.schemes.as_deref().unwrap_or_default();
    let usual = schemes.contains(&SignatureScheme::ecdsa_secp256r1_sha256.0);
    if !rustls && !usual && schemes.iter().any(|scheme| UNNAMED_ECDSA.contains(scheme)) {
        return Vec::new();
    }
    let Ok(mut hello) = Hello::of(&scenario.client) else {
        return Vec::new();
    };
    heard.put(unreadable, &mut hello);
    let choice = match answer(scenario, &hello) {
        Ok(choice) => choice,
        Err(fault) => {
            // Behind a ServerHello of TLS 1.3 alerts are sealed (rustls server/tls13.rs).
            let open = matches!(fault.phase, Phase::ClientHello);
            let mut alert = fault.alert.filter(|_| open);
            // SSL 3.0 knows no such alert (ssl/s3_enc.c, `ssl3_alert_code`).
            if !rustls && heard.legacy_version == SSL3 && alert == Some(A::protocol_version) {
                alert = Some(A::handshake_failure);
            }
            if (!open || BEHIND_SHARES.contains(&&*fault.native))
                && let Some(choice) = without_those_behind(scenario, hello)
            {
                return match choice.group.filter(|_| !choice.retried) {
                    Some(group) => fits_group(rustls, &heard, group)
                        .into_iter()
                        .map(|found| {
                            let behind = || Fate::Refused(fault.native.clone(), alert);
                            found.map_or_else(behind, Fate::from)
                        })
                        .collect(),
                    None if rustls => vec![answered(&choice)],
                    None => vec![Fate::Refused(fault.native, alert)],
                };
            }
            return vec![Fate::Refused(fault.native, alert)];
        }
    };
    match choice
        .group
        .filter(|_| choice.version == V::TLS1_3 && !choice.retried)
    {
        Some(group) => fits_group(rustls, &heard, group)
            .into_iter()
            .map(|found| found.map_or_else(|| answered(&choice), Fate::from))
            .collect(),
        None => vec![answered(&choice)],
    }
}

fn answered(choice: &Choice) -> Fate {
    Fate::Answered {
        version: choice.version,
        suite: choice.suite,
        group: choice.group.filter(|_| choice.version == V::TLS1_3),
        retry: choice.retried,
    }
}

/// What a server of TLS 1.3 chooses, were there nothing that it minds only when it has looked at the share: rustls, which
/// may ask for another first, behind its ServerHello (server/tls13.rs, `handle_client_hello`); OpenSSL behind all extensions
/// (extensions_srvr.c, `tls_parse_ctos_key_share`).
fn without_those_behind(scenario: &Scenario, mut hello: Hello<'_>) -> Option<Choice> {
    let server = Abilities::of(scenario.server.stack, &scenario.server.profile.protocol);
    hello.schemes = Some(server.schemes);
    hello.alpn = &[];
    hello.demands = KeyKinds::Certificates;
    hello.presents = KeyKinds::Certificates;
    hello.odd.modeless = false;
    hello.odd.certificate_unfit = false;
    hello.odd.compressions &= scenario.server.stack.is_rustls();
    answer(scenario, &hello)
        .ok()
        .filter(|choice| choice.version == V::TLS1_3)
}

/// What the scenario's client makes of a ServerHello or a HelloRetryRequest, without its header, in which
/// the client's session id is all zeros; `None`: there is no handshake to be had.
pub(crate) fn server_hello(scenario: &Scenario, body: &[u8]) -> Option<Fate> {
    let (result, chosen) = walked(scenario)?;
    let setting = Setting::clean(scenario, &result, chosen.as_ref());
    let client = Client {
        setting: &setting,
        agreed: result.as_ref().ok()?,
        hello: Hello::of(&scenario.client).ok()?,
        retried: false,
    };
    let read = if scenario.client.stack.is_rustls() {
        rustls_server_hello::read(&client, body)
            .and_then(|_| rustls_server_hello::no_echo(&client, body))
    } else {
        openssl_server_hello::read(&client, body).map(drop)
    };
    Some(read.map_or_else(Fate::from, |()| Fate::Taken))
}

/// What an OpenSSL server of TLS 1.3 minds when it has read the share.
const BEHIND_SHARES: [&str; 5] = [
    "MISSING_SIGALGS_EXTENSION",
    "MISSING_PSK_KEX_MODES_EXTENSION",
    "NO_SHARED_SIGNATURE_ALGORITHMS",
    "INVALID_COMPRESSION_ALGORITHM",
    "NO_SUITABLE_SIGNATURE_ALGORITHM",
];
const SSL3: u16 = V::TLS1_0.0 - 1;
