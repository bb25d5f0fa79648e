//! The beginning of a step's tasks: what each has for its files, its environment, its terminal.

use std::{
    io::{self, Write as _},
    os::fd::{AsRawFd, OwnedFd, RawFd},
};

use dialect::environ::Variable;

use super::{Running, Task};
use crate::{
    console,
    step::{
        STDOUT, Sink, Source, broadcast, hooks,
        lines::{self, Lines},
        task,
        terminal::Terminal,
    },
};

impl Running {
    /// Starts the next task; `feeds` gets the end by which it is fed.
    ///
    /// # Errors
    /// When a pipe or a process cannot be made.
    pub(super) fn start_task(&mut self, rank: usize, feeds: &mut Vec<OwnedFd>) -> io::Result<()> {
        // What only the task keeps: closed here once it has started.
        let mut handed = Vec::new();
        let terminal = self.step.terminal.filter(|_| rank == 0);
        let files = match terminal {
            Some((rows, columns)) => self.terminal_files(rows, columns, feeds, &mut handed)?,
            None => self.files_of(rank, feeds, &mut handed)?,
        };
        let extra = match &mut self.mpi {
            Some(mpi) => Some(kept(mpi.socket()?, &mut handed)),
            None => None,
        };
        let environment = self.environment_of(rank)?;
        let plan = &self.step.tasks[rank];
        let pid = task::start(&task::Start {
            command: &plan.command,
            environment: &environment,
            workdir: &self.step.workdir,
            cpus: &plan.cpus,
            files,
            extra,
            terminal: terminal.is_some(),
            speaker: &format!("slurmstepd-{}", self.step.node),
        })?;
        if plan.tell_cpus {
            let (node, mask) = (&self.step.node, mask(&plan.cpus));
            console::complain(format!("cpu-bind=MASK - {node}, task {rank:2} {rank:2} [{pid}]: mask 0x{mask} set\n"));
        }
        self.tasks.push(Task { pid, ending: None });
        Ok(())
    }

    /// Input, output and error of a task.
    fn files_of(&mut self, rank: usize, feeds: &mut Vec<OwnedFd>, handed: &mut Vec<OwnedFd>) -> io::Result<[RawFd; 3]> {
        let plan = &self.step.tasks[rank];
        let (tasks, unbuffered) = (self.step.tasks.len() as u32, self.step.unbuffered);
        let missing = || io::Error::from(io::ErrorKind::InvalidInput);
        let numbered = |file: usize| self.step.files.get(file).map(AsRawFd::as_raw_fd).ok_or_else(missing);
        let input = match plan.stdin {
            Source::File(file) => numbered(file)?,
            Source::Broadcast => {
                let (read, write) = broadcast::pipe()?;
                feeds.push(write);
                kept(read, handed)
            }
        };
        let mut files = [input, -1, -1];
        for (place, sink) in [(1, plan.stdout), (2, plan.stderr)] {
            files[place] = match sink {
                Sink::File(file) => numbered(file)?,
                Sink::Lines(file) => {
                    let label = if self.step.label { lines::label(rank as u32, tasks) } else { Vec::new() };
                    let lines = Lines::new(label, unbuffered || tasks == 1);
                    kept(self.outputs.pipe(rank as u32, place == 2, file, lines)?, handed)
                }
            };
        }
        Ok(files)
    }

    /// A terminal, whose other end is what `srun` reads and writes.
    fn terminal_files(
        &mut self,
        rows: u16,
        columns: u16,
        feeds: &mut Vec<OwnedFd>,
        handed: &mut Vec<OwnedFd>,
    ) -> io::Result<[RawFd; 3]> {
        let Terminal { master, slave } = Terminal::new(rows, columns)?;
        feeds.push(master.try_clone()?);
        self.outputs.take(master.try_clone()?, 0, false, STDOUT, Lines::new(Vec::new(), true));
        self.terminal = Some(master);
        Ok([kept(slave, handed); 3])
    }

    /// The common environment, what the task has beside it, and what a prolog makes of both.
    fn environment_of(&mut self, rank: usize) -> io::Result<Vec<Variable>> {
        let plan = &self.step.tasks[rank];
        let mut own = plan.environment.clone();
        if let Some(mpi) = &self.mpi {
            own.extend(mpi.variables(rank));
        }
        let mut environment = dialect::environment::complete(self.step.environment.clone(), own);
        if let Some(program) = &self.step.task_prolog {
            let printed = hooks::prolog(program, &mut environment, &self.step.workdir)
                .map_err(|error| io::Error::new(error.kind(), format!("task prolog {program}: {error}")))?;
            self.step.files[STDOUT].write_all(&printed).ok();
        }
        Ok(environment)
    }
}

/// The bits of these CPUs as a number in hexadecimal digits.
fn mask(cpus: &model::CpuSet) -> String {
    let digits = cpus.iter().max().map_or(1, |last| last as usize / 4 + 1);
    let mut mask = vec![0_u8; digits];
    for cpu in cpus.iter() {
        mask[digits - 1 - cpu as usize / 4] |= 1 << (cpu % 4);
    }
    mask.iter().map(|digit| format!("{digit:x}")).collect()
}

/// Keeps a descriptor open until the task has started; its number.
fn kept(file: OwnedFd, handed: &mut Vec<OwnedFd>) -> RawFd {
    let number = file.as_raw_fd();
    handed.push(file);
    number
}
