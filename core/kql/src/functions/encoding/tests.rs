use phalanx_signal::ColumnType;

use crate::functions::{
    cells::{Cell, call_function, check},
    function,
};

fn s(text: &str) -> Cell {
    Cell::string(text)
}

fn n(value: i64) -> Cell {
    Cell::long(value)
}

#[test]
fn base64() {
    check(&[
        ("base64_encode_tostring", &[s("Kusto")], "S3VzdG8="),
        ("base64_decode_tostring", &[s("S3VzdG8=")], "Kusto"),
        ("base64_decode_tostring", &[s("S3VzdG8")], ""),
        ("base64_decode_tostring", &[s("U3RyaW5n0KHR0tGA0L7Rh9C60LA=")], ""),
        ("base64_decode_tostring", &[s("!")], ""),
        ("base64_decode_toarray", &[s("S3VzdG8=")], "[75,117,115,116,111]"),
        ("base64_decode_toarray", &[s("!")], "null"),
        ("base64_encode_fromarray", &[Cell::json("[75,117,115,116,111]")], "S3VzdG8="),
        ("base64_encode_fromarray", &[Cell::json("[256]")], ""),
        ("base64_decode_toguid", &[s("JpbpECu8dUy7Pv5gbeJXAA==")], "10e99626-bc2b-4c75-bb3e-fe606de25700"),
        ("base64_decode_toguid", &[s("S3VzdG8=")], "null"),
        (
            "base64_encode_fromguid",
            &[Cell::text(ColumnType::Guid, "ae3133f2-6e22-49ae-b06a-16e6a9b212eb")],
            "8jMxriJurkmwahbmqbIS6w==",
        ),
    ]);
}

#[test]
fn urls_and_domains() {
    check(&[
        (
            "url_encode",
            &[s("https://www.bing.com/hello world/ä")],
            "https%3a%2f%2fwww.bing.com%2fhello+world%2f%c3%a4",
        ),
        (
            "url_encode_component",
            &[s("https://www.bing.com/hello world")],
            "https%3a%2f%2fwww.bing.com%2fhello%20world",
        ),
        ("url_decode", &[s("https%3a%2f%2fwww.bing.com%2f")], "https://www.bing.com/"),
        ("url_decode", &[s("a+b%zz%")], "a b%zz%"),
        ("punycode_from_string", &[s("académie-française")], "acadmie-franaise-npb1a"),
        ("punycode_from_string", &[s("艺术")], "cqv902d"),
        ("punycode_to_string", &[s("acadmie-franaise-npb1a")], "académie-française"),
        ("punycode_to_string", &[s("99999999")], ""),
        (
            "punycode_domain_from_string",
            &[s("xn--Ry-lja8c.xn--Jng-uta63a.xn--Bng-9ka.com")],
            "Rúyì.Jīngū.Bàng.com",
        ),
        ("punycode_domain_to_string", &[s("艺术.com")], "xn--cqv902d.com"),
    ]);
}

#[test]
fn compression() {
    let text = "1234567890qwertyuiop";
    check(&[
        ("zlib_compress_to_base64_string", &[s(text)], "eAEBFADr/zEyMzQ1Njc4OTBxd2VydHl1aW9wOAkGdw=="),
        ("zlib_decompress_from_base64_string", &[s("eJwLSS0uUSguKcrMS1cwNDIGACxqBQ4=")], "Test string 123"),
        ("zlib_decompress_from_base64_string", &[s("eJwLSS0uUSguKcrMS1cwNDIGACxqBQ5=")], ""),
        (
            "gzip_compress_to_base64_string",
            &[s(text)],
            "H4sIAAAAAAAA/wEUAOv/MTIzNDU2Nzg5MHF3ZXJ0eXVpb3A6m7f2FAAAAA==",
        ),
        (
            "gzip_decompress_from_base64_string",
            &[s("H4sIAAAAAAAA/wEUAOv/MTIzNDU2Nzg5MHF3ZXJ0eXVpb3A6m7f2FAAAAA==")],
            text,
        ),
        ("gzip_decompress_from_base64_string", &[s("x")], ""),
    ]);
    let long = "abc".repeat(5_000);
    for kind in ["zlib", "gzip"] {
        let call = |name: &str, text: &str| {
            let function = function(&format!("{kind}_{name}")).expect("it is a function");
            call_function(function, &[s(text)], true).expect("it is a good call")
        };
        let compressed = call("compress_to_base64_string", &long);
        assert!(compressed.len() < 1_000, "{kind} compresses");
        assert_eq!(call("decompress_from_base64_string", &compressed), long);
    }
    // 100 MB of zeros in 100 kB.
    let bomb = super::compress::zlib(&vec![0; 100 << 20]).expect("it is compressed");
    assert_eq!(super::compress::from_zlib(&bomb), None);
}

#[test]
fn numbers() {
    check(&[
        ("tohex", &[n(256)], "100"),
        ("tohex", &[n(-256)], "ffffffffffffff00"),
        ("tohex", &[Cell::int(-256), n(8)], "ffffff00"),
        ("tohex", &[n(256), n(8)], "00000100"),
        ("tohex", &[n(256), n(2)], "100"),
        ("tohex", &[n(256), n(i64::MAX)], "0000000000000100"),
        ("format_bytes", &[n(564)], "564 Bytes"),
        ("format_bytes", &[n(10_332), n(1)], "10.1 KB"),
        ("format_bytes", &[n(20_010_332)], "19 MB"),
        ("format_bytes", &[n(20_010_332), n(2)], "19.08 MB"),
        ("format_bytes", &[n(20_010_332), n(0), s("KB")], "19541 KB"),
        ("format_bytes", &[n(1_024), n(2)], "1 KB"),
        ("format_bytes", &[n(0), n(i64::MAX)], "0 Bytes"),
    ]);
}
