//! The places of the window: reached by mouse and keys, remembered, and whole at every size.

use candle_studio::studio::{RunAction, Studio};
use egui::accesskit::Toggled;
use egui::{Event, Key, LayerId, Modifiers, Order, Rect, Role, Theme};
use egui_kittest::kittest::{NodeT, Queryable};

use crate::support::kept::{Kept, open_kept};
use crate::support::screenshots;
use crate::support::window::{
    Window, click, press, settled, studio, wait, wait_for_end, window_of,
};

/// Sizes in points, and pixels per point: of the screens people have.
pub const SIZES: [([f32; 2], f32); 6] = [
    ([1280.0 / 1.5, 480.0], 1.5),
    ([1024.0, 600.0], 1.0),
    ([1024.0, 700.0], 1.0),
    ([1366.0, 768.0], 1.0),
    ([1440.0, 900.0], 1.0),
    ([1920.0, 1080.0], 1.0),
];

/// What is clicked, to show each place and its views.
const PLACES: [&[&str]; 10] = [
    &["Deploy tab"],
    &["Data tab"],
    &["Network tab"],
    &["Train tab", "Curves"],
    &["Train tab", "Layers"],
    &["Train tab", "Look inside"],
    &["Evaluate tab"],
    &["Explain tab"],
    &["Compare tab"],
    &["Sweep tab"],
];

/// A widget without widgets in it, as a screen reader knows it.
#[derive(Clone, Debug)]
struct Leaf {
    id: egui::Id,
    name: String,
    role: Role,
    layer: LayerId,
    rect: Rect,
    /// The part of it that nothing cuts off.
    seen: Rect,
}

impl Leaf {
    fn describe(&self) -> String {
        let Leaf {
            name,
            role,
            rect,
            seen,
            ..
        } = self;
        format!("{role:?} {name:?} at {rect:?}, seen at {seen:?}")
    }

    fn is_whole(&self) -> bool {
        self.seen.expand(1.0).contains_rect(self.rect)
    }
}

/// All leaves of the accessibility tree, with what is seen of each.
fn leaves(window: &Window) -> Vec<Leaf> {
    let root = window.root();
    let nodes: std::collections::HashMap<u64, (Role, String)> = root
        .children_recursive()
        .filter(|node| node.children().next().is_none())
        .map(|node| {
            let node = node.accesskit_node();
            let name = node.label().or_else(|| node.value()).unwrap_or_default();
            (node.locate().0.0, (node.role(), name))
        })
        .collect();
    window.ctx.viewport(|viewport| {
        let widgets = &viewport.prev_pass.widgets;
        let all = widgets.layers().flat_map(|(_, widgets)| widgets);
        let leaf = |w: &egui::WidgetRect| {
            let (role, name) = nodes.get(&w.id.accesskit_id().0)?;
            let is_container = matches!(
                role,
                Role::GenericContainer | Role::Pane | Role::ScrollView | Role::Unknown
            );
            (!is_container).then(|| Leaf {
                id: w.id,
                name: name.clone(),
                role: *role,
                layer: w.layer_id,
                rect: w.rect,
                seen: w.interact_rect,
            })
        };
        all.filter_map(leaf).collect()
    })
}

/// A text may lie on a control, whose caption it is, and the parts of a drawing on the drawing.
fn is_part(a: &Leaf, b: &Leaf) -> bool {
    let lies_on = |part: &Leaf, whole: &Leaf| {
        let is_part = part.role == Role::Label || part.role == whole.role;
        let is_whole = matches!(whole.role, Role::Figure) || part.role == Role::Label;
        is_part && is_whole && whole.rect.expand(2.0).contains_rect(part.rect)
    };
    lies_on(a, b) || lies_on(b, a)
}

/// What is wrong with the arrangement: parts outside the window or cut off at a side, and overlaps.
pub fn faults(window: &Window) -> Vec<String> {
    let all = leaves(window);
    assert!(all.len() > 10, "there are only {} leaves", all.len());
    let screen = window.ctx.content_rect();
    let mut faults = Vec::new();
    // Scroll bars lie over the content, until the pointer is there.
    let (bars, all): (Vec<Leaf>, Vec<Leaf>) =
        all.into_iter().partition(|l| l.role == Role::ScrollBar);
    let shown: Vec<&Leaf> = all.iter().filter(|leaf| leaf.seen.is_positive()).collect();
    let is_wide = bars.iter().any(|bar| bar.rect.width() > bar.rect.height());
    for leaf in &shown {
        if !screen.expand(0.5).contains_rect(leaf.seen) {
            faults.push(format!("outside: {}", leaf.describe()));
        }
        let (whole, seen) = (leaf.rect.x_range(), leaf.seen.x_range());
        if !is_wide && (whole.min < seen.min - 1.0 || whole.max > seen.max + 1.0) {
            faults.push(format!("cut off: {}", leaf.describe()));
        }
    }
    for (idx, a) in shown.iter().enumerate() {
        for b in &shown[..idx] {
            let common = a.seen.intersect(b.seen).shrink(1.0);
            if a.layer == b.layer && common.is_positive() && !is_part(a, b) {
                faults.push(format!("overlap: {} and {}", a.describe(), b.describe()));
            }
        }
    }
    faults
}

