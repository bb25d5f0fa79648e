//! Jobs that fear no delay: held for cheap hours, told so, never too late, and nobody else notices.

use model::{JobId, JobSpec, JobState, Reason, Span, Text, Time, TimeLimit, Usage};
use proptest::prelude::*;
use scheduler::{Cause, Change, Flexible, Patience, Prices, Reservation, What};

use crate::make::{Centre, T0, array, at, config, cpus, minutes, ok, spec};

/// Dear for two hours, then cheap for four, then dear for two, then unknown.
fn prices() -> Prices {
    Prices::new(vec![(at(0), 200), (at(7200), 100), (at(21_600), 200)], at(28_800))
}

fn centre() -> Centre {
    let mut centre = Centre::new(config());
    centre.state.set_prices(prices());
    centre
}

fn flexible(spec: JobSpec) -> JobSpec {
    JobSpec { comment: Some(Text::from("flexible")), ..spec }
}

/// State, reason and shown start of a record.
fn shown(centre: &Centre, id: JobId) -> (JobState, Reason, Option<Time>) {
    let row = centre.state.row(id, centre.now).unwrap();
    (row.state, row.reason, row.start)
}

#[test]
fn who_fears_no_delay_waits_for_cheap_hours() {
    let held = (JobState::Pending, Reason::BeginTime, Some(at(7200)));
    let runs = (JobState::Running, Reason::None, Some(at(0)));
    let deadline = |seconds| JobSpec { deadline: Some(at(seconds)), ..minutes(spec(), 60) };
    for (what, wish, expected) in [
        ("it says so", flexible(spec()), held),
        ("its QOS does", JobSpec { qos: "patient".to_owned(), ..spec() }, held),
        ("it has a deadline that is far", deadline(28_800), held),
        ("just far enough: its limit, and half of it, and a minute", deadline(7200 + 5460), held),
        ("it says nothing", spec(), runs),
        ("it says no", JobSpec { comment: Some(Text::from("inflexible")), ..deadline(28_800) }, runs),
        ("somebody sits before it", JobSpec { batch: false, qos: "patient".to_owned(), ..flexible(spec()) }, runs),
        ("its deadline is near", deadline(5400), runs),
        ("it may run for ever", JobSpec { time_limit: TimeLimit::Unlimited, ..flexible(spec()) }, runs),
        ("it may displace others", JobSpec { qos: "urgent".to_owned(), ..flexible(spec()) }, runs),
    ] {
        let mut config = config();
        config.partitions[0].max_time = TimeLimit::Unlimited;
        let mut centre = Centre::new(config);
        centre.state.set_prices(prices());
        let id = centre.submit(wish);
        assert_eq!(shown(&centre, id), expected, "{what}");
    }
}

#[test]
fn it_starts_when_it_was_told_it_would() {
    let mut centre = centre();
    let id = centre.submit(flexible(cpus(4)));
    assert_eq!(centre.state.planned_starts().collect::<Vec<_>>(), [(at(7200), id)]);
    assert_eq!(centre.state.decide(centre.now).wake, Some(at(7200)));
    // Nobody is held up by it.
    let other = centre.submit(minutes(cpus(4), 60));
    assert_eq!(shown(&centre, other).0, JobState::Running);
    centre.end(other, ok());
    let why = centre.state.why(id, centre.now).unwrap();
    let Cause::CheapHours { better, run } = &why.causes[0] else { panic!("{why:?}") };
    assert_eq!((better.at, better.plain, better.price, *run), (at(7200), 200, 100, Span::minutes(30)));
    assert_eq!(why.expected, Some(at(7200)));
    centre.go_to(at(7199));
    assert_eq!(shown(&centre, id).0, JobState::Pending);
    centre.go_to(at(7200));
    assert_eq!(shown(&centre, id).0, JobState::Running);
}

#[test]
fn a_change_of_mind_is_heard() {
    let mut centre = centre();
    let id = centre.submit(flexible(spec()));
    let change = |centre: &mut Centre, change| {
        centre.apply(What::Updated { id, change, by: model::Uid(1001) }).unwrap();
        centre.settle();
        shown(centre, id)
    };
    let held = (JobState::Pending, Reason::BeginTime, Some(at(7200)));
    // A run of the whole limit is expected now: it would end after the cheap hours.
    centre.state.expect_run(id, Span::minutes(60));
    assert_eq!(shown(&centre, id), held);
    assert_eq!(change(&mut centre, Change::Begin(Some(at(9000)))).2, Some(at(9000)));
    assert_eq!(change(&mut centre, Change::Begin(None)), held);
    assert_eq!(change(&mut centre, Change::Comment(Text::from("now, please"))).0, JobState::Running);
}

