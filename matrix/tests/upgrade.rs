//! Baselines, diffs, shards and journals on the command line, and what bad ones are told.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use shakedown_matrix::cli::exit;
use shakedown_matrix::report::{Report, SCHEMA};
use tempfile::TempDir;

/// Some scenarios with failures and successes, and a few at the link.
const SOME: [&str; 6] = ["run", "--random", "200", "--strength", "1", "--filter"];
const PATTERN: &str = "table/versions-openssl-rustls/*";

/// A report that this version's predecessors wrote, kept as it was.
const KEPT: &str = include_str!("kept/form-3.json");
const KEPT_BEFORE: &str = include_str!("kept/form-2.json");

#[test]
fn a_report_is_compared_with_itself_and_with_one_that_somebody_edited() {
    let folder = Folder::new();
    let old = folder.report("old.json");
    let output = shakedown(
        &folder,
        &["diff", "old.json", "old.json", "--fail-on", "any"],
    );
    assert_eq!(status(&output), exit::AGREE, "{output:?}");
    assert!(
        stdout(&output).contains("nothing changed in "),
        "{output:?}"
    );
    // Planted: one error has another name.
    let text = std::fs::read_to_string(&old).expect("a report");
    let native = "\"native\":\"AlertReceived(";
    assert!(text.contains(native), "{text}");
    folder.write(
        "new.json",
        &text.replacen(native, "\"native\":\"AlertTaken(", 1),
    );
    for (on, wanted) in [
        ("regressed", exit::AGREE),
        ("changed", exit::DIVERGENCE),
        ("any", exit::DIVERGENCE),
    ] {
        let output = shakedown(&folder, &["diff", "old.json", "new.json", "--fail-on", on]);
        assert_eq!(status(&output), wanted, "{on} {output:?}");
        assert!(stdout(&output).contains("AlertTaken("), "{output:?}");
        assert!(
            stdout(&output).contains("shakedown replay '{"),
            "{output:?}"
        );
        assert!(
            stdout(&output)
                .lines()
                .all(|line| line.chars().count() <= 80)
        );
    }
    let output = shakedown(
        &folder,
        &[
            "diff", "old.json", "new.json", "--format", "markdown", "--output", "diff.xml",
        ],
    );
    assert_eq!(status(&output), exit::AGREE, "{output:?}");
    assert!(
        stdout(&output).starts_with("# shakedown diff\n"),
        "{output:?}"
    );
    assert!(folder.read("diff.xml").contains("<testcase "));
}

#[test]
fn a_baseline_comes_out_of_git() {
    let folder = Folder::new();
    folder.report("compat.json");
    let git = |args: &[&str]| {
        let told = Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@example.org"])
            .args(args)
            .current_dir(folder.0.path())
            .output()
            .expect("git");
        assert!(told.status.success(), "{told:?}");
    };
    git(&["init", "-q"]);
    git(&["add", "compat.json"]);
    git(&["commit", "-q", "-m", "Keep a baseline"]);
    let output = shakedown(&folder, &["diff", "HEAD:compat.json", "compat.json"]);
    assert_eq!(status(&output), exit::AGREE, "{output:?}");
    let output = shakedown(&folder, &["diff", "HEAD:nothing.json", "compat.json"]);
    assert_fault(&output, "HEAD:nothing.json: git: ");
    let output = shakedown(&folder, &["diff", "--", "--output=x:y", "compat.json"]);
    assert_fault(&output, "--output=x:y: git: ");
    assert!(!folder.path("x:y").exists());
}

#[test]
fn a_report_that_is_none_is_told_in_a_line() {
    let folder = Folder::new();
    folder.write("good.json", KEPT);
    let half = &KEPT[..KEPT.len() / 2];
    let newer = KEPT.replacen(
        &format!("\"schema\":{SCHEMA}"),
        &format!("\"schema\":{}", SCHEMA + 1),
        1,
    );
    let unknown = KEPT.replacen("\"summary\"", "\"sumary\"", 1);
    let edited = {
        let mut report = Report::from_json(KEPT).expect("kept");
        let results = report.results.as_mut().expect("results");
        results.outcomes[0].0 = 9999;
        report.to_json().expect("plain data")
    };
    for (text, told) in [
        (half, "EOF while parsing"),
        ("", "no report"),
        ("[]", "no report"),
        ("{\"a\":1}", "no report: at the top: missing field `schema`"),
        (
            newer.as_str(),
            "a report of form 4; this version of shakedown reads forms 2 to 3",
        ),
        (unknown.as_str(), "sumary: unknown field `sumary`"),
        (edited.as_str(), "results.outcomes[0]: place 9999 in groups"),
        (KEPT_BEFORE, "the report before has no results by scenario"),
    ] {
        folder.write("bad.json", text);
        let output = shakedown(&folder, &["diff", "bad.json", "good.json"]);
        assert_fault(&output, told);
    }
    let output = shakedown(&folder, &["diff", "no-such.json", "good.json"]);
    assert_fault(&output, "no-such.json");
    folder.write("bytes.json", "");
    std::fs::write(folder.path("bytes.json"), [0xff, 0xfe]).expect("written");
    assert_fault(
        &shakedown(&folder, &["diff", "bytes.json", "good.json"]),
        "bytes.json",
    );
}

