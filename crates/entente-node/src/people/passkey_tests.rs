//! Passkeys, shown by an authenticator written after the specification and by nothing of the library that
//! checks them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use entente_core::audit::{Action, Actor};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::tests::{House, code_of, house, place};
use super::*;
use crate::local::Role;

const NAME: &str = "console.example.org";
const ORIGIN: &str = "https://console.example.org:8443";

fn site() -> Site {
    Site { name: NAME.to_owned(), origins: vec![ORIGIN.to_owned()], title: "House".to_owned() }
}

/// A key in somebody's pocket. What can be wrong with an answer can be set.
#[derive(Clone)]
struct Pocket {
    key: SigningKey,
    id: Vec<u8>,
    user: Vec<u8>,
    counter: u32,
    origin: &'static str,
    name: &'static str,
    /// User present, user verified.
    flags: u8,
}

impl Pocket {
    fn new(seed: u8) -> Self {
        Self {
            key: SigningKey::from_slice(&[seed; 32]).unwrap(),
            id: vec![seed; 32],
            user: Vec::new(),
            counter: 1,
            origin: ORIGIN,
            name: NAME,
            flags: 0b101,
        }
    }

    /// `authData`, section 6.1.
    fn data(&self, flags: u8, credential: &[u8]) -> Vec<u8> {
        let hash: [u8; 32] = Sha256::digest(self.name).into();
        [&hash, [flags].as_slice(), &self.counter.to_be_bytes(), credential].concat()
    }

    fn client(&self, kind: &str, options: &Value) -> Vec<u8> {
        let challenge = &options["challenge"];
        json!({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false})
            .to_string()
            .into_bytes()
    }

    /// Answers a question for a new passkey, without attestation.
    fn made(&mut self, asked: &PasskeyAsk) -> PasskeyAnswer {
        let options: Value = serde_json::from_str(&asked.options).unwrap();
        self.user = BASE64.decode(options["user"]["id"].as_str().unwrap()).unwrap();
        let point = self.key.verifying_key().to_sec1_point(false);
        let (x, y) = (point.x().unwrap().as_slice(), point.y().unwrap().as_slice());
        // COSE: a map of five: kty 2, alg -7, crv 1, x, y.
        let cose =
            [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32][..], x, &[0x22, 0x58, 32], y].concat();
        let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        let credential = [&[0; 16][..], &length, &self.id, &cose].concat();
        let data = self.data(self.flags | 0b100_0000, &credential);
        let size = [u8::try_from(data.len()).unwrap()];
        // CBOR: a map of three: fmt "none", attStmt {}, authData.
        let object = [
            &[0xa3, 0x63][..],
            b"fmt",
            &[0x64],
            b"none",
            &[0x67],
            b"attStmt",
            &[0xa0, 0x68],
            b"authData",
            &[0x58],
            &size,
            &data,
        ]
        .concat();
        let client = self.client("webauthn.create", &options);
        self.answer(asked, json!({"attestationObject": BASE64.encode(object)}), &client)
    }

    /// Answers a question for this passkey.
    fn shown(&mut self, asked: &PasskeyAsk) -> PasskeyAnswer {
        let options: Value = serde_json::from_str(&asked.options).unwrap();
        self.counter += 1;
        let data = self.data(self.flags, &[]);
        let client = self.client("webauthn.get", &options);
        let signed = [data.as_slice(), &Sha256::digest(&client)].concat();
        let signature: DerSignature = self.key.sign(&signed);
        let response = json!({
            "authenticatorData": BASE64.encode(data),
            "signature": BASE64.encode(signature.as_bytes()),
            "userHandle": BASE64.encode(&self.user),
        });
        self.answer(asked, response, &client)
    }

    fn answer(&self, asked: &PasskeyAsk, mut response: Value, client: &[u8]) -> PasskeyAnswer {
        response["clientDataJSON"] = BASE64.encode(client).into();
        let id = BASE64.encode(&self.id);
        let answer = json!({"id": id, "rawId": id, "type": "public-key", "response": response});
        PasskeyAnswer { ceremony: asked.ceremony.clone(), answer: answer.to_string() }
    }
}

