//! Renaming of tensors by the beginnings of their names.

/// Replaces the beginning of `name` by the first of `rules` (old, new) that fits; `None` when none does.
pub(crate) fn renamed_start(name: &str, rules: &[(&str, &str)]) -> Option<String> {
    rules.iter().find_map(|(old, new)| Some(format!("{new}{}", name.strip_prefix(old)?)))
}

/// Splits `name` into its list index and what follows: `blocks.12.norm.weight` after `blocks.` is 12, `norm.weight`.
pub(crate) fn indexed<'a>(name: &'a str, list: &str) -> Option<(usize, &'a str)> {
    let (index, rest) = name.strip_prefix(list)?.split_once('.')?;
    Some((index.parse().ok()?, rest))
}
