//! E-mail, over SMTP.
//!
//! One connection for each message, encrypted before anything is said unless the server is on this
//! machine. Our own name is not told to the server: who it serves it knows from the account.

use std::fmt;
use std::time::{Duration, SystemTime};

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{
    Certificate, CertificateStore, Tls, TlsParameters, TlsVersion,
};
use lettre::transport::smtp::{Error, response::Severity};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

use super::text::Letter;
use super::{Failure, secret};
use crate::config::{MailConfig, Security};
use crate::node::Outcome;
use crate::setup::Home;

/// How long each step of the conversation may take, and all of them.
const STEP: Duration = Duration::from_secs(10);
const WHOLE: Duration = Duration::from_secs(30);

/// The way to the mail server.
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Address,
    whole: Duration,
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mailer")
    }
}

/// An address that the settings were checked for.
pub(super) fn address(text: &str) -> Outcome<Address> {
    // The settings are refused before this if it is none.
    text.parse().map_err(|_| crate::answer::failed())
}

impl Mailer {
    /// Reads what the settings name. Nothing is connected.
    pub fn open(config: &MailConfig, home: &Home) -> Outcome<Self> {
        let protection = config.protection().unwrap_or(Security::StartTls);
        let port = match (config.port, protection) {
            (0, Security::StartTls) => 587,
            (0, Security::Tls) => 465,
            (0, Security::None) => 25,
            (port, _) => port,
        };
        let mut builder =
            AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(config.host.clone())
                .port(port)
                .timeout(Some(STEP));
        if protection != Security::None {
            let parameters = parameters(config, home)?;
            builder = builder.tls(match protection {
                Security::Tls => Tls::Wrapper(parameters),
                _ => Tls::Required(parameters),
            });
        }
        if !config.user.is_empty() {
            let password = secret::first_line(&config.password_file, home)?;
            let login = Credentials::new(config.user.clone(), password.as_str().to_owned());
            builder = builder.credentials(login);
        }
        Ok(Self { transport: builder.build(), from: address(&config.from)?, whole: WHOLE })
    }

    /// Sends a letter. A repeat has the same id, by which mail programs recognise it.
    pub async fn send(
        &self,
        to: &Address,
        id: &str,
        now_s: i64,
        letter: Letter,
    ) -> Result<(), Failure> {
        let message = self.message(to, id, now_s, letter)?;
        let sending = tokio::time::timeout(self.whole, self.transport.send(message)).await;
        match sending {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(failure(&error)),
            Err(_) => Err(no_answer()),
        }
    }

    fn message(
        &self,
        to: &Address,
        id: &str,
        now_s: i64,
        letter: Letter,
    ) -> Result<Message, Failure> {
        let date = SystemTime::UNIX_EPOCH
            .checked_add(Duration::from_secs(u64::try_from(now_s).unwrap_or_default()));
        // So that nobody's absence is answered to a machine (RFC 3834).
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        Message::builder()
            .from(Mailbox::new(Some("Entente".to_owned()), self.from.clone()))
            .to(Mailbox::new(None, to.clone()))
            .date(date.unwrap_or(SystemTime::UNIX_EPOCH))
            .message_id(Some(format!("<{id}@{}>", self.from.domain())))
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
            .subject(letter.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(letter.body)
            .map_err(|_| {
                Failure::new("unwritable", "it cannot be written", "il ne peut pas être écrit")
            })
    }
}

fn parameters(config: &MailConfig, home: &Home) -> Outcome<TlsParameters> {
    let mut builder =
        TlsParameters::builder(config.host.clone()).set_min_tls_version(TlsVersion::Tlsv12);
    let of = if config.ca_file.as_os_str().is_empty() {
        "/etc/ssl/certs".to_owned()
    } else {
        config.ca_file.display().to_string()
    };
    let unusable = || secret::no_certificates(&of);
    if let Some(pem) = secret::certificates(&config.ca_file, home)? {
        // Only this one: what is pinned is not widened by what the machine trusts.
        builder = builder.certificate_store(CertificateStore::None);
        let certificate = Certificate::from_pem(&pem).map_err(|_| unusable())?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build().map_err(|_| unusable())
}

fn no_answer() -> Failure {
    Failure::new(
        "no_answer",
        "the mail server does not answer in time",
        "le serveur de courriel ne répond pas à temps",
    )
}

/// What went wrong, without the server's own words.
fn failure(error: &Error) -> Failure {
    if let Some(code) = error.status() {
        // 530, 534, 535, 538: who we are was not taken (RFC 4954).
        if matches!(u16::from(code), 530 | 534 | 535 | 538) {
            return Failure::new(
                "login",
                "the mail server refuses the account or its password",
                "le serveur de courriel refuse le compte ou son mot de passe",
            );
        }
        let is_final = code.severity == Severity::PermanentNegativeCompletion;
        return Failure::new(
            if is_final { "refused" } else { "not_now" },
            format!("the mail server refuses it ({code})"),
            format!("le serveur de courriel le refuse ({code})"),
        );
    }
    if error.is_timeout() {
        return no_answer();
    }
    if error.is_tls() {
        return Failure::new(
            "tls",
            "the mail server shows a certificate that is not trusted, or does not encrypt",
            "le serveur de courriel présente un certificat non reconnu, ou ne chiffre pas",
        );
    }
    if error.is_client() {
        return Failure::new(
            "not_offered",
            "the mail server does not offer the encryption or the login of the settings",
            "le serveur de courriel n’offre pas le chiffrement ou la connexion des réglages",
        );
    }
    Failure::new(
        "unreachable",
        "the mail server cannot be reached",
        "le serveur de courriel est injoignable",
    )
}
