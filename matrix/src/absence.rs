//! Which pairing of stacks cannot show a cause, and why.

use shakedown::scenario::StackId;

use crate::catalogue::inexpressible;
use crate::model::Cause as C;
use crate::model::traits::openssl::{CHECKS_STAPLES, READS_STAPLES};
use crate::model::traits::rustls::HOLDS_SECOND_HELLO_TO_FIRST;

/// Why no scenario of this pairing ends with the cause; `None`: some do.
pub fn absent(cause: C, client: StackId, server: StackId) -> Option<&'static str> {
    inexpressible(cause).or_else(|| {
        ABSENCES
            .iter()
            .find(|absence| absence.cause == cause && (absence.holds)(client, server))
            .map(|absence| absence.reason)
    })
}

/// A cause that some pairings cannot show.
struct Absence {
    cause: C,
    holds: fn(StackId, StackId) -> bool,
    reason: &'static str,
}

macro_rules! absences {
    ($( $cause:ident $holds:expr, $reason:literal; )*) => {
        &[ $( Absence { cause: C::$cause, holds: $holds, reason: $reason } ),* ]
    };
}

const ABSENCES: &[Absence] = absences! {
    CertRevokedOcsp |_, _| !CHECKS_STAPLES.is_in(), "OpenSSL looks at stapled responses since 3.6";
    OcspStapleMissing |_, _| !CHECKS_STAPLES.is_in(), "OpenSSL looks at stapled responses since 3.6";
    OcspStapleExpired |_, _| !CHECKS_STAPLES.is_in(), "OpenSSL looks at stapled responses since 3.6";
    OcspStapleMalformed |_, _| !READS_STAPLES.is_in(), "OpenSSL parses no stapled response before 3.6";
    CfgNoProtocols no_openssl, "rustls has no level that takes versions away";
    CfgNoSchemes no_openssl, "rustls takes an empty list, and sends it";
    CfgNoTrustAnchors openssl_alone, "OpenSSL does without anchors until it verifies";
    CfgEmptyChain openssl_alone, "OpenSSL cannot be given a chain without certificates";
    VersionLegacyClient |_, server| !server.is_rustls(),
        "only a rustls server looks for signature_algorithms before it looks at the version";
    RenegInfoMissing |client, _| client.is_rustls(),
        "rustls never renegotiates, and asks no server to confirm that it knows how to";
    VersionFallbackScsv |_, server| server.is_rustls(), "a rustls server does not mind";
    GroupListEmpty |client, _| client != StackId::RustlsAwsLcRs,
        "only rustls with post-quantum groups filters its list until it is empty";
    CertCurveNotOffered no_openssl, "rustls holds no key against the list of groups";
    EmsRequired |client, server| client.is_rustls() == server.is_rustls(),
        "it takes rustls, which can insist, and OpenSSL, which can leave it out";
    SessionIdContextMissing |_, server| server.is_rustls(), "rustls has no session id contexts";
    ResumeEmsDropped no_openssl, "rustls always has the extended master secret";
    ResumeSuiteMissing |_, server| server.is_rustls(),
        "a rustls server resumes with the suite that it has chosen alone, and else not at all";
    ResumePskWithdrawn |_, server| !server.is_rustls(), "an OpenSSL server does not mind";
    ResumePskWithdrawn |_, _| !HOLDS_SECOND_HELLO_TO_FIRST.is_in(), "rustls minds since 0.23.45";
    SigalgListEmpty openssl_alone, "OpenSSL refuses an empty list, and so never sends one";
    SniMalformed not_openssl_to_rustls,
        "only an OpenSSL client sends what is no host name, and only a rustls server minds";
    CertTypeMismatch openssl_alone, "the openssl crate has no binding for raw public keys";
    CertCompressionBad |client, server| !(client.is_rustls() && server.is_rustls()),
        "OpenSSL is built without compression (no-comp)";
    CertEmpty openssl_alone, "OpenSSL cannot be given a chain without certificates";
    CertMalformed openssl_alone, "OpenSSL loads no certificate that it cannot parse";
    CertV1 openssl_alone, "OpenSSL takes end entities of version 1";
    CertCaAsLeaf openssl_alone, "OpenSSL takes a CA's certificate for an end entity's";
    CertPartialChain no_openssl, "rustls takes every certificate that is trusted for an anchor";
    CertRootExpired no_openssl, "to rustls an anchor is a name and a key, without dates";
    CertCnOnly |client, _| !client.is_rustls(), "an OpenSSL client takes the common name";
    CertWildcard openssl_alone, "OpenSSL takes a wildcard that is part of a label";
    CertBadKeyUsage no_openssl, "rustls looks at no key usage";
    CertCaNoCertSign no_openssl, "rustls looks at no key usage";
    CertWeakKey no_openssl, "rustls loads no RSA key of less than 2048 bits";
    CertUnsupportedKey |client, server| client.is_rustls() || server != StackId::RustlsRing,
        "it takes a chain of keys that the verifier lacks under a handshake signature that it asked \
         for: P-521 with OpenSSL's free choice of digests, before a server with ring";
    CertChainTooLong openssl_alone, "OpenSSL follows a hundred intermediates";
    CertRevokedOcsp |client, _| client.is_rustls(), "rustls looks at no stapled response";
    OcspStapleMissing |client, _| client.is_rustls(), "rustls looks at no stapled response";
    OcspStapleExpired |client, _| client.is_rustls(), "rustls looks at no stapled response";
    OcspStapleMalformed not_openssl_to_rustls,
        "rustls looks at no stapled response, and OpenSSL staples none that it cannot parse";
    KeyPossessionFailure openssl_alone, "OpenSSL loads no key that is not the certificate's";
    ClientSigalgEmpty |client, server| !(client.is_rustls() && server.is_rustls()),
        "an OpenSSL client goes on without a certificate, and an OpenSSL server does not ask so";
};

fn no_openssl(client: StackId, server: StackId) -> bool {
    client.is_rustls() && server.is_rustls()
}

fn openssl_alone(client: StackId, server: StackId) -> bool {
    !client.is_rustls() && !server.is_rustls()
}

fn not_openssl_to_rustls(client: StackId, server: StackId) -> bool {
    client.is_rustls() || !server.is_rustls()
}
