//! One line of help after an error that is Slurm's in every word: what it means here, and what to do. For people: it is
//! written where standard error is a terminal (or `ALGORIC_ADVICE=always`), so that programs read what they know.
//!
//! Must not be used before an error is told.

use std::{
    env,
    io::{self, IsTerminal as _},
};

use crate::words::Language;

/// A part of an error, and the advice in English and French.
const ADVICE: &[(&str, &str, &str)] = &[
    (
        "Unable to contact slurm controller",
        "no centre answers: `algoric status` says why, ALGORIC_DATA names another one",
        "aucun centre ne répond : `algoric status` dit pourquoi, ALGORIC_DATA en désigne un autre",
    ),
    ("invalid partition specified", "`sinfo` lists the partitions", "`sinfo` donne la liste des partitions"),
    ("Invalid partition name", "`sinfo` lists the partitions", "`sinfo` donne la liste des partitions"),
    (
        "Invalid account",
        "`algoric project list` shows your projects; -A names one",
        "`algoric project list` montre vos projets ; -A en choisit un",
    ),
    (
        "Invalid qos",
        "`sacctmgr show qos` lists the qualities of service",
        "`sacctmgr show qos` donne la liste des qualités de service",
    ),
    (
        "Invalid job id specified",
        "`squeue` shows what waits and runs, `sacct` what is over; other people's jobs are theirs",
        "`squeue` montre ce qui attend et tourne, `sacct` ce qui est fini ; les travaux d'autrui sont à eux",
    ),
    (
        "Access/permission denied",
        "only the owner of a job, and operators, may do that: `algoric operator list` names them",
        "seuls le propriétaire du travail et les opérateurs le peuvent : `algoric operator list` les nomme",
    ),
    (
        "Requested node configuration is not available",
        "`sinfo -o '%c %m %G'` shows what the machine has",
        "`sinfo -o '%c %m %G'` montre ce qu'a la machine",
    ),
    (
        "Memory specification can not be satisfied",
        "`sinfo -o %m` shows the memory of the machine in MiB",
        "`sinfo -o %m` montre la mémoire de la machine en Mio",
    ),
    (
        "Requested time limit is invalid",
        "`sinfo -o '%P %l'` shows the limits of the partitions",
        "`sinfo -o '%P %l'` montre les limites des partitions",
    ),
    (
        "Invalid generic resource (gres)",
        "`sinfo -o %G` shows the GPUs there are",
        "`sinfo -o %G` montre les GPU présents",
    ),
    (
        "unrecognized option",
        "docs/slurm.md lists the options, --help too",
        "docs/slurm.md liste les options, --help aussi",
    ),
    ("invalid option", "docs/slurm.md lists the options, --help too", "docs/slurm.md liste les options, --help aussi"),
];

/// The advice on an error, if there is any.
pub fn on(lines: &[String], language: Language) -> Option<&'static str> {
    let found = ADVICE.iter().find(|(part, ..)| lines.iter().any(|line| line.contains(part)))?;
    Some(if language == Language::French { found.2 } else { found.1 })
}

/// Whether somebody is there to read it.
pub fn is_wanted() -> bool {
    io::stderr().is_terminal() || env::var_os("ALGORIC_ADVICE").is_some_and(|value| value == "always")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_the_readers_language() {
        let lines = ["slurm_load_jobs error: Invalid job id specified".to_owned()];
        assert!(on(&lines, Language::English).is_some_and(|text| text.contains("other people's")));
        assert!(on(&lines, Language::French).is_some_and(|text| text.contains("autrui")));
        assert_eq!(on(&["all is well".to_owned()], Language::English), None);
    }
}
