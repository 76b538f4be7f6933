//! Passkeys: a way to sign in that nobody can be talked out of, since the browser answers our name alone.
//!
//! The rules of WebAuthn (level 3, sections 7.1 and 7.2) are followed by `webauthn-rs`. Ours is what
//! stands around them: what is asked of a browser is kept in memory, works once and for five minutes;
//! whoever holds a passkey has shown it by a finger, a face or a PIN too, so it counts as two things;
//! wrong answers count for the passkey that was shown and for the address. They do not count for the account, nor
//! wrong passwords for a passkey: nobody guesses one, and a name is all it takes to type wrong passwords.
//!
//! Nobody types a name before a passkey: an answer that depended on a name would tell who has an
//! account. So a passkey is made such that the browser finds it by itself.

use entente_core::audit::{Action, Actor};
use entente_store::people::{PasskeyRow, People as _, UserId, UserRow};
use entente_store::seal::digest;
use webauthn_rs::prelude::{
    AuthenticationResult, DiscoverableAuthentication, Passkey, PasskeyAuthentication,
    PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Url, Uuid, Webauthn,
    WebauthnBuilder,
};

use super::attempts::On;
use super::ceremonies::{Ceremony, Doing};
use super::name::is_good_display;
use super::{Method, People, Place, Refusal, Signed, Token, faults};
use crate::node::{Outcome, unpoisoned};

/// How many passkeys an account may have: a telephone, a computer and a spare key, and then some.
pub const MAX_PASSKEYS: usize = 10;

/// The longest answer of a browser that is read, in bytes: the longest known has a fifth of it.
const MAX_ANSWER: usize = 32 * 1024;

/// The name to which passkeys are bound, and where pages of ours are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The setting `console.public_name`.
    pub name: String,
    /// Origins of our pages, the first one that of the name.
    pub origins: Vec<String>,
    /// What a browser shows: the organization.
    pub title: String,
}

impl Site {
    /// Whether there can be passkeys here; else why not (`ENT-2760`).
    pub fn check(&self) -> Outcome<()> {
        self.webauthn().map(|_| ())
    }

    fn webauthn(&self) -> Outcome<Webauthn> {
        if self.name.is_empty() {
            return Err(faults::no_passkeys_by_address());
        }
        let mut origins = self.origins.iter().filter_map(|origin| Url::parse(origin).ok());
        let first = origins.next().ok_or_else(faults::no_passkeys_by_name)?;
        let built = WebauthnBuilder::new(&self.name, &first).and_then(|builder| {
            let builder = builder.rp_name(&self.title);
            origins.fold(builder, |builder, origin| builder.append_allowed_origin(&origin)).build()
        });
        built.map_err(|_| faults::no_passkeys_by_name())
    }
}

/// What a browser is asked.
#[derive(Clone, Debug)]
pub struct PasskeyAsk {
    /// The name of what is asked; the answer names it too.
    pub ceremony: String,
    /// The options of WebAuthn, as JSON.
    pub options: String,
}

/// What a browser answered.
#[derive(Clone, Default)]
pub struct PasskeyAnswer {
    /// What was asked.
    pub ceremony: String,
    /// The answer, as JSON.
    pub answer: String,
}

impl std::fmt::Debug for PasskeyAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasskeyAnswer(..)")
    }
}

/// A passkey as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyShown {
    /// Its public name: sixteen hex digits.
    pub id: String,
    /// What its owner calls it.
    pub label: String,
    /// When it was added, in seconds since 1970.
    pub made_at_s: i64,
    /// When it was last used; 0 if never.
    pub used_at_s: i64,
}

impl From<&PasskeyRow> for PasskeyShown {
    fn from(row: &PasskeyRow) -> Self {
        let PasskeyRow { id, label, data: _, made_at_s, used_at_s } = row;
        Self {
            id: shown_id(id),
            label: label.clone(),
            made_at_s: *made_at_s,
            used_at_s: *used_at_s,
        }
    }
}

fn shown_id(id: &[u8]) -> String {
    hex::encode(digest(id).first_chunk::<8>().unwrap_or(&[0; 8]))
}

