//! Readings become intervals: wraps, resets, gaps, nonsense, other meters, and days of all of them.

use energy::meter::{Channel, Follower, Limits, Odd, Reading};
use energy::{Energy, Flag, Interval, Power};
use model::{Span, Time};
use proptest::prelude::*;

const RANGE: Energy = Energy(65_532_610_987);

/// A reading of one RAPL package, at so many milliseconds.
fn rapl(at: i64, uj: i64) -> Reading {
    Reading { at: Time(at), source: 0, channels: vec![Channel::counter(Energy(uj), Some(RANGE), Energy(1))] }
}

/// A reading of a plug with watts only.
fn watts(at: i64, watts: i64) -> Reading {
    Reading { at: Time(at), source: 0, channels: vec![Channel::power(Power::watts(watts))] }
}

/// A reading of a plug with watts and a counter that never starts again.
fn plug(at: i64, watts: i64, wh: f64, step: i64) -> Reading {
    let mut channel = Channel::counter(Energy::from_decimal(wh, 3_600_000_000).unwrap(), None, Energy(step));
    channel.power = Some(Power::watts(watts));
    Reading { at: Time(at), source: 0, channels: vec![channel] }
}

/// Follows `readings` and compares (start, end, microjoules, flag) of what comes out.
fn check(readings: &[Reading], expected: &[(i64, i64, i64, Flag)]) -> Vec<Option<Odd>> {
    let limits = Limits { most: Power::watts(2000), ..Limits::default() };
    let mut follower = Follower::default();
    let taken: Vec<_> = readings.iter().map(|reading| follower.take(&limits, reading.clone())).collect();
    let found: Vec<_> = taken.iter().flat_map(|taken| &taken.intervals).map(seen).collect();
    assert_eq!(found, expected);
    taken.iter().map(|taken| taken.odd).collect()
}

fn seen(interval: &Interval) -> (i64, i64, i64, Flag) {
    (interval.start.0, interval.end.0, interval.energy.0, interval.flag)
}

#[test]
fn counters_and_watts_are_followed() {
    use Flag::Measured;
    check(&[rapl(0, 5_000_000), rapl(1000, 105_000_000)], &[(0, 1000, 100_000_000, Measured)]);
    check(&[rapl(0, RANGE.0 - 1), rapl(1000, 99_999_999)], &[(0, 1000, 100_000_000, Measured)]);
    check(&[watts(0, 100), watts(1000, 200)], &[(0, 1000, 150_000_000, Measured)]);
    // A counter that moves by 3600 J says nothing of a second; one that moves by 3.6 J does of a minute.
    check(
        &[plug(0, 100, 10.0, 3_600_000_000), plug(1000, 100, 11.0, 3_600_000_000)],
        &[(0, 1000, 100_000_000, Measured)],
    );
    check(&[plug(0, 100, 10.0, 3_600_000), plug(60_000, 90, 11.5, 3_600_000)], &[(0, 60_000, 5_400_000_000, Measured)]);
    // One that is brought up to date once a minute only: its leap is in the watts already.
    check(
        &[plug(0, 200, 10.0, 1), plug(1000, 200, 10.0, 1), plug(2000, 200, 13.3, 1)],
        &[(0, 1000, 200_000_000, Measured), (1000, 2000, 200_000_000, Measured)],
    );
}

#[test]
fn nonsense_after_a_gap_is_not_counted_from() {
    let reading = |at: i64, joules: i64| {
        let channel = Channel::counter(Energy(joules * 1_000_000), None, Energy(1));
        Reading { at: Time(at), source: 0, channels: vec![channel] }
    };
    // Ten megawatts for two minutes, and then the truth again: 100 W all the time.
    let odd = check(
        &[reading(0, 0), reading(70_000, 7_000_000_000), reading(75_000, 7_500), reading(80_000, 8_000)],
        &[(0, 75_000, 7_500_000_000, Flag::Gap), (75_000, 80_000, 500_000_000, Flag::Measured)],
    );
    assert_eq!(odd, [None, Some(Odd::TooMuch), None, None]);
}

