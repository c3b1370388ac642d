//! Zlib (RFC 1950) and gzip (RFC 1952).

use std::io::Read;

use flate2::{
    Compression, Crc,
    read::{DeflateDecoder, DeflateEncoder, ZlibDecoder},
};

use super::base64::{decode_text, encode_bytes};
use crate::functions::{Call, define::Answer};

/// The bytes a text may have after decompression: a few bytes can stand for any number.
const SIZE_MAX: u64 = 64 << 20;

pub(super) fn compress(call: &Call<'_>, f: fn(&[u8]) -> Option<Vec<u8>>) -> Answer {
    let values = call.texts(0)?;
    call.strings(|row, out| {
        let text = values.text(row);
        if !text.is_empty() {
            encode_bytes(&f(text.as_bytes()).unwrap_or_default(), out);
        }
    })
}

pub(super) fn decompress(call: &Call<'_>, f: fn(&[u8]) -> Option<Vec<u8>>) -> Answer {
    let values = call.texts(0)?;
    call.strings(|row, out| {
        let text = decode_text(values.text(row))
            .and_then(|bytes| f(&bytes))
            .and_then(|bytes| String::from_utf8(bytes).ok());
        out.push_str(&text.unwrap_or_default());
    })
}

/// What lies between header and checksum: stored as it is where compression would not gain much.
fn deflate(bytes: &[u8]) -> Option<Vec<u8>> {
    let with = |level| {
        let mut out = Vec::new();
        DeflateEncoder::new(bytes, level).read_to_end(&mut out).ok()?;
        Some(out)
    };
    let compressed = with(Compression::fast())?;
    if compressed.len() * 4 < bytes.len() * 3 { Some(compressed) } else { with(Compression::none()) }
}

pub(super) fn zlib(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = vec![0x78, 0x01];
    out.extend(deflate(bytes)?);
    out.extend(adler32(bytes).to_be_bytes());
    Some(out)
}

fn adler32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    let (mut a, mut b) = (1u32, 0u32);
    // So many additions do not overflow.
    for chunk in bytes.chunks(5_552) {
        for byte in chunk {
            a += u32::from(*byte);
            b += a;
        }
        a %= MODULUS;
        b %= MODULUS;
    }
    (b << 16) | a
}

pub(super) fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    out.extend(deflate(bytes)?);
    let mut crc = Crc::new();
    crc.update(bytes);
    out.extend(crc.sum().to_le_bytes());
    out.extend(crc.amount().to_le_bytes());
    Some(out)
}

fn read(reader: impl Read) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    reader.take(SIZE_MAX + 1).read_to_end(&mut out).ok()?;
    (out.len() as u64 <= SIZE_MAX).then_some(out)
}

pub(super) fn from_zlib(bytes: &[u8]) -> Option<Vec<u8>> {
    read(ZlibDecoder::new(bytes))
}

/// Without optional header fields.
pub(super) fn from_gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let (header, body) = bytes.split_at_checked(10)?;
    header.starts_with(&[0x1f, 0x8b, 8, 0]).then_some(())?;
    let out = read(DeflateDecoder::new(body))?;
    let mut crc = Crc::new();
    crc.update(&out);
    let trailer = [crc.sum().to_le_bytes(), crc.amount().to_le_bytes()].concat();
    bytes.ends_with(&trailer).then_some(out)
}
