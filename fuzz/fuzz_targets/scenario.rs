#![no_main]

shakedown_fuzz::target!("scenario");
