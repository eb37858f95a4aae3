use super::Value;

/// Resolves a plain scalar by the core schema of YAML 1.2: `true`, `null`, `12`, `0x1f`, `1.5`, `.inf`, else text.
///
/// For values that come from elsewhere but should read as in a file, such as environment variables. A whole number
/// that does not fit 64 bits stays text.
///
/// ```
/// use goplt_manifest::yaml::{scalar, Value};
///
/// assert_eq!(scalar("8080"), Value::Int(8080));
/// assert_eq!(scalar("yes"), Value::String("yes".into()));
/// assert_eq!(scalar(""), Value::Null);
/// ```
pub fn scalar(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Value::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Value::Float(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => Value::Float(f64::NAN),
        _ => number(text).unwrap_or_else(|| Value::String(text.to_owned())),
    }
}

/// Whether a plain scalar is written like a whole number, however large.
pub(super) fn is_integer(text: &str) -> bool {
    if let Some(digits) = text.strip_prefix("0o") {
        return all(digits, |byte| matches!(byte, b'0'..=b'7'));
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return all(digits, |byte| byte.is_ascii_hexdigit());
    }
    all(text.strip_prefix(['-', '+']).unwrap_or(text), is_digit)
}

fn number(text: &str) -> Option<Value> {
    if is_integer(text) {
        let parsed = if let Some(digits) = text.strip_prefix("0o") {
            i64::from_str_radix(digits, 8)
        } else if let Some(digits) = text.strip_prefix("0x") {
            i64::from_str_radix(digits, 16)
        } else {
            text.parse()
        };
        return parsed.ok().map(Value::Int);
    }
    is_float(text)
        .then(|| text.parse().ok().map(Value::Float))
        .flatten()
}

/// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?` (YAML 1.2.2 §10.3.2).
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let exponent_holds =
        exponent.is_none_or(|text| all(text.strip_prefix(['-', '+']).unwrap_or(text), is_digit));
    let mantissa_holds = match mantissa.split_once('.') {
        Some(("", fraction)) => all(fraction, is_digit),
        Some((whole, "")) => all(whole, is_digit),
        Some((whole, fraction)) => all(whole, is_digit) && all(fraction, is_digit),
        None => all(mantissa, is_digit),
    };
    exponent_holds && mantissa_holds
}

fn all(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(allowed)
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}
