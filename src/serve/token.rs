//! The token that a client has to show.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRngCore as _;
use rand::rngs::OsRng;
use subtle::ConstantTimeEq as _;

use super::error::ServeError;
use crate::files;

/// Shorter tokens can be guessed.
const MIN_CHARS: usize = 16;
const MAX_CHARS: usize = 4_096;

/// A secret of letters, digits and signs. It is never shown.
#[derive(Clone)]
pub struct Token(String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl Token {
    /// Reads the token in a file; if there is no such file, it is made with a new token in it, which
    /// only its owner can read.
    ///
    /// # Errors
    /// When the file can neither be read nor made, or holds no token.
    pub fn of_file(path: &Path) -> Result<Token, ServeError> {
        let bad = |reason: String| ServeError::Token {
            path: path.display().to_string(),
            reason,
        };
        match files::read_text_file(path) {
            Ok(text) => parse(text.trim()).map_err(bad),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let token = Token::generate().map_err(bad)?;
                token.write(path).map_err(|e| bad(e.to_string()))?;
                Ok(token)
            }
            Err(error) => Err(bad(error.to_string())),
        }
    }

    /// A new token that is in no file, and its text for who may use it.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub fn random() -> Result<(Token, String), ServeError> {
        let token = Token::generate().map_err(|reason| ServeError::Token {
            path: "a new token".to_owned(),
            reason,
        })?;
        let text = token.0.clone();
        Ok((token, text))
    }

    /// A new token of 256 random bits.
    fn generate() -> Result<Token, String> {
        let mut bytes = [0; 32];
        let random = OsRng.try_fill_bytes(&mut bytes);
        random.map_err(|error| error.to_string())?;
        Ok(Token(URL_SAFE_NO_PAD.encode(bytes)))
    }

    fn write(&self, path: &Path) -> std::io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        writeln!(file, "{}", self.0)?;
        file.sync_all()
    }

    /// Whether `shown` is this token; takes the same time wherever it differs.
    pub(super) fn is(&self, shown: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(shown).into()
    }
}

fn parse(text: &str) -> Result<Token, String> {
    let n = text.len();
    if !(MIN_CHARS..=MAX_CHARS).contains(&n) {
        return Err(format!(
            "expected a token of {MIN_CHARS} to {MAX_CHARS} characters, found {n}"
        ));
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("expected a token of letters, digits and signs in one line".to_owned());
    }
    Ok(Token(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_made_once_and_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        let made = Token::of_file(&path).unwrap();
        let read = Token::of_file(&path).unwrap();
        assert_eq!(made.0, read.0);
        assert!(made.0.len() == 43 && read.is(made.0.as_bytes()));
        assert!(!read.is(b"") && !read.is(&made.0.as_bytes()[1..]));
        assert_eq!(format!("{made:?}"), "Token(…)");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn what_can_be_guessed_is_no_token() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        for (text, words) in [
            ("short\n", "16 to 4096 characters, found 5"),
            ("two words of sixteen", "in one line"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = Token::of_file(&path).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
            assert!(!error.contains("sixteen"), "{error}");
        }
    }
}
