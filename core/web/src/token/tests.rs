use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use serde_json::{Value, json};
use uuid::Uuid;

use super::fixture::{AUDIENCE, TENANT, World, audiences, stored_key};
use super::*;
use crate::principal::PrincipalKind;
use crate::role::Role;

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// Takes a token apart and signs it anew after a change, as an attacker with our key could.
fn resigned(token: &str, change: impl FnOnce(&mut Value, &mut Value)) -> String {
    let mut parts = token.split('.');
    let mut part = || -> Value {
        let bytes = URL_SAFE_NO_PAD.decode(parts.next().expect("a part")).expect("base64url");
        serde_json::from_slice(&bytes).expect("JSON")
    };
    let (mut header, mut claims) = (part(), part());
    change(&mut header, &mut claims);
    let signed = format!("{}.{}", encode(&header), encode(&claims));
    let key = SigningKey::from_stored(&stored_key()).expect("the key");
    let signature = key.sign(signed.as_bytes()).expect("a signature");
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn refusal(world: &World, token: &[u8]) -> TokenError {
    let first = world.verifier.verify(token, &audiences()).expect_err("the token is refused");
    let second = world.verifier.verify(token, &audiences()).expect_err("and refused again");
    assert_eq!(first, second);
    first
}

#[tokio::test]
async fn an_issued_token_says_who_and_what() {
    let world = World::new().await;
    let token = world.token(|_| {});
    for _ in 0..2 {
        let verified = world.verifier.verify(token.as_bytes(), &audiences()).expect("a good token");
        let claims = verified.claims();
        assert_eq!(claims.iss, format!("https://localhost:8443/{TENANT}/v2.0"));
        assert_eq!((claims.azp.as_deref(), claims.ver.as_str()), (Some("client"), "2.0"));
        assert_eq!(claims.exp - claims.iat, 3600);
        let principal = verified.principal();
        assert_eq!((principal.tenant, principal.subject.as_str()), (TENANT, "object"));
        assert_eq!(principal.kind, PrincipalKind::Application);
        assert!(principal.roles.allows(Role::Sender) && !principal.roles.allows(Role::Reader));
    }
    let other = world.token(|_| {});
    assert_ne!(token, other, "each token has an identifier of its own");
}

#[tokio::test]
async fn time_is_kept_within_five_minutes() {
    let world = World::new().await;
    let token = world.token(|_| {});
    let verify = || world.verifier.verify(token.as_bytes(), &audiences()).map(|_| ());
    assert_eq!(verify(), Ok(()));
    world.hands.advance(TimeDelta::seconds(3600 + 299));
    assert_eq!(verify(), Ok(()));
    world.hands.advance(TimeDelta::seconds(1));
    assert_eq!(verify(), Err(TokenError::Expired), "also when its signature is remembered");
    world.hands.advance(TimeDelta::seconds(-3600 - 600));
    assert_eq!(verify(), Ok(()));
    world.hands.advance(TimeDelta::seconds(-1));
    assert_eq!(verify(), Err(TokenError::NotYetValid));
}

#[tokio::test]
async fn tenant_issuer_and_audience_must_be_ours() {
    let world = World::new().await;
    let stranger = world.token(|grant| grant.tenant = Uuid::from_u128(9));
    assert_eq!(refusal(&world, stranger.as_bytes()), TokenError::Tenant);
    let elsewhere = world.token(|grant| grant.audience = "https://graph.microsoft.com".into());
    assert_eq!(refusal(&world, elsewhere.as_bytes()), TokenError::Audience);
    let token = world.token(|_| {});
    world.verifier.verify(token.as_bytes(), &audiences()).expect("good for its audience");
    let other = Audiences::new(["https://graph.microsoft.com"]);
    let refused = world.verifier.verify(token.as_bytes(), &other).map(|_| ());
    assert_eq!(
        refused,
        Err(TokenError::Audience),
        "a remembered signature is no admission to another audience"
    );
    let forged =
        resigned(&token, |_, claims| claims["iss"] = format!("https://evil.example/{TENANT}/v2.0").into());
    assert_eq!(refusal(&world, forged.as_bytes()), TokenError::Issuer);
    let slashed = world.token(|grant| grant.audience = format!("{AUDIENCE}/"));
    assert!(world.verifier.verify(slashed.as_bytes(), &audiences()).is_ok());
}

#[tokio::test]
async fn the_header_selects_nothing() {
    let world = World::new().await;
    let token = world.token(|_| {});
    let header = |change: Value| {
        resigned(&token, |header, _| {
            for (name, value) in change.as_object().expect("members") {
                header[name] = value.clone();
            }
        })
    };
    for alg in ["none", "None", "HS256", "RS512", "PS256", "ES256", "rs256", ""] {
        assert_eq!(refusal(&world, header(json!({"alg": alg})).as_bytes()), TokenError::Algorithm, "{alg}");
    }
    for kid in ["", "other", "../../key"] {
        assert_eq!(refusal(&world, header(json!({"kid": kid})).as_bytes()), TokenError::UnknownKey);
    }
    assert!(matches!(refusal(&world, header(json!({"crit": ["exp"]})).as_bytes()), TokenError::Malformed(_)));
    assert!(matches!(
        refusal(&world, header(json!({"typ": "secevent+jwt"})).as_bytes()),
        TokenError::Malformed(_)
    ));
    // A key in the token is not even looked at: ours still decides.
    let with_key = header(json!({"jwk": {"kty": "oct", "k": "AAAA"}, "jku": "https://evil.example"}));
    assert!(world.verifier.verify(with_key.as_bytes(), &audiences()).is_ok());
    let without_signature = format!("{}.", token.rsplit_once('.').expect("three parts").0);
    assert_eq!(refusal(&world, without_signature.as_bytes()), TokenError::Signature);
}

#[tokio::test]
async fn a_symmetric_signature_with_the_public_key_is_refused() {
    let world = World::new().await;
    let token = world.token(|_| {});
    let claims = token.split('.').nth(1).expect("claims");
    let jwks = world.ring.jwks();
    let header = encode(&json!({"typ": "JWT", "alg": "HS256", "kid": jwks["keys"][0]["kid"]}));
    let signed = format!("{header}.{claims}");
    let modulus = URL_SAFE_NO_PAD.decode(jwks["keys"][0]["n"].as_str().expect("n")).expect("base64url");
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &modulus);
    let mac = aws_lc_rs::hmac::sign(&key, signed.as_bytes());
    let forged = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac));
    assert_eq!(refusal(&world, forged.as_bytes()), TokenError::Algorithm);
}

