/// The candidate that the input was probably meant to be: "did you mean …".
///
/// Insertions, deletions, substitutions and swaps of neighbours count one each; a third of the input's length is
/// forgiven, at least one and at most three. The nearest candidate wins, the first of equals. An exact match is no
/// suggestion.
///
/// ```
/// use goplt_manifest::suggest;
///
/// let keys = ["permissions", "routes", "tables"];
/// assert_eq!(suggest("permisions", keys.into_iter()), Some("permissions"));
/// assert_eq!(suggest("rotues", keys.into_iter()), Some("routes"));
/// assert_eq!(suggest("colour", keys.into_iter()), None);
/// ```
pub fn suggest<'a>(input: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let input: Vec<char> = input.chars().take(LONGEST + 1).collect();
    if input.len() > LONGEST {
        return None;
    }
    let limit = (input.len() / 3).clamp(1, 3);
    let mut best: Option<(usize, &'a str)> = None;
    for candidate in candidates {
        let letters: Vec<char> = candidate.chars().take(LONGEST + 1).collect();
        if letters.len() > LONGEST || letters.len().abs_diff(input.len()) > limit {
            continue;
        }
        let distance = distance(&input, &letters);
        let nearer = best.is_none_or(|(least, _)| distance < least);
        // A suggestion that replaces every letter helps nobody.
        let related = distance < input.len().max(letters.len());
        if nearer && related && (1..=limit).contains(&distance) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Names longer than this are not compared: the table grows with the square.
const LONGEST: usize = 128;

/// Damerau-Levenshtein distance, in its form where no letter is changed twice (optimal string alignment).
fn distance(left: &[char], right: &[char]) -> usize {
    let mut before = vec![0; right.len() + 1];
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut current = vec![i + 1; right.len() + 1];
        for (j, b) in right.iter().enumerate() {
            let substituted = previous[j] + usize::from(a != b);
            let mut least = substituted.min(previous[j + 1] + 1).min(current[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                least = least.min(before[j - 1] + 1);
            }
            current[j + 1] = least;
        }
        before = std::mem::replace(&mut previous, current);
    }
    previous[right.len()]
}
