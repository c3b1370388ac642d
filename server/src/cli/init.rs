//! `phalanx init`.

use std::process::ExitCode;

use clap::Args;

use super::{Place, show};
use crate::platform::{FirstStart, Platform};

/// Make a data folder and print its administrator's credentials, once.
///
/// The secret is shown here and nowhere else; only a hash of it is kept. `phalanx serve` makes a data
/// folder by itself where there is none.
#[derive(Args)]
pub struct Init {
    /// Print one JSON object: tenant_id, client_id, client_secret, ca_file, data
    #[arg(long)]
    json: bool,
}

impl Init {
    pub async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let first = Platform::first_start(&place.path(), &place.config(&[])?).await?;
        if self.json {
            show::print(&format!("{}\n", first.json()));
        } else {
            show::print(&credentials(&first));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The credentials for people, with what they are for.
pub fn credentials(first: &FirstStart) -> String {
    format!(
        "made a new data folder in {}\n\n  tenant         {}\n  client id      {}\n  client secret  {}\n  \
         trust          {}\n\nThe secret is shown only now. It makes tokens of an administrator:\n  \
         POST /{}/oauth2/v2.0/token with grant_type=client_credentials\n\n",
        first.data.display(),
        first.tenant,
        first.client_id,
        first.client_secret.expose(),
        first.ca_file.display(),
        first.tenant,
    )
}
