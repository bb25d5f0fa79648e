//! Fair share: who used little of late, for the share of the project, goes first. A tree of two levels: projects by
//! their shares, then the users of a project, each alike; projects without shares are one project together. Use fades with a half-life. Whole numbers only, so that every
//! machine computes the same. Must not know jobs.
//!
//! The formula is the classic one of batch systems, `2^(-use/share)`: use and share are fractions of the whole; a
//! user's effective use is their own plus an equal part of what the others of their project used.

use std::collections::BTreeMap;

use model::{Span, Time, Uid};

use crate::names::Name;

/// One, in the fixed-point numbers of this module.
const ONE: u64 = 1 << 32;
/// A factor of 1.
pub(crate) const FULL: u32 = 1 << 16;

/// `2^(-2^-k)` for k = 1 to 32, times 2^64.
const ROOTS: [u64; 32] = [
    0xb504_f333_f9de_6484,
    0xd744_fcca_d69d_6af4,
    0xeac0_c6e7_dd24_392f,
    0xf525_7d15_2486_cc2c,
    0xfa83_b2db_722a_033a,
    0xfd3e_0c0c_f486_c175,
    0xfe9e_115c_7b8f_884c,
    0xff4e_cb59_511e_c8a5,
    0xffa7_5652_1c8d_aed2,
    0xffd3_a751_c0f7_e10c,
    0xffe9_d2b2_f7db_2756,
    0xfff4_e91b_ff1b_8c3e,
    0xfffa_747e_a004_0664,
    0xfffd_3a3b_7814_eb54,
    0xfffe_9d1c_c60d_dab1,
    0xffff_4e8e_2587_9bfa,
    0xffff_a747_0363_f451,
    0xffff_d3a3_7dda_0313,
    0xffff_e9d1_bdf7_03af,
    0xffff_f4e8_debe_025e,
    0xffff_fa74_6f4f_a150,
    0xffff_fd3a_37a3_f8b0,
    0xffff_fe9d_1bd1_065a,
    0xffff_ff4e_8de8_45ae,
    0xffff_ffa7_46f4_1377,
    0xffff_ffd3_a37a_05e4,
    0xffff_ffe9_d1bd_01fc,
    0xffff_fff4_e8de_80c0,
    0xffff_fffa_746f_4051,
    0xffff_fffd_3a37_a025,
    0xffff_fffe_9d1b_d011,
    0xffff_ffff_4e8d_e808,
];

/// `2^-x`, where both have 32 binary places.
pub(crate) fn fading(x: u128) -> u64 {
    if x >= 40 << 32 {
        return 0;
    }
    let mut value = u128::from(ONE) << 31;
    for (place, root) in ROOTS.iter().enumerate() {
        if x >> (31 - place) & 1 == 1 {
            value = (value * u128::from(*root)) >> 64;
        }
    }
    ((value >> 31) >> (x >> 32)) as u64
}

/// What one user of one project used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Leaf {
    /// CPU-milliseconds until use last faded.
    pub used: u64,
    /// CPU-milliseconds since: they have not faded yet.
    pub recent: u64,
    /// 0 to [`FULL`].
    pub factor: u32,
}

impl Default for Leaf {
    /// Nothing used.
    fn default() -> Self {
        Leaf { used: 0, recent: 0, factor: FULL }
    }
}

impl Leaf {
    fn total(&self) -> u128 {
        u128::from(self.used) + u128::from(self.recent)
    }
}

/// Everybody's use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Fair {
    half_life: Span,
    shares: BTreeMap<Name, u32>,
    /// The project of everybody whose own has no shares: a name that anybody can make up opens no new account here.
    others: Name,
    leaves: BTreeMap<(Name, Uid), Leaf>,
    /// Until when use has faded.
    at: Time,
}

impl Fair {
    /// Nobody used anything. A `half_life` of 0: use never fades.
    pub fn new(half_life: Span, shares: BTreeMap<Name, u32>, others: Name) -> Self {
        Fair { half_life, shares, others, leaves: BTreeMap::new(), at: Time(i64::MIN) }
    }

    /// Other rules, the same use.
    pub fn reconfigure(&mut self, half_life: Span, shares: BTreeMap<Name, u32>) {
        (self.half_life, self.shares) = (half_life, shares);
        for ((account, uid), leaf) in std::mem::take(&mut self.leaves) {
            self.put(account, uid, leaf);
        }
        self.weigh();
    }

    /// Where the use of a project is kept.
    fn kept_as(&self, account: Name) -> Name {
        if self.shares.contains_key(&account) { account } else { self.others }
    }

    fn put(&mut self, account: Name, uid: Uid, leaf: Leaf) {
        let sum = self.leaves.entry((self.kept_as(account), uid)).or_default();
        sum.used = sum.used.saturating_add(leaf.used);
        sum.recent = sum.recent.saturating_add(leaf.recent);
    }

    /// Factors are computed anew so often: often enough that nobody waits long for their turn, seldom enough that the
    /// queue is not put in order for every job that ends.
    fn period(&self) -> i64 {
        if self.half_life.0 <= 0 { 60_000 } else { (self.half_life.0 / 10_080).clamp(1_000, 300_000) }
    }

    /// Whether it is time to compute the factors anew.
    pub fn is_due(&self, at: Time) -> bool {
        self.at == Time(i64::MIN) || at.0.div_euclid(self.period()) != self.at.0.div_euclid(self.period())
    }

