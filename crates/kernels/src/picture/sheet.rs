//! The layout of a map: one large picture of the greatest depth, small ones of the scenarios beside it,
//! title above, legend below.

use thiserror::Error;

use super::canvas::{Canvas, Colour, rgb};
use super::font::{Align, Pen};
use super::relief::{Blues, Relief, SHOWN_FROM_M};
use crate::grid::{DepthField, Terrain};

const PAPER: Colour = rgb(0xfbfaf7);
const INK: Colour = rgb(0x1f2733);
const SOFT: Colour = rgb(0x6b7380);
const EDGE: Colour = rgb(0x39414d);

/// Around the sheet.
const MARGIN: usize = 44;
/// Above the maps: title and subtitle.
const HEAD: usize = 112;
/// Below the maps: legend.
const FOOT: usize = 104;
/// Above a small map: its label.
const LABEL: usize = 30;
/// Between maps.
const GAP: usize = 22;
/// The sheet's width without margins, and the most that the large map may be high.
const WIDE: f64 = 1712.0;
const HIGH: f64 = 1400.0;
/// More small maps than this are thinned out: they would be stamps.
const MOST_PANELS: usize = 24;

const TITLE: Pen = Pen { size: 27.0, weight: 0.15, colour: INK };
const SUBTITLE: Pen = Pen { size: 13.0, weight: 0.11, colour: SOFT };
const NAME: Pen = Pen { size: 12.5, weight: 0.15, colour: INK };
const NOTE: Pen = Pen { size: 10.0, weight: 0.12, colour: SOFT };
const TICK: Pen = Pen { size: 10.0, weight: 0.12, colour: INK };

/// One scenario of a map.
#[derive(Debug, Clone, Copy)]
pub struct Panel<'a> {
    /// What it is, in a few words: `20 mm/h`.
    pub label: &'a str,
    /// Its greatest depths.
    pub depth: &'a DepthField,
}

/// A map to be drawn.
#[derive(Debug, Clone, Copy)]
pub struct Sheet<'a> {
    /// The large line on top.
    pub title: &'a str,
    /// The small line under it.
    pub subtitle: &'a str,
    /// What the legend's depths are called: `Depth`.
    pub legend: &'a str,
    /// The line at the bottom: where the numbers come from.
    pub note: &'a str,
    /// The ground.
    pub terrain: &'a Terrain,
    /// The scenarios; the large map shows the greatest depth over all. One alone has no small maps.
    pub panels: &'a [Panel<'a>],
}

/// Why a map cannot be drawn.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MapError {
    /// There is nothing to show.
    #[error("a map needs the depths of at least one scenario")]
    Nothing,
    /// Depths of other cells, or of another place.
    #[error(
        "the depths of `{label}` ({depth}) do not lie on the terrain ({terrain}): give the terrain that they were computed on"
    )]
    Elsewhere {
        /// Of the panel.
        label: String,
        /// Shape of the depths.
        depth: String,
        /// Shape of the terrain.
        terrain: String,
    },
}

/// Sizes in pixels.
struct Layout {
    big: (usize, usize),
    small: (usize, usize),
    columns: usize,
    sheet: (usize, usize),
}

