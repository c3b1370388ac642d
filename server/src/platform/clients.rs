//! Applications that may ask for tokens, kept as documents.

use std::sync::Arc;

use anyhow::Context;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use phalanx_state::{Author, Key, Precondition, State, TenantId};
use phalanx_web::{
    Role, RoleSet, SecretString,
    oauth::{Client, ClientDirectory, ClientSecret, DirectoryError, SecretHash},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const COLLECTION: &str = "clients";

/// The clients in the store of documents.
pub struct StoredClients(pub Arc<dyn State>);

/// A client as stored; its id is the document's.
#[derive(Serialize, Deserialize)]
struct ClientDocument {
    object_id: String,
    display_name: String,
    enabled: bool,
    secrets: Vec<SecretDocument>,
    roles: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct SecretDocument {
    hash: SecretHash,
    expires: Option<DateTime<Utc>>,
}

#[async_trait]
impl ClientDirectory for StoredClients {
    async fn find(&self, tenant: Uuid, client_id: &str) -> Result<Option<Client>, DirectoryError> {
        // Ids are stored in lower case; what can't be a key can't be a client.
        let id = client_id.to_ascii_lowercase();
        let Ok(key) = Key::new(TenantId::new(tenant), COLLECTION, id.as_str()) else { return Ok(None) };
        let found = self.0.get(&key).await.map_err(|error| DirectoryError(Box::new(error)))?;
        let Some(document) = found else { return Ok(None) };
        let stored: ClientDocument =
            serde_json::from_value(document.body).map_err(|error| DirectoryError(Box::new(error)))?;
        Ok(Some(Client {
            client_id: id,
            object_id: stored.object_id,
            display_name: stored.display_name,
            is_enabled: stored.enabled,
            secrets: stored
                .secrets
                .into_iter()
                .map(|secret| ClientSecret { hash: secret.hash, expires: secret.expires })
                .collect(),
            roles: RoleSet::from_names(stored.roles.iter().map(String::as_str)),
        }))
    }
}

/// Makes a client with a random secret, which is returned here and kept nowhere.
pub async fn create(
    state: &dyn State,
    tenant: Uuid,
    display_name: &str,
    roles: &[Role],
) -> anyhow::Result<(Uuid, SecretString)> {
    let (secret, hash) = SecretHash::generate().context("can't make a secret")?;
    let client_id = Uuid::new_v4();
    let document = ClientDocument {
        object_id: Uuid::new_v4().to_string(),
        display_name: display_name.to_owned(),
        enabled: true,
        secrets: vec![SecretDocument { hash, expires: None }],
        roles: roles.iter().map(|role| role.as_str().to_owned()).collect(),
    };
    let key = Key::new(TenantId::new(tenant), COLLECTION, client_id.to_string())?;
    let author = Author::new("service:platform")?.because("first start")?;
    state.put(&key, serde_json::to_value(&document)?, Precondition::Absent, &author).await?;
    Ok((client_id, secret))
}
