//! Exact rational numbers: small ones inline, large ones on the heap.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};
use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Sub};
use std::sync::Arc;

/// An exact rational number in lowest terms with a positive denominator.
///
/// ```
/// use indicial::Number;
/// let half = Number::ratio(1, 2);
/// assert_eq!((&half + &half), Number::ONE);
/// assert_eq!(Number::parse("0.125").unwrap(), Number::ratio(1, 8));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Number(Repr);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Repr {
    Small(i64, i64),
    /// Only for what does not fit the small form, so that equality stays structural.
    Big(Arc<BigRational>),
}

/// Decimal exponents beyond this are refused: `1e999999999` would fill the machine.
const MAX_DECIMAL_EXPONENT: i64 = 4_000;
/// A power whose result would have more bits than this stays symbolic.
const MAX_POWER_BITS: u64 = 16_384;

impl Number {
    pub const ZERO: Number = Number(Repr::Small(0, 1));
    pub const ONE: Number = Number(Repr::Small(1, 1));
    pub const MINUS_ONE: Number = Number(Repr::Small(-1, 1));

    pub const fn int(n: i64) -> Number {
        Number(Repr::Small(n, 1))
    }

    /// `numerator / denominator` in lowest terms.
    ///
    /// # Panics
    /// If the denominator is 0.
    pub fn ratio(numerator: i64, denominator: i64) -> Number {
        assert!(denominator != 0, "a rational number needs a denominator other than 0");
        Number::from_i128(i128::from(numerator), i128::from(denominator))
    }

    fn from_i128(n: i128, d: i128) -> Number {
        // Most numbers are small and most of them integers, and a division of 128 bits takes as long as what surrounds it.
        if let (Ok(n), Ok(d)) = (i64::try_from(n), i64::try_from(d))
            && n != i64::MIN
            && d != i64::MIN
        {
            let g = if d == 1 { 1 } else { n.gcd(&d).max(1) * d.signum() };
            return Number(Repr::Small(n / g, d / g));
        }
        let g = n.gcd(&d).max(1) * d.signum();
        let (n, d) = (n / g, d / g);
        match (i64::try_from(n), i64::try_from(d)) {
            (Ok(n), Ok(d)) if n != i64::MIN => Number(Repr::Small(n, d)),
            _ => Number(Repr::Big(Arc::new(BigRational::new_raw(n.into(), d.into())))),
        }
    }

    fn from_big(r: BigRational) -> Number {
        match (r.numer().to_i64(), r.denom().to_i64()) {
            (Some(n), Some(d)) if n != i64::MIN => Number(Repr::Small(n, d)),
            _ => Number(Repr::Big(Arc::new(r))),
        }
    }

    fn to_big(&self) -> BigRational {
        match &self.0 {
            Repr::Small(n, d) => BigRational::new_raw((*n).into(), (*d).into()),
            Repr::Big(r) => r.as_ref().clone(),
        }
    }

    /// Reads `3`, `0.5`, `1e-3` exactly; `None` if it is no number or its exponent is absurd.
    pub fn parse(text: &str) -> Option<Number> {
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.is_empty() && fraction.is_empty() || !(whole.to_owned() + fraction).bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let shift = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
        if shift.abs() > MAX_DECIMAL_EXPONENT || mantissa.len() as i64 > MAX_DECIMAL_EXPONENT {
            return None;
        }
        let digits: BigInt = format!("0{whole}{fraction}").parse().ok()?;
        let scale = BigInt::from(10).pow(u32::try_from(shift.unsigned_abs()).ok()?);
        Some(Number::from_big(if shift < 0 { BigRational::new(digits, scale) } else { BigRational::from(digits * scale) }))
    }

    pub fn is_zero(&self) -> bool {
        matches!(self.0, Repr::Small(0, _))
    }

