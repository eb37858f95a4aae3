//! The allow-list of signature algorithms.

/// How a token is signed. A key has exactly one; a token's header may only agree with it.
///
/// There is no `none`, and nothing weaker than 128 bits of security.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// Ed25519 (RFC 8037): what goplt issues.
    EdDsa,
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// RSA PKCS#1 v1.5 with SHA-256, 2,048 to 8,192 bits.
    Rs256,
    /// HMAC with SHA-256: who can verify can also sign, so it is for tests alone.
    Hs256,
}

impl Algorithm {
    /// The `alg` of headers and keys (RFC 7518 §3.1, RFC 8037 §3.1).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::Hs256 => "HS256",
        }
    }
}