#[tokio::test]
async fn validity_periods_must_make_sense() {
    let world = World::new().await;
    let token = world.token(|_| {});
    let iat = super::fixture::start().timestamp();
    for (exp, expected) in [
        (iat, TokenError::Lifetime),
        (iat - 1, TokenError::Lifetime),
        (iat + 29 * 3600, TokenError::Lifetime),
        (i64::MAX, TokenError::Lifetime),
        (i64::MIN, TokenError::Lifetime),
    ] {
        let forged = resigned(&token, |_, claims| claims["exp"] = exp.into());
        assert_eq!(refusal(&world, forged.as_bytes()), expected, "{exp}");
    }
    let later = resigned(&token, |_, claims| claims["nbf"] = (iat + 301).into());
    assert_eq!(refusal(&world, later.as_bytes()), TokenError::NotYetValid);
    let oldest = resigned(&token, |_, claims| {
        claims["iat"] = i64::MIN.into();
        claims["exp"] = i64::MAX.into();
    });
    assert_eq!(refusal(&world, oldest.as_bytes()), TokenError::Lifetime);
}

#[tokio::test]
async fn claims_must_be_whole_and_single() {
    let world = World::new().await;
    let token = world.token(|_| {});
    for name in ["aud", "iss", "exp", "nbf", "iat", "sub", "oid", "tid", "ver", "uti"] {
        let without = resigned(&token, |_, claims| {
            claims.as_object_mut().expect("members").remove(name);
        });
        assert!(matches!(refusal(&world, without.as_bytes()), TokenError::Malformed(_)), "{name}");
    }
    for (name, value) in [
        ("aud", json!([AUDIENCE])),
        ("exp", json!("soon")),
        ("tid", json!("x")),
        ("roles", json!("Administrator")),
    ] {
        let wrong = resigned(&token, |_, claims| claims[name] = value);
        assert!(matches!(refusal(&world, wrong.as_bytes()), TokenError::Malformed(_)), "{name}");
    }
}

