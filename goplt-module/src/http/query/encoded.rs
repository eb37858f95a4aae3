//! Percent-encoding, read strictly: what is not meant as it stands is not guessed.

/// A name or a value, or `None` if a `%` stands before anything but two digits, or what comes out is no text. A `+` is a
/// blank, as in forms.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => digit(bytes.next()?)? << 4 | digit(bytes.next()?)?,
            b'+' => b' ',
            byte => byte,
        });
    }
    String::from_utf8(decoded).ok()
}

fn digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_what_forms_write() {
        assert_eq!(decode("a+b%20c%C3%a4%25").unwrap(), "a b cä%");
        assert_eq!(decode("").unwrap(), "");
    }
}
