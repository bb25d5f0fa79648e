//! Wishes as the words of Slurm's own commands: what `sbatch` is told, and what it answers. Must not know who asks.

use model::{JobId, JobSpec, Memory, OpenMode, TimeLimit};

use crate::{
    text::{put_full_limit, shown},
    values,
};

/// The words of an `sbatch` that submits this; its script comes on standard input, its environment is the command's own.
/// Times are seconds since 1970 (`uts…`), so that no zone touches them.
pub fn sbatch(spec: &JobSpec) -> Vec<Vec<u8>> {
    let mut words: Vec<Vec<u8>> = vec![b"sbatch".to_vec(), b"--parsable".to_vec()];
    let mut say = |option: &str, value: &[u8]| words.push([option.as_bytes(), b"=", value].concat());
    say("--job-name", spec.name.as_bytes());
    say("--chdir", spec.workdir.as_bytes());
    for (option, text) in [("--account", &spec.account), ("--partition", &spec.partition), ("--qos", &spec.qos)] {
        if !text.is_empty() {
            say(option, text.as_bytes());
        }
    }
    match spec.time_limit {
        TimeLimit::Default => {}
        limit => say("--time", shown(|out| put_full_limit(out, limit)).as_bytes()),
    }
    let request = &spec.request;
    let counts = [
        ("--ntasks", request.tasks),
        ("--cpus-per-task", request.cpus_per_task),
        ("--ntasks-per-node", request.tasks_per_node),
        ("--threads-per-core", request.threads_per_core),
        ("--gpus", Some(request.gpus).filter(|gpus| *gpus > 0)),
    ];
    for (option, count) in counts {
        if let Some(count) = count {
            let kind = request.gpu_type.as_ref().filter(|_| option == "--gpus");
            let kind = kind.map_or(String::new(), |kind| format!("{kind}:"));
            say(option, format!("{kind}{count}").as_bytes());
        }
    }
    if let Some((least, most)) = request.nodes {
        say("--nodes", format!("{least}-{most}").as_bytes());
    }
    match request.memory {
        Memory::Default => {}
        Memory::Unlimited => say("--mem", b"0"),
        Memory::PerNode(mib) => say("--mem", format!("{mib}M").as_bytes()),
        Memory::PerCpu(mib) => say("--mem-per-cpu", format!("{mib}M").as_bytes()),
    }
    if let Some(array) = &spec.array {
        let limit = array.limit.map_or(String::new(), |limit| format!("%{limit}"));
        say("--array", format!("{}{limit}", array.tasks).as_bytes());
    }
    if let Some(wish) = &spec.dependency {
        say("--dependency", values::dependency::show(wish, |_| None).as_bytes());
    }
    for (option, at) in [("--begin", spec.begin), ("--deadline", spec.deadline)] {
        if let Some(at) = at {
            say(option, format!("uts{}", at.0 / 1000).as_bytes());
        }
    }
    if let Some(least) = spec.time_min {
        say("--time-min", shown(|out| put_full_limit(out, TimeLimit::Span(least))).as_bytes());
    }
    if let Some(signal) = spec.signal {
        let batch = if signal.batch_only { "B:" } else { "" };
        say("--signal", format!("{batch}{}@{}", signal.signal, signal.before.as_seconds()).as_bytes());
    }
    let texts = [
        ("--input", spec.stdin.as_ref()),
        ("--output", spec.stdout.as_ref()),
        ("--error", spec.stderr.as_ref()),
        ("--comment", spec.comment.as_ref()),
        ("--export", spec.export.as_ref()),
    ];
    for (option, text) in texts {
        if let Some(text) = text {
            say(option, text.as_bytes());
        }
    }
    let strings = [
        ("--reservation", spec.reservation.as_ref()),
        ("--wckey", spec.wckey.as_ref()),
        ("--constraint", spec.features.as_ref()),
        ("--mail-user", spec.mail_user.as_ref()),
    ];
    for (option, text) in strings {
        if let Some(text) = text {
            say(option, text.as_bytes());
        }
    }
    if spec.mail.0 != 0 {
        say("--mail-type", values::mail::show(spec.mail).as_bytes());
    }
    if spec.nice != 0 {
        say("--nice", spec.nice.to_string().as_bytes());
    }
    if spec.open_mode == OpenMode::Append {
        say("--open-mode", b"append");
    }
    let mut flag = |is: bool, option: &str| {
        if is {
            words.push(option.as_bytes().to_vec());
        }
    };
    flag(spec.hold, "--hold");
    flag(request.exclusive, "--exclusive");
    flag(spec.requeue, "--requeue");
    flag(!spec.requeue, "--no-requeue");
    // Arguments need a script's name in front of them, and the name of what is read from standard input is this.
    if !spec.args.is_empty() {
        words.push(b"/dev/stdin".to_vec());
        words.extend(spec.args.iter().map(|arg| arg.as_bytes().to_vec()));
    }
    words
}

/// The number that `sbatch --parsable` prints, with or without the name of a cluster.
pub fn submitted(printed: &str) -> Option<JobId> {
    let line = printed.lines().next()?;
    line.split(';').next()?.trim().parse().ok().map(JobId)
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
    use model::{ArraySpec, Gid, IndexSet, Owner, Request, Span, Text, Uid};

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
