//! What an exchange means: the one door from wire to meaning; values stop here.
