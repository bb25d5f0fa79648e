//! What can be asked of a flood: rain, borders, roughness, duration. Plain data and its checks.

use super::FloodError;
use crate::grid::{GridError, Terrain};

/// Values at rising times (seconds from the start).
#[derive(Debug, Clone, PartialEq)]
pub struct Series(Vec<(f64, f64)>);

impl Series {
    /// A table of (seconds, value).
    ///
    /// # Errors
    /// When it is empty, a time does not rise, or a value is not in 0 to 100 000; `name` is in the text.
    pub fn new(name: &'static str, table: Vec<(f64, f64)>) -> Result<Self, FloodError> {
        let fine = |&(t, v): &(f64, f64)| t.is_finite() && t >= 0.0 && (0.0..=1e5).contains(&v);
        let rises = table.windows(2).all(|pair| pair[0].0 < pair[1].0);
        if table.is_empty() || !rises || !table.iter().all(fine) {
            return Err(FloodError::Series(name));
        }
        Ok(Self(table))
    }

    /// The value at a time: on the straight line between two lines of the table, constant outside.
    #[must_use]
    pub fn at(&self, time_s: f64) -> f64 {
        let after = self.0.partition_point(|&(t, _)| t <= time_s);
        let Some(&(t1, v1)) = self.0.get(after) else { return self.0.last().map_or(0.0, |&(_, v)| v) };
        let Some(&(t0, v0)) = after.checked_sub(1).and_then(|i| self.0.get(i)) else { return v1 };
        v0 + (v1 - v0) * ((time_s - t0) / (t1 - t0))
    }
}

/// Rain, the same over the whole terrain.
#[derive(Debug, Clone, PartialEq)]
pub enum Rain {
    /// Millimetres per hour, all the time.
    Steady(f64),
    /// Each line says from when (s) it rains how much (mm/h), until the next line; none before the first.
    Table(Series),
}

impl Rain {
    /// Millimetres per hour, all the time.
    #[must_use]
    pub fn mm_per_h(rate: f64) -> Self {
        Self::Steady(rate)
    }

    /// Metres of water per second, all the time.
    #[must_use]
    pub fn metres_per_s(rate: f64) -> Self {
        Self::Steady(rate * 3_600_000.0)
    }

    /// What has fallen from the start until a time, metres. Steps of a run are differences of this, so
    /// that no change of the rate falls between two steps.
    #[must_use]
    pub fn fallen_m(&self, time_s: f64) -> f64 {
        const METRES_PER_S: f64 = 1.0 / 3_600_000.0;
        match self {
            Self::Steady(rate) => rate * METRES_PER_S * time_s,
            Self::Table(Series(lines)) => lines
                .iter()
                .enumerate()
                .map(|(i, &(from, rate))| {
                    let until = lines.get(i + 1).map_or(time_s, |&(next, _)| next.min(time_s));
                    rate * METRES_PER_S * (until - from).max(0.0)
                })
                .sum(),
        }
    }
}

/// What is beyond one side of the grid.
#[derive(Debug, Clone, PartialEq)]
pub enum Border {
    /// A wall.
    Closed,
    /// Water leaves, as fast as Manning's uniform flow on the slope of the ground next to the border (at
    /// least 1/1000), and no faster than critical flow. None comes in.
    Open,
    /// Ground as high as the cell at the border, under water of this depth (m) at each time (s): water
    /// goes in and out.
    Depth(Series),
}

/// What is in the place of a cell without data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outside {
    /// A wall.
    Wall,
    /// The sea, or the neighbour's land: water leaves as by [`Border::Open`].
    Outlet,
}

/// What is around the ground.
#[derive(Debug, Clone, PartialEq)]
pub struct Borders {
    /// Beyond the first row.
    pub north: Border,
    /// Beyond the last column.
    pub east: Border,
    /// Beyond the last row.
    pub south: Border,
    /// Beyond the first column.
    pub west: Border,
    /// In place of NODATA.
    pub no_data: Outside,
}

impl Borders {
    /// Walls everywhere.
    #[must_use]
    pub fn closed() -> Self {
        Self {
            north: Border::Closed,
            east: Border::Closed,
            south: Border::Closed,
            west: Border::Closed,
            no_data: Outside::Wall,
        }
    }

    /// Water leaves everywhere.
    #[must_use]
    pub fn open() -> Self {
        Self {
            north: Border::Open,
            east: Border::Open,
            south: Border::Open,
            west: Border::Open,
            no_data: Outside::Outlet,
        }
    }

