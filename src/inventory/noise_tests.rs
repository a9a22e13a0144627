//! Noise in the inventory: each request is in one class, and hides nothing that is there.

use super::tests::*;
use crate::api::{Noise, PinId};
use crate::inventory::{Delta, Inventory, Record};
use crate::limits::Limits;

#[test]
fn who_asks_hides_nothing_that_is_there_and_makes_nothing_that_is_not() {
    let by = |line: &str, noise| Said { noise: Some(noise), caller: 2, ..said(line) };
    let all = [
        by("GET /orders 403", Noise::Scanner),
        said("GET /orders 200"),
        by("GET /orders 404", Noise::Crawler),
        by("GET /secret 403", Noise::Scanner),
        by("GET /gone 404", Noise::Scanner),
        by("GET /.env 200", Noise::Scanner),
        by("GET /feed 200", Noise::Crawler),
        by("GET /declared 401", Noise::Scanner),
        Said { decreed: true, ..by("GET /declared 200", Noise::Health) },
        Said { decreed: true, noise: None, mere_redirect: true, ..said("GET /moved 301") },
    ];
    let service = only(&all, &[exact("shop.example", "/declared", &["GET"])]);
    // Catches an endpoint hidden by who found it, one made of a refusal to a scanner, and a word of the user that is not asked.
    assert_eq!(names(&service), ["GET /.env", "GET /declared", "GET /feed", "GET /moved", "GET /orders"]);
    let of = |name: &str| {
        let record = &operation(&service, name).record;
        (record.requests, record.noise.clone())
    };
    assert_eq!(of("GET /orders"), (3, [(Noise::Scanner, 1), (Noise::Crawler, 1)].into()));
    assert_eq!(of("GET /.env"), (1, [(Noise::Scanner, 1)].into()));
    assert_eq!(of("GET /declared"), (2, [(Noise::Scanner, 1), (Noise::Health, 1)].into()));
    assert_eq!(of("GET /moved"), (1, [].into()));
    assert_eq!(service.noise, [(Noise::Health, 1), (Noise::Crawler, 2), (Noise::Scanner, 5)].into());
    // A host that answers 404 says so whoever asks; but the requests are the scanner's.
    assert_eq!((service.not_found, service.unknown_answers.clone()), (0, [(404, 1)].into()));
}

#[test]
fn what_only_scanners_asked_for_in_vain_is_theirs() {
    // Catches a class that needs a scanner to say that it is one, and one that takes in what others asked for.
    let mut all: Vec<Said> = (0..12).map(|n| Said { caller: 7, ..said(&format!("GET /guess{n}x 404")) }).collect();
    all.push(Said { caller: 7, ..said("GET /vault 401") });
    all.push(Said { caller: 7, ..said("GET /found 200") });
    all.push(Said { caller: 7, ..said("GET /door 401") });
    all.push(said("GET /door 401"));
    all.push(Said { caller: 7, ..said("GET /lost 404") });
    all.push(said("GET /lost 404"));
    let service = only(&all, &[]);
    let noise = |name: &str| operation(&service, name).record.noise.clone();
    assert_eq!(noise("GET /vault"), [(Noise::Scanner, 1)].into());
    assert_eq!((noise("GET /found"), noise("GET /door")), ([].into(), [].into()));
    assert_eq!((service.noise.clone(), service.not_found), ([(Noise::Scanner, 13)].into(), 2));
    assert_eq!(service.unknown_answers, [(404, 14)].into());
}

#[test]
fn a_page_in_place_of_what_was_tried_is_no_find() {
    let by = |line: &str, feigned| Said { noise: Some(Noise::Scanner), caller: 7, feigned, ..said(line) };
    let all = [
        by("GET /.env 200", true),
        by("GET /backup.zip 200", true),
        by("GET /.git/config 200", true),
        by("GET /.git/config 200", false),
        by("GET /declared 200", true),
    ];
    let service = only(&all, &[exact("shop.example", "/declared", &["GET"])]);
    // Catches endpoints made of a page that answers everything; one find that is lost among such answers; and a declared
    // operation that is none for who asked.
    assert_eq!(names(&service), ["GET /.git/config", "GET /declared"]);
    assert_eq!(operation(&service, "GET /.git/config").record.requests, 2);
    assert_eq!((service.requests, service.noise.clone()), (5, [(Noise::Scanner, 5)].into()));
    assert_eq!((service.not_found, service.unknown_answers.clone()), (0, [].into()));
}