impl People {
    /// The passkeys of an account, the oldest first.
    pub fn passkeys_of(&self, user: &UserId) -> Outcome<Vec<PasskeyShown>> {
        let row = self.node.db.read(|tx| tx.user(user))?.ok_or_else(faults::no_such_user)?;
        Ok(row.passkeys.iter().map(PasskeyShown::from).collect())
    }

    /// Asks the browser of whoever is signed in for a new passkey.
    pub fn begin_passkey(&self, signed: &Signed, site: &Site, from: &Place) -> Outcome<PasskeyAsk> {
        let webauthn = site.webauthn()?;
        let row =
            self.node.db.read(|tx| tx.user(&signed.user))?.ok_or_else(faults::no_such_user)?;
        if row.federated.is_some() {
            return Err(faults::only_at_provider());
        }
        let known = kept(&row).map(|(_, key)| key.cred_id().clone()).collect();
        let id = Uuid::from_bytes(signed.user);
        let begun = webauthn.start_passkey_registration(id, &row.name, &row.display, Some(known));
        let (asked, state) = begun.map_err(|_| faults::no_passkeys_by_name())?;
        let mut options = serde_json::to_value(&asked.public_key).map_err(|_| not_added())?;
        let selection = options.pointer_mut("/authenticatorSelection");
        if let Some(selection) = selection.and_then(serde_json::Value::as_object_mut) {
            // One that the browser cannot find by itself would be of no use: see the head of this file.
            selection.insert("residentKey".to_owned(), "required".into());
            selection.insert("requireResidentKey".to_owned(), true.into());
        }
        self.asked(Doing::Add { user: signed.user, state: Box::new(state) }, &options, from)
    }

    /// Adds the passkey that a browser made.
    pub fn add_passkey(
        &self,
        signed: &Signed,
        site: &Site,
        answer: &PasskeyAnswer,
        label: &str,
    ) -> Outcome<PasskeyShown> {
        let state = match self.answered(answer)? {
            Doing::Add { user, state } if user == signed.user => state,
            _ => return Err(faults::passkey_too_late()),
        };
        let passkey = registered(&site.webauthn()?, answer, &state).ok_or_else(not_added)?;
        let label = good_label(label)?;
        let row = PasskeyRow {
            id: passkey.cred_id().to_vec(),
            label,
            data: serde_json::to_vec(&passkey).map_err(|_| not_added())?,
            made_at_s: self.node.now_s(),
            used_at_s: 0,
        };
        let shown = PasskeyShown::from(&row);
        self.node.db.write("passkey added", |tx| {
            let mut user = tx.user(&signed.user)?.ok_or_else(faults::no_such_user)?;
            // They may have moved meanwhile, in another window.
            if user.federated.is_some() {
                return Err(faults::only_at_provider());
            }
            if user.passkeys.len() >= MAX_PASSKEYS {
                return Err(faults::too_many_passkeys());
            }
            // An authenticator that names another's passkey lies, or is the same one twice.
            if tx.users()?.iter().any(|(_, it)| it.passkeys.iter().any(|it| it.id == row.id)) {
                return Err(not_added());
            }
            user.passkeys.push(row.clone());
            tx.put_user(&signed.user, &user)?;
            let entry = self.node.entry(signed.staff.actor(), Action::CredentialSet);
            let entry = entry.reference(signed.user).reasons(["passkey".to_owned()]);
            self.node.write_audit(tx, vec![entry])?;
            Ok::<_, Refusal>(())
        })?;
        Ok(shown)
    }

    /// Calls a passkey something else.
    pub fn rename_passkey(&self, signed: &Signed, id: &str, label: &str) -> Outcome<()> {
        let label = good_label(label)?;
        self.change_passkeys(signed, Action::CredentialSet, "passkey_named", |row| {
            let known = row.passkeys.iter_mut().find(|it| shown_id(&it.id) == id);
            known.ok_or_else(faults::no_such_passkey)?.label.clone_from(&label);
            Ok(())
        })
    }

    /// Takes a passkey away. Refused if its owner would have no way to sign in.
    pub fn remove_passkey(&self, signed: &Signed, id: &str) -> Outcome<()> {
        self.change_passkeys(signed, Action::CredentialRemoved, "passkey", |row| {
            let n_before = row.passkeys.len();
            row.passkeys.retain(|it| shown_id(&it.id) != id);
            if row.passkeys.len() == n_before {
                return Err(faults::no_such_passkey());
            }
            let has_other = row.password.is_some() || row.federated.is_some();
            if row.passkeys.is_empty() && !has_other {
                return Err(faults::last_way());
            }
            Ok(())
        })
    }