/// Any change of any byte makes a token worthless, and no bytes whatsoever make the verifier fall over.
#[tokio::test]
async fn changed_and_random_bytes_are_refused() {
    let world = World::new().await;
    let token = world.token(|_| {}).into_bytes();
    for at in 0..token.len() {
        let mut changed = token.clone();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        assert!(world.verifier.verify(&changed, &audiences()).is_err(), "byte {at}");
        assert!(world.verifier.verify(&token[..at], &audiences()).is_err(), "cut at {at}");
    }
    let mut state = 1_u64;
    for _ in 0..2000 {
        let bytes: Vec<u8> = (0..state % 97)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                b".eyJhbGciOiJSUzI1NiJ9\0\xff"[(state >> 33) as usize % 23]
            })
            .collect();
        state = state.wrapping_add(7);
        assert!(world.verifier.verify(&bytes, &audiences()).is_err());
    }
    assert_eq!(refusal(&world, &vec![b'.'; 100_000]), TokenError::TooLong);
}

#[tokio::test]
async fn tokens_survive_rotation_until_their_key_is_gone() {
    let world = World::new().await;
    let old = world.token(|_| {});
    let verify = |token: &str| world.verifier.verify(token.as_bytes(), &audiences()).map(|_| ());
    let kids = || -> Vec<String> {
        let jwks = world.ring.jwks();
        let keys = jwks["keys"].as_array().expect("a list");
        keys.iter().map(|key| key["kid"].as_str().expect("an id").to_owned()).collect()
    };
    let first = kids();
    assert!(!world.ring.maintain().await.expect("nothing due"));

    world.hands.advance(TimeDelta::days(88));
    assert!(world.ring.maintain().await.expect("the next key is made"));
    assert!(!world.ring.maintain().await.expect("once"));
    assert_eq!(kids().len(), 2);
    assert_eq!(kids()[0], first[0], "the old key still signs");

    world.hands.advance(TimeDelta::days(2));
    let last_of_old_key = world.token(|_| {});
    assert_eq!(verify(&last_of_old_key), Ok(()));
    assert!(world.ring.maintain().await.expect("the next key takes over"));
    assert_ne!(kids()[0], first[0]);
    assert_eq!(kids().len(), 2, "the old key stays published");
    assert_eq!(verify(&last_of_old_key), Ok(()));
    assert_eq!(verify(&old), Err(TokenError::Expired));
    assert_eq!(verify(&world.token(|_| {})), Ok(()));

    world.hands.advance(TimeDelta::hours(30));
    assert!(world.ring.maintain().await.expect("the old key goes"));
    assert_eq!(kids().len(), 1);
    assert_eq!(verify(&last_of_old_key), Err(TokenError::UnknownKey));

    // What was stored is what was used.
    let reopened = KeyRing::open(world.store.clone(), RotationPolicy::default(), world.hands.clock()).await;
    assert_eq!(reopened.expect("a ring").jwks(), world.ring.jwks());
}

