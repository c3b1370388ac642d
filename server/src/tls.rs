//! The server's certificate: signed by a certificate authority of its own, made at first start.
//!
//! `tls/ca.pem` is what clients trust. The authority's key signs one server certificate, made anew when
//! the configured names change or when it has less than 30 days left; the authority lasts ten years.

use std::{fs, net::IpAddr, path::Path, sync::Arc, time::Duration};

use anyhow::Context;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use rustls::{ServerConfig, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use serde::{Deserialize, Serialize};

use crate::data_folder::write_durably;

const DAY: Duration = Duration::from_secs(86_400);

/// What the present certificate was made for; kept beside it.
#[derive(PartialEq, Serialize, Deserialize)]
struct Made {
    names: Vec<String>,
    not_after: u64,
}

/// The TLS configuration of all listeners, made from the files in `folder`, which are made if needed.
/// `now` is in seconds since 1970.
pub fn server_config(folder: &Path, names: &[String], now: u64) -> anyhow::Result<Arc<ServerConfig>> {
    ensure(folder, names, now)?;
    usable(folder)
}

/// The TLS configuration of the files that are there.
fn usable(folder: &Path) -> anyhow::Result<Arc<ServerConfig>> {
    let read = |name: &str| {
        fs::read(folder.join(name)).with_context(|| format!("can't read `tls/{name}` in the data folder"))
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&read("server.pem")?)
        .collect::<Result<_, _>>()
        .context("`tls/server.pem` is damaged; delete it and start again")?;
    let key = PrivateKeyDer::from_pem_slice(&read("server.key")?)
        .context("`tls/server.key` is damaged; delete it and start again")?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .context("the cryptography knows TLS 1.2 and 1.3")?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("certificate and key do not belong together; delete both and start again")?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Makes what is missing or due.
pub fn ensure(folder: &Path, names: &[String], now: u64) -> anyhow::Result<()> {
    let (ca_file, ca_key_file) = (folder.join("ca.pem"), folder.join("ca.key"));
    if !ca_file.exists() || !ca_key_file.exists() {
        let key = KeyPair::generate().context("can't make a key")?;
        let certificate = authority(now)?.self_signed(&key).context("can't sign the authority")?;
        write_durably(&ca_key_file, key.serialize_pem().as_bytes(), 0o600)?;
        write_durably(&ca_file, certificate.pem().as_bytes(), 0o644)?;
    } else if is_current(folder, names, now) {
        return Ok(());
    }
    let ca_key = KeyPair::from_pem(&fs::read_to_string(&ca_key_file).context("can't read `tls/ca.key`")?)
        .context("`tls/ca.key` is damaged")?;
    let ca_pem = fs::read_to_string(&ca_file).context("can't read `tls/ca.pem`")?;
    let issuer = Issuer::from_ca_cert_pem(&ca_pem, ca_key).context("`tls/ca.pem` is damaged")?;
    let not_after = now + (397 * DAY).as_secs();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Phalanx");
    params.subject_alt_names = names.iter().map(|name| alternative(name)).collect::<Result<_, _>>()?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    validity(&mut params, now, not_after)?;
    let key = KeyPair::generate().context("can't make a key")?;
    let certificate = params.signed_by(&key, &issuer).context("can't sign the certificate")?;
    write_durably(&folder.join("server.key"), key.serialize_pem().as_bytes(), 0o600)?;
    write_durably(&folder.join("server.pem"), (certificate.pem() + &ca_pem).as_bytes(), 0o644)?;
    let made = serde_json::to_vec(&Made { names: names.to_vec(), not_after })?;
    write_durably(&folder.join("server.json"), &made, 0o644)
}

/// Seconds since 1970 at which the server's certificate ends; `None` if there is none yet.
///
/// # Errors
/// Certificate or key can't be used.
pub fn check(folder: &Path) -> anyhow::Result<Option<u64>> {
    let made = match fs::read(folder.join("server.json")) {
        Ok(made) => serde_json::from_slice::<Made>(&made).context("`tls/server.json` is damaged")?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).context("can't read `tls/server.json`"),
    };
    usable(folder)?;
    let authority = fs::read(folder.join("ca.pem")).context("can't read `tls/ca.pem`")?;
    CertificateDer::from_pem_slice(&authority).context("`tls/ca.pem` is damaged")?;
    Ok(Some(made.not_after))
}

fn is_current(folder: &Path, names: &[String], now: u64) -> bool {
    let made =
        fs::read(folder.join("server.json")).ok().and_then(|b| serde_json::from_slice::<Made>(&b).ok());
    made.is_some_and(|made| made.names == names && made.not_after > now + (30 * DAY).as_secs())
        && folder.join("server.pem").exists()
        && folder.join("server.key").exists()
}

fn authority(now: u64) -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Phalanx certificate authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    validity(&mut params, now, now + (3_650 * DAY).as_secs())?;
    Ok(params)
}

fn alternative(name: &str) -> anyhow::Result<SanType> {
    Ok(match name.parse::<IpAddr>() {
        Ok(address) => SanType::IpAddress(address),
        Err(_) => SanType::DnsName(
            name.try_into().with_context(|| format!("`{name}` in `server.names` is no DNS name"))?,
        ),
    })
}

/// From a day ago, for clocks that are a little behind.
fn validity(params: &mut CertificateParams, now: u64, not_after: u64) -> anyhow::Result<()> {
    let date = |seconds: u64| -> anyhow::Result<_> {
        let time = chrono::DateTime::from_timestamp(i64::try_from(seconds)?, 0).context("a date")?;
        use chrono::Datelike;
        Ok(rcgen::date_time_ymd(time.year(), time.month() as u8, time.day() as u8))
    };
    params.not_before = date(now.saturating_sub(DAY.as_secs()))?;
    params.not_after = date(not_after)?;
    Ok(())
}
