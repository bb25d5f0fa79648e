//! `algoric kernel`: the small real computations of the `kernels` crate, with files around them.

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Write as _},
    num::NonZero,
    ops::ControlFlow,
    path::{Path, PathBuf},
    thread,
};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use kernels::{
    DepthField, Terrain,
    ascii_grid::{self, Digits},
    flood::Report,
    study::{self, FIRST_RUN_HOURS, FloodOptions, Ground, Record},
    valley::Valley,
};

use super::House;
use crate::{console, exit, words::Words};

/// Runs one of the small real computations that examples and courses submit as jobs
#[derive(Subcommand)]
pub enum KernelCommand {
    /// Computes how a flood spreads over a terrain under steady rain
    ///
    /// Two-dimensional local-inertial shallow water (Bates, Horritt & Fewtrell 2010). Writes NAME.asc (the greatest
    /// depth of each cell in metres, ESRI ASCII grid) and NAME.txt (what was computed, and the balance of the water).
    /// The result is the same, bit for bit, on any number of threads.
    Flood(FloodArgs),
    /// Draws the greatest depths of one or more computed floods as one map (PNG)
    FloodMap(MapArgs),
}

/// One scenario.
#[derive(Args)]
pub struct FloodArgs {
    /// Rain in mm/h
    #[arg(long, default_value_t = 30.0, allow_negative_numbers = true)]
    rain: f64,

    /// How long it rains, hours
    #[arg(long, default_value_t = FIRST_RUN_HOURS, allow_negative_numbers = true)]
    hours: f64,

    /// Roughness of the ground: Manning's coefficient, s/m^(1/3)
    #[arg(long, default_value_t = 0.05, allow_negative_numbers = true)]
    manning: f64,

    /// A real terrain: an ESRI ASCII grid, as the French IGN publishes RGE ALTI
    #[arg(long, value_name = "FILE", conflicts_with_all = ["size", "cell", "seed"])]
    dem: Option<PathBuf>,

    /// A made-up valley of so many cells from west to east, and from north to south
    #[arg(long, num_args = 2, value_names = ["COLUMNS", "ROWS"])]
    size: Option<Vec<usize>>,

    /// Side of the made-up valley's cells, metres
    #[arg(long)]
    cell: Option<f64>,

    /// Which of all made-up valleys
    #[arg(long)]
    seed: Option<u64>,

    /// Threads; default: the CPUs of the job, else of the machine
    #[arg(long, env = "SLURM_CPUS_ON_NODE", hide_env_values = true)]
    threads: Option<NonZero<usize>>,

    /// Where the results go: NAME.asc and NAME.txt
    #[arg(long, value_name = "NAME", default_value = "flood")]
    out: PathBuf,
}

/// The floods to draw.
#[derive(Args)]
pub struct MapArgs {
    /// Computed floods: the NAMEs given to `kernel flood --out`
    #[arg(required = true, value_name = "NAME")]
    floods: Vec<PathBuf>,

    /// The picture
    #[arg(long, value_name = "FILE", default_value = "flood.png")]
    out: PathBuf,
}

/// Computes.
pub fn run(command: KernelCommand, house: &House) -> anyhow::Result<u8> {
    match command {
        KernelCommand::Flood(args) => flood(args, &house.words),
        KernelCommand::FloodMap(args) => flood_map(&args, &house.words),
    }
}

fn flood(args: FloodArgs, words: &Words) -> anyhow::Result<u8> {
    let out = args.out.clone();
    let options = options(args)?;
    let terrain = options.ground.terrain(|file| File::open(file).map(BufReader::new)).map_err(anyhow::Error::new)?;
    let mut quarters = 0;
    let outcome = study::compute(&options, &terrain, &mut |progress| {
        if (progress.fraction * 4.0) as u32 > quarters {
            quarters = (progress.fraction * 4.0) as u32;
            console::line(words.with("flood-progress", &[("percent", (quarters * 25).into())]));
        }
        ControlFlow::Continue(())
    })?;
    write_whole(&with_ending(&out, "asc"), |file| {
        Ok(ascii_grid::write(&outcome.greatest, Digits::Millimetres, file)?)
    })?;
    let record = Record::new(&options, &outcome.report);
    write_whole(&with_ending(&out, "txt"), |file| Ok(write!(file, "{record}")?))?;
    console::line(balance(&options, &outcome.report, words));
    Ok(exit::OK)
}

