//! Words of a stream, piece by piece; also of streams whose pieces each hold all so far.

/// Bytes at which one piece that begins with the one before it is taken for all so far, when no
/// third piece comes.
const LONG: usize = 8;

/// What came, until it is known how the stream is meant.
#[derive(Debug, Default)]
pub struct Pieces {
    /// The piece before.
    last: String,
    /// A piece that begins with the one before it, which may be all so far or new words.
    held: Option<String>,
    form: Form,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Not known yet.
    #[default]
    Open,
    /// Each piece is new.
    New,
    /// Each piece is all so far.
    SoFar,
}

impl Pieces {
    /// The new words of a piece, in the order in which they are to be said.
    pub fn next(&mut self, piece: &str) -> Vec<String> {
        match self.form {
            Form::New => vec![piece.to_owned()],
            Form::SoFar => self.grown(piece).into_iter().collect(),
            Form::Open => self.judged(piece),
        }
    }

    /// What was held back when nothing more comes.
    pub fn rest(&mut self) -> Vec<String> {
        let Some(held) = self.held.take() else { return Vec::new() };
        if self.last.len() >= LONG { vec![held[self.last.len()..].to_owned()] } else { vec![held] }
    }

    /// The piece before.
    pub fn said(&self) -> &str {
        &self.last
    }

    /// It is known that each piece is all so far.
    pub fn all_so_far(&mut self) {
        self.form = Form::SoFar;
    }

    fn judged(&mut self, piece: &str) -> Vec<String> {
        match self.held.take() {
            None if !self.last.is_empty()
                && piece.len() > self.last.len()
                && piece.starts_with(&self.last) =>
            {
                self.held = Some(piece.to_owned());
                Vec::new()
            }
            None if self.last.is_empty() => {
                self.last = piece.to_owned();
                vec![piece.to_owned()]
            }
            None => {
                self.form = Form::New;
                vec![piece.to_owned()]
            }
            Some(held) if piece.len() >= held.len() && piece.starts_with(&held) => {
                self.form = Form::SoFar;
                let news = [held[self.last.len()..].to_owned(), piece[held.len()..].to_owned()];
                self.last = piece.to_owned();
                news.into_iter().filter(|news| !news.is_empty()).collect()
            }
            Some(held) => {
                self.form = Form::New;
                vec![held, piece.to_owned()]
            }
        }
    }

    fn grown(&mut self, piece: &str) -> Option<String> {
        let news = match piece.strip_prefix(self.last.as_str()) {
            Some(news) => news.to_owned(),
            None => return None,
        };
        self.last = piece.to_owned();
        (!news.is_empty()).then_some(news)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pieces: &[&str]) -> String {
        let mut all = Pieces::default();
        let mut words: Vec<String> = pieces.iter().flat_map(|piece| all.next(piece)).collect();
        words.extend(all.rest());
        words.concat()
    }

    #[test]
    fn words_are_said_once_however_a_stream_cuts_them() {
        assert_eq!(said(&["Hel", "lo ", "world"]), "Hello world");
        assert_eq!(said(&["Hel", "Hello ", "Hello world", "Hello world"]), "Hello world");
        assert_eq!(said(&["Hello world", "Hello world."]), "Hello world.");
        assert_eq!(said(&["ha", "haha"]), "hahaha");
        assert_eq!(said(&["ha", "hah", "a!"]), "hahaha!");
        assert_eq!(said(&["a", "b", "ba", "bab"]), "abbabab");
    }
}
