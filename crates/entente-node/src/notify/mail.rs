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
use crate::fault::Both;
use crate::node::Outcome;
use crate::setup::Home;

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(10);

/// How long all of it may take: the library waits for an answer for as long as it takes.
const WHOLE: Duration = Duration::from_secs(30);

/// The way to the mail server.
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Address,
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
                .timeout(Some(CONNECT));
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
        Ok(Self { transport: builder.build(), from: address(&config.from)? })
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
        let sending = tokio::time::timeout(WHOLE, self.transport.send(message)).await;
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
    let unusable = || secret::no_certificates(Both::new(&of, &of));
    if let Some(pem) = secret::certificates(&config.ca_file, home)? {
        // Only this one: what is pinned is not widened by what the machine trusts.
        builder = builder.certificate_store(CertificateStore::None);
        let certificate = Certificate::from_pem(&pem).map_err(|_| unusable())?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build().map_err(|_| unusable())
}

/// Whether a handshake failed. The library reports that as a broken connection.
fn is_of_tls(error: &Error) -> bool {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if error.is::<rustls::Error>() || inner.is_some_and(|it| it.is::<rustls::Error>()) {
            return true;
        }
        next = error.source();
    }
    false
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
    if error.is_tls() || is_of_tls(error) {
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
            "le serveur de courriel n’offre pas le chiffrement ou la connexion des paramètres",
        );
    }
    Failure::new(
        "unreachable",
        "the mail server cannot be reached",
        "le serveur de courriel est injoignable",
    )
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    use tokio::net::TcpListener;

    use super::*;

    /// A mailer over plain SMTP to a server that answers each line with the next of `answers`, the
    /// first of which greets; then it says nothing more. Gives what the server heard.
    async fn heard(answers: &'static [&'static str], login: bool) -> (Failure, Vec<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let serving = async {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = BufReader::new(stream);
            let mut heard = Vec::new();
            for answer in answers {
                stream.get_mut().write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
                let mut line = String::new();
                if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                    return heard;
                }
                heard.push(line.trim_end().to_owned());
            }
            // Whatever is said from here on is heard by nobody, and the connection stays.
            std::future::pending::<()>().await;
            heard
        };
        let mailer = mailer(port, login);
        let to = "lea@example.org".parse().unwrap();
        let letter = Letter { subject: "s".to_owned(), body: "b".to_owned() };
        let sending = mailer.send(&to, "id", 1_800_000_000, letter);
        tokio::pin!(sending, serving);
        tokio::select! {
            sent = &mut sending => (sent.unwrap_err(), Vec::new()),
            heard = &mut serving => (sending.await.unwrap_err(), heard),
        }
    }

    fn mailer(port: u16, login: bool) -> Mailer {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path());
        let password = folder.path().join("password");
        std::fs::write(&password, "secret\n").unwrap();
        let closed = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&password, closed).unwrap();
        let config = MailConfig {
            host: "127.0.0.1".to_owned(),
            port,
            security: if login { "starttls" } else { "none" }.to_owned(),
            from: "entente@example.org".to_owned(),
            user: if login { "entente".to_owned() } else { String::new() },
            password_file: if login { password } else { std::path::PathBuf::new() },
            ca_file: std::path::PathBuf::new(),
        };
        Mailer::open(&config, &home).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_never_speaks_is_given_up() {
        let begun = tokio::time::Instant::now();
        assert_eq!(heard(&[], false).await.0.code, "no_answer");
        assert!(begun.elapsed() <= WHOLE, "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn to_a_server_without_encryption_neither_the_password_nor_the_message_is_said() {
        let answers = &["220 here", "250-here\r\n250 AUTH PLAIN", "502 no"];
        let (failure, heard) = heard(answers, true).await;
        assert_eq!(failure.code, "not_offered");
        assert!(!heard.iter().any(|it| it.contains("AUTH") || it.contains("MAIL")), "{heard:?}");
    }

    #[tokio::test]
    async fn what_a_server_says_in_refusing_is_kept_as_its_number_alone() {
        let answers = &["220 here", "250 here", "550 lea@example.org is unknown", "221 bye"];
        let (failure, _) = heard(answers, false).await;
        assert_eq!(failure.code, "refused");
        assert_eq!(failure.why.en, "the mail server refuses it (550)");
    }
}
