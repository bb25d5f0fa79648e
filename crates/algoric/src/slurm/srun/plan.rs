//! From options and what the centre granted to the step as it is run: each task's program, environment, CPUs, files.

use std::{
    fs::{File, OpenOptions},
    io,
    os::{fd::AsFd as _, unix::ffi::OsStrExt as _},
    path::Path,
    time::Duration,
};

use dialect::{
    environ::{self, Variable},
    environment, patterns,
    refusal::Refusal,
    sbatch::Export,
    srun::{self, Srun, Stream},
};
use model::{CpuSet, JobId, OpenMode, StepId, Text};

use super::{Caller, NAME};
use crate::{
    slurm::caller,
    step::{Sink, Source, Step, TaskPlan},
};

/// The greatest `--multi-prog` file that is read.
const MAX_MULTI_PROG: u64 = 1 << 20;

/// What the centre said.
pub struct Granted {
    /// The job.
    pub job: JobId,
    /// The step's number.
    pub step: u32,
    /// Its CPUs; none: not bound.
    pub cpus: CpuSet,
}

/// The whole plan.
///
/// # Errors
/// A file that cannot be opened.
pub fn step(asked: &Srun, granted: &Granted, caller: &Caller) -> Result<Step, Refusal> {
    let tasks = asked.tasks();
    let node = text(&caller.environ, "SLURMD_NODENAME").unwrap_or_else(caller::host);
    let cwd = caller::directory()
        .map_err(|error| Refusal::error(NAME, format!("The working directory is gone: {error}"), 1))?;
    let workdir = asked.asked.chdir.as_ref().map_or_else(|| cwd.clone(), |chdir| below(&cwd, chdir));
    let facts = Facts::new(asked, granted, caller, &node);
    let mut streams = Streams::new(asked, &cwd, facts)?;
    let shared = environment(asked, granted, caller, &node);
    let commands = commands(asked, tasks)?;
    let mut plans = Vec::with_capacity(tasks as usize);
    for (rank, command) in (0..tasks).zip(commands) {
        let (stdout, stderr) = streams.outputs_of(rank)?;
        let own = environment::task(rank, None);
        plans.push(TaskPlan {
            command,
            environment: environment::complete(shared.clone(), own),
            cpus: cpus_of(rank, asked, &granted.cpus),
            stdin: streams.input_of(rank)?,
            stdout,
            stderr,
        });
    }
    Ok(Step {
        id: format!("{}.{}", granted.job, granted.step),
        node,
        workdir: workdir.into_bytes(),
        tasks: plans,
        outputs: streams.outputs,
        label: asked.label,
        unbuffered: asked.unbuffered,
        kill_on_bad_exit: asked.kill_on_bad_exit.unwrap_or(false),
        wait: asked.wait.filter(|seconds| *seconds > 0).map(|seconds| Duration::from_secs(seconds.into())),
        disable_status: asked.disable_status,
        quit_on_interrupt: asked.quit_on_interrupt,
        quiet: asked.asked.quiet > 0,
    })
}

fn text(environ: &[Variable], name: &str) -> Option<String> {
    environ::non_empty(environ, name).map(|value| String::from_utf8_lossy(value).into_owned())
}

fn number(environ: &[Variable], name: &str) -> Option<u32> {
    text(environ, name)?.parse().ok()
}

fn below(directory: &Text, path: &Text) -> Text {
    let joined = as_path(directory).join(as_path(path));
    Text::from(joined.as_os_str().as_bytes())
}

fn as_path(text: &Text) -> &Path {
    Path::new(std::ffi::OsStr::from_bytes(text.as_bytes()))
}

/// Each task's program and arguments: the same for all, or by `--multi-prog`.
fn commands(asked: &Srun, tasks: u32) -> Result<Vec<Vec<Vec<u8>>>, Refusal> {
    let bytes = |words: &[Text]| words.iter().map(|word| word.as_bytes().to_vec()).collect::<Vec<_>>();
    let Some(file) = asked.command.first().filter(|_| asked.multi_prog) else {
        return Ok(vec![bytes(&asked.command); tasks as usize]);
    };
    let mut content = Vec::new();
    File::open(as_path(file))
        .and_then(|open| io::Read::read_to_end(&mut io::Read::take(open, MAX_MULTI_PROG), &mut content))
        .map_err(|error| Refusal::error(NAME, format!("cannot read {file}: {error}"), 1))?;
    Ok(srun::parse_multi_prog(&content, tasks, file)?.iter().map(|words| bytes(words)).collect())
}

