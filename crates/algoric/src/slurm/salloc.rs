//! `salloc`: allocations without a script come later; until then a clear word.

use dialect::refusal::Refusal;

use super::caller::Caller;

const NAME: &str = "salloc";

/// Refuses, and says what to do.
pub fn run(caller: &Caller) -> Result<u8, Refusal> {
    match caller.args.first().map(Vec::as_slice) {
        Some(b"--version" | b"-V") => Err(dialect::refusal::version()),
        _ => {
            let words: Vec<String> = super::command_words(&caller.args);
            let command = if words.is_empty() { "COMMAND".to_owned() } else { words.join(" ") };
            Err(Refusal::error(NAME, "allocations without a script are not supported here.", 1)
                .and(format!("{NAME}: error: Submit a job that does it: sbatch --wrap '{command}'")))
        }
    }
}
