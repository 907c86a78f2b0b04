//! Titles, grids, ticks and their labels.

use super::Panel;
use crate::picture::axis::YAxis;
use crate::picture::marks::{Mark, linear_marks, log_marks, plain, round_to};
use crate::picture::{Anchor, Face, Ink, Item};

impl Panel<'_> {
    pub(super) fn axes(&mut self) {
        let [left, top, width, height] = self.rect;
        let p = self.palette;
        let name = match self.drawn.metric {
            YAxis::Loss => "Loss",
            YAxis::Accuracy => "Accuracy",
        };
        let unit = match self.drawn.baseline {
            Some(run) => format!("difference from {}", run.name),
            None => self.unit.to_owned(),
        };
        let title = vec![
            self.span(name, Face::Heavy, 14.0, p.text),
            self.span(&format!("   {unit}"), Face::Text, 12.0, p.quiet),
        ];
        self.picture.items.push(Item::Text {
            at: [left, top - 16.0],
            anchor: Anchor::Start,
            spans: title,
        });
        for mark in self.y_marks() {
            let [_, y] = self.at(self.x.0, mark.value);
            let grid = Ink::solid(p.hairline);
            self.picture
                .line(&[[left, y], [left + width, y]], grid, 1.0);
            let label = self.span(&self.y_label(mark), Face::Number, 12.0, p.quiet);
            self.picture.text([left - 8.0, y], Anchor::End, label);
        }
        let bottom = top + height;
        for mark in self.x_marks() {
            let [x, _] = self.at(mark.value, self.y.0);
            let tick = [[x, bottom], [x, bottom + 4.0]];
            self.picture.line(&tick, Ink::solid(p.quiet), 1.0);
            let label = self.span(&self.x_label(mark), Face::Number, 12.0, p.quiet);
            self.picture.text([x, bottom + 14.0], Anchor::Middle, label);
        }
        if self.drawn.metric == YAxis::Accuracy {
            let label = self.span(self.drawn.view.x_axis.label(), Face::Text, 12.0, p.quiet);
            let middle = [left + width / 2.0, bottom + 32.0];
            self.picture.text(middle, Anchor::Middle, label);
        }
    }

    fn y_marks(&self) -> Vec<Mark> {
        let n = f64::from((self.rect[3] / 44.0).max(2.0));
        match self.drawn.is_y_log() {
            true => log_marks(self.y.0, self.y.1),
            false => linear_marks(self.y.0, self.y.1, n),
        }
    }

    fn x_marks(&self) -> Vec<Mark> {
        match self.drawn.view.is_x_log {
            true => log_marks(self.x.0, self.x.1),
            false => linear_marks(self.x.0, self.x.1, 8.0),
        }
    }

    fn y_label(&self, mark: Mark) -> String {
        match self.drawn.metric {
            YAxis::Loss if self.drawn.is_y_log() => round_to(10f64.powf(mark.value), 2).to_string(),
            YAxis::Loss => plain(mark.value, mark.step),
            YAxis::Accuracy => format!("{} %", plain(100.0 * mark.value, 100.0 * mark.step)),
        }
    }

    fn x_label(&self, mark: Mark) -> String {
        match self.drawn.view.is_x_log {
            true => round_to(10f64.powf(mark.value), 2).to_string(),
            false => plain(mark.value, mark.step),
        }
    }
}
