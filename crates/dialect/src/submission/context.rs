//! Where a submission is made, and the job specification that comes of it.

use model::{JobSpec, Limits, Owner, Text, TimeLimit};

use super::Asked;

/// What a submission takes from where it is made.
#[derive(Clone, Debug)]
pub struct Context {
    /// Who submits.
    pub owner: Owner,
    /// Host name.
    pub submit_host: String,
    /// Where `sbatch` runs; absolute.
    pub cwd: Text,
    /// File mode creation mask.
    pub umask: u32,
    /// Soft resource limits.
    pub limits: Limits,
    /// The script's absolute path, where the front end found it elsewhere than in `cwd`.
    pub script: Option<Text>,
}

impl Asked {
    /// The specification of an allocation: what `salloc` and `srun` outside a job send, and what `sbatch` adds its own
    /// to. `name` is used where no other was asked for, `line` is the command line.
    pub fn spec(&self, context: &Context, name: Text, line: Text) -> JobSpec {
        let workdir = match &self.chdir {
            Some(chdir) => join(&context.cwd, chdir),
            None => context.cwd.clone(),
        };
        JobSpec {
            name: self.job_name.clone().unwrap_or(name),
            owner: context.owner.clone(),
            account: self.account.clone().unwrap_or_default(),
            partition: self.partition.clone().unwrap_or_default(),
            qos: self.qos.clone().unwrap_or_default(),
            request: self.request(),
            time_limit: self.time_limit.unwrap_or(TimeLimit::Default),
            time_min: self.time_min,
            array: None,
            dependency: self.dependency.clone(),
            kill_on_invalid_dep: self.kill_on_invalid_dep,
            begin: self.begin,
            deadline: self.deadline,
            hold: self.hold,
            requeue: false,
            nice: self.nice,
            priority: self.priority,
            signal: self.signal,
            reservation: self.reservation.clone(),
            comment: self.comment.clone(),
            wckey: self.wckey.clone(),
            mail: self.mail,
            mail_user: self.mail_user.clone(),
            workdir,
            stdin: None,
            stdout: None,
            stderr: None,
            open_mode: self.open_mode.unwrap_or_default(),
            command: None,
            args: Vec::new(),
            export: None,
            get_user_env: false,
            umask: context.umask,
            limits: self.limits(&context.limits),
            submit_host: context.submit_host.clone(),
            submit_dir: context.cwd.clone(),
            submit_line: line,
            features: self.constraint.clone(),
            batch: false,
        }
    }
}

/// A program's name and its arguments, parted by blanks (`sacct SubmitLine`).
pub(crate) fn command_line(program: &str, args: &[Vec<u8>]) -> Text {
    let mut line = program.as_bytes().to_vec();
    for word in args {
        line.push(b' ');
        line.extend_from_slice(word);
    }
    Text::from(line)
}

/// A path below a directory, unless it is absolute.
pub(crate) fn join(directory: &Text, path: &Text) -> Text {
    if path.as_bytes().starts_with(b"/") {
        return path.clone();
    }
    let mut joined = directory.as_bytes().to_vec();
    if !joined.ends_with(b"/") {
        joined.push(b'/');
    }
    joined.extend_from_slice(path.as_bytes().strip_prefix(b"./").unwrap_or(path.as_bytes()));
    Text::from(joined)
}
