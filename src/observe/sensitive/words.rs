//! What a name says about the value under it: its words, as a set.
//!
//! In: a name as sent (`cardNumber`, `card_number`, `CARD-NUMBER`, `cardnumber`, `card.number`). Out: the topics of its words.
//! Whole words only: neither `discard` nor `pancake` says card. A run of letters without a break is taken apart where
//! the whole of it is words of the table, and not otherwise.

/// A set of topics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    all: u128,
    /// The topic of the last word, which is mostly the noun: a `token_type` is no token.
    last: u128,
    /// How many words, known or not.
    count: u8,
}

macro_rules! topics {
    ($($topic:ident: $($word:literal)*;)*) => {
        /// What a word is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Topic { $($topic,)* }

        const WORDS: &[(&str, Topic)] = &[$($(($word, Topic::$topic),)*)*];
    };
}

// A word stands once. Words of other languages are those that fields of payment and identity APIs really have.
topics! {
    Card: "card" "cards" "cc" "ccn" "credit" "debit" "tarjeta" "cartao" "carte" "kreditkarte" "karte" "carta" "fpan" "cardno";
    Pan: "pan";
    Number: "number" "numbers" "num" "no" "nr" "numero" "nummer" "digits";
    Code: "code" "codes";
    Id: "id" "ids" "identifier" "value" "ref" "reference";
    Cvv: "cvv" "cvc" "csc" "cvv2" "cvc2" "cav2" "cvn" "cid2" "cvvcode";
    Security: "security" "seguridad" "seguranca";
    Verification: "verification";
    Expiry: "exp" "expiry" "expiration" "expires" "expire" "expdate" "validade" "vencimiento" "caducidad";
    Month: "month" "mm" "mes" "monat";
    Year: "year" "yy" "yyyy" "jahr";
    Date: "date" "day" "datum" "fecha" "data" "time";
    Pin: "pin";
    Block: "block" "blk" "pinblock";
    Track: "track" "track1" "track2" "trackdata" "magstripe" "stripe";
    Last: "last";
    Four: "four" "4";
    LastFour: "last4" "lastfour";
    Bin: "bin" "iin";
    Masked: "masked" "mask" "hash" "hashed" "encrypted" "fingerprint";
    Iban: "iban";
    Account: "account" "acct" "accounts" "konto" "kontonummer" "cuenta" "conta" "accountno";
    Bank: "bank" "banking" "checking" "savings" "ach" "sepa";
    Routing: "routing" "aba" "rtn";
    Ssn: "ssn" "ssn4";
    Social: "social";
    Identity: "national" "identity" "identification" "citizen" "personal" "government" "document" "documento"
        "person";
    Tax: "tax" "tin" "fiscal" "vat" "taxpayer";
    Insurance: "insurance";
    Nino: "nino" "ni";
    Dni: "dni" "nie" "nif";
    Cpf: "cpf";
    Aadhaar: "aadhaar" "aadhar" "uidai";
    Nir: "nir" "insee" "secu";
    Codice: "codice" "fiscale" "codicefiscale";
    Pesel: "pesel";
    Bsn: "bsn" "burgerservicenummer" "sofinummer";
    Hetu: "hetu" "henkilotunnus";
    Personnummer: "personnummer" "pnr";
    Ahv: "ahv" "avs";
    Kimlik: "kimlik" "tckn" "tckimlik";
    Nric: "nric" "fin";
    Sin: "sin";
    Curp: "curp";
    Rut: "rut";
    Passport: "passport" "passports" "pasaporte" "reisepass";
    Driver: "driver" "drivers" "driving" "dl";
    Licence: "license" "licence" "lic";
    Phone: "phone" "phones" "mobile" "tel" "telephone" "telefon" "telefono" "telefone" "cell" "cellphone" "msisdn" "fax"
        "whatsapp" "handy" "celular" "landline" "smartphone";
    First: "first" "given" "fore" "full" "middle" "maiden" "sur" "family" "legal";
    Surname: "fullname" "firstname" "lastname" "surname" "forename" "lname" "fname" "vorname" "nachname" "apellido" "apellidos" "prenom" "cognome"
        "sobrenome" "firstnames";
    Name: "name" "names" "nombre" "nom" "nome";
    Holder: "holder" "cardholder" "accountholder";
    Person: "customer" "beneficiary" "recipient" "sender" "payer" "payee" "employee" "patient"
        "contact" "owner" "guest" "passenger" "billing" "shipping" "student" "signer" "client" "member"
        "subscriber" "buyer" "seller" "debtor" "creditor" "insured" "applicant";
    Address: "address" "addresses" "addr" "adresse" "direccion" "endereco" "indirizzo";
    Street: "street" "road" "strasse" "calle" "rua" "rue" "streetname";
    Line: "line" "line1" "line2" "line3" "address1" "address2" "addressline1" "addressline2";
    City: "city" "town" "suburb" "ciudad" "cidade" "stadt" "ville";
    Postal: "postal" "postcode" "zip" "zipcode" "plz" "cep" "pincode" "post";
    Birth: "birth" "dob" "birthday" "birthdate" "born" "bday" "geburtsdatum" "nascimento" "nacimiento" "naissance" "geboortedatum";
    Latitude: "lat" "latitude" "lats";
    Longitude: "lng" "lon" "long" "longitude";
    Place: "geo" "coordinates" "coordinate" "coords" "coord" "latlng" "latlon" "geolocation" "gps" "ll" "location" "position"
        "geopoint" "point";
    Ip: "ip" "ips" "ipv4" "ipv6" "ipaddr" "ipaddress";
    Peer: "remote" "peer" "host" "server" "source" "src" "dst" "destination" "forwarded" "origin" "subnet" "cidr" "gateway" "dns";
    Password: "password" "passwd" "pwd" "pass" "passphrase" "passcode" "contrasena" "senha" "passwort" "kennwort" "parola";
    Secret: "secret" "secrets";
    Token: "token" "jwt" "bearer" "credential" "credentials" "apikey" "sessionid" "otp" "totp";
    Key: "key" "keys";
    Access: "api" "access" "auth" "authorization" "refresh" "session" "private" "signing" "encryption" "master" "oauth" "sas" "shared" "csrf" "xsrf"
        "bot" "webhook" "hmac" "deploy" "service" "consumer" "app" "application" "admin";
    Paging: "next" "page" "continuation" "cursor" "sync" "previous" "prev" "start" "delta" "idempotency" "public" "cancel"
        "resume" "watermark" "offset" "primary" "foreign" "sort" "partition" "cache" "object" "count" "max" "usage" "min"
        "limit" "total";
    User: "user" "login" "username" "nick" "file" "host2" "domain" "product" "event" "company" "brand" "category" "class"
        "type" "status" "table" "column" "field" "method" "function" "package" "project" "group" "team" "role" "country"
        "currency" "display" "common" "short" "resource" "item" "merchant";
    Mail: "email" "mail" "emails" "correo";
    Joint: "of" "on" "the" "in" "for" "new" "old" "current" "confirm" "confirmation" "my" "home" "work" "x" "a" "de" "do" "da"
        "e" "to" "from" "raw" "clear" "plain" "default" "alt" "second" "third" "other" "2" "1" "3" "complete";
}

