//! Numbers as people read them.

/// Stands between groups of three digits: a space that is narrow and does not break.
const GROUP: char = '\u{202f}';

/// A whole number, its digits in groups of three: `70 000`.
pub(crate) fn count(value: usize) -> String {
    group(&value.to_string())
}

/// A number with so many decimals, its digits in groups of three, a true minus before it: `−1 234.50`. A dash where there is no
/// number.
pub(crate) fn decimal(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let text = format!("{:.decimals$}", value.abs());
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let negative = value < 0.0 && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    format!("{}{}{rest}", if negative { "−" } else { "" }, group(whole))
}

fn group(digits: &str) -> String {
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(GROUP);
        }
        grouped.push(digit);
    }
    grouped
}

/// A share as percent: `12.3 %`.
pub(crate) fn percent(share: f64) -> String {
    format!("{}\u{a0}%", decimal(share * 100.0, 1))
}

/// A large number with about four significant digits: `48 210`, `123.4`.
pub(crate) fn significant(value: f64) -> String {
    let decimals = if value.abs() >= 1000.0 {
        0
    } else if value.abs() >= 100.0 {
        1
    } else {
        3
    };
    decimal(value, decimals)
}

/// A learning rate, as a config has it: `0.001`, `6.25e-5`.
pub(crate) fn rate(value: f64) -> String {
    if value == 0.0 || (1e-3..10.0).contains(&value) {
        format!("{value}")
    } else {
        format!("{:e}", four_digits(value))
    }
}

/// The value rounded to four significant digits.
fn four_digits(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

/// A size in decimal units: `312 B`, `1.2 MB`.
pub(crate) fn bytes(value: u64) -> String {
    let mut amount = value as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if amount < 999.5 {
            return if unit == "B" { format!("{amount}\u{a0}B") } else { format!("{amount:.1}\u{a0}{unit}") };
        }
        amount /= 1000.0;
    }
    format!("{amount:.1}\u{a0}TB")
}

/// A number of things: `1 epoch`, `23 epochs`.
pub(crate) fn plural(number: usize, thing: &str) -> String {
    format!("{} {thing}{}", count(number), if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_come_in_groups_of_three() {
        assert_eq!(count(999), "999");
        assert_eq!(count(70_000), "70\u{202f}000");
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(decimal(-1234.5, 2), "−1\u{202f}234.50");
        assert_eq!(decimal(-0.001, 2), "0.00");
        assert_eq!(decimal(f64::NAN, 2), "–");
    }

    #[test]
    fn figures_are_short() {
        assert_eq!(percent(0.1234), "12.3\u{a0}%");
        assert_eq!(rate(1e-3), "0.001");
        assert_eq!(rate(6.25e-5), "6.25e-5");
        assert_eq!(rate(0.000_031_25), "3.125e-5");
        assert_eq!(significant(48_210.4), "48\u{202f}210");
        assert_eq!(bytes(312), "312\u{a0}B");
        assert_eq!(bytes(1_234_567), "1.2\u{a0}MB");
        assert_eq!(bytes(999_700), "1.0\u{a0}MB");
    }
}