/// Whatever is scrolled out of sight can be scrolled to.
fn unreachable(window: &mut Window) -> Vec<String> {
    let hidden: Vec<Leaf> = leaves(window)
        .into_iter()
        .filter(|l| l.rect.is_positive() && !l.is_whole() && l.role != Role::ScrollBar)
        .collect();
    let mut faults = Vec::new();
    for leaf in hidden {
        window.event(Event::AccessKitActionRequest(
            egui::accesskit::ActionRequest {
                action: egui::accesskit::Action::ScrollIntoView,
                target_node: leaf.id.accesskit_id(),
                target_tree: egui::accesskit::TreeId::ROOT,
                data: None,
            },
        ));
        window.run_steps(6);
        // The table draws only columns in sight, so that another cell may have the same id.
        let is_it = |l: &Leaf| l.id == leaf.id || (l.role, &l.name) == (leaf.role, &leaf.name);
        let is_seen =
            |l: &Leaf| l.seen.is_positive() && l.seen.height() >= l.rect.height().min(40.0) - 2.0;
        if !leaves(window).iter().any(|l| is_it(l) && is_seen(l)) {
            faults.push(format!("cannot be reached: {}", leaf.describe()));
        }
    }
    faults
}

fn show(window: &mut Window, place: &[&str]) {
    for name in place {
        click(window, name);
    }
}

/// Adds to `all` what is wrong with any place or view, as it opens and with its panels folded or
/// open in every combination.
fn check_places(window: &mut Window, what: &str, all: &mut Vec<String>) {
    for place in PLACES {
        show(window, place);
        let mut found = faults(window);
        found.extend(unreachable(window));
        for key in [Key::B, Key::D] {
            press(window, Modifiers::COMMAND, key);
            found.extend(faults(window));
        }
        press(window, Modifiers::COMMAND, Key::B);
        found.extend(faults(window));
        press(window, Modifiers::COMMAND, Key::D);
        found.dedup();
        all.extend(found.into_iter().map(|f| format!("{what}, {place:?}: {f}")));
    }
}

#[test]
fn every_place_is_whole_at_every_size_before_the_first_run() {
    let mut all = Vec::new();
    for (size, scale) in SIZES {
        let mut window = window_of(size.map(|n| n * scale), Theme::Dark);
        window.set_pixels_per_point(scale);
        window.run_steps(8);
        let width = window.ctx.content_rect().width();
        assert!((width - size[0]).abs() < 0.1, "{width} for {size:?}");
        check_places(&mut window, &format!("idle at {size:?}"), &mut all);
    }
    assert!(all.is_empty(), "{} faults:\n{}", all.len(), all.join("\n"));
}

#[test]
fn every_place_is_whole_at_every_size_while_a_run_trains() {
    let mut all = Vec::new();
    for (size, scale) in SIZES {
        let mut window = screenshots::window(size.map(|n| n * scale), Theme::Dark, 1600);
        window.set_pixels_per_point(scale);
        window.run_steps(8);
        let width = window.ctx.content_rect().width();
        assert!((width - size[0]).abs() < 0.1, "{width} for {size:?}");
        check_places(&mut window, &format!("training at {size:?}"), &mut all);
    }
    assert!(all.is_empty(), "{} faults:\n{}", all.len(), all.join("\n"));
}

