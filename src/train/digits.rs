//! Numbers with thousands separators.

/// Formats a count with thousands separators: `60,000`.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (idx, digit) in digits.chars().enumerate() {
        if idx > 0 && (digits.len() - idx).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_commas() {
        let said = [0, 999, 1_000, 60_000, 1_234_567].map(thousands);
        assert_eq!(said, ["0", "999", "1,000", "60,000", "1,234,567"]);
    }
}
