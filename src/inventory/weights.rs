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
    Bias = -3.627;
    /// APIs are made of this word.
    Known = 1.437;
    /// Which share of its parts they are.
    Parts = -1.267;
    /// It has digits.
    Digit = 0.633;
    /// Which share of it they are.
    Digits = -1.818;
    /// Its length, logarithmic.
    Length = -2.14;
    /// Dashes, in thirds.
    Dashes = 2.964;
    /// Underscores, in thirds.
    Underscores = 0.735;
    /// Camel case.
    Camel = 1.534;
    /// A dot.
    Dot = 1.639;
    /// Capitals only.
    Capitals = 1.042;
    /// A version.
    Version = -0.495;
    /// A verb, or a word that stands for itself.
    Fixed = -0.677;
    /// It has an affix.
    Affixed = 0.609;
    /// A capital in front.
    Upper = -2.045;
    /// How rare its way of joining parts is among the API's own words.
    Style = 3.894;
    /// A version among few siblings.
    XVersionFew = -1.405;
    /// Its parent is a plural.
    PPlural = 2.641;
    /// Its parent is a variable.
    PVariable = -1.478;
    /// And so is the one above.
    PTwo = 0.596;
    /// At the root.
    Depth0 = -4.19;
    /// Right below it.
    Depth1 = -3.056;
    /// Its parent is a word that APIs are made of.
    PKnown = -0.568;
    /// Its parent answers GET and POST.
    PCollection = 0.337;
    /// Share of requests in the variable beside.
    VariableShare = -0.737;
    /// Values of the variable beside, logarithmic.
    VariableTexts = -1.065;
    /// Siblings, logarithmic.
    LogSiblings = 2.085;
    /// Share of siblings that are known words.
    SibKnown = -2.23;
    /// Share that are fixed.
    SibFixed = -2.683;
    /// Share that are plurals.
    SibPlural = -2.721;
    /// Share that were asked for once.
    Singles = 2.063;
    /// Its share of the requests.
    Share = 0.849;
    /// Nothing lies below.
    Leaf = -1.347;
    /// It is written to: PUT, PATCH, DELETE.
    Written = 3.177;
    /// What lies right below, compared with its siblings.
    Near = 1.922;
    /// And with the variable beside.
    NearVariable = 3.076;
    /// Siblings with exactly the same below.
    Same = -0.97;
    /// Words deeper below, whatever stands between.
    Wild = -0.347;
    /// There are some to compare.
    WildHas = -1.41;
    /// Pairs of steps below.
    Deep = -0.936;
    /// There are some to compare.
    DeepHas = 1.956;
    /// Fields of its answers, compared with those of its siblings.
    RLike = 2.365;
    /// There are some to compare.
    RHas = -1.684;
    /// The same of what is asked.
    QLike = 2.882;
    /// There are some to compare.
    QHas = -1.913;
    /// Its answers compared with those of the variable beside.
    VLike = 2.499;
    /// There are some to compare.
    VHas = -2.034;
    /// Fields that no sibling has.
    Private = -1.467;
    /// Not known, with digits or dashes.
    XIdent = 1.709;
    /// Many siblings, most asked for once.
    XManySingles = 2.203;
    /// Known, beside a variable.
    XKnownVariable = 0.243;
    /// Siblings send traffic to the same words right below, in the same proportions.
    ExNear = 1.831;
    /// And so does it.
    ExNearOwn = 3.058;
    /// The same two levels below.
    ExFar = 2.341;
    /// And so does it.
    ExFarOwn = 4.88;
    /// Beside a variable, and unlike it.
    Apart = 0.571;
    /// And fixed.
    XFixedApart = -0.691;
    /// Beside a variable whose values are all numbers, UUIDs, dates or addresses.
    Foreign = -0.77;
    /// And known.
    XForeignKnown = -1.247;
    /// How seldom it was asked for.
    Rare = 1.837;
    /// Seldom asked for, as most of many siblings.
    XSinglesRare = 4.413;
    /// Among many rare siblings, and unlike them.
    XManyUnlike = -1.354;
    /// Known, among many rare siblings.
    XSinglesKnown = 1.124;
    /// A plural with a variable right below: a collection.
    XPluralCollects = -2.843;
}
