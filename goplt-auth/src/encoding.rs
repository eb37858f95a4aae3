//! Base64url as JOSE wants it (RFC 7515 §2): no padding, no spaces, no stray bits at the end.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// The text has another form than base64url without padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotBase64Url;

pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn encode_into(bytes: &[u8], text: &mut String) {
    URL_SAFE_NO_PAD.encode_string(bytes, text);
}

pub(crate) fn decode(text: &str) -> Result<Vec<u8>, NotBase64Url> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| NotBase64Url)
}

/// Decodes without allocating; text that does not fit the buffer is refused.
pub(crate) fn decode_slice<'a>(text: &str, into: &'a mut [u8]) -> Result<&'a [u8], NotBase64Url> {
    match URL_SAFE_NO_PAD.decode_slice(text, into) {
        Ok(length) => Ok(&into[..length]),
        Err(_) => Err(NotBase64Url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_for_each_value() {
        assert_eq!(decode("AA").unwrap(), [0]);
        for other in ["AB", "AA=", "AA==", "A A", "A", "AA\n", "+/", "AAA?"] {
            assert_eq!(decode(other), Err(NotBase64Url), "{other}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(decode_slice("AAAA", &mut [0; 2]), Err(NotBase64Url));
        assert_eq!(decode_slice("AAAA", &mut [0; 3]), Ok(&[0; 3][..]));
    }
}