#[test]
fn prices_that_become_known_hold_and_let_go() {
    let mut centre = Centre::new(config());
    let filler = centre.submit(minutes(cpus(4), 60));
    let id = centre.submit(flexible(spec()));
    assert_eq!(shown(&centre, id).1, Reason::Resources);
    centre.state.set_prices(prices());
    assert_eq!(shown(&centre, id), (JobState::Pending, Reason::BeginTime, Some(at(7200))));
    centre.state.set_prices(Prices::default());
    assert_eq!(shown(&centre, id).1, Reason::Resources);
    centre.end(filler, ok());
    assert_eq!(shown(&centre, id).0, JobState::Running);
}

#[test]
fn tasks_wait_together_and_reservations_come_first() {
    let mut centre = centre();
    let tasks = centre.submit(flexible(array(0, 5, Some(2))));
    let reservation = Reservation {
        name: "lab".to_owned(),
        start: at(0),
        end: at(7200),
        cores: None,
        users: vec!["alice".to_owned()],
        accounts: Vec::new(),
        flags: Vec::new(),
    };
    centre.apply(What::Reserved(reservation)).unwrap();
    let lab = centre.submit(JobSpec { reservation: Some("lab".to_owned()), ..flexible(spec()) });
    assert_eq!(shown(&centre, lab).0, JobState::Running);
    assert_eq!(shown(&centre, tasks), (JobState::Pending, Reason::BeginTime, Some(at(7200))));
    centre.go_to(at(7200));
    assert_eq!(centre.state.runs().filter(|(run, ..)| run.job != lab).count(), 2);
}

#[test]
fn the_operator_decides_how_far() {
    for (rules, wish, holds) in [
        (Flexible { longest: Span::minutes(119), ..Flexible::default() }, flexible(spec()), true),
        (Flexible { longest: Span::minutes(90), least_permille: 500, ..Flexible::default() }, flexible(spec()), false),
        (Flexible { longest: Span::ZERO, ..Flexible::default() }, flexible(spec()), false),
        (Flexible { deadlines: false, ..Flexible::default() }, JobSpec { deadline: Some(at(28_000)), ..spec() }, false),
    ] {
        let mut centre = Centre::new(scheduler::Config { flexible: rules, ..config() });
        centre.state.set_prices(prices());
        let id = centre.submit(wish);
        assert_eq!(shown(&centre, id).0 == JobState::Pending, holds, "{rules:?}");
    }
}

#[test]
fn a_start_is_foreseen() {
    let mut centre = centre();
    let foresee = |centre: &Centre, spec: JobSpec, patience| {
        let spec = centre.state.admit(spec, false).unwrap();
        centre.state.foresee(spec, centre.now, patience, None)
    };
    for (patience, free, full) in
        [(Patience::None, 0, 3600), (Patience::Own, 0, 3600), (Patience::Flexible, 7200, 7200)]
    {
        let mut centre = centre_of(&centre);
        assert_eq!(foresee(&centre, spec(), patience), Some(at(free)), "{patience:?}");
        centre.submit(minutes(cpus(4), 60));
        assert_eq!(foresee(&centre, spec(), patience), Some(at(full)), "{patience:?}");
    }
    assert_eq!(foresee(&centre, flexible(spec()), Patience::Own), Some(at(7200)));
    assert_eq!(foresee(&centre, array(0, 9, None), Patience::Own), Some(at(0)));
    assert_eq!(centre.state.next_id(), JobId(1));
    centre.submit(spec());
}

fn centre_of(other: &Centre) -> Centre {
    Centre { state: other.state.clone(), now: other.now, log: Vec::new(), finished: Vec::new() }
}

/// Job number, when it comes, CPUs, minutes asked for, minutes it runs, and whether it fears no delay.
type Load = Vec<(i64, u32, i64, i64, bool)>;

