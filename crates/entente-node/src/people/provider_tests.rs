//! Signing in at an identity provider: who gets in, as whom, and everything that must not.

mod op;

use entente_core::audit::{Action, Actor};
use entente_core::lang::Lang;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hyper::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::tests::{House, code_of, house, place};
use super::*;
use crate::config::Config;
use crate::local::Role;
use crate::oidc::{Identity, Provider};
use crate::setup::Home;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use entente_store::people::People as _;
use op::{Key, Op, Page, unsigned};

const BACK: &str = "https://console.example.org:8443/sign-in/oidc/back";
const SECRET: &str = "correct-horse-battery-staple-client";

/// A house and its provider.
struct World {
    house: House,
    op: Op,
    key: Key,
    provider: Provider,
    _folder: tempfile::TempDir,
}

impl World {
    async fn open() -> Self {
        Self::with("").await
    }

    async fn with(settings: &str) -> Self {
        let (house, key) = (house(), Key::new(1, "first"));
        let op = Op::open(&key).await;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), &op.pem).unwrap();
        let secret = folder.path().join("secret");
        std::fs::write(&secret, SECRET).unwrap();
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
        let config = format!(
            "[organization]\nname_en = \"A\"\nname_fr = \"A\"\nkind = \"ngo\"\n[oidc]\nissuer = \"{}\"\n\
             client_id = \"entente\"\nclient_secret_file = \"secret\"\nca_file = \"ca.pem\"\n\
             name_en = \"the account\"\nname_fr = \"le compte\"\n{settings}\n[oidc.roles]\n\
             cases = [\"case_worker\"]\nchiefs = [\"supervisor\", \"case_worker\"]\n\
             machine = [\"administrator\"]\n",
            op.issuer
        );
        let config = Config::parse(&config).unwrap().oidc.unwrap();
        let provider = Provider::open(&config, &Home::new(folder.path())).unwrap();
        Self { house, op, key, provider, _folder: folder }
    }

    fn people(&self) -> &People {
        &self.house.people
    }

    fn now_s(&self) -> i64 {
        self.people().node.now_s()
    }

    fn sent(&self, errand: Errand, signed: Option<&Signed>) -> Sent {
        self.sent_from(errand, signed, false)
    }

    /// The same from a browser that somebody may have left just before.
    fn sent_from(&self, errand: Errand, signed: Option<&Signed>, was_left: bool) -> Sent {
        let to = (Lang::Fr, "/cases");
        self.people().send_to_provider(errand, signed, was_left, to, &place()).unwrap()
    }

    fn back(&self, sent: &Sent) -> Outcome<Returned> {
        let browser = sent.browser.text();
        self.people().back_from_provider(&sent.state.text(), Some(&browser), &place())
    }

    /// What the provider says of Léa when she has just signed in with two factors.
    fn claims(&self, sent: &Sent) -> Value {
        json!({
            "iss": self.op.issuer, "aud": "entente", "sub": "0b51c7d8", "nonce": sent.nonce.text(),
            "iat": self.now_s(), "exp": self.now_s() + 300, "auth_time": self.now_s(),
            "amr": ["pwd", "otp"], "groups": ["cases", "everybody"],
            "preferred_username": "Lea@Refuge.example", "name": "Léa Tremblay",
        })
    }

    /// Goes there and comes back with these claims, changed.
    async fn who(
        &self,
        errand: Errand,
        signed: Option<&Signed>,
        change: impl FnOnce(&mut Value),
    ) -> Outcome<(Returned, Identity)> {
        let sent = self.sent(errand, signed);
        let mut claims = self.claims(&sent);
        change(&mut claims);
        self.op.gives(&self.key.token(&claims));
        let returned = self.back(&sent)?;
        let who = self.provider.redeem("the-code", &returned, BACK, self.now_s()).await?;
        Ok((returned, who))
    }

    async fn sign_in(&self, change: impl FnOnce(&mut Value)) -> Outcome<Signed> {
        let (_, who) = self.who(Errand::SignIn, None, change).await?;
        let token = self.people().sign_in_with_provider(&who, &place())?;
        Ok(self.people().signed(&token, true)?.unwrap())
    }

    /// The same with a token that is made from the claims in another way.
    async fn sign_in_with(&self, token: impl FnOnce(&Value) -> String) -> Outcome<Identity> {
        let sent = self.sent(Errand::SignIn, None);
        self.op.gives(&token(&self.claims(&sent)));
        let returned = self.back(&sent)?;
        self.provider.redeem("the-code", &returned, BACK, self.now_s()).await
    }

    fn refusals(&self) -> Vec<(Actor, Vec<String>, u64)> {
        self.house.audited(Action::AccessRefused)
    }
}

