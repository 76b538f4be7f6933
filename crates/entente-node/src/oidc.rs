//! The organization's own identity provider: asking who somebody is, and checking the answer.
//!
//! OpenID Connect, authorization code with PKCE. Two things go over the network from here: the provider's
//! description with its keys, which are kept for an hour, and the exchange of a code. Everything that
//! comes back is checked here and becomes an [`Identity`]; no token leaves this module, and nothing that
//! the provider says is written down or shown. What an identity may do here is decided by
//! [`crate::people`].
//!
//! The rules of the protocol are followed by `openidconnect`. Ours is what it leaves to its users: which
//! signatures are taken (never a shared secret), who else a token may be for (nobody), how old it may be, the
//! second factor, and when the person was last asked.

mod faults;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use entente_core::lang::Lang;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClientAuthMethod, CoreErrorResponseType, CoreGenderClaim,
    CoreJsonWebKey, CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
    CoreResponseType, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AuthType, AuthenticationContextClass, AuthenticationFlow, AuthorizationCode,
    ClaimsVerificationError, Client, ClientId, ClientSecret, CsrfToken, DiscoveryError,
    EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdToken, IdTokenClaims,
    IdTokenFields, IdTokenVerifier, IssuerUrl, LanguageTag, LogoutRequest, Nonce,
    PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadataWithLogout,
    RedirectUrl, RequestTokenError, Scope, SignatureVerificationError, StandardErrorResponse,
    StandardTokenResponse,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::config::OidcConfig;
use crate::fault::Both;
use crate::local::Role;
use crate::named;
use crate::node::Outcome;
use crate::people::{Returned, SESSION_IDLE_S, Sent};
use crate::setup::Home;
use crate::tls;

pub use faults::{not_accepted, not_finished};
use wire::{Silent, Wire};

/// How long what the provider says about itself is used without asking again, in seconds.
const KNOWN_S: i64 = 3_600;
/// How long it is used if the provider does not answer.
const KNOWN_AT_MOST_S: i64 = 86_400;
/// After an attempt that failed, nobody waits for another one for so many seconds.
const PAUSE_S: i64 = 5;
/// The longest that an attempt takes, with some room: a description and the keys.
const MAX_ASKING_S: i64 = 60;
/// Keys are asked for again because of an unknown one after so many seconds at the earliest.
const KEYS_PAUSE_S: i64 = 60;
/// Whoever signs out does not wait longer for somebody else who is asking.
const OUT_WAITS: Duration = Duration::from_secs(2);
/// How old a token may be, and how far in the future, in seconds: it comes straight from the provider.
const MAX_AGE_S: i64 = 600;
const SKEW_S: i64 = 60;
/// The longest code, and the longest name of a person at the provider (OpenID Connect Core, 2).
const MAX_CODE: usize = 4_096;
const MAX_SUBJECT: usize = 255;
/// The most groups of a person that are looked at.
const MAX_GROUPS: usize = 5_000;
/// The way of authentication that says that there were several (RFC 8176).
const MANY: &str = "mfa";

/// Who somebody is at the provider: checked.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The provider.
    pub issuer: String,
    /// The person there; says nothing and never changes.
    pub subject: String,
    /// What they are called to sign in there, as it was said; empty if it was not.
    pub name: String,
    /// What others read, as it was said; empty if it was not.
    pub display: String,
    /// The roles that their groups give.
    pub roles: Vec<Role>,
    /// When they last proved who they are, in seconds since 1970; 0 if that was not said.
    pub proved_at_s: i64,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(..)")
    }
}

/// The claims that `openidconnect` does not know by name.
#[derive(Clone, Deserialize, Serialize)]
struct More {
    #[serde(flatten)]
    all: BTreeMap<String, serde_json::Value>,
}

impl fmt::Debug for More {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("More(..)")
    }
}

impl AdditionalClaims for More {}

