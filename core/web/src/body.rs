//! Request bodies: read whole, within a bound, gzip opened on the way.
//!
//! The bound holds for what the handler gets, so a small body that unpacks to a large one is refused as soon
//! as it grows past the bound and never held in memory.

use std::io::{self, Write};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;

use crate::error::{ApiError, Code};

/// Longest pause between two pieces of a body.
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// How much compressed input is unpacked without letting other tasks run: a few kilobytes unpack to at most a
/// few megabytes, which is a matter of a millisecond.
const STEP_BYTES: usize = 4 * 1024;

/// Reads a whole body of at most `limit` bytes, unpacking gzip.
///
/// # Errors
/// `PayloadTooLarge` beyond the limit, before or after unpacking; `UnsupportedMediaType` for an encoding other
/// than gzip; `InvalidArgument` for damaged gzip or a broken connection; `RequestTimeout` when the client
/// pauses for ten seconds.
pub async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, ApiError> {
    read_without_pause(headers, body, limit, PAUSE_MAX).await
}

async fn read_without_pause(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    pause_max: Duration,
) -> Result<Bytes, ApiError> {
    let packing = packing(headers)?;
    refuse_announced_excess(headers, limit)?;
    let pieces = Pieces { body, pause_max };
    match packing {
        Packing::None => read_plain(pieces, limit).await,
        Packing::Gzip => read_gzip(pieces, limit).await,
    }
}

/// Reads `bytes` as JSON, if the content type does not say otherwise.
///
/// # Errors
/// `UnsupportedMediaType` for another content type; `InvalidArgument` with the position for JSON that is not
/// well-formed or not a `T`.
pub fn json<T: DeserializeOwned>(headers: &HeaderMap, bytes: &[u8]) -> Result<T, ApiError> {
    if let Some(given) = headers.get(CONTENT_TYPE)
        && !given.to_str().is_ok_and(is_json)
    {
        return Err(ApiError::new(Code::UnsupportedMediaType, "the content type must be `application/json`"));
    }
    serde_json::from_slice(bytes)
        .map_err(|error| ApiError::invalid(format!("the request body is not the expected JSON: {error}")))
}

/// Refuses a body whose announced length is over `limit`, before any of it is read.
///
/// # Errors
/// `PayloadTooLarge`.
pub(crate) fn refuse_announced_excess(headers: &HeaderMap, limit: usize) -> Result<(), ApiError> {
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<u64>().ok());
    match announced {
        Some(length) if length > limit as u64 => Err(too_large(limit)),
        _ => Ok(()),
    }
}

enum Packing {
    None,
    Gzip,
}

fn packing(headers: &HeaderMap) -> Result<Packing, ApiError> {
    let mut values = headers.get_all(CONTENT_ENCODING).iter();
    let Some(value) = values.next() else {
        return Ok(Packing::None);
    };
    let name = value.to_str().unwrap_or_default().trim();
    if values.next().is_some()
        || !["gzip", "x-gzip", "identity", ""].iter().any(|n| name.eq_ignore_ascii_case(n))
    {
        return Err(ApiError::new(Code::UnsupportedMediaType, "the only content encoding read is `gzip`"));
    }
    Ok(if name.to_ascii_lowercase().ends_with("gzip") { Packing::Gzip } else { Packing::None })
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

async fn read_plain(mut pieces: Pieces, limit: usize) -> Result<Bytes, ApiError> {
    let Some(first) = pieces.next().await? else {
        return Ok(Bytes::new());
    };
    if first.len() > limit {
        return Err(too_large(limit));
    }
    // Most bodies come in one piece, which is passed on without being copied.
    let Some(second) = pieces.next().await? else {
        return Ok(first);
    };
    let mut whole = Vec::with_capacity((first.len() + second.len()).min(limit));
    let mut piece = Some(second);
    whole.extend_from_slice(&first);
    while let Some(bytes) = piece {
        if whole.len() + bytes.len() > limit {
            return Err(too_large(limit));
        }
        whole.extend_from_slice(&bytes);
        piece = pieces.next().await?;
    }
    Ok(whole.into())
}

async fn read_gzip(mut pieces: Pieces, limit: usize) -> Result<Bytes, ApiError> {
    let mut decoder = MultiGzDecoder::new(Bounded { bytes: Vec::new(), limit, overflowed: false });
    let mut packed = 0;
    while let Some(piece) = pieces.next().await? {
        packed += piece.len();
        if packed > limit {
            return Err(too_large(limit));
        }
        for step in piece.chunks(STEP_BYTES) {
            if decoder.write_all(step).is_err() {
                return Err(unpack_error(decoder.get_ref(), limit));
            }
            tokio::task::yield_now().await;
        }
    }
    if decoder.try_finish().is_err() || (packed == 0) {
        return Err(unpack_error(decoder.get_ref(), limit));
    }
    let unpacked = std::mem::take(&mut decoder.get_mut().bytes);
    Ok(unpacked.into())
}

fn unpack_error(output: &Bounded, limit: usize) -> ApiError {
    if output.overflowed {
        too_large(limit)
    } else {
        ApiError::invalid("the request body is not whole, valid gzip")
    }
}

fn too_large(limit: usize) -> ApiError {
    ApiError::new(Code::PayloadTooLarge, format!("the request body, unpacked, must not exceed {limit} bytes"))
}

/// A body as it comes in.
struct Pieces {
    body: Body,
    pause_max: Duration,
}

impl Pieces {
    /// The next piece of data; trailers are passed over.
    async fn next(&mut self) -> Result<Option<Bytes>, ApiError> {
        loop {
            let frame = tokio::time::timeout(self.pause_max, self.body.frame())
                .await
                .map_err(|_| ApiError::new(Code::RequestTimeout, "the request body was sent too slowly"))?;
            match frame {
                None => return Ok(None),
                Some(Err(error)) => {
                    return Err(
                        ApiError::invalid("the request body ended before it was whole").with_source(error)
                    );
                }
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }
}

/// Takes what the decoder gives until it is too much.
struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
    overflowed: bool,
}

impl Write for Bounded {
    fn write(&mut self, unpacked: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + unpacked.len() > self.limit {
            self.overflowed = true;
            return Err(io::Error::other("over the limit"));
        }
        self.bytes.extend_from_slice(unpacked);
        Ok(unpacked.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