#[tokio::test]
async fn a_session_that_the_provider_opened_lasts_as_long_as_the_settings_say() {
    let mut world = World::open().await;
    let config = "[organization]\nname_en = \"A\"\nname_fr = \"A\"\nkind = \"ngo\"\n[oidc]\n\
        issuer = \"https://login.example.org\"\nclient_id = \"entente\"\nname_en = \"A\"\n\
        name_fr = \"A\"\nsession_hours = 2\n[oidc.roles]\ncases = [\"case_worker\"]\n";
    world.house.people.guard = provider::Guard::of(&Config::parse(config).unwrap());
    let token = {
        let (_, who) = world.who(Errand::SignIn, None, |_| {}).await.unwrap();
        world.people().sign_in_with_provider(&who, &place()).unwrap()
    };
    let is_open = || world.people().signed(&token, true).unwrap().is_some();
    for _ in 0..2 * 6 - 1 {
        world.house.clock.advance(600);
        assert!(is_open());
    }
    world.house.clock.advance(600);
    assert!(!is_open());
    // One that a password opened lasts a working day.
    let other = world.house.settled("omar", Role::CaseWorker).token;
    let signed = world.people().signed(&other, true).unwrap().unwrap();
    assert_eq!(signed.until_s - world.now_s(), SESSION_LASTS_S);
}

#[tokio::test]
async fn whoever_is_in_a_group_gets_an_account_once_and_the_roles_of_their_groups_each_time() {
    let world = World::open().await;
    let signed = world.sign_in(|_| {}).await.unwrap();
    assert_eq!(signed.staff.name, "lea@refuge.example");
    assert_eq!(signed.display, "Léa Tremblay");
    assert_eq!(signed.staff.roles, [Role::CaseWorker]);
    assert_eq!(world.people().sessions_of(&signed.user)[0].how, Method::Provider);
    let person = world.people().find("lea@refuge.example").unwrap().1;
    assert_eq!(person.ways, [Way::Provider]);
    assert_eq!(world.house.audited(Action::UserAdded).len(), 1);
    assert!(world.house.audited(Action::RolesFollowed).is_empty());

    // Another name there, and another group: the same account here, with other roles.
    let later = world.sign_in(|claims| {
        claims["preferred_username"] = "lea.t".into();
        claims["groups"] = json!(["chiefs"]);
    });
    let later = later.await.unwrap();
    assert_eq!((later.user, later.staff.name.as_str()), (signed.user, "lea@refuge.example"));
    assert_eq!(later.staff.roles, [Role::CaseWorker, Role::Supervisor]);
    // The session that was open has them too.
    let codes = ["case_worker", "supervisor"].map(str::to_owned).to_vec();
    let actor = Actor::Staff("lea@refuge.example".to_owned());
    assert_eq!(world.house.audited(Action::RolesFollowed), [(actor, codes, 1)]);
    let came = world.house.audited(Action::LoggedIn);
    assert_eq!(came[1].1, ["console", "identity_provider", "case_worker", "supervisor"]);
    // One group is a text too.
    let one = world.sign_in(|claims| claims["groups"] = "cases".into()).await.unwrap();
    assert_eq!(one.staff.roles, [Role::CaseWorker]);
}

#[tokio::test]
async fn what_is_sent_is_what_the_protocol_asks_for_and_nothing_secret_is_in_the_address() {
    let world = World::open().await;
    let sent = world.sent(Errand::SignIn, None);
    let address = world.provider.address(&sent, BACK, Lang::Fr, world.now_s()).await.unwrap();
    let challenge = BASE64.encode(Sha256::digest(sent.verifier.text()));
    for part in [
        "response_type=code",
        "client_id=entente",
        "scope=openid+profile",
        "code_challenge_method=S256",
        "ui_locales=fr",
        "max_age=1200",
        &format!("code_challenge={challenge}"),
        &format!("state={}", sent.state.text()),
        &format!("nonce={}", sent.nonce.text()),
        "redirect_uri=https%3A%2F%2Fconsole.example.org%3A8443%2Fsign-in%2Foidc%2Fback",
    ] {
        assert!(address.contains(part), "{part}: {address}");
    }
    assert!(address.starts_with(&format!("{}/authorize?", world.op.issuer)));
    for secret in [&sent.verifier.text(), &sent.browser.text(), "prompt", SECRET] {
        assert!(!address.contains(secret), "{secret}");
    }
    world.op.gives(&world.key.token(&world.claims(&sent)));
    let returned = world.back(&sent).unwrap();
    world.provider.redeem("the-code", &returned, BACK, world.now_s()).await.unwrap();
    let asked = world.op.asked("/token");
    assert!(asked[0].starts_with("Basic "), "the secret is in a header");
    assert!(asked[0].contains(&format!("code_verifier={}", sent.verifier.text())));
    assert!(
        asked[0].contains("grant_type=authorization_code") && asked[0].contains("code=the-code")
    );
    // Asked to prove once more, or to move, the person is asked again, whatever session there is.
    for errand in [Errand::Prove, Errand::Move] {
        let again = world.sent(errand, None);
        let address = world.provider.address(&again, BACK, Lang::En, world.now_s()).await.unwrap();
        assert!(address.contains("prompt=login") && address.contains("max_age=0"), "{address}");
    }
    assert_eq!(world.op.asked("/keys").len(), 1, "what is known is not asked for again");
}

