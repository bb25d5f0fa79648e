//! `--clusters`: there is one, which has a name; `all` means it too.

use dialect::refusal::Refusal;

/// The line that Slurm puts before a listing where clusters were named; nothing where none was.
///
/// # Errors
/// A cluster that there is none.
pub fn heading(program: &str, wanted: Option<&[String]>, cluster: &str, no_header: bool) -> Result<String, Refusal> {
    let Some(wanted) = wanted else { return Ok(String::new()) };
    match wanted.iter().find(|name| *name != cluster && *name != "all") {
        None if no_header => Ok(String::new()),
        None => Ok(format!("CLUSTER: {cluster}\n")),
        Some(other) => Err(Refusal::error(program, format!("No cluster '{other}' known by database."), 1)
            .and(format!("{program}: error: {}", unreachable(other, "--cluster")))),
    }
}

/// What Slurm says of a cluster that it does not know; `named` says where its name was found.
pub fn unreachable(other: &str, named: &str) -> String {
    format!(
        "'{other}' can't be reached now, or it is an invalid entry for {named}.  Use 'sacctmgr list clusters' to see \
         available clusters."
    )
}
