#![no_main]

shakedown_fuzz::target!("certificate");
