//! Argon2id, away from the threads that serve requests, and never too many at once.

use std::{fmt, sync::Arc};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use goplt_core::{BoxError, Random};
use tokio::sync::{OnceCell, Semaphore};

use super::{Config, domain::NewPassword};

/// Hashes and checks passwords. A hash costs 64 MiB and some tens of milliseconds by default.
#[derive(Clone)]
pub(super) struct Passwords {
    inner: Arc<Inner>,
}

struct Inner {
    params: Params,
    random: Random,
    permits: Arc<Semaphore>,
    /// The hash of nothing that anybody knows: what an unknown user's password is checked against.
    decoy: OnceCell<String>,
}

/// What became of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Checked {
    /// It is the password.
    Right,
    /// It is, and the hash was made with other parameters than today's.
    RightButOld,
    /// It is not.
    Wrong,
}

impl Passwords {
    pub(super) fn new(config: &Config, random: Random) -> Result<Self, BoxError> {
        let number = |value: i64| u32::try_from(value).map_err(BoxError::from);
        let params = Params::new(
            number(config.hash_memory)?,
            number(config.hash_passes)?,
            number(config.hash_lanes)?,
            None,
        )
        .map_err(|error| format!("the parameters of Argon2id do not fit together: {error}"))?;
        let permits = usize::try_from(config.hash_concurrency)?;
        let permits = Arc::new(Semaphore::new(permits));
        let inner = Inner { params, random, permits, decoy: OnceCell::new() };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// A new PHC string with a salt of 16 random bytes.
    pub(super) async fn hash(&self, password: &NewPassword) -> Result<String, BoxError> {
        self.hash_text(password.expose().to_owned()).await
    }

    /// As [`hash`](Self::hash), of a password that was found right.
    pub(super) async fn rehash(&self, password: String) -> Result<String, BoxError> {
        self.hash_text(password).await
    }

    async fn hash_text(&self, password: String) -> Result<String, BoxError> {
        let (params, salt) = (self.inner.params.clone(), self.inner.random.bytes::<16>());
        self.work(move || {
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            let hash = argon2.hash_password_with_salt(password.as_bytes(), &salt);
            hash.map(|hash: PasswordHash| hash.to_string()).map_err(|error| error.to_string().into())
        })
        .await?
    }

    /// Compares with a stored hash. Without one it does the same work and finds it wrong.
    pub(super) async fn check(
        &self,
        password: String,
        stored: Option<String>,
    ) -> Result<Checked, BoxError> {
        let known = stored.is_some();
        let stored = match stored {
            Some(stored) => stored,
            None => self.decoy().await?.to_owned(),
        };
        let params = self.inner.params.clone();
        let checked = self.work(move || compare(&password, &stored, &params)).await??;
        Ok(if known { checked } else { Checked::Wrong })
    }

    /// Made before the first login, so that the first unknown user is answered no later than others.
    pub(super) async fn decoy(&self) -> Result<&str, BoxError> {
        let make = || {
            let secret = self.inner.random.bytes::<32>();
            self.hash_text(crate::encoding::encode(&secret))
        };
        self.inner.decoy.get_or_try_init(make).await.map(String::as_str)
    }

    /// Runs on a blocking thread. When the caller is gone the work still ends, and only then does
    /// its permit return.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, BoxError> {
        let permit = Arc::clone(&self.inner.permits).acquire_owned().await?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(permit);
            done
        });
        Ok(done.await?)
    }
}

fn compare(password: &str, stored: &str, params: &Params) -> Result<Checked, BoxError> {
    let hash = PasswordHash::new(stored).map_err(|error| error.to_string())?;
    if Argon2::default().verify_password(password.as_bytes(), &hash).is_err() {
        return Ok(Checked::Wrong);
    }
    let used = Params::try_from(&hash).map_err(|error| error.to_string())?;
    let (used, wanted) = ([used.m_cost(), used.t_cost(), used.p_cost()], [params.m_cost(), params.t_cost(), params.p_cost()]);
    Ok(if used == wanted { Checked::Right } else { Checked::RightButOld })
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").field("params", &self.inner.params).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn config(memory: i64) -> Config {
        Config {
            registration: "open".into(),
            hash_memory: memory,
            hash_passes: 1,
            hash_lanes: 1,
            hash_concurrency: 2,
        }
    }

    fn passwords(memory: i64) -> Passwords {
        Passwords::new(&config(memory), Random::seeded(1)).unwrap()
    }

    fn password() -> NewPassword {
        NewPassword::parse("password", "correct horse battery".into()).unwrap()
    }

    #[tokio::test]
    async fn the_hash_says_how_it_was_made_and_fits_only_its_password() {
        let passwords = passwords(8_192);
        let hash = passwords.hash(&password()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=8192,t=1,p=1$"), "{hash}");
        let right = passwords.check("correct horse battery".into(), Some(hash.clone())).await;
        assert_eq!(right.unwrap(), Checked::Right);
        let wrong = passwords.check("correct horse".into(), Some(hash)).await;
        assert_eq!(wrong.unwrap(), Checked::Wrong);
    }

    #[tokio::test]
    async fn a_hash_of_other_parameters_is_right_and_old() {
        let hash = passwords(8_192).hash(&password()).await.unwrap();
        let checked = passwords(9_000).check("correct horse battery".into(), Some(hash)).await;
        assert_eq!(checked.unwrap(), Checked::RightButOld);
    }

    #[tokio::test]
    async fn an_unknown_user_is_wrong_after_the_same_work() {
        let passwords = passwords(8_192);
        assert_eq!(passwords.check(String::new(), None).await.unwrap(), Checked::Wrong);
        assert!(passwords.inner.decoy.initialized());
    }

    #[tokio::test]
    async fn damage_is_an_error_and_not_a_wrong_password() {
        assert!(passwords(8_192).check("x".into(), Some("plain".into())).await.is_err());
    }

    #[test]
    fn parameters_that_do_not_fit_are_refused() {
        assert!(Passwords::new(&config(-1), Random::seeded(1)).is_err());
    }
}
