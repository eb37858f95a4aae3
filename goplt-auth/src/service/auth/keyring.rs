//! The signing keys: made once, kept encrypted, published to who verifies.

use std::sync::OnceLock;

use goplt_core::{
    BoxError, Clock, Code,
    contract::RpcError,
    data::{HostScope, TenantDb},
};
use secrecy::ExposeSecret as _;

use super::{
    repo::{self, KeyRow},
    sealing::{Sealed, Sealer},
};
use crate::{
    jwks::{KeyHandle, KeySet},
    jwt::Signer,
};

/// Signs with the newest key; all of them verify.
#[derive(Debug)]
pub(super) struct Keyring {
    db: TenantDb,
    host: HostScope,
    sealer: Sealer,
    clock: Clock,
    published: KeyHandle,
    signer: OnceLock<Signer>,
}

/// The key that the first start makes.
const FIRST_GENERATION: i64 = 1;

impl Keyring {
    pub(super) fn new(
        db: TenantDb,
        host: HostScope,
        sealer: Sealer,
        clock: Clock,
        published: KeyHandle,
    ) -> Self {
        Self {
            db,
            host,
            sealer,
            clock,
            published,
            signer: OnceLock::new(),
        }
    }

    /// Reads the keys, makes the first one if there is none, and publishes them.
    ///
    /// Two processes that start at once both try to make the first key; the database takes one,
    /// and both read that.
    pub(super) async fn load(&self) -> Result<(), BoxError> {
        let mut rows = self.read().await?;
        if rows.is_empty() {
            self.make_first().await?;
            rows = self.read().await?;
        }
        let mut signers = rows
            .iter()
            .map(|row| self.open(row))
            .collect::<Result<Vec<_>, _>>()?;
        let keys = KeySet::new(signers.iter().map(Signer::verification_key))?;
        let newest = signers
            .pop()
            .ok_or("the first signing key was not stored")?;
        tracing::info!(
            kid = newest.kid(),
            keys = keys.len(),
            "signing keys are loaded"
        );
        self.published.publish(keys);
        // A second load keeps the signer: keys are only added here, and all of them verify.
        let _ = self.signer.set(newest);
        Ok(())
    }

    async fn read(&self) -> Result<Vec<KeyRow>, BoxError> {
        let mut tx = self.db.begin_host_read(&self.host).await?;
        Ok(repo::keys(&mut tx).await?)
    }

    async fn make_first(&self) -> Result<(), BoxError> {
        let signer = Signer::generate();
        let private = signer
            .to_pkcs8()
            .ok_or("a generated key is an Ed25519 key")?;
        let sealed = self.sealer.seal(signer.kid(), private.expose_secret())?;
        let (kid, algorithm) = (signer.kid(), signer.algorithm().as_str());
        let mut tx = self.db.begin_host(&self.host).await?;
        let now = self.clock.now();
        repo::insert_key(&mut tx, FIRST_GENERATION, kid, algorithm, sealed, now).await?;
        Ok(tx.commit().await?)
    }

    fn open(&self, row: &KeyRow) -> Result<Signer, BoxError> {
        let sealed = Sealed {
            nonce: row.nonce.clone(),
            bytes: row.sealed.clone(),
        };
        let signer = Signer::from_pkcs8(&self.sealer.open(&row.kid, &sealed)?)?;
        if signer.kid() != row.kid {
            return Err(format!(
                "the signing key {} is stored under another id",
                row.generation
            )
            .into());
        }
        Ok(signer)
    }

    pub(super) fn signer(&self) -> Result<&Signer, RpcError> {
        self.signer
            .get()
            .ok_or_else(|| RpcError::new(Code::Unavailable, Code::Unavailable.title()))
    }

    pub(super) const fn published(&self) -> &KeyHandle {
        &self.published
    }
}
