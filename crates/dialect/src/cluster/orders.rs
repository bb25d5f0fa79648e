//! Wishes as the words of Slurm's own commands: what `sbatch` is told, and what it answers. Must not know who asks.

use model::{JobId, JobSpec, Memory, OpenMode, Request, Time, TimeLimit};

use crate::{
    text::{put_full_limit, shown},
    values,
};

/// The words of an `sbatch` that submits this; its script comes on standard input, its environment is the command's own.
/// Times are seconds since 1970 (`uts…`), so that no zone touches them.
pub fn sbatch(spec: &JobSpec) -> Vec<Vec<u8>> {
    let mut words = Words(vec![b"sbatch".to_vec(), b"--parsable".to_vec()]);
    words.say("--job-name", spec.name.as_bytes());
    words.say("--chdir", spec.workdir.as_bytes());
    belonging(&mut words, spec);
    times(&mut words, spec);
    resources(&mut words, &spec.request);
    streams_and_strings(&mut words, spec);
    if let Some(array) = &spec.array {
        let limit = array.limit.map_or(String::new(), |limit| format!("%{limit}"));
        words.say("--array", format!("{}{limit}", array.tasks));
    }
    if let Some(wish) = &spec.dependency {
        words.say("--dependency", values::dependency::show(wish, |_| None));
    }
    if let Some(signal) = spec.signal {
        let batch = if signal.batch_only { "B:" } else { "" };
        words.say("--signal", format!("{batch}{}@{}", signal.signal, signal.before.as_seconds()));
    }
    if spec.mail.0 != 0 {
        words.say("--mail-type", values::mail::show(spec.mail));
    }
    if spec.nice != 0 {
        words.say("--nice", spec.nice.to_string());
    }
    if spec.open_mode == OpenMode::Append {
        words.say("--open-mode", "append");
    }
    words.flag(spec.hold, "--hold");
    words.flag(spec.request.exclusive, "--exclusive");
    words.flag(spec.requeue, "--requeue");
    words.flag(!spec.requeue, "--no-requeue");
    // Arguments need a script's name in front of them, and the name of what is read from standard input is this.
    if !spec.args.is_empty() {
        words.0.push(b"/dev/stdin".to_vec());
        words.0.extend(spec.args.iter().map(|arg| arg.as_bytes().to_vec()));
    }
    words.0
}

/// A command line as it grows.
struct Words(Vec<Vec<u8>>);

impl Words {
    fn say(&mut self, option: &str, value: impl AsRef<[u8]>) {
        self.0.push([option.as_bytes(), b"=", value.as_ref()].concat());
    }

    fn flag(&mut self, is: bool, option: &str) {
        if is {
            self.0.push(option.as_bytes().to_vec());
        }
    }
}

/// Whose hours, which machines, by which rule.
fn belonging(words: &mut Words, spec: &JobSpec) {
    for (option, text) in [("--account", &spec.account), ("--partition", &spec.partition), ("--qos", &spec.qos)] {
        if !text.is_empty() {
            words.say(option, text.as_bytes());
        }
    }
}

/// How long, and when.
fn times(words: &mut Words, spec: &JobSpec) {
    match spec.time_limit {
        TimeLimit::Default => {}
        limit => words.say("--time", shown(|out| put_full_limit(out, limit))),
    }
    if let Some(least) = spec.time_min {
        words.say("--time-min", shown(|out| put_full_limit(out, TimeLimit::Span(least))));
    }
    for (option, at) in [("--begin", spec.begin), ("--deadline", spec.deadline)] {
        if let Some(at) = at {
            words.say(option, format!("uts{}", at.0 / 1000));
        }
    }
}

/// How much of what.
fn resources(words: &mut Words, request: &Request) {
    let counts = [
        ("--ntasks", request.tasks),
        ("--cpus-per-task", request.cpus_per_task),
        ("--ntasks-per-node", request.tasks_per_node),
        ("--threads-per-core", request.threads_per_core),
    ];
    for (option, count) in counts {
        if let Some(count) = count {
            words.say(option, count.to_string());
        }
    }
    if request.gpus > 0 {
        let kind = request.gpu_type.as_ref().map_or(String::new(), |kind| format!("{kind}:"));
        words.say("--gpus", format!("{kind}{}", request.gpus));
    }
    if let Some((least, most)) = request.nodes {
        words.say("--nodes", format!("{least}-{most}"));
    }
    match request.memory {
        Memory::Default => {}
        Memory::Unlimited => words.say("--mem", "0"),
        Memory::PerNode(mib) => words.say("--mem", format!("{mib}M")),
        Memory::PerCpu(mib) => words.say("--mem-per-cpu", format!("{mib}M")),
    }
}

