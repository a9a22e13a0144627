//! Which family a User-Agent field belongs to. In: the field. Out: a family; the text ends here.
//!
//! Products name each other (every browser says `Mozilla`, most say `Safari`), so the order of the table decides: what nobody else
//! claims to be comes first.

use memchr::memmem;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::api::Agent;

/// Bytes of a field that are looked at.
const LOOKED_AT: usize = 256;
/// Fields whose family is remembered.
const REMEMBERED: usize = 64;

/// Families of fields met before, by keyed hash: a client sends the same field with every request.
#[derive(Debug)]
pub(super) struct Agents {
    key: u64,
    known: Box<[Option<(u64, Agent)>; REMEMBERED]>,
}

impl Agents {
    pub(super) fn new(key: u64) -> Self {
        Self { key, known: Box::new([None; REMEMBERED]) }
    }

    /// The family of a field; `None`: there was none.
    pub(super) fn family(&mut self, field: Option<&[u8]>) -> Agent {
        let Some(field) = field.map(<[u8]>::trim_ascii).filter(|field| !field.is_empty()) else { return Agent::None };
        let field = field.get(..LOOKED_AT).unwrap_or(field);
        let hash = xxh3_64_with_seed(field, self.key);
        let place = &mut self.known[hash as usize % REMEMBERED];
        match place {
            Some((known, agent)) if *known == hash => *agent,
            _ => place.insert((hash, read(field))).1,
        }
    }
}

fn read(field: &[u8]) -> Agent {
    let mut buffer = [0; LOOKED_AT];
    let lower = &mut buffer[..field.len().min(LOOKED_AT)];
    lower.copy_from_slice(&field[..lower.len()]);
    lower.make_ascii_lowercase();
    let lower = &*lower;
    let has = |word: &str| memmem::find(lower, word.as_bytes()).is_some();
    if let Some((_, agent)) = ANYWHERE.iter().find(|(word, _)| has(word)) {
        return *agent;
    }
    if is_bot(lower) {
        return Agent::OtherBot;
    }
    if let Some((_, agent)) = IN_FRONT.iter().find(|(word, _)| lower.starts_with(word.as_bytes())) {
        return *agent;
    }
    if lower.starts_with(b"mozilla/") || lower.starts_with(b"opera/") {
        return BROWSERS.iter().find(|(word, _)| has(word)).map_or(Agent::Other, |(_, agent)| *agent);
    }
    Agent::Other
}

/// A name that ends in `bot`, or that says crawler or spider. `Cubot` makes telephones.
fn is_bot(lower: &[u8]) -> bool {
    let bots = memmem::find_iter(lower, b"bot").any(|at| {
        let ends = lower.get(at + 3).is_none_or(|next| !next.is_ascii_lowercase());
        ends && !lower.get(..at).is_some_and(|before| before.ends_with(b"cu"))
    });
    bots || [&b"crawler"[..], b"spider", b"slurp"].iter().any(|word| memmem::find(lower, word).is_some())
}

