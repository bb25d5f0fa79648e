//! Meters in the order of preference: who answers, who rests, who is not believed.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use energy::Power;
use energy::meter::Channel;

use super::super::{About, Chain, Look, Meter, MeterError, Scope};

/// A meter whose answer the test sets: watts, or none.
struct Puppet {
    watts: Arc<Mutex<Option<i64>>>,
    asked: Arc<AtomicU32>,
}

impl Meter for Puppet {
    fn read(&mut self) -> Result<Vec<Channel>, MeterError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let watts = self.watts.lock().unwrap().ok_or_else(|| MeterError::Missing("unplugged".into()))?;
        Ok(vec![Channel::power(Power::watts(watts))])
    }

    fn about(&self) -> About {
        About { name: "puppet".into(), scope: Scope::Socket, uncertainty_permille: 0, pace: Duration::ZERO }
    }
}

type Strings = (Arc<Mutex<Option<i64>>>, Arc<AtomicU32>);

fn puppets(permille: [u32; 2]) -> (Chain, Vec<Strings>) {
    let strings: Vec<Strings> = (0..2).map(|_| (Arc::new(Mutex::new(Some(100))), Arc::default())).collect();
    let meters = strings.iter().zip(permille).map(|((watts, asked), permille)| {
        let meter: Box<dyn Meter> = Box::new(Puppet { watts: watts.clone(), asked: asked.clone() });
        (meter, permille)
    });
    (Chain::new(meters.collect()), strings)
}

fn answer(look: &Look) -> Option<(u16, i64)> {
    let (source, channels) = look.answer.as_ref()?;
    Some((*source, channels[0].power?.0 / 1000))
}

#[test]
fn the_preferred_one_comes_back() {
    let (mut chain, strings) = puppets([1000, 1800]);
    let start = Instant::now();
    let at = |seconds: u64| start + Duration::from_secs(seconds);
    assert_eq!(answer(&chain.read(at(0))), Some((0, 100)));
    *strings[0].0.lock().unwrap() = None;
    let look = chain.read(at(1));
    assert_eq!((answer(&look), look.failures.len()), (Some((1, 180)), 1));
    assert_eq!(look.failures[0].error.to_string(), "unplugged");
    // It rests: nobody waits for it at each look.
    let before = strings[0].1.load(Ordering::Relaxed);
    for second in 2..11 {
        assert_eq!(answer(&chain.read(at(second))), Some((1, 180)));
    }
    assert_eq!(strings[0].1.load(Ordering::Relaxed), before);
    // A day unplugged is a few hundred tries.
    for second in 11..86_400 {
        chain.read(at(second));
    }
    assert!(strings[0].1.load(Ordering::Relaxed) < 300);
    *strings[0].0.lock().unwrap() = Some(90);
    assert!((86_400..86_701).any(|second| answer(&chain.read(at(second))) == Some((0, 90))));
    // Nobody left.
    *strings[0].0.lock().unwrap() = None;
    *strings[1].0.lock().unwrap() = None;
    let look = chain.read(at(90_000));
    assert_eq!((answer(&look), look.failures.len()), (None, 2));
}

#[test]
fn one_that_talks_nonsense_is_left_alone() {
    let (mut chain, strings) = puppets([1000, 1000]);
    let now = Instant::now();
    *strings[0].0.lock().unwrap() = Some(10_000_000);
    let mut rested = 0;
    for _ in 0..5 {
        assert_eq!(answer(&chain.read(now)), Some((0, 10_000_000)));
        rested += u32::from(chain.judge(0, true, now));
    }
    assert_eq!(rested, 1);
    assert_eq!(answer(&chain.read(now)), Some((1, 100)));
    assert!(!chain.judge(1, false, now));
    assert!(!chain.judge(7, true, now));
    assert_eq!(chain.about().count(), 2);
}
