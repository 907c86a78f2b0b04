//! An address as a picture that a phone reads.

use egui::{Color32, Rect, Role, Sense, Ui, WidgetInfo, vec2};
use qrcodegen::{QrCode, QrCodeEcc};

/// Side of a module, in points, and modules left white around the code (ISO/IEC 18004 wants 4).
const MODULE: f32 = 4.0;
const RIM: i32 = 4;

/// Draws the code of `address`.
pub(super) fn ui(ui: &mut Ui, address: &str) {
    // Only a text of several thousand characters is too long.
    let Ok(code) = QrCode::encode_text(address, QrCodeEcc::Medium) else {
        return;
    };
    let side = MODULE * (code.size() + 2 * RIM) as f32;
    let (rect, response) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
    response
        .widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("QR code of {address}")));
    if !ui.is_rect_visible(rect) {
        return;
    }
    // Black on white in both themes, as readers expect it.
    let painter = ui.painter();
    painter.rect_filled(rect, 0.0, Color32::WHITE);
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|&x| code.get_module(x, y)) {
            let corner = vec2((x + RIM) as f32, (y + RIM) as f32);
            let module = Rect::from_min_size(rect.min + MODULE * corner, vec2(MODULE, MODULE));
            painter.rect_filled(module, 0.0, Color32::BLACK);
        }
    }
}
