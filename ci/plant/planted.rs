//! The switch of the mutants planted in this copy, and their trial against a recording. `ci/mutants` puts it among
//! the sources that it plants mutants in.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Which mutant is on: 0 is none, and at first it is what the environment's PLANTED says.
static NOW: AtomicUsize = AtomicUsize::new(UNKNOWN);
const UNKNOWN: usize = usize::MAX;

/// How often a mutant may still be asked for. One thread alone tries mutants.
static LEFT: AtomicUsize = AtomicUsize::new(usize::MAX);

/// At which scenario each mutant was last asked for while none was on. Where none is asked for, it makes no
/// difference.
static REACHED: [AtomicUsize; MOST] = [const { AtomicUsize::new(0) }; MOST];
static SCENARIO: AtomicUsize = AtomicUsize::new(0);
const MOST: usize = 20_000;

pub(crate) fn is(number: usize) -> bool {
    now(&[number]) == number
}

/// The mutant that is on; the place that asks is changed by these alone.
pub(crate) fn now(numbers: &[usize]) -> usize {
    let now = match NOW.load(Relaxed) {
        UNKNOWN => {
            let told = std::env::var("PLANTED").ok();
            let now = told.map_or(0, |told| told.parse().expect("PLANTED is a number"));
            NOW.store(now, Relaxed);
            now
        }
        now => now,
    };
    if now == 0 {
        let scenario = SCENARIO.load(Relaxed);
        for number in numbers {
            REACHED[*number].store(scenario, Relaxed);
        }
    } else {
        let left = LEFT.load(Relaxed);
        assert!(left > 0, "this mutant never ends");
        LEFT.store(left - 1, Relaxed);
    }
    now
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs::{self, File, OpenOptions};
    use std::io::{self, BufRead, BufReader, Write};
    use std::panic::{self, AssertUnwindSafe};
    use std::sync::atomic::Ordering::Relaxed;
    use std::sync::mpsc::{self, RecvTimeoutError};
    use std::time::Duration;
    use std::{env, process, thread};

    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use serde_json::Value;
    use shakedown::link::{Act, At};
    use shakedown::outcome::Outcome;
    use shakedown::scenario::Scenario;

    use super::{LEFT, NOW, REACHED, SCENARIO};
    use crate::model::predict;
    use crate::recording;
    use crate::verdict::{Verdict, judge};

    /// A scenario, and what came of it.
    struct Went {
        scenario: Scenario,
        outcome: Outcome,
        verdict: Verdict,
        allowed: usize,
    }

    fn number(name: &str) -> usize {
        let text = env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is no number: {text}"))
    }

    /// Takes the numbers of PLANTED_ALIVE, and writes to PLANTED_CAUGHT, line by line, "begin NUMBER" and "caught
    /// NUMBER", so that it is known whose fault it was if this ends early; tries each with the scenarios of
    /// SHAKEDOWN_RECORDED from PLANTED_FROM on, up to PLANTED_TO, and writes "done COUNT" after some of them. Ends with
    /// [`BROKEN`] if a scenario does not go as recorded without a mutant, and with [`LATE`] if a mutant never ends.
    #[test]
    fn the_recording_catches_them() {
        let Ok(caught) = env::var("PLANTED_CAUGHT") else {
            return;
        };
        let (from, to) = (number("PLANTED_FROM"), number("PLANTED_TO"));
        let alive = env::var("PLANTED_ALIVE").expect("PLANTED_ALIVE names a file");
        let alive = BufReader::new(File::open(alive).expect("it can be read"));
        // With each of them, the places among some scenarios that ask for it.
        let mut alive: BTreeMap<usize, Vec<usize>> = alive
            .lines()
            .map(|line| line.expect("text").parse().expect("a number"))
            .map(|mutant| (mutant, Vec::new()))
            .collect();
        let mut out = OpenOptions::new()
            .append(true)
            .create(true)
            .open(caught)
            .expect("opens");
        let path = env::var("SHAKEDOWN_RECORDED").expect("SHAKEDOWN_RECORDED names a file");
        let text = fs::read_to_string(path).expect("the recording can be read");
        let mut place = 0;
        let text: String = text
            .split_inclusive('\n')
            .filter(|line| {
                let went = line.starts_with("{\"went\"");
                place += usize::from(went);
                !went || (place > from && place <= to)
            })
            .collect();
        panic::set_hook(Box::new(|_| ()));
        let alarm = watch();
        let (mut seen, mut some) = (from, Vec::new());
        let mut size = 500;
        let mut tell = |line: String| writeln!(out, "{line}").expect("written");
        let mut go = |some: &mut Vec<Went>, seen: usize| {
            for (place, went) in some.iter().enumerate() {
                SCENARIO.store(place + 1, Relaxed);
                if !agrees(went) {
                    // What is printed by macros goes with the test.
                    let json = went.scenario.to_json();
                    let told = "it does not go as recorded without a mutant";
                    let _ = writeln!(io::stderr(), "{told}: {json}");
                    process::exit(BROKEN);
                }
                let _ = alarm.send(());
                for (mutant, places) in &mut alive {
                    if REACHED[*mutant].load(Relaxed) == place + 1 {
                        places.push(place);
                    }
                }
            }
            SCENARIO.store(0, Relaxed);
            REACHED.iter().for_each(|reached| reached.store(0, Relaxed));
            alive.retain(|mutant, places| {
                tell(format!("begin {mutant}"));
                let _ = alarm.send(());
                let agree = try_with(*mutant, places.drain(..).map(|place| &some[place]));
                if !agree {
                    tell(format!("caught {mutant}"));
                }
                agree
            });
            tell(format!("done {seen}"));
            some.clear();
        };
        NOW.store(0, Relaxed);
        recording::read(&text, |scenario, outcome, verdict, allowed| {
            seen += 1;
            some.push(Went {
                scenario: scenario.clone(),
                outcome: outcome.clone(),
                verdict: verdict.clone(),
                allowed,
            });
            if some.len() == size {
                go(&mut some, seen);
                size = 10_000;
            }
        })
        .expect("a recording");
        go(&mut some, seen);
    }

    /// Prints the first scenarios of SHAKEDOWN_RECORDED, at most PLANTED_TO, that ask for the mutant of PLANTED_ASKED.
    #[test]
    fn which_ask_for_it() {
        if env::var_os("PLANTED_ASKED").is_none() {
            return;
        }
        let asked = number("PLANTED_ASKED");
        let most = env::var("PLANTED_TO").map_or(10, |most| most.parse().expect("a number"));
        let path = env::var("SHAKEDOWN_RECORDED").expect("SHAKEDOWN_RECORDED names a file");
        let text = fs::read_to_string(path).expect("the recording can be read");
        NOW.store(0, Relaxed);
        let (mut seen, mut found) = (0, 0);
        recording::read(&text, |scenario, _, _, _| {
            seen += 1;
            SCENARIO.store(seen, Relaxed);
            predict(scenario);
            if REACHED[asked].load(Relaxed) == seen {
                found += 1;
                if found <= most {
                    println!("{}", scenario.to_json());
                }
            }
        })
        .expect("a recording");
        println!("{found} of {seen} scenarios ask for it");
    }

    /// Looks for scenarios that would catch those of PLANTED_HUNTED: those recorded that ask for one, with the link or
    /// the profiles of another, or another place or number in what the link does. Prints "NUMBER<TAB>SCENARIO", without
    /// what can be left out; PLANTED_TO says how many it tries for each, PLANTED_FROM is the seed.
    #[test]
    fn hunt() {
        let Ok(alive) = env::var("PLANTED_HUNTED") else {
            return;
        };
        let text = fs::read_to_string(alive).expect("it can be read");
        let mut asking: BTreeMap<usize, Vec<Scenario>> = text
            .lines()
            .map(|line| (line.parse().expect("a number"), Vec::new()))
            .collect();
        let path = env::var("SHAKEDOWN_RECORDED").expect("SHAKEDOWN_RECORDED names a file");
        let recorded = fs::read_to_string(path).expect("the recording can be read");
        panic::set_hook(Box::new(|_| ()));
        NOW.store(0, Relaxed);
        let mut random = ChaCha8Rng::seed_from_u64(number("PLANTED_FROM") as u64);
        let (mut seen, mut pool) = (0, Vec::new());
        recording::read(&recorded, |scenario, _, _, _| {
            seen += 1;
            SCENARIO.store(seen, Relaxed);
            predict(scenario);
            for (mutant, some) in &mut asking {
                let asked = REACHED[*mutant].load(Relaxed) == seen;
                if asked && (some.len() < 100 || random.random_range(0..50) == 0) {
                    some.push(scenario.clone());
                }
            }
            if seen < 20_000 || random.random_range(0..20) == 0 {
                pool.push(scenario.clone());
            }
        })
        .expect("a recording");
        SCENARIO.store(0, Relaxed);
        let told = |scenario: &Scenario| {
            panic::catch_unwind(AssertUnwindSafe(|| {
                let prediction = predict(scenario);
                let allowed = prediction.allowed();
                // Of one that allows more it is not known which comes.
                let only = (allowed.len() <= 1).then(|| format!("{allowed:?}"));
                (allowed.len(), only)
            }))
            .ok()
        };
        let differs = |mutant: usize, scenario: &Scenario| {
            let own = told(scenario);
            NOW.store(mutant, Relaxed);
            LEFT.store(ENOUGH, Relaxed);
            let other = told(scenario);
            NOW.store(0, Relaxed);
            LEFT.store(usize::MAX, Relaxed);
            own != other
        };
        // The test's name stands on this line.
        println!();
        for (mutant, some) in asking.iter().filter(|(_, some)| !some.is_empty()) {
            for _ in 0..number("PLANTED_TO") {
                let mut scenario = some[random.random_range(0..some.len())].clone();
                let other = &pool[random.random_range(0..pool.len())];
                match random.random_range(0..8) {
                    0 => scenario.link = other.link.clone(),
                    1 => {
                        let link = scenario.link.clone();
                        scenario = other.clone();
                        scenario.link = link;
                    }
                    2 => scenario.client = other.client.clone(),
                    3 => scenario.server = other.server.clone(),
                    4 => scenario.earlier = other.earlier.clone(),
                    _ => vary(&mut scenario, &mut random),
                }
                if differs(*mutant, &scenario) {
                    let json = smaller(scenario.to_json(), |scenario| differs(*mutant, scenario));
                    println!("{mutant}\t{json}");
                    break;
                }
            }
        }
    }

    /// Leaves out what can be, as long as it still goes otherwise.
    fn smaller(mut json: String, differs: impl Fn(&Scenario) -> bool) -> String {
        'again: loop {
            let whole: Value = serde_json::from_str(&json).expect("it is JSON");
            let mut places = Vec::new();
            list(&whole, String::new(), &mut places);
            for (object, key) in places {
                let mut less = whole.clone();
                less.pointer_mut(&object)
                    .and_then(Value::as_object_mut)
                    .expect("it was listed")
                    .remove(&key);
                if let Ok(scenario) = Scenario::from_json(&less.to_string())
                    && scenario.to_json().len() < json.len()
                    && differs(&scenario)
                {
                    json = scenario.to_json();
                    continue 'again;
                }
            }
            return json;
        }
    }

    /// All keys, each with the pointer of its object.
    fn list(value: &Value, at: String, found: &mut Vec<(String, String)>) {
        for (key, inner) in value.as_object().into_iter().flatten() {
            found.push((at.clone(), key.clone()));
            list(inner, format!("{at}/{key}"), found);
        }
    }

    /// Another place or number in what the link does.
    fn vary(scenario: &mut Scenario, random: &mut ChaCha8Rng) {
        let mut number = |below: u32| random.random_range(0..below);
        let Some(op) = scenario.link.ops.first_mut() else {
            return;
        };
        match number(3) {
            0 => op.at = At::Record(number(9)),
            1 => op.from = op.from.peer(),
            _ => {}
        }
        let length = [
            1, 2, 3, 4, 5, 6, 16, 40, 64, 100, 200, 256, 300, 500, 700, 900, 1200,
        ][number(17) as usize];
        let some = i32::try_from(length).expect("it is small");
        match &mut op.act {
            Act::Fragment(by) | Act::Split(by) | Act::Stall(by) | Act::Cut(by) | Act::Close(by) => {
                *by = length;
            }
            Act::Length(by) => *by = if number(2) == 0 { some } else { -some },
            Act::Body(flip) => {
                flip.at = number(2000).try_into().expect("it is small");
                flip.bits = 1 << number(8);
            }
            Act::Field(flip) => {
                flip.at = i32::try_from(number(6)).expect("it is small") - 2;
                flip.bits = 1 << number(8);
            }
            _ => {}
        }
    }

    fn try_with<'a>(mutant: usize, mut some: impl Iterator<Item = &'a Went>) -> bool {
        NOW.store(mutant, Relaxed);
        let agree = some.all(|went| {
            LEFT.store(ENOUGH, Relaxed);
            panic::catch_unwind(AssertUnwindSafe(|| agrees(went))).unwrap_or(false)
        });
        NOW.store(0, Relaxed);
        LEFT.store(usize::MAX, Relaxed);
        agree
    }

    fn agrees(went: &Went) -> bool {
        let prediction = predict(&went.scenario);
        judge(&prediction, &went.outcome) == went.verdict
            && prediction.allowed().len() == went.allowed
    }

    /// Ends the process if it is not told for long that there is progress.
    fn watch() -> mpsc::Sender<()> {
        let (alarm, told) = mpsc::channel();
        thread::spawn(move || {
            loop {
                match told.recv_timeout(LONG) {
                    Ok(()) => {}
                    Err(RecvTimeoutError::Timeout) => process::exit(LATE),
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        });
        alarm
    }

    const BROKEN: i32 = 3;
    /// As `timeout` has it.
    const LATE: i32 = 124;
    /// Scenarios ask some ten thousand times.
    const ENOUGH: usize = 20_000_000;
    /// Ten thousand scenarios take a second.
    const LONG: Duration = Duration::from_secs(180);
}