impl House {
    fn signed(&self, token: &Token) -> Signed {
        self.people.signed(token, true).unwrap().unwrap()
    }

    /// Somebody with a passkey.
    fn with_passkey(&self, name: &str, seed: u8) -> (Signed, Pocket) {
        let signed = self.signed(&self.settled(name, Role::CaseWorker).token);
        let mut pocket = Pocket::new(seed);
        self.added(&signed, &mut pocket).unwrap();
        (signed, pocket)
    }

    fn added(&self, signed: &Signed, pocket: &mut Pocket) -> Outcome<PasskeyShown> {
        let asked = self.people.begin_passkey(signed, &site(), &place()).unwrap();
        self.people.add_passkey(signed, &site(), &pocket.made(&asked), "telephone")
    }

    fn asked(&self) -> PasskeyAsk {
        self.people.begin_passkey_sign_in(&site(), &place()).unwrap()
    }

    fn shows(&self, pocket: &mut Pocket) -> Outcome<Token> {
        let answer = pocket.shown(&self.asked());
        self.people.sign_in_with_passkey(&site(), &answer, &place())
    }

    fn proves(&self, signed: &Signed, pocket: &mut Pocket) -> Outcome<()> {
        let asked = self.people.begin_passkey_proof(signed, &site(), &place()).unwrap();
        let answer = pocket.shown(&asked);
        self.people.prove_with_passkey(signed, &site(), &answer, &place())
    }
}

#[test]
fn whoever_shows_a_passkey_is_signed_in_without_typing_a_name() {
    let house = house();
    let (signed, mut pocket) = house.with_passkey("léa", 1);
    assert_eq!(house.people.find("léa").unwrap().1.ways, [Way::Passkey, Way::Password]);
    let token = house.shows(&mut pocket).unwrap();
    let now = house.signed(&token);
    assert_eq!((now.user, now.staff.name.as_str()), (signed.user, "léa"));
    assert!(house.people.is_fresh(&now));
    let sessions = house.people.sessions_of(&signed.user);
    assert!(sessions.iter().any(|session| session.how == Method::Passkey));
    let (who, reasons, _) = house.audited(Action::LoggedIn).pop().unwrap();
    assert_eq!(who, Actor::Staff("léa".to_owned()));
    assert_eq!(reasons, ["console", "passkey", "case_worker"]);
    assert_eq!(house.audited(Action::CredentialSet).last().unwrap().1, ["passkey"]);
    // What a browser is asked says nothing of anybody.
    let asked = house.asked();
    let options: Value = serde_json::from_str(&asked.options).unwrap();
    assert_eq!(options["allowCredentials"], json!([]));
    assert_eq!(options["userVerification"], "required");
}

#[test]
fn a_new_passkey_is_one_that_a_browser_finds_by_itself() {
    let house = house();
    let (signed, _) = house.with_passkey("lea", 1);
    let asked = house.people.begin_passkey(&signed, &site(), &place()).unwrap();
    let options: Value = serde_json::from_str(&asked.options).unwrap();
    let selection = &options["authenticatorSelection"];
    assert_eq!(
        (&selection["residentKey"], &selection["requireResidentKey"]),
        (&json!("required"), &json!(true))
    );
    assert_eq!((&options["rp"]["id"], &options["rp"]["name"]), (&json!(NAME), &json!("House")));
    assert_eq!(
        options["excludeCredentials"].as_array().unwrap().len(),
        1,
        "not the same one twice"
    );
}

#[test]
fn an_answer_counts_once_and_for_five_minutes_and_for_what_was_asked() {
    let house = house();
    let (signed, mut pocket) = house.with_passkey("lea", 1);
    let answer = pocket.shown(&house.asked());
    let sign_in =
        |answer: &PasskeyAnswer| house.people.sign_in_with_passkey(&site(), answer, &place());
    sign_in(&answer).unwrap();
    assert_eq!(code_of(sign_in(&answer)), "ENT-2765");
    let answer = pocket.shown(&house.asked());
    house.clock.advance(300);
    assert_eq!(code_of(sign_in(&answer)), "ENT-2765");
    let proof = house.people.begin_passkey_proof(&signed, &site(), &place()).unwrap();
    assert_eq!(code_of(sign_in(&pocket.shown(&proof))), "ENT-2765");
    let mut unknown = pocket.shown(&house.asked());
    unknown.ceremony = Token::new().unwrap().text();
    assert_eq!(code_of(sign_in(&unknown)), "ENT-2765");
}