/// Words that nobody else uses, wherever they stand.
const ANYWHERE: &[(&str, Agent)] = &[
    ("sqlmap", Agent::Sqlmap),
    ("nikto", Agent::Nikto),
    ("nuclei", Agent::Nuclei),
    ("zgrab", Agent::Zgrab),
    ("masscan", Agent::Masscan),
    ("nmap scripting engine", Agent::Nmap),
    ("owasp zap", Agent::Zap),
    ("zaproxy", Agent::Zap),
    ("burp", Agent::Burp),
    ("wpscan", Agent::WpScan),
    ("gobuster", Agent::Fuzzer),
    ("dirbuster", Agent::Fuzzer),
    ("feroxbuster", Agent::Fuzzer),
    ("fuzz faster u fool", Agent::Fuzzer),
    ("wfuzz", Agent::Fuzzer),
    ("dirsearch", Agent::Fuzzer),
    ("acunetix", Agent::Commercial),
    ("nessus", Agent::Commercial),
    ("openvas", Agent::Commercial),
    ("qualys", Agent::Commercial),
    ("netsparker", Agent::Commercial),
    ("arachni", Agent::Commercial),
    ("w3af", Agent::Commercial),
    ("censysinspect", Agent::Internet),
    ("shodan", Agent::Internet),
    ("internetmeasurement", Agent::Internet),
    ("internet-measurement", Agent::Internet),
    ("l9explore", Agent::Internet),
    ("expanse", Agent::Internet),
    ("netsystemsresearch", Agent::Internet),
    ("leakix", Agent::Internet),
    ("projectdiscovery", Agent::Internet),
    ("kube-probe", Agent::KubeProbe),
    ("elb-healthchecker", Agent::LoadBalancer),
    ("googlehc", Agent::LoadBalancer),
    ("envoy/hc", Agent::LoadBalancer),
    ("haproxy", Agent::LoadBalancer),
    ("prometheus", Agent::Prometheus),
    ("blackbox-exporter", Agent::Prometheus),
    ("uptimerobot", Agent::Uptime),
    ("pingdom", Agent::Uptime),
    ("statuscake", Agent::Uptime),
    ("datadog", Agent::Uptime),
    ("newrelic", Agent::Uptime),
    ("site24x7", Agent::Uptime),
    ("googlebot", Agent::Googlebot),
    ("bingbot", Agent::Bingbot),
    ("gptbot", Agent::AiCrawler),
    ("chatgpt-user", Agent::AiCrawler),
    ("oai-searchbot", Agent::AiCrawler),
    ("claudebot", Agent::AiCrawler),
    ("ccbot", Agent::AiCrawler),
    ("bytespider", Agent::AiCrawler),
    ("perplexitybot", Agent::AiCrawler),
    ("meta-externalagent", Agent::AiCrawler),
    ("scrapy/", Agent::OtherBot),
    ("facebookexternalhit", Agent::LinkPreview),
    ("slackbot-linkexpanding", Agent::LinkPreview),
    ("twitterbot", Agent::LinkPreview),
    ("whatsapp/", Agent::LinkPreview),
    ("headlesschrome", Agent::HeadlessBrowser),
    ("phantomjs", Agent::HeadlessBrowser),
    ("postmanruntime", Agent::Postman),
    ("insomnia", Agent::Insomnia),
    ("httpie", Agent::Httpie),
    ("apachebench", Agent::LoadTest),
    ("jmeter", Agent::LoadTest),
    ("k6/", Agent::LoadTest),
    ("gatling", Agent::LoadTest),
    ("locust", Agent::LoadTest),
    ("apache-httpclient", Agent::ApacheHttpClient),
    ("apache-httpasyncclient", Agent::ApacheHttpClient),
    ("okhttp", Agent::OkHttp),
    ("go-http-client", Agent::GoHttpClient),
    ("python-requests", Agent::PythonRequests),
    ("python-urllib", Agent::PythonUrllib),
    ("python-httpx", Agent::PythonHttpx),
    ("aiohttp", Agent::Aiohttp),
    ("libwww-perl", Agent::Perl),
    ("guzzlehttp", Agent::Php),
    ("cfnetwork", Agent::Apple),
    ("restsharp", Agent::DotNet),
    ("powershell/", Agent::PowerShell),
];

/// Product names too short to be looked for anywhere else than in front.
const IN_FRONT: &[(&str, Agent)] = &[
    ("curl/", Agent::Curl),
    ("libcurl", Agent::Curl),
    ("wget/", Agent::Wget),
    ("java/", Agent::Java),
    ("java-http-client", Agent::Java),
    ("jersey/", Agent::Java),
    ("reactornetty", Agent::Java),
    ("aws-sdk-", Agent::AwsSdk),
    ("aws-cli/", Agent::AwsSdk),
    ("boto3/", Agent::AwsSdk),
    ("botocore/", Agent::AwsSdk),
    ("axios/", Agent::Axios),
    ("deno/", Agent::Deno),
    ("bun/", Agent::Bun),
    ("node", Agent::Node),
    ("undici", Agent::Node),
    ("got ", Agent::Node),
    ("got/", Agent::Node),
    ("dart/", Agent::Dart),
    ("ruby", Agent::Ruby),
    ("faraday", Agent::Ruby),
    ("rest-client/", Agent::Ruby),
    ("php/", Agent::Php),
    (".net", Agent::DotNet),
    ("dotnet", Agent::DotNet),
    ("microsoft.", Agent::DotNet),
    ("reqwest/", Agent::Rust),
    ("hyper/", Agent::Rust),
    ("ureq/", Agent::Rust),
    ("alamofire/", Agent::Apple),
    ("grpc-", Agent::Grpc),
    ("envoy", Agent::Envoy),
    ("dalvik/", Agent::WebView),
    ("nmap", Agent::Nmap),
    ("zap/", Agent::Zap),
];

