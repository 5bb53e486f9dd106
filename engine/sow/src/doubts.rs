//! Finds statements that visibly contradict each other: two dates for one thing, two budgets.

use std::collections::HashMap;

use super::Item;
use super::text::{MAX_ITEM_CHARS, one_line};
use super::words::plain;

/// Maximum number of contradictions to report.
const MOST: usize = 50;
/// Maximum words of the thing that has a date; a longer text says more than one thing.
const LONGEST_NAME: usize = 6;

/// A date or an amount, and where it is in its text.
struct Found {
    start: usize,
    end: usize,
    /// The same for the same date or amount, however it is written.
    value: String,
}

/// The contradictions among `items`, each with the line of its second statement.
pub(super) fn contradictions(items: &[&Item]) -> Vec<Item> {
    let mut found = Vec::new();
    let mut dated: HashMap<String, (String, &Item)> = HashMap::new();
    let mut budget: Option<(String, &Item)> = None;
    for item in items {
        if let Some((name, date)) = dated_name(&item.text) {
            match dated.get(&name) {
                Some((before, first)) if *before != date => {
                    found.push((*first, *item, "two dates for one thing"));
                }
                Some(_) => {}
                None => drop(dated.insert(name, (date, item))),
            }
        }
        for amount in budgets(&item.text) {
            match &budget {
                Some((before, first)) if *before != amount => {
                    found.push((first, item, "two budgets"));
                }
                Some(_) => {}
                None => budget = Some((amount, item)),
            }
        }
    }
    found.truncate(MOST);
    let report = |(at, (first, second, what)): (usize, (&Item, &Item, &str))| {
        let words = match first.source == second.source {
            true => format!("{what}: {} (line {})", second.text, second.line),
            false => format!(
                "{what}: {} (line {}); {} (line {})",
                first.text, first.line, second.text, second.line
            ),
        };
        Item {
            id: format!("Q{}", at + 1),
            number: None,
            text: one_line(&words, MAX_ITEM_CHARS),
            source: second.source.clone(),
            line: second.line,
        }
    };
    found.into_iter().enumerate().map(report).collect()
}

/// The thing that a text gives one date for, folded, and the date.
fn dated_name(text: &str) -> Option<(String, String)> {
    const SMALL: &[&str] = &[
        "by", "on", "at", "the", "until", "before", "is", "due", "latest", "a", "in", "of", "am",
        "bis", "zum", "der", "die", "das", "le", "la", "el", "il", "para", "per", "op", "do",
    ];
    let date = date(text)?;
    let rest = format!("{} {}", &text[..date.start], &text[date.end..]);
    // A second date makes it a period.
    if self::date(&rest).is_some() {
        return None;
    }
    let plain = plain(&rest);
    let words: Vec<&str> =
        plain.split([' ', '|']).filter(|word| !word.is_empty() && !SMALL.contains(word)).collect();
    ((1..=LONGEST_NAME).contains(&words.len())).then(|| (words.join(" "), date.value))
}

/// The first date with day, month and year.
fn date(text: &str) -> Option<Found> {
    let words: Vec<(usize, &str)> = words(text).collect();
    for (at, (start, word)) in words.iter().enumerate() {
        let bare = |word: &str| word.trim_matches([',', '.', ';', ')', '(']).to_owned();
        let end = |at: usize| words.get(at).map(|(start, word)| start + word.len());
        // 2027-03-01, 1.3.2027, 01/03/2027
        let first = bare(word);
        let parts: Vec<&str> = first.split(['-', '.', '/']).collect();
        if let [a, b, c] = parts.as_slice()
            && let (Ok(a), Ok(b), Ok(c)) = (a.parse::<u32>(), b.parse::<u32>(), c.parse::<u32>())
        {
            let (year, month, day) = if a > 31 { (a, b, c) } else { (c, b, a) };
            if (1900..2200).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day)
            {
                let value = format!("{year}-{month}-{day}");
                return Some(Found { start: *start, end: start + word.len(), value });
            }
        }
        // 1 March 2027, March 1, 2027, 1. März 2027
        let next = |offset: usize| words.get(at + offset).map(|(_, word)| bare(word));
        let (Some(second), Some(third)) = (next(1), next(2)) else { continue };
        let day = |word: &str| {
            let word = word.trim_end_matches(|c: char| c.is_alphabetic());
            word.parse::<u32>().ok().filter(|day| (1..=31).contains(day))
        };
        let year = third.parse::<u32>().ok().filter(|year| (1900..2200).contains(year));
        let read = match (month(&first), month(&second)) {
            (Some(month), _) => day(&second).map(|day| (month, day)),
            (_, Some(month)) => day(&first).map(|day| (month, day)),
            _ => None,
        };
        if let (Some((month, day)), Some(year), Some(end)) = (read, year, end(at + 2)) {
            return Some(Found { start: *start, end, value: format!("{year}-{month}-{day}") });
        }
    }
    None
}

