//! The meters of one machine in the order of preference: the first that answers is read, and who failed is left alone
//! for a while. Must not know what kind of meter any is, nor what time it is.

use std::time::{Duration, Instant};

use energy::meter::Channel;

use super::{About, Meter, MeterError};

/// A meter that failed is asked again after this,
const SHORTEST: Duration = Duration::from_secs(10);
/// then after twice as long, and so on up to this: a plug that is unplugged for a day costs one try in five minutes.
const LONGEST: Duration = Duration::from_secs(300);
/// Answers one after the other that cannot be true, before a meter counts as failed.
const ODD_ANSWERS: u32 = 5;

/// Meters in the order of preference.
pub struct Chain {
    links: Vec<Link>,
}

struct Link {
    meter: Box<dyn Meter>,
    scale_permille: u32,
    pause: Duration,
    rests_until: Option<Instant>,
    odd: u32,
}

/// One look at a machine.
#[derive(Debug, Default)]
pub struct Look {
    /// Which meter answered, by its place, and what.
    pub answer: Option<(u16, Vec<Channel>)>,
    /// Those that were asked before it and failed.
    pub failures: Vec<Failure>,
}

/// A meter that was asked in vain.
#[derive(Debug)]
pub struct Failure {
    /// Its place.
    pub source: u16,
    /// Its name.
    pub name: String,
    /// Why.
    pub error: MeterError,
}

impl Chain {
    /// Meters in the order of preference, each with the thousandths by which its figures are multiplied.
    pub fn new(meters: Vec<(Box<dyn Meter>, u32)>) -> Self {
        let link = |(meter, scale_permille)| Link { meter, scale_permille, pause: SHORTEST, rests_until: None, odd: 0 };
        Self { links: meters.into_iter().map(link).collect() }
    }

    /// What each of them is.
    pub fn about(&self) -> impl Iterator<Item = About> + '_ {
        self.links.iter().map(|link| link.meter.about())
    }

    /// Reads the most preferred one that answers; those that failed lately are asked again when their pause is over.
    pub fn read(&mut self, now: Instant) -> Look {
        let mut look = Look::default();
        for (source, link) in (0u16..).zip(&mut self.links) {
            if link.rests_until.is_some_and(|until| now < until) {
                continue;
            }
            match link.meter.read() {
                Ok(channels) => {
                    let scaled = channels.into_iter().map(|channel| link.scaled(channel)).collect();
                    look.answer = Some((source, scaled));
                    return look;
                }
                Err(error) => {
                    link.rest(now);
                    look.failures.push(Failure { source, name: link.meter.about().name, error });
                }
            }
        }
        look
    }

    /// Whether the answer of a meter could be true, as whoever follows it found. One whose answers cannot, again and
    /// again, is left alone like one that fails. Returns whether it is, from now on.
    pub fn judge(&mut self, source: u16, is_odd: bool, now: Instant) -> bool {
        let Some(link) = self.links.get_mut(usize::from(source)) else { return false };
        if !is_odd {
            (link.odd, link.pause) = (0, SHORTEST);
            return false;
        }
        link.odd += 1;
        let is_enough = link.odd >= ODD_ANSWERS;
        if is_enough {
            link.rest(now);
        }
        is_enough
    }
}

impl Link {
    fn scaled(&self, channel: Channel) -> Channel {
        if self.scale_permille == 1000 { channel } else { channel.scaled(self.scale_permille) }
    }

    fn rest(&mut self, now: Instant) {
        self.rests_until = Some(now + self.pause);
        self.pause = (self.pause * 2).min(LONGEST);
        self.odd = 0;
    }
}