/// Behind `Mozilla/5.0`, which all of them say: Chrome says Safari, and all but Chrome that are made of it say Chrome.
const BROWSERS: &[(&str, Agent)] = &[
    ("edg", Agent::Edge),
    ("opr/", Agent::Opera),
    ("opera", Agent::Opera),
    ("samsungbrowser", Agent::SamsungInternet),
    ("trident", Agent::InternetExplorer),
    ("msie", Agent::InternetExplorer),
    ("; wv)", Agent::WebView),
    ("firefox", Agent::Firefox),
    ("fxios", Agent::Firefox),
    ("chrome", Agent::Chrome),
    ("crios", Agent::Chrome),
    ("chromium", Agent::Chrome),
    ("safari", Agent::Safari),
    ("applewebkit", Agent::WebView),
    ("gecko", Agent::Firefox),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_told_apart_though_they_name_each_other() {
        // Catches a table whose order lets Chrome be Safari, a crawler a browser, or a telephone a bot.
        let mut agents = Agents::new(7);
        for (field, family) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
                "chrome",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36 Edg/126.0",
                "edge",
            ),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "firefox"),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Safari/604.1",
                "safari",
            ),
            ("Mozilla/5.0 (Linux; Android 10; CUBOT X30; wv) AppleWebKit/537.36 Chrome/126 Mobile", "webview"),
            ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "googlebot"),
            ("Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", "other-bot"),
            (
                "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0 Safari/537.36",
                "headless-browser",
            ),
            ("Mozilla/5.0 zgrab/0.x", "zgrab"),
            ("Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)", "nmap"),
            ("sqlmap/1.8.4#stable (https://sqlmap.org)", "sqlmap"),
            ("Mozilla/5.00 (Nikto/2.5.0) (Evasions:None) (Test:Port Check)", "nikto"),
            ("curl/8.5.0", "curl"),
            ("python-requests/2.32.3", "python-requests"),
            ("okhttp/4.12.0", "okhttp"),
            ("Go-http-client/1.1", "go-http-client"),
            ("PostmanRuntime/7.39.0", "postman"),
            ("Apache-HttpClient/4.5.14 (Java/17.0.11)", "apache-httpclient"),
            ("MyApp/3.2 CFNetwork/1496.0.7 Darwin/23.5.0", "cfnetwork"),
            ("kube-probe/1.29", "kube-probe"),
            ("Scrapy/2.11.2 (+https://scrapy.org)", "other-bot"),
            ("Boto3/1.34.51 md/Botocore#1.34.51 ua/2.0 os/linux#6.1 md/arch#x86_64 lang/python#3.12.1", "aws-sdk"),
            ("aws-sdk-go-v2/1.30.3 os/linux lang/go#1.22.5 md/GOOS#linux", "aws-sdk"),
            ("Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.4522", "powershell"),
            ("Mozilla/5.0 (Linux; Ubuntu 22.04.4; en-US) PowerShell/7.4.3", "powershell"),
            ("Deno/1.44.4", "deno"),
            ("Bun/1.1.17", "bun"),
            ("meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)", "ai-crawler"),
            ("l9explore/1.2.2", "internet-scanner"),
            ("Mozilla/5.0 (compatible; +https://internet-measurement.com/)", "internet-scanner"),
            ("internal-billing-sync 7", "other"),
            ("bundler/2.5 denounce/1 powershelly", "other"),
            ("  ", "none"),
        ] {
            for _ in 0..2 {
                assert_eq!(agents.family(Some(field.as_bytes())).name(), family, "{field}");
            }
        }
        assert_eq!(agents.family(None), Agent::None);
    }

    #[test]
    fn what_is_remembered_does_not_show() {
        // Catches a memory that gives one field the family of another in its place.
        let mut agents = Agents::new(7);
        for n in 0..1_000_u32 {
            let (field, family) = if n % 2 == 0 { ("curl/", Agent::Curl) } else { ("x/", Agent::Other) };
            assert_eq!(agents.family(Some(format!("{field}{n}").as_bytes())), family);
        }
        assert_eq!(agents.family(Some(&[0xff; 10_000])), Agent::Other);
        assert_eq!(agents.family(Some(&b"curl/ ".repeat(10_000))), Agent::Curl);
    }

    #[test]
    fn words_are_looked_for_as_they_are_compared() {
        for (word, _) in ANYWHERE.iter().chain(IN_FRONT).chain(BROWSERS) {
            assert_eq!(*word, word.to_ascii_lowercase());
        }
    }
}
