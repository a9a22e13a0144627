//! The words of drift, a row for each kind.

use crate::findings::finding::Kind;
use crate::findings::texts::RuleText;
use crate::policy::Severity;

/// A row: id, severity, title, why, the paragraph, and what to do.
macro_rules! rows {
    ($($id:literal, $severity:ident, $title:literal, $why:literal, $about:literal, $next:literal;)*) => {
        /// In the order of [`crate::api::Drift`].
        pub(super) const TEXTS: &[RuleText] = &[$(RuleText {
            id: $id,
            kind: Kind::Drift,
            severity: Severity::$severity,
            cases: &[],
            title: $title,
            why: $why,
            about: $about,
        },)*];

        /// What to do about each, in the same order.
        pub(super) const NEXT: &[&str] = &[$($next),*];
    };
}

rows! {
    "undocumented-query", Medium, "A query parameter that is not declared",
    "An input that nobody wrote down is one that nobody reviewed or tests, and servers often do more with it than they say.",
    "Requests that succeeded carried a query parameter which the operation does not declare. It may be a debug \
     switch, a filter that the code grew, or one that servers silently ignore. What to do: declare it, or have \
     the server refuse what it does not know. Drift is a difference between a matched operation and its \
     declaration, told with counts, the first and last time, and a pointer on both sides.",
    "Declare it, or have the server refuse what it does not know.";
    "undocumented-header", Low, "A header field of requests that is not declared",
    "Header fields that only insiders know often switch tenants, users or checks.",
    "Requests that succeeded carried a header field which the operation does not declare. Fields of HTTP itself, \
     of browsers, of proxies and of tracing are left out, and so are those that declared security uses. What to \
     do: declare it as a parameter; if a gateway adds it, declare it nowhere and suppress this by its name. Drift \
     is a difference between a matched operation and its declaration, told with counts, the first and last time, \
     and a pointer on both sides.",
    "Declare it as a parameter; if a gateway adds it, declare it nowhere and suppress this by its name.";
    "undocumented-cookie", Low, "A cookie that is not declared",
    "A cookie that steers an API is an input like any other, and it is sent without anybody asking for it.",
    "Requests that succeeded carried a cookie which the operation does not declare, although it declares others. \
     Where an operation declares none, cookies are taken to be the browser's and are not told. What to do: \
     declare it, or have it set for the paths that need it and no others. Drift is a difference between a matched \
     operation and its declaration, told with counts, the first and last time, and a pointer on both sides.",
    "Declare it, or have it set for the paths that need it and no others.";
    "undocumented-form-field", Medium, "A field of a form that is not declared",
    "Fields that bind to objects without being declared are how mass assignment happens (OWASP API3:2023).",
    "Forms (urlencoded or multipart) of requests that succeeded held a field which the declared schema does not \
     name, and that schema does not say that there may be others. Where it does not forbid others either, JSON \
     Schema allows them: such a field is told when three requests or more held it under a plain name. What to do: \
     declare the field, or have the server bind declared fields only. Drift is a difference between a matched \
     operation and its declaration, told with counts, the first and last time, and a pointer on both sides.",
    "Declare the field, or have the server bind declared fields only.";
    "undocumented-request-field", Medium, "A field of a request body that is not declared",
    "Fields that bind to objects without being declared are how mass assignment happens (OWASP API3:2023).",
    "Bodies of requests that succeeded held a field which no schema that holds for them names, and none says that \
     there may be others (additionalProperties, patternProperties and the branches that hold are honoured). Where \
     no schema forbids others either, JSON Schema allows them: such a field is told when three requests or more \
     held it under a plain name. What to do: declare the field, or have the server bind declared fields only. \
     Drift is a difference between a matched operation and its declaration, told with counts, the first and last \
     time, and a pointer on both sides.",
    "Declare the field, or have the server bind declared fields only.";
    "undocumented-response-field", Medium, "A field of a response body that is not declared",
    "What a spec does not name nobody decided to publish: it is how more is returned than callers should see (OWASP API3:2023).",
    "Response bodies held a field which no schema that holds for them names, and none says that there may be \
     others (additionalProperties, patternProperties and the branches that hold are honoured). Where no schema \
     forbids others either, JSON Schema allows them: such a field is told when three answers or more held it \
     under a plain name. What to do: declare the field if callers should have it; take it out of the answer if \
     they should not. Drift is a difference between a matched operation and its declaration, told with counts, \
     the first and last time, and a pointer on both sides.",
    "Declare the field if callers should have it; take it out of the answer if they should not.";
    "undocumented-status", Low, "A status that is not declared",
    "Callers cannot handle what they were never told of, and an undeclared success is behaviour that nobody reviewed.",
    "Answers had a status for which the operation declares no response, neither as itself nor as a range (4XX) \
     nor as default. What HTTP itself answers (1xx, 206, 304) is left out. What to do: declare the response, or a \
     default that says how errors look. Drift is a difference between a matched operation and its declaration, \
     told with counts, the first and last time, and a pointer on both sides.",
    "Declare the response, or a default that says how errors look.";
    "undocumented-request-type", Low, "A media type of requests that is not declared",
    "Another parser than the declared one reads the body, with other ideas of what is allowed.",
    "Requests that succeeded had a body of a media type which the operation does not declare, neither as itself \
     nor as a range. What to do: declare the type, or answer it with 415. Drift is a difference between a matched \
     operation and its declaration, told with counts, the first and last time, and a pointer on both sides.",
    "Declare the type, or answer it with 415.";
    "undocumented-response-type", Low, "A media type of responses that is not declared",
    "Clients that trust the declaration cannot read it, and an error page of a framework is often what it is.",
    "Answers had a body of a media type which the declared response does not name, neither as itself nor as a \
     range; or a success had a body where none is declared. What to do: declare the type, or mend what answers \
     so. Drift is a difference between a matched operation and its declaration, told with counts, the first and \
     last time, and a pointer on both sides.",
    "Declare the type, or mend what answers so.";
    "undocumented-request-body", Medium, "A request body where none is declared",
    "An input that nobody wrote down is one that nobody reviewed or tests.",
    "Requests that succeeded had a body although the operation declares none. It may be ignored; or the server \
     reads it. What to do: declare the body, or have the server refuse it. Drift is a difference between a \
     matched operation and its declaration, told with counts, the first and last time, and a pointer on both \
     sides.",
    "Declare the body, or have the server refuse it.";
    "missing-query", Low, "A required query parameter that is not required",
    "Whoever trusts the declaration believes a check that is not made.",
    "Requests succeeded without a query parameter that the operation declares as required: the server does not \
     insist. What to do: have the server insist, or declare the parameter as optional and say what holds without \
     it. Drift is a difference between a matched operation and its declaration, told with counts, the first and \
     last time, and a pointer on both sides.",
    "Have the server insist, or declare the parameter as optional and say what holds without it.";
    "missing-header", Low, "A required header field that is not required",
    "Whoever trusts the declaration believes a check that is not made.",
    "Requests succeeded without a header field that the operation declares as required: the server does not \
     insist. What to do: have the server insist, or declare the field as optional. Drift is a difference between \
     a matched operation and its declaration, told with counts, the first and last time, and a pointer on both \
     sides.",
    "Have the server insist, or declare the field as optional.";
    "missing-cookie", Low, "A required cookie that is not required",
    "Whoever trusts the declaration believes a check that is not made.",
    "Requests succeeded without a cookie that the operation declares as required: the server does not insist. \
     What to do: have the server insist, or declare the cookie as optional. Drift is a difference between a \
     matched operation and its declaration, told with counts, the first and last time, and a pointer on both \
     sides.",
    "Have the server insist, or declare the cookie as optional.";
    "missing-form-field", Low, "A required field of a form that is not required",
    "Whoever trusts the declaration believes a check that is not made.",
    "Forms of requests that succeeded lacked a field that the declared schema requires: the server does not \
     insist. What to do: have the server insist, or declare the field as optional. Drift is a difference between \
     a matched operation and its declaration, told with counts, the first and last time, and a pointer on both \
     sides.",
    "Have the server insist, or declare the field as optional.";
    "missing-request-body", Low, "A required request body that is not required",
    "Whoever trusts the declaration believes a check that is not made.",
    "Requests succeeded without a body although the operation declares one as required: the server does not \
     insist. What to do: have the server insist, or declare the body as optional. Drift is a difference between a \
     matched operation and its declaration, told with counts, the first and last time, and a pointer on both \
     sides.",
    "Have the server insist, or declare the body as optional.";
    "missing-request-field", Low, "A required field of request bodies that is not required",
    "Whoever trusts the declaration believes a check that is not made.",
    "Bodies of requests that succeeded lacked a field that the declared schema requires (one that is read-only is \
     excused): the server does not insist. What to do: have the server insist, or declare the field as optional. \
     Drift is a difference between a matched operation and its declaration, told with counts, the first and last \
     time, and a pointer on both sides.",
    "Have the server insist, or declare the field as optional.";
    "missing-response-field", Medium, "A required field that responses lack",
    "Clients generated from the spec break on it.",
    "Response bodies lacked a field that the declared schema requires (one that is write-only is excused). What \
     to do: return the field, or declare it as optional. Drift is a difference between a matched operation and \
     its declaration, told with counts, the first and last time, and a pointer on both sides.",
    "Return the field, or declare it as optional.";
    "missing-response-header", Low, "A required header field that responses lack",
    "Clients that trust the declaration break on it, and what the field was to protect is not protected.",
    "Answers lacked a header field that the declared response requires. What to do: return the field, or declare \
     it as optional. Drift is a difference between a matched operation and its declaration, told with counts, the \
     first and last time, and a pointer on both sides.",
    "Return the field, or declare it as optional.";
    "request-wrong-type", Low, "A value of requests that is of another type",
    "What is not checked to be a number is where injections begin.",
    "Requests that succeeded held a value of another type than the declared one: the server does not check, or \
     converts. Texts of parameters count as what they can be read as. What to do: have the server check, or \
     declare what it takes. Drift is a difference between a matched operation and its declaration, told with \
     counts, the first and last time, and a pointer on both sides.",
    "Have the server check, or declare what it takes.";
    "response-wrong-type", Medium, "A value of responses that is of another type",
    "Clients generated from the spec break on it.",
    "Responses held a value of another type than the declared one; null counts as a type of its own (nullable, or \
     a list of types, allows it). What to do: mend the answer or the declaration. Drift is a difference between a \
     matched operation and its declaration, told with counts, the first and last time, and a pointer on both \
     sides.",
    "Mend the answer or the declaration.";
    "request-wrong-format", Low, "A value of requests that is not of its format",
    "What is not checked is where injections begin.",
    "Requests that succeeded held a text that is not of its declared format or does not match its pattern. \
     Formats that can be judged without doubt are: date, date-time, uuid, email, ipv4, ipv6, uri, int32, int64; \
     patterns with look-around are not judged. What to do: have the server check, or declare what it takes. Drift \
     is a difference between a matched operation and its declaration, told with counts, the first and last time, \
     and a pointer on both sides.",
    "Have the server check, or declare what it takes.";
    "response-wrong-format", Low, "A value of responses that is not of its format",
    "Clients that parse it by the declaration break on it.",
    "Responses held a text that is not of its declared format or does not match its pattern. Formats that can be \
     judged without doubt are: date, date-time, uuid, email, ipv4, ipv6, uri, int32, int64; patterns with look- \
     around are not judged. What to do: mend the answer or the declaration. Drift is a difference between a \
     matched operation and its declaration, told with counts, the first and last time, and a pointer on both \
     sides.",
    "Mend the answer or the declaration.";
    "request-not-in-enum", Low, "A value of requests that is none of those declared",
    "A value that nobody listed reaches code that nobody tested with it.",
    "Requests that succeeded held a value that is not among the declared ones (enum, const). The value itself is \
     never kept or told. What to do: have the server refuse it, or add it to the list. Drift is a difference \
     between a matched operation and its declaration, told with counts, the first and last time, and a pointer on \
     both sides.",
    "Have the server refuse it, or add it to the list.";
    "response-not-in-enum", Low, "A value of responses that is none of those declared",
    "Clients that switch on the list fall through.",
    "Responses held a value that is not among the declared ones (enum, const). The value itself is never kept or \
     told. What to do: add it to the list, or mend the answer. Drift is a difference between a matched operation \
     and its declaration, told with counts, the first and last time, and a pointer on both sides.",
    "Add it to the list, or mend the answer.";
    "request-out-of-range", Low, "A value of requests that is outside its range",
    "Limits that are not enforced are limits that attackers ignore: page sizes, amounts, lengths.",
    "Requests that succeeded held a number, text, list or object smaller or larger than declared (minimum, \
     maximum, multipleOf, lengths, counts): the server does not check. What to do: have the server check, or \
     declare what it takes. Drift is a difference between a matched operation and its declaration, told with \
     counts, the first and last time, and a pointer on both sides.",
    "Have the server check, or declare what it takes.";
    "response-out-of-range", Low, "A value of responses that is outside its range",
    "Clients that trust the limits size their fields by them.",
    "Responses held a number, text, list or object smaller or larger than declared (minimum, maximum, multipleOf, \
     lengths, counts). What to do: mend the answer or the declaration. Drift is a difference between a matched \
     operation and its declaration, told with counts, the first and last time, and a pointer on both sides.",
    "Mend the answer or the declaration.";
    "request-no-alternative", Low, "A value of requests that fits none of the declared alternatives",
    "Code that none of the alternatives describes handled it.",
    "Requests that succeeded held a value which fits none of the schemas that anyOf or oneOf allows, or one that \
     not forbids. Where one alternative is of its type, what that one lacks is told instead. What to do: declare \
     the alternative, or have the server refuse it. Drift is a difference between a matched operation and its \
     declaration, told with counts, the first and last time, and a pointer on both sides.",
    "Declare the alternative, or have the server refuse it.";
    "response-no-alternative", Low, "A value of responses that fits none of the declared alternatives",
    "Clients generated from the spec cannot read it.",
    "Responses held a value which fits none of the schemas that anyOf or oneOf allows, or one that not forbids. \
     Where one alternative is of its type, what that one lacks is told instead. What to do: declare the \
     alternative, or mend the answer. Drift is a difference between a matched operation and its declaration, told \
     with counts, the first and last time, and a pointer on both sides.",
    "Declare the alternative, or mend the answer.";
    "read-only-sent", Info, "A field that only responses may hold was sent",
    "If the server binds it, callers can set what they must not (OWASP API3:2023).",
    "Bodies of requests that succeeded held a field that the schema marks readOnly. Clients often send back what \
     they were given, and most servers ignore it. What to do: make sure that the server ignores it; then suppress \
     this for the clients that cannot be changed. Drift is a difference between a matched operation and its \
     declaration, told with counts, the first and last time, and a pointer on both sides.",
    "Make sure that the server ignores it; then suppress this for the clients that cannot be changed.";
    "write-only-returned", High, "A field that only requests may hold was returned",
    "Passwords, keys and card data are what specs mark so: it is not meant to come back.",
    "Response bodies held a field that the schema marks writeOnly. What to do: take it out of the answer, and \
     find out who has received it. Drift is a difference between a matched operation and its declaration, told \
     with counts, the first and last time, and a pointer on both sides.",
    "Take it out of the answer, and find out who has received it.";
    "no-credentials", High, "Security is declared, and requests succeed without credentials",
    "Whoever finds the path is let in (OWASP API2:2023).",
    "Requests without any credentials were answered with 2xx although the operation declares that it wants some: \
     neither the declared scheme nor any other was shown. Client certificates cannot be seen and count as shown. \
     What to do: check at once whether the server enforces it; if the operation is meant to be open, declare that \
     (security: []). If a gateway strips credentials before this tap, listen in front of it. Drift is a \
     difference between a matched operation and its declaration, told with counts, the first and last time, and a \
     pointer on both sides.",
    "Check at once whether the server enforces it; if the operation is meant to be open, declare that (security: []). If a gateway strips credentials before this tap, listen in front of it.";
    "other-credentials", Medium, "Security is declared, and requests succeed with other credentials",
    "A second way in is one that nobody reviews or revokes (OWASP API2:2023).",
    "Requests were answered with 2xx whose credentials are not those that the operation declares: another scheme, \
     or only a part of what must be shown together. What to do: declare the other way, or switch it off. Drift is \
     a difference between a matched operation and its declaration, told with counts, the first and last time, and \
     a pointer on both sides.",
    "Declare the other way, or switch it off.";
    "cleartext", Info, "Declared for https alone, and seen in clear",
    "Where no balancer stands between, everybody on the way can read and change it.",
    "Requests to a host for which the operation's servers name https and nothing else were seen without TLS. \
     Behind a balancer that terminates TLS this is normal, so it is told as information; a policy can raise its \
     severity for the hosts and networks where it is not. What to do: if this tap is not behind what terminates \
     TLS, switch plain HTTP off. Drift is a difference between a matched operation and its declaration, told with \
     counts, the first and last time, and a pointer on both sides.",
    "If this tap is not behind what terminates TLS, switch plain HTTP off.";
    "deprecated-parameter", Low, "A deprecated parameter in use",
    "It cannot be taken away while somebody sends it.",
    "Requests that succeeded carried a parameter in the query, a header or a cookie that is declared deprecated. \
     What to do: tell its callers (the endpoint lists their classes); then take it out. Drift is a difference \
     between a matched operation and its declaration, told with counts, the first and last time, and a pointer on \
     both sides.",
    "Tell its callers (the endpoint lists their classes); then take it out.";
    "undocumented-sunset", Info, "The answer announces its end, and the declaration does not",
    "Whoever reads only the spec builds on something that will go away.",
    "Answers carried a Sunset (RFC 8594) or Deprecation (RFC 9745) field, and the operation is neither declared \
     deprecated nor declares these fields or an x-sunset. What to do: declare the operation deprecated, with its \
     day. Drift is a difference between a matched operation and its declaration, told with counts, the first and \
     last time, and a pointer on both sides.",
    "Declare the operation deprecated, with its day.";
    "sunset-passed", Medium, "The day on which it said it would end is over",
    "It is past its announced end and still answers: nobody maintains it, and nobody has switched it off.",
    "Answers carried a Sunset field (RFC 8594) whose date lies before the exchange itself, by the packets' own \
     time. What to do: switch it off, or announce another day. Drift is a difference between a matched operation \
     and its declaration, told with counts, the first and last time, and a pointer on both sides.",
    "Switch it off, or announce another day.";
}