#[tokio::test]
async fn a_key_that_cannot_be_stored_is_not_used() {
    let world = World::new().await;
    let before = world.ring.jwks();
    *world.store.is_broken.lock() = true;
    world.hands.advance(TimeDelta::days(89));
    assert!(matches!(world.ring.maintain().await, Err(KeyError::Store(_))));
    assert_eq!(world.ring.jwks(), before);
    *world.store.is_broken.lock() = false;
    assert!(world.ring.maintain().await.expect("it works again"));
}

#[tokio::test]
async fn damaged_keys_are_named_and_not_replaced() {
    let mut wrong_id = stored_key();
    wrong_id.kid = "other".into();
    let mut cut = stored_key();
    cut.pkcs8 = crate::secret::SecretBytes::new(cut.pkcs8.expose()[..100].to_vec());
    for damaged in [wrong_id, cut] {
        let store = std::sync::Arc::new(super::fixture::MemoryStore::default());
        store.keys.lock().push(damaged.clone());
        let opened = KeyRing::open(store.clone(), RotationPolicy::default(), crate::Clock::system()).await;
        assert!(matches!(opened, Err(KeyError::Unusable { kid, .. }) if kid == damaged.kid));
        assert_eq!(store.keys.lock().len(), 1);
    }
}

#[tokio::test]
async fn the_cache_is_bounded_and_holds_only_good_tokens() {
    let cache = super::cache::TokenCache::new(8);
    let world = World::new().await;
    let verified = world.verifier.verify(world.token(|_| {}).as_bytes(), &audiences()).expect("a good token");
    let claims = std::sync::Arc::new(verified.claims().clone());
    for number in 0_u32..100 {
        cache.insert(super::cache::TokenCache::hash(&number.to_le_bytes()), 1, claims.clone());
    }
    assert!(cache.len() <= 8);
    let last = super::cache::TokenCache::hash(&99_u32.to_le_bytes());
    assert!(cache.find(&last, 1).is_some());
    assert!(cache.find(&last, 2).is_none(), "other keys, other truths");
    assert_eq!(cache.len(), 0);
}

#[tokio::test]
async fn the_file_store_keeps_keys_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("keys.json");
    let store = FileKeyStore::new(&path);
    assert!(store.load().await.expect("nothing yet").is_empty());

    std::fs::write(folder.path().join("keys.json.new"), "left by a crash").expect("a file");
    let mut retired = stored_key();
    retired.state = KeyState::Retired { until: super::fixture::start() };
    store.save(vec![stored_key()]).await.expect("saved");
    store.save(vec![stored_key(), retired]).await.expect("replaced");
    let mode = std::fs::metadata(&path).expect("the file").permissions().mode() & 0o7777;
    assert_eq!(mode, 0o600);
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 1, "nothing is left beside it");

    let loaded = store.load().await.expect("loaded");
    assert_eq!(loaded.len(), 2);
    for (loaded, state) in
        loaded.iter().zip([KeyState::Current, KeyState::Retired { until: super::fixture::start() }])
    {
        assert_eq!(loaded.kid, stored_key().kid);
        assert_eq!(loaded.pkcs8.expose(), stored_key().pkcs8.expose());
        assert_eq!(loaded.state, state);
    }

    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("permissions");
    assert!(matches!(store.load().await, Err(KeyStoreError::Exposed { mode: 0o640, .. })));
}

#[tokio::test]
async fn a_damaged_key_file_is_an_error_and_never_an_empty_one() {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    for content in ["", "{", "{\"version\":2,\"keys\":[]}", "{\"version\":1,\"keys\":[],\"x\":1}", "[]"] {
        let path = folder.path().join("keys.json");
        let _ = std::fs::remove_file(&path);
        let mut file =
            std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).expect("a file");
        file.write_all(content.as_bytes()).expect("written");
        let loaded = FileKeyStore::new(&path).load().await;
        assert!(matches!(loaded, Err(KeyStoreError::Damaged(_))), "{content}");
    }
}
