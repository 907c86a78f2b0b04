//! Encryption with age, which everybody has a tool for.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use age::secrecy::SecretString;
use age::{Encryptor, Recipient, scrypt, x25519};
use anyhow::Context as _;

use crate::cli::UsageError;
use crate::files;

/// Who may read what is written.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Encryption")]
pub(super) struct SealArgs {
    /// Encrypt the files for who has the key of this age recipient (age1…); can be given several
    /// times.
    #[arg(long, value_name = "RECIPIENT")]
    age_recipient: Vec<String>,
    /// Encrypt the files with the passphrase in the first line of FILE.
    #[arg(long, value_name = "FILE", conflicts_with = "age_recipient")]
    age_passphrase_file: Option<PathBuf>,
}

impl SealArgs {
    /// What encrypts the files, if they are to be.
    ///
    /// # Errors
    /// As [`Seal::new`].
    pub fn seal(&self) -> anyhow::Result<Option<Seal>> {
        Seal::new(&self.age_recipient, self.age_passphrase_file.as_deref())
    }
}

/// Who may read a file.
pub(super) struct Seal(Vec<Box<dyn Recipient>>);

impl Seal {
    /// Encryption for these recipients, or with the passphrase in a file; `None` for neither.
    ///
    /// # Errors
    /// When a recipient is none of age's, or the passphrase cannot be read or is empty.
    fn new(recipients: &[String], passphrase: Option<&Path>) -> anyhow::Result<Option<Seal>> {
        if let Some(path) = passphrase {
            let text = files::read_text_file(path);
            let text = text.with_context(|| format!("could not read {}", path.display()))?;
            let line = text.lines().next().unwrap_or_default();
            if line.is_empty() {
                let path = path.display();
                let text = format!("expected a passphrase in the first line of {path}, found none");
                return Err(UsageError(text).into());
            }
            let recipient = scrypt::Recipient::new(SecretString::from(line.to_owned()));
            return Ok(Some(Seal(vec![Box::new(recipient)])));
        }
        let mut found: Vec<Box<dyn Recipient>> = Vec::new();
        for text in recipients {
            let recipient: Result<x25519::Recipient, _> = text.parse();
            let recipient = recipient.map_err(|_error| {
                UsageError(format!(
                    "expected a recipient such as age1…, found `{text}`"
                ))
            })?;
            found.push(Box::new(recipient));
        }
        Ok((!found.is_empty()).then_some(Seal(found)))
    }

    /// The bytes as an age file.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub fn encrypt(&self, bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
        let recipients = self
            .0
            .iter()
            .map(|recipient| &**recipient as &dyn Recipient);
        let encryptor = Encryptor::with_recipients(recipients).context("could not encrypt")?;
        let mut sealed = Vec::new();
        let mut writer = encryptor.wrap_output(&mut sealed)?;
        writer.write_all(bytes)?;
        writer.finish()?;
        Ok(sealed)
    }
}