type Jwe = CoreJweContentEncryptionAlgorithm;
type Jws = CoreJwsSigningAlgorithm;
type Claims = IdTokenClaims<More, CoreGenderClaim>;
type Token = IdToken<More, CoreGenderClaim, Jwe, Jws>;
type Fields = IdTokenFields<More, EmptyExtraTokenFields, CoreGenderClaim, Jwe, Jws>;
type Said = StandardErrorResponse<CoreErrorResponseType>;
type Exchanged = Client<
    More,
    CoreAuthDisplay,
    CoreGenderClaim,
    Jwe,
    CoreJsonWebKey,
    CoreAuthPrompt,
    Said,
    StandardTokenResponse<Fields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Signatures that are taken: those that the provider alone can make.
fn algorithms() -> [Jws; 9] {
    use CoreJwsSigningAlgorithm as It;
    [
        It::RsaSsaPkcs1V15Sha256,
        It::RsaSsaPkcs1V15Sha384,
        It::RsaSsaPkcs1V15Sha512,
        It::RsaSsaPssSha256,
        It::RsaSsaPssSha384,
        It::RsaSsaPssSha512,
        It::EcdsaP256Sha256,
        It::EcdsaP384Sha384,
        It::EdDsa,
    ]
}

/// What the provider says about itself, and when it was asked.
#[derive(Default)]
struct Known {
    metadata: Option<Arc<ProviderMetadataWithLogout>>,
    at_s: i64,
    keys_at_s: i64,
    failed: Option<(i64, Failed)>,
}

/// Why the provider is of no use now: a word for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Failed(&'static str);

/// The identity provider of the settings.
pub struct Provider {
    config: OidcConfig,
    secret: Option<Zeroizing<String>>,
    wire: Wire,
    known: Mutex<Known>,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Provider")
    }
}

impl Provider {
    /// Reads what the settings name. Nothing is connected.
    ///
    /// Faults: `ENT-2800` if the secret, `ENT-2801` if a certificate cannot be used.
    pub fn open(config: &OidcConfig, home: &Home) -> Outcome<Self> {
        let secret = (!config.client_secret_file.as_os_str().is_empty())
            .then(|| named::first_line(&config.client_secret_file, home));
        let secret = secret.transpose().map_err(faults::no_secret)?;
        let roots = named::authorities(&config.ca_file, home).map_err(faults::no_certificates)?;
        let of = config.ca_file.display().to_string();
        let tls = tls::web_client_config(roots)
            .map_err(|_| faults::no_certificates(Both::new(&of, &of)))?;
        let (config, known) = (config.clone(), Mutex::default());
        Ok(Self { config, secret, wire: Wire(tls), known })
    }

    /// Whether an answer may be the provider's, by who it says that it comes from (RFC 9207).
    pub fn is_from(&self, issuer: Option<&str>) -> bool {
        issuer.is_none_or(|issuer| issuer == self.config.issuer)
    }

    /// What the button says behind *Sign in with*.
    pub fn name(&self) -> Both {
        Both::new(self.config.name_en.trim(), self.config.name_fr.trim())
    }

