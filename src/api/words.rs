//! The words that a name is made of, as marks, digits and camel case divide it.

/// The words of a text, one after the other: `userID` is `user` and `ID`, `IPAddress2_max` is `IP`, `Address` and `max`.
pub fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.iter().position(u8::is_ascii_alphabetic)?;
        rest = rest.get(start..)?;
        let (word, after) = rest.split_at(first_word(rest));
        rest = after;
        Some(word)
    })
}

/// Bytes of the word that a text begins with; its first byte is a letter.
fn first_word(text: &[u8]) -> usize {
    text.windows(2)
        .enumerate()
        .find(|(at, pair)| {
            let (before, here, next) = (pair[0], pair[1], text.get(at + 2));
            !here.is_ascii_alphabetic()
                || here.is_ascii_uppercase()
                    && (before.is_ascii_lowercase() || next.is_some_and(u8::is_ascii_lowercase))
        })
        .map_or(text.len(), |(at, _)| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn divided(text: &str) -> Vec<&str> {
        words(text.as_bytes()).filter_map(|word| std::str::from_utf8(word).ok()).collect()
    }

    #[test]
    fn marks_digits_and_humps_divide() {
        // Catches a word that runs on over a mark, and a capital that is lost to the word before it.
        for (text, parts) in [
            ("created_at", &["created", "at"][..]),
            ("userID", &["user", "ID"]),
            ("IPAddress2_max", &["IP", "Address", "max"]),
            ("getOAuth2Token", &["get", "O", "Auth", "Token"]),
            ("aB", &["a", "B"]),
            ("X", &["X"]),
            ("HTTP", &["HTTP"]),
            ("-9.übel", &["bel"]),
            ("12", &[]),
            ("", &[]),
        ] {
            assert_eq!(divided(text), parts, "{text}");
        }
    }

    #[test]
    fn words_hold_every_letter_once() {
        // Catches a letter that is passed over or told twice.
        for text in ["aBcD9eFGh__i", "ABCdEF", "x", "Zz9zZ"] {
            let letters: String = text.chars().filter(char::is_ascii_alphabetic).collect();
            assert_eq!(divided(text).concat(), letters, "{text}");
        }
    }
}