/// A name's bytes that are looked at, its end: what matters of `$.payload.card.number` stands there.
const NAME_BYTES: usize = 96;
/// Letters without a break that are taken apart. Taking apart is quadratic in this.
const RUN_BYTES: usize = 32;
/// The longest word of the table.
const WORD_BYTES: usize = 20;

impl Words {
    /// The words of a name.
    pub(super) fn of(name: &[u8]) -> Self {
        let start = name.len().saturating_sub(NAME_BYTES);
        let name = &name[start..];
        let mut words = Self::default();
        let mut lower = [0_u8; NAME_BYTES];
        for (into, byte) in lower.iter_mut().zip(name) {
            *into = byte.to_ascii_lowercase();
        }
        let mut from = 0;
        for at in 0..=name.len() {
            if at < name.len() && !breaks(name, at) {
                continue;
            }
            words.add(&lower[from..at]);
            from = at;
            if name.get(at).is_some_and(|byte| !byte.is_ascii_alphanumeric() && byte.is_ascii()) {
                from += 1;
            }
        }
        words
    }

    /// One of these is among the words.
    pub(super) const fn any(self, topics: &[Topic]) -> bool {
        self.all & bits(topics) != 0
    }

    /// This is among the words.
    pub(super) const fn has(self, topic: Topic) -> bool {
        self.any(&[topic])
    }

