//! Plain EASY on machines that are always on, replayed from the first second on whenever it is asked for.

use crate::naive_park::{self, Run};

use super::{Phase, World};

impl World<'_> {
    /// How long a job has run, as far as it is known, and whether that is how long it runs.
    fn known(&self, job: usize) -> (i64, bool) {
        match self.phases[job] {
            Phase::Over { run, .. } => (run, true),
            Phase::Runs { begins, .. } => ((self.now - begins).max(0), false),
            _ => (0, false),
        }
    }

    /// Plain EASY as far as it is known what happens: a job whose end there is not known runs at least as long as it
    /// has run here. When each started.
    pub fn shadow(&self) -> Vec<Option<i64>> {
        let jobs = &self.workload.jobs;
        let known = |job: usize| self.known(job);
        let mut starts: Vec<Option<i64>> = vec![None; jobs.len()];
        for at in jobs[0].submit..=self.now {
            let open = |job: usize| starts[job].is_some_and(|start| !known(job).1 && at > start + known(job).0);
            if (0..jobs.len()).any(open) {
                break;
            }
            let ends = |job: usize| starts[job].is_some_and(|start| known(job).1 && at == start + known(job).0);
            let mut more = (0..jobs.len()).any(|job| jobs[job].submit == at || ends(job));
            while more {
                let lasts = |job: usize| starts[job].is_some_and(|start| !known(job).1 || at < start + known(job).0);
                let running: Vec<usize> = (0..jobs.len()).filter(|job| lasts(*job)).collect();
                let free = i64::from(self.count) - running.iter().map(|job| self.cores(*job)).sum::<i64>();
                let waiting: Vec<usize> =
                    (0..jobs.len()).filter(|job| jobs[*job].submit <= at && starts[*job].is_none()).collect();
                let Some(head) = waiting.first() else { break };
                let spare = |until: i64| {
                    let gone = running.iter().filter(|job| starts[**job].unwrap() + self.estimate(**job) <= until);
                    free + gone.map(|job| self.cores(*job)).sum::<i64>() - self.cores(*head)
                };
                let mut ends: Vec<i64> =
                    running.iter().map(|job| starts[*job].unwrap() + self.estimate(*job)).collect();
                ends.sort_unstable();
                let turn = ends.into_iter().find(|until| spare(*until) >= 0).unwrap_or(i64::MAX);
                let may = |job: &&usize| {
                    self.cores(**job) <= free
                        && (*job == head || at + self.estimate(**job) <= turn || self.cores(**job) <= spare(turn))
                };
                let next = waiting.iter().find(may).copied();
                next.into_iter().for_each(|job| starts[job] = Some(at));
                more = next.is_some();
            }
        }
        starts
    }

    /// The same on machines with memory.
    pub fn shadow_with_memory(&self) -> Vec<Option<i64>> {
        let Some(parked) = &self.parked else { return self.shadow() };
        let (jobs, setting) = (&self.workload.jobs, parked.setting);
        let mut starts: Vec<Option<i64>> = vec![None; jobs.len()];
        let (mut machines, mut running) = (setting.machines(jobs[0].submit), Vec::<Run>::new());
        let mut names = 0;
        for at in jobs[0].submit..=self.now {
            let lasted = |run: &Run| at - starts[run.job].unwrap();
            if running.iter().any(|run| !self.known(run.job).1 && lasted(run) > self.known(run.job).0) {
                break;
            }
            let is_over = |run: &Run| self.known(run.job) == (lasted(run), true);
            if !running.iter().any(is_over) && jobs.iter().all(|job| job.submit != at) {
                continue;
            }
            running.iter().filter(|run| is_over(run)).for_each(|run| naive_park::leave(&mut machines, run.job, at));
            running.retain(|run| !is_over(run));
            let waits = |job: &usize, starts: &[Option<i64>]| jobs[*job].submit <= at && starts[*job].is_none();
            loop {
                let waiting: Vec<usize> = (0..jobs.len()).filter(|job| waits(job, &starts)).collect();
                let Some(job) = naive_park::next(&setting, &machines, &waiting, &running, at) else { break };
                naive_park::place(&setting, &mut machines, job, at, &mut names);
                starts[job] = Some(at);
                running.push(Run { job, until: at + setting.estimate(job), ends: i64::MAX });
            }
        }
        starts
    }
}
