//! Who has been chosen to start and waits until enough machines are on. Who was chosen first begins first; others go
//! before where that keeps nobody waiting: on machines that are on already while the others' boot. A job begins on
//! whatever is ready first, be it booted for it, for another, or left by a job that ended. Must not know machines, nor
//! why somebody was chosen.

use crate::backfill::delays_nobody;

/// One that waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Called {
    job: u32,
    cores: u32,
    estimate: u32,
    since: i64,
}

/// All that wait, in the order in which they were chosen.
#[derive(Clone, Debug, Default)]
pub struct Muster {
    called: Vec<Called>,
    cores: u64,
}

/// Those before somebody: when the first of them has its cores, and the fewest that any of them leaves then.
#[derive(Clone, Copy, Debug)]
struct Before {
    first: i64,
    needs: u64,
    spare: u64,
}

impl Muster {
    /// A job is chosen.
    pub fn call(&mut self, now: i64, job: u32, cores: u32, estimate: u32) {
        self.called.push(Called { job, cores, estimate, since: now });
        self.cores += u64::from(cores);
    }

    /// Cores of all that wait.
    pub fn cores(&self) -> u64 {
        self.cores
    }

    /// Who begins now on so many cores that are ready, and since when it has waited. `coming` are cores that will be,
    /// and when: each instant's, in order; what is ordered at this instant may be left out, it takes `boot_s`.
    pub fn begin<C: Iterator<Item = (i64, u64)>>(
        &mut self,
        now: i64,
        ready: u64,
        boot_s: i64,
        coming: impl Fn() -> C,
    ) -> Option<(u32, i64)> {
        let mut before: Option<Before> = None;
        let mut next = None;
        // What is there, and since when: for each in turn it goes on from where it was enough for those before.
        let (mut there, mut at, mut more) = (ready, now, None);
        for (place, called) in self.called.iter().enumerate() {
            let cores = u64::from(called.cores);
            let ends = now + i64::from(called.estimate);
            let goes = |before: Before| delays_nobody(ends, before.first, || cores <= before.spare);
            if cores <= ready && before.is_none_or(goes) {
                next = Some(place);
                break;
            }
            let needs = before.map_or(0, |before| before.needs) + cores;
            while there < needs {
                let soon = more.get_or_insert_with(&coming).next().filter(|coming| coming.0 < now + boot_s);
                let Some((up, cores)) = soon else { break };
                (there, at) = (there + cores, up);
            }
            let (at, left) = if there < needs { (now + boot_s, 0) } else { (at, there - needs) };
            before = Some(match before {
                None => Before { first: at, needs, spare: left },
                Some(before) => Before { needs, spare: before.spare.min(left), ..before },
            });
        }
        let called = self.called.remove(next?);
        self.cores -= u64::from(called.cores);
        Some((called.job, called.since))
    }
}

#[cfg(test)]
mod tests {
    use super::Muster;

    /// Who begins, one after the other, of jobs of so many cores and seconds, on so many cores, and others that come.
    fn check(jobs: &[(u32, u32)], ready: u64, coming: &[(i64, u64)], expected: &[u32]) {
        let mut muster = Muster::default();
        for (job, (cores, estimate)) in (0..).zip(jobs) {
            muster.call(0, job, *cores, *estimate);
        }
        let (mut left, mut began) = (ready, Vec::new());
        while let Some((job, _)) = muster.begin(0, left, 180, || coming.iter().copied()) {
            left -= u64::from(jobs[job as usize].0);
            began.push(job);
        }
        assert_eq!(began, expected);
        let waiting = (0..).zip(jobs).filter(|(job, _)| !expected.contains(job));
        assert_eq!(muster.cores(), waiting.map(|(_, (cores, _))| u64::from(*cores)).sum::<u64>());
    }

    #[test]
    fn who_waits_for_machines_is_passed_only_by_who_delays_nobody() {
        check(&[(4, 100), (2, 100)], 6, &[], &[0, 1]);
        // Two of its four boot until 60: who runs no longer than that goes first.
        check(&[(4, 100), (2, 60)], 2, &[(60, 2)], &[1]);
        check(&[(4, 100), (2, 61)], 2, &[(60, 2)], &[]);
        // More come than it needs.
        check(&[(4, 100), (2, 900)], 2, &[(60, 4)], &[1]);
        // What is not ordered yet takes a boot.
        check(&[(4, 100), (2, 180)], 2, &[], &[1]);
        check(&[(4, 100), (2, 181)], 2, &[], &[]);
        // The second would have to wait for the third.
        check(&[(4, 100), (4, 100), (1, 900)], 3, &[(60, 2), (90, 3)], &[]);
        check(&[(4, 100), (4, 100), (1, 900)], 3, &[(60, 2), (90, 4)], &[2]);
    }
}