    /// The last word is one of these.
    pub(super) const fn ends(self, topics: &[Topic]) -> bool {
        self.last & bits(topics) != 0
    }

    /// How many words there are.
    pub(super) const fn len(self) -> u8 {
        self.count
    }

    /// There is nothing that any family looks for.
    pub(super) const fn say_nothing(self) -> bool {
        self.all
            & !bits(&[Topic::Joint, Topic::User, Topic::Paging, Topic::Number, Topic::Code, Topic::Id, Topic::Date])
            == 0
    }

    /// One run of letters and digits.
    fn add(&mut self, run: &[u8]) {
        if run.is_empty() {
            return;
        }
        if let Some(topic) = find(run) {
            return self.note(Some(topic));
        }
        let digits = run.iter().rev().take_while(|b| b.is_ascii_digit()).count();
        // `phone2`, `address1`.
        let bare = &run[..run.len() - digits];
        if digits > 0
            && !bare.is_empty()
            && let Some(topic) = find(bare)
        {
            return self.note(Some(topic));
        }
        let mut topics = Self::default();
        if topics.take_apart(bare) {
            self.all |= topics.all;
            self.last = topics.last;
            self.count = self.count.saturating_add(topics.count);
        } else {
            self.note(None);
        }
    }

    /// Takes a run apart into words of the table, the longest first. At most `RUN_BYTES` words, `WORD_BYTES` tries each.
    fn take_apart(&mut self, run: &[u8]) -> bool {
        if run.len() > RUN_BYTES || run.is_empty() {
            return false;
        }
        let mut rest = run;
        while !rest.is_empty() {
            let most = rest.len().min(WORD_BYTES);
            // Words of one letter would take anything apart.
            let Some((length, topic)) = (2..=most).rev().find_map(|n| Some((n, find(&rest[..n])?))) else {
                return false;
            };
            self.note(Some(topic));
            rest = &rest[length..];
        }
        true
    }

    fn note(&mut self, topic: Option<Topic>) {
        self.count = self.count.saturating_add(1);
        match topic {
            Some(topic) => {
                self.all |= bits(&[topic]);
                self.last = bits(&[topic]);
            }
            None => self.last = 0,
        }
    }
}

/// A word ends before `at`: at a mark, where small letters are followed by a great one, and before the last great
/// letter of `PINBlock`.
fn breaks(name: &[u8], at: usize) -> bool {
    let here = name[at];
    if !here.is_ascii_alphanumeric() && here.is_ascii() {
        return true;
    }
    let Some(before) = at.checked_sub(1).and_then(|at| name.get(at)) else { return false };
    here.is_ascii_uppercase()
        && (before.is_ascii_lowercase()
            || before.is_ascii_digit()
            || before.is_ascii_uppercase() && name.get(at + 1).is_some_and(u8::is_ascii_lowercase))
}

const fn bits(topics: &[Topic]) -> u128 {
    let mut bits = 0_u128;
    let mut at = 0;
    while at < topics.len() {
        bits |= 1 << topics[at] as u32;
        at += 1;
    }
    bits
}

