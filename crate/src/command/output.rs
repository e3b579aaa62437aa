//! Files that are there as a whole or not at all.

use std::fmt::Display;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Where a file is until it is whole.
fn part_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// Why a file could not be written.
pub(super) fn cannot_write(path: &Path, error: impl Display) -> Error {
    Error::Storage(format!("{} cannot be written: {error}", path.display()))
}

/// Checks that [`write_whole`] could write this file. What lies there stays as it is.
///
/// # Errors
/// [`Error::Storage`] with the reason.
pub(super) fn require_writable(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Err(cannot_write(path, "it is a folder"));
    }
    let part = part_path(path);
    File::create(&part).and_then(|_| fs::remove_file(&part)).map_err(|error| cannot_write(path, error))
}

/// Has `write` write a file, which takes the place of what lies at `path` once it is whole.
///
/// # Errors
/// [`Error::Storage`] when that fails, or whatever `write` fails with.
pub(super) fn write_whole(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> Result<()>) -> Result<()> {
    let failed = |error| cannot_write(path, error);
    let part = part_path(path);
    let mut out = BufWriter::with_capacity(1 << 20, File::create(&part).map_err(failed)?);
    let written = write(&mut out)
        .and_then(|()| out.flush().map_err(failed))
        .and_then(|()| fs::rename(&part, path).map_err(failed));
    if written.is_err() {
        // The unfinished file is of no use; why it is unfinished is the error to report.
        let _ = fs::remove_file(&part);
    }
    written
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::{cannot_write, require_writable, write_whole};
    use crate::Error;

    #[test]
    fn a_file_that_fails_leaves_the_one_before() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("clip.y4m");
        fs::write(&path, "before").expect("written");
        let error = write_whole(&path, |out| {
            out.write_all(b"half").expect("written");
            Err(cannot_write(&path, "the disk is full"))
        });
        assert!(matches!(error, Err(Error::Storage(what)) if what.ends_with("the disk is full")));
        assert_eq!(fs::read(&path).expect("there"), b"before");
        require_writable(&path).expect("writable");
        assert_eq!(fs::read(&path).expect("there"), b"before");
        write_whole(&path, |out| out.write_all(b"whole").map_err(|error| cannot_write(&path, error))).expect("written");
        assert_eq!(fs::read(&path).expect("there"), b"whole");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing else is left");
    }

    #[test]
    fn what_cannot_be_written_is_known_before() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for path in [folder.path().to_owned(), folder.path().join("missing/clip.y4m")] {
            assert!(matches!(require_writable(&path), Err(Error::Storage(_))), "{}", path.display());
        }
    }
}
