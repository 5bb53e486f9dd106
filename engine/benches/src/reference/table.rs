//! The figures, next to their targets.

/// A line of the table.
pub struct Row {
    work: String,
    theirs: String,
    ours: String,
    ratio: String,
    target: String,
    met: bool,
}

fn number(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        v if v >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

impl Row {
    /// Ours must be smaller by this factor.
    pub fn times(work: &str, theirs: f64, ours: f64, less: f64) -> Row {
        Row {
            work: work.to_owned(),
            theirs: number(theirs),
            ours: number(ours),
            ratio: format!("1/{:.1}", theirs / ours),
            target: format!("<= 1/{less}"),
            met: theirs / ours >= less,
        }
    }

    /// Ours next to the minimum for any engine.
    pub fn limit(work: &str, bare: f64, ours: f64, most: f64) -> Row {
        let ratio = ours / bare;
        Row {
            work: work.to_owned(),
            theirs: format!("bare {}", number(bare)),
            ours: number(ours),
            ratio: format!("{ratio:.2}x"),
            target: format!("<= {most}x bare"),
            met: ratio <= most,
        }
    }

    /// Both next to an ideal.
    pub fn ideal(work: &str, theirs: f64, ours: f64, ideal: f64, most: f64) -> Row {
        Row {
            work: work.to_owned(),
            theirs: number(theirs),
            ours: number(ours),
            ratio: format!("{:.2}x ideal", ours / ideal),
            target: format!("<= {most}x ideal"),
            met: ours / ideal <= most,
        }
    }

    /// Counts, which meet the target or not.
    pub fn counts(work: &str, theirs: usize, ours: usize, met: bool) -> Row {
        let ratio = format!("{:.2}x", ours as f64 / theirs as f64);
        Row {
            work: work.to_owned(),
            theirs: theirs.to_string(),
            ours: ours.to_string(),
            ratio,
            target: String::new(),
            met,
        }
    }

    /// Percent above the truth, which must be zero.
    pub fn over(work: &str, theirs: f64, ours: f64) -> Row {
        let percent = |value: f64| format!("{value:+.1}");
        let (theirs, shown) = (percent(theirs), percent(ours));
        Row {
            work: work.to_owned(),
            theirs,
            ours: shown,
            ratio: String::new(),
            target: "exact".into(),
            met: ours == 0.0,
        }
    }

    /// A value that must be about one or lower.
    pub fn flat(work: &str, ours: f64) -> Row {
        let met = ours <= 1.25;
        Row {
            work: work.to_owned(),
            theirs: String::new(),
            ours: number(ours),
            ratio: String::new(),
            target: "flat".into(),
            met,
        }
    }

    /// A count that must be zero.
    pub fn none(work: &str, ours: usize) -> Row {
        let ours_shown = ours.to_string();
        Row {
            work: work.to_owned(),
            theirs: String::new(),
            ours: ours_shown,
            ratio: String::new(),
            target: "0".into(),
            met: ours == 0,
        }
    }

    /// A share that must be saved.
    pub fn saved(work: &str, without: f64, with: f64, least: f64) -> Row {
        let saved = 1.0 - with / without;
        Row {
            work: work.to_owned(),
            theirs: format!("{without:.3}"),
            ours: format!("{with:.3}"),
            ratio: format!("-{:.1} %", saved * 100.0),
            target: format!("-{:.0} %", least * 100.0),
            met: saved >= least,
        }
    }
}

/// All lines, and notes on them.
#[derive(Default)]
pub struct Table {
    rows: Vec<Row>,
    notes: Vec<String>,
}

impl Table {
    /// Adds a line.
    pub fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Adds a note.
    pub fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Prints the table with these headings for the two sides.
    pub fn print(&self, theirs: &str, ours: &str) {
        let heads = ["work", theirs, ours, "ratio", "must be", ""].map(str::to_owned);
        let lines: Vec<[String; 6]> = std::iter::once(heads)
            .chain(self.rows.iter().map(|row| {
                let met = if row.met { "met" } else { "NOT MET" }.to_owned();
                [
                    row.work.clone(),
                    row.theirs.clone(),
                    row.ours.clone(),
                    row.ratio.clone(),
                    row.target.clone(),
                    met,
                ]
            }))
            .collect();
        let widths: Vec<usize> = (0..6)
            .map(|column| lines.iter().map(|line| line[column].len()).max().unwrap_or(0))
            .collect();
        for line in &lines {
            let cells: Vec<String> = line
                .iter()
                .zip(&widths)
                .enumerate()
                .map(|(n, (cell, width))| {
                    if (1..4).contains(&n) {
                        format!("{cell:>width$}")
                    } else {
                        format!("{cell:<width$}")
                    }
                })
                .collect();
            println!("{}", cells.join("  ").trim_end());
        }
        self.notes.iter().for_each(|note| println!("  {note}"));
    }
}