    /// Lets use fade until `at`. A clock that jumped back fades nothing.
    pub fn fade(&mut self, at: Time) {
        if self.at != Time(i64::MIN) && self.half_life.0 > 0 && at > self.at {
            let lives = (((at - self.at).0 as u128) << 32) / self.half_life.0 as u128;
            let factor = u128::from(fading(lives));
            for leaf in self.leaves.values_mut() {
                leaf.used = ((u128::from(leaf.used) * factor) >> 32) as u64;
            }
        }
        for leaf in self.leaves.values_mut() {
            leaf.used = leaf.used.saturating_add(std::mem::take(&mut leaf.recent));
        }
        self.at = at;
    }

    /// Makes a user of a project known; says whether they are new.
    pub fn know(&mut self, account: Name, uid: Uid) -> bool {
        let account = self.kept_as(account);
        if self.leaves.contains_key(&(account, uid)) {
            return false;
        }
        self.leaves.insert((account, uid), Leaf::default());
        self.weigh();
        true
    }

    /// Charges CPU-milliseconds.
    pub fn charge(&mut self, account: Name, uid: Uid, cpu_ms: u64) {
        let leaf = self.leaves.entry((self.kept_as(account), uid)).or_default();
        leaf.recent = leaf.recent.saturating_add(cpu_ms);
    }

    /// The factor of a user of a project, 0 to [`FULL`].
    pub fn factor(&self, account: Name, uid: Uid) -> u32 {
        self.leaves.get(&(self.kept_as(account), uid)).map_or(FULL, |leaf| leaf.factor)
    }

    /// Computes all factors from what was used.
    pub fn weigh(&mut self) {
        let mut accounts: BTreeMap<Name, (u128, u128)> = BTreeMap::new();
        for ((account, _), leaf) in &self.leaves {
            let sum = accounts.entry(*account).or_default();
            *sum = (sum.0 + leaf.total(), sum.1 + 1);
        }
        let share = |account: &Name| u128::from(self.shares.get(account).copied().unwrap_or(1));
        let shares: u128 = accounts.keys().map(share).sum();
        let total: u128 = accounts.values().map(|(used, _)| used).sum();
        let mut factors = Vec::with_capacity(self.leaves.len());
        for ((account, _), leaf) in &self.leaves {
            let (used, users) = accounts[account];
            let own = leaf.total();
            let part = share(account);
            factors.push(match (total, part) {
                (0, _) => FULL,
                // Who has no share comes last as soon as anybody used anything.
                (_, 0) => 0,
                // (own + (used - own) / users) / total, divided by (part / shares / users).
                _ => {
                    let x = scaled((own * users + used - own) * shares, total * part);
                    (fading(x) >> 16) as u32
                }
            });
        }
        for (leaf, factor) in self.leaves.values_mut().zip(factors) {
            leaf.factor = factor;
        }
    }

    /// Everybody: project, user, what they used.
    pub fn leaves(&self) -> impl Iterator<Item = (Name, Uid, Leaf)> + '_ {
        self.leaves.iter().map(|((account, uid), leaf)| (*account, *uid, *leaf))
    }

    /// Until when use has faded; `None`: never yet.
    pub fn at(&self) -> Option<Time> {
        Some(self.at).filter(|at| *at != Time(i64::MIN))
    }

    /// Puts back what was stored.
    pub fn restore(&mut self, at: Option<Time>, leaves: impl IntoIterator<Item = (Name, Uid, u64, u64)>) {
        self.at = at.unwrap_or(Time(i64::MIN));
        let rows: Vec<_> = leaves.into_iter().collect();
        for (account, uid, ..) in &rows {
            self.leaves.insert((self.kept_as(*account), *uid), Leaf::default());
        }
        for (account, uid, used, recent) in rows {
            self.put(account, uid, Leaf { used, recent, factor: FULL });
        }
        self.weigh();
    }
}

/// `top / bottom` with 32 binary places, without overflow.
fn scaled(top: u128, bottom: u128) -> u128 {
    let spare = top.leading_zeros();
    if spare >= 32 { (top << 32) / bottom } else { (top / (bottom >> 32).max(1)).min(u128::MAX >> 33) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fading_is_a_power_of_two() {
        let scale = f64::from(1u32 << 31) * 2.0;
        for x in [0.0, 1e-6, 1e-4, 0.1, 0.5, 1.0, 1.5, 3.25, 17.0, 31.9] {
            let got = fading((x * scale) as u128) as f64 / scale;
            let exact = 2f64.powf(-x);
            assert!((got - exact).abs() <= exact * 1e-8 + 1.0 / scale, "2^-{x}: {got}, not {exact}");
        }
        assert_eq!((fading(0), fading(u128::MAX)), (ONE, 0));
    }

    #[test]
    fn great_numbers_do_not_overflow() {
        let names: Vec<Name> = {
            let mut all = crate::names::Names::default();
            ["a", "b"].map(|name| all.number(name)).into()
        };
        let mut fair = Fair::new(Span(1), BTreeMap::from([(names[0], u32::MAX)]), names[1]);
        fair.charge(names[0], Uid(1), u64::MAX);
        fair.charge(names[0], Uid(1), u64::MAX);
        fair.charge(names[1], Uid(2), u64::MAX);
        fair.know(names[1], Uid(3));
        fair.fade(Time(i64::MIN + 1));
        fair.fade(Time(i64::MAX));
        fair.weigh();
        let factors: Vec<u32> = fair.leaves().map(|(_, _, leaf)| leaf.factor).collect();
        assert_eq!(factors.len(), 3);
        assert!(factors.iter().all(|factor| *factor <= FULL), "{factors:?}");
    }
}
