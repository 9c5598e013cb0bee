//! The command line as a person meets it: what it prints, where, and with which status it ends.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use shakedown_matrix::cli::exit;
use shakedown_matrix::fuzz::TARGETS;
use shakedown_matrix::model::predict;
use shakedown_matrix::recording;
use shakedown_matrix::verdict::judge;

const PLAIN: &str = r#"{"client":{"stack":"openssl"},"server":{"stack":"rustls-ring"}}"#;
const KNOWN: &str = r#"[
{"id":"a","client":"openssl","axes":{"client.trust":"leaf"},
 "differences":[{"side":"client","field":"end","expected":"x","actual":"y"}],
 "reason":"r","link":"https://example.org/1"}]"#;
const SMALL: [&str; 5] = ["run", "--strength", "1", "--random", "0"];

#[test]
fn a_typo_is_one_line_with_the_remedy() {
    let output = shakedown(&["run", "--strenth", "2"]);
    assert_fault(&output, exit::USAGE, "--strength");
    let output = shakedown(&["rum"]);
    assert_fault(&output, exit::USAGE, "run");
    let output = shakedown(&["run", "--strength", "4"]);
    assert_fault(&output, exit::USAGE, "1..=3");
    let output = shakedown(&["run", "--stacks", "gnutls"]);
    assert_fault(
        &output,
        exit::USAGE,
        "rustls-aws-lc-rs, rustls-ring, openssl",
    );
    let output = shakedown(&["run", "--threads", "0"]);
    assert_fault(&output, exit::USAGE, "--threads");
}

#[test]
fn an_empty_or_fruitless_filter_is_told() {
    let output = shakedown(&["run", "--filter", ""]);
    assert_fault(&output, exit::USAGE, "empty pattern");
    let output = shakedown(&[&SMALL[..], &["--filter", "no/such/name"]].concat());
    assert_fault(&output, exit::NOTHING_SELECTED, "shakedown list");
    let output = shakedown(&["run", "--filter", "a[b"]);
    assert_fault(&output, exit::USAGE, "--filter");
}

#[test]
fn a_scenario_that_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("scenario.json");
    let path = file.to_str().expect("UTF-8");
    std::fs::write(&file, "not json").expect("written");
    assert_fault(&shakedown(&["predict", path]), exit::USAGE, path);
    let typo = PLAIN.replace(
        r#""stack":"openssl""#,
        r#""stack":"openssl","profile":{"trusted":"roots"}"#,
    );
    std::fs::write(&file, typo).expect("written");
    let output = shakedown(&["replay", path]);
    assert_fault(
        &output,
        exit::USAGE,
        "client.profile.trusted: unknown field",
    );
    let output = shakedown(&["replay", "no-such-file.json"]);
    assert_fault(&output, exit::USAGE, "no-such-file.json");
    let output = shakedown(&["replay", "000000000000", "--strength", "1", "--random", "0"]);
    assert_fault(&output, exit::USAGE, "000000000000");
}

#[test]
fn an_unwritable_output_is_told_before_any_work_and_loses_nothing() {
    let output = shakedown(&[&SMALL[..], &["--output", "/no/such/folder/report.json"]].concat());
    assert_fault(&output, exit::USAGE, "/no/such/folder/report.json");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("report.json");
    let path = file.to_str().expect("UTF-8");
    std::fs::write(&file, "precious").expect("written");
    let output = shakedown(&[&SMALL[..], &["--output", path, "--filter", "nothing"]].concat());
    assert_fault(&output, exit::NOTHING_SELECTED, "nothing");
    assert_eq!(std::fs::read_to_string(&file).expect("there"), "precious");
    let output = shakedown(&[&SMALL[..], &["--output", path, "--filter", "cause/alpn*"]].concat());
    assert_eq!(output.status.code(), Some(i32::from(exit::AGREE)));
    let report: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&file).expect("there")).expect("JSON");
    assert_eq!(report["summary"]["diverge"], 0);
    assert_eq!(report["request"]["filter"], "cause/alpn*");
}

