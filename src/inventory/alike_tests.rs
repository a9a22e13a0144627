use super::super::tests::{Said, names, only, said};

const PEOPLE: [&str; 13] = [
    "alice", "bob", "carlos", "dmitri", "elena", "farouk", "giulia", "hannes", "ingrid", "jorge", "kenji", "lakshmi",
    "nadia",
];

/// A line and the fields of its answer, a number of times.
fn often(times: usize, line: &str, fields: &[&str]) -> Vec<Said> {
    let fields = fields.iter().map(|field| (*field).to_owned()).collect();
    vec![Said { fields, ..said(line) }; times]
}

fn all(people: usize, times: usize, line: impl Fn(&str) -> String, fields: &[&str]) -> Vec<Said> {
    PEOPLE[..people].iter().flat_map(|name| often(times, &line(name), fields)).collect()
}

const PERSON: [&str; 3] = ["id", "login", "created"];

#[test]
fn a_few_people_are_values_however_often_each_is_asked_for() {
    // Catches values that become endpoints the longer one listens, and named siblings that go along with them.
    for (people, times) in [(5, 1), (5, 40), (13, 7)] {
        let mut said = all(people, times, |name| format!("GET /users/{name} 200"), &PERSON);
        said.extend(often(3, "GET /users/me 200", &PERSON));
        said.extend(often(3, "GET /users/search 200", &["items", "total"]));
        assert_eq!(names(&only(&said, &[])), ["GET /users/me", "GET /users/search", "GET /users/{userId}"]);
    }
    let few = all(3, 5, |name| format!("GET /orgs/{name}/repos 200"), &PERSON);
    assert_eq!(names(&only(&few, &[])), ["GET /orgs/{orgId}/repos"]);
}

#[test]
fn anywhere_else_it_takes_a_crowd_with_the_same_bodies() {
    // Catches unknown names of an API's own calls that fold, and user names that never do.
    let read = |people, fields: &[&str]| only(&all(people, 3, |name| format!("GET /profile/{name} 200"), fields), &[]);
    assert_eq!(names(&read(13, &PERSON)), ["GET /profile/{name}"]);
    assert_eq!(names(&read(5, &PERSON)).len(), 5, "five are no crowd");
    assert_eq!(names(&read(13, &["ok"])).len(), 13, "an acknowledgement says nothing");
    let posted = all(13, 3, |name| format!("POST /profile/{name} 200"), &PERSON);
    assert_eq!(names(&only(&posted, &[])).len(), 13, "calls, as far as one can tell");
    let mut unlike = Vec::new();
    for (at, name) in PEOPLE.iter().enumerate() {
        let fields = [format!("a{at}"), format!("b{at}"), format!("c{at}")];
        unlike.extend(often(3, &format!("GET /profile/{name} 200"), &fields.each_ref().map(String::as_str)));
    }
    assert_eq!(names(&only(&unlike, &[])).len(), 13, "each answers with its own");
}

#[test]
fn tenants_are_alike_in_what_lies_below() {
    // Catches a list as long as the number of tenants.
    let mut said = all(13, 3, |name| format!("GET /t/{name}/api/orders 200"), &["ok"]);
    said.extend(all(13, 3, |name| format!("GET /t/{name}/api/health 200"), &["ok"]));
    assert_eq!(names(&only(&said, &[])), ["GET /t/{name}/api/health", "GET /t/{name}/api/orders"]);
}

#[test]
fn owners_are_alike_before_their_projects_are() {
    // Catches an owner each of whom has projects of his own, and projects that are called like parts of APIs.
    let mut said = Vec::new();
    for (at, owner) in PEOPLE.iter().enumerate() {
        for project in [["zigzag", "frontend"], ["ledgerd", "website"], ["querykit", "backend"]][at % 3] {
            said.extend(often(3, &format!("GET /repos/{owner}/{project} 200"), &["id", "full_name", "stars"]));
            said.extend(often(3, &format!("GET /repos/{owner}/{project}/issues 200"), &["number", "title"]));
        }
    }
    assert_eq!(names(&only(&said, &[])), ["GET /repos/{repoId}/{name}", "GET /repos/{repoId}/{name}/issues"]);
}

#[test]
fn what_answers_with_an_acknowledgement_is_not_alike() {
    // Catches a whole API that becomes one variable, because all it ever says is yes.
    let collections =
        ["ledgers", "disputes", "payouts", "customers", "orders", "invoices", "refunds", "mandates", "quotes"];
    let read: Vec<Said> =
        collections.iter().flat_map(|name| often(1, &format!("GET /v1/{name} 200"), &["ok"])).collect();
    assert_eq!(names(&only(&read, &[])).len(), collections.len());
    let mut grid = Vec::new();
    for service in ["billing", "catalog", "identity", "inventory", "ledger", "mail", "pricing", "tax", "fraud", "media"]
    {
        for action in ["ping", "sync", "reload", "flush", "export"] {
            grid.extend(often(20, &format!("POST /{service}/{action} 200"), &["ok"]));
        }
    }
    assert_eq!(names(&only(&grid, &[])).len(), 50);
    let calls = ["create-order", "cancel-order", "void-payment", "send-invoice", "merge-customers", "export-ledger"];
    let called: Vec<Said> = calls.iter().flat_map(|name| often(1, &format!("POST /api/{name} 200"), &["ok"])).collect();
    assert_eq!(names(&only(&called, &[])).len(), calls.len());
}

#[test]
fn an_action_beside_values_that_never_take_it_stays() {
    // Catches `POST /users/merge` told as something that is done to a user.
    let actions = ["impersonate", "merge", "resetPassword", "bulkDelete", "deduplicate", "confirmEmail", "invite"];
    let read: Vec<Said> = (0..30).flat_map(|n| often(1, &format!("GET /users/{} 200", 13 * n + 5), &PERSON)).collect();
    let mut said = read.clone();
    actions.iter().for_each(|name| said.extend(often(1, &format!("POST /users/{name} 200"), &["ok"])));
    assert_eq!(names(&only(&said, &[])).len(), 1 + actions.len());
    // However many there are, and however little is known of what they are called.
    let mut said = read;
    said.extend(all(13, 1, |name| format!("POST /users/{name} 200"), &PERSON));
    assert_eq!(names(&only(&said, &[])).len(), 1 + PEOPLE.len());
}

#[test]
fn kinds_of_things_that_are_watched_in_the_same_way_stay() {
    // Catches collections below a variable that fold because they answer with the same envelope.
    let mut said = Vec::new();
    for space in ["alpha", "beta", "gamma", "delta", "epsilon"] {
        for kind in ["secrets", "pods", "endpoints", "services", "deployments", "podtemplates"] {
            said.extend(often(2, &format!("GET /watch/namespaces/{space}/{kind} 200"), &["type", "object"]));
            for name in ["zeta", "theta"] {
                said.extend(often(2, &format!("GET /watch/namespaces/{space}/{kind}/{name} 200"), &["type", "object"]));
            }
        }
    }
    let found = names(&only(&said, &[]));
    for kind in ["secrets", "pods", "endpoints", "services", "deployments"] {
        assert!(found.iter().any(|name| name.ends_with(&format!("/{kind}"))), "{kind}: {found:?}");
    }
}
