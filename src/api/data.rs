//! The words for sensitive data: what kind of thing a value is, never the value.
//!
//! In: looks at single values, made by `observe`. Out: sets of classes, and the words a report says them in. How many
//! such looks make a field carry a class is `vote.rs`.

use serde::de::{SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One table: variant, word for reports, family, proof. Its order is the order of bits and of state files, so that a
/// new class is added at the end.
macro_rules! classes {
    ($($(#[$doc:meta])* $class:ident, $name:literal, $family:ident, $proof:ident;)*) => {
        /// A kind of sensitive data.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum DataClass {
            $($(#[$doc])* #[serde(rename = $name)] $class,)*
        }

        impl DataClass {
            /// Every class, in order.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$class),*];

            /// The word for reports: lower case, stable.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$class => $name,)*
                }
            }

            /// What it is a kind of.
            #[must_use]
            pub const fn family(self) -> DataFamily {
                match self {
                    $(Self::$class => DataFamily::$family,)*
                }
            }

            pub(super) const fn proof(self) -> Proof {
                match self {
                    $(Self::$class => Proof::$proof,)*
                }
            }
        }
    };
}

classes! {
    /// A payment card's primary account number, in full: issuer's range, length and Luhn digit (ISO/IEC 7812-1).
    Pan, "pan", Card, CheckDigit;
    /// The same with digits left out: masked or truncated as PCI DSS 3.4 and 3.5 ask.
    MaskedPan, "masked_pan", Card, One;
    /// The month a card ends with.
    CardExpiry, "card_expiry", Card, Half;
    /// The three or four digits printed on a card; PCI DSS 3.3.1.2 forbids to keep them after authorisation.
    Cvv, "cvv", Card, Half;
    /// What the magnetic stripe holds, track 1 or 2 (ISO/IEC 7813); PCI DSS 3.3.1.1.
    TrackData, "track_data", Card, One;
    /// An enciphered PIN (ISO 9564-1); PCI DSS 3.3.1.3.
    PinBlock, "pin_block", Card, Half;
    /// A PIN in clear.
    Pin, "pin", Card, Half;
    /// An international bank account number (ISO 13616).
    Iban, "iban", Bank, One;
    /// A bank account's number under a name that says so.
    BankAccount, "bank_account", Bank, Half;
    /// United States: the number of a bank (ABA routing transit number), under a name that says so.
    RoutingNumber, "routing_number", Bank, Half;
    /// United States: social security number.
    UsSsn, "us_ssn", Identity, Half;
    /// United Kingdom: national insurance number.
    UkNino, "uk_nino", Identity, Half;
    /// Spain: DNI and NIE.
    EsDni, "es_dni", Identity, Half;
    /// Brazil: CPF.
    BrCpf, "br_cpf", Identity, Half;
    /// India: Aadhaar.
    InAadhaar, "in_aadhaar", Identity, Half;
    /// India: permanent account number of the tax office.
    InPan, "in_pan", Identity, Half;
    /// France: numero de securite sociale.
    FrNir, "fr_nir", Identity, Half;
    /// Italy: codice fiscale.
    ItCodiceFiscale, "it_codice_fiscale", Identity, Half;
    /// Poland: PESEL.
    PlPesel, "pl_pesel", Identity, Half;
    /// Netherlands: burgerservicenummer.
    NlBsn, "nl_bsn", Identity, Half;
    /// Finland: henkilotunnus.
    FiHetu, "fi_hetu", Identity, Half;
    /// Sweden: personnummer.
    SePersonnummer, "se_personnummer", Identity, Half;
    /// Switzerland: AHV number.
    ChAhv, "ch_ahv", Identity, Half;
    /// Turkey: T.C. kimlik numarasi.
    TrKimlik, "tr_kimlik", Identity, Half;
    /// China: resident identity number (GB 11643).
    CnResidentId, "cn_resident_id", Identity, Half;
    /// Singapore: NRIC and FIN.
    SgNric, "sg_nric", Identity, Half;
    /// Canada: social insurance number.
    CaSin, "ca_sin", Identity, Half;
    /// Mexico: CURP.
    MxCurp, "mx_curp", Identity, Half;
    /// Chile: RUT.
    ClRut, "cl_rut", Identity, Half;
    /// A passport's number under a name that says so.
    Passport, "passport", Identity, Half;
    /// A driver's licence's number under a name that says so.
    DriverLicence, "driver_licence", Identity, Half;
    /// An e-mail address.
    Email, "email", Personal, One;
    /// A telephone number: ITU-T E.164, or any under a name that says so.
    Phone, "phone", Personal, Half;
    /// A person's name, under a name that says so.
    PersonName, "person_name", Personal, Half;
    /// A postal address or a part that tells where somebody lives.
    PostalAddress, "postal_address", Personal, Half;
    /// The day somebody was born.
    BirthDate, "birth_date", Personal, Half;
    /// An IPv4 or IPv6 address.
    IpAddress, "ip_address", Personal, Half;
    /// A place on earth, by latitude and longitude.
    Geolocation, "geolocation", Personal, Half;
    /// A password under a name that says so.
    Password, "password", Secret, Half;
    /// A JSON Web Token (RFC 7519).
    Jwt, "jwt", Secret, One;
    /// A private key in PEM (RFC 7468).
    PrivateKey, "private_key", Secret, One;
    /// A key to a cloud: AWS, Google, Azure and others.
    CloudKey, "cloud_key", Secret, One;
    /// A token whose issuer marks it by a prefix: GitHub, Slack, Stripe and others.
    ServiceToken, "service_token", Secret, One;
    /// An opaque secret under a name that says so.
    Secret, "secret", Secret, Half;
}

/// Families of classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataFamily {
    /// Cardholder data and sensitive authentication data, as PCI DSS calls them.
    Card,
    /// Bank accounts.
    Bank,
    /// Numbers by which a state knows a person.
    Identity,
    /// What tells of a person otherwise.
    Personal,
    /// What opens doors.
    Secret,
}

impl DataFamily {
    /// The word for reports: lower case, stable.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Bank => "bank",
            Self::Identity => "identity",
            Self::Personal => "personal",
            Self::Secret => "secret",
        }
    }
}

