#![no_main]

shakedown_fuzz::target!("man_in_the_middle");
