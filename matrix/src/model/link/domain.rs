//! Interference that the model says nothing of.

use shakedown::link::Act;
use shakedown::scenario::Scenario;

/// What the link does that lies outside the model; `None`: nothing.
pub(in crate::model) fn outside(scenario: &Scenario) -> Option<String> {
    let [op] = &scenario.link.ops[..] else {
        return (scenario.link.ops.len() > 1)
            .then(|| "more than one thing that the link does".to_owned());
    };
    if super::script::long_request(scenario) {
        return Some("a CertificateRequest that is spread over records, with interference".into());
    }
    let known = match &op.act {
        Act::Length(by) => *by == 1 || *by >= super::carrier::OVERSIZE,
        _ => true,
    };
    (!known).then(|| format!("what comes of {:?}", op.act))
}
