//! Contact details: what is handed over, and how it is written before it is sealed.
//!
//! ```text
//! version 1 | for each part, ascending: number 1 | length 2 | UTF-8 | 0, then zeros to the size
//! ```
//!
//! Numbers of a length and of a part are big-endian. Telephone numbers are part 20, once for each:
//! one byte that says whether a message may be left (1) or not (0), then the number.

use std::collections::BTreeMap;
use std::fmt;

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::lang::Lang;

const VERSION: u8 = 1;
const PHONE: u8 = 20;

/// The most telephone numbers.
pub const MAX_PHONES: usize = 8;

/// The most characters of a telephone number, with its extension.
pub const MAX_PHONE_CHARS: usize = 60;

/// A text that identifies a person. Wiped when dropped; prints nothing; has no `Serialize`.
#[derive(Clone, PartialEq, Eq)]
pub struct Sensitive(Zeroizing<String>);

impl Sensitive {
    /// The text. Every use of this is a place where somebody may read it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    fn new(text: &str, max_chars: usize, may_break: bool) -> Result<Self, BadText> {
        // Four bytes is the longest character, and a text in form NFC has no more of them.
        if text.len() > max_chars.saturating_mul(12) {
            return Err(BadText::TooLong);
        }
        let text = Zeroizing::new(text.trim().nfc().collect::<String>());
        if text.is_empty() {
            return Err(BadText::Blank);
        }
        if text.chars().nth(max_chars).is_some() {
            return Err(BadText::TooLong);
        }
        let is_bad = |c: char| (c.is_control() && !(may_break && c == '\n')) || turns_text(c);
        if text.chars().any(is_bad) { Err(BadText::Control) } else { Ok(Self(text)) }
    }
}

impl fmt::Debug for Sensitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sensitive(..)")
    }
}

/// Characters that turn the direction of the text after them, so that a person reads another number
/// than was written.
fn turns_text(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
}

enum BadText {
    Blank,
    TooLong,
    Control,
}

macro_rules! parts {
    ($($name:ident = $number:literal, $code:literal, $max:literal, $en:literal, $fr:literal;)+) => {
        /// One part of contact details. Telephone numbers are besides ([`Phone`]).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Part {
            $(#[doc = $en] $name,)+
        }

        impl Part {
            /// All of them, in the order in which they are asked and shown.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            fn number(self) -> u8 {
                match self { $(Self::$name => $number,)+ }
            }

            /// Text form, in files and documents.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// The most characters.
            pub fn max_chars(self) -> usize {
                match self { $(Self::$name => $max,)+ }
            }

            /// What a person reads.
            pub fn label(self, lang: Lang) -> &'static str {
                match self { $(Self::$name => lang.pick($en, $fr),)+ }
            }
        }
    };
}

parts! {
    Name = 1, "name", 200, "Name", "Nom";
    PreferredName = 2, "preferred_name", 200, "Preferred name", "Nom usuel";
    Pronouns = 3, "pronouns", 60, "Pronouns", "Pronoms";
    SafeTimes = 4, "safe_times", 500, "Safe times to call", "Moments sûrs pour appeler";
    Email = 5, "email", 254, "E-mail", "Courriel";
    Address = 6, "address", 500, "Safe address", "Adresse sûre";
    Language = 7, "language", 80, "Language", "Langue";
    Guardian = 8, "guardian", 500, "Guardian", "Tuteur ou tutrice";
    Note = 9, "note", 4000, "Note", "Note";
}

impl Part {
    /// The part with this text form.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|part| part.code() == code)
    }

    fn from_number(number: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|part| part.number() == number)
    }

    fn may_break(self) -> bool {
        matches!(self, Self::SafeTimes | Self::Address | Self::Guardian | Self::Note)
    }
}

/// A telephone number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phone {
    /// The number, as the person gave it.
    pub number: Sensitive,
    /// Whether a message may be left. Not, unless the person said so: somebody else may hear it.
    pub may_leave_message: bool,
}

/// How to reach a person, and how not to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactDetails {
    parts: BTreeMap<Part, Sensitive>,
    phones: Vec<Phone>,
}

impl ContactDetails {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a part; a blank text leaves it out.
    pub fn set(&mut self, part: Part, text: &str) -> Result<(), BadDetails> {
        let fault = |problem| BadDetails { what: part.code(), problem, part: Some(part) };
        match Sensitive::new(text, part.max_chars(), part.may_break()) {
            Ok(text) => {
                self.parts.insert(part, text);
            }
            Err(BadText::Blank) => {
                self.parts.remove(&part);
            }
            Err(BadText::TooLong) => return Err(fault(Problem::TooLong(part.max_chars()))),
            Err(BadText::Control) => return Err(fault(Problem::Control)),
        }
        Ok(())
    }

