//! An identity provider with the shapes of Amazon Cognito, which shares no code with the service.
//! Its keys are for tests alone.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaEncoding, RsaKeyPair};
use serde_json::{Value, json};

/// The id of the service.
pub const CLIENT: &str = "the-service";
/// The id of the issuer's key.
const KEY: &str = "key-1";

/// A running identity provider.
pub struct Issuer {
    pub url: String,
    inner: Arc<Inner>,
}

struct Inner {
    url: String,
    key: RsaKeyPair,
    other: RsaKeyPair,
    /// Logins: the code, its challenge and its nonce.
    logins: Mutex<BTreeMap<String, (String, String)>>,
    keys_read: AtomicU32,
}

/// Which key signs a token, and how.
#[derive(Debug, Clone, Copy)]
pub enum Signed {
    /// The issuer's.
    Right,
    /// Another one, under the issuer's name.
    Other,
    /// The issuer's, with this algorithm.
    With(&'static dyn RsaEncoding),
    /// None.
    No,
    /// A message authentication code, with the public key as its secret.
    Shared,
}

impl Issuer {
    pub fn start() -> Issuer {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/pool", listener.local_addr().expect("an address"));
        let key = |bytes: &[u8]| RsaKeyPair::from_pkcs8(bytes).expect("a key");
        let inner = Arc::new(Inner {
            url: url.clone(),
            key: key(include_bytes!("keys/one.pk8")),
            other: key(include_bytes!("keys/other.pk8")),
            logins: Mutex::default(),
            keys_read: AtomicU32::new(0),
        });
        let served = Arc::clone(&inner);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let inner = Arc::clone(&served);
                std::thread::spawn(move || inner.answer(stream));
            }
        });
        Issuer { url, inner }
    }

    /// How often the keys were read.
    pub fn keys_read(&self) -> u32 {
        self.inner.keys_read.load(Ordering::Relaxed)
    }

    /// The claims of an access token that is valid now.
    pub fn claims(&self, name: &str) -> Value {
        let now = now();
        json!({ "iss": self.url, "sub": format!("sub-of-{name}"), "username": name,
            "token_use": "access", "client_id": CLIENT, "iat": now, "exp": now + 3600 })
    }

    /// An access token that is valid now.
    pub fn token(&self, name: &str) -> String {
        self.sign(&json!({ "alg": "RS256", "kid": KEY }), &self.claims(name), Signed::Right)
    }

    /// A token with this header and these claims.
    pub fn sign(&self, header: &Value, claims: &Value, signed: Signed) -> String {
        self.inner.sign(header, claims, signed)
    }

    /// The issuer logs someone in: the code for the browser.
    pub fn logs_in(&self, challenge: &str, nonce: &str) -> String {
        let mut logins = self.inner.logins.lock().expect("no panic");
        let code = format!("code-{}", logins.len());
        logins.insert(code.clone(), (challenge.to_owned(), nonce.to_owned()));
        code
    }
}

/// Seconds since 1970 UTC.
pub fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(since.expect("after 1970").as_secs()).expect("a number")
}

/// The header of a token that the issuer signs.
pub fn header() -> Value {
    json!({ "alg": "RS256", "kid": KEY })
}

impl Inner {
    fn sign(&self, header: &Value, claims: &Value, signed: Signed) -> String {
        let text = format!("{}.{}", url64(header.to_string()), url64(claims.to_string()));
        let rsa = |key: &RsaKeyPair, how: &'static dyn RsaEncoding| {
            let mut signature = vec![0; key.public().modulus_len()];
            key.sign(how, &SystemRandom::new(), text.as_bytes(), &mut signature).expect("signed");
            signature
        };
        let signature = match signed {
            Signed::Right => rsa(&self.key, &RSA_PKCS1_SHA256),
            Signed::Other => rsa(&self.other, &RSA_PKCS1_SHA256),
            Signed::With(how) => rsa(&self.key, how),
            Signed::No => Vec::new(),
            Signed::Shared => {
                let secret = self.key.public().as_ref();
                let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
                ring::hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
            }
        };
        format!("{text}.{}", url64(signature))
    }

    fn answer(&self, mut stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let (mut line, mut length) = (String::new(), 0);
        reader.read_line(&mut line).ok()?;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok()?;
            if header.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = header.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().ok()?;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let path = line.split(' ').nth(1)?.to_owned();
        let reply = self.reply(&path, &String::from_utf8_lossy(&body));
        let (status, body) = match reply {
            Some(body) => ("200 OK", body.to_string()),
            None => ("400 Bad Request", "{}".to_owned()),
        };
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n", body.len());
        stream.write_all(format!("{head}connection: close\r\n\r\n{body}").as_bytes()).ok()
    }

    fn reply(&self, path: &str, body: &str) -> Option<Value> {
        let url = &self.url;
        match path.strip_prefix("/pool")? {
            "/.well-known/openid-configuration" => Some(json!({ "issuer": url,
                "jwks_uri": format!("{url}/keys"), "token_endpoint": format!("{url}/token"),
                "authorization_endpoint": format!("{url}/authorize") })),
            "/keys" => {
                self.keys_read.fetch_add(1, Ordering::Relaxed);
                let public: ring::rsa::PublicKeyComponents<Vec<u8>> = self.key.public().into();
                Some(json!({ "keys": [{ "kty": "RSA", "kid": KEY, "use": "sig", "alg": "RS256",
                    "n": url64(public.n), "e": url64(public.e) }] }))
            }
            "/token" => {
                let field = |name: &str| {
                    let found = body.split('&').find_map(|pair| pair.strip_prefix(name));
                    found.and_then(|value| value.strip_prefix('=')).unwrap_or_default()
                };
                let taken = self.logins.lock().expect("no panic").remove(field("code"));
                let (challenge, nonce) = taken?;
                let hash =
                    ring::digest::digest(&ring::digest::SHA256, field("code_verifier").as_bytes());
                if url64(hash) != challenge || field("client_id") != CLIENT {
                    return None;
                }
                let header = header();
                let (sub, now) = ("sub-of-ada", now());
                let id = json!({ "iss": url, "sub": sub, "aud": CLIENT, "token_use": "id",
                    "nonce": nonce, "iat": now, "exp": now + 3600 });
                let access = json!({ "iss": url, "sub": sub, "username": "ada", "iat": now,
                    "token_use": "access", "client_id": CLIENT, "exp": now + 3600,
                    "cognito:groups": ["finance"] });
                Some(json!({ "id_token": self.sign(&header, &id, Signed::Right),
                    "access_token": self.sign(&header, &access, Signed::Right),
                    "token_type": "Bearer" }))
            }
            _ => None,
        }
    }
}

/// Base64 for addresses, without padding.
pub fn url64(bytes: impl AsRef<[u8]>) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for three in bytes.as_ref().chunks(3) {
        let bits = three.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - three.len()));
        for digit in 0..=three.len() {
            let at = bits >> (18 - 6 * digit) & 63;
            text.push(char::from(DIGITS[at as usize]));
        }
    }
    text
}
