//! The parts of a URL.

use phalanx_signal::ColumnType::{Dynamic, String as Text};

use crate::{
    dynamic::{BagWriter, Json},
    functions::{
        Accepts::Only,
        Call, Family, Function, Returns,
        define::{Answer, once},
    },
};

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "parse_url",
        Family::Text,
        &[once("url", Only(Text))],
        Returns::Only(Dynamic),
        "A bag of a URL's parts: Scheme, Host, Port, Path, Username, Password, Query Parameters, Fragment; none is \
         decoded.",
        parse_url,
    )
    .alias(&["parseurl"])
    .examples(&[
        (r#"print tostring(parse_url("https://a.example:8443/x?q=1#top").Host)"#, "a.example"),
        (r#"print tostring(parse_url("https://a.example/x?q=1")["Query Parameters"].q)"#, "1"),
    ]),
    Function::kernel(
        "parse_urlquery",
        Family::Text,
        &[once("query", Only(Text))],
        Returns::Only(Dynamic),
        "A bag with the Query Parameters of a URL's query part; none is decoded.",
        parse_urlquery,
    )
    .alias(&["parseurlquery"])
    .examples(&[(r#"print tostring(parse_urlquery("a=1&b=2")["Query Parameters"].b)"#, "2")]),
];

fn parse_url(call: &Call<'_>) -> Answer {
    let texts = call.texts(0)?;
    call.dynamics(|row| Some(parts(texts.text(row))))
}

fn parse_urlquery(call: &Call<'_>) -> Answer {
    let texts = call.texts(0)?;
    call.dynamics(|row| {
        let text = texts.text(row);
        let query = text.split_once('?').map_or(text, |(_, query)| query);
        let mut bag = BagWriter::default();
        bag.push("Query Parameters", Json::new(&parameters(query.split('#').next().unwrap_or_default())));
        Some(bag.finish())
    })
}

fn parts(url: &str) -> String {
    let (url, fragment) = url.split_once('#').unwrap_or((url, ""));
    let (url, query) = url.split_once('?').unwrap_or((url, ""));
    let is_scheme = |text: &str| {
        text.starts_with(|letter: char| letter.is_ascii_alphabetic())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    };
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => (scheme, Some(rest)),
        _ => ("", None),
    };
    let (authority, path) = match rest {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("", url),
    };
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) if is_port(port) => (host, port),
        _ => (host, ""),
    };
    let mut bag = BagWriter::default();
    bag.push_text("Scheme", scheme);
    bag.push_text("Host", host);
    bag.push_text("Port", port);
    bag.push_text("Path", path);
    bag.push_text("Username", user);
    bag.push_text("Password", password);
    bag.push("Query Parameters", Json::new(&parameters(query)));
    bag.push_text("Fragment", fragment);
    bag.finish()
}

/// A bag of the parameters; of a name that comes again, the last value counts.
fn parameters(query: &str) -> String {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let mut names = std::collections::HashMap::new();
    let mut values: Vec<(&str, &str)> = Vec::new();
    for (name, value) in pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))) {
        let at = *names.entry(name).or_insert(values.len());
        if at == values.len() {
            values.push((name, value));
        }
        values[at].1 = value;
    }
    let mut bag = BagWriter::default();
    values.iter().for_each(|(name, value)| bag.push_text(name, value));
    bag.finish()
}
