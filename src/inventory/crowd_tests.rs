//! Crowds: people are values however often each is asked for, and what somebody guesses moves no word of an API.

use super::Inventory;
use super::delta::Delta;
use super::tests::*;
use crate::api::{Forbid, HostPattern, PathTemplate, TemplateRules, Templates};
use crate::limits::Limits;

/// Names that nobody knows.
fn name(n: usize) -> String {
    const SYLLABLES: [&str; 8] = ["ka", "lu", "mo", "ri", "te", "bo", "ni", "du"];
    [n / 64, n / 8, n].map(|at| SYLLABLES[at % 8]).concat()
}

fn with_fields(line: &str, fields: &[&str]) -> Said {
    Said { fields: fields.iter().map(|field| (*field).to_owned()).collect(), ..said(line) }
}

#[test]
fn a_dozen_people_are_a_variable_however_long_one_listens() {
    // Catches a template that is learned of little and unlearned of more of the same.
    for rounds in [3, 10, 100] {
        let mut all = vec![said("GET /api/users 200"), said("GET /api/users/me 200")];
        all.extend((0..60).map(|_| said("PUT /api/users/settings 200")));
        for round in 0..rounds * 20 {
            all.push(with_fields(&format!("GET /api/users/{} 200", name(round % 20)), &["id", "name"]));
        }
        let expected = ["GET /api/users", "GET /api/users/me", "PUT /api/users/settings", "GET /api/users/{userId}"];
        assert_eq!(names(&only(&all, &[])), expected, "{rounds}");
    }
}

#[test]
fn calls_of_one_answer_stay_calls() {
    // Catches likeness that takes names of calls for names of people: nothing below, and all answer alike.
    let mut all = Vec::new();
    for round in 0..400 {
        all.push(with_fields(&format!("POST /rpc/{} 200", name(round % 20)), &["ok"]));
    }
    assert_eq!(names(&only(&all, &[])).len(), 20);
}

#[test]
fn few_owners_with_few_things_each_are_two_variables() {
    // Catches a level below a variable that needs hundreds of names before it is one.
    let mut all = Vec::new();
    for round in 0..2_000 {
        let (owner, thing) = (name(round % 20), name(100 + round / 20 % 24));
        all.push(match round % 7 {
            0 => with_fields(&format!("GET /{owner} 200"), &["login"]),
            1..4 => with_fields(&format!("GET /{owner}/{thing} 200"), &["full_name", "stars"]),
            4 => with_fields(&format!("GET /{owner}/{thing}/pulls 200"), &["n"]),
            5 => with_fields(&format!("GET /{owner}/{thing}/issues/{round} 200"), &["n", "title"]),
            _ => with_fields("GET /settings/profile 200", &["theme"]),
        });
    }
    let service = only(&all, &[]);
    assert_eq!(names(&service).len(), 5, "{:?}", names(&service));
}

#[test]
fn what_is_guessed_on_a_host_that_answers_whatever_is_asked_moves_no_word_of_its_api() {
    // Catches words in use that a crowd of others draws along: fifty guesses made `/{id}/orders` of `/v1/orders`.
    for guesses in [12, 50, 200] {
        let mut all = Vec::new();
        for round in 0..300 {
            all.push(said(&format!("GET /v1/orders/{round} 200")));
            all.push(said("GET /v1/stock 200"));
            all.push(said("POST /auth/login 200"));
        }
        all.extend((0..guesses).map(|n| said(&format!("GET /{} 200", name(n)))));
        let found = names(&only(&all, &[]));
        for own in ["GET /v1/orders/{orderId}", "GET /v1/stock", "POST /auth/login"] {
            assert!(found.iter().any(|name| name == own), "{guesses}: {found:?}");
        }
    }
}

/// Guesses behind a gate that refuses them all, up to three deep.
fn refused() -> Vec<Said> {
    let words = ["admin", "api", "backup", "login", "config", "debug", "users", "private"].map(str::to_owned);
    let words: Vec<String> = words.into_iter().chain((0..40).map(name)).collect();
    let mut all = Vec::new();
    for at in 0..1_500_usize {
        let word = |step: usize| &words[at * step % words.len()];
        all.push(said(&match at % 3 {
            0 => format!("GET /{} 403", word(1)),
            1 => format!("GET /{}/{} 403", word(1), word(7)),
            _ => format!("GET /{}/{}/{} 401", word(1), word(7), word(11)),
        }));
    }
    all
}

#[test]
fn guesses_that_are_all_refused_make_a_handful_of_endpoints() {
    // Catches an endpoint a guess, and words in use that find no room any more.
    let mut all = refused();
    all.extend((0..50).map(|n| said(&format!("GET /v1/orders/{n} 200"))));
    all.extend((0..50).map(|_| said("GET /v1/ledger 403")));
    let service = only(&all, &[]);
    let found = names(&service);
    assert!(found.len() <= 60, "{}: {found:?}", found.len());
    // What is refused again and again is no guess.
    for own in ["GET /v1/orders/{orderId}", "GET /v1/ledger"] {
        assert!(found.iter().any(|name| name == own), "{found:?}");
    }
    let requests: u64 = service.operations.iter().map(|op| op.record.requests).sum();
    assert_eq!(requests, all.len() as u64, "each is counted");
}

#[test]
fn a_few_things_that_were_refused_stay_as_they_are() {
    let all: Vec<Said> = (0..20).map(|n| said(&format!("GET /vaults/{} 403", name(n)))).collect();
    assert_eq!(names(&only(&all, &[])).len(), 20);
}

#[test]
fn guesses_below_what_users_forbid_stay_apart() {
    // Catches a rule that is lost on the way to what was never answered: below a place that was, below one that never was, and where
    // nothing was.
    for (answered, refused) in [(Some("GET /pages 200"), "/pages"), (Some("GET /shop 200"), "/pages"), (None, "/pages")]
    {
        let all: Vec<Said> = (0..60)
            .map(|n| said(&format!("GET {refused}/{} 403", name(n))))
            .chain((0..60).map(|n| said(&format!("GET /other/{} 403", name(n)))))
            .chain(answered.map(said))
            .collect();
        let rules = TemplateRules {
            forbids: vec![Forbid {
                host: HostPattern::Exact("shop.example".to_owned(), None),
                template: PathTemplate::parse("/pages/{x}"),
            }],
            ..TemplateRules::default()
        };
        let inventory = Inventory::new(&Limits::default(), Templates { rules, ..Templates::default() });
        let mut delta = Delta::new(&Limits::default(), inventory.pins());
        all.iter().for_each(|said| said.tell(&mut delta));
        inventory.absorb(delta);
        let operations = &inventory.snapshot().services[0].operations;
        assert_eq!(operations.len(), 61 + usize::from(answered.is_some()), "{answered:?}");
    }
}