    /// The greatest depth that a border imposes at a time, metres.
    pub(super) fn deepest_m(&self, time_s: f64) -> f64 {
        [&self.north, &self.east, &self.south, &self.west].into_iter().fold(0.0, |deepest: f64, border| match border {
            Border::Depth(series) => deepest.max(series.at(time_s)),
            Border::Closed | Border::Open => deepest,
        })
    }
}

/// What is to be computed over a terrain.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Rain over the whole terrain.
    pub rain: Rain,
    /// Simulated time, seconds.
    pub duration_s: f64,
    /// Manning's coefficient n, s/m^(1/3): 0.03 for a clean river bed, 0.05 for meadows, 0.1 for woods.
    pub manning: f64,
    /// What is around the ground.
    pub borders: Borders,
    /// Depths at the start (m, as the terrain's heights; ignored where it has none); dry when `None`.
    pub start: Option<Vec<f64>>,
    /// The α of the time step α Δx / sqrt(g h_max). Stable below 1/sqrt(2) in two dimensions.
    pub alpha: f64,
    /// The longest time step, seconds: how often rain falls on a ground that is still dry.
    pub longest_step_s: f64,
}

impl Scenario {
    /// Steady rain on dry meadows (n = 0.05) with open borders, α = 0.6.
    #[must_use]
    pub fn rain(mm_per_h: f64, hours: f64) -> Self {
        Self {
            rain: Rain::Steady(mm_per_h),
            duration_s: hours * 3600.0,
            manning: 0.05,
            borders: Borders::open(),
            start: None,
            alpha: 0.6,
            longest_step_s: 10.0,
        }
    }

    /// Whether the scheme can compute this.
    pub(super) fn check(&self, terrain: &Terrain) -> Result<(), FloodError> {
        let within = |what, value: f64, fine: bool, want| {
            if fine { Ok(()) } else { Err(FloodError::Scenario { what, value, want }) }
        };
        let (d, n, a, s) = (self.duration_s, self.manning, self.alpha, self.longest_step_s);
        within("the simulated time", d, d > 0.0 && d <= 1e9, "more than 0 and at most 1e9 seconds")?;
        within("Manning's n", n, (0.001..=1.0).contains(&n), "0.001 to 1 (0.03 river bed, 0.05 meadow, 0.1 wood)")?;
        within("alpha", a, a > 0.0 && a <= 0.7, "more than 0 and at most 0.7")?;
        within("the longest time step", s, s > 0.0 && s <= 3600.0, "more than 0 and at most 3600 seconds")?;
        if let Rain::Steady(rate) = self.rain {
            within("the rain", rate, (0.0..=1e5).contains(&rate), "0 to 100 000 mm/h")?;
        }
        match terrain.range() {
            None => return Err(FloodError::Terrain("no cell with a height")),
            Some((low, high)) if low < -20_000.0 || high > 20_000.0 => {
                return Err(FloodError::Terrain(
                    "a height that is none (a NODATA value that the header does not name?)",
                ));
            }
            Some(_) => {}
        }
        let Some(start) = &self.start else { return Ok(()) };
        if start.len() != terrain.values.len() {
            return Err(GridError::Values { want: terrain.values.len(), got: start.len() }.into());
        }
        let wrong = start.iter().zip(&terrain.values).find(|(h, z)| !z.is_nan() && !(0.0..=10_000.0).contains(*h));
        wrong.map_or(Ok(()), |(&h, _)| within("a depth at the start", h, false, "0 to 10 000 m"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rain_of_a_table_is_the_area_under_its_steps() {
        let table = Series::new("rain", vec![(60.0, 36.0), (120.0, 0.0), (180.0, 72.0)]);
        let rain = Rain::Table(table.expect("a good table"));
        for (time_s, want_mm) in [(0.0, 0.0), (60.0, 0.0), (90.0, 0.3), (120.0, 0.6), (180.0, 0.6), (230.0, 1.6)] {
            assert!((rain.fallen_m(time_s) * 1000.0 - want_mm).abs() < 1e-12, "at {time_s} s");
        }
        assert!((Rain::metres_per_s(1e-5).fallen_m(100.0) - 1e-3).abs() < 1e-15);
    }

    #[test]
    fn series_are_straight_between_lines_and_constant_outside() {
        let series = Series::new("depth", vec![(10.0, 1.0), (20.0, 3.0)]).expect("a good table");
        for (time_s, want) in [(0.0, 1.0), (10.0, 1.0), (15.0, 2.0), (20.0, 3.0), (99.0, 3.0)] {
            assert_eq!(series.at(time_s), want, "at {time_s} s");
        }
        for bad in [vec![], vec![(1.0, 0.0), (1.0, 0.0)], vec![(0.0, -1.0)], vec![(f64::NAN, 1.0)]] {
            assert!(Series::new("depth", bad).is_err());
        }
    }
}
