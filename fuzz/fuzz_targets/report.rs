#![no_main]

shakedown_fuzz::target!("report");
