#![no_main]

shakedown_fuzz::target!("client_hello");
