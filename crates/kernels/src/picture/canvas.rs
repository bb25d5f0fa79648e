//! A sheet of pixels: rectangles, colours, PNG. Knows nothing of maps.

use std::io::Write;

/// Red, green, blue, each 0 to 255 (sRGB).
pub(super) type Colour = [f64; 3];

/// A picture in the making.
#[derive(Debug, Clone, PartialEq)]
pub struct Canvas {
    /// Pixels from left to right.
    pub width: usize,
    /// Pixels from top to bottom.
    pub height: usize,
    /// Three bytes a pixel, row after row from the top.
    pub pixels: Vec<u8>,
}

/// A colour from its usual hexadecimal form.
pub(super) const fn rgb(hex: u32) -> Colour {
    [(hex >> 16 & 255) as f64, (hex >> 8 & 255) as f64, (hex & 255) as f64]
}

/// A colour between two.
pub(super) fn mix(a: Colour, b: Colour, t: f64) -> Colour {
    [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t]
}

impl Canvas {
    /// A sheet of one colour.
    pub(super) fn new(width: usize, height: usize, colour: Colour) -> Self {
        let pixels = colour.map(|v| v.round() as u8).repeat(width * height);
        Self { width, height, pixels }
    }

    /// Lays a colour over a pixel; `cover` 1 hides what was there, 0 changes nothing. Pixels outside of
    /// the sheet are left out.
    pub(super) fn lay(&mut self, x: isize, y: isize, colour: Colour, cover: f64) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return };
        if x < self.width && y < self.height {
            let at = (y * self.width + x) * 3;
            for (byte, &new) in self.pixels[at..at + 3].iter_mut().zip(&colour) {
                let old = f64::from(*byte);
                *byte = (old + (new - old) * cover.clamp(0.0, 1.0)).round() as u8;
            }
        }
    }

    /// Fills a rectangle.
    pub(super) fn fill(&mut self, (x, y): (usize, usize), (width, height): (usize, usize), colour: Colour, cover: f64) {
        for row in y..y + height {
            for col in x..x + width {
                self.lay(col as isize, row as isize, colour, cover);
            }
        }
    }

    /// Draws the edge of a rectangle, one pixel wide, inside of it.
    pub(super) fn frame(
        &mut self,
        (x, y): (usize, usize),
        (width, height): (usize, usize),
        colour: Colour,
        cover: f64,
    ) {
        self.fill((x, y), (width, 1), colour, cover);
        self.fill((x, y + height - 1), (width, 1), colour, cover);
        self.fill((x, y + 1), (1, height.saturating_sub(2)), colour, cover);
        self.fill((x + width - 1, y + 1), (1, height.saturating_sub(2)), colour, cover);
    }

    /// Writes the sheet as PNG (eight bits, sRGB).
    ///
    /// # Errors
    /// When the output refuses.
    pub fn write_png(&self, output: impl Write) -> Result<(), png::EncodingError> {
        // A side is some thousand pixels: the sheet's maker keeps it so.
        let side = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let mut encoder = png::Encoder::new(output, side(self.width), side(self.height));
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.pixels)?;
        writer.finish()
    }
}
