//! Whether the stacks check what they must.
//!
//! OpenSSL built with `FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION` takes a wrong Finished for a right one
//! (`tls_process_finished` in ssl/statem/statem_lib.c), so that fuzzers get past it: nobody's acceptance
//! means anything there.

use shakedown::connection::Role;
use shakedown::iana::{CipherSuite, HandshakeType, ProtocolVersion};
use shakedown::link::{Act, At, Edit, Message, Op};
use shakedown::outcome::End;
use shakedown::profile::Ems;
use shakedown::scenario::{Scenario, StackId};

use crate::lab::Lab;

/// Whether OpenSSL refuses a Finished over another transcript.
///
/// # Errors
///
/// What is wrong, and what to do about it.
pub fn strict(lab: &Lab) -> Result<(), String> {
    // A wrong one whose first byte is wrong in every bit is refused even then.
    for _ in 0..3 {
        match lab.run(&other_transcript()).server.end {
            End::Failed(failure) if failure.native == WRONG_FINISHED => {}
            other => {
                return Err(format!(
                    "at a wrong Finished OpenSSL ends with {other:?}, so that nothing that it accepts means \
                     anything; build it without FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION"
                ));
            }
        }
    }
    Ok(())
}

/// Nothing but the Finished covers all that a client offers (RFC 5246 §7.4.9), where the keys do not hang on
/// it too (RFC 7627 §4).
fn other_transcript() -> Scenario {
    let mut scenario = Scenario::plain(StackId::Openssl, StackId::Openssl);
    scenario.client.profile.protocol.ems = Ems::Off;
    scenario.client.profile.protocol.versions = vec![ProtocolVersion::TLS1_2];
    scenario.client.profile.protocol.suites = Some(vec![
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        UNUSED,
    ]);
    scenario.server.profile.protocol.suites =
        Some(vec![CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]);
    scenario.link.ops = vec![Op {
        from: Role::Client,
        at: At::Message(Message {
            kind: HandshakeType::client_hello,
            nth: 0,
        }),
        act: Act::Edit(Edit::WithoutSuite(UNUSED)),
    }];
    scenario
}

const WRONG_FINISHED: &str = "DIGEST_CHECK_FAILED";
const UNUSED: CipherSuite = CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::planted::{Fault, lab_with};

    #[test]
    fn the_linked_openssl_is_strict() {
        let lab = Lab::new();
        assert_eq!(strict(&lab), Ok(()));
        let mut scenario = other_transcript();
        let End::Failed(failure) = lab.run(&scenario).server.end else {
            panic!("it goes well");
        };
        assert_eq!(failure.native, WRONG_FINISHED);
        scenario.link.ops.clear();
        assert!(lab.run(&scenario).is_success());
    }

    #[test]
    fn one_that_takes_any_finished_is_told() {
        let lab = lab_with(StackId::Openssl, Fault::Forgives(&[WRONG_FINISHED]));
        let why = strict(&lab).expect_err("a planted fault");
        assert!(why.contains("FUZZING_BUILD_MODE"), "{why}");
    }
}