    /// Adds a telephone number.
    pub fn add_phone(&mut self, number: &str, may_leave_message: bool) -> Result<(), BadDetails> {
        let fault = |problem| BadDetails { what: "phones", problem, part: None };
        if self.phones.len() >= MAX_PHONES {
            return Err(fault(Problem::TooMany(MAX_PHONES)));
        }
        let number = Sensitive::new(number, MAX_PHONE_CHARS, false).map_err(|bad| match bad {
            BadText::Blank => fault(Problem::Blank),
            BadText::TooLong => fault(Problem::TooLong(MAX_PHONE_CHARS)),
            BadText::Control => fault(Problem::Control),
        })?;
        self.phones.push(Phone { number, may_leave_message });
        Ok(())
    }

    /// One part.
    pub fn part(&self, part: Part) -> Option<&Sensitive> {
        self.parts.get(&part)
    }

    /// The telephone numbers, in the order in which to try them.
    pub fn phones(&self) -> &[Phone] {
        &self.phones
    }

    /// Checks that the person can be reached with it: by telephone, e-mail, at an address, or through
    /// a guardian.
    pub fn check(&self) -> Result<(), BadDetails> {
        let ways = [Part::Email, Part::Address, Part::Guardian];
        let is_reachable =
            !self.phones.is_empty() || ways.iter().any(|way| self.parts.contains_key(way));
        if is_reachable {
            Ok(())
        } else {
            Err(BadDetails { what: "phones", problem: Problem::Unreachable, part: None })
        }
    }

    pub(super) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        // Long enough from the start: what grows leaves copies of itself behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(super::Size::Large.bytes()));
        bytes.push(VERSION);
        let mut put = |number: u8, before: &[u8], text: &str| {
            // Every bound of a part is far below 64 KiB.
            let len = u16::try_from(before.len() + text.len()).unwrap_or(u16::MAX);
            bytes.push(number);
            bytes.extend_from_slice(&len.to_be_bytes());
            bytes.extend_from_slice(before);
            bytes.extend_from_slice(text.as_bytes());
        };
        for (part, text) in &self.parts {
            put(part.number(), &[], text.expose());
        }
        for Phone { number, may_leave_message } in &self.phones {
            put(PHONE, &[u8::from(*may_leave_message)], number.expose());
        }
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote, and zeros after it. There is one way to write it.
    pub(super) fn from_padded(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut rest = bytes.strip_prefix(&[VERSION]).ok_or(Unreadable)?;
        let mut details = Self::new();
        while let Some((number, after)) = rest.split_first().filter(|(number, _)| **number != 0) {
            let (len, after) = after.split_first_chunk::<2>().ok_or(Unreadable)?;
            let len = usize::from(u16::from_be_bytes(*len));
            let (content, after) = after.split_at_checked(len).ok_or(Unreadable)?;
            details.read(*number, content)?;
            rest = after;
        }
        let written = details.to_bytes();
        let is_as_written = bytes.strip_prefix(written.as_slice());
        let is_padded = is_as_written.is_some_and(|rest| rest.iter().all(|byte| *byte == 0));
        if is_padded { Ok(details) } else { Err(Unreadable) }
    }

    fn read(&mut self, number: u8, content: &[u8]) -> Result<(), Unreadable> {
        let text = |bytes| std::str::from_utf8(bytes).map_err(|_| Unreadable);
        if number == PHONE {
            let (may, phone) = content.split_first().ok_or(Unreadable)?;
            return self.add_phone(text(phone)?, *may == 1).map_err(|_| Unreadable);
        }
        let part = Part::from_number(number).ok_or(Unreadable)?;
        self.set(part, text(content)?).map_err(|_| Unreadable)
    }
}

/// Bytes that are no contact details.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// Contact details cannot be used. Says which part and why, and nothing of what stood there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadDetails {
    /// The part, as files name it.
    pub what: &'static str,
    part: Option<Part>,
    problem: Problem,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Problem {
    Blank,
    TooLong(usize),
    TooMany(usize),
    Control,
    Unreachable,
}

impl BadDetails {
    /// In words.
    pub fn text(&self, lang: Lang) -> String {
        let what = match self.part {
            Some(part) => part.label(lang),
            None => lang.pick("Telephone", "Téléphone"),
        };
        let colon = lang.pick(":", "\u{a0}:");
        let problem = match self.problem {
            Problem::Blank => lang.pick("must not be blank", "ne peut pas être vide").to_owned(),
            Problem::TooLong(max) => match lang {
                Lang::En => format!("at most {max} characters"),
                Lang::Fr => format!("au plus {max} caractères"),
            },
            Problem::TooMany(max) => match lang {
                Lang::En => format!("at most {max} numbers"),
                Lang::Fr => format!("au plus {max} numéros"),
            },
            Problem::Control => lang
                .pick("holds characters that cannot be shown", "contient des caractères invisibles")
                .to_owned(),
            Problem::Unreachable => lang
                .pick(
                    "give a number, an e-mail, an address or a guardian",
                    "donnez un numéro, un courriel, une adresse ou le nom d’un tuteur",
                )
                .to_owned(),
        };
        format!("{what}{colon} {problem}")
    }
}
