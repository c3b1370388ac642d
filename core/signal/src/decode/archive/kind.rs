//! What packed some bytes, told by how they begin.

use super::tar;

/// Bytes that tell what something is; tar has its signature at 257.
pub(super) const HEAD_BYTES: usize = 512;

/// Endings of names that tell how a file was packed, and nothing of what is in it.
pub(super) const ENDINGS: [&str; 5] = [".gz", ".gzip", ".zip", ".tar", ".tgz"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    Gzip,
    Zip,
    Tar,
    /// Packed by a program of that name, and not opened here.
    Unsupported(&'static str),
}

impl Kind {
    /// The kind of something that begins with `head`, up to [`HEAD_BYTES`].
    pub fn of(head: &[u8]) -> Self {
        let begins = |signature: &&[u8]| head.starts_with(signature);
        if begins(&&[0x1f, 0x8b, 8][..]) {
            return Self::Gzip;
        }
        // A member, an archive without members, or one that was to span several disks and does not.
        if [&b"PK\x03\x04"[..], b"PK\x05\x06", b"PK00PK\x03\x04"].iter().any(begins) {
            return Self::Zip;
        }
        if tar::is_tar(head) {
            return Self::Tar;
        }
        let packer = UNSUPPORTED.iter().find(|(signature, _)| begins(signature));
        packer.map_or(Self::Plain, |(_, name)| Self::Unsupported(name))
    }
}

static UNSUPPORTED: [(&[u8], &str); 6] = [
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xfd7zXZ\0", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"\x04\x22\x4d\x18", "lz4"),
    // Behind the level, from 1 to 9, comes a block's signature; `BZh` alone might begin a text.
    (b"BZh91AY&SY", "bzip2"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_their_signature() {
        let mut tar = [0; HEAD_BYTES];
        tar[257..262].copy_from_slice(b"ustar");
        for (head, kind) in [
            (&b"\x1f\x8b\x08\0"[..], Kind::Gzip),
            (b"\x1f\x8b", Kind::Plain),
            (b"PK\x03\x04", Kind::Zip),
            (b"PK\x05\x06", Kind::Zip),
            (b"PKlog", Kind::Plain),
            (&tar, Kind::Tar),
            (b"\xfd7zXZ\0\0", Kind::Unsupported("xz")),
            (b"", Kind::Plain),
        ] {
            assert_eq!(Kind::of(head), kind, "{:?}", &head[..head.len().min(8)]);
        }
    }
}