#[test]
fn what_was_signed_for_another_site_or_without_the_person_opens_nothing() {
    let wrong: [fn(&mut Pocket); 6] = [
        |it| it.origin = "https://console.example.com:8443",
        |it| it.origin = "https://console.example.org.evil.example:8443",
        |it| it.name = "evil.example",
        |it| it.flags = 0b001,
        |it| it.flags = 0b100,
        |it| it.key = SigningKey::from_slice(&[9; 32]).unwrap(),
    ];
    for change in wrong {
        let house = house();
        let (signed, mut pocket) = house.with_passkey("lea", 1);
        change(&mut pocket);
        assert_eq!(code_of(house.shows(&mut pocket)), "ENT-2702");
        assert_eq!(code_of(house.proves(&signed, &mut pocket)), "ENT-2702");
        let (who, reasons, _) = house.audited(Action::AccessRefused).pop().unwrap();
        assert_eq!((who, reasons[2].as_str()), (Actor::Staff("lea".to_owned()), "wrong_proof"));
        let mut made = Pocket::new(2);
        change(&mut made);
        if made.key == Pocket::new(2).key {
            assert_eq!(code_of(house.added(&signed, &mut made)), "ENT-2761");
        }
    }
}

#[test]
fn a_passkey_waits_for_what_was_wrong_with_it_and_never_for_wrong_passwords() {
    let house = house();
    let (lea, mut pocket) = house.with_passkey("lea", 1);
    for _ in 0..9 {
        let wrong = code_of(house.sign_in("lea", "wrong", "000000"));
        assert!(["ENT-2702", "ENT-2703"].contains(&wrong.as_str()), "{wrong}");
    }
    assert_eq!(code_of(house.sign_in("lea", "wrong", "000000")), "ENT-2703");
    house.shows(&mut pocket).unwrap();
    house.proves(&lea, &mut pocket).unwrap();
    // Nor is what strangers typed forgotten because its owner came in by it.
    assert_eq!(code_of(house.sign_in("lea", "wrong", "000000")), "ENT-2703");
    let mut stolen = Pocket { key: SigningKey::from_slice(&[9; 32]).unwrap(), ..pocket.clone() };
    for _ in 0..5 {
        assert_eq!(code_of(house.shows(&mut stolen)), "ENT-2702");
    }
    assert_eq!(code_of(house.shows(&mut pocket.clone())), "ENT-2703", "the right one waits too");
    house.clock.advance(900);
    house.shows(&mut pocket).unwrap();
    // Of nobody we know: the address counts.
    let mut stranger = Pocket { user: vec![7; 16], ..Pocket::new(7) };
    assert_eq!(code_of(house.shows(&mut stranger)), "ENT-2702");
    assert_eq!(house.audited(Action::AccessRefused).last().unwrap().1[2], "unknown_account");
}

#[test]
fn a_copy_of_a_key_is_known_by_its_counter() {
    let house = house();
    let (_, mut pocket) = house.with_passkey("lea", 1);
    let mut copy = pocket.clone();
    house.shows(&mut pocket).unwrap();
    assert_eq!(code_of(house.shows(&mut copy)), "ENT-2702");
    house.shows(&mut pocket).unwrap();
}

#[test]
fn whoever_is_disabled_or_was_reset_shows_it_in_vain() {
    let house = house();
    let (_, mut pocket) = house.with_passkey("lea", 1);
    let by = Actor::Staff("root".to_owned());
    house.people.set_enabled(&by, "lea", false).unwrap();
    assert_eq!(code_of(house.shows(&mut pocket)), "ENT-2702");
    house.people.set_enabled(&by, "lea", true).unwrap();
    house.shows(&mut pocket).unwrap();
    house.people.reset(&by, "lea").unwrap();
    assert_eq!(code_of(house.shows(&mut pocket)), "ENT-2702");
}

