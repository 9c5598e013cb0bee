//! What a list of exceptions says, and how a bad one is refused.

use super::*;
use shakedown::connection::Role;

#[test]
fn the_built_in_list_reads() {
    let known = Known::built_in(&Axes::new()).expect("the built-in list reads");
    assert_eq!(known.file, "matrix/known.json");
}

#[test]
fn an_entry_explains_only_what_it_declares() {
    let axes = Axes::new();
    let known = read(ENTRY);
    let point = at(
        &axes,
        &[("client.stack", "openssl"), ("client.trust", "leaf")],
    );
    let entry = known
        .about(&axes, &axes.scenario(&point), Some(&point))
        .expect("its scenario");
    let difference = Difference {
        side: Some(Role::Client),
        field: Field::End,
        expected: "x".into(),
        actual: "y".into(),
    };
    assert!(entry.explains(&Verdict::Diverge(vec![difference.clone()])));
    assert!(!entry.explains(&Verdict::Agree));
    assert!(!entry.explains(&Verdict::Diverge(vec![difference.clone(), difference])));
}

#[test]
fn the_order_of_differences_does_not_matter() {
    let second = r#"{"side":"server","field":"established","expected":"true","actual":"false"}"#;
    let both = ENTRY.replace("\"y\"}]", &format!("\"y\"}},{second}]"));
    let mut differences = read(&both).entries[0].differences.clone();
    assert_eq!(differences.len(), 2);
    for _ in 0..2 {
        differences.reverse();
        let verdict = Verdict::Diverge(differences.clone());
        assert!(read(&both).entries[0].explains(&verdict));
    }
    let twice = vec![differences[0].clone(); 2];
    assert!(!read(&both).entries[0].explains(&Verdict::Diverge(twice)));
}

#[test]
fn an_entry_that_an_earlier_one_leaves_nothing_is_refused() {
    let linked = [stack(StackId::Openssl, "3.6.3")];
    let entry = ENTRY[2..ENTRY.len() - 1].to_owned();
    let general = entry
        .replace("\"a\"", "\"b\"")
        .replace("\"client.trust\":\"leaf\"", "");
    let list = |entries: [&String; 2]| {
        let list = format!("[\n{},\n{}]", entries[0], entries[1]);
        read(&list)
            .for_stacks(&linked)
            .map(|known| known.entries.len())
    };
    assert_eq!(list([&entry, &general]), Ok(2));
    let error = list([&general, &entry]).expect_err("nothing is left");
    let (id, by) = ("a".into(), "b".into());
    assert_eq!(
        (error.line, error.fault),
        (5, KnownFault::Hidden { id, by, line: 2 })
    );
    // Of another version, it leaves everything; of another client, too.
    let old = general.replace("\"reason\"", "\"versions\":{\"openssl\":\"<3\"},\"reason\"");
    assert_eq!(list([&old, &entry]), Ok(1));
    let rustls = general.replace("\"openssl\"", "\"rustls-ring\"");
    assert_eq!(list([&rustls, &entry]), Ok(2));
    // The client may be named as an axis as well.
    let axis = general.replace(
        "\"client\":\"openssl\",\"axes\":{",
        "\"axes\":{\"client.stack\":\"openssl\"",
    );
    assert!(list([&axis, &entry]).is_err());
}

#[test]
fn an_entry_is_about_its_stacks_and_values_only() {
    let axes = Axes::new();
    let known = read(&ENTRY.replace("\"axes\"", "\"server\":\"rustls-ring\",\"axes\""));
    let is_about = |client, server, trust| {
        let point = at(
            &axes,
            &[
                ("client.stack", client),
                ("server.stack", server),
                ("client.trust", trust),
            ],
        );
        let scenario = axes.scenario(&point);
        assert_eq!(known.about(&axes, &scenario, None), None);
        known.about(&axes, &scenario, Some(&point)).is_some()
    };
    assert!(is_about("openssl", "rustls-ring", "leaf"));
    assert!(!is_about("rustls-ring", "rustls-ring", "leaf"));
    assert!(!is_about("openssl", "openssl", "leaf"));
    assert!(!is_about("openssl", "rustls-ring", "roots"));
}

