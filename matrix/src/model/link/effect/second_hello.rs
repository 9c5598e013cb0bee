//! The ClientHello that answers a HelloRetryRequest, changed on its way.

use shakedown::iana::AlertDescription as A;
use shakedown::iana::{NamedGroup, ProtocolVersion as V};
use shakedown::link::Act;
use shakedown::profile::ClientProfile;
use shakedown::scenario::Endpoint;

use super::client_hello::{self, fits_group, hear};
use super::{Effect, Found, Promise};
use crate::model::ending::Agreed;
use crate::model::hello::Hello;
use crate::model::link::Setting;
use crate::model::link::peer::Peer;
use crate::model::negotiation::{Choice, answer};
use crate::model::resumption::same_hash;
use crate::model::traits::rustls::HOLDS_SECOND_HELLO_TO_FIRST;

/// As the first, with the share that was asked for alone.
pub(super) fn written(setting: &Setting<'_>, agreed: &Agreed) -> Vec<Vec<u8>> {
    let Ok(mut hello) = Hello::of(&setting.scenario.client) else {
        return Vec::new();
    };
    hello.shares = agreed.group.into_iter().collect();
    let act = setting.scenario.link.ops.first().map(|op| &op.act);
    client_hello::written(setting.scenario, &hello, act.unwrap_or(&Act::Drop))
}

/// What the server makes of it.
pub(super) fn read(reader: &Peer<'_>, body: &[u8]) -> Vec<Effect> {
    let scenario = reader.setting.scenario;
    let Ok(agreed) = reader.setting.result else {
        return vec![Effect::Misled];
    };
    let rustls = reader.stack.is_rustls();
    let (heard, unreadable) = match hear(rustls, body) {
        Ok(read) => read,
        Err(found) => return vec![Effect::Fails(found)],
    };
    let fails = |found: Found| vec![Effect::Fails(found)];
    let offered = heard.versions.as_deref().unwrap_or_default();
    if !rustls && !offered.contains(&agreed.version.0) {
        // statem/statem_lib.c, `ssl_choose_server_version`, before all else.
        return fails(Found::of("UNSUPPORTED_PROTOCOL", A::protocol_version));
    }
    if !rustls && heard.groups.is_none() {
        // Those of the first are kept (statem/extensions_srvr.c, `tls_parse_ctos_supported_groups`).
        return vec![Effect::Misled];
    }
    let Ok(mut hello) = Hello::of(&scenario.client) else {
        return vec![Effect::Misled];
    };
    let same_name = heard.has_name(hello.server_name);
    heard.put(unreadable, &mut hello);
    let asked = agreed.group.unwrap_or(NamedGroup::x25519);
    if rustls && !same_name {
        // server/hs.rs, `process_client_hello`.
        return fails(Found::silent("PeerMisbehaved(ServerNameDifferedOnRetry)"));
    }
    let minds = HOLDS_SECOND_HELLO_TO_FIRST.is_in();
    if rustls && minds && heard.versions.is_none() && heard.schemes.is_some() {
        // server/hs.rs, `with_certified_key`: TLS 1.2 is out of the question by now.
        return fails(Found::of(
            "PeerIncompatible(SupportedVersionsExtensionRequired)",
            A::protocol_version,
        ));
    }
    if !rustls && !hello.odd.shareless && hello.shares != [asked] {
        // statem/extensions_srvr.c, `extract_keyshares`.
        hello.odd.unreadable.extensions[1]
            .get_or_insert_with(|| ("BAD_KEY_SHARE".to_owned(), Some(A::illegal_parameter)));
    }
    match answer(scenario, &hello) {
        Err(fault) => fails(Found {
            native: fault.native,
            alert: fault.alert,
        }),
        Ok(choice) => breach(rustls, agreed, &choice).map_or_else(
            || {
                fits_group(rustls, &heard, asked)
                    .into_iter()
                    .map(|found| found.map_or(Effect::Misled, Effect::Fails))
                    .collect()
            },
            |breach| vec![breach],
        ),
    }
}

/// What becomes of a server whose answer to the second hello is not what its HelloRetryRequest promised;
/// `None`: it is (rustls server/hs.rs, `with_certified_key`, and server/tls13.rs, `handle_client_hello`; OpenSSL
/// ssl/statem/statem_lib.c, `ssl_choose_server_version`, and statem_srvr.c,
/// `tls_early_post_process_client_hello`). Before 0.23.45 only the hash mattered to rustls, and the rest to its
/// client.
pub(in crate::model::link) fn breach(
    rustls: bool,
    agreed: &Agreed,
    choice: &Choice,
) -> Option<Effect> {
    let illegal = |native| Effect::Fails(Found::of(native, A::illegal_parameter));
    let minds = !rustls || HOLDS_SECOND_HELLO_TO_FIRST.is_in();
    let same_version = choice.version == agreed.version;
    if same_version && choice.suite == agreed.suite {
        return (rustls && choice.retried)
            .then(|| illegal("PeerMisbehaved(RefusedToFollowHelloRetryRequest)"));
    }
    Some(match (minds, same_version) {
        (false, _) if !same_hash(agreed.suite, choice.suite) => {
            illegal("PeerMisbehaved(HandshakeHashVariedAfterRetry)")
        }
        (false, false) => Effect::Breaks(Promise::Version),
        (false, true) => Effect::Breaks(Promise::Suite),
        (true, false) => Effect::Fails(Found::of(
            if rustls {
                "PeerIncompatible(Tls12NotOfferedOrEnabled)"
            } else {
                "UNSUPPORTED_PROTOCOL"
            },
            A::protocol_version,
        )),
        (true, true) if rustls => illegal("PeerMisbehaved(CipherSuiteDifferedOnRetry)"),
        (true, true) => illegal("BAD_CIPHER"),
    })
}

impl Promise {
    /// What a client says of a ServerHello that breaks it (OpenSSL ssl/statem/statem_lib.c,
    /// `ssl_choose_client_version`, and statem_clnt.c, `set_client_ciphersuite`; rustls client/hs.rs,
    /// `ExpectServerHello`: no suite is of both versions).
    pub(in crate::model::link) fn missed_by(self, client: &Endpoint<ClientProfile>) -> Found {
        let may_be_old = client.profile.protocol.versions.contains(&V::TLS1_2);
        match (client.stack.is_rustls(), self) {
            (false, Self::Version) => Found::of("WRONG_SSL_VERSION", A::protocol_version),
            (false, Self::Suite) => Found::of("WRONG_CIPHER_RETURNED", A::illegal_parameter),
            (true, Self::Version) if !may_be_old => Found::of(
                "PeerIncompatible(ServerTlsVersionIsDisabledByOurConfig)",
                A::protocol_version,
            ),
            (true, _) => Found::of(
                "PeerMisbehaved(SelectedDifferentCipherSuiteAfterRetry)",
                A::illegal_parameter,
            ),
        }
    }
}
