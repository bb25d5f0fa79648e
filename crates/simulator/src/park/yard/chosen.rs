//! Machines for jobs whose machines somebody else has chosen. Must not know why.

use super::{Meter, Seat, Stable, State, Yard, append};

impl Seat {
    /// Its machines in the order in which it got them: each one's name, if it is shared.
    pub fn names(&self) -> impl Iterator<Item = Option<u32>> {
        self.pieces.iter().flat_map(|piece| (0..piece.row.count).map(|_| piece.shared))
    }
}

#[cfg(test)]
impl Seat {
    /// Its machines: of which kind and which of these, and how many cores it has there. Only true of a yard with an exact meter.
    pub fn machines(&self) -> impl Iterator<Item = (u32, u32, u32)> {
        let of = |piece: &super::Piece| {
            let (row, cores) = (piece.row, piece.cores);
            (row.first..row.first + row.count).map(move |machine| (row.kind, machine, cores))
        };
        self.pieces.iter().flat_map(of)
    }
}

impl Stable {
    /// Some machines that are off boot for nobody yet: how many.
    pub(super) fn boot(&mut self, now: i64, kind: u32, most: u32, meter: &mut Meter) -> Option<u32> {
        let group = self.fetch(now, kind, most, State::Off, meter)?;
        self.on[1] += group.count;
        append(&mut self.booting, group, self.exact);
        Some(group.count)
    }
}

impl Yard<'_> {
    /// How many machines of each kind are off.
    pub fn off(&self) -> Vec<u32> {
        self.stables.iter().map(|stable| stable.off.iter().map(|group| group.count).sum()).collect()
    }

    /// So many machines of each kind boot for nobody yet, if so many are off.
    pub fn wake(&mut self, now: i64, machines: Vec<u32>) {
        for (kind, (stable, mut more)) in self.stables.iter_mut().zip(machines).enumerate() {
            while more > 0 {
                let Some(count) = stable.boot(now, kind as u32, more, &mut self.meter) else { break };
                more -= count;
            }
        }
    }

    /// How many machines of each kind are on and have no job.
    pub fn idle(&self) -> Vec<u32> {
        self.stables.iter().map(|stable| stable.on[0]).collect()
    }

    /// As [`Yard::take`], on machines that were chosen before: of each its kind, the name under which it is shared if it has jobs,
    /// and how many cores. The caller knows that there is room on them.
    pub fn take_on(
        &mut self,
        now: i64,
        each_kib: u64,
        machines: impl Iterator<Item = (u32, Option<u32>, u32)>,
    ) -> Seat {
        self.ready(now);
        let mut pieces = Vec::new();
        for (kind, name, mut need) in machines {
            let stable = &mut self.stables[kind as usize];
            if let Some(name) = name {
                pieces.extend(stable.occupy(kind, each_kib, name, need));
                continue;
            }
            let mut ways = [State::Idle, State::Booting, State::Off].into_iter();
            if let Some(group) = ways.find_map(|state| stable.awaken(now, kind, 1, state, &mut self.meter)) {
                stable.claim(kind, each_kib, group, &mut need, &mut pieces);
            }
        }
        self.seat(now, pieces)
    }
}