#[test]
fn an_entry_that_nothing_came_under_is_told_with_its_place() {
    let known = read(ENTRY);
    let stacks = [
        (StackId::RustlsRing, StackId::Openssl),
        (StackId::Openssl, StackId::Openssl),
    ];
    let unmet = known.unmet(&BTreeSet::new(), &stacks).expect("unmet");
    assert_eq!(known.place(unmet), "known.json:2");
    assert_eq!(known.unmet(&BTreeSet::from(["a".into()]), &stacks), None);
    // What it is about takes no part.
    assert_eq!(known.unmet(&BTreeSet::new(), &stacks[..1]), None);
    let known = read(
        &ENTRY
            .replace("\"client.trust\"", "\"server.stack\"")
            .replace("leaf", "rustls-ring"),
    );
    assert_eq!(known.unmet(&BTreeSet::new(), &stacks), None);
    let swapped = stacks.map(|(client, server)| (server, client));
    assert!(known.unmet(&BTreeSet::new(), &swapped).is_some());
}

#[test]
fn bad_lists_are_refused_with_line_and_remedy() {
    let says = |json: &str, place: &str, message: &str| {
        let error = Known::from_json("known.json", json, &Axes::new())
            .expect_err("bad")
            .to_string();
        assert!(
            error.starts_with(&format!("known.json:{place}: ")),
            "{error}"
        );
        assert!(error.contains(message), "{error}");
        assert!(!error.contains(" at line "), "{error}");
    };
    says("{}", "1", "invalid type: map, expected a sequence; mend it");
    says(&ENTRY.replace("[\n", "\n\n"), "3", "expected a sequence");
    let typo = ENTRY.replace("\"differences\"", "\"difference\"");
    says(
        &typo,
        "3",
        "difference: unknown field `difference`, expected one of",
    );
    let typo = ENTRY.replace("\"reason\"", "\"versions\":{\"gnutls\":\"*\"},\"reason\"");
    says(&typo, "4", "versions.gnutls: unknown field `gnutls`");
    let range = ENTRY.replace(
        "\"reason\"",
        "\"versions\":{\"openssl\":\"new\"},\"reason\"",
    );
    says(&range, "4", "versions.openssl: ");
    says("[\n\"a\"]", "2", "invalid type: string");
    says(&ENTRY.replace("leaf", "leave"), "2", "client.trust=leave");
    says(
        &ENTRY.replace("client.trust", "client.trusts"),
        "2",
        "shakedown axes",
    );
    says(
        &ENTRY.replace("\"r\"", "\" \""),
        "2",
        "nothing under \"reason\"",
    );
    says(
        &ENTRY.replace("https://example.org/1", ""),
        "2",
        "nothing under \"link\"",
    );
    says(&ENTRY.replace("\"a\"", "\"\""), "2", "nothing under \"id\"");
    let none = format!("{}[]{}", before(DIFFERENCES), after(DIFFERENCES));
    says(&none, "2", "nothing under \"differences\"");
    let field = |name: &str| ENTRY.replace("\"end\"", name);
    says(
        &field("\n\"ende\""),
        "4",
        "differences[0].field: no such field \"ende\"; there are established, end, ",
    );
    says(&field("7"), "3", "differences[0].field: invalid type");
    says(
        &field("\"known divergence\""),
        "2",
        "is about \"known divergence\", which no stack does; there are established, end, ",
    );
    says(
        &field("\"exporters agree\""),
        "2",
        "\"exporters agree\", which is of neither side alone; leave \"side\" out",
    );
    let sideless = ENTRY.replace("\"side\":\"client\",", "");
    says(
        &sideless,
        "2",
        "\"end\", which is of one side; add \"side\": \"client\" or \"server\"",
    );
    says(
        &ENTRY.replace("\"a\"", "\"a b\""),
        "2",
        "needs an id without white space; write hyphens",
    );
    says(
        &ENTRY.replace("https://", "ftp://"),
        "2",
        "the link \"ftp://example.org/1\", which is none; give the address",
    );
    says(
        &ENTRY.replace("\"y\"", "\"x\""),
        "2",
        "expects of \"end\" what it says happens; give the",
    );
    let again = ENTRY.replace("\"leaf\"", "\"leaf\",\n\"client.trust\":\"roots\"");
    says(
        &again,
        "3",
        "axes: the axis \"client.trust\" is there twice",
    );
    let value = ENTRY.replace("{\"client.trust\":\"leaf\"}", "[]");
    says(
        &value,
        "2",
        "axes: invalid type: sequence, expected values by axis",
    );
    let twice = format!("[\n\n{0},\n{0}]", &ENTRY[2..ENTRY.len() - 1]);
    says(&twice, "6", "\"a\" is in line 3 already");
}

