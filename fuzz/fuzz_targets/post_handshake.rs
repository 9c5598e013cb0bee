#![no_main]

shakedown_fuzz::target!("post_handshake");
