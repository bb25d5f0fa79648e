//! What the operator should read, on standard error. A log that cannot be written (a full disk, a closed terminal) must
//! not end the centre, so this ignores it, which `eprintln!` does not.

/// Writes one line, or nothing.
pub(crate) fn write(line: std::fmt::Arguments<'_>) {
    use std::io::Write;
    writeln!(std::io::stderr(), "algoric: {line}").ok();
}

/// As `eprintln!`, with our name before it, and without its panic.
macro_rules! complain {
    ($($words:tt)*) => { $crate::complain::write(format_args!($($words)*)) };
}
pub(crate) use complain;