#[test]
fn a_pattern_that_no_scenario_has_is_refused() {
    let fault = |json: &str| {
        Known::from_json("known.json", json, &Axes::new())
            .expect_err("bad")
            .fault
    };
    let contradictory = KnownFault::Contradictory("a".into());
    // OpenSSL cannot be given a resolver of certificates.
    let json = ENTRY
        .replace("client.trust", "client.loading")
        .replace("leaf", "resolver");
    assert_eq!(fault(&json), contradictory);
    let json = ENTRY
        .replace("client.trust", "client.stack")
        .replace("leaf", "rustls-ring");
    assert_eq!(fault(&json), contradictory);
}

#[test]
fn an_entry_outside_its_versions_does_not_apply() {
    let kept = |versions: &str, linked: &[StackInfo]| {
        let json = ENTRY.replace("\"reason\"", &format!("\"versions\":{versions},\"reason\""));
        let known = read(&json).for_stacks(linked)?;
        Ok::<_, KnownError>(!known.entries.is_empty())
    };
    let linked = [
        stack(StackId::RustlsRing, "0.23.46"),
        stack(StackId::Openssl, "3.6.3"),
    ];
    assert_eq!(kept("{}", &linked), Ok(true));
    assert_eq!(kept(r#"{"openssl":">=3.5, <4"}"#, &linked), Ok(true));
    assert_eq!(kept(r#"{"openssl":">=3.5, <3.6.3"}"#, &linked), Ok(false));
    assert_eq!(kept(r#"{"rustls":"=0.23.46"}"#, &linked), Ok(true));
    assert_eq!(kept(r#"{"rustls":"=0.23.45"}"#, &linked), Ok(false));
    let both = r#"{"openssl":"3","rustls":"0.22"}"#;
    assert_eq!(kept(both, &linked), Ok(false));
    assert_eq!(kept(r#"{"rustls":"*"}"#, &linked[1..]), Ok(false));
    let odd = [stack(StackId::Openssl, "3.6")];
    let error = kept(r#"{"openssl":"*"}"#, &odd).expect_err("odd");
    assert_eq!(
        (error.line, error.fault),
        (2, KnownFault::OddVersion("3.6".into()))
    );
    assert_eq!(kept("{}", &odd), Ok(true));
}

fn read(json: &str) -> Known {
    Known::from_json("known.json", json, &Axes::new()).expect("well-formed")
}

fn at(axes: &Axes, values: &[(&str, &str)]) -> Vec<usize> {
    let mut point = axes.plain();
    for (axis, value) in values {
        let index = axes.index(axis).expect("an axis");
        point[index] = axes.value(index, value).expect("a value");
    }
    point
}

fn stack(id: StackId, version: &str) -> StackInfo {
    StackInfo {
        id,
        name: String::new(),
        version: version.into(),
        crypto: String::new(),
    }
}

fn before(part: &str) -> &str {
    ENTRY.split_once(part).expect("a part").0
}

fn after(part: &str) -> &str {
    ENTRY.split_once(part).expect("a part").1
}

const ENTRY: &str = r#"[
{"id":"a","client":"openssl","axes":{"client.trust":"leaf"},
 "differences":[{"side":"client","field":"end","expected":"x","actual":"y"}],
 "reason":"r","link":"https://example.org/1"}]"#;
const DIFFERENCES: &str = r#"[{"side":"client","field":"end","expected":"x","actual":"y"}]"#;
