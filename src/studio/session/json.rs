//! A session as text. Each part is read on its own, so that a damaged one costs only itself.

use std::sync::Arc;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Session;
use crate::data::{DecodedImage, GrayImage, InputImage};
use crate::studio::pad::{Pad, Sheet};

/// Incremented when an older program could not read a session.
const VERSION: u64 = 1;

/// The most settings stored of the undo history.
const MAX_HISTORY: usize = 50;

/// The most pixels of a picture on the canvas that is stored; of a larger one, only the ink is.
const MAX_PIXELS: usize = 1 << 20;

/// A [`Sheet`] as text.
#[derive(Serialize, Deserialize)]
struct StoredSheet {
    /// Pixels of equal brightness that follow each other: brightness and number.
    ink: Vec<(u8, usize)>,
    #[serde(default)]
    picture: Option<StoredBytes>,
    /// Whether the picture is an input, which no recipe changes.
    #[serde(default)]
    is_input: bool,
    #[serde(default)]
    true_label: Option<u32>,
}

/// Bytes as text.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum StoredBytes {
    Base64(String),
    /// As they were stored at first.
    Numbers(Vec<u8>),
}

impl StoredBytes {
    /// `None` if the text is damaged.
    fn decoded(self) -> Option<Vec<u8>> {
        match self {
            StoredBytes::Base64(text) => BASE64_STANDARD.decode(text).ok(),
            StoredBytes::Numbers(bytes) => Some(bytes),
        }
    }
}

impl Session {
    /// The session as text for [`Session::from_json`].
    pub fn to_json(&self) -> String {
        let newest =
            |settings: &[_]| settings[settings.len().saturating_sub(MAX_HISTORY)..].to_vec();
        #[cfg_attr(not(feature = "mlflow"), expect(unused_mut))]
        let mut session = json!({
            "version": VERSION,
            "workspace": self.workspace,
            "data": self.data,
            "settings": self.draft,
            "undo": newest(&self.past),
            "redo": newest(&self.future),
            "visible": self.visible,
            "model": self.model,
            "sketch": self.sheet.as_ref().map(StoredSheet::of),
            "pen": self.brush,
            "recipe": self.recipe,
            "snapshot_memory": self.state_memory,
            "recent": self.recent,
        });
        #[cfg(feature = "mlflow")]
        {
            session["mlflow"] = json!(self.tracked);
        }
        session.to_string()
    }

    /// Reads the text of an earlier session. What cannot be read is reported after the session is
    /// restored.
    pub fn from_json(text: &str) -> Session {
        let mut lost = Vec::new();
        let Ok(Value::Object(mut parts)) = serde_json::from_str(text) else {
            return Session::unreadable("its file is damaged");
        };
        if parts.get("version").and_then(Value::as_u64) > Some(VERSION) {
            return Session::unreadable("it was stored by a newer version");
        }
        let mut session = Session {
            workspace: part(&mut parts, "workspace", &mut lost),
            data: part(&mut parts, "data", &mut lost),
            draft: part(&mut parts, "settings", &mut lost),
            past: part(&mut parts, "undo", &mut lost).unwrap_or_default(),
            future: part(&mut parts, "redo", &mut lost).unwrap_or_default(),
            visible: part(&mut parts, "visible", &mut lost).unwrap_or_default(),
            model: part(&mut parts, "model", &mut lost),
            snapshot: None,
            folder: None,
            sheet: None,
            brush: part(&mut parts, "pen", &mut lost),
            state_memory: part(&mut parts, "snapshot_memory", &mut lost),
            recipe: part(&mut parts, "recipe", &mut lost),
            recent: part(&mut parts, "recent", &mut lost).unwrap_or_default(),
            #[cfg(feature = "mlflow")]
            tracked: part(&mut parts, "mlflow", &mut lost).unwrap_or_default(),
            lost: Vec::new(),
        };
        if let Some(stored) = part::<StoredSheet>(&mut parts, "sketch", &mut lost) {
            session.sheet = stored.sheet();
            if session.sheet.is_none() {
                lost.push(damaged("sketch"));
            }
        }
        session.lost = lost;
        session
    }

    /// A new session that reports why the earlier one is not restored.
    pub fn unreadable(reason: &str) -> Session {
        Session {
            lost: vec![format!("everything, as {reason}")],
            ..Session::default()
        }
    }
}

fn damaged(name: &str) -> String {
    format!("the {name} (damaged)")
}

/// Takes a part of the session; one that is not stored is no loss.
fn part<T: DeserializeOwned>(
    parts: &mut Map<String, Value>,
    name: &str,
    lost: &mut Vec<String>,
) -> Option<T> {
    let value = parts.remove(name).filter(|value| !value.is_null())?;
    let read = serde_json::from_value(value);
    read.map_err(|_| lost.push(damaged(name))).ok()
}

impl StoredSheet {
    fn of(sheet: &Sheet) -> StoredSheet {
        let pixels = &sheet.image.pixels;
        let picture = match &sheet.picture {
            Some(InputImage::Decoded(picture) | InputImage::Input(picture))
                if picture.size().iter().product::<usize>() <= MAX_PIXELS =>
            {
                let bytes = picture.stored();
                bytes.map(|bytes| StoredBytes::Base64(BASE64_STANDARD.encode(bytes)))
            }
            _ => None,
        };
        StoredSheet {
            ink: pixels
                .chunk_by(|a, b| a == b)
                .map(|same| (same[0], same.len()))
                .collect(),
            picture,
            is_input: matches!(sheet.picture, Some(InputImage::Input(_))),
            true_label: sheet.true_label,
        }
    }

    /// `None` if it is damaged.
    fn sheet(self) -> Option<Sheet> {
        let n_pixels = Pad::SIDE * Pad::SIDE;
        let mut pixels = Vec::with_capacity(n_pixels);
        for (value, n) in self.ink {
            if n > n_pixels - pixels.len() {
                return None;
            }
            pixels.extend(std::iter::repeat_n(value, n));
        }
        let picture = match self.picture {
            Some(stored) => {
                let bytes = stored.decoded()?;
                let picture = DecodedImage::from_stored(&bytes, "the sketch").ok()?;
                Some(match self.is_input {
                    true => InputImage::Input(Arc::new(picture)),
                    false => picture.into(),
                })
            }
            None => None,
        };
        (pixels.len() == n_pixels).then_some(Sheet {
            image: Arc::new(GrayImage {
                width: Pad::SIDE,
                height: Pad::SIDE,
                pixels,
            }),
            picture,
            true_label: self.true_label,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_on_the_canvas_stays_an_input() {
        let picture = DecodedImage::from_pixels([1, 2, 2], &[0, 9, 0, 0]);
        let sheet = |picture: InputImage| Sheet {
            picture: Some(picture),
            ..Sheet::default()
        };
        let restored = |sheet: &Sheet| {
            let text = serde_json::to_string(&StoredSheet::of(sheet)).unwrap();
            let stored: StoredSheet = serde_json::from_str(&text).unwrap();
            stored.sheet().unwrap().picture.unwrap()
        };
        let input = InputImage::Input(Arc::new(picture.clone()));
        assert!(matches!(restored(&sheet(input)), InputImage::Input(_)));
        let decoded = restored(&sheet(picture.into()));
        assert!(matches!(decoded, InputImage::Decoded(_)));
    }
}