    fn change_passkeys(
        &self,
        signed: &Signed,
        action: Action,
        reason: &str,
        change: impl Fn(&mut UserRow) -> Outcome<()>,
    ) -> Outcome<()> {
        self.node.db.write("passkeys changed", |tx| {
            let mut row = tx.user(&signed.user)?.ok_or_else(faults::no_such_user)?;
            change(&mut row)?;
            tx.put_user(&signed.user, &row)?;
            let entry = self.node.entry(signed.staff.actor(), action).reference(signed.user);
            self.node.write_audit(tx, vec![entry.reasons([reason.to_owned()])])
        })
    }

    /// Asks a browser for any passkey of this console.
    pub fn begin_passkey_sign_in(&self, site: &Site, from: &Place) -> Outcome<PasskeyAsk> {
        let begun = site.webauthn()?.start_discoverable_authentication();
        let (asked, state) = begun.map_err(|_| faults::no_passkeys_by_name())?;
        self.asked(Doing::SignIn(Box::new(state)), &asked.public_key, from)
    }

    /// Opens a session for a passkey. `ENT-2702` for anything wrong, `ENT-2703` after too much of it.
    pub fn sign_in_with_passkey(
        &self,
        site: &Site,
        answer: &PasskeyAnswer,
        from: &Place,
    ) -> Outcome<Token> {
        let Doing::SignIn(state) = self.answered(answer)? else {
            return Err(faults::passkey_too_late());
        };
        let webauthn = site.webauthn()?;
        let said = read::<PublicKeyCredential>(answer);
        let user = said.as_ref().and_then(|said| {
            let (user, _) = webauthn.identify_discoverable_authentication(said).ok()?;
            Some(user.into_bytes())
        });
        let found = user.map(|user| self.node.db.read(|tx| tx.user(&user))).transpose()?.flatten();
        let name = found.as_ref().map_or("", |row| row.name.as_str()).to_owned();
        let verify = |said: &PublicKeyCredential, key: &Passkey| {
            let state: DiscoverableAuthentication = (*state).clone();
            webauthn.finish_discoverable_authentication_v2(said, state, key).ok()
        };
        let shown = said.as_ref().zip(user);
        let id = said.as_ref().map(|said| digest(said.get_credential_id()));
        let on = id.as_ref().map_or(On::Nothing, On::Passkey);
        let user = self.shown(&name, on, shown, verify, from, Action::LoggedIn)?;
        self.open(user, Method::Passkey, from)
    }

    /// Asks the browser of whoever is signed in for one of their passkeys.
    pub fn begin_passkey_proof(
        &self,
        signed: &Signed,
        site: &Site,
        from: &Place,
    ) -> Outcome<PasskeyAsk> {
        let webauthn = site.webauthn()?;
        let row =
            self.node.db.read(|tx| tx.user(&signed.user))?.ok_or_else(faults::no_such_user)?;
        let keys: Vec<Passkey> = kept(&row).map(|(_, key)| key).collect();
        if keys.is_empty() {
            return Err(faults::no_such_passkey());
        }
        let begun = webauthn.start_passkey_authentication(&keys);
        let (asked, state) = begun.map_err(|_| faults::no_passkeys_by_name())?;
        let doing = Doing::Prove { user: signed.user, state: Box::new(state) };
        self.asked(doing, &asked.public_key, from)
    }

    /// Proves once more who is in a session, with a passkey.
    pub fn prove_with_passkey(
        &self,
        signed: &Signed,
        site: &Site,
        answer: &PasskeyAnswer,
        from: &Place,
    ) -> Outcome<()> {
        let state: Box<PasskeyAuthentication> = match self.answered(answer)? {
            Doing::Prove { user, state } if user == signed.user => state,
            _ => return Err(faults::passkey_too_late()),
        };
        let webauthn = site.webauthn()?;
        let said = read::<PublicKeyCredential>(answer);
        let verify = |said: &PublicKeyCredential, _: &Passkey| {
            webauthn.finish_passkey_authentication(said, &state).ok()
        };
        let shown = said.as_ref().map(|said| (said, signed.user));
        let (name, key) = (signed.staff.name.as_str(), signed.key());
        let on = On::Session(&key, name);
        self.shown(name, on, shown, verify, from, Action::ProvedAgain)?;
        self.proved(signed);
        Ok(())
    }

