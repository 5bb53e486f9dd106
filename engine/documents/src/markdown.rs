//! Writes Markdown block by block. HTML and Word documents are read into it.

use cloudcrew_sow::{MAX_SOW_BYTES, SowFault};

/// Maximum cells of a row; the text of further ones joins the last.
const MAX_CELLS: usize = 200;
/// Maximum rows of a table that are held back to find its header.
const MAX_ROWS: usize = 20_000;

/// A document in the making.
#[derive(Debug, Default)]
pub(crate) struct Markdown {
    out: String,
    /// Words of the current block, with one space between them.
    line: String,
    /// What is put in front of the current block: `## `, `  - `.
    mark: String,
    table: Option<Table>,
    /// Bytes of the table that is being read.
    held: usize,
    /// Whether text was left out because there is too much.
    overflowed: bool,
}

#[derive(Debug, Default)]
struct Table {
    rows: Vec<Vec<String>>,
    row: Vec<String>,
    /// Whether the first row is a header, as the document says.
    headed: bool,
    /// Tables inside cells: their rows are rows of this one.
    depth: usize,
}

impl Markdown {
    /// Whether so much has been written that no more is needed to refuse the document.
    pub(crate) fn is_full(&mut self) -> bool {
        self.overflowed |= self.out.len() + self.line.len() + self.held > MAX_SOW_BYTES;
        self.overflowed
    }

    /// Adds words to the current block.
    pub(crate) fn words(&mut self, text: &str) {
        let spaced = text.starts_with(char::is_whitespace);
        let mut first = true;
        for word in text.split_whitespace() {
            let apart = !first || spaced;
            if apart && !self.line.is_empty() && !self.line.ends_with(' ') {
                self.line.push(' ');
            }
            self.line.push_str(word);
            first = false;
        }
        let ends = text.ends_with(char::is_whitespace);
        if ends && !self.line.is_empty() && !self.line.ends_with(' ') {
            self.line.push(' ');
        }
    }

    /// Adds marks such as `**` to the current block.
    pub(crate) fn emphasis(&mut self) {
        if self.line.ends_with("**") {
            // Nothing was between the marks.
            self.line.truncate(self.line.len() - 2);
        } else {
            self.line.push_str("**");
        }
    }

    /// Ends the current block, and begins one with `mark` in front.
    pub(crate) fn begin(&mut self, mark: &str) {
        self.end();
        self.mark = mark.to_owned();
    }

    /// Ends the current line inside a block; in a table, blocks of a cell become one line.
    pub(crate) fn end(&mut self) {
        let words = self.line.trim().to_owned();
        self.line.clear();
        let mark = std::mem::take(&mut self.mark);
        if words.is_empty() {
            return;
        }
        let table = self.table.as_mut().filter(|_| !mark.starts_with('#'));
        if let Some(cell) = table.and_then(|table| table.row.last_mut()) {
            if !cell.is_empty() {
                cell.push(' ');
            }
            cell.push_str(&words);
            self.held += words.len() + 1;
            return;
        }
        let listed = mark.trim_start().starts_with(['-', '+'])
            || mark.trim_start().starts_with(|c: char| c.is_ascii_digit());
        // A blank line separates blocks; the items of a list are together.
        let joins = listed && self.out_ends_with_item();
        if !self.out.is_empty() && !joins {
            self.out.push('\n');
        }
        self.out.push_str(&mark);
        self.out.push_str(&words);
        self.out.push('\n');
    }

    fn out_ends_with_item(&self) -> bool {
        let last = self.out.trim_end().rsplit('\n').next().unwrap_or_default().trim_start();
        let digits = last.bytes().take_while(u8::is_ascii_digit).count();
        last.starts_with("- ") || (digits > 0 && last[digits..].starts_with(['.', ')']))
    }

    /// Begins a table. One inside another adds rows to it.
    pub(crate) fn begin_table(&mut self) {
        self.end();
        let table = self.table.get_or_insert_default();
        table.depth += 1;
    }

    /// Begins a row.
    pub(crate) fn begin_row(&mut self) {
        self.end_row();
    }

    /// Begins a cell.
    pub(crate) fn begin_cell(&mut self) {
        self.end();
        if let Some(table) = &mut self.table
            && table.row.len() < MAX_CELLS
        {
            table.row.push(String::new());
        }
    }

    /// The row being read is a header.
    pub(crate) fn head(&mut self) {
        if let Some(table) = &mut self.table {
            table.headed |= table.rows.is_empty();
        }
    }

    /// Ends a row.
    pub(crate) fn end_row(&mut self) {
        self.end();
        if let Some(table) = &mut self.table {
            let row = std::mem::take(&mut table.row);
            if table.rows.len() >= MAX_ROWS {
                self.overflowed |= !row.is_empty();
            } else if !row.is_empty() {
                table.rows.push(row);
            }
        }
    }

    /// Ends a table and writes it.
    pub(crate) fn end_table(&mut self) {
        self.end_row();
        let Some(table) = &mut self.table else { return };
        table.depth = table.depth.saturating_sub(1);
        if table.depth > 0 {
            return;
        }
        if let Some(table) = self.table.take() {
            self.held = 0;
            self.write(&table);
        }
    }

    fn write(&mut self, table: &Table) {
        // One column only arranges its content.
        if table.rows.iter().all(|row| row.len() < 2) {
            for cell in table.rows.iter().flatten() {
                self.words(cell);
                self.end();
            }
            return;
        }
        let filled = table.rows.iter().any(|row| row.iter().any(|cell| !cell.is_empty()));
        if !filled {
            return;
        }
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        let headed = table.headed || (table.rows.len() > 1 && is_header(&table.rows[0]));
        for (at, row) in table.rows.iter().enumerate() {
            for cell in row {
                self.out.push_str("| ");
                self.out.push_str(&cell.replace('|', "\\|"));
                self.out.push(' ');
            }
            self.out.push_str("|\n");
            if at == 0 && headed {
                self.out.push_str(&"|---".repeat(row.len()));
                self.out.push_str("|\n");
            }
        }
    }

    /// The document.
    ///
    /// # Errors
    /// When there is more text than a statement of work may have.
    pub(crate) fn finish(mut self) -> Result<String, SowFault> {
        while self.table.is_some() {
            self.end_table();
        }
        self.end();
        match self.overflowed {
            true => {
                let bytes = self.out.len().max(MAX_SOW_BYTES + 1);
                Err(SowFault::TooLarge { bytes, limit: MAX_SOW_BYTES })
            }
            false => Ok(self.out),
        }
    }
}

/// Whether a first row is short names only, as headers are.
fn is_header(row: &[String]) -> bool {
    let name = |cell: &String| {
        let bare = cell.trim_matches('*');
        !bare.is_empty()
            && bare.split_whitespace().count() <= 3
            && !bare.contains(|c: char| c.is_ascii_digit())
            && !bare.ends_with(['.', ';'])
    };
    row.len() > 1 && row.iter().all(name)
}