/// The topic of a word. By length and first letter first: most words of names are not in the table.
fn find(word: &[u8]) -> Option<Topic> {
    let first = usize::from(*word.first()?);
    let row = FIRSTS.get(first)?;
    let (from, to) = (usize::from(row.0), usize::from(row.1));
    let among = SORTED.get(from..to)?;
    among.iter().find(|(known, _)| known.as_bytes() == word).map(|(_, topic)| *topic)
}

/// The table by first letter, and where each letter's words stand in it.
const SORTED: [(&str, Topic); WORDS.len()] = {
    let mut sorted = [("", Topic::Joint); WORDS.len()];
    let mut filled = 0;
    let mut letter = 0;
    while letter < 128 {
        let mut at = 0;
        while at < WORDS.len() {
            if WORDS[at].0.as_bytes()[0] == letter {
                sorted[filled] = WORDS[at];
                filled += 1;
            }
            at += 1;
        }
        letter += 1;
    }
    sorted
};

const FIRSTS: [(u16, u16); 128] = {
    let mut rows = [(0, 0); 128];
    let mut at = 0;
    while at < SORTED.len() {
        let letter = SORTED[at].0.as_bytes()[0] as usize;
        if rows[letter].1 == 0 {
            rows[letter].0 = at as u16;
        }
        rows[letter].1 = at as u16 + 1;
        at += 1;
    }
    rows
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn topics(name: &str) -> u128 {
        Words::of(name.as_bytes()).all
    }

    #[test]
    fn every_spelling_has_the_same_words() {
        let card = bits(&[Topic::Card, Topic::Number]);
        for name in [
            "cardNumber",
            "card_number",
            "Card-Number",
            "CARD_NUMBER",
            "cardnumber",
            "card.number",
            "card[number]",
            "cardNumber2",
        ] {
            assert_eq!(topics(name), card, "{name}");
        }
        assert_eq!(topics("PINBlock"), bits(&[Topic::Pin, Topic::Block]));
        assert_eq!(topics("dateOfBirth"), topics("dateofbirth"));
        assert_eq!(topics("$.payload.customer.ssn") & bits(&[Topic::Ssn]), bits(&[Topic::Ssn]));
    }

    #[test]
    fn a_part_of_a_word_is_no_word() {
        // Catches matching by substring: each of these holds `pan`, `card`, `pin`, `ssn`, `ip`, `sin`, `lat` or `zip`.
        for name in [
            "company",
            "discard",
            "scorecard",
            "pinned",
            "shipping_method",
            "description",
            "classname",
            "using",
            "template",
            "relation",
            "gzip",
            "japan",
            "spanish",
            "trip",
            "late",
        ] {
            let wrong = bits(&[
                Topic::Card,
                Topic::Pan,
                Topic::Pin,
                Topic::Ssn,
                Topic::Ip,
                Topic::Sin,
                Topic::Latitude,
                Topic::Postal,
            ]);
            assert_eq!(topics(name) & wrong, 0, "{name}");
        }
    }

    #[test]
    fn the_last_word_is_the_noun() {
        assert!(Words::of(b"access_token").ends(&[Topic::Token]));
        assert!(!Words::of(b"token_type").ends(&[Topic::Token]));
        assert!(!Words::of(b"token_frobnicated").ends(&[Topic::Token]));
    }

    #[test]
    fn each_word_stands_once_and_is_found() {
        let mut all: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
        all.sort_unstable();
        assert!(all.windows(2).all(|pair| pair[0] != pair[1]), "a word stands twice");
        for (word, topic) in WORDS {
            assert_eq!(find(word.as_bytes()), Some(*topic), "{word}");
            assert!(word.len() <= WORD_BYTES, "{word}");
        }
        assert!((Topic::Joint as usize) < 128);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_name(name in prop::collection::vec(any::<u8>(), 0..300)) {
            let words = Words::of(&name);
            prop_assert!(usize::from(words.len()) <= NAME_BYTES);
        }
    }
}
