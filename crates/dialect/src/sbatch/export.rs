//! `--export`: which variables of the caller a job gets.

use crate::environ::Variable;

/// What goes along.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Export {
    /// Everything (also when nothing was said).
    #[default]
    All,
    /// `SLURM_*` only; the job starts as from a login.
    None,
    /// The same; Slurm's manual would leave the login out, Slurm does not.
    Nil,
    /// Named ones, and those given with a value; with `ALL` in the list everything else too.
    List {
        /// `ALL` was in the list.
        all: bool,
        /// Names, with a value where one was given.
        items: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    },
}

/// What a job leaves in the environment for commands inside it, and what a job submitted from inside must not inherit:
/// it would describe the wrong job.
const OF_THE_OUTER_JOB: &[&str] = &[
    "SLURM_ARRAY_",
    "SLURM_CPUS_ON_NODE",
    "SLURM_CPUS_PER_TASK",
    "SLURM_DISTRIBUTION",
    "SLURM_EXPORT_ENV",
    "SLURM_GET_USER_ENV",
    "SLURM_GPUS",
    "SLURM_GTIDS",
    "SLURM_JOBID",
    "SLURM_JOB_",
    "SLURM_LAUNCH_",
    "SLURM_LOCALID",
    "SLURM_MEM_PER_",
    "SLURM_NNODES",
    "SLURM_NODEID",
    "SLURM_NODELIST",
    "SLURM_NODE_ALIASES",
    "SLURM_NPROCS",
    "SLURM_NTASKS",
    "SLURM_PRIO_PROCESS",
    "SLURM_PROCID",
    "SLURM_RESTART_COUNT",
    "SLURM_SRUN_",
    "SLURM_STEP",
    "SLURM_SUBMIT_",
    "SLURM_TASKS_PER_NODE",
    "SLURM_TASK_PID",
    "SLURM_TOPOLOGY_",
    "SLURM_UMASK",
    "SLURM_WORKING_CLUSTER",
    "SLURMD_NODENAME",
];

fn is_of_the_outer_job(name: &[u8]) -> bool {
    OF_THE_OUTER_JOB.iter().any(|prefix| name.starts_with(prefix.as_bytes()))
}

impl Export {
    /// Reads the option's value; `None`: it was not given.
    pub fn parse(text: Option<&[u8]>) -> Self {
        let Some(text) = text else { return Export::All };
        match text.to_ascii_uppercase().as_slice() {
            b"ALL" => return Export::All,
            b"NONE" => return Export::None,
            b"NIL" => return Export::Nil,
            _ => {}
        }
        let mut all = false;
        let mut items = Vec::new();
        for part in split_quoted(text) {
            match part.iter().position(|byte| *byte == b'=') {
                Some(at) => items.push((part[..at].to_vec(), Some(part[at + 1..].to_vec()))),
                None if part.eq_ignore_ascii_case(b"ALL") => all = true,
                None => items.push((part, None)),
            }
        }
        Export::List { all, items }
    }

    /// Whether the job's environment starts as from a login.
    pub fn wants_login(&self) -> bool {
        matches!(self, Export::None | Export::Nil | Export::List { all: false, .. })
    }

    /// The variables that go along with a job. `SLURM_*` always do, except those that describe the job that the caller
    /// itself may run in.
    pub fn environment(&self, environ: &[Variable]) -> Vec<Variable> {
        self.filtered(environ, is_of_the_outer_job)
    }

    /// The variables that go along with a step of the job that the caller runs in: what describes that job stays.
    pub fn environment_of_step(&self, environ: &[Variable]) -> Vec<Variable> {
        self.filtered(environ, |_| false)
    }

    fn filtered(&self, environ: &[Variable], never: impl Fn(&[u8]) -> bool) -> Vec<Variable> {
        let (all, items) = match self {
            Export::All => (true, &[][..]),
            Export::None | Export::Nil => (false, &[][..]),
            Export::List { all, items } => (*all, items.as_slice()),
        };
        let named = |name: &[u8]| items.iter().any(|(item, value)| value.is_none() && item == name);
        let given = |name: &[u8]| items.iter().any(|(item, value)| value.is_some() && item == name);
        let slurm = |name: &[u8]| name.starts_with(b"SLURM") || name.starts_with(b"SPANK_");
        let mut variables: Vec<Variable> = environ
            .iter()
            .filter(|(name, _)| !given(name) && !never(name) && (all || named(name) || slurm(name)))
            .cloned()
            .collect();
        variables.extend(items.iter().filter_map(|(name, value)| Some((name.clone(), value.clone()?))));
        variables
    }
}

/// Parts between commas; quotes keep commas in, and stay.
fn split_quoted(text: &[u8]) -> Vec<Vec<u8>> {
    let mut parts = vec![Vec::new()];
    let mut quote = None;
    for byte in text {
        match (*byte, quote) {
            (byte, Some(open)) if byte == open => quote = None,
            (b'\'' | b'"', None) => quote = Some(*byte),
            (b',', None) => {
                parts.push(Vec::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(*byte);
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// `--export-file`: definitions `NAME=value`, parted by NUL bytes; what is no definition is passed over.
pub fn environment_file(content: &[u8]) -> Vec<Variable> {
    content
        .split(|byte| *byte == 0)
        .filter_map(|definition| {
            let at = definition.iter().position(|byte| *byte == b'=')?;
            (at > 0).then(|| (definition[..at].to_vec(), definition[at + 1..].to_vec()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(option: Option<&str>, expected: &str, login: bool) {
        let environ: Vec<Variable> = [
            ("HOME", "/h"),
            ("FOO", "1"),
            ("SLURM_MPI_TYPE", "none"),
            ("SLURM_NTASKS", "4"),
            ("BASH_FUNC_module%%", "() { :; }"),
        ]
        .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
        .to_vec();
        let export = Export::parse(option.map(str::as_bytes));
        let shown: Vec<String> = export
            .environment(&environ)
            .iter()
            .map(|(name, value)| format!("{}={}", String::from_utf8_lossy(name), String::from_utf8_lossy(value)))
            .collect();
        assert_eq!((shown.join(" ").as_str(), export.wants_login()), (expected, login), "{option:?}");
    }

    #[test]
    fn modes() {
        let all = "HOME=/h FOO=1 SLURM_MPI_TYPE=none BASH_FUNC_module%%=() { :; }";
        check(None, all, false);
        check(Some("ALL"), all, false);
        check(Some("NONE"), "SLURM_MPI_TYPE=none", true);
        check(Some("NIL"), "SLURM_MPI_TYPE=none", true);
        check(Some("ALL,FOO=bar"), "HOME=/h SLURM_MPI_TYPE=none BASH_FUNC_module%%=() { :; } FOO=bar", false);
        check(Some("FOO,NONESUCH"), "FOO=1 SLURM_MPI_TYPE=none", true);
        check(Some("A='x,y',B=2"), "SLURM_MPI_TYPE=none A='x,y' B=2", true);
    }

    #[test]
    fn steps_keep_what_describes_their_job() {
        let environ: Vec<Variable> = [("A", "1"), ("SLURM_JOB_ID", "5"), ("SLURMD_NODENAME", "vm")]
            .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
            .to_vec();
        assert_eq!(Export::None.environment_of_step(&environ), environ[1..]);
        assert_eq!(Export::None.environment(&environ), []);
    }

    #[test]
    fn files() {
        assert_eq!(
            environment_file(b"A=1\0B=x=y\n\0junk\0=z\0"),
            [(b"A".to_vec(), b"1".to_vec()), (b"B".to_vec(), b"x=y\n".to_vec())]
        );
    }
}
