//! What members bring along: their login's environment, exported functions, MPI, programs around tasks.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

use crate::ward::{Ward, outcome};

const CONFIG: &str = "[machine]\nname = \"vm\"\ncpus = 2\n";

fn ward() -> Ward {
    let mut ward = Ward::new(CONFIG);
    ward.start();
    ward
}

/// Runs a bash script as a job, submitted by these words of bash, and gives what it wrote.
fn job(ward: &Ward, submit: &str, script: &str) -> String {
    let path = ward.path("out").join("job.sh");
    fs::write(&path, format!("#!/bin/bash\n#SBATCH -o job.out\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let search = format!("{}:{}", ward.path("bin").display(), std::env::var("PATH").unwrap());
    let mut bash = Command::new("bash");
    bash.args(["-c", submit]).env("PATH", search).env("ALGORIC_DATA", ward.data()).current_dir(ward.path("out"));
    let (code, _, errors) = outcome(&mut bash);
    assert_eq!((code, errors.as_str()), (0, ""), "{submit}");
    fs::read_to_string(ward.path("out").join("job.out")).unwrap()
}

#[test]
fn exported_functions_reach_the_job() {
    let ward = ward();
    let submit = "greet() { echo \"hello $1\"; }; export -f greet; sbatch -W job.sh";
    assert_eq!(job(&ward, submit, "greet you\nsrun bash -c 'greet step'"), "hello you\nhello step\n");
}

#[test]
fn without_export_a_job_has_what_a_login_gives() {
    let ward = ward();
    let script = "echo ${OWN-none} ${SLURM_EXPORT_ENV} ${SLURM_GET_USER_ENV} $HOME $LOGNAME";
    let login = outcome(Command::new("bash").args(["-c", "eval echo ~; id -un"])).1.replace('\n', " ");
    let of = |submit: &str| job(&ward, submit, script);
    assert_eq!(of("OWN=1 sbatch -W --export=NONE job.sh"), format!("none NONE 1 {}\n", login.trim()));
    assert_eq!(of("OWN=1 sbatch -W --export=OWN job.sh"), format!("1 OWN 1 {}\n", login.trim()));
    assert!(of("OWN=1 HOME=/elsewhere sbatch -W --get-user-env job.sh").starts_with("1 1 /elsewhere"));
}

#[test]
fn a_job_is_told_how_nice_was_who_submitted_it() {
    let ward = ward();
    let own: i32 = outcome(&mut Command::new("nice")).1.trim().parse().unwrap();
    let nicer = (own + 3).min(19);
    let script = "echo $SLURM_PRIO_PROCESS; SLURM_PRIO_PROCESS=7 srun sh -c 'echo $SLURM_PRIO_PROCESS'; nice";
    // The job itself is as nice as the launcher.
    assert_eq!(job(&ward, "nice -n 3 sbatch -W job.sh", script), format!("{nicer}\n{own}\n{own}\n"));
    assert_eq!(job(&ward, "SLURM_PRIO_PROCESS=9 sbatch -W job.sh", script), format!("{own}\n{own}\n{own}\n"));
}

#[test]
fn programs_of_mpich_find_each_other() {
    let ward = ward();
    let Ok(compiler) = Command::new("mpicc.mpich").arg("-show").output() else {
        return eprintln!("NOT RUN: MPICH; install mpich and libmpich-dev");
    };
    assert!(compiler.status.success());
    let program = "#include <mpi.h>\n#include <stdio.h>\nint main(int c, char **v) { int r, n, s, one; MPI_Init(&c, &v);\n\
                   MPI_Comm_rank(MPI_COMM_WORLD, &r); MPI_Comm_size(MPI_COMM_WORLD, &n); one = r + 1;\n\
                   MPI_Allreduce(&one, &s, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);\n\
                   if (r == 0) printf(\"size %d sum %d\\n\", n, s); MPI_Finalize(); return 0; }\n";
    fs::write(ward.path("out").join("sum.c"), program).unwrap();
    let made = Command::new("mpicc.mpich").args(["-o", "sum", "sum.c"]).current_dir(ward.path("out")).status().unwrap();
    assert!(made.success());
    assert_eq!(job(&ward, "sbatch -W -n2 job.sh", "srun --mpi=pmi2 ./sum"), "size 2 sum 3\n");
    let (code, said, errors) = outcome(ward.command("srun").args(["--mpi=pmi2", "-n2", "./sum"]));
    assert_eq!((code, said.as_str()), (0, "size 2 sum 3\n"), "{errors}");
}

#[test]
fn open_mpi_starts_its_programs_in_a_job() {
    let ward = ward();
    if Command::new("mpirun.openmpi").arg("--version").output().is_err() {
        return eprintln!("NOT RUN: OpenMPI; install openmpi-bin");
    }
    let script = "export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1\n\
                  mpirun.openmpi bash -c 'echo rank $OMPI_COMM_WORLD_RANK of $OMPI_COMM_WORLD_SIZE' | sort";
    assert_eq!(job(&ward, "sbatch -W -n2 job.sh", script), "rank 0 of 2\nrank 1 of 2\n");
}

#[test]
fn prologs_of_tasks_change_their_environment() {
    let ward = ward();
    let hook = |name: &str, text: &str| {
        let path = ward.path("out").join(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    hook("before", "echo export GIFT=$SLURM_PROCID; echo print prepared $SLURM_PROCID");
    hook("after", "echo $SLURM_PROCID >> ended");
    let script =
        "srun -n2 --task-prolog=$PWD/before --task-epilog=$PWD/after bash -c 'echo gift $GIFT' | sort; sort ended";
    assert_eq!(job(&ward, "sbatch -W -n2 job.sh", script), "gift 0\ngift 1\nprepared 0\nprepared 1\n0\n1\n");
}

#[test]
fn copies_of_a_program_and_bound_tasks() {
    let ward = ward();
    fs::write(ward.path("out").join("hello"), "#!/bin/sh\necho $0\n").unwrap();
    fs::set_permissions(ward.path("out").join("hello"), fs::Permissions::from_mode(0o755)).unwrap();
    let script = "srun -n1 --bcast=./copy ./hello; ls copy; srun -n1 --bcast ./hello\n\
                  srun -n1 --cpu-bind=bogus true; echo $?";
    assert_eq!(
        job(&ward, "sbatch -W job.sh", script),
        "./copy\ncopy\n./slurm_bcast_1.1_vm\nsrun: error: unrecognized --cpu-bind argument \"bogus\"\n\
         srun: fatal: Failed to parse --cpu-bind= values.\n1\n"
    );
}