#[test]
fn a_bad_known_divergence_is_told_with_its_line_and_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("known.json");
    let path = file.to_str().expect("UTF-8");
    assert_fault(&shakedown(&["run", "--known", path]), exit::USAGE, path);
    let twice = format!("[{0},\n{0}]", &KNOWN[1..KNOWN.len() - 1]);
    let hidden = twice
        .replacen("\"id\":\"a\"", "\"id\":\"b\"", 2)
        .replacen("\"b\"", "\"a\"", 1);
    let change = |from, to| KNOWN.replace(from, to);
    for (json, line, says) in [
        ("{}".to_owned(), 1, "expected a sequence"),
        (
            change("\"reason\"", "\"raeson\""),
            4,
            "raeson: unknown field",
        ),
        (
            change("\"r\"", "\"\""),
            2,
            "nothing under \"reason\"; fill it in",
        ),
        (
            change("\"https://example.org/1\"", "\"\""),
            2,
            "under \"link\"",
        ),
        (
            change("\"end\"", "\"ende\""),
            3,
            "no such field \"ende\"; there are established, end, ",
        ),
        (change("\"y\"", "\"x\""), 2, "or remove it"),
        (change("https://", ""), 2, "give the address"),
        (hidden, 6, "come under \"a\" in line 2 first; put it before"),
        (twice, 6, "is in line 2 already; remove one"),
        (change("client.trust", "client.trusts"), 2, "shakedown axes"),
        (change("leaf", "leave"), 2, "shakedown axes"),
        (
            change(
                "\"client.trust\":\"leaf\"",
                "\"client.loading\":\"resolver\"",
            ),
            2,
            "matches nothing",
        ),
        (
            change(
                "\"reason\"",
                "\"versions\":{\"openssl\":\"old\"},\"reason\"",
            ),
            4,
            "versions.openssl",
        ),
    ] {
        std::fs::write(&file, json).expect("written");
        let output = shakedown(&["run", "--known", path]);
        assert_fault(&output, exit::USAGE, &format!("error: {path}:{line}: "));
        assert_fault(&output, exit::USAGE, says);
    }
    let latin = [KNOWN.as_bytes(), b"\n\xe9"].concat();
    std::fs::write(&file, latin).expect("written");
    let output = shakedown(&["run", "--known", path]);
    let says = format!("error: {path}:5: this is not UTF-8; save");
    assert_fault(&output, exit::USAGE, &says);
}

#[test]
fn a_known_divergence_that_no_longer_applies_fails_the_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("known.json");
    let path = file.to_str().expect("UTF-8");
    let run = |json: &str, arguments: &[&str]| {
        std::fs::write(&file, json).expect("written");
        shakedown(&[&SMALL[..], &["--known", path], arguments].concat())
    };
    let pairing = ["--filter", "cause/*/openssl->openssl/*"];
    // What it is about goes as the model says: the report tells.
    let output = run(KNOWN, &pairing);
    assert_eq!(output.status.code(), Some(i32::from(exit::DIVERGENCE)));
    assert!(stdout(&output).contains("known divergence"), "{output:?}");
    // Of another version: it does not apply, and nobody misses it.
    let other = KNOWN.replace("\"reason\"", "\"versions\":{\"openssl\":\"<3\"},\"reason\"");
    let output = run(&other, &pairing);
    assert_eq!(output.status.code(), Some(i32::from(exit::AGREE)));
    // Nothing came under it in a whole run; of stacks that take no part, nothing can.
    let rare = KNOWN.replace(
        "\"client.trust\":\"leaf\"",
        "\"client.trust\":\"leaf\",\"client.alpn\":\"imap\",\"client.sni\":\"omit\",\
         \"server.alpn\":\"none\",\"server.key\":\"rsa3072\",\"server.flaw\":\"expired\"",
    );
    let output = run(&rare, &["--stacks", "openssl"]);
    assert_fault(&output, exit::DIVERGENCE, &format!("error: {path}:2: "));
    let output = run(&rare, &["--stacks", "rustls-ring"]);
    assert_eq!(output.status.code(), Some(i32::from(exit::AGREE)));
}