    pub fn is_one(&self) -> bool {
        matches!(self.0, Repr::Small(1, 1))
    }

    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Repr::Small(n, _) => *n < 0,
            Repr::Big(r) => r.is_negative(),
        }
    }

    pub fn is_integer(&self) -> bool {
        match &self.0 {
            Repr::Small(_, d) => *d == 1,
            Repr::Big(r) => r.is_integer(),
        }
    }

    /// The value, if it is an integer that fits.
    pub fn as_integer(&self) -> Option<i64> {
        match self.0 {
            Repr::Small(n, 1) => Some(n),
            _ => None,
        }
    }

    /// Numerator and denominator, if both fit.
    pub fn as_ratio(&self) -> Option<(i64, i64)> {
        match self.0 {
            Repr::Small(n, d) => Some((n, d)),
            Repr::Big(_) => None,
        }
    }

    pub fn abs(&self) -> Number {
        if self.is_negative() { -self } else { self.clone() }
    }

    /// `1 / self`; `None` for 0.
    pub fn recip(&self) -> Option<Number> {
        match &self.0 {
            Repr::Small(0, _) => None,
            Repr::Small(n, d) => Some(Number::from_i128(i128::from(*d), i128::from(*n))),
            Repr::Big(r) => Some(Number::from_big(r.recip())),
        }
    }

    /// `self^exponent` if it is a rational number of reasonable size: `4^(1/2)` is 2, `2^(1/2)` is none.
    pub fn pow(&self, exponent: &Number) -> Option<Number> {
        let (p, q) = exponent.as_ratio()?;
        let root = if q == 1 { self.clone() } else { self.root(u32::try_from(q).ok()?)? };
        let base = if p < 0 { root.recip()? } else { root };
        let r = base.to_big();
        if r.is_zero() || r.is_one() || (-&r).is_one() {
            let even = p % 2 == 0;
            return Some(if p == 0 || (even && !r.is_zero()) { Number::ONE } else { base });
        }
        if (r.numer().bits() + r.denom().bits()).checked_mul(p.unsigned_abs())? > MAX_POWER_BITS {
            return None;
        }
        Some(Number::from_big(r.pow(i32::try_from(p.unsigned_abs()).ok()?)))
    }

    /// The exact non-negative `q`-th root of a non-negative number.
    fn root(&self, q: u32) -> Option<Number> {
        if self.is_negative() || q > 1_000 {
            return None;
        }
        let r = self.to_big();
        let (n, d) = (r.numer().nth_root(q), r.denom().nth_root(q));
        (n.pow(q) == *r.numer() && d.pow(q) == *r.denom()).then(|| Number::from_big(BigRational::new(n, d)))
    }

    /// The nearest double.
    pub fn to_f64(&self) -> f64 {
        match &self.0 {
            Repr::Small(n, d) => *n as f64 / *d as f64,
            Repr::Big(r) => r.to_f64().unwrap_or(f64::NAN),
        }
    }

    /// The greatest number of which both are integer multiples; the content of a sum.
    pub fn gcd(&self, other: &Number) -> Number {
        if let (Repr::Small(a, b), Repr::Small(c, d)) = (&self.0, &other.0)
            && *a != i64::MIN
            && *c != i64::MIN
        {
            return Number::from_i128(a.gcd(c).into(), i128::from(*b / b.gcd(d)) * i128::from(*d));
        }
        let (a, b) = (self.to_big(), other.to_big());
        Number::from_big(BigRational::new(a.numer().gcd(b.numer()), a.denom().lcm(b.denom())))
    }

    /// As a finite decimal, where it has one of at most 20 digits after the point.
    pub fn as_decimal(&self) -> Option<String> {
        let r = self.to_big();
        let ten = BigInt::from(10);
        let mut scale = BigInt::one();
        for digits in 0..=20usize {
            let shifted = r.numer() * &scale;
            if (&shifted % r.denom()).is_zero() {
                let value = (&shifted / r.denom()).abs().to_string();
                let value = format!("{value:0>width$}", width = digits + 1);
                let (whole, fraction) = value.split_at(value.len() - digits);
                let sign = if self.is_negative() { "-" } else { "" };
                return Some(if digits == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") });
            }
            scale *= &ten;
        }
        None
    }
}

