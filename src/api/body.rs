//! What a body is, as a closed set of kinds: what its sender says, and what its first bytes show.

use serde::{Deserialize, Serialize};

/// What a body is.
// The order is the format of state files: a new one stands at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyKind {
    /// RFC 8259, or many such values one after another.
    Json,
    /// XML with data in it, and pictures written so.
    Xml,
    /// A page.
    Html,
    /// RFC 4180, or with tabs.
    Csv,
    /// Text of no closer description.
    Text,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// Parts of any kind.
    Multipart,
    /// ISO 32000.
    Pdf,
    /// RFC 2083.
    Png,
    /// ISO 10918.
    Jpeg,
    /// GIF.
    Gif,
    /// ZIP, and the formats made of it (office documents, Java archives).
    Zip,
    /// RFC 1952.
    Gzip,
    /// Protocol buffers.
    Protobuf,
    /// Messages of gRPC.
    Grpc,
    /// Other pictures, sound, film, fonts.
    Media,
    /// Anything else.
    Binary,
}

impl BodyKind {
    /// Every kind, in order.
    pub const ALL: [Self; 17] = [
        Self::Json,
        Self::Xml,
        Self::Html,
        Self::Csv,
        Self::Text,
        Self::Form,
        Self::Multipart,
        Self::Pdf,
        Self::Png,
        Self::Jpeg,
        Self::Gif,
        Self::Zip,
        Self::Gzip,
        Self::Protobuf,
        Self::Grpc,
        Self::Media,
        Self::Binary,
    ];

    /// Its name, as it stands in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Xml => "xml",
            Self::Html => "html",
            Self::Csv => "csv",
            Self::Text => "text",
            Self::Form => "form",
            Self::Multipart => "multipart",
            Self::Pdf => "pdf",
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Gif => "gif",
            Self::Zip => "zip",
            Self::Gzip => "gzip",
            Self::Protobuf => "protobuf",
            Self::Grpc => "grpc",
            Self::Media => "media",
            Self::Binary => "binary",
        }
    }
}

/// Whose body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BodySide {
    /// The request's.
    Request,
    /// The response's.
    Response,
}

/// What the media type of a body says beside what its first bytes show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// Another kind: whoever believes it reads something else.
    Otherwise,
    /// None, or one that says nothing.
    Nothing,
}

/// A body whose kind its media type does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OddBody {
    /// Whose.
    pub side: BodySide,
    /// What it is.
    pub kind: BodyKind,
    /// What its type says.
    pub said: Said,
}

/// A part of a multipart body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Part {
    /// Whose body.
    pub side: BodySide,
    /// It is a file: it has a name as one.
    pub file: bool,
    /// What its type says; `None`: nothing.
    pub kind: Option<BodyKind>,
    /// The extension of the file's name.
    pub extension: Extension,
}

macro_rules! extensions {
    ($($name:ident $text:literal $($alias:literal)*,)*) => {
        /// The extension of a file's name: nothing else of it is kept.
        // The order is the format of state files: a new one stands at the end.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Extension {
            /// There is none.
            #[default]
            None,
            /// One that is not listed.
            Other,
            $(#[doc = concat!("`.", $text, "`")] #[serde(rename = $text)] $name,)*
        }

        impl Extension {
            /// Every extension, in order.
            pub const ALL: &'static [Self] = &[Self::None, Self::Other, $(Self::$name,)*];

            /// Its name, as it stands in reports.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    Self::None => "none",
                    Self::Other => "other",
                    $(Self::$name => $text,)*
                }
            }

            /// The extension of a file's name.
            #[must_use]
            pub fn of(name: &[u8]) -> Self {
                let Some(at) = name.iter().rposition(|byte| *byte == b'.').filter(|at| *at + 1 < name.len()) else {
                    return Self::None;
                };
                let tail = &name[at + 1..];
                let is = |known: &str| tail.eq_ignore_ascii_case(known.as_bytes());
                $(if is($text) $(|| is($alias))* {
                    return Self::$name;
                })*
                Self::Other
            }
        }
    };
}

extensions! {
    Pdf "pdf",
    Png "png",
    Jpg "jpg" "jpeg",
    Gif "gif",
    Webp "webp",
    Heic "heic",
    Tiff "tiff" "tif",
    Svg "svg",
    Txt "txt",
    Csv "csv",
    Json "json",
    Xml "xml",
    Html "html" "htm",
    Doc "doc",
    Docx "docx",
    Xls "xls",
    Xlsx "xlsx",
    Ppt "ppt",
    Pptx "pptx",
    Odt "odt",
    Zip "zip",
    Gz "gz" "tgz",
    Tar "tar",
    Rar "rar",
    SevenZip "7z",
    Mp3 "mp3",
    Mp4 "mp4",
    Mov "mov",
    Exe "exe",
    Dll "dll",
    Jar "jar",
    Apk "apk",
    Php "php",
    Jsp "jsp",
    Asp "asp" "aspx",
    Sh "sh",
    Bat "bat",
    Js "js",
    Py "py",
    Eml "eml",
    Pem "pem",
    P12 "p12" "pfx",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_files_name_nothing_is_kept_but_a_listed_extension() {
        for (name, extension) in [
            ("passport of Anna Schmidt.JPEG", Extension::Jpg),
            ("archive.tar.gz", Extension::Gz),
            ("x.anna", Extension::Other),
            ("anna", Extension::None),
            ("anna.", Extension::None),
            (".pdf", Extension::Pdf),
            ("", Extension::None),
            ("\u{202e}gpj.exe", Extension::Exe),
        ] {
            assert_eq!(Extension::of(name.as_bytes()), extension, "{name}");
        }
    }

    #[test]
    fn names_are_those_of_reports() {
        // Catches a name in one format that is another in the next: no variant can be spelt `7z`.
        for extension in Extension::ALL {
            assert_eq!(serde_json::to_value(extension).unwrap(), extension.name());
        }
        for kind in BodyKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }
}
