//! Types all cases with a real Slurm and writes down what it says: by hand, where one is installed, as a plain user.
//! See `tests/parity/README.md`.

use std::{env, fs, path::PathBuf};

use super::{
    case::FIRST_ID,
    chosen, folder,
    play::{Typist, renumber, variables},
};

/// With `ALGORIC_RECORD=1` only: it writes what it hears over the cases.
#[test]
fn record() {
    if env::var_os("ALGORIC_RECORD").is_none() {
        return;
    }
    let home = PathBuf::from(env::var_os("HOME").unwrap());
    let directory = home.join("work");
    let user = env::var("USER").unwrap();
    let typist = Typist {
        directory,
        user: None,
        path: "/usr/local/bin:/usr/bin:/bin".into(),
        variables: variables(&user, &home),
    };
    let version = typist.type_line("sbatch --version");
    let version = version.trim().trim_start_matches("slurm-wlm ").to_owned();
    for mut case in chosen() {
        fs::remove_dir_all(&typist.directory).ok();
        fs::create_dir_all(&typist.directory).unwrap();
        typist.type_line("scancel -u $USER; while [ \"$(squeue -h)\" ]; do sleep .2; done");
        typist.lay_out(&case);
        let first = next_id(&typist);
        for line in &mut case.lines {
            let said = typist.type_line(&renumber(&line.typed, FIRST_ID, first));
            line.said = renumber(&said, first, FIRST_ID);
        }
        case.version.clone_from(&version);
        fs::write(folder().join(format!("{}.txt", case.name)), case.print()).unwrap();
        eprintln!("recorded {}", case.name);
    }
}

/// What a trial uses up is the number before.
fn next_id(typist: &Typist) -> u32 {
    let said = typist.type_line("sbatch --test-only --wrap true");
    let number: u32 = said.split(' ').nth(3).and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{said}"));
    number + 1
}