/// Runs a load to its end; says when each job started and ended.
fn play(load: &Load, with_flexible: bool, prices: &Prices, deadline: Option<i64>) -> Vec<Option<(Time, Time)>> {
    let mut centre = Centre::new(config());
    centre.state.set_prices(prices.clone());
    let mut arrivals: Vec<(Time, usize)> = load.iter().enumerate().map(|(at_, job)| (at(job.0), at_)).collect();
    arrivals.retain(|(_, job)| with_flexible || !load[*job].4);
    arrivals.sort_unstable();
    arrivals.reverse();
    let mut number: std::collections::BTreeMap<JobId, usize> = Default::default();
    let mut spans = vec![None; load.len()];
    loop {
        centre.settle();
        let ends = centre.state.runs().map(|(run, _, start)| (start + Span::minutes(load[number[&run.job]].3), run));
        let end = ends.min();
        let wake = centre.state.decide(centre.now).wake;
        let coming = arrivals.last().copied();
        let Some(next) = end.map(|end| end.0).into_iter().chain(wake).chain(coming.map(|next| next.0)).min() else {
            return spans;
        };
        centre.now = next.max(centre.now);
        if let Some((end, run)) = end.filter(|end| end.0 <= next) {
            let start = centre.state.row(run.job, centre.now).unwrap().start.unwrap();
            spans[number[&run.job]] = Some((start, end));
            centre.apply(What::Ended { run, outcome: ok(), usage: Usage::default() }).unwrap();
        } else if let Some((_, job)) = coming.filter(|coming| coming.0 <= next) {
            arrivals.pop();
            let (_, size, limit, _, patient) = load[job];
            let mut wish = minutes(cpus(size), limit);
            if patient {
                wish.comment = Some(Text::from("flexible"));
                wish.deadline = deadline.map(|minutes| centre.now + Span::minutes(minutes));
            }
            let id = centre.try_submit(wish, true).unwrap();
            number.insert(id, job);
        }
    }
}

fn load() -> impl Strategy<Value = Load> {
    let job = (0i64..20_000, 1u32..5, 1i64..90, 1i64..90, any::<bool>());
    proptest::collection::vec(job, 1..14).prop_map(|jobs| {
        jobs.into_iter().map(|(at, cpus, limit, run, flexible)| (at, cpus, limit, run.min(limit), flexible)).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// A flexible job that has room whenever it starts ends by its deadline, if it could have when it came.
    #[test]
    fn no_deadline_is_missed_for_a_saving(run in 1i64..90, deadline in 90i64..900, comes in 0i64..20_000, step in 1i64..200) {
        let run = vec![(comes, 4, run, run, true)];
        let prices = crate::history::prices(T0, step);
        let spans = play(&run, true, &prices, Some(deadline));
        let (_, end) = spans[0].unwrap();
        prop_assert!(end <= at(comes) + Span::minutes(deadline));
    }

    /// With a crowd: whatever is held is let go with more than its time limit left.
    #[test]
    fn it_is_let_go_in_time(load in load(), deadline in 60i64..600, step in 1i64..200) {
        let mut centre = Centre::new(config());
        centre.state.set_prices(crate::history::prices(T0, step));
        for (_, size, limit, _, patient) in load {
            let deadline = patient.then(|| centre.now + Span::minutes(deadline));
            let id = centre.submit(JobSpec { deadline, ..minutes(cpus(size), limit) });
            let (state, reason, start) = shown(&centre, id);
            if state == JobState::Pending && reason == Reason::BeginTime {
                prop_assert!(start.unwrap() + Span::minutes(limit) + Span::minutes(1) <= deadline.unwrap());
            }
        }
    }

    /// Others start as if those that are held were not there, until these are let go.
    #[test]
    fn nobody_notices_who_is_held(load in load()) {
        // Cheap hours come after everybody else is long gone.
        let prices = Prices::new(vec![(T0, 200), (at(50_000), 100)], at(200_000));
        let (with, without) = (play(&load, true, &prices, None), play(&load, false, &prices, None));
        for (job, wish) in load.iter().enumerate() {
            if wish.4 {
                prop_assert!(with[job].unwrap().0 >= at(50_000));
            } else {
                prop_assert_eq!(with[job], without[job]);
            }
        }
    }

    /// Prices that do not differ change nothing.
    #[test]
    fn one_price_holds_nobody(load in load()) {
        let flat = Prices::new(vec![(T0, 200)], at(1_000_000));
        prop_assert_eq!(play(&load, true, &flat, None), play(&load, true, &Prices::default(), None));
    }
}