#[test]
fn a_run_is_recorded_for_the_model_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("recorded.jsonl");
    let path = file.to_str().expect("UTF-8");
    let output = shakedown(&["run", "--record", "/no/such/folder/recorded.jsonl"]);
    assert_fault(&output, exit::USAGE, "--record /no/such/folder");
    let output = shakedown(&[&SMALL[..], &["--record", path, "--filter", "cause/alpn*"]].concat());
    assert_eq!(output.status.code(), Some(i32::from(exit::AGREE)));
    let text = std::fs::read_to_string(&file).expect("there");
    let mut count = 0;
    recording::read(&text, |scenario, outcome, recorded, allowed| {
        let prediction = predict(scenario);
        assert_eq!(judge(&prediction, outcome), *recorded);
        assert_eq!(prediction.allowed().len(), allowed);
        count += 1;
    })
    .expect("a recording");
    assert!(count > 1);
}

#[test]
fn data_goes_to_standard_output_and_nothing_else_does() {
    let output =
        shakedown(&[&SMALL[..], &["--format", "json", "--filter", "cause/alpn*"]].concat());
    assert_eq!(output.status.code(), Some(i32::from(exit::AGREE)));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let counts = &report["causes"]["alpn-mismatch"];
    assert!(counts["openssl->openssl"].as_u64() > Some(0), "{counts}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("scenarios/s"));
}

#[test]
fn what_tells_of_each_scenario_has_them_wherever_it_goes() {
    let folder = tempfile::tempdir().expect("a folder");
    let filter = ["--filter", "table/groups/x25519/openssl->*"];
    let run = |more: &[&str]| {
        let output = shakedown(&[&SMALL[..], &filter, more].concat());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        stdout(&output)
    };
    let file = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let read = |name: &str| std::fs::read_to_string(file(name)).expect("written");
    assert!(run(&["--format", "junit"]).contains("<testcase name=\"no cause of failure\""));
    run(&["--output", &file("a.xml")]);
    assert!(read("a.xml").contains("<testcase name=\"no cause of failure\""));
    let shown = run(&["--format", "junit", "--output", &file("a.md")]);
    assert!(shown.contains("<testcase name=\"no cause of failure\""));
    run(&["--output", &file("a.json")]);
    let report: serde_json::Value = serde_json::from_str(&read("a.json")).expect("JSON");
    assert!(report["results"]["outcomes"].is_array(), "{report}");
}

#[test]
fn one_scenario_is_predicted_and_replayed() {
    let output = shakedown(&["predict", PLAIN]);
    assert!(stdout(&output).contains("expected: success"), "{output:?}");
    let missing = r#"{"client":{"stack":"rustls-ring"},
        "server":{"stack":"openssl","profile":{"client_auth":"required"}}}"#;
    let output = shakedown(&["replay", missing]);
    assert_eq!(output.status.code(), Some(i32::from(exit::AGREE)));
    for part in [
        "client-cert-missing",
        "certificate_required",
        "client_hello",
        "server_hello",
        "verdict: agree",
    ] {
        assert!(stdout(&output).contains(part), "{part}: {output:?}");
    }
    assert!(!stdout(&output).contains("RFCs"), "{output:?}");
    let mut child = command(&["predict", "-", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(PLAIN.as_bytes()).expect("read");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    let prediction: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(prediction["expect"]["cause"].is_null());
}

#[test]
fn a_replay_tells_what_breaks_an_rfc() {
    let accepted = r#"{"client":{"stack":"openssl"},"server":{"stack":"rustls-ring","profile":{
        "identity":{"flaw":"cn-only"}}}}"#;
    let output = shakedown(&["replay", accepted]);
    assert_eq!(output.status.code(), Some(i32::from(exit::AGREE)));
    for part in [
        "common-name, RFC 9525 \u{a7}2: the common name does not identify a server",
        "OpenSSL accepts it: declared",
    ] {
        assert!(stdout(&output).contains(part), "{part}: {output:?}");
    }
    let output = shakedown(&["replay", accepted, "--format", "json"]);
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(told["deviations"][0]["rule"], "common-name");
    assert_eq!(told["deviations"][0]["declared"], true);
}

