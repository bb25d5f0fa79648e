//! Who starts next, and where.

use model::{CpuSet, JobId, RunId, Time};

use crate::class::Class;
use crate::event::{Placement, What};
use crate::placement::{Place, place};
use crate::state::State;

impl State {
    /// The next start, if anything can start.
    pub(super) fn next_start(&self, now: Time) -> Vec<What> {
        for (number, id) in self.index.queue.order(now) {
            let class = self.classes.get(number);
            if self.block(class, now).is_some() {
                continue;
            }
            if !class.standing.need.fits(self.floor.free(), &self.rules.topology) {
                break;
            }
            return self.find_place(class).and_then(|place| self.start(id, class, &place)).into_iter().collect();
        }
        Vec::new()
    }

    fn find_place(&self, class: &Class) -> Option<Place> {
        let free: Vec<bool> = (0..self.rules.topology.cores.len())
            .map(|core| self.floor.user(core).is_none() && self.floor.lenders(core).is_empty())
            .collect();
        place(&class.standing.need, &free, &self.floor.free_gpus(), &self.rules.topology)
    }

    /// The start of a job, or of the next task of an array, at a place.
    fn start(&self, id: JobId, class: &Class, place: &Place) -> Option<What> {
        let job = self.jobs.get(&id)?;
        let topology = &self.rules.topology;
        let need = &class.standing.need;
        let cpus: CpuSet = (place.cores.iter())
            .flat_map(|core| {
                let threads = &topology.cores[*core as usize].threads;
                threads.iter().take(need.threads as usize).copied()
            })
            .collect();
        let placement = Placement {
            memory_mib: self.rules.memory(&class.traits.request, cpus.len() as u32),
            gpus: place.gpus.iter().map(|gpu| topology.gpus[*gpu].index).collect(),
            cpus,
        };
        let (run, task) = match job.tasks() {
            None => (job.run(), None),
            Some(tasks) => {
                let record = if tasks.len() == 1 { id } else { self.next_id };
                (RunId { job: record, attempt: job.restarts }, Some((id, job.next_task()?)))
            }
        };
        Some(What::Started { run, task, placement })
    }
}
