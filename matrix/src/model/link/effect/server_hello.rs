//! A ServerHello or HelloRetryRequest, changed on its way.

use shakedown::iana::NamedGroup;

use super::client_hello::{ML_KEM_KEY, share_length};
use super::{Effect, openssl_server_hello, rustls_server_hello};
use crate::model::ending::Agreed;
use crate::model::hello::Hello;
use crate::model::link::Setting;
use crate::model::link::peer::Peer;

/// What a client knows when it reads one.
pub(super) struct Client<'a> {
    pub(super) setting: &'a Setting<'a>,
    pub(super) agreed: &'a Agreed,
    pub(super) hello: Hello<'a>,
    /// Whether it has been asked for another share.
    pub(super) retried: bool,
}

/// All that may come of it.
pub(super) fn read(reader: &Peer<'_>, body: &[u8]) -> Vec<Effect> {
    let setting = reader.setting;
    let (Ok(agreed), Ok(mut hello)) = (setting.result, Hello::of(&setting.scenario.client)) else {
        return vec![Effect::Misled];
    };
    if reader.retried {
        hello.shares = agreed.group.into_iter().collect();
    }
    let client = Client {
        setting,
        agreed,
        hello,
        retried: reader.retried,
    };
    let effect = if reader.stack.is_rustls() {
        rustls_server_hello::read(&client, body)
    } else {
        openssl_server_hello::read(&client, body)
    };
    vec![effect.unwrap_or_else(Effect::Fails)]
}

/// Whether a server's share of a group is one, which is all zeros where it has not been changed.
pub(super) fn is_share(group: NamedGroup, key: &[u8]) -> bool {
    let length = match group {
        NamedGroup::X25519MLKEM768 => share_length(group) - ML_KEM_KEY + 1088,
        group => share_length(group),
    };
    let point = matches!(
        group,
        NamedGroup::secp256r1 | NamedGroup::secp384r1 | NamedGroup::secp521r1
    );
    key.len() == length && !(point && key.iter().any(|byte| *byte != 0))
}