#[tokio::test]
async fn signing_out_leads_to_where_the_provider_ends_sessions_and_waits_for_nobody() {
    const OUT: &str = "https://console.example.org:8443/sign-in/oidc/out";
    let world = World::open().await;
    let config = "/.well-known/openid-configuration";
    assert_eq!(world.provider.way_out(OUT, Lang::Fr).await, None, "nothing is known of it");
    let signed = world.sign_in(|_| {}).await.unwrap();
    assert_eq!(signed.how, Method::Provider);
    assert_eq!(world.provider.way_out(OUT, Lang::Fr).await, None, "it has said of none");
    let described = async |at: &str| {
        let mut description = world.op.description();
        description["end_session_endpoint"] = at.into();
        world.op.says(config, Page::json(&description));
        world.house.clock.advance(3_600);
        world.sign_in(|_| {}).await.unwrap();
        world.provider.way_out(OUT, Lang::Fr).await
    };
    assert_eq!(described("http://127.0.0.1/end").await, None, "in the clear");
    let end = format!("{}/end?tenant=1", world.op.issuer);
    let address = described(&end).await.unwrap();
    assert!(address.starts_with(&format!("{end}&")), "{address}");
    for part in [
        "client_id=entente",
        "post_logout_redirect_uri=https%3A%2F%2Fconsole.example.org%3A8443%2Fsign-in%2Foidc%2Fout",
        "state=fr",
        "ui_locales=fr",
    ] {
        assert!(address.contains(part), "{part}: {address}");
    }
    assert!(!address.contains("id_token_hint"), "no token is kept");
    let n_asked = world.op.asked(config).len();
    world.house.clock.advance(10 * 3_600);
    assert_eq!(world.provider.way_out(OUT, Lang::Fr).await, Some(address));
    assert_eq!(world.op.asked(config).len(), n_asked);
}

/// What is wrong with the claims.
type Changed = Box<dyn FnOnce(&mut Value)>;

/// A token that nobody should take for these claims.
type Forged<'a> = Box<dyn Fn(&Value) -> String + 'a>;