/// Where it reads and writes, and what members write themselves.
fn streams_and_strings(words: &mut Words, spec: &JobSpec) {
    let texts = [
        ("--input", &spec.stdin),
        ("--output", &spec.stdout),
        ("--error", &spec.stderr),
        ("--comment", &spec.comment),
        ("--export", &spec.export),
    ];
    for (option, text) in texts {
        if let Some(text) = text {
            words.say(option, text.as_bytes());
        }
    }
    let strings = [
        ("--reservation", &spec.reservation),
        ("--wckey", &spec.wckey),
        ("--constraint", &spec.features),
        ("--mail-user", &spec.mail_user),
    ];
    for (option, text) in strings {
        if let Some(text) = text {
            words.say(option, text.as_bytes());
        }
    }
}

/// The number that `sbatch --parsable` prints, with or without the name of a cluster.
pub fn submitted(printed: &str) -> Option<JobId> {
    let line = printed.lines().next()?;
    line.split(';').next()?.trim().parse().ok().map(JobId)
}

/// What `sbatch --test-only` says with `SLURM_TIME_FORMAT=%s`: the number it would have, when it would begin, CPUs, machines,
/// partition.
pub fn would_start(printed: &str) -> Option<(JobId, Time, u32, String, String)> {
    let line = printed.lines().find_map(|line| line.trim().strip_prefix("sbatch: Job "))?;
    let words: Vec<&str> = line.split_whitespace().collect();
    // `1028 to start at 1795403769 using 1 processors on nodes n1 in partition main`
    let [id, "to", "start", "at", at, "using", cpus, "processors", "on", "nodes", nodes, "in", "partition", partition] =
        words[..]
    else {
        return None;
    };
    let seconds: i64 = at.parse().ok()?;
    Some((JobId(id.parse().ok()?), Time(seconds * 1000), cpus.parse().ok()?, nodes.to_owned(), partition.to_owned()))
}

/// What a command of Slurm complained of, without what every line begins with.
pub fn complaint(printed: &str) -> String {
    let lines = printed.lines().map(|line| line.trim().trim_start_matches("sbatch: ").trim_start_matches("error: "));
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    match lines.as_slice() {
        [] => "Slurm refused, and did not say why".to_owned(),
        lines => lines.join("; "),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use model::{ArraySpec, Gid, IndexSet, Owner, Span, Text, Uid};

    #[test]
    fn a_wish_in_slurms_words() {
        let owner = Owner { uid: Uid(1), gid: Gid(1), user: "alice".into(), group: "alice".into() };
        let spec = JobSpec {
            account: "flood".into(),
            request: Request { tasks: Some(4), memory: Memory::PerCpu(100), gpus: 1, ..Request::default() },
            time_limit: TimeLimit::Span(Span::minutes(90)),
            array: Some(ArraySpec { tasks: IndexSet::from_ranges([(0, 8, 2)]).unwrap(), limit: Some(2) }),
            args: vec![Text::from("a b")],
            comment: Some(Text::from("x=y z")),
            ..JobSpec::plain(Text::from("na me"), owner, Text::from("/home/alice"))
        };
        let words: Vec<String> = sbatch(&spec).into_iter().map(|word| String::from_utf8(word).unwrap()).collect();
        insta::assert_snapshot!(words.join("\n"));
    }

    #[test]
    fn when_it_would_start() {
        // As 22.05.8 said it, on its standard error.
        let said = "sbatch: Job 1028 to start at 1795403769 using 1 processors on nodes n[1-2] in partition main\n";
        let expected = (JobId(1028), Time(1_795_403_769_000), 1, "n[1-2]".to_owned(), "main".to_owned());
        assert_eq!(would_start(said), Some(expected));
        assert_eq!(would_start("allocation failure: Requested node configuration is not available\n"), None);
    }

    #[test]
    fn what_it_answers() {
        assert_eq!(
            (submitted("17\n"), submitted("17;mn\n"), submitted("no")),
            (Some(JobId(17)), Some(JobId(17)), None)
        );
        let refused =
            "sbatch: error: Memory specification can not be satisfied\nsbatch: error: Batch job submission failed: x\n";
        assert_eq!(complaint(refused), "Memory specification can not be satisfied; Batch job submission failed: x");
    }
}
