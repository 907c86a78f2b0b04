//! What every kind of layer has: one implementation per kind, with its parts in this order.

use super::activation::Function;
use super::blueprint::Blueprint;
use super::plan::Planner;
use super::token_pool::TokenChoice;
use crate::model::shape::Shape;

/// A kind of layer: its texts, its hyperparameters, what it makes of an input, and its operation.
pub(in crate::model) trait LayerKind {
    /// Texts that do not depend on the hyperparameters.
    fn about(&self) -> About;

    /// See [`super::super::Layer::detail`].
    fn detail(&self) -> String {
        String::new()
    }

    /// See [`super::super::Layer::short_detail`].
    fn short_detail(&self) -> String {
        self.detail()
    }

    /// All hyperparameters, in the order to show them in.
    fn fields(&mut self) -> Vec<LayerField<'_>> {
        Vec::new()
    }

    /// Output, parameters and cost for `input`, or why it does not fit.
    fn blueprint(&self, input: Shape) -> Result<Blueprint, String>;

    /// Adds the operation of a layer that fits.
    fn plan(&self, planner: &mut Planner<'_>);

    /// The function, if it is an activation.
    fn function(&self) -> Option<Function> {
        None
    }
}

/// Texts of a kind of layer.
pub(in crate::model) struct About {
    /// The name of a layer is this and a number.
    pub name: &'static str,
    pub label: &'static str,
    pub explanation: &'static str,
}

/// One hyperparameter of a layer, to read and set.
#[derive(Debug)]
pub struct LayerField<'a> {
    /// Its name.
    pub label: &'static str,
    /// One sentence: what it is, and what goes wrong when it is too big or too small.
    pub explanation: &'static str,
    /// Its value.
    pub value: LayerValue<'a>,
}

/// The type of a hyperparameter, with access to its value.
#[derive(Debug)]
pub enum LayerValue<'a> {
    /// A count.
    Count(&'a mut usize),
    /// A share, from 0 to 1.
    Share(&'a mut f32),
    /// A switch.
    Switch(&'a mut bool),
    /// Which token to use.
    Token(&'a mut TokenChoice),
}

impl<'a> LayerValue<'a> {
    /// The hyperparameter with its label and explanation.
    pub(super) fn field(self, label: &'static str, explanation: &'static str) -> LayerField<'a> {
        LayerField {
            label,
            explanation,
            value: self,
        }
    }
}

/// `name` and `value`, unless it is the default.
pub(super) fn unless_default(name: &str, value: usize, default: usize) -> String {
    match value == default {
        true => String::new(),
        false => format!("{name}{value}"),
    }
}

/// The default of a hyperparameter that a file leaves out.
pub(super) fn one() -> usize {
    1
}
