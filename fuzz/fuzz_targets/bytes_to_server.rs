#![no_main]

shakedown_fuzz::target!("bytes_to_server");
