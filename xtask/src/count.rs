//! How many tests a test runner says it ran.

/// Tests that passed and that failed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
}

impl Count {
    /// Adds what one line of output reports, in the summaries of libtest, Playwright, node:test and pytest.
    pub(crate) fn add_line(&mut self, line: &str) {
        let line = without_colours(line);
        let summary = line.trim().strip_prefix("test result:");
        let is_libtest = summary.is_some();
        let words: Vec<&str> =
            summary.unwrap_or(&line).split([' ', ';', ',', '=']).filter(|word| !word.is_empty()).collect();
        match words.as_slice() {
            ["#" | "ℹ", "pass", number] => self.passed += number.parse().unwrap_or(0),
            ["#" | "ℹ", "fail", number] => self.failed += number.parse().unwrap_or(0),
            [_, "passed" | "failed" | "flaky", ..] => words.windows(2).for_each(|pair| self.add(pair[0], pair[1])),
            _ if is_libtest => words.windows(2).for_each(|pair| self.add(pair[0], pair[1])),
            _ => {}
        }
    }

    fn add(&mut self, number: &str, outcome: &str) {
        let Ok(number) = number.parse::<usize>() else {
            return;
        };
        match outcome {
            "passed" => self.passed += number,
            "failed" | "flaky" => self.failed += number,
            _ => {}
        }
    }
}

/// The text without terminal escape sequences (ESC, `[`, parameters, a letter).
fn without_colours(text: &str) -> String {
    let mut pieces = text.split("\u{1b}[");
    let first = pieces.next().unwrap_or_default().to_string();
    pieces.fold(first, |plain, piece| {
        plain + piece.trim_start_matches(|c: char| !c.is_ascii_alphabetic()).get(1..).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(output: &str) -> (usize, usize) {
        let mut count = Count::default();
        output.lines().for_each(|line| count.add_line(line));
        (count.passed, count.failed)
    }

    #[test]
    fn libtest() {
        let output = "running 14 tests\ntest a ... ok\n\
            test result: FAILED. 12 passed; 2 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.51s\n\
            test result: \u{1b}[32mok\u{1b}(B\u{1b}[m. 5 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        assert_eq!(count(output), (17, 2));
    }

    #[test]
    fn playwright() {
        let output = "  ✓  1 [chromium] › page.spec.ts:3:1 › makes a clip (2.1s)\n\
            \u{1b}[31m  1 failed\u{1b}[39m\n    [chromium] › page.spec.ts:9:1 › cancels\n\
            \u{1b}[33m  1 flaky\u{1b}[39m\n\u{1b}[33m  1 skipped\u{1b}[39m\n\u{1b}[32m  7 passed\u{1b}[39m\u{1b}[2m (2.3m)\u{1b}[22m";
        assert_eq!(count(output), (7, 2));
    }

    #[test]
    fn pytest() {
        assert_eq!(count("test_a.py ..F\n===== 1 failed, 12 passed, 3 warnings in 294.08s (0:04:54) ====="), (12, 1));
        assert_eq!(count("============ 7 passed in 49.56s ============"), (7, 0));
    }

    #[test]
    fn node() {
        assert_eq!(count("ℹ tests 4\nℹ pass 3\nℹ fail 1\nℹ duration_ms 80.2"), (3, 1));
        assert_eq!(count("# tests 4\n# pass 4\n# fail 0"), (4, 0));
    }
}