/// What all tasks have: what `--export` lets through, and always what describes the job; then the step's own.
fn environment(asked: &Srun, granted: &Granted, caller: &Caller, node: &str) -> Vec<Variable> {
    let export = Export::parse(asked.asked.export.as_ref().map(Text::as_bytes));
    let mut shared = export.environment(&caller.environ);
    let of_job =
        |name: &[u8]| name.starts_with(b"SLURM") && environ::get(&shared, &String::from_utf8_lossy(name)).is_none();
    let missing: Vec<Variable> = caller.environ.iter().filter(|(name, _)| of_job(name)).cloned().collect();
    shared.extend(missing);
    let step = environment::Step {
        id: granted.step,
        tasks: asked.tasks(),
        cpus_per_task: asked.asked.cpus_per_task,
        node,
        job_cpus: number(&caller.environ, "SLURM_JOB_CPUS_PER_NODE").unwrap_or(granted.cpus.len() as u32),
        umask: caller::creation_mask(),
        gpus: &[],
    };
    environment::complete(shared, environment::step(&step))
}

/// A task's block of the step's CPUs, where there is one for each task; otherwise all of them.
fn cpus_of(rank: u32, asked: &Srun, granted: &CpuSet) -> CpuSet {
    let each = asked.asked.cpus_per_task.unwrap_or(1).max(1) as usize;
    let fits = granted.len() == each * asked.tasks() as usize;
    if !fits || asked.cpu_bind.as_deref() == Some("none") {
        return granted.clone();
    }
    granted.iter().skip(rank as usize * each).take(each).collect()
}

/// What file name patterns stand for.
struct Facts {
    job: JobId,
    array: Option<(JobId, u32)>,
    name: String,
    user: String,
    node: String,
    step: u32,
}

impl Facts {
    fn new(asked: &Srun, granted: &Granted, caller: &Caller, node: &str) -> Self {
        let environ = &caller.environ;
        let array = number(environ, "SLURM_ARRAY_JOB_ID").zip(number(environ, "SLURM_ARRAY_TASK_ID"));
        Self {
            job: granted.job,
            array: array.map(|(base, index)| (JobId(base), index)),
            name: text(environ, "SLURM_JOB_NAME").unwrap_or_else(|| asked.name().to_string()),
            user: text(environ, "SLURM_JOB_USER").unwrap_or_default(),
            node: node.to_owned(),
            step: granted.step,
        }
    }

    fn fill(&self, pattern: &Text, task: u32, cwd: &Text) -> Text {
        let facts = patterns::Facts {
            job: self.job,
            array: self.array,
            name: self.name.as_bytes(),
            user: &self.user,
            node: &self.node,
            step: StepId::Number(self.step),
            node_index: 0,
            task,
        };
        patterns::file(pattern.as_bytes(), &facts, cwd)
    }
}

/// Where the tasks' streams come from and go to.
struct Streams<'a> {
    asked: &'a Srun,
    cwd: &'a Text,
    facts: Facts,
    /// Merged lines go to one of these; the first two are our own.
    outputs: Vec<File>,
    stdout: Way,
    stderr: Way,
}

/// How one of the two outputs goes.
#[derive(Clone)]
enum Way {
    /// Straight to our own.
    Inherit,
    /// Line by line to that one of the outputs.
    Lines(usize),
    /// Nowhere.
    Nowhere,
    /// That task line by line to that one of the outputs, the others nowhere.
    Only(u32, usize),
    /// A file for each task.
    Each(Text),
    /// Where standard output goes.
    AsOutput,
}

impl<'a> Streams<'a> {
    fn new(asked: &'a Srun, cwd: &'a Text, facts: Facts) -> Result<Self, Refusal> {
        let own = |file: io::Result<std::os::fd::OwnedFd>| {
            file.map(File::from).map_err(|error| Refusal::error(NAME, format!("no standard output: {error}"), 1))
        };
        let outputs =
            vec![own(io::stdout().as_fd().try_clone_to_owned())?, own(io::stderr().as_fd().try_clone_to_owned())?];
        let mut streams = Self { asked, cwd, facts, outputs, stdout: Way::Inherit, stderr: Way::Inherit };
        streams.stdout = streams.way(&asked.output, 0)?;
        streams.stderr = match (&asked.error, &asked.output) {
            (Some(error), _) => streams.way(error, 1)?,
            (None, Stream::File(_)) => Way::AsOutput,
            (None, _) => streams.way(&asked.output, 1)?,
        };
        Ok(streams)
    }

