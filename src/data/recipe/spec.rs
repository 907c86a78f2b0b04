//! What a recipe is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How a picture fills the frame of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Framing {
    /// Like MNIST: what stands out from the background is bright on black, its longer side fills
    /// 20/28 of the frame, and its center of mass is in the middle. See
    /// [`center_sketch`](crate::data::center_sketch).
    Center,
    /// The whole picture, with black bars where the aspect ratio differs.
    Fit,
    /// The middle of the picture, as much as fills the frame.
    Crop,
    /// The whole picture, stretched to the frame.
    Stretch,
}

impl Framing {
    /// All of them.
    pub const ALL: [Framing; 4] = [
        Framing::Center,
        Framing::Fit,
        Framing::Crop,
        Framing::Stretch,
    ];

    /// Its name in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Framing::Center => "center",
            Framing::Fit => "fit",
            Framing::Crop => "crop",
            Framing::Stretch => "stretch",
        }
    }
}

impl FromStr for Framing {
    type Err = String;

    fn from_str(text: &str) -> Result<Framing, String> {
        let found = Framing::ALL.into_iter().find(|f| f.name() == text);
        found.ok_or_else(|| format!("expected center, fit, crop or stretch, found {text:?}"))
    }
}

/// How a picture becomes an input. Size and number of channels are those of the network's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// How it fills the frame.
    pub framing: Framing,
    /// Whether dark becomes bright. [`Framing::Center`] finds out by itself.
    #[serde(default)]
    pub invert: bool,
    /// Whether it is mirrored left to right.
    #[serde(default)]
    pub mirror: bool,
    /// Clockwise quarter turns, after mirroring: 0 to 3.
    #[serde(default)]
    pub quarter_turns: u8,
}

impl Recipe {
    /// Upright and not inverted.
    pub const fn new(framing: Framing) -> Recipe {
        Recipe {
            framing,
            invert: false,
            mirror: false,
            quarter_turns: 0,
        }
    }
}

/// In words, such as `centered like MNIST`.
impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self.framing {
            Framing::Center => "centered like MNIST",
            Framing::Fit => "fitted",
            Framing::Crop => "cropped",
            Framing::Stretch => "stretched",
        })?;
        if self.invert && self.framing != Framing::Center {
            f.write_str(", inverted")?;
        }
        if self.mirror {
            f.write_str(", mirrored")?;
        }
        match self.quarter_turns % 4 {
            0 => Ok(()),
            turns => write!(f, ", turned by {}°", u32::from(turns) * 90),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_says_what_it_does() {
        assert_eq!(
            Recipe::new(Framing::Center).to_string(),
            "centered like MNIST"
        );
        let recipe = Recipe {
            mirror: true,
            quarter_turns: 3,
            invert: true,
            ..Recipe::new(Framing::Fit)
        };
        assert_eq!(
            recipe.to_string(),
            "fitted, inverted, mirrored, turned by 270°"
        );
    }
}
