//! What a browser says of itself.

use phalanx_signal::ColumnType::{Dynamic, String as Text};

use super::agent_rules::{Version, browser, device, system};
use crate::{
    dynamic::{BagWriter, Json},
    functions::{
        Accepts::{Any, Only},
        Call, Family, Function, FunctionError, Returns,
        define::{Answer, once},
    },
};

pub static FUNCTIONS: &[Function] = &[Function::kernel(
    "parse_user_agent",
    Family::Text,
    &[once("user_agent", Only(Text)), once("look_for", Any)],
    Returns::Only(Dynamic),
    "A bag of what a user agent's text tells of the `browser`, the `os` or the `device`: one of these, or an array. \
     It knows the usual ones; of others the family is `Other`.",
    parse_user_agent,
)
.examples(&[(
    r#"print tostring(parse_user_agent("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "browser").Browser.Family)"#,
    "Firefox",
)])];

fn parse_user_agent(call: &Call<'_>) -> Answer {
    let (agents, wanted) = (call.texts(0)?, call.json_values(1)?);
    let targets = |row| -> Result<Vec<String>, FunctionError> {
        let wanted = wanted.json(row);
        let wanted = Json::new(&wanted);
        let texts =
            wanted.elements().into_iter().flatten().chain([wanted].into_iter().filter(|one| one.is_string()));
        let targets: Vec<String> =
            texts.filter_map(|text| Some(text.as_text()?.to_ascii_lowercase())).collect();
        match targets.iter().find(|target| !matches!(target.as_str(), "browser" | "os" | "device")) {
            Some(other) => {
                Err(FunctionError(format!("expected `browser`, `os` or `device`, found `{other}`")))
            }
            None => Ok(targets),
        }
    };
    let constant = call.is_constant(1).then(|| targets(0)).transpose()?;
    call.dynamics(|row| {
        let agent = agents.text(row);
        let of_row;
        let targets = match &constant {
            Some(targets) => targets,
            None => {
                of_row = targets(row).ok()?;
                &of_row
            }
        };
        let mut bag = BagWriter::default();
        let has = |name: &str| targets.iter().any(|target| target == name);
        if has("browser") {
            let (family, version) = browser(agent);
            let mut part = BagWriter::default();
            push_version(&mut part, &family, &version);
            bag.push("Browser", Json::new(&part.finish()));
        }
        if has("os") {
            let (family, version) = system(agent);
            let mut part = BagWriter::default();
            push_version(&mut part, &family, &version);
            part.push_text("PatchMinor", version.0.get(3).map_or("", String::as_str));
            bag.push("OperatingSystem", Json::new(&part.finish()));
        }
        if has("device") {
            let (family, brand, model) = device(agent);
            let mut part = BagWriter::default();
            part.push_text("Family", &family);
            part.push_text("Brand", &brand);
            part.push_text("Model", &model);
            bag.push("Device", Json::new(&part.finish()));
        }
        Some(bag.finish())
    })
}

fn push_version(bag: &mut BagWriter, family: &str, version: &Version) {
    bag.push_text("Family", family);
    for (at, name) in ["MajorVersion", "MinorVersion", "Patch"].into_iter().enumerate() {
        bag.push_text(name, version.0.get(at).map_or("", String::as_str));
    }
}