#[test]
fn gaps_are_marked_and_keep_their_energy() {
    use Flag::{Gap, Measured};
    // A day unplugged; the counter says what went through.
    let day = 86_400_000;
    check(
        &[plug(0, 100, 10.0, 1), plug(1000, 100, 10.0278, 1), plug(day, 100, 11.0278, 1)],
        &[(0, 1000, 100_080_000, Measured), (1000, day, 3_600_000_000, Gap)],
    );
    // Watts only: the mean of both ends.
    check(&[watts(0, 100), watts(3_600_000, 200)], &[(0, 3_600_000, 150 * 3_600_000_000, Gap)]);
    // A counter that started again twice within an hour and a half at 30 W: 162 kJ is two ranges and 30.9 kJ.
    let first = [rapl(0, 0), rapl(1000, 30_000_000)];
    let hour = 5_400_000;
    let true_uj = 30_000 * i64::from(hour);
    let later = rapl(i64::from(hour), true_uj % RANGE.0);
    check(
        &[first[0].clone(), first[1].clone(), later],
        &[(0, 1000, 30_000_000, Measured), (1000, i64::from(hour), true_uj - 30_000_000, Gap)],
    );
}

#[test]
fn a_glitch_leaves_no_trace() {
    use Flag::Measured;
    let odd = check(&[watts(0, 100), watts(1000, 0), watts(2000, 100)], &[(0, 2000, 200_000_000, Measured)]);
    assert_eq!(odd, [None, Some(Odd::TooLittle), None]);
    let odd = check(&[watts(0, 100), watts(1000, 10_000_000), watts(2000, 100)], &[(0, 2000, 200_000_000, Measured)]);
    assert_eq!(odd, [None, Some(Odd::TooMuch), None]);
    let plugs = [plug(0, 100, 10.0, 1), plug(1000, 100, 0.0, 1), plug(2000, 100, 10.05, 1)];
    assert_eq!(check(&plugs, &[(0, 2000, 180_000_000, Measured)])[1], Some(Odd::WentBack));
    // A first reading that cannot be true is no beginning.
    assert_eq!(check(&[watts(0, 0), watts(1000, 100)], &[]), [Some(Odd::TooLittle), None]);
    let nothing = Reading { at: Time(0), source: 0, channels: vec![Channel::default()] };
    assert_eq!(check(&[nothing], &[]), [Some(Odd::Nothing)]);
}

#[test]
fn a_new_beginning_is_marked() {
    use Flag::{Measured, Reset};
    let plugs = [
        plug(0, 100, 10.0, 1),
        plug(1000, 100, 10.03, 1),
        plug(2000, 100, 0.0, 1),
        plug(3000, 100, 0.025, 1),
        plug(4000, 100, 0.05, 1),
    ];
    let expected = [
        (0, 1000, 108_000_000, Measured),
        (1000, 2000, 108_000_000, Reset),
        (2000, 3000, 90_000_000, Measured),
        (3000, 4000, 90_000_000, Measured),
    ];
    assert_eq!(check(&plugs, &expected)[2], Some(Odd::WentBack));
    // A counter that jumped ahead (a plug of the same name, replaced) is the same.
    let ahead = [rapl(0, 0), rapl(1000, 100_000_000), rapl(2000, 40_000_000_000), rapl(3000, 40_100_000_000)];
    let expected =
        [(0, 1000, 100_000_000, Measured), (1000, 2000, 100_000_000, Reset), (2000, 3000, 100_000_000, Measured)];
    assert_eq!(check(&ahead, &expected)[2], Some(Odd::TooMuch));
}

#[test]
fn a_counter_that_stands_still_is_not_believed() {
    let odd = check(
        &[rapl(0, 0), rapl(1000, 0), rapl(2000, 0), rapl(3000, 300_000_000)],
        &[(0, 3000, 300_000_000, Flag::Measured)],
    );
    assert_eq!(odd, [None, Some(Odd::TooLittle), Some(Odd::TooLittle), None]);
}

#[test]
fn clocks_go_back_and_meters_change() {
    use Flag::{Clock, Gap, Measured};
    // Summer time is no such case (instants are UTC); a clock set right is. The counter keeps its energy.
    check(
        &[rapl(10_000, 0), rapl(5000, 100_000_000), rapl(6000, 200_000_000)],
        &[(5000, 5000, 100_000_000, Clock), (5000, 6000, 100_000_000, Measured)],
    );
    check(
        &[rapl(10_000, 0), rapl(10_000, 100_000_000), rapl(11_000, 100_000_000)],
        &[(10_000, 11_000, 100_000_000, Measured)],
    );
    let other = |reading: Reading| Reading { source: 1, ..reading };
    // The plug fails: the board's own watts take over at once; a counter needs a beginning.
    check(
        &[watts(0, 100), watts(1000, 100), other(watts(2000, 80)), other(watts(3000, 80))],
        &[(0, 1000, 100_000_000, Measured), (1000, 2000, 80_000_000, Measured), (2000, 3000, 80_000_000, Measured)],
    );
    check(
        &[watts(0, 100), watts(1000, 100), other(rapl(2000, 7)), other(rapl(3000, 80_000_007))],
        &[(0, 1000, 100_000_000, Measured), (1000, 2000, 100_000_000, Gap), (2000, 3000, 80_000_000, Measured)],
    );
}

