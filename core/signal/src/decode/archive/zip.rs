//! Zip archives: by the directory at their end, and without it where it is lost.

mod salvage;

use std::io::{self, Read};

use zip::{
    CompressionMethod,
    read::{Config, ZipReadOptions},
    result::ZipError,
    unstable::read::ZipIterable,
};

use super::{ReadSeek, unsupported};

/// Takes a member's name with its bytes, or with the reason why they can't be read. No name stands for the
/// archive itself.
pub(super) type Each<'e, E> = dyn FnMut(Option<&str>, io::Result<&mut dyn Read>) -> Result<(), E> + 'e;

/// Hands every regular file of an archive to `each`. The directory is read as the walk goes on, so memory
/// does not grow with the number of members, and members of one name are all found.
pub(super) fn each_member<E>(bytes: &mut dyn ReadSeek, each: &mut Each<'_, E>) -> Result<(), E> {
    let mut archive = match ZipIterable::try_new(&mut *bytes, Config::default()) {
        Ok(archive) => archive,
        Err(error) => return salvage::each_member(bytes, &error.to_string(), each),
    };
    let files = match archive.files() {
        Ok(files) => files,
        Err(error) => return each(None, Err(told(error))),
    };
    while let Some(entry) = files.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => return each(None, Err(told(error))),
        };
        if !entry.is_file() {
            continue;
        }
        let name = entry.name().map_or_else(
            |_| String::from_utf8_lossy(entry.name_raw()).into_owned(),
            |name| name.into_owned(),
        );
        let refused = match entry.compression() {
            _ if entry.encrypted() => Some(encrypted()),
            CompressionMethod::Stored | CompressionMethod::Deflated => None,
            method => Some(unsupported(&method.to_string())),
        };
        if let Some(reason) = refused {
            each(Some(&name), Err(reason))?;
            continue;
        }
        match entry.with_reader(files.reader_mut(), ZipReadOptions::new()) {
            Ok(mut member) => each(Some(&name), Ok(&mut member))?,
            Err(error) => each(Some(&name), Err(told(error)))?,
        }
    }
    Ok(())
}

fn told(error: ZipError) -> io::Error {
    match error {
        ZipError::Io(error) => error,
        other => io::Error::new(io::ErrorKind::InvalidData, other),
    }
}

fn encrypted() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "encrypted; unpack it with its password first")
}
