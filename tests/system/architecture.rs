//! The arrows of the house, held against what cargo says: core knows no service, no service knows
//! another, nobody below knows the server.

use std::{collections::BTreeMap, process::Command};

use serde_json::Value;

/// What a crate of core may stand on, within the house.
const CORE: [(&str, &[&str]); 7] = [
    ("phalanx-signal", &[]),
    ("phalanx-state", &[]),
    ("phalanx-web", &[]),
    ("phalanx-journal", &["phalanx-signal"]),
    ("phalanx-kql", &["phalanx-signal"]),
    ("phalanx-lake", &["phalanx-signal", "phalanx-journal"]),
    ("phalanx-hub", &["phalanx-signal", "phalanx-journal", "phalanx-state"]),
];

#[test]
fn arrows_point_down_only() {
    let packages = packages();
    let core: BTreeMap<&str, &[&str]> = CORE.into();
    for (name, package) in &packages {
        let inside = package.folder.strip_prefix("core/").is_some();
        assert_eq!(inside, core.contains_key(name.as_str()), "{name} is in {}", package.folder);
        for dependency in &package.dependencies {
            let allowed = match core.get(name.as_str()) {
                Some(below) => below.contains(&dependency.as_str()),
                None if package.folder.starts_with("services/") => core.contains_key(dependency.as_str()),
                None => true,
            };
            assert!(allowed, "{name} must not know {dependency}");
        }
    }
}

#[test]
fn a_package_is_named_after_its_folder() {
    for (name, package) in packages() {
        let folder = package.folder.rsplit('/').next().unwrap_or_default();
        assert_eq!(name, format!("phalanx-{folder}"));
    }
}

#[test]
fn only_who_asks_and_answers_knows_the_query_engine() {
    let engines = ["datafusion", "deltalake", "parquet", "object_store"];
    for (name, package) in packages() {
        if ["phalanx-kql", "phalanx-lake", "phalanx-server"].contains(&name.as_str()) {
            continue;
        }
        let found: Vec<_> =
            package.all_dependencies.iter().filter(|d| engines.contains(&d.as_str())).collect();
        assert!(found.is_empty(), "{name} must not know {found:?}");
    }
}

#[test]
fn every_folder_is_explained() {
    let root = root();
    let text = std::fs::read_to_string(root.join("ARCHITECTURE.md")).expect("ARCHITECTURE.md is there");
    for (_, package) in packages() {
        assert!(
            text.contains(&format!("`{}`", package.folder)),
            "ARCHITECTURE.md says nothing of {}",
            package.folder
        );
        if package.folder.starts_with("services/") {
            assert!(
                root.join(&package.folder).join("README.md").is_file(),
                "{} has no README",
                package.folder
            );
        }
    }
}

/// A checklist or a decision that points at what is no longer there misleads its reader.
#[test]
fn documents_point_at_files_that_exist() {
    let root = root();
    let mut documents =
        vec![root.join("ARCHITECTURE.md"), root.join("README.md"), root.join("bench/README.md")];
    for folder in ["docs/howto", "docs/decisions"] {
        let entries = std::fs::read_dir(root.join(folder)).expect("the folder is there");
        documents.extend(entries.map(|entry| entry.expect("an entry").path()));
    }
    documents.extend(packages().values().map(|package| root.join(&package.folder).join("README.md")));
    let mut looked_at = 0;
    for document in documents.iter().filter(|document| document.is_file()) {
        let text = std::fs::read_to_string(document).expect("a document is text");
        for path in text.split('`').skip(1).step_by(2).filter(|quoted| is_path(quoted)) {
            let place = root.join(path.split(':').next().unwrap_or_default());
            assert!(place.exists(), "{} points at `{path}`", document.display());
            looked_at += 1;
        }
    }
    assert!(looked_at > 50, "only {looked_at} paths were found");
}

/// Whether a quoted text names a file or folder of the house, and no pattern of some.
fn is_path(quoted: &str) -> bool {
    const TOP: [&str; 8] =
        ["core/", "services/", "server/", "docs/", "tests/", "bench/", "scripts/", "content/"];
    let is_pattern = quoted.chars().any(|c| c.is_whitespace() || "*<>{}…".contains(c))
        || quoted
            .split(['/', '.', '-'])
            .any(|part| part.len() > 1 && part.chars().all(|c| c.is_ascii_uppercase()));
    TOP.iter().any(|top| quoted.starts_with(top)) && !is_pattern
}

struct Package {
    folder: String,
    /// Those of the house.
    dependencies: Vec<String>,
    all_dependencies: Vec<String>,
}

fn root() -> std::path::PathBuf {
    let server = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    server.parent().expect("the server's folder is in the root").to_owned()
}

/// The packages of the workspace and what they are built from; tests may use more.
fn packages() -> BTreeMap<String, Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let root = text(&metadata["workspace_root"]);
    let packages = metadata["packages"].as_array().expect("packages");
    packages
        .iter()
        .map(|package| {
            let manifest = text(&package["manifest_path"]);
            let folder = manifest
                .strip_prefix(&format!("{root}/"))
                .and_then(|path| path.strip_suffix("/Cargo.toml"))
                .expect("a package is in the workspace")
                .to_owned();
            let all: Vec<String> = package["dependencies"]
                .as_array()
                .expect("dependencies")
                .iter()
                .filter(|dependency| dependency["kind"].is_null())
                .map(|dependency| text(&dependency["name"]))
                .collect();
            let own = all.iter().filter(|name| name.starts_with("phalanx-")).cloned().collect();
            (text(&package["name"]), Package { folder, dependencies: own, all_dependencies: all })
        })
        .collect()
}