#[test]
fn reports_that_share_nothing_are_no_success() {
    let folder = Folder::new();
    folder.report("old.json");
    run(&folder, &["table/groups/*", "--output", "new.json"]);
    let output = shakedown(&folder, &["diff", "old.json", "new.json"]);
    assert_fault(&output, "the two reports share no scenario");
}

#[test]
fn a_baseline_of_an_older_version_still_reads() {
    let folder = Folder::new();
    folder.write("kept.json", KEPT);
    folder.write("kept-before.json", KEPT_BEFORE);
    for file in ["kept.json", "kept-before.json"] {
        let output = shakedown(&folder, &["causes", "--report", file]);
        assert_eq!(status(&output), exit::AGREE, "{output:?}");
        assert!(stdout(&output).contains("scenarios: "), "{output:?}");
    }
    // The scenarios of the time are still those of today.
    run(&folder, &["table/*", "--output", "today.json"]);
    let output = shakedown(
        &folder,
        &["diff", "kept.json", "today.json", "--format", "json"],
    );
    assert_eq!(status(&output), exit::AGREE, "{output:?}");
    let diff: shakedown_matrix::diff::Diff =
        serde_json::from_str(&stdout(&output)).expect("a diff");
    assert!(diff.counts.shared > 500, "{:?}", diff.counts);
}

#[test]
fn parts_make_the_report_that_one_machine_makes() {
    let folder = Folder::new();
    folder.report("whole.json");
    for part in ["1/3", "2/3", "3/3"] {
        let journal = format!("part-{}.jsonl", &part[..1]);
        run(&folder, &[PATTERN, "--shard", part, "--journal", &journal]);
    }
    let merge = |files: &[&str]| {
        let args = [&["merge", "--output", "merged.json"], files].concat();
        shakedown(&folder, &args)
    };
    // In any order.
    let output = merge(&["part-3.jsonl", "part-1.jsonl", "part-2.jsonl"]);
    assert_eq!(status(&output), exit::AGREE, "{output:?}");
    assert!(
        folder.read("whole.json") == folder.read("merged.json"),
        "the reports differ"
    );
    assert_fault(
        &merge(&["part-1.jsonl", "part-3.jsonl"]),
        "shard 2/3 is missing",
    );
    let twice = merge(&["part-1.jsonl", "part-1.jsonl", "part-2.jsonl"]);
    assert_fault(&twice, "part-1.jsonl and part-1.jsonl are both shard 1/3");
    run(
        &folder,
        &[
            "table/groups/*",
            "--shard",
            "2/3",
            "--journal",
            "other.jsonl",
        ],
    );
    let foreign = merge(&["part-1.jsonl", "other.jsonl", "part-3.jsonl"]);
    assert_fault(
        &foreign,
        "other.jsonl is of another sweep than part-1.jsonl: filter",
    );
    folder.write("none.jsonl", "{\"seen\":1}\n");
    assert_fault(&merge(&["none.jsonl"]), "none.jsonl:1: ");
    assert_fault(&merge(&["no-such.jsonl"]), "no-such.jsonl");
}