#[tokio::test]
async fn no_token_that_is_for_something_else_or_by_somebody_else_is_taken() {
    let world = World::open().await;
    let now_s = world.now_s();
    let wrong: Vec<(&str, Changed)> = vec![
        ("another issuer", Box::new(|it: &mut Value| it["iss"] = "https://login.example".into())),
        (
            "the issuer with a slash",
            Box::new(|it: &mut Value| {
                it["iss"] = format!("{}/", it["iss"].as_str().unwrap()).into();
            }),
        ),
        ("no issuer", Box::new(|it: &mut Value| drop(it.as_object_mut().unwrap().remove("iss")))),
        ("another client", Box::new(|it: &mut Value| it["aud"] = "payroll".into())),
        (
            "another client too",
            Box::new(|it: &mut Value| it["aud"] = json!(["entente", "payroll"])),
        ),
        ("no client", Box::new(|it: &mut Value| drop(it.as_object_mut().unwrap().remove("aud")))),
        ("asked for by another", Box::new(|it: &mut Value| it["azp"] = "payroll".into())),
        ("another nonce", Box::new(|it: &mut Value| it["nonce"] = Token::of(9).text().into())),
        ("no nonce", Box::new(|it: &mut Value| drop(it.as_object_mut().unwrap().remove("nonce")))),
        ("over", Box::new(move |it: &mut Value| it["exp"] = now_s.into())),
        ("issued long ago", Box::new(move |it: &mut Value| it["iat"] = (now_s - 600).into())),
        ("issued tomorrow", Box::new(move |it: &mut Value| it["iat"] = (now_s + 86_400).into())),
        ("nobody", Box::new(|it: &mut Value| it["sub"] = "".into())),
        ("a name without end", Box::new(|it: &mut Value| it["sub"] = "x".repeat(256).into())),
    ];
    for (what, change) in wrong {
        assert_eq!(code_of(world.sign_in(change).await), "ENT-2803", "{what}");
    }
    let stranger = Key::new(2, "first");
    let header = |alg: &str| json!({"alg": alg, "kid": "first", "typ": "JWT"});
    let signed_by = |secret: &[u8], claims: &Value| {
        let text = unsigned(&header("HS256"), claims);
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
        mac.update(text.as_bytes());
        format!("{text}.{}", BASE64.encode(mac.finalize().into_bytes()))
    };
    let public = world.key.public();
    let forged: Vec<(&str, Forged<'_>)> = vec![
        ("another key of the same name", Box::new(|claims: &Value| stranger.token(claims))),
        (
            "no signature",
            Box::new(|claims: &Value| format!("{}.", unsigned(&header("none"), claims))),
        ),
        (
            "no signature, said otherwise",
            Box::new(|claims: &Value| format!("{}.", unsigned(&header("ES256"), claims))),
        ),
        ("the client's secret", Box::new(|claims: &Value| signed_by(SECRET.as_bytes(), claims))),
        (
            "the public key as a secret",
            Box::new(|claims: &Value| signed_by(public.to_string().as_bytes(), claims)),
        ),
        (
            "claims changed after signing",
            Box::new(|claims: &Value| {
                let token = world.key.token(claims);
                let mut other = claims.clone();
                other["groups"] = json!(["machine"]);
                let [head, _, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
                format!("{head}.{}.{signature}", BASE64.encode(other.to_string()))
            }),
        ),
        ("no token", Box::new(|_: &Value| "x".to_owned())),
        (
            "a critical header",
            Box::new(|claims: &Value| {
                let mut header = header("ES256");
                header["crit"] = json!(["b64"]);
                use p256::ecdsa::signature::Signer as _;
                let text = unsigned(&header, claims);
                let signature: p256::ecdsa::Signature = world.key.0.sign(text.as_bytes());
                format!("{text}.{}", BASE64.encode(signature.to_bytes()))
            }),
        ),
    ];
    world.house.clock.advance(3_600);
    for (what, token) in forged {
        assert_eq!(code_of(world.sign_in_with(token).await), "ENT-2803", "{what}");
    }
    assert!(world.people().all().unwrap().is_empty());
    // It was not for want of the right one.
    world.house.clock.advance(3_600);
    assert!(world.sign_in(|_| {}).await.is_ok());
}

#[tokio::test]
async fn one_factor_is_not_enough_unless_the_settings_say_that_there_are_always_two() {
    let world = World::open().await;
    for amr in [
        json!(["pwd"]),
        json!([]),
        Value::Null,
        json!(["sms", "pwd"]),
        // What is had is one factor too, however often it is said.
        json!(["otp"]),
        json!(["hwk", "hwk"]),
    ] {
        assert_eq!(code_of(world.sign_in(|it| it["amr"] = amr).await), "ENT-2806");
    }
    assert!(world.sign_in(|it| it["amr"] = json!(["hwk", "pin"])).await.is_ok());
    // A class that the settings do not name stands for nothing.
    let only_class = |it: &mut Value| {
        it["amr"] = json!(["pwd"]);
        it["acr"] = "gold".into();
    };
    assert_eq!(code_of(world.sign_in(only_class).await), "ENT-2806");
    assert!(world.sign_in(|it| it["amr"] = json!(["mfa"])).await.is_ok());
    assert!(World::with("require_acr = [\"gold\"]").await.sign_in(only_class).await.is_ok());
    let always = World::with("always_two_factors = true").await;
    assert!(always.sign_in(|it| it["amr"] = Value::Null).await.is_ok());
}

#[tokio::test]
async fn whoever_is_in_no_group_any_more_is_out_with_every_session() {
    let world = World::open().await;
    for groups in [json!([]), json!(["everybody"]), Value::Null, json!({"cases": true}), json!([1])]
    {
        let refused = world.sign_in(|claims| claims["groups"] = groups).await;
        assert_eq!(code_of(refused), "ENT-2807");
    }
    assert!(world.people().all().unwrap().is_empty());
    let (_, who) = world.who(Errand::SignIn, None, |_| {}).await.unwrap();
    let token = world.people().sign_in_with_provider(&who, &place()).unwrap();
    assert!(world.people().signed(&token, true).unwrap().is_some());
    assert_eq!(code_of(world.sign_in(|it| it["groups"] = json!([])).await), "ENT-2807");
    assert!(world.people().signed(&token, true).unwrap().is_none());
    // The account stays, without a role, and is written down as refused.
    assert!(world.people().find("lea@refuge.example").unwrap().1.roles.is_empty());
    let (actor, reasons, _) = world.refusals().pop().unwrap();
    assert_eq!(actor, Actor::Staff("lea@refuge.example".to_owned()));
    assert_eq!(reasons, ["console", "sign_in", "identity_provider", "ENT-2807"]);
    // Back in a group, it is the same account.
    assert_eq!(world.sign_in(|_| {}).await.unwrap().staff.roles, [Role::CaseWorker]);
}

#[tokio::test]
async fn an_account_that_was_disabled_here_stays_out_whatever_the_provider_says() {
    let world = World::open().await;
    let (_, who) = world.who(Errand::SignIn, None, |_| {}).await.unwrap();
    let token = world.people().sign_in_with_provider(&who, &place()).unwrap();
    let chief = Actor::Staff("chief".to_owned());
    world.people().set_enabled(&chief, "lea@refuge.example", false).unwrap();
    assert!(world.people().signed(&token, true).unwrap().is_none());
    let more = world.sign_in(|claims| claims["groups"] = json!(["machine"])).await;
    assert_eq!(code_of(more), "ENT-2810");
    let person = world.people().find("lea@refuge.example").unwrap().1;
    assert_eq!((person.enabled, person.roles.as_slice()), (false, &[Role::CaseWorker][..]));
    world.people().set_enabled(&chief, "lea@refuge.example", true).unwrap();
    assert!(world.sign_in(|_| {}).await.is_ok());
}

#[tokio::test]
async fn a_name_that_somebody_has_is_never_taken_over() {
    let world = World::open().await;
    world.house.settled("omar", Role::Administrator);
    for name in ["omar", " OMAR ", "ｏｍａｒ"] {
        let taken = world.sign_in(|claims| claims["preferred_username"] = name.into()).await;
        assert_eq!(code_of(taken), "ENT-2808", "{name}");
    }
    assert_eq!(world.people().find("omar").unwrap().1.ways, [Way::Password]);
    // Nor by whoever gets the name of somebody who left.
    world.sign_in(|_| {}).await.unwrap();
    let next = world.sign_in(|claims| claims["sub"] = "another".into()).await;
    assert_eq!(code_of(next), "ENT-2808");
    for bad in ["", "a b", "<b>", "a/b"] {
        let refused = world.sign_in(|claims| {
            claims["sub"] = "third".into();
            claims["preferred_username"] = bad.into();
        });
        assert_eq!(code_of(refused.await), "ENT-2809", "{bad}");
    }
    assert_eq!(world.people().all().unwrap().len(), 2);
}

#[tokio::test]
async fn the_way_back_is_good_once_for_ten_minutes_and_in_the_browser_that_left() {
    let world = World::open().await;
    let back = |sent: &Sent, browser: Option<String>| {
        let state = sent.state.text();
        world.people().back_from_provider(&state, browser.as_deref(), &place())
    };
    let sent = world.sent(Errand::SignIn, None);
    assert!(world.back(&sent).is_ok());
    assert_eq!(code_of(world.back(&sent)), "ENT-2805", "a second time");
    let (mine, theirs) = (world.sent(Errand::SignIn, None), world.sent(Errand::SignIn, None));
    assert_eq!(code_of(back(&mine, Some(theirs.browser.text()))), "ENT-2805", "another browser");
    assert!(world.back(&mine).is_ok(), "which uses nothing up in its own");
    assert_eq!(code_of(back(&theirs, None)), "ENT-2805", "without a cookie");
    let late = world.sent(Errand::SignIn, None);
    world.house.clock.advance(600);
    assert_eq!(code_of(world.back(&late)), "ENT-2805", "after ten minutes");
    for state in ["", "x", &Token::of(7).text(), &"x".repeat(100_000)] {
        let browser = Token::of(7).text();
        let unknown = world.people().back_from_provider(state, Some(&browser), &place());
        assert_eq!(code_of(unknown), "ENT-2805");
    }
    assert!(
        world.refusals().is_empty(),
        "any page can send a browser here: nothing is written down"
    );
}

#[tokio::test]
async fn who_comes_back_wrong_too_often_waits_and_whoever_gets_in_is_not_counted() {
    let world = World::open().await;
    for _ in 0..30 {
        assert!(world.sign_in(|_| {}).await.is_ok());
    }
    // Pages of others can send any browser here: that keeps nobody out.
    for n in 0..30 {
        let unknown = world.people().back_from_provider("x", None, &place());
        assert_eq!(code_of(unknown), "ENT-2805", "{n}");
    }
    // Whoever is who they say is not counted either.
    for n in 0..30 {
        let fault = world.sign_in(|it| it["groups"] = json!([])).await.unwrap_err();
        assert_eq!(fault.code, "ENT-2807", "{n}");
        let sent = world.sent(Errand::SignIn, None);
        world.back(&sent).unwrap();
        let told = world.people().refuse_provider(None, crate::oidc::not_finished(), &place());
        assert_eq!(told.unwrap().code, "ENT-2804", "{n}");
    }
    // An answer that is none, in a browser that was sent away, is an attempt.
    for n in 0..20 {
        let sent = world.sent(Errand::SignIn, None);
        assert!(world.back(&sent).is_ok(), "{n}");
        let fault = crate::oidc::not_accepted();
        world.people().refuse_provider(None, fault, &place()).unwrap();
    }
    assert_eq!(code_of(world.back(&world.sent(Errand::SignIn, None))), "ENT-2703");
    // A password from the same address waits too: it is one counter.
    assert_eq!(code_of(world.house.sign_in("lea", "x", "x")), "ENT-2703");
    let n_asked = world.op.asked("/token").len();
    assert_eq!(code_of(world.sign_in(|_| {}).await), "ENT-2703");
    assert_eq!(world.op.asked("/token").len(), n_asked, "the provider is left alone");
}

#[tokio::test]
async fn nobody_fills_the_log_by_going_there_and_back() {
    let world = World::open().await;
    let signed = world.sign_in(|_| {}).await.unwrap();
    let n_before = world.people().node.audit_length().unwrap();
    for _ in 0..30 {
        let sent = world.sent(Errand::SignIn, None);
        world.back(&sent).unwrap();
        let fault = crate::oidc::not_finished();
        world.people().refuse_provider(None, fault, &place()).unwrap();
    }
    assert_eq!(world.people().node.audit_length().unwrap(), n_before);
    // Who went, and what was not accepted, is worth a line.
    let name = Some(signed.staff.name.as_str());
    world.people().refuse_provider(name, crate::oidc::not_finished(), &place()).unwrap();
    world.people().refuse_provider(None, crate::oidc::not_accepted(), &place()).unwrap();
    let codes: Vec<_> = world.refusals().into_iter().map(|(_, mut why, _)| why.remove(3)).collect();
    assert_eq!(codes, ["ENT-2804", "ENT-2803"]);
}

#[tokio::test]
async fn a_provider_that_says_too_much_or_leads_elsewhere_is_of_no_use_and_passwords_are() {
    let world = World::open().await;
    let config = "/.well-known/openid-configuration";
    let good = world.op.description();
    let with = |field: &str, value: &str| {
        let mut description = good.clone();
        description[field] = value.into();
        Page::json(&description)
    };
    let elsewhere = Page {
        status: StatusCode::FOUND,
        header: Some(("location", format!("{}{config}", world.op.issuer))),
        body: String::new(),
    };
    let long = Page { body: format!("{{\"x\":\"{}\"}}", "x".repeat(300_000)), ..Page::json(&good) };
    for (what, page) in [
        ("a redirect", elsewhere),
        ("without end", long.clone()),
        ("another issuer", with("issuer", "https://login.example")),
        ("a page where nothing is encrypted", with("authorization_endpoint", "http://127.0.0.1/")),
        ("a script for a page", with("authorization_endpoint", "javascript:alert(1)")),
        ("codes in the clear", with("token_endpoint", "http://127.0.0.1/")),
        ("keys in the clear", with("jwks_uri", "http://127.0.0.1/")),
        ("no provider", Page { body: "<html>".to_owned(), ..Page::json(&good) }),
    ] {
        world.op.says(config, page);
        world.house.clock.advance(6);
        let sent = world.sent(Errand::SignIn, None);
        let address = world.provider.address(&sent, BACK, Lang::En, world.now_s()).await;
        assert_eq!(code_of(address), "ENT-2802", "{what}");
        assert!(world.provider.check().await.is_err(), "{what}");
    }
    let n_asked = world.op.asked(config).len();
    let sent = world.sent(Errand::SignIn, None);
    // Nor by whoever came before that failed, and waited.
    for ago_s in [0, 3] {
        let now_s = world.now_s() - ago_s;
        assert!(world.provider.address(&sent, BACK, Lang::En, now_s).await.is_err());
    }
    assert_eq!(world.op.asked(config).len(), n_asked, "it is not asked again at once");
    world.house.settled("omar", Role::Administrator);

    world.op.says(config, Page::json(&good));
    world.house.clock.advance(6);
    assert!(world.provider.check().await.is_ok());
    for (what, code, page) in [
        ("without end", "ENT-2802", long),
        (
            "hostile",
            "ENT-2803",
            Page {
                status: StatusCode::BAD_REQUEST,
                header: None,
                body: json!({"error": "invalid_grant", "error_description": "<b>call 555"})
                    .to_string(),
            },
        ),
        ("empty", "ENT-2803", Page { body: String::new(), ..Page::json(&good) }),
        (
            "no identity",
            "ENT-2803",
            Page::json(&json!({"access_token": "x", "token_type": "Bearer"})),
        ),
    ] {
        let sent = world.sent(Errand::SignIn, None);
        world.op.says("/token", page);
        let returned = world.back(&sent).unwrap();
        let who = world.provider.redeem("the-code", &returned, BACK, world.now_s()).await;
        let fault = who.unwrap_err();
        assert_eq!(fault.code, code, "{what}");
        assert!(!format!("{fault:?}").contains("555"), "what the provider says is not repeated");
    }
}

#[tokio::test]
async fn a_key_that_is_not_known_is_asked_for_once_a_minute() {
    let world = World::open().await;
    world.sign_in(|_| {}).await.unwrap();
    let newer = Key::new(3, "second");
    world.op.says("/keys", Page::json(&json!({"keys": [newer.public()]})));
    // Within a minute of the last time it is not asked for.
    assert_eq!(code_of(world.sign_in_with(|claims| newer.token(claims)).await), "ENT-2803");
    assert_eq!(world.op.asked("/keys").len(), 1);
    world.house.clock.advance(60);
    assert!(world.sign_in_with(|claims| newer.token(claims)).await.is_ok());
    assert_eq!(world.op.asked("/keys").len(), 2);
    let unknown = Key::new(4, "third");
    for _ in 0..3 {
        assert_eq!(code_of(world.sign_in_with(|claims| unknown.token(claims)).await), "ENT-2803");
    }
    assert_eq!(world.op.asked("/keys").len(), 2);
}

#[tokio::test]
async fn a_fresh_proof_is_one_that_the_provider_has_just_taken_from_the_same_person() {
    let world = World::open().await;
    let left_at_s = world.now_s();
    // A session there that is an hour old opens one here, and proves nothing now.
    let signed = world.sign_in(|it| it["auth_time"] = (left_at_s - 3_600).into()).await.unwrap();
    assert!(!world.people().is_fresh(&signed));
    let unsaid = world.sign_in(|it| it["auth_time"] = Value::Null).await.unwrap();
    assert!(!world.people().is_fresh(&unsaid));
    assert!(world.people().is_fresh(&world.sign_in(|_| {}).await.unwrap()));
    for old in [json!(left_at_s - 61), Value::Null] {
        let proved = world.who(Errand::Prove, Some(&signed), |it| it["auth_time"] = old).await;
        assert_eq!(code_of(proved), "ENT-2813");
    }
    let moved = world.who(Errand::Move, Some(&signed), |it| {
        it["auth_time"] = (left_at_s - 61).into();
    });
    assert_eq!(code_of(moved.await), "ENT-2813", "moving takes a fresh proof too");
    // Somebody else who sits at the same screen.
    let other = world.who(Errand::Prove, Some(&signed), |it| it["sub"] = "other".into()).await;
    let (returned, who) = other.unwrap();
    let proved = world.people().prove_with_provider(&signed, &returned, &who, &place());
    assert_eq!(code_of(proved), "ENT-2811");
    assert_eq!(world.people().all().unwrap().len(), 1, "no account is made by it");
    // A proof that was begun in another session of the same person.
    let (returned, who) = world.who(Errand::Prove, Some(&unsaid), |_| {}).await.unwrap();
    let proved = world.people().prove_with_provider(&signed, &returned, &who, &place());
    assert_eq!(code_of(proved), "ENT-2811");
    let (returned, who) = world.who(Errand::Prove, Some(&signed), |_| {}).await.unwrap();
    world.people().prove_with_provider(&signed, &returned, &who, &place()).unwrap();
    let proved = world.house.audited(Action::ProvedAgain);
    assert_eq!(proved[0].1, ["console", "identity_provider", "case_worker"]);
    // A clock there that is ahead makes nothing last longer here.
    let ahead = world.sign_in(|it| it["auth_time"] = (left_at_s + 86_400).into()).await.unwrap();
    assert_eq!(ahead.proved_at_s, world.now_s());
}

#[tokio::test]
async fn whoever_sits_down_where_somebody_has_left_is_asked_again() {
    let world = World::open().await;
    for (ago_s, is_in) in [(61, false), (60, true)] {
        let sent = world.sent_from(Errand::SignIn, None, true);
        let address = world.provider.address(&sent, BACK, Lang::Fr, world.now_s()).await.unwrap();
        assert!(address.contains("prompt=login") && address.contains("max_age=0"), "{address}");
        let mut claims = world.claims(&sent);
        claims["auth_time"] = (world.now_s() - ago_s).into();
        world.op.gives(&world.key.token(&claims));
        let returned = world.back(&sent).unwrap();
        let who = world.provider.redeem("the-code", &returned, BACK, world.now_s()).await;
        match is_in {
            true => drop(who.unwrap()),
            false => assert_eq!(code_of(who), "ENT-2813"),
        }
    }
}

#[tokio::test]
async fn a_proof_is_as_old_as_the_provider_says() {
    let world = World::open().await;
    let old_s = world.now_s() - 3_600;
    let came = world.who(Errand::SignIn, None, |it| it["auth_time"] = old_s.into()).await;
    let token = world.people().sign_in_with_provider(&came.unwrap().1, &place()).unwrap();
    let signed = || world.people().signed(&token, true).unwrap().unwrap();
    let (before, proved_s) = (signed(), world.now_s() - 30);
    let proved = world.who(Errand::Prove, Some(&before), |it| it["auth_time"] = proved_s.into());
    let (returned, who) = proved.await.unwrap();
    world.people().prove_with_provider(&before, &returned, &who, &place()).unwrap();
    assert_eq!((before.proved_at_s, signed().proved_at_s), (old_s, proved_s));
}

#[tokio::test]
async fn an_account_of_the_provider_has_no_other_way_in_and_its_roles_are_given_there() {
    let world = World::open().await;
    let signed = world.sign_in(|_| {}).await.unwrap();
    let site = Site {
        name: "console.example.org".to_owned(),
        origins: vec!["https://console.example.org:8443".to_owned()],
        title: "House".to_owned(),
    };
    assert_eq!(code_of(world.people().begin_passkey(&signed, &site, &place())), "ENT-2812");
    assert_eq!(code_of(world.people().renew(&signed)), "ENT-2812");
    let chief = Actor::Staff("chief".to_owned());
    let roles = world.people().set_roles(&chief, &signed.staff.name, &[Role::Administrator]);
    assert_eq!(code_of(roles), "ENT-2814");
    assert_eq!(code_of(world.house.sign_in(&signed.staff.name, "", "")), "ENT-2702");
    // The administrator takes it back from the provider with a new link; then it is a local account.
    let (person, _, _) = world.people().reset(&chief, &signed.staff.name).unwrap();
    assert!(person.ways.is_empty());
    assert_eq!(code_of(world.sign_in(|_| {}).await), "ENT-2808");
}

#[tokio::test]
async fn an_account_moves_to_the_provider_from_a_session_of_its_own_and_leaves_nothing_behind() {
    let world = World::open().await;
    let joined = world.house.settled("lea", Role::Administrator);
    let signed = world.people().signed(&joined.token, true).unwrap().unwrap();
    // The groups do not make an administrator, and there is no other.
    let (returned, who) = world.who(Errand::Move, Some(&signed), |_| {}).await.unwrap();
    let moved = world.people().move_to_provider(&signed, &returned, &who, &place());
    assert_eq!(code_of(moved), "ENT-2710");
    let none = world.who(Errand::Move, Some(&signed), |it| it["groups"] = json!([])).await;
    let (returned, who) = none.unwrap();
    let moved = world.people().move_to_provider(&signed, &returned, &who, &place());
    assert_eq!(code_of(moved), "ENT-2807");
    assert_eq!(world.people().find("lea").unwrap().1.ways, [Way::Password]);

    world.house.settled("omar", Role::Administrator);
    let (returned, who) = world.who(Errand::Move, Some(&signed), |_| {}).await.unwrap();
    let token = world.people().move_to_provider(&signed, &returned, &who, &place()).unwrap();
    assert!(world.people().signed(&joined.token, true).unwrap().is_none());
    let now = world.people().signed(&token, true).unwrap().unwrap();
    assert_eq!((now.user, now.staff.roles.as_slice()), (signed.user, &[Role::CaseWorker][..]));
    let person = world.people().find("lea").unwrap().1;
    assert_eq!((person.ways, person.n_recovery), (vec![Way::Provider], 0));
    world.house.clock.advance(60);
    let row = world.people().node.db.read(|tx| tx.user(&now.user)).unwrap().unwrap();
    assert!(row.password.is_none() && row.totp.is_none());
    assert_eq!(world.sign_in(|_| {}).await.unwrap().user, signed.user);
    // Nobody else can move to the same person there.
    let joined = world.house.settled("ana", Role::CaseWorker);
    let ana = world.people().signed(&joined.token, true).unwrap().unwrap();
    let (returned, who) = world.who(Errand::Move, Some(&ana), |_| {}).await.unwrap();
    let moved = world.people().move_to_provider(&ana, &returned, &who, &place());
    assert_eq!(code_of(moved), "ENT-2811");
}

#[tokio::test]
async fn where_something_takes_two_people_an_account_of_the_provider_waits_for_an_administrator() {
    let mut world = World::open().await;
    let config = "[organization]\nname_en = \"A\"\nname_fr = \"A\"\nkind = \"ngo\"\n[approvals]\n\
                  needed_for = [\"agreement_sign\"]\n";
    world.house.people.guard = provider::Guard::of(&Config::parse(config).unwrap());
    for _ in 0..2 {
        assert_eq!(code_of(world.sign_in(|_| {}).await), "ENT-2815");
    }
    assert_eq!(world.house.audited(Action::UserAdded).len(), 1, "it is made once");
    let person = world.people().find("lea@refuge.example").unwrap().1;
    assert_eq!((person.enabled, person.n_sessions), (false, 0));
    let chief = Actor::Staff("chief".to_owned());
    world.people().set_enabled(&chief, "lea@refuge.example", true).unwrap();
    assert_eq!(world.sign_in(|_| {}).await.unwrap().staff.roles, [Role::CaseWorker]);
    // Disabled after that, it is one that was disabled.
    world.people().set_enabled(&chief, "lea@refuge.example", false).unwrap();
    assert_eq!(code_of(world.sign_in(|_| {}).await), "ENT-2810");
}

#[tokio::test]
async fn a_name_of_the_machine_or_one_like_an_id_is_no_name_for_an_account_of_the_provider() {
    let mut world = World::open().await;
    let config = "[organization]\nname_en = \"A\"\nname_fr = \"A\"\nkind = \"ngo\"\n[staff_door]\n\
                  socket = \"/run/entente/staff\"\ngroup = \"shelter\"\n[staff]\n\
                  Nadia = [\"auditor\"]\n\"@shelter\" = [\"case_worker\"]\n";
    world.house.people.guard = provider::Guard::of(&Config::parse(config).unwrap());
    let own = crate::accounts::Account::of(rustix::process::geteuid().as_raw()).name;
    let id = "0b51c7d8-0000-4000-8000-000000000001";
    for name in ["root", "ROOT", "nadia", "daemon", &own, id] {
        let taken = world.sign_in(|claims| claims["preferred_username"] = name.into()).await;
        assert_eq!(code_of(taken), "ENT-2808", "{name}");
    }
    assert!(world.people().all().unwrap().is_empty());
    assert!(world.sign_in(|_| {}).await.is_ok());
}

#[tokio::test]
async fn a_disabled_account_of_the_provider_is_not_reset_and_a_link_of_before_opens_none() {
    let world = World::open().await;
    let signed = world.sign_in(|_| {}).await.unwrap();
    let chief = Actor::Staff("chief".to_owned());
    world.people().set_enabled(&chief, &signed.staff.name, false).unwrap();
    assert_eq!(code_of(world.people().reset(&chief, &signed.staff.name)), "ENT-2816");
    assert_eq!(code_of(world.sign_in(|_| {}).await), "ENT-2810");
    // A link that was made while the account moved.
    world.people().set_enabled(&chief, &signed.staff.name, true).unwrap();
    let (link, _) = world.people().link_for(&chief, signed.user).unwrap();
    assert_eq!(code_of(world.house.joined(&link, Joining::default())), "ENT-2812");
    let person = world.people().find(&signed.staff.name).unwrap().1;
    assert_eq!(person.ways, [Way::Provider]);
}

#[tokio::test]
async fn nothing_of_the_provider_is_written_down_or_shown() {
    let world = World::open().await;
    let sent = world.sent(Errand::SignIn, None);
    let token = world.key.token(&world.claims(&sent));
    world.op.gives(&token);
    let returned = world.back(&sent).unwrap();
    let who = world.provider.redeem("the-code", &returned, BACK, world.now_s()).await.unwrap();
    world.people().sign_in_with_provider(&who, &place()).unwrap();
    let mut all = format!("{who:?}{returned:?}{sent:?}{:?}", world.provider);
    let mut add = |_, entry: entente_core::audit::AuditEntry| {
        all.push_str(&format!("{:?}{:?}", entry.actor, entry.reasons));
        std::ops::ControlFlow::Continue(())
    };
    world.people().node.audit_entries(0, &mut add).unwrap();
    let texts = [sent.state, sent.nonce, sent.verifier, sent.browser].map(|it| it.text());
    for secret in ["the-code", "0b51c7d8", "Tremblay", "everybody", SECRET, &token] {
        assert!(!all.contains(secret), "{secret}");
    }
    assert!(texts.iter().all(|it| !all.contains(it.as_str())));
    // A fault is there for the browser that came back, for a minute, in both languages.
    let kept = world.people().keep_fault(faults::no_group(), &place()).unwrap().text();
    assert_eq!(world.people().kept_fault(&kept).unwrap().code, "ENT-2807");
    assert!(world.people().kept_fault(&kept).is_some());
    assert!(world.people().kept_fault(&Token::of(1).text()).is_none());
    world.house.clock.advance(60);
    assert!(world.people().kept_fault(&kept).is_none());
}
