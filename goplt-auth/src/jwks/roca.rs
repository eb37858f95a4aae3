//! Finds RSA keys of a broken generator (ROCA, CVE-2017-15361), whose factors can be computed.
//!
//! Its primes are powers of 65537 modulo a product of small primes, and so is the modulus. Over
//! the 39 odd primes below 170 a sound modulus passes for one of these about once in 2²⁷.

const GENERATOR: u32 = 65_537;
const LIMIT: u32 = 167;

/// Whether the modulus (big-endian) has the fingerprint.
pub(super) fn is_vulnerable(modulus: &[u8]) -> bool {
    (3..=LIMIT)
        .step_by(2)
        .filter(|n| is_prime(*n))
        .all(|prime| {
            let rest = modulus
                .iter()
                .fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime);
            is_power(rest, prime)
        })
}

fn is_prime(n: u32) -> bool {
    (3..n)
        .step_by(2)
        .take_while(|d| d * d <= n)
        .all(|d| !n.is_multiple_of(d))
}

/// Whether `rest` is a power of the generator modulo `prime`.
fn is_power(rest: u32, prime: u32) -> bool {
    let mut power = 1;
    for _ in 1..prime {
        if power == rest {
            return true;
        }
        power = power * (GENERATOR % prime) % prime;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_of_the_generator_has_the_fingerprint() {
        assert!(is_vulnerable(&[1, 0, 1]));
        assert!(is_vulnerable(&[1]));
        assert!(!is_vulnerable(&[1, 0, 2]));
    }
}
