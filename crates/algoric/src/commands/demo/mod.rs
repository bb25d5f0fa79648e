//! `algoric demo`: centres with a made-up past, to look at and to measure.

mod fill;
mod past;

pub use fill::FillArgs;

/// Centres with a made-up past
#[derive(clap::Subcommand)]
pub enum DemoCommand {
    Fill(FillArgs),
}

/// Does what it says.
pub fn run(command: &DemoCommand, house: &super::House) -> anyhow::Result<u8> {
    match command {
        DemoCommand::Fill(args) => fill::run(args, house),
    }
}
