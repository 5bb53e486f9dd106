//! Intervals. A share is never shown without the numbers behind it, and no advice rests on a share
//! alone.

/// The standard normal quantile of a two-sided interval of 95%.
const Z: f64 = 1.959_963_984_540_054;

/// The bounds within which a share lies with 95% confidence, by Wilson's score: `good` of `all`.
/// Without any, nothing is known: 0 to 1.
pub fn wilson(good: u64, all: u64) -> (f64, f64) {
    if all == 0 {
        return (0.0, 1.0);
    }
    let (n, p) = (all as f64, good as f64 / all as f64);
    let z2 = Z * Z;
    let middle = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

/// The bounds within which the difference of two shares lies with 95% confidence, by Newcombe's
/// hybrid score: the first minus the second.
pub fn difference((good, all): (u64, u64), (than, of): (u64, u64)) -> (f64, f64) {
    if all == 0 || of == 0 {
        return (-1.0, 1.0);
    }
    let (p, q) = (good as f64 / all as f64, than as f64 / of as f64);
    let ((p_low, p_high), (q_low, q_high)) = (wilson(good, all), wilson(than, of));
    let low = p - q - ((p - p_low).powi(2) + (q_high - q).powi(2)).sqrt();
    let high = p - q + ((p_high - p).powi(2) + (q - q_low).powi(2)).sqrt();
    (low.max(-1.0), high.min(1.0))
}

/// Mean and the half of its 95% interval, from a count, a sum and a sum of squares, by the normal
/// approximation; the half is absent below two values.
pub fn mean(count: u64, sum: f64, squares: f64) -> (f64, Option<f64>) {
    if count == 0 {
        return (0.0, None);
    }
    let n = count as f64;
    let mean = sum / n;
    if count < 2 {
        return (mean, None);
    }
    let variance = ((squares - n * mean * mean) / (n - 1.0)).max(0.0);
    (mean, Some(Z * (variance / n).sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 0.005
    }

    /// Figures that others have published for these intervals: Newcombe 1998, tables I and II.
    #[test]
    fn intervals_are_those_of_the_literature() {
        for (good, all, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
            (3, 3, 0.4385, 1.0),
        ] {
            let found = wilson(good, all);
            assert!(near(found.0, low) && near(found.1, high), "{good}/{all}: {found:?}");
        }
        for (a, b, low, high) in [
            ((56, 70), (48, 80), 0.0524, 0.3339),
            ((9, 10), (3, 10), 0.1705, 0.8090),
            ((0, 10), (0, 20), -0.1611, 0.2775),
        ] {
            let found = difference(a, b);
            assert!(near(found.0, low) && near(found.1, high), "{a:?} {b:?}: {found:?}");
        }
        let (middle, half) = mean(4, 10.0, 30.0);
        assert!(near(middle, 2.5) && half.is_some_and(|half| near(half, 1.265)), "{half:?}");
        assert_eq!(mean(0, 0.0, 0.0), (0.0, None));
    }
}
