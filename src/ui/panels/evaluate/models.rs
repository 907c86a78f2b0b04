//! Several models side by side on the same images, and where two of them differ.

use std::sync::Arc;

use egui::{Grid, Label, RichText, ScrollArea, Ui, vec2};

use super::confusion::{Difference, difference_ui};
use super::numbers;
use crate::compare::{BOOTSTRAP_SEED, Kind, Paired, disagreements, image_words};
use crate::evaluate::{Among, Filter, Selection, SortKey};
use crate::runs::Status;
use crate::studio::{BesideModel, EvaluateAction, Evaluation, MAX_BESIDE};
use crate::text;
use crate::ui::command::{Command, EvaluateCommand};
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, ROW_HEIGHT, UNIT, tokens};
use crate::ui::widgets::{Weight, combo_of_width, labeled_button};

/// Height of the matrix.
const MATRIX: f32 = 260.0;

/// The state of the view.
#[derive(Default)]
pub(super) struct ModelsView {
    /// Which of the models beside is held against the one on the canvas.
    chosen: usize,
    made: Option<Made>,
}

/// How two models differ.
struct Made {
    of: [Arc<Evaluation>; 2],
    words: String,
    /// What the two disagree on: the name of each kind, and its images.
    kinds: Vec<(String, Among, usize)>,
    difference: Difference,
}

impl ModelsView {
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        cx: &mut PanelContext<'_>,
        evaluation: &Arc<Evaluation>,
    ) {
        add_ui(ui, cx);
        let models = cx.studio.evaluator().beside().to_vec();
        if models.is_empty() {
            let line = "No other model is shown. Keep this one here, then show another on the canvas; \
                        or add a run.";
            ui.add(Label::new(theme::quiet(ui, line)).wrap());
            return;
        }
        self.chosen = self.chosen.min(models.len() - 1);
        let name = cx.studio.model_name().unwrap_or_default();
        ScrollArea::both()
            .id_salt("models")
            .auto_shrink(false)
            .show(ui, |ui| {
                self.table_ui(ui, cx, evaluation, &name, &models);
                ui.add_space(UNIT);
                self.difference_ui(ui, cx, evaluation, &name, &models[self.chosen]);
            });
    }

    fn table_ui(
        &mut self,
        ui: &mut Ui,
        cx: &mut PanelContext<'_>,
        evaluation: &Evaluation,
        name: &str,
        models: &[BesideModel],
    ) {
        let of_this = numbers::numbers(evaluation, None);
        let others: Vec<_> = models
            .iter()
            .map(|model| model.evaluation(evaluation))
            .map(|found| found.map(|e| numbers::numbers(e, None)))
            .collect();
        Grid::new("models")
            .num_columns(2 + models.len())
            .spacing(vec2(4.0 * UNIT, 2.0))
            .min_row_height(18.0)
            .show(ui, |ui| {
                ui.label("");
                ui.add(Label::new(RichText::new(name).strong()).truncate())
                    .on_hover_text("The model on the canvas.");
                for (idx, model) in models.iter().enumerate() {
                    self.heading_ui(ui, cx, idx, model);
                }
                ui.end_row();
                for (row, number) in of_this.iter().enumerate() {
                    ui.label(theme::quiet(ui, number.name))
                        .on_hover_text(&number.about);
                    ui.label(theme::number(number.text()));
                    for other in &others {
                        let cell = other.as_ref().and_then(|other| other.get(row));
                        let text = cell.map_or_else(|| "–".to_owned(), numbers::Shown::text);
                        ui.label(theme::number(text));
                    }
                    ui.end_row();
                }
            });
    }

    fn heading_ui(
        &mut self,
        ui: &mut Ui,
        cx: &mut PanelContext<'_>,
        idx: usize,
        model: &BesideModel,
    ) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            ui.selectable_value(&mut self.chosen, idx, &model.name)
                .on_hover_text("Holds the model on the canvas against this one, below.");
            let name = format!("Remove {}", model.name);
            let button = labeled_button(ui, None, "×", Weight::Bare, 0.0, true);
            let button = button.on_hover_text(&name);
            if button.accessible_name(name).clicked() {
                cx.act(EvaluateAction::RemoveBeside(idx));
            }
        });
    }

    fn difference_ui(
        &mut self,
        ui: &mut Ui,
        cx: &mut PanelContext<'_>,
        evaluation: &Arc<Evaluation>,
        name: &str,
        other: &BesideModel,
    ) {
        if let Some(problem) = &other.problem {
            let text = text::sentence(problem);
            ui.add(Label::new(RichText::new(text).color(tokens(ui).bad)).wrap());
            return;
        }
        let Some(found) = other.evaluation(evaluation) else {
            let line = format!(
                "{} is being evaluated, or was trained with other images set aside.",
                other.name
            );
            ui.add(Label::new(theme::quiet(ui, line)).wrap());
            return;
        };
        let is_made =
            |made: &Made| Arc::ptr_eq(&made.of[0], evaluation) && Arc::ptr_eq(&made.of[1], found);
        let made = self.made.take().filter(is_made);
        let made = made.unwrap_or_else(|| Made::new(evaluation, found, [name, &other.name]));
        ui.add(Label::new(&made.words).wrap());
        kinds_ui(ui, cx, &made.kinds);
        let text = format!(
            "counts of {name} minus those of {}: orange where it errs more",
            other.name
        );
        ui.label(theme::quiet(ui, text));
        ui.scope(|ui| {
            ui.set_max_height(MATRIX);
            difference_ui(ui, cx, evaluation, &made.difference);
        });
        self.made = Some(made);
    }
}

