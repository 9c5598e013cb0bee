#![no_main]

shakedown_fuzz::target!("server_flight");
