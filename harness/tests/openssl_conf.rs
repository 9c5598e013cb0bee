//! No configuration file of the host's reaches the OpenSSL that is under test.
//!
//! OpenSSL reads its configuration once in a process; so each look is a process of its own.

#![cfg(feature = "openssl")]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::{env, fs};

use shakedown::connection::{Connection, Stack};
use shakedown::identity::Identities;
use shakedown::profile::{ClientProfile, ServerProfile};
use shakedown::stacks::openssl::OpenSsl;

#[test]
fn the_hosts_configuration_changes_nothing() {
    assert_eq!(
        negotiated_in("sees_nothing_of_the_host"),
        "TLS_AES_256_GCM_SHA384 X25519MLKEM768"
    );
}

/// Were the configuration file without effect on its own, the other test would show nothing.
#[test]
fn a_program_that_used_openssl_before_has_loaded_it() {
    assert_eq!(
        negotiated_in("comes_too_late"),
        "TLS_AES_128_GCM_SHA256 secp521r1"
    );
}

#[test]
#[ignore = "a child process's part"]
fn sees_nothing_of_the_host() {
    handshake();
}

#[test]
#[ignore = "a child process's part"]
fn comes_too_late() {
    openssl::init();
    handshake();
}

/// Runs one of the tests above in a process with a configuration file, and reads what it prints.
fn negotiated_in(test: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}.cnf"));
    fs::write(&path, CONFIGURATION).expect("a writable target directory");
    let output = Command::new(env::current_exe().expect("a path"))
        .args([test, "--exact", "--ignored", "--nocapture"])
        .env("OPENSSL_CONF", &path)
        .output()
        .expect("a child process");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}");
    let line = printed.lines().find_map(|line| line.split_once(MARK));
    line.expect("a line with the mark").1.to_owned()
}

/// Prints what two plain profiles agree on.
fn handshake() {
    let stack = OpenSsl::new(Arc::new(Identities::new()));
    let client = stack.client(&ClientProfile::default()).expect("a client");
    let server = stack.server(&ServerProfile::default()).expect("a server");
    let mut client = client.connect().expect("a connection");
    let mut server = server.connect().expect("a connection");
    client.advance();
    for _ in 0..5 {
        carry(&mut *client, &mut *server);
        carry(&mut *server, &mut *client);
    }
    assert!(client.is_established(), "{:?}", client.failure());
    let session = client.session();
    println!(
        "{MARK}{} {}",
        session.suite,
        session.group.expect("a group")
    );
}

fn carry(from: &mut dyn Connection, to: &mut dyn Connection) {
    let mut bytes = Vec::new();
    from.transmit(&mut bytes);
    if !bytes.is_empty() {
        to.receive(&bytes);
    }
}

const MARK: &str = "negotiated: ";

const CONFIGURATION: &str = "\
openssl_conf = library
[library]
ssl_conf = modules
[modules]
system_default = restrictive
[restrictive]
MinProtocol = TLSv1.3
Ciphersuites = TLS_AES_128_GCM_SHA256
Groups = P-521
";