#[test]
fn a_listed_id_can_be_replayed() {
    let listed = shakedown(&[
        "list",
        "--strength",
        "1",
        "--random",
        "0",
        "--filter",
        "cause/cert-expired/*",
    ]);
    let line = stdout(&listed);
    let (id, name) = line
        .lines()
        .next()
        .and_then(|line| line.split_once('\t'))
        .expect("id and name");
    assert!(name.starts_with("cause/cert-expired/"));
    let output = shakedown(&["replay", id, "--strength", "1", "--random", "0"]);
    assert!(stdout(&output).contains("cert-expired"), "{output:?}");
}

#[test]
fn lists_name_everything() {
    assert!(stdout(&shakedown(&["stacks"])).contains("OpenSSL 3."));
    assert!(stdout(&shakedown(&["causes"])).contains("cert-host-mismatch"));
    assert!(stdout(&shakedown(&["axes"])).contains("server.flaw"));
    assert!(stdout(&shakedown(&["--help"])).contains("Exit status"));
    let schema: serde_json::Value =
        serde_json::from_str(&stdout(&shakedown(&["schema", "scenario"]))).expect("JSON");
    assert!(schema["properties"]["client"].is_object());
}

#[test]
fn lists_fit_a_terminal_of_80_columns() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("report.json");
    let path = file.to_str().expect("UTF-8");
    let filter = ["--output", path, "--filter", "cause/alpn*"];
    let output = shakedown(&[&SMALL[..], &filter].concat());
    assert_eq!(output.status.code(), Some(i32::from(exit::AGREE)));
    for arguments in [&["axes"][..], &["causes"], &["causes", "--report", path]] {
        for line in stdout(&shakedown(arguments)).lines() {
            assert!(line.chars().count() <= 80, "{arguments:?}: {line}");
        }
    }
}

#[test]
fn seeds_are_written_and_never_over_something_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("UTF-8");
    let arguments = ["corpus", "--output", path];
    let output = shakedown(&arguments);
    assert_eq!(output.status.code(), Some(0));
    let told = stdout(&output);
    assert!(
        told.lines().all(|line| line.chars().count() <= 80),
        "{told}"
    );
    for target in &TARGETS {
        let seeds = std::fs::read_dir(folder.path().join(target.name)).expect("its folder");
        assert_eq!(seeds.count(), target.seeds().len(), "{}", target.name);
        assert!(told.contains(target.name), "{told}");
    }
    // Again, what is there already is no fault; another file of the name is.
    assert_eq!(stdout(&shakedown(&arguments)), told);
    let seed = folder.path().join("report").join("scenario");
    std::fs::write(&seed, "mine").expect("written");
    let seed = seed.to_str().expect("UTF-8");
    assert_fault(&shakedown(&arguments), exit::USAGE, seed);
    assert_eq!(std::fs::read(seed).expect("still there"), b"mine");
    assert_fault(&shakedown(&["corpus", "--output", seed]), exit::USAGE, seed);
}

#[test]
fn reproduce_tells_what_an_input_comes_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let input = folder.path().join("input");
    std::fs::write(&input, [0; 4]).expect("written");
    let input = input.to_str().expect("UTF-8");
    let output = shakedown(&["reproduce", "scenario", input]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        stdout(&output),
        "scenario: nothing wrong comes of these 4 bytes\n"
    );
    let silent = shakedown(&["reproduce", "bytes_to_server", "/dev/null"]);
    assert!(stdout(&silent).contains("nothing that can be tried"));
    let unknown = shakedown(&["reproduce", "scenarios", input]);
    assert_fault(&unknown, exit::USAGE, "man_in_the_middle");
    let absent = shakedown(&["reproduce", "scenario", "/nowhere/at/all"]);
    assert_fault(&absent, exit::USAGE, "/nowhere/at/all");
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let mut child = command(&["list", "--strength", "1", "--random", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{output:?}");
}

fn shakedown(arguments: &[&str]) -> Output {
    command(arguments).output().expect("the binary starts")
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shakedown"));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn assert_fault(output: &Output, status: u8, says: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(i32::from(status)), "{stderr}");
    assert!(output.stdout.is_empty(), "{output:?}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.starts_with("error: "), "{stderr}");
    assert!(stderr.contains(says), "{stderr}");
}
