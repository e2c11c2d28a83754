//! Who somebody is to others: what he is called, how he looks, in which language he is spoken to; and whether he may come in at all.

use std::str::FromStr;

use crate::message::InvalidValue;

macro_rules! profile_text {
    ($(#[$doc:meta])* $name:ident, |$text:ident| $check:block) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(Box<str>);

        impl $name {
            /// Checks the text and takes it as it is.
            pub fn parse($text: &str) -> Result<Self, InvalidValue> {
                $check
                Ok(Self($text.into()))
            }

            /// Takes a text that was checked when it was stored.
            pub fn from_stored(text: &str) -> Self {
                Self(text.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidValue;

            fn from_str(text: &str) -> Result<Self, InvalidValue> {
                Self::parse(text)
            }
        }
    };
}

profile_text!(
    /// What somebody is called: 1 to 200 characters that are not all blank and none of which is a control character.
    DisplayName,
    |text| {
        if text.chars().count() > DisplayName::MAX_CHARS {
            return Err(InvalidValue::TooLong { limit: DisplayName::MAX_CHARS, unit: "characters" });
        }
        if text.trim().is_empty() || text.chars().any(char::is_control) {
            return Err(InvalidValue::Refused("must not be blank or contain control characters"));
        }
    }
);

profile_text!(
    /// Where somebody's picture is: an http or https URL of up to 1,024 bytes.
    PictureUrl,
    |text| {
        if text.len() > PictureUrl::MAX_BYTES {
            return Err(InvalidValue::TooLong { limit: PictureUrl::MAX_BYTES, unit: "bytes" });
        }
        let address = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let has_host = address.is_some_and(|address| !address.is_empty() && !address.starts_with('/'));
        if !has_host || text.chars().any(|letter| letter.is_whitespace() || letter.is_control()) {
            return Err(InvalidValue::Refused("must be an http or https URL"));
        }
    }
);

profile_text!(
    /// In which language somebody is spoken to: a tag such as `de` or `pt-BR`, of up to 35 characters.
    Locale,
    |text| {
        let is_tag =
            text.split(['-', '_']).all(|part| {
                (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
            });
        if !is_tag || text.len() > Locale::MAX_CHARS {
            return Err(InvalidValue::Refused("must be a language tag such as de or pt-BR"));
        }
    }
);

impl DisplayName {
    /// The longest name in characters.
    pub const MAX_CHARS: usize = 200;
}

impl PictureUrl {
    /// The longest address in bytes.
    pub const MAX_BYTES: usize = 1_024;
}

impl Locale {
    /// The longest tag in characters.
    pub const MAX_CHARS: usize = 35;
}

/// How somebody appears to others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profile {
    /// What he is called.
    pub name: Option<DisplayName>,
    /// Where his picture is.
    pub picture: Option<PictureUrl>,
    /// In which language he is spoken to.
    pub locale: Option<Locale>,
}

impl Profile {
    /// The profile that these texts make; one that is not valid is left out, since nobody is kept out by what his token says of his looks.
    pub fn of_texts(name: Option<&str>, picture: Option<&str>, locale: Option<&str>) -> Self {
        Self {
            name: name.and_then(|text| text.parse().ok()),
            picture: picture.and_then(|text| text.parse().ok()),
            locale: locale.and_then(|text| text.parse().ok()),
        }
    }
}

/// Whether somebody may use the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Standing {
    /// He may.
    #[default]
    Active,
    /// He is refused everywhere and hears nothing, until he is made active again.
    Deactivated,
}

/// What is known of somebody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Person {
    /// How he appears.
    pub profile: Profile,
    /// Whether he may come in.
    pub standing: Standing,
}

/// What is to become of one field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Edit<T> {
    /// It stays.
    #[default]
    Keep,
    /// It is taken away.
    Clear,
    /// It is replaced.
    Set(T),
}

impl<T: Clone> Edit<T> {
    fn apply(&self, field: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *field = None,
            Self::Set(value) => *field = Some(value.clone()),
        }
    }
}

/// What is to become of what is known of somebody; what is not named stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PersonChange {
    /// His name.
    pub name: Edit<DisplayName>,
    /// His picture.
    pub picture: Edit<PictureUrl>,
    /// His language.
    pub locale: Edit<Locale>,
    /// Whether he may come in.
    pub standing: Option<Standing>,
}

impl Person {
    /// What is known of him after the change.
    #[must_use]
    pub fn changed(mut self, change: &PersonChange) -> Self {
        change.name.apply(&mut self.profile.name);
        change.picture.apply(&mut self.profile.picture);
        change.locale.apply(&mut self.profile.locale);
        Self { standing: change.standing.unwrap_or(self.standing), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_takes_what_is_valid_and_leaves_out_the_rest() {
        let long = "x".repeat(201);
        for name in ["", "  ", "a\u{0}", "a\nb", &long] {
            assert!(DisplayName::parse(name).is_err(), "{name:?}");
        }
        for picture in ["", "x", "ftp://x", "javascript:alert(1)", "https://", "https:///x", "https://a b"] {
            assert!(PictureUrl::parse(picture).is_err(), "{picture:?}");
        }
        for locale in ["", "-", "de-", "d e", "ü", "abcdefghi", &"ab-".repeat(12)] {
            assert!(Locale::parse(locale).is_err(), "{locale:?}");
        }
        let profile = Profile::of_texts(Some("Ünal"), Some("javascript:x"), Some("pt-BR"));
        assert_eq!(profile.name, Some(DisplayName::from_stored("Ünal")));
        assert_eq!((profile.picture, profile.locale), (None, Some(Locale::from_stored("pt-BR"))));
    }

    #[test]
    fn a_change_leaves_alone_what_it_does_not_name() {
        let person = Person { profile: Profile::of_texts(Some("A"), None, Some("de")), ..Person::default() };
        let change = PersonChange { locale: Edit::Clear, ..PersonChange::default() };
        let changed = person.clone().changed(&change);
        assert_eq!(changed.profile, Profile { locale: None, ..person.profile.clone() });
        let change = PersonChange { standing: Some(Standing::Deactivated), ..PersonChange::default() };
        assert_eq!(person.clone().changed(&change), Person { standing: Standing::Deactivated, ..person });
    }
}
