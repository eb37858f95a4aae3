//! Tokens that name their tenant: what they look like, and what is kept of them.

use std::fmt;

use aws_lc_rs::digest;
use goplt_core::{Random, TenantId};
use secrecy::SecretString;

use crate::encoding;

/// A refresh token, or one that is mailed. `tenant.secret`: the tenant as it is, and 256 random bits in base64url. The tenant is not
/// secret; it says where to look the rest up.
pub(super) struct TenantToken {
    tenant: TenantId,
    secret: [u8; SECRET_BYTES],
}

const SECRET_BYTES: usize = 32;

impl TenantToken {
    pub(super) fn generate(tenant: TenantId, random: &Random) -> Self {
        Self {
            tenant,
            secret: random.bytes(),
        }
    }

    /// `None` if it is not of our form: then it is nobody's.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (tenant, secret) = text.split_once('.')?;
        let mut bytes = [0; SECRET_BYTES];
        // Exactly that many: a shorter secret leaves part of the buffer.
        let length = encoding::decode_slice(secret, &mut bytes).ok()?.len();
        let tenant = tenant.parse().ok()?;
        (length == SECRET_BYTES).then_some(Self {
            tenant,
            secret: bytes,
        })
    }

    pub(super) const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// What is stored. The secret is random and long, so one plain hash keeps it; rows are found by
    /// it, and nothing compares the secret itself.
    pub(super) fn hash(&self) -> Vec<u8> {
        digest::digest(&digest::SHA256, &self.secret)
            .as_ref()
            .to_vec()
    }

    pub(super) fn reveal(&self) -> SecretString {
        format!("{}.{}", self.tenant, encoding::encode(&self.secret)).into()
    }
}

impl fmt::Debug for TenantToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantToken")
            .field("tenant", &self.tenant)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_token_carries_its_tenant_and_comes_back_as_it_was() {
        let token = TenantToken::generate("acme".parse().unwrap(), &Random::seeded(1));
        let text = token.reveal();
        let again = TenantToken::parse(text.expose_secret()).unwrap();
        assert_eq!(
            (again.tenant().as_str(), again.hash()),
            ("acme", token.hash())
        );
        assert!(!format!("{token:?}").contains(&text.expose_secret()[5..]));
    }

    #[test]
    fn other_forms_are_nobodys() {
        let secret = "A".repeat(43);
        for bad in [
            String::new(),
            secret.clone(),
            format!(".{secret}"),
            format!("ACME.{secret}"),
            format!("acme.{secret}A"),
            format!("acme.{}", "A".repeat(42)),
            format!("acme.{secret}="),
            format!("acme.x.{secret}"),
            format!("acme.{}", "A".repeat(100_000)),
        ] {
            assert!(TenantToken::parse(&bad).is_none(), "{bad:.60}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>()) {
            prop_assert!(TenantToken::parse(&text).is_none());
        }
    }
}