impl Made {
    fn new(of: &Arc<Evaluation>, other: &Arc<Evaluation>, names: [&str; 2]) -> Made {
        let (candidate, baseline) = (&of.predictions, &other.predictions);
        let paired = Paired::of(baseline, candidate);
        let found = disagreements(baseline, candidate);
        let kind = |name: String, is_it: &dyn Fn(Kind) -> bool| {
            let images: Vec<usize> = found
                .iter()
                .filter(|d| is_it(d.kind))
                .map(|d| d.image)
                .collect();
            let n = images.len();
            let among = Among::new(name.as_str(), images, candidate.len());
            (name, among, n)
        };
        Made {
            of: [of.clone(), other.clone()],
            words: image_words(&paired, &paired.test(BOOTSTRAP_SEED), names),
            kinds: vec![
                kind("both answer differently".to_owned(), &|_| true),
                kind(format!("only {} is right", names[0]), &|kind| {
                    kind == Kind::OnlyCandidate
                }),
                kind(format!("only {} is right", names[1]), &|kind| {
                    kind == Kind::OnlyBaseline
                }),
                kind("neither is right".to_owned(), &|kind| kind == Kind::Neither),
            ],
            difference: Difference::new(of, other),
        }
    }
}

/// Draws the buttons that select images on which two models disagree.
fn kinds_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, kinds: &[(String, Among, usize)]) {
    ui.horizontal_wrapped(|ui| {
        for (name, among, n) in kinds {
            let selection = cx.studio.evaluator().selection();
            let is_chosen = selection.filter.among.as_ref() == Some(among);
            let text = format!("{name}: {}", text::thousands(*n as u64));
            let about = "Shows these images, those first on which both models are sure.";
            if ui
                .selectable_label(is_chosen, text)
                .on_hover_text(about)
                .clicked()
            {
                select_among(cx, (!is_chosen).then(|| among.clone()));
            }
        }
    });
}

/// Selects images in their order, or all images again.
pub(super) fn select_among(cx: &mut PanelContext<'_>, among: Option<Among>) {
    let (sort, is_descending) = match among {
        Some(_) => (SortKey::Chosen, false),
        None => (SortKey::Loss, true),
    };
    cx.act(EvaluateAction::Select(Selection {
        filter: Filter {
            among,
            ..Filter::default()
        },
        sort,
        is_descending,
    }));
}

/// Draws what adds a model.
fn add_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let has_room = cx.studio.evaluator().beside().len() < MAX_BESIDE;
    ui.horizontal_wrapped(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        command_ui(ui, cx, EvaluateCommand::KeepBeside, "Keep this model here");
        let mut chosen = None;
        ui.add_enabled_ui(has_room && cx.studio.workspace().is_some(), |ui| {
            combo_of_width(ui, "Add a run", "Add a run…", 132.0, |ui| {
                for run in cx.studio.runs() {
                    if matches!(run.state.status, Status::Finished(_)) {
                        ui.selectable_value(&mut chosen, Some(run.id.clone()), &run.state.name);
                    }
                }
            })
            .on_hover_text("Shows the final model of a run beside this one.");
        });
        if let Some(id) = chosen {
            cx.act(EvaluateAction::AddBeside(id));
        }
        command_ui(ui, cx, EvaluateCommand::AddInt8, "Add its int8 twin");
    });
}

fn command_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, command: EvaluateCommand, label: &str) {
    let command = Command::from(command);
    let is_possible = command.is_possible(cx.studio);
    let button = labeled_button(ui, None, label, Weight::Plain, 0.0, is_possible);
    if button.on_hover_text(command.tooltip(ui)).clicked() {
        cx.command(command);
    }
}
