//! Who is on which machine while a park plays: counted anew from what each job got, whatever decided it.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::park::Kind;
use crate::swf;
use crate::workload::{Estimates, Line};

/// A park that is looked at whenever somebody starts.
struct Watched<'a>(ParkScheduler<'a>);

impl Watched<'_> {
    /// No machine has more jobs than it has cores and memory for, and each job has as many cores as it asks for.
    fn look(&self) {
        let Plan { workload, trace, park, .. } = self.0.plan;
        let mut used: BTreeMap<(u32, u32), (u32, u64)> = BTreeMap::new();
        for (job, seat) in self.0.seats.iter().enumerate() {
            let (Some(seat), asked) = (seat, &workload.jobs[job]) else { continue };
            assert_eq!(seat.machines().map(|(_, _, cores)| cores).sum::<u32>(), asked.cores, "job {job}");
            for (kind, machine, cores) in seat.machines() {
                let used = used.entry((kind, machine)).or_default();
                *used = (used.0 + cores, used.1 + u64::from(cores) * trace.memory_kib(asked));
            }
        }
        for ((kind, machine), (cores, kib)) in used {
            let of = &park.kinds[kind as usize];
            assert!(machine < of.count && cores <= of.cores, "{cores} cores of {}{}", of.name, machine + 1);
            let has = of.memory_mib * 1024;
            assert!(has == 0 || kib <= has, "{kib} KiB of {has} in {}{}", of.name, machine + 1);
        }
    }
}

impl Scheduler for Watched<'_> {
    type Fault = Unlikely;

    fn arrive(&mut self, now: i64, job: u32) -> Result<(), Unlikely> {
        self.0.arrive(now, job)
    }

    fn end(&mut self, now: i64, run: u32) -> Result<End, Unlikely> {
        self.0.end(now, run)
    }

    fn start(&mut self, now: i64) -> Result<Option<Start>, Unlikely> {
        let start = self.0.start(now)?;
        self.look();
        Ok(start)
    }

    fn wake(&mut self, now: i64) -> Option<i64> {
        self.0.wake(now)
    }
}

fn kinds() -> impl Strategy<Value = Vec<Kind>> {
    let kind = (1u32..4, 1u32..5, 0u64..5, 0u32..200, prop_oneof![Just(500u32), Just(1000)]);
    proptest::collection::vec(kind, 1..3).prop_map(|kinds| {
        let kind = |(number, (count, cores, memory_mib, boot_s, speed)): (usize, (u32, u32, u64, u32, u32))| {
            let name = ["a", "b"][number].to_owned();
            Kind { name, count, cores, memory_mib, gpus: 0, idle_w: 150, busy_w: 350, off_w: 8, boot_s, speed }
        };
        kinds.into_iter().enumerate().map(kind).collect()
    })
}

/// A trace: pause, run time, what is estimated more, cores, KiB for each, user.
fn trace() -> impl Strategy<Value = Trace> {
    let job = (0i64..400, 1i64..600, 0i64..600, 1u32..9, 0i64..3_000, 0i64..3);
    proptest::collection::vec(job, 1..40).prop_map(|jobs| {
        let mut now = 0;
        let line = |(id, (pause, run, more, cores, memory_kib, user)): (i64, (i64, i64, i64, u32, i64, i64))| {
            now += pause;
            let (estimate, cores) = (run + more, i64::from(cores));
            Line { id, submit: now, wait: -1, run, cores, estimate, memory_kib, user, group: -1, queue: -1 }
        };
        let lines = (1..).zip(jobs).map(line).collect();
        Trace { lines, ..swf::Reader::new(false).finish().unwrap_or_default() }
    })
}

proptest! {
    #[test]
    fn no_machine_gets_more_jobs_than_it_has_cores_and_memory_for(
        (kinds, trace) in (kinds(), trace()),
        power in prop_oneof![
            Just(Power::AlwaysOn),
            Just(Power::OffAfter(60)),
            Just(Power::Predictive { patience_s: 5 }),
            Just(Power::Predictive { patience_s: 300 }),
        ],
        conservative in any::<bool>(),
    ) {
        let park = Park { name: String::new(), kinds };
        let workload = park.workload(&trace, Estimates::Request);
        let tariff = Tariff::new(String::new(), 240, &[(3600, 7200, 60)]);
        let rule = if conservative { Rule::Conservative } else { Rule::Easy { shortest_first: false } };
        let plan = Plan { workload: &workload, trace: &trace, park: &park, tariff: &tariff, local0: 0, rule, power, states: true };
        let mut watched = Watched(ParkScheduler::new(plan));
        let played = clock::run(&workload, &mut watched, Order::Batch, &mut |_| ()).unwrap();
        for ((job, start), end) in workload.jobs.iter().zip(&played.starts).zip(&played.ends) {
            prop_assert!(*start >= job.submit && *end > *start && *end < clock::NEVER);
        }
    }
}