#[test]
fn a_run_that_was_killed_goes_on_to_the_same_report() {
    let folder = Folder::new();
    folder.report("whole.json");
    run(&folder, &[PATTERN, "--journal", "sweep.jsonl"]);
    let whole = folder.read("sweep.jsonl");
    // Killed in the middle of a line.
    let cut = whole
        .lines()
        .take(whole.lines().count() / 2)
        .collect::<Vec<_>>()
        .join("\n");
    folder.write("sweep.jsonl", &cut[..cut.len() - 10]);
    assert_fault(
        &shakedown(&folder, &["merge", "sweep.jsonl"]),
        "was cut off after ",
    );
    let again = [&SOME[..], &[PATTERN, "--journal", "sweep.jsonl"]].concat();
    assert_fault(
        &shakedown(&folder, &again),
        "it is there already; go on with it by --resume",
    );
    let other = [&again[..], &["--resume", "--seed", "9"]].concat();
    assert_fault(
        &shakedown(&folder, &other),
        "is of another sweep: seed 1 against 9",
    );
    let versions = folder
        .read("sweep.jsonl")
        .replacen("\"version\":\"", "\"version\":\"0", 1);
    folder.write("foreign.jsonl", &versions);
    let foreign = [
        &SOME[..],
        &[PATTERN, "--journal", "foreign.jsonl", "--resume"],
    ]
    .concat();
    assert_fault(
        &shakedown(&folder, &foreign),
        "is of another sweep: rustls 0",
    );
    run(
        &folder,
        &[
            PATTERN,
            "--journal",
            "sweep.jsonl",
            "--resume",
            "--output",
            "resumed.json",
        ],
    );
    assert!(
        folder.read("whole.json") == folder.read("resumed.json"),
        "the reports differ"
    );
    let lines = |text: &str| {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    assert!(
        lines(&whole) == lines(&folder.read("sweep.jsonl")),
        "the journals differ"
    );
    // A finished one is read, not run.
    run(
        &folder,
        &[
            PATTERN,
            "--journal",
            "sweep.jsonl",
            "--resume",
            "--output",
            "read.json",
        ],
    );
    assert!(
        folder.read("whole.json") == folder.read("read.json"),
        "the reports differ"
    );
}

#[test]
fn a_line_of_a_journal_that_somebody_edited_is_named() {
    let folder = Folder::new();
    run(&folder, &[PATTERN, "--journal", "sweep.jsonl"]);
    let whole = folder.read("sweep.jsonl");
    let tried = whole.find("{\"tried\"").expect("a scenario");
    let place = tried + whole[tried..].find("\"id\":\"").expect("an id") + 6;
    let mut other = whole.clone();
    let digit = if &whole[place..=place] == "0" {
        "1"
    } else {
        "0"
    };
    other.replace_range(place..=place, digit);
    for (text, told) in [
        (
            whole.replacen("\"tried\"", "\"tired\"", 1),
            "unknown variant `tired`",
        ),
        (
            whole.replacen("\"outcome\":0", "\"outcome\":99999", 1),
            "outcome 99999 is not further up",
        ),
        (
            whole.replacen("\"form\":1", "\"form\":7", 1),
            "a journal of form 7; this reads 1",
        ),
        (
            whole.replacen(
                "\"interrupted\":false",
                "\"interrupted\":false,\"shard\":{\"number\":2,\"of\":0}",
                1,
            ),
            "there is no shard 2/0",
        ),
        (
            whole.replacen(
                "\"interrupted\":false",
                "\"interrupted\":false,\"shard\":{\"number\":1,\"of\":18446744073709551615}",
                1,
            ),
            "shard 2/18446744073709551615, 3/",
        ),
        (other, "it was written by another build of shakedown"),
        (format!("{whole}{whole}"), "a line after the last"),
    ] {
        folder.write("edited.jsonl", &text);
        assert_fault(&shakedown(&folder, &["merge", "edited.jsonl"]), told);
    }
}

#[test]
fn a_part_may_have_nothing_and_the_whole_may_not() {
    let folder = Folder::new();
    let one = "table/groups/x25519/openssl->openssl";
    run(&folder, &[one, "--output", "whole.json"]);
    for part in ["1/2", "2/2"] {
        let journal = format!("part-{}.jsonl", &part[..1]);
        run(&folder, &[one, "--shard", part, "--journal", &journal]);
    }
    let parts = ["part-1.jsonl", "part-2.jsonl"];
    let sizes = parts.map(|part| folder.read(part).matches("{\"tried\"").count());
    assert_eq!(sizes.iter().sum::<usize>(), 1, "{sizes:?}");
    let args = [&["merge", "--output", "merged.json"], &parts[..]].concat();
    let output = shakedown(&folder, &args);
    assert_eq!(status(&output), exit::AGREE, "{output:?}");
    assert!(
        folder.read("whole.json") == folder.read("merged.json"),
        "the reports differ"
    );
}

#[test]
fn nothing_that_was_there_is_lost_to_a_mistake() {
    let folder = Folder::new();
    folder.report("good.json");
    run(&folder, &[PATTERN, "--journal", "sweep.jsonl"]);
    folder.write("keep.jsonl", "precious");
    let (good, sweep) = (folder.read("good.json"), folder.read("sweep.jsonl"));
    let some = |args: &[&'static str]| [&SOME[..], &[PATTERN], args].concat();
    for (args, told) in [
        (
            some(&["--record", "keep.jsonl", "--known", "no-such.json"]),
            "no-such.json",
        ),
        (
            some(&["--record", "keep.jsonl", "--journal", "sweep.jsonl"]),
            "it is there already",
        ),
        (
            some(&[
                "--journal",
                "sweep.jsonl",
                "--resume",
                "--record",
                "sweep.jsonl",
            ]),
            "--record sweep.jsonl: the same file as --journal",
        ),
        (
            some(&[
                "--journal",
                "sweep.jsonl",
                "--resume",
                "--output",
                "sweep.jsonl",
            ]),
            "--output sweep.jsonl: the same file as --journal",
        ),
        (
            vec!["merge", "sweep.jsonl", "--output", "sweep.jsonl"],
            "--output sweep.jsonl: the same file as a journal",
        ),
        (
            vec!["diff", "good.json", "good.json", "--output", "good.json"],
            "--output good.json: the same file as OLD",
        ),
        (
            vec![
                "run",
                "--random",
                "18446744073709551615",
                "--filter",
                "random/*",
            ],
            "18446744073709551615 random scenarios are more than",
        ),
    ] {
        assert_fault(&shakedown(&folder, &args), told);
        assert_eq!(folder.read("keep.jsonl"), "precious", "{args:?}");
        assert!(folder.read("good.json") == good, "{args:?}");
        assert!(folder.read("sweep.jsonl") == sweep, "{args:?}");
    }
}

#[test]
fn a_report_without_stacks_gives_no_panic() {
    let folder = Folder::new();
    folder.report("old.json");
    let mut report = Report::from_json(&folder.read("old.json")).expect("a report");
    report.stacks.clear();
    report.request.random = usize::MAX;
    let results = report.results.as_mut().expect("results");
    for group in &mut results.groups {
        group.verdict = shakedown_matrix::report::results::VerdictKind::Stall;
    }
    folder.write("new.json", &report.to_json().expect("plain data"));
    let output = shakedown(&folder, &["diff", "old.json", "new.json"]);
    assert_eq!(status(&output), exit::AGREE, "{output:?}");
    assert!(stdout(&output).contains("one of them, "), "{output:?}");
}

#[test]
fn a_bad_shard_is_told() {
    let folder = Folder::new();
    for shard in ["0/3", "4/3", "1", "a/b", "1/0"] {
        let args = [&SOME[..], &[PATTERN, "--shard", shard]].concat();
        assert_fault(&shakedown(&folder, &args), "give K/N with K from 1 to N");
    }
    let args = [&SOME[..], &[PATTERN, "--resume"]].concat();
    assert_fault(&shakedown(&folder, &args), "--journal");
}

#[test]
fn shells_and_manuals_know_every_command() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish"] {
        let output = shakedown(&folder, &["completions", shell]);
        assert_eq!(status(&output), exit::AGREE);
        assert!(stdout(&output).contains("--fail-on") || stdout(&output).contains("fail-on"));
    }
    let output = shakedown(&folder, &["man", "--output", "pages"]);
    assert_eq!(status(&output), exit::AGREE, "{output:?}");
    for page in [
        "shakedown.1",
        "shakedown-run.1",
        "shakedown-diff.1",
        "shakedown-merge.1",
    ] {
        assert!(folder.path("pages").join(page).is_file(), "{page}");
    }
    assert!(stdout(&shakedown(&folder, &["man"])).contains(".TH shakedown 1"));
}

/// A folder of one test's own.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("written");
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("a file")
    }

    fn report(&self, name: &str) -> PathBuf {
        run(self, &[PATTERN, "--output", name]);
        self.path(name)
    }
}

/// A run that ends well.
fn run(folder: &Folder, args: &[&str]) {
    let output = shakedown(folder, &[&SOME[..], args].concat());
    assert_eq!(status(&output), exit::AGREE, "{args:?} {output:?}");
}

fn shakedown(folder: &Folder, args: &[&str]) -> Output {
    let program: &Path = env!("CARGO_BIN_EXE_shakedown").as_ref();
    Command::new(program)
        .args(args)
        .current_dir(folder.0.path())
        .output()
        .expect("it starts")
}

fn status(output: &Output) -> u8 {
    let code = output.status.code().expect("no signal");
    u8::try_from(code).expect("a status")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// One line, which says this, and status 2.
fn assert_fault(output: &Output, told: &str) {
    let text = String::from_utf8(output.stderr.clone()).expect("UTF-8");
    assert_eq!(status(output), exit::USAGE, "{text}");
    assert!(text.contains(told), "{told}: {text}");
    assert_eq!(text.lines().count(), 1, "{text}");
}