#[test]
fn a_passkey_is_a_fresh_proof_of_its_owner_alone() {
    let house = house();
    let (lea, mut hers) = house.with_passkey("lea", 1);
    let (omar, mut his) = house.with_passkey("omar", 2);
    house.clock.advance(PROOF_LASTS_S);
    assert!(!house.people.is_fresh(&lea));
    assert_eq!(code_of(house.proves(&lea, &mut his)), "ENT-2702");
    house.proves(&lea, &mut hers).unwrap();
    let again = house.people.passkeys_of(&lea.user).unwrap();
    assert_eq!(again[0].used_at_s, house.people.node.now_s());
    assert_eq!(house.audited(Action::ProvedAgain).len(), 1);
    // What was asked of one is not answered by the other.
    let asked = house.people.begin_passkey_proof(&lea, &site(), &place()).unwrap();
    let answer = hers.shown(&asked);
    let stolen = house.people.prove_with_passkey(&omar, &site(), &answer, &place());
    assert_eq!(code_of(stolen), "ENT-2765");
}

#[test]
fn passkeys_are_named_and_removed_by_their_owner_and_are_not_without_bound() {
    let house = house();
    let (lea, mut first) = house.with_passkey("lea", 1);
    let (omar, _) = house.with_passkey("omar", 100);
    let id = house.people.passkeys_of(&lea.user).unwrap()[0].id.clone();
    house.people.rename_passkey(&lea, &id, " spare key ").unwrap();
    assert_eq!(house.people.passkeys_of(&lea.user).unwrap()[0].label, "spare key");
    assert_eq!(code_of(house.people.rename_passkey(&lea, &id, "a\u{202e}b")), "ENT-2705");
    assert_eq!(code_of(house.people.rename_passkey(&omar, &id, "mine")), "ENT-2762");
    assert_eq!(code_of(house.people.remove_passkey(&omar, &id)), "ENT-2762");
    // Another account cannot be given the same one.
    assert_eq!(code_of(house.added(&omar, &mut first.clone())), "ENT-2761");
    for seed in 2..=u8::try_from(MAX_PASSKEYS).unwrap() {
        house.added(&lea, &mut Pocket::new(seed)).unwrap();
    }
    assert_eq!(code_of(house.added(&lea, &mut Pocket::new(50))), "ENT-2763");
    house.people.remove_passkey(&lea, &id).unwrap();
    assert_eq!(code_of(house.shows(&mut first)), "ENT-2702");
    assert_eq!(house.audited(Action::CredentialRemoved).len(), 1);
}

#[test]
fn without_a_name_of_its_own_a_console_has_no_passkeys_and_says_why() {
    let house = house();
    let by_address = Site { name: String::new(), ..site() };
    let fault = house.people.begin_passkey_sign_in(&by_address, &place()).unwrap_err();
    assert_eq!(fault.code, "ENT-2760");
    assert!(fault.next.en.contains("console.public_name"));
    for origin in ["https://192.0.2.1:8443", "https://elsewhere.example", "nothing"] {
        let other = Site { origins: vec![origin.to_owned()], ..site() };
        assert_eq!(code_of(other.check()), "ENT-2760", "{origin}");
    }
    let behind = vec![ORIGIN.to_owned(), "https://proxy.console.example.org".to_owned()];
    Site { origins: behind, ..site() }.check().unwrap();
}

#[test]
fn many_questions_from_one_address_push_out_nobody_elses() {
    let house = house();
    let (_, mut pocket) = house.with_passkey("lea", 1);
    let asked = house.asked();
    let flood =
        Place { address: "198.51.100.1".parse().unwrap(), agent: String::new(), session: None };
    for _ in 0..200 {
        house.people.begin_passkey_sign_in(&site(), &flood).unwrap();
    }
    let answer = pocket.shown(&asked);
    house.people.sign_in_with_passkey(&site(), &answer, &place()).unwrap();
}
