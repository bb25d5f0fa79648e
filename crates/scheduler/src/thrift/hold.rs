//! Holding jobs for cheap hours: how long it pays to wait, and whether there is room then. Must not know the queue.

use super::Prices;

/// How long after its submission a job is held at most, seconds.
pub const LONGEST_HOLD: i64 = 16 * 3600;
/// How often a price may change before the end of the longest hold: guards against endless tariffs.
const CHANGES: usize = 64;
/// How long it is believed how much room there is, seconds.
const FRESH: i64 = 600;
const DAY: i64 = 86_400;

/// What prices are like about now.
#[derive(Clone, Copy, Debug)]
pub struct Season {
    until: i64,
    /// Their mean for a day.
    pub mean: f64,
    /// The dearest less the cheapest, for as far as jobs are held.
    pub spread: f64,
}

impl Season {
    /// Prices from now on; looked at once a day.
    pub fn at(now: i64, prices: &impl Prices) -> Season {
        let (mut least, mut most) = (prices.price(now), prices.price(now));
        let mut at = now;
        for _ in 0..CHANGES {
            let Some(next) = prices.next_change(at).filter(|next| *next <= now + 3 * DAY) else { break };
            at = next;
            least = least.min(prices.price(at));
            most = most.max(prices.price(at));
        }
        Season { until: now + DAY, mean: prices.sum(now, now + DAY) as f64 / DAY as f64, spread: (most - least) as f64 }
    }

    /// Whether it is time to look again.
    pub fn is_over(&self, now: i64) -> bool {
        now >= self.until
    }
}

/// The start within some time that saves most for each second of waiting: how much that is, in watts times price, and
/// when. `run` is how long the job will run.
pub fn best_start(prices: &impl Prices, now: i64, last: i64, run: i64) -> Option<(f64, i64)> {
    let plain = prices.sum(now, now + run);
    let mut best: Option<(f64, i64)> = None;
    let mut change = now;
    for _ in 0..CHANGES {
        let Some(next) = prices.next_change(change).filter(|next| *next <= last + run) else { break };
        for start in [next - run, next] {
            if start > now && start <= last {
                let saved = (plain - prices.sum(start, start + run)) as f64 / (start - now) as f64;
                if best.is_none_or(|best| saved > best.0) {
                    best = Some((saved, start));
                }
            }
        }
        change = next;
    }
    best
}

/// The next hours at a lower price than now, and the core-seconds that nobody has in them.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// The price that is too dear.
    dear: i64,
    stale: i64,
    from: i64,
    until: i64,
    left: i64,
}

impl Room {
    /// What all of so many cores have. `None`: it does not become cheaper.
    pub fn new(now: i64, prices: &impl Prices, cores: u32) -> Option<Room> {
        let dear = prices.price(now);
        let mut from = now;
        for _ in 0..CHANGES {
            from = prices.next_change(from)?;
            if prices.price(from) < dear {
                let mut until = prices.next_change(from)?;
                while prices.price(until) < dear {
                    until = prices.next_change(until)?;
                }
                let left = i64::from(cores) * (until - from);
                return Some(Room { dear, stale: from.min(now + FRESH), from, until, left });
            }
        }
        None
    }

    /// Whether what is known of it is too old, or of another price.
    pub fn is_stale(&self, now: i64, price: i64) -> bool {
        now >= self.stale || price != self.dear
    }

    /// When these hours begin.
    pub fn from(&self) -> i64 {
        self.from
    }

    /// Somebody who runs will do so until an instant.
    pub fn runs_until(&mut self, until: i64, cores: u32) {
        self.left -= (until.min(self.until) - self.from).max(0) * i64::from(cores);
    }

    /// What a job takes of it that is held.
    fn share(&self, run: i64, cores: u32) -> i64 {
        run.min(self.until - self.from) * i64::from(cores)
    }

    /// Somebody is held who will run so long.
    pub fn holds(&mut self, run: i64, cores: u32) {
        self.left -= self.share(run, cores);
    }

    /// Whether one more can be held.
    pub fn fits(&self, run: i64, cores: u32) -> bool {
        self.share(run, cores) <= self.left
    }
}
