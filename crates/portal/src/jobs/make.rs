//! From a batch script to a submission, as `sbatch` would make it in a fresh login of the member. The rules of options are
//! `dialect`'s; nothing of this process's own surroundings goes along.

use api::Submission;
use dialect::{
    environ::Variable,
    sbatch::{Context, Line},
    text::Clock,
};
use jiff::tz::TimeZone;
use model::{Gid, Limits, Owner, Text, Uid};
use nix::unistd::User;

use super::now;

/// An account of the machine.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    pub user: String,
    pub folder: String,
    pub shell: String,
}

impl Home {
    /// Of an account's name.
    pub fn of(account: &str) -> Option<Self> {
        let user = User::from_name(account).ok().flatten()?;
        let text = |path: std::path::PathBuf| path.to_string_lossy().into_owned();
        Some(Self { user: user.name, folder: text(user.dir), shell: text(user.shell) })
    }

    /// What a fresh login has. Our own commands come first, so that scripts find them.
    fn environment(&self) -> Vec<Variable> {
        let own = std::env::current_exe().ok().and_then(|path| Some(path.parent()?.to_string_lossy().into_owned()));
        let usual = "/usr/local/bin:/usr/bin:/bin";
        let path = match own {
            Some(own) if !usual.split(':').any(|known| known == own) => format!("{usual}:{own}"),
            _ => usual.to_owned(),
        };
        [
            ("HOME", self.folder.as_str()),
            ("USER", &self.user),
            ("LOGNAME", &self.user),
            ("SHELL", &self.shell),
            ("PATH", &path),
            ("LANG", "C.UTF-8"),
        ]
        .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
        .into()
    }
}

/// What is wrong with a script: the line, if it is one's, and Slurm's words for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Faulty {
    pub line: Option<usize>,
    pub text: String,
}

/// The submission of a script that is submitted in `folder`.
///
/// # Errors
/// All that is wrong, line by line.
pub(crate) fn submission(script: &str, home: &Home, folder: &str) -> Result<Submission, Vec<Faulty>> {
    let clock = Clock { now: now(), zone: &TimeZone::system() };
    let environ = home.environment();
    let job = Line::read(&[])
        .and_then(|line| line.submission(script.as_bytes().to_vec(), &environ, &clock, false))
        .map_err(|refusal| faults(script, &environ, &clock, &refusal.lines))?;
    let owner = Owner { uid: Uid(0), gid: Gid(0), user: String::new(), group: String::new() };
    let context = Context {
        // The centre says who it is.
        owner,
        submit_host: String::new(),
        cwd: Text::from(folder),
        umask: 0o022,
        limits: Limits::default(),
        script: None,
    };
    let mut spec = job.spec(&context);
    if job.options().asked.job_name.is_none() {
        spec.name = Text::from("script");
    }
    spec.submit_line = Text::from("portal");
    let environment = job.environment(&environ);
    Ok(Submission {
        spec,
        script: job.script().to_vec(),
        environment: environment.into_iter().map(|(name, value)| (Text::from(name), Text::from(value))).collect(),
        form: None,
        test_only: false,
    })
}

/// Each `#SBATCH` line by itself, to find out whose fault it is; what no line says alone is said of the whole.
fn faults(script: &str, environ: &[Variable], clock: &Clock<'_>, whole: &[String]) -> Vec<Faulty> {
    let mut found = Vec::new();
    for (number, line) in script.lines().enumerate() {
        if !line.starts_with("#SBATCH") {
            if line.trim_start().is_empty() || line.trim_start().starts_with('#') {
                continue;
            }
            break;
        }
        let alone = format!("#!/bin/sh\n{line}\n");
        let refused = Line::read(&[]).and_then(|read| read.submission(alone.into_bytes(), environ, clock, false));
        if let Err(refusal) = refused {
            let text = refusal
                .lines
                .iter()
                .map(|line| plain(line))
                .filter(|line| !line.starts_with("Try "))
                .collect::<Vec<_>>();
            found.push(Faulty { line: Some(number + 1), text: text.join(" ").replace("stdin: line 2: ", "") });
        }
    }
    if found.is_empty() {
        found.push(Faulty { line: None, text: whole.iter().map(|line| plain(line)).collect::<Vec<_>>().join(" ") });
    }
    found
}

