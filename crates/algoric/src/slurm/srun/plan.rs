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
    step::{self, STDERR, STDIN, STDOUT, Sink, Source, Step, TaskPlan},
};

/// The greatest `--multi-prog` file that is read.
const MAX_MULTI_PROG: u64 = 1 << 20;

/// So many seconds more than the centre would wait does `srun` wait, as Slurm's.
const LEEWAY: u64 = 2;

/// What the centre said.
pub struct Granted {
    /// The job.
    pub job: JobId,
    /// The step's number.
    pub step: u32,
    /// Its CPUs; none: not bound.
    pub cpus: CpuSet,
    /// What describes the job (`SLURM_*`).
    pub environment: Vec<Variable>,
    /// Seconds between the first signal that ends a job and SIGKILL.
    pub kill_wait: u32,
}

/// The whole plan.
///
/// # Errors
/// A file that cannot be opened.
pub fn step(asked: &Srun, granted: &Granted, caller: &Caller) -> Result<Step, Refusal> {
    let tasks = asked.tasks();
    let node = text(&granted.environment, "SLURM_JOB_NODELIST").unwrap_or_else(caller::host);
    let cwd = caller::directory()
        .map_err(|error| Refusal::error(NAME, format!("The working directory is gone: {error}"), 1))?;
    let workdir = asked.asked.chdir.as_ref().map_or_else(|| cwd.clone(), |chdir| below(&cwd, chdir));
    let facts = Facts::new(asked, granted, &node);
    let mut streams = Streams::new(asked, &cwd, facts)?;
    let commands = commands(asked, tasks, granted, &node)?;
    let mut plans = Vec::with_capacity(tasks as usize);
    for (rank, command) in (0..tasks).zip(commands) {
        let (stdout, stderr) = streams.outputs_of(rank)?;
        plans.push(TaskPlan {
            command,
            environment: environment::task(rank, None),
            cpus: asked.cpu_bind.of(rank, tasks, asked.asked.cpus_per_task.unwrap_or(1), &granted.cpus),
            tell_cpus: asked.cpu_bind_verbose && !granted.cpus.is_empty(),
            stdin: streams.input_of(rank)?,
            stdout,
            stderr,
        });
    }
    let id = format!("{}.{}", granted.job, granted.step);
    Ok(Step {
        environment: environment(asked, granted, caller, &node),
        pmi: (asked.mpi.as_deref() == Some("pmi2")).then(|| id.clone()),
        id,
        node,
        workdir: workdir.into_bytes(),
        tasks: plans,
        files: streams.files,
        label: asked.label,
        unbuffered: asked.unbuffered,
        kill_on_bad_exit: asked.kill_on_bad_exit.unwrap_or(false),
        wait: asked.wait.filter(|seconds| *seconds > 0).map(|seconds| Duration::from_secs(seconds.into())),
        patience: Duration::from_secs(u64::from(granted.kill_wait) + LEEWAY),
        disable_status: asked.disable_status,
        quit_on_interrupt: asked.quit_on_interrupt,
        quiet: asked.asked.quiet > 0,
        terminal: asked.pty.then(step::terminal_size),
        task_prolog: asked.task_prolog.clone(),
        task_epilog: asked.task_epilog.clone(),
        door: None,
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
fn commands(asked: &Srun, tasks: u32, granted: &Granted, node: &str) -> Result<Vec<Vec<Vec<u8>>>, Refusal> {
    let bytes = |words: &[Text]| words.iter().map(|word| word.as_bytes().to_vec()).collect::<Vec<_>>();
    let Some(file) = asked.command.first().filter(|_| asked.multi_prog) else {
        let mut command = bytes(&asked.command);
        if let (Some(to), Some(program)) = (&asked.bcast, command.first_mut()) {
            *program = copied(program, to.as_ref(), granted, node)?;
        }
        return Ok(vec![command; tasks as usize]);
    };
    let mut content = Vec::new();
    File::open(as_path(file))
        .and_then(|open| io::Read::read_to_end(&mut io::Read::take(open, MAX_MULTI_PROG), &mut content))
        .map_err(|_| Refusal::error(NAME, format!("Could not open multi_prog config file {file}"), 1))?;
    Ok(srun::parse_multi_prog(&content, tasks, file)?.iter().map(|words| bytes(words)).collect())
}

/// `--bcast`: the program where it was wished, or beside us under the name that Slurm gives it.
fn copied(program: &[u8], to: Option<&Text>, granted: &Granted, node: &str) -> Result<Vec<u8>, Refusal> {
    let usual = format!("slurm_bcast_{}.{}_{node}", granted.job, granted.step).into_bytes();
    let target = match to {
        None => [b"./".as_slice(), &usual].concat(),
        Some(directory) if directory.as_bytes().ends_with(b"/") => [directory.as_bytes(), &usual].concat(),
        Some(path) => path.as_bytes().to_vec(),
    };
    let path = |bytes: &[u8]| std::path::PathBuf::from(std::ffi::OsStr::from_bytes(bytes));
    let source = crate::slurm::caller::program(&path(program));
    match std::fs::copy(&source, path(&target)) {
        Ok(_) => Ok(target),
        Err(error) => {
            let (from, to) = (source.display(), String::from_utf8_lossy(&target).into_owned());
            Err(Refusal::error(NAME, format!("Unable to broadcast {from} to {to}: {}", plain(&error)), 1))
        }
    }
}

/// What all tasks have: what `--export` lets through, and always what describes the job; then the step's own.
fn environment(asked: &Srun, granted: &Granted, caller: &Caller, node: &str) -> Vec<Variable> {
    let export = Export::parse(asked.asked.export.as_ref().map(Text::as_bytes));
    let shared = environment::complete(export.environment(&caller.environ), granted.environment.clone());
    let step = environment::Step {
        id: granted.step,
        tasks: asked.tasks(),
        cpus_per_task: asked.asked.cpus_per_task,
        node,
        job_cpus: number(&granted.environment, "SLURM_JOB_CPUS_PER_NODE").unwrap_or(granted.cpus.len() as u32),
        umask: caller::creation_mask(),
        gpus: &[],
        own_job: asked.job.is_none(),
        name: asked.asked.job_name.as_ref(),
    };
    let mut own = environment::step(&step);
    own.push(environment::niceness(caller::niceness()));
    if asked.preserve_env {
        let kept = ["SLURM_NTASKS", "SLURM_NPROCS", "SLURM_JOB_NUM_NODES", "SLURM_NNODES"];
        let is_kept = |name: &[u8]| kept.iter().any(|kept| kept.as_bytes() == name);
        own.retain(|(name, _)| !is_kept(name));
        own.extend(caller.environ.iter().filter(|(name, _)| is_kept(name)).cloned());
    }
    environment::complete(shared, own)
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
    fn new(asked: &Srun, granted: &Granted, node: &str) -> Self {
        let environ = &granted.environment;
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
    /// All open files; the first three are our own.
    files: Vec<File>,
    /// Where nothing comes from, and where everything vanishes.
    nothing: Option<usize>,
    stdout: Way,
    stderr: Way,
}

/// How one of the two outputs goes.
#[derive(Clone)]
enum Way {
    /// Line by line to that one of the files.
    Lines(usize),
    /// Nowhere.
    Nowhere,
    /// That task line by line to that one of the files, the others nowhere.
    Only(u32, usize),
    /// A file for each task.
    Each(Text),
    /// Where standard output goes.
    AsOutput,
}

impl<'a> Streams<'a> {
    fn new(asked: &'a Srun, cwd: &'a Text, facts: Facts) -> Result<Self, Refusal> {
        let own = [io::stdin().as_fd(), io::stdout().as_fd(), io::stderr().as_fd()]
            .map(|file| file.try_clone_to_owned().map(File::from))
            .into_iter()
            .collect::<io::Result<Vec<File>>>();
        let files = own.map_err(|error| Refusal::error(NAME, format!("no standard files: {error}"), 1))?;
        let (stdout, stderr) = (Way::Lines(STDOUT), Way::Lines(STDERR));
        let mut streams = Self { asked, cwd, facts, files, nothing: None, stdout, stderr };
        // With --pty only the first task is heard, by its terminal.
        if asked.pty {
            (streams.stdout, streams.stderr) = (Way::Nowhere, Way::Nowhere);
            return Ok(streams);
        }
        streams.stdout = streams.way(&asked.output, STDOUT)?;
        streams.stderr = match (&asked.error, &asked.output) {
            (Some(error), _) => streams.way(error, STDERR)?,
            (None, Stream::File(_)) => Way::AsOutput,
            (None, _) => streams.way(&asked.output, STDERR)?,
        };
        Ok(streams)
    }

    fn way(&mut self, stream: &Stream, own: usize) -> Result<Way, Refusal> {
        Ok(match stream {
            Stream::All => Way::Lines(own),
            Stream::None => Way::Nowhere,
            Stream::Task(task) => Way::Only(*task, own),
            Stream::File(pattern) => {
                let differs = self.facts.fill(pattern, 0, self.cwd) != self.facts.fill(pattern, 1, self.cwd);
                if differs || self.asked.tasks() == 1 {
                    Way::Each(pattern.clone())
                } else {
                    let file = self.create(pattern, 0)?;
                    Way::Lines(self.keep(file))
                }
            }
        })
    }

    fn keep(&mut self, file: File) -> usize {
        self.files.push(file);
        self.files.len() - 1
    }

    fn nothing(&mut self) -> Result<usize, Refusal> {
        if let Some(nothing) = self.nothing {
            return Ok(nothing);
        }
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/null")
            .map_err(|error| Refusal::error(NAME, format!("cannot open /dev/null: {error}"), 1))?;
        let nothing = self.keep(file);
        self.nothing = Some(nothing);
        Ok(nothing)
    }

    fn outputs_of(&mut self, task: u32) -> Result<(Sink, Sink), Refusal> {
        let stdout = self.sink(&self.stdout.clone(), task)?;
        let stderr = match self.stderr.clone() {
            Way::AsOutput => stdout,
            way => self.sink(&way, task)?,
        };
        Ok((stdout, stderr))
    }

    fn sink(&mut self, way: &Way, task: u32) -> Result<Sink, Refusal> {
        Ok(match way {
            Way::Lines(file) => Sink::Lines(*file),
            Way::Only(only, file) if *only == task => Sink::Lines(*file),
            Way::Nowhere | Way::Only(..) => Sink::File(self.nothing()?),
            Way::Each(pattern) => {
                let file = self.create(pattern, task)?;
                Sink::File(self.keep(file))
            }
            Way::AsOutput => Sink::Lines(STDERR),
        })
    }

    fn input_of(&mut self, task: u32) -> Result<Source, Refusal> {
        Ok(match &self.asked.input {
            Stream::All if self.asked.tasks() == 1 => Source::File(STDIN),
            Stream::All => Source::Broadcast,
            Stream::Task(only) if *only == task => Source::File(STDIN),
            Stream::None | Stream::Task(_) => Source::File(self.nothing()?),
            Stream::File(pattern) => {
                let path = self.facts.fill(pattern, task, self.cwd);
                let file = File::open(as_path(&path)).map_err(|error| cannot_open("stdin", &error))?;
                Source::File(self.keep(file))
            }
        })
    }

    fn create(&self, pattern: &Text, task: u32) -> Result<File, Refusal> {
        let path = self.facts.fill(pattern, task, self.cwd);
        let append = self.asked.asked.open_mode == Some(OpenMode::Append);
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        let emptied = if append { Ok(()) } else { empty(as_path(&path)) };
        emptied.and_then(|()| options.open(as_path(&path))).map_err(|error| cannot_open("stdout", &error))
    }
}

/// Opened for appending even so: standard error may go to the same file by another way.
fn empty(path: &Path) -> io::Result<()> {
    OpenOptions::new().create(true).write(true).truncate(true).open(path).map(drop)
}

fn cannot_open(which: &str, error: &io::Error) -> Refusal {
    Refusal::error(NAME, format!("Could not open {which} file: {}", plain(error)), 1)
}

/// Rust adds the number to the system's words.
fn plain(error: &io::Error) -> String {
    let words = error.to_string();
    words.split(" (os error").next().unwrap_or(&words).to_owned()
}
