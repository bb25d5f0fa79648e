//! The caller's environment as data: a list of `NAME`, value pairs, handed in by the front end.

/// One variable: name and value, as bytes.
pub type Variable = (Vec<u8>, Vec<u8>);

/// The value of a variable; the last one where the list has it twice.
pub fn get<'a>(environ: &'a [Variable], name: &str) -> Option<&'a [u8]> {
    environ.iter().rev().find(|(key, _)| key == name.as_bytes()).map(|(_, value)| value.as_slice())
}

/// The value of a variable that is set and not empty.
pub fn non_empty<'a>(environ: &'a [Variable], name: &str) -> Option<&'a [u8]> {
    get(environ, name).filter(|value| !value.is_empty())
}