#[test]
fn places_are_reached_by_keys_with_numbers_that_stay() {
    let mut window = settled([1440.0, 900.0]);
    let is_shown = |window: &Window, place: &str| {
        let name = format!("{place} tab");
        let tab = window.get_by_role_and_label(Role::Tab, &name);
        tab.accesskit_node().toggled() == Some(Toggled::True)
    };
    for (key, place) in [
        (Key::Num1, "Data"),
        (Key::Num2, "Network"),
        (Key::Num4, "Evaluate"),
        (Key::Num5, "Explain"),
        (Key::Num6, "Compare"),
        (Key::Num7, "Sweep"),
        (Key::Num8, "Deploy"),
        (Key::Num3, "Train"),
    ] {
        press(&mut window, Modifiers::COMMAND, key);
        assert!(is_shown(&window, place), "{place}");
        press(&mut window, Modifiers::COMMAND, Key::Num9);
        assert!(is_shown(&window, place), "9 shows another place");
    }
    press(&mut window, Modifiers::COMMAND, Key::P);
    for command in [
        "Go to Data",
        "Go to Network",
        "Go to Train",
        "Go to Compare",
        "Go to Sweep",
        "View: Layers",
        "View: Look inside",
        "Show or hide the settings",
        "Show or hide the Draw panel",
    ] {
        assert!(
            window.query_by_label_contains(command).is_some(),
            "{command}"
        );
    }
}

#[test]
fn panels_are_shown_where_they_serve_and_give_their_room_back() {
    let mut window = settled([1440.0, 900.0]);
    let has = |window: &Window, name: &str| window.query_all_by_label(name).next().is_some();
    for (place, has_settings, has_draw) in [
        ("Data tab", false, true),
        ("Deploy tab", false, true),
        ("Network tab", true, true),
        ("Train tab", true, true),
        ("Compare tab", false, false),
        ("Sweep tab", true, false),
    ] {
        click(&mut window, place);
        assert_eq!(has(&window, "Batch size"), has_settings, "{place}");
        assert_eq!(has(&window, "Drawing canvas"), has_draw, "{place}");
    }
    click(&mut window, "Network tab");
    let width = |window: &Window| window.get_by_label("Layers as text").rect().width();
    let before = width(&window);
    press(&mut window, Modifiers::COMMAND, Key::B);
    assert!(!has(&window, "Batch size"));
    click(&mut window, "Fold Draw");
    assert!(!has(&window, "Drawing canvas"));
    assert!(
        width(&window) > before + 200.0,
        "the room goes to the place"
    );
    click(&mut window, "Unfold Settings");
    press(&mut window, Modifiers::COMMAND, Key::D);
    assert!(has(&window, "Batch size") && has(&window, "Drawing canvas"));
    assert_eq!(width(&window), before);
}

#[test]
fn a_narrow_window_folds_one_panel_and_a_narrower_one_opens_both_over_the_place() {
    let mut window = settled([1024.0, 600.0]);
    window.get_by_role_and_label(Role::SpinButton, "Batch size");
    assert!(window.query_by_label("Drawing canvas").is_none());
    click(&mut window, "Unfold Draw");
    window.get_by_label("Drawing canvas");
    window.get_by_role_and_label(Role::SpinButton, "Batch size");

    let mut window = settled([853.0, 480.0]);
    let order = |window: &Window, name: &str| {
        let all = leaves(window);
        all.into_iter()
            .find(|l| l.name == name)
            .map(|l| l.layer.order)
    };
    assert_eq!(order(&window, "Drawing canvas"), None);
    let start = window.get_by_label("Start training").rect();
    press(&mut window, Modifiers::COMMAND, Key::D);
    press(&mut window, Modifiers::COMMAND, Key::B);
    assert_eq!(order(&window, "Drawing canvas"), Some(Order::Middle));
    assert_eq!(order(&window, "Fold Settings"), Some(Order::Middle));
    assert_eq!(window.get_by_label("Start training").rect(), start);
    click(&mut window, "Fold Settings");
    click(&mut window, "Close Draw");
    assert_eq!(order(&window, "Drawing canvas"), None);
    assert_eq!(order(&window, "Fold Settings"), None);
}

#[test]
fn place_view_and_folds_are_there_the_next_time() {
    let mut kept = Kept::default();
    let mut window = open_kept(&kept, candle_studio::ui::Options::default());
    click(&mut window, "Layers");
    press(&mut window, Modifiers::COMMAND, Key::B);
    press(&mut window, Modifiers::COMMAND, Key::Num2);
    eframe::App::save(window.state_mut(), &mut kept);

    let mut window = open_kept(&kept, candle_studio::ui::Options::default());
    window.get_by_label("Layers as text");
    window.get_by_label("Unfold Settings");
    window.get_by_label("Drawing canvas");
    click(&mut window, "Train tab");
    window.get_by_label("Measure the layers while training");
}

