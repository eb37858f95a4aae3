//! NUMERIC, which sums and averages are: read as an integer or a floating point number.
//!
//! On the wire: how many digits, the weight of the first, the sign, how many decimals to show, and
//! the digits, each from 0 to 9999.

use crate::data::{DbType, ValueError};

/// A NUMERIC's digits to the base of 10,000, the first times 10,000 to the power of `weight`.
struct Numeric<'b> {
    negative: bool,
    weight: i32,
    digits: &'b [u8],
}

const NEGATIVE: u16 = 0x4000;
/// NaN and both infinities.
const SPECIAL: u16 = 0xC000;

/// A whole number.
pub(super) fn integer(bytes: &[u8]) -> Result<i64, ValueError> {
    let numeric = Numeric::read(bytes)?;
    let mut whole: i128 = 0;
    for (place, digit) in numeric.digits().enumerate() {
        let power = numeric.weight - i32::try_from(place).unwrap_or(i32::MAX);
        if digit == 0 {
            continue;
        }
        let power = u32::try_from(power).map_err(|_| fraction())?;
        let part = 10_000_i128
            .checked_pow(power)
            .and_then(|power| power.checked_mul(digit.into()));
        whole = part
            .and_then(|part| whole.checked_add(part))
            .ok_or_else(too_large)?;
    }
    let signed = if numeric.negative { -whole } else { whole };
    i64::try_from(signed).map_err(|_| too_large())
}

/// The nearest number: by way of its decimal digits, which is exact.
pub(super) fn float(bytes: &[u8]) -> Result<f64, ValueError> {
    let numeric = Numeric::read(bytes)?;
    let mut text = String::from(if numeric.negative { "-" } else { "" });
    let mut places: i32 = 0;
    for digit in numeric.digits() {
        text.push_str(&format!("{digit:04}"));
        places += 1;
    }
    if places == 0 {
        return Ok(0.0);
    }
    text.push_str(&format!("e{}", (numeric.weight - places + 1) * 4));
    text.parse().map_err(ValueError::refused)
}

impl<'b> Numeric<'b> {
    fn read(bytes: &'b [u8]) -> Result<Self, ValueError> {
        let Some((head, digits)) = bytes.split_at_checked(8) else {
            return Err(ValueError::Unstorable("has another length than its type"));
        };
        let sign = u16::from_be_bytes([head[4], head[5]]);
        if sign & SPECIAL == SPECIAL {
            return Err(ValueError::Unstorable("is no number"));
        }
        Ok(Self {
            negative: sign == NEGATIVE,
            weight: i16::from_be_bytes([head[2], head[3]]).into(),
            digits,
        })
    }

    fn digits(&self) -> impl Iterator<Item = u16> {
        let pairs = self.digits.chunks_exact(2);
        pairs.map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
    }
}

fn fraction() -> ValueError {
    ValueError::Type {
        wanted: DbType::I64,
        found: "NUMERIC with a fraction",
    }
}

fn too_large() -> ValueError {
    ValueError::Type {
        wanted: DbType::I64,
        found: "a larger NUMERIC",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the server sends it.
    fn sent(weight: i16, sign: u16, digits: &[u16]) -> Vec<u8> {
        let mut bytes = u16::try_from(digits.len()).unwrap().to_be_bytes().to_vec();
        bytes.extend(weight.to_be_bytes());
        bytes.extend(sign.to_be_bytes());
        bytes.extend([0, 0]);
        digits
            .iter()
            .for_each(|digit| bytes.extend(digit.to_be_bytes()));
        bytes
    }

    #[test]
    fn whole_numbers_are_integers() {
        assert_eq!(integer(&sent(0, 0, &[])), Ok(0));
        assert_eq!(integer(&sent(0, 0, &[42])), Ok(42));
        assert_eq!(integer(&sent(1, NEGATIVE, &[12, 3456])), Ok(-123_456));
        // Zeros at the end are not sent.
        assert_eq!(integer(&sent(2, 0, &[5])), Ok(500_000_000));
        let most = sent(4, 0, &[922, 3372, 368, 5477, 5807]);
        assert_eq!(integer(&most), Ok(i64::MAX));
        let least = sent(4, NEGATIVE, &[922, 3372, 368, 5477, 5808]);
        assert_eq!(integer(&least), Ok(i64::MIN));
    }

    #[test]
    fn what_is_no_integer_is_told() {
        assert!(integer(&sent(0, 0, &[1, 5000])).is_err());
        assert!(integer(&sent(4, 0, &[922, 3372, 368, 5477, 5808])).is_err());
        assert!(integer(&sent(30_000, 0, &[1])).is_err());
        assert!(integer(&sent(0, SPECIAL, &[])).is_err());
        assert!(integer(&[0, 1]).is_err());
    }

    #[test]
    fn fractions_are_floating_point_numbers() {
        assert_eq!(float(&sent(0, 0, &[1, 5000])), Ok(1.5));
        assert_eq!(float(&sent(-1, NEGATIVE, &[2500])), Ok(-0.25));
        assert_eq!(float(&sent(1, 0, &[12, 3456])), Ok(123_456.0));
        assert_eq!(float(&sent(0, 0, &[])), Ok(0.0));
    }
}