/// How many looks it takes until a field carries a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// The form is such that chance does not write it: one value is enough, be it one in a million.
    One,
    /// At least half of the values: the form alone is weak, and a field of these has little else.
    Half,
    /// One digit in ten is right by chance: right ones against wrong ones, see `vote.rs`.
    CheckDigit,
}

/// What one look at one value found: a set of classes, and marks for the vote. Eight bytes, `Copy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DataClasses(u64);

/// What a look says beside classes, for the vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The card number did not come as bare digits: a name, a word before it or an issuer's grouping says what it is.
    Named,
    /// Digits of a card's length in an issuer's range with a wrong check digit, and no right ones.
    Refuted,
    /// The word right before it says that a number is a card's security code.
    SaidCvv,
    /// Likewise a social security number.
    SaidSsn,
}

impl Mark {
    pub(super) const fn bit(self) -> u8 {
        match self {
            Self::Named => NAMED,
            Self::Refuted => REFUTED,
            Self::SaidCvv => SAID_CVV,
            Self::SaidSsn => SAID_SSN,
        }
    }
}

/// From this bit on they are marks.
const MARKS: u8 = SAID_SSN;
const SAID_SSN: u8 = 60;
const SAID_CVV: u8 = 61;
const NAMED: u8 = 62;
const REFUTED: u8 = 63;

impl DataClass {
    pub(super) const fn bit(self) -> u8 {
        self as u8
    }
}

impl DataClasses {
    /// Nothing found.
    pub const NONE: Self = Self(0);