    /// Whether the provider answers now and as it should. In the way: a word for why not.
    pub async fn check(&self) -> Result<(), &'static str> {
        self.discovered().await.map(drop).map_err(|Failed(word)| word)
    }

    /// The address at the provider to which a browser is led. It comes back to `back`.
    pub async fn address(
        &self,
        sent: &Sent,
        back: &str,
        lang: Lang,
        now_s: i64,
    ) -> Outcome<String> {
        let known = self.known(now_s).await.map_err(|failed| self.silent(failed))?;
        let client = self.client(&known, back).map_err(|failed| self.silent(failed))?;
        let (state, nonce) = (sent.state.text(), sent.nonce.text());
        let verifier = PkceCodeVerifier::new(sent.verifier.text());
        let mut request = client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .add_scope(Scope::new("profile".to_owned()))
            .add_scopes(self.config.scopes.iter().cloned().map(Scope::new))
            .add_ui_locale(LanguageTag::new(lang.code().to_owned()));
        for class in &self.config.require_acr {
            request =
                request.add_auth_context_value(AuthenticationContextClass::new(class.clone()));
        }
        if sent.fresh {
            // Whoever sits there is asked again, whatever session there is.
            request = request.add_prompt(CoreAuthPrompt::Login).set_max_age(Duration::ZERO);
        } else {
            // A session there that nobody used is as little as one here: computers are shared.
            let idle = Duration::from_secs(SESSION_IDLE_S.unsigned_abs());
            request = request.set_max_age(idle);
        }
        let (url, _, _) = request.url();
        Ok(url.into())
    }

    /// The address at the provider at which the session there ends. The browser comes back to `back`, with the code of
    /// the language as `state`. `None` if it has said of none: to get out, nobody waits until it is asked.
    pub async fn way_out(&self, back: &str, lang: Lang) -> Option<String> {
        let known = tokio::time::timeout(OUT_WAITS, self.known.lock()).await.ok()?;
        let at = known.metadata.as_ref()?.additional_metadata().end_session_endpoint.clone()?;
        if at.url().scheme() != "https" {
            return None;
        }
        // No token is kept that could say whose session it is: the provider asks whoever sits there.
        let request = LogoutRequest::from(at)
            .set_client_id(ClientId::new(self.config.client_id.clone()))
            .set_post_logout_redirect_uri(PostLogoutRedirectUrl::new(back.to_owned()).ok()?)
            .set_state(CsrfToken::new(lang.code().to_owned()))
            .add_ui_locale(LanguageTag::new(lang.code().to_owned()));
        Some(request.http_get_url().into())
    }

    /// Exchanges a code and says who came with it. `ENT-2802` if the provider does not answer, `ENT-2803`
    /// for an answer that is not one to what was asked, `ENT-2806` without a second factor, `ENT-2813` if
    /// the person was to be asked again and was not.
    pub async fn redeem(
        &self,
        code: &str,
        returned: &Returned,
        back: &str,
        now_s: i64,
    ) -> Outcome<Identity> {
        if code.is_empty() || code.len() > MAX_CODE {
            return Err(faults::not_accepted());
        }
        let known = self.known(now_s).await.map_err(|failed| self.silent(failed))?;
        let client = self.client(&known, back).map_err(|failed| self.silent(failed))?;
        let request = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|_| self.silent(Failed("no_token_endpoint")))?
            .set_pkce_verifier(PkceCodeVerifier::new(returned.verifier.text()));
        let answer = request.request_async(&self.wire).await;
        let answer = answer.map_err(|error| match error {
            RequestTokenError::Request(silent) => self.silent(Failed(silent.word())),
            // What it says is not repeated: it may hold anything.
            RequestTokenError::ServerResponse(_) => self.unaccepted("code_refused"),
            _ => self.unaccepted("not_oidc"),
        })?;
        let token =
            answer.extra_fields().id_token().ok_or_else(|| self.unaccepted("no_id_token"))?;
        let mut keys = known.jwks().clone();
        if self.lacks_key(token, &keys, returned, now_s)
            && let Some(newer) = self.newer_keys(&known, now_s).await
        {
            keys = newer;
        }
        self.identity(token, &keys, returned, now_s)
    }

    /// What the provider says about itself, asked for if it is not known or too old.
    async fn known(&self, now_s: i64) -> Result<Arc<ProviderMetadataWithLogout>, Failed> {
        let mut known = self.known.lock().await;
        let age_s = now_s - known.at_s;
        if let Some(metadata) = known.metadata.as_ref().filter(|_| (0..KNOWN_S).contains(&age_s)) {
            return Ok(Arc::clone(metadata));
        }
        // Whoever waited while somebody else asked came before that failed.
        let paused = |at_s: i64| (-MAX_ASKING_S..PAUSE_S).contains(&(now_s - at_s));
        let paused = known.failed.filter(|(at_s, _)| paused(*at_s));
        let begun = Instant::now();
        let asked = match paused {
            Some((_, failed)) => Err(failed),
            None => self.discovered().await,
        };
        match asked {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                *known = Known {
                    metadata: Some(Arc::clone(&metadata)),
                    at_s: now_s,
                    keys_at_s: now_s,
                    failed: None,
                };
                Ok(metadata)
            }
            Err(failed) => {
                if paused.is_none() {
                    tracing::warn!(why = failed.0, "the identity provider is of no use");
                    let took_s = i64::try_from(begun.elapsed().as_secs()).unwrap_or(MAX_ASKING_S);
                    known.failed = Some((now_s + took_s, failed));
                }
                let old = known.metadata.as_ref();
                let old = old.filter(|_| (0..KNOWN_AT_MOST_S).contains(&age_s));
                old.cloned().ok_or(failed)
            }
        }
    }

    async fn discovered(&self) -> Result<ProviderMetadataWithLogout, Failed> {
        let issuer = IssuerUrl::new(self.config.issuer.clone()).map_err(|_| Failed("issuer"))?;
        let found = ProviderMetadataWithLogout::discover_async(issuer, &self.wire).await;
        let found = found.map_err(|error| match error {
            DiscoveryError::Request(silent) => Failed(silent.word()),
            DiscoveryError::Validation(_) => Failed("issuer"),
            _ => Failed("not_oidc"),
        })?;
        let token = found.token_endpoint().ok_or(Failed("no_token_endpoint"))?;
        let urls = [found.authorization_endpoint().url(), token.url()];
        if urls.iter().any(|url| url.scheme() != "https") {
            return Err(Failed(Silent::NotEncrypted.word()));
        }
        Ok(found)
    }

    /// The keys of the provider, asked for again because a token names one that is not known.
    async fn newer_keys(
        &self,
        known: &ProviderMetadataWithLogout,
        now_s: i64,
    ) -> Option<CoreJsonWebKeySet> {
        let mut kept = self.known.lock().await;
        if !(0..KEYS_PAUSE_S).contains(&(now_s - kept.keys_at_s)) {
            kept.keys_at_s = now_s;
            let keys = CoreJsonWebKeySet::fetch_async(known.jwks_uri(), &self.wire).await.ok()?;
            kept.metadata = Some(Arc::new(known.clone().set_jwks(keys)));
        }
        // Perhaps somebody else asked meanwhile.
        kept.metadata.as_ref().map(|metadata| metadata.jwks().clone())
    }

    fn client(&self, known: &ProviderMetadataWithLogout, back: &str) -> Result<Exchanged, Failed> {
        let secret = self.secret.as_ref().map(|it| ClientSecret::new(it.as_str().to_owned()));
        let id = ClientId::new(self.config.client_id.clone());
        let back = RedirectUrl::new(back.to_owned()).map_err(|_| Failed("redirect"))?;
        let methods = known.token_endpoint_auth_methods_supported();
        let takes_basic =
            methods.is_none_or(|it| it.contains(&CoreClientAuthMethod::ClientSecretBasic));
        let way = if takes_basic { AuthType::BasicAuth } else { AuthType::RequestBody };
        let client: Exchanged = Client::from_provider_metadata(known.clone(), id, secret);
        Ok(client.set_redirect_uri(back).set_auth_type(way))
    }

    fn verifier<'a>(
        &'a self,
        keys: &CoreJsonWebKeySet,
        now_s: i64,
    ) -> Option<IdTokenVerifier<'a, CoreJsonWebKey>> {
        let issuer = IssuerUrl::new(self.config.issuer.clone()).ok()?;
        let client = ClientId::new(self.config.client_id.clone());
        let now = chrono::DateTime::from_timestamp(now_s, 0)?;
        // The one for a client without a secret takes no signature that a shared secret makes.
        let verifier = IdTokenVerifier::new_public_client(client, issuer, keys.clone())
            .set_allowed_algs(algorithms())
            .set_time_fn(move || now)
            .set_issue_time_verifier_fn(move |at| {
                let age_s = now_s - at.timestamp();
                if (-SKEW_S..MAX_AGE_S).contains(&age_s) { Ok(()) } else { Err("age".to_owned()) }
            })
            .set_other_audience_verifier_fn(|_| false);
        Some(verifier)
    }

    fn lacks_key(
        &self,
        token: &Token,
        keys: &CoreJsonWebKeySet,
        returned: &Returned,
        now_s: i64,
    ) -> bool {
        let Some(verifier) = self.verifier(keys, now_s) else { return false };
        let lacking = ClaimsVerificationError::SignatureVerification(
            SignatureVerificationError::NoMatchingKey,
        );
        token.claims(&verifier, &Nonce::new(returned.nonce.text())).err() == Some(lacking)
    }

    /// Checks a token in full.
    fn identity(
        &self,
        token: &Token,
        keys: &CoreJsonWebKeySet,
        returned: &Returned,
        now_s: i64,
    ) -> Outcome<Identity> {
        let verifier = self.verifier(keys, now_s).ok_or_else(|| self.unaccepted("clock"))?;
        let claims = token
            .claims(&verifier, &Nonce::new(returned.nonce.text()))
            .map_err(|error| self.unaccepted(word(&error)))?;
        if claims.authorized_party().is_some_and(|it| it.as_str() != self.config.client_id) {
            return Err(self.unaccepted("authorized_party"));
        }
        let subject = claims.subject().as_str();
        if subject.is_empty() || subject.len() > MAX_SUBJECT {
            return Err(self.unaccepted("subject"));
        }
        if !self.has_second_factor(claims) {
            tracing::warn!("the identity provider names no second factor");
            return Err(faults::no_second_factor());
        }
        // A clock that is ahead of ours makes nothing fresher than now.
        let proved_at_s = claims.auth_time().map_or(0, |at| at.timestamp().clamp(0, now_s));
        if returned.fresh && proved_at_s < returned.begun_at_s - SKEW_S {
            return Err(faults::not_fresh());
        }
        let name = claims.preferred_username().map_or("", |it| it.as_str());
        let display = claims.name().and_then(|it| it.get(None)).map_or("", |it| it.as_str());
        let groups = claims.additional_claims().all.get(&self.config.groups_claim);
        Ok(Identity {
            issuer: self.config.issuer.clone(),
            subject: subject.to_owned(),
            name: name.to_owned(),
            display: display.to_owned(),
            roles: self.config.roles_of(groups.into_iter().flat_map(texts).take(MAX_GROUPS)),
            proved_at_s,
        })
    }

    fn has_second_factor(&self, claims: &Claims) -> bool {
        let OidcConfig { require_amr, require_acr, always_two_factors, .. } = &self.config;
        let ways = claims.auth_method_refs().into_iter().flatten();
        let ways: BTreeSet<&str> = ways.map(|way| way.as_str()).collect();
        // One thing that is had is one factor: it takes a second one beside it, or the word for several.
        let is_enough = |way: &str| way == MANY || ways.len() > 1;
        *always_two_factors
            || require_amr.iter().any(|way| ways.contains(way.as_str()) && is_enough(way))
            || claims
                .auth_context_ref()
                .is_some_and(|it| require_acr.iter().any(|x| x == it.as_str()))
    }

    fn silent(&self, Failed(word): Failed) -> Box<crate::fault::Fault> {
        tracing::debug!(why = word, "nobody can sign in at the identity provider");
        faults::silent()
    }

    fn unaccepted(&self, word: &'static str) -> Box<crate::fault::Fault> {
        tracing::warn!(why = word, "an answer of the identity provider was not taken");
        faults::not_accepted()
    }
}

/// The texts of a claim: one, or a list of them. Anything else in it says nothing.
fn texts(claim: &serde_json::Value) -> Vec<&str> {
    match claim {
        serde_json::Value::String(text) => vec![text.as_str()],
        serde_json::Value::Array(all) => all.iter().filter_map(|it| it.as_str()).collect(),
        _ => Vec::new(),
    }
}

/// What is wrong with a token, as it stands in the log: never what is in it.
fn word(error: &ClaimsVerificationError) -> &'static str {
    match error {
        ClaimsVerificationError::Expired(_) => "expired",
        ClaimsVerificationError::InvalidAudience(_) => "audience",
        ClaimsVerificationError::InvalidIssuer(_) => "issuer",
        ClaimsVerificationError::InvalidNonce(_) => "nonce",
        ClaimsVerificationError::SignatureVerification(_) => "signature",
        _ => "token",
    }
}
