//! The table of fields: one line here is a field of the record, a column of every file, an entry
//! of every history, a line of every form.
//!
//! A field's number is stored: it is never used again for another field.

/// Defines [`CaseRecord`](super::CaseRecord) and [`Field`](super::Field) from one table.
///
/// A line is `number name: Type, Variant, Class, Level, "English", "Français";`.
macro_rules! record_fields {
    ($($number:literal $name:ident: $type:ty, $variant:ident, $class:ident, $level:ident,
        $en:literal, $fr:literal;)+) => {
        /// A case as its own organization knows it. Never leaves the node.
        ///
        /// Has no `Serialize` and no message; its `Debug` prints only its id. A field that is
        /// empty is not known.
        #[derive(Clone, PartialEq, Eq)]
        pub struct CaseRecord {
            /// The id, made by the node. Never shared.
            pub id: RecordId,
            $(#[doc = $en] pub $name: $type,)+
        }

        /// A field of a [`CaseRecord`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum Field {
            $(#[doc = $en] $variant = $number,)+
        }

        impl Field {
            /// All fields, in the order of a form.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable number.
            pub fn number(self) -> u16 {
                self as u16
            }

            /// The field with this number.
            pub fn from_number(number: u16) -> Option<Self> {
                match number {
                    $($number => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// The name, for files and commands.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($name),)+ }
            }

            /// What a person reads.
            pub fn label(self, lang: Lang) -> &'static str {
                match self { $(Self::$variant => lang.pick($en, $fr),)+ }
            }

            /// How much it says about who the person is.
            pub fn class(self) -> Class {
                match self { $(Self::$variant => Class::$class,)+ }
            }

            /// How far it may go at most, in any form.
            pub fn level(self) -> Level {
                match self { $(Self::$variant => Level::$level,)+ }
            }

            /// What it can hold.
            pub fn kind(self) -> Kind {
                match self { $(Self::$variant => <$type as Value>::kind(),)+ }
            }

            /// The codes it can hold, with their labels; none if it does not hold codes.
            pub fn choices(self, lang: Lang) -> Vec<(&'static str, &'static str)> {
                match self { $(Self::$variant => <$type as Value>::choices(lang),)+ }
            }
        }

        impl CaseRecord {
            fn with_defaults(id: RecordId, registered: Date) -> Self {
                Self {
                    id,
                    $($name: <$type as StartsAs>::start(registered),)+
                }
            }

            /// The value of a field as text; `None` if it is empty.
            pub fn text(&self, field: Field) -> Option<String> {
                match field { $(Field::$variant => Value::text(&self.$name),)+ }
            }

            /// The value of a field as a person reads it, with labels for codes.
            pub fn shown(&self, field: Field, lang: Lang) -> Option<String> {
                match field { $(Field::$variant => Value::shown(&self.$name, lang),)+ }
            }

            fn read_into(&mut self, field: Field, text: &str) -> Result<(), Reason> {
                match field { $(Field::$variant => self.$name = Value::read(text)?,)+ }
                Ok(())
            }
        }
    };
}

pub(super) use record_fields;