impl From<i64> for Number {
    fn from(n: i64) -> Number {
        Number::int(n)
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident, $small:expr) => {
        impl $trait<&Number> for &Number {
            type Output = Number;
            fn $method(self, other: &Number) -> Number {
                if let (Repr::Small(a, b), Repr::Small(c, d)) = (&self.0, &other.0) {
                    let small: fn(i128, i128, i128, i128) -> Option<(i128, i128)> = $small;
                    if let Some((n, d)) = small((*a).into(), (*b).into(), (*c).into(), (*d).into()) {
                        return Number::from_i128(n, d);
                    }
                }
                Number::from_big(self.to_big().$method(other.to_big()))
            }
        }
    };
}
operator!(Add, add, |a, b, c, d| Some(((a * d).checked_add(c * b)?, b * d)));
operator!(Sub, sub, |a, b, c, d| Some(((a * d).checked_sub(c * b)?, b * d)));
operator!(Mul, mul, |a, b, c, d| Some((a * c, b * d)));

impl Div<&Number> for &Number {
    type Output = Option<Number>;
    /// `None` on division by 0.
    #[expect(clippy::suspicious_arithmetic_impl, reason = "a quotient is the product with the reciprocal")]
    fn div(self, other: &Number) -> Option<Number> {
        Some(self * &other.recip()?)
    }
}

impl Neg for &Number {
    type Output = Number;
    fn neg(self) -> Number {
        match &self.0 {
            Repr::Small(n, d) if *n != i64::MIN => Number(Repr::Small(-n, *d)),
            Repr::Small(..) | Repr::Big(_) => &Number::ZERO - self,
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        match (&self.0, &other.0) {
            (Repr::Small(a, b), Repr::Small(c, d)) => (i128::from(*a) * i128::from(*d)).cmp(&(i128::from(*c) * i128::from(*b))),
            _ => self.to_big().cmp(&other.to_big()),
        }
    }
}

/// A fraction where it is short, else a decimal where that is exact: `3`, `-1/2`, `0.7978845608028654`.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match &self.0 {
            Repr::Small(n, 1) => write!(f, "{n}"),
            Repr::Small(n, d) if *d <= 1_000 => write!(f, "{n}/{d}"),
            _ => match self.as_decimal() {
                Some(decimal) => f.write_str(&decimal),
                None => {
                    let r = self.to_big();
                    write!(f, "{}/{}", r.numer(), r.denom())
                }
            },
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_is_exact_beyond_machine_integers() {
        let big = Number::parse("1e30").unwrap();
        assert_eq!(&(&big + &Number::ONE) - &big, Number::ONE);
        assert_eq!(Number::ratio(1, 3).gcd(&Number::ratio(1, 2)), Number::ratio(1, 6));
        assert_eq!(Number::ratio(2, 4), Number::ratio(1, 2));
        let least = Number::int(i64::MIN);
        assert_eq!((-&least).to_string(), "9223372036854775808");
        assert_eq!((&least * &Number::MINUS_ONE).to_string(), "9223372036854775808");
        assert_eq!(least.gcd(&Number::int(6)), Number::int(2));
        assert_eq!(Number::ratio(-6, -4).to_string(), "3/2");
    }

    #[test]
    fn powers_are_exact_or_refused() {
        assert_eq!(Number::int(4).pow(&Number::ratio(-1, 2)), Some(Number::ratio(1, 2)));
        assert_eq!(Number::int(2).pow(&Number::ratio(1, 2)), None);
        assert_eq!(Number::int(-8).pow(&Number::ratio(1, 3)), None);
        assert_eq!(Number::int(10).pow(&Number::int(1_000_000)), None);
        assert_eq!(Number::MINUS_ONE.pow(&Number::int(3)), Some(Number::MINUS_ONE));
    }

    #[test]
    fn numbers_print_as_people_write_them() {
        for text in ["3", "-1/2", "0.7978845608028654", "1/3"] {
            let n = match text.split_once('/') {
                Some((a, b)) => Number::ratio(a.parse().unwrap(), b.parse().unwrap()),
                None => Number::parse(text).unwrap(),
            };
            assert_eq!(n.to_string(), text);
        }
    }
}
