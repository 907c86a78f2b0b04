//! A tour of the first session: six steps that point at the controls. It blocks nothing, so that
//! each step can be done as it is read.

use egui::{
    Align2, Area, Color32, Context, Frame, Id, Key, LayerId, Modifiers, Order, Pos2, Rect,
    RichText, Stroke, StrokeKind, Ui, Vec2, vec2,
};

use crate::ui::theme::{self, tokens};
use crate::ui::widgets::{Weight, labeled_button};

/// A place in the window that a step points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stop {
    /// The list of presets.
    Preset,
    /// The button that starts training.
    Train,
    /// The curves, or what the center shows instead.
    Center,
    /// The canvas.
    Canvas,
    /// The settings.
    Settings,
    /// The rail with the places.
    Rail,
}

/// A step: where it points, its title and its text.
struct Step(Stop, &'static str, &'static str);

const STEPS: [Step; 6] = [
    Step(
        Stop::Preset,
        "Choose a network",
        "A preset is a network with settings that suit it. Softmax regression trains in seconds, \
         the first preset reaches 99 %.",
    ),
    Step(
        Stop::Train,
        "Train it",
        "Starts a run on MNIST, 60,000 handwritten digits. Space pauses and resumes it.",
    ),
    Step(
        Stop::Center,
        "Watch it learn",
        "Loss and accuracy appear batch by batch. The wheel zooms, a double click shows all.",
    ),
    Step(
        Stop::Canvas,
        "Draw a digit",
        "The network classifies it while it trains: the bars below follow every stroke and every \
         update.",
    ),
    Step(
        Stop::Settings,
        "Change a setting",
        "The learning rate, for example: it takes effect at the next batch, and a mark in the curves \
         shows where. Every change can be undone.",
    ),
    Step(
        Stop::Rail,
        "Compare and search",
        "Compare says which run is better and whether that is significant; Sweep trains many runs \
         with different settings.",
    ),
];

/// Width of the text, in points.
const WIDTH: f32 = 300.0;

/// Size to expect of the card, before it is drawn for the first time.
const CARD: Vec2 = vec2(WIDTH + 32.0, 160.0);

/// Space between the control and the card.
const GAP: f32 = 12.0;

/// The tour, if it is under way.
#[derive(Default)]
pub struct Tour {
    step: Option<usize>,
    /// Whether the button of the step asks for the keyboard.
    wants_focus: bool,
}

/// What was pressed.
enum Answer {
    Back,
    Next,
    End,
}

/// Tells the tour where a control is in this frame.
pub fn mark(ctx: &Context, stop: Stop, rect: Rect) {
    let frame = ctx.cumulative_frame_nr();
    ctx.data_mut(|data| data.insert_temp(id(stop), (frame, rect)));
}

/// Where a control is, if it was drawn in this frame.
fn place(ctx: &Context, stop: Stop) -> Option<Rect> {
    let (frame, rect) = ctx.data(|data| data.get_temp::<(u64, Rect)>(id(stop)))?;
    (frame == ctx.cumulative_frame_nr()).then_some(rect)
}

fn id(stop: Stop) -> Id {
    Id::unique(("tour stop", stop))
}

impl Tour {
    /// Begins the tour.
    pub fn start(&mut self) {
        self.go(Some(0));
    }

    /// Whether the tour is under way.
    pub fn is_on(&self) -> bool {
        self.step.is_some()
    }

    fn go(&mut self, step: Option<usize>) {
        self.step = step.filter(|step| *step < STEPS.len());
        self.wants_focus = self.step.is_some();
    }

    /// Shows the step of the tour, if it is under way.
    pub(super) fn ui(&mut self, ui: &Ui) {
        let Some(idx) = self.step else {
            return;
        };
        let Step(stop, title, text) = STEPS[idx];
        let place = place(ui, stop);
        highlight(ui, place);
        let card = Id::unique("tour");
        let size = ui.memory(|m| m.area_rect(card)).map_or(CARD, |r| r.size());
        let at = beside(ui.content_rect(), place, size);
        let area = Area::new(card).order(Order::Foreground).fixed_pos(at);
        let shown = area.show(ui, |ui| {
            Frame::popup(ui.style()).inner_margin(16).show(ui, |ui| {
                ui.set_width(WIDTH);
                ui.label(RichText::new(title).heading());
                ui.label(text);
                ui.add_space(8.0);
                self.buttons_ui(ui, idx)
            })
        });
        let is_left = ui.input_mut(|i| i.consume_key(Modifiers::NONE, Key::Escape));
        match shown.inner.inner {
            _ if is_left => self.go(None),
            Some(Answer::Back) => self.go(idx.checked_sub(1)),
            Some(Answer::Next) => self.go(Some(idx + 1)),
            Some(Answer::End) => self.go(None),
            None => {}
        }
    }

