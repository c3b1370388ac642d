//! Values in other spellings: base64, URLs, Punycode, compression, hexadecimal, sizes.

mod base64;
mod compress;
mod numbers;
mod punycode;
mod url;

use phalanx_signal::ColumnType::{self, Dynamic, Guid, Long, String};

use super::{
    Accepts::{Any, Number, Only},
    Family, Function, Parameter, Returns,
    define::{Kernel, once, optional},
};

const TEXT: &[Parameter] = &[once("string", Only(String))];

const fn encoding(
    name: &'static str,
    parameters: &'static [Parameter],
    returns: ColumnType,
    about: &'static str,
    kernel: Kernel,
) -> Function {
    Function::kernel(name, Family::Encoding, parameters, Returns::Only(returns), about, kernel)
}

pub(super) static FUNCTIONS: &[Function] = &[
    encoding("base64_encode_tostring", TEXT, String, "The bytes of a string in base64.", base64::encode)
        .alias(&["base64_encodestring"])
        .examples(&[("print base64_encode_tostring(\"Kusto\")", "S3VzdG8=")]),
    encoding("base64_decode_tostring", TEXT, String, "The string whose bytes are in base64; empty if it is none.", base64::decode)
        .alias(&["base64_decodestring"])
        .examples(&[("print base64_decode_tostring(\"S3VzdG8=\")", "Kusto")]),
    encoding("base64_decode_toarray", TEXT, Dynamic, "The bytes that are in base64, as numbers.", base64::decode_to_array)
        .examples(&[("print base64_decode_toarray(\"S3VzdG8=\")", "[75,117,115,116,111]")]),
    encoding("base64_encode_fromarray", &[once("bytes", Only(Dynamic))], String, "An array of bytes in base64.", base64::encode_array)
        .examples(&[("print base64_encode_fromarray(dynamic([75, 117]))", "S3U=")]),
    encoding("base64_encode_fromguid", &[once("guid", Only(Guid))], String, "The bytes of a guid in base64.", base64::encode_guid)
        .examples(&[(
            "print base64_encode_fromguid(toguid(\"ae3133f2-6e22-49ae-b06a-16e6a9b212eb\"))",
            "8jMxriJurkmwahbmqbIS6w==",
        )]),
    encoding("base64_decode_toguid", TEXT, Guid, "The guid whose bytes are in base64.", base64::decode_to_guid)
        .examples(&[("print base64_decode_toguid(\"8jMxriJurkmwahbmqbIS6w==\")", "ae3133f2-6e22-49ae-b06a-16e6a9b212eb")]),
    encoding("url_encode", TEXT, String, "A text for a URL's query: spaces become `+`.", |call| url::encode(call, "+"))
        .examples(&[("print url_encode(\"https://a.b/c d\")", "https%3a%2f%2fa.b%2fc+d")]),
    encoding("url_encode_component", TEXT, String, "A text for a part of a URL: spaces become `%20`.", |call| {
        url::encode(call, "%20")
    })
    .examples(&[("print url_encode_component(\"https://a.b/c d\")", "https%3a%2f%2fa.b%2fc%20d")]),
    encoding("url_decode", TEXT, String, "The text that was encoded for a URL.", url::decode)
        .examples(&[("print url_decode(\"https%3a%2f%2fwww.bing.com%2f\")", "https://www.bing.com/")]),
    encoding("punycode_from_string", TEXT, String, "A text in Punycode.", punycode::encode)
        .examples(&[("print punycode_from_string(\"académie-française\")", "acadmie-franaise-npb1a")]),
    encoding("punycode_to_string", TEXT, String, "The text that was in Punycode; empty if it was none.", punycode::decode)
        .examples(&[("print punycode_to_string(\"acadmie-franaise-npb1a\")", "académie-française")]),
    encoding("punycode_domain_to_string", TEXT, String, "A domain name with its international labels in Punycode.", punycode::encode_domain)
        .examples(&[("print punycode_domain_to_string(\"艺术.com\")", "xn--cqv902d.com")]),
    encoding("punycode_domain_from_string", TEXT, String, "A domain name with its labels in Punycode decoded.", punycode::decode_domain)
        .examples(&[("print punycode_domain_from_string(\"xn--Ge-mia.Bulg.edu\")", "Gáe.Bulg.edu")]),
    encoding("zlib_compress_to_base64_string", TEXT, String, "A string compressed by zlib, in base64.", |call| {
        compress::compress(call, compress::zlib)
    })
    .examples(&[("print zlib_compress_to_base64_string(\"1234567890qwertyuiop\")", "eAEBFADr/zEyMzQ1Njc4OTBxd2VydHl1aW9wOAkGdw==")]),
    encoding(
        "zlib_decompress_from_base64_string",
        TEXT,
        String,
        "The string that was compressed by zlib, in base64; empty if it was not.",
        |call| compress::decompress(call, compress::from_zlib),
    )
    .examples(&[("print zlib_decompress_from_base64_string(\"eJwLSS0uUSguKcrMS1cwNDIGACxqBQ4=\")", "Test string 123")]),
    encoding("gzip_compress_to_base64_string", TEXT, String, "A string compressed by gzip, in base64.", |call| {
        compress::compress(call, compress::gzip)
    }).examples(&[(r#"print gzip_decompress_from_base64_string(gzip_compress_to_base64_string("a text"))"#, "a text")]),
    encoding(
        "gzip_decompress_from_base64_string",
        TEXT,
        String,
        "The string that was compressed by gzip, in base64; empty if it was not.",
        |call| compress::decompress(call, compress::from_gzip),
    )
    .examples(&[(
        "print gzip_decompress_from_base64_string(\"H4sIAAAAAAAA/wEUAOv/MTIzNDU2Nzg5MHF3ZXJ0eXVpb3A6m7f2FAAAAA==\")",
        "1234567890qwertyuiop",
    )]),
    encoding(
        "tohex",
        &[once("value", Any), optional("min_length", Only(Long))],
        String,
        "A whole number in hexadecimal digits, at least so many; numbers below zero as their bits.",
        numbers::tohex,
    )
    .examples(&[("print tohex(256)", "100"), ("print tohex(-256)", "ffffffffffffff00"), ("print tohex(256, 8)", "00000100")]),
    encoding(
        "format_bytes",
        &[once("size", Number), optional("precision", Only(Long)), optional("units", Only(String))],
        String,
        "A number of bytes in units of 1024 bytes, of 1024 of these, and so on, or in the given ones.",
        numbers::format_bytes,
    )
    .examples(&[
        ("print format_bytes(564)", "564 Bytes"),
        ("print format_bytes(10332, 1)", "10.1 KB"),
        ("print format_bytes(20010332, 0, \"KB\")", "19541 KB"),
    ]),
];

#[cfg(test)]
mod tests;
