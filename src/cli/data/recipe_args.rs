//! How a dataset is imported: the flags of `data import` and `data info`.

use super::UsageError;
use crate::data::Framing;
use crate::data::import::{ClassChoice, ImportRecipe};

/// What is made of a source.
#[derive(Debug, clap::Args)]
pub struct RecipeArgs {
    /// Pixels per side of the images, 8 to 128, or HEIGHTxWIDTH [default: as they are if all are the
    /// same, else 28 in gray and 32 in color].
    #[arg(long, value_name = "N", value_parser = size)]
    size: Option<[usize; 2]>,
    /// How a picture fills an image: `fit` with black bars, `crop`, `stretch`, or `center` like
    /// MNIST's digits [default: fit].
    #[arg(long)]
    framing: Option<Framing>,
    /// Make images in gray.
    #[arg(long, conflicts_with = "color")]
    gray: bool,
    /// Make images in color.
    #[arg(long)]
    color: bool,
    /// Make dark bright and bright dark.
    #[arg(long)]
    invert: bool,
    /// Mirror left to right.
    #[arg(long, conflicts_with = "transpose")]
    mirror: bool,
    /// Turn clockwise, after mirroring.
    #[arg(long, value_name = "DEGREES", value_parser = ["90", "180", "270"], conflicts_with = "transpose")]
    turn: Option<String>,
    /// Swap rows and columns.
    #[arg(long)]
    transpose: bool,
    /// Only these classes, in this order; NAME=NEW renames one, and two with one new name are merged.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    classes: Vec<String>,
    /// At most N images of each class in each split.
    #[arg(long, value_name = "N")]
    per_class: Option<usize>,
    /// Set this share of the images aside for testing, whatever splits there are [default: one in
    /// six if there are no test images].
    #[arg(long, value_name = "SHARE")]
    test_share: Option<f64>,
    /// The seed of what is drawn: test images, and images of `--per-class`.
    #[arg(long, value_name = "N", default_value_t = 1)]
    split_seed: u64,
}

impl RecipeArgs {
    /// The recipe, if it makes sense.
    pub(super) fn recipe(&self) -> anyhow::Result<ImportRecipe> {
        let quarter_turns = match self.turn.as_deref() {
            Some("90") => 1,
            Some("180") => 2,
            Some("270") => 3,
            // Rows and columns are swapped by mirroring and a turn.
            _ if self.transpose => 3,
            _ => 0,
        };
        let recipe = ImportRecipe {
            size: self.size,
            color: match (self.gray, self.color) {
                (true, _) => Some(false),
                (false, true) => Some(true),
                (false, false) => None,
            },
            framing: self.framing,
            invert: self.invert,
            mirror: self.mirror || self.transpose,
            quarter_turns,
            classes: self.classes.iter().map(|text| choice(text)).collect(),
            per_class: self.per_class,
            test_share: self.test_share,
            seed: self.split_seed,
        };
        recipe.check().map_err(|e| UsageError(e.to_string()))?;
        Ok(recipe)
    }

    /// Whether none is given.
    pub(super) fn is_default(&self) -> bool {
        self.recipe()
            .is_ok_and(|recipe| recipe == ImportRecipe::default())
    }
}

fn choice(text: &str) -> ClassChoice {
    let (from, name) = text.split_once('=').unwrap_or((text, text));
    ClassChoice {
        from: from.to_owned(),
        name: name.to_owned(),
    }
}

fn size(text: &str) -> Result<[usize; 2], String> {
    let side = |text: &str| text.trim().parse().ok();
    let (height, width) = text.split_once(['x', '×']).unwrap_or((text, text));
    match (side(height), side(width)) {
        (Some(height), Some(width)) => Ok([height, width]),
        _ => Err(format!(
            "expected a number of pixels or HEIGHTxWIDTH, found {text}"
        )),
    }
}
