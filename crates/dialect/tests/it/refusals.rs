//! What the centre refuses, in each command's words.

use dialect::errors::{Action, Refused};

use crate::facts;

#[test]
fn captured() {
    let down = Refused::ContactFailed;
    let no_such_job = Refused::InvalidJobId;
    for (file, command, refused, action) in [
        ("ctlddown", "squeue", &down, Action::LoadJobs),
        ("ctlddown", "sinfo", &down, Action::LoadPartitions),
        ("ctlddown", "sbatch --wrap true", &down, Action::Submit("sbatch")),
        ("ctlddown", "scontrol ping", &down, Action::Ping { host: "vm" }),
        ("ctlddown", "scontrol show job", &down, Action::LoadJobs),
        ("ctlddown", "scancel 1", &down, Action::Kill { job: "1", verbose: false }),
        ("simple", "scontrol show job 999999", &no_such_job, Action::LoadJobs),
        ("simple", "squeue -j 999999", &no_such_job, Action::LoadJobs),
        ("hold", "scontrol release 999999", &no_such_job, Action::Hold { job: "999999" }),
        ("hold", "scontrol hold 999999", &no_such_job, Action::Hold { job: "999999" }),
        ("requeue", "scontrol requeue 86", &Refused::Disabled, Action::ChangeJob { job: "86" }),
        ("requeue", "scontrol requeuehold 86", &Refused::Disabled, Action::ChangeJob { job: "86" }),
        ("requeue", "scontrol suspend 86", &Refused::AccessDenied, Action::ChangeJob { job: "86" }),
        ("cancel", "scancel 999999", &no_such_job, Action::Kill { job: "999999", verbose: false }),
        ("cancel", "scancel 1", &Refused::AlreadyDone, Action::Kill { job: "1", verbose: false }),
        (
            "deps",
            "scontrol show job 57,58,59,60,61,62,63,64,65,66,67,68",
            &no_such_job,
            Action::Show("scontrol_print_job"),
        ),
        ("srun", "srun -p nosuch hostname", &Refused::InvalidPartition("nosuch".into()), Action::Submit("srun")),
        ("deps", "sbatch -d bogus:1 --wrap true", &Refused::DependencyProblem, Action::Submit("sbatch")),
    ] {
        let case = facts::case(file, command, 0);
        let refusal = refused.refusal(action);
        assert_eq!((refusal.stdout, refusal.lines, refusal.exit), (case.stdout, case.stderr, case.exit), "{command}");
    }
}

#[test]
fn a_harmless_refusal_is_told_only_on_request() {
    let refusal = Refused::AlreadyDone.refusal(Action::Kill { job: "49", verbose: true });
    let line = "scancel: error: Kill job error on job id 49: Job/step already completing or completed";
    assert_eq!((refusal.lines, refusal.exit), (vec![line.to_owned()], 0));
    let refusal = Refused::AccessDenied.refusal(Action::KillStep { step: "49.0", verbose: false });
    assert_eq!(refusal.lines, ["scancel: error: Kill job error on job step id 49.0: Access/permission denied"]);
    assert_eq!(refusal.exit, 210);
}
