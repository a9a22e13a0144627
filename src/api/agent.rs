//! What software a caller says it is: its family, never the string.

use serde::{Deserialize, Serialize};

/// What kind of software asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AgentKind {
    /// People.
    Browser,
    /// Programs, by the library they call with.
    Library,
    /// People and scripts at a terminal or a test bench.
    Tool,
    /// What looks whether something is there.
    Monitor,
    /// Crawlers and browsers without people.
    Bot,
    /// What looks for holes.
    Scanner,
    /// Software that is not known, or that says nothing.
    Unknown,
}

impl AgentKind {
    /// Every kind.
    pub const ALL: [Self; 7] =
        [Self::Browser, Self::Library, Self::Tool, Self::Monitor, Self::Bot, Self::Scanner, Self::Unknown];

    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Library => "library",
            Self::Tool => "tool",
            Self::Monitor => "monitor",
            Self::Bot => "bot",
            Self::Scanner => "scanner",
            Self::Unknown => "unknown",
        }
    }
}

macro_rules! families {
    ($($family:ident $name:literal $kind:ident,)*) => {
        /// A family of user agents (RFC 9110 section 10.1.5), as far as the caller says the truth.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Agent {
            $(#[doc = concat!("`", $name, "`")] $family,)*
        }

        impl Agent {
            /// Every family.
            pub const ALL: &'static [Self] = &[$(Self::$family),*];

            /// Its name in reports.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$family => $name,)* }
            }

            /// What kind of software it is.
            #[must_use]
            pub const fn kind(self) -> AgentKind {
                match self { $(Self::$family => AgentKind::$kind,)* }
            }
        }
    };
}

// The order is the format of state files: a new one stands at the end.
families! {
    None "none" Unknown,
    Other "other" Unknown,
    Chrome "chrome" Browser,
    Edge "edge" Browser,
    Firefox "firefox" Browser,
    Opera "opera" Browser,
    Safari "safari" Browser,
    SamsungInternet "samsung-internet" Browser,
    InternetExplorer "internet-explorer" Browser,
    WebView "webview" Browser,
    OkHttp "okhttp" Library,
    Java "java" Library,
    ApacheHttpClient "apache-httpclient" Library,
    GoHttpClient "go-http-client" Library,
    PythonRequests "python-requests" Library,
    PythonUrllib "python-urllib" Library,
    PythonHttpx "python-httpx" Library,
    Aiohttp "aiohttp" Library,
    Axios "axios" Library,
    Node "node" Library,
    Dart "dart" Library,
    Ruby "ruby" Library,
    Perl "perl" Library,
    Php "php" Library,
    DotNet "dotnet" Library,
    Rust "rust" Library,
    Apple "cfnetwork" Library,
    Grpc "grpc" Library,
    Envoy "envoy" Library,
    Curl "curl" Tool,
    Wget "wget" Tool,
    Httpie "httpie" Tool,
    Postman "postman" Tool,
    Insomnia "insomnia" Tool,
    LoadTest "load-test" Tool,
    KubeProbe "kube-probe" Monitor,
    LoadBalancer "load-balancer" Monitor,
    Prometheus "prometheus" Monitor,
    Uptime "uptime-monitor" Monitor,
    Googlebot "googlebot" Bot,
    Bingbot "bingbot" Bot,
    AiCrawler "ai-crawler" Bot,
    LinkPreview "link-preview" Bot,
    HeadlessBrowser "headless-browser" Bot,
    OtherBot "other-bot" Bot,
    Sqlmap "sqlmap" Scanner,
    Nikto "nikto" Scanner,
    Nuclei "nuclei" Scanner,
    Zgrab "zgrab" Scanner,
    Masscan "masscan" Scanner,
    Nmap "nmap" Scanner,
    Zap "zap" Scanner,
    Burp "burp" Scanner,
    WpScan "wpscan" Scanner,
    Fuzzer "path-fuzzer" Scanner,
    Commercial "vulnerability-scanner" Scanner,
    Internet "internet-scanner" Scanner,
    AwsSdk "aws-sdk" Library,
    Deno "deno" Library,
    Bun "bun" Library,
    PowerShell "powershell" Tool,
}
