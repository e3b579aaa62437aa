//! The unigram language model: the most probable way to cut a text into pieces.

use super::malformed;
use crate::error::Result;

/// How much less probable an unknown character is than the least probable piece, in logarithms.
const UNKNOWN_PENALTY: f64 = 10.0;

/// Pieces and their scores.
pub(super) struct Unigram {
    /// All pieces after each other.
    text: String,
    /// In the order of their bytes, each once.
    pieces: Vec<Piece>,
    unknown: u32,
    unknown_score: f64,
}

struct Piece {
    start: usize,
    end: usize,
    id: u32,
    score: f64,
}

/// The best way to cover a text up to some place: its last step.
#[derive(Clone, Copy)]
struct Step {
    score: f64,
    start: usize,
    id: u32,
}

impl Unigram {
    /// A model of pieces (text, id, logarithm of the probability).
    pub(super) fn new(vocabulary: impl IntoIterator<Item = (String, u32, f64)>, unknown: u32) -> Result<Self> {
        let (mut text, mut pieces, mut lowest) = (String::new(), Vec::new(), f64::INFINITY);
        for (piece, id, score) in vocabulary {
            if !score.is_finite() {
                return Err(malformed(format!("the score of piece {id} is no number")));
            }
            lowest = lowest.min(score);
            let start = text.len();
            text.push_str(&piece);
            if !piece.is_empty() {
                pieces.push(Piece { start, end: text.len(), id, score });
            }
        }
        if pieces.is_empty() {
            return Err(malformed("it has no pieces"));
        }
        // Of pieces that occur twice the last counts, as in a map that is filled in order.
        let spelling = |piece: &Piece| &text.as_bytes()[piece.start..piece.end];
        pieces.sort_by(|a, b| spelling(a).cmp(spelling(b)).then(b.id.cmp(&a.id)));
        pieces.dedup_by(|b, a| spelling(a) == spelling(b));
        Ok(Self { text, pieces, unknown, unknown_score: lowest - UNKNOWN_PENALTY })
    }

    /// Appends the ids of the most probable pieces; neighbouring unknown characters become one unknown token.
    pub(super) fn encode(&self, text: &str, ids: &mut Vec<u32>) {
        let steps = self.best_steps(text);
        let first = ids.len();
        let mut end = text.len();
        let mut after_unknown = false;
        while let Some(step) = steps.get(end).copied().flatten().filter(|step| step.start < end) {
            let unknown = step.id == self.unknown;
            if !(unknown && after_unknown) {
                ids.push(step.id);
            }
            after_unknown = unknown;
            end = step.start;
        }
        ids[first..].reverse();
    }

    /// For every place in the text the last step of the best way there.
    fn best_steps(&self, text: &str) -> Vec<Option<Step>> {
        let mut steps: Vec<Option<Step>> = vec![None; text.len() + 1];
        for (start, character) in text.char_indices() {
            let so_far = steps[start].map_or(0.0, |step| step.score);
            let mut improve = |end: usize, id: u32, score: f64| {
                if steps[end].is_none_or(|best| score > best.score) {
                    steps[end] = Some(Step { score, start, id });
                }
            };
            let mut is_piece = false;
            for piece in self.prefixes(&text.as_bytes()[start..]) {
                let length = piece.end - piece.start;
                improve(start + length, piece.id, so_far + piece.score);
                is_piece |= length == character.len_utf8();
            }
            if !is_piece {
                improve(start + character.len_utf8(), self.unknown, so_far + self.unknown_score);
            }
        }
        steps
    }

    /// The pieces that `text` begins with, the shortest first.
    fn prefixes(&self, text: &[u8]) -> impl Iterator<Item = &Piece> {
        let mut candidates = &self.pieces[..];
        text.iter()
            .enumerate()
            .map_while(move |(depth, byte)| {
                // Narrow the sorted pieces to those with this byte at this depth; shorter ones sort in front of them.
                let at = |piece: &Piece| self.text.as_bytes()[piece.start..piece.end].get(depth).copied();
                let from = candidates.partition_point(|piece| at(piece) < Some(*byte));
                let to = candidates.partition_point(|piece| at(piece) <= Some(*byte));
                candidates = &candidates[from..to];
                let first = candidates.first()?;
                Some((first.end - first.start == depth + 1).then_some(first))
            })
            .flatten()
    }
}
