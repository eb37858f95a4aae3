//! Argon2id, away from the threads that serve requests, and never too many at once.

use std::{fmt, sync::Arc};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use goplt_core::{BoxError, Random};
use tokio::sync::Semaphore;

use super::{Config, input::NewPassword};

/// Hashes and checks passwords. A hash costs 64 MiB and some tens of milliseconds by default.
#[derive(Clone)]
pub(super) struct Passwords {
    inner: Arc<Inner>,
}

struct Inner {
    params: Params,
    random: Random,
    permits: Arc<Semaphore>,
    /// What an unknown user's password is checked against: looks like a hash, and is one of nothing.
    decoy: String,
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
        let decoy = decoy(&params, &random);
        let inner = Inner {
            params,
            random,
            permits,
            decoy,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
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
            hash.map(|hash: PasswordHash| hash.to_string())
                .map_err(|error| error.to_string().into())
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
        let stored = stored.unwrap_or_else(|| self.inner.decoy.clone());
        let params = self.inner.params.clone();
        let checked = self
            .work(move || compare(&password, &stored, &params))
            .await??;
        Ok(if known { checked } else { Checked::Wrong })
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

/// A PHC string whose salt and output are random: to check against it costs what any hash costs.
fn decoy(params: &Params, random: &Random) -> String {
    let (memory, passes, lanes) = (params.m_cost(), params.t_cost(), params.p_cost());
    let salt = STANDARD_NO_PAD.encode(random.bytes::<16>());
    let output = STANDARD_NO_PAD.encode(random.bytes::<32>());
    format!("$argon2id$v=19$m={memory},t={passes},p={lanes}${salt}${output}")
}

fn compare(password: &str, stored: &str, params: &Params) -> Result<Checked, BoxError> {
    let hash = PasswordHash::new(stored).map_err(|error| error.to_string())?;
    if Argon2::default()
        .verify_password(password.as_bytes(), &hash)
        .is_err()
    {
        return Ok(Checked::Wrong);
    }
    let used = Params::try_from(&hash).map_err(|error| error.to_string())?;
    let costs = |params: &Params| [params.m_cost(), params.t_cost(), params.p_cost()];
    Ok(if costs(&used) == costs(params) {
        Checked::Right
    } else {
        Checked::RightButOld
    })
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords")
            .field("params", &self.inner.params)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(memory: i64) -> Config {
        Config {
            registration: "open".into(),
            token_lifetime: std::time::Duration::from_secs(86_400),
            verification_link: None,
            reset_link: None,
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
        let right = passwords
            .check("correct horse battery".into(), Some(hash.clone()))
            .await;
        assert_eq!(right.unwrap(), Checked::Right);
        let wrong = passwords.check("correct horse".into(), Some(hash)).await;
        assert_eq!(wrong.unwrap(), Checked::Wrong);
    }

    #[tokio::test]
    async fn a_hash_of_other_parameters_is_right_and_old() {
        let hash = passwords(8_192).hash(&password()).await.unwrap();
        let checked = passwords(9_000)
            .check("correct horse battery".into(), Some(hash))
            .await;
        assert_eq!(checked.unwrap(), Checked::RightButOld);
    }

    #[tokio::test]
    async fn an_unknown_user_is_wrong_after_the_same_work() {
        let passwords = passwords(8_192);
        assert_eq!(
            passwords.check(String::new(), None).await.unwrap(),
            Checked::Wrong
        );
        let decoy = PasswordHash::new(&passwords.inner.decoy).unwrap();
        let costs = |params: &Params| [params.m_cost(), params.t_cost(), params.p_cost()];
        assert_eq!(
            costs(&Params::try_from(&decoy).unwrap()),
            costs(&passwords.inner.params)
        );
    }

    #[tokio::test]
    async fn damage_is_an_error_and_not_a_wrong_password() {
        assert!(
            passwords(8_192)
                .check("x".into(), Some("plain".into()))
                .await
                .is_err()
        );
    }

    #[test]
    fn parameters_that_do_not_fit_are_refused() {
        assert!(Passwords::new(&config(-1), Random::seeded(1)).is_err());
    }
}