#[test]
fn a_machine_that_was_off_used_nothing() {
    let limits = Limits::default();
    let mut follower = Follower::default();
    follower.take(&limits, rapl(0, 0));
    follower.take(&limits, rapl(1000, 100_000_000));
    let off = follower.restarted(Time(7_200_000)).unwrap();
    assert_eq!(seen(&off), (1000, 7_200_000, 0, Flag::Off));
    assert_eq!(follower.take(&limits, rapl(7_260_000, 6_000_000)).intervals, []);
    assert_eq!(follower.take(&limits, rapl(7_261_000, 106_000_000)).intervals.len(), 1);
}

#[test]
fn what_is_remembered_survives_a_restart_of_the_centre() {
    let limits = Limits::default();
    let mut follower = Follower::default();
    follower.take(&limits, rapl(0, 0));
    let stored = serde_json::to_string(&follower).unwrap();
    let mut follower: Follower = serde_json::from_str(&stored).unwrap();
    let after = follower.take(&limits, rapl(3_600_000, 360_000_000)).intervals;
    assert_eq!(seen(&after[0]), (0, 3_600_000, 360_000_000, Flag::Gap));
}

#[test]
fn a_factor_scales_the_counter_and_its_range() {
    let scaled = |reading: Reading| Reading {
        channels: reading.channels.into_iter().map(|channel| channel.scaled(1800)).collect(),
        ..reading
    };
    let limits = Limits::default();
    let mut follower = Follower::default();
    follower.take(&limits, scaled(rapl(0, RANGE.0 - 50_000_000)));
    let energy = follower.take(&limits, scaled(rapl(1000, 50_000_000))).intervals[0].energy;
    assert!((energy.0 - 180_000_000).abs() <= 2, "{energy:?}");
}

/// What happens at a tick of a made-up life: milliseconds since the last one, watts, whether somebody reads, whether
/// the counter starts from 0.
fn life() -> impl Strategy<Value = Vec<(i64, i64, bool, bool)>> {
    proptest::collection::vec(
        (200i64..12_000, 5i64..1500, prop::bool::weighted(0.8), prop::bool::weighted(0.03)),
        2..200,
    )
}

proptest! {
    #[test]
    fn nothing_is_lost_or_counted_twice(life in life(), wraps in any::<bool>(), down in 0i64..40) {
        let limits = Limits { most: Power::watts(2000), longest: Span::seconds(20), ..Limits::default() };
        let (mut follower, mut at, mut counter) = (Follower::default(), 0i64, 0i64);
        // The truth since the last reset, by instant of reading; whether a reset came since then.
        let (mut truth, mut resets) = (vec![], vec![]);
        let mut intervals: Vec<Interval> = vec![];
        for (n, (span, power, is_read, is_reset)) in life.into_iter().enumerate() {
            at += span;
            counter += power * 1000 * span;
            if is_reset && !wraps {
                counter = 0;
                resets.push(at);
            }
            if !is_read || (n as i64) % 100 < down {
                continue;
            }
            truth.push((at, counter));
            let range = Energy(300_000_000_000);
            let shown = if wraps { counter % range.0 } else { counter };
            let channel = Channel::counter(Energy(shown), wraps.then_some(range), Energy(1));
            let reading = Reading { at: Time(at), source: 0, channels: vec![channel] };
            intervals.extend(follower.take(&limits, reading).intervals);
        }
        for pair in intervals.windows(2) {
            prop_assert_eq!(pair[0].end, pair[1].start, "the intervals tile the time");
        }
        let of = |at: Time| truth.iter().find(|(read, _)| *read == at.0).unwrap().1;
        for interval in &intervals {
            prop_assert!(interval.energy >= Energy::ZERO && interval.span().0 > 0);
            let is_clean = !resets.iter().any(|reset| (interval.start.0 + 1..=interval.end.0).contains(reset));
            let is_exact = interval.flag == Flag::Measured || (interval.flag == Flag::Gap && !wraps && is_clean);
            if is_exact && is_clean {
                prop_assert_eq!(interval.energy.0, of(interval.end) - of(interval.start));
            }
        }
        if resets.is_empty() && !wraps && !intervals.is_empty() {
            let sum: Energy = intervals.iter().map(|interval| interval.energy).sum();
            prop_assert_eq!(sum.0, truth.last().unwrap().1 - truth[0].1, "first to last, to the microjoule");
        }
    }
}
