//! Typos.

use crate::support::chance::Chance;

/// The word with one typo; always different from the original.
pub fn slip(word: &str, chance: &mut Chance) -> String {
    loop {
        let slipped = once(word, chance);
        if slipped != word && !slipped.is_empty() {
            return slipped;
        }
    }
}

fn once(word: &str, chance: &mut Chance) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let places: Vec<usize> = (0..letters.len()).filter(|i| letters[*i].is_alphanumeric()).collect();
    let at = *chance.one(&places);
    match chance.below(6) {
        0 if letters.len() > 2 => drop(letters.remove(at)),
        1 => letters.insert(at, letters[at]),
        2 if at + 1 < letters.len() && letters[at + 1].is_alphanumeric() => {
            letters.swap(at, at + 1)
        }
        3 => letters[at] = letter(chance),
        4 => letters.insert(at, letter(chance)),
        5 if letters.contains(&'_') => return word.replacen('_', "-", 1),
        _ => letters[at] = letters[at].to_ascii_uppercase(),
    }
    letters.into_iter().collect()
}

fn letter(chance: &mut Chance) -> char {
    (b'a' + chance.below(26) as u8) as char
}