    fn buttons_ui(&mut self, ui: &mut Ui, idx: usize) -> Option<Answer> {
        let mut answer = None;
        let is_last = idx + 1 == STEPS.len();
        ui.horizontal(|ui| {
            let count = format!("{} of {}", idx + 1, STEPS.len());
            ui.label(theme::quiet(ui, count));
            if !is_last && labeled_button(ui, None, "End tour", Weight::Bare, 0.0, true).clicked() {
                answer = Some(Answer::End);
            }
            if labeled_button(ui, None, "Back", Weight::Plain, 0.0, idx > 0).clicked() {
                answer = Some(Answer::Back);
            }
            let text = if is_last { "Done" } else { "Next" };
            let next = labeled_button(ui, None, text, Weight::Plain, 64.0, true);
            if std::mem::take(&mut self.wants_focus) {
                next.request_focus();
            }
            if next.clicked() {
                answer = Some(Answer::Next);
            }
        });
        answer
    }
}

/// Dims everything but `place`, and frames it.
fn highlight(ui: &Ui, place: Option<Rect>) {
    let t = tokens(ui);
    let painter = ui.layer_painter(LayerId::new(Order::Middle, Id::unique("tour highlight")));
    let all = ui.content_rect();
    let hole = place.map_or(Rect::NOTHING, |place| place.expand(4.0).intersect(all));
    let shade = t.background.gamma_multiply(0.6);
    let around = match place {
        Some(_) => vec![
            all.with_max_y(hole.min.y),
            all.with_min_y(hole.max.y),
            Rect::from_min_max(Pos2::new(all.min.x, hole.min.y), hole.left_bottom()),
            Rect::from_min_max(hole.right_top(), Pos2::new(all.max.x, hole.max.y)),
        ],
        None => vec![all],
    };
    for rect in around {
        painter.rect_filled(rect, 0.0, shade);
    }
    if place.is_some() {
        let stroke = Stroke::new(2.0, t.accent);
        painter.rect(hole, 4.0, Color32::TRANSPARENT, stroke, StrokeKind::Outside);
    }
}

/// Where a card of `size` goes: below the control, above, to the right, to the left, or else over
/// its lower part.
fn beside(all: Rect, place: Option<Rect>, size: Vec2) -> Pos2 {
    let Some(place) = place else {
        return Align2::CENTER_CENTER.align_size_within_rect(size, all).min;
    };
    let clamped = |at: Pos2| {
        let last = (all.max - size - vec2(GAP, GAP)).max(all.min);
        at.clamp(all.min + vec2(GAP, GAP), last)
    };
    let candidates = [
        place.left_bottom() + vec2(0.0, GAP),
        place.left_top() - vec2(0.0, size.y + GAP),
        place.right_top() + vec2(GAP, 0.0),
        place.left_top() - vec2(size.x + GAP, 0.0),
    ];
    let is_free = |at: &Pos2| !Rect::from_min_size(*at, size).intersects(place);
    let free = candidates.into_iter().map(clamped).find(is_free);
    free.unwrap_or_else(|| clamped(place.center_bottom() - vec2(size.x / 2.0, size.y + GAP)))
}

/// Offers the tour; returns the answer once there is one.
pub fn offer_ui(ctx: &Context) -> Option<bool> {
    let area = Area::new(Id::unique("tour offer")).anchor(Align2::CENTER_BOTTOM, vec2(0.0, -64.0));
    let shown = area.order(Order::Middle).show(ctx, |ui| {
        Frame::popup(ui.style()).inner_margin(12).show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.label("New here? A tour shows a first session in six steps.");
                let is_taken =
                    labeled_button(ui, None, "Take the tour", Weight::Plain, 0.0, true).clicked();
                let is_declined =
                    labeled_button(ui, None, "No, thanks", Weight::Bare, 0.0, true).clicked();
                (is_taken || is_declined).then_some(is_taken)
            })
            .inner
        })
    });
    shown.inner.inner
}
