//! Whether `ci/plant/try` tells apart what is noticed, what never ends and what survives, of a program that stands in
//! for the tests.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Told by number: 1 is caught by the recording, 2 ends the program there and 3 never ends there; a unit test notices
/// 4, and 5 never ends in one; 6 is noticed by nothing, 7 by the tests of covering arrays alone, and 8 by a unit test
/// alone. A recording that is asked for 7 or 8 is broken.
const PROGRAM: &str = r#"#!/usr/bin/env bash
if [ "$1" = planted::tests::the_recording_catches_them ]; then
    while read -r number; do
        echo "begin $number" >>"$PLANTED_CAUGHT"
        case $number in
            1) echo "caught $number" >>"$PLANTED_CAUGHT" ;;
            2) exit 101 ;;
            3) exit 124 ;;
            7 | 8) exit 3 ;;
        esac
    done <"$PLANTED_ALIVE"
    echo "done $PLANTED_TO" >>"$PLANTED_CAUGHT"
    [ "$FAULT" != after ] || exit 101
    exit
fi
[ "$FAULT$PLANTED" != unit0 ] || { echo 'test sound ... FAILED'; exit 101; }
case $PLANTED in
    4 | 8) echo 'test sound ... FAILED'; exit 101 ;;
    5) while :; do :; done ;;
    7) [ "$1" != cover:: ] || { echo 'test cover ... FAILED'; exit 101; } ;;
esac
"#;

const PLANTED: &str = "1\tmodel\tone\n2\tmodel\ttwo\n3\tmodel\tthree\n4\tmodel\tfour\n5\tmodel\tfive\n6\tmodel\tsix\n\
    7\tcover\tseven\n8\ttold\teight\n";

#[test]
fn noticed_late_and_missed_are_told_apart() {
    let place = place("apart");
    let output = run(&place, "");
    assert!(output.status.success(), "{output:?}");
    let names = |file: &str| {
        let text = fs::read_to_string(place.join("trial").join(file)).expect("written");
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(names("caught"), ["one", "two", "four", "seven", "eight"]);
    assert_eq!(names("timeout"), ["three", "five"]);
    assert_eq!(names("missed"), ["six"]);
}

#[test]
fn tests_that_fail_by_themselves_are_an_error() {
    let output = run(&place("unit"), "unit");
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("test sound ... FAILED"), "{told}");
    assert!(
        told.ends_with("the unit tests fail without a mutant\n"),
        "{told}"
    );
}

#[test]
fn a_recording_that_ends_between_mutants_is_an_error() {
    let output = run(&place("after"), "after");
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        told.contains("the recording cannot be tried: status 101"),
        "{told}"
    );
}

/// A folder of one test's own, with the program in it.
fn place(name: &str) -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&place).expect("made");
    let program = place.join("program");
    fs::write(&program, PROGRAM).expect("written");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("set");
    fs::write(place.join("planted"), PLANTED).expect("written");
    place
}

fn run(place: &Path, fault: &str) -> Output {
    Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/try"))
        .arg(place.join("program"))
        .arg(place.join("planted"))
        .arg(place.join("trial"))
        .env("FAULT", fault)
        .env("PLANTED_PATIENCE", "4")
        .env("SHAKEDOWN_RECORDED", "none")
        .output()
        .expect("it runs")
}