fn options(args: FloodArgs) -> anyhow::Result<FloodOptions> {
    let ground = match args.dem {
        // Absolute, so that the job that draws the map finds it from anywhere.
        Some(dem) => {
            let path = fs::canonicalize(&dem).with_context(|| format!("cannot open {}", dem.display()))?;
            Ground::Dem(path.to_string_lossy().into_owned())
        }
        None => {
            let first = Valley::first_run();
            let (ncols, nrows) = match args.size.as_deref() {
                Some([columns, rows]) => (*columns, *rows),
                _ => (first.ncols, first.nrows),
            };
            let (cell_m, seed) = (args.cell.unwrap_or(first.cell_m), args.seed.unwrap_or(first.seed));
            Ground::Valley(Valley { ncols, nrows, cell_m, seed })
        }
    };
    let threads = args.threads.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZero::get);
    Ok(FloodOptions { ground, rain_mm_h: args.rain, hours: args.hours, manning: args.manning, threads })
}

fn balance(options: &FloodOptions, report: &Report, words: &Words) -> String {
    words.with(
        "flood-done",
        &[
            ("rain", words.decimal(options.rain_mm_h).into()),
            ("hours", words.decimal(options.hours).into()),
            ("deepest", format!("{:.2}", report.deepest_m).into()),
            ("fallen", format!("{:.0}", report.rain_m3).into()),
            ("left", format!("{:.0}", report.outflow_m3).into()),
            ("stored", format!("{:.0}", report.stored_m3).into()),
            ("imbalance", format!("{:.1e}", report.relative_imbalance).into()),
            ("steps", report.steps.into()),
        ],
    )
}

fn flood_map(args: &MapArgs, words: &Words) -> anyhow::Result<u8> {
    let floods: Vec<(Record, DepthField)> =
        args.floods.iter().map(|name| read_flood(name)).collect::<Result<_, _>>()?;
    let terrain: Terrain = match floods.first() {
        Some((record, _)) => record.ground.terrain(|file| File::open(file).map(BufReader::new))?,
        None => return Ok(exit::USAGE),
    };
    write_whole(&args.out, |file| Ok(study::write_map(&terrain, &floods, file)?))?;
    console::line(words.with("map-done", &[("file", args.out.display().to_string().into())]));
    Ok(exit::OK)
}

fn read_flood(name: &Path) -> anyhow::Result<(Record, DepthField)> {
    let (text, grid) = (with_ending(name, "txt"), with_ending(name, "asc"));
    let record = fs::read_to_string(&text).with_context(|| format!("cannot read {}", text.display()))?;
    let record = Record::parse(&record).with_context(|| text.display().to_string())?;
    let file = File::open(&grid).with_context(|| format!("cannot open {}", grid.display()))?;
    let depths = ascii_grid::read(file).with_context(|| grid.display().to_string())?;
    Ok((record, depths))
}

/// `NAME.ending`, whatever dots the name has.
fn with_ending(name: &Path, ending: &str) -> PathBuf {
    let mut text = name.as_os_str().to_owned();
    text.push(".");
    text.push(ending);
    text.into()
}

/// Writes a file under another name first: what has its name is complete, also when the job is killed.
fn write_whole(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let partial = with_ending(path, "partial");
    let fill = || -> anyhow::Result<()> {
        let mut file = BufWriter::new(File::create(&partial)?);
        write(&mut file)?;
        file.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(fs::rename(&partial, path)?)
    };
    fill().with_context(|| format!("cannot write {}", path.display()))
}
