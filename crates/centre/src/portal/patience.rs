//! How often somebody may try a password or a code: a few times at once, then ever more slowly. Counted for each name and
//! for each address. Must not know what is tried.

use std::collections::HashMap;

use model::{Span, Time};

/// So many failures cost nothing but the next try: fingers slip.
const FREE: u32 = 4;
/// The longest wait.
const LONGEST: i64 = 15 * 60;
/// Failures are forgotten so long after the last.
const FORGET: Span = Span::seconds(3600);
/// No more than so many are remembered: an attacker with many addresses must not fill the memory.
const MOST: usize = 20_000;

/// What is counted.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Whose {
    /// Tries for a name.
    Login(String),
    /// Tries from an address.
    Address(String),
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Time,
}

/// Who failed how often.
#[derive(Default, Debug)]
pub(crate) struct Patience {
    failed: HashMap<Whose, Failures>,
}

/// How long one waits after so many failures: 2, 4, 8… seconds.
fn wait(count: u32) -> i64 {
    match count.checked_sub(FREE) {
        None | Some(0) => 0,
        Some(beyond) => (1_i64 << beyond.min(20)).min(LONGEST),
    }
}

/// An address tries for many people (a training room has one address), so it may fail oftener.
fn weight(whose: &Whose) -> u32 {
    match whose {
        Whose::Login(_) => 1,
        Whose::Address(_) => 5,
    }
}

impl Patience {
    /// How many seconds are left to wait; 0: none.
    pub(super) fn left(&self, whose: &Whose, now: Time) -> u32 {
        let Some(failures) = self.failed.get(whose) else { return 0 };
        let until = failures.last + Span::seconds(wait(failures.count / weight(whose)));
        u32::try_from(((until - now).0.max(0) + 999) / 1000).unwrap_or(0)
    }

    /// It failed.
    pub(super) fn failed(&mut self, whose: Whose, now: Time) {
        if self.failed.len() >= MOST {
            self.forget(now);
        }
        if self.failed.len() >= MOST && !self.failed.contains_key(&whose) {
            return;
        }
        let failures = self.failed.entry(whose).or_insert(Failures { count: 0, last: now });
        if now - failures.last > FORGET {
            failures.count = 0;
        }
        *failures = Failures { count: failures.count.saturating_add(1), last: now };
    }

    /// It went well: the name's failures are forgotten. An address's are not, or who knows one password would try all
    /// others as often as they like.
    pub(super) fn passed(&mut self, whose: &Whose) {
        if matches!(whose, Whose::Login(_)) {
            self.failed.remove(whose);
        }
    }

    fn forget(&mut self, now: Time) {
        self.failed.retain(|_, failures| now - failures.last <= FORGET);
        if self.failed.len() >= MOST {
            // All of them fresh: those who only slipped are forgotten first.
            self.failed.retain(|whose, failures| failures.count > FREE * weight(whose));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> Whose {
        Whose::Login("anna".to_owned())
    }

    #[test]
    fn waits_grow_and_end() {
        let mut patience = Patience::default();
        let mut now = Time(1_000_000);
        let mut waits = Vec::new();
        for _ in 0..16 {
            patience.failed(name(), now);
            let left = patience.left(&name(), now);
            waits.push(left);
            now = now + Span::seconds(i64::from(left));
            assert_eq!(patience.left(&name(), now), 0, "over when it is over");
        }
        assert_eq!(waits, [0, 0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
        patience.passed(&name());
        assert_eq!(patience.left(&name(), now), 0);
    }

    #[test]
    fn an_address_has_more_patience_and_is_not_forgiven() {
        let mut patience = Patience::default();
        let address = || Whose::Address("192.0.2.1".to_owned());
        let now = Time(0);
        for _ in 0..24 {
            patience.failed(address(), now);
        }
        assert_eq!(patience.left(&address(), now), 0);
        patience.failed(address(), now);
        assert_eq!(patience.left(&address(), now), 2);
        patience.passed(&address());
        assert_eq!(patience.left(&address(), now), 2);
        assert_eq!(patience.left(&name(), now), 0, "others are not touched");
    }

    #[test]
    fn an_hour_later_it_begins_anew() {
        let mut patience = Patience::default();
        for _ in 0..8 {
            patience.failed(name(), Time(0));
        }
        let later = Time(0) + Span::seconds(3601);
        patience.failed(name(), later);
        assert_eq!(patience.left(&name(), later), 0);
    }

    #[test]
    fn memory_is_bounded() {
        let mut patience = Patience::default();
        for number in 0..3 * MOST {
            patience.failed(Whose::Address(number.to_string()), Time(number as i64));
        }
        assert!(patience.failed.len() <= MOST);
    }
}
