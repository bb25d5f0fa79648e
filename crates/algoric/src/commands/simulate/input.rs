//! Traces from files, plain or compressed, from standard input, or made on the spot.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Write},
    path::Path,
};

use anyhow::Context as _;
use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};
use simulator::{
    swf::{self, Malformed, Reader},
    workload::Trace,
};

use crate::{exit, report::Fault};

/// So much is read at once.
const PIECE: usize = 1 << 18;

/// Reads a trace; `-` is standard input. What begins as gzip does is unpacked, whatever its name.
///
/// # Errors
/// With the file's name, and the line's number where a line is to blame.
pub fn read(path: &Path, lenient: bool) -> anyhow::Result<Trace> {
    let shown = path.display();
    let source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(path).with_context(|| format!("{shown}"))?)
    };
    let mut source = BufReader::with_capacity(PIECE, source);
    let packed = source.fill_buf().with_context(|| format!("{shown}"))?.starts_with(&[0x1f, 0x8b]);
    let mut source: Box<dyn Read> = if packed { Box::new(MultiGzDecoder::new(source)) } else { Box::new(source) };
    let malformed = |fault: Malformed| {
        let place = format!("{shown}:{}", fault.line);
        Fault::new("simulate-malformed", [("place", place), ("fault", fault.fault.to_string())]).code(exit::USAGE)
    };
    let mut reader = Reader::new(lenient);
    let mut piece = vec![0; PIECE];
    loop {
        let got = match source.read(&mut piece) {
            Ok(0) => break,
            Ok(got) => got,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error).with_context(|| format!("{shown}")),
        };
        reader.feed(&piece[..got]).map_err(malformed)?;
    }
    Ok(reader.finish().map_err(malformed)?)
}

/// Writes a trace; compressed if the name ends in `.gz`, to standard output for `-`.
///
/// # Errors
/// With the file's name.
pub fn write(path: &Path, trace: &Trace) -> anyhow::Result<()> {
    let shown = || format!("{}", path.display());
    if path == Path::new("-") {
        let mut out = io::BufWriter::new(io::stdout().lock());
        return swf::print(trace, &mut out).and_then(|()| out.flush()).with_context(shown);
    }
    let mut file = io::BufWriter::new(File::create(path).with_context(shown)?);
    if path.extension().is_some_and(|ending| ending == "gz") {
        let mut packed = GzEncoder::new(&mut file, Compression::default());
        swf::print(trace, &mut packed).and_then(|()| packed.finish().map(drop)).with_context(shown)?;
    } else {
        swf::print(trace, &mut file).with_context(shown)?;
    }
    file.flush().with_context(shown)
}