    fn way(&mut self, stream: &Stream, own: usize) -> Result<Way, Refusal> {
        Ok(match stream {
            Stream::All if self.asked.tasks() == 1 && !self.asked.label => Way::Inherit,
            Stream::All => Way::Lines(own),
            Stream::None => Way::Nowhere,
            Stream::Task(task) => Way::Only(*task, own),
            Stream::File(pattern) => {
                let differs = self.facts.fill(pattern, 0, self.cwd) != self.facts.fill(pattern, 1, self.cwd);
                if differs || self.asked.tasks() == 1 {
                    Way::Each(pattern.clone())
                } else {
                    self.outputs.push(self.create(pattern, 0)?);
                    Way::Lines(self.outputs.len() - 1)
                }
            }
        })
    }

    fn outputs_of(&mut self, task: u32) -> Result<(Sink, Sink), Refusal> {
        let stdout = self.sink(&self.stdout, task)?;
        let stderr = match (&self.stderr, &stdout) {
            (Way::AsOutput, Sink::Own(file)) => Sink::Own(
                file.try_clone().map_err(|error| Refusal::error(NAME, format!("no standard error: {error}"), 1))?,
            ),
            (Way::AsOutput, Sink::Lines(output)) => Sink::Lines(*output),
            (way, _) => self.sink(way, task)?,
        };
        Ok((stdout, stderr))
    }

    fn sink(&self, way: &Way, task: u32) -> Result<Sink, Refusal> {
        Ok(match way {
            Way::Lines(output) => Sink::Lines(*output),
            Way::Only(only, output) if *only == task => Sink::Lines(*output),
            Way::Nowhere | Way::Only(..) => Sink::Own(nothing(true)?),
            Way::Each(pattern) => Sink::Own(self.create(pattern, task)?),
            Way::Inherit | Way::AsOutput => Sink::Inherit,
        })
    }

    fn input_of(&self, task: u32) -> Result<Source, Refusal> {
        Ok(match &self.asked.input {
            Stream::All if self.asked.tasks() == 1 => Source::Inherit,
            Stream::All => Source::Broadcast,
            Stream::Task(only) if *only == task => Source::Inherit,
            Stream::None | Stream::Task(_) => Source::Own(nothing(false)?),
            Stream::File(pattern) => {
                let path = self.facts.fill(pattern, task, self.cwd);
                Source::Own(File::open(as_path(&path)).map_err(|error| cannot_open("stdin", &path, &error))?)
            }
        })
    }

    fn create(&self, pattern: &Text, task: u32) -> Result<File, Refusal> {
        let path = self.facts.fill(pattern, task, self.cwd);
        let append = self.asked.asked.open_mode == Some(OpenMode::Append);
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        let emptied = if append { Ok(()) } else { empty(as_path(&path)) };
        emptied.and_then(|()| options.open(as_path(&path))).map_err(|error| cannot_open("stdout", &path, &error))
    }
}

/// Opened for appending even so: standard error may go to the same file by another way.
fn empty(path: &Path) -> io::Result<()> {
    OpenOptions::new().create(true).write(true).truncate(true).open(path).map(drop)
}

fn nothing(write: bool) -> Result<File, Refusal> {
    OpenOptions::new()
        .read(!write)
        .write(write)
        .open("/dev/null")
        .map_err(|error| Refusal::error(NAME, format!("cannot open /dev/null: {error}"), 1))
}

fn cannot_open(which: &str, path: &Text, error: &io::Error) -> Refusal {
    // Rust adds the number to the system's words.
    let words = error.to_string();
    let words = words.split(" (os error").next().unwrap_or(&words);
    Refusal::error(NAME, format!("Could not open {which} file {path}: {words}"), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpus_go_in_blocks_where_they_suffice() {
        let cpus = |args: &str, rank| {
            let words: Vec<Vec<u8>> = args.split(' ').map(|word| word.as_bytes().to_vec()).collect();
            let clock = dialect::text::Clock { now: model::Time(0), zone: &jiff::tz::TimeZone::UTC };
            let asked = srun::parse(&words, &[], &clock, false).unwrap_or_default();
            cpus_of(rank, &asked, &[2, 3, 6, 7].into_iter().collect()).to_string()
        };
        assert_eq!(cpus("-n 2 -c 2 x", 1), "6-7");
        assert_eq!(cpus("-n 4 x", 2), "6");
        assert_eq!(cpus("-n 2 x", 1), "2-3,6-7");
        assert_eq!(cpus("-n 4 --cpu-bind=none x", 2), "2-3,6-7");
    }
}