#[test]
fn who_tries_what_is_tried_everywhere_is_a_scanner_whatever_answers() {
    // Catches hosts that never say 404: a page, a way to log in or a refusal for all, and each path that is guessed an endpoint.
    let tried = |n: u64, feigned| {
        let line = format!("GET /tried{n}x {}", if feigned { 200 } else { [302, 401, 403][n as usize % 3] });
        Said { noise: Some(Noise::Scanner), caller: 7, feigned, ..said(&line) }
    };
    for feigned in [true, false] {
        let mut all: Vec<Said> = (0..12).map(|n| tried(n, feigned)).collect();
        all.push(Said { caller: 7, ..said("GET /vault 401") });
        all.push(Said { caller: 7, ..said("GET /found 200") });
        all.push(said("GET /door 401"));
        let service = only(&all, &[]);
        let noise = |name: &str| operation(&service, name).record.noise.clone();
        assert_eq!(noise("GET /vault"), [(Noise::Scanner, 1)].into());
        assert_eq!((noise("GET /found"), noise("GET /door")), ([].into(), [].into()));
        assert_eq!((service.operations.len(), service.noise.clone()), (3, [(Noise::Scanner, 13)].into()));
    }
    // Catches a scanner made of one who tried a few such things, and of a scanner that finds what it asks for.
    let mut few: Vec<Said> = (0..9).map(|n| tried(n, true)).collect();
    few.push(Said { caller: 7, ..said("GET /vault 401") });
    assert!(!operation(&only(&few, &[]), "GET /vault").record.scanner_only);
    let mut finds: Vec<Said> = (0..12).map(|n| Said { status: Some(200), ..tried(n, false) }).collect();
    finds.push(Said { caller: 7, ..said("GET /vault 401") });
    assert!(only(&finds, &[]).operations.iter().all(|operation| !operation.record.scanner_only));
}

/// Who looks for secrets on a host that answers so to everything, with this print, and for what it guesses there.
fn tries(caller: u64, status: u16, secrets: u64, guesses: u64) -> Vec<Said> {
    let print = Some(99);
    let secret = |n: u64| {
        let (noise, feigned) = (Some(Noise::Scanner), status == 200);
        Said { caller, noise, feigned, tried: true, print, ..said(&format!("GET /secret{n}x {status}")) }
    };
    let guess =
        |n: u64| Said { caller, print, ..said(&format!("GET /{}{n} {status}", ["guess", "word"][n as usize % 2])) };
    (0..secrets).map(secret).chain((0..guesses).map(guess)).collect()
}

#[test]
fn what_answers_everything_alike_makes_no_endpoint_of_what_is_guessed() {
    // Catches an endpoint for each word that is guessed at an application of one page, or before one way to log in; and words
    // among which those that are there become a variable.
    for status in [200, 302] {
        let mut all = tries(7, status, 3, 60);
        let alike = |caller, path: &str| Said { caller, print: Some(99), ..said(&format!("GET {path} {status}")) };
        all.extend(
            ["/settings/theme", "/billing/invoices", "/tools/export", "/team/members/list", "/legal/terms"]
                .map(|path| alike(7, path)),
        );
        all.extend([alike(1, "/app/home"), alike(1, "/billing/invoices")]);
        all.extend(lines("GET /orders 200\nGET /users/all 200\nGET /settings/theme/dark 200"));
        all.push(Said { caller: 7, print: Some(5), ..said("GET /found/it 200") });
        all.push(Said { caller: 7, ..said("GET /data 200") });
        all.push(Said { caller: 7, ..said("GET /tools/export 201") });
        all.push(Said { caller: 7, ..said("GET /team/members/list 403") });
        let service = only(&all, &[exact("shop.example", "/legal/terms", &["GET"])]);
        // Catches what others use, what was answered otherwise at least once, and what is declared, gone with the rest.
        let expected = [
            ("GET /app/home", 1),
            ("GET /billing/invoices", 2),
            ("GET /data", 1),
            ("GET /found/it", 1),
            ("GET /legal/terms", 1),
            ("GET /orders", 1),
            ("GET /settings/theme/dark", 1),
            ("GET /team/members/list", 2),
            ("GET /tools/export", 2),
            ("GET /users/all", 1),
        ];
        let requests = |name| operation(&service, name).record.requests;
        let found: Vec<(&str, u64)> = expected.iter().map(|(name, _)| (*name, requests(name))).collect();
        assert_eq!((found, service.operations.len()), (expected.to_vec(), expected.len()), "{status}");
        assert_eq!((service.requests, service.noise.clone()), (77, [(Noise::Scanner, 64)].into()), "{status}");
    }
}

