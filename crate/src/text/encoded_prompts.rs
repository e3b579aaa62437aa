//! Prompts that were encoded before: the next clip of one need not wait for the text encoder.

use std::collections::VecDeque;
use std::rc::Rc;

/// How many are kept. Of umT5-XXL each takes 8 MiB of the host's memory.
const KEPT: usize = 8;

/// The last prompts with the rows that the transformer reads for them.
#[derive(Default)]
pub(crate) struct EncodedPrompts {
    last: VecDeque<(Vec<u32>, Rc<Vec<f32>>)>,
}

impl EncodedPrompts {
    /// The rows for these token numbers, if they were encoded lately.
    pub(crate) fn rows_of(&self, tokens: &[u32]) -> Option<Rc<Vec<f32>>> {
        self.last.iter().find(|(known, _)| known == tokens).map(|(_, rows)| Rc::clone(rows))
    }

    /// Keeps the rows for these token numbers, and lets go of the oldest when there are too many.
    pub(crate) fn keep(&mut self, tokens: Vec<u32>, rows: Rc<Vec<f32>>) {
        self.last.push_back((tokens, rows));
        if self.last.len() > KEPT {
            self.last.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{EncodedPrompts, KEPT};
    use std::rc::Rc;

    #[test]
    fn keeps_the_last_prompts() {
        let mut prompts = EncodedPrompts::default();
        for token in 0..=KEPT as u32 {
            prompts.keep(vec![token], Rc::new(vec![token as f32]));
        }
        assert!(prompts.rows_of(&[0]).is_none());
        assert_eq!(prompts.rows_of(&[1]).as_deref(), Some(&vec![1.0]));
        assert_eq!(prompts.rows_of(&[KEPT as u32]).as_deref(), Some(&vec![KEPT as f32]));
    }
}