impl Layout {
    /// Finds the sizes at which the large map is just as high as the small ones beside it.
    fn new(aspect: f64, panels: usize) -> Self {
        let columns = match panels {
            0 | 1 => 0,
            2..=3 => 1,
            4..=8 => 2,
            9..=18 => 3,
            _ => 4,
        };
        let rows = if columns == 0 { 0 } else { panels.div_ceil(columns) };
        let (c, r, gap) = (columns as f64, rows as f64, GAP as f64);
        let at_width = |wide: f64| {
            if columns == 0 {
                return (wide, 0.0);
            }
            // big + gap + c small + (c - 1) gap = wide and aspect big = r (aspect small + label) + (r - 1) gap
            let labels = r * LABEL as f64 + (r - 1.0) * (gap - 8.0);
            let small = (aspect * (wide - c * gap) - labels) / (aspect * (r + c));
            let small = small.max(60.0).min(wide * 0.4 / c);
            (wide - c * (gap + small), small)
        };
        let (mut big, mut small) = at_width(WIDE);
        if big * aspect > HIGH {
            (big, small) = at_width(WIDE * HIGH / (big * aspect));
        }
        let pixels = |width: f64| (width.round().max(1.0) as usize, (width * aspect).round().max(1.0) as usize);
        let (big, small) = (pixels(big), pixels(small));
        let stack = rows * (small.1 + LABEL) + rows.saturating_sub(1) * (GAP - 8);
        let wide = big.0 + columns * (GAP + small.0);
        let sheet = (wide.max(900) + 2 * MARGIN, HEAD + big.1.max(stack) + FOOT);
        Self { big, small, columns, sheet }
    }
}

