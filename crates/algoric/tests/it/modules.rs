//! Environments as sites have them: exported shell functions, environment modules and Lmod work in jobs.
//!
//! Run where `/usr/share/modules/init/bash` is (Debian's `environment-modules`), and where `ALGORIC_LMOD` is the folder of
//! Lmod (`cargo xtask test` unpacks it: the two packages cannot be installed together). Elsewhere nothing is run, and that is
//! said.

use std::{env, fs, path::Path, process::Command};

use crate::ward::{Ward, outcome};

const MODULE: &str = "#%Module1.0\nsetenv GREETING hello\nprepend-path PATH /opt/tool/bin\n";

/// The shell that submits has the site's `module` and has loaded nothing; the script loads, in itself and in a step.
fn check(init: &Path) {
    let mut ward = Ward::new("");
    ward.start();
    let out = ward.path("out");
    fs::create_dir(out.join("modules")).unwrap();
    fs::write(out.join("modules/tool"), MODULE).unwrap();
    fs::write(
        out.join("job.sh"),
        "#!/bin/bash\nmodule load tool\necho \"$GREETING ${PATH%%:*}\"\n\
         srun -n 1 bash -c 'echo \"step $GREETING\"; module unload tool; echo \"unloaded [$GREETING]\"'\n\
         module list 2>&1 | grep -o 'tool'\n",
    )
    .unwrap();
    let shell = |line: &str| {
        let mut bash = Command::new("bash");
        let script = format!(
            ". {}; export MODULEPATH={}; export -f module; {line}",
            init.display(),
            out.join("modules").display()
        );
        let usual = env::var_os("PATH").unwrap();
        let path = env::join_paths([ward.path("bin")].into_iter().chain(env::split_paths(&usual))).unwrap();
        outcome(bash.args(["-c", &script]).env("PATH", path).env("ALGORIC_DATA", ward.data()).current_dir(&out))
    };
    let (code, _, complaint) = shell("sbatch -W -o job.out job.sh");
    let said = fs::read_to_string(out.join("job.out")).unwrap_or_default();
    assert_eq!(code, 0, "{complaint}{said}");
    assert_eq!(said, "hello /opt/tool/bin\nstep hello\nunloaded []\ntool\n");

    // What was loaded before goes with the job.
    let (code, _, complaint) =
        shell("module load tool; sbatch -W -o loaded.out --wrap 'echo $GREETING $LOADEDMODULES'");
    assert_eq!(code, 0, "{complaint}");
    assert_eq!(fs::read_to_string(out.join("loaded.out")).unwrap(), "hello tool\n");
}

#[test]
fn environment_modules() {
    let init = Path::new("/usr/share/modules/init/bash");
    if init.is_file() {
        check(init);
    } else {
        eprintln!("NOT RUN: environment modules; package environment-modules is not installed");
    }
}

#[test]
fn lmod() {
    let Some(folder) = env::var_os("ALGORIC_LMOD") else {
        eprintln!("NOT RUN: Lmod; ALGORIC_LMOD is not set, `cargo xtask test` sets it");
        return;
    };
    check(&Path::new(&folder).join("lmod/init/bash"));
}
