//! The signs by which browsers, systems and devices are told.

/// The numbers of a version, the most significant first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Version(pub Vec<String>);

/// What stands before a browser's version, and its name. Browsers name those that they want to be taken for, so
/// that the special ones come first.
const BROWSERS: &[(&str, &str)] = &[
    ("AdobeAIR/", "AdobeAIR"),
    ("bingbot/", "bingbot"),
    ("Googlebot/", "Googlebot"),
    ("YandexBot/", "YandexBot"),
    ("EdgA/", "Edge Mobile"),
    ("EdgiOS/", "Edge Mobile"),
    ("Edge/", "Edge"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Opera/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("YaBrowser/", "Yandex Browser"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("UCBrowser/", "UC Browser"),
    ("CriOS/", "Chrome Mobile iOS"),
    ("FxiOS/", "Firefox iOS"),
    ("HeadlessChrome/", "HeadlessChrome"),
    ("Electron/", "Electron"),
    ("Chromium/", "Chromium"),
    ("Thunderbird/", "Thunderbird"),
    ("Firefox/", "Firefox"),
    ("MSIE ", "IE"),
    ("Outlook/", "Outlook"),
    ("Microsoft Office/", "Microsoft Office"),
    ("Teams/", "Teams"),
    ("PowerShell/", "PowerShell"),
    ("python-requests/", "Python Requests"),
    ("aiohttp/", "Python aiohttp"),
    ("Python-urllib/", "Python-urllib"),
    ("curl/", "curl"),
    ("Wget/", "Wget"),
    ("Go-http-client/", "Go-http-client"),
    ("okhttp/", "okhttp"),
    ("PostmanRuntime/", "PostmanRuntime"),
    ("Java/", "Java"),
];

pub(super) fn browser(agent: &str) -> (String, Version) {
    for (sign, family) in BROWSERS {
        if let Some(version) = version_behind(agent, sign) {
            return ((*family).to_owned(), version);
        }
    }
    if agent.contains("Trident/") {
        return ("IE".to_owned(), version_behind(agent, "rv:").unwrap_or_default());
    }
    if let Some(version) = version_behind(agent, "Chrome/") {
        let family = if agent.contains("; wv)") {
            "Chrome Mobile WebView"
        } else if agent.contains("Mobile") {
            "Chrome Mobile"
        } else {
            "Chrome"
        };
        return (family.to_owned(), version);
    }
    if agent.contains("Safari/") {
        if agent.contains("Android") {
            return ("Android".to_owned(), version_behind(agent, "Android ").unwrap_or_default());
        }
        let family = if agent.contains("Mobile/") { "Mobile Safari" } else { "Safari" };
        return (family.to_owned(), version_behind(agent, "Version/").unwrap_or_default());
    }
    ("Other".to_owned(), Version::default())
}

/// Versions of Windows by the number of their kernel.
const WINDOWS: &[(&str, &str)] = &[
    ("Windows NT 10.0", "10"),
    ("Windows NT 6.3", "8.1"),
    ("Windows NT 6.2", "8"),
    ("Windows NT 6.1", "7"),
    ("Windows NT 6.0", "Vista"),
    ("Windows NT 5.2", "XP"),
    ("Windows NT 5.1", "XP"),
    ("Windows NT 5.0", "2000"),
];

/// What stands before a system's version, and its name.
const SYSTEMS: &[(&str, &str)] = &[
    ("Windows Phone ", "Windows Phone"),
    ("CPU iPhone OS ", "iOS"),
    ("CPU OS ", "iOS"),
    ("iPhone OS ", "iOS"),
    ("Intel Mac OS X ", "Mac OS X"),
    ("Mac OS X ", "Mac OS X"),
    ("Android ", "Android"),
    ("CrOS x86_64 ", "Chrome OS"),
    ("SymbianOS/", "Symbian OS"),
    ("Tizen ", "Tizen"),
];

/// Systems that say no version.
const NAMES: &[(&str, &str)] = &[
    ("Android", "Android"),
    ("Ubuntu", "Ubuntu"),
    ("Fedora", "Fedora"),
    ("FreeBSD", "FreeBSD"),
    ("Linux", "Linux"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac OS X"),
];

pub(super) fn system(agent: &str) -> (String, Version) {
    if let Some((_, version)) = WINDOWS.iter().find(|(sign, _)| agent.contains(sign)) {
        return ("Windows".to_owned(), Version(version.split('.').map(str::to_owned).collect()));
    }
    for (sign, family) in SYSTEMS {
        if let Some(version) = version_behind(agent, sign) {
            return ((*family).to_owned(), version);
        }
    }
    let named = NAMES.iter().find(|(sign, _)| agent.contains(sign));
    (named.map_or("Other", |(_, family)| family).to_owned(), Version::default())
}

/// The family, brand and model.
pub(super) fn device(agent: &str) -> (String, String, String) {
    let known =
        |family: &str, brand: &str, model: &str| (family.to_owned(), brand.to_owned(), model.to_owned());
    for apple in ["iPad", "iPhone", "iPod"] {
        if agent.contains(apple) {
            return known(apple, "Apple", apple);
        }
    }
    if ["bot/", "Bot/", "spider", "crawler"].iter().any(|sign| agent.contains(sign)) {
        return known("Spider", "Spider", "Desktop");
    }
    if agent.contains("Macintosh") {
        return known("Mac", "Apple", "Mac");
    }
    let model = agent.split_once("Android ").and_then(|(_, rest)| rest.split_once("; "));
    let model = model
        .and_then(|(_, rest)| rest.split([';', ')']).next())
        .map(|model| model.split(" Build").next().unwrap_or(model).trim());
    match model.filter(|model| !model.is_empty()) {
        Some(model) if model.starts_with("SM-") => {
            (format!("Samsung {model}"), "Samsung".to_owned(), model.to_owned())
        }
        Some(model) if model.starts_with("Pixel") || model.starts_with("Nexus") => {
            known(model, "Google", model)
        }
        Some("K") => known("Generic Smartphone", "Generic", "Smartphone"),
        Some(model) => known(model, "Generic_Android", model),
        None => known("Other", "", ""),
    }
}

/// The version that stands right behind a sign.
fn version_behind(agent: &str, sign: &str) -> Option<Version> {
    let rest = &agent[agent.find(sign)? + sign.len()..];
    let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.' && letter != '_');
    let numbers = rest[..end.unwrap_or(rest.len())].split(['.', '_']).filter(|number| !number.is_empty());
    let numbers: Vec<String> = numbers.take(4).map(str::to_owned).collect();
    (!numbers.is_empty()).then_some(Version(numbers))
}
