//! EASY by flat arrays that are gone through from end to end, and nothing else: what one writes in an hour. Quick while
//! few wait and few run.

use simulator::workload::Workload;

/// Plays a workload; the sum of all waits.
pub fn easy(workload: &Workload) -> i64 {
    let jobs = &workload.jobs;
    let mut free = i64::from(workload.procs);
    let mut waiting: Vec<usize> = Vec::new();
    // End, end by the estimate, cores.
    let mut running: Vec<(i64, i64, i64)> = Vec::new();
    let mut ends: Vec<(i64, i64)> = Vec::new();
    let (mut next, mut sum) = (0, 0);
    loop {
        let end = running.iter().map(|run| run.0).min().unwrap_or(i64::MAX);
        let now = end.min(jobs.get(next).map_or(i64::MAX, |job| job.submit));
        if now == i64::MAX {
            return sum;
        }
        running.retain(|run| {
            free += if run.0 == now { run.2 } else { 0 };
            run.0 != now
        });
        while next < jobs.len() && jobs[next].submit == now {
            waiting.push(next);
            next += 1;
        }
        let mut start = |job: usize, free: &mut i64| {
            let job = &jobs[job];
            *free -= i64::from(job.cores);
            sum += now - job.submit;
            running.push((now + i64::from(job.run), now + i64::from(job.estimate), i64::from(job.cores)));
        };
        let first = waiting.iter().position(|job| {
            let fits = i64::from(jobs[*job].cores) <= free;
            if fits {
                start(*job, &mut free);
            }
            !fits
        });
        waiting.drain(..first.unwrap_or(waiting.len()));
        let Some(head) = waiting.first().map(|job| i64::from(jobs[*job].cores)) else { continue };
        if !waiting.iter().skip(1).any(|job| i64::from(jobs[*job].cores) <= free) {
            continue;
        }
        ends.clear();
        ends.extend(running.iter().map(|run| (run.1, run.2)));
        ends.sort_unstable();
        let (mut room, mut shadow) = (free, now);
        for (at, cores) in &ends {
            if room >= head && *at > shadow {
                break;
            }
            (room, shadow) = (room + cores, *at);
        }
        let mut spare = room - head;
        let mut place = 0;
        waiting.retain(|job| {
            let (cores, late) = (i64::from(jobs[*job].cores), now + i64::from(jobs[*job].estimate) > shadow);
            place += 1;
            if place == 1 || cores > free || (late && cores > spare) {
                return true;
            }
            spare -= if late { cores } else { 0 };
            free -= cores;
            sum += now - jobs[*job].submit;
            running.push((now + i64::from(jobs[*job].run), now + i64::from(jobs[*job].estimate), cores));
            false
        });
    }
}