/// The number of a month in one of the languages that sections are recognised in.
fn month(word: &str) -> Option<usize> {
    const MONTHS: [&[&str]; 12] = [
        &["january", "jan", "januar", "janvier", "enero", "janeiro", "gennaio", "januari"],
        &["february", "feb", "februar", "fevrier", "febrero", "fevereiro", "febbraio", "februari"],
        &["march", "mar", "marz", "mars", "marzo", "marco", "maart"],
        &["april", "apr", "avril", "abril", "aprile"],
        &["may", "mai", "mayo", "maio", "maggio", "mei"],
        &["june", "jun", "juni", "juin", "junio", "junho", "giugno"],
        &["july", "jul", "juli", "juillet", "julio", "julho", "luglio"],
        &["august", "aug", "aout", "agosto", "augustus"],
        &["september", "sep", "sept", "septembre", "septiembre", "setembro", "settembre"],
        &["october", "oct", "oktober", "octobre", "octubre", "outubro", "ottobre"],
        &["november", "nov", "novembre", "noviembre", "novembro"],
        &["december", "dec", "dezember", "decembre", "diciembre", "dezembro", "dicembre"],
    ];
    let word = plain(word);
    MONTHS.iter().position(|names| names.contains(&&*word)).map(|at| at + 1)
}

/// The amounts of money in a text about a budget.
fn budgets(text: &str) -> Vec<String> {
    const BUDGET: &[&str] = &["budget", "presupuesto", "orcamento", "budzet", "бюджет"];
    let plain = plain(text);
    let about = plain.split([' ', '|']).any(|word| BUDGET.contains(&word)) || text.contains("予算");
    if !about {
        return Vec::new();
    }
    let words: Vec<(usize, &str)> = words(text).collect();
    let money = |word: &str| {
        ["€", "$", "£", "¥", "EUR", "USD", "GBP", "CHF", "euro", "Euro", "dollars", "円", "zł"]
            .iter()
            .any(|unit| word.contains(unit))
    };
    let mut amounts: Vec<String> = Vec::new();
    for (at, (_, word)) in words.iter().enumerate() {
        let beside = |at: Option<usize>| {
            at.and_then(|at| words.get(at)).is_some_and(|(_, word)| money(word))
        };
        if !(money(word) || beside(at.checked_sub(1)) || beside(at.checked_add(1))) {
            continue;
        }
        // "40,000" and "40.000" are the same; so is "40k".
        let digits: String = word.chars().filter(char::is_ascii_digit).collect();
        let thousands = word.trim_end_matches(|c: char| !c.is_alphanumeric()).ends_with(['k', 'K']);
        if digits.is_empty() || digits.len() > 15 {
            continue;
        }
        let amount = if thousands { format!("{digits}000") } else { digits };
        if !amounts.contains(&amount) {
            amounts.push(amount);
        }
    }
    amounts
}

/// Words and where they begin.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = 0;
    text.split_whitespace().map(move |word| {
        let at = text[rest..].find(word).map_or(rest, |at| rest + at);
        rest = at + word.len();
        (at, word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(line: u32, text: &str) -> Item {
        let (id, source) = (String::new(), format!("sow.md:{line}"));
        Item { id, number: None, text: text.to_owned(), source, line }
    }

    fn found(texts: &[&str]) -> Vec<String> {
        let items: Vec<Item> = (1..).zip(texts).map(|(line, text)| item(line, text)).collect();
        let items: Vec<&Item> = items.iter().collect();
        contradictions(&items).into_iter().map(|item| item.text).collect()
    }

    #[test]
    fn two_dates_for_one_thing_and_two_budgets_are_found() {
        assert_eq!(
            found(&["Go-live: 1 March 2027", "x", "Go-live by 2027-04-01"]),
            ["two dates for one thing: Go-live: 1 March 2027 (line 1); Go-live by 2027-04-01 \
                 (line 3)"]
        );
        assert_eq!(
            found(&["Budget: 40,000 EUR", "Das Budget liegt bei 50.000 €"]),
            ["two budgets: Budget: 40,000 EUR (line 1); Das Budget liegt bei 50.000 € (line 2)"]
        );
        assert_eq!(
            found(&["budget is 1.900 EUR / month (Teo says 2.400 EUR)"]),
            ["two budgets: budget is 1.900 EUR / month (Teo says 2.400 EUR) (line 1)"]
        );
    }

    #[test]
    fn the_same_date_written_twice_is_no_contradiction() {
        for texts in [
            &["Go-live: 1 March 2027", "Go-live — 2027-03-01"][..],
            &["Abnahme: 1. März 2027", "Abnahme am 1.3.2027"],
            &["Start 1 May 2027", "End 1 June 2027"],
            &["Phase 1: 1 May 2027 to 1 June 2027", "Phase 1: 2 June 2027 to 1 July 2027"],
            &["Budget: 40k EUR", "The budget is 40,000 EUR"],
            &["It costs 5 EUR", "It costs 6 EUR"],
        ] {
            assert_eq!(found(texts), Vec::<String>::new(), "{texts:?}");
        }
    }
}