#[test]
fn it_takes_both_who_tries_and_what_answers_everything() {
    // Catches endpoints hidden by who asked alone, or by what came back alone.
    // Of folded words what was tried among them is noise.
    let of_api = |record: &Record| record.requests - record.noise.values().sum::<u64>();
    let count = |all: &[Said]| only(all, &[]).operations.iter().map(|operation| of_api(&operation.record)).sum::<u64>();
    assert_eq!(count(&tries(7, 200, 3, 8)), 0);
    assert_eq!(count(&tries(7, 200, 2, 8)), 8, "two secrets are no habit");
    let others = |change: fn(&mut Said)| {
        let mut all = tries(7, 200, 3, 8);
        all.iter_mut().filter(|said| !said.tried).for_each(change);
        count(&all)
    };
    assert_eq!(others(|said| said.caller = 8), 8, "another client");
    assert_eq!(others(|said| said.print = Some(98)), 8, "another page");
    assert_eq!(others(|said| said.print = None), 8, "nobody knows which page");
    // Which of two hosts answers everything so is known of each.
    let mut all = tries(7, 200, 3, 8);
    all.iter_mut().filter(|said| !said.tried).for_each(|said| said.host = "other.example".into());
    let snapshot = snapshot_of(&Limits::default(), &[], &all);
    let all = snapshot.services.iter().flat_map(|service| &service.operations);
    assert_eq!(all.map(|operation| of_api(&operation.record)).sum::<u64>(), 8);
}

#[test]
fn what_answers_everything_is_known_whoever_saw_it_first() {
    // Catches prints that one worker keeps for itself, and a record whose answers are told apart by the first alone.
    let (secrets, guesses): (Vec<Said>, Vec<Said>) = tries(7, 200, 3, 8).into_iter().partition(|said| said.tried);
    let again = || guesses.iter().cloned().map(|said| Said { at: 2_000, ..said });
    let other: Vec<Said> = again().map(|said| Said { print: Some(5), ..said }).collect();
    let operations = |shares: &[&[Said]]| {
        let inventory = Inventory::new(&Limits::default(), Vec::new());
        for share in shares {
            let mut delta = Delta::new(&Limits::default(), inventory.pins());
            share.iter().for_each(|said| said.tell(&mut delta));
            inventory.absorb(delta);
        }
        inventory.snapshot().services.iter().map(|service| service.operations.len()).sum::<usize>()
    };
    let (one, two) = secrets.split_at(1);
    let again: Vec<Said> = again().collect();
    for shares in [[&guesses, one, two, &again[..]], [two, &guesses, &again, one], [one, two, &again, &guesses]] {
        assert_eq!(operations(&shares), 0);
    }
    assert_eq!(operations(&[&secrets, &guesses, &other]), operations(&[&other, &secrets, &guesses]));
    assert!(operations(&[&other, &guesses, &secrets]) > 0);
}

#[test]
fn noise_makes_no_operation_unless_it_is_declared() {
    let noise = |line: &str, noise| Said { noise: Some(noise), ..said(line) };
    let all = [
        noise("OPTIONS /orders 204", Noise::Preflight),
        noise("OPTIONS /declared 204", Noise::Preflight),
        noise("GET /app.js 200", Noise::Static),
        noise("GET /declared 200", Noise::Health),
        Said { mere_redirect: true, ..said("GET /declared 301") },
        Said { mere_redirect: true, ..said("GET /elsewhere 301") },
        said("HEAD /declared 200"),
        said("PATCH /declared 405"),
    ];
    let service = only(&all, &[exact("shop.example", "/declared", &["GET"])]);
    assert_eq!(service.noise, [(Noise::Preflight, 2), (Noise::Redirect, 1), (Noise::Static, 1)].into());
    assert_eq!(names(&service), ["GET /declared", "PATCH /declared"]);
    let declared = operation(&service, "GET /declared");
    assert_eq!((declared.pin, declared.record.requests, declared.record.mere_redirects), (Some(PinId(0)), 3, 1));
    assert_eq!(service.requests, 8);
}

#[test]
fn an_operation_that_only_scanners_asked_for_says_so() {
    let mut all: Vec<Said> = (0..20).map(|i| Said { caller: 666, ..said(&format!("GET /probe/w{i} 404")) }).collect();
    all.push(Said { caller: 666, ..said("GET /admin 403") });
    all.push(Said { caller: 666, ..said("GET /orders 200") });
    all.push(said("GET /orders 200"));
    let service = only(&all, &[]);
    assert!(operation(&service, "GET /admin").record.scanner_only);
    assert!(!operation(&service, "GET /orders").record.scanner_only);
}
