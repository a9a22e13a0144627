//! Figures of a word, and what each is worth.
//!
//! Weights of a logistic regression: positive speaks for a value, negative for a word of the API; the sum is the
//! logarithm of the odds. Fitted to labelled traffic of fifteen public APIs, several draws of each and each draw also cut
//! short, with and without bodies; every API weighs about the same. Those of the exchange of traffic are held near what was set beforehand,
//! as one API alone has owners with repositories. `benches/accuracy/README.md` tells how to fit them anew.

macro_rules! figures {
    ($($(#[$doc:meta])* $name:ident = $weight:literal;)*) => {
        /// A figure of one word; most lie between 0 and 1.
        #[derive(Clone, Copy, Debug)]
        pub(super) enum Figure { $($(#[$doc])* $name),* }

        impl Figure {
            /// How many there are.
            pub(super) const COUNT: usize = [$(Self::$name),*].len();
            /// Their names, in order.
            #[cfg(feature = "teach")]
            pub(super) const NAMES: [&'static str; Self::COUNT] = [$(stringify!($name)),*];
            /// Their weights, in order.
            pub(super) const WEIGHTS: [f64; Self::COUNT] = [$($weight),*];
        }
    };
}

figures! {
    /// What is left where nothing else speaks.
    Bias = -3.013;
    /// APIs are made of this word.
    Known = 1.421;
    /// Which share of its parts they are.
    Parts = -1.239;
    /// It has digits.
    Digit = 0.484;
    /// Which share of it they are.
    Digits = -2.818;
    /// Its length, logarithmic.
    Length = -2.284;
    /// Dashes, in thirds.
    Dashes = 3.146;
    /// Underscores, in thirds.
    Underscores = 0.746;
    /// Camel case.
    Camel = 0.606;
    /// A dot.
    Dot = 1.026;
    /// Capitals only.
    Capitals = 0.222;
    /// A version.
    Version = -0.139;
    /// A verb, or a word that stands for itself.
    Fixed = -0.409;
    /// It has an affix.
    Affixed = -0.903;
    /// How rare its way of joining parts is among the API's own words.
    Style = 3.094;
    /// A version among few siblings.
    XVersionFew = -1.313;
    /// Its parent is a plural.
    PPlural = 2.368;
    /// Its parent is a variable.
    PVariable = -2.027;
    /// And so is the one above.
    PTwo = 0.469;
    /// At the root.
    Depth0 = -2.025;
    /// Right below it.
    Depth1 = -1.600;
    /// Its parent is a word that APIs are made of.
    PKnown = -0.450;
    /// Its parent answers GET and POST.
    PCollection = 0.132;
    /// Share of requests in the variable beside.
    VariableShare = -0.548;
    /// Values of the variable beside, logarithmic.
    VariableTexts = -0.795;
    /// Siblings, logarithmic.
    LogSiblings = 2.628;
    /// Share of siblings that are known words.
    SibKnown = -1.924;
    /// Share that are fixed.
    SibFixed = -2.857;
    /// Share that are plurals.
    SibPlural = -2.72;
    /// Share that were asked for once.
    Singles = 2.250;
    /// Its share of the requests.
    Share = 0.612;
    /// Nothing lies below.
    Leaf = -1.404;
    /// It is written to: PUT, PATCH, DELETE.
    Written = 3.153;
    /// What lies right below, compared with its siblings.
    Near = 1.509;
    /// And with the variable beside.
    NearVariable = 3.296;
    /// Siblings with exactly the same below.
    Same = -0.697;
    /// Words deeper below, whatever stands between.
    Wild = -0.250;
    /// There are some to compare.
    WildHas = -1.626;
    /// Pairs of steps below.
    Deep = -0.877;
    /// There are some to compare.
    DeepHas = 2.032;
    /// Fields of its answers, compared with those of its siblings.
    RLike = 2.195;
    /// There are some to compare.
    RHas = -1.573;
    /// The same of what is asked.
    QLike = 2.845;
    /// There are some to compare.
    QHas = -1.738;
    /// Its answers compared with those of the variable beside.
    VLike = 2.700;
    /// There are some to compare.
    VHas = -2.355;
    /// Fields that no sibling has.
    Private = -1.468;
    /// Not known, with digits or dashes.
    XIdent = 1.710;
    /// Many siblings, most asked for once.
    XManySingles = 2.149;
    /// Known, beside a variable.
    XKnownVariable = 0.115;
    /// Siblings send traffic to the same words right below, in the same proportions.
    ExNear = 1.700;
    /// And so does it.
    ExNearOwn = 3.054;
    /// The same two levels below.
    ExFar = 2.361;
    /// And so does it.
    ExFarOwn = 4.901;
    /// Beside a variable, and unlike it.
    Apart = 1.053;
    /// And fixed.
    XFixedApart = -0.789;
    /// Beside a variable whose values are all numbers, UUIDs, dates or addresses.
    Foreign = -1.126;
    /// And known.
    XForeignKnown = -1.429;
    /// How seldom it was asked for.
    Rare = 1.933;
    /// Seldom asked for, as most of many siblings.
    XSinglesRare = 3.791;
    /// Among many rare siblings, and unlike them.
    XManyUnlike = -1.519;
    /// Known, among many rare siblings.
    XSinglesKnown = 1.034;
    /// A plural with a variable right below: a collection.
    XPluralCollects = -2.916;
}