/// Without the command's name in front.
fn plain(line: &str) -> String {
    let prefixes = ["sbatch: error: ", "sbatch: fatal: ", "sbatch: "];
    prefixes.iter().find_map(|prefix| line.strip_prefix(prefix)).unwrap_or(line).to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn home() -> Home {
        Home { user: "ada".to_owned(), folder: "/home/ada".to_owned(), shell: "/bin/bash".to_owned() }
    }

    #[test]
    fn a_script_becomes_what_sbatch_would_make_of_it() {
        let script = "#!/bin/bash\n#SBATCH -J hull --time=90 -c 4\n#SBATCH --chdir=below\n./hull\n";
        let made = submission(script, &home(), "/home/ada/jobs/x").unwrap();
        assert_eq!(made.spec.name, Text::from("hull"));
        assert_eq!(made.spec.request.cpus(), 4);
        assert_eq!(made.spec.workdir, Text::from("/home/ada/jobs/x/below"));
        assert_eq!(made.script, script.as_bytes());
        let names: Vec<String> = made.environment.iter().map(|(name, _)| name.lossy().into_owned()).collect();
        assert_eq!(names, ["HOME", "USER", "LOGNAME", "SHELL", "PATH", "LANG"], "and nothing of this process");
    }

    /// The usual faults, as they are said now, have a sentence in the reader's language.
    #[test]
    fn faults_are_told_in_words() {
        use crate::words::{Language, Words};
        let words = Words::new(Language::French, TimeZone::UTC);
        for (line, said) in [
            ("--tme=10", "L’option --tme n’existe pas."),
            ("-Z", "L’option -Z n’existe pas."),
            ("--mem-", "trop court"),
            ("--time", "demande une valeur"),
            ("--hold=yes", "ne prend pas de valeur"),
            ("--time=soon", "Cette durée ne se lit pas"),
            ("--begin=whenever", "« whenever » n’est pas un moment"),
            ("--ntasks=many", "« many » n’est pas un nombre qui convient à --ntasks"),
            ("--nodes=none", "« none » n’est pas un nombre de machines"),
            ("--nodes=4-2", "c’est à l’envers"),
            ("--mem=lots", "Cette quantité de mémoire ne se lit pas"),
            ("--nice=99999999999", "--nice"),
            ("--mail-type=NEVER", "Cette valeur ne convient pas à --mail-type"),
            ("-J \"open", "Un guillemet n’est pas fermé"),
            ("word", "« word » n’est pas une option"),
        ] {
            let found = submission(&format!("#!/bin/sh\n#SBATCH {line}\nhull\n"), &home(), "/").unwrap_err();
            let told = crate::phrases::sbatch::told(&words, &found[0].text);
            assert!(told.as_deref().is_some_and(|told| told.contains(said)), "{line}: {found:?} {told:?}");
        }
        for (script, said) in [("", "vide"), ("hull", "première ligne"), ("#!/bin/sh\r\n", "Windows")] {
            let found = submission(script, &home(), "/").unwrap_err();
            let told = crate::phrases::sbatch::told(&words, &found[0].text);
            assert!(told.as_deref().is_some_and(|told| told.contains(said)), "{script}: {found:?} {told:?}");
        }
    }

    #[test]
    fn faults_have_their_line() {
        let check = |script: &str, expected: &[(Option<usize>, &str)]| {
            let found = submission(script, &home(), "/").unwrap_err();
            assert_eq!(found.len(), expected.len(), "{found:?}");
            for (fault, (line, text)) in found.iter().zip(expected) {
                assert_eq!(fault.line, *line, "{found:?}");
                assert!(fault.text.contains(text), "{found:?}");
            }
        };
        check(
            "#!/bin/sh\n#SBATCH --tme=10\n# well\n#SBATCH --time=soon\n#SBATCH -n 2\nhull\n#SBATCH --late=1\n",
            &[(Some(2), "unrecognized option"), (Some(4), "time")],
        );
        check("#!/bin/sh\n#SBATCH -J \"open\nhull\n", &[(Some(2), "Unmatched `\"`")]);
        check("echo no shell\n", &[(None, "does not look like a batch script")]);
        check("", &[(None, "empty")]);
        check("#!/bin/sh\n#SBATCH --time=10\n#SBATCH --time-min=20\n", &[(None, "time-min")]);
    }
}