    /// Nothing found, and nothing for the vote either.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The same, for who is handed a reference.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(crate) const fn is_none(&self) -> bool {
        self.is_empty()
    }

    /// The class was found.
    #[must_use]
    pub const fn has(self, class: DataClass) -> bool {
        self.0 & 1 << class.bit() != 0
    }

    /// The mark was left.
    #[must_use]
    pub const fn is_marked(self, mark: Mark) -> bool {
        self.0 & 1 << mark.bit() != 0
    }

    /// With this class too.
    #[must_use]
    pub const fn with(self, class: DataClass) -> Self {
        Self(self.0 | 1 << class.bit())
    }

    /// With this mark too.
    #[must_use]
    pub const fn marked(self, mark: Mark) -> Self {
        Self(self.0 | 1 << mark.bit())
    }

    /// The classes that are among these too, and the marks.
    #[must_use]
    pub const fn only(self, these: Self) -> Self {
        Self(self.0 & (these.0 | !0 << MARKS))
    }

    /// What either found. Where one found a card number, the other's wrong check digits say nothing.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        let both = Self(self.0 | other.0);
        if both.has(DataClass::Pan) { Self(both.0 & !(1 << REFUTED)) } else { both }
    }

    /// The classes found, in order.
    pub fn iter(self) -> impl Iterator<Item = DataClass> {
        DataClass::ALL.into_iter().filter(move |class| self.has(*class))
    }

    /// Bits that are set, marks included, in order.
    pub(super) fn bits(self) -> impl Iterator<Item = u8> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let bit = u8::try_from(left.trailing_zeros()).ok().filter(|bit| *bit < 64)?;
            left &= left - 1;
            Some(bit)
        })
    }
}

/// A bit of a class or a mark; what was read back may have others.
pub(super) const fn is_bit(bit: u8) -> bool {
    (bit as usize) < DataClass::ALL.len() || (MARKS <= bit && bit < 64)
}

impl From<DataClass> for DataClasses {
    fn from(class: DataClass) -> Self {
        Self::NONE.with(class)
    }
}

impl FromIterator<DataClass> for DataClasses {
    fn from_iter<I: IntoIterator<Item = DataClass>>(classes: I) -> Self {
        classes.into_iter().fold(Self::NONE, Self::with)
    }
}

/// A list of names; marks are for the vote and go nowhere.
impl Serialize for DataClasses {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.iter().count()))?;
        for class in self.iter() {
            list.serialize_element(&class)?;
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for DataClasses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;

        impl<'de> Visitor<'de> for List {
            type Value = DataClasses;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list of data classes")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<DataClasses, A::Error> {
                let mut classes = DataClasses::NONE;
                while let Some(class) = list.next_element()? {
                    classes = classes.with(class);
                }
                Ok(classes)
            }
        }

        deserializer.deserialize_seq(List)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_everywhere() {
        // Catches a class whose word in JSON is another than in text, or two classes with one word.
        let mut names: Vec<&str> = DataClass::ALL.iter().map(|class| class.name()).collect();
        for class in DataClass::ALL {
            assert_eq!(serde_json::to_string(&class).unwrap(), format!("\"{}\"", class.name()));
            assert_eq!(DataClass::ALL[usize::from(class.bit())], class);
            assert!(class.name().bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), DataClass::ALL.len());
        // Classes and marks share 64 bits.
        assert!(DataClass::ALL.len() <= usize::from(MARKS));
    }

    #[test]
    fn a_set_reads_back_from_json_and_from_a_state_file() {
        let set: DataClasses = [DataClass::Secret, DataClass::Pan, DataClass::Email].into_iter().collect();
        let text = serde_json::to_string(&set).unwrap();
        assert_eq!(text, r#"["pan","email","secret"]"#);
        assert_eq!(serde_json::from_str::<DataClasses>(&text).unwrap(), set);
        let bytes = postcard::to_stdvec(&set.marked(Mark::Named)).unwrap();
        assert_eq!(postcard::from_bytes::<DataClasses>(&bytes).unwrap(), set);
        assert!(serde_json::from_str::<DataClasses>(r#"["no_such_class"]"#).is_err());
    }

    #[test]
    fn a_right_number_outweighs_a_wrong_one_beside_it() {
        let wrong = DataClasses::NONE.marked(Mark::Refuted);
        let right = DataClasses::from(DataClass::Pan);
        assert_eq!(wrong.and(right), right);
        assert_eq!(wrong.and(DataClass::Email.into()).bits().count(), 2);
    }
}
