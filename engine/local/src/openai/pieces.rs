//! The text of a stream, piece by piece, including streams whose pieces each repeat everything so
//! far.

/// Minimum bytes of a piece that starts with the previous one to count as everything so far, when
/// no third piece arrives.
const LONG: usize = 8;

/// Pieces received until the kind of stream is known.
#[derive(Debug, Default)]
pub struct Pieces {
    /// The previous piece.
    last: String,
    /// A piece that starts with the previous one: either everything so far, or new text.
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
    /// Each piece repeats everything so far.
    SoFar,
}

impl Pieces {
    /// The new text of a piece, in order.
    pub fn next(&mut self, piece: &str) -> Vec<String> {
        match self.form {
            Form::New => vec![piece.to_owned()],
            Form::SoFar => self.grown(piece).into_iter().collect(),
            Form::Open => self.judged(piece),
        }
    }

    /// The text held back, when nothing more arrives.
    pub fn rest(&mut self) -> Vec<String> {
        let Some(held) = self.held.take() else { return Vec::new() };
        if self.last.len() >= LONG { vec![held[self.last.len()..].to_owned()] } else { vec![held] }
    }

    /// The previous piece.
    pub fn previous(&self) -> &str {
        &self.last
    }

    /// Records that each piece repeats everything so far.
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

    fn text(pieces: &[&str]) -> String {
        let mut all = Pieces::default();
        let mut words: Vec<String> = pieces.iter().flat_map(|piece| all.next(piece)).collect();
        words.extend(all.rest());
        words.concat()
    }

    #[test]
    fn text_is_never_repeated_however_a_stream_splits_it() {
        assert_eq!(text(&["Hel", "lo ", "world"]), "Hello world");
        assert_eq!(text(&["Hel", "Hello ", "Hello world", "Hello world"]), "Hello world");
        assert_eq!(text(&["Hello world", "Hello world."]), "Hello world.");
        assert_eq!(text(&["ha", "haha"]), "hahaha");
        assert_eq!(text(&["ha", "hah", "a!"]), "hahaha!");
        assert_eq!(text(&["a", "b", "ba", "bab"]), "abbabab");
    }
}