#[test]
fn settings_of_earlier_versions_open_in_the_place_of_their_tab() {
    for (tab, label) in [
        ("Layers", "Train tab"),
        ("Train", "Train tab"),
        ("Compare", "Compare tab"),
        ("Network", "Network tab"),
    ] {
        let mut kept = Kept::default();
        let text = format!("(theme:Light,tab:{tab},smoothing_steps:20.0,is_x_log:true)");
        eframe::Storage::set_string(&mut kept, "settings", text);
        let window = open_kept(&kept, candle_studio::ui::Options::default());
        let place = window.get_by_role_and_label(Role::Tab, label);
        let is_chosen = place.accesskit_node().toggled() == Some(Toggled::True);
        assert!(is_chosen, "{tab}");
    }
}

/// Where everything in the panels and in the top bar is that can be pressed or typed into.
fn controls(window: &Window) -> Vec<(String, Rect)> {
    let mut found: Vec<(String, Rect)> = leaves(window)
        .into_iter()
        .filter(|l| l.layer.order == Order::Background)
        .filter(|l| {
            matches!(
                l.role,
                Role::SpinButton | Role::ComboBox | Role::TextInput | Role::CheckBox | Role::Tab
            )
        })
        .map(|l| (l.name, l.rect))
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

#[test]
fn nothing_moves_when_a_run_starts_a_notice_comes_or_a_run_is_added() {
    // High enough that nothing is scrolled away.
    let mut window = window_of([1440.0, 1800.0], Theme::Dark);
    crate::support::window::choose_small(&mut window, 2);
    let of_panels = |window: &Window| {
        let mut all = controls(window);
        // The options of the curves come with the first run.
        all.retain(|(_, rect)| rect.max.x < 404.0 || rect.min.x > 1100.0 || rect.max.y < 48.0);
        all
    };
    let before = of_panels(&window);
    assert!(before.len() > 12, "{before:?}");
    window.state_mut().act(RunAction::Train);
    wait(&mut window, "training", |app| {
        app.studio().live_run().is_some()
    });
    window.run_steps(2);
    assert_eq!(of_panels(&window), before, "a run started");
    wait_for_end(&mut window);
    assert_eq!(of_panels(&window), before, "a run ended");

    let whole = controls(&window);
    let timeline = window
        .get_by_role_and_label(Role::Slider, "Timeline")
        .rect();
    let missing = candle_studio::studio::CanvasAction::OpenImage("no such image.png".into());
    window.state_mut().act(missing);
    wait(&mut window, "the notice", |app| {
        !app.studio().notices().is_empty()
    });
    window.run_steps(4);
    assert_eq!(controls(&window), whole, "a notice came");
    click(&mut window, "Train");
    wait_for_end(&mut window);
    assert_eq!(studio(&window).runs().len(), 2);
    assert_eq!(controls(&window), whole, "a run was added");
    let now = window
        .get_by_role_and_label(Role::Slider, "Timeline")
        .rect();
    assert_eq!(now, timeline);
}

#[test]
fn an_empty_view_leads_to_its_first_content_by_one_button_after_another() {
    let mut window = settled([1024.0, 600.0]);
    crate::support::window::choose_small(&mut window, 40);
    click(&mut window, "Layers");
    click(&mut window, "Turn on");
    click(&mut window, "Start training");
    wait(&mut window, "a measurement", |app| {
        let run = app.studio().own_run();
        run.is_some_and(|run| !run.state.layer_points.is_empty())
    });
    window.run_steps(4);
    window.get_by_label("Weights of dense1 over time");
    click(&mut window, "Stop");
    wait_for_end(&mut window);

    click(&mut window, "Look inside");
    click(&mut window, "Train one batch");
    wait(&mut window, "a paused run", |app| {
        app.studio().can_inspect()
    });
    window.run_steps(4);
    click(&mut window, "Look inside the next batch");
    wait(&mut window, "the batch", |app| {
        app.studio().inspection().is_some()
    });
    window.run_steps(4);
    window.get_by_label("Inside update 2");
    // The button stays under the pointer from stage to stage.
    let at = window.get_by_label("Backward").rect();
    click(&mut window, "Backward");
    assert_eq!(window.get_by_label("Update").rect(), at);
    // A run that has continued has no use for this batch.
    press(&mut window, Modifiers::NONE, Key::Space);
    wait(&mut window, "the run to continue", |app| {
        app.studio()
            .live_run()
            .is_none_or(|run| run.points.last().is_some_and(|p| p.step > 3))
    });
    window.run_steps(2);
    assert!(window.query_by_label("Update").is_none());
    window.get_by_label("Next batch");
    let is_still_there = |studio: &Studio| studio.inspection().is_some();
    assert!(is_still_there(studio(&window)));
    click(&mut window, "Close");
    window.get_by_label("Loss curves");
}
