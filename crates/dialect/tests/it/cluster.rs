//! What a real Slurm 22.05.8 printed (`slurm-22.05.8/README.md`), read back.

use dialect::cluster::{
    accounting::{self, Accounted},
    nodes, queue, tree,
};
use model::{ArrayPlace, JobId, JobState, Reason, Span, Time, Uid};

const SACCT: &str = include_str!("slurm-22.05.8/sacct.txt");
const SQUEUE: &str = include_str!("slurm-22.05.8/squeue.txt");

fn accounted() -> Vec<Accounted> {
    accounting::read(SACCT.as_bytes(), "^").unwrap()
}

fn lines(jobs: &[Accounted]) -> String {
    let time = |time: Option<Time>| time.map_or("-".to_owned(), |time| (time.0 / 1000 - 1_795_390_000).to_string());
    let line = |job: &Accounted| {
        format!(
            "{} {} {:?} {}{} {}..{} ran {} s on {:?}: {} cpus {:?} MiB, {} {}, {:?} steps {:?}",
            job.key,
            job.job,
            job.place,
            job.state,
            job.cancelled_by.map_or(String::new(), |uid| format!(" by {uid}")),
            time(job.start),
            time(job.end),
            job.elapsed.0 / 1000,
            job.node_list,
            job.cpus,
            job.memory_mib,
            job.exit,
            job.owner.user,
            job.name,
            job.steps.iter().map(|step| format!("{} {} {}", step.number, step.name, step.tasks)).collect::<Vec<_>>(),
        )
    };
    jobs.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn accounting_as_it_was_captured() {
    insta::assert_snapshot!(lines(&accounted()));
    let first = &accounted()[0];
    assert_eq!((first.usage.max_rss_kib, first.usage.read_bytes), (10_628, 59_593 + 3_981 + 6_977));
    assert_eq!((first.usage.user_us, first.usage.system_us), (15_000, 15_000));
}

#[test]
fn a_requeue_is_two_rows_of_one_number() {
    let jobs = accounted();
    let tries: Vec<(&str, JobState)> =
        jobs.iter().filter(|job| job.job == JobId(15)).map(|job| (job.key.as_str(), job.state)).collect();
    assert_eq!(tries, [("23", JobState::Requeued), ("27", JobState::Completed)]);
}

#[test]
fn a_suspension_is_not_counted() {
    let jobs = accounted();
    let job = jobs.iter().find(|job| job.job == JobId(16)).unwrap();
    assert_eq!((job.elapsed, job.end.unwrap() - job.start.unwrap()), (Span::seconds(9), Span::seconds(12)));
}

#[test]
fn it_may_come_in_any_pieces() {
    for size in [1, 7, 1000] {
        let mut all = Vec::new();
        let mut reading = accounting::Reading::new("^");
        for piece in SACCT.as_bytes().chunks(size) {
            reading.push(piece, &mut |job| all.push(job)).unwrap();
        }
        reading.end(&mut |job| all.push(job)).unwrap();
        assert_eq!(all, accounted(), "pieces of {size}");
    }
}

/// A member's text cannot make a row: whoever does not know the separator writes into a field.
#[test]
fn a_forged_row_is_a_name() {
    let (head, _) = SACCT.split_once('\n').unwrap();
    let forged = head.replace("a|b c", "x^\n999^999^999^COMPLETED^");
    let asked = head.replace('^', "\u{1e}9f3a").replace("a|b c", "x^\n999^999^999^COMPLETED^");
    assert!(accounting::read(format!("{forged}\n").as_bytes(), "^").is_err(), "a separator that is guessed");
    let read = accounting::read(format!("{asked}\n").as_bytes(), "\u{1e}9f3a").unwrap();
    assert_eq!((read.len(), read[0].name.lossy().as_ref()), (1, "x^\n999^999^999^COMPLETED^"));
}

#[test]
fn an_answer_that_ends_early_is_no_answer() {
    let cut = &SACCT.as_bytes()[..SACCT.len() - 10];
    assert!(accounting::read(cut, "^").is_err());
}

#[test]
fn a_changed_row_has_another_fingerprint() {
    let before = accounted();
    for (from, to) in [("1795390415^3^1001", "1795390416^4^1001"), ("00:00.009^00:00.015", "00:00.010^00:00.015")] {
        let after = accounting::read(SACCT.replacen(from, to, 1).as_bytes(), "^").unwrap();
        assert_ne!(before[0].fingerprint, after[0].fingerprint, "{from}");
        assert_eq!(before[1].fingerprint, after[1].fingerprint);
    }
}

#[test]
fn the_queue_as_it_was_captured() {
    let rows = queue::read(SQUEUE.as_bytes(), "~").unwrap();
    let of = |id: u32| rows.iter().find(|row| row.row.id == JobId(id)).unwrap();
    let array = of(34);
    assert!(matches!(&array.row.array, ArrayPlace::Pending { base: JobId(34), tasks, .. } if tasks.len() == 6));
    assert_eq!((array.row.state, array.row.reason), (JobState::Pending, Reason::JobArrayTaskLimit));
    assert_eq!((of(37).row.array.clone(), of(37).base), (ArrayPlace::Task { base: JobId(34), index: 0 }, JobId(34)));
    assert_eq!((&*of(37).row.node, of(37).row.cpus, of(37).row.owner.uid), ("n2", 2, Uid(1002)));
    assert_eq!(of(25).row.dependency, "afterok:24_*(unfulfilled)");
    let held = of(36);
    assert_eq!((held.row.reason, held.row.name.lossy().as_ref()), (Reason::JobHeldUser, "held\n^|"));
}

#[test]
fn reasons() {
    for (slurm, ours) in [
        ("Resources", Reason::Resources),
        ("ReqNodeNotAvail, UnavailableNodes:n2", Reason::NodeDown),
        ("AssocGrpCPUMinutesLimit", Reason::AssocGrpBillingLimit),
        ("AssocGrpSubmitJobsLimit", Reason::AssocGrpCpuLimit),
        ("QOSMaxJobsPerUserLimit", Reason::QosMaxJobsPerUser),
        ("QOSGrpNodeLimit", Reason::QosGrpCpuLimit),
        ("launch_failed_requeued_held", Reason::None),
    ] {
        assert_eq!(queue::reason(slurm), ours, "{slurm}");
    }
}

#[test]
fn machines_and_partitions() {
    let read = nodes::nodes(include_str!("slurm-22.05.8/nodes.txt"));
    let [first, second] = read.as_slice() else { panic!("{read:?}") };
    assert_eq!((first.name.as_str(), first.cpus, first.cpus_allocated, first.memory_mib), ("n1", 4, 4, 2000));
    assert_eq!((first.version.as_str(), first.load_centi, first.is_up()), ("22.05.8", 421, true));
    assert_eq!(first.os, "Linux 6.18.44-fc-v669 #1 SMP PREEMPT_DYNAMIC @0");
    assert_eq!(second.states, ["IDLE"]);
    let read = nodes::partitions(include_str!("slurm-22.05.8/partitions.txt"));
    assert_eq!((read[0].nodes.clone(), read[0].cpus, read[0].memory_mib), (vec!["n1".into(), "n2".into()], 8, 4000));
    assert_eq!(nodes::messages_on_their_way(include_str!("slurm-22.05.8/sdiag.txt")), Some(0));
}

#[test]
fn the_tree_as_it_was_captured() {
    let read = tree::associations(include_str!("slurm-22.05.8/assoc.txt"));
    let alice = read.iter().find(|row| row.user == "alice" && row.account == "flood").unwrap();
    assert_eq!(alice.qos, ["low", "normal", "urgent"]);
    assert_eq!((alice.shares.as_str(), alice.default_qos.as_str(), alice.others.len()), ("1", "normal", 0));
    assert_eq!(read.iter().find(|row| row.account == "proj" && row.user.is_empty()).unwrap().parent, "root");
    let read = tree::qos(include_str!("slurm-22.05.8/qos.txt"));
    assert_eq!(read[2].preempts, ["low", "normal"]);
    assert_eq!(tree::users(include_str!("slurm-22.05.8/users.txt"))[0], ("alice".to_owned(), "flood".to_owned()));
}