    /// Counts an attempt, checks the passkey that was shown, and writes down how it ended.
    fn shown(
        &self,
        name: &str,
        on: On<'_>,
        shown: Option<(&PublicKeyCredential, UserId)>,
        verify: impl Fn(&PublicKeyCredential, &Passkey) -> Option<AuthenticationResult>,
        from: &Place,
        action: Action,
    ) -> Outcome<UserId> {
        let now_s = self.node.now_s();
        let begun = unpoisoned(self.attempts.lock()).begin(on, from.address, now_s);
        begun.map_err(faults::wait)?;
        let Some((said, user)) = shown else { return Err(self.refuse(name, on)?) };
        let done = self.node.db.write("passkey shown", |tx| {
            let Some(mut row) = tx.user(&user)?.filter(|row| row.enabled) else { return Ok(false) };
            let at = row.passkeys.iter().position(|it| it.id == said.get_credential_id());
            let Some(kept) = at.and_then(|at| row.passkeys.get_mut(at)) else { return Ok(false) };
            let Ok(mut key) = serde_json::from_slice::<Passkey>(&kept.data) else {
                return Ok(false);
            };
            let Some(result) = verify(said, &key) else { return Ok(false) };
            key.update_credential(&result);
            kept.data = serde_json::to_vec(&key).map_err(|_| not_added())?;
            kept.used_at_s = now_s;
            row.signed_in_at_s = now_s;
            tx.put_user(&user, &row)?;
            let entry = self.node.entry(Actor::Staff(row.name.clone()), action);
            let how = ["console".to_owned(), Method::Passkey.code().to_owned()];
            let reasons = how.into_iter().chain(row.roles.iter().cloned());
            self.node.write_audit(tx, vec![entry.reasons(reasons)])?;
            Ok::<_, Refusal>(true)
        })?;
        if !done {
            return Err(self.refuse(name, on)?);
        }
        unpoisoned(self.attempts.lock()).succeeded(on, from.address, now_s);
        Ok(user)
    }

    fn asked(
        &self,
        doing: Doing,
        options: &impl serde::Serialize,
        from: &Place,
    ) -> Outcome<PasskeyAsk> {
        let token = Token::new()?;
        let options = serde_json::to_string(options).map_err(|_| not_added())?;
        let ceremony = Ceremony { doing, begun_at_s: self.node.now_s(), from: from.address };
        unpoisoned(self.ceremonies.lock()).keep(token.hash(), ceremony);
        Ok(PasskeyAsk { ceremony: token.text(), options })
    }

    /// What was asked, once.
    fn answered(&self, answer: &PasskeyAnswer) -> Outcome<Doing> {
        let token = Token::parse(&answer.ceremony).ok_or_else(faults::passkey_too_late)?;
        let taken = unpoisoned(self.ceremonies.lock()).take(&token.hash(), self.node.now_s());
        taken.ok_or_else(faults::passkey_too_late)
    }
}

/// The passkeys of a row that can be read.
fn kept(row: &UserRow) -> impl Iterator<Item = (&PasskeyRow, Passkey)> {
    row.passkeys.iter().filter_map(|it| Some((it, serde_json::from_slice(&it.data).ok()?)))
}

fn registered(
    webauthn: &Webauthn,
    answer: &PasskeyAnswer,
    state: &PasskeyRegistration,
) -> Option<Passkey> {
    let said = read::<RegisterPublicKeyCredential>(answer)?;
    webauthn.finish_passkey_registration(&said, state).ok()
}

fn read<T: serde::de::DeserializeOwned>(answer: &PasskeyAnswer) -> Option<T> {
    serde_json::from_str((answer.answer.len() <= MAX_ANSWER).then_some(&answer.answer)?).ok()
}

fn good_label(label: &str) -> Outcome<String> {
    let label = label.trim();
    if is_good_display(label) { Ok(label.to_owned()) } else { Err(faults::bad_name()) }
}

fn not_added() -> Refusal {
    faults::passkey_not_added()
}