impl Sheet<'_> {
    /// Draws the map.
    ///
    /// # Errors
    /// When there is no scenario, or one that does not lie on the terrain.
    pub fn draw(&self) -> Result<Canvas, MapError> {
        let greatest = self.greatest()?;
        let panels = thinned(self.panels);
        let aspect = self.terrain.nrows as f64 / self.terrain.ncols as f64;
        let layout = Layout::new(aspect, panels.len());
        let deepest = greatest.range().map_or(0.0, |(_, high)| high);
        let blues = Blues::up_to(deepest);
        let mut canvas = Canvas::new(layout.sheet.0, layout.sheet.1, PAPER);
        TITLE.write(&mut canvas, self.title, (MARGIN as f64, 60.0), Align::Left);
        SUBTITLE.write(&mut canvas, self.subtitle, (MARGIN as f64, 90.0), Align::Left);

        let relief = Relief::new(self.terrain, layout.big.0);
        relief.draw(&mut canvas, (MARGIN, HEAD), layout.big, &greatest, blues);
        canvas.frame((MARGIN, HEAD), layout.big, EDGE, 0.8);
        self.scale_bar(&mut canvas, layout.big);
        if layout.columns > 0 {
            let relief = Relief::new(self.terrain, layout.small.0);
            for (i, panel) in panels.iter().enumerate() {
                let x = MARGIN + layout.big.0 + GAP + (i % layout.columns) * (layout.small.0 + GAP);
                let y = HEAD + (i / layout.columns) * (layout.small.1 + LABEL + GAP - 8);
                self.small_map(&mut canvas, &relief, panel, ((x, y), layout.small), blues);
            }
        }
        self.legend_bar(&mut canvas, (MARGIN, layout.sheet.1 - FOOT + 30), blues);
        let foot = (layout.sheet.1 - 30) as f64;
        NOTE.write(&mut canvas, self.note, ((layout.sheet.0 - MARGIN) as f64, foot), Align::Right);
        Ok(canvas)
    }

    /// The greatest depth of each cell over all scenarios.
    fn greatest(&self) -> Result<DepthField, MapError> {
        let shape = |grid: &Terrain| {
            format!("{} × {} cells of {} m from {}, {}", grid.ncols, grid.nrows, grid.cell_m, grid.x_min, grid.y_min)
        };
        let mut greatest = self.panels.first().ok_or(MapError::Nothing)?.depth.clone();
        for panel in self.panels {
            if !panel.depth.same_place(self.terrain) {
                let (depth, terrain) = (shape(panel.depth), shape(self.terrain));
                return Err(MapError::Elsewhere { label: panel.label.to_owned(), depth, terrain });
            }
            for (most, &depth) in greatest.values.iter_mut().zip(&panel.depth.values) {
                *most = most.max(depth);
            }
        }
        Ok(greatest)
    }

    fn small_map(
        &self,
        canvas: &mut Canvas,
        relief: &Relief,
        panel: &Panel<'_>,
        ((x, y), size): ((usize, usize), (usize, usize)),
        blues: Blues,
    ) {
        let base = (y + LABEL - 10) as f64;
        NAME.write(canvas, panel.label, (x as f64, base), Align::Left);
        let shown = panel.depth.values.iter().filter(|&&depth| depth >= SHOWN_FROM_M).count();
        let deepest = panel.depth.range().map_or(0.0, |(_, high)| high);
        let km2 = shown as f64 * panel.depth.cell_area_m2() / 1e6;
        let facts = format!("{km2:.2} km² · ≤ {deepest:.1} m");
        NOTE.write(canvas, &facts, ((x + size.0) as f64, base), Align::Right);
        relief.draw(canvas, (x, y + LABEL), size, panel.depth, blues);
        canvas.frame((x, y + LABEL), size, EDGE, 0.6);
    }

    /// The ramp of blues with its depths.
    fn legend_bar(&self, canvas: &mut Canvas, (x, y): (usize, usize), blues: Blues) {
        const LONG: usize = 380;
        NAME.write(canvas, self.legend, (x as f64, (y + 12) as f64), Align::Left);
        let x = x + NAME.length(self.legend) as usize + 18;
        for i in 0..LONG {
            canvas.fill((x + i, y), (1, 16), Blues::colour(i as f64 / (LONG - 1) as f64), 1.0);
        }
        canvas.frame((x, y), (LONG, 16), EDGE, 0.6);
        let mut free_from = 0.0;
        let ticks = [0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 20.0, 50.0, 100.0];
        for depth in ticks.into_iter().filter(|&depth| depth <= blues.top_m) {
            let at = x as f64 + blues.place(depth) * (LONG - 1) as f64;
            let text = if depth < 1.0 { format!("{} cm", depth * 100.0) } else { format!("{depth} m") };
            let half = TICK.length(&text) / 2.0;
            if at - half > free_from {
                canvas.fill((at as usize, y + 16), (1, 5), EDGE, 1.0);
                TICK.write(canvas, &text, (at, (y + 36) as f64), Align::Middle);
                free_from = at + half + 9.0;
            }
        }
    }

    /// A bar of a round length, and north, in the lower left of the large map.
    fn scale_bar(&self, canvas: &mut Canvas, (width, height): (usize, usize)) {
        let metres_a_pixel = self.terrain.cell_m * self.terrain.ncols as f64 / width as f64;
        let lengths = [10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5];
        let fits = |&&metres: &&f64| metres / metres_a_pixel <= width as f64 * 0.22;
        let Some(&metres) = lengths.iter().rev().find(fits) else { return };
        let long = (metres / metres_a_pixel).round() as usize;
        let (x, y) = (MARGIN + 20, HEAD + height - 24);
        canvas.fill((x - 10, y - 26), (long + 20, 40), PAPER, 0.82);
        for (part, colour) in [(0, INK), (1, PAPER), (2, INK), (3, PAPER)] {
            let (from, to) = (part * long / 4, (part + 1) * long / 4);
            canvas.fill((x + from, y), (to - from, 5), colour, 1.0);
        }
        canvas.frame((x, y), (long, 5), INK, 1.0);
        let label = if metres >= 1000.0 { format!("{} km", metres / 1000.0) } else { format!("{metres} m") };
        TICK.write(canvas, "0", (x as f64, (y - 7) as f64), Align::Left);
        TICK.write(canvas, &label, ((x + long) as f64, (y - 7) as f64), Align::Right);
    }
}

/// At most [`MOST_PANELS`], evenly spread, the first and the last among them.
fn thinned<'a>(panels: &[Panel<'a>]) -> Vec<Panel<'a>> {
    let shown = panels.len().min(MOST_PANELS);
    (0..shown).map(|i| panels[if shown == 1 { 0 } else { i * (panels.len() - 1) / (shown - 1) }]).collect()
}
