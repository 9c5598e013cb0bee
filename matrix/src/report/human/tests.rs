use shakedown::scenario::Scenario;

use super::*;
use crate::wrap::columns;

#[test]
fn the_whole_report_fits_and_ends_with_the_result() {
    let report = sample::report();
    for width in [60, 80, 120] {
        for line in render(&report, width, false).lines() {
            assert!(columns(line) <= width, "{width}: {line}");
            assert!(!line.contains('\u{1b}'), "{line}");
            assert_eq!(line, line.trim_end());
        }
    }
    assert_eq!(
        render(&report, 80, false).lines().last(),
        Some("result: 3 scenarios went otherwise than the model says")
    );
}

#[test]
fn what_the_report_holds_is_told() {
    let text = render(&sample::report(), 80, false);
    for part in [
        "openssl: OpenSSL 3.6.3, its own",
        "Groups | pairings [groups]",
        "│ x25519 ┆ ok",
        "the client finds it and sends certificate_expired",
        "server: error:0A000415:SSL routines::ssl/tls alert certificate expired:SSL",
        "1. diverge x2, expected: failure, cert-expired",
        "2. crash x1, expected: success",
        "panic: index out of bounds\\n",
        "2 x openssl-something",
        "OpenSSL sends bad_certificate, x2 [0123456789ae]: NEW; report it",
        "rustls sends no alert, not seen: GONE; take it off",
        "causes exercised: 1 of 2; never: alpn-mismatch",
        "coverage, 2 at a time: 99.99 % (19999 of 20000)",
        "not covered: client.alpn=imap server.alpn=none",
        "exactly one outcome for 99.99 %",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
}

#[test]
fn colour_changes_no_word() {
    let report = sample::report();
    let mut colored = render(&report, 80, true);
    assert_ne!(colored, render(&report, 80, false));
    for code in [BOLD, RED, GREEN, RESET] {
        colored = colored.replace(code, "");
    }
    assert_eq!(colored, render(&report, 80, false));
}

#[test]
fn the_replay_line_means_the_same_in_many_lines() {
    let divergence = &sample::report().divergences[0];
    for width in [20, 40, 80] {
        let text = replay(&divergence.replay(), width);
        let json = text
            .trim_end()
            .strip_prefix("shakedown replay '")
            .and_then(|rest| rest.strip_suffix('\''))
            .expect("the line of a shell")
            .replace("'\\''", "'");
        let read = Scenario::from_json(&json).expect("a scenario");
        assert_eq!(read, divergence.shrunk);
        assert!(text.is_ascii());
    }
}

#[test]
fn percents_are_not_rounded_up() {
    assert_eq!(percent(1.0), "100.00 %");
    assert_eq!(percent(0.999_999), "99.99 %");
    assert_eq!(percent(0.57), "57.00 %");
    assert_eq!(percent(share(0, 0)), "100.00 %");
}

#[test]
fn the_result_is_in_words() {
    let mut report = sample::report();
    report.summary.diverge = 0;
    report.summary.crash = 0;
    assert_eq!(
        result(&report),
        "2 deviations from the RFCs are new or gone"
    );
    report.deviations.clear();
    assert_eq!(
        result(&report),
        "every scenario went as the model or a known divergence says"
    );
    report.request.interrupted = true;
    assert!(result(&report).starts_with("interrupted; "));
    report.summary = Default::default();
    assert_eq!(result(&report), "interrupted; nothing was tried");
}
