use flate2::Compression;
use flate2::write::GzEncoder;
use http::HeaderValue;
use serde_json::Value;

use super::*;

const LIMIT: usize = 64 * 1024;

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).expect("writing to memory");
    encoder.finish().expect("writing to memory")
}

fn encoded(name: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_static(name))])
}

/// A body that arrives in pieces of `size` bytes.
fn pieces(bytes: Vec<u8>, size: usize) -> Body {
    let frames: Vec<Result<_, std::convert::Infallible>> =
        bytes.chunks(size).map(|piece| Ok(hyper::body::Frame::data(Bytes::copy_from_slice(piece)))).collect();
    Body::new(http_body_util::StreamBody::new(futures::stream::iter(frames)))
}

async fn code(headers: HeaderMap, body: Body) -> Code {
    read(&headers, body, LIMIT).await.expect_err("the body is refused").code()
}

#[tokio::test]
async fn plain_bodies_come_through_whole_up_to_the_limit() {
    for size in [1, 7, LIMIT] {
        let plain = vec![b'x'; LIMIT];
        let read_back =
            read(&HeaderMap::new(), pieces(plain.clone(), size), LIMIT).await.expect("within the limit");
        assert_eq!(read_back, plain);
        assert_eq!(code(HeaderMap::new(), pieces(vec![b'x'; LIMIT + 1], size)).await, Code::PayloadTooLarge);
    }
    assert!(read(&HeaderMap::new(), Body::empty(), LIMIT).await.expect("nothing").is_empty());
}

#[tokio::test]
async fn gzip_is_opened_also_in_several_members() {
    let mut packed = gzip(b"{\"a\":");
    packed.extend(gzip(b"1}"));
    for name in ["gzip", "GZIP", "x-gzip"] {
        let unpacked = read(&encoded(name), pieces(packed.clone(), 3), LIMIT).await.expect("valid gzip");
        assert_eq!(unpacked, "{\"a\":1}");
    }
}

#[tokio::test]
async fn a_bomb_is_refused_without_being_unpacked() {
    let bomb = gzip(&vec![0; 50 * LIMIT]);
    assert!(bomb.len() < LIMIT / 8);
    assert_eq!(code(encoded("gzip"), Body::from(bomb)).await, Code::PayloadTooLarge);
}

#[tokio::test]
async fn damaged_gzip_is_the_callers_mistake() {
    let whole = gzip(b"hello hello hello hello");
    let mut flipped = whole.clone();
    let crc = flipped.len() - 6;
    flipped[crc] ^= 1;
    for bad in [whole[..whole.len() - 3].to_vec(), flipped, b"not gzip".to_vec(), Vec::new()] {
        assert_eq!(code(encoded("gzip"), Body::from(bad)).await, Code::InvalidArgument);
    }
}

#[tokio::test]
async fn other_encodings_and_announced_excess_are_refused_unread() {
    assert_eq!(code(encoded("br"), Body::empty()).await, Code::UnsupportedMediaType);
    assert_eq!(code(encoded("gzip, gzip"), Body::empty()).await, Code::UnsupportedMediaType);
    let announced = HeaderMap::from_iter([(CONTENT_LENGTH, HeaderValue::from(LIMIT + 1))]);
    assert_eq!(code(announced, Body::empty()).await, Code::PayloadTooLarge);
}

#[tokio::test]
async fn a_broken_connection_is_no_short_body() {
    let frames = vec![
        Ok(hyper::body::Frame::data(Bytes::from_static(b"half"))),
        Err(io::Error::new(io::ErrorKind::UnexpectedEof, "reset")),
    ];
    let body = Body::new(http_body_util::StreamBody::new(futures::stream::iter(frames)));
    assert_eq!(code(HeaderMap::new(), body).await, Code::InvalidArgument);
}

#[tokio::test]
async fn a_client_that_stops_sending_is_given_up() {
    let body = Body::new(http_body_util::StreamBody::new(futures::stream::pending::<
        Result<hyper::body::Frame<Bytes>, std::convert::Infallible>,
    >()));
    let refused = read_without_pause(&HeaderMap::new(), body, LIMIT, Duration::from_millis(1)).await;
    assert_eq!(refused.expect_err("the body never comes").code(), Code::RequestTimeout);
}

#[test]
fn json_is_read_and_explained() {
    let typed = |value| HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(value))]);
    for good in ["application/json", "application/json; charset=utf-8", "application/scim+json"] {
        let value: Value = json(&typed(good), b"[1]").expect("JSON");
        assert_eq!(value[0], 1);
    }
    assert!(json::<Value>(&HeaderMap::new(), b"[1]").is_ok());
    let wrong_type = json::<Value>(&typed("text/csv"), b"[1]").expect_err("a wrong content type");
    assert_eq!(wrong_type.code(), Code::UnsupportedMediaType);
    let broken = json::<Value>(&HeaderMap::new(), b"[1,").expect_err("broken JSON");
    assert_eq!(broken.code(), Code::InvalidArgument);
    assert!(broken.message().contains("line 1 column 3"), "{broken}");
    let deep = "[".repeat(100_000);
    assert!(json::<Value>(&HeaderMap::new(), deep.as_bytes()).is_err());
}
